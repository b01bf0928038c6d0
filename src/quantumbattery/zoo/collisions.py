"""Repeated collisions: fresh qubits charge a cavity or a ladder, one after another."""

from __future__ import annotations

from functools import cache, partial
from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.protocol import Protocol
from quantumbattery.charging.stroke import Stroke
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.preparations import fock, state
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TURN = 2 * pi
"""How long a collision lasts: a whole turn of the levels (w = 1), so that all fresh qubits meet the
battery with one phase, as in the interaction picture of the sources."""


def _qubit(excited: float, coherent: bool) -> Any:
    """A fresh qubit: the root of its populations as a ket, or the mixture of its levels."""
    shares = np.array([1 - excited, excited])
    return np.outer(np.sqrt(shares), np.sqrt(shares)) if coherent else np.diag(shares)


def _collided(
    system: System,
    fresh: Any,
    number: int,
    measure: str,
    start: Preparation | None = None,
    waiting: tuple[System, float] | None = None,
) -> Any:
    """One measure of the battery before and after each of so many collisions."""
    strokes = [Stroke(system, TURN, reset={"unit": state(fresh)})]
    if waiting is not None:
        strokes.append(Stroke(*waiting))
    prepared = {} if start is None else {"battery": start}
    table = Protocol(strokes, repeat=number).charge(prepared, measures=[measure])
    return table[measure].to_numpy()[:: len(strokes)]


# --- the micromaser ------------------------------------------------------------------------------

SHAGHAGHI = "Shaghaghi et al., Quantum Sci. Technol. 7, 04LT01 (2022)"
FILIPOWICZ = "Filipowicz, Javanainen & Meystre, Phys. Rev. A 34, 3077 (1986)"
TRAP, TOP = 5, 8
"""The trapped level, and the levels that our cavities have."""
TRAPPED = pi / sqrt(TRAP + 1)


def _cavity(angle: float, levels: int = TOP, loss: float = 0.0) -> System:
    """A micromaser; in one collision an excited atom turns by this angle times sqrt(n + 1)."""
    return System(
        {"unit": Qubit(), "battery": Oscillator(levels=levels, loss=loss)},
        [exchange("unit", "battery", angle / TURN)],
        charger="unit",
        battery="battery",
    )


def _climb(angle: float, excited: float, levels: int) -> Any:
    """What a collision with a qubit without coherence does to the populations, (levels, levels)."""
    up = excited * np.sin(angle * np.sqrt(np.arange(1, levels))) ** 2
    down = (1 - excited) * np.sin(angle * np.sqrt(np.arange(levels))) ** 2
    stay = 1 - np.append(up, 0) - down
    return np.diag(stay) + np.diag(up, -1) + np.diag(down[1:], 1)


def _climbed(angle: float, excited: float, levels: int, number: int) -> Any:
    """Populations (number + 1, levels) of a cavity that was empty, collision by collision."""
    found = [np.eye(levels)[0]]
    for _ in range(number):
        found.append(_climb(angle, excited, levels) @ found[-1])
    return np.stack(found)


def _work_of(populations: Any) -> Any:
    """The ergotropy of a ladder without coherence."""
    levels = np.arange(populations.shape[-1])
    return (populations - np.sort(populations)[..., ::-1]) @ levels


def _geometric() -> float:
    weights = 4.0 ** np.arange(TRAP + 1)
    return float(weights @ np.arange(TRAP + 1) / weights.sum())


def _draw_micromaser(axes: Axes) -> None:
    crossings = np.arange(61)
    for k, trap in enumerate((3, 5, 8)):
        cavity = _cavity(pi / sqrt(trap + 1), trap + 2)
        line(axes, k, crossings, _collided(cavity, _qubit(1, False), 60, "ergotropy"),
             rf"$g\tau=\pi/\sqrt{{{trap + 1}}}$")  # fmt: skip
    finish(axes, "atoms that have crossed", r"ergotropy $\mathcal{E}/\omega$", where="lower right")


