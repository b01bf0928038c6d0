"""Work that says nothing itself is told of in the log, for as long as it goes on."""

import logging
import os
import threading
import time

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.quantities import pace

PATIENCE = 30.0  # seconds, after which a test has failed


@pytest.fixture(autouse=True)
def quick(monkeypatch, caplog):
    """Another watch, which looks often, and ends before the next."""
    watch = pace._Watch()
    monkeypatch.setattr(pace, "_watch", watch)
    monkeypatch.setattr(pace, "_SILENCE", 0.02)
    with caplog.at_level(logging.INFO, "quantumbattery"):
        yield watch
    assert not watch.work
    assert comes(lambda: watch._thread is None)


def comes(true):
    """Whether something becomes true."""
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_work_that_is_silent_is_told(caplog):
    with pace.going_on("a sum"):
        assert comes(lambda: "still working on a sum, for" in caplog.text)


def test_what_is_part_of_it_is_not_told_apart(caplog):
    with pace.going_on("a sum"), pace.going_on("a part"):
        assert comes(lambda: "a sum" in caplog.text)
    assert "a part" not in caplog.text


def test_work_that_speaks_for_itself_is_not(quick, caplog):
    quick.last_word = np.inf  # as of a word just now
    with pace.going_on("a sum"):
        time.sleep(0.1)
    assert not caplog.text


def test_a_word_counts(quick):
    own = pace.Pace()
    own.next = 0.0
    assert own.due()
    assert not own.due()
    assert quick.last_word > 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_it_ends_with_the_work_also_in_an_error(error):
    with pytest.raises(error), pace.going_on("a sum"):
        raise error


def test_one_thread_is_enough(quick):
    with pace.going_on("a sum"):
        first = quick._thread
        for _ in range(20):
            with pace.going_on("another"):
                assert quick._thread is first


def test_work_is_done_where_no_thread_may_start(monkeypatch):
    def never(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", never)
    table = qb.models.qubit_pair().charge(qb.bloch(np.pi), np.pi / 2, ["energy"])
    assert table.energy.item() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_has_none_of_the_work():
    with pace.going_on("a sum"):
        child = os.fork()
        if not child:
            os._exit(bool(pace._watch.work) or pace._watch._thread is not None)
        assert os.waitpid(child, 0)[1] == 0


def slow(*_):
    time.sleep(0.5)
    raise ValueError("as long as it takes")


PAIR = qb.models.qubit_pair()
STROKES = qb.Protocol([qb.Stroke(PAIR, 1.0, reset={"charger": qb.fock(1)})])


@pytest.mark.parametrize(
    ("place", "work"),
    [
        ("charging.half_life.charge", lambda: PAIR.charge(qb.fock(1), 1.0)),
        ("charging.observe._observed", lambda: PAIR.density_matrix(qb.fock(1), 1.0)),
        ("charging.optimum.asked", lambda: PAIR.optimum(qb.fock(1), 1.0)),
        ("charging.in_strokes._converted", lambda: STROKES.charge(qb.fock(1), 1.0)),
        ("charging.in_strokes._converted", lambda: STROKES.density_matrix(qb.fock(1), 1.0)),
        ("charging.balance._edges", lambda: STROKES.balance(qb.fock(1))),
        ("quantities.matrices._hermitian", lambda: qb.purity(np.eye(500) / 500)),
        ("merit.copies._multi_copy", lambda: qb.multi_copy_ergotropy(np.eye(2) / 2, np.eye(2), 3)),
    ],
)
def test_whatever_is_worked_out_is_told_of(place, work, monkeypatch, caplog):
    monkeypatch.setattr(f"quantumbattery.{place}", slow)
    with pytest.raises(ValueError, match="long"):
        work()
    assert "still working on" in caplog.text
