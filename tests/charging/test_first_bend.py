"""The bend of a state at t = 0 beside the generator's square, by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.first_bend import _conserved, _frame, first_bend, first_derivatives
from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock, state, thermal
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from roads.product_space import Whole, initial, random_case
from roads.reached import reach


def numbers_of(found):
    return np.array([found.hamiltonian.coefficients + found.losses.coefficients], dtype=float)


def bend_of(system, chosen, still=()):
    found = reach(system, chosen)
    return first_bend(found, numbers_of(found), found.start.amplitude.values[None], still)[0]


def bend_by_hand(system, chosen):
    """The trace norm of L^2 rho(0) in the full product space, in no frame at all."""
    whole = Whole(system, [site.dimension for site in system.sites.values()])
    rho = initial(system, chosen).reshape(-1)
    generator = whole.generator()
    bent = (generator @ (generator @ rho)).reshape(whole.size, whole.size)
    return np.abs(np.linalg.eigvalsh((bent + bent.conj().T) / 2)).sum()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_it_is_the_square_of_the_generator(seed, lossy):
    """Of any system, with nothing but rounding between: losses, baths, dephasing, mixed starts."""
    system, chosen = random_case(seed, 20, lossy)
    exact = bend_by_hand(system, chosen)
    assert bend_of(system, chosen, tuple(system.sites)) == pytest.approx(exact, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(
    ("site", "chosen", "bend"),
    [
        (Qubit(loss=0.7), fock(1), 2 * 0.7**2),  # p = exp(-0.7 t), and 1 - p
        (Qubit(loss=0.7, occupation=0.5), fock(1), 2 * 1.4**2 * 0.75),  # to 1/4, at 0.7 (1 + 2 n)
        (Qubit(dephasing=0.7), bloch(np.pi / 2), 0.7**2),  # a coherence exp(-0.7 t)/2, twice
        (Oscillator(levels=4, loss=0.7), fock(1), 2 * 0.7**2),
    ],
)
def test_one_site_alone(site, chosen, bend):
    """What only loses bends as its exponentials do, however fast it turns."""
    system = System({"a": site, "b": Qubit()}, [exchange("a", "b", 1e-9)], "b", "a")
    assert bend_of(system, {"a": chosen}) == pytest.approx(bend, rel=1e-6)


@pytest.mark.parametrize("loss", [0.0, 0.4])
def test_frequencies_that_all_share_cost_nothing(loss):
    """The same at frequency 50 as at 0, where the full product space says it."""
    pair = [
        System({"a": Qubit(w, loss=loss), "b": Qubit(w)}, [exchange("a", "b", 0.3)], "a", "b")
        for w in (50.0, 1e-12)
    ]
    chosen = {"a": bloch(1.2)}
    exact = bend_by_hand(pair[1], chosen)
    assert bend_of(pair[0], chosen) == pytest.approx(exact, rel=1e-9)


def test_counter_rotating_terms_let_no_frame_turn():
    system = System({"a": Qubit(2.0), "b": Qubit(2.0)}, [dipole("a", "b", 0.3)], "a", "b")
    chosen = {"a": bloch(1.2)}
    assert bend_of(system, chosen) == pytest.approx(bend_by_hand(system, chosen), rel=1e-9)


def test_many_kets_are_added_in_parts():
    """A mixture of 30 photon numbers: a sum of norms, here that of the sum."""
    mixed = System({"a": Oscillator(), "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
    weights = 0.5 ** np.arange(1, 31)
    weights /= weights.sum()
    chosen = {"a": state(np.diag(weights))}
    exact = 4 * 0.3**2 * weights @ np.arange(30)  # each number n bends by 4 g^2 n
    assert bend_of(mixed, chosen) == pytest.approx(exact, rel=1e-9)


def test_large_matrices_are_sparse_and_say_the_same():
    """70 levels and more: the mean number of photons counts, 1 of them for an occupation of 1."""
    hot = System({"a": Oscillator(levels=90), "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
    assert bend_of(hot, {"a": thermal(1.0)}) == pytest.approx(4 * 0.3**2, rel=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_the_frame_leaves_the_generator_as_it_is(seed):
    """No element of the Hamiltonian changes F, and each loss changes it by one amount."""
    system, chosen = random_case(seed, 60, True)
    found = reach(system, chosen)
    frame = _frame(found, numbers_of(found), ())[0]
    change = frame[found.hamiltonian.row] - frame[found.hamiltonian.column]
    np.testing.assert_allclose(change, 0, atol=1e-8)
    for term in np.unique(found.losses.term):
        mine = found.losses.term == term
        change = frame[found.losses.row[mine]] - frame[found.losses.column[mine]]
        np.testing.assert_allclose(change, change[0], atol=1e-8)


def test_losses_of_many_changes_hold_the_frame():
    """A cell of three levels that loses from any of them: quanta of two cells are no ladder."""
    cells = Ensemble(Qudit([0, 1, 2.5]), 2, loss=0.3)
    system = System({"a": cells, "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
    found = reach(system, {"a": fock(5)})
    free = _conserved(found, found.configurations.astype(float), ())
    assert free.shape[1] == 0
    apart = System(
        {"a": Oscillator(levels=4, loss=0.3), "b": Qubit()}, system.interactions, "a", "b"
    )
    found = reach(apart, {"a": fock(3)})
    free = _conserved(found, found.configurations.astype(float), ())
    np.testing.assert_allclose(np.abs(free), np.sqrt(0.5), rtol=1e-12)  # all quanta alike


def test_sites_that_stay_still():
    system = System({"a": Qubit(2.0), "b": Qubit(2.0)}, [exchange("a", "b", 0.3)], "a", "b")
    found = reach(system, {"a": bloch(1.0)})
    assert np.ptp(_frame(found, numbers_of(found), ("b",))[0]) == pytest.approx(0, abs=1e-12)
    assert np.ptp(_frame(found, numbers_of(found), ())[0]) == pytest.approx(2.0)


def test_what_would_take_too_much_room_has_no_bound_here(monkeypatch):
    monkeypatch.setattr("quantumbattery.charging.first_bend._MOST", 10)
    system = System({"a": Qubit(), "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
    assert bend_of(system, {"a": bloch(1.0)}) == np.inf


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_how_an_energy_begins(seed, lossy):
    """Powers of the generator in the full product space, on the levels of the battery."""
    system, chosen = random_case(seed, 20, lossy)
    found = reach(system, chosen)
    levels = found.configurations[:, found.sites.index("b")].astype(float)
    start = found.start.amplitude.values[None]
    ours = first_derivatives(found, numbers_of(found), start, levels[None])[:, 0]
    whole = Whole(system, [site.dimension for site in system.sites.values()])
    n = system.sites["b"].dimension
    x = whole.put(("b", np.diag(np.arange(n))))
    generator, rho = whole.generator(), initial(system, chosen).reshape(-1)
    for order in range(3):
        rho = generator @ rho
        there = np.trace(x @ rho.reshape(whole.size, whole.size)).real
        if order < 2:
            assert ours[order] == pytest.approx(there, rel=1e-8, abs=1e-9)
    assert abs(there) <= ours[2] * (1 + 1e-9) + 1e-9
