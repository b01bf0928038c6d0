"""How a protocol is solved: one set of configurations for all strokes, and a map for each cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from functools import reduce

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery, battery, check_levels
from quantumbattery.charging.left_out import lost_by
from quantumbattery.charging.observables import Observed
from quantumbattery.charging.problem import OnLevels, Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, Readout
from quantumbattery.charging.solve import initial, watched
from quantumbattery.charging.stroke import Stroke, Strokes, other_battery
from quantumbattery.dynamics.cycles import Cycle
from quantumbattery.dynamics.motion import Motion, columns_of, motion
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.separate import parts_of
from quantumbattery.dynamics.stages import Stage
from quantumbattery.dynamics.storage import whole
from quantumbattery.machine import allow, at_work, cores, few_threads, keep_pages
from quantumbattery.network.amplitudes import density_matrix as matrix_of
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.warned import warn
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import Bipartition, Reach, reach
from quantumbattery.reach.signals import Signal
from quantumbattery.reach.terms import OF_FRAME, hamiltonian_terms, loss_terms
from quantumbattery.states.density import Matrix, density
from quantumbattery.states.lindblad import rectangles
from quantumbattery.states.reduced import Part, part_of
from quantumbattery.states.representation import Form, representation
from quantumbattery.states.reset import Reset, one_state, reset

_AT_ONCE = 1 << 20  # numbers of a state that are worked on at a time
_NOTHING_YET = 1e-16  # of a period, before which powers count as nothing
_AT_CUT = 1e-10  # of the weight on levels that lead beyond a cut, from which on a warning says so


@dataclass(frozen=True, eq=False)
class Moments:
    """When one looks: in which cycle and stroke, and how long after its reset; each (T,)."""

    cycle: Array
    stroke: Array
    spans: Array
    times: Array  # since the beginning, for powers

    def __len__(self) -> int:
        return len(self.times)

    def some(self, chosen: Array) -> Moments:
        """The same of some of them."""
        each = self.cycle, self.stroke, self.spans, self.times
        return Moments(*(part[chosen] for part in each))


def together(strokes: Strokes) -> Network:
    """The sites, and the interactions of all strokes one after the other."""
    every = copy(strokes.strokes[0].system)
    every._set(interactions=sum((each.system.interactions for each in strokes.strokes), ()))
    every._set(joint_losses=sum((each.system.joint_losses for each in strokes.strokes), ()))
    return every


@dataclass(frozen=True, eq=False)
class Solved:
    """A protocol at some moments."""

    solution: Solution
    before: Callable[[Collection[str]], dict[str, Array]]  # measures, before the first reset


def solved(strokes: Strokes, problem: Problem, moments: Moments) -> Solved:
    """Solve a protocol at some moments.

    The problem's network is that of `together`, whose charger may be other sites.
    """
    check_levels(problem.network)
    with at_work():
        return _solved(strokes, problem, moments)


def _solved(strokes: Strokes, problem: Problem, moments: Moments) -> Solved:
    reached = _reached(strokes, problem)
    work = _prepared(strokes, problem, reached)
    columns = work.memory(len(moments))
    with work.one_thread():
        cycles, moving = work.cycles(moments)
        seen = max(work.fill(cycles, columns, moments), _beyond(strokes, problem, reached))
    methods = dict.fromkeys(method for each in moving for method in each.methods)
    if seen > _AT_CUT:
        ladders = [n for n, s in problem.network.sites.items() if isinstance(s, Oscillator)]
        warn(
            f"up to {seen:.1g} of the state was seen on the last levels of "
            f"{', '.join(reached.cut or ladders)}, from where it should go on: give more levels",
        )
    if isinstance(work.reading, Observed):
        columns = work.reading.finished(columns, problem.axes)
    rounding = (int(moments.cycle.max()) + 1) * sum(each.rounding for each in moving)
    report = Report(tuple(methods), {}, rounding=rounding, at_cut=seen)
    return Solved(OnLevels(columns, report, reached), work.before)


def _beyond(strokes: Strokes, problem: Problem, reached: Reach) -> float:
    """The largest weight that a preparation or a reset has beyond the levels of its site."""
    levels = dict(zip(reached.sites, reached.levels, strict=True))
    every = [(problem.network, problem.started)]
    every += [(each.system, each.reset) for each in strokes.strokes]
    beyond = [
        lost_by(each, network.sites[name], levels[name])[1] ** 2
        for network, given in every
        for name, each in given.items()
        if isinstance(name, str)
    ]
    return max(beyond, default=0.0)


def _reached(strokes: Strokes, problem: Problem) -> Reach:
    """Everything that any stroke or reset leads to."""
    network, *others = (each.system for each in strokes.strokes)
    free = [name for name, site in network.sites.items() if site.dimension is None]
    fresh = [each.reset for each in strokes.strokes if each.reset]
    levels: dict[str, int] = {}
    if free:
        enough = cutoffs(network, problem.started, problem.joints)
        if fresh or any(gains_quanta(each, enough) for each in (network, *others)):
            raise ValueError(
                f"{free[0]!r} is an oscillator that chooses its own levels, but strokes bring "
                "quanta again and again: give it levels=..., and heed the attribute at_cut; none "
                "are needed where all is quadratic, constant in its stroke, and starts Gaussian"
            )
        levels = {name: enough[name] for name in free}
    return reach(
        network, problem.started, levels, problem.limit, problem.joints, after=others, fresh=fresh
    )


def _prepared(strokes: Strokes, problem: Problem, reached: Reach) -> Work:
    network, axes, limit = problem.network, problem.axes, problem.limit
    split = Bipartition.of(reached, network.battery)
    cuts = {name: Bipartition.of(reached, [name]) for name in reached.cut}
    looked_at = [*watched(problem, reached, split), *cuts.values()]
    if any(each.reset for each in strokes.strokes):
        found = rectangles(reached.bare, limit)
        state: Form = density(reached.bare, found, looked_at, limit, rows=False)
    else:
        state = representation(reached, looked_at, limit)
    readout = Readout(network, reached, state, split)
    reading: Readout | Observed = readout
    if problem.asked:
        asked = {each.name: each for each in problem.asked}
        reading = Observed(network, reached, state, asked, rotating=False)
    coefficients = reached.hamiltonian.coefficients + reached.losses.coefficients
    given = [np.broadcast_to(axes.numbers(each), axes.batch) for each in coefficients]
    numbers = np.stack(given, axis=-1) if given else np.zeros((axes.batch, 0))
    acting = _acting(strokes, reached, numbers.shape[1])
    own = _battery(strokes, problem, reached, split)
    batteries = tuple(
        readout.further.prepared(problem.measures, own, np.where(mine, numbers, 0.0), limit)
        for mine in acting
    )
    start = initial(problem, reached)
    edges = {name: part_of(each, state) for name, each in cuts.items()}
    return Work(
        strokes, problem, state, reading, batteries, numbers, acting, start, edges, reached.signals
    )


def _acting(strokes: Strokes, reached: Reach, terms: int) -> tuple[Array, ...]:
    """Which terms act in each stroke, (terms,) of each; those of resets never do."""
    levels = dict(zip(reached.sites, reached.levels, strict=True))
    masks, first, lossy = [], 0, len(reached.hamiltonian.coefficients)
    for each in strokes.strokes:
        acting = np.zeros(terms, dtype=bool)
        many = len(hamiltonian_terms(each.system, levels).coefficients)
        losing = len(loss_terms(each.system, levels).coefficients)
        acting[first : first + many] = acting[lossy : lossy + losing] = True
        masks.append(acting)
        first, lossy = first + many, lossy + losing
    return tuple(masks)


def _battery(strokes: Strokes, problem: Problem, reached: Reach, split: Bipartition) -> Battery:
    """The battery's own Hamiltonian, the same in all strokes."""
    counts = dict(zip(reached.sites, reached.levels, strict=True))
    given = counts, split.levels, problem.axes.numbers, problem.extraction, problem.limit
    first, *others = (battery(each.system, *given) for each in strokes.strokes)
    for k, other in enumerate(others, start=1):
        if not _alike(first, other):
            raise other_battery(k)
    return first


