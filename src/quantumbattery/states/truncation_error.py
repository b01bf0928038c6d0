"""How much leaves through the cut of an oscillator's ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, lgamma, log

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.alike import kept
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.sparse import Sums, entries, product, sparse
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.lindblad import damping_elements
from quantumbattery.states.reduced import squares
from quantumbattery.states.representation import Form

_NOT_THERE = 4e-15  # an amplitude below is not known to be there at all
# Of the largest row: what a series leaves out is added, not dropped. However many levels there are,
# no bound is smaller, and where energy beyond a cut may grow e^30-fold, it must be small still.
_NEGLIGIBLE = 1e-32


@dataclass(frozen=True, eq=False)
class _Near:
    """What feeds some rows in so many steps."""

    configurations: Array
    entries: Array  # of what feeds a row
    column: Array  # (entries,), by which of these configurations
    row: Array  # (entries,), which of them is fed
    ends: Array  # where the rows stand among the configurations

    @cached_property
    def into(self) -> Sums:
        """What adds entries up by the configuration that is fed."""
        return Sums.to(self.row, len(self.configurations))

    @cached_property
    def back(self) -> Sums:
        """What adds them up by the configuration that feeds."""
        return Sums.to(self.column, len(self.configurations))


def cut_of(state: Form) -> Cut:
    """Where the cut of a ladder is felt by a state."""
    return _cut(state.reach, state)


@kept
def _cut(_: Reach, state: Form) -> Cut:
    return Cut(state)


@dataclass(frozen=True, eq=False)
class Cut:
    """Where the cut of a ladder is felt by a state.

    A row is the norm of <c|rho for a configuration c.
    """

    state: Form

    def rows(self, states: Array) -> Array:
        """Every row, or a bound of it, shape (g, c, T, configurations), of states (g, c, T, :)."""
        state = self.state
        if isinstance(state, Matrix):
            return _there(np.sqrt(self._squared(squares(states))))
        # Without loss, norms stay what they are.
        weights = squares(states if state.frozen is not None else states[..., :1, :])
        norm = np.sqrt(self._members(weights))
        rows = self._amplitudes(np.sqrt(squares(states)) * norm[..., state.member])
        if state.frozen is not None:
            rows[..., state.frozen] += np.maximum(1.0 - weights.sum(axis=-1), 0.0)
        return _there(rows)

    def leak(self, rows: Array, numbers: Array) -> Array:
        """A bound on the rate at which what each cut leaves out changes the density matrix.

        The exact state and the one on cut ladders part at most as fast as the difference of their
        generators moves the latter (Duhamel): an element h of the Hamiltonian that leads beyond a
        cut from configuration e moves it by no more than 2 |h| |<e|rho| in trace norm. An element l
        of a Lindblad operator of rate g moves it by no more than 2 g |l| (|K| + |L|) |<e|rho|, with
        L what the operator does on the levels there are and K what it does beyond: |l| |K| by what
        arrives beyond, |l| |K| by what that damps, 2 |l| |L| by the coherences between what arrives
        beyond and on this side. An element d of L^dag L that leads beyond, half of which damps from
        either side, moves it by no more than g |d| |<e|rho|.

        Rows are those of `edge`, (g, c, T, edge); numbers (g, terms) are the coefficients of the
        Hamiltonian, then of the losses. Shape (g, c, T, sites + 1), the last of a common cut.
        """
        count = len(self.state.reach.sites) + 1
        if not len(self.edge):
            return np.zeros((*rows.shape[:-1], count))
        term = self.state.reach.edge.term
        strength = np.abs(numbers)[:, term] * self._size  # (g, entries)
        leaving: Array = self._by_site(rows[..., self._which] * strength[:, None, None, :])
        return leaving

    def spread(self, rows: Array, numbers: Array, span: float, ends: Array) -> Array:
        """A bound on the mean of the rows of some configurations, `ends`, over the next `span`.

        Rows (g, c, T, configurations) change at most as fast as they feed each other: |H_cd|, half
        of |(L^dag L)_cd| beside the diagonal, and g |L_cd| |L| of a Lindblad operator L of rate g,
        since what acts from the right never makes a row longer; from the left half of (L^dag L)_cc
        makes it shorter. So they stay below exp(s M) rows, with M these numbers, the last ones of
        them taken from its diagonal. A Lindblad operator that is diagonal only multiplies elements,
        by factors of at most 1. Of the series of the exponential only so many terms are added up,
        of configurations so many steps from the ends; a bound of the others is added.
        """
        _, _, term, size = self._feeds
        strength = np.abs(numbers)[:, term] * size * span  # (g, entries)
        lost = self._lost(numbers) * span  # (g, configurations)
        fall = float(lost.max(initial=0.0))  # exp(-fall s) is taken out: what is left adds up
        most = float(self._into(strength).max(initial=0.0)) + fall
        order = 1
        while (rest := _left_out(most, order) - fall) > np.log(_NEGLIGIBLE):
            order += 1
        near = self._near(ends.tobytes(), order)
        part, mine = rows[..., near.configurations], strength[:, near.entries]
        own = (fall - lost)[:, None, None, near.configurations] if fall else None
        weights = _means(fall, order)
        if len(ends) < rows.shape[1] * rows.shape[2]:  # then it is less work from the other side
            alone = np.eye(len(near.configurations))[None, None, near.ends]
            fed = _series(alone, mine, own, near.row, near.back, weights)
            out = part @ fed.swapaxes(-1, -2)
        else:
            out = _series(part, mine, own, near.column, near.into, weights)[..., near.ends]
        spread: Array = out + exp(rest) * rows.max(axis=-1, keepdims=True)
        return np.minimum(spread, 1.0)

    def pace(self, numbers: Array) -> float:
        """The largest rate at which a row can be fed, of all members of the batch."""
        _, _, term, size = self._feeds
        return float(self._into(np.abs(numbers)[:, term] * size).max(initial=0.0))

    def strength(self, numbers: Array, terms: Sequence[int]) -> float:
        """A bound on the norm of what some terms of the Hamiltonian do beyond the cuts."""
        edge = self.state.reach.edge
        mine = np.isin(edge.term, terms)
        value = np.abs(numbers)[:, edge.term[mine]].max(axis=0) * np.abs(edge.value[mine])
        ends = edge.configuration[mine], edge.end[mine]
        return float(_largest_norms(edge.term[mine], ends, value).sum())

    @cached_property
    def _size(self) -> Array:
        edge, losses = self.state.reach.edge, self.state.reach.losses
        shift = len(self.state.reach.hamiltonian.coefficients)
        norms = np.zeros(shift + len(losses.coefficients))
        norms[shift:] = _norms(losses)
        beyond = np.zeros_like(norms)
        ends = edge.configuration, edge.end
        found = _largest_norms(edge.term, ends, np.abs(edge.value) * ~edge.squared)
        beyond[: len(found)] = found
        size = np.where(edge.term < shift, 1.0, (norms + beyond)[edge.term])
        doubled: Array = np.abs(edge.value) * np.where(edge.squared, 1.0, 2 * size)
        return doubled

    @cached_property
    def edge(self) -> Array:
        """The configurations that lead beyond a cut."""
        return np.unique(self.state.reach.edge.configuration)

    @cached_property
    def _which(self) -> Array:
        """Which of these each element that leads beyond starts from."""
        return np.searchsorted(self.edge, self.state.reach.edge.configuration)

    def _near(self, ends: bytes, steps: int) -> _Near:
        """What feeds the rows of some configurations in so many steps; kept."""
        if (ends, steps) not in self._known:
            row, column, _, _ = self._feeds
            wanted = np.frombuffer(ends, dtype=self.edge.dtype)
            inside = np.zeros(self.state.reach.size, dtype=bool)
            inside[wanted] = True
            for _ in range(steps):
                before = inside.sum()
                inside[column[inside[row]]] = True
                if inside.sum() == before:
                    break
            kept = np.flatnonzero(inside)
            entries = np.flatnonzero(inside[row] & inside[column])
            fed, by = (np.searchsorted(kept, each[entries]) for each in (row, column))
            places = np.searchsorted(kept, wanted)
            self._known[ends, steps] = _Near(kept, entries, by, fed, places)
        return self._known[ends, steps]

    @cached_property
    def _known(self) -> dict[tuple[bytes, int], _Near]:
        return {}

    @cached_property
    def _by_site(self) -> Sums:
        """What adds the elements beyond each cut up."""
        return Sums.to(self.state.reach.edge.site, len(self.state.reach.sites) + 1)

    @cached_property
    def _feeds(self) -> tuple[Array, Array, Array, Array]:
        """What feeds a row: which, by which, the term, and how fast for its number 1."""
        h, losses = self.state.reach.hamiltonian, self.state.reach.losses
        shift, damped, norms = len(h.coefficients), damping_elements(losses), _norms(losses)
        moving = np.isin(losses.term, self._movers)
        parts = [
            (h.row, h.column, h.term, np.abs(h.value) * (h.row != h.column)),
            (damped.row, damped.column, damped.term + shift,
             np.abs(damped.value) / 2 * (damped.row != damped.column)),
            (losses.row, losses.column, losses.term + shift,
             np.abs(losses.value) * norms[losses.term] * moving),
        ]  # fmt: skip
        row, column, term, size = (np.concatenate(part) for part in zip(*parts, strict=True))
        kept = np.flatnonzero(size)
        return row[kept], column[kept], term[kept], size[kept]

    def _lost(self, numbers: Array) -> Array:
        """At which rate rows shrink, (g, configurations), by all that moves while it damps."""
        term, half, place = self._shrinking
        return np.maximum(place(numbers[:, term] * half), 0.0)

    @cached_property
    def _shrinking(self) -> tuple[Array, Array, Sums]:
        """Half of the diagonal elements of L^dag L: the term, how much for its number 1, where."""
        reached = self.state.reach
        damped = damping_elements(reached.losses)
        own = (damped.row == damped.column) & np.isin(damped.term, self._movers)
        term = damped.term[own] + len(reached.hamiltonian.coefficients)
        place = Sums.to(damped.row[own], reached.size)
        return term, damped.value[own].real / 2, place

    @cached_property
    def _movers(self) -> Array:
        """The losses that move anything: all of an operator feeds, or nothing."""
        losses = self.state.reach.losses
        return np.unique(losses.term[losses.row != losses.column])

    @cached_property
    def _into(self) -> Sums:
        """What adds up all that feeds a row."""
        return Sums.to(self._feeds[0], self.state.reach.size)

    @cached_property
    def _members(self) -> Sums:
        """What adds up the weights of each member of kets."""
        assert isinstance(self.state, Kets)
        return Sums.to(self.state.member, int(self.state.member.max()) + 1)

    @cached_property
    def _amplitudes(self) -> Sums:
        """What adds up the amplitudes of each configuration."""
        assert isinstance(self.state, Kets)
        return Sums.to(self.state.configuration, self.state.reach.size)

    @cached_property
    def _squared(self) -> Sums:
        """What adds up squares of columns in each row, also of elements whose twins are kept.

        An element is made of one column, or of one for each of its parts, real and imaginary.
        """
        state = self.state
        assert isinstance(state, Matrix)
        twins = np.flatnonzero(state.twin)
        target = np.concatenate([state.row, state.column[twins]])
        source = np.concatenate([np.arange(len(state.row)), twins])
        shape = state.reach.size, len(state.row)
        value, element, column = entries(state.weights)
        weights = sparse(squares(value), element, column, state.weights.shape)
        return Sums(product(sparse(np.ones(len(target)), target, source, shape), weights))


def _there(rows: Array) -> Array:
    return np.where(rows < _NOT_THERE, 0.0, rows)


def _norms(losses: Elements) -> Array:
    """A bound on the norm of each Lindblad operator, for a rate of 1 (Schur's test)."""
    norms = np.ones(len(losses.coefficients))
    for end in (losses.row, losses.column):
        keys, which = np.unique(losses.term * losses.size + end, return_inverse=True)
        sums = np.bincount(which, np.abs(losses.value), len(keys))
        largest = np.zeros(len(norms))
        np.maximum.at(largest, keys // losses.size, sums)
        norms *= largest
    return np.sqrt(norms)


def _largest_norms(term: Array, ends: tuple[Array, Array], value: Array) -> Array:
    """A bound on the norm of what each term does, from where its elements start and end.

    The root of the largest sum of their sizes from one start, times that to one end (Schur's test).
    """
    if not len(term):
        return np.zeros(0)
    norms = np.ones(int(term.max()) + 1)
    for end in ends:
        of_end = np.unique(end, return_inverse=True)[1]
        keys, which = np.unique(term * (int(of_end.max()) + 1) + of_end, return_inverse=True)
        largest = np.zeros(len(norms))
        np.maximum.at(largest, keys // (int(of_end.max()) + 1), np.bincount(which, value))
        norms *= largest
    return np.sqrt(norms)


def _left_out(size: float, order: int) -> float:
    """The logarithm of what terms of exp(x) from some order on come to, at most."""
    return (order * log(size) if size else -inf) - lgamma(order + 1) + size


def _means(fall: float, order: int) -> Array:
    """The integrals of exp(-fall s) s^k from 0 to 1, for k < order, or slightly more.

    By parts each is that of the next power; 1/(k + 1) is more than that of a high one.
    """
    found, last = np.empty(order), 1 / (2 * order + 1)
    for k in range(2 * order - 1, -1, -1):
        last = (fall * last + exp(-fall)) / (k + 1)
        if k < order:
            found[k] = last
    return found


def _series(
    vectors: Array, strength: Array, own: Array | None, taken: Array, into: Sums, weights: Array
) -> Array:
    """The terms of exp(M) on vectors (g, c, T, n), each so many times.

    M has entries (g, entries), and on the diagonal (g, 1, 1, n).
    """
    term, out = vectors, weights[0] * vectors
    for k in range(1, len(weights)):
        fed = into(term[..., taken] * strength[:, None, None])
        term = (fed if own is None else fed + own * term) / k
        out = out + weights[k] * term
    return np.asarray(out)
