"""Kets that tell early on which levels of lossy systems are not worth trying."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from quantumbattery.charging.charge import converted
from quantumbattery.charging.converged_cutoffs import ACCURACY, Attempts
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.solve import solve
from quantumbattery.charging.without_losses import far_too_few

TIMES = np.linspace(0.0, 1.0, 3)


def problem_of(system: qb.System, times: Any = TIMES) -> Problem:
    started, axes = converted(system, {}, times)
    return Problem(system, started, axes, ("energy",), "global", 2.0)


def lossy(rng: np.random.Generator) -> qb.System:
    """A field, a pump or a warm bath, and cells that a link or a dipole joins to the oscillator."""
    rates = {"loss": float(rng.uniform(0.05, 3.0)), "dephasing": float(rng.choice([0.0, 0.2]))}
    warm = float(rng.choice([0.0, 0.05]))
    sites = {"c": qb.Oscillator(**rates, occupation=warm), "b": qb.Ensemble(qb.Qubit(), 3)}
    kind = qb.exchange if rng.integers(2) else qb.dipole
    links = [kind("c", "b", float(rng.uniform(0.1, 0.8)))]
    links.append(qb.drive("c", float(rng.uniform(0.1, 1.0)), float(rng.uniform(0.8, 1.2))))
    if rng.integers(2):
        links.append(qb.two_photon_drive("c", float(rng.uniform(0.0, 0.05)), 1.0))
    return qb.System(sites, links, "c", "b")


@pytest.mark.parametrize("seed", range(6))
def test_levels_that_do_are_never_called_far_too_few(seed: int) -> None:
    """And those that are called so leave far more out, of the density matrix itself."""
    system = lossy(np.random.default_rng(seed))
    problem, told = problem_of(system), 0
    enough = int(system.charge({}, TIMES, ["energy"]).attrs.get("levels", "c: 0").split()[1])
    for levels in (3, 5, 8, enough):
        attempts = Attempts.of(problem)
        attempts.cuts["c"] = max(levels, 2)
        reached, most = attempts.reached(), {"c": ACCURACY / 2}
        found = far_too_few(problem, reached, most)
        if found is not None:
            told += 1
            assert levels != enough
            seen = solve(problem, reached, most).report.left_out
            assert seen["c"] > 1e3 * ACCURACY
    assert told or enough < 12


def test_refused_without_a_density_matrix() -> None:
    """Fifty cells and a strong field: 408 states, of which a matrix has 166,464 numbers."""
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Ensemble(qb.Qubit(), 50)}
    links = [qb.drive("c", 5.0, 1.0), qb.dipole("c", "b", 0.5)]
    system, solved = qb.System(sites, links, "c", "b"), []

    def counted(problem: Problem, *given: Any) -> Any:
        solved.append(given)
        return solve(problem, *given)

    with (
        patch.object(converged_cutoffs, "solve", counted),
        pytest.raises(ValueError, match="22 levels are too few for these times, and more are too"),
    ):
        system.charge({}, np.linspace(0, 5, 26), ["ergotropy"])
    assert not solved


def test_each_member_is_looked_at_for_as_long_as_it_is_charged() -> None:
    """A strong field for a short time beside a weak one for long."""
    size = xr.DataArray([20.0, 0.02], dims="size")
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Ensemble(qb.Qubit(), 5)}
    system = qb.System(sites, [qb.drive("c", size, 1.0), qb.dipole("c", "b", 0.2)], "c", "b")
    times = xr.DataArray([[0.0, 0.02], [0.0, 1.0]], dims=("size", "time"))
    problem = problem_of(system, times)
    attempts = Attempts.of(problem)
    attempts.cuts["c"] = 20
    assert far_too_few(problem, attempts.reached(), {"c": ACCURACY / 2}) is None
    table = system.charge({}, times, ["energy"])
    for k, (strength, last) in enumerate([(20.0, 0.02), (0.02, 1.0)]):
        links = [qb.drive("c", strength, 1.0), qb.dipole("c", "b", 0.2)]
        one = qb.System(sites, links, "c", "b").charge({}, [0.0, last], ["energy"])
        np.testing.assert_allclose(table.energy[k], one.energy, rtol=0, atol=1e-9)


def test_nothing_is_said_of_what_loses_nothing() -> None:
    system = qb.System(
        {"c": qb.Oscillator(), "b": qb.Qubit()},
        [qb.exchange("c", "b", 1.0), qb.drive("c", 9.0, 1.0)],
        "c",
        "b",
    )
    problem = problem_of(system)
    assert far_too_few(problem, Attempts.of(problem).reached(), {"c": ACCURACY / 2}) is None
