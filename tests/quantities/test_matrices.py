import subprocess
import sys

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import quantumbattery as qb
from quantumbattery.quantities import matrices
from roads.matrices import hamiltonian, state, states, unitary

RHO = np.diag([0.25, 0.75])
H = np.diag([0.0, 1.0])


# --- what may come in ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rho",
    [
        RHO,
        RHO.tolist(),
        tuple(map(tuple, RHO)),
        RHO.astype(complex),
        RHO.astype(np.float32),
        RHO.astype(np.longdouble),
        qutip.Qobj(RHO),
        sparse.csr_array(RHO),
        np.matrix(RHO),
    ],
    ids=lambda rho: type(rho).__name__,
)
def test_one_state_gives_one_number(rho):
    value = qb.energy(rho, H)
    assert isinstance(value, float)
    assert value == 0.75


def test_whole_numbers_are_numbers():
    assert qb.energy([[0, 0], [0, 1]], [[0, 0], [0, 3]]) == 3


def test_a_ket_of_qutip_is_its_projector():
    ket = (qutip.basis(2, 0) + 1j * qutip.basis(2, 1)).unit()
    assert qb.ergotropy(ket, H) == pytest.approx(0.5, abs=1e-15)
    assert qb.coherence(ket) == pytest.approx(0.5, abs=1e-15)


def test_lists_and_arrays_of_qobj_are_batches():
    listed = [qutip.fock_dm(2, 0), qutip.fock_dm(2, 1), qutip.maximally_mixed_dm(2)]
    array = np.empty(3, dtype=object)
    array[:] = listed
    kets = [qutip.basis(2, 0), qutip.basis(2, 1)]
    h = qutip.num(2)
    np.testing.assert_array_equal(qb.energy(listed, h), [0, 1, 0.5])
    np.testing.assert_array_equal(qb.energy(tuple(listed), h), [0, 1, 0.5])
    np.testing.assert_array_equal(qb.energy(array, h), [0, 1, 0.5])
    np.testing.assert_array_equal(qb.energy(kets, [h, 2 * h]), [0, 2])


def test_the_states_of_a_qutip_result():
    h = qutip.num(2)
    run = qutip.sesolve(0.5 * qutip.sigmax(), qutip.basis(2, 0), [0, np.pi / 2, np.pi])
    np.testing.assert_allclose(qb.energy(run.states, h), [0, 0.5, 1], rtol=0, atol=1e-5)


def test_batches_broadcast_and_may_be_empty():
    rng = np.random.default_rng(1)
    rho, h = states(rng, 6, 3).reshape(2, 3, 3, 3), np.array([hamiltonian(rng, 3), np.eye(3)])
    together = qb.ergotropy(rho, h[:, None])
    assert together.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            assert together[i, j] == pytest.approx(qb.ergotropy(rho[i, j], h[i]), abs=1e-14)
    assert qb.energy(rho[0, 0], h).shape == (2,)
    for function in (qb.energy, qb.ergotropy, qb.capacity, qb.coherent_ergotropy):
        assert function(np.zeros((0, 3, 3)), h[0]).shape == (0,)
    assert qb.daemonic_ergotropy(np.zeros((0, 4, 4)), H, (2, 2)).shape == (0,)


def test_within_the_tolerance_a_state_is_a_state():
    nearly = np.diag([1 + 6e-9, -4e-9])
    h = np.diag([-1.0, 1.0])
    assert 0 <= qb.ergotropy(nearly, h) <= qb.energy(nearly, h) + 1
    assert qb.energy(nearly, h) == -1
    assert qb.entropy(nearly) == 0


# --- labels -------------------------------------------------------------------------------------


@pytest.fixture
def labelled():
    rho = states(np.random.default_rng(2), 3, 2)
    coords = {"time": [0.0, 0.5, 1.0], "i": ["g", "e"], "kind": "test"}
    return xr.DataArray(rho, dims=("time", "i", "j"), coords=coords, name="rho", attrs={"a": 1})


def test_labels_come_back(labelled):
    value = qb.ergotropy(labelled, H)
    assert value.dims == ("time",)
    assert value.name is None
    assert value.attrs == {}
    assert set(value.coords) == {"time", "kind"}
    np.testing.assert_array_equal(value.time, labelled.time)
    np.testing.assert_array_equal(value, qb.ergotropy(labelled.values, H))
    assert qb.purity(labelled).dims == ("time",)
    assert qb.energy(labelled[0], H).shape == ()


