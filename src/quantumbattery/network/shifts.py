"""Shifts: energies of a site that are there while charging only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quantumbattery.network.envelopes import Envelope, shaped
from quantumbattery.network.interactions import Ends, Interaction, Products, labelled
from quantumbattery.quantities.aliases import Parameter, Values
from quantumbattery.quantities.described import saying
from quantumbattery.quantities.parameters import LARGEST, number
from quantumbattery.quantities.quoted import quoted


@dataclass(frozen=True, eq=False, repr=False)
class Shift(Interaction):
    """Energy of a site that is there while charging only; made by `shift`."""

    kind = "shift"
    always = False
    site: str
    amount: Parameter
    envelope: Envelope | None
    breaks: tuple[float, ...]

    @property
    def ends(self) -> tuple[str, ...]:
        """The one site."""
        return (self.site,)

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """A^dag A, of an ensemble the sum of its cells'."""
        return [(self.amount, [(sites[0].quanta(levels[0]),)])]


def shift(
    site: str,
    amount: Values,
    envelope: Envelope | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Shift:
    """Change the energy of a site's quanta while charging: amount f(t) A^dag A.

    What a battery stores is counted by the energies of its sites, which a shift leaves as they are:
    it detunes, sweeps through a resonance, or, by minus the frequency, takes the site's own motion
    away. Of an Ensemble the A^dag A of its cells are added up. The energies of a Qudit need not be
    those of A^dag A: ``interaction(site, -np.diag(energies))`` takes its motion away.

    Parameters
    ----------
    site : str
        The name of the site.
    amount : float or DataArray
        An angular frequency.
    envelope, breaks, steps, period
        f(t), as of `exchange`.

    Returns
    -------
    Shift
        A frozen description, for the interactions of a `System`.

    Raises
    ------
    TypeError, ValueError
        If the name is no text, the amount is not a finite real number, or the envelope does not
        give finite real numbers.

    Examples
    --------
    A sweep through the resonance of a drive flips a qubit (Landau and Zener, 1932): all but
    exp(-2 pi g^2 / v) of it, for a drive g and a frequency that rises by v in a unit of time.

    >>> import quantumbattery as qb
    >>> sweep = qb.shift("cell", 0.5, envelope=lambda t: t - 100)
    >>> links = [sweep, qb.drive("cell", 0.3, frequency=1.0)]
    >>> cell = qb.System({"cell": qb.Qubit()}, links, charger=[], battery="cell")
    >>> left = 1 - cell.charge({}, 200.0, ["energy"]).energy
    >>> print(f"{float(left):.2f}")
    0.32
    """
    with saying("shift"):
        if not isinstance(site, str):
            raise TypeError(f"it takes the name of a site, as text; got {quoted(site)}")
    who = labelled("shift", (site,))
    with saying(who):
        shape = shaped(envelope, breaks, steps, period)
        return Shift(site, number("amount", amount, "finite", -LARGEST), *shape)
