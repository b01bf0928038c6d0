"""States of several modes after starts that are not Gaussian, beside Gaussian ones and levels."""

import warnings
from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, logm

import quantumbattery as qb
from quantumbattery.charging import by_starts
from quantumbattery.moments.joint_channel import Together, carried_together, spectrum
from quantumbattery.moments.mixed_modes import mixed
from quantumbattery.moments.shells import Shells
from roads.levels import on_levels, unbounded

FIGURES = ["energy", "passive_energy", "ergotropy", "local_ergotropy", "locked_ergotropy"]
FIGURES += ["purity", "entropy", "mutual_information", "negativity", "ergotropic_power"]
WHEN = [0.0, 0.6, 1.7]
EMPTY = qb.state(np.array([1.0, 0.0]))  # the vacuum, given as any state


def random_ket(rng, size):
    ket = rng.normal(size=size) + 1j * rng.normal(size=size)
    return ket / np.linalg.norm(ket)


def random_network(rng, names, warmth, field=0.0):
    """Modes in a ring without pairs, some of them lossy and warm, some baths of two, some gain."""
    rates = [{}, {"loss": 0.3}, {"loss": 0.3, "occupation": warmth}]
    sites = {n: qb.Oscillator(rng.uniform(0.8, 1.3), **rates[rng.integers(3)]) for n in names}
    links = [qb.exchange(a, b, rng.normal()) for a, b in pairwise(names)]
    if len(names) > 2:
        links.append(qb.exchange(names[0], names[-1], rng.normal()))
    if rng.random() < 0.5:
        links.append(qb.dissipator({names[0]: 1.0, names[-1]: 0.5j}, 0.2))
    if field:
        links.append(qb.drive(names[0], field, 1.1))
    return sites, links


# --- beside Gaussian states ----------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_vacuum_that_is_given_as_a_state_beside_means_and_covariances(seed):
    """Warm and driven, so that levels would not do; correlations turn in the modes of the noise."""
    rng = np.random.default_rng(seed)
    modes = 2 + seed % 2
    names = "abc"[:modes]
    sites, links = random_network(rng, names, 1.0 if modes == 2 else 0.1, 20.0)
    system = qb.System(sites, links, names[0], [*names[1:]])
    starts = {"a": [qb.thermal(0.3), qb.coherent(2.0 + 1j), EMPTY][rng.integers(3)]}
    wanted = FIGURES if modes == 2 else [each for each in FIGURES if each != "negativity"]
    ours = system.charge(starts | {"b": EMPTY}, WHEN, wanted)
    theirs = system.charge({k: v for k, v in starts.items() if v is not EMPTY}, WHEN, wanted)
    assert theirs.attrs["method"].startswith("means and covariances")
    assert "levels" not in ours.attrs
    for name in wanted:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-11, atol=2e-11)


# --- beside levels -------------------------------------------------------------------------------


def random_start(rng, names, warm=False):
    """One that is not Gaussian, and others or none; some of two sites."""
    kinds = [qb.fock(2), qb.bloch(1.2, 0.7), qb.state(random_ket(rng, 3)), qb.fock(1)]
    one, two = rng.choice([*names], size=2, replace=False)
    if rng.random() < 0.4:
        kets = np.stack([random_ket(rng, 6) * w for w in (0.8, 0.6)])
        return {(str(one), str(two)): qb.state(kets.T @ kets.conj(), levels=[3, 2])}
    return {str(one): kinds[rng.integers(4)]} | (
        {str(two): [*kinds, qb.thermal(0.05)][rng.integers(4 + warm)]} if rng.random() < 0.7 else {}
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_random_starts_beside_levels(seed):
    rng = np.random.default_rng(seed)
    sites, links = random_network(rng, "abc", 0.0)
    battery = [["a", "c"], ["b", "c"], ["c"]][rng.integers(3)]
    system = qb.System(sites, links, [n for n in "abc" if n not in battery], battery)
    start = random_start(rng, "abc")
    with patch.object(by_starts, "_few_states", return_value=False):
        ours = system.charge(start, WHEN, FIGURES)
    assert "levels" not in ours.attrs
    with warnings.catch_warnings(), on_levels():
        warnings.simplefilter("ignore", UserWarning)
        theirs = system.charge(start, WHEN, FIGURES)
    assert "levels" in theirs.attrs
    for name in FIGURES:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7, atol=2e-6)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_states_and_means_of_two_beside_levels(seed, driven):
    rng = np.random.default_rng(seed)
    sites, links = random_network(rng, "ab", 0.02, 0.1 if driven else 0.0)
    system = qb.System(sites, links, "a", "b")
    start = random_start(rng, "ab", warm=True)
    hop = {"hop": (["b", "a"], lambda n, m: np.kron(lowering(n).T, lowering(m)))}
    ours, mean = (ask(start, WHEN, what) for ask, what in asks(system, hop))
    # Twelve levels are off by less than 1e-13; those that are chosen for a thermal start are 29.
    held = {name: replace(site, levels=12) for name, site in sites.items()}
    system_on_levels = qb.System(held, links, "a", "b")
    with warnings.catch_warnings(), on_levels(), unbounded():
        warnings.simplefilter("ignore", UserWarning)
        theirs, known = (ask(start, WHEN, what) for ask, what in asks(system_on_levels, hop))
    np.testing.assert_allclose(mean.hop, known.hop, atol=1e-6)
    np.testing.assert_allclose(lowest(ours), lowest(theirs), atol=1e-7)
    assert abs(np.einsum("tjj->t", ours.values) - 1).max() < 1e-11


