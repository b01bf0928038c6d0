"""Steady states of driven, lossy oscillators about their classical amplitudes."""

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
from quantumbattery.charging.displaced_at_rest import at_rest
from quantumbattery.charging.problem import Problem

MEASURES = ["energy", "ergotropy", "charger_energy", "purity"]


def settled(links: list[Any], loss: float, frequency: float = 1.0, **own: Any) -> xr.Dataset:
    """An oscillator c and a qubit b after all times."""
    sites = {"c": qb.Oscillator(frequency, loss, **own), "b": qb.Qubit(1.2, loss=0.1)}
    return qb.System(sites, links, "c", "b").charge({}, np.inf, MEASURES)


def by_qutip(
    field: complex, coupling: complex, loss: float, frequency: float, w: float, n: int
) -> tuple[Any, float]:
    """The battery's state and the energy of c, in the frame of a field A e^{i w t} of c."""
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(n), qutip.destroy(2))
    link = coupling * a.dag() * b + field * a
    h = (frequency - w) * a.dag() * a + (1.2 - w) * b.dag() * b + link + link.dag()
    rho = qutip.steadystate(h, [loss**0.5 * a, 0.1**0.5 * b])
    return rho.ptrace(1).full(), frequency * qutip.expect(a.dag() * a, rho)


def agrees(table: xr.Dataset, rho: Any, energy: float, most: float = 1e-8) -> None:
    """All measures of a table with those of a state."""
    h = np.diag([0.0, 1.2])
    assert float(table.energy) == pytest.approx(qb.energy(rho, h), abs=most)
    assert float(table.ergotropy) == pytest.approx(qb.ergotropy(rho, h), abs=most)
    assert float(table.purity) == pytest.approx(qb.purity(rho), abs=most)
    assert float(table.charger_energy) == pytest.approx(energy, abs=100 * most)


@pytest.mark.parametrize(
    ("size", "loss", "coupling", "w"),
    [(1.5, 0.9, 0.5, 1.0), (1.5, 0.8, 0.3 - 0.2j, 1.1), (2.0, 1.0, 0.4, 0.95)],
)
def test_as_qutip_on_levels_that_hold_the_amplitude(
    size: float, loss: float, coupling: complex, w: float
) -> None:
    """Moderate fields."""
    links = [qb.exchange("c", "b", coupling), qb.drive("c", size, w, phase=0.4)]
    table = settled(links, loss)
    assert "levels" not in table.attrs
    assert table.attrs["converged"] < 1e-10
    assert table.attrs["at_cut"] < 1e-10
    agrees(table, *by_qutip(size * np.exp(0.4j), coupling, loss, 1.0, w, 52))


@settings(max_examples=5)
@given(
    size=st.floats(0.5, 1.4),
    phases=st.tuples(*[st.floats(-3.0, 3.0)] * 2),
    coupling=st.floats(0.1, 0.8),
    loss=st.floats(0.7, 1.2),
    w=st.floats(0.7, 1.3),
)
def test_any_field(
    size: float, phases: tuple[float, float], coupling: float, loss: float, w: float
) -> None:
    """Whichever way is taken, it says what QuTiP does."""
    link = coupling * np.exp(1j * phases[1])
    links = [qb.exchange("b", "c", np.conj(link)), qb.drive("c", size, w, phase=phases[0])]
    table = settled(links, loss, 1.1)
    agrees(table, *by_qutip(size * np.exp(1j * phases[0]), link, loss, 1.1, w, 48))


def test_a_strong_field_as_after_a_long_time() -> None:
    """Forty times what one quantum is, and as many levels as fluctuations need."""
    sites = {"c": qb.Oscillator(loss=2.0), "b": qb.Qubit(loss=2.0)}
    system = qb.System(sites, [qb.exchange("c", "b", 0.3), qb.drive("c", 20.0, 1.1)], "c", "b")
    rest = system.charge({}, np.inf, MEASURES)
    assert int(rest.attrs["displaced"].removeprefix("c: ")) < 70
    late = system.charge({}, [24.0], MEASURES)
    for name in MEASURES:
        scale = 1e-6 if name == "charger_energy" else 1e-8
        assert float(rest[name]) == pytest.approx(float(late[name][0]), abs=scale)


