"""A bound on how fast a state ever bends: as fast as it does at t = 0.

Where nothing changes in time but the state, d rho/dt = L rho, a derivative moves as the state does:
d^2 rho/dt^2 = exp(L t) L^2 rho(0). No such motion makes a trace norm larger (M. B. Ruskai, Rev.
Math. Phys. 6, 1147 (1994)). So |L^2 rho(0)| is a bound for all times, with loss or without.

All of it holds in a frame that turns with F, a sum of w_s n_s over the sites s, n_s the number of a
site's level, if L looks the same there at all times: if no element of the Hamiltonian changes F,
and every loss changes it by one amount. L + i[F, .] then stands for L, and a frequency that all
share costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.rotating_frame import distinct
from quantumbattery.reach.sparse import Sums
from quantumbattery.states.lindblad import damping_elements

_DENSE = 64  # configurations up to which matrices are dense, all members of a batch at once
_TOGETHER = 16  # kets of a mixed start whose derivatives are added before they are measured
_AT_ONCE = 1 << 21  # numbers that are worked on at a time
_MOST = 1 << 26  # numbers for one member of a batch, beyond which there is no bound here
_ROUNDING = 1e-16  # of the largest eigenvalue of a derivative: not there


def first_bend(reached: Reach, numbers: Array, start: Array, still: Collection[str] = ()) -> Array:
    """The trace norm of d^2 rho/dt^2 at t = 0, shape (g,), which no later one exceeds.

    In the frame that takes most of the motion away, and does not turn the sites `still`. Of a start
    of many kets it may be larger, a sum of norms; it is infinite where it would take too much room.
    Numbers (g, terms) are the coefficients of the Hamiltonian, then of the losses, none of which
    changes in time; the start (g or 1, entries) has amplitudes as in `Reach.start`.
    """
    losses = len(np.unique(reached.losses.term))
    members = int(reached.start.member.max()) + 1
    held = min((2 + losses) * min(members, _TOGETHER), reached.size)  # kets of a first derivative
    each = (2 + losses) * held * reached.size
    if each > _MOST or (numbers[:, len(reached.hamiltonian.coefficients) :] < 0).any():
        return np.full(len(numbers), np.inf)  # weights over axes come as rates of either sign
    frame, bend = _frame(reached, numbers, still), np.zeros(len(numbers))
    step = max(1, _AT_ONCE // each)
    for low in range(0, len(numbers), step):
        part = slice(low, low + step)
        generator = _Generator(reached, numbers[part], frame[part])
        for kets in _kets(reached, start[part] if len(start) > 1 else start):
            some = np.broadcast_to(kets, (len(frame[part]), *kets.shape[1:]))
            weights = np.ones(some.shape[:2])
            for _ in range(2):
                some, weights = generator.derivative(some, weights)
            bend[part] += np.abs(weights).sum(axis=1)
    return bend


def first_derivatives(reached: Reach, numbers: Array, start: Array, energies: Array) -> Array:
    """How f(t) = Tr(E rho) begins, E diagonal with energies (g, n), not negative: shape (3, g).

    Its first and second derivative at t = 0, and what its third never exceeds. Infinite where that
    would take too much room; other arguments as of `first_bend`.
    """
    losses, found = len(np.unique(reached.losses.term)), np.zeros((3, len(numbers)))
    members = min(int(reached.start.member.max()) + 1, _TOGETHER)
    held = min((2 + losses) ** 2 * members, reached.size)
    signs = (numbers[:, len(reached.hamiltonian.coefficients) :] < 0).any()
    if signs or (2 + losses) * held * energies.size > _MOST:
        return np.full_like(found, np.inf)
    generator = _Generator(reached, numbers, _frame(reached, numbers, ()))
    for kets in _kets(reached, start):
        some = np.broadcast_to(kets, (len(numbers), *kets.shape[1:]))
        weights = np.ones(some.shape[:2])
        for order in range(3):
            some, weights = generator.derivative(some, weights)
            if order < 2:
                found[order] += np.einsum("grn,gr,gn->g", np.abs(some) ** 2, weights, energies)
        found[2] += np.abs(weights).sum(axis=1) * energies.max(axis=1) / 2  # of the trace 0
    return found


@dataclass(frozen=True, eq=False)
class _Generator:
    """What moves a state, L rho = A rho + rho A^dag + sum_k L_k rho L_k^dag, in a frame."""

    reach: Reach
    numbers: Array  # (g, terms)
    frame: Array  # (g, n), the diagonal of F

    def derivative(self, kets: Array, weights: Array) -> tuple[Array, Array]:
        """L rho of a rho that is the sum of weights (g, r) |ket><ket|, kets (g, r, n): the same.

        Kets that come are orthonormal, so that the trace norm is the sum of sizes of the weights.
        """
        if not kets.shape[1]:  # nothing moves
            return kets, weights
        hops = [_moved(losses, rates, kets) for losses, rates in self._losses]
        r, several = kets.shape[1], np.concatenate([kets, self._drift(kets), *hops], axis=1)
        middle = np.zeros((len(kets), several.shape[1], several.shape[1]))
        k = np.arange(r)
        middle[:, k, r + k] = middle[:, r + k, k] = weights
        for hop in range(len(hops)):
            after = (2 + hop) * r + k
            middle[:, after, after] = weights
        basis, factor = np.linalg.qr(several.swapaxes(1, 2))  # (g, n, m), (g, m, R)
        values, vectors = np.linalg.eigh(factor @ middle @ factor.conj().swapaxes(1, 2))
        largest = np.abs(values).max(axis=1, keepdims=True)
        there = (np.abs(values) > _ROUNDING * largest).any(axis=0)
        moved: Array = (basis @ vectors[..., there]).swapaxes(1, 2)
        return moved, values[:, there]

    def _drift(self, kets: Array) -> Array:
        """A = -i (H - F) - (1/2) sum_k L_k^dag L_k on kets."""
        hamiltonian, damping = self.reach.hamiltonian, damping_elements(self.reach.losses)
        energies, rates = np.split(self.numbers, [len(hamiltonian.coefficients)], axis=1)
        coherent = _moved(hamiltonian, energies, kets) - self.frame[:, None] * kets
        drift: Array = -1j * coherent - _moved(damping, rates, kets) / 2
        return drift

    @property
    def _losses(self) -> Iterator[tuple[Elements, Array]]:
        """Each Lindblad operator, and the roots of rates (g, terms)."""
        losses = self.reach.losses
        rates = np.sqrt(self.numbers[:, len(self.reach.hamiltonian.coefficients) :])
        return ((_of_term(losses, k), rates) for k in np.unique(losses.term))


def _frame(reached: Reach, numbers: Array, still: Collection[str]) -> Array:
    """F on every configuration (g, n), as near to the energies there as it can be, and a constant.

    A constant changes nothing but by which kets a derivative is written.
    """
    levels = reached.configurations.astype(float)
    free = _conserved(reached, levels, still)
    hamiltonian = reached.hamiltonian
    energies = np.zeros((reached.size, len(numbers)))
    here = hamiltonian.row == hamiltonian.column
    values = (numbers[:, hamiltonian.term[here]] * hamiltonian.value[here]).real
    np.add.at(energies, hamiltonian.row[here], values.T)
    known = np.column_stack([levels @ free, np.ones(reached.size)])
    fitted: Array = (known @ np.linalg.lstsq(known, energies, rcond=None)[0]).T
    return fitted


def _conserved(reached: Reach, levels: Array, still: Collection[str]) -> Array:
    """All w, as columns (sites, any), whose F = sum of w_s n_s leaves L as it is."""
    hamiltonian, losses = reached.hamiltonian, reached.losses
    kept = [np.eye(len(reached.sites))[[reached.sites.index(name) for name in still]]]
    away = hamiltonian.row > hamiltonian.column  # there and back; of many sites, most stay
    kept.append(distinct(levels[hamiltonian.row[away]] - levels[hamiltonian.column[away]]))
    for term in np.unique(losses.term):
        mine = losses.term == term
        change = levels[losses.row[mine]] - levels[losses.column[mine]]
        kept.append(change - change[:1])
    alike = distinct(np.concatenate(kept))
    _, sizes, directions = np.linalg.svd(alike)
    rank = int((sizes > 1e-9 * sizes.max(initial=1.0)).sum())
    return np.asarray(directions[rank:].T)


def _kets(reached: Reach, start: Array) -> Iterator[Array]:
    """The kets of a start, some at a time, (g or 1, kets, n)."""
    given = reached.start
    for low in range(0, int(given.member.max()) + 1, _TOGETHER):
        mine = (given.member >= low) & (given.member < low + _TOGETHER)
        count = int(given.member[mine].max()) + 1 - low
        kets = np.zeros((len(start), count, reached.size), dtype=complex)
        kets[:, given.member[mine] - low, given.configuration[mine]] = start[:, mine]
        yield kets


def _of_term(given: Elements, term: int) -> Elements:
    """The elements of one term."""
    mine = given.term == term
    ends = given.row[mine], given.column[mine]
    return Elements(
        given.coefficients, given.origins, given.size, given.term[mine], *ends, given.value[mine]
    )


def _moved(given: Elements, numbers: Array, kets: Array) -> Array:
    """A matrix for each member of the batch, with its numbers (g, terms), on kets (g, r, n)."""
    n = given.size
    if n > _DENSE:
        return np.stack([(given.matrix(own) @ k.T).T for own, k in zip(numbers, kets, strict=True)])
    place = Sums.to(given.row * n + given.column, n * n)
    matrices = place(numbers[:, given.term] * given.value).reshape(-1, n, n)
    moved: Array = kets @ matrices.swapaxes(1, 2)
    return moved
