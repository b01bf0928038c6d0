"""Eqs. 20-29: the equations of motion of the moments and their solution."""

from __future__ import annotations

import numpy as np

from quantumbattery.paper import evidence, printed
from quantumbattery.paper.evidence import NUMBER_A, NUMBER_B, SIGMA_A, SIGMA_B, Array, Sample
from quantumbattery.paper.verdict import Row, formula, gap, misprint

SECOND_MOMENTS = (NUMBER_A, NUMBER_B, SIGMA_A.T @ SIGMA_B, SIGMA_B.T @ SIGMA_A)
ODD_MOMENTS = (SIGMA_A, SIGMA_B, NUMBER_A @ SIGMA_B, NUMBER_B @ SIGMA_A)
FREQUENCY, COUPLING = 1.3, 0.7  # any two numbers whose multiples cannot be confused


def rows(sample: Sample) -> list[Row]:
    """Return the verdicts on Eqs. 20-29 from lossless random states."""
    return [*_motion(sample), *_second_moments(sample), *_odd_motion(sample), *_odd_moments(sample)]


def closure(sample: Sample, operators: tuple[Array, ...]) -> float:
    """Return how badly i d<O>/dt = M <O> is met by solved states, with M from commutators."""
    pairs, rate = sample.pairs, evidence.slope(sample.pairs, sample.rho)
    h = evidence.hamiltonian(pairs.frequency, pairs.coupling)
    worst = 0.0
    for k in range(len(sample.time)):
        matrix, rest = evidence.equation_of_motion(operators, h[k], float(pairs.loss[k]))
        left = [1j * evidence.mean(rate[k], operator) for operator in operators]
        means = np.array([evidence.mean(sample.rho[k], operator) for operator in operators])
        worst = max(worst, rest, gap(left, matrix @ means))
    return worst


def _motion(sample: Sample) -> list[Row]:
    h = evidence.hamiltonian(np.array(FREQUENCY), np.array(COUPLING))
    found, rest = evidence.equation_of_motion(SECOND_MOMENTS, h)
    return [
        formula(
            20,
            "motion of the second moments",
            "The four moments close among themselves: commutators as matrices, and rates of "
            "change of solved states; absolute, in units of the rates.",
            closure(sample, SECOND_MOMENTS),
        ),
        formula(
            21,
            "matrix of the second moments",
            "Coefficients solved from the commutators; absolute, in units of the rates.",
            max(rest, gap(printed.eq21(COUPLING), found)),
        ),
    ]


def _second_moments(sample: Sample) -> list[Row]:
    pairs, time = sample.pairs, sample.time
    charger, battery = (sample.mean(operator) for operator in (NUMBER_A, NUMBER_B))
    exchange = sample.mean(SIGMA_A.T @ SIGMA_B)
    total = gap(charger + battery, np.sin(pairs.theta / 2) ** 2)
    return [
        formula(
            22,
            "charger's population",
            f"Against the solved master equation; absolute. The excitations add up to "
            f"sin^2(theta/2) within {total:.0e}.",
            max(total, gap(printed.eq22(pairs.theta, time, pairs.coupling), charger)),
        ),
        formula(
            23,
            "battery's population",
            "Against the solved master equation; absolute.",
            gap(printed.eq23(pairs.theta, time, pairs.coupling), battery),
        ),
        formula(
            24,
            "exchange correlation",
            "The factor i is missing: <sigma_a^dag sigma_b> = -(i/2) sin^2(theta/2) sin(2 J t). "
            "Found by solving the master equation; besides, a real value in Eqs. 20-21 would "
            "freeze the populations. The error is absolute. Eqs. 24 and 28 as printed belong "
            "together: they follow with -i sigma_b for sigma_b, which Eq. 5 does not allow.",
            gap(printed.eq24(pairs.theta, time, pairs.coupling), exchange),
            gap(printed.eq24_corrected(pairs.theta, time, pairs.coupling), exchange),
        ),
    ]


def _odd_motion(sample: Sample) -> list[Row]:
    h = evidence.hamiltonian(np.array(FREQUENCY), np.array(COUPLING))
    found, rest = evidence.equation_of_motion(ODD_MOMENTS, h)
    meant = max(rest, gap(printed.eq26(COUPLING, FREQUENCY), found))
    return [
        formula(
            25,
            "motion of the odd moments",
            "The four moments close among themselves: commutators as matrices, and rates of "
            "change of solved states; absolute, in units of the rates.",
            closure(sample, ODD_MOMENTS),
        ),
        misprint(
            26,
            "matrix of the odd moments",
            "Symbol only: the diagonal is printed with omega_0, which is defined nowhere. The "
            f"commutators give omega_b there and every other entry as printed, within {meant:.0e}.",
            meant,
        ),
    ]


def _odd_moments(sample: Sample) -> list[Row]:
    pairs = sample.pairs
    arguments = (pairs.theta, pairs.phi, sample.time, pairs.coupling, pairs.frequency)
    charger, battery = sample.mean(SIGMA_A), sample.mean(SIGMA_B)
    products = [sample.mean(NUMBER_A @ SIGMA_B), sample.mean(NUMBER_B @ SIGMA_A)]
    modulus = gap(np.abs(printed.eq28(*arguments)), np.abs(battery))
    return [
        formula(
            27,
            "charger's coherence",
            "Against the solved master equation; absolute.",
            gap(printed.eq27(*arguments), charger),
        ),
        formula(
            28,
            "battery's coherence",
            "The factor i is missing: <sigma_b> = -(i/2) exp(i phi) sin(theta) sin(J t) "
            "exp(-i omega_b t). Found by solving the master equation; Eq. 25 with the printed "
            f"Eq. 27 demands it too. The modulus is right within {modulus:.0e}, so no figure of "
            "merit suffers. The error is absolute.",
            gap(printed.eq28(*arguments), battery),
            gap(printed.eq28_corrected(*arguments), battery),
        ),
        formula(
            29,
            "third-order moments",
            "Both vanish in the solved states; absolute.",
            max(gap(product, zero) for product, zero in zip(products, printed.eq29(), strict=True)),
        ),
    ]
