"""What a store looks like: the arrays in it, and what it says of itself.

What it says stands in the root's description and once more in that of `done`; descriptions can
all be made again by whoever has the study. `done` holds 0 where a point is not worked out, and
elsewhere the seal of its block (`Seals`).
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.durable import (
    DamagedError,
    SweepError,
    broken,
    files_of,
    is_file,
    sync_folder,
    write,
)
from quantumbattery.sweeps.evaluation import Template, missing
from quantumbattery.sweeps.fingerprint import checksum, libraries
from quantumbattery.sweeps.grid import LONGEST_NAME, Grid
from quantumbattery.sweeps.identity import digest
from quantumbattery.sweeps.in_memory import FAILURE, axis_attrs
from quantumbattery.sweeps.zarr_library import zarr

_OWN = "quantumbattery_sweep"  # the attribute that says what the store is
_LISTS = ("block", "batched", "variables", "coordinates")
OTHERS = "Object at .* is not recognized"  # begins Zarr's warning of files that are not its own
_SHOWN = 60  # letters of a path in a sentence


@dataclass(frozen=True, eq=False)
class Plan:
    """A sweep as its store keeps it."""

    grid: Grid
    template: Template
    batched: tuple[str, ...]  # the axes along which several points are worked out at once
    sealed: bool = True  # stores of before have only ones in `done`

    def said(self, study: Mapping[str, Any]) -> dict[str, Any]:
        """What the store says of itself, but for the fingerprints of its descriptions."""
        said = {
            "study": study,
            "block": list(self.grid.block),
            "batched": list(self.batched),
            "variables": list(self.template.variables),
            "coordinates": list(self.template.coords),
        }
        return said | ({"sealed": True, "libraries": libraries()} if self.sealed else {})


class Seals:
    """Numbers that tell a block's files from any others: those of other blocks and studies too."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._of = checksum({n: said[n] for n in ("study", "block", "batched", "variables")})

    def seal(self, number: int, sums: Mapping[str, str]) -> int:
        """That of a block, by the checksum of the file of each variable; never 0."""
        text = json.dumps([self._of, number, sorted(sums.items())])
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


# --- making ------------------------------------------------------------------------------------


def check_local(name: object) -> None:
    """Raise ValueError for an address, as of a web page or a bucket."""
    if re.match(r"\w[\w+.-]+://", str(name)) or "::" in os.path.basename(str(name)):
        raise ValueError(f"{name} is an address, and a store is a folder on this machine: name one")


def folder_of(where: str | os.PathLike[str]) -> Path:
    """The one name of a store's folder, links followed; ValueError for what can be none."""
    if not isinstance(where, str | os.PathLike):
        raise TypeError(f"store is a path, as text or of pathlib; got {quoted(where)}")
    name = os.fspath(where)
    check_local(name)
    if not name:  # which would be the folder that we are in
        raise ValueError("the name of the store is empty: name a folder, or leave store out")
    kind, path = None, None
    try:
        path = Path(os.path.realpath(name))
        kind = path.stat().st_mode
    except FileNotFoundError:
        if path is None:  # a name beside nothing
            raise ValueError(
                f"the store {_end(name)!r} would be in this folder, which is gone: name one by its "
                "whole path, or go elsewhere"
            ) from None
    except (OSError, ValueError) as error:  # the latter of a NUL
        reason = error.strerror if isinstance(error, OSError) else "its name holds a NUL"
        raise ValueError(
            f"the store {_end(name)!r} cannot be a folder ({reason}): name another"
        ) from None
    if kind is not None and not stat.S_ISDIR(kind):
        raise ValueError(f"the store {name} is a file, and has to be a folder: name another")
    if not path.name:
        raise ValueError(f"the store {name} is the root of all folders: name one in it")
    length = len(os.fsencode(path.name))
    if length > LONGEST_NAME:  # its draft and its lock have longer ones
        raise ValueError(
            f"the store {_end(name)!r} has a name of {length} bytes, and the most is "
            f"{LONGEST_NAME}: name another"
        )
    return path


def _end(name: str) -> str:
    """What a path ends with, which tells it from others."""
    return name if len(name) <= _SHOWN else f"...{name[3 - _SHOWN :]}"


def _check_names(names: Iterable[object]) -> None:
    """Refuse names that no folder can have."""
    for name in map(str, names):
        if (length := len(name.encode())) > LONGEST_NAME:
            raise ValueError(
                f"the name of the variable or axis {quoted(name, 40)} is too long: a store has a "
                f"folder of each, whose name has at most {LONGEST_NAME} bytes, and this has "
                f"{length}"
            )


