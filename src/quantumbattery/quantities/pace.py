"""When long work tells the log how it goes on."""

from __future__ import annotations

import time

_FIRST_WORD, _EVERY = 2.0, 10.0  # seconds until progress is told, and from then on


class Pace:
    """Says when it is time for a word: once work has taken a while, and then from time to time."""

    def __init__(self) -> None:
        self.next = time.monotonic() + _FIRST_WORD

    def due(self) -> bool:
        """Whether it is; then it is not for a while."""
        now = time.monotonic()
        if now <= self.next:
            return False
        self.next = now + _EVERY
        return True
