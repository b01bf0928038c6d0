"""Fields that are shaped in time: they move means, and covariances go on as without them."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import quantumbattery as qb

NAMES = ["energy", "ergotropy", "energy_variance"]
TIGHT = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}


def pulse(t):
    return np.exp(-((t - 5) ** 2) / 4)


def chain(count, links, loss=0.02, occupation=0.5):
    names = [f"c{k}" for k in range(count)]
    sites = dict.fromkeys(names, qb.Oscillator(loss=loss, occupation=occupation))
    every = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    return qb.System(sites, [*every, *links], names[0], names[-1])


def of_chain(mean, times, loss=0.02, occupation=0.5):
    """All of the last mode: alike baths warm alike modes that are joined as if they were not."""
    warm, size = occupation * (1 - np.exp(-loss * times)), np.abs(mean) ** 2
    return warm + size, size, warm**2 + warm + size * (2 * warm + 1)


def test_a_hundred_modes_take_little():
    """Amplitudes by another solver, in a memory that no covariances of all pairs would fit in."""
    count, times = 100, np.linspace(0, 80, 201)
    system = chain(count, [qb.drive("c0", 1.0, 1.0, envelope=pulse)])
    table = system.charge({}, times, NAMES, limit=0.05)

    def moved(t, a):
        beside = np.append(a[1:], 0.0) + np.append(0.0, a[:-1])
        return -1j * beside - 0.01 * a - 1j * pulse(t) * (np.arange(count) == 0)

    solved = solve_ivp(moved, (0, 80), np.zeros(count, complex), t_eval=times, **TIGHT)
    for name, exact in zip(NAMES, of_chain(solved.y[-1], times), strict=True):
        np.testing.assert_allclose(table[name], exact, rtol=1e-9, atol=1e-10)
    assert 0 < table.attrs["solver_error"] < 1e-10


@pytest.mark.parametrize("count", [5, 70])
def test_steps_are_exact(count):
    """From edge to edge, by exponentials of a matrix that has the field in its last column."""
    heights, edges = [1.0, -0.4, 0.0, 2.0], [0.5, 2.0, 3.5, 4.0, 7.0]
    field = qb.drive("c0", 0.3, 1.0, envelope=heights, breaks=edges)
    times = np.array([0.0, 0.5, 1.0, 2.0, 3.7, 6.0, 9.0])
    table = chain(count, [field]).charge({}, times, NAMES)
    hop = -1j * (np.eye(count, k=1) + np.eye(count, k=-1)) - 0.01 * np.eye(count)
    mean = []
    for time in times:
        state = np.append(np.zeros(count, complex), 1.0)
        begins = [0.0, *edges]
        for begin, end, height in zip(begins, [*edges, 99.0], [0.0, *heights, 0.0], strict=True):
            whole = np.zeros((count + 1, count + 1), complex)
            whole[:count, :count], whole[0, -1] = hop, -0.3j * height
            state = expm(whole * max(min(end, time) - begin, 0.0)) @ state
        mean.append(state[count - 1])
    for name, exact in zip(NAMES, of_chain(np.array(mean), times), strict=True):
        np.testing.assert_allclose(table[name], exact, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("rotating", [True, False])
@pytest.mark.parametrize("end", [None, 2.5])
def test_beside_pairs_that_come_all_the_time(rotating, end):
    """Means and covariances by another solver, member by member, with a start of their own."""
    rng, times = np.random.default_rng(7), np.array([0.0, 1.0, 2.5, 4.0])
    size, squeezed, starts = rng.uniform(0.2, 1, 2), 0.15, np.array([0.4, 0.3 - 1.0j])
    how = {"envelope": lambda t: np.sin(t) ** 2, "rotating_wave": rotating}
    links = [
        qb.drive("c1", xr.DataArray(size, dims="size"), 0.8, phase=0.3, **how),
        qb.drive("c0", 0.2, 0.8),
        qb.two_photon_drive("c2", squeezed, 0.8),
    ]
    table = chain(3, links, 0.1).charge(qb.coherent(starts), times, NAMES, disconnect=end)

    def moved(t, state, height):
        on = end is None or t <= end
        a, normal, pairs = state[:3], state[3:12].reshape(3, 3), state[12:].reshape(3, 3)
        hop = np.eye(3, k=1) + np.eye(3, k=-1)
        drift = -1j * (np.eye(3) + on * hop) - 0.05 * np.eye(3)
        field = np.zeros(3, complex)
        field[0] = 0.2 * np.exp(-0.8j * t)
        wave = np.exp(-1j * (0.8 * t + 0.3))
        field[1] = height * np.sin(t) ** 2 * (wave if rotating else 2 * wave.real)
        made = np.zeros((3, 3), complex)
        made[2, 2] = -1j * squeezed * np.exp(-1.6j * t) * on
        change = drift @ a + made @ a.conj() - 1j * on * field
        spread = drift @ normal + made @ pairs.conj()
        spread = spread + spread.conj().T + 0.1 * 0.5 * np.eye(3)
        both = drift @ pairs + made @ normal.conj()
        both = both + both.T + made
        return np.concatenate([change, spread.ravel(), both.ravel()])

    for k, height in enumerate(size):
        for j, alpha in enumerate(starts):
            state, now, mine = np.append(alpha, np.zeros(20)).astype(complex), 0.0, []
            for time in times:
                if time > now:
                    inside = {"args": (height,), "max_step": 0.5} | TIGHT
                    state = solve_ivp(moved, (now, time), state, **inside).y[:, -1]
                    now = time
                mine.append(figures(state[2], state[11].real, state[20]))
            for name, exact in zip(NAMES, np.array(mine).T, strict=True):
                found = table[name].isel(size=k, alpha=j)
                np.testing.assert_allclose(found, exact, rtol=1e-8, atol=1e-9)


def figures(a, n, c):
    """Energy, ergotropy and the variance of the energy of one mode."""
    size = abs(a) ** 2
    thermal = np.sqrt((n + 0.5) ** 2 - abs(c) ** 2) - 0.5
    variance = n**2 + n + abs(c) ** 2 + size * (2 * n + 1) + 2 * (np.conj(a) ** 2 * c).real
    return n + size, n + size - thermal, variance


@pytest.mark.parametrize(("end", "warm"), [(None, 0.02), (2.0, 0.0)])
def test_what_is_not_gaussian_is_pulled_too(end, warm):
    """A pulse, and one start that is not Gaussian, beside Fock space; and after the end of it."""

    def pair(levels):
        first = qb.Oscillator(loss=0.2, occupation=warm, levels=levels)
        pulse = qb.drive("a", 0.1, 1.1, lambda t: np.exp(-((t - 1) ** 2)), phase=0.3)
        sites = {"a": first, "b": qb.Oscillator(frequency=0.9, levels=levels)}
        return qb.System(sites, [qb.exchange("a", "b", 0.8), pulse], "a", "b")

    start = {"a": qb.state(np.array([1, 1j]) / np.sqrt(2)), "b": qb.coherent(0.1)}
    times = np.linspace(0.0, 4.0, 21)
    found = pair(None).charge(start, times, disconnect=end)
    assert found.attrs["method"].startswith("attenuation of the start")
    assert found.attrs["solver_error"] < 1e-10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so many levels are enough, though not by any bound
        exact = pair(9).charge(start, times, disconnect=end)
    for name in ("energy", "energy_variance", "ergotropy", "passive_energy", "ergotropic_power"):
        np.testing.assert_allclose(found[name], exact[name], rtol=0, atol=1e-8)
