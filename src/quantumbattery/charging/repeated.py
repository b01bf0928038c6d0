"""How a protocol is solved: one set of configurations for all strokes, and a map for each cycle."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.battery_hamiltonian import Battery, battery
from quantumbattery.charging.charge import extraction_of, labelled, selected
from quantumbattery.charging.observables import Observable, Observed, allow_matrices
from quantumbattery.charging.observe import labelled_matrices, named_sites
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, Readout
from quantumbattery.charging.solve import initial, watched
from quantumbattery.charging.stroke import Stroke, Strokes
from quantumbattery.dynamics.cycles import Cycle, Stage, when
from quantumbattery.dynamics.motion import Motion, columns_of, motion
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.storage import whole
from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import density_matrix as matrix_of
from quantumbattery.network.preparations import Preparation
from quantumbattery.network.starts import by_site, prepared_sites
from quantumbattery.quantities.aliases import Array, Values
from quantumbattery.quantities.parameters import check_axes, parameter
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import Bipartition, Reach, reach
from quantumbattery.reach.terms import OF_FRAME, hamiltonian_terms, loss_terms
from quantumbattery.states.density import Matrix, density
from quantumbattery.states.lindblad import rectangles
from quantumbattery.states.representation import Form, representation
from quantumbattery.states.reset import Reset, reset
from quantumbattery.states.truncation_error import Cut

_AT_ONCE = 1 << 20  # numbers of a state that are worked on at a time
_AT_CUT = 1e-10  # of the weight on levels that lead beyond a cut, from which on a warning says so


def charge(
    protocol: Strokes,
    preparation: object,
    times: Values | None,
    measures: Iterable[str] | None,
    extraction: str,
    limit: float,
) -> xr.Dataset:
    """Charge a battery in strokes; `Protocol.charge` says what everything means."""
    network = protocol.strokes[0].system
    started, axes = _converted(protocol, preparation, times)
    how = extraction_of(network, extraction, limit)
    chosen = selected(network, measures, axes)
    solution, work = _solved(protocol, Problem(network, started, axes, chosen, how, limit))
    table = labelled(network, axes, how, solution)
    return table.assign_attrs(work.said).assign_coords(work.marks)


def density_matrix(
    protocol: Strokes,
    preparation: object,
    times: Values | None,
    sites: str | Iterable[str] | None,
    limit: float,
) -> xr.DataArray:
    """The state of some sites; `Protocol.density_matrix` says what everything means."""
    network = protocol.strokes[0].system
    chosen = network.battery if sites is None else named_sites("sites", sites, network)
    started, axes = _converted(protocol, preparation, times)
    how = extraction_of(network, "collective", limit)
    least = [network.sites[name].dimension or 2 for name in chosen]
    allow_matrices(chosen, least, int(np.prod(axes.shape)))
    asked = (Observable("density_matrix", chosen, None),)
    problem = Problem(network, started, axes, (), how, limit, asked)
    solution, work = _solved(protocol, problem)
    found = labelled_matrices(network, axes, chosen, solution)
    return found.assign_attrs(work.said).assign_coords(work.marks)


def _converted(
    protocol: Strokes, preparation: object, times: Values | None
) -> tuple[dict[str, Preparation], Batch]:
    """How sites start, and the axes of everything."""
    network, last = protocol.strokes[0].system, float(protocol.ends[-1])
    moments = parameter(
        "times", protocol.ends if times is None else times, "zero or positive, and finite", 0.0,
        axis="time",
    )  # fmt: skip
    check_axes("times", moments)
    if (late := np.asarray(moments) > last * (1 + 1e-12)).any():
        raise ValueError(
            f"the protocol ends at {last:g}, but times go up to {np.asarray(moments)[late].max():g}"
            ": repeat it more often, or ask for earlier times"
        )
    started = by_site(preparation, network)
    arrays = {
        f"stroke {k}: {name}": value
        for k, stroke in enumerate(protocol.strokes)
        for name, value in stroke.system.arrays.items()
    }
    axes = Batch.of(arrays, started, not isinstance(preparation, Mapping), moments)
    if axes.times.ndim > 1:
        raise ValueError(
            "the times of a protocol share an axis with its systems or the preparation: give times "
            "that are the same for all"
        )
    return started, axes


@dataclass(frozen=True, eq=False)
class Work:
    """All that is ready before anything moves."""

    protocol: Strokes
    problem: Problem
    state: Form
    reading: Readout | Observed
    battery: Battery
    numbers: Array  # (g, terms) of all strokes, then of resets
    start: Array  # (g or 1, c, entries)

    @property
    def marks(self) -> dict[str, xr.DataArray]:
        """The coordinates that say which cycle and which stroke a time belongs to."""
        cycle, stroke, _ = self._when
        axes = self.problem.axes
        sizes = [axes.sizes[d] for d in axes.moments]
        words = {"stroke": "stroke", "cycle": "cycle of the protocol"}
        return {
            name: xr.DataArray(each.reshape(sizes), dims=axes.moments, attrs={"long_name": word})
            for (name, word), each in zip(words.items(), (stroke, cycle), strict=True)
        }

    @cached_property
    def said(self) -> dict[str, object]:
        """What the attributes say of the protocol."""
        return {"protocol": repr(self.protocol)}

    @cached_property
    def _when(self) -> tuple[Array, Array, Array]:
        durations = [each.duration for each in self.protocol.strokes]
        return when(self.problem.axes.times, durations, self.protocol.repeat)

    @cached_property
    def _terms(self) -> list[Array]:
        """Which terms act in each stroke, (terms,) of each."""
        reached, shift = self.state.reach, len(self.state.reach.hamiltonian.coefficients)
        levels = dict(zip(reached.sites, reached.levels, strict=True))
        masks, first, lossy = [], 0, shift
        for each in self.protocol.strokes:
            acting = np.zeros(self.numbers.shape[1], dtype=bool)
            many = len(hamiltonian_terms(each.system, levels).coefficients)
            losing = len(loss_terms(each.system, levels).coefficients)
            acting[first : first + many] = acting[lossy : lossy + losing] = True
            masks.append(acting)
            first, lossy = first + many, lossy + losing
        return masks

    def cycles(self) -> tuple[list[Cycle], list[Motion]]:
        """The cycle of every group of blocks; and what moves them in each stroke."""
        everything = whole(self.state)[0]
        most = int(self._when[0].max()) + 1
        moving, back, fresh = [], [], []
        for stroke, acting in zip(self.protocol.strokes, self._terms, strict=True):
            made = self._motion(everything, np.where(acting, self.numbers, 0.0), stroke, acting)
            moving.append(made)
            back.append(self._frame(everything, stroke, acting))
            fresh.append(self._resets(stroke))
        cycles = []
        for k, blocks in enumerate(self.state.blocks):
            stages = tuple(
                Stage(
                    moving[j].parts[k][1],
                    stroke.duration,
                    None if (away := back[j]) is None else away.parts[k][1],
                    None if (new := fresh[j]) is None else new[k],
                )
                for j, stroke in enumerate(self.protocol.strokes)
            )
            cycles.append(Cycle(blocks, stages, most))
        return cycles, moving

    def _motion(self, state: Form, numbers: Array, stroke: Stroke, acting: Array) -> Motion:
        axes, spans = self.problem.axes, np.array([stroke.duration])
        clocks = [
            Clock(term, signal, axes.numbers(signal.frequency))
            for term, signal in self.state.reach.signals.items()
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
            matrix_of(each, stroke.system.sites[name], levels[name]).to_numpy()
            for name, each in stroke.reset.items()
        ]
        fresh = reduce(np.kron, matrices)
        return [reset(self.state, each, tuple(stroke.reset), fresh) for each in self.state.blocks]

    def fill(self, cycles: list[Cycle], columns: dict[str, Array]) -> float:
        """Fill the columns (g, c, T, ...); gives the largest weight seen beside a cut."""
        cycle, stroke, spans = self._when
        first, cut, seen = self.state.first(self.start), Cut(self.state), 0.0
        carried = []
        for each in cycles:
            began = each.blocks.filled(first).transpose(0, 2, 1, 3, 4)
            if isinstance(self.state, Matrix) and not each.blocks.double:
                began = began.real
            flat = began.reshape(*began.shape[:2], -1, began.shape[-1])
            carried.append(each.carried(flat))
        held = self._held()
        for now in self._parts():
            rounds, place = np.unique(cycle[now], return_inverse=True)
            states = self._states(cycles, carried, rounds, place, stroke[now], spans[now])
            out = {name: column[:, :, now] for name, column in columns.items()}
            times = self.problem.axes.times[now]
            rate = np.divide(1.0, times, out=np.zeros_like(times), where=times > 0)
            found = self.reading.columns(out, states, self.battery, rate, None, held)
            for name, column in columns.items():
                column[:, :, now] = found[name]
            if len(cut.edge):
                seen = max(seen, float(cut.rows(states)[..., cut.edge].max()) ** 2)
        return seen

    def _states(
        self,
        cycles: list[Cycle],
        carried: list[Array],
        rounds: Array,
        place: Array,
        stroke: Array,
        spans: Array,
    ) -> Array:
        """What is read at some moments, (g, c, T, size)."""
        moved = []
        for each, start in zip(cycles, carried, strict=True):
            into = each.after(start, rounds)
            parts = {
                int(k): each.read(into, place[stroke == k], int(k), spans[stroke == k])
                for k in np.unique(stroke)
            }
            some = next(iter(parts.values()))
            kind = np.result_type(*parts.values())
            after = np.empty((*some.shape[:3], len(place), some.shape[-1]), dtype=kind)
            for k, part in parts.items():
                after[..., stroke == k, :] = part
            moved.append((each.blocks, after))
        return columns_of(moved, self.state.size)

    def _parts(self) -> Iterator[Array]:
        """Moments that are worked on together, in the order of time."""
        times = self.problem.axes.times
        _, copies, count = self.problem.axes.shape
        numbers = sum(blocks.count * blocks.size for blocks in self.state.blocks)
        each = len(self.numbers) * copies * max(numbers, self.reading.largest(self._names))
        allow("numbers in the states at one time", each, 48, self.problem.limit)
        order, step = np.argsort(times, kind="stable"), max(1, _AT_ONCE // each)
        return (order[k : k + step] for k in range(0, count, step))

    @property
    def _names(self) -> tuple[str, ...]:
        problem = self.problem
        return problem.measures or tuple(each.name for each in problem.asked)

    def _held(self) -> dict[str, Array]:
        """What a battery that does not start empty holds before, each (g, c, 1), for powers."""
        network, asked = self.problem.network, set(self.problem.measures) & set(POWERS)
        if not asked or prepared_sites(self.problem.started).isdisjoint(network.battery):
            return {}
        names = dict.fromkeys(POWERS[name] for name in asked)
        none, still = np.zeros(1), np.zeros_like(self.numbers)
        states = motion(self.state, still, self.start, none).at(none, slice(None))
        return self.reading.columns(names, states, self.battery, none)


def _solved(protocol: Strokes, problem: Problem) -> tuple[Solution, Work]:
    """Solve a protocol; a warning says where a cut is felt."""
    reached = _reached(protocol, problem)
    work = _prepared(protocol, problem, reached)
    columns = _memory(work)
    cycles, moving = work.cycles()
    seen = work.fill(cycles, columns)
    methods = dict.fromkeys(method for each in moving for method in each.methods)
    if len(reached.cut):
        work.said["at_cut"] = seen
        if seen > _AT_CUT:
            warnings.warn(
                f"up to {seen:.1g} of the state was seen on the last levels of "
                f"{', '.join(reached.cut)}, from where it should go on: give more levels",
                stacklevel=5,
            )
    if isinstance(work.reading, Observed):
        columns = work.reading.finished(columns, problem.axes)
    return Solution(columns, reached, Report(tuple(methods), {})), work


def _reached(protocol: Strokes, problem: Problem) -> Reach:
    """Everything that any stroke or reset leads to."""
    network, *others = (each.system for each in protocol.strokes)
    free = [name for name, site in network.sites.items() if site.dimension is None]
    fresh = [each.reset for each in protocol.strokes if each.reset]
    levels: dict[str, int] = {}
    if free:
        enough = cutoffs(network, problem.started, problem.joints)
        if fresh or any(gains_quanta(each, enough) for each in (network, *others)):
            raise ValueError(
                f"{free[0]!r} is an oscillator that chooses its own levels, but strokes bring "
                "quanta again and again: give it levels=..., and heed the attribute at_cut"
            )
        levels = {name: enough[name] for name in free}
    return reach(
        network, problem.started, levels, problem.limit, problem.joints, after=others, fresh=fresh
    )


def _prepared(protocol: Strokes, problem: Problem, reached: Reach) -> Work:
    network, axes = problem.network, problem.axes
    split = Bipartition.of(reached, network.battery)
    looked_at = watched(problem, reached, split)
    if any(each.reset for each in protocol.strokes):
        state: Form = density(reached, rectangles(reached, problem.limit), looked_at, problem.limit)
    else:
        state = representation(reached, looked_at, problem.limit)
    reading: Readout | Observed = Readout(network, reached, state, split)
    if problem.asked:
        asked = {each.name: each for each in problem.asked}
        reading = Observed(network, reached, state, asked, rotating=False)
    coefficients = reached.hamiltonian.coefficients + reached.losses.coefficients
    given = [np.broadcast_to(axes.numbers(each), axes.batch) for each in coefficients]
    numbers = np.stack(given, axis=-1) if given else np.zeros((axes.batch, 0))
    own = _battery(protocol, problem, reached, split)
    return Work(protocol, problem, state, reading, own, numbers, initial(problem, reached))


def _battery(protocol: Strokes, problem: Problem, reached: Reach, split: Bipartition) -> Battery:
    """The battery's own Hamiltonian, the same in all strokes."""
    counts = dict(zip(reached.sites, reached.levels, strict=True))
    given = counts, split.levels, problem.axes.numbers, problem.extraction, problem.limit
    first, *others = (battery(each.system, *given) for each in protocol.strokes)
    for k, other in enumerate(others, start=1):
        parts = ("energies", "row", "column", "value")
        if not all(np.array_equal(getattr(first, n), getattr(other, n)) for n in parts):
            raise ValueError(
                f"stroke {k} changes the battery's own Hamiltonian, which measures what is stored: "
                "its sites keep their energies, and what is always on, in all strokes"
            )
    return first


def _memory(work: Work) -> dict[str, Array]:
    shape = work.problem.axes.shape
    if isinstance(work.reading, Observed):
        return work.reading.memory(shape)
    return {name: np.empty(shape) for name in work.problem.measures}