_MICROMASER = Entry(
    "micromaser",
    "A micromaser: caught at one level, in a pure state",
    [
        Result("energy (w) after 1000 excited atoms, g tau = pi/sqrt 6",
               lambda: _collided(_cavity(TRAPPED), _qubit(1, False), 1000, "energy")[-1], TRAP,
               f"exact: 5 w, sin(g tau sqrt(n + 1)) = 0 at n = 5; {FILIPOWICZ}, as a battery in "
               f"{SHAGHAGHI}", 1e-10),
        Result("purity after 1000 excited atoms, g tau = pi/sqrt 6",
               lambda: _collided(_cavity(TRAPPED), _qubit(1, False), 1000, "purity")[-1], 1.0,
               f"exact: 1, a Fock state; {SHAGHAGHI}", 1e-10),
        Result("energy (w), 0 to 24 excited atoms, g tau = 0.9: not caught",
               lambda: _collided(_cavity(0.9, 26), _qubit(1, False), 24, "energy"),
               lambda: _climbed(0.9, 1, 26, 24) @ np.arange(26),
               "independent: populations atom by atom, n to n + 1 with sin^2(g tau sqrt(n + 1)); "
               f"{FILIPOWICZ}", 1e-11),
        Result("ergotropy (w), 0 to 60 atoms, 0.9 of them excited, g tau = pi/sqrt 6",
               lambda: _collided(_cavity(TRAPPED), _qubit(0.9, False), 60, "ergotropy"),
               lambda: _work_of(_climbed(TRAPPED, 0.9, TOP, 60)),
               "independent: populations atom by atom, sorted", 1e-11),
        Result("energy (w) after 2000 atoms, 0.8 of them excited, g tau = pi/sqrt 6",
               lambda: _collided(_cavity(TRAPPED), _qubit(0.8, False), 2000, "energy")[-1],
               _geometric,
               "exact: p_n in proportion to (0.8/0.2)^n up to the trapped level, by detailed "
               "balance", 1e-10),
    ],
    _draw_micromaser,
    "cavity empty, atoms excited",
)  # fmt: skip

# --- atoms with coherence ------------------------------------------------------------------------

SLOSSER = "Slosser & Meystre, Phys. Rev. A 41, 3867 (1990)"
EXCITED = 0.8


def _cotangent() -> Any:
    """The ket that such atoms leave as it is: c_n / c_(n-1) = -i (e/g) cot(g tau sqrt(n) / 2)."""
    half = TRAPPED * np.sqrt(np.arange(1, TRAP + 1)) / 2
    ratios = -1j * sqrt(EXCITED / (1 - EXCITED)) / np.tan(half)
    ket = np.cumprod([1, *ratios])
    return np.append(ket / np.linalg.norm(ket), np.zeros(TOP - TRAP - 1))


def _fidelity() -> float:
    crossing = Stroke(_cavity(TRAPPED), TURN, reset={"unit": state(_qubit(EXCITED, True))})
    many = Protocol([crossing], repeat=400)
    rho = many.density_matrix({}, many.ends[-1]).to_numpy()
    return float((_cotangent().conj() @ rho @ _cotangent()).real)


@cache
def _meetings(angle: float, loss: float, number: int, levels: int) -> Any:
    """The cavity by force, atoms with coherence."""
    a, b = (brute_force.embed(brute_force.lower(n), k, (2, levels))
            for k, n in enumerate((2, levels)))  # fmt: skip
    swap = angle / TURN * (a.T @ b + b.T @ a)
    jumps = [sqrt(loss) * b] if loss else []
    return brute_force.collisions(
        swap, jumps, _qubit(EXCITED, True), brute_force.empty(levels), TURN, number
    )


def _draw_coherent(axes: Axes) -> None:
    crossings = np.arange(81)
    for k, (coherent, words) in enumerate(((True, "with coherence"), (False, "without"))):
        for j, measure in enumerate(("energy", "ergotropy")):
            found = _collided(_cavity(TRAPPED), _qubit(EXCITED, coherent), 80, measure)
            line(axes, 2 * k + j, crossings, found, f"{measure}, {words}")
    finish(axes, "atoms that have crossed", r"$E/\omega$, $\mathcal{E}/\omega$")


_COHERENT = Entry(
    "micromaser_coherent",
    "Atoms in superpositions: less energy, all of it work",
    [
        Result("weight of the cotangent state after 400 atoms, 0.8 excited", _fidelity, 1.0,
               "exact: 1, with c_n/c_(n-1) = -i (e/g) cot(g tau sqrt(n)/2) up to the trapped "
               f"level; {SLOSSER}", 1e-10),
        Result("energy (w) after 400 atoms, 0.8 excited, with coherence",
               lambda: _collided(_cavity(TRAPPED), _qubit(EXCITED, True), 400, "energy")[-1],
               lambda: np.abs(_cotangent()) ** 2 @ np.arange(TOP),
               f"exact: that of the cotangent state; {SLOSSER}", 1e-10),
        Result("ergotropy (w) after 400 atoms, 0.8 excited, with coherence",
               lambda: _collided(_cavity(TRAPPED), _qubit(EXCITED, True), 400, "ergotropy")[-1],
               lambda: np.abs(_cotangent()) ** 2 @ np.arange(TOP),
               f"exact: all of the energy, the state is pure; {SHAGHAGHI}", 1e-10),
        Result("purity, 0 to 40 atoms, 0.8 excited, with coherence",
               lambda: _collided(_cavity(TRAPPED), _qubit(EXCITED, True), 40, "purity"),
               lambda: np.linalg.norm(_meetings(TRAPPED, 0.0, 40, TOP), axis=(1, 2)) ** 2,
               "independent: Kronecker products, matrix exponential and partial trace, atom by "
               "atom", 1e-12),
    ],
    _draw_coherent,
    r"cavity empty, atoms to 0.8 excited, $g\tau=\pi/\sqrt{6}$",
)  # fmt: skip

