"""The process that computes for pages: warm, with one thread, and forked for every piece of work.

It has loaded all that is needed, so that a fork begins at once, and is ended without harm to anyone
when nobody wants its answer any more. Where there is no fork every piece of work is a process of
its own, which loads all that first.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

COMMAND = struct.Struct("<cI")  # b"r", run, with a socket beside it; or b"k", kill; which work
LONGEST = 1 << 16  # bytes of what is asked
_SECONDS = 70  # of a processor, if nobody else ends it
_GIB = 1 << 30


def main(descriptor: int) -> None:
    """Fork for all that is asked, until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    children: dict[int, int] = {}
    try:
        control = socket.socket(fileno=descriptor)
        _warm_up()
        while True:
            ready, _, _ = select.select([control], [], [], 1.0 if children else None)
            if ready and not _obey(control, children):
                break
            _bury(children)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is ending already
        for child in children.values():
            os.kill(child, signal.SIGKILL)


def _obey(control: socket.socket, children: dict[int, int]) -> bool:
    """One command; false once there are none any more."""
    message, given, _, _ = socket.recv_fds(control, COMMAND.size, 1)
    if len(message) < COMMAND.size:
        return False
    what, number = COMMAND.unpack(message)
    if what == b"r" and given:
        child = os.fork()
        if child == 0:
            control.close()
            _child(socket.socket(fileno=given[0]))
        os.close(given[0])
        children[number] = child
    elif what == b"k" and (child := children.get(number, 0)):
        os.kill(child, signal.SIGKILL)  # it is still ours: nobody else buries it
    return True


def _bury(children: dict[int, int]) -> None:
    """Forget those that have ended."""
    for number, child in list(children.items()):
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            del children[number]


def _child(asked: socket.socket) -> None:
    """One piece of work, and the end."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _limit()
        with asked, asked.makefile("rwb") as stream:
            _work(stream)
    finally:
        os._exit(0)


def once() -> None:
    """One piece of work, as a process of its own: asked on the input, answered on the output."""
    _limit()
    stream = _Pipes()
    _work(stream)


class _Pipes:
    """Input and output as one stream."""

    def readline(self, most: int) -> bytes:
        return sys.stdin.buffer.readline(most)

    def write(self, line: bytes) -> None:
        sys.stdout.buffer.write(line)

    def flush(self) -> None:
        sys.stdout.buffer.flush()


def _work(stream: Any) -> None:
    """Read what is asked, a line of JSON, and answer in lines of JSON."""
    asked = json.loads(stream.readline(LONGEST))
    if asked["work"] == "map" and hasattr(os, "nice"):
        os.nice(5)  # curves go first
    for answer in _safely(_kinds()[asked["work"]], asked):
        stream.write(json.dumps(answer, allow_nan=False).encode() + b"\n")
        stream.flush()


def _safely(
    work: Callable[[Mapping[str, Any]], Iterator[dict[str, Any]]], asked: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The answers, and last a word that they are all; memory that runs out is said in words."""
    from quantumbattery.machine import at_most

    yield {"process": os.getpid()}
    try:
        with at_most(1):
            yield from work(asked)
    except MemoryError:
        yield {"refused": {"": "Memory ran out: use fewer cells, levels, or moments at a time"}}
    except Exception as error:  # whatever happens, the page is told
        yield {"refused": {"": f"This could not be worked out ({type(error).__name__}: {error})"}}
    yield {"done": True}


def _kinds() -> dict[str, Callable[[Mapping[str, Any]], Iterator[dict[str, Any]]]]:
    from quantumbattery.explorer import maps, systems

    return {"system": systems.answers, "map": maps.answers}


def _warm_up() -> None:
    """Load what is loaded late, by charging the smallest systems."""
    system = _kinds()["system"]
    for name in ("qubit_pair", "oscillator_pair", "driven_qubit_pair", "tavis_cummings"):
        for _ in _safely(system, {"model": name, "points": "3", "last": "1"}):
            pass
    gc.collect()
    gc.freeze()  # what is there stays shared with the forks: no collection touches it


def _limit() -> None:
    """Bound what one piece of work may take, where the system knows such bounds."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 5))
    taken = _taken()
    if taken:
        from quantumbattery.explorer.systems import MEMORY

        most = taken + int(3 * MEMORY * _GIB)  # results, and what libraries take, beside it
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _taken() -> int:
    """The addresses that are taken already, where Linux tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
