"""Results of a sweep in a Zarr store, block by block.

Every block is one chunk of each variable, written whole (a file of its own, put in place at once)
and checksummed (crc32c); it counts once its part of the mask `done` is there, which is written
last. So the program may be killed at any moment: what is done stays, the rest is worked out again.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.sweeps.evaluation import Block, Template, missing
from quantumbattery.sweeps.fingerprint import checksum, difference, digest
from quantumbattery.sweeps.grid import Grid
from quantumbattery.sweeps.in_memory import FAILURE, axis_attrs

_OWN = "quantumbattery_sweep"  # the attribute that says what the store is


class SweepError(RuntimeError):
    """A sweep cannot go on; what is done is kept."""


class Store:
    """An open store; made by `create` or `resume`."""

    def __init__(self, path: Path, grid: Grid, template: Template, said: Mapping[str, Any]) -> None:
        self.path, self.grid, self.template, self.said = path, grid, template, said
        library = zarr()
        with library.config.set({"array.write_empty_chunks": True}):  # empty, or missing?
            group = library.open_group(path, mode="r+", use_consolidated=False)
            self._arrays = {name: group[name] for name in self._names}
        self.waiting: list[int] = []
        self._lock = _locked(path)  # last: nothing above may fail and leave it held

    @property
    def batched(self) -> tuple[str, ...]:
        """The axes along which blocks are worked out at once."""
        return tuple(self.said["batched"])

    def write(self, number: int, block: Block) -> None:
        """Keep a block: its values first, then that it is done."""
        region = self.grid.region(number)
        columns: dict[str, Any] = dict(block.columns)
        columns["failure"] = block.failure.astype(np.dtypes.StringDType())
        columns["done"] = np.ones(block.failure.shape, dtype=np.uint8)
        try:
            for name, column in columns.items():
                self._arrays[name][region] = column
        except OSError as error:
            raise SweepError(
                f"{self.path} cannot be written ({error.strerror or error}): {self.progress}. Mend "
                "that and run the same sweep again"
            ) from error

    @property
    def progress(self) -> str:
        """How much is kept, as part of a sentence."""
        try:
            kept = sum(self._is_done(number) for number in range(self.grid.count))
        except Exception:
            return "what was done is kept"
        return f"{kept} of {self.grid.count} blocks are done and kept"

    def check(self, repair: bool, retry: bool) -> None:
        """Read all that is done, and find what is waiting; with `retry`, also what failed.

        Raises
        ------
        SweepError
            If something that is done is damaged; with `repair` it is waiting instead.
        """
        for left in self.path.glob("*/c/**/*.partial"):  # of a write that was killed
            with suppress(OSError):
                left.unlink()
        damaged = []
        for number in range(self.grid.count):
            try:
                done = self._is_done(number)
                if done:
                    done = not self._read(number) or not retry
            except Exception as error:  # whatever a broken file leads a decoder to
                damaged.append((number, error))
                done = False
            if not done:
                self.waiting.append(number)
        if damaged and not repair:
            first, why = damaged[0]
            raise SweepError(
                f"{self.path} is damaged: block {first} of {self.grid.count} cannot be read back "
                f"({str(why) or type(why).__name__:.120}), {len(damaged)} such in all; the "
                "others are intact. With repair=True (--repair) the damaged ones are worked out "
                "again"
            )
        if self.waiting and not os.access(self.path, os.W_OK):
            raise SweepError(
                f"{self.path} cannot be written, and {len(self.waiting)} of its {self.grid.count} "
                "blocks are not done: make it writable, or copy it to a folder that is"
            )
        for number, _ in damaged:
            for name in self._names:
                (self.path / name / self._key(number, name)).unlink(missing_ok=True)

    @property
    def _names(self) -> list[str]:
        return ["done", *self.template.variables, "failure"]

    def _key(self, number: int, name: str) -> str:
        """The file of a block."""
        place = [
            w.start // step
            for w, step in zip(self.grid.region(number), self.grid.block, strict=True)
        ]
        own = self.template.variables[name].ndim if name in self.template.variables else 0
        return "/".join(["c", *map(str, place), *["0"] * own])

    def _is_done(self, number: int) -> bool:
        if not (self.path / "done" / self._key(number, "done")).exists():
            return False
        return bool(np.all(self._arrays["done"][self.grid.region(number)]))

    def _read(self, number: int) -> bool:
        """Read a block; whether a point of it failed."""
        for name in self._names[1:]:
            file = self.path / name / self._key(number, name)
            if self._arrays[name].size and not file.exists():  # Zarr would take it for empty
                raise FileNotFoundError(f"a file of {name!r} is missing")
            values = self._arrays[name][self.grid.region(number)]
        return bool((values != "").any())  # the last that is read: why points failed

    def table(self) -> xr.Dataset:
        """Everything, labelled; values are read when they are looked at."""
        options: Any = {"mask_and_scale": False, "decode_times": False, "decode_timedelta": False}
        whole: xr.Dataset = xr.open_zarr(self.path, consolidated=False, chunks=None, **options)
        return whole[[*self.template.variables, "failure"]].drop_attrs(deep=False)

    def _consolidate(self) -> None:
        """Gather what describes the arrays in one file, where readers look for it first."""
        with warnings.catch_warnings(), suppress(OSError):  # a store may be read-only by now
            warnings.filterwarnings("ignore", "Consolidated metadata")
            zarr().consolidate_metadata(self.path)

    def close(self) -> None:
        """Let others write to the store."""
        if os.access(self.path, os.W_OK):
            self._consolidate()
        if self._lock is not None:
            _lock_file(self.path).unlink(missing_ok=True)  # while it is held
            os.close(self._lock)
            _HELD.discard(_lock_file(self.path))
            self._lock = None


# --- making and opening ------------------------------------------------------------------------


def create(
    path: Path, study: Mapping[str, Any], grid: Grid, template: Template, batched: tuple[str, ...]
) -> Store:
    """Make a store, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        for left in path.parent.glob(f".{escape(path.name)}.*.draft"):
            if not _lives(left.name.split(".")[-2]):  # it was killed
                shutil.rmtree(left, ignore_errors=True)
        group = zarr().create_group(draft, zarr_format=3)
        _fill(group, grid, template)
        files = {f.parent.name: digest(f.read_bytes()) for f in sorted(draft.glob("*/zarr.json"))}
        said = {
            "study": study,
            "block": list(grid.block),
            "batched": list(batched),
            "variables": list(template.variables),
            "coordinates": list(template.coords),
            "files": files,
        }
        group.attrs[_OWN] = said | {"checksum": checksum(said)}
        draft.rename(path)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise ValueError(f"{path} has just been begun by another sweep: wait for it") from None
        raise ValueError(
            f"the store {path} cannot be made ({error.strerror or error}): name a folder that can "
            "be written, with room in it"
        ) from error
    store = Store(path, grid, template, said)
    store.waiting = list(range(grid.count))
    return store


