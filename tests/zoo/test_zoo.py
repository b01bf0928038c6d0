import ast
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.cli import main
from quantumbattery.zoo import brute_force, registry
from quantumbattery.zoo.entries import Entry, Result

KEYS = ["system", "quantity", "value", "reference", "source", "difference", "allowed", "agrees"]


@pytest.fixture(scope="module")
def everything():
    said = []
    return qb.zoo.reproduce("all", done=said.append), said


def test_all_results_agree(everything):
    zoo, _ = everything
    assert [f"{row.system}: {row.quantity}" for row in zoo if not row.agrees] == []
    assert zoo.agrees
    assert len(zoo) >= 290
    assert len({row.system for row in zoo}) >= 69


def test_rows_are_in_order_and_honest(everything):
    zoo, said = everything
    assert list(dict.fromkeys(row.system for row in zoo)) == list(qb.zoo.NAMES)
    assert len(said) == len(qb.zoo.NAMES)
    for row in zoo:
        assert row.source.startswith(("printed: ", "exact: ", "independent: ")), row
        assert row.difference == abs(row.value - row.reference)
        assert row.agrees is (row.difference <= row.allowed)
        assert row.allowed <= 1e-9 or "digit" in row.source or "finite" in row.source or (
            row.source.startswith("printed") and row.allowed == 0.005
        ), row  # fmt: skip
    assert len({(row.system, row.quantity) for row in zoo}) == len(zoo)


def test_json_holds_exactly_the_keys(everything):
    zoo, _ = everything
    rows = json.loads(zoo.to_json())
    assert [list(row) for row in rows] == [KEYS] * len(zoo)
    assert [qb.zoo.Row(**row) for row in rows] == list(zoo)


def test_the_table_fits_and_shows_every_row(everything):
    zoo, _ = everything
    lines = str(zoo).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-1] == zoo.summary()
    assert f"{len(zoo)} results of {len(qb.zoo.NAMES)} systems" in zoo.summary()


def test_names_are_unique():
    assert sum(len(subject.ENTRIES) for subject in registry.SUBJECTS) == len(qb.zoo.NAMES)


@pytest.mark.parametrize("name", ["brute_force", "quadratures"])
def test_references_by_other_ways_use_nothing_of_the_library(name):
    source = Path(registry.__file__).with_name(f"{name}.py").read_text("utf-8")
    names = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not [name for name in names if name.startswith("quantumbattery")]


def test_collisions_by_force_are_one_with_and_without_jumps():
    h, fresh = np.kron([[0, 1], [1, 0]], np.diag([0.3, -1.0, 2.0])), np.diag([0.2, 0.8])
    start, nothing = np.full((3, 3), 1 / 3), np.zeros((6, 6))
    one = brute_force.collisions(h, [], fresh, start, 0.7, 4)
    two = brute_force.collisions(h, [nothing], fresh, start, 0.7, 4)
    np.testing.assert_allclose(one, two, atol=1e-14)
    assert one.shape == (5, 3, 3)


def test_one_system():
    zoo = qb.zoo.reproduce("mediator")
    assert {row.system for row in zoo} == {"mediator"}


@pytest.mark.parametrize("name", ["perpetuum mobile", ""])
def test_an_unknown_name_lists_those_that_there_are(name):
    with pytest.raises(ValueError, match=f"no system {name!r}.*qubit_pair.*dicke.*or all"):
        qb.zoo.reproduce(name)


def test_a_name_is_text():
    with pytest.raises(TypeError, match="name of a system is text"):
        qb.zoo.reproduce(3)
    with pytest.raises(ValueError, match="a picture shows one system"):
        qb.zoo.picture("all")


# --- results -------------------------------------------------------------------------------------


def test_of_an_array_the_row_shows_the_furthest_off():
    row = Result("x", lambda: [1.0, 2.0, 3.0], [1.0, 2.5, 3.1], "exact: typed").row("system")
    assert (row.value, row.reference, row.difference, row.agrees) == (2.0, 2.5, 0.5, False)


def test_a_nan_agrees_with_nothing_and_is_null():
    row = Result("x", lambda: [1.0, np.nan], 1.0, "exact: typed", allowed=10.0).row("system")
    zoo = qb.zoo.Zoo((row,))
    assert not zoo.agrees
    assert json.loads(zoo.to_json())[0]["value"] is None
    assert zoo.summary() == "Disagreement in 1 of 1 result of 1 system: system: x."
    assert "\n!" in str(zoo)