def lowest(rho):
    """The states of two modes on four levels each; those that are not listed are empty."""
    levels = rho.attrs["levels"]
    few = rho.values.reshape(-1, *levels, *levels)[:, :4, :4, :4, :4]
    return np.pad(few, [(0, 0), *((0, 4 - n) for n in few.shape[1:])])


def asks(system, hop):
    return [(system.density_matrix, ["b", "a"]), (system.expect, hop)]


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def test_a_batch_of_members_and_times():
    """Losses and starts with axes: every point is that of the point alone."""
    n = xr.DataArray([1, 2, 3], dims="n")
    links = [qb.exchange("a", "b", 1.0), qb.exchange("b", "c", 0.6)]

    def charged(loss, n):
        sites = {"a": qb.Oscillator(loss=loss, occupation=0.05), "b": qb.Oscillator(1.1)}
        system = qb.System(sites | {"c": qb.Oscillator(0.9)}, links, "a", ["b", "c"])
        start = {"a": qb.fock(n), "b": qb.state([0.6, 0.8])}
        return system.charge(start, WHEN, ["ergotropy", "entropy"])

    lossy = xr.DataArray([0.1, 0.2, 0.7], dims="loss")
    whole = charged(lossy, n)
    for k in range(3):
        for m in range(3):
            alone = charged(float(lossy[k]), int(n[m]))
            for name in alone.data_vars:
                here = whole[name].isel(loss=k, n=m)
                np.testing.assert_allclose(here, alone[name], atol=1e-12)


def test_lossless_modes_stay_pure():
    """Half of an entangled state of two modes goes elsewhere: entropies of both parts are equal."""
    links = [qb.exchange("a", "b", 1.0), qb.exchange("a", "c", 0.4)]
    system = qb.System({n: qb.Oscillator() for n in "abc"}, links, "a", ["b", "c"])
    table = system.charge(qb.fock(12), WHEN, ["entropy", "mutual_information", "passive_energy"])
    np.testing.assert_allclose(table.mutual_information, 2 * table.entropy, atol=1e-12)
    # A beam splitter of transmission T leaves n quanta with binomial weights, in one bright mode.
    share = np.sin(np.hypot(1.0, 0.4) * np.array(WHEN)) ** 2
    weights = qb_binomial(12, share)
    entropy = -np.sum(np.where(weights > 0, weights * np.log(np.maximum(weights, 1e-300)), 0), -1)
    np.testing.assert_allclose(table.entropy, entropy, atol=1e-12)
    falling = -np.sort(-weights, axis=-1)  # on levels 0, 1, 1, 2, 2, 2, ... of two alike modes
    levels = np.repeat(np.arange(6), np.arange(1, 7))[:13]
    np.testing.assert_allclose(table.passive_energy, falling @ levels, atol=1e-12)


def qb_binomial(n, share):
    from scipy.stats import binom

    return binom.pmf(np.arange(n + 1), n, share[:, None])


