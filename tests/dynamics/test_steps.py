"""Drives in steps beside products of exponentials, typed in NumPy."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb

LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])


def by_hand(amplitudes, edges, times, loss, dephasing, detuning):
    """Excited population of a qubit in the frame of the field, one exponential after the other."""
    number = LOWER.T @ LOWER
    eye = np.eye(2)

    def generator(amplitude):
        h = amplitude * (LOWER + LOWER.T) + detuning * number
        total = -1j * (np.kron(h, eye) - np.kron(eye, h.T))
        for jump in (np.sqrt(loss) * LOWER, np.sqrt(2 * dephasing) * number):
            square = jump.T @ jump
            total = total + np.kron(jump, jump)
            total = total - (np.kron(square, eye) + np.kron(eye, square.T)) / 2
        return total

    found = []
    for time in times:
        rho = np.diag([1.0, 0.0]).reshape(-1).astype(complex)
        now = 0.0
        for amplitude, begin, end in zip(
            [*amplitudes, 0.0], edges, [*edges[1:], np.inf], strict=True
        ):
            first, last = max(begin, 0.0), min(end, time)
            if last > first:
                rho = expm(generator(0.0) * (first - now)) @ rho if first > now else rho
                rho = expm(generator(amplitude) * (last - first)) @ rho
                now = last
        if now < time:
            rho = expm(generator(0.0) * (time - now)) @ rho
        found.append(rho[3].real)
    return np.array(found)


def driven(envelope, loss=0.0, dephasing=0.0, detuning=0.0, **options):
    cell = qb.Qubit(1.0 + detuning, loss=loss, dephasing=dephasing)
    return qb.System({"q": cell}, [qb.drive("q", 1.0, 1.0, envelope, **options)], [], "q")


def test_fifty_steps_on_a_lossy_qubit():
    """The value stands in public: a product of fifty exponentials."""
    values = np.random.default_rng(1).uniform(-0.25, 0.25, 50)
    system = driven(values, 0.01, 0.01, breaks=np.arange(51) * 0.1)
    table = system.charge({}, 5.0, ["energy"])
    assert table.energy.item() == pytest.approx(0.00238134258, abs=5e-12)
    assert "solver_error" not in table.attrs


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_steps_against_products_of_exponentials(seed, lossy):
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 6)
    edges = np.sort(rng.uniform(-0.5, 4.0, count + 1))
    values, times = rng.normal(size=count), rng.uniform(0, 5, 6)
    loss, dephasing = rng.uniform(0, 0.5, 2) if lossy else (0.0, 0.0)
    detuning = rng.choice([0.0, 0.4])
    system = driven(values, loss, dephasing, detuning, breaks=edges)
    ours = system.charge({}, times, ["population"]).population.values
    theirs = by_hand(values, edges, times, loss, dephasing, detuning)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_samples_hold_or_are_joined_as_one_says():
    """Held, the last as long as the one before; joined by lines, another pulse."""
    rng = np.random.default_rng(3)
    values, begins = rng.normal(size=16), 0.2 * np.arange(16)
    samples = xr.DataArray(values, dims="time", coords={"time": begins})
    times, edges = np.linspace(0, 4, 9), 0.2 * np.arange(17)
    held = driven(samples, steps=True).charge({}, times, ["population"]).population
    np.testing.assert_allclose(held, by_hand(values, edges, times, 0, 0, 0), rtol=0, atol=1e-12)
    joined = driven(samples).charge({}, times, ["population"]).population
    assert abs(held - joined).max() > 1e-3


def test_a_batch_has_steps_of_its_own_size_and_times_of_its_own():
    values, edges = np.array([0.5, -0.2, 0.9]), np.array([0.0, 1.0, 1.5, 2.0])
    sizes = xr.DataArray([0.5, 1.0, 2.0], dims="device")
    times = xr.DataArray([[0.3, 1.7], [2.0, 1.0], [3.0, 0.0]], dims=("device", "moment"))
    pulse = qb.drive("q", sizes, 1.0, values, breaks=edges)
    system = qb.System({"q": qb.Qubit(loss=0.2)}, [pulse], [], "q")
    ours = system.charge({}, times, ["population"]).population.transpose("device", "moment")
    for size, moments, row in zip(sizes.values, times.values, ours.values, strict=True):
        theirs = by_hand(size * values, edges, moments, 0.2, 0.0, 0.0)
        np.testing.assert_allclose(row, theirs, rtol=0, atol=1e-12)


def test_an_oscillator_is_displaced_step_by_step():
    """alpha = -i sum of amplitudes times durations, and |alpha|^2 quanta."""
    values, edges = [0.3, -0.1, 0.4], [0.0, 1.0, 2.5, 3.0]
    pulse = qb.drive("a", 1.0, 1.0, values, breaks=edges)
    system = qb.System({"a": qb.Oscillator(levels=30)}, [pulse], [], "a")
    alpha = np.dot(values, np.diff(edges))
    energy = system.charge({}, 4.0, ["energy"]).energy.item()
    assert energy == pytest.approx(alpha**2, abs=1e-12)


def test_steps_are_written_down_and_read():
    pulse = qb.drive("q", 1.0, 1.0, [0.5, 0.1], breaks=[0.0, 1.0, 2.0])
    system = qb.System({"q": qb.Qubit()}, [pulse], [], "q")
    assert qb.System.from_dict(system.to_dict()) == system
    assert "2 steps in time" in str(system)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (([0.5, 0.1], {"breaks": [0.0, 1.0]}), ValueError, "got 2 values and 2 breaks"),
        (([0.5], {"breaks": [1.0, 1.0]}), ValueError, "breaks must rise"),
        (([0.5], {}), ValueError, "got 1 values and 0 breaks"),
        (([np.nan], {"breaks": [0.0, 1.0]}), ValueError, "and finite"),
        ((["x"], {"breaks": [0.0, 1.0]}), TypeError, "envelope is a function"),
        ((np.cos, {"steps": True}), ValueError, "steps=True says how samples"),
        (([0.5], {"breaks": [0.0, 1.0], "steps": 1}), TypeError, "steps must be True or False"),
    ],
)
def test_bad_steps(given, error, says):
    envelope, options = given
    with pytest.raises(error, match=says):
        qb.drive("q", 1.0, 1.0, envelope, **options)
