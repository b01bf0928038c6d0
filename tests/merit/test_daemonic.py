import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.merit import daemonic
from quantumbattery.merit.daemonic import daemonic_ergotropy
from quantumbattery.merit.partial_trace import partial_trace
from roads.matrices import LADDERS, SPECTRA, hamiltonian, state, states, unitary

QUBIT = np.diag([0.0, 1.0])
PAULI = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
seeds = st.integers(0, 2**32 - 1)
slow = settings(max_examples=25)


def by_outcomes(rho, h, dims, basis):
    """Probability times ergotropy, outcome by outcome, with the projectors written out."""
    total, e = 0.0, np.linalg.eigvalsh(h)
    for vector in basis.T:
        projector = np.kron(np.outer(vector, vector.conj()), np.eye(dims[1]))
        after = qutip.Qobj(projector @ rho @ projector, dims=[list(dims)] * 2).ptrace(1).full()
        total += np.trace(after @ h).real - np.linalg.eigvalsh(after)[::-1] @ e
    return total


@given(seeds, st.sampled_from([(2, 2), (3, 2), (2, 3), (4, 3), (1, 3)]), st.sampled_from(SPECTRA))
def test_a_given_basis(seed, dims, kind):
    rng = np.random.default_rng(seed)
    rho, h = state(rng, dims[0] * dims[1], kind), hamiltonian(rng, dims[1])
    basis = unitary(rng, dims[0])
    value = daemonic_ergotropy(rho, h, dims, basis)
    assert value == pytest.approx(by_outcomes(rho, h, dims, basis), abs=1e-13)
    battery = partial_trace(rho, dims, 1)
    assert qb.ergotropy(battery, h) <= value
    assert value <= qb.energy(battery, h) - np.linalg.eigvalsh(h)[0]


@slow
@given(seeds, st.sampled_from([(2, 2), (2, 4), (3, 2)]), st.sampled_from(LADDERS))
def test_a_pure_joint_state_gives_all_whatever_is_measured(seed, dims, ladder):
    rng = np.random.default_rng(seed)
    rho, h = state(rng, dims[0] * dims[1], "pure"), hamiltonian(rng, dims[1], ladder)
    full = qb.energy(partial_trace(rho, dims, 1), h) - np.linalg.eigvalsh(h)[0]
    for basis in ("best", unitary(rng, dims[0])):
        assert daemonic_ergotropy(rho, h, dims, basis) == pytest.approx(full, abs=2e-14)


@slow
@given(seeds, st.sampled_from([(2, 2), (2, 3), (3, 2)]), st.sampled_from(SPECTRA))
def test_the_best_basis_beats_any_other_and_the_battery_alone(seed, dims, kind):
    rng = np.random.default_rng(seed)
    rho, h = state(rng, dims[0] * dims[1], kind), hamiltonian(rng, dims[1])
    best = daemonic_ergotropy(rho, h, dims)
    assert best >= qb.ergotropy(partial_trace(rho, dims, 1), h)
    for _ in range(20):
        # Among bases that all are nearly the best (nearly pure states) the climb stops early.
        assert best >= by_outcomes(rho, h, dims, unitary(rng, dims[0])) - 1e-9


def test_the_best_basis_of_a_qubit_charger_against_a_fine_grid():
    rng = np.random.default_rng(1)
    rho = np.concatenate([states(rng, 20, 6, rank) for rank in (2, 3, 6)])
    h = hamiltonian(rng, 3)
    best = daemonic_ergotropy(rho, h, (2, 3))
    theta, phi = np.linspace(0, np.pi / 2, 31), np.linspace(0, 2 * np.pi, 60, endpoint=False)
    s = np.sin(theta / 2)[:, None] * np.exp(1j * phi)
    c = np.cos(theta / 2)[:, None] + 0 * s
    basis = np.array([[c, s], [-s.conj(), c]]).reshape(2, 2, -1)  # each (outcome, level, place)
    each = rho.reshape(-1, 2, 3, 2, 3)
    after = np.einsum("kig,nimjl,kjg->gnkml", basis.conj(), each, basis, optimize=True)
    kept = np.linalg.eigvalsh(after)[..., ::-1] @ np.linalg.eigvalsh(h)
    energy = np.einsum("nimil,lm->n", each, h).real
    grid = (energy - kept.sum(axis=-1)).max(axis=0)
    assert np.all(best >= grid - 1e-14)
    np.testing.assert_allclose(best, grid, rtol=0, atol=2e-3)  # the grid's own coarseness


@given(st.tuples(*[st.floats(-1, 1)] * 3), seeds)
@slow
def test_bell_diagonal_states(c, seed):
    """rho = (1 + sum_k c_k s_k x s_k)/4: an outcome along n leaves the battery with Bloch vector
    T n, of length up to max abs(c), and the ergotropy of a qubit without inversion is w/2 of it."""
    correlation = np.array(c) / max(1, np.abs(c).sum())
    rho = (np.eye(4) + sum(t * np.kron(s, s) for t, s in zip(correlation, PAULI, strict=True))) / 4
    rng = np.random.default_rng(seed)
    turn = np.kron(unitary(rng, 2), np.eye(2))
    rho = turn @ rho @ turn.conj().T
    # Averaged over both outcomes, +T n and -T n, the inversions cancel.
    expected = 0.5 * np.abs(correlation).max()
    assert daemonic_ergotropy(rho, QUBIT, (2, 2)) == pytest.approx(expected, abs=1e-9)


