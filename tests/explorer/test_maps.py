"""Maps of systems, beside what the library gives point by point."""

import numpy as np
import pytest

import quantumbattery as qb
from explorer.asking import lines
from quantumbattery.explorer.catalogue import catalogue

AXES = {"x": {"name": "coupling", "from": "0.5", "to": "1.5"}}
AXES |= {"y": {"name": "charger_loss", "from": "0", "to": "1"}}


def map_of(server, **asked):
    """The fine map: its axes and values."""
    answers = lines(server, "/map", **asked)
    last = max(i for i, each in enumerate(answers) if "x" in each)
    rows = [row for each in answers[last + 1 :] for row in each["values"]]
    return answers[last]["x"], answers[last]["y"], np.array(rows, dtype=float), answers


def test_a_coarse_map_comes_first_and_a_fine_one_row_by_row(server):
    x, y, values, answers = map_of(server, model="qubit_pair", shown="energy_max", **AXES)
    assert values.shape == (len(y), len(x)) == (25, 33)
    assert len(answers[0]["x"]) < len(x)
    assert [each["row"] for each in answers[1:] if "row" in each][-1] == 20


@pytest.mark.parametrize("shown", ["ergotropy_max", "power_time", "ergotropic_power_at"])
def test_a_map_holds_what_the_library_gives_at_each_point(server, shown):
    asked = {"model": "qubit_pair", "last": "3", "values": {"start.theta": "120deg"}}
    x, y, values, _ = map_of(server, shown=shown, moment=1.25, **asked, **AXES)
    measure, _, how = shown.rpartition("_")
    times = np.array([1.25]) if how == "at" else np.linspace(0, 3, 121)
    for i, j in ((0, 0), (32, 24), (10, 7)):
        pair = qb.models.qubit_pair(coupling=x[i], charger_loss=y[j])
        column = pair.charge(qb.bloch(2 * np.pi / 3), times, [measure])[measure].values
        expected = times[column.argmax()] if how == "time" else column.max()
        assert values[j, i] == pytest.approx(expected, rel=1e-12)


def test_whole_numbers_and_numbers_of_the_start_are_axes_too(server):
    axes = {"x": {"name": "cells", "from": "1", "to": "5"}}
    axes |= {"y": {"name": "start.alpha", "from": "0", "to": "2"}}
    asked = {"model": "tavis_cummings", "state": "coherent", "last": "2", "shown": "energy_at"}
    x, y, values, _ = map_of(server, moment=0.5, **asked, **axes)
    assert x == [1, 2, 3, 4, 5]
    system = qb.models.tavis_cummings(cells=3)
    expected = system.charge(qb.coherent(y[-1]), 0.5, ["energy"]).energy.item()
    assert values[-1, 2] == pytest.approx(expected, abs=1e-9)


def test_a_number_of_a_list_is_an_axis(server):
    axes = {f"{which}": {"name": f"couplings.{i}", "from": "0.5", "to": "1.5"}
            for i, which in enumerate("xy")}  # fmt: skip
    x, y, values, _ = map_of(server, model="chain", shown="energy_at", moment=2.0, **axes)
    three = qb.models.chain(couplings=[x[3], y[9]])
    expected = three.charge(qb.bloch(np.pi), 2.0, ["energy"]).energy.item()
    assert values[9, 3] == pytest.approx(expected, rel=1e-9)


def test_a_map_is_empty_only_where_there_is_no_such_system(server):
    axes = {"x": {"name": "detuning", "from": "-3", "to": "3"}}  # of a charger of frequency 1
    x, y, values, _ = map_of(server, model="qubit_pair", shown="energy_max", **axes, y=AXES["y"])
    there = np.array(x) > -1
    assert np.isnan(values[:, ~there]).all()
    pair = qb.models.qubit_pair(detuning=x[-5], charger_loss=y[3])
    energy = pair.charge(qb.bloch(np.pi), np.linspace(0, 6.28, 121), ["energy"]).energy
    assert values[3, -5] == pytest.approx(energy.max().item(), rel=1e-9)
    assert np.isfinite(values[:, there]).all()


@pytest.mark.parametrize("name", ["spin_chain", "collective_bath", "driven_qubit_pair"])
def test_the_map_that_a_system_opens_with_has_values(server, name):
    """Over the first two numbers that are not whole, as far as their sliders go."""
    model = catalogue()[name]
    plain = [each for each in model.controls if each.kind == "number" and each.slider]
    axes = {which: {"name": each.name, "from": str(each.slider[0]), "to": str(each.slider[1])}
            for which, each in zip("xy", plain, strict=False)}  # fmt: skip
    values = map_of(server, model=name, shown="energy_at", moment=0.5, **axes)[2]
    assert np.isfinite(values).mean() > 0.95


@pytest.mark.parametrize(
    ("wrong", "where", "said"),
    [
        ({"x": {"name": "mass", "from": "0", "to": "1"}}, "x", "no number of qubit_pair"),
        ({"x": {"name": "coupling", "from": "2", "to": "1"}}, "x", "up to a larger one"),
        ({"x": {"name": "coupling", "from": "a", "to": "1"}}, "x", "must be a number"),
        ({"x": {"name": "coupling", "from": "1", "to": "inf"}}, "x", "up to a larger one"),
        ({"x": "coupling"}, "x", "two ends"),
        ({"y": AXES["x"]}, "y", "two different axes"),
        ({"shown": "colour_max"}, "shown", "one of energy"),
        ({"shown": "energy_at", "moment": 1e9}, "shown", "moment"),
        ({"values": {"battery_loss": "-1"}}, "battery_loss", "Battery loss must be"),
    ],
)
def test_what_makes_no_map_is_refused_in_words(server, wrong, where, said):
    answer = lines(server, "/map", **{"model": "qubit_pair", "shown": "energy_max"} | AXES | wrong)
    refused = answer[-1]["refused"]
    assert list(refused) == [where]
    assert said in refused[where]
