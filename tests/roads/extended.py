"""Driven systems in the laboratory frame, in extended precision: one period by extrapolation.

Gragg's modified midpoint rule and Aitken-Neville extrapolation, on whatever numbers NumPy calls
long double: 64 bits of mantissa where its finest is the processor's.
"""

from itertools import pairwise

import numpy as np

from roads.product_space import Whole, lowering

REAL, COMPLEX = np.longdouble, np.clongdouble
IS_FINER = np.finfo(REAL).eps < 1e-18
_COLUMNS = 10  # of the table: order 20
_PI = REAL("3.14159265358979323846264338327950288")


class Driven:
    """d state / dt = (L_0 + sum of f_k(t) L_k) state, of density matrices or of kets."""

    def __init__(self, system, levels=None):
        levels = levels or [site.dimension for site in system.sites.values()]
        self.whole = Whole(system, levels)
        self.lossy = bool(self.whole.jumps and any(np.any(jump) for jump in self.whole.jumps))
        self.parts = [(None, self._generator(self.whole.h, self.whole.jumps))]
        for each in system.drives:
            n = levels[list(system.sites).index(each.site)]
            low = self.whole.put((each.site, lowering(system.sites[each.site], n)))
            low = low @ low if each.kind == "two_photon_drive" else low
            low = low.astype(COMPLEX) * REAL(each.strength)
            w = REAL(each.quanta) * REAL(float(each.frequency))
            early, late = low + low.conj().T, 1j * (low - low.conj().T)
            if each.rotating:
                self.parts.append((lambda t, w=w: np.sin(w * t), self._generator(late, [])))
            else:
                early = 2 * early
            self.parts.append((lambda t, w=w: np.cos(w * t), self._generator(early, [])))

    def _generator(self, h, jumps):
        h, one = h.astype(COMPLEX), np.eye(len(h), dtype=COMPLEX)
        if not self.lossy:
            return -1j * h
        total = -1j * (np.kron(h, one) - np.kron(one, h.T))
        for jump in jumps:
            jump = jump.astype(COMPLEX)
            square = jump.conj().T @ jump
            total = total + np.kron(jump, jump.conj())
            total = total - (np.kron(square, one) + np.kron(one, square.T)) / 2
        return total

    def generators(self, times):
        """(m, n, n) of times (m,)."""
        still, *parts = self.parts
        total = np.repeat(still[1][None], len(times), axis=0)
        for shape, part in parts:
            total += shape(times)[:, None, None] * part
        return total

    def propagator(self, first, last):
        """From one time to another, both long doubles."""
        norm = sum(np.abs(part).sum(axis=1).max() for _, part in self.parts)
        steps = max(1, int(np.ceil(float((last - first) * norm))))
        edges = first + (last - first) * np.arange(steps + 1).astype(REAL) / steps
        total = np.eye(len(self.parts[0][1]), dtype=COMPLEX)
        for begin, end in pairwise(edges):
            total = self._step(total, begin, end - begin)
        return total

    def _step(self, state, begin, length):
        rows = []
        for k in range(1, _COLUMNS + 1):
            count = 2 * k
            h = length / REAL(count)
            first, *middle, last = self.generators(begin + np.arange(count + 1).astype(REAL) * h)
            before, now = state, state + h * (first @ state)
            for each in middle:
                before, now = now, before + 2 * h * (each @ now)
            row = [(before + now + h * (last @ now)) / 2]
            for m in range(1, k):
                ratio = (REAL(count) / REAL(2 * (k - m))) ** 2
                row.append(row[-1] + (row[-1] - rows[-1][m - 1]) / (ratio - 1))
            rows.append(row)
        return rows[-1][-1]

    def states(self, rho, times, slowest):
        """What becomes of a density matrix, where all drives repeat with a slowest frequency."""
        period = 2 * _PI / REAL(slowest)
        times = np.asarray(times).astype(REAL)
        counts = np.floor(times / period)
        phases = times - counts * period
        order = np.argsort(phases)
        there, reached = np.eye(len(self.parts[0][1]), dtype=COMPLEX), []
        for begin, end in pairwise([REAL(0), *phases[order], period]):
            there = self.propagator(begin, end) @ there
            reached.append(there)
        found = np.empty((len(times), *rho.shape), dtype=COMPLEX)
        for k, there in zip(order, reached, strict=False):  # the last is a whole period
            moved = there @ np.linalg.matrix_power(reached[-1], int(counts[k]))
            if self.lossy:
                found[k] = (moved @ rho.astype(COMPLEX).ravel()).reshape(rho.shape)
            else:
                found[k] = moved @ rho.astype(COMPLEX) @ moved.conj().T
        return found
