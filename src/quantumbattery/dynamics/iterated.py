"""Inverses of large generators, by iteration: as many steps as jumps until a start is forgotten.

A generator is L = S + J, where S rho = A rho + rho A^dag, A = -i H - sum of L_k^dag L_k / 2, moves
a state between jumps, and J are the jumps. S is inverted by a Schur form of A (R. H. Bartels and
G. W. Stewart, Commun. ACM 15, 820 (1972)), and what is left, 1 + S^-1 J, is solved by GMRES
(Y. Saad and M. H. Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986)): products of N x N matrices
for N^2 numbers, where a factorization fills in most of N^4.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.pace import Pace
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.sparse import adjoint as adjoint_of
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix
from quantumbattery.states.lindblad import damping_elements

_EVENLY = 1e-7  # of the fastest rate, by which A is damped more than it is: no S is singular then
STEPS = 120  # of GMRES before it starts again
_AGAIN = 3  # times that it does
_WELL, _ABOUT = 1e-8, 0.1  # of what is solved for, that may be left of it in one go
_AT_ONCE = 64  # rows and columns of a triangular equation that LAPACK has by itself
_COLUMNS = 2  # of the inverse that are looked at
_ROUNDS = 4  # in which what is left is solved for again
_ROUNDED = 2e-15  # of what is solved for: no round leaves less
_LEFT = 1e-13  # the same: more is left only where there is no solution

_LOG = logging.getLogger("quantumbattery")


@dataclass(frozen=True, eq=False)
class BetweenJumps:
    """What inverts the motion of a block between jumps."""

    form: Array  # (N, N), the Schur form of A, upper triangular
    basis: Array  # (N, N), A = basis form basis^dag
    row: Array  # (elements,), where those of the block stand in the density matrix
    column: Array  # (elements,)
    turn: Any  # matrix (numbers, elements), the unitary to the numbers that move
    real: bool  # whether these are real

    @classmethod
    def of(cls, state: Matrix, blocks: Blocks, numbers: Array) -> BetweenJumps:
        """Of the only block of its kind, for numbers (terms,) in front of the terms."""
        from scipy.linalg import schur

        reached = state.reach
        h = len(reached.hamiltonian.coefficients)
        own = -1j * _dense(reached.hamiltonian, numbers[:h])
        own -= _dense(damping_elements(reached.losses), numbers[h:]) / 2
        own -= _EVENLY * np.abs(own).sum(axis=-1).max() * np.eye(len(own))
        form, basis = schur(own, output="complex")
        row, column = (each[state.chosen] for each in state.rectangles.elements)
        turn = state.turn[blocks.inside]
        return cls(form, basis, row, column, turn, not blocks.double)

    def solved(self, given: Array, *, adjoint: bool = False) -> Array:
        """S^-1, or its adjoint, of numbers (n,)."""
        whole = np.zeros(self.form.shape, dtype=complex)
        whole[self.row, self.column] = adjoint_of(self.turn) @ given
        inner = self.basis.conj().T @ whole @ self.basis
        if adjoint:  # of what is upper triangular again, read from its end
            form = self.form[::-1, ::-1].conj().T
            inner = _of_triangular(form, form, inner[::-1, ::-1])[::-1, ::-1]
        else:
            inner = _of_triangular(self.form, self.form, inner)
        whole = self.basis @ inner @ self.basis.conj().T
        found: Array = self.turn @ whole[self.row, self.column]
        return np.real(found) if self.real else found


def _of_triangular(left: Array, right: Array, given: Array) -> Array:
    """The X of left X + X right^dag = given, for upper triangular matrices, half by half.

    LAPACK's own, row by row, takes three times as long from 270 rows on.
    """
    from scipy.linalg.lapack import ztrsyl

    m, n = given.shape
    if max(m, n) <= _AT_ONCE:
        found, scale, _ = ztrsyl(left, right, given, "N", "C")
        return np.asarray(found / scale)
    h = max(m, n) // 2
    if m >= n:
        last = _of_triangular(left[h:, h:], right, given[h:])
        first = _of_triangular(left[:h, :h], right, given[:h] - left[:h, h:] @ last)
        return np.concatenate([first, last])
    last = _of_triangular(left, right[h:, h:], given[:, h:])
    rest = given[:, :h] - last @ right[:h, h:].conj().T
    return np.concatenate([_of_triangular(left, right[:h, :h], rest), last], axis=1)


def _dense(elements: Elements, numbers: Array) -> Array:
    matrix: Array = elements.matrix(numbers).toarray().astype(complex)
    return matrix


@dataclass(frozen=True, eq=False)
class Decaying:
    """A generator with a decay of the trace, L - s v t^T, that is inverted by iteration."""

    generator: Any  # L, (n, n), sparse
    trace: Array  # t, (n,); 0 for coherences, which decay by themselves
    scale: float  # s
    between: BetweenJumps
    pace: Pace = field(default_factory=Pace)

    @property
    def _mixed(self) -> Array:
        """v, which has trace 1: all populations alike."""
        mixed: Array = self.trace / max(1.0, self.trace.sum())
        return mixed

    def moved(self, given: Array) -> Array:
        """What it makes of numbers (n,)."""
        lost = self.scale * self._mixed * (self.trace @ given)
        moved: Array = self.generator @ given - lost
        return moved

    def moved_back(self, given: Array) -> Array:
        """What its adjoint makes of them."""
        lost = self.scale * self.trace * (self._mixed @ given)
        moved: Array = (given.conj() @ self.generator).conj() - lost
        return moved

    def at_rest(self) -> tuple[Array, float] | None:
        """The state of trace 1 that stays, or 0 for coherences; None where none is found.

        And how much it leaves of what was asked, beside rounding.
        """
        wanted = -self.scale * self._mixed
        found = self._solution(wanted, _ROUNDED, _LEFT)
        if found is None:
            return None
        left, size = np.abs(wanted - self.moved(found)).sum(), np.abs(wanted).sum()
        return found, float(max(1.0, left / (np.finfo(float).eps * size))) if size else 1.0

    def inverse(self) -> float:
        """About the largest sum over a column of the inverse; no larger, but for `_ABOUT`.

        Infinite where there seems to be none. What is asked first is at random: of another state
        that stays, or nearly, it has a part, which a solution magnifies, and the next one again.
        From there on it is the estimate of W. W. Hager, SIAM J. Sci. Stat. Comput. 5, 311 (1984).
        """
        draw = np.random.default_rng(0).normal  # no sums of whole numbers, which may cancel
        given = draw(size=(2, len(self.trace)))
        slow = self._solution(
            given[0] if self.between.real else given[0] + 1j * given[1], _WELL, _WELL
        )
        if slow is None:
            return np.inf
        most = 0.0
        given = slow / np.abs(slow).sum()
        for k in range(_COLUMNS):
            moved = self._solution(given, _ABOUT, _ABOUT)
            if moved is None:
                return np.inf
            most = max(most, float(np.abs(moved).sum()))
            if k + 1 == _COLUMNS:
                break
            signs = moved / np.where(moved == 0, 1.0, np.abs(moved))
            back = np.abs(self._inverted(signs, _ABOUT, adjoint=True))
            given = np.zeros_like(given)
            given[np.argmax(back)] = 1.0  # the column that may have more
        return most

    @property
    def _kind(self) -> type:
        return float if self.between.real else complex

    def _solution(self, wanted: Array, enough: float, most: float) -> Array | None:
        """A solution that leaves no more than `most` of what is wanted, or `enough`; or None."""
        found: Array = np.zeros(wanted.shape, self._kind)
        left, size, before = wanted, np.abs(wanted).sum(), np.inf
        for _ in range(_ROUNDS):
            now = np.abs(left).sum()
            if not enough * size < now < before / 2:  # done, or nothing gets better any more
                break
            found, before = found + self._inverted(left, _WELL), now
            left = wanted - self.moved(found)
        return found if np.abs(left).sum() <= most * size else None

    def _inverted(self, given: Array, left: float, *, adjoint: bool = False) -> Array:
        """A solution that leaves a part of what is given, or more where there is none."""
        from scipy.sparse.linalg import LinearOperator, gmres

        move = self.moved_back if adjoint else self.moved
        shape, kind = self.generator.shape, self._kind
        motion: Any = LinearOperator(shape, matvec=move, dtype=kind)
        about: Any = LinearOperator(
            shape, matvec=lambda each: self.between.solved(each, adjoint=adjoint), dtype=kind
        )
        given = given.astype(kind)
        often: dict[str, Any] = {"restart": STEPS, "maxiter": _AGAIN, "callback_type": "pr_norm"}
        found, _ = gmres(motion, given, M=about, rtol=left, callback=self._tell, **often)
        return np.asarray(found)

    def _tell(self, left: float) -> None:
        if self.pace.due():
            _LOG.info("a state at rest of %d numbers: %.1g left", len(self.trace), left)
