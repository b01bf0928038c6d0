"""Bounds of second derivatives beside second derivatives, by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.curvature import curvature, interaction_bound
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange, heisenberg
from quantumbattery.network.preparations import bloch, fock
from quantumbattery.network.sites import Oscillator, Qubit
from roads.product_space import Whole, initial, ladder, random_case, taylor
from roads.reached import reach


def bound_of(system, chosen, bound=curvature, **options):
    found = reach(system, chosen)
    parts = found.hamiltonian.coefficients + found.losses.coefficients
    start = found.start.amplitude.values[None]
    return bound(system, found, np.array([parts], dtype=float), start, **options)[0]


def test_the_pair_reaches_its_bound():
    """Tr(sigma_z rho) = -cos(2 J t) bends by 4 J^2 at most, and does so at t = 0."""
    for J in (0.5, 2.0):
        system = System({"a": Qubit(), "b": Qubit()}, [exchange("a", "b", J)], "a", "b")
        assert bound_of(system, fock(1)) == pytest.approx(4 * J**2, rel=1e-12)
        half = bound_of(system, bloch(np.pi / 2))  # half of it is in the empty state
        assert 2 * J**2 <= half < 4 * J**2


def test_photons_count_where_they_are():
    """n photons bend a qubit's inversion by 4 g^2 n; a block of n has only those with n."""
    for n in (1, 5):
        system = System({"a": Oscillator(), "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
        assert bound_of(system, fock(n)) == pytest.approx(4 * 0.3**2 * n, rel=1e-12)


def pair(link=None, **sites):
    """A charger a and a battery b, qubits of frequency 1 and 0.3 apart unless they are given."""
    given = {"a": Qubit(1.3), "b": Qubit()} | sites
    return System(given, [link or exchange("a", "b", 0.5)], "a", "b")


SWING = 2 * 0.5  # 2 |V| of an exchange of 0.5
GAP = 0.3 * 0.5  # |[H_0, V]| of one of 0.5 between sites 0.3 apart


@pytest.mark.parametrize(
    ("system", "start", "bound"),
    [
        # 2 |V^2 psi| + 2 |V psi|^2 + 2 |[H_0, V] psi|
        (pair(), fock(1), 4 * 0.5**2 + 2 * GAP),
        (pair(), bloch(np.pi / 2), 2 * 0.25 / 2**0.5 + 2 * 0.25 / 2 + 2 * GAP / 2**0.5),
        # (2 |V| + D_b) (2 |V| + D) + 2 |[H_0, V]| + R, where D is 2 rate |L|^2 of all
        (pair(a=Qubit(1.3, loss=0.7)), fock(1), SWING * (SWING + 1.4) + 2 * GAP),
        (pair(b=Qubit(loss=0.7)), fock(1), (SWING + 1.4) ** 2 + 2 * GAP),
        (pair(b=Qubit(dephasing=0.7)), fock(1), (SWING + 2.8) ** 2 + 2 * GAP),
        (
            pair(b=Qubit(loss=0.7, occupation=0.5)),
            fock(1),
            (SWING + 1.4 * 2) ** 2 + 2 * GAP,
        ),
        (
            pair(b=Qubit(loss=0.7, dephasing=0.2)),
            fock(1),
            (SWING + 1.4 + 0.8) ** 2 + 2 * GAP,
        ),
        (  # two quanta: |V| and |L| are sqrt(2) times as large
            pair(a=Oscillator(1.3, levels=3, loss=0.7)),
            fock(2),
            2**0.5 * SWING * (2**0.5 * SWING + 2 * 0.7 * 2) + 2 * 2**0.5 * GAP,
        ),
        # The quantum of b is 4 zz larger beside an excited a: R = 2 rate (4 zz)
        (
            pair(heisenberg("a", "b", 0.0, 0.0, 0.2), b=Qubit(loss=0.7)),
            {"a": bloch(1.0), "b": fock(1)},
            (2 * 0.2 + 1.4) ** 2 + 1.4 * 0.8,
        ),
    ],
)
def test_the_bound_by_interactions_is_what_it_says(system, start, bound):
    """Typed by hand from the head of the file, for systems in which each term counts."""
    assert bound_of(system, start, interaction_bound) == pytest.approx(bound, rel=1e-12)


def test_interactions_that_are_always_on_turn_losses():
    """R = 2 rate (4 |always|), and they are no part of V."""
    links = [exchange("a", "b", 0.5), exchange("b", "c", 0.2, always=True)]
    sites = {"a": Qubit(), "b": Qubit(loss=0.7), "c": Qubit()}
    system = System(sites, links, "a", ["b", "c"])
    bent = 0.5 * 0.2  # [H_0, V] takes a to c
    expected = (SWING + 1.4) ** 2 + 2 * bent + 1.4 * 4 * 0.2
    assert bound_of(system, {"a": fock(1)}, interaction_bound) == pytest.approx(expected, rel=1e-12)


def bend_by_hand(system, chosen, time=0.0):
    """The trace norm of the second derivative of the battery's state, in its own frame."""
    levels = [site.dimension for site in system.sites.values()]
    whole = Whole(system, levels)
    generator, rho = whole.generator(), initial(system, chosen).reshape(-1)
    rho = taylor(whole.sparse_generator, rho, time)
    place = whole.names.index("b")
    before, d = int(np.prod(levels[:place])), levels[place]
    after = whole.size // (before * d)
    parts = [rho, generator @ rho, generator @ (generator @ rho)]
    shape = (before, d, after, before, d, after)
    state, first, second = (np.einsum("iajibj->ab", each.reshape(shape)) for each in parts)
    energies = np.diag(ladder(system.sites["b"], d)).real
    gaps = energies[:, None] - energies
    bent = second + 2j * gaps * first - gaps**2 * state
    return np.abs(np.linalg.eigvalsh((bent + bent.conj().T) / 2)).sum()


@pytest.mark.parametrize(
    ("system", "start", "within"),
    [
        (pair(), fock(1), 1.7),  # the exchange alone, and sites that are apart
        (pair(a=Qubit(21.0)), bloch(np.pi / 2), 1.6),  # [H_0, V] is nearly all
        (pair(b=Qubit(loss=50.0)), {"a": fock(0), "b": fock(1)}, 2.2),  # D_b D
        (pair(b=Qubit(dephasing=50.0)), {"a": fock(0), "b": bloch(np.pi / 2)}, 17),
        (pair(a=Qubit(1.0, loss=50.0)), bloch(np.pi / 2), 9),  # D |V|
    ],
)
def test_bounds_are_near_what_bends(system, start, within):
    """Systems that one term bends, by brute force; what `curvature` takes is no larger."""
    chosen = start if isinstance(start, dict) else {"a": start}
    bends = max(bend_by_hand(system, chosen, time) for time in np.linspace(0, 4, 41))
    bound = bound_of(system, chosen, interaction_bound)
    assert bends <= bound * (1 + 1e-9)
    assert bound <= within * bends
    assert bound_of(system, chosen) <= bound


@pytest.mark.parametrize(
    ("system", "start"),
    [
        (pair(b=Qubit(loss=50.0)), {"a": fock(0), "b": fock(1)}),
        (pair(b=Qubit(dephasing=50.0)), {"a": fock(0), "b": bloch(np.pi / 2)}),
        (pair(a=Qubit(1.0), b=Qubit(1.0)), {"a": fock(1)}),
    ],
)
def test_the_smaller_bound_is_taken(system, start):
    """What bends most at t = 0 is known exactly."""
    assert bound_of(system, start) == pytest.approx(bend_by_hand(system, start), rel=0.05)


def test_a_charger_that_only_loses_does_not_bend_the_battery():
    """Its own rate counts once, by the interactions, and twice in what bends at t = 0."""
    system = pair(a=Qubit(1.0, loss=1000.0), b=Qubit(1.0))
    assert bound_of(system, {"a": fock(1)}) == pytest.approx(SWING * (SWING + 2000), rel=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_nothing_bends_more(seed, lossy):
    """All X on the battery at once: the trace norm of the second derivative of its state.

    The battery's own motion is taken out: in the frame of its bare Hamiltonian.
    """
    system, chosen = random_case(seed, 20, lossy)
    levels = [site.dimension for site in system.sites.values()]
    whole = Whole(system, levels)
    place = whole.names.index("b")
    before, d = int(np.prod(levels[:place])), levels[place]
    after = whole.size // (before * d)
    own = Whole(System({"x": system.sites["b"], "y": Qubit()}, [], "x", "y"), [d, 2]).h
    own = np.diag(own)[::2].real
    generator = whole.generator()
    values, vectors = np.linalg.eig(generator)
    if np.linalg.cond(vectors) > 1e6:  # no eigenbasis to work in
        return
    begin = np.linalg.solve(vectors, initial(system, chosen).reshape(-1).astype(complex))
    bound = bound_of(system, chosen, interaction_bound)
    gaps = own[:, None] - own
    for time in np.linspace(0, 3, 31):
        rho = [vectors @ (values**k * np.exp(values * time) * begin) for k in range(3)]
        rho = [
            np.einsum("iajibj->ab", each.reshape(before, d, after, before, d, after))
            for each in rho
        ]
        bent = rho[2] + 2j * gaps * rho[1] - gaps**2 * rho[0]
        assert (
            np.abs(np.linalg.eigvalsh((bent + bent.conj().T) / 2)).sum()
            <= bound * (1 + 1e-9) + 1e-9
        )
