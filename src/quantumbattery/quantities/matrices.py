"""The border where matrices enter: density matrices, Hamiltonians and their labels."""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, Protocol

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.digits import tiny_is_zero
from quantumbattery.quantities.masked import check_unmasked
from quantumbattery.quantities.matrix_labels import in_order, in_product_order
from quantumbattery.quantities.pace import going_on

TOLERANCE = 1e-8
_LARGEST = 1e300  # of an element, beyond which sums overflow
_AXES = 32  # of stacks, which NumPy broadcasts
_NESTED = 64  # dimensions that NumPy's arrays have at most


# --- what comes in -----------------------------------------------------------------------------


@tiny_is_zero
@going_on("figures of merit")
def density_matrices(rho: MatrixLike, name: str = "rho") -> Array | xr.DataArray:
    """Check a density matrix or a batch of them: (..., d, d), Hermitian, trace 1, positive.

    A DataArray comes back as a DataArray, whose last two dimensions are the matrix.
    """
    labelled, matrix = _matrices(rho, name, state=True)
    matrix = _hermitian(matrix, name, 1.0)
    trace = np.trace(matrix, axis1=-2, axis2=-1).real
    if np.any(wrong := np.abs(trace - 1) > TOLERANCE):
        raise ValueError(
            f"{name} has trace {trace[wrong].flat[0]:.9g}{_place(wrong)}: a density matrix has "
            f"trace 1 (tolerance {TOLERANCE:g}); divide {name} by its trace if it is only not "
            "normalised, or was kept in single precision"
        )
    if not _positive(matrix):
        lowest = eigenvalues(matrix)[..., 0]
        raise ValueError(
            f"{name} has the eigenvalue {lowest.min():.3g}{_place(lowest == lowest.min())}: a "
            f"density matrix has none below 0 (tolerance {TOLERANCE:g}); if a solver made it, ask "
            "it for more digits (QuTiP: options={'atol': 1e-12, 'rtol': 1e-10}); if it was "
            "measured, take quantumbattery.nearest_state of it"
        )
    return matrix if labelled is None else labelled.copy(data=matrix)


def hamiltonians(
    h: MatrixLike,
    dimension: int | None = None,
    name: str = "h",
    like: Array | xr.DataArray | None = None,
) -> Array | xr.DataArray:
    """Check a Hermitian matrix or a batch of them (..., d, d), and d if a dimension is given.

    Rows and columns are put in the order of those of a state with the same labels.
    """
    matrix = hermitian_matrices(h, name)
    if isinstance(matrix, xr.DataArray) and isinstance(like, xr.DataArray):
        matrix = in_order(matrix, like)
    d = matrix.shape[-1]
    if dimension not in (None, d):
        raise ValueError(
            f"{name} is {d} x {d} but the state it belongs to is {dimension} x {dimension}: "
            "both need the same dimension; give the Hamiltonian of that part alone"
        )
    return np.asarray(matrix) if matrix.ndim == 2 else matrix


@tiny_is_zero
@going_on("figures of merit")
def hermitian_matrices(given: MatrixLike, name: str) -> Array | xr.DataArray:
    """Check Hermitian matrices (..., d, d); a DataArray keeps its labels."""
    labelled, matrix = _matrices(given, name, state=False)
    matrix = _hermitian(matrix, name, _sizes(matrix, name))
    return matrix if labelled is None else labelled.copy(data=matrix)


def square_matrix(given: MatrixLike, name: str) -> Array:
    """Check a single square matrix of finite numbers, and keep it: real if it can be, read-only."""
    plain = _matrices(given, name, state=False)[1]
    matrix = np.array(plain)
    if matrix.ndim > 2:
        raise ValueError(f"{name} is a single matrix; got shape {matrix.shape}")
    _sizes(matrix, name)
    if np.iscomplexobj(matrix) and not matrix.imag.any():
        matrix = np.array(matrix.real)
    matrix.flags.writeable = False
    return matrix


