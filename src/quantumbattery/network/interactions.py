"""Interactions between two sites: exchange, dipole, Heisenberg, or any Hermitian matrix.

An interaction stays symbolic: a list of (strength, pairs of local operators), so that a strength
may be an xarray.DataArray and nothing is ever multiplied out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from quantumbattery.network.operators import Operator, diagonal, operator
from quantumbattery.network.sites import Qubit, Site
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter, Values
from quantumbattery.quantities.described import Described, saying
from quantumbattery.quantities.matrices import hamiltonians
from quantumbattery.quantities.parameters import LARGEST, agree, flag, number

Ends: TypeAlias = Sequence[Site]
"""The sites of an interaction, in the order of its ends."""

Products: TypeAlias = list[tuple[Operator, ...]]
"""A sum of products: each an operator on every end, in their order."""


# --- interactions ------------------------------------------------------------------------------


class Interaction(Described):
    """What all interactions have in common: their ends, and whether they stay on after charging."""

    a: str
    b: str
    always: bool

    @property
    def kind(self) -> str:
        """The function that makes it."""
        return _KINDS[type(self)]

    @property
    def label(self) -> str:
        """How messages name it."""
        return _label(self.kind, self.a, self.b)

    @property
    def ends(self) -> tuple[str, ...]:
        """The sites that it joins; whoever asks for them takes any number."""
        return self.a, self.b

    def check(self, sites: Ends) -> None:
        """Raise ValueError if the interaction makes no sense between these sites, its ends."""

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """Strengths and the operators that they multiply, on so many levels of each end."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class Exchange(Interaction):
    """A quantum hops between two sites; made by `exchange`."""

    a: str
    b: str
    strength: Parameter
    always: bool

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """A^dag B + A B^dag."""
        return [(self.strength, _hopping(sites, levels))]


@dataclass(frozen=True, eq=False, repr=False)
class Dipole(Interaction):
    """Two dipoles, counter-rotating terms included; made by `dipole`."""

    a: str
    b: str
    strength: Parameter
    always: bool

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """(A + A^dag)(B + B^dag)."""
        one, two = (
            site.lowering(n) + site.raising(n) for site, n in zip(sites, levels, strict=True)
        )
        return [(self.strength, [(one, two)])]


@dataclass(frozen=True, eq=False, repr=False)
class Heisenberg(Interaction):
    """Two coupled spins; made by `heisenberg`."""

    a: str
    b: str
    xx: Parameter
    yy: Parameter
    zz: Parameter
    always: bool

    def check(self, sites: Ends) -> None:
        """Both sites are qubits."""
        for name, site in zip(self.ends, sites, strict=True):
            if not isinstance(site, Qubit):
                raise ValueError(
                    f"{self.label}: it couples the Pauli matrices of qubits, but {name!r} is "
                    f"{site}; use exchange, dipole or interaction there"
                )

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """Pauli products, as hopping and pair creation: an equal xx and yy creates no pairs."""
        lower = sites[0].lowering(2)
        pairs: Products = [(lower.adjoint, lower.adjoint), (lower, lower)]
        pauli_z = diagonal(np.array([1.0, -1.0]))
        return [
            (self.xx + self.yy, _hopping(sites, levels)),
            (self.xx - self.yy, pairs),
            (self.zz, [(pauli_z, pauli_z)]),
        ]


@dataclass(frozen=True, eq=False, repr=False)
class Coupling(Interaction):
    """Any Hermitian matrix on two sites; made by `interaction`."""

    a: str
    b: str
    matrix: Array
    always: bool

    def check(self, sites: Ends) -> None:
        """The matrix has the size of the two sites together."""
        sizes = []
        for name, site in zip(self.ends, sites, strict=True):
            if site.dimension is None:
                raise ValueError(
                    f"{self.label}: a matrix needs a fixed number of levels, but {name!r} is an "
                    "oscillator that chooses its own; give it levels=..."
                )
            sizes.append(site.dimension)
        size, given = sizes[0] * sizes[1], len(self.matrix)
        if given != size:
            raise ValueError(
                f"{self.label}: its matrix is {given} x {given}, but the two sites have "
                f"{sizes[0]} and {sizes[1]} levels: it takes {size} x {size}"
            )

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:  # noqa: ARG002
        """The matrix as the sum of |i><j| on one site times what it does on the other.

        The one is that with fewer elements |i><j|, so that both orders of the sites cost the same.
        """
        blocks = self.matrix.reshape(*levels, *levels)
        first, second = (np.argwhere(blocks.any(axis=axes)) for axes in ((1, 3), (0, 2)))
        if len(first) <= len(second):
            return [(1.0, [(_unit(i, j), operator(blocks[i, :, j])) for i, j in first])]
        return [(1.0, [(operator(blocks[:, i, :, j]), _unit(i, j)) for i, j in second])]


