"""A word on the standard error after ten seconds of silence, and then every twenty."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FIRST, EVERY = 10.0, 20.0  # seconds, together no more than half a minute


def say(sentence: str) -> None:
    """Say something on the standard error, if anybody can hear it."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):  # closed, or a pipe without a reader
            print(sentence, file=sys.stderr, flush=True)


def say_so(what: str) -> None:
    """Say that work goes on."""
    say(f"sweep: still working, {what}")


@contextmanager
def going_on(told: bool, what: str) -> Iterator[None]:
    """Say so, if it is to be told, for as long as this lasts; the thread that does ends with it.

    Nothing may be forked meanwhile: what the thread holds would be held for ever there.
    """
    if not told:
        yield
        return
    over = threading.Event()

    def tell() -> None:
        pause = min(FIRST, EVERY)
        while not over.wait(pause):
            say_so(what)
            pause = EVERY

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1.0)  # or longer, where nobody reads what is said
