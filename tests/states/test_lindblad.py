"""Reached elements of the density matrix beside brute force: Kronecker products, QuTiP."""

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock, state, thermal
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.states.lindblad import liouvillian, rectangles
from roads.product_space import Whole, chain, closure, initial, interfering, random_case
from roads.reached import reach

# --- beside the product space --------------------------------------------------------------------


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_reached_density_matrix_elements_against_the_product_space(seed):
    check_elements(*random_case(seed, 24, lossy=True))


@pytest.mark.parametrize("start", [2, 3, 4])
def test_damping_may_lead_where_neither_hamiltonian_nor_loss_does(start):
    check_elements(interfering(), {"charger": fock(start)})


def check_elements(system, chosen):
    ours = reach(system, chosen)
    found = rectangles(ours)
    whole = Whole(system, ours.levels)
    generator = whole.generator()
    inside = np.ravel_multi_index(ours.configurations.T.astype(int), ours.levels)
    row, column = found.elements
    flat = inside[row] * whole.size + inside[column]
    # Which elements the terms lead to, one by one: sums of terms may cancel by accident.
    eye, h = np.eye(whole.size), abs(whole.h) > 1e-14
    pattern = np.kron(h, eye) + np.kron(eye, h.T)
    for jump in whole.jumps:
        square = abs(jump.conj().T @ jump) > 1e-14
        pattern += np.kron(square, eye) + np.kron(eye, square.T)
        pattern += np.kron(abs(jump) > 1e-14, abs(jump) > 1e-14)
    rho = initial(system, chosen)
    expected = closure(pattern > 0, abs(rho.ravel()) > 1e-16)
    np.testing.assert_array_equal(np.sort(flat), np.flatnonzero(expected))
    assert found.size == len(flat)
    np.testing.assert_array_equal(found.index(row, column), np.arange(found.size))
    np.testing.assert_allclose(
        liouvillian(found).matrix().toarray(), generator[np.ix_(flat, flat)], rtol=0, atol=1e-11
    )
    everywhere = found.index(*np.divmod(np.arange(ours.size**2), ours.size))
    assert (everywhere >= 0).sum() == found.size


# --- known answers -------------------------------------------------------------------------------


def lossy_pair(**rates):
    return System(
        {"charger": Qubit(**rates), "battery": Qubit()}, [exchange("charger", "battery", 1.0)]
    )


@pytest.mark.parametrize(
    ("rates", "preparation", "count"),
    [
        ({"loss": 0.1}, bloch(1.0), 9),
        ({"loss": 0.1}, bloch(np.pi), 5),
        ({"loss": 0.1}, bloch(0.0), 1),
        ({"loss": 0.1}, thermal(0.5), 5),
        ({}, bloch(1.0), 9),
        ({}, bloch(np.pi), 4),
        ({"dephasing": 0.1}, bloch(1.0), 9),
        ({"dephasing": 0.1}, bloch(np.pi), 4),
        ({"loss": 0.1, "occupation": 0.5}, bloch(np.pi), 6),
        ({"loss": 0.1, "occupation": 0.5}, bloch(1.0), 14),
    ],
    ids=str,
)
def test_elements_of_the_pair(rates, preparation, count):
    assert rectangles(reach(lossy_pair(**rates), preparation)).size == count


def test_the_nine_elements_are_the_papers():
    found = rectangles(reach(lossy_pair(loss=0.1), bloch(1.0)))
    labels = ["".join(map(str, c)) for c in found.reach.configurations]
    elements = {(labels[i], labels[j]) for i, j in zip(*found.elements, strict=True)}
    assert elements == {(i, j) for i in ("00", "01", "10") for j in ("00", "01", "10")}
    # the loss takes the population of 10 to that of 00, and nothing else anywhere
    generator = liouvillian(found)
    by_loss = generator.term >= len(found.reach.hamiltonian.coefficients)
    row, column = (np.array(labels)[each] for each in found.elements)
    fed = {
        (row[old], column[old], row[new], column[new])
        for old, new in zip(generator.column[by_loss], generator.row[by_loss], strict=True)
        if old != new
    }
    assert fed == {("10", "10", "00", "00")}


def test_evolution_in_the_reached_elements_is_qutips():
    system = System(
        {"charger": Qubit(loss=0.3, occupation=0.2), "wire": Oscillator(1.1, levels=3),
         "battery": Qudit([0, 1, 1.8], dephasing=0.1)},
        [exchange("charger", "wire", 0.7), dipole("wire", "battery", 0.4)],
    )  # fmt: skip
    chosen = {"charger": bloch(2.0, 0.4), "wire": state(np.diag([0.7, 0.3, 0.0]))}
    found = rectangles(reach(system, chosen))
    whole = Whole(system, found.reach.levels)
    rho = initial(system, chosen)
    dims = [list(whole.levels)] * 2
    jumps = [qutip.Qobj(jump, dims=dims) for jump in whole.jumps]
    result = qutip.mesolve(
        qutip.Qobj(whole.h, dims=dims), qutip.Qobj(rho, dims=dims), [0, 2.5], jumps,
        options={"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000},
    )  # fmt: skip
    inside = np.ravel_multi_index(found.reach.configurations.T.astype(int), found.reach.levels)
    row, column = (inside[part] for part in found.elements)
    ours = np.zeros_like(rho)
    ours[row, column] = expm(2.5 * liouvillian(found).matrix().toarray()) @ rho[row, column]
    np.testing.assert_allclose(ours, result.states[-1].full(), rtol=0, atol=1e-8)


def test_elements_of_two_excitations_on_a_long_chain():
    n = 70
    ours = reach(chain(n, loss=0.1), {"q0": fock(1), "q9": fock(1)})
    # rectangles: both with two, both with one, both with none
    assert rectangles(ours).size == (n * (n - 1) // 2) ** 2 + n**2 + 1


def test_too_many_elements():
    ours = reach(chain(1000, loss=0.1), fock(1))
    with pytest.raises(ValueError, match=r"1,000,000 density-matrix elements need 0.0149 GiB"):
        rectangles(ours, limit=0.01)
    with pytest.raises(ValueError, match="elements of the generator need"):
        liouvillian(rectangles(ours), limit=0.1)
