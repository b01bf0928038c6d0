"""Processes that end while they send a block: the sweep waits for no rest of it."""

from __future__ import annotations

import gc
import os
import signal
import struct
import subprocess
import sys
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps import workers

HERE = Path(__file__).parent
AXES = {"x": [0.25, 0.5, 1.0, 2.0]}


def begin_to_send() -> None:
    """The first bytes of a block, to all pipes that this process has inherited."""
    for each in gc.get_objects():
        if isinstance(each, SimpleQueue):
            os.write(each._writer.fileno(), struct.pack("!i", 100_000) + b"a block")


def fatal(x: float) -> xr.Dataset:
    """What the first process works out, and what ends all others amid their block."""
    if os.getpid() != int(os.environ["QB_FIRST_PROCESS"]):
        begin_to_send()
        os.kill(os.getpid(), signal.SIGKILL)
    return xr.Dataset({"y": 2.0 * x})


def interrupting(x: float) -> xr.Dataset:
    """What interrupts the first process amid a block of another."""
    first = int(os.environ["QB_FIRST_PROCESS"])
    if os.getpid() != first:
        begin_to_send()
        os.kill(first, signal.SIGINT)
        signal.pause()
    return xr.Dataset({"y": 2.0 * x})


@pytest.mark.skipif(not workers._forks(), reason="a pipe is found in what a fork copies")
def test_a_process_that_is_killed_amid_its_block(monkeypatch):
    monkeypatch.setenv("QB_FIRST_PROCESS", str(os.getpid()))
    monkeypatch.setattr(workers, "EVERY", 0.2)
    with pytest.raises(qb.SweepError, match=r"did not send its block back .* it died"):
        qb.sweep(fatal, AXES, workers=2, chunk=1, batch=False)


@pytest.mark.skipif(not workers._forks(), reason="a pipe is found in what a fork copies")
def test_an_interruption_amid_a_block():
    script = """
import os
os.environ["QB_FIRST_PROCESS"] = str(os.getpid())
import quantumbattery as qb
from test_workers import AXES, interrupting
try:
    qb.sweep(interrupting, AXES, workers=2, chunk=1, batch=False)
except KeyboardInterrupt:
    print("ended")
"""
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=60)
    assert found.stdout.strip() == "ended", found.stderr