def test_means_of_many_points_need_no_room_for_their_states():
    """Fifty losses at 401 times: their states, of 36 levels, would take 0.4 GiB."""
    loss = xr.DataArray(np.linspace(0.1, 0.5, 50), dims="loss")
    sites = {"a": qb.Oscillator(loss=loss), "b": qb.Oscillator()}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    hop = {"hop": (["a", "b"], lambda n, m: np.kron(lowering(n).T, lowering(m)))}
    times = np.linspace(0, 5, 401)
    found = system.expect(qb.fock(5), times, hop, limit=0.1).hop
    one = qb.System(sites | {"a": qb.Oscillator(loss=0.1)}, [*system.interactions], "a", "b")
    # With one quantum x = (a, b): <a^dag b> of n is n a^* b, a and b from a 2 x 2 exponential.
    form = -1j * np.array([[1 - 0.05j, 1.0], [1.0, 1.0]])
    x = np.stack([expm(form * t)[:, 0] for t in times])
    np.testing.assert_allclose(found[0], 5 * x[:, 0].conj() * x[:, 1], atol=1e-12)
    np.testing.assert_allclose(one.expect(qb.fock(5), times, hop).hop, found[0], atol=1e-13)


# --- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("modes", "levels"), [(2, 5), (3, 3)])
def test_mixing_is_the_exponential_of_a_quadratic_form(modes, levels):
    rng = np.random.default_rng(modes)
    q = np.linalg.qr(rng.normal(size=(modes, modes)) + 1j * rng.normal(size=(modes, modes)))[0]
    kets = random_ket(rng, 2 * levels**modes).reshape(2, -1)
    rho = (kets.T @ kets.conj()).reshape(1, *[levels] * (2 * modes))
    states, shells = mixed(rho, q[None], 2.0)
    n = modes * (levels - 1) + 1
    assert shells.most == n - 1
    a = []
    for j in range(modes):
        whole = np.eye(1)
        for k in range(modes):
            whole = np.kron(whole, lowering(n) if k == j else np.eye(n))
        a.append(whole)
    form = logm(q)
    pairs = [form[j, k] * a[j].T @ a[k] for j in range(modes) for k in range(modes)]
    unitary = expm(sum(pairs))
    wide = np.zeros((n,) * (2 * modes), complex)
    wide[(slice(0, levels),) * (2 * modes)] = rho[0]
    exact = unitary @ wide.reshape(n**modes, -1) @ unitary.conj().T
    place = np.ravel_multi_index(tuple(np.concatenate(shells.occupations).T), (n,) * modes)
    np.testing.assert_allclose(states[0], exact[place[:, None], place], atol=1e-13)


@pytest.mark.parametrize("modes", [1, 2, 4])
def test_shells_are_all_occupations(modes):
    shells = Shells(modes, 5)
    every = np.concatenate(shells.occupations)
    grid = np.indices((6,) * modes).reshape(modes, -1).T
    wanted = {tuple(each) for each in grid.tolist() if sum(each) <= 5}
    assert {tuple(each) for each in every.tolist()} == wanted
    assert len(every) == len(wanted)
    for low, high, (up, root) in zip(
        shells.occupations, shells.occupations[1:], shells.steps, strict=False
    ):
        for j in range(modes):
            np.testing.assert_array_equal(high[up[j]] - low, np.eye(modes)[[j] * len(low)])
            np.testing.assert_allclose(root[j] ** 2, high[up[j], j], rtol=1e-14)


def test_states_are_normalised_whatever_is_lost_and_added():
    rng = np.random.default_rng(2)
    start = Together(np.array([[0, 0], [2, 1], [1, 2]]), np.array([0, 0, 1]), None)
    amplitude = random_ket(rng, 3 * 4).reshape(4, 1, 3)
    amplitude = amplitude / np.linalg.norm(amplitude, axis=-1, keepdims=True)
    taken = rng.normal(size=(4, 3, 2))
    taken = 0.9 * taken / np.linalg.norm(taken, axis=(1, 2), keepdims=True)
    start = Together(start.levels, start.member, amplitude)
    own = np.broadcast_to(np.eye(3), (4, 3, 3))
    nu = rng.uniform(0, 0.01, size=(4, 3))
    rho = carried_together(start, taken, nu, own, 2.0)
    size = int(np.prod(rho.shape[1:4]))
    weights = spectrum(rho.reshape(4, size, size))
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)
    assert weights.min() > -1e-15
    assert not start.is_definite
