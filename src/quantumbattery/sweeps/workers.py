"""Who evaluates the blocks of a sweep: this process, others, or whatever executor is given."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np

from quantumbattery.machine import usable_cores
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import whole_number
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.warned import warn
from quantumbattery.sweeps.durable import SweepError
from quantumbattery.sweeps.evaluation import Block, Job
from quantumbattery.sweeps.going_on import EVERY, say_so
from quantumbattery.sweeps.grid import Grid

_AHEAD = 2  # blocks that wait for each worker
_WAITING = 64  # blocks that wait where nobody knows how many workers there are


def evaluated(
    job: Job, grid: Grid, waiting: Sequence[int], executor: Executor, told: bool = False
) -> Generator[tuple[int, Block], None, None]:
    """Blocks as they come, by an executor; few enough at a time that they fit in memory.

    If it is to be told, a word says every half minute without any that they are worked on.

    SweepError if a block did not come back: a point that fails does, a worker that dies does not.
    """
    crowd = getattr(executor, "_max_workers", None)
    ahead = _AHEAD * crowd if isinstance(crowd, int) and crowd > 0 else _WAITING
    left = iter(waiting)
    running: dict[Future[Block], int] = {}
    send = _sender(job, executor)
    try:
        while True:
            for number in left:
                part = grid.part(grid.region(number))
                running[_taken(send, part, isinstance(executor, _Local))] = number
                if len(running) >= ahead:
                    break
            if not running:
                return
            broken: Exception | None = None
            done = wait(running, EVERY, return_when=FIRST_COMPLETED).done
            if not done and isinstance(executor, _Local) and executor.is_broken():
                raise _lost(BrokenExecutor("its process is gone"))
            if told and not done:
                say_so(f"at {len(running)} blocks of points")
            for future in done:
                number = running.pop(future)
                try:
                    block = _block_of(future, job, grid.part(grid.region(number)))
                except Exception as error:
                    broken = error  # others may have come back
                else:
                    yield number, block
            if broken is not None:
                raise _lost(broken) from broken
    finally:
        for future in running:
            future.cancel()


def _taken(
    send: Callable[[Mapping[str, Array]], Any], part: Mapping[str, Array], ours: bool
) -> Future[Block]:
    """Send a block; SweepError if the executor does not take it as executors do."""
    try:
        future = send(part)
    except Exception as error:
        if ours and isinstance(error, BrokenExecutor):
            raise _lost(error) from error
        if ours:
            raise SweepError(
                f"no other process can be started ({getattr(error, 'strerror', 0) or error!s:.200}"
                "): mend that, or work in this one, with workers=1 (--workers 1). What was done is "
                "kept"
            ) from error
        raise SweepError(
            f"the executor does not take a block ({type(error).__name__}: {error!s:.200}): it was "
            "shut down, or is broken. What was done is kept; run the same sweep with another"
        ) from error
    if not isinstance(future, Future):
        raise SweepError(
            f"the executor's submit returned {quoted(future)}, and no concurrent.futures.Future: "
            "give one that keeps to concurrent.futures"
        )
    return future


def _block_of(future: Future[Block], job: Job, part: Mapping[str, Array]) -> Block:
    """What a future holds; TypeError if that is not the block, for an executor may do anything."""
    block = future.result()
    if not isinstance(block, Block):
        raise TypeError(f"the executor returned {quoted(block)} for it")
    shape = tuple(len(each) for each in part.values())
    wanted = {name: (*shape, *each.shape) for name, each in job.template.variables.items()}
    found = {name: each.shape for name, each in block.columns.items()}
    same = all(np.array_equal(each, block.of.get(name, [])) for name, each in part.items())
    if block.failure.shape != shape or found != wanted or not same:
        raise TypeError("the executor returned another block for it")
    return block


def _lost(error: Exception) -> SweepError:
    return SweepError(
        f"a worker did not send its block back ({type(error).__name__}: {error!s:.200}): it died, "
        "was out of reach, or could not be sent the function. What was done is kept; run the same "
        "sweep again to go on"
    )


def _sender(job: Job, executor: Executor) -> Callable[[Mapping[str, Array]], Future[Block]]:
    if isinstance(executor, _Local):
        return lambda values: executor.submit(_evaluate, values)
    light = replace(job, known=())
    return lambda values: executor.submit(light.block, values)


# --- executors ---------------------------------------------------------------------------------


class _Local(ProcessPoolExecutor):
    """Processes that know the job from their start."""

    def is_broken(self) -> bool:
        """Whether a process has died; the pool waits for one that did while it sent a block."""
        return any(not process.is_alive() for process in self._own())

    def kill(self) -> None:
        """End all processes; what they are doing will be done again.

        The pool, which may wait for the rest of a block, has the other end of their pipe too.
        """
        for process in self._own():
            process.kill()
        with suppress(AttributeError, OSError):
            self._result_queue._writer.close()  # type: ignore[attr-defined]

    def _own(self) -> list[Any]:
        return [*(self._processes or {}).values()]


@contextmanager
def local(job: Job, workers: int) -> Iterator[Executor]:
    """Processes on this machine."""
    method = "fork" if _forks() else "spawn"
    pool = _Local(
        workers,
        mp_context=multiprocessing.get_context(method),
        initializer=_begin,
        initargs=(job, os.getpid()),
    )
    try:
        with warnings.catch_warnings():
            # Of threads that a fork does not copy: those there are only wait (`_alone`).
            warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
            yield pool
    except BaseException:
        try:
            pool.kill()
        finally:  # another signal may come meanwhile
            pool.kill()
        raise
    finally:
        with suppress(RuntimeError):  # a thread of its own that a signal kept from starting
            pool.shutdown(cancel_futures=True)


def can_be_sent(job: Job) -> bool:
    """Whether other processes can be made, and be told of a job.

    A fork tells them all, but beside other threads it may wait for ever for what those hold. A
    daemon may start none.
    """
    if is_daemon():
        return False
    if _forks():
        return _alone()
    try:
        pickle.dumps(job)
    except Exception:
        return False
    return True


def is_daemon() -> bool:
    """Whether this is a process that others end with theirs, and that may not have its own."""
    return bool(multiprocessing.current_process().daemon)


def _forks() -> bool:
    """Whether processes are forked; the libraries of some systems do not stand it."""
    return "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"


def _alone() -> bool:
    """Whether this is the only thread that works; daemons, such as Zarr's, wait for others."""
    return sum(not each.daemon for each in threading.enumerate()) == 1