def _lives(process: str) -> bool:
    """Whether there is a process of a number; if nobody can tell, there may be."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True


def resume(
    path: Path, study: Mapping[str, Any], grid: Grid, mend: Callable[[], Template] | None
) -> Store:
    """Open a store that the same study has begun.

    Damaged coordinates are written again if `mend` gives the template once more.
    """
    said = _said(path)
    if other := difference(study, said["study"]):
        raise ValueError(
            f"{path} belongs to another study: {other}. Name another store, or remove this one"
        )
    values = {name: grid.values[name] for name in said["study"]["axes"]}  # in the store's order
    grid = Grid(values, tuple(said["block"]))
    _check_files(path, said["files"])
    group = zarr().open_group(path, mode="r", use_consolidated=False)
    try:
        coords = _coords(group, path, grid, said["coordinates"])
    except Exception as error:  # whatever a broken file leads a decoder to
        if mend is None:
            raise _broken(path, "a coordinate", error) from error
        coords = dict(mend().coords)
        _write_coords(zarr().open_group(path, mode="r+", use_consolidated=False), grid, coords)
    variables = {}
    for name in said["variables"]:
        array, first = group[name], len(grid.shape)
        dims, empty = array.metadata.dimension_names, np.empty(array.shape[first:], array.dtype)
        variables[name] = xr.Variable(dims[first:], empty, dict(array.attrs))
    return Store(path, grid, Template(variables, coords), said)


def _coords(group: Any, path: Path, grid: Grid, names: Sequence[str]) -> dict[str, xr.Variable]:
    """The coordinates of the variables' own axes; those of the sweep are checked."""
    found = {}
    for name in (*grid.names, *names):
        array = group[name]
        file = path / name / "/".join(["c", *["0"] * array.ndim])
        if array.size and not file.exists():
            raise FileNotFoundError(f"a file of {name!r} is missing")
        values = array[...]
        if name in names:
            found[name] = xr.Variable(array.metadata.dimension_names, values, dict(array.attrs))
        elif values.tolist() != grid.values[name].tolist():
            raise ValueError(f"the values of {name!r} have changed")
    return found


