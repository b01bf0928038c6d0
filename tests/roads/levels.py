"""Charging on levels, where means and covariances would say all that is asked."""

from contextlib import contextmanager
from unittest.mock import patch

from quantumbattery.charging import by_moments


@contextmanager
def on_levels():
    """Whatever is charged here is charged on levels."""
    with patch.object(by_moments, "fits", return_value=False):
        yield
