"""Times so long, or numbers so large, that double precision or any patience ends."""

import sys

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging.global_maximum import Aim, least_points, maximum
from quantumbattery.cli import main
from quantumbattery.dynamics import foreseen
from quantumbattery.machine import TooLargeError

TIMES = np.linspace(0.0, 2.0, 5)
FAST = 1e30


def lossy(**given):
    return qb.models.tavis_cummings(cells=2, **given)


@pytest.mark.parametrize(
    ("system", "start"),
    [
        (qb.models.tavis_cummings(cells=2, coupling=FAST), qb.fock(2)),
        (lossy(coupling=FAST, charger_loss=1.0), qb.coherent(1.0)),
        (lossy(charger_loss=FAST), qb.coherent(1.0)),
        (qb.models.oscillator_pair(coupling=FAST), qb.coherent(1.0)),
        (qb.models.oscillator_pair(coupling=FAST), qb.fock(2)),
        (qb.models.quadratic_drive(coupling=FAST), {}),
        (qb.models.chain(couplings=[FAST, 1.0]), qb.fock(1)),
        (qb.models.driven_qubit_pair(coupling=FAST), {}),
        (qb.models.driven_hybrid(coupling=FAST), {}),
        (qb.QubitPair(coupling=FAST), qb.bloch(2.0)),
    ],
    ids=str,
)
def test_phases_of_which_no_digit_is_left_are_refused(system, start):
    for work in (lambda: system.charge(start, TIMES), lambda: system.charge(start, 2.0)):
        with pytest.raises(
            ValueError, match=r"no digit is left.*shorter time, or look at the units"
        ):
            work()
    if isinstance(system, qb.System):
        with pytest.raises(ValueError, match="no digit is left"):
            system.optimum(start, 2.0)


def test_storage_counts_what_turns_while_it_turns():
    """Charged for a moment, and stored for ages in which nothing turns."""
    for system in (qb.models.oscillator_pair(), qb.models.tavis_cummings(cells=2), qb.QubitPair()):
        start = qb.bloch(np.pi) if isinstance(system, qb.QubitPair) else qb.fock(1)
        table = system.charge(start, [1.0, 1e20], ["energy"], disconnect=1.0)
        assert table.energy.values[1] == pytest.approx(table.energy.values[0], rel=1e-12)
        with pytest.raises(ValueError, match="no digit is left"):
            system.charge(start, [1.0, 1e20], ["energy"])


def test_digits_that_are_lost_are_said():
    for system, start in (
        (qb.QubitPair(), qb.bloch(np.pi)),
        (qb.models.oscillator_pair(), qb.coherent(1.0)),
        (qb.models.tavis_cummings(cells=2), qb.fock(1)),
    ):
        with pytest.warns(UserWarning, match=r"rounding has taken [2-9]e-06 of a phase"):
            system.charge(start, [1.0, 1e10], ["energy"])


def test_frequencies_that_all_share_are_felt_in_second_order():
    """Of a frequency a million million times the coupling, four digits of a phase are left."""
    times = np.sqrt([0.3, 1.7, 3.3])
    tables = {w: qb.models.tavis_cummings(cells=3, frequency=w) for w in (1.0, 1.1e9)}
    one, other = (
        each.charge(qb.coherent(1.5), times, ["energy", "ergotropy"]) / w
        for w, each in tables.items()
    )
    xr.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    with pytest.warns(UserWarning, match="rounding has taken"):
        qb.models.tavis_cummings(cells=3, frequency=1e13).charge(qb.coherent(1.5), times)
    for ask in ("charge", "density_matrix"):
        for model in (qb.models.tavis_cummings, qb.models.oscillator_pair):
            if ask == "density_matrix" or model is qb.models.tavis_cummings:
                with pytest.raises(ValueError, match="no digit is left"):
                    getattr(model(frequency=FAST), ask)(qb.coherent(1.0), times)


def test_strokes_add_up():
    stroke = qb.Stroke(qb.models.jaynes_cummings(coupling=1e9), 1.0)
    with pytest.warns(UserWarning, match=r"rounding has taken [1-9]e-05 of a phase"):
        qb.Protocol([stroke], repeat=100).charge(qb.fock(1), times=[100.0])
    with pytest.raises(ValueError, match="no digit is left"):
        qb.Protocol([stroke], repeat=10**8).charge(qb.fock(1), times=[1e8])


def test_what_has_decayed_turns_no_more():
    pair = qb.QubitPair(charger_loss=1.0)
    assert pair.charge(qb.bloch(np.pi), [1.0, 1e20], ["energy"]).energy.values[1] == 0.0


@pytest.mark.parametrize("rate", [False, True])
def test_no_search_ends_with_fewer_points(rate):
    """One of the highest value there can be, beside which all others are 0."""
    bend, read = 1e7, []
    peak = np.sqrt(bend / 2) / 64 if rate else 1.0

    def values(times):
        read.append(times.size)
        return np.where(times == 1 / 64, peak, 0.0)

    nothing = np.zeros(1)
    aim = Aim(1.0, 1e-3, nothing + 1e-3, nothing, nothing, rate)
    assert maximum(values, np.array([bend]), aim).settled.all()
    least = least_points(np.array([bend]), np.ones(1), 1.0, rate)
    assert 10 < least.item() < sum(read)


@pytest.mark.filterwarnings("ignore:by the last time, rounding has taken")
def test_a_search_without_hope_is_refused():
    system = qb.models.tavis_cummings(cells=1, coupling=1e12)
    with pytest.raises(ValueError, match=r"may swing so often that [0-9.e+]+ moments had to be"):
        system.optimum(qb.fock(1), 2.0, of="energy")


def test_an_envelope_over_ages():
    """A solver in time would take more steps than anybody waits for."""
    shape = xr.DataArray([0.0, 1.0, 0.3], dims="time", coords={"time": [0.0, 1.0, 1e14]})
    link = qb.exchange("a", "b", 1.0, envelope=shape)
    system = qb.System({"a": qb.Qubit(1.3), "b": qb.Qubit()}, [link], "a", "b")
    with pytest.raises(ValueError, match=r"too long: up to t = 1e\+14 it would take about"):
        system.charge(qb.fock(1), [1.0, 1e14], ["energy"])


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_series_is_foreseen(loss, monkeypatch):
    """A day, which nobody waits for, is a microsecond here."""
    line = qb.models.chain(couplings=[1.0] * 400).to_dict()
    for site in line["sites"].values():
        site["loss"] = loss
    system = qb.System.from_dict(line)
    assert "series" in system.charge(qb.fock(1), 1.0, ["energy"]).attrs["method"]
    monkeypatch.setattr(foreseen, "_LONGEST", 1e-6)
    with pytest.raises(TooLargeError, match=r"it would take about [0-9.e+]+ days, step by step"):
        system.charge(qb.fock(1), 1.0, ["energy"])


@pytest.mark.parametrize(
    "words",
    [
        "optimum quadratic_drive --horizon 2 --set coupling=1e30",
        "charge driven_hybrid --set charger_loss=1e30",
        "charge --coupling 1e30",
        "charge --times 0:1e29:3 --theta 90deg",
    ],
)
def test_the_command_line_says_so(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quantumbattery", *words.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert "look at the units" in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("loss", [1e-13, 1e-30])
def test_a_loss_that_no_digit_shows_is_not_said_to_be_missing(loss):
    pair = qb.System(
        {"a": qb.Qubit(loss=loss), "b": qb.Qubit()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    with pytest.raises(ValueError, match="is conserved, as far as double precision can tell"):
        pair.charge(qb.bloch(1.0), np.inf, ["energy"])
