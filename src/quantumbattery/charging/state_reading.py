"""The state of a system, out: density matrices, means of operators, and QuTiP's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xarray as xr

from quantumbattery.network.named_states import Preparation, Started
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import MatrixLike, Values

if TYPE_CHECKING:
    from quantumbattery.charging.qutip_export import QutipModel


@dataclass(frozen=True, eq=False, repr=False, init=False)
class StateReading(Network):
    """A network whose state is read as it is: the half of `System` that tells no figures."""

    def density_matrix(
        self,
        preparation: Preparation | Started,
        times: Values,
        sites: str | Iterable[str] | None = None,
        *,
        disconnect: Values | None = None,
        limit: float = 2.0,
        levels: int | Mapping[str, int] | None = None,
    ) -> xr.DataArray:
        """The state of some sites at the given times, in the laboratory frame.

        Parameters
        ----------
        preparation, times, disconnect, limit
            As of `charge`.
        sites : str or list of str, optional
            Whose state, in this order; by default the battery's. All others are traced out.
        levels : int or dict of str to int, optional
            The lowest levels that are shown of oscillators which choose their own: of all of these,
            or by name; by default as many as hold the state. Elements are those of the whole
            state, and what the trace lacks of 1 is above them. Where means and covariances tell
            the state, any number of quanta is read so; a warning says where squeezing hides digits.

        Returns
        -------
        xarray.DataArray
            Complex, shape (..., d, d); the last axes "row" and "column" are labelled by the levels
            of the sites: "01" is level 0 of the first and level 1 of the second, "0,11" where one
            of them has more than ten. The attributes "sites" and "levels" say which sites and how
            many levels of each, as lists, which `xarray` writes to NetCDF files by netCDF4 or
            h5netcdf, and SciPy does not (`.drop_attrs()`); the others are those of `charge`.

        Raises
        ------
        TypeError, ValueError
            As `charge`; or if a site is unknown, or the matrices need more memory than there is; or
            at ``np.inf``, if an element turns with a drive for ever.

        Notes
        -----
        Only elements that can be reached, and that show in the state of these sites, are worked
        out: one site of a thousand takes no more than its own.

        Examples
        --------
        The work in a state that came out is that of the table:

        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> system = qb.models.qubit_pair(charger_loss=0.2)
        >>> rho = system.density_matrix(qb.bloch(2.0), [0.5, 1.5])
        >>> rho.sel(row="1", column="1").real.values.round(6)
        array([0.154845, 0.607751])
        >>> qb.ergotropy(rho, np.diag([0.0, 1.0])).values.round(6)
        array([0.060228, 0.542525])
        >>> system.charge(qb.bloch(2.0), [0.5, 1.5]).ergotropy.values.round(6)
        array([0.060228, 0.542525])

        The two lowest levels of an oscillator that holds 100,000 quanta:

        >>> system = qb.models.driven_oscillator_pair(drive=0.0, charger_loss=1.0, occupation=1e5)
        >>> rho = system.density_matrix({}, np.inf, levels=2)
        >>> (1e5 * rho.real.values.diagonal()).round(4)
        array([1., 1.])
        """
        from quantumbattery.charging.observe import density_matrix

        return density_matrix(self, preparation, times, sites, disconnect, limit, levels)

    def expect(
        self,
        preparation: Preparation | Started,
        times: Values,
        operators: Mapping[str, tuple[str | Iterable[str], MatrixLike | str]],
        *,
        disconnect: Values | None = None,
        limit: float = 2.0,
    ) -> xr.Dataset:
        """The means of any operators on any sites at the given times, in the laboratory frame.

        Parameters
        ----------
        preparation, times, disconnect, limit
            As of `charge`.
        operators : dict of str to (site or list of sites, matrix or str)
            By a name of your own. Of one site "quanta", "energy" (above the lowest level) or
            "lowering" name A^dag A, H and A; moments of oscillators tell these, however many quanta
            there are. The matrix is that of `interaction`: in the product of the
            sites' levels, the first site slowest, index 0 the ground state; array_like or Qobj, or
            a function of the numbers of levels of the sites, as where oscillators choose theirs.

        Returns
        -------
        xarray.Dataset
            Tr(rho A) for each of them over the axes of the preparation, the system and the times:
            real where the matrix is Hermitian, otherwise complex. Attributes as of `charge`.

        Raises
        ------
        TypeError, ValueError
            As `charge`; or if a site is unknown, or a matrix has the wrong size; or at ``np.inf``,
            if a mean turns with a drive for ever.

        Examples
        --------
        How many quanta a cavity keeps:

        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> system = qb.models.jaynes_cummings(coupling=1.0)
        >>> photons = {"photons": ("charger", "quanta")}
        >>> system.expect(qb.fock(2), [0.0, 0.5], photons).photons.values.round(6)
        array([2.      , 1.577972])

        How often it holds none, which takes a matrix:

        >>> none = {"none": ("charger", lambda levels: np.diag(1.0 * (np.arange(levels) == 0)))}
        >>> system.expect(qb.fock(1), [0.0, 0.5], none).none.values.round(6)
        array([0.      , 0.229849])
        """
        from quantumbattery.charging.observe import expect

        return expect(self, preparation, times, operators, disconnect, limit)

    def to_qutip(
        self, levels: Mapping[str, int] | str | None = None, *, limit: float = 2.0
    ) -> QutipModel:
        """The system as QuTiP's objects, for its solvers: Hamiltonian, losses, states.

        Parameters
        ----------
        levels : dict of str to int, or str, optional
            Of the oscillators whose levels are not given, by name; or the text that a table of
            `charge` has as ``attrs["levels"]``, which is enough for what it charged.
        limit : float
            The memory that the operators, or a state, may take, in GiB.

        Returns
        -------
        QutipModel
            In the laboratory frame, one factor for each site: `H`, a Qobj, or a QobjEvo where
            drives change in time; `c_ops`, `initial(preparation)`, `number(site)`,
            `battery_hamiltonian`, and what ``help`` says of it.

        Raises
        ------
        TypeError, ValueError, ImportError
            If an oscillator has no levels, a number has an axis, the space is too large, or QuTiP
            is not installed.

        Examples
        --------
        >>> import quantumbattery as qb
        >>> qb.models.tavis_cummings(cells=2, charger_loss=0.2).to_qutip({"cavity": 5})
        QutipModel(cavity: 5, cells: 3; H a Qobj, 1 c_ops)
        """
        from quantumbattery.charging.qutip_export import to_qutip

        return to_qutip(self, levels, limit)
