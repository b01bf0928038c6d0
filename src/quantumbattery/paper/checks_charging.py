"""Eqs. 30-45: energy, ergotropy and power without loss, and their optima."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from quantumbattery.paper import approximations, arbitrary_precision, evidence, printed
from quantumbattery.paper.evidence import NUMBER_B, Array, Pairs, Sample
from quantumbattery.paper.verdict import Row, approximation, formula, gap, opens_with

# What the fits achieve, rounded up, relative to the top of each curve: more means a wrong formula.
TIME_FIT, POWER_FIT = 0.004, 0.03


def rows(sample: Sample, constants: dict[str, Any]) -> list[Row]:
    """Return the verdicts on Eqs. 30-45 from lossless random states and exact constants."""
    few = Pairs(*(parameter[:16] for parameter in vars(sample.pairs).values()))
    time_fit, power_fit = _fits()
    return [
        *_energy(sample, few),
        *_power(sample, few, constants),
        *_variance(sample),
        *_ergotropy(sample, few),
        _ergotropic_times(constants),
        time_fit,
        _ergotropic_peak(constants),
        power_fit,
    ]


def full_charger(pairs: Pairs) -> Pairs:
    """Return the same pairs with the charger excited, theta = pi."""
    return Pairs(
        np.full_like(pairs.theta, np.pi), pairs.phi, pairs.coupling, pairs.frequency, pairs.loss
    )


def constant_error(name: str, digits: str, constants: dict[str, Any]) -> float:
    """Return the error of a constant; infinite if its printed digits are wrong."""
    value = getattr(approximations, name)
    return gap(value, float(constants[name])) if opens_with(value, digits) else np.inf


def _energy(sample: Sample, few: Pairs) -> list[Row]:
    pairs = sample.pairs
    times, highest = evidence.optimum(few, "energy")
    return [
        formula(
            30,
            "stored energy, lossless",
            "Against the solved master equation; absolute, in omega_b.",
            gap(printed.eq30(pairs.theta, sample.time, pairs.coupling), sample.energies[0]),
        ),
        formula(
            31,
            "time of the highest energy, lossless",
            "Against a numerical maximisation at 16 random angles; absolute, in 1/J.",
            gap(printed.eq31(few.coupling) * few.coupling, times * few.coupling),
        ),
        formula(
            32,
            "highest energy, lossless",
            "Against the same maximisation; absolute, in omega_b.",
            gap(printed.eq32(few.theta), highest / few.frequency),
        ),
    ]


def _power(sample: Sample, few: Pairs, constants: dict[str, Any]) -> list[Row]:
    pairs = sample.pairs
    times, highest = evidence.optimum(few, "power")
    scaled = highest / (few.frequency * few.coupling)
    measured = sample.energies[0] / (pairs.coupling * sample.time)
    claimed = printed.eq33(pairs.theta, sample.time, pairs.coupling) / pairs.coupling
    return [
        formula(
            33,
            "charging power, lossless",
            "Against the solved master equation; absolute, in omega_b J.",
            gap(claimed, measured),
        ),
        formula(
            34,
            "time of the highest power, lossless",
            "Against a numerical maximisation at 16 random angles, and A against the dynamics in "
            f"arbitrary precision: A = {approximations.A!r}; absolute, in 1/J.",
            max(
                gap(printed.eq34(few.coupling) * few.coupling, times * few.coupling),
                constant_error("A", "1.165", constants),
            ),
        ),
        formula(
            35,
            "highest power, lossless",
            f"Against the same maximisations: B = {approximations.B!r}; absolute, in omega_b J.",
            max(gap(printed.eq35(few.theta), scaled), constant_error("B", "0.724", constants)),
        ),
    ]


def _variance(sample: Sample) -> list[Row]:
    pairs = sample.pairs
    arguments = (pairs.theta, sample.time, pairs.coupling)
    variance = (sample.mean(NUMBER_B @ NUMBER_B) - sample.mean(NUMBER_B) ** 2).real
    peak = Sample(pairs, np.pi / (2 * pairs.coupling))
    spread = np.sqrt(np.maximum(peak.energies[0] - peak.energies[0] ** 2, 0.0))
    return [
        formula(
            36,
            "energy variance, lossless",
            "The bracket must hold sin^2(J t), not sin^2(2 J t): variance = omega_b^2 s sin^2(J t) "
            "[1 - s sin^2(J t)] with s = sin^2(theta/2). Found from the moments of H_b in the "
            "solved states; the printed form also breaks Eq. 37, since it would give omega_b "
            "sin(theta/2) at t_E. The error is absolute, in omega_b^2.",
            gap(printed.eq36(*arguments), variance),
            gap(printed.eq36_corrected(*arguments), variance),
        ),
        formula(
            37,
            "energy spread at the highest energy",
            "Against the moments of H_b in the states solved to t = pi/2J; absolute, in omega_b.",
            gap(printed.eq37(pairs.theta), spread),
        ),
    ]


def _ergotropy(sample: Sample, few: Pairs) -> list[Row]:
    pairs, time = sample.pairs, sample.time
    stored, passive, _ = sample.energies
    full = Sample(full_charger(pairs), time)
    from_full = full.energies[0] - full.energies[1]
    both_lines = (
        printed.eq39(time, pairs.coupling),
        printed.eq39_cases(time, pairs.coupling),
    )
    times, highest = evidence.optimum(few, "ergotropy")
    return [
        formula(
            38,
            "ergotropy, lossless",
            "Against sorted eigenvalues of the solved states; absolute, in omega_b.",
            gap(printed.eq38(pairs.theta, time, pairs.coupling), stored - passive),
        ),
        formula(
            39,
            "ergotropy from a full charger",
            "Both lines against sorted eigenvalues at theta = pi; absolute, in omega_b.",
            max(gap(line, from_full) for line in both_lines),
        ),
        formula(
            40,
            "time of the highest ergotropy, lossless",
            "Against a numerical maximisation at 16 random angles; absolute, in 1/J.",
            gap(printed.eq40(few.coupling) * few.coupling, times * few.coupling),
        ),
        formula(
            41,
            "highest ergotropy, lossless",
            "Against the same maximisation; absolute, in omega_b.",
            gap(printed.eq41(few.theta), highest / few.frequency),
        ),
    ]


def _ergotropic_times(constants: dict[str, Any]) -> Row:
    tiny, _ = arbitrary_precision.optimum("1e-10", "0", "ergotropic_power")
    first, last = printed.eq42()
    return formula(
        42,
        "time of the highest ergotropic power at both poles",
        "Against the maximum in arbitrary precision, at theta = pi and at theta = 1e-10 for the "
        "limit to 0 (at 0 itself there is no power to maximise): "
        f"C = {approximations.C!r}; absolute, in 1/J.",
        max(
            gap(first, float(tiny)),
            gap(last, float(constants["C"])),
            constant_error("C", "1.399", constants),
        ),
    )


def _ergotropic_peak(constants: dict[str, Any]) -> Row:
    a = float(constants["A"])
    pair = Pairs(*(np.array(x) for x in (np.pi, 0.0, 1.0, 1.0, 0.0)))
    literal = float(evidence.merit(pair, np.array(a), "ergotropic_power")[0])
    return formula(
        44,
        "highest ergotropic power of a full charger",
        f"Against the maximum in arbitrary precision: D = {approximations.D!r}; absolute, in "
        "omega_b J. The index of the time is set there as for the plain power; at that time, A/J, "
        f"the ergotropic power is only {literal:.4f}, so the time C/J of Eq. 42 is meant.",
        max(
            gap(printed.eq44(), float(constants["D"])),
            constant_error("D", "0.673", constants),
        ),
    )


@cache
def _ergotropic_power_optima() -> tuple[Array, Array, Array]:
    """Find time and height of the highest ergotropic power at sixty angles up to pi."""
    theta = np.pi * np.arange(1, 61) / 60
    one = np.ones_like(theta)
    pairs = Pairs(theta, 0 * one, one, one, 0 * one)
    return theta, *evidence.optimum(pairs, "ergotropic_power")


def _fits() -> tuple[Row, Row]:
    """Compare the two fits with the numerical optimum."""
    theta, times, highest = _ergotropic_power_optima()
    time_off = np.abs(printed.eq43(theta) / times - 1)
    power_off = np.abs(printed.eq45(theta) - highest)
    relative = power_off / highest
    wide = theta >= np.pi / 6 - 1e-9
    return (
        approximation(
            43,
            "fit to the time of the highest ergotropic power",
            "Relative, over pi/60 <= theta <= pi, against a numerical maximisation; worst at "
            f"theta = {_at(theta, time_off)} pi. At theta = 0 it gives 7/6 and at pi 7/5, which "
            f"are off A and C by {abs(7 / 6 / approximations.A - 1):.1e} and "
            f"{abs(7 / 5 / approximations.C - 1):.1e}.",
            float(time_off.max()),
            bool(time_off.max() < TIME_FIT),
        ),
        approximation(
            45,
            "fit to the highest ergotropic power",
            "Relative, over pi/6 <= theta <= pi, against a numerical maximisation; worst at "
            f"theta = {_at(theta[wide], relative[wide])} pi. Over all angles the absolute "
            f"deviation is at most {power_off.max():.4f} omega_b J, at theta = "
            f"{_at(theta, power_off)} pi. The relative one grows without bound towards theta = 0, "
            "where the fit rises linearly and the truth quadratically: "
            f"{relative[4]:.0%} at pi/12. At the equator the fit gives 1/3, the truth is "
            f"{highest[29]:.4f}; at pi it gives 2/3, the truth is {highest[59]:.4f}.",
            float(relative[wide].max()),
            bool(power_off.max() < POWER_FIT * highest.max()),
        ),
    )


def _at(theta: Array, deviation: Array) -> str:
    """Name the angle of the largest deviation, in units of pi."""
    return f"{theta[np.argmax(deviation)] / np.pi:.2f}"
