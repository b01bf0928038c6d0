"""The thermodynamics of a battery qubit from its population and coherence, in cache-sized tiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from quantumbattery.parameters import Array

# Small enough that the working arrays of a tile stay in the cache of a core.
_TILE = 1 << 14

NEED_REMAINDER = {"passive_energy", "passive_power", "energy_variance"}

_TINY = 1e-300


def tiles(shape: Sequence[int], size: int) -> Iterator[tuple[slice, ...]]:
    """Cover an array with blocks of at most `size` elements, whole along the last axes."""
    steps = []
    for length in reversed(shape):
        step = min(length, max(1, size))
        size //= max(1, length)
        steps.append(step)
    ranges = [
        [slice(start, start + step) for start in range(0, length, step)]
        for length, step in zip(shape, reversed(steps), strict=True)
    ]
    return product(*ranges)


def part(array: Array, tile: tuple[slice, ...]) -> Array:
    """The part of a broadcastable array that a tile of the whole needs."""
    return array[
        tuple(slice(None) if n == 1 else s for n, s in zip(array.shape, tile, strict=True))
    ]


def fill_tiles(out: Mapping[str, Array], inputs: Sequence[Array]) -> None:
    """Do `fill` tile by tile; `inputs` are its other arguments."""
    for tile in tiles(next(iter(out.values())).shape, _TILE):
        views = {name: column[tile] for name, column in out.items()}
        fill(views, *(part(array, tile) for array in inputs))


def fill(
    out: Mapping[str, Array],
    excited: Array,
    ground: Array,
    frequency: Array,
    transfer: Array,
    remainder: Array,
    rate: Array,
) -> None:
    """Write the figures of merit of the battery into `out`, for the names found there.

    With s the charger's excited population, the battery has the excited population p = s F, the
    inversion I = p - 1/2 and the squared coherence C^2 = s (1 - s) F; all else follows from
    r = sqrt(I^2 + C^2) (paper, Eqs. 46-52). The forms differ from the printed ones only in that
    no digit is lost: the ergotropy w (I + r) is the sum of its incoherent part 2 w max(I, 0) and
    its coherent part w (r - |I|), where r - |I| = C^2 / (r + |I|); 1/4 - r^2 is s^2 F (1 - F).
    The code has w times I, C and r, which saves a pass over the points for every energy.

    Parameters
    ----------
    out : mapping of str to ndarray
        Arrays of the full shape, by measure; written in place.
    excited, ground : ndarray
        s and 1 - s, each accurate by itself.
    frequency : ndarray
        w, the battery's frequency.
    transfer, remainder : ndarray
        F and 1 - F, the latter accurate by itself if one of NEED_REMAINDER is asked for.
    rate : ndarray
        1/t, and 0 at t = 0, where every power has the limit 0.
    """
    energy = np.multiply(excited * frequency, transfer, out=out.get("energy"))
    squared_coherence = ground * frequency * energy
    inversion = energy - frequency / 2
    radius = inversion * inversion
    radius += squared_coherence
    np.sqrt(radius, out=radius)
    if "power" in out:
        np.multiply(energy, rate, out=out["power"])
    if "capacity" in out:
        np.add(radius, radius, out=out["capacity"])
    if "active_energy" in out:
        np.add(radius, frequency / 2, out=out["active_energy"])
    if "energy_variance" in out:
        emptiness = ground + excited * remainder  # 1 - p
        np.multiply(energy * frequency, emptiness, out=out["energy_variance"])
    if out.keys() & {"passive_energy", "passive_power"}:
        passive = energy * (excited * frequency)
        passive *= remainder
        passive = np.divide(passive, radius + frequency / 2, out=out.get("passive_energy", passive))
        if "passive_power" in out:
            np.multiply(passive, rate, out=out["passive_power"])
    _fill_numbers(out, energy, inversion, squared_coherence, frequency)
    if out.keys() & {"ergotropy", "antiergotropy", "ergotropic_power"}:
        _fill_work(out, ground, energy, inversion, squared_coherence, radius, rate)


def _fill_numbers(
    out: Mapping[str, Array],
    energy: Array,
    inversion: Array,
    squared_coherence: Array,
    frequency: Array,
) -> None:
    if "population" in out:
        np.divide(energy, frequency, out=out["population"])
    if "population_inversion" in out:
        np.divide(inversion, frequency, out=out["population_inversion"])
    if "coherence" in out:
        np.divide(np.sqrt(squared_coherence), frequency, out=out["coherence"])


def _fill_work(
    out: Mapping[str, Array],
    ground: Array,
    energy: Array,
    inversion: Array,
    squared_coherence: Array,
    radius: Array,
    rate: Array,
) -> None:
    size = np.abs(inversion)
    large = np.add(radius, size, out=radius)
    if not ground.all():  # without coherence and at p = 1/2, 0/0 is 0
        np.maximum(large, _TINY, out=large)
    coherent = np.divide(squared_coherence, large, out=squared_coherence)
    if "antiergotropy" in out:
        np.subtract(inversion - size, coherent, out=out["antiergotropy"])
    if out.keys() & {"ergotropy", "ergotropic_power"}:
        work = np.add(inversion, size, out=inversion)
        work += coherent
        # The ergotropy of a nearly pure state is its energy, of which it may round an ulp above.
        work = np.minimum(work, energy, out=out.get("ergotropy", work))
        if "ergotropic_power" in out:
            np.multiply(work, rate, out=out["ergotropic_power"])
