"""Many sites: a star of chargers, and lines with mediators between charger and battery."""

from __future__ import annotations

from functools import cache, partial
from itertools import pairwise
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.preparations import bloch, coherent, fock, squeezed
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.zoo import brute_force, quadratures
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes


TIMES = np.linspace(0, 6, 31)
CHRISTANDL = "Christandl et al., Phys. Rev. Lett. 92, 187902 (2004)"

# --- star ----------------------------------------------------------------------------------------


def _best_power(chargers: int) -> float:
    system = models.star(chargers=chargers)
    return peak(lambda t: curve(system, fock(1), t, "power"), 0.2, 1.0)[1]


def _highest(scale: float) -> float:
    """The highest value of sin^2(x) / x, times the scale: tan x = 2 x."""
    from scipy.optimize import brentq

    x = float(brentq(lambda y: np.tan(y) - 2 * y, 1.0, 1.3, xtol=1e-15))
    return scale * float(np.sin(x)) ** 2 / x


def _star_by_force() -> Any:
    dims = (2, 2, 2, 2)
    ones = [brute_force.embed(brute_force.lower(2), k, dims) for k in range(4)]
    h = sum(s.T @ s for s in ones)
    for s in ones[:3]:
        h = h + s.T @ ones[3] + ones[3].T @ s
    start, charger = np.array([1.0, 0.0]), [np.cos(0.6), np.sin(0.6)]
    for _ in range(3):
        start = np.kron(charger, start)
    return brute_force.work(
        brute_force.last(brute_force.kets(h, start, TIMES), 2), np.diag([0.0, 1.0])
    )


def _draw_star(axes: Axes) -> None:
    times = np.linspace(0, 3, 301)
    for k, chargers in enumerate((1, 2, 4, 8)):
        values = curve(models.star(chargers=chargers), fock(1), times, "power")
        line(axes, k, times, values, f"$N={chargers}$")
    finish(axes, "time $Jt$", r"power $P/(\omega J)$", columns=4)


_STAR = Entry(
    "star",
    r"$N$ chargers around one battery: power grows as $\sqrt{N}$",
    [
        Result("energy (w), 5 chargers, all full, 31 times",
               lambda: curve(models.star(chargers=5), fock(1), TIMES),
               lambda: np.sin(sqrt(5) * TIMES) ** 2,
               "exact: w sin^2(sqrt(N) J t), of the two states N + 0 and N-1 + 1; Joshi & Mahesh, "
               "Phys. Rev. A 106, 042601 (2022)", 1e-13),
        Result("highest power (w J), 6 chargers", lambda: _best_power(6),
               lambda: _highest(sqrt(6)), "exact: B sqrt(N), B = max of sin^2(x)/x = 0.7246",
               1e-13),
        Result("ergotropy (w), 3 chargers at theta = 1.2, 31 times",
               lambda: curve(models.star(chargers=3), bloch(1.2), TIMES, "ergotropy"),
               _star_by_force, "independent: Kronecker products and eigenvectors", 1e-12),
    ],
    _draw_star,
    "each charger full",
)  # fmt: skip

# --- lines ---------------------------------------------------------------------------------------


def _uniform(qubits: int, **rates: float) -> System:
    if not rates:
        return models.chain(couplings=[1.0] * (qubits - 1))
    names = [f"cell_{k}" for k in range(qubits)]
    links = [exchange(a, b, 1.0) for a, b in pairwise(names)]
    return System({name: Qubit(**rates) for name in names}, links, names[0], names[-1])


def _arrival(qubits: int) -> Any:
    """The probability that an excitation has come to the far end, by the modes of the line."""
    k = np.arange(1, qubits + 1) * pi / (qubits + 1)
    shape = 2 / (qubits + 1) * np.sin(k) * np.sin(qubits * k)
    return np.abs(np.exp(-2j * np.multiply.outer(TIMES, np.cos(k))) @ shape) ** 2


