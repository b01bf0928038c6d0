"""What a state holds besides energy: inversion, coherence, purity, entropy, entanglement.

In every function ``rho`` is a density matrix (..., d, d); a QuTiP Qobj or a list of them will do,
and of a DataArray the last two dimensions are the matrix. Index 0 is the ground state. One state
gives one number, a batch an array, a DataArray a DataArray of its remaining dimensions. All numbers
are without units.

A matrix that is not numeric raises TypeError; one that is no density matrix (tolerance 1e-8), or
whose dimension does not fit, ValueError.
"""

from collections.abc import Sequence

import numpy as np

from quantumbattery.merit.partial_trace import reduced, states_of_parts
from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import (
    eigensystem,
    eigenvalues,
    evaluate,
    figure_of_merit,
)


@figure_of_merit
def population_inversion(rho: MatrixLike) -> Computed:
    """Inversion of a qubit's population, I = <1|rho|1> - 1/2 (paper, Eq. 46), from -1/2 to 1/2.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., 2, 2)
        Density matrices of a qubit.

    Returns
    -------
    float, ndarray or DataArray
        Dimensionless.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix of a qubit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.population_inversion(np.diag([0.25, 0.75]))
    np.float64(0.25)
    """
    _check_qubit(rho, "population_inversion")
    return rho[..., 1, 1].real - 0.5


@figure_of_merit
def coherence(rho: MatrixLike) -> Computed:
    """Coherence C = abs(<1|rho|0>) of a qubit (paper, Eq. 46), from 0 to 1/2.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., 2, 2)
        Density matrices of a qubit.

    Returns
    -------
    float, ndarray or DataArray
        Dimensionless.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix of a qubit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.coherence(np.full((2, 2), 0.5))
    np.float64(0.5)
    """
    _check_qubit(rho, "coherence")
    return np.abs(rho[..., 1, 0])


@figure_of_merit
def purity(rho: MatrixLike) -> Computed:
    """Purity Tr(rho^2) (paper, Sec. 1): 1 for a pure state, 1/d for the maximally mixed one.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.

    Returns
    -------
    float, ndarray or DataArray
        Dimensionless.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.purity(np.diag([0.5, 0.5]))
    np.float64(0.5)
    """
    return (np.abs(rho) ** 2).sum((-1, -2))


@figure_of_merit
def entropy(rho: MatrixLike) -> Computed:
    """Von Neumann entropy -Tr(rho log rho), natural logarithm: from 0 to log(d).

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.

    Returns
    -------
    float, ndarray or DataArray
        Dimensionless; natural logarithm.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.entropy(np.diag([0.5, 0.5])).round(6)
    np.float64(0.693147)
    """
    return entropy_of(eigenvalues(rho))


def entropy_of(r: Array) -> Array:
    """The entropy of eigenvalues (..., n), which leave [0, 1] only by rounding."""
    r = np.clip(r, 0.0, 1.0)  # inside it no term is negative
    logarithm = np.log(r, out=np.zeros_like(r), where=r > 0)
    entropy: Array = (0.0 - r * logarithm).sum(-1)
    return entropy


@figure_of_merit
def concurrence(rho: MatrixLike) -> Computed:
    """Concurrence of two qubits, from 0 (separable) to 1 (a Bell state); paper, Sec. 7.

    Wootters' max(0, l1 - l2 - l3 - l4) (Phys. Rev. Lett. 80, 2245 (1998)), with the l taken as
    singular values of V^T (s_y x s_y) V where rho = V V^dag. Square roots of the eigenvalues of
    rho rho~, the usual way, lose half the digits where the state is nearly pure.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., 4, 4)
        Density matrices of two qubits, the charger the first factor.

    Returns
    -------
    float, ndarray or DataArray
        Dimensionless.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix of two qubits.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> qb.concurrence(np.outer(bell, bell)).round(12)
    np.float64(1.0)
    """
    if (d := rho.shape[-1]) != 4:
        raise ValueError(
            f"rho is {d} x {d}: concurrence is for two qubits, 4 x 4; for other pairs use "
            "negativity"
        )
    r, vectors = eigensystem(rho)
    root = vectors * np.sqrt(np.maximum(r, 0.0))[..., None, :]
    flip = np.fliplr(np.diag([-1.0, 1.0, 1.0, -1.0]))  # s_y (x) s_y
    s = np.linalg.svd(root.swapaxes(-1, -2) @ flip @ root, compute_uv=False)
    concurrence: Array = np.clip(s[..., 0] - s[..., 1:].sum(-1), 0.0, 1.0)
    return concurrence


def negativity(rho: MatrixLike, dims: Sequence[int]) -> Computed:
    """Sum of the negative eigenvalues of the partial transpose, their sign dropped.

    Zero for a state that is not entangled, 1/2 for two qubits in a Bell state (Vidal and Werner,
    Phys. Rev. A 65, 032314 (2002)). Beyond 2 x 2 and 2 x 3 some entangled states have none.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrix of two parts.
    dims : (int, int)
        Their dimensions, with product d.

    Returns
    -------
    float, array or DataArray
        Zero or positive; a number for each state.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> qb.negativity(np.outer(bell, bell), dims=(2, 2)).round(12)
    np.float64(0.5)
    """
    state, (a, b) = states_of_parts(rho, dims, parts=2)

    def kernel(rho: Array) -> Array:
        parts = rho.reshape(*rho.shape[:-2], a, b, a, b)
        transposed = parts.swapaxes(-4, -2).reshape(rho.shape)
        negativity: Array = 0.0 - np.minimum(eigenvalues(transposed), 0.0).sum(-1)
        return negativity

    return evaluate(kernel, state)


def mutual_information(rho: MatrixLike, dims: Sequence[int]) -> Computed:
    """Mutual information S(a) + S(b) - S(ab) of two parts, natural logarithm, never negative.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrix of two parts.
    dims : (int, int)
        Their dimensions, with product d.

    Returns
    -------
    float, array or DataArray
        In nats; a number for each state.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.mutual_information(np.diag([0.5, 0.0, 0.0, 0.5]), dims=(2, 2)).round(6)
    np.float64(0.693147)
    """
    state, sizes = states_of_parts(rho, dims, parts=2)

    def kernel(rho: Array) -> Array:
        one, two = (entropy.formula(reduced(rho, sizes, [k])) for k in (0, 1))
        # Entropy is subadditive; what is below 0 is the rounding of a product state.
        information: Array = np.maximum(one + two - entropy.formula(rho), 0.0)
        return information

    return evaluate(kernel, state)


def _check_qubit(rho: Array, name: str) -> None:
    if (d := rho.shape[-1]) != 2:
        raise ValueError(
            f"rho is {d} x {d}: {name} is for a qubit, 2 x 2; take one out of a larger system with "
            "partial_trace"
        )
