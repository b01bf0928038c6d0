"""All systems of the zoo, by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from quantumbattery.plot.style import check_axes, look_of, whole_figure
from quantumbattery.quantities.described import guess
from quantumbattery.quantities.quoted import quoted
from quantumbattery.zoo import (
    cavities,
    chains,
    collisions,
    driven,
    driven_oscillators,
    figures_of_merit,
    gaussian_batteries,
    jumps,
    many_body,
    oscillators,
    pairs,
    passages,
    pulses,
    reservoirs,
    spin_rings,
    starts,
    storage,
    without_charger,
)
from quantumbattery.zoo.entries import Entry, Row, Zoo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUBJECTS = (
    pairs,
    starts,
    storage,
    oscillators,
    cavities,
    chains,
    collisions,
    driven_oscillators,
    driven,
    gaussian_batteries,
    without_charger,
    pulses,
    passages,
    many_body,
    spin_rings,
    reservoirs,
    jumps,
    figures_of_merit,
)
ENTRIES: dict[str, Entry] = {entry.name: entry for subject in SUBJECTS for entry in subject.ENTRIES}
NAMES = tuple(ENTRIES)
"""The systems that `reproduce` knows."""


def chosen(name: object) -> tuple[Entry, ...]:
    """The entry of this name, or all of them.

    Parameters
    ----------
    name : str
        A name of `NAMES`, or "all".

    Returns
    -------
    tuple of Entry

    Raises
    ------
    TypeError, ValueError
        If the name is no text, or there is no such system.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a system is text; got {quoted(name)}")
    if name == "all":
        return tuple(ENTRIES.values())
    if name not in ENTRIES:
        told = guess(name, [*NAMES, "all"]) or f"there are {', '.join(NAMES)}, or all"
        raise ValueError(f"no system {name!r} in the zoo; {told}")
    return (ENTRIES[name],)


def _one_thread() -> AbstractContextManager[object]:
    """The matrices are small: threads would only wait for each other."""
    import scipy.linalg  # noqa: F401 - loads the library whose threads are limited
    from threadpoolctl import threadpool_limits

    one: AbstractContextManager[object] = threadpool_limits(1)
    return one


def reproduce(name: str = "all", *, done: Callable[[str], object] | None = None) -> Zoo:
    """Find the results of a system again, each beside its published or exact value.

    Parameters
    ----------
    name : str
        One of `quantumbattery.zoo.NAMES`, or "all", which takes some ten seconds.
    done : callable, optional
        Called with a line of text after each system.

    Returns
    -------
    Zoo
        A sequence of `Row`, each with system, quantity, value (ours), reference, source,
        difference, allowed and agrees.

    Raises
    ------
    TypeError, ValueError
        If the name is no text, or there is no such system; before any work.

    Examples
    --------
    >>> zoo = reproduce("star")
    >>> zoo.agrees
    True
    >>> zoo[0].source
    'exact: w sin^2(sqrt(N) J t)...'
    """
    entries = chosen(name)
    if done is not None and not callable(done):
        raise TypeError(f"done is a function of a line of text; got {quoted(done)}")
    rows: list[Row] = []
    with _one_thread():
        for number, entry in enumerate(entries, start=1):
            found = entry.rows()
            rows += found
            if done is not None:
                agree = sum(row.agrees for row in found)
                done(f"{number:>2}/{len(entries)}  {entry.name}: {agree} of {len(found)} agree")
    return Zoo(tuple(rows))


def picture(name: str, ax: Axes | None = None) -> Figure:
    """Draw what a system does that the pair of qubits does not.

    Parameters
    ----------
    name : str
        One of `quantumbattery.zoo.NAMES`.
    ax : matplotlib.axes.Axes, optional
        Where to draw, in the look of that figure.

    Returns
    -------
    matplotlib.figure.Figure
        That of `ax`, or a new one, which a notebook shows.

    Raises
    ------
    TypeError, ValueError
        If there is no such system, or `ax` is none of Matplotlib's axes.

    Examples
    --------
    >>> picture("mediator").axes[0].get_title()
    'A catalyst: it carries the charge and keeps nothing'
    """
    from quantumbattery.plot.picture import Picture

    if isinstance(name, str) and name == "all":
        raise ValueError(f"a picture shows one system; name one of {', '.join(NAMES)}")
    (entry,) = chosen(name)
    with look_of(ax), _one_thread():
        if ax is None:
            axes = Picture(figsize=(4.2, 3.2), layout="constrained").subplots()
        else:
            axes = check_axes(ax)
        entry.picture(axes)
        axes.set_title(entry.title, fontsize=9)
        axes.set_xlabel(f"{axes.get_xlabel()}\n{entry.start}")
    return whole_figure(axes)
