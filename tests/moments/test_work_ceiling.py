"""What the work in several modes together never exceeds: against many random networks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.charge import converted
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.sought_of_moments import SoughtOfMoments
from quantumbattery.moments.quadratic import is_constant
from roads.quadratic import random_network

FINE = 33


def sought(system, start, last):
    started, axes = converted(system, start, np.linspace(0, last, 3))
    problem = Problem(system, started, axes.one_by_one(), ("energy", "ergotropy"), "global", 2.0)
    return SoughtOfMoments(ByMoments.of(problem, ["energy"]), last, 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.1, 0.5]))
def test_no_work_exceeds_it(seed, width):
    """On intervals of all widths; of work over the time too, from an empty battery on."""
    rng = np.random.default_rng(seed)
    system, start = random_network(rng)
    goal = sought(system, start, 2.0)
    assume(is_constant(goal.work.problem.network))
    a = np.array([0.0, *rng.uniform(0, 2 - width, 5)])
    names = ["ergotropy"] if start.keys() & {"a", "c"} else ["ergotropy", "ergotropic_power"]
    for name in names:
        ceiling = goal.aim(name, np.array([0])).ceiling
        assume(ceiling is not None)  # of what stays coherent more is known
        above = ceiling(np.zeros(len(a), dtype=int), a, a + width)
        times = np.linspace(a, a + width, FINE)
        found = system.charge(start, times.ravel(), ["ergotropy", name])[name]
        seen = found.values.reshape(times.shape).max(axis=0)
        assert (seen <= above + 1e-11 * (1 + above)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_covariances_bend_no_more_than_is_said(seed):
    """Second differences of N, and of C in the frame of the bounds, of the modes together."""
    system, start = random_network(np.random.default_rng(seed))
    goal = sought(system, start, 2.0)
    assume(is_constant(goal.work.problem.network))
    step = 1e-3
    times = np.add.outer(np.linspace(step, 2 - step, 21), step * np.array([-1.0, 0.0, 1.0]))
    ceiling = goal.aim("ergotropy", np.array([0])).ceiling
    assume(ceiling is not None)
    who = np.zeros(len(times), dtype=int)
    spread = ceiling.spread(who, times, goal.work.reading(who, times).battery)
    second = (spread[:, 0] - 2 * spread[:, 1] + spread[:, 2]) / step**2
    bend = np.abs(np.linalg.eigvalsh(second)).max()
    assert bend <= ceiling.bounds.of_spread[0] * (1 + 1e-6) + 1e-6


def test_covariances_bend_nearly_as_much_as_is_said():
    """n sin(g t)^2 quanta of a thermal charger: 2 g^2 n."""
    g, n = 0.7, 1.5
    sites = {name: qb.Oscillator() for name in "cxy"}
    system = qb.System(sites, [qb.exchange("c", "x", g)], "c", ["x", "y"])
    found = sought(system, {"c": qb.thermal(n)}, 2.0).aim("ergotropy", np.array([0])).ceiling
    exact = 2 * g**2 * n
    assert exact <= found.bounds.of_spread[0] < 1.7 * exact


@pytest.mark.parametrize("start", [qb.thermal(0.4), qb.coherent(0.7), qb.squeezed(0.5)])
def test_the_optimum_of_two_modes_beside_a_fine_grid(start):
    sites = {
        "c": qb.Oscillator(loss=0.1, occupation=0.3),
        "x": qb.Oscillator(0.9),
        "y": qb.Oscillator(1.4, loss=0.05),
    }
    links = [qb.exchange("c", "x", 0.4), qb.exchange("c", "y", 0.3), qb.drive("c", 0.2, 1.0)]
    system = qb.System(sites, links, "c", ["x", "y"])
    names = ["ergotropy", "ergotropic_power"]
    best = system.optimum(start, 4.0, of=names, tolerance=1e-4)
    curve = system.charge(start, np.linspace(0, 4, 801), names)
    for name in names:
        top, bound = best[f"{name}_max"].item(), best[f"{name}_bound"].item()
        assert curve[name].max() <= bound
        assert bound <= top * (1 + 1.01e-4)
        assert top == pytest.approx(float(curve[name].max()), rel=1e-4)


def test_what_is_not_known_well_is_said():
    """From a battery that is not empty, work over the time is sought on levels, or refused."""
    sites = {name: qb.Oscillator() for name in "cxy"}
    links = [qb.exchange("c", "x", 0.4), qb.exchange("x", "y", 0.3)]
    system = qb.System(sites, links, "c", ["x", "y"])
    start = {"c": qb.squeezed(1.0), "x": qb.thermal(0.4)}
    assert system.optimum(start, 2.0, of="ergotropy", tolerance=1e-4).ergotropy_bound > 0
    with pytest.raises(ValueError, match="too large"):
        system.optimum(start, 2.0, of="ergotropic_power", tolerance=1e-4, limit=0.1)


def two_modes(links, loss=0.0):
    sites = {name: qb.Oscillator(loss=loss if name == "x" else 0.0) for name in "cxy"}
    return qb.System(sites, links, "c", ["x", "y"])


def around(system, start, middle, width, **changed):
    """The largest work of an interval, and its ceiling, with some of the bounds times a number."""
    goal = sought(system, start, 3.0)
    ceiling = goal.aim("ergotropy", np.array([0])).ceiling
    for name, times in changed.items():
        bounds = replace(ceiling.bounds, **{name: times * getattr(ceiling.bounds, name)})
        ceiling = replace(ceiling, bounds=bounds)
    a = middle - width / 2
    above = ceiling(np.array([0]), np.array([a]), np.array([a + width]))[0]
    found = system.charge(start, np.linspace(a, a + width, 101), ["ergotropy"])
    return float(found.ergotropy.max()), float(above)


def test_between_moments_energy_may_be_higher():
    """At its peak what is squeezed is pure, and all of it is work."""
    given = two_modes([qb.exchange("c", "x", 1.0)]), {"c": qb.squeezed(0.8)}, np.pi / 2, 0.1
    seen, above = around(*given)
    assert seen <= above
    seen, above = around(*given, of_energy=0.5)
    assert seen > above


def test_between_moments_the_passive_energy_may_be_lower():
    """Quanta stay as they are, and pairs come: a thermal mode becomes a squeezed one, and pure."""
    n = 2.0
    start = {"c": qb.squeezed(np.arcsinh(np.sqrt(n))), "x": qb.thermal(n)}
    given = two_modes([qb.exchange("c", "x", 1.0)]), start, np.pi / 2, 0.02
    goal = sought(*given[:2], 3.0)
    ceiling, who = goal.aim("ergotropy", np.array([0])).ceiling, np.array([0])
    three = given[2] + 1e-3 * np.array([[-1.0, 0.0, 1.0]])
    spread = ceiling.spread(who, three, goal.work.reading(who, three).battery)[0]
    bend = np.abs(np.linalg.eigvalsh(spread[0] - 2 * spread[1] + spread[2])).max() / 1e-6
    share = bend / float(ceiling.bounds.of_spread[0])  # what there is, of what is said
    seen, above = around(*given, of_energy=0.0, of_spread=share)  # energy does not change
    assert seen <= above * (1 + 1e-9)
    seen, above = around(*given, of_energy=0.0, of_spread=share / 2)
    assert seen > above + 1e-6


def test_what_is_lost_between_two_moments_lowers_the_passive_energy():
    """A warm mode that loses quanta while a field fills it: to second order in the width."""
    system = two_modes([qb.drive("x", 3.0, 1.0)], loss=0.4)
    for width in (0.04, 0.02, 0.01):
        seen, above = around(system, {"x": qb.thermal(1.0), "y": qb.thermal(0.3)}, 1.0, width)
        assert seen <= above < seen + 30 * width**2


def test_pairs_are_seen_in_the_frame_of_the_bounds():
    """A field that stands still: frames do, too, while all modes turn."""
    links = [qb.exchange("c", "x", 0.1), qb.drive("y", 0.01, 0.0)]
    goal = sought(two_modes(links), {"c": qb.squeezed(1.0)}, 3.0)
    ceiling, who = goal.aim("ergotropy", np.array([0])).ceiling, np.zeros(9, dtype=int)
    times = np.add.outer(np.linspace(0.5, 2.5, 9), 1e-3 * np.array([-1.0, 0.0, 1.0]))
    spread = ceiling.spread(who, times, goal.work.reading(who, times).battery)
    second = (spread[:, 0] - 2 * spread[:, 1] + spread[:, 2]) / 1e-6
    bend = np.abs(np.linalg.eigvalsh(second)).max()
    assert bend <= ceiling.bounds.of_spread[0] * (1 + 1e-3)
