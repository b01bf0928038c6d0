"""The gallery has every system of the zoo and every source; its code draws the zoo's pictures."""

import ast
import builtins
import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.zoo.registry import ENTRIES, SUBJECTS

BOOK = Path(__file__).parents[2] / "docs" / "book"
GALLERY = BOOK / "gallery"


sys.path.append(str(BOOK))
code, sources = import_module("zoo_code"), import_module("zoo_references")
sys.path.remove(str(BOOK))


def test_every_system_of_the_zoo_is_in_the_gallery_on_the_page_of_its_subject():
    subjects = [subject.__name__.rpartition(".")[2] for subject in SUBJECTS]
    index = (GALLERY / "index.md").read_text()
    assert re.findall(r"^```\{zoo-cards\} (\w+)$", index, re.M) == subjects
    assert index.split("{toctree}")[1].split()[1:-1] == subjects
    for subject, name in zip(SUBJECTS, subjects, strict=True):
        shown = re.findall(r"^```\{zoo\} (\w+)\n(.+?)```$", (GALLERY / f"{name}.md").read_text(),
                           re.M | re.S)  # fmt: skip
        assert [system for system, _ in shown] == [entry.name for entry in subject.ENTRIES]
        assert all(len(what) > 60 for _, what in shown), "says what the battery is"


def cited_texts():
    """What the zoo and the named systems say of their sources."""
    for entry in ENTRIES.values():
        yield from (result.source for result in entry.results)
    for name in qb.models.__all__:
        yield " ".join(getattr(qb.models, name).__doc__.split())


def test_every_source_of_the_zoo_is_in_the_references():
    forms = {form for found in sources.references().values() for form in sources.cited(found)}
    forms.add('"Charging a quantum battery from the Bloch sphere" (2026)')
    for text in cited_texts():
        rest = text
        for form in sorted(forms, key=len, reverse=True):
            rest = rest.replace(form, "")
        assert not re.search(r"\((1[89]|20)\d\d\)|arXiv:", rest), f"not in references.bib: {rest}"


def test_references_have_what_a_reader_needs():
    for key, found in sources.references().items():
        needed = {"author", "title"} | ({"year"} if found["kind"] != "software" else set())
        assert needed <= set(found), key
        assert found["kind"] != "article" or key == "DowningUkhtary2026" or sources.place(found)


@pytest.mark.parametrize("name", ENTRIES)
def test_code_stands_for_itself(name):
    """It parses, is short of types, and what it uses it has imported or defined."""
    text = code.script(ENTRIES[name])
    tree = ast.parse(text)
    assert not [each for each in ast.walk(tree) if isinstance(each, ast.arg) and each.annotation]
    assert not re.search(r"\bAny\b|noqa|fmt: skip|TYPE_CHECKING", text)
    names = [each for each in ast.walk(tree) if isinstance(each, ast.Name)]
    stored = {each.id for each in names if not isinstance(each.ctx, ast.Load)}
    stored |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    stored |= {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    stored |= {(a.asname or a.name).split(".")[0] for each in ast.walk(tree)
               if isinstance(each, ast.Import | ast.ImportFrom) for a in each.names}  # fmt: skip
    assert {each.id for each in names} <= stored | set(dir(builtins))


@pytest.mark.parametrize(
    "name", ["star", "mediator", "oscillator_pair", "stirap", "ring_with_flux"]
)
def test_code_draws_the_picture_of_the_zoo(name):
    import matplotlib.pyplot as plt

    there = {}
    with plt.rc_context({"backend": "agg"}):
        exec(code.script(ENTRIES[name]), there)
    plt.close(there["figure"])
    ours, theirs = there["axes"], qb.zoo.picture(name).axes[0]
    assert len(ours.lines) == len(theirs.lines) > 1
    for one, two in zip(ours.lines, theirs.lines, strict=True):
        np.testing.assert_array_equal(one.get_xydata(), two.get_xydata())
        assert one.get_label() == two.get_label()
    assert theirs.get_xlabel().startswith(ours.get_xlabel())
