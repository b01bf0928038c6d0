"""The founding system in closed form: a charger qubit and a battery qubit that exchange energy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.named_states import Bloch, Preparation
from quantumbattery.network.sites import Qubit
from quantumbattery.pair.closed_form import (
    charge_columns,
    joint_amplitudes,
    joint_matrix,
    moment_columns,
    optimum_columns,
)
from quantumbattery.pair.tables import html_card, joint_state, with_half_lives
from quantumbattery.quantities.aliases import Array, Label, Parameter, Values
from quantumbattery.quantities.described import Described
from quantumbattery.quantities.measures import (
    FURTHER,
    MEASURES,
    MOMENTS,
    OPTIMA,
    STORAGE,
    Quantity,
    check_measures,
)
from quantumbattery.quantities.parameters import (
    LARGEST,
    align,
    check_timeless,
    horizon_of,
    names,
    parameter,
    unlabelled,
)
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.tables import dataset

_SMALLEST = 1 / LARGEST
_MOMENTS = {
    "disconnect": ("a time, zero or positive; infinite for never", np.inf),
    "time": ("zero or positive, and finite", LARGEST),
}


@dataclass(frozen=True, eq=False, repr=False, init=False)
class QubitPair(Described):
    """Two qubits that exchange energy: the charger, which may be lossy, and the battery.

    H = (w + d) a^dag a + w b^dag b + J (a^dag b + b^dag a) while charging, with the loss rates
    g_a and g_b (Lindblad operators sqrt(g_a) a, sqrt(g_b) b). Everything is a closed form, exact
    at any loss: strong (g < 4J), critical (g = 4J) and weak coupling (g > 4J).

    Parameters
    ----------
    frequency : float, 1-D array_like or DataArray
        w, the battery's frequency: the gap between its levels (hbar = 1). Positive.
    coupling : float, 1-D array_like or DataArray
        J. Positive.
    charger_loss, battery_loss : float, 1-D array_like or DataArray
        g_a and g_b, the decay rates of the excited populations. Zero or positive.
    detuning : float, 1-D array_like or DataArray
        d, the charger's frequency minus the battery's.

    Raises
    ------
    TypeError
        If a parameter is not a real number.
    ValueError
        If a parameter is out of range or not finite.

    Notes
    -----
    Frequencies, couplings and rates are angular and share one unit; times are in its inverse.
    Paper, Eqs. 3-5 and 60. Battery loss and detuning go beyond it; see
    `quantumbattery.pair.transfer`.
    A 1-D array becomes an axis of the parameter's name; a DataArray keeps its own dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.QubitPair(coupling=1.0, charger_loss=[0.0, 0.5])
    >>> table = pair.charge(qb.bloch(np.pi / 2), times=[0.0, np.pi / 2])
    >>> table.ergotropy.sel(charger_loss=0.0).values
    array([0. , 0.5])
    """

    frequency: Parameter
    coupling: Parameter
    charger_loss: Parameter
    battery_loss: Parameter
    detuning: Parameter

    _repr_html_ = html_card

    def __init__(
        self,
        frequency: Values = 1.0,
        coupling: Values = 1.0,
        charger_loss: Values = 0.0,
        battery_loss: Values = 0.0,
        detuning: Values = 0.0,
    ) -> None:
        checked = {
            "frequency": parameter("frequency", frequency, "positive and finite", _SMALLEST),
            "coupling": parameter("coupling", coupling, "positive and finite", _SMALLEST),
            "charger_loss": parameter(
                "charger_loss", charger_loss, "zero or positive, and finite", 0.0
            ),
            "battery_loss": parameter(
                "battery_loss", battery_loss, "zero or positive, and finite", 0.0
            ),
            "detuning": parameter("detuning", detuning, "finite", -LARGEST),
        }
        self._set(**checked)

    def charge(
        self,
        preparation: Preparation,
        times: Values,
        measures: Iterable[str] | None = None,
        disconnect: Values | None = None,
    ) -> xr.Dataset:
        """Charge the battery and read every figure of merit at the given times.

        Parameters
        ----------
        preparation : preparation
            How the charger starts, from `quantumbattery.bloch`; the battery starts empty. Any
            other, such as `thermal`, is charged as a `System`, not in closed form.
        times : float, 1-D array_like or DataArray
            Times since the coupling was switched on, zero or positive. A 1-D array becomes the
            axis "time"; the order is free, and t = 0 is switch-on whatever the first entry is.
        measures : iterable of str, optional
            Which quantities; by default all that are named below. Those beyond them that
            `System.charge` names (purity, coherent_ergotropy, ...) are charged as a `System`.
        disconnect : float, 1-D array_like or DataArray, optional
            T, from which on the coupling is off and the battery stores; zero or positive. A 1-D
            array becomes the axis "disconnect". By default, and where it is inf, never.

        Returns
        -------
        xarray.Dataset
            A variable for each measure over the axes of the preparation, the pair and the times,
            with `long_name`, `symbol`, `units` and `equation` (of the paper) in its attributes:
            energy, passive_energy, active_energy, ergotropy, antiergotropy, capacity,
            energy_variance, power, passive_power, ergotropic_power, population,
            population_inversion, coherence and the concurrence of the two qubits.

        Raises
        ------
        TypeError, ValueError
            If a time or a measure makes no sense, or axes of one name differ.

        Notes
        -----
        Paper, Eqs. 9, 46-52, 59, 62, 69 and 70, in a form that keeps every digit. With loss the
        joint state is mixed; its concurrence is 2 s |c_a c_b|, because it has no weight on |11>.

        In storage (t > T) all but the losses has ended, and the population decays as
        e^{-g_b (t - T)}: half of the energy is left after ln 2/g_b. Half of the ergotropy is lost
        no later than that, since it falls faster than the energy wherever they differ. Powers stay
        gains over t.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> table = qb.QubitPair().charge(qb.bloch(np.pi), [0.0, np.pi / 4, np.pi / 2])
        >>> table.energy.values.round(12)
        array([0. , 0.5, 1. ])
        >>> table.concurrence.values.round(12)
        array([0., 1., 0.])

        How long the battery keeps half of its energy, and half of its ergotropy:

        >>> pair, start = qb.QubitPair(battery_loss=0.1), qb.bloch(np.pi)
        >>> wait = np.linspace(0, 9, 901)
        >>> end = pair.optimum(start).energy_time.item()
        >>> kept = pair.charge(start, end + wait, disconnect=end)
        >>> [float(wait[(kept[q] > kept[q][0] / 2).sum()]) for q in ("energy", "ergotropy")]
        [6.94, 2.62]
        """
        chosen = check_measures(measures)
        other = isinstance(preparation, Preparation) and not isinstance(preparation, Bloch)
        if other or not FURTHER.keys().isdisjoint(chosen):
            asked = None if measures is None else chosen
            return self.system().charge(preparation, times, asked, disconnect=disconnect)
        given = self._converted(preparation, disconnect=disconnect, time=times)
        sizes, coords, arrays = align(given)
        lives = [name for name in chosen if name in STORAGE]
        others = [name for name in chosen if name not in STORAGE]
        columns = charge_columns(others, arrays, _shape(sizes)) if others else {}
        table = _labelled(sizes, coords, columns, MEASURES)
        return with_half_lives(table, lives, given, arrays) if lives else table

    def optimum(self, preparation: Bloch, horizon: float | None = None) -> xr.Dataset:
        """Find when to disconnect: the best times and what is reached then.

        Parameters
        ----------
        preparation : Bloch
            How the charger starts.
        horizon : float, optional
            The latest moment that counts; positive. By default all moments do.

        Returns
        -------
        xarray.Dataset
            For each of energy, power, ergotropy and ergotropic_power: `<name>_time`, the first
            instant of its global maximum over all t > 0 up to the horizon, and `<name>_max`. Where
            a quantity is never positive its maximum is 0 and its time NaN.

        Raises
        ------
        TypeError, ValueError
            If the preparation or the horizon does not fit, or axes of one name differ.

        Notes
        -----
        The true optima where the paper has leading orders (Eqs. 65-68) or fits (Eqs. 43, 45).
        Energy and ergotropy peak together, since the ergotropy rises with F (paper, Eqs. 31, 40,
        63); the power peaks where t F'/F = 1 (Eq. 34), the ergotropic power where
        t F'/F = W/(F dW/dF). `quantumbattery.pair.best_times` says why each has a single solution,
        until which the quantity rises.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> best = qb.QubitPair().optimum(qb.bloch([np.pi / 2, np.pi]))
        >>> best.ergotropic_power_time.values.round(6)
        array([1.323922, 1.399193])
        """
        sizes, coords, arrays = align(self._converted(preparation))
        last = np.inf if horizon is None else horizon_of(horizon)
        columns = optimum_columns(arrays, _shape(sizes), last)
        return _labelled(sizes, coords, columns, OPTIMA)

    def moments(
        self, preparation: Bloch, times: Values, disconnect: Values | None = None
    ) -> xr.Dataset:
        """First and second moments of the two qubits, complex, in the laboratory frame.

        Parameters
        ----------
        preparation : Bloch
            How the charger starts.
        times : float, 1-D array_like or DataArray
            Times since the coupling was switched on.
        disconnect : float, 1-D array_like or DataArray, optional
            From when on the coupling is off, as of `charge`. Then each qubit turns with its own
            frequency: the battery with w, the charger with w + d.

        Returns
        -------
        xarray.Dataset
            With a and b the lowering operators: charger_population <a^dag a>, battery_population
            <b^dag b>, exchange <a^dag b>, charger_lowering <a>, battery_lowering <b>, and
            charger_population_battery_lowering <a^dag a b>, battery_population_charger_lowering
            <b^dag b a>, which vanish.

        Raises
        ------
        TypeError, ValueError
            If the preparation or the times do not fit, or axes of one name differ.

        Notes
        -----
        Paper, Eqs. 22-24 and 27-29; Eqs. 24 and 28 as printed lack a factor i.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> moments = qb.QubitPair().moments(qb.bloch(np.pi), np.pi / 4)
        >>> moments.exchange.item().imag
        -0.5
        """
        given = self._converted(preparation, disconnect=disconnect, time=times)
        sizes, coords, arrays = align(given)
        columns = moment_columns(*joint_amplitudes(arrays), _shape(sizes))
        return _labelled(sizes, coords, columns, MOMENTS)

    def density_matrix(
        self, preparation: Bloch, times: Values, disconnect: Values | None = None
    ) -> xr.DataArray:
        """The joint state of charger and battery, in the laboratory frame.

        Parameters
        ----------
        preparation : Bloch
            How the charger starts.
        times : float, 1-D array_like or DataArray
            Times since the coupling was switched on.
        disconnect : float, 1-D array_like or DataArray, optional
            From when on the coupling is off, as of `charge`. Then each qubit turns with its own
            frequency: the battery with w, the charger with w + d.

        Returns
        -------
        xarray.DataArray
            Complex, shape (..., 4, 4); the last axes "row" and "column" are labelled 00, 01, 10,
            11: the charger's level, then the battery's.

        Raises
        ------
        TypeError, ValueError
            If the preparation or the times do not fit, or axes of one name differ.

        Notes
        -----
        Paper, Eq. 58, which orders the states 00, 10, 01, 11. With loss, what has left the two
        qubits is in 00.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> rho = qb.QubitPair().density_matrix(qb.bloch(np.pi), np.pi / 2)
        >>> rho.sel(row="01", column="01").item().real
        1.0
        """
        given = self._converted(preparation, disconnect=disconnect, time=times)
        sizes, coords, arrays = align(given)
        rho = joint_matrix(*joint_amplitudes(arrays), _shape(sizes))
        return joint_state(sizes, coords, rho)

    def system(self) -> System:
        """Describe the same pair as a `System` of sites and interactions.

        Returns
        -------
        System
            The sites "charger" and "battery", coupled by `exchange`.

        Raises
        ------
        ValueError
            If the detuning leaves the charger without a positive frequency, as a site has.

        Examples
        --------
        >>> import quantumbattery as qb
        >>> qb.QubitPair(charger_loss=0.1, detuning=0.5).system().sites["charger"]
        Qubit(frequency=1.5, loss=0.1)
        """
        charger = Qubit(self.frequency + self.detuning, loss=self.charger_loss)
        battery = Qubit(self.frequency, loss=self.battery_loss)
        return System(
            sites={"charger": charger, "battery": battery},
            interactions=[exchange("charger", "battery", self.coupling)],
            charger="charger",
            battery="battery",
        )

    def _converted(
        self, preparation: Preparation, **moments: Values | None
    ) -> dict[str, Parameter | Array]:
        """All parameters by name, checked: the preparation's, the pair's, and the moments."""
        if not isinstance(preparation, Bloch):
            raise TypeError(
                "preparation must be a qubit state such as quantumbattery.bloch(theta, phi); "
                f"got {quoted(preparation)}"
            )
        parameters = {n: getattr(each, n) for each in (preparation, self) for n in names(each)}
        for name, value in parameters.items():
            check_timeless(name, value)
        for name, value in moments.items():
            if value is not None or name == "time":
                rule, most = _MOMENTS[name]
                parameters[name] = unlabelled(name, value, rule, 0.0, most)
        return parameters


def _labelled(
    sizes: Mapping[str, int],
    coords: Mapping[str, Label],
    columns: Mapping[str, Array],
    meaning: Mapping[str, Quantity],
) -> xr.Dataset:
    return dataset(sizes, coords, {name: (c, meaning[name]) for name, c in columns.items()})


def _shape(sizes: dict[str, int]) -> tuple[int, ...]:
    """The shape of the working arrays, which have one element where there are no axes."""
    return tuple(sizes.values()) or (1,)
