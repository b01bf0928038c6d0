"""Parts that nothing joins are solved each by itself, and are put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import charge
from quantumbattery.charging.system import System

TIMES = np.linspace(0, 2, 4)
ADD_UP = ["energy", "energy_variance", "charger_energy", "interaction_energy", "power"]
OF_STATE = ["local_ergotropy", "purity", "entropy", "mutual_information", "negativity"]
UNBOUNDED = ["active_energy", "antiergotropy", "capacity"]
BY_SITE = ["passive_energy", "ergotropy", "passive_power", "ergotropic_power"]
BY_SITE += ["coherent_ergotropy", "incoherent_ergotropy"]
WITH_CHARGER = ["charger_energy", "mutual_information", "negativity"]


def together(run: Callable[[], xr.Dataset]) -> xr.Dataset:
    """What comes out where no part is taken by itself."""
    with patch.object(charge, "in_parts", lambda _: []):
        return run()


def compare(found: xr.Dataset, other: xr.Dataset, atol: float) -> None:
    assert found.sizes == other.sizes
    for name in found:
        np.testing.assert_allclose(found[name], other[name], rtol=0, atol=atol, err_msg=str(name))


def test_a_hot_oscillator_beside_a_qubit() -> None:
    """It would need thousands of levels, and moments say all of it."""
    near = {"a": qb.Oscillator(loss=0.1), "b": qb.Qubit()}
    hot = {"x": qb.Oscillator(loss=0.5, occupation=50.0)}
    links: list[Any] = [qb.exchange("a", "b", 0.5), qb.drive("a", 0.5, 1.0)]
    field, names = [qb.drive("x", 50.0, 1.0)], ["energy", "energy_variance"]
    whole = qb.System(near | hot, links + field, ["a"], ["b", "x"]).charge({}, TIMES, names)
    one = qb.System(near, links, "a", "b").charge({}, TIMES, names)
    two = qb.System(hot, field, [], "x").charge({}, TIMES, names)
    for name in names:
        np.testing.assert_allclose(whole[name], one[name] + two[name], rtol=1e-14, atol=0)
    assert whole.attrs["method"] == f"{one.attrs['method']}; {two.attrs['method']}"
    for said in ("left_out", "levels", "displaced", "solver_error", "configurations"):
        assert whole.attrs.get(said) == one.attrs.get(said)


def test_what_is_left_out_is_in_quanta_of_the_whole_battery() -> None:
    """A quantum of the qubit is a hundred of those of the oscillator."""
    near = {"a": qb.Oscillator(loss=0.1, levels=4), "b": qb.Qubit()}
    slow = {"x": qb.Oscillator(0.01, loss=0.5, occupation=2.0)}
    links: list[Any] = [qb.exchange("a", "b", 0.5), qb.drive("a", 0.1, 1.0)]
    with pytest.warns(UserWarning, match="the 4 levels of 'a' may change an energy"):
        whole = qb.System(near | slow, links, "a", ["b", "x"]).charge({}, TIMES, ["energy"])
    with pytest.warns(UserWarning, match="the 4 levels of 'a' may change an energy"):
        one = qb.System(near, links, "a", "b").charge({}, TIMES, ["energy"])
    assert whole.attrs["left_out"] == pytest.approx(100 * one.attrs["left_out"], rel=1e-12)
    assert whole.attrs["levels"] == "a: 4"


def test_two_parts_on_levels_beside_a_hot_oscillator() -> None:
    """Levels and configurations of both are said."""
    sites = {"a": qb.Oscillator(), "b": qb.Qubit(), "c": qb.Oscillator(1.2), "d": qb.Qubit(1.2)}
    links: list[Any] = [qb.exchange("a", "b", 0.5), qb.exchange("c", "d", 0.7)]
    start, names = {"a": qb.fock(2), "c": qb.fock(1)}, ["energy"]
    hot = {"x": qb.Oscillator(loss=0.5, occupation=50.0)}
    system = qb.System(sites | hot, links, ["a", "c"], ["b", "d", "x"])
    whole = system.charge(start, TIMES, names)
    assert whole.attrs["levels"] == "a: 3, c: 2"
    assert whole.attrs["configurations"] == 4
    exact = np.sin(0.5 * np.sqrt(2) * TIMES) ** 2 + 1.2 * np.sin(0.7 * TIMES) ** 2
    exact += 50 * (1 - np.exp(-0.5 * TIMES))
    np.testing.assert_allclose(whole.energy, exact, rtol=0, atol=1e-12)


def test_work_of_all_together_is_not_taken_apart() -> None:
    """It may be more than the sum of what parts allow."""
    sites = {"b": qb.Qubit(loss=0.3), "x": qb.Oscillator(0.6, loss=0.3)}
    start = {"b": qb.fock(1), "x": qb.fock(1)}
    system = qb.System(sites, [], [], ["b", "x"])
    table = system.charge(start, TIMES, ["ergotropy", "local_ergotropy"])
    other = together(lambda: system.charge(start, TIMES, ["ergotropy", "local_ergotropy"]))
    xr.testing.assert_identical(table, other)
    assert (table.ergotropy - table.local_ergotropy).max() > 0.01


def test_what_is_always_on_finds_its_part_as_it_finds_the_whole() -> None:
    """A battery begins in its own ground state if none of its sites is prepared."""
    sites: dict[str, Any] = {
        "b": qb.Qubit(),
        "c": qb.Qubit(),
        "x": qb.Oscillator(loss=0.1, occupation=0.1),
    }
    links: list[Any] = [qb.dipole("b", "c", 0.6, always=True), qb.drive("b", 0.4, 1.0)]
    alone = qb.System({n: sites[n] for n in "bc"}, links, [], ["b", "c"])
    system = qb.System(sites, links, [], ["b", "c", "x"])
    names = ["energy", "energy_variance", "purity"]
    heat = 0.1 * (1 - np.exp(-0.1 * TIMES))
    table, found = system.charge({}, TIMES, names), alone.charge({}, TIMES, names)
    np.testing.assert_allclose(table.energy, found.energy + heat, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table.purity, found.purity / (1 + 2 * heat), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="chooses its own levels"):
        system.charge({"x": qb.fock(1)}, TIMES, names)


def test_steady_states() -> None:
    """What is hot, and what is not looked at, come to rest by themselves."""
    warm = qb.Oscillator(0.5, loss=0.2, occupation=80.0)
    sites: dict[str, Any] = {"b": qb.Qubit(loss=0.1), "x": warm, "a": qb.Qubit(loss=0.3)}
    links: list[Any] = [qb.drive("b", 0.2, 1.0), qb.drive("x", 0.3, 0.5)]
    system = qb.System(sites, links, "a", ["b", "x"])
    names = ["energy", "energy_variance", "purity", "power"]
    one = qb.System({"b": sites["b"]}, links[:1], [], "b").charge({}, np.inf, names)
    two = qb.System({"x": warm}, links[1:], [], "x").charge({}, np.inf, names)
    for start in ({}, {"a": qb.fock(1)}):
        table = system.charge(start, np.inf, names)
        for name in names[:2]:
            np.testing.assert_allclose(table[name], one[name] + two[name], rtol=1e-14)
        np.testing.assert_allclose(table.purity, one.purity * two.purity, rtol=1e-14)
        assert table.power == 0
    still = sites | {"a": qb.Oscillator()}
    few = still | {"x": qb.Oscillator(0.5, loss=0.2)}  # what stays empty is at rest as well
    table = qb.System(few, links[:1], "a", ["b", "x"]).charge({}, np.inf, ["energy"])
    np.testing.assert_allclose(table.energy, one.energy, rtol=0, atol=1e-12)
    system = qb.System(few | {"a": qb.Qubit()}, links[:1], "a", ["b", "x"])
    with pytest.raises(ValueError, match="steady state"):
        system.charge({"a": qb.bloch(1)}, np.inf, ["energy"])


def test_half_lives() -> None:
    """Of the whole battery, whose parts decay at rates of their own."""
    sites = {"b": qb.Qubit(loss=0.3), "x": qb.Oscillator(loss=0.1)}
    system = qb.System(sites, [], [], ["b", "x"])
    start: dict[Any, Any] = {"b": qb.fock(1), "x": qb.coherent(1.0)}
    names = ["energy", "energy_half_life"]
    table = system.charge(start, TIMES, names, disconnect=0.0)
    left = np.exp(-0.3 * table.energy_half_life) + np.exp(-0.1 * table.energy_half_life)
    np.testing.assert_allclose(left, 1.0, rtol=0, atol=1e-9)


# --- beside the way without parts ----------------------------------------------------------------

number = st.floats(0.1, 1.0).map(lambda value: round(value, 3))
some = st.sampled_from([0.0, 0.2])


@st.composite
def mixed(draw: st.DrawFn) -> tuple[System, dict[str, Any]]:
    """A finite site or an oscillator that is joined to a qutrit, and two oscillators."""
    ladder = qb.Qudit([0.0, draw(number), 1.0 + draw(number)], loss=draw(some))
    finite = qb.Qubit(draw(number), loss=draw(some)), ladder, qb.Oscillator(1.0, loss=0.1)
    sites: dict[str, Any] = {"a": draw(st.sampled_from(finite)), "b": ladder}
    sites |= {"x": qb.Oscillator(draw(number), loss=0.1), "y": qb.Oscillator(draw(number))}
    strength: Any = draw(st.sampled_from([0.4, xr.DataArray([0.3, 0.8], dims="strength")]))
    links: list[Any] = [qb.exchange("a", "b", draw(number)), qb.exchange("x", "y", strength)]
    if draw(st.booleans()) and sites["a"].dimension:  # levels without end take too long elsewhere
        links.append(qb.drive("b", draw(number), 1.0))
    shares = {name: draw(st.sampled_from(["charger", "battery", ""])) for name in sites}
    shares[draw(st.sampled_from([*sites]))] = "battery"
    roles = [[n for n in sites if shares[n] == role] for role in ("charger", "battery")]
    start = {"a": qb.fock(1), "b": qb.fock(draw(st.integers(0, 2))), "x": qb.fock(1)}
    begun: dict[str, Any] = start | {"y": qb.bloch(1.0)}
    return System(sites, links, *roles), {n: p for n, p in begun.items() if draw(st.booleans())}


@given(mixed(), st.sampled_from(["global", "local"]), st.sampled_from([None, 0.9, [0.5, 5.0]]))
@settings(deadline=None, max_examples=40, phases=[Phase.generate])
def test_as_without_parts(
    case: tuple[System, dict[str, Any]],
    extraction: str,
    disconnect: float | list[float] | None,
) -> None:
    system, start = case
    names = [*ADD_UP, *OF_STATE, *(BY_SITE if extraction == "local" else []), *UNBOUNDED]
    if not system.charger:
        names = [
            n for n in names if n not in ("charger_energy", "mutual_information", "negativity")
        ]
    if all(system.sites[name].dimension for name in system.battery) and extraction == "global":
        names = [name for name in names if name not in UNBOUNDED]

    until = np.array(disconnect) if isinstance(disconnect, list) else disconnect

    def run() -> xr.Dataset:
        return system.charge(start, TIMES, names, extraction, disconnect=until)

    compare(run(), together(run), 1e-9)
