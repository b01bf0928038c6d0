"""States of several oscillators together, from means and covariances."""

import warnings
from functools import reduce

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.machine import TooLargeError
from quantumbattery.moments.joint_levels import joint_matrices, levels_of_each
from quantumbattery.moments.over_time import Moments
from quantumbattery.moments.starts import moments_of
from quantumbattery.network.amplitudes import density_matrix
from roads.levels import unbounded
from roads.quadratures import Network

MODE = qb.Oscillator()
WARM = {"a": qb.Oscillator(loss=0.3), "b": qb.Oscillator(1.1, loss=0.1, occupation=0.2)}
LINK = qb.exchange("a", "b", 1.0)


def apart(*preparations):
    """The moments of modes that are prepared one by one."""
    mean, normal, anomalous = zip(*(moments_of(each, MODE) for each in preparations), strict=True)
    return Moments(
        np.array(mean, complex), *(np.diag(v).astype(complex) for v in (normal, anomalous))
    )


def state(found, levels):
    ((_, rho),) = joint_matrices(found, levels)
    return rho[0]


def ladder(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def kron(*matrices):
    return reduce(np.kron, matrices)


def drawn(rng, size):
    alpha, angle = size * complex(*rng.normal(size=2)), rng.uniform(0, 6)
    return qb.gaussian(alpha, rng.uniform(0, size / 2), angle, rng.uniform(0, size / 3))


@pytest.mark.parametrize("seed", range(8))
def test_modes_apart_are_a_product(seed):
    rng = np.random.default_rng(seed)
    both = drawn(rng, 0.8), drawn(rng, 0.3)
    found = apart(*both)
    levels = levels_of_each(found)
    each = [density_matrix(p, MODE, n).to_numpy() for p, n in zip(both, levels, strict=True)]
    np.testing.assert_allclose(state(found, levels), np.kron(*each), atol=2e-14)


@pytest.mark.parametrize(("modes", "most", "size"), [(2, 20, 0.25), (2, 20, 0.2), (3, 8, 0.03)])
def test_what_beam_splitters_mix(modes, most, size):
    """They keep the number of quanta: on levels that hold all of these nothing is cut."""
    rng = np.random.default_rng(modes)
    starts = [drawn(rng, size) for _ in range(modes)]
    form = rng.normal(size=(modes, modes)) + 1j * rng.normal(size=(modes, modes))
    form = form + form.conj().T
    lower = [
        kron(*(ladder(most) if j == k else np.eye(most) for j in range(modes)))
        for k in range(modes)
    ]
    whole = sum(form[j, k] * lower[j].T @ lower[k] for j in range(modes) for k in range(modes))
    turn, mixed = expm(-1j * whole), expm(-1j * form)
    rho = kron(*(density_matrix(each, MODE, most).to_numpy() for each in starts))
    held = np.indices([most] * modes).sum(axis=0).ravel() < most
    given = apart(*starts)
    found = Moments(
        mixed @ given.mean, mixed @ given.normal @ mixed.conj().T, mixed @ given.anomalous @ mixed.T
    )
    ours = state(found, [most] * modes)[np.ix_(held, held)]
    theirs = turn @ (rho * np.outer(held, held)) @ turn.conj().T
    np.testing.assert_allclose(ours, theirs[np.ix_(held, held)], atol=2e-14)


def test_a_two_mode_squeezed_vacuum():
    r, phase = 0.7, np.exp(0.7j)
    quanta, pairs = np.sinh(r) ** 2, -np.sinh(r) * np.cosh(r) * phase
    swap = np.array([[0, 1], [1, 0]])
    found = Moments(np.zeros(2, complex), quanta * np.eye(2, dtype=complex), pairs * swap)
    n, m = levels = levels_of_each(found)
    ket = np.diag((-np.tanh(r) * phase) ** np.arange(n)).ravel() / np.cosh(r)
    assert n == m > 25
    np.testing.assert_allclose(state(found, levels), np.outer(ket, ket.conj()), atol=1e-15)


def beside(network, levels, sites, times):
    """The states by moments, and those on levels, where these are not near their cut."""
    ours = network.system().density_matrix(network.start, times, sites)
    assert ours.attrs["method"].startswith("means and covariances")
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore")
        theirs = network.system(levels).density_matrix(network.start, times, sites)
    assert ours.dims == theirs.dims
    assert ours.attrs["sites"] == theirs.attrs["sites"] == sites
    both = []
    for rho in (ours, theirs):
        counts = rho.attrs["levels"]
        few = [slice(min(n, levels - 2, ours.attrs["levels"][k])) for k, n in enumerate(counts)]
        both.append(rho.to_numpy().reshape(-1, *counts, *counts)[(slice(None), *few, *few)])
    return both


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(2, 11, 0.03), (3, 5, 0.0005)]), st.booleans())
def test_weak_ones_beside_levels(seed, how, turned):
    modes, levels, size = how
    network = Network(seed, strong=False, modes=modes, size=size)
    sites = network.names[::-1] if turned else network.names
    ours, theirs = beside(network, levels, sites, [1.1])
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_strong_ones_have_their_moments(seed):
    """<a_j>, <a_j^dag a_k> and <a_j a_k> of the state beside those that SciPy integrates."""
    network = Network(seed, strong=False, modes=2, size=0.4)
    (mean, spread), system = network.charged([0.7])[0], network.system()

    def product(*factors):  # of a, b and what raises them
        def of(n, m):
            each = {"a": np.eye(n), "b": np.eye(m)}
            for f in factors:
                lower = ladder(len(each[f[0]]))
                each[f[0]] = each[f[0]] @ (lower.T if f.endswith("+") else lower)
            return np.kron(each["a"], each["b"])

        return network.names, of

    forms = {"a": "a", "b": "b", "ab": "a b", "kept": "a+ b", "a2": "a a", "n": "b+ b"}
    asked = {name: product(*form.split()) for name, form in forms.items()}
    try:
        found = system.expect(network.start, 0.7, asked, limit=0.1)
    except TooLargeError:  # of some drawn networks
        return
    a, b = network.lower
    whole = spread + np.outer(mean, mean) + 0.5j * network.omega
    expected = {"a": a @ mean, "b": b @ mean, "ab": a @ whole @ b, "kept": a.conj() @ whole @ b}
    expected |= {"a2": a @ whole @ a, "n": b.conj() @ whole @ b}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-9)
    assert found.n.dtype == float


