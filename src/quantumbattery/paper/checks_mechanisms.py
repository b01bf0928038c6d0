"""Eqs. 46-59: inversion and coherence behind the figures of merit, and entanglement."""

from __future__ import annotations

import numpy as np

from quantumbattery.paper import evidence, printed
from quantumbattery.paper.checks_charging import full_charger
from quantumbattery.paper.evidence import NUMBER_A, NUMBER_B, SIGMA_A, SIGMA_B, Pairs, Sample
from quantumbattery.paper.verdict import Row, definition, formula, gap


def rows(sample: Sample, lossy: Sample) -> list[Row]:
    """Return the verdicts on Eqs. 46-59 from lossless and lossy random states."""
    return [
        *_decomposition(lossy),
        *_figures(lossy),
        *_limits(sample),
        *_explicit(sample),
        _state(sample),
        _entanglement(sample),
    ]


def _decomposition(sample: Sample) -> list[Row]:
    stored, passive, active = sample.energies
    inversion, coherence = printed.eq46(sample.mean(NUMBER_B).real, sample.mean(SIGMA_B))
    z = evidence.mean(sample.battery, evidence.PAULI_Z).real
    x = evidence.mean(sample.battery, evidence.PAULI_X).real
    y = evidence.mean(sample.battery, evidence.PAULI_Y).real
    font = "Against sorted eigenvalues of solved lossy states; absolute, in omega_b."
    return [
        definition(
            46,
            "population inversion and coherence",
            "Checked: they are minus half the Bloch vector's z and half its length across z.",
            max(gap(inversion, -z / 2), gap(coherence, np.hypot(x, y) / 2)),
        ),
        formula(
            47,
            "stored energy from the inversion",
            "Against solved lossy states; absolute, in omega_b.",
            gap(printed.eq47(inversion), stored),
        ),
        formula(
            48,
            "passive energy from inversion and coherence",
            f"{font} The left side is the passive energy of Eq. 18, not the E of Eq. 47.",
            gap(printed.eq48(inversion, coherence), passive),
        ),
        formula(
            49,
            "active energy from inversion and coherence",
            font,
            gap(printed.eq49(inversion, coherence), active),
        ),
    ]


def _figures(sample: Sample) -> list[Row]:
    stored, passive, active = sample.energies
    parts = printed.eq46(sample.mean(NUMBER_B).real, sample.mean(SIGMA_B))
    note = "Against sorted eigenvalues of solved lossy states; absolute, in omega_b."
    return [
        formula(
            50,
            "ergotropy from inversion and coherence",
            note,
            gap(printed.eq50(*parts), stored - passive),
        ),
        formula(
            51,
            "antiergotropy from inversion and coherence",
            note,
            gap(printed.eq51(*parts), stored - active),
        ),
        formula(
            52,
            "capacity from inversion and coherence",
            note,
            gap(printed.eq52(*parts), active - passive),
        ),
    ]


def _limits(sample: Sample) -> list[Row]:
    full = Sample(full_charger(sample.pairs), sample.time)
    inversion, none = printed.eq46(full.mean(NUMBER_B).real, full.mean(SIGMA_B))

    # Half the population is reached when sin^2(J t) = 1 / (2 sin^2(theta/2)), theta >= pi/2.
    pairs = sample.pairs
    southern = Pairs(
        np.pi / 2 + pairs.theta / 2.5, pairs.phi, pairs.coupling, pairs.frequency, pairs.loss
    )
    angle = np.arcsin(np.sqrt(0.5) / np.sin(southern.theta / 2))
    half = Sample(southern, angle / pairs.coupling)
    balance, coherence = printed.eq46(half.mean(NUMBER_B).real, half.mean(SIGMA_B))
    return [
        formula(
            53,
            "ergotropy without coherence",
            "Against sorted eigenvalues at theta = pi, where the coherence vanishes; absolute, in "
            "omega_b.",
            max(gap(none, 0), gap(printed.eq53(inversion), full.energies[0] - full.energies[1])),
        ),
        formula(
            54,
            "ergotropy at balanced populations",
            "Against sorted eigenvalues at theta > pi/2 and the times when the battery is half "
            "full; absolute, in omega_b. It is half of the capacity.",
            max(
                gap(balance, 0),
                gap(printed.eq54(coherence), half.energies[0] - half.energies[1]),
                gap(2 * printed.eq54(coherence), half.energies[2] - half.energies[1]),
            ),
        ),
    ]


