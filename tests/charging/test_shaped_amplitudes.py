"""Oscillators about the amplitudes that shaped fields give them, beside levels that hold these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging.classical_amplitudes import shaped_field
from quantumbattery.network.envelopes import harmonics
from quantumbattery.network.network import Network

TIMES = [0.5, 1.9]
SAMPLES = xr.DataArray([0.3, 1.0, -0.4, 0.8, 0.2], dims="time", coords={"time": np.arange(5) / 2})
SHAPES: dict[str, dict[str, Any]] = {
    "a pulse": {"envelope": lambda t: np.exp(-((t - 1) ** 2) / 0.3)},
    "steps": {"envelope": [1.0, -0.5, 0.3], "breaks": [0, 0.6, 1.1, 2.0]},
    "samples": {"envelope": SAMPLES},
    "a jump": {"envelope": lambda t: np.where(t < 0.7, 1.0, 0.2), "breaks": [0.7]},
    "a series": {"envelope": harmonics(1.3, [0.5, 1.0], [0.0, 0.3])},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_any_shape(shape: str, loss: float) -> None:
    """One turns, one does not; beside a field that keeps its shape, and a start."""
    links = [
        qb.drive("c", 3.0, 1.1, phase=0.4, rotating_wave=shape != "steps", **SHAPES[shape]),
        qb.drive("c", 0.3, 0.8),
        qb.dipole("c", "q", 0.3) if loss else qb.exchange("c", "q", 0.3j),
    ]
    start = {"c": qb.coherent(0.4 - 0.2j)}

    def system(levels: int | None) -> qb.System:
        sites = {"c": qb.Oscillator(1.05, loss=loss, levels=levels), "q": qb.Qubit(loss=loss)}
        return qb.System(sites, links, "c", "q")

    found = system(None).charge(start, TIMES, ["energy", "ergotropy"])
    known = system(75).charge(start, TIMES, ["energy", "ergotropy"])
    assert "displaced" in found.attrs or not loss  # as many levels of kets may cost less
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(found[name], known[name], rtol=0, atol=1e-10)


def test_a_battery_that_shaped_fields_displace() -> None:
    """Its own energy and work, until it is disconnected or not; and members of a batch."""
    sizes = xr.DataArray([2.0, 3.0], dims="size")
    pulse = SHAPES["a pulse"]

    def system(levels: int | None, size: Any) -> qb.System:
        links = [qb.drive("c", size, 1.1, **pulse), qb.exchange("c", "q", 0.3)]
        return qb.System(
            {"c": qb.Oscillator(levels=levels), "q": qb.Qubit()}, links, [], ["c", "q"]
        )

    measures = ["energy", "power", "ergotropy", "energy_variance"]
    found = system(None, sizes).charge({}, TIMES, measures)
    assert "displaced" in found.attrs
    for k, size in enumerate([2.0, 3.0]):
        known = system(75, size).charge({}, TIMES, measures)
        for name in measures:
            np.testing.assert_allclose(found[name][k], known[name], rtol=1e-10)
    left = system(None, 3.0).charge({}, TIMES, ["purity"], disconnect=1.2)
    levels = system(75, 3.0).charge({}, TIMES, ["purity"], disconnect=1.2)
    np.testing.assert_allclose(left.purity, levels.purity, rtol=0, atol=1e-10)


def test_what_a_field_brings_by_itself() -> None:
    """Of one lossy mode, the integral of its shape; a wild shape is left to levels."""

    def field(envelope: Any) -> Network:
        link = qb.drive("c", 1.0, 1.0, envelope)
        return Network({"c": qb.Oscillator(loss=0.4)}, [link], charger=[], battery="c")

    made = shaped_field(field(lambda t: 1 + t), 3.0, 2.0)
    assert made is not None
    times = np.array([2.0, 0.5, 2.0, 3.0])
    found = made.at(times, np.ones(1))[0]
    slow = 0.2
    wanted = -1j * (times / slow + (1 - 1 / slow) * (1 - np.exp(-slow * times)) / slow)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert shaped_field(field(lambda t: np.sin(1e6 * t) ** 2), 30.0, 2.0) is None
