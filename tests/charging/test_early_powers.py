"""Powers so early that rounding hides what a battery gains, which a warning says."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging import early_powers


@pytest.mark.parametrize("seed", range(12))
def test_what_rounding_changes(seed: int) -> None:
    """Of a battery that only loses, whose power is known; no less, and less than 100 times more."""
    rng = np.random.default_rng(seed)
    rate, first = rng.uniform(0.01, 1), 10 ** rng.uniform(-13, -8)
    times = first * np.geomspace(1, 1e3, 200)
    site, start, held = [
        (qb.Qubit(loss=rate), qb.fock(1), 1.0),
        (qb.Oscillator(loss=rate), qb.coherent(2.0), 4.0),
        (qb.Oscillator(loss=rate, dephasing=0.1), qb.thermal(0.5), 0.5),
    ][seed % 3]
    system = qb.System({"b": site}, [], [], "b")
    with pytest.warns(UserWarning, match="rounding may change power by") as seen:
        table = system.charge({"b": start}, times, ["power"])
    (said,) = (float(each) for each in re.findall(r"by (\S+) at", str(seen[0].message)))
    off = np.abs(table.power - held * np.expm1(-rate * times) / times)
    assert (off <= said * first / times).all()
    assert off.max() > said / 100


def test_nothing_is_said_of_what_is_known() -> None:
    """A battery that starts empty, or times as one has them."""
    pair = qb.QubitPair(charger_loss=0.1).system()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pair.charge(qb.fock(1), np.geomspace(1e-13, 1.0, 30))
        pair.charge({"battery": qb.fock(1)}, np.linspace(0.0, 5.0, 2000))
        pair.charge({"battery": qb.fock(1)}, 1e-12, ["energy"])


def test_on_axes_and_of_every_power() -> None:
    """Times of their own for each member, and three powers."""
    loss = xr.DataArray([0.1, 0.3], dims="loss")
    sites = {"a": qb.Qubit(loss=loss), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    times = xr.DataArray([[1e-12, 1.0], [1e-11, 2.0]], dims=("loss", "time"))
    names = ["power", "passive_power", "ergotropic_power"]
    with pytest.warns(UserWarning, match="rounding may change") as seen:
        system.charge({"b": qb.bloch(2.0)}, times, names)
    assert [str(each.message).split()[3] for each in seen] == names


def test_work_of_a_start_that_has_none():
    """It is the difference of two energies, and as uncertain as these."""
    system = qb.System({"b": qb.Qubit(loss=0.1)}, [], [], "b")
    with pytest.warns(UserWarning, match="rounding may change ergotropic_power by"):
        system.charge({"b": qb.thermal(0.4)}, np.geomspace(1e-13, 1e-11, 7), ["ergotropic_power"])


def test_every_member_by_itself():
    """A slow member beside a fast one, for which the same times are late."""
    frequency = xr.DataArray([1.0, 1e7], dims="frequency")
    system = qb.System({"b": qb.Qubit(frequency, loss=0.1)}, [], [], "b")
    alone = qb.System({"b": qb.Qubit(loss=0.1)}, [], [], "b")
    said = []
    for each in (system, alone):
        with pytest.warns(UserWarning, match="rounding may change power by") as seen:
            each.charge({"b": qb.fock(1)}, [1e-12, 1e-11], ["power"])
        said += [str(warning.message) for warning in seen]
    assert said[0] == said[1]
    assert len(said) == 2


def test_cells_of_which_one_differs_from_member_to_member():
    """Beside one that has the same energies in all, and one that has none."""
    sites = {"x": qb.Qubit([1.0, 2.0]), "y": qb.Qubit(), "z": qb.Qudit([0.0, 0.0])}
    system = qb.System(sites, [qb.exchange("x", "y", 1.0)], [], ["x", "y", "z"])
    start = {"x": qb.fock(1), "z": qb.fock(1)}
    table = system.charge(start, [0.0, 0.5], ["energy", "power"])
    # Nothing is brought in: what x loses at resonance y has, and off it, more or less of it.
    assert table.power[0, 1] == pytest.approx(0.0, abs=1e-15)
    swing = np.sqrt(1 + 0.25)
    moved = (np.sin(swing * 0.5) / swing) ** 2
    assert table.power[1, 1] == pytest.approx(-moved / 0.5, rel=1e-12)
    flat = qb.System({"z": sites["z"]}, [], [], "z")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert flat.charge({"z": qb.fock(1)}, 0.0, ["power"]).power == 0


def test_late_times_cost_nothing(monkeypatch):
    """What is not early is not worked out again; nor what starts empty."""
    monkeypatch.setattr(early_powers, "replace", None)
    pair = qb.QubitPair(charger_loss=0.1).system()
    pair.charge({"battery": qb.fock(1)}, [1e-3, 1.0])
    pair.charge(qb.fock(1), [1e-12, 1.0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strokes", [1, 3])
def test_strokes_say_so_too(seed: int, strokes: int) -> None:
    """Also so early that a time is nearer to the beginning than rounding of the strokes tells."""
    rate, first = 0.1 + 0.1 * seed, 10.0 ** (-10 - seed)
    times = first * np.geomspace(1, 1e3, 50)
    site, start, held = [
        (qb.Qubit(loss=rate), qb.fock(1), 1.0),
        (qb.Oscillator(loss=rate), qb.coherent(2.0), 4.0),
    ][seed % 2]
    stroke = qb.Stroke(qb.System({"b": site}, [], [], "b"), 1.0)
    protocol = qb.Protocol([qb.Stroke(stroke.system, 0.0)] * (strokes - 1) + [stroke])
    with pytest.warns(UserWarning, match="rounding may change power by") as seen:
        table = protocol.charge({"b": start}, times, ["power"])
    (said,) = (float(each) for each in re.findall(r"by (\S+) at", str(seen[0].message)))
    off = np.abs(table.power - held * np.expm1(-rate * times) / times)
    assert (off <= said * first / times).all()
    assert (table.stroke == strokes - 1).all()


@pytest.mark.parametrize("span", [1e-30, 1e-200, 5e-324])
def test_nothing_happens_in_no_time(span: float) -> None:
    pair = qb.models.qubit_pair()
    cavities = qb.models.oscillator_pair()
    for system, start in ((pair, qb.bloch(1.0)), (cavities, qb.coherent(1.0))):
        if span >= 1e-30:
            strokes = [qb.Stroke(system, span)] * 2
            assert qb.Protocol(strokes).charge(start, measures=["power"]).power.max() <= 1e-29
        late = qb.Protocol([qb.Stroke(system, 1.0)])
        for one in (system, late):
            assert one.charge(start, [0.0, span], ["power"]).power.max() <= 1e-29