def test_modes_that_are_joined_and_two_fields() -> None:
    """Amplitudes pass from mode to mode, and fields of one frequency add up, as by moments."""
    modes = {"c": qb.Oscillator(loss=2.0), "m": qb.Oscillator(0.9, loss=1.5)}
    links = [qb.exchange("c", "m", 0.7j), qb.drive("c", 9.0, 1.05)]
    links += [qb.drive("m", 2.0, 1.05, phase=1.0)]
    free = qb.System(modes, links, "c", "m").charge({}, np.inf, ["energy", "charger_energy"])
    sites = modes | {"b": qb.Qubit(loss=1.0)}
    network = qb.System(sites, [*links, qb.exchange("m", "b", 0.2)], ["c", "m"], "b")
    started, axes = converted(network, {}, np.inf)
    about = at_rest(Problem(network, started, axes, ("charger_energy",), "global", 2.0))
    assert about is not None
    assert about.sites == ("c", "m")
    for name, w, known in (("c", 1.0, free.charger_energy), ("m", 0.9, free.energy)):
        quanta = np.abs(about.amplitudes[name].item()) ** 2
        assert w * quanta == pytest.approx(float(known), rel=1e-12)


def test_arrays_of_fields() -> None:
    """Sizes and phases may be axes."""
    size = xr.DataArray([0.5, 6.0], dims="size")
    links = [qb.exchange("c", "b", 0.3), qb.drive("c", size, 1.0, phase=0.5)]
    table = settled(links, 1.0)
    assert "displaced" in table.attrs
    for k, known in enumerate((0.5, 6.0)):
        one = settled([links[0], qb.drive("c", known, 1.0)], 1.0)
        for name in MEASURES:
            assert float(table[name][k]) == pytest.approx(float(one[name]), abs=1e-9)
    weak = settled([links[0], qb.drive("c", 0.1, 1.0)], 1.0)
    assert "displaced" not in weak.attrs


@pytest.mark.parametrize(
    ("coupling", "size", "loss"),
    [
        (0.5, 0.1, 0.5),  # weak
        (10.0, 0.6, 0.3),  # the qubit keeps quanta out
        (1.0, 1e-3, 1e-5),  # the same, so that amplitudes turn the qubit far too fast
    ],
)
def test_where_few_levels_hold_all(coupling: float, size: float, loss: float) -> None:
    """There nothing is displaced."""
    links = [qb.exchange("c", "b", coupling), qb.drive("c", size, 1.1)]
    assert "displaced" not in settled(links, loss).attrs


def test_a_state_of_the_battery() -> None:
    """What is asked of other sites is read there too."""
    sites = {"c": qb.Oscillator(loss=1.0), "b": qb.Qubit(loss=0.4)}
    system = qb.System(sites, [qb.exchange("c", "b", 0.3), qb.drive("c", 8.0, 1.1)], "c", "b")
    up = system.expect({}, np.inf, {"up": ("b", np.diag([0.0, 1.0]))}).up
    assert float(up) == pytest.approx(float(system.charge({}, np.inf, ["energy"]).energy), abs=1e-9)


def test_a_cavity_that_nothing_damps_stays_on_levels() -> None:
    """A free cavity without loss has no steady amplitude."""
    links = [qb.exchange("c", "b", 2.0), qb.drive("c", 0.05, 1.0)]
    sites = {"c": qb.Oscillator(), "b": qb.Qubit(loss=1.0)}
    table = qb.System(sites, links, "c", "b").charge({}, np.inf, ["energy"])
    assert "displaced" not in table.attrs
