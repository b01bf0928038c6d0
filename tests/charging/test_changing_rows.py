"""Starts of any kind under links and pairs that change in time, beside levels and QuTiP."""

import re
import warnings
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import by_starts
from roads.levels import on_levels, unbounded

WHEN = [0.0, 0.4, 1.1]
ONE = ["energy", "energy_variance", "ergotropy", "purity", "entropy", "power"]
ONE += ["incoherent_ergotropy", "charger_energy"]
STARTS = [qb.fock(2), qb.bloch(1.2, 0.7), qb.state([0.6, 0.0, 0.8j])]
TWO = ["energy", "ergotropy", "local_ergotropy", "purity", "negativity", "mutual_information"]


def swing(t):
    return 0.6 + 0.4 * np.cos(2.1 * t)


def pulse(t):
    return np.exp(-(((t - 0.7) / 0.4) ** 2))


def random_system(rng, cells, levels=None):
    """A charger and cells that links join which swing or pulse; one of them beside fields or pairs.

    Several cells are cold, for levels of all to do.
    """
    names = ["charger", *"ab"[:cells]]
    rates = [{}, {"loss": 0.3}, {"loss": 0.3, "occupation": 0.05 * (cells == 1)}]
    sites = {
        n: qb.Oscillator(rng.uniform(0.8, 1.3), **rates[rng.integers(3)], levels=levels)
        for n in names
    }
    shapes = [swing, pulse, None]
    links = [
        qb.exchange("charger", n, rng.normal(), envelope=shapes[(k + rng.integers(2)) % 3])
        for k, n in enumerate(names[1:])
    ]
    more = rng.integers(3) if cells == 1 else 2
    if more == 0:
        links.append(qb.two_photon_drive("charger", 0.05, 2.3, envelope=swing))
        links.append(qb.dipole("charger", "a", 0.1))
    elif more == 1:
        links.append(qb.drive("charger", 0.2, 1.1, envelope=pulse))
    return qb.System(sites, links, "charger", names[1:])


def beside_levels(seed, cells, ask):
    """Ours, and the same on levels that are given, and on two fewer: how far these are apart."""
    make = [random_system(np.random.default_rng(seed), cells, n) for n in (None, 12, 10)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ours = ask(make[0])
        with unbounded():
            return [ours, *map(ask, make[1:])]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_figures_of_one_cell_beside_levels(seed):
    rng = np.random.default_rng(seed)
    starts = {"charger": STARTS[seed % 3]}
    if rng.random() < 0.5:
        starts["a"] = [qb.fock(1), qb.coherent(0.3j), qb.thermal(0.05)][rng.integers(3)]
    stored = {"disconnect": 0.8} if rng.random() < 0.3 else {}
    ask = lambda system: system.charge(starts, WHEN, ONE, **stored)  # noqa: E731
    with patch.object(by_starts, "_few_states", lambda _: False):  # that levels do sooner
        ours, wanted, fewer = beside_levels(seed, 1, ask)
    assert "levels" not in ours.attrs
    for name in ONE:
        cut = float(np.abs(wanted[name] - fewer[name]).max())
        assert cut < 1e-4
        loose = 3e-6 if name == "entropy" else 1e-8
        np.testing.assert_allclose(ours[name], wanted[name], atol=loose + 3 * cut, err_msg=name)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_figures_of_two_cells_beside_levels(seed):
    system = random_system(np.random.default_rng(seed), 2)
    starts = {"charger": STARTS[seed % 3]}
    ours = system.charge(starts, WHEN, TWO)
    with on_levels():
        wanted = system.charge(starts, WHEN, TWO)
    assert "levels" not in ours.attrs
    for name in TWO:
        loose = 1e-6 if name in ("negativity", "mutual_information") else 1e-8
        np.testing.assert_allclose(ours[name], wanted[name], atol=loose, err_msg=name)


@pytest.mark.parametrize("sites", ["a", ("charger", "a")])
def test_states_and_means_beside_levels(sites):
    starts = {"charger": STARTS[2], "a": qb.bloch(1.0)}
    for seed in (1, 4):
        ask = lambda system: system.density_matrix(starts, WHEN, sites).values  # noqa: E731
        ours, wanted, fewer = beside_levels(seed, 1, ask)
        few = tuple(slice(min(8, n)) for n in ours.shape)
        cut = np.abs(wanted[few] - fewer[few]).max()
        assert cut < 1e-4
        np.testing.assert_allclose(ours[few], wanted[few], atol=1e-8 + 3 * cut)


def test_hot_cells_of_which_levels_would_take_minutes():
    """A loss that both share keeps F(t) in closed form: a = e^{-gt/2} (cos, -i sin) of the area."""
    occupation, loss, n = 5.0, 0.2, 4
    mode = qb.Oscillator(loss=loss, occupation=occupation)
    link = qb.exchange("charger", "battery", 1.0, envelope=swing)
    system = qb.System({"charger": mode, "battery": mode}, [link])
    times = np.array([0.5, 1.3])
    area = 0.6 * times + 0.4 / 2.1 * np.sin(2.1 * times)
    eta = np.exp(-loss * times) * np.sin(area) ** 2
    noise = occupation * -np.expm1(-loss * times)
    table = system.charge(qb.fock(n), times, ["energy", "energy_variance", "ergotropy"])
    np.testing.assert_allclose(table.energy, n * eta + noise, rtol=1e-9)
    wanted = n * eta * (1 - eta) + noise * (noise + 1) + 2 * n * eta * noise
    np.testing.assert_allclose(table.energy_variance, wanted, rtol=1e-9)
    rho = system.density_matrix(qb.fock(n), times, "battery").values
    weights = np.einsum("tjj->tj", rho).real
    assert np.abs(rho - weights[..., None] * np.eye(weights.shape[-1])).max() < 1e-14
    passive = np.sort(weights)[:, ::-1] @ np.arange(weights.shape[-1])
    np.testing.assert_allclose(table.ergotropy, n * eta + noise - passive, atol=1e-9)


def test_a_chain_whose_covariances_would_not_fit_goes_another_way():
    names = [f"{k}" for k in range(60)]
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    links[0] = qb.exchange(names[0], names[1], 1.0, envelope=swing)
    cold = qb.System(dict.fromkeys(names, qb.Oscillator()), links, "0", "3")
    ours = cold.charge({"0": qb.fock(2)}, WHEN, ["energy", "ergotropy"], limit=0.5)
    one = cold.charge({"0": qb.fock(1)}, WHEN, ["energy"])
    np.testing.assert_allclose(ours.energy, 2 * one.energy, atol=1e-10)
    p = np.clip(one.energy.values, 0, 1)
    weights = np.sort(np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2]), axis=0)[::-1]
    passive = np.arange(3) @ weights
    np.testing.assert_allclose(ours.ergotropy, 2 * p - passive, atol=1e-9)


