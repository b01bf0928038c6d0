import mpmath as mp
import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from quantumbattery.network.amplitudes import (
    amplitudes,
    density_matrix,
    factors,
    needed_levels,
    tail,
)
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.preparations import bloch, coherent, fock, squeezed, state, thermal
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from roads.matrices import state as random_state

LADDER = Oscillator()
QUTRIT = Qudit([0.0, 1.0, 3.0])


# --- against exact numbers -----------------------------------------------------------------------


def exact_coherent(alpha, n):
    with mp.workdps(60):
        alpha = mp.mpmathify(alpha)
        return complex(mp.exp(-(abs(alpha) ** 2) / 2) * alpha**n / mp.sqrt(mp.factorial(n)))


@pytest.mark.parametrize("alpha", [0, 0.3, -2.0, 1.5j, 50**0.5, 40 * np.exp(0.3j), 30.0])
def test_coherent_amplitudes_keep_their_digits(alpha):
    levels = needed_levels(coherent(alpha), LADDER, 1e-20)
    ours = amplitudes(coherent(alpha), LADDER, levels).values
    n = np.unique(np.linspace(0, levels - 1, 40).astype(int))
    # The phase n arg(alpha) costs n roundings, the modulus fewer.
    accuracy = 4e-15 + 3e-16 * (n.max() if np.iscomplexobj(ours) else 10)
    for k in n:
        assert ours[k] == pytest.approx(exact_coherent(alpha, k), rel=accuracy, abs=1e-300)


def test_a_coherent_state_cut_below_its_peak():
    ours = amplitudes(coherent(5.0), LADDER, 12).values
    expected = [exact_coherent(5.0, k).real for k in range(12)]
    np.testing.assert_allclose(ours, expected, rtol=1e-14)


@pytest.mark.parametrize(("r", "angle"), [(0.0, 0.0), (0.7, 0.0), (0.4, 2.0)])
@pytest.mark.parametrize("levels", [2, 7, 8])
def test_squeezed_vacuum(r, angle, levels):
    big = qutip.squeeze(150, r * np.exp(1j * angle)) * qutip.basis(150, 0)
    ours = amplitudes(squeezed(r, angle), LADDER, levels).values
    np.testing.assert_allclose(ours, big.full().ravel()[:levels], rtol=0, atol=1e-12)


def test_thermal_states():
    n = 0.7
    ladder = density_matrix(thermal(n), LADDER, 5).values
    expected = [float(mp.mpf(n) ** k / (1 + mp.mpf(n)) ** (k + 1)) for k in range(5)]
    np.testing.assert_allclose(ladder, np.diag(expected), rtol=1e-14)
    qubit = density_matrix(thermal(n), Qubit(5.0), 2).values
    np.testing.assert_allclose(qubit, np.diag([n + 1, n]) / (2 * n + 1), rtol=1e-14)
    temperature = 1 / np.log(1 + 1 / n)  # in units of the first gap
    gibbs = np.exp(-np.array([0, 1, 3]) / temperature)
    qutrit = density_matrix(thermal(n), QUTRIT, 3).values
    np.testing.assert_allclose(qutrit, np.diag(gibbs / gibbs.sum()), rtol=1e-14)
    gibbs = np.exp(-np.arange(4) / temperature)
    cells = density_matrix(thermal(n), Ensemble(Qubit(2.0), 3), 4).values
    np.testing.assert_allclose(cells, np.diag(gibbs / gibbs.sum()), rtol=1e-14)
    np.testing.assert_array_equal(density_matrix(thermal(0), QUTRIT, 3), np.diag([1, 0, 0]))


TAILED = [fock(3), coherent(2 - 1j), squeezed(0.9, 1.0), thermal(1.5)]


@pytest.mark.parametrize("preparation", TAILED, ids=repr)
@pytest.mark.parametrize("levels", [2, 3, 4, 9, 10, 30])
def test_tail_is_what_is_left_out(preparation, levels):
    more = np.diagonal(density_matrix(preparation, LADDER, 600).values).real
    assert tail(preparation, LADDER, levels) == pytest.approx(more[levels:].sum(), rel=1e-9)
    kept = np.trace(density_matrix(preparation, LADDER, levels).values).real
    assert kept + tail(preparation, LADDER, levels) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("preparation", TAILED, ids=repr)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-20])
def test_needed_levels_are_the_fewest(preparation, tolerance):
    levels = needed_levels(preparation, LADDER, tolerance)
    assert tail(preparation, LADDER, levels) <= tolerance < tail(preparation, LADDER, levels - 1)


