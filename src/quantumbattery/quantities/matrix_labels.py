"""Rows and columns of matrices that carry labels: read by them, in whatever order they come."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import prod
from numbers import Number
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
    """The labels of a dimension, if it has such as tell its places apart; of numbers, as texts."""
    if dim not in matrix.indexes or matrix.indexes[dim].nlevels > 1:
        return None
    labels = [_text(each) for each in matrix[dim].to_numpy().tolist()]
    return labels if len({*labels}) == len(labels) else None


def _text(label: Any) -> Any:
    """A whole number of any type, or bytes, as a text; anything else as it is."""
    if isinstance(label, bytes):
        return label.decode(errors="replace")
    if not isinstance(label, Number):
        return label
    try:
        whole = int(label)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):  # complex, or no number
        return label
    return str(whole) if whole == label and whole >= 0 else label


def _of_products(labels: Sequence[Any]) -> list[Any] | None:
    """Labels such as 00, 01, 10, 11 or 0,0 0,1 ... 11,1 in the order of the product's states.

    Or the numbers of all levels; of products too, where a table of numbers took 00 for 0.
    """
    if not all(isinstance(each, str) for each in labels):
        return None
    if _whole(labels):
        if {*map(int, labels)} == {*range(len(labels))}:
            return sorted(labels, key=int)
        width = max(map(len, labels))
        split = {each: [*each.zfill(width)] for each in labels}
    else:
        split = {each: each.split(",") for each in labels}
    if not all(map(_whole, split.values())) or len({*map(len, split.values())}) > 1:
        return None
    places = {each: tuple(map(int, parts)) for each, parts in split.items()}
    return sorted(places, key=lambda each: places[each]) if _all_of([*places.values()]) else None


def _all_of(places: Sequence[Sequence[int]]) -> bool:
    """Whether they are all combinations of the levels of parts, each of at least two."""
    parts = [{*each} for each in zip(*places, strict=True)]
    whole = all({*each} == {*range(max(2, len(each)))} for each in parts)
    return whole and prod(map(len, parts)) == len({*places}) == len(places)


def _whole(parts: Sequence[str]) -> bool:
    return all(part.isascii() and part.isdigit() for part in parts)
