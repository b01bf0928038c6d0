"""Pictures show in a notebook, are drawn into axes of others, and leave pyplot alone."""

import pickle
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import quantumbattery as qb

PNG = b"\x89PNG\r\n\x1a\n"
TIMES = np.linspace(0, 4, 41)


def displayed(thing, *prepare):
    """What a notebook is given of the value of a cell, by kind."""
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    for each in prepare:
        each(formatter)
    return formatter.format(thing)[0]


def table(**parameters):
    return qb.QubitPair(**parameters).charge(qb.bloch(np.pi / 2), TIMES)


PICTURES = {
    "curves": lambda **ax: qb.plot.curves(table(), ["energy", "ergotropy"], **ax),
    "family": lambda **ax: qb.plot.curves(table(charger_loss=[0.0, 1.0]), ["energy"], **ax),
    "map": lambda **ax: qb.plot.map(table(charger_loss=[0.0, 1.0]), "time", "charger_loss", **ax),
    "zoo": lambda **ax: qb.zoo.picture("star", **ax),
    "bloch": lambda **ax: qb.plot.bloch(qb.bloch([0.0, 1.0]), **ax),
}


@pytest.mark.parametrize("make", [*PICTURES.values(), lambda: qb.paper.figure(2)])
def test_a_notebook_shows_the_picture_once(make):
    figure = make()
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(PNG)
    assert [kind for kind in displayed(figure) if kind.startswith("image/")] == ["image/png"]


def test_where_a_notebook_shows_figures_by_itself_that_way_is_taken():
    def inline(formatter):
        formatter.formatters["image/png"].for_type(Figure, lambda _: b"inline")

    assert displayed(PICTURES["curves"](), inline)["image/png"] == b"inline"


def test_the_picture_of_a_notebook_changes_nothing():
    figure = PICTURES["curves"]()
    before = dict(mpl.rcParams), figure.dpi, figure._repr_png_()
    assert before == (dict(mpl.rcParams), figure.dpi, figure._repr_png_())
    assert pickle.loads(pickle.dumps(figure))._repr_png_().startswith(PNG)


def test_pyplot_is_not_loaded_and_matplotlib_only_for_pictures():
    code = (
        "import sys, numpy as np, quantumbattery as qb;"
        "assert 'matplotlib' not in sys.modules;"
        "qb.plot.curves(qb.QubitPair().charge(qb.bloch(1.0), np.arange(4.0)))._repr_png_();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_drawn_into_given_axes(name):
    solid = {"projection": "3d"} if name == "bloch" else {}
    figure = Figure()
    left, right = figure.subplots(1, 2, subplot_kw=solid)
    assert PICTURES[name](ax=right) is figure
    assert right.has_data()
    assert not left.has_data()


def test_axes_in_a_part_of_a_figure():
    figure = Figure()
    axes = figure.subfigures(1, 2)[1].subplots()
    assert PICTURES["map"](ax=axes) is figure


def test_given_axes_keep_their_look():
    figure = Figure()
    axes = figure.subplots()
    qb.plot.curves(table(), ["energy", "ergotropy"], ax=axes)
    assert axes.get_legend().get_texts()[0].get_fontname() == axes.xaxis.label.get_fontname()
    assert axes.lines[0].get_linewidth() == mpl.rcParams["lines.linewidth"]


def test_panels_go_into_as_many_axes():
    figure = Figure()
    grid = figure.subplots(2, 1)
    qb.plot.curves(table(), ["energy", "power"], ax=grid)
    assert [axes.get_ylabel()[:6] for axes in grid] == ["stored", "chargi"]
    with pytest.raises(ValueError, match=r"take 2 panels \(energy; power\) and ax has 1"):
        qb.plot.curves(table(), ["energy", "power"], ax=grid[0])


@pytest.mark.parametrize("name", PICTURES)
def test_axes_of_another_kind_are_refused(name):
    solid = {} if name == "bloch" else {"projection": "3d"}
    for wrong in (Figure(), Figure().add_subplot(**solid)):
        with pytest.raises(TypeError, match=r"ax must be .*; got"):
            PICTURES[name](ax=wrong)


# --- tables --------------------------------------------------------------------------------------


def test_tables_show_as_tables_and_are_escaped():
    from quantumbattery.paper.ledger import Ledger, Row

    ledger = Ledger((Row(7, "<script>", "holds", 2e-16, "a < b & c"),), {"A": 1.5})
    shown = ledger._repr_html_()
    assert ">&lt;script&gt;</td>" in shown
    assert '<th scope="col" style="text-align: right;' in shown
    assert "<caption " in shown
    assert "a &lt; b &amp; c" in shown
    assert "tan A = 2 A" in shown
    result = qb.zoo.Row("<b>", "energy", 1.0, 1.25, "exact: x < 1", 0.25, 1e-9, False)
    shown = qb.zoo.Zoo((result,))._repr_html_()
    for text in (">NO<", "&lt;b&gt;", ">1.25<", "exact: x &lt; 1", "Disagreement in 1"):
        assert text in shown
    assert "color" not in shown + ledger._repr_html_()  # a dark page is not written over


def test_a_system_shows_the_lines_of_its_card():
    system = qb.System(
        {"<a>": qb.Qubit(), "b": qb.Qubit(loss=0.25)}, [qb.exchange("<a>", "b", 1.0)], "<a>", "b"
    )
    shown = system._repr_html_()
    assert "&lt;a&gt; charges b" in shown
    assert "<a>" not in shown
    assert shown.count("<tr>") == len(repr(system).splitlines())


def test_a_pair_shows_its_parameters_and_what_they_mean():
    shown = qb.QubitPair(charger_loss=[0.0, 0.5])._repr_html_()
    assert shown.count("<tr>") == 6
    assert ">&lt;charger_loss: 2; 0 to 0.5&gt;</td>" in shown
    assert ">charger loss</td>" in shown


def test_ipython_prints_tables_as_print_does():
    zoo = qb.zoo.reproduce("mediator")
    shown = displayed(zoo)
    assert shown["text/plain"] == str(zoo)
    assert ">Agreement in " in shown["text/html"].partition("</caption>")[0]


def test_a_card_knows_no_minus_zero():
    shown = qb.models.spin_chain(coupling=0.5, anisotropy=0.0)._repr_html_()
    assert "xx=0, yy=0, zz=-0.5" in shown
