"""What should never be, by chance: command lines, study files, numbers, damaged stores, signals.

In this folder's parent, where processes fork:

    python -m fuzz lines 720
    python -m fuzz studies 1060 --seed 3
    python -m fuzz numbers 175
    python -m fuzz files 500
    python -m fuzz signals 40

A case is bad, and printed, if it ends in a traceback, takes longer than 25 s, is refused in more
than a sentence or after something was written, or gives what is not finite. A store that was
damaged or stopped gives the same bits as before, after a repair where it asks for one.
"""

import argparse
import random
import sys
from collections import Counter

import scipy.optimize.elementwise  # noqa: F401 - once, for all that are forked

from fuzz.extremes import numbers
from fuzz.kept import files, signals
from fuzz.words import lines, studies

KINDS = {each.__name__: each for each in (lines, studies, numbers, files, signals)}


def run():
    """Run so many cases of a kind, and print what is wrong."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("kind", choices=KINDS)
    asked.add_argument("count", type=int)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    found, bad = Counter(), 0
    for k in range(given.count):
        code, wrong, case = KINDS[given.kind](random.Random(f"{given.kind} {given.seed} {k}"))
        found[code] += 1
        if wrong:
            bad += 1
            print(f"--- {given.kind} {given.seed} {k}: {wrong}", *case, sep="\n    ", flush=True)
    print(f"{given.count} {given.kind}: {dict(found)}; {bad} bad", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    run()
