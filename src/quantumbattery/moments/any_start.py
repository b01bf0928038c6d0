"""Starts of any kind, of one mode or of several together: their moments up to the fourth order.

In Weyl's order, that of symmetrised products, moments transform as those of classical numbers do
when modes are mixed linearly, and cumulants of what starts apart add up. Those above the second are
zero for Gaussian states alone (C. W. Gardiner and P. Zoller, Quantum Noise, 3rd ed., Springer 2004,
sections 2.7 and 4.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import prod
from typing import TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import amplitudes
from quantumbattery.network.given_states import State
from quantumbattery.network.joint_starts import joint_state, members_of
from quantumbattery.network.named_states import Bloch, Fock, Preparation
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

Spread: TypeAlias = Callable[[xr.Variable], Array]
"""Values (..., "entry") over generators and states, (g or 1, c, entries)."""


@dataclass(frozen=True, eq=False)
class AnyStart:
    """Modes that start together in a sum of |psi><psi| over members."""

    places: tuple[int, ...]  # of the modes among all
    levels: Array  # (entries, k)
    member: Array  # (entries,)
    amplitude: Array  # (g or 1, c, entries), the sum of squares of which is 1
    limit: float

    @classmethod
    def of(
        cls,
        key: str | tuple[str, ...],
        preparation: Preparation,
        network: Network,
        spread: Spread,
        limit: float,
    ) -> AnyStart:
        """Make it of a number of quanta, a level, or a given state of one site or of several."""
        names = members_of(key)
        if isinstance(preparation, State):
            joint = joint_state(names, preparation, network)
            levels, member, given = joint.levels, joint.member, joint.amplitude
        else:
            assert isinstance(preparation, Fock | Bloch)
            size = 2
            if isinstance(preparation, Fock):
                size = int(np.max(np.asarray(preparation.n))) + 1
            allow("levels of a start", size, 64, limit)
            ket = amplitudes(preparation, network.sites[names[0]], size).variable
            given = xr.Variable((*ket.dims[:-1], "entry"), ket.values)
            levels, member = np.arange(size)[:, None], np.zeros(size, dtype=np.int64)
        places = tuple([*network.sites].index(name) for name in names)
        found = spread(given)
        held = np.flatnonzero(found.any(axis=(0, 1)))
        found = found[..., held]
        found = found / np.linalg.norm(found, axis=-1, keepdims=True)
        return cls(places, levels[held].astype(np.int64), member[held], found, limit)

    def some(self, part: slice | Array) -> AnyStart:
        """The same of some members of a batch."""
        if len(self.amplitude) == 1:
            return self
        given = self.places, self.levels, self.member, self.amplitude[part], self.limit
        return AnyStart(*given)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many levels of each mode it takes."""
        return tuple((self.levels.max(axis=0) + 1).tolist())

    @property
    def weight(self) -> int:
        """How many numbers its characteristic function takes at a point."""
        return 8 if len(self.places) == 1 else 4 * prod(n * n for n in self.sizes)

    @cached_property
    def populations(self) -> Array | None:
        """Weights (g or 1, c, d) of the levels of one mode without coherences; else None."""
        if len(self.places) > 1:
            return None
        count = np.unique(self.member, return_counts=True)[1]
        if (count > 1).any() and (np.abs(self.amplitude) > 0).sum(axis=-1).max() > 1:
            return None
        weights = np.zeros((*self.amplitude.shape[:2], *self.sizes))
        for level, each in zip(self.levels[:, 0], np.moveaxis(self.amplitude, -1, 0), strict=True):
            weights[..., level] += np.abs(each) ** 2
        return weights

    @cached_property
    def matrix(self) -> Array:
        """The density matrix (g or 1, c, d_1, d_1, d_2, d_2, ...), site by site."""
        k, sizes = len(self.places), self.sizes
        allow("numbers in the density matrix of a start", prod(sizes) ** 2, 64, self.limit)
        root = self._spread_out(sizes)  # (g, c, members, d_1, ...)
        flat = root.reshape(*root.shape[:3], -1)
        rho = flat.swapaxes(-1, -2) @ flat.conj()
        whole = rho.reshape(*rho.shape[:2], *sizes, *sizes)
        order = [2 + j + side * k for j in range(k) for side in (0, 1)]
        return whole.transpose(0, 1, *order)

    def _spread_out(self, sizes: tuple[int, ...]) -> Array:
        """Its amplitudes on all levels, (g or 1, c, members, d_1, ...)."""
        kinds, row = np.unique(self.member, return_inverse=True)
        out = np.zeros((*self.amplitude.shape[:2], len(kinds), *sizes), complex)
        out[(slice(None), slice(None), row, *self.levels.T)] = self.amplitude
        return out

    # --- moments ---------------------------------------------------------------------------------

    @property
    def mean(self) -> Array:
        """<a> of each mode, (g or 1, c, k)."""
        return self._moments[0][..., : len(self.places)]

    @property
    def second(self) -> Array:
        """Covariances (g or 1, c, 2k, 2k) of a and then of a^dag, in Weyl's order."""
        return self._moments[1]

    @property
    def third(self) -> Array:
        """Cumulants (g or 1, c, 2k, 2k, 2k), likewise."""
        return self._moments[2]

    @property
    def fourth(self) -> Array:
        """Cumulants (g or 1, c, 2k, 2k, 2k, 2k), likewise."""
        return self._moments[3]

    @cached_property
    def _moments(self) -> tuple[Array, Array, Array, Array]:
        k, sizes = len(self.places), tuple(n + 2 for n in self.sizes)  # two steps up
        members = len(np.unique(self.member)) * prod(self.amplitude.shape[:2])
        allow(
            "numbers in the moments of a start", members * prod(sizes) * 4 * k * k, 48, self.limit
        )
        psi = self._spread_out(sizes)
        every = [*range(2 * k)]
        dagger = np.array([*every[k:], *every[:k]])  # the place of the adjoint of each

        def read(left: Array, right: Array) -> Array:
            """Products (g, c, left, right) of lists of kets, one list before the axes."""
            flat = [np.moveaxis(each.reshape(*each.shape[:4], -1), 0, -2) for each in (left, right)]
            return np.asarray((flat[0].conj() @ flat[1].swapaxes(-1, -2)).sum(axis=2))

        alone = psi[None]
        once = np.stack([_stepped(psi, each, k) for each in every])
        mean = read(alone, once)[..., 0, :]
        once = once - np.moveaxis(mean, -1, 0)[(..., None, *[None] * k)] * psi
        twice = np.stack([_stepped(each, j, k) for j in every for each in once])
        about = np.moveaxis(mean, -1, 0)[(..., None, *[None] * k)]
        twice = twice - np.concatenate([about[j] * once for j in every])
        shape = (*mean.shape[:2], *[2 * k] * 4)
        second = read(once[dagger], once)
        third = read(once[dagger], twice).reshape(shape[:5])
        back = np.arange(4 * k * k).reshape(2 * k, 2 * k)[dagger][:, dagger].T.ravel()
        fourth = read(twice[back], twice).reshape(shape)
        second, third, fourth = (_symmetrised(each) for each in (second, third, fourth))
        pairs = second[..., :, :, None, None] * second[..., None, None, :, :]
        return mean, second, third, fourth - 3 * _symmetrised(pairs)


def _stepped(psi: Array, which: int, modes: int) -> Array:
    """What a, or of later numbers a^dag, of one of the modes makes of kets (..., d_1, ..., d_k)."""
    axis = psi.ndim - modes + which % modes
    moved = np.moveaxis(psi, axis, -1)
    root, out = np.sqrt(np.arange(1, moved.shape[-1])), np.zeros_like(moved)
    if which < modes:
        out[..., :-1] = moved[..., 1:] * root
    else:
        out[..., 1:] = moved[..., :-1] * root
    return np.moveaxis(out, -1, axis)


def _symmetrised(values: Array) -> Array:
    """The mean over all orders of the last axes, from the third on."""
    every = [*permutations(range(2, values.ndim))]
    return np.asarray(sum(values.transpose(0, 1, *order) for order in every) / len(every))
