"""What moments never exceed up to some time, and how far energies and work may bend.

From a grid of moments on, e^{|M| s} with the absolute values of M bounds each mean and the root of
each variance until the next: |z(t + s)| <= e^{|M| s} |z(t)| number by number, and, of symmetric
covariances V with the diagonal v, as |V_jk|^2 <= v_j v_k, sqrt(v(t + s)) <= e^{|M| s} sqrt(v(t))
but for the noise, which grows with s and adds to v. Second derivatives follow,

    V'' = M^2 V + 2 M V M^dag + V M^dag^2 + M D + D M^dag,

and those of products of means without D. The work of one mode is w (|a|^2 + max over r of N + 1/2
- (N + 1/2) cosh r + |C| sinh r), the largest at cosh r = (N + 1/2) / nu <= 2 N + 1: of many smooth
functions, the second derivative of each of which is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.dynamics.exponentials import expm
from quantumbattery.machine import allow
from quantumbattery.moments.evolution import Rows
from quantumbattery.moments.over_time import read, rows_of
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array

_STEP = 0.125  # of the grid, times the norm of M


@dataclass(frozen=True, eq=False)
class Bounds:
    """Of all times up to the last, (g,) each."""

    energy: Array  # what it never exceeds
    of_energy: Array  # what |E''| never exceeds
    of_work: Array  # K, so that the sum W of the work in each mode has a convex W + K t^2/2
    of_spread: Array  # what |V''| never exceeds, in norm, of the modes' covariances together


def bounds(
    motion: Quadratic,
    begun: Beginning,
    places: Sequence[int],
    h: Array,
    latest: float,
    limit: float,
) -> Bounds:
    """Bounds for modes at some places with energies h (g, b, b); one start for each generator."""
    held: Bounds | None = None
    if not motion.doubled:
        if begun.anomalous.any():  # quanta move by themselves: of what is squeezed a little too
            alone = replace(begun, anomalous=np.zeros_like(begun.anomalous))
            held = bounds(motion, alone, places, h, latest, limit)
        motion = _turned(motion) if held is None else _doubled(_turned(motion))
    g, n, _ = motion.drift.shape
    norm = float(np.abs(motion.drift).sum(axis=-1).max(initial=0.0))
    count = 2 + int(np.ceil(norm * latest / _STEP))
    allow("numbers in the bounds of moments", g * count * n * (3 + n), 48, limit)
    times = np.linspace(0.0, latest, count)
    rows, noise = Rows(motion).at(rows_of(motion, range(motion.modes)), times)
    found = read(motion, begun, rows, noise)
    means, normal = np.abs(found.mean[:, 0]), np.einsum("gtjj->gtj", found.normal[:, 0]).real
    vacuum, diffusion = symmetric(motion)
    loud = replace(motion, diffusion=diffusion)
    roots = np.sqrt(np.maximum(normal + vacuum, 0.0))
    means, roots = until(loud, means, roots, float(times[1]))
    quanta = means**2 + roots**2 - vacuum
    most = _combined(loud, places, np.abs(h), (means, roots), quanta)
    return most if held is None else replace(most, energy=held.energy, of_energy=held.of_energy)


def until(motion: Quadratic, means: Array, roots: Array, span: float) -> tuple[Array, Array]:
    """What the numbers (g, T, n) of means and roots of variances never exceed for some time.

    From those (g, T, m) of modes; the diffusion is that of V.
    """
    size = expm(np.abs(motion.drift) * span).swapaxes(1, 2)
    added = np.einsum("gjj->gj", Rows(motion).noise_of(span)).real
    spread = (_whole(motion, roots, 0.0) @ size) ** 2 + np.maximum(added, 0.0)[:, None]
    return _whole(motion, means, 1.0) @ size, np.sqrt(spread)


def _combined(
    motion: Quadratic, places: Sequence[int], h: Array, sizes: tuple[Array, Array], held: Array
) -> Bounds:
    """From bounds of means and of roots of variances (g, T, n), and of quanta (g, T, n)."""
    drift, noise, own = motion.drift, motion.diffusion, np.array(places, dtype=np.int64)
    once, twice = np.abs(drift), np.abs(drift @ drift)
    swing = np.abs(drift @ noise + (drift @ noise).conj().swapaxes(1, 2))[:, None]
    of_means, of_spread = (_bent(once, twice, each) for each in sizes)
    of_spread = of_spread + swing
    both = of_means + of_spread
    grid = (..., own[:, None], own)
    means, roots = sizes
    cross = means[..., :, None] * means[..., None, :] + roots[..., :, None] * roots[..., None, :]
    cross = cross[grid] * (1 - np.eye(len(own))) * h[:, None]
    quanta = (held[..., own] * np.einsum("gjj->gj", h)[:, None]).sum(axis=-1)
    energy = (quanta + cross.sum(axis=(-2, -1))).max(axis=1)
    of_energy = (both[grid] * h[:, None]).sum(axis=(-2, -1)).max(axis=1)
    frequency = np.einsum("gjj->gj", h)[:, None]
    work = np.einsum("gtjj->gtj", of_means)[..., own]
    if motion.doubled:  # else there is no C, and the work is that of the means
        wide = 2 * (sizes[1][..., own] ** 2).max(axis=1, keepdims=True)  # 2 N + 1 >= cosh r
        wide = np.maximum(wide, 1.0)
        work = work + (wide - 1) * np.einsum("gtjj->gtj", of_spread)[..., own]
        pairs = of_spread[..., own, own + motion.modes]
        work = work + np.sqrt(wide**2 - 1) * pairs
    of_work = (work * frequency).sum(axis=-1).max(axis=1)
    every = np.concatenate([own, own + motion.modes]) if motion.doubled else own
    norm = of_spread[..., own[:, None], every].sum(axis=-1).max(axis=(1, 2))
    return Bounds(energy, of_energy, of_work, norm)


def _bent(once: Array, twice: Array, size: Array) -> Array:
    """|M^2 V + 2 M V M^dag + V M^dag^2| where |V_jk| <= size_j size_k, (g, T, n, n)."""
    first, second = size @ once.swapaxes(1, 2), size @ twice.swapaxes(1, 2)
    there = second[..., :, None] * size[..., None, :]
    moved: Array = there + there.swapaxes(-1, -2) + 2 * first[..., :, None] * first[..., None, :]
    return moved


def symmetric(motion: Quadratic) -> tuple[float, Array]:
    """The vacuum's part of V, and D: with a^dag among the numbers V is P + 1/2, else P."""
    if not motion.doubled:
        return 0.0, motion.diffusion
    m = 2 * motion.modes
    own = motion.drift[:, :m, :m]
    diffusion = motion.diffusion.copy()
    diffusion[:, :m, :m] -= (own + own.conj().swapaxes(1, 2)) / 2
    return 0.5, diffusion


