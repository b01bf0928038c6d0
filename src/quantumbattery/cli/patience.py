"""What is said while something takes long: that it goes on, and what the log says of it."""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import TracebackType

_FIRST, _EVERY = 10.0, 10.0  # seconds until the first word, and from one to the next


class Patience(logging.Handler):
    """Prints on the standard error how far work is, once it has taken some time."""

    def __init__(self, first: float = _FIRST) -> None:
        super().__init__(logging.INFO)
        self._last, self._next = "", time.monotonic() + first
        self._log = logging.getLogger("quantumbattery")
        self._level = self._log.level
        self._timer = threading.Timer(first, self._tell)
        self._timer.daemon = True  # which no fork waits for, nor any end

    def __enter__(self) -> None:
        self._log.addHandler(self)
        self._log.setLevel(logging.INFO)
        self._timer.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._log.removeHandler(self)
        self._log.setLevel(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said, or print it if nothing was for a while."""
        self._last = record.getMessage()
        if time.monotonic() > self._next and not self._timer.is_alive():
            self._tell()

    def _tell(self) -> None:
        self._next = time.monotonic() + _EVERY
        said = f": {self._last}" if self._last else ""
        print(f"Still working, Ctrl-C stops it{said}", file=sys.stderr, flush=True)