def test_frames_that_turn_apart():
    """Each with its own drive's frequency."""
    links = [qb.drive("a", 0.8, 1.3), qb.drive("b", 0.5, 0.7), qb.two_photon_drive("b", 0.1, 0.7)]
    system, times = qb.System(WARM, links, "a", "b"), [0.0, 1.9]
    rho = system.density_matrix({"a": qb.thermal(0.3)}, times, ["a", "b"])
    each = [system.density_matrix({"a": qb.thermal(0.3)}, times, name).to_numpy() for name in "ab"]
    product = np.einsum("tij,tkl->tikjl", *each).reshape(rho.shape)
    np.testing.assert_allclose(rho, product, atol=1e-13)


def test_all_members_starts_and_times_at_once(monkeypatch):
    monkeypatch.setattr("quantumbattery.moments.joint_levels._AT_ONCE", 1 << 17)
    strength, alpha = xr.DataArray([0.4, 1.0], dims="g"), xr.DataArray([0.2, 0.9j], dims="start")
    times = xr.DataArray([[0.3, 0.9, 1.4], [0.1, 0.5, 2.0]], dims=("g", "time"))

    def charged(g, a, when, disconnect=None):
        links = [qb.exchange("a", "b", g), qb.drive("a", 0.3, 1.0)]
        system = qb.System(WARM, links, "a", "b")
        return system.density_matrix({"a": qb.coherent(a)}, when, ["b", "a"], disconnect=disconnect)

    whole = charged(strength, alpha, times, 0.8)
    assert {*whole.dims[:-2]} == {"g", "start", "time"}
    for g, s, t in np.ndindex(2, 2, 3):
        alone = charged(float(strength[g]), complex(alpha[s]), float(times[g, t]), 0.8)
        levels = [slice(n) for n in alone.attrs["levels"]]
        there = whole.isel(g=g, start=s, time=t).to_numpy().reshape(whole.attrs["levels"] * 2)
        there = there[(*levels, *levels)].reshape(alone.shape)
        np.testing.assert_allclose(there, alone, atol=1e-13)


def test_a_strongly_driven_pair_in_the_cold_is_coherent():
    cold = {"a": qb.Oscillator(loss=0.4), "b": qb.Oscillator(loss=0.1)}
    system = qb.System(cold, [LINK, qb.drive("a", 2.0, 1.0)], "a", "b")
    rho = system.density_matrix({}, 1.6, ["a", "b"])
    at = [system.expect({}, 1.6, {"x": (name, ladder)}).x.item() for name in "ab"]
    kets = [
        qb.System({"a": MODE}, [], [], "a").density_matrix({"a": qb.coherent(x)}, 0.0).to_numpy()
        for x in at
    ]
    n, m = rho.attrs["levels"]
    kets = [np.pad(k, (0, 40))[:d, :d] for k, d in zip(kets, (n, m), strict=True)]
    assert max(np.abs(at)) > 1.7
    np.testing.assert_allclose(rho, np.kron(*kets), atol=1e-12)


def test_what_is_too_large_is_refused_and_says_what():
    system = qb.System(WARM, [LINK, qb.drive("a", 30.0, 1.0)], "a", "b")
    with pytest.raises(TooLargeError, match=r"a and b on .* levels together"):
        system.density_matrix({}, 1.0, ["a", "b"])
    with pytest.raises(TooLargeError, match=r"a and b on .* levels together"):
        system.expect({}, 1.0, {"x": (["a", "b"], lambda n, m: np.eye(n * m))})


def test_digits_that_are_lost_are_refused():
    """What the recurrence starts with underflows: e^-800."""
    found = Moments(np.array([28.3, 0], complex), *(np.eye(2, dtype=complex) * [[[0.1]], [[0.0]]]))
    with pytest.raises(ValueError, match="double precision does not hold the state of several"):
        state(found, (900, 2))
