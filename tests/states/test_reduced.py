"""Reduced states beside QuTiP's partial trace in the full product space."""

from functools import partial
from itertools import combinations, pairwise
from unittest.mock import patch

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.dynamics.motion import motion
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock, state
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.reach.reach import Bipartition
from quantumbattery.states import reduced as reduced_states
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.reduced import part_of
from quantumbattery.states.representation import representation
from roads.product_space import Whole, chain, initial, interfering, random_case
from roads.reached import reach

TIMES = np.array([1.3, 0.0])
close = partial(np.testing.assert_allclose, rtol=0, atol=2e-12)


def solved(system, chosen):
    """The form of the state, its numbers at all times, and the states of the product space."""
    reached = reach(system, chosen)
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    start = reached.start.amplitude.to_numpy()[None, None]
    moved = motion(form, numbers, start, TIMES).at(TIMES, slice(None))
    whole = Whole(system, reached.levels)
    rho = initial(system, chosen)
    dims = [list(reached.levels)] * 2
    return form, moved, [qutip.Qobj(whole.evolved(rho, t), dims=dims) for t in TIMES]


def every_choice(rng, names):
    """All ways to keep some sites, in any order."""
    for number in range(1, len(names) + 1):
        for chosen in combinations(names, number):
            yield rng.permutation(chosen).tolist()


def partial_trace(rho, kept):
    """The matrix of some sites in the order in which they are named."""
    place = sorted(kept)
    return rho.ptrace(place).permute([place.index(k) for k in kept]).full()


