"""What a store is of, in a few letters."""

import os
import re
import subprocess
import sys
import types

import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps.identity import identity


def blind_to_arrays(**_):
    return xr.Dataset({"y": 2.0})


def sensitive(x):
    if x > 0.5:
        raise ValueError("too large")
    return xr.Dataset({"y": 3.0 * x})


def test_memory_of_the_axes_is_a_fingerprint(tmp_path):
    store = tmp_path / "s.zarr"
    table = qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)
    table.close()
    with pytest.raises(ValueError, match="axis 'x' has other values"):
        qb.sweep(sensitive, {"x": [0.1, 0.3]}, store, progress=False)
    with pytest.raises(ValueError, match="axes are x, not y"):
        qb.sweep(blind_to_arrays, {"y": [0.1, 0.2]}, store, progress=False)
    with pytest.raises(ValueError, match="another function"):
        qb.sweep(blind_to_arrays, {"x": [0.1, 0.2]}, store, progress=False)
    with pytest.raises(ValueError, match="in blocks of"):
        qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False, chunk=2)


def test_the_program_s_version_counts(tmp_path, monkeypatch):
    store = tmp_path / "s.zarr"
    qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)
    monkeypatch.setattr("quantumbattery.sweeps.fingerprint.version", lambda _: "9.9.9")
    with pytest.raises(ValueError, match=f"begun by version {re.escape(qb.__version__)}"):
        qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)


def test_functions_differ_by_source_defaults_and_what_they_enclose():
    def made(factor):
        return lambda x: xr.Dataset({"y": factor * x})

    assert identity(made(1.0)) == identity(made(1.0))
    assert identity(made(1.0)) != identity(made(2.0))
    assert identity(sensitive) != identity(blind_to_arrays)


def test_what_a_function_reads_from_its_module_counts():
    source = """
import xarray as xr
FACTOR, LOG = 1.0, []
def helper(x): return FACTOR * x
def run(x):
    LOG.append(x)
    return xr.Dataset({"y": helper(x)})
"""

    def made(before="", after=""):
        space = {"__name__": "script"}
        exec(source.replace(before, after) if before else source, space)
        return space

    first = identity(made()["run"])
    assert identity(made()["run"]) == first
    assert identity(made("    LOG", "    # a remark\n    LOG")["run"]) == first
    assert identity(made("FACTOR, LOG = 1.0", "FACTOR, LOG = 2.0")["run"]) != first
    assert identity(made("return FACTOR * x", "return FACTOR + x")["run"]) != first
    space = made()
    space["run"](1.0)
    assert identity(space["run"]) == first  # what it writes to does not count


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("np.float64(1.0)", "np.float64(2.0)"),
        ("functools.partial(pow, 2.0)", "functools.partial(pow, 3.0)"),
        ("xr.Dataset({'a': 1.0})", "xr.Dataset({'a': 2.0})"),
        ("xr.Dataset({'a': ('t', [1.0])})", "xr.Dataset({'a': ('u', [1.0])})"),
        ("Scaled(1.0)", "Scaled(2.0)"),
        ("fractions.Fraction(1, 2)", "fractions.Fraction(1, 3)"),
    ],
)
def test_a_constant_of_any_kind_counts(before, after):
    def made(constant):
        return identity(space_of(f"HELD = {constant}\ndef run(x): return HELD, x")["run"])

    assert made(before) == made(before)
    assert made(before) != made(after)


@pytest.mark.parametrize("held", ["Scaled", "Scaled(1.0)", "cached", "Deeper", "Scaled(1.0).by"])
def test_what_a_class_or_a_cached_function_does_counts(held):
    def made(factor):
        space = space_of(f"HELD = {held}\ndef run(x): return HELD, x", factor)
        return identity(space["run"])

    assert made("2") == made("2")
    assert made("2") != made("3")


def test_what_nobody_can_tell_apart_is_refused():
    space = space_of("import threading\nLOCK = threading.Lock()\ndef run(x): return LOCK, x")
    with pytest.raises(ValueError, match="nobody can tell whether it is the same next time"):
        identity(space["run"])
    space["run"].fingerprint = "of today"
    assert identity(space["run"]) == "of today"


def space_of(source, factor="2"):
    """A module of a user's."""
    module = f"""
import fractions, functools
import sys
import types

import numpy as np
import xarray as xr
class Scaled:
    def __init__(self, by): self.size = by
    def by(self, x): return {factor} * self.size * x
class Deeper(Scaled): pass
@functools.lru_cache
def cached(x): return {factor} * x
"""
    module_of_users = types.ModuleType("users_script")
    sys.modules["users_script"] = module_of_users
    exec(module + source, module_of_users.__dict__)
    return module_of_users.__dict__


SETS = """
from dataclasses import dataclass
from quantumbattery.sweeps.identity import identity

@dataclass(frozen=True)
class Kept:
    names: frozenset = frozenset(["a", "b", "c", "d", {more!r}])

kept = Kept()
links = {{frozenset(("a", "d")): 1.0, frozenset(("b", "c")): 2.0, frozenset({more!r}): 3.0}}
sets = {{frozenset("ad"), frozenset("bc")}}

def told(links, sets):
    return lambda x: str(x) in kept.names or (x, x) in links or x in sets

print(identity(told(links, sets)))
"""


def test_sets_inside_objects_are_the_same_in_every_process():
    """Their order is another for each seed of hashes; what they hold counts."""

    def told(seed, more):
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", SETS.format(more=more)]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert told(1, "e") == told(2, "e")
    assert told(1, "e") != told(1, "f")


class OwnSet(frozenset):
    """A set that says more than what is in it."""


class Holder:
    def __init__(self, factor):
        self.kept = OwnSet(["a"])
        self.kept.factor = factor


def test_what_a_set_of_an_own_class_holds_counts():
    def made(factor):
        holder = Holder(factor)
        return lambda x: x * holder.kept.factor

    assert identity(made(2.0)) != identity(made(3.0))
    assert identity(made(2.0)) == identity(made(2.0))
