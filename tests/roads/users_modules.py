"""Modules as a user writes them, and what a function in one is told by."""

import sys
import types

from quantumbattery.sweeps.identity import identity

BEFORE = """
import abc, collections, dataclasses, decimal, enum, fractions, functools, operator, types
import numpy as np
import xarray as xr
import quantumbattery as qb
"""


def module(source, name="users_script"):
    """A module of a user's."""
    made = sys.modules[name] = types.ModuleType(name)
    exec(BEFORE + source, vars(made))
    return made


def told(held, value):
    return identity(module(f"{held}\ndef run(x): return {value}").run)
