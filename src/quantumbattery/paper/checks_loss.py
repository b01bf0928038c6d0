"""Eqs. 60-70: a charger that loses energy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from quantumbattery.paper import approximations, arbitrary_precision, evidence, printed
from quantumbattery.paper.checks_charging import constant_error
from quantumbattery.paper.checks_moments import COUPLING, FREQUENCY, ODD_MOMENTS, SECOND_MOMENTS
from quantumbattery.paper.evidence import SIGMA, SIGMA_A, Array, Pairs, Sample
from quantumbattery.paper.verdict import ROUNDING, Row, approximation, definition, formula, gap


def rows(lossy: Sample, overdamped: Sample, constants: dict[str, Any]) -> list[Row]:
    """Return the verdicts on Eqs. 60-70 from lossy states on both sides of gamma = 4 J."""
    return [
        _master_equation(lossy),
        _frequency(lossy),
        _energy(lossy, overdamped),
        *_best_energy(lossy, overdamped),
        *_first_orders(constants),
        _ergotropy(lossy, overdamped),
        _capacity(lossy, overdamped),
    ]


def _master_equation(sample: Sample) -> Row:
    pairs = sample.pairs
    h = evidence.hamiltonian(pairs.frequency, pairs.coupling)
    truth = evidence.slope(pairs, sample.rho)
    literal, right = [], []
    for k, loss in enumerate(pairs.loss):
        state = (sample.rho[k], h[k], SIGMA_A, float(loss))
        literal.append(gap(printed.eq60(*state), truth[k]) / loss)
        right.append(gap(printed.eq60_corrected(*state), truth[k]) / loss)
    change = printed.eq60(sample.rho[0], 0 * h[0], SIGMA_A, 1.0)
    return formula(
        60,
        "master equation",
        "The last term must be rho sigma_a^dag sigma_a, the operators behind the state; as printed "
        "the one before it is merely repeated. Found by exponentiating both: only the corrected "
        "one is the amplitude-damping channel of a decaying qubit, and only it keeps states "
        f"Hermitian (trace conservation, broken by {gap(np.trace(change), 0):.0e}, does not tell "
        "them apart). The error is that of the rate of change of solved states, in units of gamma.",
        max(max(literal), _channel_error(printed.eq60)),
        max(max(right), _channel_error(printed.eq60_corrected)),
    )


def _channel_error(rate: Callable[[Array, Array, Array, float], Array]) -> float:
    """Return how far exp(generator) is from the Kraus map of a qubit that decays for time 1."""
    from scipy.linalg import expm

    loss, rest = 0.7, np.zeros((2, 2))
    keep, drop = np.diag([1.0, np.exp(-loss / 2)]), np.sqrt(1 - np.exp(-loss)) * SIGMA
    units = np.eye(4).reshape(4, 2, 2)
    generator = np.stack([rate(unit, rest, SIGMA, loss).ravel() for unit in units], axis=1)
    channel = [(keep @ unit @ keep + drop @ unit @ drop.T).ravel() for unit in units]
    return gap(expm(generator), np.stack(channel, axis=1))


def _frequency(sample: Sample) -> Row:
    pairs = sample.pairs
    spectrum = np.linalg.eigvals(evidence.liouvillian(pairs))
    g = printed.eq61(pairs.loss, pairs.coupling)
    worst = 0.0
    for sign in (1, -1):
        expected = -pairs.loss / 4 + 1j * (sign * g - pairs.frequency)
        nearest = np.abs(spectrum - expected[:, None]).min(axis=1)
        worst = max(worst, float((nearest / pairs.coupling).max()))
    return definition(
        61,
        "frequency of the damped exchange",
        "Checked: the generator has the eigenvalues -gamma/4 - i omega_b +- i G; absolute, in J. "
        "At gamma = 4 J, where G = 0, read sin(G t)/G as t in Eqs. 62, 69 and 70.",
        worst,
    )


def replaced(operators: tuple[Array, ...], decay: dict[int, float]) -> float:
    """Return the error of the text's rules for adding loss to a matrix of moments.

    Parameters
    ----------
    operators
        The moments, as matrices.
    decay
        For each index of the diagonal, what the text subtracts there, in units of i gamma.
    """
    loss = 0.3
    h = evidence.hamiltonian(np.array(FREQUENCY), np.array(COUPLING))
    expected = evidence.equation_of_motion(operators, h)[0].copy()
    for k, share in decay.items():
        expected[k, k] -= 1j * share * loss
    found, rest = evidence.equation_of_motion(operators, h, loss)
    return max(rest, gap(found, expected))


def _beyond(quantity: Callable[..., Array], sample: Sample, truth: Array) -> float:
    """Return the error of a formula continued to gamma > 4 J by a complex coupling."""
    pairs = sample.pairs
    return gap(quantity(pairs.theta, sample.time, pairs.loss, pairs.coupling + 0j), truth)


def _energy(sample: Sample, overdamped: Sample) -> Row:
    pairs = sample.pairs
    rules = replaced(SECOND_MOMENTS, {0: 1.0, 2: 0.5, 3: 0.5})
    beyond = _beyond(printed.eq62, overdamped, overdamped.energies[0])
    return formula(
        62,
        "stored energy, lossy",
        "Against the solved master equation, 0 < gamma < 3.9 J; absolute, in omega_b. Continued "
        f"to 4.1 J < gamma < 12 J, where the sine turns into sinh, it is off by {beyond:.0e}. The "
        "replacements in the matrix of Eq. 21 follow from the adjoint dissipator within "
        f"{rules:.0e}.",
        max(
            gap(
                printed.eq62(pairs.theta, sample.time, pairs.loss, pairs.coupling),
                sample.energies[0],
            ),
            beyond,
            rules,
        ),
    )


def _best_energy(sample: Sample, overdamped: Sample) -> list[Row]:
    few = _first(sample.pairs, 16)
    many = _first(overdamped.pairs, 16)
    times, highest = evidence.optimum(few, "energy")
    late, high = evidence.optimum(many, "energy")
    continued = (many.loss, many.coupling + 0j)
    time_beyond = gap(printed.eq63(*continued) * many.coupling, late * many.coupling)
    high_beyond = gap(printed.eq64(many.theta, *continued), high / many.frequency)
    return [
        formula(
            63,
            "time of the highest energy, lossy",
            "Against a numerical maximisation, 0 < gamma < 3.9 J; absolute, in 1/J. Continued to "
            f"gamma > 4 J (artanh) it is off by {time_beyond:.0e}.",
            max(
                gap(printed.eq63(few.loss, few.coupling) * few.coupling, times * few.coupling),
                time_beyond,
            ),
        ),
        formula(
            64,
            "highest energy, lossy",
            "Against the same maximisation; absolute, in omega_b. Continued to gamma > 4 J it is "
            f"off by {high_beyond:.0e}.",
            max(
                gap(printed.eq64(few.theta, few.loss, few.coupling), highest / few.frequency),
                high_beyond,
            ),
        ),
    ]


def _first(pairs: Pairs, count: int) -> Pairs:
    """Return the first few pairs."""
    return Pairs(*(parameter[:count] for parameter in vars(pairs).values()))


@cache
def _full_charger_optima(quantity: str) -> tuple[Array, Array]:
    """Find the optima for gamma/J = 0.05, 0.10 ... 1."""
    loss = np.linspace(0.05, 1.0, 20)
    one = np.ones_like(loss)
    return evidence.optimum(Pairs(np.pi * one, 0 * one, one, one, loss), quantity)


def _expansion(
    number: int,
    title: str,
    quantity: str,
    part: int,
    expansion: Callable[[Array], Array],
    extra: str,
) -> Row:
    """Judge a first-order expansion: its remainder over (gamma/J)^2, and how far it reaches.

    Parameters
    ----------
    number, title, extra
        As in `Row`; `extra` ends the note.
    quantity, part
        What is maximised, and 0 for its time or 1 for its height.
    expansion
        The printed form for a full charger and J = omega_b = 1, as a function of gamma.
    """
    remainders = []
    for ratio in ("1e-2", "1e-3", "1e-4"):
        exact = arbitrary_precision.optimum("pi", ratio, quantity)[part]
        claimed = float(expansion(np.array(float(ratio))))
        remainders.append((claimed / float(exact) - 1) / float(ratio) ** 2)
    loss = np.linspace(0.05, 1.0, 20)
    deviation = np.abs(expansion(loss) / _full_charger_optima(quantity)[part] - 1)
    return approximation(
        number,
        title,
        f"Relative, over 0 < gamma/J <= 1 at any theta, largest at 1; {deviation[1]:.1e} at 0.1. "
        "Leading order right: in arbitrary precision the relative remainder over (gamma/J)^2 "
        f"settles at {remainders[-1]:.4f} down to gamma/J = 1e-4.{extra}",
        float(deviation.max()),
        # A leading coefficient off by d would make the last two differ by 9000 d.
        bool(abs(remainders[2] - remainders[1]) < 1e-2 and np.argmax(deviation) == 19),
    )


def _first_orders(constants: dict[str, Any]) -> list[Row]:
    a, k, el = approximations.A, approximations.K, approximations.L
    closed = gap(k, -a * np.tan(2 * a) / 4) + gap(el, k / a)
    errors = max(
        closed,
        constant_error("K", "0.306", constants),
        constant_error("L", "0.262", constants),
    )
    trial = _transcendental()
    if not max(errors, trial) < ROUNDING:
        raise ArithmeticError(f"The constants K and L are off by {errors:.1e}, {trial:.1e}.")
    return [
        _expansion(65, "time of the highest energy, small loss", "energy", 0, printed.eq65, ""),
        _expansion(
            66,
            "highest energy, small loss",
            "energy",
            1,
            lambda loss: printed.eq66(np.pi, loss),
            "",
        ),
        _expansion(
            67,
            "time of the highest power, small loss",
            "power",
            0,
            printed.eq67,
            f" K = {k!r} = -A tan(2A)/4 and L = {el!r} agree with the dynamics within "
            f"{errors:.0e}; the text's equation for x = G t_P holds at numerical optima within "
            f"{trial:.0e}.",
        ),
        _expansion(
            68,
            "highest power, small loss",
            "power",
            1,
            lambda loss: printed.eq68(np.pi, loss),
            "",
        ),
    ]


def _transcendental() -> float:
    """Return the residue of (1 + gamma x / 2G) tan x = 2 x at x = G t_P found numerically."""
    loss = np.linspace(0.0, 3.0, 4)
    one = np.ones_like(loss)
    times, _ = evidence.optimum(Pairs(2 * one, 0 * one, one, one, loss), "power")
    g = np.sqrt(1 - (loss / 4) ** 2)
    x = g * times
    return gap((1 + loss * x / (2 * g)) * np.sin(x), 2 * x * np.cos(x))


def _ergotropy(sample: Sample, overdamped: Sample) -> Row:
    pairs = sample.pairs
    rules = replaced(ODD_MOMENTS, {0: 0.5, 2: 1.0, 3: 0.5})
    far = overdamped.energies
    beyond = _beyond(printed.eq69, overdamped, far[0] - far[1])
    claimed = printed.eq69(pairs.theta, sample.time, pairs.loss, pairs.coupling)
    return formula(
        69,
        "ergotropy, lossy",
        "Against sorted eigenvalues of the solved states, 0 < gamma < 3.9 J; absolute, in omega_b. "
        f"Continued to 4.1 J < gamma < 12 J it is off by {beyond:.0e}. The replacements in the "
        f"matrix of Eq. 26 follow from the adjoint dissipator within {rules:.0e}.",
        max(gap(claimed, sample.energies[0] - sample.energies[1]), beyond, rules),
    )


def _capacity(sample: Sample, overdamped: Sample) -> Row:
    pairs = sample.pairs
    far = overdamped.energies
    beyond = _beyond(printed.eq70, overdamped, far[2] - far[1])
    claimed = printed.eq70(pairs.theta, sample.time, pairs.loss, pairs.coupling)
    return formula(
        70,
        "capacity, lossy",
        "Against sorted eigenvalues of the solved states, 0 < gamma < 3.9 J; absolute, in omega_b. "
        f"Continued to 4.1 J < gamma < 12 J it is off by {beyond:.0e}.",
        max(gap(claimed, sample.energies[2] - sample.energies[1]), beyond),
    )
