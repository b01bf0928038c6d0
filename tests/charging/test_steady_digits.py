"""Steady states of which double precision knows few digits: what is said bounds what is wrong."""

import warnings
from fractions import Fraction

import numpy as np
import pytest

import quantumbattery as qb

LOWER = np.array([[0, 1], [0, 0]], dtype=object)
ONE = np.array([[1, 0], [0, 1]], dtype=object)


def exact(link, drive, baths):
    """The steady state of two qubits in the frame of the drive, in rational numbers (16,).

    Baths are (loss, dephasing, occupation) of each.
    """
    a, b = np.kron(LOWER, ONE), np.kron(ONE, LOWER)
    h = Fraction(link) * (a.T.dot(b) + b.T.dot(a)) + Fraction(drive) * (a + a.T)
    h = h + (Fraction(2.0) - 1) * b.T.dot(b)
    one = np.kron(ONE, ONE)
    turned = np.kron(one, h) - np.kron(h, one)  # of -i (h rho - rho h), i aside
    damped = np.zeros((16, 16), dtype=object)
    for lower, (loss, dephasing, warm) in zip((a, b), baths, strict=True):
        down = Fraction(loss) * (1 + Fraction(warm))
        rates = (down, lower), (Fraction(loss) * Fraction(warm), lower.T)
        for rate, jump in (*rates, (2 * Fraction(dephasing), lower.T.dot(lower))):
            square = jump.T.dot(jump)
            kept = np.kron(square, one) + np.kron(one, square)
            damped = damped + rate * (np.kron(jump, jump) - Fraction(1, 2) * kept)
    whole = np.concatenate(
        [np.concatenate([damped, -turned], axis=1), np.concatenate([turned, damped], axis=1)]
    )
    for part in (0, 16):  # the real part of the trace is 1, the other 0
        whole[part] = [int(k in range(part, part + 16, 5)) for k in range(32)]
    return _solved(whole, [Fraction(1)] + [Fraction(0)] * 31)[:16]


def _solved(matrix, right):
    """By elimination."""
    matrix, size = matrix + Fraction(0), len(right)
    for k in range(size):
        pivot = next(j for j in range(k, size) if matrix[j, k])
        matrix[[k, pivot]] = matrix[[pivot, k]]
        right[k], right[pivot] = right[pivot], right[k]
        for j in range(size):
            if j != k and matrix[j, k]:
                factor = matrix[j, k] / matrix[k, k]
                matrix[j], right[j] = matrix[j] - factor * matrix[k], right[j] - factor * right[k]
    return [right[k] / matrix[k, k] for k in range(size)]


@pytest.mark.parametrize("slow", [1e-9, 1e-8, 1e-5, 1e-3])
def test_what_is_said_of_a_steady_state_bounds_what_is_wrong(slow):
    """Rates that many times below a detuning, of a warm qubit beside a cold one."""
    link, drive = 1e-3, 1e-12
    baths = (slow, slow, 10.0), (slow, 0.0, 0.0)
    sites = {
        "a": qb.Qubit(1.0, loss=slow, dephasing=slow, occupation=10.0),
        "b": qb.Qubit(2.0, loss=slow),
    }
    pair = qb.System(sites, [qb.exchange("a", "b", link), qb.drive("a", drive, 1.0)], "a", "b")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = pair.charge({}, np.inf, ["energy"])
    rho = exact(link, drive, baths)
    off = abs(found.energy.item() - 2 * float(rho[5] + rho[15])) / 2  # |01> and |11>
    assert off <= found.attrs["solver_error"]
    assert bool(said) == (found.attrs["solver_error"] > 1e-8)
    assert all("the slowest rates are so far below the fastest" in str(w.message) for w in said)
    if slow == 1e-9:
        assert said
        assert off > 1e-9  # so that it is worth saying
