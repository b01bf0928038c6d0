"""Drives without a common period, and in steps, beside SciPy and our own solver in time."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import quantumbattery as qb
from quantumbattery.charging import solve
from quantumbattery.dynamics import motion, periodic

METHOD = "powers of one period"


def by_solver(system, times, fields):
    """Excited population of a qubit by DOP853; fields are functions of time on A + A^dag."""

    def change(t, psi):
        field = sum(each(t) for each in fields)
        return -1j * np.array([field * psi[1], field * psi[0] + system * psi[1]])

    edges, psi, found = [0.0, 2.0, 31.0, 40.0], np.array([1.0, 0.0], dtype=complex), []
    for first, last in pairwise(edges):  # nothing jumps in between
        here = times[(times > first) & (times <= last)]
        how = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13, "max_step": 0.1}
        inside = (np.nextafter(first, last), np.nextafter(last, first))
        solved = solve_ivp(
            lambda t, y, ends=inside: change(np.clip(t, *ends), y),
            (first, last), psi, t_eval=np.append(here, last), **how,
        )  # fmt: skip
        found.append(np.abs(solved.y[1, : len(here)]) ** 2)
        psi = solved.y[:, -1]
    return np.concatenate(found)


TIMES = np.array([0.7, 3.0, 17.0, 30.0, 36.0])


def test_fields_without_a_period():
    """A golden ratio of frequencies: the whole time is one period that is not over."""
    golden = (1 + np.sqrt(5)) / 2
    fields = [qb.drive("q", 0.2, w, rotating_wave=False) for w in (1.0, golden)]
    table = qb.System({"q": qb.Qubit(1.2)}, fields, [], "q").charge({}, TIMES, ["population"])
    assert "steps of Taylor series" in table.attrs["method"]
    waves = [lambda t: 0.4 * np.cos(t), lambda t: 0.4 * np.cos(golden * t)]
    expected = by_solver(1.2, TIMES, waves)
    np.testing.assert_allclose(table.population, expected, rtol=0, atol=1e-10)
    assert table.attrs["solver_error"] < 1e-12


@pytest.mark.parametrize("loss", [0.0, 0.01])
def test_a_field_that_is_switched_on_and_off(loss):
    """In steps: the phase of the field goes on, and where it is off the qubit is alone."""
    field = qb.drive("q", 1.0, 1.3, [0.3, 0.1], rotating_wave=False, breaks=[2.0, 17.0, 31.0])
    system = qb.System({"q": qb.Qubit(1.1, loss=loss)}, [field], [], "q")
    table = system.charge({}, TIMES, ["population"])
    assert METHOD in table.attrs["method"]
    assert 0 < table.attrs["solver_error"] < 1e-12
    if loss:
        rough = rougher(system, TIMES)
        np.testing.assert_allclose(table.population, rough, rtol=0, atol=1e-8)
        return

    def wave(t):
        return 2 * np.cos(1.3 * t) * (0.3 * (2 <= t < 17) + 0.1 * (17 <= t < 31))

    expected = by_solver(1.1, TIMES, [wave])
    np.testing.assert_allclose(table.population, expected, rtol=0, atol=1e-9)


def rougher(system, times):
    """The same by the solver in time, which takes any envelope."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(periodic, "pays", lambda *_: False)
        patch.setitem(motion._METHODS, "pulse", motion._METHODS["changing"])
        table = system.charge({}, times, ["population"])
    assert "Runge-Kutta" in table.attrs["method"]
    return table.population


@pytest.mark.filterwarnings("ignore:the .* levels of")
@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_large_blocks_have_sparse_generators(monkeypatch, loss):
    """An oscillator and a qubit, both shaken, in steps and without; beside the solver in time."""
    monkeypatch.setattr(periodic, "pays", lambda *_: True)
    levels = 4 if loss else 12
    fields = [
        qb.drive("a", 0.1, 1.0, rotating_wave=False),
        qb.drive("q", 0.2, 2.0, [1.0, 0.5], rotating_wave=False, breaks=[0.0, 3.0, 11.0]),
    ]
    sites = {"a": qb.Oscillator(1.0, loss=loss, levels=levels), "q": qb.Qubit()}
    for some in (fields[:1], fields):
        system = qb.System(sites, [qb.exchange("a", "q", 0.1), *some], "a", "q")
        times = np.array([0.0, 9.0, 12.0, 2.0])
        table, expected = system.charge({}, times, ["population"]), rougher(system, times)
        assert METHOD in table.attrs["method"]
        np.testing.assert_allclose(table.population, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("shape", [{}, {"envelope": [1.0, 0.4], "breaks": [0.0, 9.0, 50.0]}])
def test_members_whose_drives_stand_still(monkeypatch, shape):
    """Of two fields, one turns in the frame of the other, unless they are equal."""
    monkeypatch.setattr(solve, "_SHARED", 1)  # each member is a part of its own
    fields = xr.DataArray([1.0, 1.3], dims="field")

    def system(frequency):
        both = [qb.drive("q", 0.2, 1.0, **shape), qb.drive("q", 0.1, frequency, **shape)]
        return qb.System({"q": qb.Qubit(1.1)}, both, [], "q")

    times = np.array([3.0, 12.0, 45.0])
    together = system(fields).charge({}, times, ["population"]).population
    for place, frequency in enumerate(fields.values.tolist()):
        alone = system(frequency).charge({}, times, ["population"]).population
        np.testing.assert_allclose(together.isel(field=place), alone, rtol=0, atol=1e-12)