def _fill(group: Any, grid: Grid, template: Template) -> None:
    """Make the arrays of a store; coordinates with their values."""
    for name, each in template.variables.items():
        shape, block = (*grid.shape, *each.shape), (*grid.block, *each.shape)
        dims = (*grid.names, *map(str, each.dims))
        fill = missing(each.dtype)
        _array(group, name, shape, block, each.dtype, fill, dims, each.attrs)
    _array(group, "failure", grid.shape, grid.block, str, "", grid.names, FAILURE)
    _array(group, "done", grid.shape, grid.block, np.uint8, 0, grid.names, {})
    for name, each in _coordinates(grid, template.coords).items():
        kind = str if each.dtype.kind in "OUT" else each.dtype
        fill, dims = "" if kind is str else missing(each.dtype), tuple(map(str, each.dims))
        _array(group, name, each.shape, each.shape, kind, fill, dims, each.attrs)
    if beside := [name for name, each in template.coords.items() if name not in each.dims]:
        group.attrs["coordinates"] = " ".join(beside)
    _write_coords(group, grid, template.coords)


def _coordinates(grid: Grid, coords: Mapping[str, xr.Variable]) -> dict[str, xr.Variable]:
    """Those of the sweep's axes, and the variables' own."""
    axes = {n: xr.Variable((n,), v, axis_attrs(n)) for n, v in grid.values.items()}
    return axes | dict(coords)


def _write_coords(group: Any, grid: Grid, coords: Mapping[str, xr.Variable]) -> None:
    with zarr().config.set({"array.write_empty_chunks": True}):
        for name, each in _coordinates(grid, coords).items():
            values = each.to_numpy()
            text = values.dtype.kind in "OUT"
            group[name][...] = values.astype(np.dtypes.StringDType()) if text else values


def _array(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    kind: Any,
    fill: Any,
    dims: tuple[str, ...],
    attrs: Mapping[str, Any],
) -> Any:
    from zarr.codecs import Crc32cCodec, ZstdCodec

    return group.create_array(
        name,
        shape=shape,
        chunks=tuple(max(1, n) for n in chunks),
        dtype=kind,
        fill_value=fill,
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        dimension_names=dims,
        attributes={str(n): v for n, v in attrs.items() if _plain(str(n), v)},
    )


def _plain(name: str, value: object) -> bool:
    """Whether an attribute can be kept: plain, and with no meaning for those who read files."""
    meant = ("_FillValue", "missing_value", "scale_factor", "add_offset", "dtype", "coordinates")
    return isinstance(value, str | int | float) and name not in meant


def _said(path: Path) -> dict[str, Any]:
    """What a store says of itself, checked."""
    file = path / "zarr.json"
    foreign = ValueError(f"{path} exists and is no store of a sweep: name another")
    if not file.is_file():
        raise foreign
    try:
        attributes = json.loads(file.read_text("utf-8"))["attributes"]
        said = attributes.get(_OWN, {})
        kept = {name: value for name, value in said.items() if name != "checksum"}
    except (ValueError, KeyError, AttributeError) as error:
        raise _broken(path, "zarr.json", error) from error
    if _OWN not in attributes:
        raise foreign
    if checksum(kept) != said.get("checksum"):
        raise _broken(path, "zarr.json", ValueError("its checksum does not match"))
    return kept


def _check_files(path: Path, files: Mapping[str, str]) -> None:
    for name, wanted in files.items():
        file = path / name / "zarr.json"
        if not file.is_file() or digest(file.read_bytes()) != wanted:
            raise _broken(path, f"{name}/zarr.json", ValueError("it is missing or has changed"))


def _broken(path: Path, file: str, error: Exception) -> SweepError:
    return SweepError(
        f"{path} is damaged: {file} cannot be trusted ({error!s:.120}). All its files are left as "
        "they are; restore that one from a copy or name another store; coordinates can be written "
        "again with repair=True (--repair)"
    )


def _locked(path: Path) -> int | None:
    """Hold a store for this process alone, where the system offers that."""
    try:
        import fcntl
    except ImportError:
        return None
    file = _lock_file(path)
    busy = ValueError(f"{path} is being written by another sweep: wait for it to end")
    if file in _HELD:
        raise busy
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT)
    except OSError:  # a store that cannot be written can still be read
        return None
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not held by processes that are forked
        same = os.fstat(handle).st_ino == file.stat().st_ino  # not removed in the meantime
    except OSError:
        same = False
    if not same:
        os.close(handle)
        raise busy
    _HELD.add(file)
    return handle


_HELD: set[Path] = set()  # by this process, which the system would let lock them again


def _lock_file(path: Path) -> Path:
    return path.absolute().with_name(f".{path.name}.lock")


def zarr() -> Any:
    """The library, or what to do without it."""
    try:
        import zarr
    except ImportError:
        raise ValueError(
            "a store needs zarr: install it with pip install 'quantumbattery[sweep]', or leave "
            "store out"
        ) from None
    return zarr
