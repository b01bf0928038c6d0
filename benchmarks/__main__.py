"""Run every benchmark and print what was measured beside what is asked."""

from __future__ import annotations

import datetime
import os
import platform
from itertools import chain

from benchmarks import batches, cells, pair


def main() -> None:
    """Print the table and how many targets were met."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(
        f"{today}, Python {platform.python_version()}, {os.cpu_count()} cores, best of several runs"
    )
    print(f"\n{'job':44} {'measured':24} {'peer':>8}  {'target':>12}")
    verdicts = []
    for what, ours, peer, target, met in chain(pair.rows(), cells.rows(), batches.rows()):
        verdict = ("met" if met else "missed") if target else ""
        verdicts += [verdict] if target else []
        print(f"{what:44} {ours:24} {peer:>8}  {target:>12}  {verdict}", flush=True)
    print(f"\n{verdicts.count('met')} of {len(verdicts)} targets met")


if __name__ == "__main__":
    main()
