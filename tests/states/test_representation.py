"""How a state is written down: kets wherever they will do."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange, heisenberg
from quantumbattery.network.preparations import bloch, fock, thermal
from quantumbattery.network.sites import Qubit
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.representation import representation
from roads.product_space import chain
from roads.reached import reach

close = partial(np.testing.assert_allclose, rtol=0, atol=2e-12)
WHENS = {
    "any": np.array([1.7, 0.0, 0.4, 1.7]),
    "grid": np.linspace(0, 2, 5),
    "single": np.array([2.5]),
}


def pair(**rates):
    return System(
        {"charger": Qubit(**rates), "battery": Qubit()}, [exchange("charger", "battery", 1.0)]
    )


@pytest.mark.parametrize(
    ("system", "chosen", "form", "frozen"),
    [
        (pair(), bloch(1.0), Kets, False),
        (pair(), thermal(0.5), Kets, False),
        (pair(loss=0.1), bloch(1.0), Kets, True),
        (pair(loss=0.1), thermal(0.5), Kets, True),
        (pair(loss=0.1), bloch(0.0), Kets, False),  # nothing to lose
        (chain(7, loss=0.1), bloch(1.0), Kets, True),
        (chain(7, loss=0.1), {"q0": fock(1), "q3": fock(1)}, Matrix, None),  # a second quantum
        (pair(loss=0.1, occupation=0.2), fock(1), Matrix, None),  # a bath that gives
        (pair(dephasing=0.1), fock(1), Matrix, None),  # a jump that leaves the quantum there
        (pair(loss=0.1, dephasing=0.1), fock(1), Matrix, None),
    ],
    ids=str,
)
def test_kets_wherever_they_will_do(system, chosen, form, frozen):
    found = representation(reach(system, chosen))
    assert type(found) is form
    if form is Kets:
        assert (found.frozen is not None) == frozen
        assert found.hermitian == (not frozen)
        if frozen:
            assert not found.reach.configurations[found.frozen].any()


def test_losses_that_end_where_the_hamiltonian_goes_on():
    """The state that is left over is moved by a field: it is no resting place."""
    links = [exchange("a", "b", 1.0), heisenberg("c", "b", 0.3, 0.1, 0.0)]
    system = System({"a": Qubit(loss=0.5), "b": Qubit(), "c": Qubit()}, links, "a", "b")
    assert isinstance(representation(reach(system, fock(1))), Matrix)


@pytest.mark.parametrize("twice", [False, True])
def test_a_path_comes_in_order(twice):
    """One quantum on a chain, its sites shuffled, is tridiagonal, also with two terms on a link."""
    names = [f"q{k}" for k in (4, 0, 6, 2, 5, 1, 3)]
    links = [f"q{k}" for k in range(7)]
    terms = [exchange(a, b, 0.3) for a, b in pairwise(links)]
    if twice:
        terms += [heisenberg(a, b, 0.2, 0.2, 0.5) for a, b in pairwise(links)]
    system = System({name: Qubit() for name in names}, terms, "q0", "q6")
    reached = reach(system, fock(1))
    (blocks,) = representation(reached).blocks
    matrix = blocks.matrices(np.array([reached.hamiltonian.coefficients]))[0, 0]
    assert not np.triu(matrix, 2).any()
    assert np.count_nonzero(np.diagonal(matrix, 1)) == 6
