import mpmath as mp
import numpy as np
import pytest
import qutip
from hypothesis import given
from hypothesis import strategies as st

from quantumbattery.merit import correlations
from quantumbattery.merit.correlations import (
    concurrence,
    entropy,
    mutual_information,
    negativity,
    purity,
)
from roads.matrices import SPECTRA, spectrum, state, states, unitary

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(SPECTRA)
BELL = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)


def bipartite(seed, dims, kind):
    rho = state(np.random.default_rng(seed), dims[0] * dims[1], kind)
    return rho, qutip.Qobj(rho, dims=[list(dims)] * 2)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2 * np.pi))
def test_inversion_and_coherence_of_the_paper(population, share, phase):
    c = share * np.sqrt(population * (1 - population)) * np.exp(1j * phase)
    rho = np.array([[1 - population, c.conjugate()], [c, population]])
    assert correlations.population_inversion(rho) == pytest.approx(population - 0.5, abs=4e-16)
    assert correlations.coherence(rho) == pytest.approx(abs(c), abs=4e-16)


def test_index_0_is_the_ground_state():
    assert correlations.population_inversion(qutip.fock_dm(2, 0)) == -0.5
    assert correlations.population_inversion(qutip.fock_dm(2, 1)) == 0.5


def test_a_qubit_is_a_qubit():
    for function in (correlations.population_inversion, correlations.coherence):
        with pytest.raises(ValueError, match=f"rho is 3 x 3: {function.__name__} is for a qubit"):
            function(np.eye(3) / 3)


@given(seeds, st.integers(1, 6), kinds)
def test_entropy_and_purity_agree_with_qutip(seed, d, kind):
    rho = state(np.random.default_rng(seed), d, kind)
    theirs = qutip.entropy_vn(qutip.Qobj(rho)) if d > 1 else 0.0
    # Of an eigenvalue that is 0 they see some 1e-16, whose -x log(x) is 36 times as much.
    assert entropy(rho) == pytest.approx(theirs, abs=d * 1e-14)
    assert entropy(rho) >= 0
    assert purity(rho) == pytest.approx(np.trace(rho @ rho).real, abs=1e-14)


@given(seeds, st.integers(1, 6), kinds)
def test_entropy_in_higher_precision(seed, d, kind):
    p = spectrum(np.random.default_rng(seed), d, kind)
    with mp.workdps(40):
        expected = float(-sum(mp.mpf(float(x)) * mp.log(mp.mpf(float(x))) for x in p if x > 0))
    assert entropy(np.diag(p)) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_edges_of_entropy_and_purity():
    for d in (1, 2, 3, 4):
        assert entropy(np.eye(d) / d) == pytest.approx(np.log(d), rel=1e-15)
        assert purity(np.eye(d) / d) == pytest.approx(1 / d, rel=1e-15)
        assert entropy(np.diag(np.eye(d)[0])) == 0
        assert purity(np.diag(np.eye(d)[0])) == 1


# --- entanglement ---------------------------------------------------------------------------------


@given(seeds, kinds)
def test_concurrence_agrees_with_qutip(seed, kind):
    rho, theirs = bipartite(seed, (2, 2), kind)
    # Theirs takes square roots of noisy eigenvalues: half the digits near a pure state.
    assert concurrence(rho) == pytest.approx(qutip.concurrence(theirs), abs=1e-6)
    assert 0 <= concurrence(rho) <= 1


@given(st.floats(0, np.pi), st.floats(0, 10))
def test_concurrence_of_the_paper(theta, time):
    """Eq. 59 for the state whose amplitudes are those of Eq. 58, to the last digits."""
    s = np.sin(theta / 2)
    ket = np.array([np.cos(theta / 2), -1j * s * np.sin(time), s * np.cos(time), 0])
    expected = s**2 * abs(np.sin(2 * time))
    assert concurrence(np.outer(ket, ket.conj())) == pytest.approx(expected, abs=3e-15)