def _work(share: Any, excited: float) -> Any:
    """Ergotropy of a qubit that got this share of a pure charger (w = 1)."""
    root = np.sqrt(1 - 4 * excited**2 * share * (1 - share))
    return excited * share - (1 - root) / 2


def _draw_chain(axes: Axes) -> None:
    times = np.linspace(0, 16, 401)
    for k, qubits in enumerate((2, 4, 8, 16)):
        line(axes, k, times, curve(_uniform(qubits), fock(1), times), f"$n={qubits}$")
    finish(axes, "time $Jt$", r"energy $E/\omega$ of the last qubit", columns=4)


_CHAIN = Entry(
    "chain",
    "A uniform line: the charge arrives late, and not whole",
    [
        Result("energy (w), 3 qubits, 31 times", lambda: curve(models.chain(), fock(1), TIMES),
               lambda: np.sin(TIMES / sqrt(2)) ** 4, "exact: w sin^4(J t / sqrt(2))", 1e-12),
        Result("energy (w), 20 qubits, 31 times",
               lambda: curve(_uniform(20), fock(1), TIMES), lambda: _arrival(20),
               "exact: sum over the standing waves of the line, energies 2 J cos(pi k / (n + 1))",
               1e-15),
        Result("ergotropy (w), 6 qubits, charger at theta = 2",
               lambda: curve(_uniform(6), bloch(2.0), TIMES, "ergotropy"),
               lambda: _work(_arrival(6), float(np.sin(1.0) ** 2)),
               "exact: Eq. 69 of Downing & Ukhtary 2026 with f^2 the chance of arrival", 1e-12),
    ],
    _draw_chain,
    "first qubit full",
)  # fmt: skip


def _perfect(qubits: int) -> System:
    return models.chain(couplings=[sqrt(k * (qubits - k)) for k in range(1, qubits)])


def _draw_perfect(axes: Axes) -> None:
    times = np.linspace(0, pi, 301)
    for k, qubits in enumerate((2, 5, 20, 60)):
        line(axes, k, times, curve(_perfect(qubits), fock(1), times), f"$n={qubits}$")
    finish(axes, "time $Jt$", r"energy $E/\omega$ of the last qubit", columns=4)


_PERFECT = Entry(
    "perfect_transfer_chain",
    "Right couplings: full at the same time over any distance",
    [
        Result("energy (w), 12 qubits, 31 times",
               lambda: curve(_perfect(12), fock(1), TIMES), lambda: np.sin(TIMES) ** 22,
               f"exact: w sin^(2n - 2)(J t), couplings J sqrt(k (n - k)), {CHRISTANDL}", 1e-12),
        Result("energy (w) of the last of 60 qubits at J t = pi/2",
               lambda: curve(_perfect(60), fock(1), pi / 2), 1.0,
               f"exact: w, the transfer is perfect, {CHRISTANDL}", 1e-12),
    ],
    _draw_perfect,
    "first qubit full",
)  # fmt: skip

# --- a mediator ----------------------------------------------------------------------------------


def _mediated(first: float, second: float) -> Any:
    rate = first**2 + second**2
    return (first * second / rate * (1 - np.cos(sqrt(rate) * TIMES))) ** 2


def _mediator() -> System:
    return System(
        {name: Qubit() for name in ("charger", "mediator", "battery")},
        [exchange("charger", "mediator", 1.0), exchange("mediator", "battery", 1.0)],
        battery="mediator",
    )


def _draw_mediator(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi / sqrt(2), 301)
    line(axes, 0, times, curve(models.chain(), fock(1), times), "battery")
    line(axes, 1, times, curve(_mediator(), fock(1), times), "mediator")
    line(axes, 2, times, curve(models.qubit_pair(), fock(1), times), "battery without it")
    finish(axes, "time $gt$", r"energy $E/\omega$", columns=3)


