"""A charger that is pumped by a classical field, and a battery that it charges."""

from __future__ import annotations

from quantumbattery.charging.system import System
from quantumbattery.models.arguments import also_named, coupling_of, rate_of
from quantumbattery.network.drives import drive as field
from quantumbattery.network.drives import two_photon_drive
from quantumbattery.network.interactions import exchange
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.quantities.aliases import Parameter, Values


@also_named(loss="charger_loss")
def driven_oscillator_pair(
    *,
    coupling: Values = 1.0,
    drive: Values = 0.05,
    charger_loss: Values = 0.0,
    occupation: Values = 0.0,
    dephasing: Values = 0.0,
) -> System:
    """A field pumps an oscillator, which charges another.

    H = w a^dag a + w b^dag b + g (a^dag b + b^dag a) + F (a e^{iwt} + a^dag e^{-iwt}), with w = 1.

    Parameters
    ----------
    coupling : float, 1-D array_like or DataArray
        g, in units of w, as all numbers here.
    drive : float, 1-D array_like or DataArray
        F, the strength of the field, which is resonant.
    charger_loss : float, 1-D array_like or DataArray
        g_a: sqrt(g_a (1 + N)) a and, for a warm bath, sqrt(g_a N) a^dag; `loss` is taken for the
        same.
    occupation : float, 1-D array_like or DataArray
        N, the mean occupation of the bath behind the loss.
    dephasing : float, 1-D array_like or DataArray
        k, of the charger: sqrt(2 k) a^dag a.

    Returns
    -------
    System
        Sites "charger" and "battery", both `Oscillator`.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or an occupation comes without a loss.

    Notes
    -----
    D. Farina et al., Phys. Rev. B 99, 035421 (2019). The dephasing is an addition.

    From any Gaussian start (empty, coherent, squeezed, thermal) without dephasing the states stay
    Gaussian, and means and covariances say all: no level is cut off, and any field, loss and
    temperature takes milliseconds. The energies that the field brings to an empty pair are exactly
    proportional to F^2, with dephasing too, and what a warm bath brings adds to them.

    With dephasing energies are second moments still, in milliseconds if they are asked for by name.
    Work needs levels then, which are chosen by what is reached: the state is a matrix of (levels)^4
    numbers, which with k = 1 up to t = 3 takes seconds at F = 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.models.driven_oscillator_pair(drive=0.5)
    >>> float(pair.charge({}, np.pi, ["energy"]).energy.round(6))  # 4 (F/g)^2 sin^4(g t / 2)
    1.0
    >>> warm = qb.models.driven_oscillator_pair(drive=20.0, charger_loss=1.0, occupation=10.0)
    >>> table = warm.charge({}, np.inf, ["energy", "ergotropy"])
    >>> [float(table[name].round(6)) for name in table]  # (F/g)^2 + N, and (F/g)^2
    [410.0, 400.0]
    """
    rates = _rates(charger_loss, dephasing, occupation)
    return _driven(Oscillator(1.0, *rates), Oscillator(), coupling, drive)


@also_named(loss="charger_loss")
def driven_qubit_pair(
    *,
    coupling: Values = 1.0,
    drive: Values = 0.5,
    charger_loss: Values = 0.0,
    occupation: Values = 0.0,
    dephasing: Values = 0.0,
) -> System:
    """A field pumps a qubit, which charges another.

    H = w a^dag a + w b^dag b + g (a^dag b + b^dag a) + F (a e^{iwt} + a^dag e^{-iwt}), with w = 1
    and a = b = |0><1|; in the frame that turns with the field the last term is F sigma_x.

    Parameters
    ----------
    coupling, drive, charger_loss, occupation, dephasing
        As of `driven_oscillator_pair`, but F = 0.5 by default; the coherence of the charger
        decays as exp(-k t).

    Returns
    -------
    System
        Sites "charger" and "battery".

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or an occupation comes without a loss.

    Notes
    -----
    D. Farina et al., Phys. Rev. B 99, 035421 (2019), with the loss; with dephasing alone
    R. Shastri et al. (2025), of which only the abstract was at hand: the convention of k is ours.
    Under dephasing alone the steady state depends on how the pair starts.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> noisy = qb.models.driven_qubit_pair(drive=0.5, dephasing=1.0)
    >>> table = noisy.charge({}, 200.0, ["energy", "ergotropy"])
    >>> [float(table[name].round(6)) for name in table]  # w/2 and w g F / (4 F^2 + g^2)
    [0.5, 0.25]
    """
    rates = _rates(charger_loss, dephasing, occupation)
    return _driven(Qubit(1.0, *rates), Qubit(), coupling, drive)


