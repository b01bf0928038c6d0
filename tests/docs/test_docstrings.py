"""Docstrings of public names are what editors and `help` show well."""

import inspect
import re
from operator import attrgetter

import pytest

import quantumbattery as qb
from test_interface import documented

NAMES = [name.removeprefix("quantumbattery.") for name in documented()]
CALLED = [n for n in NAMES if callable(attrgetter(n)(qb)) and n != "SweepError"]


def section(text, title):
    """What stands in a section, or nothing."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+$|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("name", [n for n in NAMES if n != "zoo.NAMES"])
def test_the_first_line_is_a_sentence_and_no_line_is_long(name):
    lines = inspect.getdoc(attrgetter(name)(qb)).splitlines()
    assert lines[0].endswith(".")
    assert lines[0][0].isupper() or lines[0][0] in '"_'
    assert len(lines) == 1 or not lines[1]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", CALLED)
def test_every_argument_is_explained_and_what_is_returned(name):
    value = attrgetter(name)(qb)
    text = inspect.getdoc(value)
    said = section(text, "Parameters") + section(text, "Attributes")
    told = [line.split(" : ")[0] for line in said.splitlines() if line and line[0] != " "]
    explained = {each.strip().lstrip("*") for line in told for each in line.split(",")}
    assert set(inspect.signature(value).parameters) - {"self"} <= explained
    assert inspect.isclass(value) or section(text, "Returns")
