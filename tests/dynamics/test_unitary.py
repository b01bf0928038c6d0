"""Motion by eigenvectors: phases of states that make a matrix real change nothing else."""

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.dynamics.unitary import Unitary


def hermitian(rng, n, kind):
    """A path, a tree or a ring, with any phases; or parts that are not joined."""
    h = np.diag(rng.normal(size=n)).astype(complex)
    pairs = [(k, k + 1) for k in range(n - 1)]
    if kind == "tree":
        pairs = [(int(rng.integers(k)), k) for k in range(1, n)]
    elif kind == "ring":
        pairs.append((0, n - 1))
    elif kind == "parts":
        pairs = pairs[::2]
    for a, b in pairs:
        h[a, b] = rng.normal() + 1j * rng.normal()
        h[b, a] = h[a, b].conj()
    order = rng.permutation(n)
    return h if kind == "path" else h[np.ix_(order, order)]


@given(st.integers(0, 2**32), st.sampled_from(["path", "tree", "ring", "parts"]), st.integers(2, 9))
def test_phases(seed, kind, n):
    rng = np.random.default_rng(seed)
    h = hermitian(rng, n, kind)
    both = np.stack([h, h * (1 if kind == "ring" else 0.5)])
    moving = Unitary.of(both)
    if n > 2:
        assert np.iscomplexobj(moving.basis) == (kind == "ring")
    start = rng.normal(size=(2, 1, n)) + 1j * rng.normal(size=(2, 1, n))
    times = np.array([0.0, 0.4, 2.0])
    found = moving.at(start, times)
    later = moving.each(start[:, :, None], np.zeros(3, dtype=int), times)
    for k in range(2):
        for j, t in enumerate(times):
            exact = expm(-1j * both[k] * t) @ start[k, 0]
            np.testing.assert_allclose(found[k, 0, j], exact, atol=1e-12)
            np.testing.assert_allclose(later[k, 0, j], exact, atol=1e-12)
            assert (np.abs(exact) <= moving.ever(start)[k, 0] + 1e-12).all()


def test_a_long_path_is_solved_as_what_is_real():
    rng = np.random.default_rng(1)
    h = hermitian(rng, 80, "path")
    moving = Unitary.of(h)
    assert not np.iscomplexobj(moving.basis)
    start = np.eye(80, dtype=complex)[:1]
    exact = expm(-1.3j * h)[:, 0]
    np.testing.assert_allclose(moving.at(start, np.array([1.3]))[0, 0], exact, atol=1e-11)


def test_a_phase_beside_large_energies_is_kept():
    h = 1e9 * np.eye(3, dtype=complex)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        h[a, b], h[b, a] = 1e-3j, -1e-3j
    assert np.iscomplexobj(Unitary.of(h).basis)


def test_times_in_any_order_of_memory():
    """Times over ("time", "u") beside a parameter over "u": each column is that of one u."""
    couplings = xr.DataArray([0.5, 1.0, 1.3], dims="u")
    moments = np.random.default_rng(0).uniform(0, 3, (4, 3))
    times = xr.DataArray(moments, dims=("time", "u"))
    start = qb.coherent(3.0)
    whole = qb.models.tavis_cummings(cells=3, coupling=couplings).charge(start, times, ["energy"])
    for k, coupling in enumerate(couplings.values):
        one = qb.models.tavis_cummings(cells=3, coupling=coupling)
        known = one.charge(start, moments[:, k], ["energy"]).energy
        assert np.allclose(whole.energy.isel(u=k), known, rtol=0, atol=1e-12)