def check_reduced_states(system, chosen, seed=0, form_is=None):
    form, moved, expected = solved(system, chosen)
    assert form_is is None or isinstance(form, form_is)
    names = form.reach.sites
    for kept in every_choice(np.random.default_rng(seed), names):
        place = [names.index(name) for name in kept]
        split = Bipartition.of(form.reach, kept)
        reduced = part_of(split, form)
        levels = [form.reach.levels[k] for k in place]
        where = np.ravel_multi_index(split.levels.T.astype(int), levels)
        exact = np.stack([partial_trace(rho, place) for rho in expected])
        outside = np.setdiff1d(np.arange(exact.shape[-1]), where)
        close(exact[:, outside], 0)
        n = len(where)
        row, column = np.divmod(np.random.default_rng(seed).permutation(n * n), n)
        for faster in (0, np.inf):  # of kets: pair by pair, and as products of matrices
            with patch.object(reduced_states, "_FASTER", faster):
                made = type(reduced)(split, form).elements(moved, row, column)
            close(made[0, 0], exact[:, where[row], where[column]])
        few = slice(None, max(1, n * n // 3))
        some = reduced.elements(moved, row[few], column[few])
        close(some[0, 0], exact[:, where[row[few]], where[column[few]]])
        populations = reduced.populations(moved)
        assert np.isrealobj(populations)
        close(populations[0, 0], exact[:, where, where].real)
        values = reduced.eigenvalues(moved)
        assert values.shape[:3] == (1, 1, len(TIMES))
        assert (np.diff(values, axis=-1) <= 0).all()
        assert (values >= 0).all()
        known = np.linalg.eigvalsh(exact)[:, ::-1]
        rank = min(values.shape[-1], known.shape[-1])
        close(values[0, 0, :, :rank], known[:, :rank])
        close(values[..., rank:], 0)
        close(known[:, rank:], 0)


# --- beside the product space --------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_reduced_states_without_loss(seed):
    check_reduced_states(*random_case(seed, 48, lossy=False), seed, Kets)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_reduced_states_with_loss(seed):
    check_reduced_states(*random_case(seed, 18, lossy=True), seed)


WARM = state(np.diag([0.7, 0.3]))
MIXED = state(np.array([[0.5, 0.2j], [-0.2j, 0.5]]))


@pytest.mark.parametrize("start", [fock(1), bloch(1.0, 0.4), WARM, MIXED], ids=repr)
def test_reduced_states_of_kets_and_what_they_lost(start):
    check_reduced_states(chain(4, loss=0.6), {"q1": start}, form_is=Kets)


@pytest.mark.parametrize("start", [fock(1), WARM, MIXED], ids=repr)
def test_reduced_states_when_only_some_sites_leak(start):
    """What is lost is found where nothing is left; other starts stay on the dark sites."""
    system = System(
        {"a": Qubit(loss=0.9), "b": Qubit(1.2), "c": Oscillator(levels=2), "d": Qubit()},
        [exchange("a", "b", 0.7), exchange("b", "c", 0.5)],
        charger="a",
        battery="d",
    )
    check_reduced_states(system, {"c": start}, form_is=Kets)
    check_reduced_states(system, {"a": start, "d": fock(1)}, form_is=Kets)
    check_reduced_states(system, {"b": start, "d": bloch(0.7)}, form_is=Matrix)


@pytest.mark.parametrize("start", [2, 3, 4])
def test_reduced_states_of_ways_down_that_interfere(start):
    check_reduced_states(interfering(), {"charger": fock(start)}, form_is=Matrix)


@pytest.mark.parametrize("rates", [{}, {"loss": 0.4}, {"loss": 0.4, "occupation": 0.3}], ids=str)
def test_reduced_states_of_cells_in_a_cavity(rates):
    system = System(
        {"cavity": Oscillator(levels=4, **rates), "cells": Ensemble(Qudit([0, 1, 1.7]), 2)},
        [dipole("cavity", "cells", 0.6)],
        charger="cavity",
        battery="cells",
    )
    start = {
        "cavity": state(np.array([0.6, 0, 0.8j, 0])),
        "cells": state(np.diag([0.7, 0.3] * 3) / 3),
    }
    check_reduced_states(system, start, form_is=Matrix if rates else Kets)


# --- large systems -------------------------------------------------------------------------------


def test_half_of_a_long_chain():
    """One quantum on either side of a cut: the eigenvalues are its probabilities."""
    n = 200
    form, moved, psi = free_quantum(n, fock(1))
    left = [f"q{k}" for k in range(n // 2)]
    weight = (np.abs(psi[:, : n // 2]) ** 2).sum(axis=-1)
    for names in (left, [f"q{k}" for k in range(n // 2, n)]):
        values = part_of(Bipartition.of(form.reach, names), form).eigenvalues(moved)[0, 0]
        exact = np.sort(np.stack([weight, 1 - weight], axis=-1))[:, ::-1]
        close(values[:, :2], exact)
        close(values[:, 2:], 0)


def test_a_leaking_chain_that_starts_in_a_superposition():
    """Loss at equal rates everywhere: the quantum moves as without loss, and dies out."""
    n, loss = 120, 0.4
    start = bloch(2.0, 0.3)
    form, moved, psi = free_quantum(n, start, loss=loss)
    assert form.frozen is not None
    alive = np.exp(-loss * TIMES / 2)[:, None]
    up, down = np.sin(1.0) * np.exp(0.3j), np.cos(1.0)
    for k in (0, 2, 7):
        reduced = part_of(Bipartition.of(form.reach, [f"q{k}"]), form)
        amplitude = (up * alive * psi)[:, k]
        close(reduced.populations(moved)[0, 0, :, 1], np.abs(amplitude) ** 2)
        corner = reduced.elements(moved, np.array([1]), np.array([0]))[0, 0, :, 0]
        close(corner, amplitude * down)


def free_quantum(n, start, **rates):
    """A chain, and the amplitudes of its quantum from a matrix of its n places."""
    system = chain(n, **rates)
    reached = reach(system, start)
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    first = reached.start.amplitude.to_numpy()[None, None]
    moved = motion(form, numbers, first, TIMES).at(TIMES, slice(None))
    h = np.eye(n) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    return form, moved, np.stack([expm(-1j * t * h)[:, 0] for t in TIMES])


def test_entanglement_of_two_blocks_in_a_chain_of_many_quanta():
    """Two quanta on eight sites: eigenvalues of the kept part are squares of singular values."""
    names = [f"q{k}" for k in range(8)]
    links = [exchange(a, b, 1.0 + 0.1 * k) for k, (a, b) in enumerate(pairwise(names))]
    system = System(dict.fromkeys(names, Qubit()), links, names[0], names[-1])
    chosen = dict.fromkeys(names[:4:2], fock(1))
    form, moved, expected = kets_of(system, chosen)
    for kept in ([0, 1, 2, 3], [0, 2, 5, 6, 7], [7, 1]):
        others = [k for k in range(8) if k not in kept]
        matrix = expected.reshape(-1, *[2] * 8).transpose(0, *(k + 1 for k in kept + others))
        singular = np.linalg.svd(matrix.reshape(len(TIMES), 2 ** len(kept), -1), compute_uv=False)
        values = part_of(Bipartition.of(form.reach, [names[k] for k in kept]), form).eigenvalues(
            moved
        )[0, 0]
        rank = min(values.shape[-1], singular.shape[-1])
        close(values[:, :rank], singular[:, :rank] ** 2)


def kets_of(system, chosen):
    reached = reach(system, chosen)
    form = representation(reached)
    numbers = np.array([reached.hamiltonian.coefficients])
    start = reached.start.amplitude.to_numpy()[None, None]
    moved = motion(form, numbers, start, TIMES).at(TIMES, slice(None))
    whole = Whole(system, reached.levels)
    ket = np.zeros(whole.size)
    ket[np.ravel_multi_index([int(name in chosen) for name in system.sites], reached.levels)] = 1
    energies, vectors = np.linalg.eigh(whole.h)
    phases = np.exp(-1j * TIMES[:, None] * energies)
    return form, moved, (phases * (vectors.conj().T @ ket)) @ vectors.T
