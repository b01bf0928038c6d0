import itertools

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.network.amplitudes import density_matrix, needed_levels, tail, tail_quanta
from roads.joint import battery_hamiltonian, figures, in_order

WHEN = np.array([0.0, 0.4, 1.3])
NAMES = ["energy", "ergotropy", "energy_variance"]


def boltzmann(h, temperature):
    """exp(-H/T)/Z, dense."""
    rho = expm(-(h - np.linalg.eigvalsh(h)[0] * np.eye(len(h))) / temperature)
    return rho / np.trace(rho)


# --- one site ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "energies"),
    [
        (qb.Qubit(1.4), [0, 1.4]),
        (qb.Qudit([0.3, 0.0, 2.0]), [0.3, 0, 2.0]),
        (qb.Qudit([0.0, 0.0, 1.0]), [0, 0, 1]),
        (qb.Ensemble(qb.Qubit(0.7), 4), 0.7 * np.arange(5)),
        (qb.Ensemble(qb.Qudit([0.0, 1.0, 1.7]), 2), [0, 1, 2, 1.7, 2.7, 3.4]),
    ],
    ids=["qubit", "qudit", "degenerate", "ensemble", "cells of three levels"],
)
@pytest.mark.parametrize("temperature", [0.02, 0.6, 30.0, 1e30])
def test_levels_of_a_site_have_boltzmann_weights(site, energies, temperature):
    rho = density_matrix(qb.gibbs(temperature), site, site.dimension).values
    expected = boltzmann(np.diag(energies), temperature)
    np.testing.assert_allclose(rho, expected, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("temperature", [0.1, 0.8, 5.0])
def test_an_oscillator_is_filled_geometrically(temperature):
    site, made = qb.Oscillator(1.3), qb.gibbs(temperature)
    mean = 1 / np.expm1(1.3 / temperature)
    levels = needed_levels(made, site, 1e-14)
    expected = qutip.thermal_dm(levels + 300, mean, method="analytic").full().real
    found = density_matrix(made, site, levels).values
    np.testing.assert_allclose(found, expected[:levels, :levels], rtol=0, atol=1e-13)
    beyond = np.diag(expected)[5:]
    assert tail(made, site, 5) == pytest.approx(np.exp(-5 * 1.3 / temperature), rel=1e-12)
    quanta = np.sqrt((np.arange(5, levels + 300) ** 2 * beyond).sum())
    assert tail_quanta(made, site, 5) == pytest.approx(quanta, rel=1e-6)


def test_an_oscillator_that_chooses_its_levels():
    sites = {"o": qb.Oscillator(0.8), "q": qb.Qubit(0.8)}
    system = qb.System(sites, [qb.exchange("o", "q", 0.5)], "o", "q")
    temperature = np.array([0.0, 0.5, 2.0])
    table = system.charge(qb.gibbs(temperature), WHEN, ["energy"])
    np.testing.assert_array_equal(table.temperature, temperature)
    n = np.arange(200)
    for k, t in enumerate(temperature):
        weights = np.eye(200)[0] if t == 0 else np.exp(-0.8 * n / t)
        swaps = np.sin(0.5 * np.sqrt(n) * WHEN[:, None]) ** 2
        expected = 0.8 * swaps @ (weights / weights.sum())
        np.testing.assert_allclose(table.energy[k], expected, rtol=0, atol=1e-12)


def test_given_levels_leave_out_what_is_above_them():
    sites = {"o": qb.Oscillator(levels=4), "q": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("o", "q", 0.5)], "o", "q")
    with pytest.warns(UserWarning, match="levels of 'o'"):
        table = system.charge(qb.gibbs(1.0), 1.0, ["energy"])
    n = np.arange(300)
    exact = np.sin(0.5 * np.sqrt(n)) ** 2 @ np.exp(-n) * (1 - np.exp(-1))
    assert 1e-6 < abs(table.energy.item() - exact) < table.attrs["left_out"]
    assert table.attrs["left_out"] == pytest.approx(2 * np.exp(-4), rel=1e-6)


