"""Drives: classical fields that pump a site, constant or shaped in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.envelopes import Envelope, given_shape, shaped
from quantumbattery.network.operators import Operator, after
from quantumbattery.network.sites import Qubit, Qudit, Site
from quantumbattery.quantities.aliases import Parameter, Values
from quantumbattery.quantities.described import Described, saying
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import LARGEST, agree, flag, number, whole_number
from quantumbattery.quantities.quoted import quoted


class Drive(Described):
    """What all drives have in common: the site, the strength and the shape of a field."""

    site: str
    amplitude: Parameter
    frequency: Parameter
    phase: Parameter
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def __post_init__(self) -> None:
        with saying(self.kind):
            if not isinstance(self.site, str):
                raise TypeError(f"it takes the name of a site, as text; got {quoted(self.site)}")
            self._plain_texts()
            names = ("amplitude", "frequency", "phase")
            each = {n: number(n, getattr(self, n), "finite", -LARGEST) for n in names}
            agree(each)
            shape, times = shaped(self.envelope, self.breaks)
            self._set(**each, envelope=shape, breaks=times)
            self.check_kind()

    def check_kind(self) -> None:
        """Raise TypeError or ValueError for what drives of its kind alone take."""

    @property
    def kind(self) -> str:
        """The function that makes it."""
        return "two_photon_drive" if isinstance(self, TwoPhotonDrive) else "drive"

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.kind}({self.site!r})"

    @property
    def quanta(self) -> int:
        """How many quanta it takes at once."""
        return 2 if isinstance(self, TwoPhotonDrive) else 1

    @property
    def rotating(self) -> bool:
        """Whether its counter-rotating half is left out."""
        return True

    @property
    def between(self) -> tuple[int, int] | None:
        """The two levels that it joins alone, the lower first; None of all others."""
        return self.transition if isinstance(self, OnePhotonDrive) else None

    @property
    def strength(self) -> Parameter:
        """What stands before O e^{i (quanta w t + phase)}, or 2 cos(w t + phase) O, + h.c."""
        return self.amplitude / self.quanta

    def check(self, site: Site) -> None:
        """Raise ValueError if the drive makes no sense on this site."""

    def lowering(self, site: Site, levels: int) -> Operator:
        """O, the part of the site that it acts on."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class OnePhotonDrive(Drive):
    """A field that takes one quantum at a time; made by `drive`."""

    site: str
    amplitude: Parameter
    frequency: Parameter
    phase: Parameter
    envelope: Envelope | None
    rotating_wave: bool
    transition: tuple[int, int] | None
    breaks: tuple[float, ...]

    def check_kind(self) -> None:
        """A transition is a pair of levels."""
        waves = flag("rotating_wave", self.rotating_wave)
        self._set(rotating_wave=waves, transition=_transition(self.transition))

    @property
    def rotating(self) -> bool:
        """Whether its counter-rotating half is left out."""
        return self.rotating_wave

    def check(self, site: Site) -> None:
        """A transition joins two levels of the site."""
        if self.transition is None:
            return
        if isinstance(site, Ensemble):
            raise ValueError(
                f"{self.label}: transition names two levels of a single site, but {self.site!r} is "
                "an Ensemble; leave transition out, which drives "
                + (
                    "the one step that its cells have"
                    if site.cell.dimension == 2
                    else "all steps of its cells, or, if they are few, write the cells apart"
                )
            )
        if site.dimension is not None and max(self.transition) >= site.dimension:
            raise ValueError(
                f"{self.label}: transition is {self.transition}, but {self.site!r} has the levels "
                f"0 to {site.dimension - 1}"
            )

    def lowering(self, site: Site, levels: int) -> Operator:
        """A, or what takes the upper level of the transition to the lower one."""
        if self.transition is None:
            return site.lowering(levels)
        low, high = self.transition
        acts = site.lowering(1 + max(low, high))
        there = acts.value[(acts.row == low) & (acts.column == high)]
        back = acts.value[(acts.row == high) & (acts.column == low)].conj()
        value = np.concatenate([there, back, np.ones(1)])[:1]
        return Operator(np.array([low]), np.array([high]), value)


@dataclass(frozen=True, eq=False, repr=False)
class TwoPhotonDrive(Drive):
    """A field that takes two quanta at a time, and squeezes; made by `two_photon_drive`."""

    site: str
    amplitude: Parameter
    frequency: Parameter
    phase: Parameter
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def check(self, site: Site) -> None:
        """Two quanta fit, and A leads on."""
        if isinstance(site, Qubit) or site.dimension == 2:
            raise ValueError(
                f"{self.label}: {self.site!r} has two levels, which two quanta never fit in; drive "
                "an Oscillator, or a site with three levels or more"
            )
        own = isinstance(site, Qudit) and site.matrix is not None
        if own and not len(self.lowering(site, site.dimension or 2).row):
            raise ValueError(
                f"{self.label}: the lowering operator of {self.site!r}, applied twice, gives "
                "nothing, so that no pair of quanta fits in; drive its transitions one by one, "
                "with drive(..., transition=(lower, upper))"
            )

    def lowering(self, site: Site, levels: int) -> Operator:
        """A^2."""
        once = site.lowering(levels)
        size = 1 + int(max(once.row.max(initial=0), once.column.max(initial=0)))
        return after(once, once, size)


