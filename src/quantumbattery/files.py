"""Files written whole or not at all."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import xarray as xr

TABLES = (".nc", ".csv")
_LATIN = 256  # letters of names that NetCDF files hold
_DIGITS = 11  # of seconds: up to the year 5138

_LOG = logging.getLogger(__name__)

_unfinished: set[Path] = set()  # files that this process is writing


def check_table_path(path: Path) -> None:
    """Refuse, before any work, a results file that could not be written."""
    if path.suffix.lower() not in TABLES:
        raise ValueError(f"{name_of(path)} must end in .nc (NetCDF) or .csv to hold a table")
    check_target(path)


def name_of(path: Path) -> str:
    """How sentences name a file, also one without a name."""
    return "'.' or an empty name" if path == Path() else str(path)


def file_path(path: object) -> Path:
    """The path of a file; TypeError for what is none, ValueError for one without a name."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"the path of a file is text or a Path; got {path!r:.60}")
    if not str(path).strip():
        raise ValueError("the path of a file is empty: name one")
    return Path(path)


def check_names(path: Path, names: Iterable[object]) -> None:
    """Refuse, before any work, names that a NetCDF file of the kind written here cannot hold."""
    from xarray.backends import netcdf3

    allowed: Callable[[str], bool] = netcdf3.is_valid_nc3_name
    for name in map(str, names) if path.suffix.lower() == ".nc" else ():
        latin = all(ord(each) < _LATIN for each in name)
        if not latin or not allowed(name):
            raise ValueError(
                f"{path} cannot hold {name!r:.60}: names in NetCDF files are of Latin letters, and "
                "not such as 'real' or 'string'. Rename it, or write a .csv file"
            )


def check_day() -> None:
    """Refuse a SOURCE_DATE_EPOCH that is no day: Matplotlib and NumPy read it while they load."""
    day = os.environ.get("SOURCE_DATE_EPOCH") or "0"
    if not day.isdecimal() or len(day) > _DIGITS:
        raise ValueError(
            f"SOURCE_DATE_EPOCH is {day!r:.40}: set it to whole seconds since 1970, or unset it"
        )


def check_target(path: Path) -> None:
    """Refuse what a file cannot be written to: a folder, or a folder in the way that is none."""
    if "\0" in str(path):
        raise ValueError(f"{str(path)!r} is no name for a file (it holds a NUL)")
    try:
        if path.is_dir():
            raise ValueError(f"{path} is a folder; name a file")
        there = path.exists()
    except OSError as error:
        raise ValueError(f"{path!s} is no name for a file ({error.strerror})") from None
    if path.is_symlink() and not there and not _end_of(path).parent.is_dir():
        raise ValueError(f"{path} is a link to a folder that does not exist; name another file")
    check_folder(_end_of(path).parent)
    if there and not os.access(path, os.W_OK):
        raise ValueError(f"{path} cannot be written; name another file")


def _end_of(path: Path) -> Path:
    """The file itself, where links lead to it; ValueError where they go round."""
    try:
        return Path(os.path.realpath(path)) if path.is_symlink() else path
    except OSError as error:
        raise ValueError(f"{path} leads nowhere ({error.strerror})") from None


def check_folder(folder: Path) -> None:
    """Refuse a folder that does not exist or cannot be written."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not an existing folder; create it or name another")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{folder} cannot be written; name another folder")


def make_folder(folder: Path) -> None:
    """Make a folder if need be, and refuse one that cannot be made or written."""
    if "\0" in str(folder):
        raise ValueError(f"{str(folder)!r} is no name for a folder (it holds a NUL)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the folder {folder} cannot be made ({error.strerror})") from error
    check_folder(folder)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place at once.

    It gets the path of that file, which has the same suffix; an older file is replaced only by a
    complete one, which has its mode. A link stays, and what it leads to is replaced; what is no
    plain file, such as a pipe, is written into. ValueError if it cannot be written; nothing is left
    behind then.
    """
    partial, target = None, _end_of(path)
    try:
        mode = target.stat().st_mode if target.exists() else None
        # What takes the place of a private file is private from the beginning.
        elsewhere, first = (
            mode is not None and not stat.S_ISREG(mode),
            0o666 if mode is None else 0o600,
        )
        partial = _partial(target, elsewhere, first)
        write(partial)
        if mode is not None and not stat.S_ISREG(mode):
            with partial.open("rb") as source, _opened(target, mode) as sink:
                shutil.copyfileobj(source, sink)
            return
        if mode is not None:
            partial.chmod(stat.S_IMODE(mode))
        partial.replace(target)
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror or error})") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
            _unfinished.discard(partial)


