"""The points of a sweep, and the blocks in which they are worked out and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.machine import memory
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.masked import check_unmasked
from quantumbattery.quantities.members import members
from quantumbattery.quantities.quoted import quoted

Region = tuple[slice, ...]
TAKEN = ("done", "failure")  # names of what a sweep itself says of its points
LONGEST_NAME = 230  # bytes of the name of a folder, to which some are added; most systems take 255
_ITERATED = 1 << 24  # values of an iterator, which says no length
_MOST = 10**8  # points of a sweep
_MOST_BLOCKS = 10**6  # each is several files
_MOST_BYTES = 1 << 30  # of the results of a block


@dataclass(frozen=True, eq=False)
class Grid:
    """All combinations of the values of some axes."""

    values: Mapping[str, Array]  # along each axis, in the order of the result's axes
    block: tuple[int, ...]  # how many points a block has along each axis; at the ends maybe fewer

    @classmethod
    def of(cls, axes: object) -> Grid:
        """Check the axes; one block to begin with."""
        if not isinstance(axes, Mapping) or not axes:
            raise TypeError(
                f"axes must be a dict such as {{'coupling': [0.5, 1.0]}}; got {quoted(axes)}"
            )
        listed = {
            str(name) if isinstance(name, str) else quoted(name): v
            for name, v in axes.items()
            if getattr(v, "ndim", 1)
        }
        check_size({name: len(v) for name, v in listed.items() if isinstance(v, Sized)})
        values = {_name(name): _values(name, given) for name, given in axes.items()}
        check_size({name: len(each) for name, each in values.items()})
        return cls(values, tuple(len(each) for each in values.values()))

    def in_blocks(self, points: int) -> Grid:
        """The same in blocks of at most so many points, whole along the last axes."""
        block = []
        for length in reversed(self.shape):
            step = min(length, max(1, points))
            points //= step
            block.append(step)
        return Grid(self.values, tuple(reversed(block)))

    @property
    def names(self) -> tuple[str, ...]:
        """The axes."""
        return tuple(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return tuple(len(each) for each in self.values.values())

    @property
    def size(self) -> int:
        """How many points there are."""
        return prod(self.shape)

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return prod(self._blocks)

    @cached_property
    def _blocks(self) -> tuple[int, ...]:
        return tuple(-(-n // step) for n, step in zip(self.shape, self.block, strict=True))

    def region(self, number: int) -> Region:
        """Where a block stands."""
        place = np.unravel_index(number, self._blocks)
        ends = zip(place, self.block, self.shape, strict=True)
        return tuple(slice(int(k) * step, min((int(k) + 1) * step, n)) for k, step, n in ends)

    def point(self, place: int) -> dict[str, Any]:
        """A point by its place among all, its values as plain Python numbers and texts."""
        index = np.unravel_index(place, self.shape)
        return {n: v[k].item() for (n, v), k in zip(self.values.items(), index, strict=True)}

    def part(self, region: Region) -> dict[str, Array]:
        """The values along each axis in a region."""
        return {
            name: each[where]
            for (name, each), where in zip(self.values.items(), region, strict=True)
        }


def check_size(lengths: Mapping[str, int]) -> None:
    """Refuse, while they are only counted, more points than a sweep takes."""
    if (size := prod(lengths.values())) > _MOST:
        each = " x ".join(f"{n:,}" for n in lengths.values())
        raise ValueError(
            f"the axes {', '.join(lengths)} have {each}{f' = {size:,}' * (len(lengths) > 1)} "
            f"points, and a sweep takes at most {_MOST:,}: give fewer values, or sweep a part at a "
            "time"
        )


def check_blocks(grid: Grid, point: int) -> None:
    """Refuse blocks that are too many or too large, by the bytes that a point takes."""
    if grid.count > _MOST_BLOCKS:
        raise ValueError(
            f"blocks of {prod(grid.block):,} points would be {grid.count:,}, and a sweep has at "
            f"most {_MOST_BLOCKS:,}: give a larger chunk, or none"
        )
    if (need := prod(grid.block) * point) > _MOST_BYTES and prod(grid.block) > 1:
        raise ValueError(
            f"blocks of {prod(grid.block):,} points have results of {need / 2**30:,.3g} GiB, and "
            "the limit is 1 GiB: give a smaller chunk, or none"
        )


def check_memory(grid: Grid, point: int) -> None:
    """Refuse results that this machine's memory cannot hold."""
    if (need := grid.size * point / 2**30) > memory():
        raise ValueError(
            f"the results of {grid.size:,} points take {need:,.3g} GiB, and this machine has "
            f"{memory():,.3g} GiB: name a store, or give fewer points"
        )


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise TypeError(f"an axis is named by a text; got {quoted(name)}")
    if name in TAKEN:
        raise ValueError(f"an axis cannot be named {name!r}: the table says so of its points")
    if not names_a_folder(name):
        raise ValueError(f"an axis cannot be named {name!r}: a store has a folder of its name")
    return name


def names_a_folder(name: str) -> bool:
    """Whether a store may have a folder of that name."""
    apart = any(each in name for each in "/\\\0")
    return not apart and name[:1] not in ("", ".") and name != "zarr.json" and is_text(name)


def is_text(given: str) -> bool:
    """Whether it is of whole letters: half of a pair cannot be written."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(name: str, given: object) -> Array:
    rule = f"axis {name!r} must be one number or text after the other, each once"
    if isinstance(given, xr.DataArray):
        given = given.to_numpy()
    if isinstance(given, str | bytes | Mapping | set | frozenset) or not np.iterable(given):
        raise TypeError(f"{rule}; got {quoted(given)}")
    check_unmasked(f"axis {name!r}", given)
    listed: Any = given
    listed = (
        listed
        if isinstance(listed, np.ndarray)
        else members(listed, _MOST if isinstance(listed, Sized) else _ITERATED)
    )
    array = as_array(listed)
    mixed = array.dtype.kind == "U" and not all(isinstance(each, str) for each in listed)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "fiubU" or mixed:
        raise ValueError(f"{rule}; got {quoted(given)}")
    if array.dtype.kind == "U" and not is_text("".join(array.tolist())):
        raise ValueError(f"{rule}, that can be written as UTF-8; got {array.tolist()!a:.60}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{rule}, and finite; got {quoted(array.tolist())}")
    rising = np.sort(array)  # which takes a tenth of np.unique
    if (rising[1:] == rising[:-1]).any():
        raise ValueError(f"{rule}; {quoted(array.tolist())} repeats one")
    return array.astype(float) if array.dtype.kind == "f" else array
