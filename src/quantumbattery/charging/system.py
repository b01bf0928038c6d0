"""Systems: networks that charge.

The engine is loaded when something is charged: it would double what `import quantumbattery` takes
beside its libraries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from quantumbattery.charging.state_reading import StateReading
from quantumbattery.network.named_states import Preparation, Started
from quantumbattery.network.serialization import plain, system_parts
from quantumbattery.quantities.aliases import Values


@dataclass(frozen=True, eq=False, repr=False, init=False)
class System(StateReading):
    """Sites, their interactions, and which of them charge which.

    Parameters
    ----------
    sites : dict of str to Qubit, Qudit, Oscillator or Ensemble
        By name, in the order in which the levels of a configuration are written.
    interactions : sequence
        Made by `exchange`, `dipole`, `heisenberg`, `interaction` or `shift`, by `drive` or
        `two_photon_drive`, and by `dissipator` or `jump`; on while charging.
    charger, battery : str or list of str
        The sites that a preparation prepares, and those whose energy is stored. All other sites
        mediate. The list of chargers may be empty: then drives, baths or interactions charge, or
        nothing does, and the battery discharges.
    drives, joint_losses : sequence
        More of what `interactions` takes, by the names under which a system holds it, so that
        ``dataclasses.replace(system, battery="b")`` works.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, repeated or no text; a site is no site; an interaction does not fit
        its sites, or is always on outside the battery; the battery is empty or shares a site with
        the charger; or DataArrays disagree about an axis.

    Notes
    -----
    H = sum of the sites + interactions while charging; the battery's own Hamiltonian, which
    measures its energy, is that of its sites and of the interactions with ``always=True``. What is
    not prepared is empty: a site is in its lowest level, and a battery whose sites interact
    always, if no preparation names one of them, in the ground state of its own Hamiltonian.

    The names level, member, entry, row and column are taken: no axis of a DataArray may have them,
    nor "time", that of the table. Every number of a site or interaction may be an array: a plain
    1-D one becomes the axis of its name, DataArrays over dimensions of one name go together, of
    different names span a grid. Systems are equal if their sites come in the same order and all
    they consist of is equal; they are not hashable.

    Examples
    --------
    Three qubits of a battery charged by a lossy cavity:

    >>> import quantumbattery as qb
    >>> qb.System(
    ...     sites={"cavity": qb.Oscillator(loss=0.1), "cells": qb.Ensemble(qb.Qubit(), 3)},
    ...     interactions=[qb.exchange("cavity", "cells", 0.5)],
    ...     charger="cavity",
    ...     battery="cells",
    ... )
    System: cavity charges cells
      cavity: Oscillator(frequency=1, loss=0.1)
      cells: Ensemble(cell=Qubit(frequency=1), number=3)
      exchange('cavity', 'cells'): strength=0.5

    Two chargers, prepared one by one, reach two cells through a lossy mediator:

    >>> qubits = dict.fromkeys(["a", "b", "x", "y"], qb.Qubit())
    >>> system = qb.System(
    ...     sites=qubits | {"bus": qb.Oscillator(loss=0.1)},
    ...     interactions=[qb.exchange(name, "bus", 0.5) for name in qubits],
    ...     charger=["a", "b"],
    ...     battery=["x", "y"],
    ... )
    >>> start = {"a": qb.bloch(3.0), "b": qb.bloch(2.0)}
    >>> system.charge(start, 3.0, ["energy"]).energy.round(3).item()
    1.094
    """

    def charge(
        self,
        preparation: Preparation | Started,
        times: Values,
        measures: Iterable[str] | None = None,
        extraction: str = "global",
        *,
        disconnect: Values | None = None,
        limit: float = 2.0,
    ) -> xr.Dataset:
        """Charge the battery and read every figure of merit at the given times.

        Parameters
        ----------
        preparation : preparation, or dict of str or tuple of str to preparation
            How every charger site starts, or each site by its name; sites that are not named
            start in their ground state, those of a battery that interacts always in their common
            one, if none of them is named. Made by `bloch`, `fock`, `coherent`, `squeezed`,
            `thermal`, `gaussian`, `gibbs` or `state`. A tuple of names means all of them: together
            in a joint `state` (entangled, correlated; the first is the slowest, as in ``np.kron``)
            or in a `gibbs` state of what interacts always, each by itself in any other. A DataArray
            with a dimension "site" then has a value for each.
        times : float, 1-D array_like or DataArray
            Times since the interactions were switched on, zero or positive. A 1-D array becomes
            the axis "time"; the order is free, and t = 0 is switch-on whatever the first entry is.
            A DataArray may share axes with the parameters. ``np.inf``, by itself, is the steady
            state: what everything that is reached tends to, whatever the start.
        measures : iterable of str, optional
            Which quantities; by default all that make sense for the battery, those below that are
            given by name left out. Asking for few saves time: "energy" needs no eigenvalues.
        extraction : {"global", "collective", "local"}
            Which unitaries may take work out: any on all cells; any on the symmetric ladder of
            each Ensemble (without one, the same as global); or any on each cell by itself: coherent
            and incoherent parts are sums over cells then. Local and locked need no word of it.
        disconnect : float, 1-D array_like or DataArray, optional
            When charging ends and storage begins: from then on interactions and drives are off,
            but for those with ``always=True``, and every site keeps its losses. Zero or positive;
            by default never. A 1-D array becomes the axis "disconnect". Powers stay gains over
            the whole time.
        limit : float
            The memory that may be taken beside the result, in GiB.

        Returns
        -------
        xarray.Dataset
            A variable for each measure over the axes of the preparation, the system and the times,
            with `long_name`, `symbol` and `units` in its attributes: energy, passive_energy,
            active_energy, ergotropy, antiergotropy, capacity, energy_variance, power,
            passive_power, ergotropic_power; for a battery of one Qubit also population,
            population_inversion, coherence; where chargers and battery are two Qubits in all also
            concurrence. By name also coherent_ergotropy, incoherent_ergotropy, local_ergotropy,
            locked_ergotropy, purity and entropy of the battery; charger_energy, of the charger's
            sites above their lowest levels; interaction_energy, of all interactions that are on
            only while charging (shifts are among them, drives are not; 0 once they are off); and,
            between all charger and all battery sites, mutual_information and negativity (an
            Ensemble is its cells in their symmetric states, so that both are those of the cells;
            entropies are in nats); and, of a battery that is disconnected, energy_half_life and
            ergotropy_half_life, how long it then takes until no more than half is left for the
            first time: infinite if that never happens, NaN of nothing and where it is never
            disconnected.
            Energy counts from the lowest level of the battery's Hamiltonian; powers are gains
            over t, (value(t) - value(0))/t, and 0 at t = 0. Above an oscillator
            whose levels are not given there is always room: its active energy and capacity are
            infinite. The table's own attributes say how many configurations were reached, how they
            were solved, the levels that oscillators were given (`levels`; or `displaced`, of those
            counted from the classical amplitude that strong drives bring), and by how much those
            may change an energy or the ergotropy, in units of the battery's smallest quantum
            (`left_out`: an upper bound, as long as envelopes are no larger than where they are
            looked at, and matrices on oscillators grow as `interaction` says; where levels are
            given to what moments tell exactly, the difference at these times); the number of quanta
            that several oscillators share, if they do (`quanta`); with a series or a solver in time
            also its error (`solver_error`: how far states are from those of another solution, and
            what rounding may do to both). Of a steady state: the weight on the last levels of
            oscillators (`at_cut`), and what half as many levels more than before change of energy
            and ergotropy (`converged`, below 1e-10 quanta): seen, and no bound; what rounding may
            do is its `solver_error`. Decays slower than 3e-10 of what is fastest count as none.

        Raises
        ------
        TypeError, ValueError
            If a preparation, a time or a measure makes no sense, axes of one name differ, or the
            problem takes more memory than the limit; before any work, as far as that can be known.
            With interactions that are always on a cell has no energy of its own, so "local" is
            refused, local and locked ergotropy too, and "global" where one of them acts on an
            Ensemble. Without a charger there is no energy of it, nor anything shared with it.
            Or if there is no single steady state: the sentence says what is conserved.

        Warns
        -----
        UserWarning
            If the levels given to an oscillator leave out more than 1e-10 of a quantum. If a power
            is asked for so early that rounding hides it beside what the battery holds at first.

        Notes
        -----
        Definitions: those of `quantumbattery.ergotropy` and its neighbours. Evolution is exact
        inside the states that the preparation can reach. Oscillators whose states stay Gaussian
        are followed by their means and covariances instead, on no levels: nothing is left out, and
        `method` says so. If they start otherwise, energies and variances come from moments as well,
        and single modes from their characteristic functions, on levels beyond which 1e-12 of the
        quanta is left. Of oscillators that lose their phase, second moments tell energies; work
        takes levels: ask for ``["energy"]`` alone where these are too many.

        Examples
        --------
        Four cells in a cavity, whose mean energy comes from a coherent state:

        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> cells = qb.System(
        ...     sites={"cavity": qb.Oscillator(), "cells": qb.Ensemble(qb.Qubit(), 4)},
        ...     interactions=[qb.exchange("cavity", "cells", 1.0)],
        ...     charger="cavity",
        ...     battery="cells",
        ... )
        >>> table = cells.charge(qb.coherent(2.0), np.linspace(0, 2, 5), ["energy", "ergotropy"])
        >>> table.ergotropy.values.round(3)
        array([0.   , 2.208, 2.143, 0.775, 0.751])
        >>> table.attrs["levels"]
        'cavity: 43'

        Disconnected at the best moment, and then stored with a loss of its own:

        >>> pair = qb.models.qubit_pair(battery_loss=0.1)
        >>> times = np.pi / 2 + np.array([0.0, np.log(2) / 0.1])
        >>> pair.charge(qb.bloch(np.pi), times, disconnect=np.pi / 2).energy.values.round(6)
        array([0.925043, 0.462522])

        A warm charger and a cold battery, for ever:

        >>> warm, cold = qb.Qubit(loss=0.2, occupation=0.5), qb.Qubit(loss=0.2)
        >>> link = [qb.exchange("charger", "battery", 1.0)]
        >>> system = qb.System({"charger": warm, "battery": cold}, link)
        >>> system.charge(qb.fock(0), np.inf).energy.round(6).item()
        0.163399
        """
        from quantumbattery.charging.half_life import charge_and_store

        return charge_and_store(self, preparation, times, measures, extraction, limit, disconnect)

    def optimum(
        self,
        preparation: Preparation | Started,
        horizon: float,
        of: str | Iterable[str] = ("energy", "power", "ergotropy", "ergotropic_power"),
        tolerance: float = 1e-9,
        *,
        extraction: str = "global",
        limit: float = 2.0,
    ) -> xr.Dataset:
        """Find the best moments to disconnect, with a bound that no other moment exceeds.

        Parameters
        ----------
        preparation, extraction, limit
            As of `charge`.
        horizon : float
            The latest moment that counts; positive.
        of : str or iterable of str
            Some of energy, power, ergotropy and ergotropic_power.
        tolerance : float
            How far maximum and bound may be apart, relative to the maximum; or, if that takes too
            many moments, to a thousandth of what the battery can hold.

        Returns
        -------
        xarray.Dataset
            For each quantity `<name>_time`, the first instant of its global maximum on
            [0, horizon], `<name>_max`, and `<name>_bound`, which it nowhere exceeds. Maxima that
            differ by less than the tolerance count as equal. What is never positive has the time
            NaN and the maximum 0. Axes are those of the preparation and the system; attributes say
            how it was solved, as those of `charge`.

        Raises
        ------
        TypeError, ValueError
            As `charge`; or if a drive changes its shape in time.

        Warns
        -----
        UserWarning
            If millions of moments (of large systems, as many as take minutes) did not reach the
            tolerance: the horizon is too long. Or if a power grows until t tends to 0, where
            rounding hides it. A time that is not known to be the first is then NaN.

        Notes
        -----
        Between two known moments a value cannot rise above its chord by more than K h^2 / 8, where
        K bounds the second derivative: by that of the state at t = 0, which no later one exceeds,
        or by norms of the interactions and their commutators. Intervals that may still hold the
        maximum are halved; the log "quantumbattery" tells how far a long search is. The bound
        counts neither rounding nor what the levels of oscillators leave out.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> best = qb.QubitPair(charger_loss=0.1).system().optimum(qb.bloch(np.pi / 2), horizon=5.0)
        >>> best.ergotropy_time.round(6).item(), best.ergotropy_max.round(6).item()
        (1.546277, 0.445276)
        """
        from quantumbattery.charging.optimum import optimum

        return optimum(self, preparation, horizon, of, tolerance, extraction, limit)

    def _repr_html_(self) -> str:
        """Its network, drawn, and its card as a table of a notebook."""
        from quantumbattery.plot.network import network

        drawn = f'<div tabindex="0" style="overflow-x: auto">{network(self)}</div>'
        return drawn + super()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """The system as plain values that JSON can hold; `from_dict` reads them.

        Returns
        -------
        dict
            Its "sites", "interactions", "charger" and "battery".

        Examples
        --------
        >>> import quantumbattery as qb
        >>> pair = qb.System(
        ...     sites={"charger": qb.Qubit(), "battery": qb.Qubit()},
        ...     interactions=[qb.exchange("charger", "battery", 1.0)],
        ... )
        >>> pair.to_dict()["interactions"]
        [{'kind': 'exchange', 'a': 'charger', 'b': 'battery', 'strength': 1.0, 'always': False}]
        >>> qb.System.from_dict(pair.to_dict()) == pair
        True
        """
        return {
            "sites": {name: plain(site) for name, site in self.sites.items()},
            "interactions": [plain(each) for each in self.links],
            "charger": list(self.charger),
            "battery": list(self.battery),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> System:
        """Make a system from what `to_dict` gave; numbers at their defaults may be left out.

        Parameters
        ----------
        given : dict
            As `to_dict` returns it, or as a file of JSON or TOML holds it.

        Returns
        -------
        System

        Raises
        ------
        TypeError, ValueError
            If a part is missing or unknown, or the system makes no sense.
        """
        sites, interactions, ends = system_parts(given)
        return cls(sites, interactions, **ends)