def drive(
    site: str,
    amplitude: Values,
    frequency: Values,
    envelope: Envelope | None = None,
    rotating_wave: bool = True,
    *,
    phase: Values = 0.0,
    transition: Iterable[int] | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> OnePhotonDrive:
    """Drive a site: amplitude f(t) (A e^{i (w t + phase)} + h.c.), on while charging.

    Parameters
    ----------
    site : str
        The name of the site, with lowering operator A.
    amplitude : float or DataArray
        An angular frequency; a resonant qubit flips at the time pi / (2 amplitude).
    frequency : float or DataArray
        w, the angular frequency of the field.
    envelope : callable, DataArray or 1-D array_like, optional
        f(t), real: a function of the time; or samples along the dimension "time", joined by
        straight lines and zero outside; or values one fewer than `breaks`, which hold from one of
        these times to the next, zero outside. By default f = 1. Constant and stepwise drives are
        solved exactly where they keep still in a turning frame; where they turn, as all do whose
        counter-rotating half is kept, by the propagator of one period and its powers.
    rotating_wave : bool
        False keeps the counter-rotating half: 2 amplitude f(t) cos(w t + phase) (A + A^dag).
    phase : float or DataArray
        The phase of the field at t = 0, in radians; pi/2 turns its cosine to minus its sine.
    transition : pair of int, optional
        Drive only what joins two levels, (lower, upper), any two: |lower><upper| e^{i w t} + h.c.,
        resonant where w is the upper energy less the lower one, in place of A e^{i w t} + h.c.
        Where A joins the two, as the steps of a ladder do, its element multiplies the amplitude.
    breaks : sequence of float
        Times at which the envelope jumps, or a pulse begins or ends that is shorter than 1e-4 of
        the charging time: anything longer is found by looking. Samples need none. The edges of
        steps, one more than their values.
    steps : bool
        Samples over "time" hold until the next one, the last as long as the one before.
    period : float, optional
        The time after which an envelope that is a smooth function repeats itself: it is then
        solved by the propagator of one period and its powers, if fields and it have one together.

    Returns
    -------
    OnePhotonDrive
        A frozen description, for the interactions of a `System`.

    Raises
    ------
    TypeError, ValueError
        If the name is no text, a number is not real and finite, or the envelope is neither a
        function that gives real numbers nor samples over rising times.

    Notes
    -----
    A drive that keeps its shape is solved in the frame in which nothing depends on time; energies
    and figures of merit are those of the laboratory.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> battery = qb.System(
    ...     sites={"cell": qb.Qubit()},
    ...     interactions=[qb.drive("cell", 0.1, frequency=1.0)],
    ...     charger=[],
    ...     battery="cell",
    ... )
    >>> battery.charge({}, np.pi / 0.2, ["energy"]).energy.round(12).item()
    1.0
    """
    with saying("drive"):
        shape, times = given_shape(envelope, breaks, steps, period)
    given: tuple[Any, Any, Any] = (amplitude, frequency, phase)
    joined = cast("tuple[int, int] | None", transition)
    return OnePhotonDrive(site, *given, shape, rotating_wave, joined, times)


def two_photon_drive(
    site: str,
    amplitude: Values,
    frequency: Values,
    envelope: Envelope | None = None,
    *,
    phase: Values = 0.0,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> TwoPhotonDrive:
    """Drive a site by pairs of quanta: amplitude/2 f(t) (A^2 e^{i (2 w t + phase)} + h.c.).

    Parameters
    ----------
    site : str
        The name of the site, with lowering operator A.
    amplitude : float or DataArray
        An angular frequency.
    frequency : float or DataArray
        w, half the angular frequency of the field: it is resonant at the frequency of the site.
    phase : float or DataArray
        The phase of the field at t = 0, in radians.
    envelope, breaks, steps, period
        What multiplies it in time, as of `drive`.

    Returns
    -------
    TwoPhotonDrive
        A frozen description, for the interactions of a `System`.

    Raises
    ------
    TypeError, ValueError
        As of `drive`.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.two_photon_drive("charger", 0.1, frequency=1.0)
    TwoPhotonDrive(site=charger, amplitude=0.1, frequency=1)
    """
    with saying("two_photon_drive"):
        shape, times = given_shape(envelope, breaks, steps, period)
    given: tuple[Any, Any, Any] = (amplitude, frequency, phase)
    return TwoPhotonDrive(site, *given, shape, times)


# --- what comes in -----------------------------------------------------------------------------


def _transition(given: Iterable[int] | None) -> tuple[int, int] | None:
    if given is None:
        return None
    rule = "transition is a pair of different levels, the lower and the upper, such as (0, 2)"
    levels = tuple(members(given)) if np.iterable(given) else ()
    if len(levels) != 2:
        raise TypeError(f"{rule}; got {quoted(given)}")
    low, high = (whole_number(level, 0, rule) for level in levels)
    if high == low:
        raise ValueError(f"{rule}; got {levels}")
    return low, high