def _matrices(value: Any, name: str, state: bool) -> tuple[xr.DataArray | None, Array]:
    """Read square matrices of finite double-precision numbers, and the labels if there are any."""
    if isinstance(value, xr.Dataset):
        raise TypeError(f"{name} is a Dataset, a table of several: give one array of it")
    if hasattr(value, "columns") and hasattr(value, "index"):  # of pandas, whose labels count too
        frame = xr.DataArray(value, dims=("row", "column"))
        value = in_product_order(in_order(frame)).to_numpy() if frame.size else frame.to_numpy()
    labelled = value if isinstance(value, xr.DataArray) else None
    if labelled is not None and len(set(labelled.dims)) < labelled.ndim:
        raise ValueError(f"the dimensions of {name} must be different names; got {labelled.dims}")
    if labelled is not None and {"row", "column"} <= {*labelled.dims}:
        labelled = labelled.transpose(..., "row", "column")  # in whatever order they are
    if labelled is not None and labelled.ndim > 1:
        value = labelled = in_product_order(in_order(labelled))
    check_unmasked(name, value)
    given = value.values if labelled is not None else _unwrap(value, name, state)
    array = as_array(given)
    if array.ndim == 0 and isinstance(given, list | tuple):
        raise ValueError(
            f"{name} has rows of different lengths: it takes square matrices (..., d, d)"
        )
    if array.dtype.kind not in "iufc":
        raise TypeError(
            f"{name} holds {type(value).__name__} of {array.dtype}: it takes numbers, as an array "
            "(..., d, d), an xarray.DataArray or a QuTiP Qobj"
        )
    if state and array.ndim == 1:
        raise ValueError(
            f"{name} is one-dimensional, of length {array.size}: a state enters as its density "
            "matrix (d, d); for a ket pass np.outer(ket, ket.conj())"
        )
    if not 2 <= array.ndim <= _AXES or array.shape[-1] != array.shape[-2] or not array.shape[-1]:
        raise ValueError(
            f"{name} has shape {array.shape}: it takes square matrices (..., d, d); the matrix is "
            f"on the last two axes, of {_AXES} at most"
        )
    if np.any(wrong := np.asarray(~np.isfinite(array).all(axis=(-2, -1)))):
        raise ValueError(
            f"{name} is not finite{_place(wrong)}: remove its NaN and infinite entries"
        )
    return labelled, array.astype(complex if array.dtype.kind == "c" else float, copy=False)


def _sizes(matrices: Array, name: str) -> Array:
    """The largest element of each matrix (...,), none of which is so large that sums overflow."""
    sizes: Array = np.abs(matrices).max(axis=(-2, -1))
    if np.any(wrong := sizes > _LARGEST):
        raise ValueError(
            f"{name} has an element of size {sizes[wrong].flat[0]:.3g}{_place(wrong)}, and "
            f"{_LARGEST:g} is the most: give it in other units"
        )
    return sizes


def _unwrap(value: Any, name: str, state: bool) -> Any:
    """Turn a Qobj, a sparse matrix, or a list or array of them into plain arrays."""
    if callable(getattr(value, "full", None)):
        kind = getattr(value, "type", "oper")
        if kind == "ket" and state:
            ket = value.full()
            return ket @ ket.conj().T
        if kind not in ("oper", "scalar"):
            allowed = "a ket or a density matrix" if state else "an operator"
            raise TypeError(f"{name} is a Qobj of type {kind!r}: it takes {allowed}; convert it")
        return value.full()
    if callable(getattr(value, "toarray", None)):
        return value.toarray()
    first = value
    for _ in range(_NESTED):  # and no further, as a list may hold itself
        if not (_holds_objects(first) and len(first)):
            break
        first = first[0]
    if first is not value and (hasattr(first, "full") or hasattr(first, "toarray")):
        return [_unwrap(part, name, state) for part in value]
    return value