@given(seeds, st.floats(-12, 0))
def test_concurrence_of_pure_states(seed, log_c):
    """2 abs(ad - bc), which local unitaries leave alone."""
    rng = np.random.default_rng(seed)
    angle = 0.5 * np.arcsin(10**log_c)
    local = np.kron(unitary(rng, 2), unitary(rng, 2))
    ket = local @ [np.cos(angle), 0, 0, np.sin(angle)]
    assert concurrence(np.outer(ket, ket.conj())) == pytest.approx(10**log_c, abs=3e-15)


@given(st.floats(0, 1))
def test_werner_states(p):
    rho = p * np.outer(BELL, BELL) + (1 - p) * np.eye(4) / 4
    assert concurrence(rho) == pytest.approx(max(0, (3 * p - 1) / 2), abs=5e-15)
    assert negativity(rho, (2, 2)) == pytest.approx(max(0, (3 * p - 1) / 4), abs=5e-15)


@given(seeds)
def test_separable_states_have_none(seed):
    rng = np.random.default_rng(seed)
    pairs = zip(states(rng, 5, 2), states(rng, 5, 2), rng.dirichlet(np.ones(5)), strict=True)
    rho = sum(p * np.kron(a, b) for a, b, p in pairs)
    assert concurrence(rho) == 0
    assert negativity(rho, (2, 2)) == pytest.approx(0, abs=1e-15)


def test_concurrence_is_for_two_qubits():
    with pytest.raises(ValueError, match="rho is 6 x 6: concurrence is for two qubits"):
        concurrence(np.eye(6) / 6)


@given(seeds, st.sampled_from([(2, 2), (2, 3), (3, 2), (1, 4), (3, 4)]), kinds)
def test_negativity_and_mutual_information_agree_with_qutip(seed, dims, kind):
    rho, theirs = bipartite(seed, dims, kind)
    value = negativity(rho, dims)
    # Theirs is half the trace norm less 1, from square roots: half the digits near 0.
    assert value == pytest.approx(qutip.negativity(theirs, 0), abs=1e-6)
    assert value >= 0
    information = mutual_information(rho, dims)
    assert information == pytest.approx(qutip.entropy_mutual(theirs, [0], [1]), abs=1e-13)
    assert information >= 0


@given(seeds, st.sampled_from([(2, 2), (2, 3), (4, 3)]))
def test_pure_states_by_their_schmidt_coefficients(seed, dims):
    ket = unitary(np.random.default_rng(seed), dims[0] * dims[1])[:, 0]
    schmidt = np.linalg.svd(ket.reshape(dims), compute_uv=False)
    rho = np.outer(ket, ket.conj())
    assert negativity(rho, dims) == pytest.approx((schmidt.sum() ** 2 - 1) / 2, abs=1e-14)
    expected = -2 * (schmidt**2 * np.log(schmidt**2)).sum()
    assert mutual_information(rho, dims) == pytest.approx(expected, abs=1e-13)


def test_a_bell_state_and_a_product():
    bell = np.outer(BELL, BELL)
    assert concurrence(bell) == pytest.approx(1, abs=1e-15)
    assert negativity(bell, (2, 2)) == pytest.approx(0.5, abs=1e-15)
    assert mutual_information(bell, (2, 2)) == pytest.approx(2 * np.log(2), abs=1e-15)
    rng = np.random.default_rng(1)
    product = np.kron(state(rng, 2), state(rng, 3))
    assert mutual_information(product, (2, 3)) == pytest.approx(0, abs=2e-15)


def test_a_batch_is_its_members():
    rho = states(np.random.default_rng(2), 6, 4).reshape(2, 3, 4, 4)
    for function in (
        purity,
        entropy,
        concurrence,
        lambda rho: negativity(rho, (2, 2)),
        lambda rho: mutual_information(rho, (2, 2)),
    ):
        together = function(rho)
        assert together.shape == (2, 3)
        assert together[1, 2] == pytest.approx(function(rho[1, 2]), abs=1e-15)
