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


SCRIPT = """
import os
os.environ["QB_FIRST_PROCESS"] = str(os.getpid())
import quantumbattery as qb
from quantumbattery.sweeps import workers
from test_workers import AXES, {run}
workers.EVERY = 0.2
try:
    qb.sweep({run}, AXES, workers=2, chunk=1, batch=False)
except (qb.SweepError, KeyboardInterrupt) as error:
    print("ended", error)
"""


@pytest.mark.skipif(not workers._forks(), reason="a pipe is found in what a fork copies")
@pytest.mark.parametrize(
    ("run", "said"),
    [(fatal, "a worker did not send its block back"), (interrupting, "")],
    ids=["killed", "interrupted"],
)
def test_what_ends_amid_a_block(run, said):
    """In a process of its own, which has no other threads and may fork."""
    command = [sys.executable, "-c", SCRIPT.format(run=run.__name__)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=60)
    assert found.stdout.startswith(f"ended {said}"), found.stderr
