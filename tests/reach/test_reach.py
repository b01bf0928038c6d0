"""Reached configurations beside brute force: Kronecker products, dense closures."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange, heisenberg
from quantumbattery.network.preparations import bloch, coherent, fock
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.reach.needed_levels import gains_quanta
from roads.product_space import Whole, chain, closure, initial, interfering, random_case
from roads.reached import cutoffs, reach

# --- beside the product space --------------------------------------------------------------------


@settings(max_examples=120)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_reached_configurations_against_the_product_space(seed, lossy):
    case = random_case(seed, 120, lossy)
    check_configurations(*case)
    with pytest.MonkeyPatch.context() as patch:  # as spaces too large to be written down
        patch.setattr("quantumbattery.reach.configurations._WRITTEN_DOWN", 0)
        check_configurations(*case)


def check_configurations(system, chosen):
    ours = reach(system, chosen)
    whole = Whole(system, ours.levels)
    inside = np.ravel_multi_index(ours.configurations.T.astype(int), ours.levels)
    rho = initial(system, chosen)
    squares = [jump.conj().T @ jump for jump in whole.jumps]
    still = sum((abs(m) > 1e-14).astype(int) for m in [whole.h, *squares])
    pattern = still + sum(((abs(m) > 1e-14).astype(int) for m in whole.jumps), 0 * still)
    expected = closure(pattern > 0, np.diag(rho).real > 0)
    assert (np.diff(inside) > 0).all()  # in dictionary order, each once
    np.testing.assert_array_equal(inside, np.flatnonzero(expected))
    # the matrix elements, and nothing leads out
    np.testing.assert_allclose(
        ours.hamiltonian.matrix().toarray(), whole.h[np.ix_(inside, inside)], rtol=0, atol=1e-12
    )
    assert not pattern[np.ix_(~expected, expected)].any()
    assert len(ours.losses.coefficients) == len(whole.jumps)
    for k, jump in enumerate(whole.jumps):
        chosen_rate = np.sqrt(np.array(ours.losses.coefficients)) * (
            np.arange(len(whole.jumps)) == k
        )
        np.testing.assert_allclose(
            ours.losses.matrix(chosen_rate).toarray(),
            jump[np.ix_(inside, inside)],
            rtol=0,
            atol=1e-12,
        )
    # the blocks
    joined = (still > 0)[np.ix_(inside, inside)]
    for block in ours.blocks:
        first = np.zeros(ours.size, dtype=bool)
        first[block[0]] = True
        np.testing.assert_array_equal(np.flatnonzero(closure(joined, first)), block)
    # the start
    begin = np.zeros((ours.size, ours.start.member.max() + 1), dtype=complex)
    np.add.at(begin, (ours.start.configuration, ours.start.member), ours.start.amplitude.values)
    np.testing.assert_allclose(
        begin @ begin.conj().T, rho[np.ix_(inside, inside)], rtol=0, atol=1e-14
    )
    np.testing.assert_array_equal(ours.index(ours.configurations), np.arange(ours.size))
    assert ours.cut == () or any(isinstance(s, Oscillator) for s in system.sites.values())


@pytest.mark.parametrize("start", [2, 3, 4])
def test_damping_may_lead_where_neither_hamiltonian_nor_loss_does(start):
    check_configurations(interfering(), {"charger": fock(start)})


# --- known answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [5, 62, 63, 64, 200])
def test_one_excitation_on_a_chain(n):
    """Beyond 63 qubits places in the product space are no longer whole numbers of 64 bits."""
    ours = reach(chain(n), bloch(1.0))
    expected = np.vstack([np.zeros(n), np.eye(n)[::-1]])
    np.testing.assert_array_equal(ours.configurations, expected)
    assert [len(block) for block in ours.blocks] == [1, n]
    h = ours.hamiltonian.matrix().toarray()
    neighbours = np.diag(np.ones(n - 1), 1)
    np.testing.assert_array_equal(h[1:, 1:], np.eye(n) + neighbours + neighbours.T)
    assert ours.index(np.ones(n)) == -1
    assert ours.index(np.eye(n)[:2]).tolist() == [n, n - 1]


def test_two_excitations_on_a_long_chain():
    n = 70
    system = chain(n, loss=0.1)
    ours = reach(system, {"q0": fock(1), "q9": fock(1)})
    assert sorted(len(block) for block in ours.blocks) == [1, n, n * (n - 1) // 2]
    assert len(np.unique(ours.configurations, axis=0)) == ours.size
    # a jump from two excitations to one, for each site: on it stands one of the two
    assert len(ours.losses.row) == 2 * (n * (n - 1) // 2) + n


def test_many_photons_and_many_cells():
    """A ladder of one thousand rungs, whose elements are known."""
    photons, cells = 300, 1000
    system = System(
        {"charger": Oscillator(), "battery": Ensemble(Qubit(), cells)},
        [exchange("charger", "battery", 0.5)],
    )
    ours = reach(system, fock(photons))
    m = np.arange(photons + 1)
    np.testing.assert_array_equal(
        ours.configurations, np.column_stack([m, photons - m]).astype(int)
    )
    h = ours.hamiltonian.matrix()
    np.testing.assert_allclose(h.diagonal(), photons, rtol=1e-14)
    k, excited = m[1:], photons - m[1:]  # from k photons to one less
    step = 0.5 * np.sqrt(k * (excited + 1.0) * (cells - excited))
    np.testing.assert_allclose(h.diagonal(1), step, rtol=1e-13)
    assert ours.cut == ()
    assert len(ours.edge.site) == 0


def test_the_cut_is_felt_only_where_it_cuts():
    for link, cut in ((exchange, ()), (dipole, ("charger",))):
        system = System(
            {"charger": Oscillator(), "battery": Qubit()}, [link("charger", "battery", 1.0)]
        )
        ours = reach(system, fock(4))
        assert ours.levels == (5, 2)
        assert ours.cut == cut
        edge = ours.configurations[np.unique(ours.edge.configuration)].tolist()
        assert edge == ([[4, 0]] if cut else [])  # parity: four photons and no quantum
    hot = System({"charger": Oscillator(loss=1, occupation=1), "battery": Qubit()})
    ours = reach(hot, fock(4))
    assert ours.cut == ("charger",)
    assert ours.configurations[np.unique(ours.edge.configuration)].tolist() == [[4, 0]]
    assert reach(hot, fock(4), given={"charger": 9}).levels == (9, 2)
    with pytest.raises(ValueError, match="levels are for oscillators, but 'battery' is Qubit"):
        reach(hot, fock(4), given={"battery": 3})
    with pytest.raises(ValueError, match=r"levels of 'charger' must be a whole number.*got 1"):
        reach(hot, fock(1), given={"charger": 1})


def test_cutoffs_hold_all_quanta():
    system = System(
        {"a": Oscillator(), "b": Oscillator(levels=7), "c": Ensemble(Qudit([0, 1, 2]), 2),
         "d": Oscillator()},
        charger="a", battery="b",
    )  # fmt: skip
    chosen = {"a": fock(3), "b": fock(2), "c": fock(5)}  # the last state of c: both at level 2
    assert cutoffs(system, chosen) == {"a": 10, "b": 7, "c": 6, "d": 10}
    assert cutoffs(system, coherent(0.0)) == {"a": 2, "b": 7, "c": 6, "d": 2}


def test_arrays_stay_symbols():
    strength = xr.DataArray([0.0, 1.0, 2.0], dims="strength")
    system = System(
        {"charger": Qubit(), "battery": Qubit(2.0)},
        [exchange("charger", "battery", strength), dipole("charger", "battery", 0.0)],
    )
    ours = reach(system, bloch(xr.DataArray([0.0, 1.0], dims="theta")))
    assert ours.size == 3
    assert ours.hamiltonian.origins == ("charger", "battery", 0)
    assert ours.hamiltonian.coefficients[2].dims == ("strength",)
    single = ours.hamiltonian.matrix(np.array([1.0, 2.0, 5.0])).toarray()
    np.testing.assert_array_equal(single, [[0, 0, 0], [0, 2, 5], [0, 5, 1]])
    assert ours.start.amplitude.dims == ("theta", "entry")
    with pytest.raises(TypeError):
        ours.hamiltonian.matrix()


def test_equal_xx_and_yy_create_no_pairs():
    names = [f"q{k}" for k in range(30)]
    links = [heisenberg(a, b, 1.0, 1.0, 0.5) for a, b in pairwise(names)]
    system = System(dict.fromkeys(names, Qubit()), links, names[0], names[1:])
    assert reach(system, bloch(1.0)).size == 31


# --- too large -----------------------------------------------------------------------------------


def dipole_chain(n):
    names = [f"q{k}" for k in range(n)]
    links = [dipole(a, b, 1.0) for a, b in pairwise(names)]
    return System(dict.fromkeys(names, Qubit()), links, names[0], names[1:])


def test_too_many_configurations():
    with pytest.raises(ValueError, match=r"too large: at least .* configurations need .* GiB"):
        reach(dipole_chain(40), fock(1), limit=0.01)
    assert reach(dipole_chain(8), fock(1), limit=0.01).size == 2**7


def test_too_many_levels():
    system = System({"charger": Ensemble(Qudit(range(9)), 1000), "battery": Qubit()})
    with pytest.raises(ValueError, match=r"too large: at least .* levels of 'charger' need"):
        reach(system, fock(1))


def test_too_many_starting_configurations():
    names = [f"q{k}" for k in range(60)]
    system = System(dict.fromkeys(names, Qubit()), charger=names[1:], battery="q0")
    with pytest.raises(ValueError, match=r"too large: at least .* starting configurations"):
        reach(system, bloch(1.0), limit=0.01)


def test_which_terms_add_quanta():
    def of(link, **rates):
        sites = {"a": Oscillator(**rates), "b": Qubit(loss=0.1)}
        system = System(sites, [link], "a", "b")
        return gains_quanta(system, cutoffs(system, fock(1)))

    assert not of(exchange("a", "b", 1.0), loss=0.1, dephasing=0.2)
    assert of(dipole("a", "b", 1.0))
    assert of(exchange("a", "b", 1.0), loss=0.1, occupation=0.2)
