"""Motion of a density matrix without loss: rho(t) = U rho U^dag, by eigenvectors of H.

As a vector under a Liouvillian, n^2 elements take n^6 operations; as a matrix they take n^3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.sparse import Sums, adjoint, components, entries, sparse
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix


@dataclass(frozen=True, eq=False)
class Conjugation:
    """What moves the numbers of a group of blocks, of which everything is read."""

    blocks: Blocks
    row: Array  # (elements,), among the configurations of the kets
    column: Array  # (elements,), among those of the bras
    kets: Unitary  # of H on the former, (g, rows, rows)
    bras: Unitary
    joined: tuple[Array, Array]  # which kets, and which bras, H joins: a number for each
    into: Sums  # numbers to elements
    back: Sums

    measured = False
    from_start = False

    @classmethod
    def of(cls, state: Matrix, blocks: Blocks, numbers: Array) -> Conjugation:
        """Under the Hamiltonian of numbers (g, terms), those of losses being zero."""
        ends = [each[state.chosen[blocks.inside]] for each in state.rectangles.elements]
        (kets, row), (bras, column) = (np.unique(each, return_inverse=True) for each in ends)
        h = state.reach.hamiltonian
        made: list[Unitary] = []
        joined: list[Array] = []
        for inside in (kets, bras):
            own = numbers[:, : len(h.coefficients)]
            dense = np.stack([h.matrix(each)[inside][:, inside].toarray() for each in own])
            made.append(Unitary.of(dense))
            one, two = np.nonzero(dense.any(axis=0))
            joined.append(components(one, two, len(inside)))
        value, one, two = entries(state.turn)
        low, high = blocks.inside.start, blocks.inside.stop
        mine = (one >= low) & (one < high)
        turn: Any = sparse(value[mine], one[mine] - low, two[mine] - low, (high - low,) * 2)
        which = joined[0], joined[1]
        return cls(blocks, row, column, made[0], made[1], which, Sums(adjoint(turn)), Sums(turn))

    @property
    def fastest(self) -> float:
        """The largest frequency of an element."""
        return self.kets.fastest + self.bras.fastest

    def at(self, start: Array, times: Array) -> Array:
        """The numbers, (g, blocks, c, T, n), of starts (g or 1, blocks, c, n), at times (T,)."""
        return self._moved(self._matrices(start)[..., None, :, :], times)

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """The same of each start (g or 1, blocks, c, m, n) of some places after its own span."""
        g, count, c, m, n = starts.shape
        apart = self._matrices(starts.reshape(g, count, c * m, n))
        chosen = apart.reshape(g, c, m, *apart.shape[-2:])[:, :, place]
        return self._moved(chosen, spans)

    def matrices(self, time: float, most: int) -> list[Any] | None:
        """Itself as a sparse matrix for each generator; None if it has more entries than that."""
        from scipy.sparse import csr_array, kron

        pairs = zip((self.kets, self.bras), self.joined, strict=True)
        left, right = (np.where(of[:, None] == of, _unitary(each, time), 0.0) for each, of in pairs)
        if np.count_nonzero(left[0]) * np.count_nonzero(right[0]) > most:
            return None
        place, size = self.row * right.shape[-1] + self.column, self.blocks.count * self.blocks.size
        found = []
        for kets, bras in zip(left, right, strict=True):
            both = kron(csr_array(kets), csr_array(bras.conj()), format="csr")[place][:, place]
            value, row, column = entries(self.back.matrix @ both @ self.into.matrix)
            places = self.blocks.kept[row], self.blocks.kept[column]
            value = value if self.blocks.double else value.real
            found.append(csr_array((value, places), shape=(size, size)))
        return found

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding, which `fastest` tells."""
        return 0.0

    def _matrices(self, start: Array) -> Array:
        """Numbers (g, blocks, c, n) as matrices (g, c, rows, columns)."""
        g, count, c, n = start.shape
        flat = start.swapaxes(1, 2).reshape(g, c, count * n)[..., self.blocks.kept]
        whole = np.zeros((g, c, len(self.kets.energies[0]), len(self.bras.energies[0])), complex)
        whole[..., self.row, self.column] = self.into(flat)
        return whole

    def _moved(self, matrices: Array, times: Array) -> Array:
        """Numbers (g, blocks, c, T, n) of matrices (g, c, T or 1, rows, columns) at times (T,)."""
        if (times == times[0]).all():
            left, right = (
                _unitary(each, times[0])[:, None, None] for each in (self.kets, self.bras)
            )
            moved = left @ matrices @ right.conj().swapaxes(-1, -2)
            moved = np.broadcast_to(moved, (*moved.shape[:2], len(times), *moved.shape[-2:]))
        else:
            left, right = (each.vectors[:, None, None] for each in (self.kets, self.bras))
            inside = left.conj().swapaxes(-1, -2) @ matrices @ right
            shift = (self.kets.shift - self.bras.shift)[:, None, None]
            gaps = self.kets.energies[:, :, None] - self.bras.energies[:, None] + shift
            turned = inside * np.exp(-1j * gaps[:, None, None] * times[:, None, None])
            moved = left @ turned @ right.conj().swapaxes(-1, -2)
        numbers = self.back(moved[..., self.row, self.column])
        numbers = numbers if self.blocks.double else numbers.real
        g, c, t, _ = numbers.shape
        n = self.blocks.size
        out = np.zeros((g, c, t, self.blocks.count * n), dtype=numbers.dtype)
        out[..., self.blocks.kept] = numbers
        return out.reshape(g, c, t, self.blocks.count, n).transpose(0, 3, 1, 2, 4)


def _unitary(of: Unitary, time: float) -> Array:
    """exp(-i H t), (g, n, n)."""
    phases = np.exp(-1j * (of.energies + of.shift[:, None]) * time)
    moved: Array = (of.vectors * phases[:, None]) @ of.vectors.conj().swapaxes(-1, -2)
    return moved
