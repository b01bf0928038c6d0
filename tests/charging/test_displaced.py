"""Driven oscillators about their classical amplitudes, beside levels that hold all of them."""

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
from roads.levels import unbounded

TIMES = np.linspace(0, 1.2, 4)
MEASURES = ["energy", "ergotropy", "charger_energy"]
FIELD = qb.drive("c", 1.5, 1.1, phase=0.4)


def charged(links: list[Any], start: Any = None, levels: int | None = None, **rates: Any) -> Any:
    """An oscillator c charges a qubit b; on so many levels, or on those that are chosen."""
    sites = {"c": qb.Oscillator(loss=0.5, levels=levels, **rates), "b": qb.Qubit(1.2, loss=0.1)}
    return qb.System(sites, links, "c", "b").charge(start or {}, TIMES, MEASURES)


def same(found: xr.Dataset, other: xr.Dataset, most: float = 1e-9) -> None:
    """All columns of both tables; the charger's energy is large beside the battery's."""
    for name in found.data_vars:
        scale = 100 if name == "charger_energy" else 1
        np.testing.assert_allclose(found[name], other[name], rtol=0, atol=most * scale)


CASES: dict[str, tuple[list[Any], Any]] = {
    "exchange": ([qb.exchange("c", "b", 0.8), FIELD], {}),
    "complex": ([qb.exchange("c", "b", 0.8 + 0.5j), FIELD], {"b": qb.bloch(1.0, 0.5)}),
    "the other way round": ([qb.exchange("b", "c", 0.8 + 0.5j), FIELD], {}),
    "dipole": ([qb.dipole("c", "b", 0.4), FIELD], {}),
    "coherent": ([qb.exchange("c", "b", 0.8), FIELD], qb.coherent(0.8 - 1j)),
    "thermal": ([qb.exchange("c", "b", 0.8), FIELD], qb.thermal(0.05)),
    "two fields": ([qb.exchange("c", "b", 0.8), FIELD, qb.drive("c", 0.7, 0.6, phase=2.0)], {}),
    "driven too": ([qb.exchange("c", "b", 0.8), FIELD, qb.drive("b", 0.3, 1.0)], {}),
    "shaped link": ([qb.exchange("c", "b", 0.8, envelope=lambda t: np.sin(t) ** 2), FIELD], {}),
    "pulsed link": (
        [qb.exchange("c", "b", 0.8, envelope=[1, -1], breaks=[0, 0.7, 1.5]), FIELD],
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_on_levels_that_hold_the_amplitude(case: str) -> None:
    """Few levels give what many do."""
    links, start = CASES[case]
    found = charged(links, start)
    assert int(found.attrs["displaced"].removeprefix("c: ")) < 30
    with unbounded():
        same(found, charged(links, start, 44))


def test_as_qutip_in_the_laboratory() -> None:
    """The master equation of the driven cavity itself."""
    n = 36
    a, b = (
        qutip.tensor(qutip.destroy(n), qutip.qeye(2)),
        qutip.tensor(qutip.qeye(n), qutip.destroy(2)),
    )
    h = a.dag() * a + 1.2 * b.dag() * b + 0.8 * (a.dag() * b + b.dag() * a)
    wave = {"force": lambda t: 1.5 * np.exp(1j * (1.1 * t + 0.4))}
    back = {"back": lambda t: 1.5 * np.exp(-1j * (1.1 * t + 0.4))}
    whole = qutip.QobjEvo([h, [a, wave["force"]], [a.dag(), back["back"]]])
    rates = [0.5**0.5 * a, 0.1**0.5 * b]
    start = qutip.tensor(qutip.basis(n, 0), qutip.basis(2, 0))
    tight = {"atol": 1e-12, "rtol": 1e-10, "method": "vern7"}
    asked = [1.2 * b.dag() * b, a.dag() * a]
    seen = qutip.mesolve(whole, start, TIMES, rates, e_ops=asked, options=tight)
    found = charged([qb.exchange("c", "b", 0.8), FIELD])
    np.testing.assert_allclose(found.energy, seen.expect[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.charger_energy, seen.expect[1], rtol=0, atol=1e-7)


@settings(max_examples=5)
@given(
    size=st.floats(1.0, 1.6),
    frequencies=st.tuples(*[st.floats(0.5, 1.5)] * 2),
    phases=st.tuples(*[st.floats(-3.0, 3.0)] * 2),
    coupling=st.floats(0.1, 1.0),
    warmth=st.sampled_from([0.0, 0.01]),
)
def test_any_field(
    size: float,
    frequencies: tuple[float, float],
    phases: tuple[float, float],
    coupling: float,
    warmth: float,
) -> None:
    """Two fields of any frequencies and phases, cold and warm."""
    fields = [
        qb.drive("c", amplitude, frequency, phase=phase)
        for amplitude, frequency, phase in zip((size, 0.4), frequencies, phases, strict=True)
    ]
    links = [qb.exchange("c", "b", coupling * np.exp(1j * phases[0])), *fields]
    found = charged(links, occupation=warmth)
    assert found.attrs["left_out"] <= 1e-10
    with unbounded():
        same(found, charged(links, None, 40, occupation=warmth))


@pytest.mark.parametrize(
    ("loss", "levels", "last"),
    [([], 24, 0.8), ([qb.dissipator({"c": 1.0, "m": 1j}, 0.3)], 12, 0.6)],
)
def test_modes_that_are_joined(loss: list[Any], levels: int, last: float) -> None:
    """Amplitudes pass from mode to mode, through joint losses too."""
    links = [qb.exchange("c", "m", 0.7), qb.exchange("m", "b", 0.8), qb.drive("c", 2.0, 1.0), *loss]

    def table(levels: int | None) -> xr.Dataset:
        sites = {name: qb.Oscillator(levels=levels) for name in "cm"} | {"b": qb.Qubit()}
        system = qb.System(sites, links, "c", "b")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # so few levels leave out 1e-8
            return system.charge({}, [last / 2, last], MEASURES)

    found = table(None)
    assert found.attrs["displaced"].startswith("c: ")
    assert ", m: " in found.attrs["displaced"]
    assert "levels" not in found.attrs
    with unbounded():
        same(found, table(levels), 1e-7)


def test_arrays_of_drives_and_couplings() -> None:
    """What is an axis of the size, the phase or the coupling needs no amplitude of its own."""
    size = xr.DataArray([0.5, 1.5], dims="size")
    phase = xr.DataArray([0.0, 0.5], dims="phase")
    coupling = xr.DataArray([0.4, 0.8], dims="coupling")

    def links(*numbers: Any) -> list[Any]:
        return [qb.exchange("c", "b", numbers[2]), qb.drive("c", numbers[0], 1.1, phase=numbers[1])]

    found = charged(links(size, phase, coupling))
    assert found.attrs["displaced"].startswith("c: ")
    same(found.isel(size=1, phase=1, coupling=0), charged(links(1.5, 0.5, 0.4), levels=36))


def test_what_is_disconnected_feels_no_amplitude() -> None:
    """After disconnection the field that stood for the link is off."""
    sites = {"c": qb.Oscillator(loss=0.5), "b": qb.Qubit(loss=0.2)}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0), qb.drive("c", 2.0, 1.0)], "c", "b")
    table = system.charge({}, np.array([1.0, 3.0]), ["energy"], disconnect=1.0)
    assert table.attrs["displaced"].startswith("c: ")
    assert table.energy[1] == pytest.approx(float(table.energy[0]) * np.exp(-0.4), abs=1e-10)
    whole = system.charge({}, np.array([1.0, 3.0]), ["charger_energy"], disconnect=1.0)
    assert "displaced" not in whole.attrs  # its amplitude goes on when the field is off
    kept = whole.charger_energy
    assert kept[1] == pytest.approx(float(kept[0]) * np.exp(-1.0), abs=1e-8)