@pytest.mark.parametrize(
    ("source", "allowed", "sentence"),
    [("a friend: said so", 0.1, "must begin with printed:"), ("exact: yes", np.inf, "finite")],
)
def test_a_result_needs_a_source_and_a_tolerance(source, allowed, sentence):
    with pytest.raises(ValueError, match=sentence):
        Result("x", lambda: 1.0, 1.0, source, allowed)


def test_nothing_to_compare_is_an_error():
    with pytest.raises(ValueError, match="no number to compare"):
        Result("x", list, 1.0, "exact: typed").row("system")


# --- pictures and the command line ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["dicke", "star", "maximal_work"])
def test_pictures_have_labels_and_a_legend(name):
    (axes,) = qb.zoo.picture(name).axes
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert axes.get_legend() is not None
    assert axes.get_title()


def test_pictures_say_how_they_start():
    for name, entry in registry.ENTRIES.items():
        assert entry.start.strip(), name
    axes = qb.zoo.picture("dicke").axes[0]
    assert axes.get_xlabel() == "cells $N$\ncavity with exactly $N$ photons"


def test_every_line_of_a_picture_is_named():
    for name in ("driven_qubit_pair", "jaynes_cummings", "dicke", "collisions", "self_discharge"):
        (axes,) = qb.zoo.picture(name).axes
        keys = axes.get_legend().get_texts() if axes.get_legend() else []
        said = {text.get_text() for text in [*keys, *axes.texts]}
        assert {line.get_label() for line in axes.lines} <= said, name


def test_curves_of_a_cavity_do_not_cross():
    (axes,) = qb.zoo.picture("jaynes_cummings").axes
    spans = sorted((min(line.get_ydata()), max(line.get_ydata())) for line in axes.lines)
    assert len(spans) == 3
    assert all(lower[1] < upper[0] for lower, upper in pairwise(spans))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1"] * 3


def command(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["quantumbattery", "zoo", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    return stop.value.code, said.out, said.err


def test_command_prints_json_and_draws(tmp_path, monkeypatch, capsys):
    picture = tmp_path / "star.svg"
    code, out, err = command(
        monkeypatch, capsys, "star", "--format", "json", "--plot", str(picture)
    )
    assert code == 0
    assert [list(row) for row in json.loads(out)] == [KEYS] * 3
    assert str(picture) in err
    assert "<svg" in picture.read_text("utf-8")


def small_zoo(monkeypatch, allowed):
    def draw(axes):
        axes.plot([0, 1], [0, 1])

    results = [Result("x", lambda: 1.0, 1.1, "exact: typed", allowed)]
    entries = {name: Entry(name, name, results, draw, "empty") for name in ("one", "two")}
    monkeypatch.setattr(registry, "ENTRIES", entries)


@pytest.mark.parametrize(("allowed", "status"), [(0.2, 0), (0.01, 1)])
def test_all_says_how_far_it_is_and_whether_all_agree(
    tmp_path, monkeypatch, capsys, allowed, status
):
    small_zoo(monkeypatch, allowed)
    code, out, err = command(monkeypatch, capsys, "all", "--plot", str(tmp_path / "new"))
    assert code == status
    assert err.splitlines()[-1] == f" 2/2  two: {1 - status} of 1 agree"
    assert ("Disagreement in 2 of" in out) == bool(status)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"one.png", "two.png"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("unicorn", "no system 'unicorn' in the zoo; there are qubit_pair, "),
        ("tavis", "no system 'tavis' in the zoo; did you mean tavis_cummings, "),
        ("Dicke", "did you mean dicke?\n"),
        ("star --format xml", "format must be text or json; got 'xml'"),
        ("star --plot star.doc", "must end in .png, .pdf or .svg"),
        ("star --plot nowhere/star.png", "nowhere is not an existing folder"),
        ("all --plot all.png", "pictures of all systems go to a folder"),
        ("all --plot /dev/null/pictures", "cannot be made"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, err = command(monkeypatch, capsys, *words.split())
    assert (code, out) == (2, "")
    assert sentence in err
    assert list(tmp_path.iterdir()) == []


def test_help_has_examples():
    done = subprocess.run(
        [sys.executable, "-m", "quantumbattery", "zoo", "--help"], capture_output=True, text=True
    )
    assert "quantumbattery zoo" in done.stdout.split("Example", 1)[1]
