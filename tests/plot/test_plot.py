import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.plot.style import COLOURS, in_pi, shades

TIMES = np.linspace(0, 4, 41)


def table(**parameters):
    return qb.QubitPair(**parameters).charge(qb.bloch(np.pi / 2), TIMES)


def test_every_axis_names_quantity_and_unit():
    for figure in (
        qb.plot.curves(table()),
        qb.plot.curves(table(charger_loss=[0.1, 1.0])),
        qb.plot.curves(table(charger_loss=np.linspace(0, 2, 21)), ["ergotropy"]),
        qb.plot.map(table(charger_loss=[0.1, 1.0]), "time", "charger_loss"),
    ):
        for axes in figure.axes:
            assert axes.get_ylabel()
            assert axes.get_xlabel() or axes.get_label() == "<colorbar>"
    assert figure.axes[0].get_xlabel() == "time $t$ (1/frequency)"


def test_curves_show_the_numbers_of_the_table():
    data = table()
    axes = qb.plot.curves(data, ["energy", "ergotropy"]).axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), data.ergotropy)
    assert axes.get_legend().get_texts()[0].get_text() == "stored energy $E$"


def test_map_marks_the_largest_value():
    data = table(charger_loss=[0.0, 1.0])
    star = qb.plot.map(data, "time", "charger_loss", "energy").axes[0].lines[0]
    assert star.get_ydata()[0] == 0.0
    assert star.get_xdata()[0] == pytest.approx(np.pi / 2, abs=0.05)


def test_families_differ_in_grey_and_dash():
    grey = [np.dot(c[:3], [0.299, 0.587, 0.114]) for c in shades(5)]
    assert np.diff(grey).min() > 0.07
    lines = qb.plot.curves(table(charger_loss=[0.0, 0.5, 1.0]), ["energy"]).axes[0].lines
    assert len({line.get_linestyle() for line in lines}) == 3
    assert len(set(COLOURS)) == len(COLOURS)


def test_bloch_marks_each_preparation():
    axes = qb.plot.bloch(qb.bloch([0.0, 1.0]), qb.bloch(np.pi / 2, np.pi)).axes[0]
    marks = [line.get_data_3d() for line in axes.lines if line.get_marker() == "o"]
    expected = [(0, 0, 1), (np.sin(1), 0, np.cos(1)), (-1, 0, 0)]
    np.testing.assert_allclose(np.ravel(marks).reshape(3, 3), expected, rtol=0, atol=1e-15)


def test_settings_of_the_user_stay():
    before = dict(mpl.rcParams)
    qb.plot.curves(table())
    qb.paper.figure(4)
    assert dict(mpl.rcParams) == before


def test_angles_read_as_fractions_of_pi():
    assert in_pi(0) == "0"
    assert in_pi(3 * np.pi / 4) == r"3\pi/4"
    assert in_pi(np.pi) == r"\pi"
    assert in_pi(1.0) == "1"


def test_order_of_the_axes_does_not_matter():
    times = np.array([3.0, 0.0, 1.0, 2.0])
    data = qb.QubitPair(charger_loss=[1.0, 0.0]).charge(qb.bloch(1.0), times)
    for line in qb.plot.curves(data, ["energy"]).axes[0].lines:
        assert (np.diff(line.get_xdata()) > 0).all()
    star = qb.plot.map(data, "time", "charger_loss", "energy").axes[0].lines[0]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (2.0, 0.0)


def test_map_with_cells_that_have_no_value():
    best = qb.QubitPair(charger_loss=[0.0, 0.1]).optimum(qb.bloch([0.0, 1.0, np.pi]))
    star = qb.plot.map(best, "theta", "charger_loss", "ergotropic_power_time").axes[0].lines[0]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (np.pi, 0.0)
    empty = best.sel(theta=[0.0])
    assert not qb.plot.map(empty, "theta", "charger_loss", "energy_time").axes[0].lines


def test_bad_requests():
    data = table(charger_loss=[0.1, 1.0], coupling=[1.0, 2.0])
    with pytest.raises(ValueError, match="at most one other"):
        qb.plot.curves(data)
    with pytest.raises(ValueError, match="'work'"):
        qb.plot.curves(table(), ["work"])
    with pytest.raises(ValueError, match="is not in this table"):
        qb.plot.curves(table()[["energy"]], ["power"])
    with pytest.raises(ValueError, match="exactly the axes"):
        qb.plot.map(data, "time", "coupling")
    with pytest.raises(ValueError, match="no 'work' in this table"):
        qb.plot.map(data, "time", "coupling", "work")
    with pytest.raises(TypeError, match=r"quantumbattery\.bloch"):
        qb.plot.bloch(1.0)
    with pytest.raises(TypeError, match=r"quantumbattery\.bloch"):
        qb.plot.bloch()
    with pytest.raises(TypeError, match=r"xarray\.Dataset that charge returns"):
        qb.plot.curves(table().energy)


def test_a_map_takes_the_best_over_other_axes_and_names_its_ticks():
    values = np.arange(24.0).reshape(2, 3, 4)
    table = xr.Dataset(
        {"ergotropy": (("cells", "device", "time"), values)},
        {"cells": [1, 2], "device": ["a", "b", "c"], "time": np.arange(4.0)},
    )
    figure = qb.plot.map(table, "device", "cells", over=["time"])
    axes = figure.axes[0]
    shown = np.asarray(axes.collections[0].get_array()).reshape(2, 3)
    assert shown.tolist() == [[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert axes.get_yticks().tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"name the axes in over=\[...\]"):
        qb.plot.map(table, "device", "cells")
