"""Many qubits that exchange energy: a star and a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from quantumbattery.charging.system import System
from quantumbattery.models.arguments import count_of, coupling_of, couplings_of
from quantumbattery.network.interactions import exchange
from quantumbattery.network.sites import Qubit
from quantumbattery.quantities.aliases import Values


def star(*, chargers: int = 4, coupling: Values = 1.0) -> System:
    """N charger qubits around one battery qubit.

    H = sum of w a_k^dag a_k + w b^dag b + J sum of (a_k^dag b + b^dag a_k), with w = 1.

    Parameters
    ----------
    chargers : int
        N, at least 1.
    coupling : float, 1-D array_like or DataArray
        J, in units of the gap w.

    Returns
    -------
    System
        Sites "charger_0" ... and "battery"; one preparation is that of every charger.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    J. Joshi and T. S. Mahesh, Phys. Rev. A 106, 042601 (2022). Only its abstract was at hand:
    exchange between qubits of one frequency is assumed.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> four = qb.models.star(chargers=4)
    >>> float(four.charge(qb.fock(1), np.pi / 4, ["energy"]).energy.round(6))  # sin^2(2 J t)
    1.0
    """
    number, strength = count_of(chargers, "chargers"), coupling_of(coupling)
    names = [f"charger_{k}" for k in range(number)]
    return System(
        sites={**{name: Qubit() for name in names}, "battery": Qubit()},
        interactions=[exchange(name, "battery", strength) for name in names],
        charger=names,
    )


def chain(*, couplings: Sequence[Values] = (1.0, 1.0)) -> System:
    """Qubits in a line: the first charges the last through all between them.

    H = sum of w b_k^dag b_k + sum of J_k (b_k^dag b_(k+1) + b_(k+1)^dag b_k), with w = 1.

    Parameters
    ----------
    couplings : sequence of float or DataArray
        J_0, J_1, ... in units of the gap w: n - 1 of them for n qubits. With
        J_k = J sqrt((k + 1)(n - 1 - k)) the transfer is perfect at J t = pi / 2.

    Returns
    -------
    System
        Sites "cell_0" (the charger) ... "cell_n-1" (the battery).

    Raises
    ------
    TypeError, ValueError
        If there is no coupling, or one is not a finite real number.

    Notes
    -----
    Batteries behind a mediator: R. R. Rodriguez et al., Phys. Rev. A 107, 042419 (2023), of which
    only the abstract was at hand; here all are qubits and the mediator is any number of them. The
    couplings of perfect transfer: M. Christandl et al., Phys. Rev. Lett. 92, 187902 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> three = qb.models.chain(couplings=[1.0, 1.0])
    >>> three.mediators
    ('cell_1',)
    >>> float(three.charge(qb.fock(1), np.pi / 2**0.5, ["energy"]).energy.round(6))
    1.0
    """
    strengths = couplings_of(couplings)
    names = [f"cell_{k}" for k in range(len(strengths) + 1)]
    links = [exchange(a, b, j) for (a, b), j in zip(pairwise(names), strengths, strict=True)]
    return System({name: Qubit() for name in names}, links, charger=names[0], battery=names[-1])
