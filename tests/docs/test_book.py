"""The book, without building it: code parses, names and links exist, verdicts are the ledger's."""

import ast
import re
import tomllib
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import quantumbattery as qb

BOOK = Path(__file__).parents[2] / "docs" / "book"
PAGES = sorted(BOOK.rglob("*.md"))
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?::[^\n]*\n)*(.*?)^```", re.DOTALL | re.MULTILINE)
SHOWN = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def names(page):
    return str(page.relative_to(BOOK))


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_code_parses_and_what_should_run_is_run(page):
    text = page.read_text()
    cells = CELL.findall(text)
    for code in cells + SHOWN.findall(text):
        ast.parse(code)
    assert bool(cells) == ("file_format: mystnb" in text), "cells run on pages that say so"
    assert len(cells) == text.count("{code-cell}")


def headings(page):
    """The anchors of a page, as MyST makes them."""
    found = re.findall(r"^#{1,3} (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found}


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_to_pages_and_headings(page):
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there in PAGES, f"{target} is no page"
        assert not anchor or anchor in headings(there), f"{target} is no heading"


def test_every_page_is_in_a_table_of_contents():
    listed = {BOOK / "index.md"}
    for page in PAGES:
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.M | re.S):
            entries = [line for line in tree.split("\n") if line and not line.startswith(":")]
            names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]
            listed |= {page.parent / f"{name}.md" for name in names}
    assert listed == set(PAGES)


def test_cards_lead_to_pages():
    targets = re.findall(r"^:link: (\S+)$", (BOOK / "index.md").read_text(), re.MULTILINE)
    assert targets
    assert all((BOOK / f"{target}.md").exists() for target in targets)


def documented():
    """What the pages of the interface describe, by full names."""
    found = []
    for page in (BOOK / "interface").glob("*.md"):
        module = ""
        for kind, name in re.findall(r"^\.\. (\w+):: ?(\S*)$", page.read_text(), re.MULTILINE):
            if kind == "currentmodule":
                module = name
            elif kind.startswith("auto") and kind != "autosummary":
                found.append(f"{module}.{name}")
    return found


def public():
    """What users may call."""
    for name in qb.__all__:
        value = getattr(qb, name)
        if isinstance(value, ModuleType):
            inner = [n for n in value.__all__ if not isinstance(getattr(value, n), ModuleType)]
            yield from (f"{value.__name__}.{each}" for each in inner)
        else:
            yield f"quantumbattery.{name}"


def test_every_public_name_is_in_the_interface_once():
    described = documented()
    approximations = {n for n in described if ".paper.approximations." in n}
    assert sorted(set(described) - approximations) == sorted(public())
    assert len(described) == len(set(described))
    assert {n.rpartition(".")[2] for n in approximations} == {
        name
        for name, value in vars(qb.paper.approximations).items()
        if callable(value) and getattr(value, "__module__", "") == qb.paper.approximations.__name__
        if not name.startswith("_")
    }


def test_words_of_the_glossary_lead_to_names():
    named = re.findall(r"<quantumbattery\.([\w.]+)>", (BOOK / "glossary.md").read_text())
    assert len(named) > 20
    for name in named:
        attrgetter(name)(qb)  # or AttributeError


def test_every_method_of_what_charges_is_in_the_interface():
    text = "".join(page.read_text() for page in (BOOK / "interface").glob("*.md"))
    for kind in (qb.System, qb.QubitPair, qb.Protocol):
        told = re.search(rf"autoclass:: {kind.__name__}\n   :members: (.*)", text)
        methods = {n for n in dir(kind) if not n.startswith("_") and callable(getattr(kind, n))}
        assert told is not None
        assert methods <= {*told[1].split(", "), "arrays", "ends", "written"}  # the last are ours


def test_every_equation_is_retold_with_the_verdict_of_the_ledger():
    row = re.compile(r"^\| (\d+) \| (\w+) \|", re.MULTILINE)
    told = [
        (int(number), verdict)
        for page in (BOOK / "paper").glob("*.md")
        for number, verdict in row.findall(page.read_text())
    ]
    assert sorted(told) == [(each.number, each.status) for each in qb.paper.verify()]


def test_the_question_has_the_answer_of_the_general_solver():
    pair, start = qb.QubitPair(charger_loss=0.3).system(), qb.bloch(2 * np.pi / 3)
    best = pair.optimum(start, horizon=5.0, of="ergotropic_power")
    printed = qb.paper.approximations.ergotropic_power_time(2 * np.pi / 3).item()
    there = pair.charge(start, printed, ["ergotropic_power"]).ergotropic_power.item()
    text = (BOOK / "howto" / "disconnect.md").read_text()
    assert f"**J t = {best.ergotropic_power_time.item():.4f}**" in text
    assert "two thirds of a percent" in text
    assert 1 - there / best.ergotropic_power_max.item() == pytest.approx(0.0065, abs=5e-5)


def test_pages_take_nothing_from_outside():
    for page in [*PAGES, BOOK / "conf.py", *(BOOK / "_static").iterdir()]:
        text = page.read_text()
        assert not re.search(r"!\[[^\]]*\]\(https?:|<(script|img|link|iframe)|@import|url\(", text)


def test_headings_go_down_one_by_one():
    for page in PAGES:
        text = FENCED.sub("", page.read_text())
        depths = [len(each) for each in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert depths[0] == 1
        assert all(below <= above + 1 for above, below in pairwise(depths)), page


HOWTO = sorted(page for page in (BOOK / "howto").glob("*.md") if page.stem != "index")


@pytest.mark.parametrize("page", HOWTO, ids=names)
def test_pages_of_the_how_to_run_draw_and_say_what_they_cost(page):
    text = page.read_text()
    code = "".join(CELL.findall(text))
    assert "qb.plot." in code or "plt.subplots(" in code
    assert "*What it cost" in text, "how large a problem, and what time it took"
    assert "perf_counter() - begun" in code, "a time is measured where the page is built"
    assert f"({page.name})" in (BOOK / "howto" / "index.md").read_text()


def test_the_transmons_of_the_page_are_those_of_their_charge_basis():
    """What scqubits gives, by a matrix typed by hand."""
    charges = np.arange(-31, 32)
    h = np.diag(4 * 0.3 * charges**2.0) - 7.5 * (np.eye(63, k=1) + np.eye(63, k=-1))
    energies, states = np.linalg.eigh(h)
    n = np.abs(states.T @ np.diag(charges) @ states)
    text = (BOOK / "coming_from.md").read_text()
    for value in (*(energies[1:3] - energies[0]), n[0, 1], n[1, 2]):
        assert f"{value:.5f}".rstrip("0") in text


def test_the_software_is_cited_in_this_version():
    given = tomllib.loads((BOOK.parents[1] / "pyproject.toml").read_text())["project"]["version"]
    assert f"version = {{{given}}}" in (BOOK / "references.bib").read_text()