def test_matrices_come_back_with_their_dimensions(labelled):
    passive = qb.passive_state(labelled, H)
    assert passive.dims == ("time", "i", "j")
    np.testing.assert_array_equal(passive, qb.passive_state(labelled.values, H))
    pair = xr.DataArray(states(np.random.default_rng(3), 2, 6), dims=("time", "i", "j"))
    part = qb.partial_trace(pair, (2, 3), 1)
    assert part.dims == ("time", "i", "j")
    assert part.shape == (2, 3, 3)


def test_labelled_axes_broadcast_by_name(labelled):
    frequency = xr.DataArray([1.0, 2.0], dims="frequency", coords={"frequency": [1.0, 2.0]})
    h = frequency * xr.DataArray(H, dims=("i", "j"))
    value = qb.energy(labelled, h)
    assert set(value.dims) == {"time", "frequency"}
    one = qb.energy(labelled.values, H)
    np.testing.assert_allclose(value.transpose("frequency", "time"), [one, 2 * one], rtol=1e-15)
    single = qb.energy(RHO, h)
    assert single.dims == ("frequency",)
    np.testing.assert_array_equal(single, [0.75, 1.5])
    assert qb.passive_state(RHO, h).dims == ("frequency", "i", "j")
    locked = qb.locked_ergotropy(np.kron(RHO, RHO), [h, h])
    assert locked.dims == ("frequency",)


def test_a_labelled_matrix_beside_an_array_is_an_array():
    assert isinstance(qb.energy(RHO, xr.DataArray(H)), float)


# --- what may not ---------------------------------------------------------------------------------

QUBITS = np.array([RHO, RHO])
BAD_STATES = {
    "text": ([["a", "b"], ["c", "d"]], TypeError, r"rho holds list of <U1: it takes numbers"),
    "a name": ("ground", TypeError, r"rho holds str of <U6: it takes numbers"),
    "objects": (np.array([[slice(1)]]), TypeError, "rho holds ndarray of object"),
    "truth": ([[True, False], [False, False]], TypeError, "rho holds list of bool"),
    "nothing": (None, TypeError, "rho holds NoneType of object"),
    "bra": (qutip.basis(2, 0).dag(), TypeError, "Qobj of type 'bra': it takes a ket or a density"),
    "super": (qutip.to_super(qutip.qeye(2)), TypeError, "Qobj of type 'super'"),
    "ragged": ([[1, 0], [0]], ValueError, "rho has rows of different lengths"),
    "number": (1.0, ValueError, r"rho has shape \(\): it takes square matrices"),
    "ket": ([1.0, 0.0], ValueError, "one-dimensional, of length 2.*np.outer"),
    "oblong": (np.ones((2, 3)), ValueError, r"rho has shape \(2, 3\)"),
    "no size": (np.ones((0, 0)), ValueError, r"rho has shape \(0, 0\)"),
    "nan": (np.diag([np.nan, 1]), ValueError, "rho is not finite: remove"),
    "infinite": ([RHO, np.diag([np.inf, 1])], ValueError, "rho is not finite at index 1: remove"),
    "not Hermitian": ([[0.5, 0.1], [0.2, 0.5]], ValueError, "not Hermitian, it differs .* by 0.1:"),
    "imaginary": (np.diag([0.5 + 0.1j, 0.5]), ValueError, "rho is not Hermitian"),
    "trace": ([RHO, 2 * RHO], ValueError, "rho has trace 2 at index 1: .* divide rho by its trace"),
    "trace, nearly": (RHO + 1e-8 * np.eye(2), ValueError, "rho has trace 1.00000002"),
    "negative": (np.diag([1.1, -0.1]), ValueError, "rho has the eigenvalue -0.1: .* below 0"),
    "negative, larger": (
        np.array([[np.diag([0.5, 0.5, 0]), np.diag([0.6, 0.5, -0.1])]]),
        ValueError,
        r"the eigenvalue -0.1 at index \(0, 1\)",
    ),
    "negative, nearly": (np.diag([1 + 2e-8, -2e-8, 0]), ValueError, "the eigenvalue -2e-08"),
    "labels, oblong": (xr.DataArray(np.ones((2, 2, 3))), ValueError, r"shape \(2, 2, 3\)"),
}


