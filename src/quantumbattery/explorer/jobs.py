"""Work for pages, in processes that are ended when the same page asks again."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from quantumbattery.explorer.workshop import COMMAND
from quantumbattery.machine import usable_cores

_LOOK = 0.1  # seconds after which it is looked whether the page is still there
_MOST = 64  # pieces of work, with those that wait
_WAIT = 60.0  # seconds that a piece of work may wait until it begins
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


class Jobs:
    """All that pages have asked for. `close` ends it."""

    def __init__(self, seconds: float = 60.0, forks: bool | None = None) -> None:
        self.seconds = seconds
        self.forks = hasattr(os, "fork") and hasattr(socket, "send_fds") if forks is None else forks
        self._lock = threading.Lock()
        self._room = threading.Semaphore(max(4, 2 * usable_cores()))
        self._running: dict[tuple[str, str], _Job] = {}
        self._count = 0
        self._shop = _Shop() if self.forks else None

    def answers(
        self, page: str, asked: Mapping[str, Any], gone: Callable[[], bool] = lambda: False
    ) -> Iterator[dict[str, Any]]:
        """The answers to what a page asks; what the same page asked before is dropped.

        Closed early, or when the page is gone, the work is ended too.
        """
        key = (page, str(asked["work"]))
        if len(self._running) >= _MOST:
            yield {"refused": {"": "Too many pages ask at once: wait a moment, and change a value"}}
            return
        with self._lock:
            self._count += 1
            job = _Job(self._count, self.seconds, gone)
            before, self._running[key] = self._running.get(key), job
        if before is not None:
            before.stop("superseded")
        try:
            yield from self._done(job, asked)
        finally:
            job.stop("closed")
            job.close()
            with self._lock:
                if self._running.get(key) is job:
                    del self._running[key]

    def _done(self, job: _Job, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        while not self._room.acquire(timeout=_LOOK):
            if job.over():
                yield job.last_word(self.seconds)
                return
        job.start(self._shop, asked, self._room.release)
        yield from job.lines()
        if not job.whole:
            yield job.last_word(self.seconds)

    @property
    def warm(self) -> int:
        """The process that is forked from; 0 where there is none."""
        return 0 if self._shop is None else self._shop.process

    def pages(self) -> list[str]:
        """The pages for which work is done."""
        with self._lock:
            return [page for page, _ in self._running]

    def close(self) -> None:
        """End all work, and the process that it is forked from."""
        with self._lock:
            for job in self._running.values():
                job.stop("closed")
        if self._shop is not None:
            self._shop.close()


class _Job:
    """One piece of work. Several threads may stop it; the one that reads its lines closes it."""

    def __init__(self, number: int, seconds: float, gone: Callable[[], bool]) -> None:
        self.number, self.seconds, self.gone = number, seconds, gone
        self.until = time.monotonic() + seconds + _WAIT
        self.why = ""  # it was stopped
        self.whole = False
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._free: Callable[[], None] | None = None

    def start(self, shop: _Shop | None, asked: Mapping[str, Any], free: Callable[[], None]) -> None:
        """Begin, in a room that is freed as soon as the process has ended."""
        with self._lock:
            self._free = free
            self._process = (_Alone if shop is None else shop.begin)(self.number)
            with suppress(OSError):  # it has ended already, as reading will show
                self._process.stream.sendall(json.dumps(asked).encode() + b"\n")
        if self.why:
            self.stop(self.why)

    def stop(self, why: str) -> None:
        """End the process; whoever reads its lines wakes up."""
        self.why = self.why or why
        with self._lock:
            if self._process is not None:
                self._process.kill()
                with suppress(OSError):  # it has ended by itself
                    self._process.stream.shutdown(socket.SHUT_RDWR)
            if self._free is not None:
                self._free()
            self._free = None

    def close(self) -> None:
        """Give the stream back."""
        with self._lock:
            if self._process is not None:
                self._process.stream.close()
            self._process = None

    def over(self) -> bool:
        """Whether nobody wants it any more, or it has taken too long."""
        if not self.why and self.gone():
            self.stop("closed")
        if not self.why and time.monotonic() > self.until:
            self.stop("late")
        return bool(self.why)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Its answers as they come, until it is done or stopped."""
        begun = b""
        process = self._process
        while process is not None and not self.over():
            ready, _, _ = select.select([process.stream], [], [], _LOOK)
            if not ready:
                continue
            piece = _read(process.stream)
            if not piece:
                return
            *lines, begun = (begun + piece).split(b"\n")
            for line in lines:
                answer: dict[str, Any] = json.loads(line)
                if "done" in answer:
                    self.whole = True
                    return
                if "process" in answer:  # now it has begun: what it waited does not count
                    self.until = time.monotonic() + self.seconds
                yield answer

    def last_word(self, seconds: float) -> dict[str, Any]:
        """Why there is no more."""
        if self.why == "late":
            return {
                "refused": {
                    "": f"This takes more than {seconds:g} s and was stopped: use fewer cells, "
                    "quanta or moments, or a shorter time; in Python there is no such limit"
                }
            }
        if self.why:
            return {"dropped": self.why}
        return {"refused": {"": "This took too much of the machine and was stopped"}}


