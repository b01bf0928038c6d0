"""Pumps that outdo losses: when quanta grow without end, and when they do not."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.gain import check_gain
from quantumbattery.charging.problem import Problem
from roads.levels import on_levels


def _gain(system, times=np.inf):
    """What is said of gain in the end, if anything."""
    axes = Batch.of(system.arrays, {}, False, times)
    problem = Problem(system, {}, axes, ("energy",), "global", 2.0)
    return check_gain(problem)


def raising(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), -1)


def pumped(pump, loss, **others):
    sites = {"c": qb.Oscillator(loss=loss), **others}
    return sites, qb.jump("c", raising, pump)


def test_a_pump_beyond_threshold_says_when():
    sites, jump = pumped(0.3, 0.1)
    system = qb.System(sites, [jump], [], "c")
    with (
        on_levels(),
        pytest.raises(ValueError, match=r"jump\('c'\) brings .* e-fold every 5: from about t = 26"),
    ):
        system.charge({"c": qb.fock(1)}, [1.0, 60.0])
    with pytest.raises(ValueError, match="for ever, e-fold every 5, and there is no steady"):
        system.charge({}, np.inf)


def test_below_threshold_there_is_a_steady_state():
    sites, jump = pumped(0.1, 0.3)
    found = qb.System(sites, [jump], [], "c").charge({}, np.inf, ["energy"])
    np.testing.assert_allclose(found.energy, 0.1 / (0.3 - 0.1), atol=1e-8)


def test_what_a_second_oscillator_takes_counts():
    """Gain and loss of two that are linked: below threshold where both hold, by their moments."""
    sites, jump = pumped(0.05, 0.0, d=qb.Oscillator(loss=0.5))
    strong = qb.System(sites, [jump, qb.exchange("c", "d", 1.0)], "c", "d")
    found = strong.charge({}, np.inf, ["energy"])
    drift = np.array([[0.025, -1j], [-1j, -0.25]])
    noise = np.diag([0.05, 0.0]).ravel()  # of <a_j^dag a_k>
    both = np.kron(drift.conj(), np.eye(2)) + np.kron(np.eye(2), drift)
    means = np.linalg.solve(both, -noise).reshape(2, 2)
    np.testing.assert_allclose(found.energy, means[1, 1].real, atol=1e-8)
    weak = qb.System(sites, [jump, qb.exchange("c", "d", 0.05)], "c", "d")
    with pytest.raises(ValueError, match="grow for ever"):
        weak.charge({}, np.inf)


def test_a_shared_bath_counts_and_so_does_every_member():
    sites, jump = pumped(xr.DataArray([0.1, 0.3], dims="pump"), 0.0)
    bath = qb.dissipator({"c": 1.0}, 0.2)
    system = qb.System(sites, [jump, jump, bath], [], "c")
    with on_levels(), pytest.raises(ValueError, match=r"e-fold every 2\.5"):  # 2 x 0.3 - 0.2
        system.charge({"c": qb.fock(1)}, 100.0)
    stable = qb.System(sites, [jump, qb.dissipator({"c": 1.0}, 0.5)], [], "c")
    found = stable.charge({}, np.inf, ["energy"]).energy
    np.testing.assert_allclose(found, [0.1 / 0.4, 0.3 / 0.2], atol=1e-7)


def test_given_levels_are_heeded():
    sites, jump = {"c": qb.Oscillator(loss=0.1, levels=8)}, qb.jump("c", np.eye(8, k=-1), 0.3)
    system = qb.System(sites, [jump], [], "c")
    with pytest.warns(UserWarning, match="levels"):
        system.charge({}, 60.0, ["energy"])


def test_where_gain_is_not_known_nothing_is_said():
    """A loss of pairs holds what a pump brings."""
    sites, jump = pumped(0.3, 0.0)
    pairs = qb.jump("c", lambda n: np.linalg.matrix_power(raising(n).T, 2), 0.4)
    found = qb.System(sites, [jump, pairs], [], "c").charge({}, np.inf, ["energy"])
    levels = np.arange(60)
    rates = np.zeros((60, 60))
    rates[levels[1:], levels[:-1]] += 0.3 * levels[1:]
    rates[levels[:-2], levels[2:]] += 0.4 * levels[2:] * levels[1:-1]
    rates -= np.diag(rates.sum(axis=0))
    vector = np.linalg.svd(rates)[2][-1]
    np.testing.assert_allclose(found.energy, levels @ vector / vector.sum(), atol=1e-8)


def test_what_holds_a_pump_is_not_refused():
    """A shift out of resonance, a lossy qubit, given levels, an end of the charging."""
    sites = {"c": qb.Oscillator(), "d": qb.Oscillator(11.0, loss=1.0)}
    links = [qb.jump("c", raising, 0.05), qb.exchange("c", "d", 0.3)]
    with pytest.raises(ValueError, match="grow for ever"):
        qb.System(sites, links, "c", "d").charge({}, np.inf)
    small = {name: qb.Oscillator(site.frequency, site.loss) for name, site in sites.items()}
    tuned = qb.System(small, [*links, qb.shift("d", -10.0)], "c", "d")
    assert _gain(tuned) is None
    sites, jump = pumped(0.3, 0.1)
    stopped = qb.System(sites, [jump], [], "c").charge({}, [1.0, 3.0], ["energy"], disconnect=1.0)
    np.testing.assert_allclose(stopped.energy[0], 1.5 * (np.exp(0.2) - 1), atol=1e-8)


def test_members_of_a_batch_are_apart():
    sites, jump = pumped(xr.DataArray([1e-3, 5.0], dims="k"), xr.DataArray([0.0, 40.0], dims="k"))
    assert _gain(qb.System(sites, [jump], [], "c"), 100.0) is None


def test_a_function_may_give_a_qobj():
    import qutip

    sites = {"c": qb.Oscillator(loss=0.5)}
    system = qb.System(sites, [qb.jump("c", qutip.create, 0.1)], [], "c")
    np.testing.assert_allclose(system.charge({}, np.inf, ["energy"]).energy, 0.25, atol=1e-8)
