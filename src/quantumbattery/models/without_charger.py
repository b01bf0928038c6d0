"""Batteries without a charger: a field or a bath acts on them directly."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from itertools import combinations
from math import inf
from numbers import Real
from typing import Any, TypeAlias, cast

import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.models.arguments import count_of, coupling_of, rate_of
from quantumbattery.network.drives import Drive
from quantumbattery.network.drives import drive as pump
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.envelopes import Envelope
from quantumbattery.network.interactions import heisenberg
from quantumbattery.network.sites import Qubit, Qudit
from quantumbattery.quantities.aliases import Values
from quantumbattery.quantities.members import is_list
from quantumbattery.quantities.parameters import LARGEST, parameter
from quantumbattery.quantities.quoted import quoted

Pulse: TypeAlias = Values | tuple[Values, Envelope]
"""A strength, or a strength and its shape in time."""


def spin_chain(
    *,
    cells: int = 4,
    field: Values = 1.0,
    drive: Values = 1.0,
    coupling: Values = 0.5,
    anisotropy: Values = 0.0,
    range: float = inf,  # noqa: A002 - what the literature calls it
) -> System:
    """A field turns spins that interact all the time: the battery is the chain itself.

    H_battery = B sum of sz_i - sum over i < j of g_ij [sz_i sz_j + alpha (sx_i sx_j + sy_i sy_j)];
    while charging + 2 om cos(2 B t) sx_i on each spin, without its counter-rotating half: om sx_i
    in the frame that turns with it, where the field B is gone. sz = +1 is the excited level.

    Parameters
    ----------
    cells : int
        n, at least 1.
    field : float, 1-D array_like or DataArray
        B, half of the gap 2 B of a cell. Positive.
    drive : float, 1-D array_like or DataArray
        om; a cell alone is full at om t = pi / 2. In the unit of B, as are the following.
    coupling : float, 1-D array_like or DataArray
        g, that of nearest neighbours. Positive couplings align the spins, as the start does.
    anisotropy : float, 1-D array_like or DataArray
        alpha: 1 for Heisenberg's chain, 0 for Ising's.
    range : float
        p: g_ij = g / |i - j|^p between any two spins of the open chain. The default, infinity,
        leaves nearest neighbours alone; 0 couples all alike.

    Returns
    -------
    System
        Sites "cell_0" ..., all battery; charge with the preparation ``{}``, all spins down.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    T. P. Le et al., Phys. Rev. A 97, 022106 (2018), as reviewed: that the coupling is on while
    charging, the resonance and the form of the decay are assumed. A coupling that makes another
    state than all spins down the ground state is allowed: energies then start above zero.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> chain = qb.models.spin_chain(cells=3, anisotropy=1.0)
    >>> float(chain.charge({}, np.pi / 4, ["energy"]).energy.round(6))  # 2 n B sin^2(om t)
    3.0
    """
    half = parameter("field", field, "positive and finite", 1 / LARGEST)
    gap, strength = 2 * half, coupling_of(coupling)
    alpha, power = coupling_of(anisotropy, "anisotropy"), _power(range)
    names = _names(count_of(cells, "cells"))
    if len(names) == 1 and (isinstance(strength, xr.DataArray) or isinstance(alpha, xr.DataArray)):
        raise ValueError("one cell has no neighbour: give more cells, or a single coupling")
    links = [
        heisenberg(a, b, xx=-g * alpha, yy=-g * alpha, zz=-g, always=True)
        for (i, a), (j, b) in combinations(enumerate(names), 2)
        if j - i == 1 or power < inf
        for g in [strength * float(j - i) ** -power]
    ]
    pumps = [pump(name, coupling_of(drive, "drive"), gap) for name in names]
    return System({name: Qubit(gap) for name in names}, [*links, *pumps], [], names)


def qutrit(*, drives: Sequence[Pulse] = (1.0, 1.0)) -> System:
    """Two fields lift a ladder of three levels, each on its own step.

    H = w |1><1| + 1.95 w |2><2| + O1 f1(t) (|0><1| e^{iwt} + h.c.)
    + O2 f2(t) (|1><2| e^{0.95 iwt} + h.c.), with w = 1; in the frame that turns with the fields
    O1 f1 |0><1| + O2 f2 |1><2| + h.c.

    Parameters
    ----------
    drives : pair
        O1 and O2, the fields on the lower and on the upper step: each a float, a 1-D array_like
        (then an axis "drive_1" or "drive_2") or a DataArray, in units of w; or a tuple
        (strength, envelope) whose envelope is one of `quantumbattery.drive`, for example ramps
        as of stimulated Raman adiabatic passage.

    Returns
    -------
    System
        Site "battery", a `Qudit`; charge with the preparation ``{}``. Full it holds 1.95.

    Raises
    ------
    TypeError, ValueError
        If there are not two drives, or a strength is not a finite real number.

    Notes
    -----
    C.-K. Hu et al., Quantum Sci. Technol. 7, 045018 (2022), of which only the abstract was at hand.
    An anharmonicity of 5 %, as that of a transmon, and fields that touch their own step alone are
    assumed.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> ladder = qb.models.qutrit(drives=(1.0, 1.0))
    >>> float(ladder.charge({}, np.pi / 2**0.5, ["energy"]).energy.round(6))  # full
    1.95
    """
    lower, upper = _two(drives)
    return System(
        sites={"battery": Qudit([0.0, 1.0, 1.95], steps=[1.0, 1.0])},
        interactions=[
            _pulse(lower, "drive_1", 1.0, (0, 1)),
            _pulse(upper, "drive_2", 0.95, (1, 2)),
        ],
        charger=[],
    )


def classical_drive(
    *,
    cells: int = 1,
    amplitude: Values = 0.2,
    envelope: Envelope | None = None,
    rotating_wave: bool = False,
) -> System:
    """An oscillating field charges cells apart from each other.

    H = sum over the cells of (D/2) sz + (A/2) f(t) cos(D t) sx, with D = 1.

    Parameters
    ----------
    cells : int
        N, at least 1; they act as one `Ensemble`.
    amplitude : float, 1-D array_like or DataArray
        A, in units of D.
    envelope : callable or DataArray, optional
        f(t), as of `quantumbattery.drive`; by default 1.
    rotating_wave : bool
        Whether the counter-rotating half of the cosine is left out.

    Returns
    -------
    System
        Site "cells"; charge with the preparation ``{}``.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or the envelope is none.

    Notes
    -----
    A. Crescente et al., New J. Phys. 22, 063057 (2020), of which only the abstract was at hand: a
    resonant field is assumed, and that it starts as a cosine.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> cell = qb.models.classical_drive(amplitude=0.2, rotating_wave=True)
    >>> float(cell.charge({}, 5 * np.pi, ["energy"]).energy.round(6))  # sin^2(A t / 4)
    0.5
    """
    strength = coupling_of(amplitude, "amplitude") / 4
    return System(
        sites={"cells": Ensemble(Qubit(), count_of(cells, "cells"))},
        interactions=[pump("cells", strength, 1.0, envelope, rotating_wave)],
        charger=[],
        battery="cells",
    )


def collective_bath(*, cells: int = 2, loss: Values = 1.0, occupation: Values = 1.0) -> System:
    """Heat that all cells share charges them, and part of it is work.

    H = w (Jz + N/2) with w = 1, and the common bath sqrt(g (1 + n)) J_-, sqrt(g n) J_+; J_- is
    the sum of the cells' lowering operators.

    Parameters
    ----------
    cells : int
        N, at least 1.
    loss : float, 1-D array_like or DataArray
        g, in units of w: how strongly the bath is coupled to each cell.
    occupation : float, 1-D array_like or DataArray
        n, the mean occupation of the bath.

    Returns
    -------
    System
        Site "cells", an `Ensemble`; charge with the preparation ``{}``. The cells never leave
        their symmetric states, which is why the heat of one bath is partly work.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or an occupation comes without a loss.

    Notes
    -----
    B. Cakmak, Phys. Rev. E 102, 042111 (2020), of which only the abstract was at hand: cells that
    start empty are assumed.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> table = qb.models.collective_bath().charge({}, 30.0, ["energy", "ergotropy"])
    >>> [float(table[name].round(6)) for name in table]  # x = 1/2
    [0.571429, 0.142857]
    """
    rates = {"loss": rate_of(loss), "occupation": rate_of(occupation, "occupation")}
    return System(
        sites={"cells": Ensemble(Qubit(), count_of(cells, "cells"), **rates)},
        charger=[],
        battery="cells",
    )


# --- what comes in -------------------------------------------------------------------------------


def _names(cells: int) -> list[str]:
    return [f"cell_{k}" for k in range(cells)]


def _power(value: object) -> float:
    rule = "range must be a power of zero or more, or infinity for nearest neighbours"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{rule}; got {quoted(value)}")
    try:
        power = float(value)
    except OverflowError:
        power = inf if value > 0 else -inf  # type: ignore[operator]
    if not power >= 0:
        raise ValueError(f"{rule}; got {quoted(value)}")
    return power


def _two(given: Sequence[Pulse]) -> tuple[Pulse, Pulse]:
    rule = "drives are two: the field on the lower step and that on the upper"
    each: Any = given
    if isinstance(each, xr.DataArray) or not (is_list(each) and isinstance(each, Sized)):
        raise TypeError(f"{rule}; got {quoted(given)}")
    if len(given) != 2:
        raise ValueError(f"{rule}; got {len(given)}")
    return given[0], given[1]


def _pulse(given: Pulse, name: str, frequency: float, step: tuple[int, int]) -> Drive:
    pair = given if isinstance(given, tuple) and len(given) == 2 else ()
    if pair and (callable(pair[1]) or isinstance(pair[1], xr.DataArray)):
        strength, envelope = pair
        return pump("battery", coupling_of(strength, name), frequency, envelope, transition=step)
    return pump("battery", coupling_of(cast("Values", given), name), frequency, transition=step)