def _unit(row: int, column: int) -> Operator:
    return Operator(np.array([row]), np.array([column]), np.array([1.0]))


_KINDS: dict[type, str] = {
    Exchange: "exchange",
    Dipole: "dipole",
    Heisenberg: "heisenberg",
    Coupling: "interaction",
}


def exchange(a: str, b: str, strength: Values, *, always: bool = False) -> Exchange:
    """Couple two sites by the exchange of quanta: strength (A^dag B + A B^dag).

    Parameters
    ----------
    a, b : str
        Names of the sites.
    strength : float or DataArray
        An angular frequency; for two qubits the paper's J (Eq. 5).
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.

    Returns
    -------
    Exchange
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, both are the same, or the strength is not a finite real number.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.exchange("charger", "battery", 0.5)
    Exchange(a=charger, b=battery, strength=0.5)
    """
    who = _ends("exchange", a, b, always)
    return Exchange(a, b, _strength(who, "strength", strength), bool(always))


def dipole(a: str, b: str, strength: Values, *, always: bool = False) -> Dipole:
    """Couple two sites without the rotating-wave approximation: strength (A + A^dag)(B + B^dag).

    Parameters, errors and what is returned are those of `exchange`.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.dipole("cavity", "atom", 0.1)
    Dipole(a=cavity, b=atom, strength=0.1)
    """
    who = _ends("dipole", a, b, always)
    return Dipole(a, b, _strength(who, "strength", strength), bool(always))


def heisenberg(
    a: str, b: str, xx: Values, yy: Values, zz: Values, *, always: bool = False
) -> Heisenberg:
    """Couple two qubits as spins: xx X X + yy Y Y + zz Z Z.

    Parameters
    ----------
    a, b : str
        Names of the sites, both qubits.
    xx, yy, zz : float or DataArray
        Angular frequencies that multiply Pauli matrices (eigenvalues +1 and -1), index 0 first:
        Z = |0><0| - |1><1|, so that the ground state has Z = +1. Y Y has no sign to choose.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.

    Returns
    -------
    Heisenberg
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, both are the same, or a strength is not a finite real number.

    Notes
    -----
    ``xx == yy``, exactly, conserves excitations: such a chain stays in few states.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.heisenberg("left", "right", xx=1.0, yy=1.0, zz=0.5)
    Heisenberg(a=left, b=right, xx=1, yy=1, zz=0.5)
    """
    who = _ends("heisenberg", a, b, always)
    strengths = {n: _strength(who, n, v) for n, v in (("xx", xx), ("yy", yy), ("zz", zz))}
    with saying(who):
        agree(strengths)
    return Heisenberg(a, b, **strengths, always=bool(always))


def interaction(a: str, b: str, matrix: MatrixLike, *, always: bool = False) -> Coupling:
    """Couple two sites by any Hermitian matrix.

    Parameters
    ----------
    a, b : str
        Names of the sites.
    matrix : array_like or Qobj, shape (d_a d_b, d_a d_b)
        Hermitian; row i d_b + k is level i of the first site and level k of the second, index 0
        the ground state, or of a Qudit the level listed first. An oscillator needs a given number
        of levels.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.

    Returns
    -------
    Coupling
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, both are the same, or the matrix is no single Hermitian matrix. Its
        size is checked by `System`.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.interaction("a", "b", np.diag([0.0, 0.0, 0.0, 2.0]))  # a cross-Kerr shift
    Coupling(a=a, b=b, matrix=<array 4 x 4>)
    """
    who = _ends("interaction", a, b, always)
    with saying(who):
        checked = np.array(hamiltonians(matrix, name="matrix"))
        if checked.ndim > 2:
            raise ValueError(f"it takes a single matrix; got shape {checked.shape}")
    checked.flags.writeable = False
    return Coupling(a, b, checked, bool(always))


def _hopping(sites: Ends, levels: Sequence[int]) -> Products:
    a, b = sites
    return [
        (a.raising(levels[0]), b.lowering(levels[1])),
        (a.lowering(levels[0]), b.raising(levels[1])),
    ]


def _label(kind: str, a: str, b: str) -> str:
    return f"{kind}({a!r}, {b!r})"


def _ends(kind: str, a: object, b: object, always: object) -> str:
    """Check the two names, and say how messages name the interaction."""
    if not isinstance(a, str) or not isinstance(b, str):
        wrong = b if isinstance(a, str) else a
        raise TypeError(f"{kind}: it takes the names of two sites, as text; got {wrong!r:.60}")
    if a == b:
        raise ValueError(
            f"{_label(kind, a, b)}: a site cannot interact with itself; name two different sites"
        )
    with saying(_label(kind, a, b)):
        flag("always", always)
    return _label(kind, a, b)


def _strength(who: str, name: str, value: Values) -> Parameter:
    with saying(who):
        return number(name, value, "finite", -LARGEST)