# --- a cavity that leaks -------------------------------------------------------------------------

LOSSY = "Shaghaghi et al., Entropy 25, 430 (2023)"
LEAK, WAIT = 0.02, 5.0


def _leaking(measure: str) -> Any:
    """After the last of 400 atoms; the cavity leaks between them."""
    return _after([measure], WAIT, 400)[measure].to_numpy()


def _after(measures: list[str], wait: float, number: int) -> Any:
    """The same of several measures, any wait and any number."""
    leaking = System(
        {"unit": Qubit(), "battery": Oscillator(levels=TOP, loss=LEAK)}, [], "unit", "battery"
    )
    kept = Stroke(_cavity(TRAPPED), TURN, reset={"unit": fock(1)})
    strokes = [Stroke(leaking, wait), kept]
    many = Protocol(strokes, repeat=number)
    return many.charge({}, many.ends[-1], measures)


def _leaked(wait: float = WAIT) -> Any:
    """The populations after an atom that wait and crossing together leave as they are."""
    from scipy.linalg import expm

    n = np.arange(TOP)
    decay = expm(LEAK * wait * (np.diag(n[1:], 1) - np.diag(n)))
    cycle = _climb(TRAPPED, 1, TOP) @ decay - np.eye(TOP)
    cycle[0] = 1  # they sum up to 1
    return np.linalg.solve(cycle, np.eye(TOP)[0])


def _draw_lossy(axes: Axes) -> None:
    waits = np.geomspace(0.005, 50, 25)
    measures = ["energy", "ergotropy"]
    tables = [_after(measures, float(wait), 1000) for wait in waits]  # a stroke has one duration
    for k, measure in enumerate(measures):
        line(axes, k, LEAK * waits, [table[measure].item() for table in tables], measure)
    axes.set_xscale("log")
    finish(axes, r"loss between two atoms $\gamma T$", r"$E/\omega$, $\mathcal{E}/\omega$")


_LOSSY = Entry(
    "micromaser_lossy",
    "A leaking micromaser: little loss takes much of the work",
    [
        *(
            Result(f"{measure}{unit} after 400 excited atoms, loss 0.1 between two of them",
                   partial(_leaking, measure), found,
                   "exact: the fixed point of one cycle of populations, by a linear solve; lossy "
                   f"micromasers as batteries: {LOSSY}", 1e-10)
            for measure, unit, found in (
                ("energy", " (w)", lambda: _leaked() @ np.arange(TOP)),
                ("ergotropy", " (w)", lambda: _work_of(_leaked())),
                ("purity", "", lambda: (_leaked() ** 2).sum()),
            )
        ),
        Result("ergotropy (w), 0 to 30 atoms, 0.8 excited, with coherence, loss while they cross",
               lambda: _collided(_cavity(TRAPPED, TOP, LEAK), _qubit(EXCITED, True), 30,
                                 "ergotropy"),
               lambda: brute_force.work(_meetings(TRAPPED, LEAK, 30, TOP), np.diag(np.arange(TOP))),
               "independent: Lindblad equation by Kronecker products and expm, atom by atom",
               1e-11),
    ],
    _draw_lossy,
    r"after 1000 excited atoms, $g\tau=\pi/\sqrt{6}$",
)  # fmt: skip

# --- a ladder of equal steps ---------------------------------------------------------------------

SEAH = "Seah et al., Phys. Rev. Lett. 127, 100601 (2021)"
INVERTED, ANGLE, MIDDLE = 0.7, 0.4, 12
MEAN = (2 * INVERTED - 1) * sin(ANGLE) ** 2
"""What one collision brings far from both ends, in w."""
SPREAD = sqrt(INVERTED * (1 - INVERTED)) * sin(ANGLE) * cos(ANGLE)
COUNT = np.arange(MIDDLE + 1)
MANY = 20
"""How often it collides from its ground state; one level more than that is never reached."""


def _ladder(levels: int) -> System:
    """A battery of equal steps; an exchange turns by the same angle on each of them."""
    return System(
        {"unit": Qubit(), "battery": Qudit(range(levels), steps=[1.0] * (levels - 1))},
        [exchange("unit", "battery", ANGLE / TURN)],
        charger="unit",
        battery="battery",
    )


def _middle(coherent: bool, measure: str) -> Any:
    """A ladder that starts in its middle: in so few collisions no end is reached."""
    fresh = _qubit(INVERTED, coherent)
    return _collided(_ladder(2 * MIDDLE + 1), fresh, MIDDLE, measure, fock(MIDDLE))


