"""States of oscillators that have settled, by moments: closed forms, own moments, and levels."""

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import solve_continuous_lyapunov

import quantumbattery as qb
from roads.levels import on_levels

LINK = qb.exchange("a", "b", 0.5)


def lowering(n):
    return np.diag(np.sqrt(np.arange(1, n)), 1)


def quanta(n):
    return np.diag(np.arange(n) + 0.0)


def both(first, second):
    """a b^dag."""
    return np.kron(lowering(first), lowering(second).T)


def test_a_warm_pair_over_an_axis():
    """Covariances by Lyapunov's equation; what one mode is left in is thermal."""
    warm = xr.DataArray([0.0, 0.3, 0.9], dims="bath")
    sites = {"a": qb.Oscillator(loss=0.3, occupation=warm), "b": qb.Oscillator(1.2, loss=0.1)}
    pair = qb.System(sites, [LINK], "a", "b")
    found = pair.expect({}, np.inf, {"n": ("b", quanta), "c": (["a", "b"], both)})
    rho = pair.density_matrix({}, np.inf)
    assert found.attrs["method"] == "means and covariances (2 modes)"
    drift = np.array([[-0.15 - 1j, -0.5j], [-0.5j, -0.05 - 1.2j]])
    for k, n in enumerate(warm.values):
        moments = solve_continuous_lyapunov(drift, -np.diag([0.3 * n, 0.0]))  # <x x^dag>, in part
        held = moments[1, 1].real
        np.testing.assert_allclose(found.n[k], held, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(found.c[k], moments[0, 1], rtol=1e-10, atol=1e-13)
        level = np.arange(rho.sizes["row"])
        thermal = held**level / (1 + held) ** (level + 1)
        np.testing.assert_allclose(rho[k], np.diag(thermal), rtol=0, atol=1e-12)


def test_what_turns_with_a_drive_is_refused_and_what_stands_still_is_not():
    sites = {"a": qb.Oscillator(loss=0.3), "b": qb.Oscillator(1.3, loss=0.1)}
    pair = qb.System(sites, [LINK, qb.drive("a", 0.4, 1.1)], "a", "b")
    drift = np.array([[-0.15 + 0.1j, -0.5j], [-0.5j, -0.05 - 0.2j]])
    mean = np.linalg.solve(drift, [0.4j, 0.0])
    asked = {"n": ("b", quanta), "c": (["a", "b"], both)}
    found = pair.expect({}, np.inf, asked)
    np.testing.assert_allclose(found.n, abs(mean[1]) ** 2, rtol=1e-10)
    np.testing.assert_allclose(found.c, mean[0] * mean[1].conj(), rtol=1e-10)
    for turning in (
        lambda: pair.density_matrix({}, np.inf),
        lambda: pair.expect({}, np.inf, {"x": ("b", lambda n: lowering(n) + lowering(n).T)}),
    ):
        with pytest.raises(ValueError, match="turns with a drive for ever"):
            turning()


def test_a_field_that_stands_still_leaves_a_state_that_does():
    """|alpha> with alpha = -f / (M + 0)."""
    sites = {"b": qb.Oscillator(0.7, loss=0.6)}
    rho = qb.System(sites, [qb.drive("b", 0.3, 0.0)], [], "b").density_matrix({}, np.inf)
    alpha = 0.3j / (-0.3 - 0.7j)
    steps = np.cumprod([1.0, *(alpha / np.sqrt(np.arange(1, rho.sizes["row"])))])
    ket = np.exp(-(abs(alpha) ** 2) / 2) * steps
    np.testing.assert_allclose(rho, np.outer(ket, ket.conj()), rtol=0, atol=1e-12)


def test_a_squeezed_pair_beside_levels():
    """A pump of which pairs stand still: elements that keep no number of quanta have a limit."""
    warm = {"loss": 0.8, "occupation": 0.02}
    pump = qb.two_photon_drive("a", 0.05, 0.0, phase=0.4)

    def pair(**levels):
        sites = {"a": qb.Oscillator(0.1, **warm, **levels), "b": qb.Oscillator(loss=0.4, **levels)}
        return qb.System(sites, [LINK, pump], "a", "b")

    asked = {"pairs": ("a", lambda n: lowering(n) @ lowering(n)), "c": (["a", "b"], both)}
    exact, whole = pair().expect({}, np.inf, asked), pair().density_matrix({}, np.inf, ["a", "b"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* of the steady state is on the last levels")
        cut = pair(levels=7).expect({}, np.inf, asked)
        part = pair(levels=7).density_matrix({}, np.inf, ["a", "b"])
    assert abs(exact.pairs) > 0.01
    for name in asked:
        np.testing.assert_allclose(exact[name], cut[name], atol=1e-5)
    few = [each.values.reshape(each.attrs["levels"] * 2)[:3, :3, :3, :3] for each in (whole, part)]
    np.testing.assert_allclose(few[0], few[1], atol=1e-5)


def test_above_its_threshold_no_state_is_given():
    sites = {"a": qb.Oscillator(loss=0.4, occupation=0.2), "b": qb.Oscillator(loss=0.02)}
    pair = qb.System(sites, [LINK, qb.two_photon_drive("a", 0.9, 1.0)], "a", "b")
    with pytest.raises(ValueError, match="their quanta grow for ever"):
        pair.density_matrix({}, np.inf)
    with pytest.raises(ValueError, match="their quanta grow for ever"):
        pair.expect({}, np.inf, {"n": ("b", quanta)})


def test_both_roads_agree_where_a_drive_turns():
    sites = {"a": qb.Oscillator(loss=0.5, occupation=0.05), "b": qb.Oscillator(1.1, loss=0.4)}
    pair = qb.System(sites, [LINK, qb.drive("a", 0.1, 1.05)], "a", "b")
    short = {
        name: qb.Oscillator(s.frequency, loss=s.loss, occupation=s.occupation, levels=8)
        for name, s in sites.items()
    }
    cut = qb.System(short, [LINK, qb.drive("a", 0.1, 1.05)], "a", "b")
    asked = {"n": ("b", quanta), "c": (["a", "b"], both)}
    exact = pair.expect({}, np.inf, asked)
    with on_levels():
        beside = cut.expect({}, np.inf, asked)
    for name in asked:
        np.testing.assert_allclose(exact[name], beside[name], atol=1e-7)


def test_a_mean_that_turns_beside_a_squeezed_bath_has_energies_and_no_state():
    """Populations and the variance of the energy swing, as on levels; quanta and work do not."""
    links = [qb.jump("o", lambda n: 1.25 * lowering(n) + 0.75 * lowering(n).T, 0.5)]
    system = qb.System({"o": qb.Oscillator()}, [*links, qb.drive("o", 0.5, 1.3)], [], "o")
    late = system.charge({}, np.linspace(60.0, 64.0, 5), ["energy", "ergotropy", "energy_variance"])
    rest = system.charge({}, np.inf, ["energy", "ergotropy"])
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(late[name], float(rest[name]), rtol=1e-5)
    assert np.ptp(late.energy_variance.values) > 0.5
    for ask in (
        lambda: system.charge({}, np.inf, ["energy_variance"]),
        lambda: system.charge({}, np.inf, ["incoherent_ergotropy"]),
        lambda: system.expect({}, np.inf, {"empty": ("o", lambda n: np.diag(np.arange(n) == 0))}),
    ):
        with pytest.raises(ValueError, match="turns in every frame"):
            ask()
