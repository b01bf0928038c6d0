"""What is foreseen of the levels that oscillators climb, against what they do."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import gammaln

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from quantumbattery.charging.charge import converted
from quantumbattery.charging.foreseen import _taken, foreseen
from quantumbattery.charging.problem import Problem


def problem_of(system, times):
    started, axes = converted(system, {}, times)
    return Problem(system, started, axes, ("energy",), "global", 2.0)


def random_system(rng):
    """A driven oscillator or two, and what keeps hold of one of them."""
    other = [
        qb.Qubit(float(rng.uniform(0.5, 1.5)), loss=0.0),
        qb.Ensemble(qb.Qubit(), 3),
        qb.Qudit([0.0, 1.0, 1.7], steps=[1.0, 0.6]),
    ][rng.integers(3)]
    two = rng.integers(2)
    sites = {"c": qb.Oscillator(loss=0.0 if two else float(rng.uniform(0, 0.5))), "q": other}
    kind = qb.exchange if rng.integers(2) else qb.dipole
    links = [kind("c", "q", float(rng.uniform(0.05, 1.5)))]
    links.append(qb.drive("c", float(rng.uniform(0.1, 1.2)), float(rng.uniform(0.7, 1.3))))
    if two:
        sites["d"] = qb.Oscillator()
        links.append(qb.exchange("c", "d", float(rng.uniform(0.1, 1.0))))
    return qb.System(sites, links, "c", "q")


def test_amplitudes_that_others_cannot_take_away():
    """Of no random system is an amplitude further from that of the oscillators alone."""
    rng, closest = np.random.default_rng(11), 0.0
    for _ in range(20):
        system, times = random_system(rng), np.linspace(0.05, 0.7, 5)
        start = {"q": qb.bloch(np.pi / 2)} if isinstance(system.sites["q"], qb.Qubit) else {}
        free = [name for name in ("c", "d") if name in system.sites]
        asked = {name: (name, "lowering") for name in free}
        alone = qb.System(
            {name: system.sites[name] for name in free},
            [*(each for each in system.interactions if "q" not in each.ends), *system.drives],
            charger=[],
            battery=free,
        )
        whole, apart = system.expect(start, times, asked), alone.expect({}, times, asked)
        far = np.sqrt(sum(abs(whole[n] - apart[n]).values ** 2 for n in free))
        most = _taken(problem_of(system, times), free)[0] * times
        assert (far <= most + 1e-9).all()
        closest = max(closest, float((far / most).max()))
    assert closest > 0.5  # half as much would be too little: it is no empty promise


def test_levels_that_are_surely_needed_are():
    rng = np.random.default_rng(5)
    for _ in range(5):
        sites = {"c": qb.Oscillator(loss=float(rng.uniform(0, 0.5))), "q": qb.Qubit()}
        links = [qb.exchange("c", "q", 0.3), qb.drive("c", float(rng.uniform(3, 4)), 1.0)]
        system = qb.System(sites, links, "c", "q")
        _, sure = foreseen(problem_of(system, 1.0), ["c"])
        quanta = system.expect({}, 1.0, {"n": ("c", "quanta")}).n.item()
        assert 2 < sure <= np.ceil(quanta)


def batched(strengths):
    """A strong field and a weak one, in a batch."""
    over = xr.DataArray(strengths, dims="k")
    sites = {"c": qb.Oscillator(), "q": qb.Qubit(), "b": qb.Oscillator()}
    links = [qb.exchange("c", "q", 0.3), qb.exchange("c", "b", 0.5), qb.drive("c", over, 1.0)]
    return qb.System(sites, links, "c", ["q", "b"])


@pytest.mark.parametrize("way", ["disconnect", "times"])
def test_a_strong_field_for_a_short_time_beside_a_weak_one_for_long(way):
    """Each member is looked at for as long as it is charged."""
    names, ends = ["energy", "ergotropy"], [0.05, 2.0]
    given = {"times": [0.0, 1.0, 2.0], "disconnect": xr.DataArray(ends, dims="k")}
    if way == "times":
        given = {"times": xr.DataArray([[0, 0.02, 0.05], [0, 1.0, 2.0]], dims=("k", "time"))}
    both = batched([20.0, 0.3]).charge({}, measures=names, **given)
    for k, strength in enumerate([20.0, 0.3]):
        mine = {n: v[k].values if isinstance(v, xr.DataArray) else v for n, v in given.items()}
        one = batched([strength]).charge({}, measures=names, **mine)
        for name in names:
            found = both[name][k].values
            np.testing.assert_allclose(found, one[name].values.ravel(), atol=1e-9)


def test_starts_that_a_field_may_empty():
    """A ket that is nearly a coherent state is moved to the ground state, as that is."""
    sites = {"c": qb.Oscillator(), "q": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "q", 0.3), qb.drive("c", 10.0, 1.0)], "c", "q")
    n = np.arange(120)
    ket = np.exp(n * np.log(6) - 18 - gammaln(n + 1) / 2) * 1j**n
    for start in (
        {"c": qb.state(ket)},
        {("c", "q"): qb.state(np.kron(ket, [1.0, 0.0]), levels=[120, 2])},
        {"c": qb.coherent(6j)},
    ):
        started, axes = converted(system, start, [0.0, 0.6, 1.2])
        problem = Problem(system, started, axes, ("energy",), "global", 2.0)
        quanta = system.expect({"c": qb.coherent(6j)}, [0.0, 0.6, 1.2], {"n": ("c", "quanta")}).n
        assert foreseen(problem, ["c"])[1] <= np.ceil(float(quanta.max()))


@pytest.mark.parametrize("drive", [5.0, 20.0])
def test_refused_before_many_levels_are_tried(drive, monkeypatch):
    """A battery of a qubit and of an oscillator that a field brings far from its ground state."""
    tried, solve = [], converged_cutoffs.solve

    def counted(problem, reached, *rest):
        tried.append(reached.size)
        return solve(problem, reached, *rest)

    monkeypatch.setattr(converged_cutoffs, "solve", counted)
    sites = {"c": qb.Oscillator(loss=0.1), "q": qb.Qubit(), "b": qb.Oscillator()}
    links = [qb.exchange("c", "q", 0.5), qb.exchange("c", "b", 0.5), qb.drive("c", drive, 1.0)]
    system = qb.System(sites, links, "c", ["q", "b"])
    with pytest.raises(ValueError, match="too large"):
        system.charge({}, np.linspace(0, 3, 16), ["coherent_ergotropy"])
    assert sum(tried) < 200
