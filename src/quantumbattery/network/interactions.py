"""Interactions by name: exchange, dipole, Heisenberg.

An interaction stays symbolic: a list of (strength, products of local operators), so that a strength
may be an xarray.DataArray and nothing is ever multiplied out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np

from quantumbattery.network.envelopes import Envelope, given_shape, shaped
from quantumbattery.network.operators import Operator, diagonal
from quantumbattery.network.sites import Qubit, Site
from quantumbattery.quantities.aliases import Parameter, Values
from quantumbattery.quantities.described import Described, saying
from quantumbattery.quantities.parameters import LARGEST, agree, complex_number, flag, number
from quantumbattery.quantities.quoted import quoted

Ends: TypeAlias = Sequence[Site]
"""The sites of an interaction, in the order of its ends."""

Products: TypeAlias = list[tuple[Operator, ...]]
"""A sum of products: each an operator on every end, in their order."""


# --- interactions ------------------------------------------------------------------------------


class Interaction(Described):
    """What all interactions have in common: their ends, when they are on, and their shape."""

    kind: ClassVar[str]  # the function that makes it
    many: ClassVar[str] = "sites"  # how many it joins
    always: bool
    envelope: Envelope | None  # None: always 1
    breaks: tuple[float, ...]  # times at which the envelope may jump

    @property
    def label(self) -> str:
        """How messages name it."""
        return labelled(self.kind, self.ends)

    def __post_init__(self) -> None:
        checked_ends(self.kind, self.ends, self.many)
        self._plain_texts()
        with saying(self.label):
            self._set(always=flag("always", self.always))
            shape, times = shaped(self.envelope, self.breaks)
            self._set(envelope=shape, breaks=times)
            if self.always and shape is not None:
                raise ValueError(
                    "always=True makes it part of the battery's own Hamiltonian, by which energies "
                    "are counted and which does not change in time: leave out the envelope, or "
                    "always"
                )
            self.check_numbers()

    def check_numbers(self) -> None:
        """Raise TypeError or ValueError for what is no strength, and keep what is as numbers."""

    @property
    def ends(self) -> tuple[str, ...]:
        """The sites that it joins; whoever asks for them takes any number."""
        raise NotImplementedError

    def check(self, sites: Ends) -> None:
        """Raise ValueError if the interaction makes no sense between these sites, its ends."""

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """Strengths and the operators that they multiply, on so many levels of each end."""
        raise NotImplementedError


class Bond(Interaction):
    """An interaction of two sites."""

    many = "two sites"
    a: str
    b: str

    @property
    def ends(self) -> tuple[str, ...]:
        """Both sites."""
        return self.a, self.b


@dataclass(frozen=True, eq=False, repr=False)
class Exchange(Bond):
    """A quantum hops between two sites; made by `exchange`."""

    kind = "exchange"
    a: str
    b: str
    strength: Any  # a Parameter, or complex
    always: bool
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def check_numbers(self) -> None:
        """The strength may be complex."""
        self._set(strength=complex_number("strength", self.strength, "finite"))

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """A^dag B + A B^dag; of the imaginary part of the strength, i (A^dag B - A B^dag)."""
        there, back = _hopping(sites, levels)
        if not np.iscomplexobj(self.strength):
            return [(self.strength, [there, back])]
        turned: Products = [(there[0].late, there[1]), (back[0].early, back[1])]
        return [(self.strength.real, [there, back]), (self.strength.imag, turned)]


@dataclass(frozen=True, eq=False, repr=False)
class Dipole(Bond):
    """Two dipoles, counter-rotating terms included; made by `dipole`."""

    kind = "dipole"
    a: str
    b: str
    strength: Parameter
    always: bool
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def check_numbers(self) -> None:
        """The strength is real."""
        self._set(strength=_strength("strength", self.strength))

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """(A + A^dag)(B + B^dag)."""
        one, two = (
            site.lowering(n) + site.raising(n) for site, n in zip(sites, levels, strict=True)
        )
        return [(self.strength, [(one, two)])]


@dataclass(frozen=True, eq=False, repr=False)
class Heisenberg(Bond):
    """Two coupled spins; made by `heisenberg`."""

    kind = "heisenberg"
    a: str
    b: str
    xx: Parameter
    yy: Parameter
    zz: Parameter
    always: bool
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def check_numbers(self) -> None:
        """All three strengths are real."""
        each = {name: _strength(name, getattr(self, name)) for name in ("xx", "yy", "zz")}
        agree(each)
        self._set(**each)

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


def exchange(
    a: str,
    b: str,
    strength: complex | Values,
    *,
    always: bool = False,
    envelope: Envelope | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Exchange:
    """Couple two sites by the exchange of quanta: strength A^dag B + h.c.

    Parameters
    ----------
    a, b : str
        Names of the sites, with lowering operators A and B.
    strength : float, complex or DataArray
        An angular frequency; for two qubits the paper's J (Eq. 5). A complex one, s, couples by
        s A^dag B + s* A B^dag: its phase counts where sites form a ring, or share a bath.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.
    envelope : callable, DataArray or 1-D array_like, optional
        f(t), real, which multiplies the strength in time: a function; or samples along the
        dimension "time", joined by straight lines and zero outside; or values one fewer than
        `breaks`, which hold from one of these times to the next, zero outside.
    breaks : sequence of float
        Times, from 0 on, at which the envelope jumps, or a pulse begins or ends that is shorter
        than 1e-4 of the charging time; the edges of steps, one more than their values.
    steps : bool
        Samples over "time" hold until the next one, the last as long as the one before.
    period : float, optional
        The time after which an envelope that is a smooth function repeats itself: it is then
        solved by the propagator of one period and its powers, however long it goes on.

    Returns
    -------
    Exchange
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, both are the same, the strength is not a finite number, the envelope
        does not give finite real numbers, or what is always on has one.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.exchange("charger", "battery", 0.5)
    Exchange(a=charger, b=battery, strength=0.5)

    A pulse whose area is pi/2 moves a quantum from one qubit to the other.

    >>> pulse = lambda t: np.exp(-((t - 5) ** 2) / 2)
    >>> link = qb.exchange("charger", "battery", np.sqrt(np.pi / 8), envelope=pulse)
    >>> pair = qb.System({"charger": qb.Qubit(), "battery": qb.Qubit()}, [link])
    >>> float(pair.charge(qb.fock(1), 10.0, ["energy"]).energy.round(6))
    1.0
    """
    shape, times = shape_between(Exchange, (a, b), envelope, breaks, steps, period)
    return Exchange(a, b, strength, always, shape, times)


def dipole(
    a: str,
    b: str,
    strength: Values,
    *,
    always: bool = False,
    envelope: Envelope | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Dipole:
    """Couple two sites without the rotating-wave approximation: strength (A + A^dag)(B + B^dag).

    Parameters
    ----------
    a, b : str
        Names of the sites, with lowering operators A and B.
    strength : float or DataArray
        An angular frequency, real.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.
    envelope, breaks, steps, period
        What multiplies it in time, as of `exchange`.

    Returns
    -------
    Dipole
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        As of `exchange`, or if the strength is complex.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.dipole("cavity", "atom", 0.1)
    Dipole(a=cavity, b=atom, strength=0.1)
    """
    shape, times = shape_between(Dipole, (a, b), envelope, breaks, steps, period)
    return Dipole(a, b, cast("Parameter", strength), always, shape, times)


def heisenberg(
    a: str,
    b: str,
    xx: Values,
    yy: Values,
    zz: Values,
    *,
    always: bool = False,
    envelope: Envelope | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Heisenberg:
    """Couple two qubits as spins: xx X X + yy Y Y + zz Z Z.

    Parameters
    ----------
    a, b : str
        Names of the sites, both qubits.
    xx, yy, zz : float or DataArray
        Angular frequencies that multiply Pauli matrices (eigenvalues +1 and -1), index 0 first:
        Z = |0><0| - |1><1|, so that the ground state has Z = +1. Y Y has no sign to choose.
    always, envelope, breaks, steps, period
        As of `exchange`; the envelope multiplies all three.

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
    ``xx == yy``, exactly, conserves excitations: such a chain stays in few states. An interaction
    of Dzyaloshinskii and Moriya along z, D (X Y - Y X), is an exchange of strength -2 i D.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.heisenberg("left", "right", xx=1.0, yy=1.0, zz=0.5)
    Heisenberg(a=left, b=right, xx=1, yy=1, zz=0.5)
    """
    shape, times = shape_between(Heisenberg, (a, b), envelope, breaks, steps, period)
    each: tuple[Any, Any, Any] = (xx, yy, zz)
    return Heisenberg(a, b, *each, always, shape, times)


# --- what comes in -----------------------------------------------------------------------------


def labelled(kind: str, ends: Iterable[str]) -> str:
    """How messages name what acts on some sites."""
    return f"{kind}({', '.join(repr(str(end)) for end in ends)})"


def checked_ends(kind: str, ends: Sequence[object], many: str = "sites") -> str:
    """Check the names of some sites, and say how messages name what acts on them."""
    rule = f"{kind}: it takes the names of {many}, as text"
    if not isinstance(ends, tuple | list):
        raise TypeError(f"{rule}; got {quoted(ends)}")
    for name in ends:
        if not isinstance(name, str):
            raise TypeError(f"{rule}; got {quoted(name)}")
    who = labelled(kind, (str(name) for name in ends))
    if len({*ends}) < len(ends):
        raise ValueError(f"{who}: a site cannot interact with itself; name different ones")
    return who


def shape_between(
    kind: type[Interaction],
    ends: Sequence[object],
    envelope: object,
    breaks: Iterable[float],
    steps: bool,
    period: float | None,
) -> tuple[Envelope | None, tuple[float, ...]]:
    """The shape in time of what joins some sites; what it is made of, it checks itself."""
    with saying(checked_ends(kind.kind, ends, kind.many)):
        return given_shape(envelope, breaks, steps, period)


def _strength(name: str, value: Values) -> Parameter:
    return number(name, value, "finite", -LARGEST)


# --- operators ---------------------------------------------------------------------------------


def _hopping(sites: Ends, levels: Sequence[int]) -> Products:
    a, b = sites
    return [
        (a.raising(levels[0]), b.lowering(levels[1])),
        (a.lowering(levels[0]), b.raising(levels[1])),
    ]
