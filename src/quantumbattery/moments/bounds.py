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
    motion = motion if motion.doubled else _turned(motion)
    g, n, _ = motion.drift.shape
    norm = float(np.abs(motion.drift).sum(axis=-1).max(initial=0.0))
    count = 2 + int(np.ceil(norm * latest / _STEP))
    allow("numbers in the bounds of moments", g * count * n * (3 + n), 48, limit)
    times = np.linspace(0.0, latest, count)
    rows, noise = Rows(motion).at(rows_of(motion, range(motion.modes)), times)
    found = read(motion, begun, rows, noise)
    means, normal = np.abs(found.mean[:, 0]), np.einsum("gtjj->gtj", found.normal[:, 0]).real
    vacuum, diffusion = symmetric(motion)
    loud, step = replace(motion, diffusion=diffusion), float(times[1])
    means, roots = until(loud, means, np.sqrt(np.maximum(normal + vacuum, 0.0)), step)
    pairs = None
    if not motion.doubled and begun.anomalous.any():
        pairs = _pairs(motion, begun, rows, step)
    made = _combined(loud, vacuum, places, np.abs(h), (means, roots, pairs))
    if not begun.ties:
        return made
    unknown = np.full_like(made.of_work, np.inf)  # pairs may be in what starts together alone
    return replace(made, of_work=unknown, of_spread=unknown)


def _pairs(motion: Quadratic, begun: Beginning, rows: Array, step: float) -> Array:
    """Sizes s (g, T, n) with |C_jk| <= s_j s_k where pairs move by themselves, as U C U^T.

    Of s_j^2 = sum of |U_jl|^2 |C_l|, by the inequality of Cauchy and Schwarz; nothing adds to them.
    """
    start = replace(begun, normal=np.abs(begun.anomalous), anomalous=np.zeros_like(begun.anomalous))
    found = read(motion, start, rows, None)
    sizes = np.sqrt(np.maximum(np.einsum("gtjj->gtj", found.normal[:, 0]).real, 0.0))
    quiet = replace(motion, diffusion=np.zeros_like(motion.diffusion))
    return until(quiet, np.zeros_like(sizes), sizes, step)[1]


def until(motion: Quadratic, means: Array, roots: Array, span: float) -> tuple[Array, Array]:
    """What the numbers (g, T, n) of means and roots of variances never exceed for some time.

    From those (g, T, m) of modes; the diffusion is that of V.
    """
    size = expm(np.abs(motion.drift) * span).swapaxes(1, 2)
    added = np.einsum("gjj->gj", Rows(motion).noise_of(span)).real
    spread = (_whole(motion, roots, 0.0) @ size) ** 2 + np.maximum(added, 0.0)[:, None]
    return _whole(motion, means, 1.0) @ size, np.sqrt(spread)


def _combined(
    motion: Quadratic,
    vacuum: float,
    places: Sequence[int],
    h: Array,
    sizes: tuple[Array, Array, Array | None],
) -> Bounds:
    """From bounds (g, T, n) of means, of roots of variances, and of what pairs move by themselves.

    Variances have the vacuum's part, where that is in their motion.
    """
    means, roots, paired = sizes
    drift, noise, own = motion.drift, motion.diffusion, np.array(places, dtype=np.int64)
    once, twice = np.abs(drift), np.abs(drift @ drift)
    swing = np.abs(drift @ noise + (drift @ noise).conj().swapaxes(1, 2))[:, None]
    of_means, of_spread = _bent(once, twice, means), _bent(once, twice, roots) + swing
    grid = (..., own[:, None], own)
    cross = means[..., :, None] * means[..., None, :] + roots[..., :, None] * roots[..., None, :]
    cross = cross[grid] * (1 - np.eye(len(own))) * h[:, None]
    quanta = (means**2 + roots**2 - vacuum)[..., own]
    energy = (quanta * np.einsum("gjj->gj", h)[:, None]).sum(axis=-1) + cross.sum(axis=(-2, -1))
    of_energy = ((of_means + of_spread)[grid] * h[:, None]).sum(axis=(-2, -1)).max(axis=1)
    work, norm = np.einsum("gtjj->gtj", of_means)[..., own], of_spread[grid].sum(axis=-1)
    of_pairs = None
    if motion.doubled:
        of_pairs = of_spread[..., own[:, None], own + motion.modes]
    elif paired is not None:
        of_pairs = _bent(once, twice, paired)[grid]
    if of_pairs is not None:  # else there is no C, and the work is that of the means
        wide = 1 + 2 * (roots[..., own] ** 2 - vacuum).max(axis=1, keepdims=True)  # >= cosh r
        wide = np.maximum(wide, 1.0)
        with np.errstate(over="ignore"):  # where no number is as large, nothing is known
            work = work + (wide - 1) * np.einsum("gtjj->gtj", of_spread)[..., own]
            work = work + np.sqrt(wide - 1) * np.sqrt(wide + 1) * np.einsum("gtjj->gtj", of_pairs)
        norm = norm + of_pairs.sum(axis=-1)
    of_work = (work * np.einsum("gjj->gj", h)[:, None]).sum(axis=-1).max(axis=1)
    return Bounds(energy.max(axis=1), of_energy, of_work, norm.max(axis=(1, 2)))


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
