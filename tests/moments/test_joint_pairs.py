"""States of several modes where quanta come in pairs, beside Gaussian ones, levels, one mode."""

import warnings
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import merit_of_starts, modes_together
from roads.levels import on_levels, unbounded

FIGURES = ["energy", "passive_energy", "ergotropy", "local_ergotropy", "locked_ergotropy"]
FIGURES += ["purity", "entropy", "mutual_information", "negativity", "ergotropic_power"]
WHEN = [0.0, 0.4, 1.1]
EMPTY = qb.state(np.array([1.0, 0.0]))  # the vacuum, given as any state


def random_pair(rng, strength):
    """Modes with links that make pairs, losses, baths and fields."""
    rates = [{}, {"loss": 0.3}, {"loss": 0.3, "occupation": strength}]
    sites = {n: qb.Oscillator(rng.uniform(0.9, 1.2), **rates[rng.integers(3)]) for n in "ab"}
    pump = qb.two_photon_drive("ab"[rng.integers(2)], strength, 1.05, phase=1.0)
    kinds = [[qb.dipole("a", "b", strength)], [qb.exchange("a", "b", 0.5), pump]]
    links = kinds[rng.integers(2)]
    if rng.random() < 0.5:
        links.append(qb.drive("a", 10 * strength, 1.1))
    return sites, links


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_a_vacuum_that_is_given_as_a_state_beside_means_and_covariances(seed):
    rng = np.random.default_rng(seed)
    sites, links = random_pair(rng, 0.15)
    system = qb.System(sites, links, "a", "b")
    start = [{}, {"a": qb.squeezed(0.5, 1.0)}, {"a": qb.thermal(0.2)}][rng.integers(3)]
    ours = system.charge(start | {"b": EMPTY}, WHEN, FIGURES)
    theirs = system.charge(start, WHEN, FIGURES)
    assert "levels" not in ours.attrs
    assert theirs.attrs["method"].startswith("means and covariances")
    for name in FIGURES:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-9)


def figures(sites, rho):
    """What is read of the states (T, d, d) of two oscillators on levels."""
    levels = rho.attrs["levels"]
    own = [site.frequency * np.arange(n) for site, n in zip(sites, levels, strict=True)]
    whole, h = rho.values, np.diag(np.add.outer(*own).ravel())
    joint = whole.reshape(-1, *levels, *levels)
    alone = [np.einsum("tijkj->tik", joint), np.einsum("tijil->tjl", joint)]
    work = qb.ergotropy(whole, h)
    locked = work - sum(qb.ergotropy(a, np.diag(e)) for a, e in zip(alone, own, strict=True))
    weights = np.clip(np.linalg.eigvalsh(whole), 1e-300, None)
    return {
        "energy": np.einsum("tii,i->t", whole, h.diagonal()).real,
        "ergotropy": work,
        "entropy": -(weights * np.log(weights)).sum(axis=-1),
        "purity": (weights**2).sum(axis=-1),
        "locked_ergotropy": locked,
    }


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_random_starts_beside_levels(seed):
    rng = np.random.default_rng(seed)
    sites, links = random_pair(rng, 0.02)
    system = qb.System(sites, links, [], ["a", "b"])
    ket = rng.normal(size=6) + 1j * rng.normal(size=6)
    joint = {("a", "b"): qb.state(ket / np.linalg.norm(ket), levels=[3, 2])}
    start = [joint, {"a": qb.fock(2)}, {"a": qb.bloch(1.0, 0.5), "b": qb.fock(1)}][rng.integers(3)]
    wanted = ["energy", "ergotropy", "entropy", "purity", "locked_ergotropy"]
    ours = system.charge(start, WHEN, wanted)
    rho = system.density_matrix(start, WHEN, ["b", "a"])
    assert "levels" not in ours.attrs
    # Twelve levels are off by less than 1e-13.
    held = {name: replace(site, levels=12) for name, site in sites.items()}
    with warnings.catch_warnings(), on_levels(), unbounded():
        warnings.simplefilter("ignore", UserWarning)
        other = qb.System(held, links, [], ["a", "b"]).density_matrix(start, WHEN, ["b", "a"])
    theirs = figures([sites["b"], sites["a"]], other)
    for name in wanted:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7, atol=1e-6)
    one, two = (
        each.values.reshape(-1, *each.attrs["levels"], *each.attrs["levels"])[:, :4, :4, :4, :4]
        for each in (rho, other)
    )
    np.testing.assert_allclose(one, two, atol=1e-8)


