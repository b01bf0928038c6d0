"""Modules that a test wrote as a user would are gone after it."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    for name in [name for name in sys.modules if name.startswith("users_")]:
        del sys.modules[name]
