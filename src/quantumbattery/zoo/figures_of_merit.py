"""Figures of merit of a state: what work is, and which part of it somebody can take."""

from __future__ import annotations

from functools import reduce
from itertools import product
from math import cos, log, pi, sin, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.merit.cells import local_ergotropy, locked_ergotropy
from quantumbattery.merit.copies import asymptotic_ergotropy, multi_copy_ergotropy
from quantumbattery.merit.correlations import entropy
from quantumbattery.merit.daemonic import daemonic_ergotropy
from quantumbattery.merit.energy import energy
from quantumbattery.merit.ergotropy import (
    antiergotropy,
    capacity,
    coherent_ergotropy,
    ergotropy,
    incoherent_ergotropy,
)
from quantumbattery.network.preparations import bloch
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUBIT = np.diag([0.0, 1.0])
LADDER = np.diag([-1.0, 0.0, 1.0])

# --- the most work of a finite system ------------------------------------------------------------


def _zero_mean(*populations: float) -> Any:
    """A state with this spectrum and mean energy 0: its eigenvectors are the Fourier basis."""
    places = np.arange(3)
    fourier = np.exp(2j * pi * np.multiply.outer(places, places) / 3) / sqrt(3)
    return fourier @ np.diag(populations) @ fourier.conj().T


def _draw_maximal(axes: Axes) -> None:
    for k, (largest, smallest, printed) in enumerate(((0.90, 0.02, 0.88), (0.91, 0.04, 0.87))):
        least = np.linspace(0, (1 - largest) / 2, 61)
        states = np.stack([_zero_mean(largest, 1 - largest - x, x) for x in least])
        line(axes, k, entropy(states), ergotropy(states, LADDER),
             rf"$p_{{\max}}={largest:.2f}$")  # fmt: skip
        one = _zero_mean(largest, 1 - largest - smallest, smallest)
        line(axes, k, [entropy(one)], [ergotropy(one, LADDER)], f"printed: {printed}",
             linestyle="", marker="os"[k])  # fmt: skip
    axes.set_xmargin(0.03)
    finish(axes, "entropy $S$", r"ergotropy $\mathcal{E}$")


_ALLAHVERDYAN = "Allahverdyan, Balian & Nieuwenhuizen, EPL 67, 565 (2004)"
_FOURIER = (
    "; the printed numbers need a state of mean energy 0, which no diagonal ordering of the "
    "spectrum gives, so that here it stands in the Fourier basis of the three levels"
)

_MAXIMAL = Entry(
    "maximal_work",
    "Three levels: a purer state need not give more work",
    [
        Result("ergotropy, levels -1, 0, 1, spectrum 0.90, 0.08, 0.02",
               lambda: ergotropy(_zero_mean(0.90, 0.08, 0.02), LADDER), 0.88,
               f"printed: 0.88, {_ALLAHVERDYAN}{_FOURIER}", 0.005),
        Result("ergotropy, levels -1, 0, 1, spectrum 0.91, 0.05, 0.04",
               lambda: ergotropy(_zero_mean(0.91, 0.05, 0.04), LADDER), 0.87,
               f"printed: 0.87, {_ALLAHVERDYAN}{_FOURIER}", 0.005),
        Result("capacity, levels -1, 0, 1, spectrum 0.90, 0.08, 0.02",
               lambda: capacity(_zero_mean(0.90, 0.08, 0.02), LADDER), 1.76,
               "exact: 2 (0.90 - 0.02), Yang et al., Phys. Rev. Lett. 131, 030402 (2023)", 1e-13),
        Result("antiergotropy, levels -1, 0, 1, populations 0.90, 0.08, 0.02",
               lambda: antiergotropy(np.diag([0.90, 0.08, 0.02]), LADDER), -1.76,
               "exact: the mean energy -0.88 minus that of the active state, 0.88", 1e-13),
    ],
    _draw_maximal,
    "states of levels $-1, 0, 1$ with mean energy 0",
)  # fmt: skip

# --- coherence -----------------------------------------------------------------------------------

