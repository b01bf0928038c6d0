"""Coherent starts of lossy oscillators about their amplitudes, beside levels that hold all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.charge import converted
from quantumbattery.charging.displaced import displaced
from quantumbattery.charging.problem import Problem
from roads.levels import unbounded

TIMES = np.linspace(0, 1.2, 4)
MEASURES = ["energy", "ergotropy", "charger_energy"]
EXCHANGE = qb.exchange("c", "b", 0.8)
DIMS = [6, 6, 2]
TIGHT = {"atol": 1e-12, "rtol": 1e-10, "method": "vern7"}


def charged(start: Any, links: list[Any] | None = None, levels: int | None = None) -> xr.Dataset:
    """An oscillator c charges a qubit b; on so many levels, or on those that are chosen."""
    sites = {"c": qb.Oscillator(loss=0.5, levels=levels), "b": qb.Qubit(1.2, loss=0.1)}
    return qb.System(sites, links or [EXCHANGE], "c", "b").charge(start, TIMES, MEASURES)


def same(found: xr.Dataset, other: xr.Dataset, most: float = 1e-9) -> None:
    """All columns of both tables; the charger's energy is large beside the battery's."""
    for name in found.data_vars:
        scale = 100 if name == "charger_energy" else 1
        np.testing.assert_allclose(found[name], other[name], rtol=0, atol=most * scale)


CASES: dict[str, tuple[Any, list[Any]]] = {
    "exchange": (qb.coherent(4 - 1j), [EXCHANGE]),
    "complex": (qb.coherent(4j), [qb.exchange("b", "c", 0.8 + 0.5j)]),
    "dipole": (qb.coherent(4.0), [qb.dipole("c", "b", 0.4)]),
    "squeezed": (qb.gaussian(-4.4, 0.05, 0.7), [EXCHANGE]),
    "warm": (qb.gaussian(4.0, 0.0, 0.0, 0.05), [EXCHANGE]),
    "a battery in between": ({"c": qb.coherent(4.0), "b": qb.bloch(1.0, 0.5)}, [EXCHANGE]),
    "driven battery": (qb.coherent(4.0), [EXCHANGE, qb.drive("b", 0.3, 1.0)]),
    "driven too": (qb.gaussian(4.0), [EXCHANGE, qb.drive("c", 0.3, 1.1, phase=0.4)]),
    "shaped link": (
        qb.coherent(4.0),
        [qb.exchange("c", "b", 0.8, envelope=lambda t: np.sin(t) ** 2)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_on_levels_that_hold_the_amplitude(case: str) -> None:
    """Few levels give what many do."""
    start, links = CASES[case]
    found = charged(start, links)
    assert int(found.attrs["displaced"].removeprefix("c: ")) < 40
    assert found.attrs["left_out"] <= 1e-10
    with unbounded():
        same(found, charged(start, links, 64), 3e-9)


def test_as_qutip_in_the_laboratory() -> None:
    """The master equation of a cavity that starts in a coherent state."""
    n = 62
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(n), qutip.destroy(2))
    h = a.dag() * a + 1.2 * b.dag() * b + 0.8 * (a.dag() * b + b.dag() * a)
    start = qutip.tensor(qutip.coherent(n, 4 - 1j, method="analytic"), qutip.basis(2, 0))
    asked, rates = [1.2 * b.dag() * b, a.dag() * a], [0.5**0.5 * a, 0.1**0.5 * b]
    seen = qutip.mesolve(h, start, TIMES, rates, e_ops=asked, options=TIGHT)
    found = charged(qb.coherent(4 - 1j))
    assert "displaced" in found.attrs
    np.testing.assert_allclose(found.energy, seen.expect[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.charger_energy, seen.expect[1], rtol=0, atol=1e-7)


def test_four_hundred_quanta() -> None:
    """A qubit feels J alpha(0) exp(-k t/2): a strength of 20 beside a cavity that starts empty."""
    n, times = 50, np.linspace(0, 2, 11)
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(n), qutip.destroy(2))
    field = lambda t: 20 * np.exp(-0.05 * t)  # noqa: E731
    h = qutip.QobjEvo([a.dag() * b + b.dag() * a, [b + b.dag(), field]])
    start = qutip.tensor(qutip.basis(n, 0), qutip.basis(2, 0))
    asked, rates = [b.dag() * b, a.dag() * a, a], [0.1**0.5 * a]
    seen = qutip.mesolve(h, start, times, rates, e_ops=asked, options=TIGHT)
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0)], "c", "b")
    found = system.charge(qb.coherent(20.0), times, ["energy", "charger_energy"])
    assert int(found.attrs["displaced"].removeprefix("c: ")) < 50
    np.testing.assert_allclose(found.energy, seen.expect[0], rtol=0, atol=1e-8)
    quanta = field(times) ** 2 + 2 * field(times) * np.real(seen.expect[2]) + seen.expect[1]
    np.testing.assert_allclose(found.charger_energy, quanta, rtol=0, atol=1e-6)


@settings(max_examples=5)
@given(
    size=st.floats(4.0, 4.2),
    phase=st.floats(-3.0, 3.0),
    frequency=st.floats(0.5, 1.5),
    coupling=st.floats(0.1, 1.0),
    occupation=st.sampled_from([0.0, 0.02]),
    counter=st.booleans(),
)
def test_any_start(
    size: float,
    phase: float,
    frequency: float,
    coupling: float,
    occupation: float,
    counter: bool,
) -> None:
    """Any amplitude, cold and warm, beside and far from resonance."""
    start = {"c": qb.gaussian(size * np.exp(1j * phase), 0.0, 0.0, occupation)}
    link = qb.dipole("c", "b", coupling / 2) if counter else qb.exchange("c", "b", coupling * 1j)

    def table(levels: int | None) -> xr.Dataset:
        sites = {"c": qb.Oscillator(frequency, 0.4, levels=levels), "b": qb.Qubit(loss=0.2)}
        return qb.System(sites, [link], "c", "b").charge(start, TIMES, MEASURES)

    found = table(None)
    assert "displaced" in found.attrs
    with unbounded():
        same(found, table(68), 3e-9)


def test_a_start_that_passes_on_to_another_mode() -> None:
    """The amplitude goes from mode to mode, and what is left of it to the qubit."""
    links = [qb.exchange("c", "m", 0.7), qb.exchange("m", "b", 0.2)]

    def table(modes: dict[str, Any]) -> xr.Dataset:
        system = qb.System(modes | {"b": qb.Qubit(loss=0.1)}, links, "c", "b")
        return system.charge({"c": qb.coherent(4.2)}, [0.3, 0.6], ["energy"])

    found = table({"c": qb.Oscillator(loss=0.3), "m": qb.Oscillator()})
    assert found.attrs["displaced"].startswith("c: ")
    assert "levels" not in found.attrs
    lowering = {"c": [6, 1, 1], "m": [1, 6, 1], "b": [1, 1, 2]}
    a, m, b = (
        qutip.tensor(
            [qutip.destroy(d) if d > 1 else qutip.qeye(n) for d, n in zip(own, DIMS, strict=True)]
        )
        for own in lowering.values()
    )
    force = lambda t: 0.2 * _pair(t)  # noqa: E731
    swaps = 0.7 * (a.dag() * m + m.dag() * a) + 0.2 * (m.dag() * b + b.dag() * m)
    h = qutip.QobjEvo([swaps, [b.dag(), force], [b, lambda t: np.conj(force(t))]])
    rates = [0.3**0.5 * a, 0.1**0.5 * b]
    start = qutip.basis(DIMS, [0, 0, 0])
    seen = qutip.mesolve(h, start, [0, 0.3, 0.6], rates, e_ops=[b.dag() * b], options=TIGHT)
    np.testing.assert_allclose(found.energy, seen.expect[0][1:], rtol=0, atol=1e-8)


def _pair(time: float) -> complex:
    """The second of two joined modes, the first of which is lossy and starts in 4.2."""
    moved = qutip.Qobj(np.array([[-0.15, -0.7j], [-0.7j, 0.0]]) * time).expm()
    return complex(moved.full()[1, 0] * 4.2)


def test_what_is_disconnected_feels_no_amplitude() -> None:
    """After disconnection the field that stood for the start is off."""
    sites = {"c": qb.Oscillator(loss=0.5), "b": qb.Qubit(loss=0.2)}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0)], "c", "b")
    moments = np.array([1.0, 3.0])
    table = system.charge(qb.coherent(6.0), moments, ["energy"], disconnect=1.0)
    assert table.attrs["displaced"].startswith("c: ")
    assert table.energy[1] == pytest.approx(float(table.energy[0]) * np.exp(-0.4), abs=1e-10)


@pytest.mark.parametrize(
    ("loss", "start"),
    [
        (0.2, qb.coherent(3.0)),  # few levels
        (0.0, qb.coherent(8.0)),  # pairs of levels
        (0.0, qb.coherent(20.0)),
        (0.2, qb.coherent([1.0, 5.0])),  # several amplitudes
        (0.2, qb.fock(12)),
    ],
)
def test_what_does_well_on_its_own_levels(loss: float, start: Any) -> None:
    """There nothing is displaced."""
    sites = {"c": qb.Oscillator(loss=loss), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0)], "c", "b")
    assert "displaced" not in system.charge(start, TIMES, ["energy"]).attrs


def test_a_start_that_cannot_be_followed_leaves_the_field_alone() -> None:
    """A mode that does not lose its quanta linearly stays on levels; a driven one does not."""
    number = qb.interaction(
        "m", "b", matrix=lambda m, b: np.diag(np.outer(np.arange(m), np.arange(b)).ravel())
    )
    sites = {"c": qb.Oscillator(loss=0.3), "m": qb.Oscillator(), "b": qb.Qubit()}
    network = qb.System(sites, [EXCHANGE, qb.drive("c", 2.0, 1.0), number], "c", "b")
    started, axes = converted(network, {"m": qb.coherent(4.0)}, TIMES)
    about = displaced(Problem(network, started, axes, ("energy",), "global", 2.0))
    assert about is not None
    assert about.sites == ("c",)
    assert about.problem.started == started
