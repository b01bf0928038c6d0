"""What comes out by means and covariances: steady states, states, long chains, and refusals."""

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import expm, solve_continuous_lyapunov

import quantumbattery as qb
from quantumbattery.charging import by_moments
from roads.levels import on_levels

PAIR = {"a": qb.Oscillator(loss=0.8, occupation=0.4), "b": qb.Oscillator(1.1, loss=0.3)}
LINK = qb.exchange("a", "b", 0.5)


def test_it_says_how():
    table = qb.System(PAIR, [LINK], "a", "b").charge(qb.coherent(30.0), [0.0, 1.0])
    assert table.attrs["method"] == "means and covariances (2 modes)"
    assert {"levels", "left_out", "configurations"}.isdisjoint(table.attrs)
    assert np.isposinf(table.capacity).all()
    assert np.isposinf(table.active_energy).all()


def test_exceptional_points_are_no_exception():
    """At g_a = 4 g amplitudes are -i g t e^{-g t}."""
    pair = qb.System(
        {"a": qb.Oscillator(loss=4.0), "b": qb.Oscillator()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    times = np.array([0.0, 0.1, 1.0, 7.0, 30.0])
    table = pair.charge(qb.coherent(2.0), times, ["energy", "ergotropy"])
    exact = 4 * (times * np.exp(-times)) ** 2
    np.testing.assert_allclose(table.energy, exact, rtol=1e-11)
    np.testing.assert_allclose(table.ergotropy, exact, rtol=1e-11)


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_a_chain_of_hundreds(loss):
    """A coherent start stays so; with baths of n quanta each brings n times what is lost."""
    count, n = 60, 0.3
    names = [f"o{k}" for k in range(count)]
    sites = {name: qb.Oscillator(loss=loss, occupation=n * (loss > 0)) for name in names}
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    system, times = qb.System(sites, links, "o0", names[-1]), np.linspace(0, 90, 10)
    table = system.charge(qb.coherent(3.0), times, ["energy", "passive_energy"])
    hop = np.eye(count, k=1) + np.eye(count, k=-1)
    moved = [expm(-1j * t * hop - loss * t / 2 * np.eye(count))[-1] for t in times]
    passive = [n * (loss > 0) * (1 - np.abs(each @ each.conj())) for each in moved]
    exact = [9 * abs(each[0]) ** 2 + p for each, p in zip(moved, passive, strict=True)]
    np.testing.assert_allclose(table.energy, exact, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(table.passive_energy, passive, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("moved", [False, True])
def test_starts_that_go_with_the_system_member_by_member(moved):
    """Means that are alike where quanta are not, and quanta that are alike where means are not."""
    many = xr.DataArray([0.1, 0.5, 2.0], dims="x")
    sites = {"a": qb.Oscillator(loss=many), "b": qb.Oscillator()}
    system = qb.System(sites, [LINK], "a", "b")
    start = {"a": qb.gaussian(many, occupation=0.2) if moved else qb.thermal(many)}
    start["b"] = qb.coherent(0.3)
    names = ["energy", "passive_energy"]
    whole = system.charge(start, [0.0, 1.0], names)
    with patch.object(by_moments, "_AT_ONCE", 1):
        xr.testing.assert_allclose(whole, system.charge(start, [0.0, 1.0], names), rtol=1e-13)


@pytest.mark.parametrize("start", [qb.coherent(1.0), qb.fock(1)])
def test_the_energy_of_an_interaction_that_is_shaped_is_refused(start):
    link = qb.exchange("a", "b", 0.5, envelope=np.cos)
    system = qb.System({name: qb.Oscillator() for name in "ab"}, [link], "a", "b")
    with pytest.raises(ValueError, match="shaped in time"):
        system.charge(start, 1.0, ["interaction_energy"])


# --- steady states -------------------------------------------------------------------------------


def test_what_everything_tends_to():
    """Means in the frame of the field, and covariances by another solver."""
    field = 0.2
    system = qb.System(PAIR, [LINK, qb.drive("a", field, frequency=1.0)], "a", "b")
    found = system.charge({}, np.inf, ["energy", "ergotropy", "power"])
    drift = np.array([[-0.4, -0.5j], [-0.5j, -0.1j - 0.15]])
    mean = np.linalg.solve(drift, [1j * field, 0.0])
    spread = solve_continuous_lyapunov(drift, -np.diag([0.8 * 0.4, 0.0]).astype(complex))
    np.testing.assert_allclose(found.ergotropy, 1.1 * abs(mean[1]) ** 2, rtol=1e-12)
    np.testing.assert_allclose(
        found.energy, 1.1 * (abs(mean[1]) ** 2 + spread[1, 1].real), rtol=1e-12
    )
    assert float(found.power) == 0
    late = system.charge({}, 400.0, ["energy"])
    np.testing.assert_allclose(found.energy, late.energy, rtol=1e-11)


def test_a_squeezed_steady_state_is_the_one_on_levels():
    sites = {name: qb.Oscillator(loss=1.0) for name in "ab"}
    links = [LINK, qb.two_photon_drive("a", 0.05, 1.0)]
    system = qb.System(sites, links, "a", "b")
    names = ["energy", "ergotropy", "energy_variance"]
    found = system.charge({}, np.inf, names)
    with on_levels():
        beside = system.charge({}, np.inf, names)
    for name in names:
        np.testing.assert_allclose(found[name], beside[name], atol=1e-8)


def test_where_there_is_no_steady_state():
    free = qb.System({"a": qb.Oscillator(loss=0.1), "b": qb.Oscillator()}, [], "a", "b")
    with pytest.raises(ValueError, match="loses nothing"):
        free.charge({}, np.inf)
    at = qb.System({"b": qb.Oscillator(loss=1.0)}, [qb.two_photon_drive("b", 0.5, 1.0)], [], "b")
    with pytest.raises(ValueError, match="at its threshold"):
        at.charge({}, np.inf)
    pair = qb.System(PAIR, [LINK, qb.two_photon_drive("a", 2.0, 1.0)], "a", "b")
    with pytest.raises(ValueError, match=r"two_photon_drive\('a'\) brings .* grow for ever"):
        pair.charge({}, np.inf)
    fields = [qb.drive("a", 0.1, 1.0), qb.drive("a", 0.1, 1.2)]
    with pytest.raises(ValueError, match="repeats itself for ever"):
        qb.System(PAIR, [LINK, *fields], "a", "b").charge({}, np.inf)


def test_the_point_without_a_steady_state_is_named():
    """A pump A brings A beside the loss 1: amplitudes fall as e^{-(1/2 - A) t}."""
    size = xr.DataArray([0.2, 0.5, 0.7], dims="size", coords={"size": [0.2, 0.5, 0.7]})
    pumped = qb.System(
        {"b": qb.Oscillator(loss=1.0)}, [qb.two_photon_drive("b", size, 1.0)], [], "b"
    )
    with pytest.raises(ValueError, match=r"^at size=0.5 \(and 1 more of 3 points\), .* threshold"):
        pumped.charge({}, np.inf)
    beyond = qb.two_photon_drive("b", size[[0, 2]], 1.0)
    with pytest.raises(ValueError, match=r"^at size=0.7, .* e-fold every 2.5,"):
        qb.System({"b": qb.Oscillator(loss=1.0)}, [beyond], [], "b").charge({}, np.inf)
    plain = qb.System({"b": qb.Oscillator(loss=np.array([0.3, 0.0]))}, [], [], "b")
    with pytest.raises(ValueError, match=r"^at loss=0, a mode .* loses nothing"):
        plain.charge({}, np.inf)
    fields = [qb.drive("b", 0.1, 1.0), qb.drive("b", 0.1, np.array([1.0, 1.2]))]
    with pytest.raises(ValueError, match=r"^at .*=1.2, a drive turns"):
        qb.System({"b": qb.Oscillator(loss=1.0)}, fields, [], "b").charge({}, np.inf)


def test_two_mode_squeezing_is_a_dipole_without_its_hopping():
    """From vacuum sinh^2(g t) quanta in each, of which no part alone is work; e^{2 r} of both."""
    g, times = 0.3, np.array([0.0, 1.0, 5.0, 10.0])
    links = [qb.dipole("a", "b", g), qb.exchange("a", "b", -g), qb.shift("a", -1.2)]
    sites = {"a": qb.Oscillator(1.2), "b": qb.Oscillator(0.7)}
    found = qb.System(sites, [*links, qb.shift("b", -0.7)], "a", "b").charge(
        {}, times, ["energy", "charger_energy", "ergotropy", "negativity", "mutual_information"]
    )
    quanta = np.sinh(g * times) ** 2
    np.testing.assert_allclose(found.energy, 0.7 * quanta, rtol=1e-12)
    np.testing.assert_allclose(found.charger_energy, 1.2 * quanta, rtol=1e-12)
    np.testing.assert_allclose(found.ergotropy, 0, atol=1e-12)
    np.testing.assert_allclose(found.negativity, np.expm1(2 * g * times) / 2, rtol=1e-9)
    log = np.log(np.where(quanta > 0, quanta, 1.0))
    nats = (quanta + 1) * np.log1p(quanta) - quanta * log
    np.testing.assert_allclose(found.mutual_information, 2 * nats, rtol=1e-8, atol=1e-12)


def test_numbers_that_overflow_are_refused_before():
    system = qb.System({"b": qb.Oscillator()}, [qb.two_photon_drive("b", 0.5, 1.0)], [], "b")
    with pytest.raises(ValueError, match=r"grow e-fold every 1, so that after t = 340 .* overflow"):
        system.charge({}, [1.0, 1000.0])
    exact = np.sinh(0.5 * 300) ** 2
    np.testing.assert_allclose(system.charge({}, 300.0, ["energy"]).energy, exact, rtol=1e-11)


# --- the state itself ----------------------------------------------------------------------------


def test_the_state_of_one_mode_and_means_of_operators():
    links = [LINK, qb.two_photon_drive("a", 0.05, 1.05), qb.drive("a", 0.1, 1.0, phase=0.4)]
    system, times = qb.System(PAIR, links, "a", "b"), [0.0, 1.3]
    asked = {"x": ("b", ladder), "n2": ("a", lambda n: np.diag(np.arange(n) ** 2.0))}
    start = {"a": qb.thermal(0.02), "b": qb.coherent(0.2j)}
    rho, means = system.density_matrix(start, times), system.expect(start, times, asked)
    with on_levels():
        beside = {
            k: qb.Oscillator(s.frequency, s.loss, 0, s.occupation, 13) for k, s in PAIR.items()
        }
        cut = qb.System(beside, links, "a", "b")
        with pytest.warns(UserWarning, match="levels"):
            theirs = cut.density_matrix(start, times)
        with pytest.warns(UserWarning, match="levels"):
            others = cut.expect(start, times, asked)
    few = min(rho.shape[-1], 7)
    np.testing.assert_allclose(rho[:, :few, :few], theirs[:, :few, :few], atol=1e-5)
    np.testing.assert_allclose(means.x, others.x, atol=1e-4)
    np.testing.assert_allclose(means.n2, others.n2, atol=1e-2)
    work = qb.ergotropy(rho, 1.1 * np.diag(np.arange(float(rho.shape[-1]))))
    np.testing.assert_allclose(work, system.charge(start, times).ergotropy, atol=1e-10)


def ladder(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def test_what_is_always_on_needs_a_ground_state():
    names = {"a": qb.Oscillator(), "b": qb.Oscillator()}
    strong = qb.System(names, [qb.exchange("a", "b", 1.5, always=True)], [], ["a", "b"])
    with pytest.raises(ValueError, match="no end below"):
        strong.charge({"a": qb.coherent(1.0)}, 1.0)
    weak = qb.System(names, [qb.exchange("a", "b", 0.5, always=True)], [], ["a", "b"])
    found = weak.charge({"a": qb.thermal(0.7)}, [0.0, 2.0], ["energy", "passive_energy"])
    np.testing.assert_allclose(found.energy, 0.7)  # and it stays
    modes = np.array([1.5, 0.5])  # of H; the warm mode of the state goes to the lower one
    assert (found.passive_energy < 0.7 * modes[1] + 1e-12).all()


def test_batches_are_single_systems():
    loss, occupation = xr.DataArray([0.1, 0.9], dims="k"), xr.DataArray([0.0, 0.7, 2.0], dims="n")
    alpha, times = np.array([0.3, 1.0 + 1j]), np.array([0.0, 0.4, 2.0])

    def charged(g, n, start):
        sites = {"a": qb.Oscillator(loss=g, occupation=n), "b": qb.Oscillator()}
        system = qb.System(sites, [LINK, qb.drive("a", 0.3, 1.2)], "a", "b")
        return system.charge(start, times, disconnect=1.5)

    together = charged(loss, occupation, qb.coherent(alpha))
    for k, g in enumerate(loss.values):
        for j, n in enumerate(occupation.values):
            for i, a in enumerate(alpha):
                alone = charged(float(g), float(n), qb.coherent(complex(a)))
                mine = together.isel(k=k, n=j, alpha=i)
                for name in ("energy", "ergotropy", "power", "energy_variance"):
                    np.testing.assert_allclose(mine[name], alone[name], rtol=1e-12)


def test_squeezing_that_hides_how_mixed_a_state_is_is_said():
    """A state squeezed by r = 9 has e^18 quanta: the half that is thermal is lost in rounding."""
    alone = qb.System({"b": qb.Oscillator()}, [], [], "b")
    with pytest.warns(UserWarning, match="thermal quanta to .* only"):
        hidden = alone.charge({"b": qb.gaussian(r=9.0, occupation=0.5)}, 0.7, ["purity"])
    assert abs(float(hidden.purity) - 0.5) > 1e-3
    seen = alone.charge({"b": qb.gaussian(r=2.0, occupation=0.5)}, 0.7, ["purity"])
    np.testing.assert_allclose(seen.purity, 0.5, rtol=1e-10)
