"""Run every benchmark; print what was measured beside what is asked, and write the page."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from benchmarks import (
    batches,
    calls,
    cells,
    drives,
    envelopes,
    levels,
    links,
    networks,
    optima,
    oscillators,
    page,
    pair,
    panels,
    picture,
    sweeps,
    thermo,
)
from benchmarks.pair import Row


def main() -> None:
    """Print the table and how many targets were met, then draw cost against size."""
    print(f"{page.stamp()}\n\n{'job':44} {'measured':24} {'peer':>8}  {'target':>12}")
    found: list[Row] = []
    jobs = (
        pair,
        cells,
        thermo,
        optima,
        sweeps,
        drives,
        envelopes,
        links,
        networks,
        oscillators,
        levels,
        batches,
        calls,
    )
    for row in chain.from_iterable(job.rows() for job in jobs):
        found.append(row)
        what, ours, peer, target, _ = row
        print(f"{what:44} {ours:24} {peer:>8}  {target:>12}  {page.judged(row)}", flush=True)
    print(f"\n{page.verdict(found)}\n")
    drawn = [panels.cells(), panels.chains(), panels.points()]
    folder = Path(__file__).parents[1] / "docs" / "book"
    picture.draw(drawn, folder / "benchmarks.png")
    print(page.write(found, drawn, folder))


if __name__ == "__main__":
    main()
