"""What ends the command line from outside, as Ctrl-C does: nothing half-written stays."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

_ENDS = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]
_heard: list[int] = []


def heed_signals() -> None:
    """Unwind as after Ctrl-C when somebody asks this process to end; what it forks just ends."""
    if threading.current_thread() is not threading.main_thread():  # others cannot
        return
    mine = os.getpid()

    def end(number: int, _: FrameType | None) -> None:
        if os.getpid() != mine:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        for each in _ENDS:  # it is ending already
            signal.signal(each, signal.SIG_IGN)
        _heard.append(number)
        raise KeyboardInterrupt

    for number in _ENDS:
        if signal.getsignal(number) is signal.SIG_DFL:  # whoever ignores it has a reason, as nohup
            signal.signal(number, end)


def code_of_signal() -> int | None:
    """The exit code that says which signal ended the process, as a shell writes it; if one did."""
    return 128 + _heard[0] if _heard else None
