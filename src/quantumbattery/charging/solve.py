"""Solve a network on the levels that were reached: evolve, read out, part by part.

What is worked on at a time is small enough for a cache; parts of a batch are shared among threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import prod

import numpy as np
import xarray as xr

from quantumbattery.charging.battery_hamiltonian import Battery, battery
from quantumbattery.charging.energy_beyond import Tail, beyond, tails
from quantumbattery.charging.further_measures import looked_at
from quantumbattery.charging.left_out import Flown, flown, lost_by
from quantumbattery.charging.observables import Observed
from quantumbattery.charging.passes import TILE, Passes, Tiled
from quantumbattery.charging.problem import OnLevels, Problem, Report
from quantumbattery.charging.readout import POWERS, Readout, one_qubit
from quantumbattery.charging.shared_phase import shared_phase
from quantumbattery.charging.term_means import switched_off
from quantumbattery.dynamics.motion import Motion, motion
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.storage import Storage, storage
from quantumbattery.machine import cores, few_threads, keep_pages
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.network.starts import at_rest, prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.digits import check_digits, latest_felt
from quantumbattery.reach.reach import ALL, Bipartition, Reach
from quantumbattery.reach.terms import OF_DRIVE
from quantumbattery.states.representation import Form, representation
from quantumbattery.states.truncation_error import Cut, cut_of

_NUMBER = 32  # bytes that each of them takes, at least
_SHARED = 1 << 22  # products from which on it pays to share them among the cores
_LARGE_PAGES = 1 << 19  # numbers from which on memory comes in large pages
_READ = 1 << 17  # numbers of a state that are read at a time
_ROWS = 64  # moments of kets that are worked on at a time, for each kind of block
_NO_THREADS = 1 << 18  # products in a matrix product up to which no library takes several
_PROPAGATORS = 64  # of a generator that turns in time: steps of its period, about
_AT_ONCE = 1e-16  # of a period: nothing has happened yet, and powers are their limit


def solve(
    problem: Problem, reached: Reach, allowed: Mapping[str, float], enough: bool = False
) -> OnLevels:
    """Solve on the levels of what was reached.

    Where more is left out of a site than `allowed` says the columns are not worked out; that is
    looked for early, unless levels are thought to be enough. ValueError if the problem is larger
    than its limit.
    """
    work = prepared(problem, reached, allowed, enough)
    with nullcontext() if work.few_products else work.one_thread():
        report = work.fill()
    columns = work.columns
    switched_off(columns, problem.axes)
    if work.observed is not None and not report.unfinished:
        columns = work.observed.finished(columns, problem.axes)
    return OnLevels(columns, report, reached)


def prepared(
    problem: Problem, reached: Reach, allowed: Mapping[str, float], enough: bool = False
) -> Work:
    """All that can be made ready before anything moves; arguments as of `solve`."""
    network, axes = problem.network, problem.axes
    split = Bipartition.of(reached, network.battery)
    state = representation(reached, watched(problem, reached, split), problem.limit)
    counts = dict(zip(reached.sites, reached.levels, strict=True))
    own = battery(
        network, counts, split.levels, axes.numbers, problem.extraction, problem.limit, problem.own
    )
    coefficients = reached.hamiltonian.coefficients + reached.losses.coefficients
    numbers = np.empty((axes.batch, len(coefficients)))
    for term, each in enumerate(coefficients):
        numbers[:, term] = axes.numbers(each) if isinstance(each, xr.DataArray) else each
    start = initial(problem, reached)
    lost = {  # a preparation has nothing beyond the levels of any other site
        name: lost_by(each, network.sites[name], counts[name])[0]
        for name, each in at_rest(network, problem.started, problem.joints).items()
        if isinstance(network.sites[name], Oscillator)
    }
    readout, observed = Readout(network, reached, state, split), None
    own = readout.further.prepared(problem.measures, own, numbers, problem.limit)
    columns = _columns(problem.measures, axes.shape)
    if problem.asked:
        observed = Observed(network, reached, state, {each.name: each for each in problem.asked})
        columns = observed.memory(axes.shape)
    off = None if axes.charged is None else _left_alone(network, reached, numbers)
    clocks = [Clock(k, s, axes.numbers(s.frequency)) for k, s in reached.signals.items()]
    lost[ALL] = reached.start.lost[0]
    lost = {name: amount for name, amount in lost.items() if amount}
    given = problem, state, readout, own, numbers, off, start, columns, lost, allowed, enough
    return Work(*given, clocks, observed)


def _columns(measures: Sequence[str], shape: tuple[int, int, int]) -> dict[str, Array]:
    """Memory for each measure; all in one piece of 4 to 16 MiB, which the system gives sooner.

    One that is kept by itself then keeps the others, so that larger ones come apart.
    """
    whole = len(measures) * prod(shape)
    if _LARGE_PAGES <= whole <= 4 * _LARGE_PAGES:
        return dict(zip(measures, np.empty((len(measures), *shape)), strict=True))
    return {name: np.empty(shape) for name in measures}


def watched(problem: Problem, reached: Reach, split: Bipartition) -> list[Bipartition]:
    """The sites that are looked at: those that measures are about, or those asked for."""
    if problem.asked:
        every = dict.fromkeys(each.sites for each in problem.asked)
        return [Bipartition.of(reached, sites) for sites in every]
    single = one_qubit(problem.network) and split.levels.any()
    own = split.without_ground if single else split
    return looked_at(problem.network, problem.measures, reached, own)


def _left_alone(network: Network, reached: Reach, numbers: Array) -> Array:
    """The numbers (g, terms) after disconnection, with drives, links and joint losses off."""
    off = numbers.copy()
    for term, origin in enumerate(reached.hamiltonian.origins):
        link = isinstance(origin, int) and origin >= 0
        if origin == OF_DRIVE or (link and not network.interactions[int(origin)].always):
            off[:, term] = 0.0
    shift = len(reached.hamiltonian.coefficients)
    for term, origin in enumerate(reached.losses.origins):
        if isinstance(origin, int) and not network.joint_losses[origin].always:
            off[:, shift + term] = 0.0
    return off


def initial(problem: Problem, reached: Reach) -> Array:
    """Initial amplitudes of norm 1."""
    start = problem.axes.start(reached.start.amplitude)
    norm = np.sqrt(np.sum(np.abs(start) ** 2, axis=-1, keepdims=True))
    scaled: Array = start / norm
    return scaled


@dataclass(frozen=True, eq=False)
class Work:
    """Everything that the parts of a batch need."""

    problem: Problem
    state: Form
    readout: Readout
    battery: Battery
    numbers: Array  # (g, terms), of the Hamiltonian, then of the losses
    off: Array | None  # (g, terms), from disconnection on; None: never
    start: Array  # (g or 1, c, entries)
    columns: dict[str, Array]  # each (g, c, T, ...)
    lost: Mapping[str, float]  # what each site's cut took from its preparation: half a trace norm
    allowed: Mapping[str, float]  # to be left out of a site
    enough: bool  # whether levels are thought to be enough
    clocks: Sequence[Clock]
    observed: Observed | None  # what is read in place of measures

    @property
    def reading(self) -> Readout | Observed:
        """What reads states."""
        return self.observed or self.readout

    @property
    def few_products(self) -> bool:
        """Whether the linear algebra starts no threads of itself; telling it so takes longer."""
        return prod(self.problem.axes.shape) * self.state.size**3 <= _NO_THREADS

    def one_thread(self) -> AbstractContextManager[object]:
        """Keep the linear algebra from starting threads for small matrices."""
        largest = max(blocks.size for blocks in self.state.blocks)
        return few_threads(min(self.state.reach.size, largest))  # large blocks of few are sparse

    @cached_property
    def tails(self) -> list[Tail]:
        """What the preparations have beyond the cuts, by site, and beyond a common one: nothing."""
        network, reached = self.problem.network, self.readout.reach
        levels = dict(zip(reached.sites, reached.levels, strict=True))
        shared = reached.start.lost[1]  # by levels within the preparations' own
        quanta = float(sum(reached.levels)) if shared else 0.0
        every = at_rest(network, self.problem.started, self.problem.joints)
        own = tails(network, every, levels, self.problem.joints)
        return [*own, Tail(shared, shared * quanta)]

    @cached_property
    def cut(self) -> Cut:
        """What sees how much leaves through the cuts of ladders."""
        return cut_of(self.state)

    def fill(self) -> Report:
        """Fill the columns."""
        keep_pages(TILE)
        batches = list(self.batches(len(self.numbers)))
        if len(batches) == 1:
            return self._fill(batches[0])
        # One alone may take the limit, several at once not more together.
        each = (batches[0].stop - batches[0].start) * max(self._once)
        together = int(self.problem.limit * 2**30 // (_NUMBER * max(each, TILE)))
        workers = max(1, min(cores(), len(batches), together))
        with ThreadPoolExecutor(workers) as pool:  # NumPy works outside the interpreter's lock
            return Report.joined(list(pool.map(self._fill, batches)))

    def _fill(self, batch: slice) -> Report:
        moments, own = self._times(batch), self.battery.select(batch)
        errors: list[float] = []
        asked, moving = self._moving(batch)
        latest, charged = float(moments.max()), self.problem.axes.charged
        until = moments if charged is None else np.atleast_1d(charged)
        together = latest_felt(np.abs(self.numbers[batch]).max(axis=-1, initial=0.0), until)
        shared = shared_phase(self.numbers[batch], self.state.reach, together)
        check_digits(shared, latest)
        passes = Passes.of(self._tiled(moving, batch), asked)
        left_out, falls = self._left_out(own, moving, batch, latest, passes)
        if any(left_out.get(name, 0.0) > most for name, most in self.allowed.items()):
            return Report(moving.methods, left_out, unfinished=True, falls=falls)
        held, rates = self._held(moving, own), self._rates(batch, moments)
        for (c, t), states in passes.states():
            for members, some in self._few(batch, states):
                mine = slice(batch.start + members.start, batch.start + members.stop)
                when = slice(t.start + some.start, t.start + some.stop)
                selected = own if len(states) == 1 else own.select(members)
                now = rates[..., when]
                now = now[members] if now.ndim > 1 else now
                out = {name: column[mine, c, when] for name, column in self.columns.items()}
                before = {name: values[members, c] for name, values in held.items()}
                self.reading.columns(out, states[members, :, some], selected, now, out, before)
            if moving.measured:
                errors.append(moving.error(asked[..., t], c, states))
        error = float(np.max(errors)) if moving.measured else None
        return Report(moving.methods, left_out, error, max(moving.rounding, shared))

    def _tiled(self, moving: Motion | Storage, batch: slice, copies: int | None = None) -> Tiled:
        """What gives the states of a part of the batch, few at a time."""
        size, read = self.state.size, self.reading.largest(self.columns)
        members, few = batch.stop - batch.start, _ROWS * len(self.state.blocks)
        copies = copies or self.problem.axes.shape[1]
        few = few if self.state.hermitian else 0
        return Tiled(moving, members, copies, size, read, few, self.problem.limit)

    def _rates(self, batch: slice, moments: Array) -> Array:
        """1/t for powers, (T,) or (g, 1, T), and 0 where nothing has happened yet."""
        if POWERS.keys().isdisjoint(self.columns):
            return moments  # nobody looks at them
        at_once = _AT_ONCE / max(np.abs(self.numbers[batch]).max(initial=0.0), 1e-100)
        rates = np.divide(1.0, moments, out=np.zeros_like(moments), where=moments > at_once)
        return rates[:, None] if rates.ndim > 1 else rates

    def _moving(self, batch: slice) -> tuple[Array, Motion | Storage]:
        """What moves a part of the batch, and the times that it is asked for."""
        clocks = [clock.select(batch) for clock in self.clocks]
        numbers, start = self.numbers[batch], self.start_of(batch)
        limit = self.problem.limit
        if self.off is None:
            moments = self._times(batch)
            return moments, motion(self.state, numbers, start, moments, limit, clocks, joined=True)
        pairs = self.problem.axes.pairs(batch)
        both = numbers, self.off[batch]
        return pairs, storage(self.state, both, start, pairs, limit, clocks)

    def _held(self, moving: Motion | Storage, own: Battery) -> dict[str, Array]:
        """What a battery that does not start empty holds at t = 0, each (g, c, 1), for powers."""
        network, asked = self.problem.network, set(self.problem.measures) & set(POWERS)
        if not asked or prepared_sites(self.problem.started).isdisjoint(network.battery):
            return {}
        names = dict.fromkeys(POWERS[name] for name in asked)
        none = np.zeros(1) if self.off is None else np.zeros((2, 1))
        return self.readout.columns(names, moving.at(none, slice(None)), own, np.zeros(1))

    def _few(self, batch: slice, states: Array) -> Iterator[tuple[slice, slice]]:
        """Members and times that are read one after the other, so that memory is used again."""
        members, step = batch.stop - batch.start, max(1, _READ // states[0].size)
        times = states.shape[2]
        held = min(step, members) * states.shape[1] * self.reading.largest(self.columns)
        short = max(1, TILE // max(1, held))  # nothing, of an operator that never acts
        for k in range(0, members, step):
            for t in range(0, times, short):
                yield slice(k, min(k + step, members)), slice(t, min(t + short, times))

    def _left_out(
        self, own: Battery, moving: Motion | Storage, batch: slice, latest: float, passes: Passes
    ) -> tuple[dict[str, float], dict[str, float]]:
        """What each cut may change an energy by, or the work in a state, in quanta.

        And by how many decimal places rows fall with each level, where that is too much.
        """
        reached, numbers = self.state.reach, self.numbers[batch].copy()
        if not len(self.cut.edge) and not self.lost:
            return {}, {}
        sites = self.problem.network.sites
        ladders = any(isinstance(sites[name], Oscillator) for name in self.problem.network.battery)
        for clock in self.clocks if len(self.cut.edge) or ladders else ():  # or nobody asks
            numbers[:, clock.term] *= clock.largest(latest)
        names = (*reached.sites, ALL)
        allowed = np.array([self.allowed.get(name, np.inf) for name in names]) / own.quanta
        gone = self._flown(moving, batch, numbers, latest, allowed, passes)
        norms = gone.norms
        if not norms.any() and not self.lost:
            return {}, {}
        one = self.state.hermitian and not reached.start.member.any()
        above = beyond(self.problem.network, reached, numbers, self.off is not None)
        more = above.most(latest, norms, one, self.tails)
        lost = [self.lost.get(name, 0.0) for name in names]
        # An interaction that is always on has elements beyond the cut too: of its energy.
        always = {k for k, each in enumerate(self.problem.network.interactions) if each.always}
        terms = [k for k, origin in enumerate(reached.hamiltonian.origins) if origin in always]
        quanta = (own.highest + self.cut.strength(numbers, terms)) / own.quantum
        found = quanta * (norms + 2 * np.array(lost)) + 2 * more / own.quantum
        left = {n: amount for n, amount in zip(names, found.tolist(), strict=True) if amount}
        return left, gone.falls

    def _flown(
        self,
        moving: Motion | Storage,
        batch: slice,
        numbers: Array,
        latest: float,
        allowed: Array,
        passes: Passes,
    ) -> Flown:
        """What leaves over the cuts while charging, and while storing if anything still does."""
        if isinstance(moving, Motion):
            given = self.cut, moving, passes.given.tiles, numbers, latest, allowed, passes.whole
            return flown(*given, early=not self.enough)
        assert self.off is not None
        charged, stored = self.problem.axes.pairs(batch)
        tiles = self._tiled(moving.charging, batch).tiles
        gone = flown(self.cut, moving.charging, tiles, numbers, float(charged.max()), allowed)
        off = self.off[batch]
        rows = np.ones((len(off), 1, 1, len(self.cut.edge)))
        if (gone.norms > allowed).any() or not self.cut.leak(rows, off).any():
            return gone
        begun = charged if charged.ndim > 1 else np.unique(charged[stored > 0])
        if not begun.size:
            return gone
        alone = moving.left_alone(begun, slice(None))
        copies = self.problem.axes.shape[1] * begun.shape[-1]
        tiles = self._tiled(alone, batch, copies).tiles
        after = flown(self.cut, alone, tiles, off, float(stored.max()), allowed)
        return Flown(gone.norms + after.norms, gone.falls | after.falls)

    def read_at_once(self, measures: Iterable[str]) -> int:
        """How many numbers the state of one member at one time takes, while it is read."""
        return max(self.state.size, self.readout.largest(measures))

    def start_of(self, batch: slice | Array) -> Array:
        """The initial states of a part of the batch, or the one of all."""
        return self.start[batch] if len(self.start) > 1 else self.start

    def _times(self, batch: slice) -> Array:
        times = self.problem.axes.times
        return times[batch] if times.ndim > 1 else times

    @property
    def _once(self) -> tuple[int, int]:
        """How many numbers what moves a member takes, and a state of it that is read."""
        dense = sum(min(b.count * b.size**2, TILE) for b in self.state.blocks)
        if self.clocks and all(clock.held for clock in self.clocks):
            dense *= _PROPAGATORS
        return dense, self.reading.largest(self.columns)

    def batches(self, generators: int) -> Iterator[slice]:
        """Parts of a batch whose generators and states fit in a tile."""
        _, copies, times = self.problem.axes.shape
        each = max(*self._once, self.state.size * copies * times)
        parts = -(-generators * each // TILE)
        largest = max(blocks.size for blocks in self.state.blocks)
        if generators * each * largest > _SHARED:  # enough for every core to have a part
            parts = -(-parts // cores()) * cores()
        step = -(-generators // min(parts, generators))
        return (slice(k, min(k + step, generators)) for k in range(0, generators, step))