@pytest.mark.parametrize("name", BAD_STATES)
def test_bad_states_are_refused_in_words(name):
    rho, error, words = BAD_STATES[name]
    for function in (qb.entropy, lambda rho: qb.energy(rho, H)):
        with pytest.raises(error, match=words):
            function(rho)


BAD_HAMILTONIANS = {
    "text": ("sigma_z", TypeError, "h holds str"),
    "ket": (qutip.basis(2, 0), TypeError, "h is a Qobj of type 'ket': it takes an operator"),
    "levels": ([0.0, 1.0], ValueError, r"h has shape \(2,\)"),
    "table": (xr.Dataset({"h": ("x", [0.0])}), TypeError, "h is a Dataset, a table of several"),
    "nan": (np.diag([np.nan, 1]), ValueError, "h is not finite"),
    "overflowing": (np.diag([0, 1e308]), ValueError, "h has an element of size 1e\\+308"),
    "not Hermitian": ([[0, 1e6], [1e6 + 1, 1]], ValueError, "h is not Hermitian.* by 1:"),
    "tiny, not Hermitian": ([[0, 1e-12], [0, 0]], ValueError, "h is not Hermitian"),
    "size": (np.eye(3), ValueError, "h is 3 x 3 but the state it belongs to is 2 x 2"),
    "batch": (np.zeros((3, 2, 2)), ValueError, r"batches have shapes \(2,\), \(3,\), which do not"),
    "labels": (xr.DataArray(np.zeros((2, 2, 2))), ValueError, r"shape \(2, 2, 2\) meets a DataA"),
}


@pytest.mark.parametrize("name", BAD_HAMILTONIANS)
def test_bad_hamiltonians_are_refused_in_words(name):
    h, error, words = BAD_HAMILTONIANS[name]
    with pytest.raises(error, match=words):
        qb.ergotropy(QUBITS, h)


@pytest.mark.parametrize("dims", [2, "22", (2.0, 2), (True, 4), [], None])
def test_dims_are_whole_numbers(dims):
    with pytest.raises(TypeError, match=r"dims is .*: it takes one whole number for each part"):
        qb.negativity(np.eye(4) / 4, dims)


@pytest.mark.parametrize(
    ("dims", "words"),
    [
        ((2, 3), r"dims is \(2, 3\), in all 6, but rho is 4 x 4"),
        ((-2, -2), "at least 1"),
        ((2, 2, 1), r"dims is \(2, 2, 1\) but takes 2 numbers"),
    ],
)
def test_dims_fit_the_state(dims, words):
    with pytest.raises(ValueError, match=words):
        qb.mutual_information(np.eye(4) / 4, dims)


@pytest.mark.parametrize("keep", ["0", 0.5, [], [True], None])
def test_parts_are_whole_numbers(keep):
    with pytest.raises(TypeError, match=r"keep is .*: it takes the number of a part"):
        qb.partial_trace(np.eye(4) / 4, (2, 2), keep)


@pytest.mark.parametrize("keep", [2, -1, [0, 0], [0, 2]])
def test_parts_exist(keep):
    with pytest.raises(ValueError, match="name each part once, from 0 to 1"):
        qb.partial_trace(np.eye(4) / 4, (2, 2), keep)


# --- small linear algebra -------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([1.0, 1e-8, 0.0]))
def test_the_closed_form_of_2_x_2_agrees_with_lapack(seed, real, off_diagonal):
    x = hamiltonian(np.random.default_rng(seed), 2)
    x = (x.real if real else x) * np.array([[1, off_diagonal], [off_diagonal, 1]])
    values, vectors = matrices.eigensystem(x)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(x), rtol=0, atol=1e-14)
    np.testing.assert_allclose(vectors.conj().T @ vectors, np.eye(2), rtol=0, atol=1e-15)
    np.testing.assert_allclose(vectors * values @ vectors.conj().T, x, rtol=0, atol=1e-14)
    assert np.isrealobj(vectors) == real


def test_a_small_component_of_an_eigenvector_keeps_its_digits():
    _, vectors = matrices.eigensystem(np.array([[1.0, 1e-20], [1e-20, 0.0]]))
    assert abs(vectors[1, 1]) == pytest.approx(1e-20, rel=1e-15)


