"""How much leaves through the cut of an oscillator's ladder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.sparse import Sums
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.reduced import squares
from quantumbattery.states.representation import Form

_NOT_THERE = 4e-15  # an amplitude below is not known to be there at all


@dataclass(frozen=True, eq=False)
class Cut:
    """Where the cut of a ladder is felt by a state, for all times at which one looks."""

    state: Form

    def leak(self, states: Array, numbers: Array) -> Array:
        """A bound on the rate at which what a cut leaves out changes the density matrix, by site.

        The exact state and the one on a cut ladder part at most as fast as the difference of their
        generators moves the latter (Duhamel): an element h of the Hamiltonian that leads beyond the
        cut from configuration e moves it by no more than 2 |h| |<e|rho| in trace norm, an element l
        of a Lindblad operator of rate g by no more than 4 g |l|^2 |<e|rho|. The largest of the
        batch and of all times of the states (g, c, T, entries) counts; numbers (g, terms) are the
        coefficients of the Hamiltonian, then of the losses.
        """
        edge, worst = self.state.reach.edge, np.zeros(len(self.state.reach.sites))
        if len(edge.site):
            norms = self._row_norms(states)  # (g, c, T, where)
            norms = np.where(norms < _NOT_THERE, 0.0, norms)
            strength = np.abs(numbers)[:, edge.term] * self._size  # (g, entries)
            for site, mine, summed in self._sites:
                worst[site] = np.matmul(norms, summed(strength[:, mine])[:, None, :, None]).max()
        return worst

    @cached_property
    def _where(self) -> tuple[Array, Array]:
        """The configurations that lead beyond a cut, and which of them each element starts from."""
        return np.unique(self.state.reach.edge.configuration, return_inverse=True)

    @cached_property
    def _size(self) -> Array:
        edge = self.state.reach.edge
        lossy = edge.term >= len(self.state.reach.hamiltonian.coefficients)
        size: Array = np.where(lossy, 4 * np.abs(edge.value) ** 2, 2 * np.abs(edge.value))
        return size

    @cached_property
    def _sites(self) -> list[tuple[int, Array, Sums]]:
        """Each site whose ladder is cut: its elements, and what adds them up by configuration."""
        edge, (where, which) = self.state.reach.edge, self._where
        cut = [(int(site), np.flatnonzero(edge.site == site)) for site in np.unique(edge.site)]
        return [(site, mine, Sums.to(which[mine], len(where))) for site, mine in cut]

    def _row_norms(self, states: Array) -> Array:
        """The norm of <e|rho for the configurations e that lead beyond, or a bound of it."""
        state, (where, _) = self.state, self._where
        if isinstance(state, Matrix):
            total = np.zeros((*states.shape[:-1], len(where)))
            weights = squares(Sums(state.weights)(states))
            for chosen, summed in self._rows:
                total += summed(weights[..., chosen])
            return np.sqrt(total)
        ((chosen, summed),), members = self._rows, state.member
        # Without loss, norms stay what they are.
        weights = squares(states if state.frozen is not None else states[..., :1, :])
        norm = np.sqrt(self._members(weights))
        norms = summed(np.sqrt(squares(states[..., chosen])) * norm[..., members[chosen]])
        if state.frozen is not None and state.frozen in where:
            lost = np.maximum(1.0 - weights.sum(axis=-1), 0.0)
            norms[..., np.searchsorted(where, state.frozen)] += lost
        return norms

    @cached_property
    def _members(self) -> Sums:
        """What adds up the weights of each member of kets."""
        assert isinstance(self.state, Kets)
        return Sums.to(self.state.member, int(self.state.member.max()) + 1)

    @cached_property
    def _rows(self) -> list[tuple[Array, Sums]]:
        """Numbers of the state that belong to such a configuration, and what adds them up there."""
        state, (where, _) = self.state, self._where
        if isinstance(state, Matrix):
            ends = [(state.row, np.ones(len(state.row), dtype=bool)), (state.column, state.twin)]
        else:
            ends = [(state.configuration, np.ones(state.size, dtype=bool))]
        rows = []
        for end, counted in ends:
            at = np.minimum(np.searchsorted(where, end), len(where) - 1)
            chosen = np.flatnonzero(counted & (where[at] == end))
            rows.append((chosen, Sums.to(at[chosen], len(where))))
        return rows
