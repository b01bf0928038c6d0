"""Eqs. 1-19: the model, its states and the measures of performance."""

from __future__ import annotations

import numpy as np

from quantumbattery.paper import evidence, printed
from quantumbattery.paper.evidence import NUMBER_A, NUMBER_B, SIGMA, SIGMA_B, Array, Sample
from quantumbattery.paper.verdict import Row, definition, formula, gap, misprint


def rows(sample: Sample, seed: int) -> list[Row]:
    """Return the verdicts on Eqs. 1-19 from lossy random states."""
    return [
        *_model(sample),
        *_energetic_measures(sample),
        *_ergotropic_measures(sample, seed),
        *_reduced_state(sample),
        *_energies(sample),
    ]


def _model(sample: Sample) -> list[Row]:
    pairs = sample.pairs
    theta, phi = pairs.theta, pairs.phi
    ket = printed.eq1(theta, phi)
    charger = ket[:, :, None] * ket[:, None, :].conj()
    paulis = (evidence.PAULI_X, evidence.PAULI_Y, evidence.PAULI_Z)
    arrow = [evidence.mean(charger, pauli) for pauli in paulis]
    direction = [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]
    purity = np.trace(charger @ charger, axis1=1, axis2=2)
    started = evidence.battery(evidence.prepared(pairs))

    h = evidence.hamiltonian(pairs.frequency, pairs.coupling)
    number = NUMBER_A + NUMBER_B
    bare = evidence.hamiltonian(pairs.frequency, 0 * pairs.coupling)
    levels = np.outer(pairs.frequency, [0, 1, 1, 2])
    exchange = evidence.hamiltonian(0 * pairs.frequency, pairs.coupling)
    doublet = np.outer(pairs.coupling, [-1, 0, 0, 1])
    anticommutator = SIGMA @ SIGMA.T + SIGMA.T @ SIGMA
    return [
        definition(
            1,
            "charger on the Bloch sphere",
            "Norm, purity and Bloch vector of the printed state; theta = 0 is the ground state.",
            max(gap(purity, 1), gap(arrow, direction)),
        ),
        definition(
            2,
            "battery at rest",
            "The battery's reduced state at switch-on is the projector on |0>.",
            gap(started, np.outer(printed.eq2(), printed.eq2())),
        ),
        definition(
            3,
            "Hamiltonian of the pair",
            "Checked: it commutes with the number of excitations, in units of rate.",
            gap(number @ h, h @ number),
        ),
        definition(
            4,
            "energies of the two qubits",
            "Checked: levels 0, omega_b (twice), 2 omega_b, and {sigma, sigma^dag} = 1.",
            max(gap(np.linalg.eigvalsh(bare), levels), gap(anticommutator, np.eye(2))),
        ),
        definition(
            5,
            "exchange of one excitation",
            "Checked: levels -J, 0, 0, J, hence the Rabi splitting 2 J.",
            gap(np.linalg.eigvalsh(exchange), doublet),
        ),
    ]


def _energetic_measures(sample: Sample) -> list[Row]:
    h = NUMBER_B  # in units of omega_b
    variance = (sample.mean(h @ h) - sample.mean(h) ** 2).real
    population = sample.mean(SIGMA_B.T @ SIGMA_B).real
    return [
        definition(6, "highest stored energy", "t_E is the first instant of the maximum."),
        definition(7, "charging power", "At t = 0 its limit is meant, which is 0."),
        definition(8, "highest charging power", "t_P is the instant of the maximum."),
        formula(
            9,
            "variance of the stored energy",
            "Second line against the moments of H_b in lossy states; absolute, in omega_b^2.",
            gap(printed.eq9(population, 1.0), variance),
        ),
    ]


