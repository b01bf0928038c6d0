"""Results of a sweep in a Zarr store, block by block.

Every block is one chunk of each variable, written whole (a file of its own, put in place at once)
and checksummed (crc32c); it counts once its part of `done` is there, which is written last, when
all else is on the disk, and holds the seal of the block's files. So the program may be killed and
the power cut at any moment: what is done stays, the rest is worked out again.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.warned import warn
from quantumbattery.sweeps.durable import (
    DamagedError,
    Later,
    Lock,
    MovedError,
    SweepError,
    broken,
    check_plain,
    files_of,
    is_file,
    only_read,
    sum_of,
    sync_folder,
    why,
)
from quantumbattery.sweeps.evaluation import Block, Template
from quantumbattery.sweeps.fingerprint import difference, libraries
from quantumbattery.sweeps.grid import Grid
from quantumbattery.sweeps.layout import (
    OTHERS,
    Plan,
    Seals,
    check_files,
    consolidate,
    describe_again,
    draft_of,
    place,
    said_again,
    said_by,
    template_in,
    unmakeable,
)
from quantumbattery.sweeps.zarr_library import zarr


class Store:
    """An open store; made by `create` or `resume`."""

    def __init__(
        self, path: Path, grid: Grid, template: Template, said: Mapping[str, Any], lock: Lock
    ) -> None:
        self.path, self.grid, self.template, self.said = path, grid, template, said
        library, self._later = zarr(), Later(path)
        with library.config.set({"array.write_empty_chunks": True}):  # empty, or missing?
            files = files_of(path, put=self._later.put)
            group = library.open_group(files, mode="r+", use_consolidated=False)
            self._arrays = {name: group[name] for name in self._names}
        self._seals = Seals(said) if said.get("sealed") else None
        self.waiting: list[int] = []
        self._lock = lock

    @property
    def batched(self) -> tuple[str, ...]:
        """The axes along which blocks are worked out at once."""
        return tuple(self.said["batched"])

    def write(self, number: int, block: Block) -> None:
        """Keep a block, which is written while the next are worked out."""
        with self._writing():
            self._later.block(partial(self._write, number, block))

    def _write(self, number: int, block: Block) -> None:
        """Write the values of a block first, then that it is done."""
        region = self.grid.region(number)
        columns: dict[str, Any] = dict(block.columns)
        columns["failure"] = block.failure.astype(np.dtypes.StringDType())
        self._undo(number)
        for name, column in columns.items():
            self._arrays[name][region] = column
        done = self._arrays["done"]
        done[region] = np.full(block.failure.shape, self._written(number), done.dtype)

    def flush(self) -> None:
        """Wait until what was written is on the disk."""
        with self._writing():
            self._later.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Say what to do where the store cannot be written, or is no longer there."""
        try:
            try:
                yield
            except (FileNotFoundError, NotADirectoryError):
                self._later.check_there()
                raise
        except MovedError as error:
            raise SweepError(
                f"{self.path} was moved or removed while it was written: {self.progress} there; "
                "put it back and run the same sweep again"
            ) from error
        except OSError as error:
            raise SweepError(
                f"{self.path} cannot be written ({error.strerror or error}): {self.progress}. Mend "
                "that and run the same sweep again"
            ) from error

    def _undo(self, number: int) -> None:
        """Say no longer that a block is done, before what it holds is changed."""
        key = f"done/{self._key(number, 'done')}"
        file = self.path / key
        self._later.kept.discard(key)
        if is_file(file):
            file.unlink()
            sync_folder(file.parent)

    def _written(self, number: int) -> int:
        """What `done` says of a block that has just been written."""
        if self._seals is None:
            return 1
        sums = self._later.sums
        keys = {name: f"{name}/{self._key(number, name)}" for name in self._names[1:]}
        return self._seals.seal(number, {n: sums[key] for n, key in keys.items() if key in sums})

    @property
    def progress(self) -> str:
        """How much is kept, as part of a sentence."""
        return f"{len(self._later.kept)} of {self.grid.count} blocks are done and kept"

    def check(self, repair: bool, retry: bool) -> None:
        """Read all that is done, and find what is waiting; with `retry`, also what failed.

        Raises
        ------
        SweepError
            If something that is done is damaged; with `repair` it is waiting instead.
        """
        damaged = []
        for number in range(self.grid.count):
            try:
                seal = self._done(number)
                failed = seal != 0 and self._failed(number, seal)
                done = seal != 0 and not (failed and retry)
            except (SweepError, PermissionError):  # of what is no file at all, or not ours
                raise
            except Exception as error:  # whatever a broken file leads a decoder to
                damaged.append((number, error))
                seal, done = 0, False
            if seal:
                self._later.kept.add(f"done/{self._key(number, 'done')}")
            if not done:
                self.waiting.append(number)
        if damaged and not repair:
            first, found = damaged[0]
            raise SweepError(
                f"{self.path} is damaged: block {first} of {self.grid.count} cannot be read back "
                f"({why(found):.120}), {len(damaged)} such in all; the "
                "others are intact. With repair=True (--repair) the damaged ones are worked out "
                "again"
            )
        if self.waiting and not os.access(self.path, os.W_OK):
            raise SweepError(
                f"{self.path} cannot be written, and {len(self.waiting)} of its {self.grid.count} "
                "blocks are not done: make it writable, or copy it to a folder that is"
            )
        for number, _ in damaged:
            self._undo(number)
            for name in self._names[1:]:
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

    def _done(self, number: int) -> int:
        """What `done` says of a block: its seal, or 1 in a store of before; 0 if it is not done."""
        if not is_file(self.path / "done" / self._key(number, "done")):
            return 0
        said = np.unique(self._arrays["done"][self.grid.region(number)])
        if len(said) > 1 and said[0] != 0:
            raise DamagedError("its points are not of one block")
        return int(said[0])

    def _failed(self, number: int, seal: int) -> bool:
        """Whether a point of a block failed; ValueError for files that are not the block's."""
        sums, region = {}, self.grid.region(number)
        for name in self._names[1:]:
            file = self.path / name / self._key(number, name)
            if not self._arrays[name].size:
                continue
            if not is_file(file):  # Zarr would take it for empty
                raise DamagedError(f"a file of {name!r} is missing")
            if self._seals is None:
                _ = self._arrays[name][region]  # its checksum is all that there is to look at
            else:
                sums[name] = sum_of(file.read_bytes())
        if self._seals is not None and self._seals.seal(number, sums) != seal:
            raise DamagedError("its files have changed, or are those of another block")
        return bool((self._arrays["failure"][region] != "").any())

    def table(self) -> xr.Dataset:
        """Everything, labelled; values are read when they are looked at."""
        options: Any = {"mask_and_scale": False, "decode_times": False, "decode_timedelta": False}
        with self._writing(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", OTHERS)
            self._later.check_there()
            place = only_read(self.path)  # a folder on the way there may be named like an address
            whole: xr.Dataset = xr.open_zarr(place, consolidated=False, chunks=None, **options)
        return whole[[*self.template.variables, "failure"]].drop_attrs(deep=False)

    def close(self) -> None:
        """Let others write to the store."""
        try:
            with self._writing():
                self._later.close()
                self._later.check_there()
            if os.access(self.path, os.W_OK):
                with suppress(OSError):  # a store may be read-only by now
                    consolidate(self.path)
        finally:
            self._lock.release()


# --- making and opening ------------------------------------------------------------------------


def create(path: Path, study: Mapping[str, Any], plan: Plan, lock: Lock) -> Store:
    """Make a store, whole or not at all."""
    said = plan.said(study)
    place(draft_of(path, plan, said), path)
    store = Store(path, plan.grid, plan.template, said, lock)
    store.waiting = list(range(plan.grid.count))
    return store


def resume(
    path: Path,
    study: Mapping[str, Any],
    grid: Grid,
    lock: Lock,
    again: Callable[[], Plan] | None,
) -> Store:
    """Open a store that the same study has begun.

    Descriptions and coordinates that are damaged are written again if `again` plans the sweep
    once more.
    """
    left = check_plain(path)
    said: dict[str, Any] | None
    try:
        said, whole = said_by(path), True
    except SweepError:
        if again is None:
            raise
        said, whole = said_again(path), False
    if said is not None:
        if other := difference(study, said["study"]):
            raise ValueError(
                f"{path} belongs to another study: {other}. Name another store, or remove this one"
            )
        values = {name: grid.values[name] for name in said["study"]["axes"]}  # in the store's order
        grid = Grid(values, tuple(said["block"]))
    try:
        if said is None or not whole:
            raise broken(path, "zarr.json", DamagedError("it is damaged"))
        check_files(path, said)
        template = template_in(path, grid, said)
    except SweepError:
        if again is None:
            raise
        plan, said = _mended(path, study, grid, said, again())
        grid, template = plan.grid, plan.template
    for each in left:  # of a write that was killed
        with suppress(OSError):
            each.unlink()
    return Store(path, grid, template, said, lock)


def _mended(
    path: Path, study: Mapping[str, Any], grid: Grid, said: dict[str, Any] | None, plan: Plan
) -> tuple[Plan, dict[str, Any]]:
    """Write all descriptions and coordinates again; the seals tell what is done of this sweep."""
    made = said is None
    if said is not None:
        sealed = bool(said.get("sealed"))
        plan = Plan(grid, plan.template, tuple(said["batched"]), sealed)
        kept = {n: said[n] for n in ("study", "libraries") if n in said}
        again = plan.said(study) | kept
        made = any(again[n] != said[n] for n in ("variables", "coordinates"))
        said = again
    else:
        said = plan.said(study)
    named = {"done", "failure", *plan.grid.names, *said["variables"], *said["coordinates"]}
    if made and {each.name for each in path.iterdir() if each.is_dir()} != named:
        raise SweepError(
            f"{path} cannot be repaired: it does not hold what this study gives. Name another store"
        )
    try:
        describe_again(path, draft_of(path, plan, said))
    except OSError as error:
        raise unmakeable(path, error) from error
    return plan, said


def warn_of_libraries(store: Store) -> None:
    """Say so if what is still to do is worked out with other libraries than the rest."""
    was, now = store.said.get("libraries", {}), libraries()
    other = [f"{n} {was[n]} (now {now.get(n)})" for n in was if was[n] != now.get(n)]
    if store.waiting and other:
        warn(
            f"{store.path} was begun with {', '.join(other)}: what is still to do may differ from "
            "the rest in its last digits",
        )