TIMES = np.linspace(0, 3, 25)
THETAS = np.array([0.4, pi / 2, 2.0, 2.7])
FRANCICA = "Francica et al., Phys. Rev. Lett. 125, 180603 (2020)"


def _batteries() -> Any:
    """The battery of the pair at four angles and all times, (angle, time, 2, 2)."""
    joint = QubitPair().density_matrix(bloch(THETAS), TIMES).to_numpy()
    split = joint.reshape(*joint.shape[:-2], 2, 2, 2, 2)
    return np.einsum("...aiaj->...ij", split)


def _parts() -> tuple[Any, Any]:
    """I and C of the paper's Eqs. 55 and 56."""
    wave, angles = np.sin(TIMES), THETAS[:, None]
    return np.sin(angles / 2) ** 2 * wave**2 - 0.5, np.sin(angles) * np.abs(wave) / 2


def _coherent() -> Any:
    inversion, coherence = _parts()
    return np.hypot(inversion, coherence) - np.abs(inversion)


def _draw_coherent(axes: Axes) -> None:
    times = np.linspace(0, pi, 201)
    joint = QubitPair().density_matrix(bloch(2.2), times).to_numpy()
    rho = np.einsum("taiaj->tij", joint.reshape(-1, 2, 2, 2, 2))
    line(axes, 0, times, ergotropy(rho, QUBIT), "all")
    line(axes, 1, times, coherent_ergotropy(rho, QUBIT), "from coherence")
    line(axes, 2, times, incoherent_ergotropy(rho, QUBIT), "from inversion")
    finish(axes, "time $Jt$", r"ergotropy $\mathcal{E}/\omega_b$", columns=3)


_COHERENT = Entry(
    "coherent_ergotropy",
    "Work from coherence comes first, work from inversion later",
    [
        Result("incoherent ergotropy (w) of the pair, 4 angles, 25 times",
               lambda: incoherent_ergotropy(_batteries(), QUBIT),
               lambda: 2 * np.maximum(0, _parts()[0]), f"exact: 2 w max(0, I), {FRANCICA}", 1e-13),
        Result("coherent ergotropy (w) of the pair, 4 angles, 25 times",
               lambda: coherent_ergotropy(_batteries(), QUBIT), _coherent,
               f"exact: w (sqrt(I^2 + C^2) - |I|), {FRANCICA}", 1e-13),
    ],
    _draw_coherent,
    r"charger at $\theta=0.7\pi$",
)  # fmt: skip

# --- many copies ---------------------------------------------------------------------------------

SPECTRUM, LEVELS = np.array([0.6, 0.35, 0.05]), np.array([0.0, 0.6, 1.0])
EXCITED = (LEVELS, SPECTRUM[::-1])
ALICKI = "Alicki & Fannes, Phys. Rev. E 87, 042123 (2013)"


def _copies_by_force(copies: int) -> float:
    """Per copy, all d^n populations and energies written out and sorted."""
    levels, populations = EXCITED
    energies = np.sort([sum(c) for c in product(levels, repeat=copies)])
    chances = np.sort(reduce(np.multiply.outer, [populations] * copies).reshape(-1))[::-1]
    return float(levels @ populations - chances @ energies / copies)


def _gibbs_work() -> float:
    """E minus the energy of the Gibbs state of equal entropy, in 30 digits."""
    from mpmath import findroot, fsum, mp, mpf

    with mp.workdps(30):
        p = [mpf(str(x)) for x in EXCITED[1]]
        h = [mpf(str(x)) for x in EXCITED[0]]
        entropy = -fsum(x * mp.log(x) for x in p)

        def at(beta: Any) -> tuple[Any, Any]:
            weights = [mp.exp(-beta * x) for x in h]
            total = fsum(weights)
            mean = fsum(x * w for x, w in zip(h, weights, strict=True)) / total
            return mean, beta * mean + mp.log(total)

        beta = findroot(lambda b: at(b)[1] - entropy, (1, 3), solver="anderson")
        return float(fsum(x * y for x, y in zip(p, h, strict=True)) - at(beta)[0])


