"""Driven oscillators of a battery about their amplitudes, beside levels that hold all of them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from quantumbattery.charging.about_amplitudes import counted_more
from roads.levels import on_levels, unbounded

TIMES = np.linspace(0, 1.0, 4)
ONE = ["energy", "ergotropy", "energy_variance", "passive_energy", "power", "ergotropic_power"]
ONE += ["purity", "entropy", "local_ergotropy", "locked_ergotropy", "passive_power"]
ANYTHING = ("energy", "ergotropy", "energy_variance", "purity")


def of_one(field: Any, levels: int | None, measures: list[str], **given: Any) -> xr.Dataset:
    """A driven, lossy oscillator and what it is joined to are the battery."""
    rates = {"loss": 0.4, "occupation": given.get("occupation", 0.0)}
    sites = {
        "c": qb.Oscillator(given.get("frequency", 1.0), levels=levels, **rates),
        "b": given.get("other", qb.Qubit(1.2, loss=0.1)),
    }
    links = [qb.exchange("c", "b", given.get("strength", 0.8 + 0.3j)), *field]
    system = qb.System(sites, links, [], ["c", "b"])
    return system.charge(given.get("start", {}), given.get("times", TIMES), measures)


def same(found: xr.Dataset, other: xr.Dataset, most: float = 1e-9) -> None:
    """All columns of both tables, beside the largest number of each."""
    for name in found.data_vars:
        scale = max(1.0, float(np.abs(other[name]).max()))
        scale = scale if np.isfinite(scale) else 1.0
        np.testing.assert_allclose(
            found[name], other[name], rtol=0, atol=most * scale, err_msg=name
        )


FIELD = qb.drive("c", 2.2, 1.1, phase=0.4)
CASES: dict[str, dict[str, Any]] = {
    "a qubit": {},
    "a warm one": {"occupation": 0.05},
    "a qutrit": {"other": qb.Qudit([0.3, 1.1, 2.4], loss=0.1)},
    "cells": {"other": qb.Ensemble(qb.Qubit(0.9), 2)},
    "begun far away": {"start": {"c": qb.coherent(2.0 - 1.5j), "b": qb.bloch(1.0, 0.3)}},
    "begun squeezed": {"start": {"c": qb.gaussian(2.5, r=0.05, occupation=0.01)}},
    "in steps of their own": {"times": np.array([0.0, 0.13, 0.7])},
}


@pytest.mark.parametrize("case", CASES)
def test_as_on_levels_that_hold_the_amplitude(case: str) -> None:
    """All figures of merit of a joint battery, of which few levels tell."""
    found = of_one([FIELD], None, ONE, **CASES[case])
    assert int(found.attrs["displaced"].removeprefix("c: ")) < 34
    with unbounded():
        same(found, of_one([FIELD], 60, ONE, **CASES[case]))


@settings(max_examples=6)
@given(
    size=st.floats(1.5, 3.0),
    frequency=st.floats(0.7, 1.4),
    phase=st.floats(-3.0, 3.0),
    strength=st.floats(0.1, 1.0),
)
def test_any_field_and_any_frequencies(
    size: float, frequency: float, phase: float, strength: float
) -> None:
    """Frequencies that differ tell the two parts of the energy apart."""
    field = [qb.drive("c", size, 1.1, phase=phase), qb.drive("b", 0.3, 1.1)]
    given = {"frequency": frequency, "strength": strength}
    found = of_one(field, None, ONE, **given)
    assert "displaced" in found.attrs
    with unbounded():
        same(found, of_one(field, 60, ONE, **given))


def test_a_batch_is_its_members() -> None:
    """Arrays of fields and of links."""
    size = xr.DataArray([1.5, 2.5], dims="size")
    strength = xr.DataArray([0.5, 0.9], dims="strength")
    found = of_one([qb.drive("c", size, 1.1)], None, ONE, strength=strength, frequency=0.8)
    assert "displaced" in found.attrs
    with unbounded():
        one = of_one([qb.drive("c", 2.5, 1.1)], 60, ONE, strength=0.5, frequency=0.8)
        same(found.isel(size=1, strength=0), one)


def test_two_oscillators_and_a_qubit() -> None:
    """Both are followed; of their variance nothing is known then."""

    def table(levels: int | None, measures: list[str]) -> xr.Dataset:
        sites = {name: qb.Oscillator(levels=levels, loss=0.3) for name in "cm"} | {"b": qb.Qubit()}
        links = [qb.exchange("c", "m", 0.7), qb.exchange("m", "b", 0.8), qb.drive("c", 1.8, 1.0)]
        system = qb.System(sites, links, [], ["c", "m", "b"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # so few levels leave out 1e-8
            return system.charge({}, [0.4, 0.8], measures)

    measures = ["energy", "ergotropy", "power", "purity"]
    found = table(None, measures)
    assert found.attrs["displaced"].startswith("c: ")
    with unbounded():
        same(found, table(13, measures), 1e-7)


@pytest.mark.parametrize(
    ("measures", "always"),
    [(["coherent_ergotropy"], False), (["energy"], True), (["charger_energy", "energy"], False)],
)
def test_what_is_not_known_then_stays_on_levels(measures: list[str], always: bool) -> None:
    """Coherence is another one in the displaced frame; so are energies with interactions."""
    sites = {"c": qb.Oscillator(loss=0.5), "b": qb.Qubit(), "d": qb.Qubit()}
    links = [qb.exchange("c", "b", 1.0), qb.exchange("b", "d", 0.5, always=always)]
    links += [qb.drive("c", 1.5, 1.0)]
    system = qb.System(sites, links, "d" if not always else [], ["c"] if not always else ["b", "d"])
    table = system.charge({}, [0.5, 1.0], measures)
    known = "coherent_ergotropy" not in measures
    assert ("displaced" in table.attrs) is known


@pytest.mark.parametrize("most", [1e-4, 1e-7])
def test_what_is_left_out_is_a_promise(monkeypatch: pytest.MonkeyPatch, most: float) -> None:
    """The amplitude makes a cut count for more."""
    monkeypatch.setattr(converged_cutoffs, "ACCURACY", most)
    found = of_one([qb.drive("c", 9.0, 1.0)], None, ["energy"], times=[0.2, 0.35])
    monkeypatch.undo()
    exact = of_one([qb.drive("c", 9.0, 1.0)], None, ["energy"], times=[0.2, 0.35])
    off = float(np.abs(found.energy - exact.energy).max())
    assert off <= found.attrs["left_out"] <= most * 2


@pytest.mark.parametrize("levels", [5, 22, 60])
@pytest.mark.parametrize("alpha", [0.3 - 0.1j, 15j])
def test_by_how_much_more_a_cut_counts(levels: int, alpha: complex) -> None:
    """The largest eigenvalue of alpha^* c + h.c. over that of c^dag c; half is too little."""
    c = qutip.destroy(levels)
    beside = np.conj(alpha) * c + alpha * c.dag()
    largest = [float(each.eigenenergies()[-1]) for each in (c.dag() * c, beside)]
    more = counted_more(abs(alpha), levels) - 1
    assert more / 2 < largest[1] / largest[0] <= more


def test_at_rest() -> None:
    """Steady states of a cavity that is part of the battery."""
    measures = ["energy", "ergotropy", "energy_variance", "purity", "power"]
    field = [qb.drive("c", 0.6, 1.0, phase=0.7)]
    found = of_one(field, None, measures, times=np.inf)
    assert found.attrs["displaced"].startswith("c: ")
    same(found, of_one(field, 36, measures, times=np.inf), 1e-8)


def test_far_away_in_little_time() -> None:
    """A field that brings 400 quanta takes the levels that a weak one takes."""
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Qubit()}
    links = [qb.exchange("c", "b", 1.0), qb.drive("c", 20.0, 1.0)]
    table = qb.System(sites, links, [], ["c", "b"]).charge({}, [0.5, 1.0], ANYTHING)
    assert table.attrs["configurations"] < 100
    without = qb.System(sites, links, [], ["c", "b"]).charge({}, [0.05, 0.1], ANYTHING)
    with on_levels():
        same(without, qb.System(sites, links, [], ["c", "b"]).charge({}, [0.05, 0.1], ANYTHING))


def test_a_lossless_battery_is_pure() -> None:
    """All of its energy is work, however many levels it takes."""
    sites = {"c": qb.Oscillator(), "b": qb.Qubit()}
    links = [qb.exchange("c", "b", 1.0), qb.drive("c", 5.0, 1.0)]
    table = qb.System(sites, links, [], ["c", "b"]).charge({}, [2.5, 5.0])
    np.testing.assert_allclose(table.ergotropy, table.energy, rtol=1e-10)
    assert (table.passive_energy < 1e-8).all()
