"""Every number in other units, from the smallest to the largest that are allowed."""

import numpy as np
import pytest

import quantumbattery as qb

EXPONENTS = [-29, -18, -9, 9, 17, 29]
SPAN = {"energy": 1, "ergotropy": 1, "passive_energy": 1, "power": 2}


def cavities(x, link, *more, loss=0.1):
    sites = {"charger": qb.Oscillator(x, loss=loss * x), "battery": qb.Oscillator(x)}
    return qb.System(sites, [link("charger", "battery", 0.2 * x), *more], "charger", "battery")


def qubits(x, *more):
    sites = {"charger": qb.Qubit(x, loss=0.3 * x), "battery": qb.Qubit(x, dephasing=0.1 * x)}
    return qb.System(sites, [qb.exchange("charger", "battery", x), *more], "charger", "battery")


SYSTEMS = {
    "exchange": (lambda x: cavities(x, qb.exchange), qb.coherent(1.0)),
    "exchange of quanta": (lambda x: cavities(x, qb.exchange), qb.fock(2)),
    "dipole": (lambda x: cavities(x, qb.dipole), qb.coherent(1.0)),
    "dipole without loss": (lambda x: cavities(x, qb.dipole, loss=0.0), qb.squeezed(0.3)),
    "two-photon drive": (
        lambda x: cavities(x, qb.exchange, qb.two_photon_drive("charger", 0.02 * x, 2 * x)),
        qb.coherent(1.0),
    ),
    "drive": (lambda x: cavities(x, qb.exchange, qb.drive("charger", 0.3 * x, x)), qb.fock(1)),
    "qubits": (qubits, qb.bloch(1.0)),
    "driven qubits": (lambda x: qubits(x, qb.drive("charger", 0.3 * x, 0.7 * x)), qb.bloch(1.0)),
    "pair": (lambda x: qb.QubitPair(x, x, 0.3 * x), qb.bloch(1.0)),
}


@pytest.mark.filterwarnings("ignore:levels")
@pytest.mark.parametrize("name", SYSTEMS)
def test_charging_is_the_same_in_any_unit(name):
    make, start = SYSTEMS[name]
    times = np.array([0.0, 0.3, 1.0, 2.5])
    table = make(1.0).charge(start, times, [*SPAN])
    for exponent in EXPONENTS:
        x = 10.0**exponent
        other = make(x).charge(start, times / x, [*SPAN])
        for measure, power in SPAN.items():
            scale = max(np.abs(table[each]).max().item() for each in ("energy", measure))
            got = other[measure].to_numpy() / x**power
            np.testing.assert_allclose(got, table[measure], rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("name", ["exchange", "dipole", "two-photon drive", "drive", "qubits"])
@pytest.mark.parametrize("exponent", [-18, 18])
def test_the_best_moments_are_the_same_in_any_unit(name, exponent):
    make, start = SYSTEMS[name]
    x = 10.0**exponent
    best = make(1.0).optimum(start, 2.0, ["energy", "power"])
    other = make(x).optimum(start, 2.0 / x, ["energy", "power"])
    for sought, power in (("energy", 1), ("power", 2)):
        for kind in ("max", "bound"):
            column = f"{sought}_{kind}"
            assert other[column].item() / x**power == pytest.approx(best[column].item(), rel=2e-9)
        assert other[f"{sought}_time"].item() * x == pytest.approx(
            best[f"{sought}_time"].item(), rel=1e-4
        )


@pytest.mark.parametrize("exponent", [-18, 18])
def test_strokes_are_the_same_in_any_unit(exponent):
    def ended(x):
        stroke = qb.Stroke(cavities(x, qb.dipole), 1.0 / x, reset={"charger": qb.coherent(1.0)})
        return qb.Protocol([stroke], 3).charge(qb.coherent(1.0), None, ["energy"]).energy / x

    np.testing.assert_allclose(ended(10.0**exponent), ended(1.0), rtol=1e-10)
