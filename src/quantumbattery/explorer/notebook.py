"""`explore`: a pair's page, or a view of any other system, as the value of a notebook's cell."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.explorer.view import View, view
from quantumbattery.network.interactions import Exchange
from quantumbattery.network.named_states import Bloch, Preparation, Started
from quantumbattery.network.sites import Qubit
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.quantities.aliases import Parameter
from quantumbattery.quantities.described import Described
from quantumbattery.quantities.parameters import horizon_of
from quantumbattery.quantities.quoted import quoted

LIMITS = {
    "coupling": (0.001, 10.0),
    "charger_loss": (0.0, 100.0),
    "battery_loss": (0.0, 100.0),
    "detuning": (-20.0, 20.0),
    "last": (0.01, 100.0),
}
"""What the page holds; `values.js` has the same."""

_HEIGHT = 900  # of the frame, in which the page scrolls


@dataclass(frozen=True, repr=False)
class Explorer:
    """The page of a pair, opened at its numbers; made by `explore`.

    Attributes
    ----------
    title : str
        What it shows.
    opened : str
        The state at which it opens, as in the page's address.
    """

    title: str
    opened: str

    def save(self, path: str | Path) -> Path:
        """Write the page as one HTML file, which needs no Python; return its path.

        Raises
        ------
        ValueError
            If the file has another ending or cannot be written.
        """
        from quantumbattery.explorer.export import export

        return export(path, self.opened)

    def __repr__(self) -> str:
        return f"explorer of {self.title}: shown by a notebook, or by any browser after .save(path)"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which reaches nothing of the notebook."""
        from quantumbattery.explorer.export import page

        return (
            f'<iframe title="{html.escape(f"Explorer of {self.title}")}" '
            f'srcdoc="{html.escape(page(self.opened))}" '
            'sandbox="allow-scripts allow-downloads" allow="clipboard-write" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0; border-radius: 10px"></iframe>'
        )


def explore(
    what: QubitPair | System | None = None,
    preparation: Preparation | Started | None = None,
    until: float | None = None,
) -> Explorer | View:
    """Look at a pair or a system in a notebook: the page of a pair, a picture of any other.

    Parameters
    ----------
    what : QubitPair or System, optional
        One pair, without arrays: it opens as the page on which its charger is dragged over the
        Bloch sphere. So does a system of two qubits that exchange energy. Of any other system the
        network is drawn, and what a preparation charges it with.
    preparation : preparation, or dict of str to preparation, optional
        How the charger starts: of a pair `bloch`, of a system all that `System.charge` takes.
    until : float, optional
        The last time shown; by default one turn at the strongest coupling.

    Returns
    -------
    Explorer or View
        A notebook shows it as the value of a cell; ``.save("battery.html")`` writes one file for
        any browser.

    Raises
    ------
    TypeError, ValueError
        If it is neither a pair nor a system, or the page cannot hold its numbers; before any work.

    Notes
    -----
    The page counts energies in units of the battery's frequency. It runs in a frame that reaches
    nothing outside: neither the notebook nor a network. `quantumbattery explore` opens it, and
    systems of the zoo, in a browser.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.explore(qb.QubitPair(charger_loss=0.5), qb.bloch(np.pi / 2))
    explorer of QubitPair(...): shown by a notebook, or by any browser after .save(path)
    """
    if not isinstance(what, QubitPair | System | None):
        raise TypeError(
            "explore shows a QubitPair or a System; of anything else, as of a Protocol, draw what "
            f"it charges: qb.plot.curves(table); got {quoted(what)}"
        )
    last = None if until is None else horizon_of(until, "until")
    pair = as_pair(what) if isinstance(what, System) else what
    if isinstance(what, System) and (pair is None or not _fits(pair, preparation)):
        return view(what, preparation, last)
    state = {} if pair is None else _pair_state(pair)
    state |= _last(last, state.get("coupling", 1.0)) if (pair or last) else {}
    if preparation is not None:
        state |= _preparation_state(preparation)
    opened = "#" + "&".join(f"{name}={value!r}" for name, value in state.items()) if state else ""
    return Explorer("a pair" if pair is None else repr(pair), opened)


def as_pair(system: System) -> QubitPair | None:
    """The pair that a system is, if it is one: two qubits, lossy at most, that exchange energy."""
    sites, links = system.sites, system.links
    if len(sites) != 2 or (len(system.charger), len(system.battery)) != (1, 1) or len(links) != 1:
        return None
    charger, battery = (sites[name] for (name,) in (system.charger, system.battery))
    link = links[0]
    if not (isinstance(charger, Qubit) and isinstance(battery, Qubit)):
        return None
    if not isinstance(link, Exchange) or link.always or link.envelope is not None:
        return None
    rates = [s for q in (charger, battery) for s in (q.dephasing, q.occupation)]
    if any(np.any(np.asarray(rate)) for rate in rates) or np.iscomplexobj(link.strength):
        return None
    if not np.all(np.asarray(link.strength) > 0):
        return None
    return QubitPair(
        battery.frequency,
        link.strength,
        charger.loss,
        battery.loss,
        charger.frequency - battery.frequency,
    )


def _fits(pair: QubitPair, preparation: object) -> bool:
    """Whether the page can hold what a system that is a pair would be shown as."""
    try:
        _pair_state(pair)
        if preparation is not None:
            _preparation_state(preparation)
    except (TypeError, ValueError):
        return False
    return True


def _pair_state(pair: QubitPair) -> dict[str, float]:
    _single("frequency", pair.frequency, pair)
    rates = ("coupling", "charger_loss", "battery_loss", "detuning")
    return {name: _held(name, _single(name, getattr(pair, name), pair)) for name in rates}


def _last(last: float | None, coupling: float) -> dict[str, float]:
    shown = min(2 * np.pi / coupling, LIMITS["last"][1]) if last is None else _held("last", last)
    return {"last": shown, "time": shown / 5}


def _preparation_state(preparation: object) -> dict[str, float]:
    if not isinstance(preparation, Bloch):
        raise TypeError(
            "the page prepares the charger of a pair by bloch(theta, phi); got "
            f"{quoted(preparation)}"
        )
    theta, phi = (_single(n, getattr(preparation, n), preparation) for n in ("theta", "phi"))
    return {"theta": min(theta, np.pi), "phi": min(phi, 2 * np.pi)}


def _single(name: str, value: Parameter, whose: Described) -> float:
    if isinstance(value, float):
        return value
    raise ValueError(
        f"the page shows one pair at a time, and {name} of {type(whose).__name__} has "
        f"{np.size(value)} values; choose one, or draw all: qb.plot.curves(pair.charge(...))"
    )


def _held(name: str, value: float) -> float:
    least, most = LIMITS[name]
    if least <= value <= most:
        return value
    what = "a last time" if name == "last" else f"a {name.replace('_', ' ')}"
    raise ValueError(
        f"the page holds {what} from {least:g} to {most:g}, and got {value:.6g}: measure all rates "
        "in units of the coupling (coupling=1.0), and times in its inverse"
    )
