"""Work that says nothing itself is told of in the log, for as long as it goes on."""

import logging
import threading
import time

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.quantities import pace


def beating():
    return [each for each in threading.enumerate() if each.name == "quantumbattery-log"]


def wait_until_none():
    for each in beating():
        each.join(10)
    return not beating()


def test_work_that_is_silent_is_told(monkeypatch, caplog):
    monkeypatch.setattr(pace, "_SILENCE", 0.02)
    with caplog.at_level(logging.INFO, "quantumbattery"), pace.going_on("a sum"):
        while "still working on a sum, for" not in caplog.text:
            time.sleep(0.01)
    assert wait_until_none()


def test_work_that_speaks_for_itself_is_not(monkeypatch, caplog):
    monkeypatch.setattr(pace, "_SILENCE", 0.02)
    monkeypatch.setattr(pace, "_last_word", [np.inf])  # as of a word just now
    with caplog.at_level(logging.INFO, "quantumbattery"), pace.going_on("a sum"):
        time.sleep(0.1)
    assert not caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_the_thread_ends_with_the_work_also_in_an_error(error):
    with pytest.raises(error), pace.going_on("a sum"):
        raise error
    assert wait_until_none()


def test_work_is_done_where_no_thread_may_start(monkeypatch):
    def never(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", never)
    table = qb.models.qubit_pair().charge(qb.bloch(np.pi), np.pi / 2, ["energy"])
    assert table.energy.item() == pytest.approx(1.0, rel=1e-12)


def slow(*_):
    time.sleep(0.5)
    raise ValueError("as long as it takes")


PAIR = qb.models.qubit_pair()
STROKES = qb.Protocol([qb.Stroke(PAIR, 1.0, reset={"charger": qb.fock(1)})])


@pytest.mark.parametrize(
    ("place", "work"),
    [
        ("half_life.charge", lambda: PAIR.charge(qb.fock(1), 1.0)),
        ("observe._observed", lambda: PAIR.density_matrix(qb.fock(1), 1.0)),
        ("optimum.asked", lambda: PAIR.optimum(qb.fock(1), 1.0)),
        ("in_strokes._converted", lambda: STROKES.charge(qb.fock(1), 1.0)),
        ("in_strokes._converted", lambda: STROKES.density_matrix(qb.fock(1), 1.0)),
        ("balance._edges", lambda: STROKES.balance(qb.fock(1))),
    ],
)
def test_whatever_is_worked_out_is_told_of(place, work, monkeypatch, caplog):
    monkeypatch.setattr(pace, "_SILENCE", 0.02)
    monkeypatch.setattr(f"quantumbattery.charging.{place}", slow)
    with caplog.at_level(logging.INFO, "quantumbattery"), pytest.raises(ValueError, match="long"):
        work()
    assert "still working on" in caplog.text


def test_figures_of_large_matrices_are_told_of(monkeypatch, caplog):
    monkeypatch.setattr(pace, "_SILENCE", 0.01)
    large = np.eye(1100) / 1100
    with caplog.at_level(logging.INFO, "quantumbattery"):
        qb.entropy(large)
    assert "still working on figures of merit" in caplog.text