def test_a_frequency_and_a_temperature_over_one_axis_or_two():
    w = xr.DataArray([0.7, 1.5], dims="device")
    for t in (xr.DataArray([0.4, 0.9], dims="device"), xr.DataArray([0.4, 0.9, 2], dims="bath")):
        for site in (qb.Qubit(w), qb.Oscillator(w)):
            system = qb.System({"a": site, "b": qb.Qubit()}, [qb.exchange("a", "b", 0.0)], [], "a")
            energy = system.charge({"a": qb.gibbs(t)}, 0.0, ["energy"]).energy
            sign = 1 if isinstance(site, qb.Qubit) else -1
            xr.testing.assert_allclose(
                energy.drop_vars(["time"]).drop_attrs(),
                (w / (np.exp(w / t) + sign)).rename("energy").transpose(*energy.dims),
                rtol=1e-12,
            )


# --- sites that interact always ------------------------------------------------------------------


def chain(rng, n, **others):
    """A charger and a battery of n that interacts always, listed in another order."""
    names = list("wxyz"[:n])
    links = [
        qb.heisenberg(a, b, *rng.normal(size=3), always=True) for a, b in itertools.pairwise(names)
    ]
    links.append(qb.exchange("c", names[0], 0.7))
    sites = {name: qb.Qubit(rng.uniform(0.5, 2), **others) for name in names}
    sites = dict(reversed(sites.items())) | {"c": qb.Qubit()}
    return qb.System(sites, links, "c", names)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_gibbs_state_of_a_chain(seed, lossy):
    """Its energies and its work at the start, which is none, and while it is charged."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4 if lossy else 5))
    system = chain(rng, n, loss=0.2 * lossy)
    order = tuple(rng.permutation(list(system.battery)).tolist())
    temperature = np.array([0.15, 1.0, 40.0])
    start = {order: qb.gibbs(temperature), "c": qb.fock(1)}
    table = system.charge(start, WHEN, NAMES)
    levels = [2] * (n + 1)
    h = battery_hamiltonian(system, levels)
    for k, t in enumerate(temperature):
        parts = [(system.battery, boltzmann(h, t)), (("c",), np.diag([0.0, 1.0]))]
        expected = figures(system, levels, in_order(system, levels, parts), WHEN)
        for name, column in zip(NAMES, expected, strict=True):
            mine = table[name].isel(temperature=k)
            np.testing.assert_allclose(mine, column, rtol=0, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(table.ergotropy.isel(time=0), 0, rtol=0, atol=1e-10)


def test_no_temperature_is_the_ground_state_and_all_of_them_are_on_one_axis():
    system = chain(np.random.default_rng(1), 3)
    alone = system.charge(qb.fock(1), WHEN, NAMES)
    cold = {"c": qb.fock(1), ("w", "x", "y"): qb.gibbs(0.0)}
    xr.testing.assert_allclose(system.charge(cold, WHEN, NAMES), alone.drop_vars("n"), atol=1e-12)
    cold[("w", "x", "y")] = qb.gibbs([0.0, 1e-3, 1e12])
    table = system.charge(cold, WHEN, NAMES)
    for k in (0, 1):
        for name in NAMES:
            np.testing.assert_allclose(table[name][k], alone[name], rtol=0, atol=1e-12)
    h = battery_hamiltonian(system, [2] * 4)
    assert table.energy[2, 0].item() == pytest.approx(np.trace(h) / 8, abs=1e-9)


def test_strengths_and_temperatures_over_axes_that_they_share():
    strength = xr.DataArray([0.3, -0.9], dims="device", coords={"device": ["left", "right"]})
    warm = xr.DataArray([[0.2, 1.0, 3.0], [0.5, 0.7, 2.0]], dims=("device", "bath"))
    links = [qb.exchange("x", "y", strength, always=True), qb.exchange("c", "x", [0.5, 1.0])]
    sites = {"c": qb.Qubit(), "x": qb.Qubit(1.2), "y": qb.Qudit([0.0, 0.8, 1.9])}
    system = qb.System(sites, links, "c", ["y", "x"])
    table = system.charge({("x", "y"): qb.gibbs(warm)}, 0.6, NAMES)
    assert dict(table.energy.sizes) == {"device": 2, "bath": 3, "strength": 2}
    for (d, s), (b, t) in itertools.product(enumerate(strength.values), enumerate(range(3))):
        for k, charging in enumerate((0.5, 1.0)):
            own = [qb.exchange("x", "y", s, always=True), qb.exchange("c", "x", charging)]
            one = qb.System(sites, own, "c", ["y", "x"])
            rho = boltzmann(battery_hamiltonian(one, [2, 2, 3]), warm.values[d, t])
            parts = [(("y", "x"), rho), (("c",), np.diag([1.0, 0.0]))]
            expected = figures(one, [2, 2, 3], in_order(one, [2, 2, 3], parts), [0.6])
            for name, column in zip(NAMES, expected, strict=True):
                mine = table[name].isel(device=d, bath=b, strength=k)
                np.testing.assert_allclose(mine, column[0], rtol=0, atol=1e-9, err_msg=name)


def test_parts_that_do_not_interact_are_a_product():
    """Of four sites two interact always, and one is an oscillator whose levels are chosen."""
    sites = {"a": qb.Qubit(), "x": qb.Qubit(), "y": qb.Qubit(), "o": qb.Oscillator(0.9)}
    links = [qb.heisenberg("x", "y", 0.3, 0.3, 0.1, always=True), qb.exchange("a", "x", 1.0)]
    links.append(qb.exchange("o", "a", 0.3))
    system = qb.System(sites, links, ["o", "a"], ["x", "y"])
    start = {("y", "o", "a", "x"): qb.gibbs(0.4)}
    table = system.charge(start, WHEN, NAMES)
    levels = [2, 2, 2, 36]
    h = battery_hamiltonian(system, levels)
    assert table.attrs["levels"].startswith("o: ")
    geometric = boltzmann(0.9 * np.diag(np.arange(36)), 0.4)
    qubit = boltzmann(np.diag([0.0, 1.0]), 0.4)
    energies = np.trace(h @ boltzmann(h, 0.4)).real
    assert table.energy[0].item() == pytest.approx(energies, abs=1e-12)
    whole = qutip.tensor(*(qutip.Qobj(m) for m in (qubit, np.eye(4), geometric)))
    assert whole.tr() == pytest.approx(4)
    split = {("x", "y"): qb.gibbs(0.4), "a": qb.gibbs(0.4), "o": qb.gibbs(0.4)}
    xr.testing.assert_allclose(table, system.charge(split, WHEN, NAMES), rtol=0, atol=1e-12)


def test_one_preparation_is_that_of_all_chargers():
    links = [qb.exchange(name, "c", 1.0) for name in "ab"]
    sites = {"a": qb.Qubit(1.0), "b": qb.Qubit(1.0), "c": qb.Qubit(1.0)}
    system = qb.System(sites, links, ["a", "b"], "c")
    table = system.charge(qb.gibbs(0.7), WHEN, ["energy"])
    assert table.temperature.item() == 0.7
    p = 1 / (1 + np.exp(1 / 0.7))
    # One quantum is bright by half, p (1 - p) of it; two go to |001> and a bright one, p^2.
    expected = (p * (1 - p) + p**2) * np.sin(np.sqrt(2) * WHEN) ** 2
    np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-12)


def test_a_temperature_for_each_site():
    links = [qb.exchange("a", "b", 0.0)]
    system = qb.System(dict.fromkeys("ab", qb.Qubit()), links, [], ["a", "b"])
    t = xr.DataArray([[0.3, 2.0], [0.5, 0.5]], dims=("run", "site"))
    energy = system.charge({("a", "b"): qb.gibbs(t)}, 0.0, ["energy"]).energy
    np.testing.assert_allclose(energy, (1 / (1 + np.exp(1 / t))).sum("site"), rtol=1e-13)
    links = [qb.exchange("a", "b", 0.0)]
    system = qb.System(dict.fromkeys("abc", qb.Qubit()), links, ["a", "b"], "c")
    table = system.charge(qb.gibbs(t.isel(run=0)), 0.0, ["energy"])
    assert {*table.coords} == {"time"}  # not one temperature


def test_the_best_moment_to_disconnect_a_warm_charger():
    pair = qb.QubitPair(coupling=0.5)
    best = pair.system().optimum(qb.gibbs([0.5, 2.0]), 4.0, of=["energy", "power"])
    p = 1 / (1 + np.exp(1 / np.array([0.5, 2.0])))
    np.testing.assert_allclose(best.energy_max, p, rtol=1e-9)
    np.testing.assert_allclose(best.energy_time, np.pi, rtol=1e-4)
    np.testing.assert_allclose(pair.charge(qb.gibbs(2.0), np.pi).energy, p[1], rtol=1e-12)


def test_a_study_knows_it():
    from quantumbattery.sweeps.parts import preparation_of

    found = preparation_of(
        {
            "x, y": {"state": "gibbs", "temperature": 0.2},
            "c": {"state": "bloch", "theta": "90deg"},
        }
    )
    assert found == {("x", "y"): qb.gibbs(0.2), "c": qb.bloch(np.pi / 2)}


# --- what is refused -----------------------------------------------------------------------------


def joined(link=None, **sites):
    links = [link or qb.exchange("x", "y", 0.5, always=True)]
    return qb.System(
        {"c": qb.Qubit(), "x": qb.Qubit(), "y": qb.Qubit()} | sites, links, "c", ["x", "y"]
    )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: qb.gibbs(-0.1), ValueError, "temperature must be zero or positive, and finite"),
        (lambda: qb.gibbs([1, np.inf]), ValueError, "temperature must be zero or positive"),
        (lambda: qb.gibbs("warm"), TypeError, "temperature must be a real number"),
        (lambda: qb.gibbs(1j), TypeError, "temperature must be a real number"),
        (lambda: joined().charge({"x": qb.gibbs(0.2)}, 1.0), ValueError,
         r"exchange\('x', 'y'\) is always on; name 'y' in the same tuple, .*\('x', 'y'\): gibbs"),
        (lambda: joined().charge({("c", "y"): qb.gibbs(0.2)}, 1.0), ValueError,
         r"name 'x' in the same tuple, as in .*\('c', 'y', 'x'\): gibbs"),
        (lambda: joined().charge({"x": qb.gibbs(0.2), "y": qb.gibbs(0.2)}, 1.0), ValueError,
         "in the same tuple"),
        (lambda: joined(qb.exchange("x", "y", 1.0, always=True)).charge(
            {("x", "y"): qb.gibbs(0.0)}, 1.0), ValueError,
         "ground level of x, y, with what is always on between them, is degenerate"),
        (lambda: joined(qb.exchange("x", "y", 1.0, always=True)).charge(
            {("x", "y"): qb.gibbs([0.0, 1.0])}, 1.0), ValueError,
         "give a small positive temperature, for a mixture of them all, or a state"),
        (lambda: joined(c=qb.Qudit([0, 0, 1])).charge(qb.gibbs([0, 1]), 1.0), ValueError,
         "the ground level of 'c' is degenerate, so that a temperature of 0 does not say"),
        (lambda: joined(y=qb.Oscillator()).charge({("x", "y"): qb.gibbs(1.0)}, 1.0), ValueError,
         "the oscillator 'y' chooses its own; give it levels="),
        (lambda: joined().charge(
            {("x", "y"): qb.gibbs(xr.DataArray([1, 2], dims="site"))}, 1.0), ValueError,
         "differs from site to site, but x, y interact always"),
    ],
)  # fmt: skip
def test_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