def test_a_blocked_oscillator_keeps_few_levels() -> None:
    """Strong coupling keeps quanta out that a free oscillator would take up."""
    sites = {"c": qb.Oscillator(), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 10.0), qb.drive("c", 1.0, 1.0)], "c", "b")
    table = system.charge({}, np.linspace(0, 10, 11), ["energy"])
    assert "displaced" not in table.attrs


@pytest.mark.parametrize(
    ("measure", "kept"),
    [("charger_energy", True), ("interaction_energy", False), ("purity", True)],
)
def test_what_is_asked_of_the_oscillator_itself(measure: str, kept: bool) -> None:
    """What a displacement changes is read on its own levels."""
    sites = {"c": qb.Oscillator(loss=0.5), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0), qb.drive("c", 2.0, 1.0)], "c", "b")
    table = system.charge({}, np.linspace(0, 1, 3), [measure])
    assert ("displaced" in table.attrs) is kept
    fixed = qb.System(sites | {"c": qb.Oscillator(loss=0.5, levels=40)}, system.links, "c", "b")
    other = fixed.charge({}, np.linspace(0, 1, 3), [measure])
    np.testing.assert_allclose(table[measure], other[measure], rtol=0, atol=1e-8)


def test_pairs_of_quanta_stay_on_levels() -> None:
    """A field that squeezes is not displaced."""
    links = [
        qb.exchange("c", "b", 0.5),
        qb.drive("c", 1.5, 1.0),
        qb.two_photon_drive("c", 0.05, 1.0),
    ]
    found = charged(links)
    assert "displaced" not in found.attrs
    same(found, charged(links, levels=60))


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_a_field_that_does_not_turn_is_two_that_do(loss: float) -> None:
    """Also beside one that turns, and where the dipole leaves nothing that stands still."""
    fields = [qb.drive("c", 4.0, 0.8, rotating_wave=False, phase=0.7), qb.drive("c", 0.3, 1.1)]
    links = [qb.dipole("c", "q", 0.3), *fields]
    times = [0.4, 1.3]

    def system(levels: int | None) -> qb.System:
        return qb.System(
            {"c": qb.Oscillator(loss=loss, levels=levels), "q": qb.Qubit()}, links, "c", "q"
        )

    found = system(None).charge({}, times, ["energy", "ergotropy"])
    known = system(110).charge({}, times, ["energy", "ergotropy"])
    assert found.attrs["displaced"].startswith("c: ")
    assert int(found.attrs["displaced"][3:]) < 30
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(found[name], known[name], rtol=0, atol=1e-9)