_MEDIATOR = Entry(
    "mediator",
    "A catalyst: it carries the charge and keeps nothing",
    [
        Result("energy (w), couplings 0.7 and 1.6, 31 times",
               lambda: curve(models.chain(couplings=[0.7, 1.6]), fock(1), TIMES),
               lambda: _mediated(0.7, 1.6),
               "exact: w [(g h / Om^2)(1 - cos Om t)]^2, Om^2 = g^2 + h^2", 1e-13),
        Result("ergotropy (w), couplings 0.7 and 1.6, charger at theta = 1",
               lambda: curve(models.chain(couplings=[0.7, 1.6]), bloch(1.0), TIMES, "ergotropy"),
               lambda: _work(_mediated(0.7, 1.6), float(np.sin(0.5) ** 2)),
               "exact: Eq. 69 of Downing & Ukhtary 2026 with f^2 the chance of arrival", 1e-13),
        Result("energy (w) of the mediator when the battery is full",
               lambda: curve(_mediator(), fock(1), pi / sqrt(2)), 0.0,
               "exact: 0; w sin^2(sqrt(2) g t) / 2 at g t = pi / sqrt(2)", 1e-13),
    ],
    _draw_mediator,
    "charger full",
)  # fmt: skip

# --- a lossy line --------------------------------------------------------------------------------


def _draw_lossy(axes: Axes) -> None:
    losses = np.linspace(0, 0.5, 11)
    times = np.linspace(0.5, 10, 96)
    for k, qubits in enumerate((2, 4, 8)):
        best = [curve(_uniform(qubits, loss=g), fock(1), times).max() for g in losses]
        line(axes, k, losses, best, f"$n={qubits}$")
    finish(axes, r"loss $\gamma/J$ of every qubit", r"highest energy $E/\omega$", columns=3)


_LOSSY = Entry(
    "lossy_chain",
    "A lossy line: the later the charge, the less of it",
    [
        Result("energy (w), 8 qubits, each with loss 0.2 J, 31 times",
               lambda: curve(_uniform(8, loss=0.2), fock(1), TIMES),
               lambda: np.exp(-0.2 * TIMES) * _arrival(8),
               "exact: exp(-g t) times that of the lossless line, since all decay alike", 1e-13),
        Result("ergotropy (w), 4 qubits, loss 0.1 J, charger at theta = 2",
               lambda: curve(_uniform(4, loss=0.1), bloch(2.0), TIMES, "ergotropy"),
               lambda: _work(np.exp(-0.1 * TIMES) * _arrival(4), float(np.sin(1.0) ** 2)),
               "exact: Eq. 69 of Downing & Ukhtary 2026 with f^2 = exp(-g t) times the chance of "
               "arrival", 1e-13),
    ],
    _draw_lossy,
    "first qubit full",
)  # fmt: skip

# --- a long line of oscillators ------------------------------------------------------------------

LONG, LEAK, WARMTH = 100, 0.01, 0.5  # oscillators; loss of each; mean quanta of the baths
ARRIVALS = np.linspace(40, 64, 13)
RIEDER = "Rieder, Lebowitz & Lieb, J. Math. Phys. 8, 1073 (1967)"


def _oscillators(number: int, first: Oscillator, others: Oscillator, last: Oscillator) -> System:
    """A line with couplings J = 1: the first charges the last."""
    names = [f"cell_{k}" for k in range(number)]
    sites = dict.fromkeys(names, others) | {names[0]: first, names[-1]: last}
    links = [exchange(a, b, 1.0) for a, b in pairwise(names)]
    return System(sites, links, names[0], names[-1])


def _alike(number: int, warmth: float = 0.0) -> System:
    cell = Oscillator(loss=LEAK, occupation=warmth)
    return _oscillators(number, cell, cell, cell)


@cache
def _share(number: int) -> Any:
    """Of the quanta of the first oscillator in the last, by the matrix of the amplitudes."""
    from scipy.linalg import expm

    hop = np.eye(number, k=1) + np.eye(number, k=-1)
    rate = -1j * hop - LEAK / 2 * np.eye(number)
    return np.array([abs(expm(rate * t)[-1, 0]) ** 2 for t in ARRIVALS])


