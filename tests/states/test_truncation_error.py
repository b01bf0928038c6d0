"""What leaves through the cut of a ladder bounds what the cut changes."""

from functools import partial

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.dynamics.motion import motion
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.preparations import bloch, fock, state
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.reach.reach import Bipartition
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.reduced import part_of
from quantumbattery.states.representation import representation
from quantumbattery.states.truncation_error import Cut
from roads.cut_ladder import TIMES, on_a_cut_ladder
from roads.product_space import Whole, chain
from roads.reached import reach

SOME = [16, 48, 160]  # multiples of the first: the difference is looked at there
close = partial(np.testing.assert_allclose, rtol=0, atol=1e-11)


def in_the_product_space(form, moved):
    """The density matrices, as arrays with two axes for each site."""
    reached = form.reach
    whole = part_of(Bipartition.of(reached, reached.sites), form)
    row, column = np.divmod(np.arange(reached.size**2), reached.size)
    inside = np.ravel_multi_index(reached.configurations.T.astype(int), reached.levels)
    rho = np.zeros((moved.shape[2], *[np.prod(reached.levels)] * 2), dtype=complex)
    rho[:, inside[row], inside[column]] = whole.elements(moved[0, 0], row, column)
    return rho.reshape(-1, *reached.levels, *reached.levels)


def on_many_levels(rho, levels):
    """The same matrices on longer ladders."""
    longer = np.zeros((len(rho), *levels, *levels), dtype=complex)
    longer[tuple(slice(n) for n in rho.shape)] = rho
    return longer.reshape(len(rho), np.prod(levels), np.prod(levels))


