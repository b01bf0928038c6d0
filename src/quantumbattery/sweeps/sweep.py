"""Sweeps of any function over any axes: batched, in parallel, and resumable after any stop."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import timedelta
from importlib.util import find_spec
from inspect import signature
from math import prod
from typing import Any

import xarray as xr

from quantumbattery.files import check_folder
from quantumbattery.quantities.parameters import flag, whole_number
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.warned import warn
from quantumbattery.sweeps.durable import Lock, SweepError, reaching
from quantumbattery.sweeps.evaluation import (
    Block,
    Job,
    Known,
    Run,
    Template,
    batched_axes,
    evaluated_at,
    first_of,
    trial_points,
)
from quantumbattery.sweeps.fingerprint import study
from quantumbattery.sweeps.going_on import going_on, say
from quantumbattery.sweeps.grid import Grid, check_blocks, check_memory
from quantumbattery.sweeps.in_memory import Memory
from quantumbattery.sweeps.layout import Plan, folder_of
from quantumbattery.sweeps.reordered import reordered
from quantumbattery.sweeps.store import Store, create, resume, warn_of_libraries
from quantumbattery.sweeps.workers import can_be_sent, crowd_of, evaluated, executor_of, local
from quantumbattery.sweeps.zarr_library import zarr

__all__ = ["SweepError", "sweep"]

_BLOCKS = 256  # many, so that little is lost with the one that a stop interrupts
_BATCH = 32  # points that are evaluated at once, at least,
_SHARES = 8  # where there are as many blocks at least
_WORTH = 8  # times as many points as a trial of batches takes, for which it is worth while
_LONG = 2.0  # seconds of a point that make such a trial worth a word
_TRIAL = (
    "a point takes {seconds:.1f} s: whether many can be worked out at once is tried first, at "
    "{points} of them (batch=False, or batch = false in [output] of a study, leaves that out)"
)
_BLOCK_BYTES = 1 << 24  # of the results of a block
_SHORT = 1.0  # seconds of work that are not worth other processes
_QUIET = 30.0  # seconds without a line in a log


def sweep(
    run: Run,
    axes: Mapping[str, Any],
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    progress: bool = True,
    *,
    chunk: int | None = None,
    batch: bool | None = None,
    workers: int | None = None,
    repair: bool = False,
    retry: bool = False,
) -> xr.Dataset:
    """Evaluate a function at every combination of the values of some axes.

    Parameters
    ----------
    run : callable
        Takes a value for each axis, by its name, and returns an `xarray.Dataset` of numbers, real
        or complex, with the same variables and axes at every point; or one array with a name, such
        as `System.density_matrix` returns.
    axes : dict of str to 1-D array_like
        The values along each axis: numbers or texts, each once.
    store : path, optional
        A Zarr store for the results. One that the same study has begun goes on where it stopped,
        whatever stopped it; the store of another study is refused.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who does the work. By default processes on this machine, one for each core, each with a
        single numeric thread; work that is done within a second stays in this process.
    progress : bool
        Show on the standard error stream how far it is, and how long it will take.
    chunk : int, optional
        How many points form a block, which is evaluated and written as a whole. By default about
        256 blocks; where points are evaluated at once, of 32 points or more. Their results take at
        most 16 MiB.
    batch : bool, optional
        Whether `run` may be given several values of an axis at once, as a DataArray over that
        axis. By default that is tried at four places of every axis of fractional numbers, in
        sweeps of at least eight times as many points as the trial takes (32 along a single such
        axis, 128 of two), and done where it gives what single points give, to 1e-9; False never
        tries it, True insists. No clock decides, so that the same sweep gives the same bits.
    workers : int, optional
        How many processes, where no executor is given. Each may take as much memory as a point.
    repair : bool
        Work out again what is damaged in the store, instead of raising an error.
    retry : bool
        Work out again the blocks of a store in which points failed.

    Returns
    -------
    xarray.Dataset
        The variables of `run` over the axes of the sweep, then their own; and `failure`, the
        message of every point that failed, where the variables are NaN (or 0, of whole numbers).
        From a store it is read when it is looked at. Scalar coordinates and attributes of single
        tables are left out.

    Raises
    ------
    TypeError, ValueError
        If something given makes no sense, every point fails, or the store belongs to another
        study; before any work.
    SweepError
        If the sweep cannot go on: a full disk, a damaged store, workers that died. What was done
        is kept in the store.

    Warns
    -----
    UserWarning
        If points failed, and of what `run` itself warns of.

    Notes
    -----
    A study is the same if its axes are, the program's version, and what `run` does: its
    instructions and constants, what it encloses, and of its own module, and of others that are no
    installed libraries, the functions, the classes and the values that it names. Lists,
    dictionaries, sets and arrays that this code writes to, by an item or a method of theirs, do
    not count, nor what it finds by names made while it runs, as by `eval` or `getattr`. What cannot
    be told apart is refused; an attribute `fingerprint` of `run`, a text, then says what it is.

    Results do not depend on the executor, bit for bit: blocks and batches are those of the study,
    and every block is evaluated by one thread.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> def run(coupling, alpha):
    ...     cells = qb.models.tavis_cummings(cells=2, coupling=coupling)
    ...     return cells.charge(qb.coherent(alpha), np.linspace(0, 2, 5), ["energy"])
    >>> axes = {"coupling": [0.5, 1.0, 2.0], "alpha": [1.0, 1.5]}
    >>> table = qb.sweep(run, axes, progress=False)
    >>> dict(table.energy.sizes)
    {'coupling': 3, 'alpha': 2, 'time': 5}
    """
    grid = Grid.of(axes)
    _check_run(run, grid, executor)
    crowd = crowd_of(workers, executor)
    if chunk is not None:
        whole_number(chunk, 1, "chunk must be a whole number of at least 1")
    for name, given in (("progress", progress), ("repair", repair), ("retry", retry)):
        flag(name, given)
    batch = None if batch is None else flag("batch", batch)
    sent_to = None if executor is None else executor_of(executor)
    with nullcontext() if store is None else reaching(store):
        if store is None:
            plan, known = _planned(run, grid, chunk, batch, progress)
            check_memory(plan.grid, plan.template.bytes)
            place: Store | Memory = Memory(plan.grid, plan.template, plan.batched)
        else:
            place, known = _opened(run, grid, store, chunk, batch, progress, repair, retry)
        job = Job(run, place.template, place.batched, known)
        try:
            notes = _work(job, place, sent_to, crowd, progress, at_once=workers is not None)
            table = reordered(place.table(), grid.names)
        finally:
            place.close()
    for note in dict.fromkeys((*(note for each in known for note in each.warnings), *notes)):
        warn(note)
    if failed := int((table["failure"].to_numpy() != "").sum()):
        warn(f"{failed} of {grid.size} points failed; `failure` says why")
    return table


def _check_run(run: object, grid: Grid, executor: object) -> None:
    """Refuse what could not be called with a point, or not be sent where it shall be called."""
    if not callable(run):
        raise TypeError(f"run must be a function of a point; got {quoted(run)}")
    with suppress(ValueError):  # of built-in functions nobody knows
        try:
            taken = signature(run)
        except ValueError:
            raise
        except Exception as error:  # as where its attributes are made when they are asked for
            raise TypeError(f"run does not say what it takes ({error}): give a function") from None
        try:
            taken.bind(**dict.fromkeys(grid.names))
        except TypeError as error:
            raise TypeError(
                f"run{taken} cannot be called with the axes {', '.join(grid.names)}: {error}"
            ) from None
    if isinstance(executor, ProcessPoolExecutor):
        try:
            pickle.dumps(run)
        except Exception as error:
            raise TypeError(
                f"this executor cannot send run to its processes ({error}): define it by its own "
                "name in a module, or leave executor out"
            ) from None


def _opened(
    run: Run,
    grid: Grid,
    where: str | os.PathLike[str],
    chunk: int | None,
    batch: bool | None,
    progress: bool,
    repair: bool,
    retry: bool,
) -> tuple[Store, tuple[Known, ...]]:
    """A store, and points that are known: what is begun is continued."""
    path, said = folder_of(where), study(run, grid)  # one name, and one lock, for each
    new = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    _ = zarr()
    if new:
        check_folder(path.parent)
    lock = Lock(path)
    try:
        if new:
            plan, known = _planned(run, grid, chunk, batch, progress)
            return create(path, said, plan, lock), known

        def again() -> Plan:
            return _planned(run, grid, chunk, batch, progress)[0]

        place = resume(path, said, grid, lock, again if repair else None)
        _check_same(place, chunk, batch)
        place.check(repair, retry)
        warn_of_libraries(place)
    except BaseException:
        lock.release()
        raise
    return place, ()


def _check_same(place: Store, chunk: int | None, batch: bool | None) -> None:
    """Refuse to go on with other blocks than a store was begun with."""
    wanted = place.grid if chunk is None else place.grid.in_blocks(chunk)
    if wanted.block != place.grid.block:
        raise ValueError(
            f"{place.path} was begun in blocks of {place.grid.block} points, and chunk={chunk} "
            f"asks for {wanted.block}: leave chunk as it was"
        )
    if batch is not None and batch != bool(place.batched):
        raise ValueError(
            f"{place.path} was begun {'with' if place.batched else 'without'} batches, and batch="
            f"{batch} asks for the opposite: name another store"
        )


def _planned(
    run: Run, grid: Grid, chunk: int | None, batch: bool | None, progress: bool
) -> tuple[Plan, tuple[Known, ...]]:
    """How a sweep is worked out, after a look at its first points; by no clock, but by them."""
    with going_on(progress, "at its first point"):
        first = first_of(run, grid)
    template = Template.of(first.table, grid.names)
    known, end = [first], grid.point(grid.size - 1)
    if first.point != end:  # to see what kind of numbers there are
        with suppress(ValueError, TypeError), going_on(progress, "at its last point"):
            known.append(evaluated_at(run, end))
            template = template.joined(Template.of(known[-1].table, grid.names))
    trial = trial_points(grid)
    tried = batch is True or (batch is None and _WORTH * trial <= grid.size)
    if tried and trial and progress and min(each.seconds for each in known) > _LONG:
        say(_TRIAL.format(points=trial, seconds=known[-1].seconds))
    with going_on(progress, "trying whether several points at once give the same"):
        batched = batched_axes(run, grid, template) if tried else ()
    if batch and not trial:
        kinds = {"U": "texts", "b": "truth values", "f": "a single number"}
        held = [(n, kinds.get(v.dtype.kind, "whole numbers")) for n, v in grid.values.items()]
        raise ValueError(
            "batch=True works points out at once along axes of several fractional numbers, and "
            f"{', '.join(f'{name!r} holds {kind}' for name, kind in held)}: leave batch out"
        )
    if batch and not batched:
        raise ValueError(
            "batch=True, but given several values of an axis run does not give what single points "
            "give"
        )
    grid = grid.in_blocks(chunk or _points(grid, template, batched))
    check_blocks(grid, template.bytes)
    return Plan(grid, template, batched), tuple(known)


def _points(grid: Grid, template: Template, batched: Sequence[str]) -> int:
    """How many points a block has, where nobody says so; nothing that is measured counts."""
    least = min(_BATCH, -(-grid.size // _SHARES)) if batched else 1
    share = max(least, -(-grid.size // _BLOCKS))
    return max(1, min(share, _BLOCK_BYTES // max(1, template.bytes)))


def _work(
    job: Job,
    place: Store | Memory,
    given: Executor | None,
    crowd: int,
    progress: bool,
    at_once: bool,
) -> list[str]:
    """Evaluate what is waiting, and keep it as it comes; what was warned of meanwhile."""
    waiting: Sequence[int] = place.waiting
    heard: list[str] = []
    with _shown(progress, place.grid, waiting) as advance:

        def keep(number: int, block: Block) -> None:
            place.write(number, block)
            heard.extend(note for note in block.warnings if note not in heard)
            advance(block.failure.size)

        if given is None and (crowd == 1 or not at_once or not can_be_sent(job)):
            with going_on(progress, "at a block of points"):
                waiting = _here(job, place.grid, waiting, crowd, keep)
        place.flush()  # before a fork, which copies no threads
        if waiting:
            executor = local(job, min(crowd, len(waiting))) if given is None else nullcontext(given)
            given_out = job, place.grid, waiting
            with executor as pool, closing(evaluated(*given_out, pool, progress)) as done:
                for number, block in done:
                    keep(number, block)
            place.flush()
    return heard


def _here(
    job: Job, grid: Grid, waiting: Sequence[int], crowd: int, keep: Callable[[int, Block], None]
) -> Sequence[int]:
    """Evaluate blocks in this process, until it is seen that others are worth while."""
    begun, alone = time.perf_counter(), crowd == 1 or not can_be_sent(job)
    for done, number in enumerate(waiting, start=1):
        keep(number, job.block(grid.part(grid.region(number))))
        each = (time.perf_counter() - begun) / done
        if not alone and each * (len(waiting) - done) > _SHORT:
            return waiting[done:]
    return ()


@contextmanager
def _shown(progress: bool, grid: Grid, waiting: Sequence[int]) -> Iterator[Callable[[int], object]]:
    """Show how many points are done, and how long the others will take."""
    if not progress:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    left = sum(prod(w.stop - w.start for w in grid.region(number)) for number in waiting)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("points, time left"), TimeLeft())
    # Without a thread of its own: a fork would not copy it.
    console = Console(stderr=True)
    moves = find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    if not moves:
        yield _written(grid.size - left, grid.size)
        return
    options: Any = {"console": console, "auto_refresh": False}
    with Progress(TextColumn("sweep"), *columns, **options) as shown:
        task = shown.add_task("sweep", total=grid.size, completed=grid.size - left)
        shown.refresh()
        yield lambda points: shown.update(task, advance=points, refresh=True)


def _written(done: int, size: int) -> Callable[[int], object]:
    """Lines for a log file, where a bar cannot move: one for each tenth, and each half minute."""
    begun = last = time.monotonic()
    before = told = done

    def tell(left: float) -> None:
        when = timedelta(seconds=round(left))
        say(f"sweep {done}/{size} points, time left {when}")

    def advance(points: int) -> None:
        nonlocal done, told, last
        done, now = done + points, time.monotonic()
        if done == size or done - told >= size / 10 or now - last >= _QUIET:
            told, last = done, now
            tell((now - begun) / (done - before) * (size - done))

    if done == size:
        tell(0.0)
    return advance
