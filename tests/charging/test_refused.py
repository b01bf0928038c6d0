"""What makes no sense, or is too large, is refused in a sentence before any work."""

import itertools
import re
import tracemalloc

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.reach import configurations
from roads.cells import cavity_and_cells


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda s: s.charge(qb.fock(1), [-1.0]), "times must be zero or positive"),
        (lambda s: s.charge(qb.fock(1), [np.nan]), "times must be"),
        (lambda s: s.charge(qb.fock(1), 1.0, ["work"]), "unknown measure 'work'"),
        (lambda s: s.charge(qb.fock(1), 1.0, ["coherence"]), "battery of one Qubit"),
        (lambda s: s.charge(qb.fock(1), 1.0, extraction="total"), "choose global"),
        (lambda s: s.charge({"atom": qb.fock(1)}, 1.0), "names 'atom'"),
        (lambda s: s.charge({"cells": qb.fock(9)}, 1.0), "needs 10 levels"),
        (lambda s: s.charge({"cells": qb.coherent(1.0)}, 1.0), "needs an Oscillator"),
        (
            lambda s: s.charge(qb.coherent(xr.DataArray([1.0], dims="level")), 1.0),
            "used inside",
        ),
        (
            lambda s: s.charge(qb.fock(xr.DataArray([1, 2], dims="time")), [0.0, 1.0, 2.0]),
            "same length",
        ),
        (
            lambda s: s.charge(qb.fock(1), xr.DataArray([1.0], dims="energy")),
            "names both a quantity and an axis",
        ),
        (
            lambda s: s.charge(qb.fock(1), xr.DataArray([1.0], dims="n")),
            "'n' names both an axis and a parameter with a single value",
        ),
    ],
)
def test_bad_input_is_said_in_a_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call(cavity_and_cells(3))


@pytest.mark.parametrize("axis", ["energy", "n"])
def test_axes_of_a_taken_name_are_refused_before_any_work(axis, monkeypatch):
    monkeypatch.setattr("quantumbattery.charging.charge.solved", None)
    system = cavity_and_cells(3, xr.DataArray([1.0, 2.0], dims=axis))
    with pytest.raises(ValueError, match=f"'{axis}' names both"):
        system.charge(qb.fock(1), 1.0)


def test_types_are_checked():
    system = cavity_and_cells(3)
    for call in (
        lambda: system.charge("fock", 1.0),
        lambda: system.charge(qb.fock(1), "now"),
        lambda: system.charge(qb.fock(1), 1.0, extraction=3),
    ):
        with pytest.raises(TypeError):
            call()


def test_too_large_a_problem_says_how_large():
    names = [f"q{k}" for k in range(40)]
    system = qb.System(
        sites=dict.fromkeys(names, qb.Qubit()),
        interactions=[qb.dipole(a, b, 1.0) for a, b in itertools.pairwise(names)],
        charger=names[0],
        battery=names[-1],
    )
    with pytest.raises(ValueError, match=r"too large: at least [\d,]+ configurations need .* GiB"):
        system.charge(qb.fock(1), 1.0)


def test_times_of_their_own_along_an_axis_of_one():
    loss = xr.DataArray([0.1], dims="x")
    system = qb.System(
        {"charger": qb.Qubit(loss=loss), "battery": qb.Qubit()},
        [qb.exchange("charger", "battery", 1.0)],
    )
    times = np.array([0.3, 0.2, 1.1])
    table = system.charge(qb.fock(1), xr.DataArray(times[None], dims=("x", "time")), ["energy"])
    alone = system.charge(qb.fock(1), times, ["energy"])
    np.testing.assert_array_equal(table.energy.values, alone.energy.values)


def test_what_is_left_out_does_not_depend_on_tiles(monkeypatch):
    sites = {"cavity": qb.Oscillator(levels=5), "cell": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("cavity", "cell", 0.2)], "cavity", "cell")
    found = []
    for size in (1 << 16, 700, 90):
        monkeypatch.setattr("quantumbattery.charging.passes._CACHED", size)
        monkeypatch.setattr("quantumbattery.charging.solve._ROWS", 1)
        with pytest.warns(UserWarning, match="quanta"):
            found.append(system.charge(qb.fock(2), np.linspace(0, 3, 500), ["energy"]).left_out)
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


def test_a_table_larger_than_the_machine_is_refused_at_once(monkeypatch):
    monkeypatch.setattr("quantumbattery.machine.memory", lambda: 1e-6)  # a GiB's millionth
    system = cavity_and_cells(3)
    with pytest.raises(ValueError, match=r"a table of 2 quantities at 100 points takes 1.49e-06 G"):
        system.charge(qb.fock(1), np.linspace(0, 1, 100), ["energy", "power"])
    assert system.charge(qb.fock(1), np.linspace(0, 1, 60), ["energy", "power"]).time.size == 60


