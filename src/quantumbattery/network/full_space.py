"""A network on the product of all its sites' levels: sparse matrices, in the laboratory frame.

Nothing is explored and no frame turns: every operator is what its formula says, cut at the levels.
For whoever takes a system elsewhere, and as a road of its own to the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import cos, prod, sin
from typing import Any, TypeAlias

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.network.drives import Drive
from quantumbattery.network.envelopes import Envelope, shape_of
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator, diagonal, inside
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

Matrix: TypeAlias = Any
"""A sparse array of SciPy."""

_DEGENERATE = 1e-10  # of the size of the energies: a gap that is none
_DENSE = 600  # levels up to which all energies at once cost less than the lowest alone
_LANCZOS = 40  # vectors that are held at once
_ENTRY = 64  # bytes, while entries are being added up


@dataclass(frozen=True, eq=False)
class Local:
    """An operator on some sites, as a matrix over their levels in the order of its ends."""

    ends: tuple[str, ...]
    matrix: Matrix


@dataclass(frozen=True)
class Wave:
    """What multiplies an operator in time: strength f(t) cos(w t + phase), or the sine."""

    strength: float
    frequency: float
    phase: float
    envelope: Envelope | None
    late: bool  # the sine

    def at(self, t: float) -> float:
        """Its value at one time."""
        value = self.strength * (sin if self.late else cos)(self.frequency * t + self.phase)
        if self.envelope is None:
            return value
        return value * float(shape_of(self.envelope, np.array([t]))[0])

    @property
    def constant(self) -> bool:
        """Whether it is the same at all times."""
        return self.envelope is None and self.frequency == 0


@dataclass(frozen=True, eq=False)
class FullSpace:
    """All product states of a network whose numbers are plain numbers.

    The last site changes fastest, as in a Kronecker product of the sites in their order.
    """

    network: Network
    levels: dict[str, int]  # of every site, in the order of the sites

    @property
    def size(self) -> int:
        """How many product states there are."""
        return prod(self.levels.values())

    @cached_property
    def strides(self) -> dict[str, int]:
        """How far apart the states are that differ by one level of a site."""
        sizes = list(self.levels.values())
        return {name: prod(sizes[k + 1 :]) for k, name in enumerate(self.levels)}

    def on_all(self, parts: Iterable[Local]) -> Matrix:
        """The sum of some operators, on all sites."""
        from scipy.sparse import coo_array

        placed = [self._placed(part) for part in parts]
        if not placed:
            return coo_array((self.size, self.size)).tocsr()
        row, column, value = (np.concatenate(each) for each in zip(*placed, strict=True))
        total = coo_array((value, (row, column)), shape=(self.size, self.size)).tocsr()
        total.eliminate_zeros()
        return total

    def check(self, limit: float) -> None:
        """Raise TooLargeError if the largest matrices, or a ket, exceed the limit in GiB."""
        allow("amplitudes of a state of all sites", self.size, 16.0, limit)
        every = [*self.hamiltonian(), *(part for part, _ in self.fields()), *self.losses()]
        inside = [(part.matrix.nnz, [self.levels[name] for name in part.ends]) for part in every]
        count = sum(entries * (self.size // prod(own)) for entries, own in inside)
        allow("entries of operators on all sites", count, _ENTRY, limit)

    # --- what acts ---

    def hamiltonian(self) -> Iterator[Local]:
        """The sites and the interactions, all that does not change in time but the drives."""
        yield from self.sites(self.levels)
        for each in self.network.interactions:
            if each.envelope is None:
                yield from self.interaction(each)

    def battery(self) -> Iterator[Local]:
        """The battery's own: its sites, and the interactions that are always on."""
        yield from self.sites(self.network.battery)
        for each in self.network.interactions:
            if each.always:
                yield from self.interaction(each)

    def sites(self, names: Iterable[str]) -> Iterator[Local]:
        """The bare energies of some sites."""
        for name in names:
            n = self.levels[name]
            for number, weights in self.network.sites[name].energy_terms(n):
                yield Local((name,), float(number) * _sparse(diagonal(weights), n))

    def interaction(self, each: Interaction) -> Iterator[Local]:
        """An interaction, whatever its shape in time is."""
        sites = [self.network.sites[name] for name in each.ends]
        sizes = [self.levels[name] for name in each.ends]
        for number, products in each.terms(sites, sizes):
            if number and products:
                yield Local(each.ends, float(number) * _sum_of_products(products, sizes))

    def losses(self) -> Iterator[Local]:
        """Lindblad operators, each with the root of its rate."""
        for name, n in self.levels.items():
            for rate, acts in self.network.sites[name].losses(n):
                yield Local((name,), float(rate) ** 0.5 * _sparse(acts, n))
        for each in self.network.joint_losses:
            sites = [self.network.sites[name] for name in each.ends]
            sizes = [self.levels[name] for name in each.ends]
            for rate, parts in each.losses(sites, sizes):
                whole = [_among(ends, operators, sizes) for ends, operators in parts]
                if whole:
                    yield Local(each.ends, float(rate) ** 0.5 * sum(whole[1:], whole[0]).tocsr())

    def fields(self) -> Iterator[tuple[Local, Wave]]:
        """The drives: strength f(t) (O e^{i w t} + h.c.), by their Hermitian parts.

        cos(w t) (O + O^dag) and sin(w t) i (O - O^dag), each with the phase; with its
        counter-rotating half a drive is twice the first of them. And the interactions with a shape.
        """
        for link in self.network.interactions:
            if link.envelope is not None:
                wave = Wave(1.0, 0.0, 0.0, link.envelope, False)
                yield from ((part, wave) for part in self.interaction(link))
        for each in self.network.drives:
            if strength := float(each.strength):
                lower = _acting(each, self.network.sites[each.site], self.levels[each.site])
                frequency, phase = each.quanta * float(each.frequency), float(each.phase)
                halves = [(False, lower + lower.conj().T)]
                if not each.rotating:
                    strength = 2 * strength
                elif frequency or phase:
                    halves.append((True, 1j * (lower - lower.conj().T)))
                for late, matrix in halves:
                    wave = Wave(strength, frequency, phase, each.envelope, late)
                    yield Local((each.site,), matrix), wave

    def number(self, name: str) -> Matrix:
        """A^dag A of a site; of an ensemble the sum of its cells'."""
        n = self.levels[name]
        return self.on_all([Local((name,), _sparse(self.network.sites[name].quanta(n), n))])

    def _placed(self, part: Local) -> tuple[Array, Array, Array]:
        """Rows, columns and values on all sites: whatever the other sites are in, they stay."""
        sizes, entries = [self.levels[name] for name in part.ends], part.matrix.tocoo()
        ends = [self.strides[name] for name in part.ends]
        row, column = (
            sum(level * step for level, step in zip(np.unravel_index(k, sizes), ends, strict=True))
            for k in entries.coords
        )
        rest = np.zeros(1, dtype=np.int64)
        for name, n in self.levels.items():
            if name not in part.ends:
                rest = np.add.outer(rest, self.strides[name] * np.arange(n)).ravel()
        value = np.repeat(entries.data, len(rest))
        return np.add.outer(row, rest).ravel(), np.add.outer(column, rest).ravel(), value