def draft_of(path: Path, plan: Plan, said: Mapping[str, Any]) -> Path:
    """Make a store beside the place where it shall be; ValueError if there is no room."""
    _check_names([*plan.grid.names, *plan.template.variables, *plan.template.coords])
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        for left in path.parent.glob(f".{escape(path.name)}.*.draft"):
            process = left.name.split(".")[-2]
            if process == str(os.getpid()) or not _lives(process):  # it was killed
                _remove(left)
        draft.mkdir(exist_ok=True)
        group = zarr().create_group(files_of(draft), zarr_format=3)
        _fill(group, plan, said)
        files = {f.parent.name: digest(f.read_bytes()) for f in sorted(draft.glob("*/zarr.json"))}
        said = {**said, "files": files}
        group.attrs[_OWN] = said | {"checksum": checksum(said)}
    except OSError as error:
        _remove(draft)
        raise unmakeable(path, error) from error
    return draft


def _remove(draft: Path) -> None:
    """Away with a draft, also with one that a umask keeps from being read."""
    shutil.rmtree(draft, ignore_errors=True)  # which follows no links
    with suppress(OSError):
        draft.rmdir()


def unmakeable(path: Path, error: OSError) -> ValueError:
    """Why a store cannot be made."""
    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
        return ValueError(f"{path} has just been begun by another sweep: wait for it")
    return ValueError(
        f"the store {path} cannot be made ({error.strerror or error}): name a folder that can be "
        "written, with room in it"
    )


def place(draft: Path, path: Path) -> None:
    """Put a draft in its place, whole."""
    try:
        draft.rename(path)
    except OSError as error:
        _remove(draft)
        raise unmakeable(path, error) from error
    sync_folder(path.parent)


def describe_again(path: Path, draft: Path) -> None:
    """Take from a draft all descriptions and coordinates that a store has otherwise, or not."""
    files = sorted(each for each in draft.rglob("*") if each.is_file())
    files.sort(key=lambda file: file.name != "zarr.json")  # which may make folders
    last = draft / "zarr.json"  # which vouches for the others
    for each in [*(file for file in files if file != last), last]:
        key, data = each.relative_to(draft).as_posix(), each.read_bytes()
        if not is_file(path / key) or (path / key).read_bytes() != data:
            write(path, key, data)
    shutil.rmtree(draft, ignore_errors=True)


