"""A series in leaps beside exponentials of dense matrices, at any times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.sparse import csr_array, random_array

from quantumbattery.dynamics import series
from quantumbattery.dynamics.series import moved_by


def generator(seed: int, kind: type = float) -> Any:
    """A sparse matrix of few large entries, which damps and turns."""
    rng = np.random.default_rng(seed)
    size = 40
    matrix = random_array((size, size), density=0.1, rng=rng).toarray() * 6
    matrix = matrix - matrix.T - np.diag(rng.uniform(0, 4, size))
    return csr_array(matrix * 1j if kind is complex else matrix)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize(
    "times", [np.linspace(0, 3, 40), np.array([2.0, 0.0, 0.7, 2.0]), np.array([5.0]), np.zeros(2)]
)
def test_as_exponentials(kind: type, reading: bool, times: np.ndarray) -> None:
    """Grids, times in any order, a single one, and none at all."""
    made, rng = generator(1, kind), np.random.default_rng(2)
    start = rng.normal(size=(3, 40))
    read = csr_array(rng.normal(size=(5, 40))) if reading else None
    found = moved_by(made, start, times, read)
    exact = np.stack([start @ expm(made.toarray() * t).T for t in times], axis=1)
    exact = exact if read is None else exact @ read.toarray().T
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12 * max(1.0, np.abs(exact).max()))


def test_a_matrix_whose_square_is_nothing() -> None:
    """The norm of the square tells nothing then, and the series ends by itself."""
    jump = csr_array(np.diag([7.0, 0.0, 3.0], 1))
    start = np.eye(4)
    found = moved_by(jump, start, np.array([0.0, 1.0, 2.0]))
    exact = [start @ expm(jump.toarray() * t).T for t in (0.0, 1.0, 2.0)]
    np.testing.assert_allclose(found, np.stack(exact, axis=1), rtol=0, atol=1e-14)


def test_states_too_large_to_keep_terms_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by SciPy's, which keeps none."""
    made, start, times = generator(3), np.eye(40)[:2], np.linspace(0.1, 2, 9)
    here = moved_by(made, start, times)
    monkeypatch.setattr(series, "STATES_AT_ONCE", 200)
    np.testing.assert_allclose(moved_by(made, start, times), here, rtol=0, atol=1e-12)