def _copies(count: int) -> Any:
    levels, populations = EXCITED
    return multi_copy_ergotropy(np.diag(populations), np.diag(levels), count)


def _two_levels() -> float:
    """An asymptotic ergotropy by hand: at equal entropy a half filled triple of levels 0, 1, 2."""
    from scipy.optimize import brentq

    def entropy(x: float) -> float:
        p = np.array([1.0, x, x * x]) / (1 + x + x * x)
        return float(-(p * np.log(p)).sum())

    x = float(brentq(lambda y: entropy(y) - log(2), 1e-6, 1 - 1e-9, xtol=1e-15))
    return 0.5 - (x + 2 * x * x) / (1 + x + x * x)


def _draw_copies(axes: Axes) -> None:
    counts = np.arange(1, 31)
    line(axes, 0, counts, [_copies(int(n)) for n in counts], "$n$ copies, per copy",
         linestyle="", marker="o", markersize=3.5)  # fmt: skip
    limit = float(asymptotic_ergotropy(np.diag(EXCITED[1]), np.diag(EXCITED[0])))
    line(axes, 1, counts, np.full(30, limit), r"$n\to\infty$")
    finish(axes, "copies $n$", "ergotropy per copy", where="lower right")
    axes.set_xlim(0, 31)


_COPIES = Entry(
    "many_copies",
    "Together, copies give more work than one by one",
    [
        Result("ergotropy of each of 6 copies, levels 0, 0.6, 1",
               lambda: _copies(6), lambda: _copies_by_force(6),
               f"independent: all 3^6 populations and energies sorted; {ALICKI}", 1e-12),
        Result("ergotropy of each of endless copies, levels 0, 0.6, 1",
               lambda: asymptotic_ergotropy(np.diag(EXCITED[1]), np.diag(EXCITED[0])), _gibbs_work,
               f"exact: E minus that of the Gibbs state of equal entropy, in 30 digits; {ALICKI}",
               1e-13),
        Result("ergotropy of each of endless copies, populations 1/2, 1/2, 0 on levels 0, 1, 2",
               lambda: asymptotic_ergotropy(np.diag([0.5, 0.5, 0.0]), np.diag([0.0, 1.0, 2.0])),
               _two_levels,
               "exact: 1/2 minus the Gibbs energy at entropy ln 2; one copy alone is passive",
               1e-13),
        Result("ergotropy of each of 50 copies of a qubit, populations 0.3, 0.7",
               lambda: multi_copy_ergotropy(np.diag([0.3, 0.7]), QUBIT, 50), 0.4,
               "exact: 0.7 - 0.3; a passive qubit is thermal, so copies add nothing", 1e-13),
    ],
    _draw_copies,
    "a state of levels 0, 0.6, 1",
)  # fmt: skip

# --- measured chargers, separate cells -----------------------------------------------------------

DAEMON = "Francica et al., npj Quantum Inf. 3, 12 (2017)"


def _joint(theta: float) -> Any:
    return QubitPair().density_matrix(bloch(theta), TIMES).to_numpy()


def _measured_energy() -> Any:
    """Work after a measurement of the charger in its own levels, outcome by outcome."""
    dims = (2, 2)
    a, b = (brute_force.embed(brute_force.lower(2), k, dims) for k in (0, 1))
    states = brute_force.densities(
        a.T @ a + b.T @ b + a.T @ b + b.T @ a, [sqrt(0.5) * a], np.diag([0, 0, 1.0, 0]), TIMES
    )
    blocks = states.reshape(-1, 2, 2, 2, 2)
    return sum(brute_force.work(blocks[:, k, :, k, :], QUBIT) for k in (0, 1))


