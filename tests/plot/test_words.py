"""Words of a user's own on pictures: text stays text."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.plot import style

TIMES = np.linspace(0.0, 3.0, 20)
ODD = [
    {"units": 3},
    {"units": None},
    {"units": ["J"]},
    {"units": "a$_$"},
    {"long_name": "a$b_$"},
    {"long_name": "5$ a battery"},
    {"long_name": None, "symbol": None},
    {"symbol": r"$\foo$"},
]


@pytest.fixture(autouse=True)
def few_dots(monkeypatch):
    """Words are laid out all the same."""
    monkeypatch.setitem(style.STYLE, "savefig.dpi", 50)


def drawn(figure, tmp_path):
    qb.plot.save(figure, tmp_path / "picture.png")
    return figure.axes[0]


@pytest.mark.parametrize("attrs", ODD)
def test_odd_words_are_drawn(attrs, tmp_path):
    table = qb.QubitPair().charge(qb.bloch([1.0, 2.0]), TIMES, ["energy", "ergotropy"])
    for name in ("energy", "time", "theta"):
        table[name].attrs |= attrs
    drawn(qb.plot.curves(table), tmp_path)
    drawn(qb.plot.curves(table.isel(theta=0)), tmp_path)
    drawn(qb.plot.map(table, "time", "theta", "energy"), tmp_path)
    drawn(qb.plot.map(table.expand_dims("a$_$"), "time", "theta", "energy", over="a$_$"), tmp_path)


def test_names_are_words_too(tmp_path):
    table = qb.QubitPair().charge(qb.bloch([1.0, 2.0]), TIMES, ["energy"])
    table = table.assign_coords(theta=["a$_$", "b"])
    axes = drawn(qb.plot.curves(table), tmp_path)
    assert [each.get_text() for each in axes.get_legend().get_texts()] == [r"a\$_\$", "b"]
    drawn(qb.plot.map(table, "time", "theta", "energy"), tmp_path)


def test_what_is_a_formula_stays_one(tmp_path):
    table = qb.QubitPair().charge(qb.bloch(1.0), TIMES, ["energy"])
    table.energy.attrs |= {"long_name": "5$ a", "symbol": "$E$", "units": "J^2"}
    axes = drawn(qb.plot.curves(table), tmp_path)
    assert axes.get_ylabel() == r"5\$ a $E$ (J$^2$)"