def _whole(motion: Quadratic, own: Array, fields: float) -> Array:
    """Numbers (g, T, m) of all a as those of all numbers, (g, T, n); fields have one of theirs."""
    twice = 1 + motion.doubled
    rest = np.full((*own.shape[:2], motion.fields * twice), fields)
    return np.concatenate([own] * twice + [rest], axis=-1)


def turn_of(motion: Quadratic) -> Array:
    """How fast, as e^{i w t}, the frame turns in which bounds are taken, (g,)."""
    m = motion.modes
    if motion.doubled:
        return np.zeros(len(motion.drift))
    return np.asarray(np.einsum("gjj->gj", motion.drift[:, :m, :m]).imag.mean(axis=1))


def _turned(motion: Quadratic) -> Quadratic:
    """The same in the frame that turns with the mean frequency, of all numbers."""
    eye = np.eye(motion.drift.shape[-1])
    return replace(motion, drift=motion.drift - 1j * turn_of(motion)[:, None, None] * eye)


def _doubled(motion: Quadratic) -> Quadratic:
    """The same with a^dag and the conjugates of fields."""
    m, n = motion.modes, motion.modes + motion.fields
    there = np.concatenate([np.arange(m), 2 * m + np.arange(motion.fields)])
    back = there + np.where(np.arange(n) < m, m, motion.fields)
    made: list[Array] = []
    for given in (motion.drift, motion.diffusion):
        whole = np.zeros((len(given), 2 * n, 2 * n), complex)
        whole[:, there[:, None], there] = given
        whole[:, back[:, None], back] = given.conj()
        made.append(whole)
    return Quadratic(made[0], made[1], m, motion.fields, True)
