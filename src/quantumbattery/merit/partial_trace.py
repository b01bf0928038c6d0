"""The state of some parts of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import (
    density_matrices,
    evaluate,
)
from quantumbattery.quantities.parameters import is_whole
from quantumbattery.quantities.parts import dimensions, parts_of_qobj
from quantumbattery.quantities.quoted import quoted


def partial_trace(rho: MatrixLike, dims: Sequence[int], keep: int | Sequence[int]) -> Computed:
    """State of some parts of a system, the others traced out.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrix of the whole.
    dims : sequence of int
        Dimension of each part; their product is d.
    keep : int or sequence of int
        The parts that stay, counted from 0. They stay in the order of ``dims``.

    Returns
    -------
    ndarray or DataArray, shape (..., k, k)

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``dims`` does not fit it, or ``keep`` names no part.

    Examples
    --------
    Half of a Bell pair is maximally mixed:

    >>> import numpy as np
    >>> from quantumbattery.merit.partial_trace import partial_trace
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> partial_trace(np.outer(bell, bell), dims=(2, 2), keep=1).round(12)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    states, sizes = states_of_parts(rho, dims)
    given: Any = keep
    several = isinstance(given, Sequence | np.ndarray) and getattr(given, "ndim", 1) > 0
    parts = list(given) if several else [given]
    if not parts or not all(is_whole(part) for part in parts):
        raise TypeError(f"keep is {quoted(keep)}: it takes the number of a part or a list of them")
    if not set(parts) <= set(range(len(sizes))) or len(set(parts)) != len(parts):
        raise ValueError(
            f"keep is {quoted(keep)}: name each part once, from 0 to {len(sizes) - 1} for dims "
            f"{sizes}"
        )
    return evaluate(lambda array: reduced(array, sizes, parts), states, matrix=True)


def states_of_parts(
    rho: MatrixLike, dims: Sequence[int], parts: int | None = None
) -> tuple[Any, tuple[int, ...]]:
    """Checked density matrices of several parts, in the order of the product, and their levels."""
    states = density_matrices(rho)
    sizes = dimensions(dims, states.shape[-1], parts)
    said = parts_of_qobj(rho)
    if said and not {*accumulate(sizes, mul)} <= {*accumulate(said, mul)}:
        raise ValueError(
            f"dims is {sizes}, but the parts of the Qobj have {' x '.join(map(str, said))} levels: "
            "give these, or groups of neighbours among them"
        )
    return states, sizes


def reduced(rho: Array, dims: Sequence[int], keep: Sequence[int]) -> Array:
    """Partial trace of plain arrays (..., d, d), nothing checked."""
    batch, sizes = rho.shape[:-2], list(dims)
    for part in sorted(set(range(len(dims))) - set(keep), reverse=True):
        left, right = int(np.prod(sizes[:part])), int(np.prod(sizes[part + 1 :]))
        split = (left, sizes.pop(part), right)
        blocks = rho.reshape(*batch, *split, *split)
        rho = np.einsum("...iajkal->...ijkl", blocks).reshape(*batch, left * right, left * right)
    return rho
