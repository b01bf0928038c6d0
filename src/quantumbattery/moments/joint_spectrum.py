"""Eigenvalues of the state of several modes together, where no quanta come in pairs.

Amplifiers keep by how much row and column differ in each mode (`quantumbattery.moments.channel`),
so that in the modes e of `quantumbattery.moments.joint_channel` a state has as few diagonals as
the start that they find has on its own levels, however many they fill. Between modes whose noise
is the same another mode may be chosen for what arrives: the others then keep to themselves.

What is dropped are levels of a weight of 1e-14, once for each mode and once more of all together.
Each eigenvalue of what is left is no larger than that of the whole (A. L. Cauchy's interlacing), so
that all of them together are off by that weight. Noise that is the same up to 1e-13 counts as such,
by which eigenvalues may be off besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.moments import channel
from quantumbattery.moments.joint_channel import Together, before_noise
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_WHAT = "numbers in the states at all times"
_ALIKE = 1e-13  # of the noise, and of a quantum, by which modes that are alike may differ
_DARK = 1e-14  # of an amplitude that arrives, which is none
_AT_ONCE = 1 << 21  # elements of blocks that are worked on at a time


@dataclass(frozen=True, eq=False)
class FewDiagonals:
    """States s of which a few diagonals are not empty, one of each pair of them."""

    offsets: Array  # (o, b), of columns from rows, the first is 0
    values: Array  # (o, s, *levels), by row

    @classmethod
    def of(cls, start: Together, x: Array, nu: Array, limit: float) -> FewDiagonals:
        """What amplifiers of the noise nu (s, b) make of what X' (s, b, k) takes of a start."""
        rho, b = before_noise(start, x, limit), nu.shape[-1]
        rho = rho if rho.imag.any() else rho.real
        size = start.most + 1
        held = np.indices((size,) * b).reshape(b, -1).T
        row, column = np.nonzero((rho != 0).any(axis=0))
        apart = held[column] - held[row]
        first = np.take_along_axis(apart, (apart != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
        row, column, apart = (each[first >= 0] for each in (row, column, apart))
        base = (2 * size) ** np.arange(b)[::-1]
        _, where, which = np.unique(apart @ base, return_index=True, return_inverse=True)
        offsets = apart[where]  # whose keys are 0 or more: 0 comes first
        values = np.zeros((len(offsets), len(nu), size**b), rho.dtype)
        values[which, :, row] = rho[:, row, column].T
        values = values.reshape(len(offsets), len(nu), *(size,) * b)
        for j in np.argsort(nu.max(axis=0)).tolist():
            values = _amplified(values, 2 + j, offsets[:, j], nu[:, j], limit)
        return cls(offsets, values)

    @cached_property
    def kept(self) -> Array:
        """Levels without those of the smallest populations, as places in all of them."""
        weights = self.values[0].real.reshape(self.values.shape[1], -1)
        order = np.argsort(weights.max(axis=0))
        beyond = np.cumsum(weights[:, order], axis=-1).max(axis=0)
        return np.sort(order[beyond > channel.BEYOND])

    @cached_property
    def elements(self) -> tuple[Array, Array, Array]:
        """Rows and columns (e,) among the levels that are kept, and elements (s, e), half of them.

        Without the diagonal.
        """
        sizes = self.values.shape[2:]
        place = np.full(int(np.prod(sizes)), -1)
        place[self.kept] = np.arange(len(self.kept))
        held = np.stack(np.unravel_index(self.kept, sizes), axis=-1)
        flat = self.values.reshape(*self.values.shape[:2], -1)
        rows, columns, found = [], [], []
        for offset, values in zip(self.offsets[1:], flat[1:], strict=True):
            there = held + offset
            inside = ((there >= 0) & (there < sizes)).all(axis=1)
            row = np.flatnonzero(inside)
            column = place[np.ravel_multi_index(tuple(there[inside].T), sizes)]
            mine = values[:, self.kept[row]]
            some = (column >= 0) & (mine != 0).any(axis=0)
            rows.append(row[some])
            columns.append(column[some])
            found.append(mine[:, some])
        if not rows:
            none = np.zeros(0, dtype=np.int64)
            return none, none, np.zeros((len(flat[0]), 0))
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(found, axis=-1)

    @cached_property
    def blocks(self) -> tuple[Array, Array]:
        """To which block each level that is kept belongs, and how large each block is."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        row, column, _ = self.elements
        many = len(self.kept)
        joined = coo_array((np.ones(len(row), dtype=bool), (row, column)), shape=(many, many))
        _, label = connected_components(joined, directed=False)
        return label, np.bincount(label)

    def spectrum(self) -> Array:
        """Eigenvalues (s, d), falling."""
        label, sizes = self.blocks
        row, column, elements = self.elements
        weights = self.values[0].real.reshape(self.values.shape[1], -1)[:, self.kept]
        order = np.argsort(label, kind="stable")
        inside = np.empty_like(order)  # the place of a level in its block
        inside[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        parts = [weights[:, sizes[label] == 1]]
        kind = elements.dtype if elements.imag.any() else np.dtype(float)
        for size in np.unique(sizes[sizes > 1]).tolist():
            every = np.flatnonzero(sizes == size)
            step = max(1, _AT_ONCE // (size**2 * len(weights)))
            for some in (every[low : low + step] for low in range(0, len(every), step)):
                number = np.full(len(sizes), -1)
                number[some] = np.arange(len(some))
                mine, own = np.flatnonzero(number[label] >= 0), number[label[row]] >= 0
                which, i, j = number[label[row[own]]], inside[row[own]], inside[column[own]]
                block = np.zeros((len(weights), len(some), size, size), kind)
                values = elements[:, own]
                values = values if kind == elements.dtype else values.real
                block[:, which, i, j] = values
                block[:, which, j, i] = values.conj()
                block[:, number[label[mine]], inside[mine], inside[mine]] = weights[:, mine]
                parts.append(np.linalg.eigvalsh(block).reshape(len(weights), -1))
        return np.sort(np.concatenate(parts, axis=-1), axis=-1)[:, ::-1]


def arriving(taken: Array, nu: Array, own: Array) -> tuple[Array, Array]:
    """X' (s, b, k) for modes of the noise nu (s, b), and that noise, so that few modes take part.

    Of modes whose noise is the same no more than there are starts, real where there is one.
    """
    order = np.argsort(nu, axis=-1)
    nu = np.take_along_axis(nu, order, axis=-1)
    x = own.conj().swapaxes(-1, -2) @ taken
    x = np.take_along_axis(x, order[..., None], axis=1) / np.sqrt(1 + nu)[..., None]
    alike = np.diff(nu, axis=-1) <= _ALIKE * (1 + nu[..., 1:])
    for kind in np.unique(alike, axis=0):
        states = np.flatnonzero((alike == kind).all(axis=-1))
        edges = np.flatnonzero(np.concatenate([[True], ~kind, [True]]))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if high > low + 1:
                upper = np.linalg.qr(x[states, low:high])[1]
                x[states, low:high] = 0.0
                x[states, low : low + upper.shape[-2]] = upper
    x[np.abs(x) < _DARK] = 0.0
    return (np.abs(x) if x.shape[-1] == 1 else x), nu


def _amplified(values: Array, axis: int, apart: Array, noise: Array, limit: float) -> Array:
    """Diagonals (o, s, ...) that are `apart` (o,) in a mode, of an axis, with noise (s,) more."""
    size = values.shape[axis]
    levels = channel.levels_after(size, float(noise.max()))
    if levels == size:
        return values
    allow(_WHAT, values.size // size * levels, 64, limit)
    moved = np.moveaxis(values, axis, -1)
    out = np.empty((*moved.shape[:-1], levels), values.dtype)
    root = channel.added_roots(size, noise, levels)  # (s, levels, size)
    for d in np.unique(apart).tolist():
        n, more = slice(max(0, -d), min(size, size - d)), slice(max(0, -d), min(levels, levels - d))
        m, after = slice(n.start + d, n.stop + d), slice(more.start + d, more.stop + d)
        weight = np.zeros_like(root)
        weight[:, more, n] = root[:, more, n] * root[:, after, m]
        own = apart == d
        flat = moved[own].reshape(int(own.sum()), len(noise), -1, size)
        out[own] = (flat @ weight.swapaxes(-1, -2)).reshape(-1, *moved.shape[1:-1], levels)
    return np.moveaxis(out, -1, axis)