def _squeezed_work(r: float) -> Any:
    """Ergotropy of the last oscillator that got its share of a squeezed vacuum."""
    share, quanta = _share(LONG), np.sinh(r) ** 2
    return share * quanta - (np.sqrt(1 + 4 * share * (1 - share) * quanta) - 1) / 2


@cache
def _warm_line() -> tuple[Any, Any]:
    """Mean and covariance of the last, of a warm line whose first is squeezed by 1."""
    losses, spread = [LEAK] * LONG, np.eye(2 * LONG) / 2
    spread[:2, :2] = np.diag([np.exp(-2), np.exp(2)]) / 2
    noise = quadratures.noise(losses, [WARMTH] * LONG)
    start = np.zeros(2 * LONG), spread
    return quadratures.last(quadratures.moved(quadratures.line(LONG, losses), noise, ARRIVALS,
                                              start))  # fmt: skip


def _between_baths(number: int) -> float:
    """Energy of the last in the end: the first loses to a bath of mean 5, it to one of mean 1."""
    ends = Oscillator(loss=0.8, occupation=5.0), Oscillator(loss=0.8, occupation=1.0)
    return float(curve(_oscillators(number, ends[0], Oscillator(), ends[1]), {}, np.inf))


def _draw_oscillators(axes: Axes) -> None:
    times = np.linspace(0, 70, 281)
    for k, number in enumerate((25, 50, 100)):
        line(axes, k, times, curve(_alike(number), coherent(5.0), times), f"$n={number}$")
    finish(axes, "time $Jt$", r"energy $E/\omega$ of the last", columns=3)


_OSCILLATORS = Entry(
    "oscillator_chain",
    "A hundred oscillators in line: light arrives as light",
    [
        *(
            Result(f"{measure} (w), {LONG} oscillators, loss 0.01 J, 25 coherent quanta, 13 times",
                   partial(curve, _alike(LONG), coherent(5.0), ARRIVALS, measure),
                   lambda: 25 * _share(LONG),
                   f"independent: the {LONG} amplitudes, by expm of their matrix{why}", 1e-12)
            for measure, why in (("energy", ""), ("ergotropy", "; the last is coherent"))
        ),
        Result(f"ergotropy (w), {LONG} oscillators, loss 0.01 J, the first squeezed by 2",
               lambda: curve(_alike(LONG), squeezed(2.0), ARRIVALS, "ergotropy"),
               lambda: _squeezed_work(2.0),
               "exact: E - (w/2)[sqrt(1 + 4 F (1 - F) sinh^2 r) - 1], F the chance of arrival, by "
               "expm of the amplitudes", 1e-12),
        *(
            Result(f"{measure} (w), {LONG} oscillators, loss 0.01 J to baths of mean 1/2, the "
                   "first squeezed by 1",
                   partial(curve, _alike(LONG, WARMTH), squeezed(1.0), ARRIVALS, measure),
                   lambda read=read: read(*_warm_line()),
                   "independent: covariances of x and p, by expm and Lyapunov's equation", 1e-11)
            for measure, read in (("energy", quadratures.energy), ("ergotropy", quadratures.work))
        ),
        Result("energy of the last in the end (w), 2, 7 and 60 oscillators between baths of mean 5 "
               "and 1, loss 0.8 J at the ends alone", lambda: [_between_baths(n)
                                                               for n in (2, 7, 60)],
               1 + 2 * 4 / (0.8**2 + 4),
               "exact: w [N' + 2 J^2 (N - N')/(g^2 + 4 J^2)] of two, and of any number: what flows "
               f"does not depend on the length ({RIEDER})", 1e-11),
    ],
    _draw_oscillators,
    r"first: 25 coherent quanta; all lose $J/100$",
)  # fmt: skip

ENTRIES = (_STAR, _CHAIN, _PERFECT, _MEDIATOR, _LOSSY, _OSCILLATORS)
