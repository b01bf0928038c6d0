"""The sweep that tests stop, worked out by hand."""

import numpy as np
import sweep_study


def by_hand(axes=sweep_study.AXES):
    """The study, worked out without the sweep."""
    x, n, t = np.ix_(np.asarray(axes["x"]), np.asarray(axes["n"]), np.arange(1.0, 4.0))
    y = np.sin(x * n * t)
    y[np.broadcast_to((n == 4) & (x > 0.5), y.shape)] = np.nan
    return y


def check(table):
    np.testing.assert_array_equal(table.y.values, by_hand())
    assert table.y.dims == ("x", "n", "t")
    failed = np.isnan(by_hand()).any(axis=-1)
    said = np.where(failed, "ValueError: no value at 4", "")
    assert table.failure.values.tolist() == said.tolist()
