"""The elements of the density matrix that a preparation can reach, and their generator.

With loss, a density matrix has elements between configurations. The Hamiltonian joins all
configurations of a block, so the elements that can be reached are whole rectangles, block times
block, and a loss takes one rectangle to another: they too are found without listing what is not
reached. The founding paper's pair keeps nine elements of sixteen (its Eq. 58).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.distinct import distinct
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Reach

ELEMENT_BYTES = 200  # for each element of the generator, while it is sorted into blocks


@dataclass(frozen=True, eq=False)
class Rectangles:
    """The elements of the density matrix that can be reached; made by `rectangles`.

    They come as rectangles, block times block; the elements of a rectangle follow one another row
    by row, rectangle after rectangle.
    """

    reach: Reach
    ends: Array  # (m, 2), the block of the row (ket) and that of the column (bra)
    offsets: Array  # (m + 1,), where the elements of each begin, and the number of all

    @property
    def size(self) -> int:
        """How many elements there are."""
        return int(self.offsets[-1])

    @cached_property
    def elements(self) -> tuple[Array, Array]:
        """Row and column (configurations) of every element."""
        blocks = self.reach.blocks
        parts = [
            (np.repeat(blocks[ket], len(blocks[bra])), np.tile(blocks[bra], len(blocks[ket])))
            for ket, bra in self.ends
        ]
        row, column = (np.concatenate(part) for part in zip(*parts, strict=True))
        return row, column

    def index(self, row: Array, column: Array) -> Array:
        """Where elements stand; -1 for those that cannot be reached."""
        labels = self.reach.labels
        count = np.bincount(labels)
        place = np.empty(len(labels), dtype=np.int64)  # of a configuration in its block
        place[np.concatenate(self.reach.blocks)] = np.concatenate([np.arange(n) for n in count])
        keys = self.ends[:, 0] * len(count) + self.ends[:, 1]
        wanted = labels[row].astype(np.int64) * len(count) + labels[column]
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        inside = self.offsets[at] + place[row] * count[labels[column]] + place[column]
        return np.where(keys[at] == wanted, inside, -1)


def rectangles(reached: Reach, limit: float = 2.0) -> Rectangles:
    """Find the elements of the density matrix that a preparation reaches.

    ValueError if they need more memory than the limit, in GiB; nothing large is made before.

    Examples
    --------
    The founding paper's pair (Eq. 58): nine elements of sixteen, and five from the south pole.

    >>> import numpy as np
    >>> from quantumbattery.states.lindblad import rectangles
    >>> from quantumbattery.reach.reach import reach
    >>> from quantumbattery.network.preparations import bloch
    >>> from quantumbattery.network.sites import Qubit
    >>> from quantumbattery.network.network import Network
    >>> from quantumbattery.network.interactions import exchange
    >>> pair = Network(
    ...     sites={"charger": Qubit(loss=0.1), "battery": Qubit()},
    ...     interactions=[exchange("charger", "battery", 1.0)],
    ... )
    >>> [rectangles(reach(pair, {"charger": bloch(theta)})).size for theta in (np.pi / 2, np.pi)]
    [9, 5]
    """
    labels, losses = reached.labels, reached.losses
    count = np.bincount(labels)
    number = len(count)
    start = np.unique(
        np.column_stack([reached.start.member, labels[reached.start.configuration]]), axis=0
    )
    held = np.bincount(start[:, 0], count[start[:, 1]]).max()  # blocks of a member all meet
    allow("density-matrix elements", int(held) ** 2, 16, limit)
    known = _joined(start[:, 0], start[:, 1], start[:, 0], start[:, 1], number)
    # The blocks that each loss joins, by block and loss.
    hops = np.unique(
        np.column_stack([labels[losses.column], losses.term, labels[losses.row]]), axis=0
    ).astype(np.int64)
    source = hops[:, 0] * max(1, len(losses.coefficients)) + hops[:, 1]
    frontier = known
    while len(frontier):
        size = int((count[known // number] * count[known % number]).sum())
        allow("density-matrix elements", size, 16, limit)
        arrived = distinct(_hop(frontier, hops, source, len(losses.coefficients), number))
        frontier = arrived[~np.isin(arrived, known, assume_unique=True, kind="sort")]
        known = np.sort(np.concatenate([known, frontier]))
    ends = np.column_stack(np.divmod(known, number))
    offsets = np.concatenate([[0], np.cumsum(count[ends[:, 0]] * count[ends[:, 1]])])
    return Rectangles(reached, ends, offsets)


def _hop(keys: Array, hops: Array, source: Array, terms: int, number: int) -> Array:
    """Where losses take rectangles: the same loss acts on the row and on the column."""
    ket, bra = np.divmod(keys, number)
    which, hop = _expand(
        np.searchsorted(hops[:, 0], ket), np.searchsorted(hops[:, 0], ket, "right")
    )
    wanted = bra[which] * terms + hops[hop, 1]
    again, other = _expand(
        np.searchsorted(source, wanted), np.searchsorted(source, wanted, "right")
    )
    return np.asarray(hops[hop[again], 2] * number + hops[other, 2])


def _expand(first: Array, last: Array) -> tuple[Array, Array]:
    """List all whole numbers from first to last (not included), and which range each is of."""
    count = last - first
    which = np.repeat(np.arange(len(count)), count)
    return which, np.arange(len(which)) - (np.cumsum(count) - count - first)[which]


def _joined(group: Array, value: Array, groups: Array, values: Array, number: int) -> Array:
    """Keys of the pairs of values that stand in the same group; groups rise."""
    which, other = _expand(np.searchsorted(groups, group), np.searchsorted(groups, group, "right"))
    return distinct(value[which].astype(np.int64) * number + values[other])


def liouvillian(found: Rectangles, limit: float = 2.0) -> Elements:
    """The generator of the density matrix on the elements that can be reached, complex.

    d rho/dt = -i [H, rho] + sum of rate (L rho L^dag - {L^dag L, rho}/2), with rho a vector over
    `Rectangles.elements` (G. Lindblad, Commun. Math. Phys. 48, 119 (1976)); terms are those of the
    Hamiltonian, then those of the losses. Several entries may stand at the same place and add up.
    ValueError if they need more memory than the limit, in GiB.
    """
    hamiltonian, losses = found.reach.hamiltonian, found.reach.losses
    damping = damping_elements(losses)
    shift = len(hamiltonian.coefficients)
    jumps = _Sparse.of(losses.term + shift, losses.row, losses.column, losses.value)
    coherent = _Sparse.of(
        np.concatenate([hamiltonian.term, damping.term + shift]),
        np.concatenate([hamiltonian.row, damping.row]),
        np.concatenate([hamiltonian.column, damping.column]),
        np.concatenate([-1j * hamiltonian.value, -damping.value / 2]),
    )
    allow("elements of the generator", _count(found, coherent, jumps), ELEMENT_BYTES, limit)
    row, column = found.elements
    parts = []
    which, entry = _expand(*coherent.starts(row))  # H and damping from the left
    new = found.index(coherent.row[entry], column[which])
    parts.append((coherent.term[entry], new, which, coherent.value[entry]))
    which, entry = _expand(*coherent.starts(column))  # and from the right
    new = found.index(row[which], coherent.row[entry])
    parts.append((coherent.term[entry], new, which, coherent.value[entry].conj()))
    which, entry = _expand(*jumps.starts(row))
    again, other = _expand(*jumps.starts(column[which], jumps.term[entry]))
    which, entry = which[again], entry[again]
    new = found.index(jumps.row[entry], jumps.row[other])
    parts.append((jumps.term[entry], new, which, jumps.value[entry] * jumps.value[other].conj()))
    term, place, source, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Elements(
        hamiltonian.coefficients + losses.coefficients,
        hamiltonian.origins + losses.origins,
        found.size,
        term,
        place,
        source,
        value,
    )


def _count(found: Rectangles, coherent: _Sparse, jumps: _Sparse) -> int:
    """How many elements the generator has, from those of the blocks alone."""
    labels = found.reach.labels
    size = np.bincount(labels)
    degree = np.bincount(labels[coherent.column], minlength=len(size))
    ket, bra = found.ends.T
    entries = degree[ket] * size[bra] + size[ket] * degree[bra]
    for term in np.unique(jumps.term):
        leaving = np.bincount(labels[jumps.column[jumps.term == term]], minlength=len(size))
        entries = entries + leaving[ket] * leaving[bra]
    return int(entries.sum())


@dataclass(frozen=True, eq=False)
class _Sparse:
    """Entries in the order of their column, then of their term."""

    term: Array
    row: Array
    column: Array
    value: Array

    @classmethod
    def of(cls, term: Array, row: Array, column: Array, value: Array) -> _Sparse:
        order = np.lexsort((term, column))
        return cls(term[order], row[order], column[order], value[order])

    def starts(self, column: Array, term: Array | None = None) -> tuple[Array, Array]:
        """The range of the entries in a column, or of a term in a column."""
        have, want = self.column.astype(np.int64), column.astype(np.int64)
        if term is not None:
            terms = int(self.term.max(initial=0)) + 1
            have, want = have * terms + self.term, want * terms + term
        return np.searchsorted(have, want), np.searchsorted(have, want, "right")


def damping_elements(losses: Elements) -> Elements:
    """L^dag L of every loss; all that a loss leads to is reached, so nothing is missing."""
    order = np.lexsort((losses.row, losses.term))
    term, row = losses.term[order], losses.row[order]
    column, value = losses.column[order], losses.value[order]
    keys = term.astype(np.int64) * losses.size + row
    one, two = _expand(np.searchsorted(keys, keys), np.searchsorted(keys, keys, "right"))
    return Elements(
        losses.coefficients,
        losses.origins,
        losses.size,
        term[one],
        column[one],
        column[two],
        value[one].conj() * value[two],
    )
