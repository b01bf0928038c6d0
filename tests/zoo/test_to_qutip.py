"""Every system of the models and of the zoo, charged by us and by QuTiP in the full space."""

from contextlib import suppress
from itertools import pairwise
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
    "oscillator_pair_unstable",  # g = 0.8, whose quanta grow tenfold every 1.5
    "squeezed_pulse",  # r = 2.5, and a loss
    "driven_oscillator_pair",  # F = 20 g
    "driven_oscillator_pair_warm",  # baths of mean 3 and more
    "quadratic_drive",  # losses, and Om = g / 2 and more
    "gaussian_charging",  # displaced by 30
    "nonreciprocal_battery",  # a loss, and four times the loss as drive
    "chain",  # 20 qubits
    "perfect_transfer_chain",  # 60
    "lossy_chain",  # 8
    "oscillator_chain",  # 100 oscillators
}


def _line(number, **rates):
    names = [f"cell_{k}" for k in range(number)]
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    return qb.System(dict.fromkeys(names, qb.Oscillator(**rates)), links, names[0], names[-1])


def _one_way(amplitude):
    pair = {"charger": 1.0, "battery": 1.0}
    links = [qb.exchange(*pair, 0.5j), qb.dissipator(pair, 1.0)]
    links.append(qb.drive("charger", amplitude, frequency=1.0))
    return qb.System(dict.fromkeys(pair, qb.Oscillator(loss=0.5)), links)


def _cell(link):
    return qb.System({"cell": qb.Oscillator()}, [link], [], "cell")


def _bound(strength):
    sites = {"charger": qb.Oscillator(), "battery": qb.Oscillator()}
    return qb.System(sites, [qb.dipole(*sites, strength)])


SMALL = {  # what is too large above, with few quanta
    "oscillator_pair_unstable": (_bound(0.8), {}),
    "oscillator_pair": (M.oscillator_pair(), qb.thermal(0.1)),
    "squeezed_pulse": (M.oscillator_pair(), qb.squeezed(0.7)),
    "squeezed_pulse_lossy": (M.driven_oscillator_pair(drive=0.0, loss=0.3), qb.squeezed(0.1)),
    "driven_oscillator_pair": (M.driven_oscillator_pair(drive=0.6), {}),
    "driven_oscillator_pair_lossy": (M.driven_oscillator_pair(drive=0.2, loss=4.0), {}),
    "driven_oscillator_pair_warm": (
        M.driven_oscillator_pair(drive=0.1, loss=1.0, occupation=0.03),
        {},
    ),
    "quadratic_drive": (M.quadratic_drive(drive=0.08, loss=1.0), {}),
    "gaussian_charging_displaced": (_cell(qb.drive("cell", 1.0, 1.0)), {"cell": qb.thermal(1.0)}),
    "gaussian_charging_squeezed": (
        _cell(qb.two_photon_drive("cell", 0.5, 1.0)),
        {"cell": qb.thermal(0.5)},
    ),
    "nonreciprocal_battery": (_one_way(0.1), {}),
    "oscillator_chain": (_line(3), {"cell_0": qb.coherent(0.5)}),
    "oscillator_chain_squeezed": (_line(3), {"cell_0": qb.squeezed(0.15)}),
    "oscillator_chain_warm": (_line(2, loss=0.2, occupation=0.05), {"cell_0": qb.squeezed(0.1)}),
}


@pytest.mark.parametrize("name", SMALL)
def test_small_cases_of_oscillators(name):
    """By means and covariances here, on levels there."""
    system, preparation = SMALL[name]
    table = by_qutip.charged(system, preparation, TIMES)
    assert table.attrs["method"].startswith("means and covariances")
    levels = by_qutip.size(system, preparation, TIMES, table, MANY)
    assert levels <= (MANY_MIXED if by_qutip.is_mixed(system, preparation) else MANY)
    assert by_qutip.difference(system, preparation, TIMES, table) < 1e-8


@pytest.mark.parametrize("name", registry.NAMES)
def test_entries(name):
    skipped = False
    for system, preparation, last in _different(_systems(registry.ENTRIES[name])):
        mixed, times = by_qutip.is_mixed(system, preparation), np.array([0.5, 1.0]) * last
        times = times / 4 if mixed and system.drives else times  # which take their time
        table = by_qutip.charged(system, preparation, times)
        most = MANY_MIXED if mixed else MANY
        if by_qutip.size(system, preparation, times, table, most) > most:
            skipped = True
            continue
        apart = by_qutip.difference(system, preparation, times, table)
        assert apart < 1e-8, (system, preparation)
    assert name in TOO_LARGE or not skipped
