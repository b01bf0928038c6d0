"""In what QuTiP's objects of a system start: beside QuTiP's own states, and tables of charges."""

from itertools import pairwise

import numpy as np
import pytest
import qutip

import quantumbattery as qb
from quantumbattery.network import full_space
from roads import by_qutip

TIMES = np.array([0.0, 0.7, 1.6])

cut = pytest.mark.filterwarnings("ignore:the . levels of")  # few, and the same for both


@pytest.mark.parametrize("preparation", [qb.coherent(0.7 - 0.4j), qb.squeezed(0.4, 1.0)])
def test_states_of_oscillators(preparation):
    system = qb.models.oscillator_pair(coupling=0.7)
    assert by_qutip.difference(system, preparation, TIMES) < 1e-9
    table = system.charge(preparation, TIMES, ["energy"])
    model = system.to_qutip(by_qutip.levels_of(system, preparation, TIMES, table))
    own = model.initial(preparation).ptrace(0)
    n = model.levels["charger"]
    if isinstance(preparation, type(qb.coherent(1.0))):
        theirs = qutip.coherent(n, 0.7 - 0.4j, method="analytic")
    else:
        theirs = qutip.squeeze(200, 0.4 * np.exp(1j)) * qutip.basis(200, 0)
        theirs = qutip.Qobj(theirs.full()[:n])
    assert abs(1 - qutip.expect(own, theirs)) < 1e-12


@pytest.mark.filterwarnings("ignore:the 3 levels of")
@pytest.mark.parametrize(
    "preparation",
    [qb.thermal(1.0), qb.coherent(1j), qb.squeezed(0.5), qb.gaussian(1j, 0.5, 1.0, 0.2)],
)
def test_what_few_levels_hold_is_the_same_for_both(preparation):
    sites = {"charger": qb.Oscillator(levels=3), "battery": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("charger", "battery", 0.5)])
    assert by_qutip.difference(system, preparation, TIMES) < 1e-12


def always_on(order, frequency=1.0, xx=-0.9):
    """The battery's sites stand apart, and in another order."""
    sites = {"x": qb.Qubit(frequency), "charger": qb.Oscillator(levels=3), "y": qb.Qubit(1.4)}
    links = [
        qb.heisenberg("y", "x", xx, 0.2, 0.5, always=True),
        qb.exchange("charger", "x", 0.4),
        qb.dipole("y", "charger", 0.2),
    ]
    return qb.System(sites, links, "charger", order)


@cut
@pytest.mark.parametrize("order", [["x", "y"], ["y", "x"]])
def test_a_battery_that_interacts_always_starts_in_its_ground_state(order):
    model = always_on(order).to_qutip()
    assert model.battery == [0, 2]
    start = model.initial(qb.fock(1))
    assert abs(qutip.expect(model.battery_hamiltonian, start)) < 1e-14
    assert abs(qutip.expect(model.number("charger"), start) - 1) < 1e-14
    assert np.linalg.eigvalsh(model.battery_hamiltonian.full())[0] == pytest.approx(0, abs=1e-14)
    assert by_qutip.difference(always_on(order), qb.fock(1), TIMES) < 1e-10
    assert by_qutip.difference(always_on(order), {"x": qb.fock(1)}, TIMES) < 1e-10
    assert model.initial({"x": qb.fock(0)}).full()[0] == 1  # one is named: all by themselves


def test_a_large_battery_has_the_same_ground_state(monkeypatch):
    names = [f"s{k}" for k in range(4)]
    links = [qb.heisenberg(a, b, -0.6, 0.3, 0.2, always=True) for a, b in pairwise(names)]
    chain = qb.System(dict.fromkeys(names, qb.Qubit()), links, [], names)
    dense = chain.to_qutip()
    monkeypatch.setattr(full_space, "_DENSE", 4)
    large = chain.to_qutip()
    apart = dense.battery_hamiltonian - large.battery_hamiltonian
    assert np.abs(apart.full()).max() < 1e-12
    assert abs(dense.initial({}).overlap(large.initial({}))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("dense", [600, 1])
def test_a_degenerate_ground_level_is_refused(dense, monkeypatch):
    monkeypatch.setattr(full_space, "_DENSE", dense)
    names = ["a", "b", "c"]
    links = [qb.heisenberg(a, b, 0.0, 0.0, 1.0, always=True) for a, b in pairwise(names)]
    flat = qb.System(dict.fromkeys(names, qb.Qubit(1e-12)), links, [], names)
    model = flat.to_qutip()
    with pytest.raises(ValueError, match="degenerate: say which of its states the battery starts"):
        model.initial({})
    assert model.initial({"a": qb.fock(1)}).full()[4] == 1