def test_the_error_of_a_pulse_is_said():
    mode = qb.Oscillator(loss=0.1, occupation=0.2)
    link = qb.exchange("charger", "battery", 1.0, envelope=pulse)
    table = qb.System({"charger": mode, "battery": mode}, [link]).charge(qb.fock(3), WHEN)
    assert 0 <= table.attrs["solver_error"] < 1e-9
    assert table.attrs["method"].startswith("attenuation of the start")


@pytest.mark.parametrize("frequency", [2.0, 2.3])
def test_pairs_that_turn_in_every_frame(frequency):
    """A dipole fixes the frame in which the two-photon drive then turns."""

    def table(levels=None):
        sites = {
            "charger": qb.Oscillator(1.1, levels=levels),
            "battery": qb.Oscillator(loss=0.1, levels=levels),
        }
        links = [
            qb.dipole("charger", "battery", 0.3),
            qb.two_photon_drive("charger", 0.1, frequency),
        ]
        return qb.System(sites, links).charge(qb.fock(1), WHEN, ["energy", "ergotropy", "purity"])

    ours = table()
    assert ours.attrs["method"].startswith("characteristic function")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        wanted, fewer = table(14), table(12)
    for name in ours.data_vars:
        cut = float(np.abs(wanted[name] - fewer[name]).max())
        assert cut < 1e-4
        np.testing.assert_allclose(ours[name], wanted[name], atol=1e-8 + 3 * cut)


def growing(envelope=None, pairs=0.4):
    return qb.System(
        {"c": qb.Oscillator(loss=0.1), "b": qb.Oscillator()},
        [qb.exchange("c", "b", 0.2, envelope=envelope), qb.two_photon_drive("c", pairs, 2.0)],
        "c",
        "b",
    )


def test_pairs_out_of_nothing():
    """Nothing is prepared, so that there is noise alone."""
    ours = growing(np.ones_like).charge({}, WHEN, ["energy", "energy_variance", "ergotropy"])
    wanted = growing().charge({}, WHEN, ["energy", "energy_variance", "ergotropy"])
    assert "solver_error" not in wanted.attrs
    for name in ours.data_vars:
        np.testing.assert_allclose(ours[name], wanted[name], rtol=1e-9, atol=1e-12)


def test_the_error_counts_what_has_grown():
    """Rows that are off by little move many quanta by more."""
    start = {"c": qb.fock(1)}
    ours = growing(np.ones_like, pairs=1.0).charge(start, 15.0, ["energy"])
    wanted = growing(pairs=1.0).charge(start, 15.0, ["energy"])
    assert wanted.energy > 200
    off = float(abs(ours.energy - wanted.energy))
    assert off <= ours.attrs["solver_error"] < 1e-9


@pytest.mark.parametrize("start", [{}, {"c": qb.fock(1)}])
def test_numbers_that_overflow_under_a_shape_say_when(start):
    pairs = qb.two_photon_drive("c", 4.0, 1.0, envelope=swing)
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Oscillator()}
    system = qb.System(sites, [qb.exchange("c", "b", 0.2), pairs], "c", "b")
    with pytest.raises(ValueError, match=r"overflow, between t = .* and .*: charge") as error:
        system.charge(start, [0.0, 20.0, 200.0], ["energy"])
    first, last = map(float, re.findall(r"between t = (\S+) and (\S+):", str(error.value))[0])
    assert 0 < last - first < 2.0
    assert system.charge(start, [0.99 * first], ["energy"]).energy.item() > 1e140
    with pytest.raises(ValueError, match="numbers overflow"):
        system.charge(start, [1.01 * last], ["energy"])


def test_what_grows_is_measured_by_its_size(recwarn):
    """Of 10^38 quanta an error of 10^24 is none; beside a member that keeps few it is said."""

    def shape(t):
        return 1 + 0.3 * np.cos(2 * np.pi * np.asarray(t) / 1.7)

    def grown(size):
        links = [qb.two_photon_drive("x", size, 1.0, shape, period=1.7), qb.drive("x", 0.3, 1.0)]
        system = qb.System({"x": qb.Oscillator(loss=0.4)}, links, [], "x")
        return system.charge({}, [0.0, 25.0], ["energy"])

    table = grown(2.0)
    assert table.energy[-1] > 1e38
    assert table.attrs["solver_error"] > 1.0
    assert not recwarn.list
    with pytest.warns(UserWarning, match="two solutions with different steps"):
        grown(np.array([0.1, 2.0]))