@slow
@given(seeds, st.sampled_from([2, 3, 4, 6]))
def test_a_hidden_classical_record_is_found(seed, a):
    """The charger holds, in some basis, which pure state the battery is in: read there, all the
    energy can be taken out, and nowhere else."""
    rng = np.random.default_rng(seed)
    record, p = unitary(rng, a), rng.dirichlet(np.ones(a))
    kets = unitary(rng, max(a, 3))[:3, :a]
    kets = kets / np.linalg.norm(kets, axis=0)
    rho = sum(
        p[j] * np.kron(np.outer(record[:, j], record[:, j].conj()), np.outer(k, k.conj()))
        for j, k in enumerate(kets.T)
    )
    h = np.diag([0.0, 1.0, 1.7])
    full = qb.energy(partial_trace(rho, (a, 3), 1), h)
    assert daemonic_ergotropy(rho, h, (a, 3)) == pytest.approx(full, abs=1e-9)


def test_without_correlations_nothing_is_learnt():
    rng = np.random.default_rng(2)
    for a in (1, 2, 3):
        battery, h = state(rng, 3), hamiltonian(rng, 3)
        rho = np.kron(state(rng, a), battery)
        alone = qb.ergotropy(battery, h)
        assert daemonic_ergotropy(rho, h, (a, 3)) == pytest.approx(alone, abs=1e-14)


def test_the_paper_at_full_entanglement():
    """J t = pi/4, theta = pi (paper, Sec. 7): useless alone, w/2 once the charger is read."""
    ket = np.array([0, -1j, 1, 0]) / np.sqrt(2)
    rho = np.outer(ket, ket.conj())
    assert qb.ergotropy(partial_trace(rho, (2, 2), 1), QUBIT) == pytest.approx(0, abs=1e-15)
    assert daemonic_ergotropy(rho, QUBIT, (2, 2)) == pytest.approx(0.5, abs=1e-15)


def test_batches_labels_and_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    rho, h = states(rng, 5, 4), np.array([hamiltonian(rng, 2) for _ in range(2)])
    together = daemonic_ergotropy(rho[:, None], h, (2, 2))
    assert together.shape == (5, 2)
    one = daemonic_ergotropy(rho[4], h[1], (2, 2))
    assert together[4, 1] == pytest.approx(one, abs=1e-13)
    monkeypatch.setattr(daemonic, "BLOCK", 40)
    np.testing.assert_allclose(
        daemonic_ergotropy(rho[:, None], h, (2, 2)), together, rtol=0, atol=1e-13
    )
    labelled = xr.DataArray(rho, dims=("time", "i", "j"), coords={"time": np.arange(5)})
    value = daemonic_ergotropy(labelled, h[0], (2, 2), basis=np.eye(2))
    assert value.dims == ("time",)
    np.testing.assert_array_equal(value, daemonic_ergotropy(rho, h[0], (2, 2), basis=np.eye(2)))


def test_a_basis_of_qutip():
    rho = np.diag([0.5, 0.0, 0.0, 0.5])
    assert daemonic_ergotropy(rho, QUBIT, (2, 2), qutip.qeye(2)) == 0.5


def test_a_basis_with_names_is_read_by_them():
    spin_y = np.array([[1.0, 1.0], [1j, -1j]]) / np.sqrt(2)
    rho = state(np.random.default_rng(7), 4, SPECTRA[0])
    basis = xr.DataArray(spin_y.T, dims=("column", "row"))
    value = daemonic_ergotropy(rho, QUBIT, (2, 2), basis)
    assert value == daemonic_ergotropy(rho, QUBIT, (2, 2), spin_y)
    assert value != daemonic_ergotropy(rho, QUBIT, (2, 2), spin_y.T)
    hidden = np.ma.MaskedArray(spin_y, np.eye(2, dtype=bool))
    with pytest.raises(TypeError, match="basis has masked values"):
        daemonic_ergotropy(rho, QUBIT, (2, 2), hidden)


@pytest.mark.parametrize(
    ("basis", "error", "words"),
    [
        ("energy", ValueError, "basis is 'energy': it takes \"best\" or the vectors as columns"),
        (np.eye(3), ValueError, r"basis has shape \(3, 3\): the measured charger needs \(2, 2\)"),
        ([1, 0], ValueError, r"basis has shape \(2,\)"),
        ([[1, 1], [0, 1]], ValueError, "basis is not orthonormal: its columns are unit vectors"),
        ([[np.nan, 0], [0, 1]], ValueError, "basis is not orthonormal"),
        ([["a", "b"], ["c", "d"]], TypeError, "basis holds <U1: it takes"),
        (None, TypeError, "basis holds object: it takes"),
    ],
)
def test_bad_bases_are_refused_in_words(basis, error, words):
    with pytest.raises(error, match=words):
        daemonic_ergotropy(np.eye(4) / 4, QUBIT, (2, 2), basis)


@pytest.mark.parametrize(
    ("h", "dims", "words"),
    [
        (QUBIT, (2, 3), r"dims is \(2, 3\), in all 6, but rho is 4 x 4"),
        (QUBIT, (2, 2, 1), "takes 2 numbers: group the parts into 2"),
        (np.eye(4), (2, 2), "h is 4 x 4 but the state it belongs to is 2 x 2"),
    ],
)
def test_dims_are_charger_and_battery(h, dims, words):
    with pytest.raises(ValueError, match=words):
        daemonic_ergotropy(np.eye(4) / 4, h, dims)
