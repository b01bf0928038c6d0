"""Rows and columns of matrices that carry labels: read by them, in whatever order they come."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import prod
from typing import Any

import xarray as xr


def in_order(matrix: xr.DataArray, like: xr.DataArray | None = None) -> xr.DataArray:
    """A matrix, its last two dimensions, with its columns in the order of its rows.

    Or with both in that of another matrix, if it has the same labels.
    """
    rows = _labels(matrix, matrix.dims[-2])
    others = None if like is None else _labels(like, like.dims[-2])
    alike = rows is not None and others is not None and {*rows} == {*others}
    return _in(matrix, others if alike else rows)


def in_product_order(matrix: xr.DataArray) -> xr.DataArray:
    """A matrix with rows and columns in the order of product states, if its labels are those.

    Such are 00, 01, 10, 11, or 0,0 0,1 ... 11,1, as those of `System.density_matrix`, and the
    numbers of all levels.
    """
    known = _labels(matrix, matrix.dims[-2]) if matrix.ndim > 1 else None
    return _in(matrix, _of_products(known)) if known else matrix


def along(vectors: xr.DataArray, dim: Hashable) -> xr.DataArray:
    """Vectors over a dimension, whose labels, if they are those of product states, are in order."""
    known = _labels(vectors, dim)
    order = _of_products(known) if known else None
    if known is None or order is None or order == known:
        return vectors
    return vectors.isel({dim: [known.index(each) for each in order]})


def _in(matrix: xr.DataArray, order: list[Any] | None) -> xr.DataArray:
    """Rows and columns in an order of their labels, if both have just these."""
    row, column = matrix.dims[-2:]
    rows, columns = _labels(matrix, row), _labels(matrix, column)
    if not order or rows is None or columns is None or not {*rows} == {*columns} == {*order}:
        return matrix
    if rows == order and columns == order:
        return matrix
    places = ({each: k for k, each in enumerate(names)} for names in (rows, columns))
    taken = [[place[each] for each in order] for place in places]
    return matrix.isel({row: taken[0], column: taken[1]})


def _labels(matrix: xr.DataArray, dim: Hashable) -> list[Any] | None:
    """The labels of a dimension, if it has such as tell its places apart."""
    index = matrix.indexes.get(dim)
    if index is None or index.nlevels > 1 or not index.is_unique:
        return None
    labels: list[Any] = index.tolist()
    return labels


def _of_products(labels: Sequence[Any]) -> list[Any] | None:
    """Labels such as 00, 01, 10, 11 or 0,0 0,1 ... 11,1 in the order of the product's states."""
    texts = {each: _text(each) for each in labels}
    if None in texts.values() or len({*texts.values()}) < len(labels):
        return None
    read: dict[Any, str] = {each: text for each, text in texts.items() if text is not None}
    if all(_whole([text]) for text in read.values()):
        numbers = {each: int(text) for each, text in read.items()}
        if {*numbers.values()} == {*range(len(labels))}:
            return sorted(labels, key=lambda each: numbers[each])
        if not any(isinstance(each, str | bytes) for each in labels):
            width = max(map(len, read.values()))  # as of 00, 01, 10, 11 in a table of numbers
            read = {each: text.zfill(width) for each, text in read.items()}
            if not _all_products([[*text] for text in read.values()]):
                return None
    letters = len({*map(len, read.values())}) == 1 and not any("," in t for t in read.values())
    split = {each: [*text] if letters else text.split(",") for each, text in read.items()}
    places = {each: tuple(map(int, parts)) for each, parts in split.items() if _whole(parts)}
    if len(places) < len(labels) or len({*map(len, places.values())}) > 1:
        return None
    return sorted(places, key=lambda each: places[each])


def _text(label: Any) -> str | None:
    """A label as a text: that of a whole number, of whatever type, or one that is given."""
    if isinstance(label, bytes):
        return label.decode(errors="replace")
    if isinstance(label, str):
        return label
    whole = isinstance(label, int) or (isinstance(label, float) and label.is_integer())
    return str(int(label)) if whole and label >= 0 else None


def _all_products(places: Sequence[Sequence[str]]) -> bool:
    """Whether they are those of all combinations of their parts."""
    parts = [{*each} for each in zip(*places, strict=True)]
    return prod(map(len, parts)) == len(places) and all(
        {*map(int, each)} == {*range(len(each))} for each in parts
    )


def _whole(parts: Sequence[str]) -> bool:
    return all(part.isascii() and part.isdigit() for part in parts)
