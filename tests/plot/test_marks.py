"""Where pictures mark that charging ends, or a stroke."""

import numpy as np
import pytest

import quantumbattery as qb


def lines_at(axes, where):
    """How many vertical lines stand at a moment."""
    upright = [each for each in axes.get_lines() if tuple(each.get_ydata()) == (0, 1)]
    return sum(np.isclose(each.get_xdata()[0], where) for each in upright)


def named(axes):
    box = axes.get_legend()
    return [] if box is None else [each.get_text() for each in box.get_texts()]


@pytest.mark.parametrize("system", [qb.QubitPair(), qb.models.jaynes_cummings()])
def test_a_single_disconnection_is_a_line(system):
    table = system.charge(qb.bloch(2.0) if isinstance(system, qb.QubitPair) else qb.fock(1),
                          np.linspace(0, 3, 31), disconnect=1.0)  # fmt: skip
    axes = qb.plot.curves(table, ["energy", "ergotropy"]).axes[0]
    assert lines_at(axes, 1.0) == 1
    assert [each.get_text() for each in axes.texts] == ["disconnected"]
    outside = qb.plot.curves(table.isel(time=slice(0, 5)), ["energy"]).axes[0]
    assert not outside.texts


@pytest.mark.parametrize("count", [4, 12])
def test_each_of_many_disconnections_is_a_dot_on_its_line(count):
    ends = np.linspace(0.5, 2.0, count)
    table = qb.QubitPair().charge(qb.bloch(np.pi), np.linspace(0, 3, 3001), disconnect=ends)
    axes = qb.plot.curves(table, ["energy"]).axes[0]
    dots = [each for each in axes.get_lines() if each.get_marker() == "o" and len(each.get_xdata())]
    np.testing.assert_allclose([each.get_xdata()[0] for each in dots], ends)
    np.testing.assert_allclose([each.get_ydata()[0] for each in dots], np.sin(ends) ** 2, atol=1e-3)
    assert named(axes)[-1] == "disconnected"
    assert len(named(axes)) == (count + 1 if count == 4 else 1)


def test_never_is_called_so():
    table = qb.QubitPair().charge(qb.bloch(2.0), np.linspace(0, 3, 31), disconnect=[1.0, np.inf])
    assert named(qb.plot.curves(table, ["energy"]).axes[0])[:2] == ["1", "never"]


def protocol(repeat):
    pair = qb.models.qubit_pair(battery_loss=0.1)
    strokes = [qb.Stroke(pair, 1.0, reset={"charger": qb.fock(1)}), qb.Stroke(pair, 0.5)]
    return qb.Protocol(strokes, repeat)


def test_strokes_end_at_thin_lines():
    table = protocol(3).charge({}, np.linspace(0.2, 4.2, 50), ["energy", "ergotropy"])
    axes = qb.plot.curves(table).axes[0]
    for where in (1.0, 1.5, 2.5, 3.0, 4.0):
        assert lines_at(axes, where) == 1
    assert lines_at(axes, 4.5) == 0
    assert named(axes).count("strokes") == 1
    assert named(qb.plot.curves(table, ["energy"]).axes[0])[-1] == "strokes"


def test_many_strokes_are_not_marked_but_some_of_them_are():
    table = protocol(100).charge({}, measures=["energy"])
    assert named(qb.plot.curves(table).axes[0]) == []
    some = table.isel(time=slice(50, 71))
    assert named(qb.plot.curves(some).axes[0])[-1] == "strokes"


def test_variables_of_ones_own_are_drawn_complex_ones_refused():
    system = qb.models.jaynes_cummings()
    asked = {"p": ("battery", np.diag([0, 1])), "b": ("battery", [[0, 1], [0, 0]])}
    table = system.expect(qb.coherent(1.0), np.linspace(0, 2, 21), asked)
    axes = qb.plot.curves(table).axes
    assert len(axes) == 1
    assert axes[0].get_ylabel() == r"mean of p $\langle$p$\rangle$"
    assert len(qb.plot.curves(table, ["p"]).axes) == 1
    with pytest.raises(ValueError, match="b is complex: draw its real part or its size"):
        qb.plot.curves(table, ["b"])
