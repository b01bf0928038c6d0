"""Batches over frequencies of fields, of which some members turn and others do not."""

from unittest.mock import patch

import numpy as np
import pytest

import quantumbattery as qb


def pulse(t):
    return np.exp(-((t - 2.0) ** 2))


def chain(frequency, phase):
    """Cells in a row, with fields at both ends; in the frame of one the other turns, or stands."""
    links = [qb.exchange(a, b, 0.5) for a, b in ("ab", "bc", "cd")]
    fields = [qb.drive("a", 0.3, 1.0), qb.drive("d", 0.2, frequency, pulse, phase=phase)]
    return qb.System({name: qb.Qubit(loss=0.1) for name in "abcd"}, links + fields, "a", "d")


@pytest.mark.parametrize("phase", [0.0, np.pi / 2, 0.7])
@pytest.mark.parametrize("cores", [1, 2, 3])
def test_members_at_rest_are_those_that_are_asked_alone(cores, phase):
    """However many cores share the members, so that some turn by themselves and others do not."""
    frequencies, times = np.array([1.0, 0.9, 1.0]), [2.0, 4.0]
    with patch("quantumbattery.charging.solve.cores", return_value=cores):
        together = chain(frequencies, phase).charge({}, times, ["energy", "ergotropy"])
    for k, frequency in enumerate(frequencies):
        alone = chain(float(frequency), phase).charge({}, times, ["energy", "ergotropy"])
        for name in alone:
            np.testing.assert_allclose(together[name][k], alone[name], rtol=0, atol=1e-11)