def _alike(one: Battery, other: Battery) -> bool:
    """Whether two Hamiltonians of a battery are the same, on all levels of its sites."""
    parts = ("energies", "row", "column", "value")
    same = all(np.array_equal(getattr(one, n), getattr(other, n)) for n in parts)
    pairs = zip(one.cells, other.cells, one.levels, strict=True)
    same &= all(np.array_equal(a.energies(n), b.energies(n)) for a, b, n in pairs)
    whole = one.whole is None or (
        other.whole is not None and np.array_equal(one.whole, other.whole)
    )
    return bool(same and whole)


@dataclass(frozen=True, eq=False)
class Work:
    """All that is ready before anything moves."""

    strokes: Strokes
    problem: Problem
    state: Form
    reading: Readout | Observed
    batteries: tuple[Battery, ...]  # of each stroke, whose interactions are its own
    numbers: Array  # (g, terms) of all strokes, then of resets
    acting: tuple[Array, ...]  # (terms,), which of them act in each stroke
    start: Array  # (g or 1, c, entries)
    edges: dict[str, Part]  # the state of each site whose cut is felt
    signals: Mapping[int, Signal]  # of terms that change in time

    def one_thread(self) -> AbstractContextManager[object]:
        """Keep the linear algebra from starting threads for small matrices.

        Without loss not even a density matrix needs larger ones than its configurations; and with
        it, no larger ones than the parts that move apart.
        """
        reached = self.state.reach
        rates = np.any(self.acting, axis=0) * self.numbers  # of resets: none
        if not rates[:, len(reached.hamiltonian.coefficients) :].any():
            return few_threads(min(reached.size, max(each.size for each in self.state.blocks)))
        largest = 0
        for blocks in self.state.blocks:
            for mine in self.acting:
                parts = parts_of(blocks, np.where(mine, self.numbers, 0.0), True)
                largest = max(largest, parts[-1].shape[1] if parts else blocks.size)
        return few_threads(largest)

    def memory(self, times: int) -> dict[str, Array]:
        """Room for everything that is asked."""
        g, c, _ = self.problem.axes.shape
        if isinstance(self.reading, Observed):
            return self.reading.memory((g, c, times))
        return {name: np.empty((g, c, times)) for name in self.problem.measures}

    def cycles(self, moments: Moments) -> tuple[list[Cycle], list[Motion]]:
        """The cycle of every group of blocks; and what moves them in each stroke."""
        most, asked = int(moments.cycle.max()) + 1, len(moments)
        room = self.problem.limit * 2**30 / 32 / len(self.numbers)
        everything = whole(self.state)[0]
        moving, stages = [], []
        for stroke, mine in zip(self.strokes.strokes, self.acting, strict=True):
            moves = self._motion(everything, np.where(mine, self.numbers, 0.0), stroke, mine)
            back, fresh = self._frame(everything, stroke, mine), self._resets(stroke)
            moving.append(moves)
            stages.append(
                [
                    Stage(
                        moves.parts[k][1],
                        stroke.duration,
                        None if back is None else back.parts[k][1],
                        None if fresh is None else fresh[k],
                    )
                    for k in range(len(self.state.blocks))
                ]
            )
        groups = zip(self.state.blocks, zip(*stages, strict=True), strict=True)
        return [Cycle(blocks, each, most, asked, room) for blocks, each in groups], moving

    def _motion(self, state: Form, numbers: Array, stroke: Stroke, acting: Array) -> Motion:
        axes, spans = self.problem.axes, np.array([stroke.duration])
        clocks = [
            Clock(term, signal, axes.numbers(signal.frequency))
            for term, signal in self.signals.items()
            if acting[term]
        ]
        return motion(state, numbers, self.start, spans, self.problem.limit, clocks)

    def _frame(self, state: Form, stroke: Stroke, acting: Array) -> Motion | None:
        """What turns a stroke's frame back into the laboratory's, as motion for as long."""
        of_frame = np.zeros(self.numbers.shape[1], dtype=bool)
        for term, origin in enumerate(self.state.reach.hamiltonian.origins):
            of_frame[term] = origin == OF_FRAME and acting[term]
        if not self.numbers[:, of_frame].any():
            return None
        turning = np.where(of_frame, -self.numbers, 0.0)
        return motion(state, turning, self.start, np.array([stroke.duration]), self.problem.limit)

    def _resets(self, stroke: Stroke) -> list[Reset] | None:
        """The reset of every group of blocks."""
        if not stroke.reset:
            return None
        assert isinstance(self.state, Matrix)
        reached = self.state.reach
        levels = dict(zip(reached.sites, reached.levels, strict=True))
        matrices = [
            one_state(name, matrix_of(each, stroke.system.sites[name], levels[name]))
            for name, each in stroke.reset.items()
        ]
        # What lies beyond the levels is left out, and the rest a state, as where charging starts.
        fresh = reduce(np.kron, [each / np.trace(each) for each in matrices])
        return [reset(self.state, each, tuple(stroke.reset), fresh) for each in self.state.blocks]

    def fill(self, cycles: list[Cycle], columns: dict[str, Array], moments: Moments) -> float:
        """Fill the columns (g, c, T, ...); gives the largest weight seen beside a cut."""
        seen, held, workers = 0.0, self._held(), cores()
        soon = _NOTHING_YET / max(np.abs(self.numbers).max(initial=0.0), 1e-100)
        keep_pages(_AT_ONCE)
        moved = self._moved(cycles, moments)

        def read(stroke: int, which: Array, states: Array) -> float:
            times = moments.times[which]
            rate = np.divide(1.0, times, out=np.zeros_like(times), where=times > soon)
            found = self.reading.columns(columns, states, self.batteries[stroke], rate, None, held)
            for name, column in columns.items():
                column[:, :, which] = found[name]
            return self._at_cut(states)

        waiting: deque[Future[float]] = deque()  # not all, for their states take memory
        with ThreadPoolExecutor(workers) as pool:  # NumPy works outside the interpreter's lock
            for part in moved:  # the next are moved while these are read
                waiting.append(pool.submit(read, *part))
                if len(waiting) > workers:
                    seen = max(seen, waiting.popleft().result())
            return max([seen, *(each.result() for each in waiting)])

    def _moved(self, cycles: list[Cycle], moments: Moments) -> Iterator[tuple[int, Array, Array]]:
        """Strokes, some of the moments in each, and the states (g, c, T, entries) then."""
        carried, done = self._begun(cycles), 0
        for now in self._parts(moments):
            here = moments.some(now)
            rounds, place = np.unique(here.cycle, return_inverse=True)
            into = [
                each.after(start, rounds - done)
                for each, start in zip(cycles, carried, strict=True)
            ]
            carried, done = [each[..., -1, :] for each in into], int(rounds[-1])
            for k in np.unique(here.stroke).tolist():
                mine = np.flatnonzero(here.stroke == k)
                spans, which = here.spans[mine], place[mine]
                moved = [
                    (each.blocks, each.read(start, which, k, spans))
                    for each, start in zip(cycles, into, strict=True)
                ]
                yield k, now[mine], columns_of(moved, self.state.size)

    def _begun(self, cycles: list[Cycle]) -> list[Array]:
        """What each group of blocks carries into the first cycle, (g or 1, blocks, c, m)."""
        first, carried = self.state.first(self.start), []
        for each in cycles:
            began = each.blocks.filled(first).transpose(0, 2, 1, 3, 4)
            if isinstance(self.state, Matrix) and not each.blocks.double:
                began = began.real  # but for rounding
            carried.append(each.carried(began.reshape(*began.shape[:2], -1, began.shape[-1])))
        return carried

    def _at_cut(self, states: Array) -> float:
        """The largest weight on levels that lead beyond a cut."""
        edge, reached, most = self.state.reach.edge, self.state.reach, 0.0
        for name, part in self.edges.items():
            site = reached.sites.index(name)
            last = np.unique(reached.configurations[edge.configuration[edge.site == site], site])
            leading = np.isin(part.split.levels[:, 0], last)
            most = max(most, float(part.populations(states)[..., leading].sum(axis=-1).max()))
        return most

    def _parts(self, moments: Moments) -> Iterator[Array]:
        """Moments that are worked on together, cycle after cycle."""
        _, copies, _ = self.problem.axes.shape
        names = self.problem.measures or [each.name for each in self.problem.asked]
        numbers = sum(blocks.count * blocks.size for blocks in self.state.blocks)
        each = len(self.numbers) * copies * max(numbers, self.reading.largest(names))
        allow("numbers in the states at one time", each, 48, self.problem.limit)
        order, step = np.argsort(moments.cycle, kind="stable"), max(1, _AT_ONCE // each)
        return (order[k : k + step] for k in range(0, len(moments), step))

    def _held(self) -> dict[str, Array]:
        """What a battery that does not start empty holds before, each (g, c, 1), for powers."""
        network, asked = self.problem.network, set(self.problem.measures) & set(POWERS)
        if not asked or prepared_sites(self.problem.started).isdisjoint(network.battery):
            return {}
        names = dict.fromkeys(POWERS[name] for name in asked)
        return self.before(tuple(names))

    def before(self, names: Collection[str]) -> dict[str, Array]:
        """Measures (g, c, 1) before the first stroke and its reset."""
        none, still = np.zeros(1), np.zeros_like(self.numbers)
        states = motion(self.state, still, self.start, none).at(none, slice(None))
        return self.reading.columns(names, states, self.batteries[0], none)