def _ergotropic_measures(sample: Sample, seed: int) -> list[Row]:
    stored, passive, _ = sample.energies
    random = np.random.default_rng([seed, 2])
    raw = random.normal(size=(300, 1, 2, 2)) + 1j * random.normal(size=(300, 1, 2, 2))
    unitaries, _ = np.linalg.qr(raw)
    turned = unitaries @ sample.battery @ np.swapaxes(unitaries, -1, -2).conj()
    extracted = stored - turned[..., 1, 1].real
    excess = float(np.max(extracted - (stored - passive)))
    attained = stored - _passive_state(sample)[:, 1, 1].real
    return [
        definition(
            10,
            "ergotropy",
            "Checked: none of 300 random unitaries takes more out of any of the lossy states, and "
            "the one that orders the populations takes exactly this; absolute, in omega_b.",
            max(excess, gap(attained, stored - passive)),
        ),
        misprint(
            11,
            "highest ergotropy",
            "Symbols only: the maximum over t is printed of a quantity at the fixed instant "
            "t_ergotropy, which makes the line a tautology. Meant is the maximum of the ergotropy "
            "at t, as in Eq. 6; Eqs. 40 and 41 follow from that reading.",
        ),
        definition(12, "ergotropic charging power", "At t = 0 its limit is meant, which is 0."),
        misprint(
            13,
            "highest ergotropic power",
            "Symbols only: as in Eq. 11 the argument under the maximum is the fixed instant. Meant "
            "is the maximum over t of the ergotropic power at t, as in Eq. 8; Eqs. 42 and 44 "
            "follow from that reading.",
        ),
    ]


def _passive_state(sample: Sample) -> Array:
    """Order the populations by the unitary that diagonalises each state: (n, 2, 2)."""
    _, vectors = np.linalg.eigh(sample.battery)
    # eigh sorts upwards; the larger population belongs on the ground level, index 0.
    ordering = np.swapaxes(vectors[:, :, ::-1], -1, -2).conj()
    return np.asarray(ordering @ sample.battery @ np.swapaxes(ordering, -1, -2).conj())


def _reduced_state(sample: Sample) -> list[Row]:
    population = sample.mean(NUMBER_B).real
    coherence = sample.mean(SIGMA_B)
    spectrum = np.linalg.eigvalsh(sample.battery)
    return [
        formula(
            14,
            "battery's density matrix",
            "Against the partial trace of solved lossy states; absolute. The paper orders the "
            "basis excited, ground; this package ground, excited.",
            gap(printed.eq14(population, coherence), sample.battery[:, ::-1, ::-1]),
        ),
        formula(
            15,
            "passive state",
            "Against U rho U^dag with the ordering unitary found numerically; absolute. Basis "
            "order excited, ground, so the smaller eigenvalue stands first.",
            gap(
                printed.eq15(spectrum[:, 0], spectrum[:, 1]), _passive_state(sample)[:, ::-1, ::-1]
            ),
        ),
        formula(
            16,
            "eigenvalues of the battery's state",
            "Against a numerical diagonalisation of solved lossy states; absolute.",
            gap(np.stack(printed.eq16(population, coherence), axis=-1), spectrum),
        ),
    ]


def _energies(sample: Sample) -> list[Row]:
    stored, passive, active = sample.energies
    lower, upper = printed.eq16(sample.mean(NUMBER_B).real, sample.mean(SIGMA_B))
    traced = np.trace(NUMBER_B @ sample.rho, axis1=1, axis2=2).real
    return [
        formula(
            17,
            "stored energy from the population",
            "Against the trace of H_b with the state of the pair; absolute, in omega_b.",
            gap(printed.eq17(sample.mean(SIGMA_B.T @ SIGMA_B).real, 1.0), traced),
        ),
        formula(
            18,
            "passive state's energy",
            "With Eq. 16, against sorted numerical eigenvalues; absolute, in omega_b.",
            gap(printed.eq18(lower, 1.0), passive),
        ),
        formula(
            19,
            "capacity",
            "Against ergotropy minus antiergotropy from sorted eigenvalues; absolute, in omega_b.",
            gap(printed.eq19(lower, upper, 1.0), (stored - passive) - (stored - active)),
        ),
    ]
