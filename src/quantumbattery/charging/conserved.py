"""Why there is no single steady state: what is conserved, in a sentence.

An observable O is conserved where i [H, O] + sum of rate (L^dag O L - {L^dag L, O}/2) = 0 between
all configurations that are reached. One that is no multiple of 1 keeps its mean from the start on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.described import listed
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.sparse import components

_ZERO = 1e-12  # of what would be there if nothing were conserved
_ROUNDED = 1e-9  # what counts as zero among weights
_DENSE = 1000  # configurations up to which dark states are looked for
_HENCE = ", as far as double precision can tell, so that the end depends on the start"
_ADVICE = "add a loss that changes it, or give times that are finite"


def reason(network: Network, reached: Reach, numbers: Array, where: str = "") -> str:
    """What keeps a system from one steady state, for numbers (terms,) in front of its terms."""
    given = _Generator(network, reached, numbers)
    if given.lossy:
        return f"no single steady state{where}: {_kept(given)}"
    return (
        f"a closed system has no steady state{where}: it goes on turning; give a site a loss or "
        "dephasing, or times that are finite"
    )


def _kept(given: _Generator) -> str:
    """What is conserved in spite of losses, and what to do."""
    if apart := given.lossless:
        one = len(apart) == 1
        return (
            f"{_of(apart)} {'has' if one else 'have'} no losses and "
            f"{'is' if one else 'are'} not linked to any site that has: "
            f"{'it goes' if one else 'they go'} on turning; give "
            f"{'it' if one else 'one of them'} a loss, or times that are finite"
        )
    for name, observable in given.candidates():
        if given.keeps(observable):
            return f"{name} is conserved{_HENCE}: {_ADVICE}"
    if (ends := given.ends) > 1:
        return (
            f"there are {ends} sets of configurations that nothing leaves: into which one it comes "
            f"depends on the start; {_ADVICE}"
        )
    if given.keeps_energy():
        frame = " (in the frame of the drives)" if given.network.drives else ""
        return f"the energy{frame} is conserved{_HENCE}: {_ADVICE}"
    if (dark := given.dark) > 1:
        return (
            f"there are {dark} states that no loss touches (dark states): what is in them stays; "
            "break the symmetry of the links or losses, or give times that are finite"
        )
    return (
        "a part of the states never mixes with the rest, or so slowly that double precision cannot "
        "tell: the end depends on the start; give times that are finite"
    )


@dataclass(frozen=True, eq=False)
class _Generator:
    """The Hamiltonian and the losses on everything that is reached."""

    network: Network
    reached: Reach
    numbers: Array  # (terms,), of the Hamiltonian, then of the losses

    @cached_property
    def _h(self) -> Any:
        return self.reached.hamiltonian.matrix(self.numbers[: self._shift]).tocoo()

    @property
    def _shift(self) -> int:
        return len(self.reached.hamiltonian.coefficients)

    @cached_property
    def _jumps(self) -> list[tuple[float, Any]]:
        """Rate and L of every loss that acts."""
        losses, found = self.reached.losses, []
        rates = self.numbers[self._shift :]
        for term in np.unique(losses.term):
            if rates[term]:
                only = (np.arange(len(rates)) == term).astype(float)
                found.append((float(rates[term]), losses.matrix(only)))
        return found

    def _fed(self, middle: Any) -> Any:
        """The sum of rate L^dag X L."""
        return sum(rate * (jump.conj().T @ middle @ jump) for rate, jump in self._jumps)

    @cached_property
    def _damping(self) -> Any:
        """The sum of rate L^dag L."""
        from scipy.sparse import eye_array

        return self._fed(eye_array(self.reached.size)).tocoo()

    @property
    def lossy(self) -> bool:
        """Whether any loss acts."""
        return bool(self._jumps)

    # --- parts that are not linked ---------------------------------------------------------------

    @cached_property
    def _groups(self) -> list[list[str]]:
        """The sites, those that interactions link together."""
        names = list(self.network.sites)
        place = {name: k for k, name in enumerate(names)}
        origins = self.reached.hamiltonian.origins
        acting = {origins[k] for k in np.flatnonzero(self.numbers[: self._shift])}
        pairs = [
            (place[each.ends[0]], place[other])
            for k, each in enumerate(self.network.interactions)
            if k in acting
            for other in each.ends
        ]
        row, column = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        label = components(row, column, len(names))
        return [[names[k] for k in np.flatnonzero(label == j)] for j in range(label.max() + 1)]

    @property
    def lossless(self) -> list[str]:
        """Sites that can be in several states, where nothing that they are linked to has a loss."""
        rates = self.numbers[self._shift :]
        lossy = {self.reached.losses.origins[k] for k in np.flatnonzero(rates)}
        found: list[str] = []
        if not lossy <= {*self.reached.sites}:  # a loss of several sites is none of one of them
            return found
        for group in self._groups:
            place = [self.reached.sites.index(name) for name in group]
            own = self.reached.configurations[:, place]
            if lossy.isdisjoint(group) and (own != own[:1]).any():
                found += group
        return found

    # --- what may be conserved -------------------------------------------------------------------

    def candidates(self) -> Iterator[tuple[str, Array]]:
        """What is told apart by configurations, (n,) each, by the name of its sentence."""
        reached, quanta = self.reached, self._quanta
        moving = [name for name, own in quanta.items() if own.any()]
        for weights in self._kept_sums(moving):
            together = [name for name, weight in zip(moving, weights, strict=True) if weight]
            total = np.sum([w * quanta[n] for n, w in zip(moving, weights, strict=True)], axis=0)
            yield _named(together, weights[weights != 0], len(moving)), total
        groups = [[name for name in group if name in moving] for group in self._groups]
        for group in [moving, *groups, *([name] for name in moving)]:
            total = np.sum([quanta[name] for name in group], axis=0) % 2 if group else np.zeros(1)
            whole = len(group) == len(moving) > 1
            who = "the total number of quanta" if whole else f"the number of quanta of {_of(group)}"
            yield f"whether {who} is odd (its parity)", total
        for k, name in enumerate(reached.sites):
            for level in range(reached.levels[k]):
                here = reached.configurations[:, k] == level
                yield f"the population of level {level} of {name!r}", here
        sets = components(*self._steps, reached.size)
        if (count := int(sets.max()) + 1) > 1:
            name = f"the set of configurations that it is in, of {count} that never meet,"
            yield name, sets == 0

    @cached_property
    def _quanta(self) -> dict[str, Array]:
        """How many quanta each site holds in all configurations, (n,), above the fewest there."""
        reached, found = self.reached, {}
        for k, (name, levels) in enumerate(zip(reached.sites, reached.levels, strict=True)):
            own = self.network.sites[name].excitations(levels)[reached.configurations[:, k]]
            found[name] = (own - own.min()).astype(float)
        return found

    def _kept_sums(self, sites: list[str]) -> Array:
        """Sums of the quanta of some sites that are conserved, by their weights, (sums, sites).

        In reduced form, so that what is conserved by itself stands by itself.
        """
        from scipy.sparse import vstack

        changes = [self.change(self._quanta[name]).reshape((1, -1)).tocsr() for name in sites]
        if not changes:
            return np.zeros((0, 0))
        every = vstack(changes)
        kept = _null_space((every @ every.conj().T).toarray().real, self._size**2).T
        return _reduced(kept)

    def change(self, values: Array) -> Any:
        """How fast an observable that configurations tell apart changes: an observable too."""
        from scipy.sparse import coo_array, diags_array

        h, square = self._h, self._damping
        turned = 1j * h.data * (values[h.col] - values[h.row])
        lost = -square.data * (values[square.row] + values[square.col]) / 2
        fed = self._fed(diags_array(values))
        left = coo_array((turned, (h.row, h.col)), shape=h.shape)
        return (left + coo_array((lost, (square.row, square.col)), shape=h.shape) + fed).tocoo()

    def keeps(self, observable: Array) -> bool:
        """Whether an observable that configurations tell apart is conserved, and no number."""
        values = np.asarray(observable, dtype=float)
        values = values - values.min()
        most = values.max()
        return bool(most) and bool(abs(self.change(values)).max() <= _ZERO * self._size * most)

    def keeps_energy(self) -> bool:
        """Whether the Hamiltonian is conserved, and no number."""
        from scipy.sparse import diags_array

        h, square = self._h.tocsr(), self._damping.tocsr()
        fed = self._fed(h)
        left = fed - (square @ h + h @ square) / 2
        diagonal = h.diagonal()
        number = (diagonal == diagonal[:1]).all() and not (h - diags_array(diagonal)).nnz
        return not number and bool(abs(left).max() <= _ZERO * self._size * abs(h).max())

    @property
    def _size(self) -> float:
        return float(abs(self._h).max() + abs(self._damping).max())

    @cached_property
    def _steps(self) -> tuple[Array, Array]:
        """Which configuration anything leads to, from which: rows and columns."""
        every = [self._h, *(jump.tocoo() for _, jump in self._jumps), self._damping]
        kept = [each.data != 0 for each in every]
        row = np.concatenate([each.row[k] for each, k in zip(every, kept, strict=True)])
        column = np.concatenate([each.col[k] for each, k in zip(every, kept, strict=True)])
        return row, column

    @property
    def ends(self) -> int:
        """How many sets of configurations, all led to by all of the same, nothing leaves."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        row, column = self._steps
        n = self.reached.size
        leads = coo_array((np.ones(len(row)), (column, row)), shape=(n, n))
        count, label = connected_components(leads, directed=True, connection="strong")
        leaves = label[row] != label[column]
        return int(count - len(np.unique(label[column[leaves]])))

    @property
    def dark(self) -> int:
        """How many states no loss touches, and the Hamiltonian only mixes with one another."""
        if self.reached.size > _DENSE:
            return 0
        h = self._h.toarray()
        kept = _null_space(self._damping.toarray(), self._size)
        while kept.shape[1]:
            led = h @ kept
            outside = led - kept @ (kept.conj().T @ led)
            inside = _null_space(outside.conj().T @ outside, self._size**2)
            if inside.shape[1] == kept.shape[1]:
                break
            kept = kept @ inside
        return int(kept.shape[1])