def test_memory_is_what_the_limit_is_compared_with(monkeypatch):
    """A chain of 4,096 configurations: what is foreseen is about what is taken."""
    foreseen = []

    def allow(what, count, each, limit):
        foreseen.append(count * each)
        return before(what, count, each, limit)

    before = configurations.allow
    monkeypatch.setattr(configurations, "allow", allow)
    names = [f"q{k}" for k in range(13)]
    links = [qb.dipole(a, b, 1.0) for a, b in itertools.pairwise(names)]
    system = qb.System(dict.fromkeys(names, qb.Qubit()), links, names[0], names[-1])
    system.charge(qb.fock(1), [0.0, 0.1], ["energy"])  # what is loaded for the first time
    tracemalloc.start()
    try:
        system.charge(qb.fock(1), [0.0, 0.1], ["energy"])
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0.6 < taken / max(foreseen) < 1.4


@pytest.mark.parametrize("last", [0.3, 1.0, 3.0, 10.0])
def test_what_is_left_out_is_rounded_up(last):
    """The warning speaks of an upper bound, so its one digit is not below what was found."""
    sites = {"cavity": qb.Oscillator(levels=4), "cell": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("cavity", "cell", 0.3)], "cavity", "cell")
    with pytest.warns(UserWarning, match="quanta") as caught:
        table = system.charge(qb.fock(2), [last], ["energy"])
    said = float(re.search(r"by up to (\S+) quanta", str(caught[0].message))[1])
    assert table.left_out <= said <= 2 * table.left_out


def test_extraction_that_has_no_meaning_is_refused():
    cells = {"cavity": qb.Oscillator(), "a": qb.Ensemble(qb.Qubit(), 2), "b": qb.Qubit()}
    links = [qb.exchange("cavity", "a", 1.0), qb.exchange("a", "b", 0.2, always=True)]
    system = qb.System(cells, links, charger="cavity", battery=["a", "b"])
    with pytest.raises(ValueError, match="no energy of its own"):
        system.charge(qb.fock(1), 1.0, extraction="local")
    with pytest.raises(ValueError, match="write the cells apart"):
        system.charge(qb.fock(1), 1.0)
    assert system.charge(qb.fock(1), 1.0, extraction="collective").energy > 0


def test_what_names_the_other_says_when_it_helps():
    """Cells with losses of their own do not fit into an Ensemble; many do not fit written apart."""
    few = (
        "if they lose together, .*; if each loses by itself and they are few, write the cells apart"
    )
    with pytest.raises(ValueError, match=few):
        qb.Ensemble(qb.Qubit(loss=0.1), 3)
    count = 14
    sites = {f"cell_{k}": qb.Qubit(loss=0.1) for k in range(count)}
    links = [qb.exchange("cavity", name, 1.0) for name in sites]
    many = qb.System({"cavity": qb.Oscillator(levels=15)} | sites, links, "cavity", list(sites))
    with pytest.raises(ValueError, match="an Ensemble for cells that are alike and have no losses"):
        many.charge(qb.fock(count), 1.0, ["energy"])


def test_a_step_of_many_cells_is_driven_in_a_way_that_works():
    field = qb.drive("cells", 0.3, 1.0, transition=(0, 1))
    several = qb.Qudit([0.0, 1.0, 2.1])
    advice = {"the one step that its cells have": qb.Qubit(), "write the cells apart": several}
    for said, cell in advice.items():
        with pytest.raises(ValueError, match=said):
            qb.System({"cells": qb.Ensemble(cell, 2)}, [field], [], "cells")
    # What the first sentence says is the same as a qubit's transition.
    one = qb.System({"q": qb.Qubit()}, [qb.drive("q", 0.3, 1.0, transition=(0, 1))], [], "q")
    all_steps = [qb.drive("cells", 0.3, 1.0)]
    many = qb.System({"cells": qb.Ensemble(qb.Qubit(), 2)}, all_steps, [], "cells")
    energies = [2 * one.charge({}, 1.3, ["energy"]).energy, many.charge({}, 1.3, ["energy"]).energy]
    np.testing.assert_allclose(*energies, rtol=1e-12)


def test_an_optimum_says_which_drives_it_cannot_take():
    """One that turns against a dipole coupling has no envelope that could be blamed."""
    sites = {"c": qb.Qubit(), "b": qb.Qubit()}
    turning = qb.System(sites, [qb.dipole("c", "b", 0.5), qb.drive("c", 0.1, 0.9)], "c", "b")
    with pytest.raises(ValueError, match="one turns in every frame"):
        turning.optimum(qb.fock(1), 2.0)
    shaped = qb.System(
        sites, [qb.exchange("c", "b", 0.5), qb.drive("c", 0.1, 1.0, np.exp)], "c", "b"
    )
    with pytest.raises(ValueError, match="how fast an envelope changes"):
        shaped.optimum(qb.fock(1), 2.0)
