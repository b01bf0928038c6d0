"""Ctrl-C while the command line is still imported: it ends at once, and says nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

_COMMAND = "quantumbattery"
_WITH_VALUE = ("-W", "-X")  # options of Python that another word follows


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


heed_interrupt()