def _holds_objects(value: Any) -> bool:
    array = isinstance(value, np.ndarray) and value.dtype == object and value.ndim > 0
    return array or isinstance(value, list | tuple)


def _hermitian(matrix: Array, name: str, scale: Array | float) -> Array:
    adjoint = matrix.swapaxes(-1, -2).conj()
    difference = np.abs(matrix - adjoint).max(axis=(-2, -1))
    if np.any(wrong := difference > TOLERANCE * scale):
        raise ValueError(
            f"{name} is not Hermitian{_place(wrong)}, it differs from its adjoint by "
            f"{difference.max():.3g}: check its off-diagonal entries and their complex conjugates"
        )
    return matrix / 2 + adjoint / 2


def _positive(matrix: Array) -> bool:
    d = matrix.shape[-1]
    if d == 2:
        return bool(np.all(eigenvalues(matrix) >= -TOLERANCE))
    try:  # a Cholesky factor exists only for a positive matrix and costs far less than a spectrum
        np.linalg.cholesky(matrix + TOLERANCE * np.eye(d))
    except np.linalg.LinAlgError:
        return bool(np.all(eigenvalues(matrix) >= -TOLERANCE))
    return True


def _place(wrong: Array) -> str:
    """Say where in a batch the first offender is."""
    if np.ndim(wrong) == 0:
        return ""
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f" at index {index[0] if len(index) == 1 else index}"


# --- what goes out -----------------------------------------------------------------------------


@tiny_is_zero
@going_on("figures of merit")
def evaluate(
    formula: Callable[..., Array], *operands: Array | xr.DataArray, matrix: bool = False
) -> Computed:
    """Apply a function of plain arrays to checked matrices and give their labels back.

    ``formula`` takes arrays (..., d, d) that broadcast, and returns (...), or with ``matrix`` a
    batch of matrices. Dimensions of DataArrays broadcast by name.
    """
    if not any(isinstance(operand, xr.DataArray) for operand in operands):
        shapes = [operand.shape[:-2] for operand in operands]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"the batches have shapes {', '.join(map(str, shapes))}, which do not broadcast: "
                "give them equal lengths, or new axes of length 1"
            ) from None
        return np.asarray(formula(*operands))[()]
    plain: list[Any] = []
    core: list[list[str]] = []
    names: list[str] = []
    for number, operand in enumerate(operands):
        core.append([f"_row{number}", f"_column{number}"])
        if isinstance(operand, xr.DataArray):
            names = names or [str(dim) for dim in operand.dims[-2:]]
            inside = [c for c, v in operand.coords.items() if set(v.dims) & set(operand.dims[-2:])]
            new = dict(zip(operand.dims[-2:], core[-1], strict=True))
            plain.append(operand.drop_vars(inside).rename(new))
        elif operand.ndim > 2:
            raise ValueError(
                f"an array of shape {operand.shape} meets a DataArray: name the axes of both; "
                "make the array an xarray.DataArray too"
            )
        else:
            plain.append(operand)
    out = core[0] if matrix else []
    _check_batches(plain, core, names if matrix else [])
    result = xr.apply_ufunc(
        formula,
        *plain,
        input_core_dims=core,
        output_core_dims=[out],
        exclude_dims={dim for pair in core for dim in pair},
        keep_attrs=False,
    )
    named = result.rename(dict(zip(out, names, strict=False))).rename(None)
    first = next(each for each in operands if isinstance(each, xr.DataArray))
    labels = {str(dim): first.indexes[dim] for dim in first.dims[-2:] if dim in first.indexes}
    if matrix and all(named.sizes[dim] == len(each) for dim, each in labels.items()):
        named = named.assign_coords(labels)
    return named