@also_named(loss="charger_loss")
def driven_hybrid(
    *,
    coupling: Values = 1.0,
    drive: Values = 0.5,
    charger_loss: Values = 0.0,
    occupation: Values = 0.0,
    dephasing: Values = 0.0,
) -> System:
    """A field pumps an oscillator, which charges a qubit.

    H = w a^dag a + w b^dag b + g (a^dag b + b^dag a) + F (a e^{iwt} + a^dag e^{-iwt}), with w = 1
    and b = |0><1|.

    Parameters
    ----------
    coupling, drive, charger_loss, occupation, dephasing
        As of `driven_oscillator_pair`, but F = 0.5 by default. The energies of a qubit do not
        scale with F^2.

    Returns
    -------
    System
        Sites "charger", an `Oscillator` with levels chosen by what is reached, and "battery", a
        `Qubit`.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or an occupation comes without a loss.

    Notes
    -----
    D. Farina et al., Phys. Rev. B 99, 035421 (2019). The dephasing is an addition. Without loss
    the amplitude of the charger grows as F t, and the battery is full after sqrt(pi / (g F)) as
    soon as F is well beyond g.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> atom = qb.models.driven_hybrid(drive=16.0)
    >>> float(atom.charge({}, np.sqrt(np.pi) / 4, ["energy"]).energy.round(2))
    0.98
    """
    rates = _rates(charger_loss, dephasing, occupation)
    return _driven(Oscillator(1.0, *rates), Qubit(), coupling, drive)


@also_named(loss="charger_loss")
def quadratic_drive(
    *, coupling: Values = 1.0, drive: Values = 0.02, charger_loss: Values = 0.0
) -> System:
    """A field squeezes an oscillator, which charges another.

    H = w a^dag a + w b^dag b + g (a^dag b + b^dag a) + (Om/2)(a^2 e^{2iwt} + h.c.), with w = 1.

    Parameters
    ----------
    coupling : float, 1-D array_like or DataArray
        g, in units of w, as all numbers here.
    drive : float, 1-D array_like or DataArray
        Om. From g_a / 2 on there is no steady state: the energy grows without bound.
    charger_loss : float, 1-D array_like or DataArray
        g_a, of the charger: sqrt(g_a) a; `loss` is taken for the same.

    Returns
    -------
    System
        Sites "charger" and "battery", both `Oscillator`.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    C. A. Downing and M. S. Ukhtary, Commun. Phys. 6, 322 (2023), of which only the abstract was at
    hand: resonance, and a bath at zero temperature behind the charger alone, are assumed.

    From any Gaussian start the states stay Gaussian, and means and covariances say all: no level is
    cut off, however strong the drive; of any other start, such as `fock`, a single mode takes as
    many as its state has. Squeezing is not linear: energies scale as Om^2 for weak drives alone.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.models.quadratic_drive(drive=[0.5, 1.5], charger_loss=4.0)
    >>> pair.charge({}, np.inf, ["energy"]).energy.values.round(6)  # 2 Om^2 / (g_a^2 - 4 Om^2)
    array([0.033333, 0.642857])
    """
    return System(
        sites={
            "charger": Oscillator(loss=rate_of(charger_loss, "charger_loss")),
            "battery": Oscillator(),
        },
        interactions=[
            exchange("charger", "battery", coupling_of(coupling)),
            two_photon_drive("charger", coupling_of(drive, "drive"), 1.0),
        ],
    )


def _rates(
    charger_loss: Values, dephasing: Values, occupation: Values
) -> tuple[Parameter, Parameter, Parameter]:
    lost = rate_of(charger_loss, "charger_loss")
    return lost, rate_of(dephasing, "dephasing"), rate_of(occupation, "occupation")


def _driven(
    charger: Oscillator | Qubit, battery: Oscillator | Qubit, coupling: Values, strength: Values
) -> System:
    return System(
        sites={"charger": charger, "battery": battery},
        interactions=[
            exchange("charger", "battery", coupling_of(coupling)),
            field("charger", coupling_of(strength, "drive"), 1.0),
        ],
    )
