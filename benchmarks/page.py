"""The page of the book that says how fast we are, written by the run itself."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.pair import Row
from benchmarks.scaling import LIMIT, MEMORY, Panel

LIBRARIES = ("numpy", "scipy", "xarray", "qutip", "dynamiqs", "jax", "qthermo")

SUMMARY = {  # how a row's name starts: what the summary calls it, "(peer)" last
    "grid of 4e6 points": "pair, closed form: 4 quantities at 4e6 points",
    "  beside Eqs. 62, 69, 70": "the same (its equations typed in NumPy)",
    "  beside the QuTiP loop": "the same (QuTiP, solved and traced out in a loop)",
    "lossy pair, 201 times": "one lossy pair, 201 times (qthermo)",
    "1,000 lossy, dephased pairs": "1,000 lossy, dephased pairs, 201 times (QuTiP, one of them)",
    "  dynamiqs, double": "the same (dynamiqs, states only, double precision)",
    "50 cells, 50 photons": "50 cells in a cavity, 100 times (QuTiP, symmetric ladder)",
    "8 cells, coherent": "8 cells, 500 times (QuTiP, all 2^8 states)",
    "Dicke advantage": "power advantage of Dicke batteries of 1, 2, 4, 6 cells (qthermo)",
    "1,000 cells": "1,000 cells and 1,000 photons, 100 times",
    "chain of 1,000, lossy": "chain of 1,000 lossy qubits, 100 times",
    "1,000 cycles": "a qubit, driven for 1,000 cycles in the laboratory frame (QuTiP)",
    "optimum of 20 cells": "certified optima of 20 cells (QuTiP at 1,001 times)",
}

PAGE = """\
# Benchmarks

{summary}

## How to read them

`make bench` measures all of this in one run, on your machine, and writes this page: each job beside
its peers (plain NumPy, QuTiP, dynamiqs, qthermo), which solve the same problem as one types it; a
time is the best of several runs. "12 x" means that the peer takes 12 times as long. Errors are
those of our numbers beside exact ones; before a curve is measured, and with each row of qthermo,
the peer's numbers are compared with ours. A target is what we ask of ourselves. A ratio depends on
the machine and on what else it does, an error hardly. Where a peer returns less than we do, such as
states without figures of merit, the row says so.

## Cost against size

![Three log-log panels of the time of one run against the number of cells, of qubits and of
pairs](benchmarks.png)

Energy and ergotropy (a) of N cells that a cavity charges on resonance, from a coherent state of N
photons on average (ours also from exactly N), at 100 times; (b) of the last of N qubits, charged by
the first, at 100 times, lossless and lossy; (c) of lossy pairs, each with its own coupling and its
own loss, at 101 times each. All in double precision. A run begins with the description of the
system; a time is the shorter of all cores' and one core's. Each way is run at growing sizes until
a run takes more than {limit:g} s (the line; a cross marks that run) or would need more than
{memory:g} GiB. A formula typed in NumPy for one small case is faster than a library that checks
what it is given and labels what it returns.

{curves}

## Every job

{rows}

{verdict}
"""


def write(rows: Sequence[Row], panels: Sequence[Panel], folder: Path) -> str:
    """Write the page; return its summary."""
    short = summary(rows)
    text = PAGE.format(
        summary=short, limit=LIMIT, memory=MEMORY, curves=_curves(panels),
        rows=_table(("job", "measured", "peer", "target", ""), map(_cells, rows)),
        verdict=verdict(rows),
    )  # fmt: skip
    (folder / "benchmarks.md").write_text(text)
    return short


def stamp() -> str:
    """Date, machine and versions: what a time depends on, and no name of a host or folder."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Measured on {today}: {processor()}, {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, {versions}."
    )


def processor() -> str:
    """The processor's model."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def summary(rows: Iterable[Row]) -> str:
    """The most telling rows as a table, with date and machine."""
    chosen, known = [], list(rows)
    for begins, called in SUMMARY.items():
        _, ours, peer, _, _ = next(row for row in known if row[0].startswith(begins))
        chosen.append((called, ours, peer))
    table = _table(("job (peer)", "ours", "peer"), chosen)
    return f"{table}\n\n{stamp()}"


def judged(row: Row) -> str:
    """Whether a row's target is met, if it has one."""
    _, _, _, target, met = row
    return ("met" if met else "missed") if target else ""


def verdict(rows: Iterable[Row]) -> str:
    """How many targets are met."""
    words = [judged(row) for row in rows]
    return f"{words.count('met')} of {len(words) - words.count('')} targets met"


def _cells(row: Row) -> tuple[str, ...]:
    what, ours, peer, target, _ = row
    name = f"&emsp;{what.strip()}" if what.startswith(" ") else what
    return name, ours, peer, target, judged(row)


def _curves(panels: Iterable[Panel]) -> str:
    """Where each curve ends."""
    why = {"time": f"over {LIMIT:g} s", "memory": f"over {MEMORY:g} GiB next", "": "not asked more"}
    lines = []
    for panel in panels:
        for curve in panel.curves:
            done = [*zip(curve.sizes, curve.seconds, strict=True)]
            size, took = max((one for one in done if one[1] <= LIMIT), default=done[0])
            stops = why[curve.ends]
            lines.append((panel.title, curve.name, f"{size:,}", f"{took:.2g} s", stops))
    return _table(("job", "way", f"largest size within {LIMIT:g} s", "time", "stops"), lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))