def test_tails_of_the_rest():
    rho = np.diag([0.5, 0.3, 0.2])
    assert tail(state(rho), LADDER, 2) == pytest.approx(0.2)
    assert tail(state([0.6, 0.0, 0.8]), LADDER, 2) == pytest.approx(0.64)
    assert tail(bloch(1.0), LADDER, 2) == 0
    assert tail(thermal(1.0), Qubit(), 2) == 0
    assert tail(coherent([1.0, 2.0]), LADDER, 5).dims == ("alpha",)


# --- any site, any batch -------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [2, 5])
@given(theta=st.floats(0, np.pi), phi=st.floats(0, 2 * np.pi))
def test_bloch_on_two_levels_of_any_site(levels, theta, phi):
    expected = np.zeros(levels, dtype=complex)
    expected[:2] = np.cos(theta / 2), np.exp(1j * phi) * np.sin(theta / 2)
    ours = amplitudes(bloch(theta, phi), LADDER, levels).values
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-15)


def test_the_south_pole_has_no_ground_amplitude():
    assert amplitudes(bloch(np.pi), Qubit(), 2).values[0] == 0


def test_batches():
    alpha, angle = np.array([0.5, 1 + 1j, -2]), np.array([0.0, 1.0])
    ours = amplitudes(coherent(alpha), LADDER, 6)
    assert ours.dims == ("alpha", "level")
    np.testing.assert_array_equal(ours.alpha, alpha)
    for one, row in zip(alpha, ours.values, strict=True):
        np.testing.assert_allclose(row, amplitudes(coherent(one), LADDER, 6), rtol=0, atol=1e-15)
    mixed = amplitudes(squeezed([0.1, 0.2, 0.3], angle), LADDER, 6)
    assert mixed.sizes == {"r": 3, "angle": 2, "level": 6}
    assert amplitudes(fock([0, 2]), QUTRIT, 3).values.tolist() == [[1, 0, 0], [0, 0, 1]]
    sweep = xr.DataArray([0.0, 0.5], dims="bath")
    gaps = xr.DataArray([1.0, 2.0, 4.0], dims="gap")
    hot = density_matrix(thermal(sweep), Qudit([0.0, gaps, 5.0]), 3)
    assert hot.dims == ("bath", "gap", "row", "column")
    np.testing.assert_allclose(np.trace(hot.values, axis1=-2, axis2=-1), 1)
    single = density_matrix(thermal(0.5), Qudit([0.0, 2.0, 5.0]), 3)
    np.testing.assert_allclose(hot[1, 1], single, rtol=1e-14)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 6),
    st.sampled_from(["any", "pure", "degenerate", "singular"]),
    st.booleans(),
)
def test_factors_give_the_density_matrix_back(seed, d, kind, apart):
    rng = np.random.default_rng(seed)
    rho = random_state(rng, d, kind)
    if apart:  # a second block, which must stay apart
        rho = np.block([[rho, np.zeros((d, 2))], [np.zeros((2, d)), np.eye(2) / 2]]) / 2
    levels = len(rho) + 1
    root = factors(state(rho), LADDER, levels).values
    np.testing.assert_allclose((root @ root.conj().T)[:-1, :-1], rho, rtol=0, atol=1e-14)
    if kind == "pure":
        assert root.shape[1] == (3 if apart else 1)
    if apart:
        assert not np.logical_and(root[:d].any(axis=0), root[d:].any(axis=0)).any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: amplitudes(thermal(1), Qubit(), 2), TypeError, "mixed: ask for its density"),
        (lambda: needed_levels(coherent(1e5), LADDER, 1e-9), ValueError, "give the oscillator"),
    ],
)  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("number", [1, 2, 7, 60])
def test_bloch_prepares_every_cell_of_an_ensemble(number):
    """A spin coherent state, as QuTiP makes it; its spin runs the other way round."""
    theta, phi = 0.9, 0.7
    ours = amplitudes(bloch(theta, phi), Ensemble(Qubit(), number), number + 1).values
    spin = qutip.spin_coherent(number / 2, np.pi - theta, -phi).full().ravel()[::-1]
    assert abs(np.vdot(ours, spin)) == pytest.approx(1, abs=1e-12)
    relative = ours[1] / ours[0]
    assert relative == pytest.approx(np.sqrt(number) * np.exp(1j * phi) * np.tan(theta / 2))
