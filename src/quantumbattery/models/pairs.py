"""One charger and one battery that exchange energy."""

from __future__ import annotations

import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.models.arguments import also_named, coupling_of, frequency_of
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.quantities.aliases import Values
from quantumbattery.quantities.parameters import LARGEST, flag, parameter
from quantumbattery.quantities.quoted import quoted

_LOSSES = {"loss": "charger_loss"}
closed_form = also_named(**_LOSSES)(QubitPair)  # what `qubit_pair` describes, of the same arguments


@also_named(**_LOSSES)
def qubit_pair(
    *,
    coupling: Values = 1.0,
    frequency: Values = 1.0,
    charger_loss: Values = 0.0,
    battery_loss: Values = 0.0,
    detuning: Values = 0.0,
) -> System:
    """Two qubits that exchange energy: the founding paper's battery.

    H = (w + d) a^dag a + w b^dag b + J (a^dag b + b^dag a), with the losses sqrt(g_a) a and
    sqrt(g_b) b.

    Parameters
    ----------
    coupling : float, 1-D array_like or DataArray
        J, positive. All numbers are angular frequencies in one unit of yours.
    frequency : float, 1-D array_like or DataArray
        w, the gap of the battery.
    charger_loss, battery_loss : float, 1-D array_like or DataArray
        g_a and g_b, the rates at which the excited populations decay; `loss` is taken for the
        first.
    detuning : float, 1-D array_like or DataArray
        d, the frequency of the charger minus that of the battery.

    Returns
    -------
    System
        Sites "charger" and "battery". `QubitPair` has the same in closed form.

    Raises
    ------
    TypeError, ValueError
        If a number is not real or out of range.

    Notes
    -----
    C. A. Downing and M. S. Ukhtary, "Charging a quantum battery from the Bloch sphere" (2026),
    Eqs. 3-5 and 60. Battery loss and detuning go beyond it.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> pair = qb.models.qubit_pair(coupling=2.0)
    >>> float(pair.charge(qb.fock(1), 0.25, ["energy"]).energy.round(6))  # sin^2(J t)
    0.229849
    """
    return QubitPair(frequency, coupling, charger_loss, battery_loss, detuning).system()


def jaynes_cummings(
    *, coupling: Values = 1.0, frequency: Values = 1.0, detuning: Values = 0.0
) -> System:
    """An oscillator charges a qubit.

    H = (w + d) a^dag a + w b^dag b + g (a^dag b + b^dag a), with a the oscillator's lowering
    operator and b = |0><1| the qubit's.

    Parameters
    ----------
    coupling : float, 1-D array_like or DataArray
        g. All numbers are angular frequencies in one unit of yours.
    frequency : float, 1-D array_like or DataArray
        w, the gap of the battery.
    detuning : float, 1-D array_like or DataArray
        d, the frequency of the oscillator minus that of the qubit.

    Returns
    -------
    System
        Sites "charger" and "battery".

    Raises
    ------
    TypeError, ValueError
        If a number is not real or out of range.

    Notes
    -----
    G. M. Andolina et al., Phys. Rev. B 98, 205423 (2018); the model is that of E. T. Jaynes and
    F. W. Cummings, Proc. IEEE 51, 89 (1963). Of the first only the abstract was at hand: exchange
    at resonance is assumed, and the detuning is an addition.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> atom = qb.models.jaynes_cummings()
    >>> float(atom.charge(qb.fock(4), np.pi / 4, ["energy"]).energy.round(6))  # sin^2(2 g t)
    1.0
    """
    strength, gap = coupling_of(coupling), frequency_of(frequency)
    apart = parameter("detuning", detuning, "finite", -LARGEST)
    return System(
        sites={"charger": Oscillator(gap + apart), "battery": Qubit(gap)},
        interactions=[exchange("charger", "battery", strength)],
    )


def oscillator_pair(
    *, coupling: Values = 1.0, frequency: Values = 1.0, rotating_wave: bool = True
) -> System:
    """One oscillator charges another.

    H = w a^dag a + w b^dag b + g (a^dag b + b^dag a), or g (a + a^dag)(b + b^dag) without the
    rotating-wave approximation.

    Parameters
    ----------
    coupling : float, 1-D array_like or DataArray
        g, an angular frequency. Without the rotating-wave approximation its size is below w / 2,
        beyond which the energy of the two has no lower bound.
    frequency : float, 1-D array_like or DataArray
        w, the frequency of both, in the same unit.
    rotating_wave : bool
        Whether the terms that create or annihilate two quanta at once are left out.

    Returns
    -------
    System
        Sites "charger" and "battery".

    Raises
    ------
    TypeError, ValueError
        If a number is not real or out of range, or the pair is not stable.

    Notes
    -----
    G. M. Andolina et al., Phys. Rev. B 98, 205423 (2018). Only its abstract was at hand: equal
    frequencies are assumed, and the counter-rotating terms are an addition. From any Gaussian start
    no level is cut off. A `dipole` of one's own `System` may be stronger than w / 2, where quanta
    grow for ever: entry "oscillator_pair_unstable" of the zoo.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.models.oscillator_pair()
    >>> table = pair.charge(qb.coherent(2.0), np.pi / 2, ["energy", "ergotropy"])
    >>> [float(table[name].round(6)) for name in table]
    [4.0, 4.0]
    """
    strength, gap = coupling_of(coupling), frequency_of(frequency)
    rotating = flag("rotating_wave", rotating_wave)
    if not rotating and (xr.DataArray(abs(strength)) >= gap / 2).any():
        raise ValueError(
            "without the rotating-wave approximation two oscillators are stable only while the "
            "size of the coupling is below half the frequency; got "
            f"coupling={quoted(coupling, 40)}, frequency={quoted(frequency, 40)}"
        )
    link = exchange if rotating else dipole
    return System(
        sites={"charger": Oscillator(gap), "battery": Oscillator(gap)},
        interactions=[link("charger", "battery", strength)],
    )
