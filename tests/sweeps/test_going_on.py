"""A word in every half minute in which a sweep says nothing else."""

import io
import threading
import time

import pytest

import quantumbattery as qb
from quantumbattery.sweeps import going_on, workers

X = [0.1, 0.2, 0.3]


def slow(x):
    """A point that takes longer than a word."""
    time.sleep(0.3)
    return qb.QubitPair(coupling=x).charge(qb.bloch(1.0), 1.0, ["energy"])


@pytest.mark.parametrize("crowd", [1, 2])
@pytest.mark.parametrize("told", [True, False])
def test_a_word_while_points_take_long(crowd, told, monkeypatch, capsys):
    """In this process and in others; no thread is left behind."""
    monkeypatch.setattr(going_on, "EVERY", 0.1)
    monkeypatch.setattr(workers, "EVERY", 0.1)
    before = threading.active_count()
    qb.sweep(slow, {"x": X}, workers=crowd, batch=False, chunk=1, progress=told)
    said = capsys.readouterr().err
    for what in ("at its first point", "at its last point"):
        assert (f"sweep: still working, {what}" in said) is told
    here, there = "at a block of points" in said, " blocks of points" in said
    assert (here or there) is told
    assert threading.active_count() <= before + crowd - 1


@pytest.mark.parametrize("there", [False, True])
def test_who_cannot_hear_is_not_told(monkeypatch, there):
    """A closed standard error is no reason to fail."""
    stream = io.StringIO() if there else None
    if stream is not None:
        stream.close()
    monkeypatch.setattr("sys.stderr", stream)
    going_on.say_so("at a block of points")
    assert qb.sweep(slow, {"x": X[:1]}, workers=1).energy.shape == (1,)
