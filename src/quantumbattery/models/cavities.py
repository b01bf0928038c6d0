"""Many cells in one cavity."""

from __future__ import annotations

from quantumbattery.charging.system import System
from quantumbattery.models.arguments import (
    also_named,
    count_of,
    coupling_of,
    frequency_of,
    rate_of,
    shared,
)
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import Interaction, dipole, exchange
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.quantities.aliases import Values


@also_named(loss="charger_loss")
def tavis_cummings(
    *,
    cells: int = 4,
    coupling: Values = 1.0,
    frequency: Values = 1.0,
    charger_loss: Values = 0.0,
    normalised: bool = False,
) -> System:
    """N qubits are charged by one cavity, by the exchange of quanta.

    H = w a^dag a + w (Jz + N/2) + g (a J_+ + a^dag J_-), with the cavity's loss sqrt(k) a; J_- is
    the sum of the cells' lowering operators.

    Parameters
    ----------
    cells : int
        N, at least 1.
    coupling : float, 1-D array_like or DataArray
        g, an angular frequency, as all numbers here, in one unit of yours.
    frequency : float, 1-D array_like or DataArray
        w, of the cavity and of each cell.
    charger_loss : float, 1-D array_like or DataArray
        k, the rate at which the cavity loses its photons; `loss` is taken for the same.
    normalised : bool
        Whether g / sqrt(N) stands for g, so that the energy of the interaction grows as N.

    Returns
    -------
    System
        Sites "cavity" and "cells", an `Ensemble`: charged with ``extraction="global"`` its work
        counts all 2^N levels, with "collective" only the N + 1 symmetric ones.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    M. Tavis and F. W. Cummings, Phys. Rev. 170, 379 (1968); as a battery G. M. Andolina et al.,
    Phys. Rev. Lett. 122, 047702 (2019), and with the loss J. Carrasco et al., Phys. Rev. E 105,
    064119 (2022). Of the last two only the abstracts were at hand: resonance and a bath at zero
    temperature are assumed.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> cells = qb.models.tavis_cummings(cells=9)
    >>> float(cells.charge(qb.fock(1), np.pi / 6, ["energy"]).energy.round(6))  # sin^2(3 g t)
    1.0
    """
    number, strength = count_of(cells, "cells"), coupling_of(coupling)
    link = exchange("cavity", "cells", shared(strength, number, normalised))
    return _cavity(number, frequency, charger_loss, link)


@also_named(loss="charger_loss")
def dicke(
    *,
    cells: int = 4,
    coupling: Values = 0.5,
    frequency: Values = 1.0,
    charger_loss: Values = 0.0,
    normalised: bool = False,
) -> System:
    """N qubits are charged by one cavity, the counter-rotating terms included.

    H = w a^dag a + w (Jz + N/2) + 2 g Jx (a + a^dag), with the cavity's loss sqrt(k) a. Since
    2 Jx = J_+ + J_-, this is the `dipole` of strength g; papers often write g = w lambda.

    Parameters
    ----------
    cells : int
        N, at least 1.
    coupling : float, 1-D array_like or DataArray
        g = w lambda, an angular frequency, as all numbers here, in one unit of yours.
    frequency : float, 1-D array_like or DataArray
        w, of the cavity and of each cell.
    charger_loss : float, 1-D array_like or DataArray
        k, the rate at which the cavity loses its photons; `loss` is taken for the same.
    normalised : bool
        Whether g / sqrt(N) stands for g. Without it the peak power grows as N^1.5, with it as N.

    Returns
    -------
    System
        Sites "cavity" and "cells", an `Ensemble`.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    R. H. Dicke, Phys. Rev. 93, 99 (1954); as a battery D. Ferraro et al., Phys. Rev. Lett. 120,
    117702 (2018), of which only the abstract was at hand: resonance and the prefactor of the
    coupling are assumed.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> cells = qb.models.dicke(cells=6, normalised=True)
    >>> cells.interactions[0]
    Dipole(a=cavity, b=cells, strength=0.204124)
    """
    number, strength = count_of(cells, "cells"), coupling_of(coupling)
    link = dipole("cavity", "cells", shared(strength, number, normalised))
    return _cavity(number, frequency, charger_loss, link)


def _cavity(number: int, frequency: Values, charger_loss: Values, link: Interaction) -> System:
    gap, leak = frequency_of(frequency), rate_of(charger_loss, "charger_loss")
    return System(
        sites={"cavity": Oscillator(gap, loss=leak), "cells": Ensemble(Qubit(gap), number)},
        interactions=[link],
        charger="cavity",
        battery="cells",
    )
