"""Every system of the models and of the zoo, charged by us and by QuTiP in the full space."""

from contextlib import suppress
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.figure import Figure

import quantumbattery as qb
from quantumbattery.charging.system import System
from quantumbattery.zoo import registry
from roads import by_qutip

TIMES = np.array([0.0, 0.4, 1.3])
MANY, MANY_MIXED = 7000, 200  # levels, from which on QuTiP would take too long
M = qb.models
CASES = {  # a system, a preparation
    "qubit_pair": (M.qubit_pair(charger_loss=0.3, battery_loss=0.1, detuning=0.4), qb.bloch(2.0)),
    "jaynes_cummings": (M.jaynes_cummings(detuning=0.5), qb.coherent(1.5 + 0.5j)),
    "oscillator_pair": (M.oscillator_pair(coupling=0.2, rotating_wave=False), qb.fock(2)),
    "tavis_cummings": (M.tavis_cummings(cells=3, charger_loss=0.4), qb.fock(3)),
    "dicke": (M.dicke(cells=2, coupling=0.2, charger_loss=0.1), qb.fock(1)),
    "star": (M.star(chargers=4), qb.bloch(1.2, 0.3)),
    "chain": (M.chain(couplings=[1.0, 0.5, 2.0]), qb.bloch(2.0)),
    "driven_oscillator_pair": (M.driven_oscillator_pair(drive=0.1), {}),
    "driven_qubit_pair": (
        M.driven_qubit_pair(charger_loss=0.5, occupation=0.3, dephasing=0.2),
        {},
    ),
    "driven_hybrid": (M.driven_hybrid(drive=0.2, charger_loss=2.0), {}),
    "quadratic_drive": (M.quadratic_drive(drive=0.05), {}),
    "spin_chain": (M.spin_chain(cells=4, anisotropy=-0.4, range=1.0, coupling=-0.8), {}),
    "qutrit": (M.qutrit(drives=(0.6, (0.8, np.cos))), {}),
    "classical_drive": (M.classical_drive(cells=3, amplitude=1.0), {}),
    "collective_bath": (M.collective_bath(cells=3), {}),
}


def test_every_model_has_a_case():
    assert sorted(CASES) == sorted(qb.models.__all__)


@pytest.mark.parametrize("name", CASES)
def test_models(name):
    assert by_qutip.difference(*CASES[name], TIMES) < 1e-8


class _AskedError(Exception):
    """Raised in place of an answer."""


def _systems(entry):
    """The systems that an entry charges first in each of its results and in its picture."""
    asked = []

    def charge(system, preparation, times, *_, **__):
        asked.append((system, preparation, float(np.max(np.asarray(times)))))
        raise _AskedError

    with patch.object(System, "charge", charge), patch.object(System, "optimum", charge):
        for ask in (*(r.ours for r in entry.results), lambda: entry.picture(Figure().subplots())):
            with suppress(_AskedError):
                ask()
    return asked


def _different(asked):
    """Each system and preparation once, of every array one value."""
    seen = []
    for system, preparation, last in asked:
        one = by_qutip.one_system(system), by_qutip.one_of_each(preparation)
        if one not in [(s, p) for s, p, _ in seen]:
            seen.append((*one, min(last, 2.0)))
    return seen


TOO_LARGE = {  # something of these entries; what else they have is tried
    "thermal_charger",  # mean 5 and more
    "oscillator_pair",  # a thermal start
    "squeezed_pulse",  # r = 0.7; 20 levels of each, and a loss
    "chain",  # 20 qubits
    "perfect_transfer_chain",  # 60
    "lossy_chain",  # 8
}


@pytest.mark.parametrize("name", registry.NAMES)
def test_entries(name):
    skipped = False
    for system, preparation, last in _different(_systems(registry.ENTRIES[name])):
        mixed, times = by_qutip.is_mixed(system, preparation), np.array([0.5, 1.0]) * last
        times = times / 4 if mixed and system.drives else times  # which take their time
        table = by_qutip.charged(system, preparation, times)
        if by_qutip.size(system, preparation, times, table) > (MANY_MIXED if mixed else MANY):
            skipped = True
            continue
        apart = by_qutip.difference(system, preparation, times, table)
        assert apart < 1e-8, (system, preparation)
    assert name in TOO_LARGE or not skipped
