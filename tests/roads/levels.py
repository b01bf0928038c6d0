"""Charging on levels, where means and covariances would say all that is asked."""

from contextlib import contextmanager
from unittest.mock import patch

from quantumbattery.charging import by_moments, by_starts


@contextmanager
def on_levels():
    """Whatever is charged here is charged on levels."""
    ways = (patch.object(way, "fits", return_value=False) for way in (by_moments, by_starts))
    with next(ways), next(ways):
        yield
