"""Bounds on second derivatives in time: how far a battery's energies may bend.

In the frame of the battery's own Hamiltonian a figure of merit Tr(X rho), X on the battery, changes
by the interactions V that touch it and by its losses alone. H_0 is what the interactions leave.

Without loss, d^2 rho/dt^2 = -[V, [V, rho]] + [[H_0, V], rho] up to factors of size 1, so that in
trace norm it is at most 2 |V^2 psi| + 2 |V psi|^2 + 2 |[H_0, V] psi|; the weights of psi in blocks
that nothing joins do not change. With loss the largest norms of all blocks count:
(2 |V| + D_b)(2 |V| + D) + 2 |[H_0, V]| + R, with D and D_b the bounds of all dissipators and of the
battery's (2 rate |L|^2 each) and R of how fast the latter turn under H_0: the energies, and what
is always on, or, of a loss that other sites share, all links of these. Norms are bounded by sums
over rows.

These count what is strong near the battery, wherever it can be reached; `first_bend` counts what is
strong at t = 0, on whatever site. The smaller one holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from quantumbattery.charging.first_bend import first_bend
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Reach


def curvature(
    network: Network, reached: Reach, numbers: Array, start: Array, extraction: str = "global"
) -> Array:
    """A bound of |d^2 Tr(X rho) / dt^2| for all X on the battery with |X| = 1, shape (g,).

    That is in a frame that turns with some of the battery's own energies: Tr(X rho) of X = H_b, and
    the largest of all U^dag H_b U, are the same in each. With local extraction U and the frame act
    cell by cell. Numbers (g, terms) are the
    coefficients of the Hamiltonian, then of the losses, none of which changes in time; the start
    (g or 1, entries) has amplitudes as in `Reach.start`.
    """
    # The level of an ensemble counts the quanta of its cells if they are qubits. If not, turning
    # with it is no motion of the cells one by one.
    still = [
        name
        for name in network.battery
        if isinstance(site := network.sites[name], Ensemble)
        and extraction == "local"
        and site.cell.dimension != 2
    ]
    by_links = interaction_bound(network, reached, numbers, start)
    return np.minimum(by_links, first_bend(reached, numbers, start, still))


def interaction_bound(network: Network, reached: Reach, numbers: Array, start: Array) -> Array:
    """The bound by norms of interactions and dissipators; arguments as of `curvature`."""
    hamiltonian, losses = reached.hamiltonian, reached.losses
    given, rates = np.split(numbers, [len(hamiltonian.coefficients)], axis=1)
    acting = _of(
        hamiltonian, lambda link: not link.always and _touches(link, network), network, True
    )
    swing = _by_block(reached, *_rows(hamiltonian, acting, given))
    bent = _by_block(reached, *_commutator(hamiltonian, acting, given))
    if not len(losses.term):
        weight = _weights(reached, start)
        bound = 2 * np.sqrt((weight * swing**4).sum(axis=1)) + 2 * (weight * swing**2).sum(axis=1)
        return np.asarray(bound + 2 * np.sqrt((weight * bent**2).sum(axis=1)))
    always = _of(hamiltonian, lambda link: link.always, network, False)
    beside = ~acting & (hamiltonian.row != hamiltonian.column)
    linked = _by_block(reached, *_rows(hamiltonian, beside, given)).max(axis=1)
    kept = _by_block(reached, *_rows(hamiltonian, always, given)).max(axis=1)
    levels = _diagonal(hamiltonian, given)
    damped, own, turning = (np.zeros(len(numbers)) for _ in range(3))
    for term in range(rates.shape[1]):
        mine = losses.term == term
        if not mine.any():  # it never acts
            continue
        each = 2 * np.abs(rates[:, term]) * _jump(losses, mine)
        damped += each
        if not (ends := _ends(losses.origins[term], network)).isdisjoint(network.battery):
            own += each
            gaps = levels[:, losses.row[mine]] - levels[:, losses.column[mine]]
            # A loss that the battery shares feels links of the others too.
            moved = kept if ends <= {*network.battery} else linked
            turning += each * (np.ptp(gaps, axis=1) + 4 * moved)
    v = swing.max(axis=1)
    return np.asarray((2 * v + own) * (2 * v + damped) + 2 * bent.max(axis=1) + turning)


def _ends(origin: str | int, network: Network) -> set[str]:
    """The sites on which a loss acts."""
    return {origin} if isinstance(origin, str) else {*network.joint_losses[origin].ends}


def _touches(link: Interaction, network: Network) -> bool:
    return not set(link.ends).isdisjoint(network.battery)


def _of(hamiltonian: Elements, chosen: Any, network: Network, drives: bool) -> Array:
    """Which elements belong to some of the interactions; drives are taken as one."""
    origins: Iterable[Any] = hamiltonian.origins
    terms = [
        chosen(network.interactions[o]) if o >= 0 else drives and o < -1
        for o in (origin if isinstance(origin, int) else -1 for origin in origins)
    ]
    mine: Array = np.array(terms, dtype=bool)[hamiltonian.term]
    return mine


def _rows(given: Elements, chosen: Array, numbers: Array) -> tuple[Array, Array]:
    """Rows, and the sizes (g, elements) of some of the elements there."""
    size = np.abs(numbers[:, given.term[chosen]] * given.value[chosen])
    return given.row[chosen], size


def _commutator(given: Elements, moves: Array, numbers: Array) -> tuple[Array, Array]:
    """The same for [H_0, V]."""
    beside = ~moves & (given.row != given.column)
    if not beside.any():
        levels = _diagonal(given, numbers)
        row, size = _rows(given, moves, numbers)
        return row, size * np.abs(levels[:, row] - levels[:, given.column[moves]])
    rows = []
    for each in numbers:  # a product of two matrices for every member
        v, rest = (_sparse(given, chosen, each) for chosen in (moves, ~moves))
        rows.append(abs(rest @ v - v @ rest).sum(axis=1))
    return np.arange(given.size), np.array(rows)


def _by_block(reached: Reach, row: Array, size: Array) -> Array:
    """The largest sum over a row in each block, shape (g, blocks)."""
    sums = np.zeros((reached.size, len(size)))
    np.add.at(sums, row, size.T)
    largest = np.zeros((int(reached.labels.max()) + 1, len(size)))
    np.maximum.at(largest, reached.labels, sums)
    return largest.T


def _weights(reached: Reach, start: Array) -> Array:
    """How much of the initial state is in each block, shape (g or 1, blocks)."""
    weight = np.zeros((int(reached.labels.max()) + 1, len(start)))
    np.add.at(weight, reached.labels[reached.start.configuration], np.abs(start.T) ** 2)
    return weight.T


def _sparse(given: Elements, chosen: Array, numbers: Array) -> Any:
    from scipy.sparse import csr_array

    values = numbers[given.term[chosen]] * given.value[chosen]
    return csr_array((values, (given.row[chosen], given.column[chosen])), (given.size, given.size))


def _diagonal(given: Elements, numbers: Array) -> Array:
    """The diagonal of H_0, shape (g, n)."""
    levels = np.zeros((given.size, len(numbers)))
    here = given.row == given.column
    values = (numbers[:, given.term[here]] * given.value[here]).real
    np.add.at(levels, given.row[here], values.T)
    return levels.T


def _jump(losses: Elements, mine: Array) -> float:
    """A bound of |L|^2: its largest row sum times its largest column sum."""
    size = np.abs(losses.value[mine])
    rows = np.bincount(losses.row[mine], size).max(initial=0.0)
    columns = np.bincount(losses.column[mine], size).max(initial=0.0)
    return float(rows * columns)
