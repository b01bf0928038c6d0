"""Batteries that nothing ever reaches, although it might: ways to them that cancel."""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.sparse import Sums
from quantumbattery.states.lindblad import damping_elements

_MOST = 400  # configurations up to which this is looked into
_FAINT = 1e-6  # of a start: what is below might be taken for rounding on its way
_ROUNDING = 1e-13  # of a vector: not there


def never_charged(reached: Reach, numbers: Array, start: Array, empty: Array) -> bool:
    """Whether, but for rounding, the state stays on configurations that are `empty`.

    It stays in the smallest space that holds the start and that the Hamiltonian, the damping and
    all jumps map into itself. If those are its only configurations, no later state has others.
    False also where the problem is too large for this to be found. Numbers (terms,) are the
    coefficients of the Hamiltonian, then of the losses; the start (entries,) has amplitudes as in
    `Reach.start`; empty has shape (n,).
    """
    n, given = reached.size, reached.start
    amplitudes = np.abs(start[start != 0])
    if n > _MOST or (amplitudes < _FAINT * amplitudes.max(initial=0.0)).any():
        return False
    moves = _moves(reached, numbers)
    kets = np.zeros((n, int(given.member.max()) + 1), dtype=complex)
    kets[given.configuration, given.member] = start
    if (numbers[len(reached.hamiltonian.coefficients) :] < 0).any():
        return False  # weights over axes come as rates of either sign: not known
    space, new = np.zeros((n, 0), dtype=complex), _beyond(np.zeros((n, 0)), kets)
    while new.shape[1]:
        if np.abs(new[~empty]).max(initial=0.0) > _ROUNDING * n:
            return False
        space = np.concatenate([space, new], axis=1)
        new = _beyond(space, np.concatenate([new[:, :0], *(move @ new for move in moves)], axis=1))
    return True


def _moves(reached: Reach, numbers: Array) -> list[Array]:
    """The Hamiltonian, the damping, and every jump, dense, each of norm 1 or so."""
    n, hamiltonian, losses = reached.size, reached.hamiltonian, reached.losses
    energies, rates = np.split(numbers, [len(hamiltonian.coefficients)])
    parts = [(hamiltonian, energies, slice(None)), (damping_elements(losses), rates, slice(None))]
    parts += [(losses, np.sqrt(rates), losses.term == k) for k in np.unique(losses.term)]
    moves = []
    for given, own, mine in parts:
        place = Sums.to(given.row[mine] * n + given.column[mine], n * n)
        matrix = place(own[given.term[mine]] * given.value[mine]).reshape(n, n)
        size = np.abs(matrix).sum(axis=0).max(initial=0.0)
        if size:
            moves.append(matrix / size)
    return moves


def _beyond(space: Array, kets: Array) -> Array:
    """What directions kets (n, k) have beyond an orthonormal space (n, m), (n, any)."""
    for _ in range(2):  # the second time takes what rounding has left
        kets = kets - space @ (space.conj().T @ kets)
    directions, sizes, _ = np.linalg.svd(kets, full_matrices=False)
    return np.asarray(directions[:, sizes > _ROUNDING])
