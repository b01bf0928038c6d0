"""What never has any work, or any energy bound on levels: optima that ask nothing of a cut."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.charge import converted
from quantumbattery.charging.problem import Problem
from quantumbattery.moments.passive import stays_passive
from quantumbattery.moments.quadratic import is_constant
from roads.quadratic import random_network

TIMES = np.linspace(0.1, 2.0, 7)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_work_is_ever_in_what_is_called_passive_and_some_in_the_rest(seed):
    system, start = random_network(np.random.default_rng(seed))
    started, axes = converted(system, start, TIMES)
    problem = Problem(system, started, axes, ("energy",), "local", 2.0)
    work = ByMoments.of(problem, ["energy"])
    assume(is_constant(work.problem.network))  # of what changes in time no optimum is certified
    said = stays_passive(work.motions[0], work.begun, work.energies.places)
    found = system.charge(start, TIMES, ["energy", "ergotropy"], extraction="local")
    assert said == bool((found.ergotropy <= 1e-15 * (1 + found.energy)).all())


def test_a_two_mode_squeezed_vacuum_is_known_to_bring_no_work():
    """sinh(g t)^2 quanta, all of them passive: nothing has to be searched."""
    g, horizon = 0.3, 8.0
    links = [qb.dipole("a", "b", g), qb.exchange("a", "b", -g)]
    links += [qb.shift("a", -1.0), qb.shift("b", -1.0)]
    pair = qb.System({"a": qb.Oscillator(), "b": qb.Oscillator()}, links, "a", "b")
    best = pair.optimum({}, horizon)
    assert best.energy_max.item() == pytest.approx(np.sinh(g * horizon) ** 2, rel=1e-9)
    for name in ("ergotropy", "ergotropic_power"):
        assert best[f"{name}_max"] == best[f"{name}_bound"] == 0
        assert np.isnan(best[f"{name}_time"])


@pytest.mark.parametrize("quanta", [1, 4])
def test_the_energy_of_what_is_not_gaussian_is_bounded_by_moments(quanta):
    """Of a number of quanta and a field: |F|^2 n and the field's own, by exponentials."""
    loss, g, field = 0.3, 0.6, 0.5
    sites = {"a": qb.Oscillator(loss=loss), "b": qb.Oscillator()}
    pair = qb.System(sites, [qb.exchange("a", "b", g), qb.drive("a", field, 1.0)], "a", "b")
    best = pair.optimum(qb.fock(quanta), 6.0, of=["energy", "power"])
    assert best.attrs["method"] == "means and covariances (2 modes)"
    drift = np.array([[-loss / 2, -1j * g, -1j * field], [-1j * g, 0, 0], [0, 0, 0]])
    times = np.linspace(0, 6, 2001)
    moved = np.array([expm(drift * t)[1] for t in times])
    energy = quanta * np.abs(moved[:, 0]) ** 2 + np.abs(moved[:, 2]) ** 2
    power = np.divide(energy, times, out=np.zeros_like(times), where=times > 0)
    for name, column in (("energy", energy), ("power", power)):
        top, bound = best[f"{name}_max"].item(), best[f"{name}_bound"].item()
        assert column.max() <= bound * (1 + 1e-12)
        assert top == pytest.approx(column.max(), rel=1e-5)
        assert bound == pytest.approx(top, rel=1e-8)
        assert best[f"{name}_time"].item() == pytest.approx(times[column.argmax()], abs=4e-3)


def test_work_beside_it_is_still_sought_on_levels():
    sites = {"a": qb.Oscillator(loss=0.3), "b": qb.Oscillator()}
    pair = qb.System(sites, [qb.exchange("a", "b", 0.6)], "a", "b")
    both = pair.optimum(qb.fock(2), 4.0, of=["ergotropy", "energy"])
    assert next(iter(both.data_vars)) == "ergotropy_time"
    assert both.energy_max.item() == pytest.approx(
        pair.optimum(qb.fock(2), 4.0, of="energy").energy_max.item(), rel=1e-9
    )
    curve = pair.charge(qb.fock(2), np.linspace(0, 4, 401), ["ergotropy"]).ergotropy
    assert both.ergotropy_max.item() == pytest.approx(float(curve.max()), rel=1e-4)


@pytest.mark.parametrize("r", [1e-3, 1e-100, 1e-200])
def test_the_energy_of_what_is_squeezed_ever_so_little(r):
    """sinh(r)^2 after half a period, and nothing where no number holds that."""
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator()}
    pair = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    best = pair.optimum(qb.squeezed(r), 2.0, of="energy")
    assert best.energy_max.item() == pytest.approx(np.sinh(r) ** 2, rel=1e-9)
    assert best.energy_bound.item() == pytest.approx(np.sinh(r) ** 2, rel=1e-9)