def _check_batches(plain: Sequence[Any], core: Sequence[Sequence[str]], out: list[str]) -> None:
    """Raise ValueError unless the other dimensions of labelled matrices go together."""
    labelled = [
        each.isel(dict.fromkeys(inner, 0))
        for each, inner in zip(plain, core, strict=True)
        if isinstance(each, xr.DataArray)
    ]
    if taken := [d for d in out for each in labelled if d in each.dims]:
        raise ValueError(
            f"{taken[0]!r} names the rows or columns of the first matrices and something else of "
            "others: rename it in one of them"
        )
    try:
        xr.align(*labelled, join="exact", copy=False)
    except ValueError:
        shapes = ", ".join(str(dict(each.sizes)) for each in labelled)
        raise ValueError(
            f"axes of the same name must have the same length and labels; got {shapes}: give them "
            "in the same order, as by xarray.align, or rename one of them"
        ) from None


P = ParamSpec("P")


class FigureOfMerit(Protocol[P]):
    """A function of a state, and mostly of a Hamiltonian, as `figure_of_merit` makes it."""

    formula: Callable[..., Array]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Computed:
        """Check, broadcast, work out, label."""


def figure_of_merit(formula: Callable[P, Computed], matrix: bool = False) -> FigureOfMerit[P]:
    """Let a formula over checked arrays take a state, and Hamiltonians, as they come in.

    All are checked and broadcast, and get their labels back; with ``matrix`` what comes out is a
    matrix. The formula over plain arrays stays reachable, as ``.formula``.
    """
    taken = signature(formula)
    count = len(taken.parameters)

    @wraps(formula)
    def labelled(*args: P.args, **kwargs: P.kwargs) -> Computed:
        rho, *given = taken.bind(*args, **kwargs).args if kwargs or len(args) != count else args
        states = density_matrices(rho)
        hs = [hamiltonians(h, states.shape[-1], like=states) for h in given]
        return evaluate(formula, states, *hs, matrix=matrix)

    made: Any = labelled
    made.formula = formula
    return made  # type: ignore[no-any-return]


# --- small linear algebra ----------------------------------------------------------------------


def eigensystem(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues, rising, and eigenvectors (columns) of Hermitian matrices (..., d, d).

    For 2 x 2 in closed form: quick for a large batch, and a small component of an eigenvector
    keeps all its digits, which LAPACK does not promise.
    """
    if matrix.shape[-1] != 2:
        return np.linalg.eigh(matrix)
    low, high, tangent, inverted = _qubit(matrix)
    cosine = 1 / np.hypot(1.0, tangent)
    sine = tangent * cosine
    corner = matrix[..., 1, 0]
    phase = np.exp(1j * np.angle(corner)) if np.iscomplexobj(matrix) else np.copysign(1.0, corner)
    ground = np.where(inverted, sine, cosine)  # components of the eigenvector on top
    excited = np.where(inverted, cosine, sine) * phase
    vectors = np.empty(matrix.shape, dtype=matrix.dtype)
    vectors[..., 0, 0], vectors[..., 1, 0] = -excited.conj(), ground
    vectors[..., 0, 1], vectors[..., 1, 1] = ground, excited
    return np.stack([low, high], axis=-1), vectors


def eigenvalues(matrix: Array) -> Array:
    """Eigenvalues, rising, of Hermitian matrices (..., d, d)."""
    if matrix.shape[-1] != 2:
        return np.linalg.eigvalsh(matrix)
    low, high, _, _ = _qubit(matrix)
    return np.stack([low, high], axis=-1)


def _qubit(matrix: Array) -> tuple[Array, Array, Array, Array]:
    """Both eigenvalues, the tangent of half the mixing angle, and whether index 1 is on top."""
    p, q = matrix[..., 0, 0].real, matrix[..., 1, 1].real
    half, corner = (q - p) / 2, np.abs(matrix[..., 1, 0])
    reach = np.hypot(half, corner) + np.abs(half)
    tangent = np.divide(corner, reach, out=np.zeros_like(reach), where=reach > 0)
    shift = corner * tangent  # sqrt(half^2 + corner^2) - |half| without the cancellation
    return np.minimum(p, q) - shift, np.maximum(p, q) + shift, tangent, half > 0