def _opened(target: Path, mode: int) -> BinaryIO:
    """What is no plain file, to write into; that a pipe waits for somebody to read it is said."""
    if not stat.S_ISFIFO(mode):
        return target.open("wb")
    try:
        pipe = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        _LOG.warning("%s is a pipe that nobody reads yet: waiting for somebody", target)
        return target.open("wb")
    os.set_blocking(pipe, True)
    return open(pipe, "wb")


def remove_unfinished() -> None:
    """Remove what is half-written, where whoever writes it does not come to do so."""
    for partial in tuple(_unfinished):
        with suppress(OSError):
            partial.unlink(missing_ok=True)


atexit.register(remove_unfinished)  # a second Ctrl-C may interrupt what follows the first
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unfinished.clear)  # whose they are not


def _partial(target: Path, write_elsewhere: bool, mode: int) -> Path:
    """A new empty file of the same suffix, with a mode as far as files have it here."""
    folder = Path(tempfile.gettempdir()) if write_elsewhere else target.parent
    for _ in range(100):
        part = folder / f".{target.stem[:100]}-{secrets.token_hex(6)}{target.suffix}"
        _unfinished.add(part)
        try:
            # Not of tempfile, whose files are private: the system knows the umask, which can only
            # be asked for by changing it, for all threads.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        except OSError as error:
            _unfinished.discard(part)
            if isinstance(error, FileExistsError):
                continue
            raise
        return part
    raise FileExistsError(17, "no name is left for a temporary file")


def write_table(dataset: xr.Dataset, path: Path) -> None:
    """Write a labelled table as NetCDF (labels and units kept) or as CSV with named columns.

    Neither knows complex numbers: of a variable x there are x_real and x_imag instead. In a CSV
    file each element of a matrix has a column.
    """
    check_table_path(path)
    dataset = in_real_parts(dataset)
    check_names(path, [*dataset.variables, *dataset.dims])
    if path.suffix.lower() == ".nc":
        write_whole(path, lambda partial: dataset.to_netcdf(partial, engine="scipy"))
        return
    dataset = _element_by_element(dataset)
    frame = dataset.to_dataframe() if dataset.sizes else dataset.expand_dims("row").to_dataframe()
    write_whole(path, lambda partial: frame.to_csv(partial, index=bool(dataset.sizes)))


def in_real_parts(dataset: xr.Dataset) -> xr.Dataset:
    """The same with two real variables for each complex one; so of the labels of an axis.

    Examples
    --------
    >>> list(in_real_parts(xr.Dataset({"a": 1.0, "field": 1j})))
    ['a', 'field_real', 'field_imag']
    """
    columns, coords = _real_parts(dataset.data_vars), _real_parts(dataset.coords)
    return xr.Dataset(columns, coords, dataset.attrs)


def _real_parts(given: Mapping[Hashable, xr.DataArray]) -> dict[str, xr.Variable]:
    columns = {}
    for name, column in given.items():
        if column.dtype.kind != "c":
            columns[str(name)] = column.variable
            continue
        for kind, part in (("real", column.values.real), ("imag", column.values.imag)):
            said = {"long_name": f"{'imaginary' if kind == 'imag' else kind} part of "}
            said["long_name"] += str(column.attrs.get("long_name", name))
            columns[f"{name}_{kind}"] = xr.Variable(column.dims, part, column.attrs | said)
    return columns


def _element_by_element(dataset: xr.Dataset) -> xr.Dataset:
    """The same with a variable for each element of a matrix, which a flat file would repeat."""
    columns = {}
    for name, column in dataset.data_vars.items():
        if not {"row", "column"} <= set(column.dims):
            columns[str(name)] = column
            continue
        for row, line in enumerate(dataset["row"].values):
            for place, of in enumerate(dataset["column"].values):
                element = column.isel(row=row, column=place, drop=True)
                columns[f"{name}[{line};{of}]"] = element
    return xr.Dataset(columns, attrs=dataset.attrs)