@given(st.integers(0, 2**32 - 1), st.sampled_from([[0], [1], [2], [0, 1], [0, 2], [1, 2]]))
def test_partial_trace_agrees_with_qutip(seed, keep):
    rho = state(np.random.default_rng(seed), 12)
    theirs = qutip.Qobj(rho, dims=[[2, 3, 2], [2, 3, 2]]).ptrace(keep).full()
    np.testing.assert_allclose(qb.partial_trace(rho, (2, 3, 2), keep), theirs, rtol=0, atol=1e-15)


def test_partial_trace_of_a_product_gives_the_factors_in_order():
    rng = np.random.default_rng(4)
    parts = [state(rng, d) for d in (2, 3, 4)]
    whole = np.kron(np.kron(parts[0], parts[1]), parts[2])
    for k in range(3):
        np.testing.assert_allclose(
            qb.partial_trace(whole, (2, 3, 4), k), parts[k], rtol=0, atol=1e-15
        )
    both = qb.partial_trace(whole, (2, 3, 4), [2, 0])
    np.testing.assert_allclose(both, np.kron(parts[0], parts[2]), rtol=0, atol=1e-15)
    np.testing.assert_allclose(
        qb.partial_trace(whole, (2, 3, 4), range(3)), whole, rtol=0, atol=1e-16
    )


def test_qutip_is_not_imported():
    code = "import sys, quantumbattery.merit; assert 'qutip' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_random_unitaries_are_unitary():
    u = unitary(np.random.default_rng(5), 4)
    np.testing.assert_allclose(u @ u.conj().T, np.eye(4), rtol=0, atol=1e-14)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises((TypeError, ValueError), match="rho"):
        qb.ergotropy(endless, H)


@pytest.mark.filterwarnings("ignore:Duplicate dimension names")
def test_labels_that_do_not_fit_are_refused_in_our_words():
    states = xr.DataArray([RHO] * 3, dims=["b", "r", "c"], coords={"b": [0, 1, 2]})
    twice = xr.DataArray(RHO, dims=["r", "r"])
    with pytest.raises(ValueError, match="dimensions of rho must be different names"):
        qb.ergotropy(twice, H)
    turned = xr.DataArray([H] * 3, dims=["b", "i", "j"], coords={"b": [2, 1, 0]})
    for h in (turned, turned.isel(b=[0, 1])):
        with pytest.raises(ValueError, match="must have the same length and labels; got"):
            qb.ergotropy(states, h)
    with pytest.raises(ValueError, match="'r' names the rows or columns"):
        qb.passive_state(states, turned.rename(b="r"))


@pytest.mark.parametrize("name", ["ergotropy", "capacity", "energy_variance", "passive_state"])
def test_numbers_too_small_for_a_float_are_nothing(name):
    """Also where NumPy is told to raise at every flaw."""
    figure = getattr(qb, name)
    rho = np.array([[1.0, 1e-170, 0.0], [1e-170, 1e-310, 0.0], [0.0, 0.0, 1e-320]])
    h = np.diag([0.0, 1e-200, 1e-310])
    quiet = figure(rho, h)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(figure(rho, h), quiet)
        np.testing.assert_array_equal(figure(xr.DataArray(rho, dims=["i", "j"]), h), quiet)


def test_rows_and_columns_are_known_by_their_names():
    """In whatever order the dimensions of a labelled matrix are, and among others."""
    rho = np.array([[0.3, 0.2 + 0.1j], [0.2 - 0.1j, 0.7]])
    h = xr.DataArray([[0, 0.3j], [-0.3j, 1]], dims=["row", "column"])
    labelled = xr.DataArray(rho, dims=["row", "column"])
    known = qb.energy(rho, h.values)
    for one in (labelled, labelled.T, labelled * xr.ones_like(xr.DataArray([1, 1], dims="k"))):
        for each in (h, h.T):
            np.testing.assert_allclose(qb.energy(one, each), known, rtol=1e-14)
    lower = xr.DataArray([[0.0, 1.0], [0.0, 0.0]], dims=["row", "column"])
    pair = qb.models.qubit_pair()
    for acts in (lower.values, lower, lower.T):
        seen = pair.expect(qb.state(rho), 0.0, {"a": ("charger", acts)})
        np.testing.assert_allclose(seen.a, rho[1, 0], rtol=1e-14)
