"""The state of several modes together that exchange, losses and baths carry starts over to.

Where no quanta come in pairs, modes b(t) = X a + f keep of the modes a of the starts what beam
splitters do, and f adds noise <f_k^dag f_j> = N_jk in normal order. In the modes e that N = V nu
V^dag has for its own, each noise nu is that of an amplifier of the gain 1 + nu, which finds X' =
(1 + nu)^(-1/2) V^dag X (`quantumbattery.moments.channel` has this for one mode). With 1 - X'^dag X'
= E^dag E, starts go to e and to an environment by a^dag -> sum of X' e^dag + E env^dag, which keeps
their purity; the environment is then traced out. What is left has the levels of the starts alone,
and amplifiers, which add up positive numbers, only widen it. Eigenvalues are those of b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, prod

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.moments import channel
from quantumbattery.moments.any_start import AnyStart
from quantumbattery.moments.shells import Shells
from quantumbattery.quantities.aliases import Array

_WHAT = "numbers in the states at all times"
_LOSSLESS = 1e-15  # of a quantum that gets lost: none does


@dataclass(frozen=True, eq=False)
class Together:
    """Starts of several modes as one, the sum of |psi><psi| over members."""

    levels: Array  # (entries, k)
    member: Array  # (entries,)
    amplitude: Array  # (g or 1, c, entries)

    @classmethod
    def of(cls, starts: Sequence[AnyStart], limit: float) -> Together:
        """The product of starts that are apart."""
        entries = prod(each.amplitude.shape[-1] for each in starts)
        batch = np.broadcast_shapes(*(each.amplitude.shape[:-1] for each in starts))
        count = entries * prod(batch)
        allow("numbers in the product of all starts", count, 64, limit)
        first, *others = starts
        levels, member, amplitude = first.levels, first.member, first.amplitude
        for each in others:
            mine, its = (
                np.ravel(i) for i in np.indices((len(member), len(each.member)), sparse=False)
            )
            levels = np.concatenate([levels[mine], each.levels[its]], axis=-1)
            member = member[mine] * (each.member.max() + 1) + each.member[its]
            amplitude = amplitude[..., mine] * each.amplitude[..., its]
        return cls(levels, np.unique(member, return_inverse=True)[1], amplitude)

    @property
    def most(self) -> int:
        """The most quanta that all modes hold together."""
        return int(self.levels.sum(axis=-1).max())

    @property
    def is_definite(self) -> bool:
        """Whether it has no coherence between different numbers of quanta."""
        held = self.levels.sum(axis=-1)
        least, most = (np.zeros(self.members, dtype=np.int64) for _ in range(2))
        least[self.member] = most[self.member] = held
        np.minimum.at(least, self.member, held)
        np.maximum.at(most, self.member, held)
        return bool((least == most).all())

    @property
    def members(self) -> int:
        """How many kets there are."""
        return int(self.member.max()) + 1


def own_modes(noise: Array) -> tuple[Array, Array]:
    """The noise nu (s, b) of modes e, and V (s, b, b) of a = V e; V = 1 where a are such modes."""
    diagonal = np.einsum("sjj->sj", noise).real
    if not (noise - diagonal[..., None] * np.eye(noise.shape[-1])).any():
        own = np.broadcast_to(np.eye(noise.shape[-1], dtype=complex), noise.shape)
        return np.maximum(diagonal, 0.0), own
    nu, own = np.linalg.eigh(noise)
    return np.maximum(nu, 0.0), own


def carried_together(start: Together, taken: Array, nu: Array, own: Array, limit: float) -> Array:
    """States (s, d_1, ..., d_b, d_1, ..., d_b) of e, the own modes of the noise.

    Of amplitudes (s, 1, entries) of the start, what is taken of its modes (s, b, k), and the noise
    nu of the own modes. Each has as many levels as hold all but 1e-14.
    """
    x = (own.conj().swapaxes(-1, -2) @ taken) / np.sqrt(1 + nu)[..., None]
    rho = before_noise(start, x, limit)
    b, size = taken.shape[-2], start.most + 1
    rho = rho.reshape(-1, *[size] * (2 * b))
    for j in np.argsort(nu.max(axis=0)).tolist():
        levels = channel.levels_after(size, float(nu[:, j].max()))
        if levels == size:
            continue
        moved = np.moveaxis(rho, (1 + j, 1 + b + j), (-2, -1))
        added = nu[:, j].reshape(-1, *[1] * (2 * b - 2))
        allow(_WHAT, moved[..., 0, 0].size * levels**2, 64, limit)
        rho = np.moveaxis(channel.amplified(moved, added, levels), (-2, -1), (1 + j, 1 + b + j))
    return rho


def states_together(start: Together, nu: Array) -> tuple[int, int]:
    """How many states of all modes count for noise (s, b), and how many before it is there."""
    levels = [channel.levels_after(start.most + 1, float(each)) for each in nu.max(axis=0)]
    modes = nu.shape[-1] + start.levels.shape[-1]
    return prod(levels), comb(start.most + modes, modes) * len(start.levels)


def _lost(x: Array) -> Array:
    """E (s, e, k) with X^dag X + E^dag E = 1, in as few modes of an environment as there are."""
    k = x.shape[-1]
    weights, own = np.linalg.eigh(np.eye(k) - x.conj().swapaxes(-1, -2) @ x)
    roots = np.sqrt(np.maximum(weights, 0.0))
    lost = roots[..., None] * own.conj().swapaxes(-1, -2)
    return np.asarray(lost[:, (weights > _LOSSLESS).any(axis=0)])


def before_noise(start: Together, x: Array, limit: float) -> Array:
    """States (s, d^b, d^b) of the modes that X' (s, b, k) leads to, without the environment."""
    both = np.concatenate([x, _lost(x)], axis=-2)
    shells, b = Shells(both.shape[-2], start.most), x.shape[-2]
    every = np.concatenate(shells.occupations)
    bounds = shells.bounds
    kets = np.zeros((len(x), start.members, len(every)), complex)
    images: dict[tuple[int, ...], Array] = {}
    for entry, (config, member) in enumerate(zip(start.levels, start.member, strict=True)):
        image = _image(tuple(config.tolist()), both, shells, images)
        total = int(config.sum())
        here = slice(bounds[total], bounds[total + 1])
        kets[:, member, here] += start.amplitude[:, 0, entry, None] * image
    sizes = (start.most + 1,) * both.shape[-2]
    inside = np.ravel_multi_index(tuple(every[:, :b].T), sizes[:b])
    beyond = np.zeros(len(every), dtype=np.int64)
    if len(sizes) > b:
        beyond = np.ravel_multi_index(tuple(every[:, b:].T), sizes[b:])
    kinds, beyond = np.unique(beyond, return_inverse=True)
    size = (start.most + 1) ** b
    allow(
        "numbers in the states at all times", len(x) * size * start.members * len(kinds), 48, limit
    )
    root = np.zeros((len(x), size, start.members, len(kinds)), complex)
    root[:, inside, :, beyond] = np.moveaxis(kets, -1, 0)
    flat = root.reshape(len(x), size, -1)
    return np.asarray(flat @ flat.conj().swapaxes(-1, -2))


