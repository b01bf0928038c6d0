"""The state that is nearest to a matrix which is nearly one, as tomography gives."""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import evaluate, hermitian_matrices


def nearest_state(rho: MatrixLike) -> tuple[Computed, Computed]:
    """The density matrix closest to a Hermitian matrix, and how far away it is.

    Closest in the Frobenius norm, which is the most likely state for equal Gaussian errors: the
    eigenvalues go to the nearest probabilities, the eigenvectors stay (J. A. Smolin, J. M. Gambetta
    and G. Smith, Phys. Rev. Lett. 108, 070502 (2012)).

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Hermitian; its trace need not be 1, and eigenvalues may be negative.

    Returns
    -------
    state : ndarray or DataArray, shape (..., d, d)
        Hermitian, positive, of trace 1.
    distance : float, ndarray or DataArray
        The Frobenius norm of the difference.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` holds no numbers, is not finite, or is not Hermitian (tolerance 1e-8).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> state, distance = qb.nearest_state(np.diag([1.015, -0.015]))
    >>> state, distance.round(6)
    (array([[1., 0.],
           [0., 0.]]), np.float64(0.021213))
    """
    matrix = hermitian_matrices(rho, "rho")
    return evaluate(_projected, matrix, matrix=True), evaluate(_distance, matrix)


def _projected(rho: Array) -> Array:
    values, vectors = np.linalg.eigh(rho)
    p = _probabilities(values)[..., None, :]
    nearest: Array = (vectors * p) @ vectors.conj().swapaxes(-1, -2)
    return nearest


def _distance(rho: Array) -> Array:
    values = np.linalg.eigvalsh(rho)
    apart = np.abs(values - _probabilities(values))
    most = apart.max(axis=-1, keepdims=True)
    most[most == 0] = 1.0
    return np.asarray(np.linalg.norm(apart / most, axis=-1) * most[..., 0])  # no square overflows


def _probabilities(values: Array) -> Array:
    """The probabilities nearest to numbers (..., d): all less the same, and none below 0.

    The largest k stay, k as large as keeps all of them positive. They count from the largest, so
    that those of large numbers, such as counts, add up to 1 as well.
    """
    values = values - values.max(axis=-1, keepdims=True)
    falling = np.sort(values, axis=-1)[..., ::-1]
    count = np.arange(1, values.shape[-1] + 1)
    excess = (np.cumsum(falling, axis=-1) - 1) / count
    kept = np.sum(falling > excess, axis=-1, keepdims=True)
    less = np.take_along_axis(excess, kept - 1, axis=-1)
    return np.maximum(values - less, 0.0)