def _lives(process: str) -> bool:
    """Whether there is a process of a number; if nobody can tell, there may be."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True


def _fill(group: Any, plan: Plan, said: Mapping[str, Any]) -> None:
    """Make the arrays of a store; coordinates with their values."""
    grid, template = plan.grid, plan.template
    for name, each in template.variables.items():
        shape, block = (*grid.shape, *each.shape), (*grid.block, *each.shape)
        dims = (*grid.names, *map(str, each.dims))
        _array(group, name, shape, block, each.dtype, dims, each.attrs)
    _array(group, "failure", grid.shape, grid.block, str, grid.names, FAILURE)
    kind: Any = np.uint64 if plan.sealed else np.uint8
    done = _array(group, "done", grid.shape, grid.block, kind, grid.names, {})
    if plan.sealed:
        done.attrs[_OWN] = json.dumps({**said, "checksum": checksum(said)})
    coordinates = _coordinates(grid, template.coords)
    for name, each in coordinates.items():
        kind = str if each.dtype.kind in "OUT" else each.dtype
        _array(group, name, each.shape, each.shape, kind, tuple(map(str, each.dims)), each.attrs)
    if beside := [name for name, each in template.coords.items() if name not in each.dims]:
        group.attrs["coordinates"] = " ".join(beside)
    with zarr().config.set({"array.write_empty_chunks": True}):
        for name, each in coordinates.items():
            values = each.to_numpy()
            text = values.dtype.kind in "OUT"
            group[name][...] = values.astype(np.dtypes.StringDType()) if text else values


def _coordinates(grid: Grid, coords: Mapping[str, xr.Variable]) -> dict[str, xr.Variable]:
    """Those of the sweep's axes, and the variables' own."""
    axes = {n: xr.Variable((n,), v, axis_attrs(n)) for n, v in grid.values.items()}
    return axes | dict(coords)


def _array(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    kind: Any,
    dims: tuple[str, ...],
    attrs: Mapping[str, Any],
) -> Any:
    from zarr.codecs import Crc32cCodec, ZstdCodec

    return group.create_array(
        name,
        shape=shape,
        chunks=tuple(max(1, n) for n in chunks),
        dtype=kind,
        fill_value="" if kind is str else missing(kind),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        dimension_names=dims,
        attributes={str(n): v for n, v in attrs.items() if _plain(str(n), v)},
    )


def _plain(name: str, value: object) -> bool:
    """Whether an attribute can be kept: plain, and with no meaning for those who read files."""
    meant = ("_FillValue", "missing_value", "scale_factor", "add_offset", "dtype", "coordinates")
    return isinstance(value, str | int | float) and name not in meant


# --- reading -----------------------------------------------------------------------------------


def said_by(path: Path) -> dict[str, Any]:
    """What a store says of itself, checked; SweepError if that is damaged."""
    return _said(path, path / "zarr.json", ("files",))


def said_again(path: Path) -> dict[str, Any] | None:
    """What it says where its root cannot be trusted; None if that is no better."""
    try:
        return _said(path, path / "done" / "zarr.json", ())
    except (SweepError, ValueError, OSError):
        return None


def _said(path: Path, file: Path, more: tuple[str, ...]) -> dict[str, Any]:
    foreign = ValueError(f"{path} exists and is no store of a sweep: name another")
    name = file.relative_to(path).as_posix()
    alone = not ((path / "done").is_dir() and (path / "failure").is_dir())
    if not is_file(file):
        raise foreign if alone else broken(path, name, DamagedError("it is missing"))
    try:
        attributes = json.loads(file.read_text("utf-8"))["attributes"]
        said = attributes.get(_OWN, {})
        said = json.loads(said) if isinstance(said, str) else said
        kept = {name: value for name, value in said.items() if name != "checksum"}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        no_store = DamagedError("it does not describe a store")
        raise foreign if alone else broken(path, name, no_store) from error
    if _OWN not in attributes:
        raise foreign
    if checksum(kept) != said.get("checksum"):
        raise broken(path, name, DamagedError("its checksum does not match"))
    if wrong := _misshapen(kept, more):
        raise broken(path, name, DamagedError(f"its {wrong} makes no sense"))
    return kept


def _misshapen(said: Mapping[str, Any], more: tuple[str, ...]) -> str | None:
    """What no sweep would have said, whoever wrote it with a right checksum."""
    study = said.get("study")
    if not isinstance(study, dict) or not isinstance(study.get("axes"), dict):
        return "study"
    if not isinstance(study.get("version"), str) or not isinstance(study.get("run"), str):
        return "study"
    for name in _LISTS:
        kind = int if name == "block" else str
        listed = said.get(name)
        if not isinstance(listed, list) or not all(type(each) is kind for each in listed):
            return name
    if len(said["block"]) != len(study["axes"]) or min(said["block"]) < 1:
        return "block"
    if any(name not in study["axes"] for name in said["batched"]):
        return "batched"
    files: Any = said.get("files", {}) if more else {}
    if not isinstance(files, dict) or (more and "files" not in said):
        return "files"
    if not isinstance(said.get("libraries", {}), dict):
        return "libraries"
    named = [*said["variables"], *said["coordinates"], *files, *study["axes"]]
    return "names" if any("/" in n or "\\" in n or n[:1] in ("", ".") for n in named) else None


def check_files(path: Path, said: Mapping[str, Any]) -> None:
    """SweepError for descriptions that are not those that the root vouches for."""
    named = {"done", "failure", *said["variables"], *said["coordinates"], *said["study"]["axes"]}
    for name in sorted(named | set(said["files"])):
        file = path / name / "zarr.json"
        wanted = said["files"].get(name)
        if not is_file(file) or digest(file.read_bytes()) != wanted:
            raise broken(path, f"{name}/zarr.json", DamagedError("it is missing or has changed"))


def template_in(path: Path, grid: Grid, said: Mapping[str, Any]) -> Template:
    """What `run` gave at every point, as the store has it.

    Raises
    ------
    SweepError
        If a coordinate is damaged, or an array is not one of this sweep.
    """
    name = "a coordinate"
    try:
        group = zarr().open_group(files_of(path, True), mode="r", use_consolidated=False)
        coords = _coords(group, path, grid, said["coordinates"])
        variables = {}
        for name in said["variables"]:
            array, first = group[name], len(grid.shape)
            own = array.shape[first:]
            chunks = tuple(max(1, n) for n in (*grid.block, *own))
            if array.shape[:first] != grid.shape or array.chunks != chunks:
                raise DamagedError("it is no array of this sweep")
            dims = array.metadata.dimension_names[first:]
            empty = np.broadcast_to(np.zeros((), array.dtype), own)
            variables[name] = xr.Variable(dims, empty, dict(array.attrs))
    except (SweepError, PermissionError):
        raise
    except Exception as error:  # whatever a broken file leads a decoder to
        raise broken(path, name, error) from error
    return Template(variables, coords)


def _coords(group: Any, path: Path, grid: Grid, names: Sequence[str]) -> dict[str, xr.Variable]:
    """The coordinates of the variables' own axes; those of the sweep are checked."""
    found = {}
    for name in (*grid.names, *names):
        array = group[name]
        if array.size and not is_file(path / name / "/".join(["c", *["0"] * array.ndim])):
            raise DamagedError(f"a file of {name!r} is missing")
        values = array[...]
        if name in names:
            found[name] = xr.Variable(array.metadata.dimension_names, values, dict(array.attrs))
        elif values.tolist() != grid.values[name].tolist():
            raise DamagedError(f"the values of {name!r} have changed")
    return found


def consolidate(path: Path) -> None:
    """Gather what describes the arrays in one file, where readers look for it first."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", f"Consolidated metadata|{OTHERS}")
        zarr().consolidate_metadata(files_of(path))