def _read(stream: socket.socket) -> bytes:
    """What has come; nothing, if the other end is gone."""
    try:
        return stream.recv(1 << 16)
    except ConnectionError:
        return b""


class Process(Protocol):
    """What does a piece of work: a stream to talk through, and a way to end it."""

    stream: socket.socket

    def kill(self) -> None:
        """End it; a second time is none."""


class _Fork:
    """A fork of the warm process."""

    def __init__(self, stream: socket.socket, shop: _Shop, number: int) -> None:
        self.stream, self._shop, self._number = stream, shop, number

    def kill(self) -> None:
        """Let the warm process end it, which knows whether it is still there."""
        self._shop.kill(self._number)


class _Shop:
    """The warm process, seen from the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = _python(f"main({theirs.fileno()})", pass_fds=(theirs.fileno(),))

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    def begin(self, number: int) -> Process:
        """A fork of it."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            if self._process.poll() is not None:  # the system has ended it, to have its memory
                self._control.close()
                self._open()
            socket.send_fds(self._control, [COMMAND.pack(b"r", number)], [theirs.fileno()])
        return _Fork(ours, self, number)

    def kill(self, number: int) -> None:
        """End a fork, if it is still there."""
        with self._lock, suppress(OSError):  # it may be closed: then all have ended
            self._control.sendall(COMMAND.pack(b"k", number))

    def close(self) -> None:
        with self._lock:
            self._control.close()
        self._process.terminate()  # it may be warming up still
        self._process.wait()


class _Alone:
    """A process of its own, where there is no fork; a thread carries what it says."""

    def __init__(self, _: int) -> None:
        self._process = _python("once()", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stream, theirs = socket.socketpair()
        threading.Thread(target=_carry, args=(self._process, theirs), daemon=True).start()

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _carry(process: subprocess.Popen[bytes], stream: socket.socket) -> None:
    """Pass on what is asked, and what is answered."""
    into, out = process.stdin, process.stdout
    with stream, suppress(OSError):  # where nobody listens any more
        with into, stream.makefile("rb") as asked:  # type: ignore[union-attr]
            into.write(asked.readline())  # type: ignore[union-attr]
        with out:  # type: ignore[union-attr]
            while piece := out.read1(1 << 16):  # type: ignore[union-attr]
                stream.sendall(piece)


def _python(call: str, **options: Any) -> subprocess.Popen[bytes]:
    """A process of the workshop, which finds what we find; its linear algebra has one thread."""
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from quantumbattery.explorer import workshop; "
        f"workshop.{call}"
    )
    env = os.environ | dict.fromkeys(_THREADS, "1")
    if os.name == "posix":
        options["start_new_session"] = True  # Ctrl-C in the terminal is not for it
    return subprocess.Popen([sys.executable, "-c", code], env=env, **options)
