"""Steady states of oscillators that hardly decay: what rounding leaves of their quanta is said."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging.charge import converted
from quantumbattery.moments.quadratic import quadratic
from quantumbattery.moments.steady import steady


def at_rest(system: qb.System, place: int) -> tuple[float, float]:
    """The quanta of a mode, and what is said of their error."""
    _, axes = converted(system, {}, np.inf)
    found, off, held = steady(quadratic(system, axes.numbers, 1), [place], 2.0)
    quanta = float(found.normal.real.item())
    assert held >= quanta * (1 - 1e-9)
    return quanta, off


def below_threshold(rng: np.random.Generator) -> tuple[qb.System, int, float]:
    """A pumped mode: N + 1/2 is (n + 1/2) / (1 - (2 G / k)^2)."""
    loss, n = float(rng.uniform(0.1, 1.0)), float(rng.uniform(0.1, 3.0))
    pump = loss / 2 * (1 - 10 ** rng.uniform(-10, -2))
    mode = {"m": qb.Oscillator(loss=loss, occupation=n)}
    system = qb.System(mode, [qb.two_photon_drive("m", pump, 1.0)], [], "m")
    half = Fraction(1, 2)
    known = (Fraction(n) + half) / (1 - (2 * Fraction(pump) / Fraction(loss)) ** 2) - half
    return system, 0, float(known)


def nearly_dark(rng: np.random.Generator) -> tuple[qb.System, int, float]:
    """All baths have one occupation, which then is that of every mode."""
    n, weight = float(rng.uniform(0.1, 3.0)), 1 + 10 ** rng.uniform(-5, -1)
    links = [qb.dissipator({"a": 1.0, "b": -weight}, float(rng.uniform(0.1, 1.0)), n)]
    links += [qb.exchange(*ends, float(rng.uniform(0.1, 1.0))) for ends in ("ab", "bc")]
    system = qb.System({name: qb.Oscillator() for name in "abc"}, links, "a", "b")
    return system, int(rng.integers(3)), n


@pytest.mark.parametrize("kind", [below_threshold, nearly_dark])
def test_quanta_are_as_near_as_is_said(kind: object) -> None:
    """Of no system is the error larger; of some it is a fifth, so that the word is not empty."""
    rng, nearest = np.random.default_rng(3), 0.0
    for _ in range(150):
        system, place, known = kind(rng)  # type: ignore[operator]
        quanta, off = at_rest(system, place)
        assert abs(quanta - known) <= off
        nearest = max(nearest, abs(quanta - known) / off)
    assert nearest > 0.1


def test_a_mean_that_hardly_decays() -> None:
    """A field that brings 4 F^2 / k^2 quanta, beside modes that decay fast."""
    sites = {"a": qb.Oscillator(loss=1e-9), "b": qb.Oscillator(loss=1.0)}
    links = [qb.drive("a", 1e-9, 1.0), qb.exchange("a", "b", 1e-12)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = float(qb.System(sites, links, "b", "a").charge({}, np.inf, ["energy"]).energy)
    _, off = at_rest(qb.System(sites, links, "b", "a"), 0)
    assert abs(found - 4.0) <= off + 1e-14


def test_few_digits_are_said_and_many_are_not() -> None:
    """From 1e-8 of the quanta on."""
    for below, few in ((1e-3, False), (1e-10, True)):
        mode = {"m": qb.Oscillator(loss=0.3, occupation=0.5)}
        pump = [qb.two_photon_drive("m", 0.15 * (1 - below), 1.0)]
        system = qb.System(mode, pump, [], "m")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            system.charge({}, np.inf, ["energy"])
        assert any("slowest decay is so far below" in str(each.message) for each in said) is few


@pytest.mark.parametrize("start", [qb.thermal(30000.0), qb.gaussian(r=2.5, occupation=10.0)])
def test_what_turns_for_ever_is_refused_at_once(start: object) -> None:
    """Whatever it starts in, before levels are chosen for that."""
    sites = {"a": qb.Oscillator(loss=0.1), "b": qb.Oscillator(loss=0.2)}
    links = [qb.dipole("a", "b", 0.2), qb.two_photon_drive("a", 0.01, 1.0)]
    with pytest.raises(ValueError, match="a drive turns in every frame"):
        qb.System(sites, links, "a", "b").charge(start, np.inf, ["energy"])
    shaped = [qb.exchange("a", "b", 0.2), qb.drive("a", 0.5, 1.0, envelope=np.cos)]
    with pytest.raises(ValueError, match="an envelope changes in time"):
        qb.System(sites, shaped, "a", "b").charge(start, np.inf, ["energy"])