def exact(system, rho, levels):
    """What a start becomes at some times, by exponentials."""
    whole, step, states = Whole(system, levels), TIMES[SOME[0]], [rho]
    if whole.jumps:
        power = expm(step * whole.generator())
        for _ in range(SOME[-1] // SOME[0]):
            states.append((power @ states[-1].ravel()).reshape(rho.shape))
    else:
        power = expm(-1j * step * whole.h)
        for _ in range(SOME[-1] // SOME[0]):
            states.append(power @ states[-1] @ power.conj().T)
    return np.stack([states[k // SOME[0]] for k in SOME])


def trace_norms(matrices):
    hermitian = (matrices + matrices.conj().swapaxes(-1, -2)) / 2
    return np.abs(np.linalg.eigvalsh(hermitian)).sum(axis=-1)


def leaks(form, moved, numbers):
    """The largest rate at which anything leaves through the cut of each site."""
    cut = Cut(form)
    return cut.leak(cut.rows(moved)[..., cut.edge], numbers)[..., :-1].max(axis=(0, 1, 2))


def check_bound(system, chosen, few, many):
    """By how much few levels change the state at some times, and the bounds of that."""
    form, moved, numbers = on_a_cut_ladder(system, chosen, few)
    levels = [
        many.get(name, n) for name, n in zip(form.reach.sites, form.reach.levels, strict=True)
    ]
    cut = on_many_levels(in_the_product_space(form, moved), levels)
    changed = trace_norms(exact(system, cut[0], levels) - cut[SOME])
    bounds = [leaks(form, moved[:, :, : k + 1], numbers).sum() * TIMES[k] for k in SOME]
    assert (changed <= np.array(bounds) + 1e-12).all()
    return form, changed, bounds


# --- counter-rotating terms ----------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_leak_of_a_dipole_bounds_the_change(seed):
    rng = np.random.default_rng(seed)
    cells = [Qubit(rng.uniform(0.5, 2)), Ensemble(Qubit(), 2), Qudit([0, 0.8, 2.0])][
        rng.integers(3)
    ]
    system = System(
        {"charger": Oscillator(rng.uniform(0.5, 2)), "battery": cells},
        [dipole("charger", "battery", rng.uniform(0.05, 1))],
    )
    start = [fock(1), bloch(1.0, 0.7), state(np.diag([0.6, 0.4]))][rng.integers(3)]
    few = int(rng.integers(2, 7))
    form, *_ = check_bound(system, start, {"charger": few}, {"charger": few + 25})
    assert isinstance(form, Kets)


def test_the_bound_is_not_far_off():
    """At first everything that leaves is lost, and nothing comes back."""
    system = System(
        {"charger": Oscillator(), "battery": Qubit()}, [dipole("charger", "battery", 0.02)]
    )
    _, changed, bounds = check_bound(system, fock(2), {"charger": 3}, {"charger": 12})
    assert 0.9 * bounds[0] < changed[0] < bounds[0]


def test_two_ladders_leak_apart():
    system = System(
        {"charger": Oscillator(), "wire": Oscillator(1.2), "battery": Qubit()},
        [dipole("charger", "wire", 0.2), dipole("wire", "battery", 0.3)],
    )
    few = {"charger": 3, "wire": 4}
    check_bound(system, fock(1), few, {"charger": 11, "wire": 12})
    form, moved, numbers = on_a_cut_ladder(system, fock(1), few | {"charger": 60})
    found = leaks(form, moved, numbers)
    assert found[0] < 1e-12 < 1e-3 < found[1]
    assert found[2] == 0


# --- thermal baths -------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_leak_of_a_warm_bath_bounds_the_change(seed):
    rng = np.random.default_rng(seed)
    rates = {"loss": rng.uniform(0.05, 1), "occupation": rng.uniform(0.05, 0.5)}
    link = [exchange, dipole][rng.integers(2)]
    system = System(
        {"charger": Oscillator(**rates), "battery": Qubit(1.1, dephasing=rng.choice([0, 0.2]))},
        [link("charger", "battery", rng.uniform(0.05, 0.6))],
    )
    start = [fock(1), bloch(1.0, 0.7), state(np.diag([0.6, 0.4]))][rng.integers(3)]
    few = int(rng.integers(2, 5))
    form, *_ = check_bound(system, start, {"charger": few}, {"charger": few + 6})
    assert isinstance(form, Matrix)


def test_leak_of_a_bath_alone():
    """2 rate times its population, |K|^2 + |K| |L|: sqrt(4) beyond the edge, sqrt(3) below."""
    rate, bath, levels = 0.3, 0.5, 4
    system = System(
        {"charger": Oscillator(loss=rate, occupation=bath, levels=levels), "battery": Qubit()}
    )
    form, moved, numbers = on_a_cut_ladder(system, fock(3), {})
    assert isinstance(form, Matrix)
    # it starts at the edge with all of its weight
    close(leaks(form, moved, numbers), [2 * rate * bath * (levels + np.sqrt(levels * 3)), 0])


# --- nothing is cut ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "chosen"),
    [
        (chain(4), fock(1)),
        (chain(4, loss=0.1, occupation=0.3), bloch(1.0)),
        (
            System({"charger": Oscillator(loss=0.3), "battery": Ensemble(Qubit(), 3)},
                   [exchange("charger", "battery", 1.0)]),
            state(np.array([0.6, 0, 0, 0.8])),
        ),
        (
            System({"charger": Oscillator(loss=0.3, dephasing=0.1), "battery": Qubit()},
                   [exchange("charger", "battery", 1.0)]),
            state(np.diag([0.6, 0, 0.4])),
        ),
        (System({"charger": Oscillator(), "battery": Oscillator()}), fock(5)),
    ],
    ids=["qubits", "bath of qubits", "photons and cells", "dephasing", "apart"],
)  # fmt: skip
def test_nothing_leaks_where_nothing_is_cut(system, chosen):
    form, moved, numbers = on_a_cut_ladder(system, chosen, {})
    assert not leaks(form, moved, numbers).any()


def test_the_largest_of_a_batch():
    def system(strength):
        sites = {"charger": Oscillator(levels=4), "battery": Qubit()}
        return System(sites, [dipole("charger", "battery", strength)])

    strengths = [0.0, 0.3, 0.1]
    singles = []
    for strength in strengths[1:]:
        form, moved, numbers = on_a_cut_ladder(system(strength), fock(2), {})
        singles.append(leaks(form, moved, numbers)[0])
    form = representation(reach(system(xr.DataArray(strengths, dims="x")), fock(2)))
    numbers = np.array([[1.0, 1.0, g] for g in strengths])
    moved = motion(form, numbers, np.ones((1, 1, 1)), TIMES).at(TIMES, slice(None))
    close(leaks(form, moved, numbers)[0], max(singles))
    assert leaks(form, moved[:1], numbers[:1])[0] == 0


# --- what was lost -------------------------------------------------------------------------------


def test_what_was_lost_may_leak_too():
    """All jumps end where only an element beyond the cut leads on."""

    def system(levels):
        meet = np.zeros((2 * levels, 2 * levels))  # both excited, or none
        meet[0, levels + 1] = meet[levels + 1, 0] = 1.0
        return System(
            {"a": Qubit(loss=50.0), "b": Oscillator(levels=levels), "c": Qubit()},
            [interaction("a", "b", meet), exchange("b", "c", 0.5)],
            "a",
            "c",
        )

    few = on_a_cut_ladder(system(2), {"a": fock(0), "c": fock(1)}, {})
    cut = on_many_levels(in_the_product_space(*few[:2]), (2, 6, 2))
    changed = trace_norms(exact(system(6), cut[0], (2, 6, 2)) - cut[SOME])
    assert changed[-1] <= leaks(*few).sum() * TIMES[-1]


# --- as tight as is said: each factor counts ------------------------------------------------------


def superposed(levels):
    """The two highest levels at once, where what arrives beyond meets what arrives below."""
    ket = np.zeros(levels)
    ket[-2:] = np.sqrt(0.6), np.sqrt(0.4)
    return ket


@pytest.mark.parametrize("levels", [3, 12])
def test_the_bound_of_a_bath_is_not_far_off(levels):
    rate, bath = 1e-3, 1.0
    system = System(
        {"charger": Oscillator(loss=rate, occupation=bath), "battery": Qubit()}, [], "charger"
    )
    start = {"charger": state(superposed(levels)), "battery": bloch(0.1)}
    _, changed, bounds = check_bound(system, start, {"charger": levels}, {"charger": levels + 4})
    assert 0.51 * bounds[0] < changed[0] <= bounds[0]


def test_two_ends_of_a_term_are_added():
    """An element to each of two places beyond: their bounds add up, and so do the changes."""
    system = System(
        {"charger": Oscillator(), "battery": Qudit([0, 1.0, 2.0])},
        [dipole("charger", "battery", 0.02)],
    )
    start = {"charger": fock(2), "battery": fock(1)}
    _, changed, bounds = check_bound(system, start, {"charger": 3}, {"charger": 12})
    assert 0.55 * bounds[0] < changed[0] < bounds[0]


def test_amplitudes_at_all_times():
    """A bound on every amplitude, which comes near: with few frequencies all phases meet."""
    rng = np.random.default_rng(5)
    for size in (2, 3):
        h = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
        moving = Unitary.of(h + h.conj().T)
        start = np.eye(size, dtype=complex)[:1]
        times = np.linspace(0, 400, 200_001)
        largest = np.abs(moving.at(start, times)).max(axis=-2)
        bound = moving.ever(start)
        assert (largest <= bound + 1e-12).all()
        assert (largest > 0.95 * bound).all()