def alone(space: FullSpace) -> FullSpace:
    """The battery's sites and nothing else, in the order of all sites."""
    own = {name: n for name, n in space.levels.items() if name in space.network.battery}
    return FullSpace(space.network, own)


def lowest(matrix: Matrix, limit: float) -> tuple[float, Array]:
    """The lowest energy of a Hamiltonian, and a state that has it."""
    n = matrix.shape[0]
    if n <= _DENSE:
        energies, vectors = np.linalg.eigh(matrix.toarray())
        return float(energies[0]), vectors[:, 0]
    from scipy.sparse.linalg import eigsh

    allow("numbers of a Lanczos basis", _LANCZOS * n, 16.0, limit)
    energies, vectors = eigsh(matrix, k=1, which="SA", v0=_anywhere(n))
    return float(energies[0]), vectors[:, 0]


def is_shared(matrix: Matrix, ground: float, ket: Array) -> bool:
    """Whether other states have the lowest energy too; `ket` is one that has."""
    n, size = matrix.shape[0], 2 * float(abs(matrix).sum(axis=1).max())  # of all energies
    if n <= _DENSE:
        rest = matrix.toarray() + size * np.outer(ket, ket.conj())  # lifts that state away
        second = np.linalg.eigvalsh(rest)[0]
    else:
        from scipy.sparse.linalg import LinearOperator, eigsh

        def lifted(x: Array) -> Array:
            moved: Array = matrix @ x + size * ket * np.vdot(ket, x)
            return moved

        rest = LinearOperator(matrix.shape, lifted, dtype=np.result_type(matrix.dtype, ket))
        found = eigsh(rest, k=1, which="SA", v0=_anywhere(n), return_eigenvectors=False)
        second = found[0]
    return bool(second - ground <= _DEGENERATE * size)


def _anywhere(n: int) -> Array:
    """Where to begin: what is symmetric might miss a state that is not."""
    start: Array = np.random.default_rng(0).normal(size=n)
    return start


# --- on the levels of single sites ---------------------------------------------------------------


def _sparse(acts: Operator, levels: int) -> Matrix:
    """An operator on so many levels of a site, without what leads beyond them."""
    from scipy.sparse import coo_array

    kept = inside(acts, levels)
    entries = kept.value, (kept.row, kept.column)
    return coo_array(entries, shape=(levels, levels)).tocsr()


def _among(ends: tuple[int, ...], operators: Sequence[Operator], sizes: Sequence[int]) -> Matrix:
    """A Kronecker product over all ends, of operators on some of them."""
    return _added([_entries(ends, operators, sizes)], sizes)


def _added(parts: Sequence[tuple[Array, Array, Array]], sizes: Sequence[int]) -> Matrix:
    """The sum of some entries (row, column, value) over all ends."""
    from scipy.sparse import coo_array

    row, column, value = (np.concatenate(each) for each in zip(*parts, strict=True))
    return coo_array((value, (row, column)), shape=(prod(sizes),) * 2).tocsr()


def _entries(
    ends: tuple[int, ...], operators: Sequence[Operator], sizes: Sequence[int]
) -> tuple[Array, Array, Array]:
    """Rows, columns and values of a Kronecker product over all ends, of operators on some."""
    acting, one = dict(zip(ends, operators, strict=True)), np.zeros(1, dtype=np.int64)
    row, column, value = one, one, np.ones(1)
    for k, n in enumerate(sizes):
        acts = inside(acting[k], n) if k in acting else diagonal(np.ones(n))
        row = np.add.outer(row * n, acts.row).ravel()
        column = np.add.outer(column * n, acts.column).ravel()
        value = np.multiply.outer(value, acts.value).ravel()
    return row, column, value


def _sum_of_products(products: Sequence[tuple[Operator, ...]], sizes: Sequence[int]) -> Matrix:
    """The sum of Kronecker products over the ends of an interaction."""
    every = tuple(range(len(sizes)))
    return _added([_entries(every, each, sizes) for each in products], sizes)


def _acting(each: Drive, site: Site, levels: int) -> Matrix:
    """O of a drive: A, its square, or what a transition joins."""
    return _sparse(each.lowering(site, levels + each.quanta), levels)