def _image(
    config: tuple[int, ...], both: Array, shells: Shells, known: dict[tuple[int, ...], Array]
) -> Array:
    """What becomes of a state with so many quanta in each mode, (s, states of its shell)."""
    if config in known:
        return known[config]
    total = sum(config)
    if not total:
        found = np.ones((len(both), 1), complex)
    else:
        mode = int(np.argmax(config))
        less = (*config[:mode], config[mode] - 1, *config[mode + 1 :])
        before = _image(less, both, shells, known)
        up, root = shells.steps[total - 1]
        found = np.zeros((len(both), len(shells.occupations[total])), complex)
        for j in range(shells.modes):
            found[:, up[j]] += both[:, j, mode, None] * (root[j] * before)
        found /= np.sqrt(config[mode])
    known[config] = found
    return found


def spectrum(rho: Array) -> Array:
    """Eigenvalues (s, d), falling, of states (s, d, d), block by block of all of them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pattern = (rho != 0).any(axis=0)
    count, label = connected_components(csr_array(pattern), directed=False)
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(count + 1))
    found = np.zeros(rho.shape[:-1])
    for low, high in pairwise(bounds):
        own = order[low:high]
        found[:, low:high] = np.linalg.eigvalsh(rho[:, own[:, None], own])
    return np.sort(found, axis=-1)[:, ::-1]