def _explicit(sample: Sample) -> list[Row]:
    pairs = sample.pairs
    arguments = (pairs.theta, sample.time, pairs.coupling)
    _, passive, active = sample.energies
    return [
        formula(
            55,
            "population inversion, lossless",
            "Against the solved master equation; absolute.",
            gap(printed.eq55(*arguments), sample.mean(NUMBER_B).real - 0.5),
        ),
        formula(
            56,
            "coherence, lossless",
            "Against the solved master equation; absolute.",
            gap(printed.eq56(*arguments), np.abs(sample.mean(SIGMA_B))),
        ),
        formula(
            57,
            "capacity, lossless",
            "Against sorted eigenvalues of the solved states; absolute, in omega_b.",
            gap(printed.eq57(*arguments), active - passive),
        ),
    ]


def _state(sample: Sample) -> Row:
    pairs, time = sample.pairs, sample.time
    short = (pairs.theta, time, pairs.coupling)
    long = (pairs.theta, pairs.phi, time, pairs.coupling, pairs.frequency)
    order = [0, 2, 1, 3]  # 00, 10, 01, 11 among charger-first products
    rho = sample.rho[:, order][:, :, order]

    populations = (sample.mean(NUMBER_A).real, sample.mean(NUMBER_B).real)
    coherences = (sample.mean(SIGMA_A), sample.mean(SIGMA_B))
    exchange = sample.mean(SIGMA_A.T @ SIGMA_B)
    closed = (printed.eq22(*short), printed.eq23(*short))
    literal = printed.eq58(
        pairs.theta, closed, (printed.eq27(*long), printed.eq28(*long)), printed.eq24(*short)
    )
    right = printed.eq58(
        pairs.theta,
        closed,
        (printed.eq27(*long), printed.eq28_corrected(*long)),
        printed.eq24_corrected(*short),
    )
    return formula(
        58,
        "state of the pair",
        "All 16 elements against the solved lossless states; absolute. The basis runs 00, 10, 01, "
        "11 (charger, battery); here it runs 00, 01, 10, 11. Filled with the closed forms of "
        f"Eqs. 22-28 it is off by {gap(literal, rho):.1f} as printed and by "
        f"{gap(right, rho):.0e} with Eqs. 24 and 28 corrected. With loss the first element "
        "becomes 1 - <n_a> - <n_b>.",
        gap(printed.eq58(pairs.theta, populations, coherences, exchange), rho),
    )


def _entanglement(sample: Sample) -> Row:
    pairs = sample.pairs
    at_equator = Pairs(*(np.array(x) for x in (np.pi / 2, 0.4, 1.0, 1.3, 0.0)))
    final = evidence.battery(evidence.evolve(at_equator, np.array(np.pi / 2)))
    phase = np.exp(1j * (0.4 - 1.3 * np.pi / 2))
    overlaps = []
    for factor in (1.0, -1j):
        ket = np.array([1.0, factor * phase]) / np.sqrt(2)
        overlaps.append(float((ket.conj() @ final @ ket).real))
    full = Pairs(*(np.array(x) for x in (np.pi, 0.0, 1.0, 1.3, 0.0)))
    middle = evidence.evolve(full, np.array(np.pi / 4))
    bell = np.array([0, -1j, 1, 0]) / np.sqrt(2)
    fidelity = float((bell.conj() @ middle @ bell).real)
    error = gap(
        printed.eq59(pairs.theta, sample.time, pairs.coupling), evidence.concurrence(sample.rho)
    )
    return formula(
        59,
        "concurrence, lossless",
        "Against Wootters' definition on the solved states; absolute. The text's battery state at "
        "t_E lacks a factor -i before its second term: at theta = pi/2 its fidelity with the "
        f"solved state is {overlaps[0]:.3f}, with the factor {overlaps[1]:.3f}. The text's Bell "
        f"state at J t = pi/4 has fidelity {fidelity:.3f}.",
        max(error, gap(overlaps[1], 1), gap(fidelity, 1)),
    )
