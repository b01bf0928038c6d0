"""Charging on levels, where means and covariances would say all that is asked."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from quantumbattery.charging import (
    by_moments,
    by_starts,
    charge,
    dephased,
    displaced_battery,
    steady_state,
)
from quantumbattery.charging.solve import Work


@contextmanager
def on_levels():
    """Whatever is charged here is charged on levels."""
    with ExitStack() as ways:
        for way in (by_moments, by_starts):
            ways.enter_context(patch.object(way, "fits", return_value=False))
        ways.enter_context(patch.object(by_moments, "tells", return_value=False))
        ways.enter_context(patch.object(displaced_battery, "still", return_value=None))
        ways.enter_context(patch.object(dephased, "charged", return_value=None))
        ways.enter_context(patch.object(steady_state, "never_settles", return_value=None))
        yield


@contextmanager
def bounded():
    """What given levels leave out is bounded, also where a solution without levels tells it."""
    with patch.object(charge, "without_levels", return_value=None):
        yield


@contextmanager
def unbounded():
    """What cuts may change is not worked out: where levels are given, to see what others give."""
    with patch.object(Work, "_left_out", return_value=({}, {})):
        yield