def _draw_daemonic(axes: Axes) -> None:
    times = np.linspace(0, pi, 61)
    joint = QubitPair(charger_loss=0.5).density_matrix(bloch(pi), times).to_numpy()
    rho = np.einsum("taiaj->tij", joint.reshape(-1, 2, 2, 2, 2))
    line(axes, 6, times, energy(rho, QUBIT), "energy", linewidth=0.9)
    line(axes, 0, times, daemonic_ergotropy(joint, QUBIT, (2, 2)), "charger measured")
    line(axes, 1, times, ergotropy(rho, QUBIT), "not measured")
    finish(axes, "time $Jt$", r"ergotropy $/\omega_b$", columns=3)


_DAEMONIC = Entry(
    "daemonic_ergotropy",
    "Looking at the charger frees the work that it hides",
    [
        Result("daemonic ergotropy (w) of the lossless pair, theta = 2, 25 times",
               lambda: daemonic_ergotropy(_joint(2.0), QUBIT, (2, 2)),
               lambda: sin(1.0) ** 2 * np.sin(TIMES) ** 2,
               f"exact: E itself, whatever is measured, for a pure joint state; {DAEMON}", 1e-12),
        Result("daemonic ergotropy (w), lossless, theta = 2, measured in |0> + |1>, |0> - |1>",
               lambda: daemonic_ergotropy(_joint(2.0), QUBIT, (2, 2),
                                          np.array([[1, 1], [1, -1]]) / sqrt(2)),
               lambda: sin(1.0) ** 2 * np.sin(TIMES) ** 2, "exact: E itself", 1e-13),
        Result("daemonic ergotropy (w), loss J/2, theta = pi, measured in |0>, |1>",
               lambda: daemonic_ergotropy(
                   QubitPair(charger_loss=0.5).density_matrix(bloch(pi), TIMES).to_numpy(),
                   QUBIT, (2, 2), np.eye(2)),
               _measured_energy,
               "independent: Lindblad equation by expm, the work of each outcome added", 1e-13),
    ],
    _draw_daemonic,
    r"charger full, loss $\gamma=J/2$",
)  # fmt: skip


def _entangled(angle: float) -> Any:
    """The state cos |00> + sin |11>, whose cells alone are passive up to pi / 4."""
    ket = np.array([cos(angle), 0, 0, sin(angle)])
    return np.outer(ket, ket)


ANGLES = np.linspace(0, pi / 2, 19)


def _draw_locked(axes: Axes) -> None:
    angles = np.linspace(0, pi / 2, 101)
    states, pair = np.stack([_entangled(x) for x in angles]), [QUBIT, QUBIT]
    line(axes, 0, angles / pi, ergotropy(states, np.diag([0.0, 1, 1, 2])), "both together")
    line(axes, 1, angles / pi, local_ergotropy(states, pair), "each alone")
    line(axes, 2, angles / pi, locked_ergotropy(states, pair), "locked")
    finish(axes, r"angle $x/\pi$",
           r"ergotropy $/\omega$", columns=3)  # fmt: skip


_LOCKED = Entry(
    "locked_ergotropy",
    "Two entangled cells: work that neither can give alone",
    [
        Result("local ergotropy (w) of cos x |00> + sin x |11>, 19 angles",
               lambda: local_ergotropy(np.stack([_entangled(x) for x in ANGLES]), [QUBIT, QUBIT]),
               lambda: 2 * np.maximum(0, 2 * np.sin(ANGLES) ** 2 - 1),
               "exact: 2 w max(0, 2 sin^2 x - 1), of cells without coherence", 1e-13),
        Result("locked ergotropy (w) of cos x |00> + sin x |11>, 19 angles",
               lambda: locked_ergotropy(np.stack([_entangled(x) for x in ANGLES]), [QUBIT, QUBIT]),
               lambda: 2 * np.minimum(np.sin(ANGLES) ** 2, np.cos(ANGLES) ** 2),
               "exact: 2 w min(sin^2 x, cos^2 x), the whole work 2 w sin^2 x of a pure state minus "
               "that of the cells", 1e-12),
    ],
    _draw_locked,
    r"two cells in $\cos x\,|00\rangle+\sin x\,|11\rangle$",
)  # fmt: skip

ENTRIES = (_MAXIMAL, _COHERENT, _COPIES, _DAEMONIC, _LOCKED)
