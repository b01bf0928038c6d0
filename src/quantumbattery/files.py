"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import xarray as xr

TABLES = (".nc", ".csv")


def check_table_path(path: Path) -> None:
    """Refuse, before any work, a results file that could not be written."""
    if path.suffix.lower() not in TABLES:
        raise ValueError(f"{path} must end in .nc (NetCDF) or .csv to hold a table")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Refuse a folder that does not exist or cannot be written."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not an existing folder; create it or name another")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{folder} cannot be written; name another folder")


def make_folder(folder: Path) -> None:
    """Make a folder if need be, and refuse one that cannot be made or written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the folder {folder} cannot be made ({error.strerror})") from error
    check_folder(folder)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place at once.

    It gets the path of that file, which has the same suffix; an older file is replaced only by a
    complete one. ValueError if it cannot be written; nothing is left behind then.
    """
    partial = None
    try:
        handle, name = tempfile.mkstemp(
            suffix=path.suffix, prefix=f".{path.stem}-", dir=path.parent
        )
        os.close(handle)
        partial = Path(name)
        write(partial)
        partial.chmod(0o666 & ~_umask())  # a temporary file is private; a result is not
        partial.replace(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror or error})") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_table(dataset: xr.Dataset, path: Path) -> None:
    """Write a labelled table as NetCDF (labels and units kept) or as CSV with named columns.

    Neither knows complex numbers: of a variable x there are x_real and x_imag instead. In a CSV
    file each element of a matrix has a column.
    """
    check_table_path(path)
    dataset = in_real_parts(dataset)
    if path.suffix.lower() == ".nc":
        write_whole(path, lambda partial: dataset.to_netcdf(partial, engine="scipy"))
        return
    dataset = _element_by_element(dataset)
    frame = dataset.to_dataframe() if dataset.sizes else dataset.expand_dims("row").to_dataframe()
    write_whole(path, lambda partial: frame.to_csv(partial, index=bool(dataset.sizes)))


def in_real_parts(dataset: xr.Dataset) -> xr.Dataset:
    """The same with two real variables for each complex one.

    Examples
    --------
    >>> list(in_real_parts(xr.Dataset({"a": 1.0, "field": 1j})))
    ['a', 'field_real', 'field_imag']
    """
    columns = {}
    for name, column in dataset.data_vars.items():
        if column.dtype.kind != "c":
            columns[str(name)] = column
            continue
        for kind, part in (("real", column.real), ("imag", column.imag)):
            said = {"long_name": f"{'imaginary' if kind == 'imag' else kind} part of "}
            said["long_name"] += str(column.attrs.get("long_name", name))
            columns[f"{name}_{kind}"] = part.assign_attrs(column.attrs | said)
    return xr.Dataset(columns, dataset.coords, dataset.attrs)


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
