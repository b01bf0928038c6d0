"""How fast an oscillator's quanta grow, losses counted: against the generator on a long ladder."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.energy_beyond import beyond
from roads.reached import reach

LONG = 150


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def fastest(shift, h, jumps):
    """The largest k with d<f>/dt <= k <f>, f = n + shift, on a long ladder."""
    f = np.diag(np.arange(LONG) + shift)
    moved = 1j * (h @ f - f @ h)
    for jump in jumps:
        damped = jump.conj().T @ jump
        moved = moved + jump.conj().T @ f @ jump - (damped @ f + f @ damped) / 2
    kept = slice(LONG - 8)  # what leaves the ladder there is none of its growth
    root = np.diag(1 / np.sqrt(np.diag(f)))
    return np.linalg.eigvalsh((root @ moved @ root)[kept, kept])[-1]


def said(sites, links, shift):
    system = qb.System(sites, links, [], "o")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reached = reach(system, {})
    numbers = [*reached.hamiltonian.coefficients, *reached.losses.coefficients]
    return beyond(system, reached, np.array([numbers], dtype=float)).rate(shift)


def pair(rng):
    """An oscillator with fields, baths and jumps, and its H and Lindblad operators."""
    a, sites, links, jumps = lowering(LONG), {}, [], []
    h = np.zeros((LONG, LONG))
    one, two, loss, warm = (rng.choice([0.0, rng.uniform(0, 1)]) for _ in range(4))
    if one:
        links.append(qb.drive("o", one, 1.0))
        h = h + one * (a + a.T)
    if two:
        links.append(qb.two_photon_drive("o", two, 1.0))
        h = h + two * (a @ a + a.T @ a.T) / 2
    rates = {"loss": loss, "occupation": warm} if loss else {}
    sites["o"] = qb.Oscillator(levels=8, **rates)
    if loss:
        jumps += [np.sqrt(loss * (warm + 1)) * a, np.sqrt(loss * warm) * a.T]
    kinds = [
        lambda n: lowering(n) @ lowering(n),
        lambda n: lowering(n).T,
        lambda n: lowering(n) + 0.4 * lowering(n).T,
        lambda n: lowering(n) + 0.5 * np.eye(n),
        lambda n: np.linalg.matrix_power(lowering(n), 3),
    ]
    for kind in kinds:
        if rng.random() < 0.3:
            rate = rng.uniform(0, 0.5)
            links.append(qb.jump("o", kind, rate))
            jumps.append(np.sqrt(rate) * kind(LONG))
    return sites, links, h, jumps


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2.0, 10.0, 60.0]))
def test_no_quanta_grow_faster_than_is_said(seed, shift):
    sites, links, h, jumps = pair(np.random.default_rng(seed))
    assert fastest(shift, h, jumps) <= said(sites, links, shift) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("shift", [2.0, 10.0, 50.0])
@pytest.mark.parametrize("kind", ["warm", "driven", "squeezed", "two photons"])
def test_it_is_not_said_much_faster(kind, shift):
    """Where losses take nearly as much as is added, and where they take ever more."""
    a, own, links, jumps, h = lowering(LONG), {}, [], [], np.zeros((LONG, LONG))
    if kind == "warm":
        own = {"loss": 0.4, "occupation": 2.0}
        jumps = [np.sqrt(1.2) * a, np.sqrt(0.8) * a.T]
    elif kind == "driven":
        own, links, jumps = {"loss": 0.3}, [qb.drive("o", 0.6, 1.0)], [np.sqrt(0.3) * a]
        h = 0.6 * (a + a.T)
    elif kind == "squeezed":
        links = [qb.jump("o", lambda n: 0.8 * lowering(n) + 0.6 * lowering(n).T, 0.5)]
        jumps = [0.5**0.5 * (0.8 * a + 0.6 * a.T)]
    else:
        links = [
            qb.two_photon_drive("o", 0.8, 1.0),
            qb.jump("o", lambda n: lowering(n) @ lowering(n), 0.1),
        ]
        h, jumps = 0.4 * (a @ a + a.T @ a.T), [np.sqrt(0.1) * a @ a]
    exact = fastest(shift, h, jumps)
    found = said({"o": qb.Oscillator(levels=24, **own)}, links, shift)
    assert exact <= found * (1 + 1e-9)
    assert found < {"driven": 2.1, "two photons": 6.0}.get(kind, 1.01) * exact


def test_a_loss_that_lowers_nothing_takes_no_quanta():
    sites = {"q": qb.Qudit([0, 1.0], loss=0.1, steps=[0.0]), "o": qb.Oscillator(levels=3)}
    system = qb.System(sites, [qb.drive("o", 0.3, 1.0)], "q", "o")
    with pytest.warns(UserWarning, match="the 3 levels of 'o'"):
        found = system.charge({"q": qb.fock(1)}, 0.5, ["energy"])
    assert found.attrs["left_out"] >= abs(found.energy - 0.15**2)


@pytest.mark.parametrize("top", [7, 10, 16])
def test_a_jump_that_ends_at_a_level_takes_nothing_from_higher_ones(top):
    def some(levels):
        return lowering(levels) * (np.arange(levels) < top)

    a = lowering(LONG)
    links = [qb.two_photon_drive("o", 1.0, 1.0), qb.jump("o", some, 5.0)]
    exact = fastest(10.0, (a @ a + a.T @ a.T) / 2, [5.0**0.5 * some(LONG)])
    assert exact <= said({"o": qb.Oscillator(levels=8)}, links, 10.0) * (1 + 1e-9)


def test_what_the_parts_of_a_jump_do_together_is_counted():
    """A field that comes with a gain adds to it: half of the coherences between both."""
    a, links = lowering(LONG), [qb.jump("o", lambda n: lowering(n).T + 2 * np.eye(n), 0.5)]
    exact = fastest(2.0, 0 * a, [0.5**0.5 * (a.T + 2 * np.eye(LONG))])
    assert exact <= said({"o": qb.Oscillator(levels=30)}, links, 2.0) * (1 + 1e-9)