def _phased() -> Any:
    """Energy of a ladder that starts spread over six levels, each with a phase of its own."""
    ket = np.zeros(31, dtype=complex)
    ket[12:18] = (-1j) ** np.arange(6) / sqrt(6)
    return _collided(_ladder(31), _qubit(INVERTED, True), MIDDLE, "energy", state(ket))


@cache
def _from_empty(coherent: bool, inverted: float = INVERTED) -> Any:
    """Energy and ergotropy of a ladder from its ground state, (2, collisions + 1)."""
    meeting = Stroke(_ladder(MANY + 2), TURN, reset={"unit": state(_qubit(inverted, coherent))})
    table = Protocol([meeting], repeat=MANY).charge({}, measures=["energy", "ergotropy"])
    return table.to_dataarray().to_numpy()


@cache
def _from_empty_by_force(coherent: bool) -> Any:
    levels = MANY + 2
    dims = (2, levels)
    a = brute_force.embed(brute_force.lower(2), 0, dims)
    down = brute_force.embed(np.eye(levels, k=1), 1, dims)
    return brute_force.collisions(
        ANGLE * (a.T @ down + down.T @ a), [], _qubit(INVERTED, coherent),
        brute_force.empty(levels), 1.0, MANY,
    )  # fmt: skip


def _draw_ladder(axes: Axes) -> None:
    kinds = ((0.7, True, "with coherence"), (1.0, False, "best without"), (0.7, False, "without"))
    for k, (excited, coherent, words) in enumerate(kinds):
        found = _from_empty(coherent, excited)[1]
        line(axes, k, np.arange(MANY + 1), found, f"$p={excited:g}$, {words}")
    finish(axes, "collisions", r"ergotropy $\mathcal{E}/\omega$", columns=1, where="upper left")


_LADDER = Entry(
    "collisions",
    "Qubits collide with a ladder: coherence beats every mixture",
    [
        *(
            Result(f"energy (w) gained far from both ends, 0 to 12 collisions, {words} coherence",
                   partial(_middle, coherent, "energy"), MIDDLE + MEAN * COUNT,
                   "exact: w k (2p - 1) sin^2 x, from the moments of the infinite ladder, whatever "
                   f"the coherence; model of {SEAH}", 1e-11)
            for coherent, words in ((False, "without"), (True, "with"))
        ),
        Result("energy variance (w^2), 0 to 12 collisions, without coherence",
               lambda: _middle(False, "energy_variance"),
               lambda: COUNT * (sin(ANGLE) ** 2 - MEAN**2),
               f"exact: that of a random walk, k [sin^2 x - (2p - 1)^2 sin^4 x]; {SEAH}", 1e-10),
        Result("energy variance (w^2), 0 to 12 collisions, with coherence",
               lambda: _middle(True, "energy_variance"),
               lambda: COUNT * (sin(ANGLE) ** 2 - MEAN**2) + 2 * SPREAD**2 * COUNT * (COUNT - 1),
               f"exact: the random walk's plus 2 k (k - 1) p (1 - p) sin^2 x cos^2 x, from the "
               f"moments of the infinite ladder; interference spreads faster than chance: {SEAH}",
               1e-10),
        Result("energy (w), ladder in six levels with phases (-i)^n, 0 to 12 collisions",
               _phased, lambda: 14.5 + COUNT * (MEAN + 5 / 3 * SPREAD),
               "exact: each collision brings 2 (5/6) sqrt(p (1 - p)) sin x cos x more", 1e-11),
        *(
            Result(f"{measure} (w), from empty, 0 to 20 collisions, {words} coherence",
                   partial(lambda row, coherent: _from_empty(coherent)[row], row, coherent),
                   partial(lambda read, coherent: read(
                       _from_empty_by_force(coherent), np.diag(np.arange(MANY + 2.0))),
                       read, coherent),
                   "independent: Kronecker products, matrix exponential and partial trace, "
                   "collision by collision", 1e-11)
            for row, (measure, read) in enumerate(
                (("energy", brute_force.energy), ("ergotropy", brute_force.work)))
            for coherent, words in ((False, "without"), (True, "with"))
        ),
        Result("energy from empty, 20 collisions with coherence, p = 0.7, over the best without",
               lambda: _from_empty(True)[0, -1] / _from_empty(False, 1.0)[0, -1],
               lambda: brute_force.energy(_from_empty_by_force(True)[-1], np.diag(
                   np.arange(MANY + 2.0))) / (MANY * sin(ANGLE) ** 2),
               "independent: as above, over k sin^2 x of excited qubits; more than 1, the speed-up "
               f"of {SEAH}", 1e-11),
    ],
    _draw_ladder,
    r"ladder empty; each collision turns by $x=0.4$",
)  # fmt: skip

ENTRIES = (_MICROMASER, _COHERENT, _LOSSY, _LADDER)
