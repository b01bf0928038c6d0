"""What ends the command line from outside, Ctrl-C too: nothing half-written stays."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import util
from types import FrameType

from quantumbattery.beginning import Ended, leave
from quantumbattery.files import remove_unfinished

_ENDS = {
    number: before
    for name, before in (
        ("SIGTERM", signal.SIG_DFL),
        ("SIGHUP", signal.SIG_DFL),
        ("SIGINT", signal.default_int_handler),
    )
    if (number := getattr(signal, name, None))
}
_FORKS = os.path.join(os.path.dirname(util.__file__), "popen_fork.py")
_LATER = 0.1  # seconds


def heed_signals() -> Callable[[], int | None]:
    """Unwind when somebody asks this process to end, at once when twice; what it forks just ends.

    What is raised while a process is forked would be lost: then it is raised a little later. These
    handlers stay to the end: where one is gone, a signal that has already come is an error. Nor is
    anything said of what other threads still did. What is given back tells the exit code of the
    signal that has come, if one has: while a module is loaded another error takes its place.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # others cannot
        return lambda: None
    mine, ending = os.getpid(), False

    def over() -> None:
        nonlocal ending
        ending = True

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        code = 128 + number
        if os.getpid() != mine:
            os._exit(code)
        if _forks(frame):
            threading.Timer(_LATER, os.kill, (mine, number)).start()
            return
        if ending or _is_over(frame):
            remove_unfinished()
            os._exit(code)
        ending = True
        came.append(code)
        raise KeyboardInterrupt if number == signal.SIGINT else Ended(code)

    for number, before in _ENDS.items():
        if signal.getsignal(number) in (before, leave):  # whoever ignores it has a reason, as nohup
            signal.signal(number, end)
    atexit.register(over)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)  # by Zarr; errors are raised too
    return lambda: came[0] if came else None


def _forks(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != _FORKS:
        frame = frame.f_back
    return frame is not None


def _is_over(frame: FrameType | None) -> bool:
    """Whether nobody is left who could unwind, for the interpreter waits for its threads."""
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame is None or frame.f_code is getattr(threading._shutdown, "__code__", None)  # type: ignore[attr-defined]
