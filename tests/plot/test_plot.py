import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.plot.style import COLOURS, in_pi, shades

TIMES = np.linspace(0, 4, 41)


def table(**parameters):
    return qb.QubitPair(**parameters).charge(qb.bloch(np.pi / 2), TIMES)


def words(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


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
    values = np.array([[np.nan, 1.0, 2.0], [0.5, 3.0, np.inf]])
    data = xr.Dataset({"ergotropy": (("y", "x"), values)}, {"x": np.arange(3.0), "y": [0.0, 1.0]})
    axes = qb.plot.map(data, "x", "y").axes[0]
    assert (axes.lines[0].get_xdata()[0], axes.lines[0].get_ydata()[0]) == (1.0, 1.0)
    assert words(axes) == ["largest: 3", "no value"]
    assert axes.patch.get_hatch()
    whole = qb.plot.map(data.isel(x=[1]), "x", "y").axes[0]
    assert (words(whole), whole.patch.get_hatch()) == (["largest: 3"], None)
    nothing = qb.plot.map(data.isel(x=[0], y=[0]), "x", "y").axes[0]
    assert (words(nothing), list(nothing.lines)) == (["no value"], [])


def test_no_time_is_marked_as_the_largest():
    best = qb.QubitPair(charger_loss=[0.0, 0.1]).optimum(qb.bloch([0.0, 1.0, np.pi]))
    axes = qb.plot.map(best, "theta", "charger_loss", "ergotropic_power_time").axes[0]
    assert (words(axes), list(axes.lines)) == (["no value"], [])  # theta = 0 never gives work
    axes = qb.plot.map(best, "theta", "charger_loss", "ergotropic_power_max").axes[0]
    assert words(axes) == ["largest: 0.673"]  # D of the paper, Eq. 44


def test_contours_run_at_the_ticks_of_the_colour_bar():
    x, y = np.linspace(0, 1, 31), np.linspace(0, 2, 21)
    data = xr.Dataset({"power": (("y", "x"), y[:, None] + 0 * x)}, {"x": x, "y": y})
    figure = qb.plot.map(data, "x", "y", "power")
    lines = figure.axes[0].collections[1]
    inner = [tick for tick in figure.axes[1].get_yticks() if 0 < tick < 2]
    np.testing.assert_allclose(lines.levels, inner)
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        np.testing.assert_allclose(path.vertices[:, 1], level, atol=1e-12)
    few = data.isel(x=slice(4))
    assert len(qb.plot.map(few, "x", "y", "power").axes[0].collections) == 1
    flat = data.isel(y=[0] * 9).assign_coords(y=np.arange(9.0))
    assert len(qb.plot.map(flat, "x", "y", "power").axes[0].collections) == 1


def test_a_map_says_which_axes_it_does_not_show():
    data = table(charger_loss=[0.1, 1.0], coupling=[1.0, 2.0])
    figure = qb.plot.map(data, "charger_loss", "coupling", "energy", over=["time"])
    assert figure.axes[1].get_ylabel() == "stored energy $E$ (frequency),\nlargest over time"


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


def test_a_picture_is_saved_under_a_name(tmp_path):
    picture = qb.plot.bloch(qb.bloch(1.0))
    qb.plot.save(picture, str(tmp_path / "start.svg"))
    assert "<svg" in (tmp_path / "start.svg").read_text("utf-8")
    with pytest.raises(ValueError, match=r"must end in \.png, \.pdf or \.svg"):
        qb.plot.save(picture, str(tmp_path / "start.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["start.svg"]


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_same_picture_drawn_again_is_the_same_file(tmp_path, kind):
    saved = []
    for number in range(2):
        qb.plot.save(qb.plot.curves(table()), tmp_path / f"{number}.{kind}")
        saved.append((tmp_path / f"{number}.{kind}").read_bytes())
    assert saved[0] == saved[1]
    assert b"<dc:date>" not in saved[0]


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_a_picture_for_which_there_is_no_room_is_refused(tmp_path, kind):
    """As by a full disk; Matplotlib itself then fails at closing a PDF."""
    resource = pytest.importorskip("resource")
    picture = qb.plot.curves(table())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
    try:
        with pytest.raises(ValueError, match=r"start\.... cannot be written"):
            qb.plot.save(picture, tmp_path / f"start.{kind}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_a_map_has_room_for_never():
    data = qb.QubitPair().charge(qb.bloch(np.pi), TIMES, ["energy"], disconnect=[0.5, 1.0, np.inf])
    axes = qb.plot.map(data, "time", "disconnect", "energy").axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0.5", "1", "inf"]


def test_settings_that_ask_for_latex_are_not_heeded(tmp_path):
    with mpl.rc_context({"text.usetex": True}):
        picture = qb.plot.curves(table())
        assert not any(text.get_usetex() for text in picture.findobj(mpl.text.Text))
        qb.plot.save(picture, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size


@pytest.mark.parametrize("what", [None, "axes"])
def test_what_is_no_figure_is_not_saved(tmp_path, what):
    figure = None if what is None else qb.plot.curves(table()).axes[0]
    with pytest.raises(TypeError, match="save takes a figure"):
        qb.plot.save(figure, tmp_path / "curves.png")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("path", [None, 3, b"curves.png"])
def test_a_picture_is_saved_to_a_path(path):
    with pytest.raises(TypeError, match="the path of a picture"):
        qb.plot.save(qb.plot.curves(table()), path)