def crowd_of(workers: int | None, executor: object) -> int:
    """How many processes there are to be; an error for a number that cannot be."""
    if workers is None:
        return usable_cores()
    crowd = whole_number(workers, 1, "workers must be a whole number of at least 1")
    if executor is not None:
        raise ValueError("give workers for processes on this machine, or an executor, not both")
    if crowd > 1 and is_daemon():
        raise ValueError(
            f"workers={crowd}: this process is a daemon, which cannot start others: leave "
            "workers out, or start it with daemon=False"
        )
    return crowd


def executor_of(given: Any) -> Executor:
    """An executor, or that of a Dask client.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if callable(getattr(given, "get_executor", None)):
        with suppress(Exception):  # of an asynchronous client nobody knows yet
            if not given.scheduler_info()["workers"]:
                warn(
                    f"the Dask scheduler at {given.scheduler.address} has no workers yet: the "
                    "sweep waits for them",
                )
        made: Executor = given.get_executor(pure=False)
        return made
    if not isinstance(given, Executor):
        raise TypeError(
            f"executor must be one of concurrent.futures, or a Dask client; got {quoted(given)}"
        )
    return given


_JOB: Job | None = None


def _begin(job: Job, parent: int) -> None:
    """Begin a process that evaluates blocks: Ctrl-C is its parent's, and so is its life."""
    global _JOB
    _JOB = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """End with the parent, which may be killed without a word."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def _evaluate(values: Mapping[str, Array]) -> Block:
    assert _JOB is not None
    return _JOB.block(values)
