"""Motion without loss under large sparse Hamiltonians, by their series of Chebyshev polynomials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.series import STATES_AT_ONCE, Series, read_by
from quantumbattery.machine import limited
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_FAR = 48.0  # radius times the time of one series: longer ones save little, and keep more states
_NO_RADIUS = 1e-300  # where all energies are one
_SMALLEST = 2.0**-56  # a coefficient from which on the rest of a series adds nothing


@dataclass(frozen=True, eq=False)
class Chebyshev(Series):
    """exp(-i H t) of large sparse Hermitian matrices, one for each member of a batch.

    exp(-i H t) = e^{-i c t} sum_k (2 - delta_k0) J_k(r t) (-i)^k T_k((H - c) / r), of H. Tal-Ezer
    and R. Kosloff, J. Chem. Phys. 81, 3967 (1984), where all energies lie between c - r and c + r.
    All times of a series share its states, T_k of the start. It is measured as `Series` is.
    """

    def _moved(self, k: int, start: Array, times: Array) -> Array:
        return self._expansions[k].moved(start, times, self.blocks.read)

    def _leap(self, k: int, start: Array, time: float) -> Array:
        """In two leaps: no series ends where one of `_moved` does."""
        own = self._expansions[k]
        half = own.moved(start, np.array([0.375 * time]))[:, 0]
        return own.moved(half, np.array([0.625 * time]))[:, 0]

    @cached_property
    def _expansions(self) -> list[Expansion]:
        return [Expansion.of(each) for each in self.generators]


@dataclass(frozen=True, eq=False)
class Expansion:
    """What the series of one Hamiltonian needs."""

    doubled: Any  # sparse (n, n), -2i (H - c) / r
    centre: float  # c
    radius: float  # r

    @classmethod
    def of(cls, generator: Any) -> Expansion:
        """Of -i H; all energies lie within the circles of Gershgorin."""
        from scipy.sparse import diags_array

        n, diagonal = generator.shape[0], -generator.diagonal().imag
        beside = np.asarray(abs(generator).sum(axis=1)).ravel() - np.abs(diagonal)
        low, high = float((diagonal - beside).min()), float((diagonal + beside).max())
        centre = (low + high) / 2
        radius = max((high - low) / 2, _NO_RADIUS)
        shift = diags_array(np.full(n, 1j * centre))
        return cls(((generator + shift) * (2 / radius)).tocsr(), centre, radius)

    def moved(self, start: Array, times: Array, read: Any = None) -> Array:
        """States (c, n) at the times (T,), shape (c, T, n), or what a sparse matrix (r, n) reads.

        Only what is read is kept.
        """
        moments, place = np.unique(times, return_inverse=True)
        state, now, trail = np.ascontiguousarray(start.T, dtype=complex), 0.0, []
        most = max(1, STATES_AT_ONCE // state.size)
        with limited(1):  # products are long and thin, which threads do not make faster
            for until, mine in self._pieces(moments, most):
                states = self._series(state, np.append(moments[mine], until) - now)
                trail.append(read_by(states[:-1], read))
                state, now = states[-1], until
        found = trail[0] if len(trail) == 1 else np.concatenate(trail)
        if len(place) > len(moments) or (np.diff(place) < 0).any():
            found = found[place]
        return found.transpose(2, 0, 1)

    def _pieces(self, moments: Array, most: int) -> Iterator[tuple[float, slice]]:
        """Times up to each of which one series is enough, and the moments on the way."""
        now, done = 0.0, 0
        while done < len(moments):
            until = min(now + _FAR / self.radius, float(moments[-1]))
            after = int(np.searchsorted(moments, until, "right"))
            if after - done > most:
                after = done + most
                until = float(moments[after - 1])
            yield until, slice(done, after)
            now, done = until, after

    def _series(self, state: Array, spans: Array) -> Array:
        """A state (n, c) after several spans of time, (T, n, c)."""
        weights = bessel(self.radius * spans)
        weights[1:] *= 2
        found = np.zeros((len(spans), state.size), dtype=complex)
        most = min(len(weights), max(1, STATES_AT_ONCE // state.size))
        kept = np.empty((most, state.size), dtype=complex)  # as many as make one product
        last = before = state
        for k, place in enumerate(np.arange(len(weights)) % most):
            if k:
                after = self.doubled @ last
                after = after / 2 if k == 1 else np.add(after, before, out=after)
                before, last = last, after
            kept[place] = last.ravel()
            if place == most - 1 or k == len(weights) - 1:
                mine = weights[k - place : k + 1].T
                found += (mine @ kept[: place + 1].view(float)).view(complex)
        found *= np.exp(-1j * self.centre * spans)[:, None]
        return found.reshape(len(spans), *state.shape)


def bessel(size: Array) -> Array:
    """J_k of positive numbers (T,), shape (k, T), up to the last k that counts for any of them."""
    from scipy.special import jv

    largest = float(size.max())
    order = np.arange(int(largest + 12 * largest ** (1 / 3)) + 20)  # beyond, all is far smaller
    values: Array = jv(order[:, None], size)
    counts = (np.abs(values) > _SMALLEST).any(axis=1)
    return values[: 1 + int(np.flatnonzero(counts)[-1])]
