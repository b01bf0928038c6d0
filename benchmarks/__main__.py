"""Run every benchmark and print what was measured beside what is asked."""

from __future__ import annotations

import datetime
import os
import platform
import sys

from benchmarks import pair


def main() -> int:
    """Print the table; return 1 if a target is missed."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(
        f"{today}, Python {platform.python_version()}, {os.cpu_count()} cores, best of several runs"
    )
    print(f"\n{'job':44} {'measured':24} {'peer':>8}  {'target':>12}")
    missed = 0
    for what, ours, peer, target, met in pair.rows():
        print(
            f"{what:44} {ours:24} {peer:>8}  {target:>12}  {'met' if met else 'MISSED'}", flush=True
        )
        missed += not met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
