"""Matrices whose rows and columns carry labels are read by them, in whatever order they come."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import qutip
import xarray as xr

import quantumbattery as qb
from quantumbattery.merit.partial_trace import partial_trace

LABELS = ["00", "01", "10", "11"]
DIMS = ("row", "column")
ANOTHER = ["11", "01", "00", "10"]


def labelled(matrix, labels=LABELS):
    return xr.DataArray(matrix, {"row": labels, "column": labels}, ("row", "column"))


@pytest.fixture
def rho():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    return labelled(root @ root.conj().T / np.trace(root @ root.conj().T).real)


@pytest.mark.parametrize("names", [LABELS, ["g", "e", "f", "h"]])
@pytest.mark.parametrize("merit", [qb.energy, qb.ergotropy, qb.capacity, qb.active_energy])
def test_a_state_and_a_hamiltonian_meet_by_their_labels(rho, merit, names):
    rho = rho.assign_coords(row=names, column=names)
    h = labelled(np.diag([0.0, 1.0, 2.5, 3.0]) + 0.1, names)
    order = [names[k] for k in (3, 1, 0, 2)]
    for one, other in (
        (rho, h.sel(row=order, column=order)),
        (rho.sel(row=order, column=order), h),
        (rho.sel(column=order), h.sel(row=order)),
        (rho.sel(column=order).T, h),
    ):
        assert merit(one, other) == pytest.approx(merit(rho.values, h.values), abs=1e-13)
    # Labels that are others on either side say nothing of the order.
    assert merit(rho, h.assign_coords(row=range(4), column=range(4))) == merit(rho, h)


def test_parts_of_what_is_labelled_as_a_product(rho):
    moved, plain = rho.sel(row=ANOTHER, column=ANOTHER), rho.values
    for keep in (0, 1, [1, 0]):
        np.testing.assert_array_equal(
            partial_trace(moved, (2, 2), keep), partial_trace(plain, (2, 2), keep)
        )
    assert qb.negativity(moved, (2, 2)) == qb.negativity(plain, (2, 2))
    assert qb.mutual_information(moved, (2, 2)) == qb.mutual_information(plain, (2, 2))
    assert qb.concurrence(moved) == qb.concurrence(plain)
    h = np.diag([0.0, 1.0])
    assert qb.daemonic_ergotropy(moved, h, (2, 2)) == qb.daemonic_ergotropy(plain, h, (2, 2))


def test_an_own_matrix_in_the_order_of_the_paper():
    """Eq. 58 lists 00, 10, 01, 11."""
    state = qb.QubitPair().density_matrix(qb.bloch(np.pi), 0.3)
    order = ["00", "10", "01", "11"]
    excited = partial_trace(state.sel(row=order, column=order), (2, 2), 1)[1, 1].real
    assert excited == pytest.approx(np.sin(0.3) ** 2, abs=1e-15)
    again = qb.models.qubit_pair().charge(
        {("charger", "battery"): qb.state(state.sel(row=order, column=order))}, 0.0, ["energy"]
    )
    assert again.energy == pytest.approx(np.sin(0.3) ** 2, abs=1e-14)


def test_labels_of_more_than_ten_levels():
    cavity = {"cavity": qb.Oscillator(levels=12), "cell": qb.Qubit()}
    system = qb.System(cavity, [qb.exchange("cavity", "cell", 1.0)], "cavity", "cell")
    state = system.density_matrix(qb.fock(3), 0.4, ["cavity", "cell"])
    order = np.random.default_rng(1).permutation(state.row.values)
    moved = state.sel(row=order, column=order)
    for keep in (0, 1):
        np.testing.assert_array_equal(
            partial_trace(moved, (12, 2), keep), partial_trace(state.values, (12, 2), keep)
        )
    alone = system.density_matrix(qb.fock(3), 0.4, "cavity")
    assert alone.row.values.tolist() == [str(n) for n in range(12)]
    turned = alone.isel(row=slice(None, None, -1), column=slice(None, None, -1))
    assert qb.purity(turned) == pytest.approx(qb.purity(alone.values), abs=1e-15)


def test_a_qobj_knows_its_parts():
    rho = qutip.rand_dm([2, 3], seed=1)
    with pytest.raises(ValueError, match=r"dims is \(3, 2\), but the parts of the Qobj have 2 x 3"):
        partial_trace(rho, (3, 2), 0)
    three = qutip.rand_dm([2, 2, 3], seed=1)
    np.testing.assert_allclose(partial_trace(three, (4, 3), 1), three.ptrace(2).full(), atol=1e-15)


def test_matrices_of_systems_are_read_by_their_labels_too():
    h = np.diag([0.0, 0.3, 0.5, 0.1]).astype(complex)
    h[1, 2], h[2, 1], h[0, 3], h[3, 0] = 1j, -1j, 0.2, 0.2
    a = np.diag([0.0, 1.0, 0.0, 1.0])

    def energy(matrix, jump):
        links = [qb.interaction("a", "b", matrix), qb.jump("a", "b", jump, 0.1)]
        system = qb.System({"a": qb.Qubit(), "b": qb.Qubit()}, links, "a", "b")
        table = system.expect(qb.fock(1), 0.7, {"counted": (["a", "b"], jump)})
        return table.counted.item(), system.charge(qb.fock(1), 0.7, ["energy"]).energy.item()

    h_moved, a_moved = (labelled(each).sel(row=ANOTHER, column=ANOTHER) for each in (h, a))
    assert energy(h_moved, a_moved) == energy(h, a)


def test_copies_of_a_single_level_hold_nothing():
    assert qb.multi_copy_ergotropy(np.eye(1), np.eye(1), 10**400) == 0
    with pytest.raises(ValueError, match="too many for dimension 2"):
        qb.multi_copy_ergotropy(np.eye(2) / 2, np.diag([0.0, 1.0]), 10**400)


def test_hamiltonians_of_parts_are_read_by_their_labels():
    rho = labelled(np.diag([0.1, 0.2, 0.3, 0.4]))
    h = xr.DataArray(
        np.diag([1.0, 0.0]), {"row": ["1", "0"], "column": ["1", "0"]}, ("row", "column")
    )
    plain = np.diag([0.0, 1.0])
    for state in (rho, rho.sel(row=ANOTHER, column=ANOTHER), rho.values):
        assert qb.local_ergotropy(state, [h, h]) == qb.local_ergotropy(rho.values, [plain] * 2)
        assert qb.locked_ergotropy(state, [h, h]) == qb.locked_ergotropy(rho.values, [plain] * 2)
        one = qb.daemonic_ergotropy(state, h, (2, 2))
        assert one == qb.daemonic_ergotropy(rho.values, plain, (2, 2))
    whole = labelled(np.diag([0.0, 1.0, 2.0, 3.0]))
    moved = whole.sel(row=ANOTHER, column=ANOTHER)
    assert qb.energy(rho.values, moved) == qb.energy(rho.values, whole.values)
    assert qb.energy(rho.sel(row=ANOTHER, column=ANOTHER), whole.values) == qb.energy(rho, whole)


def test_matrices_that_come_out_keep_the_labels_of_the_state(rho):
    h = labelled(np.diag([0.0, 1.0, 2.0, 3.0]))
    moved = qb.passive_state(rho.sel(row=ANOTHER, column=ANOTHER), h)
    xr.testing.assert_allclose(moved, qb.passive_state(rho, h), rtol=0, atol=1e-14)
    assert moved.row.values.tolist() == LABELS
    names = rho.assign_coords(row=["d", "a", "c", "b"], column=["d", "a", "c", "b"])
    assert qb.passive_state(names, h.values).row.values.tolist() == ["d", "a", "c", "b"]
    assert "row" not in partial_trace(rho, (2, 2), 0).coords


@pytest.mark.parametrize("labels", [["0", "1", "2"], [0, 1, 2]])
def test_states_kets_and_bases_with_labels_of_levels(labels):
    order = [labels[k] for k in (2, 0, 1)]
    sites = {"a": qb.Qudit([0.0, 1.0, 2.5]), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    ket = np.array([0.6, 0.0, 0.8j])

    def energy(state):
        return system.charge({"a": qb.state(state)}, 0.4, ["energy"]).energy.item()

    named = xr.DataArray(ket, {"level": labels}, ("level",))
    assert energy(named.sel(level=order)) == energy(ket)
    rho = labelled(np.outer(ket, ket.conj()), labels)
    assert energy(rho.sel(row=order, column=order)) == energy(rho.values)
    rng = np.random.default_rng(5)
    root = rng.normal(size=(6, 6))
    joint, h = root @ root.T / np.trace(root @ root.T), np.diag([0.0, 1.0])
    basis = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rows = xr.DataArray(basis, {"row": labels}, ("row", "column")).sel(row=order)
    expected = qb.daemonic_ergotropy(joint, h, (3, 2), basis)
    assert qb.daemonic_ergotropy(joint, h, (3, 2), rows) == pytest.approx(expected, abs=1e-14)
    assert qb.daemonic_ergotropy(joint, h, (3, 2), rows.T) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    "kind",
    [int, float, bool, np.float32, np.longdouble, Fraction, Decimal, str, lambda k: b"%d" % k],
)
def test_numbers_of_levels_of_any_type(kind):
    plain, h = np.array([[0.2, 0.1], [0.1, 0.8]]), np.diag([0.0, 1.0])
    names = [kind(0), kind(1)]
    state = labelled(plain, names)
    for moved in (state, state[::-1], state[:, ::-1], state[::-1, ::-1]):
        assert qb.ergotropy(moved, h) == qb.ergotropy(plain, h)
        # of other types as well, for each is read by its own
        assert qb.energy(moved, labelled(h, ["1", "0"])[::-1, ::-1]) == pytest.approx(0.2)


@pytest.mark.parametrize("kind", [int, float, str])
def test_product_states_that_a_table_of_numbers_took_for_numbers(rho, kind):
    names = LABELS if kind is str else [kind(each) for each in LABELS]
    state = rho.assign_coords(row=names, column=names)
    for order in ([1, 0, 3, 2], [3, 1, 0, 2]):
        assert qb.concurrence(state[order, order[::-1]]) == qb.concurrence(rho.values)


@pytest.mark.parametrize(
    "names", [[0, 1, 10, 21], [5, 2, 7, 9], [0.5, 0.0, 1.0, 1.5], [-1, 0, 1, 2]]
)
def test_other_numbers_say_nothing_of_the_order(rho, names):
    state = rho.assign_coords(row=names, column=names)
    assert qb.concurrence(state) == qb.concurrence(state.values)
    moved = state[[1, 0, 3, 2]][:, [1, 0, 3, 2]]
    assert qb.concurrence(moved) == qb.concurrence(moved.values)


def test_rows_and_columns_named_in_numbers_and_texts():
    state = xr.DataArray([[0.2, 0.1], [0.3, 0.8]], {"row": ["0", "1"], "column": [1, 0]}, DIMS)
    assert qb.energy(state.copy(data=[[0.1, 0.2], [0.8, 0.1]]), np.diag([0.0, 1.0])) == 0.8


def test_energies_of_levels_go_by_their_labels():
    energies = xr.DataArray([0.0, 1.0, 3.0], {"level": [0, 1, 2]}, ("level",))
    for given in (energies, energies[::-1], energies[[1, 2, 0]]):
        assert qb.Qudit(given) == qb.Qudit([0.0, 1.0, 3.0])
    without = energies.assign_coords(level=["g", "e", "f"])[::-1]
    assert qb.Qudit(without) == qb.Qudit([3.0, 1.0, 0.0])


@pytest.mark.parametrize("names", [[0, 1], ["0", "1"], [0.0, 1.0]])
def test_tables_of_pandas(names):
    table = pd.DataFrame([[0.2, 0.1], [0.1, 0.8]], names, names)
    h = np.diag([0.0, 1.0])
    for moved in (table, table.iloc[::-1], table.iloc[:, ::-1], table.iloc[::-1, ::-1]):
        assert qb.energy(moved, h) == 0.8
        assert qb.energy(np.diag([0.2, 0.8]), moved) == pytest.approx(0.68)
    with pytest.raises(ValueError, match="it takes square matrices"):
        qb.energy(table.iloc[:0, :0], h)
