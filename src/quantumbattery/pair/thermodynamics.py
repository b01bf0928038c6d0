"""The thermodynamics of a battery qubit from its population and coherence, in cache-sized tiles."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from math import prod

import numpy as np

from quantumbattery.machine import cores
from quantumbattery.quantities.aliases import Array

# Small enough that the working arrays of a tile stay in the cache of a core. A thread takes more
# at a time, since threads wait for each other at every step that the interpreter does.
_CORE_TILE = 20_000
_THREAD_TILE = 80_000

_NUMBERS = {"population", "population_inversion", "coherence"}
_WORK = {"ergotropy", "antiergotropy", "ergotropic_power"}
NEED_RATE = {"power", "passive_power", "ergotropic_power"}
NEED_REMAINDER = {"passive_energy", "passive_power", "energy_variance"}

_TINY = 1e-300


def tiles(shape: Sequence[int], size: int) -> Iterator[tuple[slice, ...]]:
    """Cover an array with blocks of at most `size` elements, whole along the last axes.

    A tile without slices is the whole.
    """
    if prod(shape) <= size:
        return iter([()])
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
    if not tile:
        return array
    return array[
        tuple(slice(None) if n == 1 else s for n, s in zip(array.shape, tile, strict=True))
    ]


def fill_tiles(out: Mapping[str, Array], inputs: Sequence[Array]) -> None:
    """Do `fill` tile by tile, on all cores where that pays; `inputs` are its other arguments."""

    def fill_tile(tile: tuple[slice, ...]) -> None:
        views = {name: column[tile] for name, column in out.items()}
        fill(views, *(part(array, tile) for array in inputs))

    column = next(iter(out.values()))
    workers = column.size // _THREAD_TILE
    if workers < 2 or (workers := min(cores(), workers)) < 2:  # cores are asked for only then
        for tile in tiles(column.shape, _CORE_TILE):
            fill_tile(tile)
        return
    with ThreadPoolExecutor(workers) as pool:  # NumPy works outside the interpreter's lock
        deque(pool.map(fill_tile, tiles(column.shape, _THREAD_TILE)), maxlen=0)


def fill(
    out: Mapping[str, Array],
    full: Array,
    rest: Array,
    half: Array,
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
    The code has w times I, C and r, which saves a pass over the points for every energy, and gets
    the products that do not depend on time ready made, which saves it in every tile.

    Parameters
    ----------
    out : mapping of str to ndarray
        Arrays of the full shape, by measure; written in place.
    full, rest, half : ndarray
        w s, w (1 - s) and w/2, each accurate by itself.
    transfer, remainder : ndarray
        F and 1 - F, the latter accurate by itself if one of NEED_REMAINDER is asked for.
    rate : ndarray
        1/t, and 0 at t = 0, where every power has the limit 0; anything unless one of NEED_RATE
        is asked for.
    """
    energy = np.multiply(full, transfer, out=out.get("energy"))
    squared_coherence = rest * energy
    inversion = energy - half
    radius = inversion * inversion
    radius += squared_coherence
    np.sqrt(radius, out=radius)
    if "power" in out:
        np.multiply(energy, rate, out=out["power"])
    if "capacity" in out:
        np.add(radius, radius, out=out["capacity"])
    if "active_energy" in out:
        np.add(radius, half, out=out["active_energy"])
        np.minimum(out["active_energy"], 2 * half, out=out["active_energy"])
    if "energy_variance" in out:
        np.multiply(energy, rest + full * remainder, out=out["energy_variance"])  # w^2 p (1 - p)
    if "passive_energy" in out or "passive_power" in out:
        passive = energy * (full * remainder)
        passive = np.divide(passive, radius + half, out=out.get("passive_energy", passive))
        np.minimum(passive, energy, out=passive)
        if "passive_power" in out:
            np.multiply(passive, rate, out=out["passive_power"])
    if not out.keys().isdisjoint(_NUMBERS):
        _fill_numbers(out, energy, inversion, squared_coherence, 2 * half)
    if not out.keys().isdisjoint(_WORK):
        _fill_work(out, rest, energy, inversion, squared_coherence, radius, rate)


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
    rest: Array,
    energy: Array,
    inversion: Array,
    squared_coherence: Array,
    radius: Array,
    rate: Array,
) -> None:
    size = np.abs(inversion, out=out.get("ergotropy"))  # which is there, and written last
    large = np.add(radius, size, out=radius)
    if not rest.all():  # without coherence and at p = 1/2, 0/0 is 0
        np.maximum(large, _TINY, out=large)
    coherent = np.divide(squared_coherence, large, out=squared_coherence)
    if "antiergotropy" in out:
        np.subtract(inversion - size, coherent, out=out["antiergotropy"])
    if "ergotropy" in out or "ergotropic_power" in out:
        work = np.add(inversion, size, out=inversion)
        work += coherent
        # The ergotropy of a nearly pure state is its energy, of which it may round an ulp above.
        work = np.minimum(work, energy, out=out.get("ergotropy", work))
        if "ergotropic_power" in out:
            np.multiply(work, rate, out=out["ergotropic_power"])
