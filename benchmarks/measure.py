"""Timing tools: best of several runs, two jobs in turn, peak memory in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def seconds(job: Callable[[], object], runs: int = 5) -> float:
    """Shortest time of several runs after one warm-up."""
    job()
    return min(once(job) for _ in range(runs))


def in_turn(
    ours: Callable[[], object], peer: Callable[[], object], runs: int = 5
) -> tuple[float, float]:
    """Shortest times of two jobs run A B A B ..., so that both see the same machine."""
    ours()
    peer()
    pairs = [(once(ours), once(peer)) for _ in range(runs)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def commands_in_turn(ours: list[str], peer: list[str], runs: int = 7) -> tuple[float, float]:
    """The same for whole processes."""
    return in_turn(lambda: _run(ours), lambda: _run(peer), runs)


def extra_memory(setup: str, job: str) -> float:
    """MiB by which `job` raises the peak memory of a fresh process that has run `setup`."""
    code = f"from benchmarks.measure import peak\n{setup}\nbefore = peak()\n{job}\n"
    code += "print(peak() - before)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(out.stdout)


def peak() -> float:
    """Peak memory of this process so far, in MiB."""
    try:  # of this program; the resource module also counts what ran in the process before it
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def once(job: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    result = job()
    took = time.perf_counter() - start
    del result
    return took


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
