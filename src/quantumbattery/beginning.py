"""While the command line is still imported: Ctrl-C ends it at once, too little memory with a word.

Nothing here may import NumPy.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

_COMMAND = "quantumbattery"
# Bytes of address space, as measured: of all that a command loads, and for each thread of OpenBLAS,
# which tries for ever where it gets no buffer, and hears no signal meanwhile.
_LOADED, _A_THREAD = 332_000 * 1024, 80_000 * 1024
_WITH_VALUE = ("-W", "-X")  # options of Python that another word follows


class Ended(SystemExit):
    """Somebody asked this process to end; its code is that of the signal, as a shell writes it."""


def is_command(words: Sequence[str]) -> bool:
    """Whether this is how Python is called by our command, and not by a program of others.

    Examples
    --------
    >>> is_command(["python", "-m", "quantumbattery", "zoo"]), is_command(["python", "mine.py"])
    (True, False)
    """
    rest = iter(words[1:])
    for word in rest:
        if word == "-m":
            return next(rest, "") == _COMMAND
        if word in _WITH_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            return os.path.splitext(os.path.basename(word))[0] == _COMMAND
        elif word == "-c":
            return False
    return False


def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    """End: nothing was begun yet."""
    os._exit(128 + number)


def heed_interrupt() -> None:
    """Leave without a word, until `cli.ending` takes over; whoever ignores Ctrl-C goes on so."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    mine = threading.current_thread() is threading.main_thread() and is_command(sys.orig_argv)
    if usual and mine:
        signal.signal(signal.SIGINT, leave)


def threads() -> int:
    """How many OpenBLAS starts."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        given = os.environ.get(name, "")
        if given.isdecimal() and int(given):
            return min(int(given), cores)
    return cores


def too_little(limit: float, number: int) -> str:
    """What to say where so many bytes of address space do not do for so many threads, or nothing.

    Examples
    --------
    >>> too_little(1e9, 2)
    ''
    >>> too_little(4.5e8, 2)[-57:]
    'raise the limit, or set OPENBLAS_NUM_THREADS=1 (0.422 GB)'
    """
    need, least = (_LOADED + count * _A_THREAD for count in (number, 1))
    if limit >= need:
        return ""
    fewer = f", or set OPENBLAS_NUM_THREADS=1 ({least / 1e9:.3g} GB)" if limit >= least else ""
    return (
        f"memory is too little: this process may take {limit / 1e9:.3g} GB of addresses (see "
        f"ulimit -v), and {need / 1e9:.3g} GB are needed before any work: raise the limit{fewer}"
    )


def check_addresses() -> None:
    """End with one sentence where NumPy and SciPy cannot be loaded."""
    if not sys.platform.startswith("linux") or not is_command(sys.orig_argv):
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and (said := too_little(limit, threads())):
        if sys.stderr is not None:
            print(f"Error: {said}", file=sys.stderr)
        raise SystemExit(2)


heed_interrupt()
check_addresses()
