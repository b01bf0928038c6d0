"""Protocols: charging in strokes, one after another, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import xarray as xr

from quantumbattery.charging.stroke import Strokes
from quantumbattery.network.named_states import Preparation
from quantumbattery.quantities.aliases import Values


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Protocol(Strokes):
    """Strokes over the same sites, one after another, repeated.

    Parameters
    ----------
    strokes : sequence of Stroke
        Their systems have the same sites, of which the same charge and store; what else they are
        made of may differ, but for the battery's own Hamiltonian.
    repeat : int
        How often the whole is done.

    Raises
    ------
    TypeError, ValueError
        If there are no strokes, or they do not fit each other.

    Notes
    -----
    Each stroke has its own clock, so that every cycle is the same map; it is worked out once, and
    applied again and again. States are those of the laboratory: sites that begin anew have the same
    phase at every reset. In the interaction picture of many papers they turn along, as they do here
    if a cycle lasts a whole number of turns, 2 pi/w.

    Oscillators without `levels` are known by their means and covariances, whatever strokes bring,
    if all sites are such oscillators, all strokes are quadratic, constant in their stroke and
    without dephasing, and preparations and resets are Gaussian. Elsewhere strokes that bring quanta
    take oscillators with levels.

    Collision models and micromasers (P. Filipowicz, J. Javanainen and P. Meystre, Phys. Rev. A 34,
    3077 (1986)) are one stroke with a reset; charge, storage and discharge are three.

    Examples
    --------
    A cavity that excited atoms cross one after another (a micromaser) is caught below the level
    from which an atom would make whole Rabi cycles: here five photons.

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> cavity = qb.System(
    ...     {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=12)},
    ...     [qb.exchange("atom", "cavity", 1.0)],
    ...     charger="atom",
    ...     battery="cavity",
    ... )
    >>> crossing = qb.Stroke(cavity, np.pi / np.sqrt(6), reset={"atom": qb.fock(1)})
    >>> table = qb.Protocol([crossing], repeat=1000).charge({}, measures=["energy", "ergotropy"])
    >>> table.ergotropy.values[[1, 5, 100, 1000]].round(6)
    array([0.838379, 2.793172, 4.998211, 5.      ])
    """

    def charge(
        self,
        preparation: Preparation | Mapping[str, Preparation],
        times: Values | None = None,
        measures: Iterable[str] | None = None,
        extraction: str = "global",
        *,
        limit: float = 2.0,
    ) -> xr.Dataset:
        """Charge the battery and read every figure of merit at the given times.

        Parameters
        ----------
        preparation, measures, extraction, limit
            As of `System.charge`. The preparation is that before the first stroke; a reset that
            this begins with acts on it.
        times : float or 1-D array_like, optional
            Times since the beginning of the first stroke, just after its reset, anywhere up to the
            end of the last; by default its beginning and the end of every stroke. What ends a
            stroke belongs to it.

        Returns
        -------
        xarray.Dataset
            As of `System.charge`, with the coordinates "stroke" and "cycle" beside the time,
            counted from 0. Powers are gains over the whole time, from before the first stroke and
            its reset: what that gives the battery is part of them. With oscillators on levels the
            attribute `at_cut` is the largest weight seen on those that lead beyond their cut, at
            these times, or that a preparation or a reset has beyond it: an estimate, and no bound.

        Raises
        ------
        TypeError, ValueError
            As `System.charge`; or if a time is beyond the end, quanta grow until their numbers
            overflow, or an oscillator would choose its own levels where strokes bring quanta, and
            means and covariances do not say all.

        Warns
        -----
        UserWarning
            If `at_cut` is more than 1e-10; or if rounding takes digits of a phase, since drives
            and resets begin anew with one.

        Examples
        --------
        Charged for a while, stored, and given to a load, twice:

        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> sites = {
        ...     "charger": qb.Qubit(),
        ...     "battery": qb.Qubit(loss=0.05),
        ...     "load": qb.Qubit(),
        ... }
        >>> def linked(*links):
        ...     return qb.System(sites, [qb.exchange(*link, 1.0) for link in links])
        >>> strokes = [
        ...     qb.Stroke(linked(("charger", "battery")), np.pi / 2, reset={"charger": qb.fock(1)}),
        ...     qb.Stroke(linked(), 2.0),
        ...     qb.Stroke(linked(("battery", "load")), np.pi / 2, reset={"load": qb.fock(0)}),
        ... ]
        >>> table = qb.Protocol(strokes, repeat=2).charge({}, measures=["energy"])
        >>> table.energy.values.round(3)
        array([0.   , 0.962, 0.87 , 0.   , 0.962, 0.87 , 0.   ])
        >>> table.stroke.values
        array([0, 0, 1, 2, 0, 1, 2])
        """
        from quantumbattery.charging.in_strokes import charge

        return charge(self, preparation, times, measures, extraction, limit)

    def density_matrix(
        self,
        preparation: Preparation | Mapping[str, Preparation],
        times: Values | None = None,
        sites: str | Iterable[str] | None = None,
        *,
        limit: float = 2.0,
        levels: int | Mapping[str, int] | None = None,
    ) -> xr.DataArray:
        """The state of some sites at the given times, in the laboratory frame.

        Each stroke has a clock of its own: drives and the frames of their sites begin with it.

        Parameters
        ----------
        preparation, times, limit
            As of `charge`.
        sites, levels
            As of `System.density_matrix`.

        Returns
        -------
        xarray.DataArray
            As of `System.density_matrix`, with the coordinates "stroke" and "cycle".

        Raises
        ------
        TypeError, ValueError
            As `charge` and `System.density_matrix`.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> stroke = qb.Stroke(qb.models.qubit_pair(), np.pi / 4)
        >>> qb.Protocol([stroke], repeat=2).density_matrix(qb.bloch(np.pi)).real.values.round(6)
        array([[[1. , 0. ],
                [0. , 0. ]],
        <BLANKLINE>
               [[0.5, 0. ],
                [0. , 0.5]],
        <BLANKLINE>
               [[0. , 0. ],
                [0. , 1. ]]])
        """
        from quantumbattery.charging.in_strokes import density_matrix

        return density_matrix(self, preparation, times, sites, limit, levels)

    def balance(
        self,
        preparation: Preparation | Mapping[str, Preparation],
        extraction: str = "global",
        *,
        limit: float = 2.0,
    ) -> xr.Dataset:
        """What every stroke of every cycle costs and yields.

        Parameters
        ----------
        preparation, extraction, limit
            As of `charge`.

        Returns
        -------
        xarray.Dataset
            Over the axes of the preparation and the systems, then "cycle" and "stroke": `energy`
            and `ergotropy` of the battery at the end of the stroke; `reset_energy`, by how much its
            reset (and a change of a site's own frequency) raises the energy of all sites;
            `switch_on` and `switch_off`, the energy that whoever switches the interactions puts in,
            <V> at the beginning and -<V> at the end; `exchanged`, what drives and baths bring
            (negative: take) in between, both together; `work_stored`, by how much the ergotropy
            rises from the end of the stroke before, `work_out`, by how much it falls, where a
            link, a drive or a reset acts on the battery, and `work_lost` where none does: baths
            and what shifts its energies take no work. Links must be constant in their stroke.
            Over "cycle" alone: `energy_in`, the sum over strokes of what is positive of
            reset_energy + switch_on + switch_off, and of `exchanged`; `charging_efficiency` and
            `efficiency`, work_stored and work_out over energy_in, NaN where that is zero.

        Raises
        ------
        TypeError, ValueError
            As `charge`.

        Notes
        -----
        The energy of all sites changes in a stroke by switch_on + switch_off + exchanged, and by
        reset_energy before it. Energy is not work: a reset that replaces a mixed charger by a pure
        one of the same energy brings work and counts as nothing here, and a battery may turn energy
        that it held without work into work, so that `charging_efficiency` may exceed 1.

        Examples
        --------
        Resonant exchange costs nothing to switch: the atom's quantum is all that goes in.

        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> charging = qb.Stroke(qb.models.qubit_pair(), np.pi / 2, reset={"charger": qb.fock(1)})
        >>> table = qb.Protocol([charging]).balance(qb.fock(0))
        >>> table.reset_energy.item(), table.switch_on.item()
        (1.0, 0.0)
        >>> table.charging_efficiency.round(9).item()
        1.0
        """
        from quantumbattery.charging.balance import balance

        return balance(self, preparation, extraction, limit)
