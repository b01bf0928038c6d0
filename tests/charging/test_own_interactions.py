"""Batteries whose own Hamiltonian has an interaction of one site, beside dense matrices."""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb

MEASURES = ["energy", "ergotropy", "antiergotropy", "capacity", "energy_variance", "power"]
MEASURES += ["coherent_ergotropy", "incoherent_ergotropy", "purity"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_qubit_in_a_field_that_is_always_on(seed):
    """The same as of two levels, and what its density matrix says."""
    rng = np.random.default_rng(seed)
    given_ = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    field, gap = (given_ + given_.conj().T) / 2, float(rng.uniform(0.5, 2))
    loss = float(rng.choice([0.0, 0.3]))

    def system(battery):
        links = [qb.interaction("battery", field, always=True)]
        return qb.System(
            {"charger": qb.Qubit(loss=loss), "battery": battery},
            [*links, qb.exchange("charger", "battery", 0.7)],
        )

    start = {"charger": qb.bloch(1.1, 0.4), "battery": qb.bloch(0.6, 2.0)}
    times = [0.0, 0.7, 1.9]
    plain, ladder = system(qb.Qubit(gap)), system(qb.Qudit([0.0, gap]))
    ours, other = (each.charge(start, times, MEASURES) for each in (plain, ladder))
    for name in MEASURES:
        np.testing.assert_allclose(ours[name], other[name], atol=1e-12, err_msg=name)
    own = np.diag([0.0, gap]) + field
    own = own - np.linalg.eigvalsh(own)[0] * np.eye(2)
    rho = plain.density_matrix(start, times, "battery").values
    energy = np.einsum("tjk,kj->t", rho, own).real
    weights, levels = np.linalg.eigvalsh(rho)[:, ::-1], np.linalg.eigvalsh(own)
    np.testing.assert_allclose(ours.energy, energy, atol=1e-12)
    np.testing.assert_allclose(ours.ergotropy, energy - weights @ levels, atol=1e-12)
    spread = np.einsum("tjk,kj->t", rho, own @ own).real - energy**2
    np.testing.assert_allclose(ours.energy_variance, spread, atol=1e-12)
    best, same = (each.optimum(start, 2.0, of="ergotropy") for each in (plain, ladder))
    assert best.ergotropy_max.item() == pytest.approx(same.ergotropy_max.item(), abs=1e-9)
    said = plain.charge(start, times, ["population", "population_inversion", "coherence"])
    np.testing.assert_allclose(said.population, rho[:, 1, 1].real, atol=1e-12)
    np.testing.assert_allclose(said.population_inversion, rho[:, 1, 1].real - 0.5, atol=1e-12)
    np.testing.assert_allclose(said.coherence, np.abs(rho[:, 1, 0]), atol=1e-12)


def test_a_shift_that_is_always_on_is_stored_energy():
    battery = {"b": qb.Qubit(1.0)}
    shift = qb.interaction("b", np.diag([0.0, 0.5]), always=True)
    system = qb.System(battery, [shift], charger=[], battery="b")
    table = system.charge({"b": qb.fock(1)}, [0.0, 1.0], ["energy", "ergotropy", "capacity"])
    for name in table.data_vars:
        np.testing.assert_allclose(table[name], 1.5, atol=1e-12)


def test_a_part_of_a_batch_without_any_interaction():
    """The strengths are worked on in parts, in one of which all are 0."""

    def system(strength):
        return qb.System(
            {"x": qb.Qubit(), "y": qb.Oscillator(levels=6, loss=0.2)},
            [
                qb.dipole("x", "y", strength, always=True),
                qb.drive("x", 0.3, 1.0, rotating_wave=False),
            ],
            charger=[],
            battery=["y", "x"],
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # six levels
        both = system([0.0, 1.0]).charge({"y": qb.fock(1)}, [0.5], ["energy_variance"])
    for k, strength in enumerate((0.0, 1.0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            alone = system(strength).charge({"y": qb.fock(1)}, [0.5], ["energy_variance"])
        value = both.energy_variance[k].item()
        assert value == pytest.approx(alone.energy_variance.item(), abs=1e-10)


@pytest.mark.parametrize("battery", [qb.Qubit(), qb.Qubit(loss=0.2)])
def test_powers_of_a_filled_battery_under_a_pulse(battery):
    """What it held is read by itself, of a propagator that is made in pieces."""
    pair = qb.System(
        {"charger": qb.Qubit(loss=0.1), "battery": battery},
        [qb.exchange("charger", "battery", 0.5, envelope=lambda t: np.exp(-((t - 2) ** 2)))],
    )
    for times in ([3.0], np.linspace(0.5, 4.0, 9)):
        table = pair.charge({"battery": qb.fock(1)}, times)
        assert table.energy.values[-1] < 1
        np.testing.assert_allclose(table.power, (table.energy - 1) / table.time, atol=1e-12)
        work = (table.ergotropy - 1) / table.time
        np.testing.assert_allclose(table.ergotropic_power, work, atol=1e-12)


def test_a_gibbs_state_of_one_site_with_what_is_always_on():
    """Beside the exponential; by itself, in a tuple, and with a temperature for each site."""
    push = np.array([[0.0, 0.3], [0.3, 0.0]])
    links = [qb.interaction("x", matrix=push, always=True), qb.exchange("x", "y", 0.2)]
    system = qb.System({"x": qb.Qubit(), "y": qb.Qubit(1.3)}, links, [], ["x", "y"])
    rho = expm(-(np.diag([0.0, 1.0]) + push) / 0.5)
    rho /= np.trace(rho)
    other = np.diag(np.exp([0.0, -1.3 / 0.2]) / (1 + np.exp(-1.3 / 0.2)))
    both = xr.DataArray([0.5, 0.2], dims="site")
    for start, wanted in (
        ({"x": qb.gibbs(0.5), "y": qb.gibbs(0.2)}, np.kron(rho, other)),
        ({("x", "y"): qb.gibbs(both)}, np.kron(rho, other)),
    ):
        found = system.density_matrix(start, 0.0, ["x", "y"])
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14)
    alone = qb.System({"x": qb.Qubit()}, links[:1], [], "x")
    table = alone.charge({"x": qb.gibbs(0.0)}, 0.0, ["energy", "ergotropy"])
    np.testing.assert_allclose([table.energy, table.ergotropy], 0.0, atol=1e-15)
    passive = alone.charge({"x": qb.gibbs(0.5)}, 0.0, ["ergotropy"])
    assert abs(passive.ergotropy) < 1e-15