def _of(sites: list[str]) -> str:
    return listed(map(repr, sites))


def _named(sites: list[str], weights: Array, moving: int) -> str:
    """What a sum of quanta is called."""
    if not (weights == 1).all():
        parts = [f"{w:.3g} x {n!r}" for n, w in zip(sites, weights, strict=True)]
        return f"a weighted sum of numbers of quanta ({', '.join(parts)})"
    if len(sites) == moving > 1:
        return "the total number of quanta"
    return f"the number of quanta of {_of(sites)}"


def _reduced(rows: Array) -> Array:
    """The reduced row echelon form of independent rows."""
    rows, first = rows.copy(), 0
    for column in range(rows.shape[1]):
        if first == len(rows):
            break
        best = first + int(np.argmax(np.abs(rows[first:, column])))
        if abs(rows[best, column]) < _ROUNDED:
            continue
        rows[[first, best]] = rows[[best, first]]
        rows[first] /= rows[first, column]
        others = np.arange(len(rows)) != first
        rows[others] -= np.outer(rows[others, column], rows[first])
        first += 1
    found: Array = np.round(rows, 8) + 0.0
    return found


def _null_space(matrix: Array, size: float) -> Array:
    """Vectors, as columns, that a positive matrix takes to zero."""
    values, vectors = np.linalg.eigh(matrix)
    found: Array = vectors[:, values <= _ZERO * size]
    return found