@pytest.mark.parametrize("start", [qb.fock(2), qb.state(np.array([0.6, 0.0, 0.8j]))])
def test_each_of_two_is_as_its_characteristic_function_says(start):
    """Strong squeezing of some quanta each: what is traced out of the joint state, and energies."""
    sites = {"a": qb.Oscillator(loss=0.1), "b": qb.Oscillator(loss=0.1, occupation=0.2)}
    links = [qb.exchange("a", "b", 1.0), qb.two_photon_drive("a", 0.15, 1.0)]
    system = qb.System(sites, links, "a", "b")
    rho = system.density_matrix({"a": start}, 1.5, ["a", "b"])
    levels = rho.attrs["levels"]
    joint = rho.values.reshape(*levels, *levels)
    for name, axes in (("a", "jklk->jl"), ("b", "kjkl->jl")):
        alone = system.density_matrix({"a": start}, 1.5, name).values
        traced = np.einsum(axes, joint)
        n = min(len(alone), len(traced))
        np.testing.assert_allclose(traced[:n, :n], alone[:n, :n], atol=1e-11)


@pytest.mark.parametrize("factor", [np.nan, 1.01])
def test_what_double_precision_does_not_hold_is_done_on_levels(factor):
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator(1.1)}
    links = [qb.exchange("a", "b", 1.0), qb.two_photon_drive("a", 0.02, 1.0)]
    system = qb.System(sites, links, "a", "b")
    known = system.charge(qb.fock(1), [0.0, 0.5], ["mutual_information"])
    made = modes_together.carried_in_pairs
    wrong = patch.object(modes_together, "carried_in_pairs", lambda *given: factor * made(*given))
    with wrong:
        found = system.charge(qb.fock(1), [0.0, 0.5], ["mutual_information"])
    assert "levels" in found.attrs
    assert "levels" not in known.attrs
    np.testing.assert_allclose(found.mutual_information, known.mutual_information, atol=1e-6)


def test_members_of_a_batch_are_as_alone():
    size = xr.DataArray([0.0, 0.1, 0.2], dims="size")
    theta = xr.DataArray([0.5, 2.0], dims="theta")

    def charged(size, theta):
        sites = {"a": qb.Oscillator(loss=0.1), "b": qb.Oscillator(1.1)}
        links = [qb.exchange("a", "b", 1.0), qb.two_photon_drive("a", size, 1.0)]
        system = qb.System(sites, links, "a", "b")
        return system.charge(qb.bloch(theta), WHEN, ["negativity", "mutual_information"])

    whole = charged(size, theta)
    for k in range(3):
        for m in range(2):
            alone = charged(float(size[k]), float(theta[m]))
            for name in alone.data_vars:
                here = whole[name].isel(size=k, theta=m)
                np.testing.assert_allclose(here, alone[name], atol=1e-10)


@pytest.mark.parametrize("rates", [{"loss": 0.1}, {"loss": 0.2, "occupation": 0.3}])
def test_one_mode_in_the_way_of_several(rates):
    """Where the characteristic function would take minutes, as beside strong squeezing."""
    modes = dict.fromkeys("abm", qb.Oscillator(**rates))
    links = [qb.exchange("a", "m", 0.5), qb.exchange("b", "m", 0.5), qb.drive("m", 0.4, 1.1)]
    system = qb.System(modes, links, ["a", "b"], "m")
    starts = {"a": qb.state([0.6, 0.0, 0.8j]), "b": qb.squeezed(0.7, 0.4)}
    times, names = [0.0, 0.9, 2.2], ["energy", "ergotropy", "purity", "entropy"]
    usual = system.charge(starts, times, names), system.density_matrix(starts, times, "m").values
    with patch.object(merit_of_starts, "MOST_SECONDS", 0.0):
        table, states = (
            system.charge(starts, times, names),
            system.density_matrix(starts, times, "m"),
        )
    for name in names:
        np.testing.assert_allclose(table[name], usual[0][name], atol=1e-9, err_msg=name)
    few = tuple(slice(min(n)) for n in zip(states.shape, usual[1].shape, strict=True))
    np.testing.assert_allclose(states.values[few], usual[1][few], atol=1e-10)
    assert "levels" not in table.attrs
