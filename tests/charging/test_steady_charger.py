"""Levels of a steady state that are enough for what is looked at, battery or charger."""

import logging
import warnings

import numpy as np
import pytest

import quantumbattery as qb


def hot(frequency=1.0):
    """A warm cavity of which a lossy qubit feels next to nothing: <n> = 3 as without it."""
    sites = {"c": qb.Oscillator(frequency, loss=0.2, occupation=3.0), "b": qb.Qubit(loss=1.0)}
    return qb.System(sites, [qb.exchange("c", "b", 1e-6)], "c", "b")


def test_a_battery_alone_does_not_feel_the_cut_and_says_so():
    with pytest.warns(UserWarning, match="what was looked at does not feel that"):
        table = hot().charge({}, np.inf, ["energy"])
    assert table.energy.item() < 1e-10


def test_the_charger_is_looked_at_where_it_is_asked_for():
    """Its energy as a measure and its quanta as a mean; with n = 3 they are known."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = hot(2.0).charge({}, np.inf, ["energy", "charger_energy"])
        mean = hot().expect({}, np.inf, {"n": ("c", "quanta")})
    assert table.charger_energy.item() == pytest.approx(6.0, rel=1e-9)
    assert mean.n.item() == pytest.approx(3.0, rel=1e-9)
    assert table.attrs["converged"] < 1e-10


def test_given_levels_that_are_too_few_are_told_how_to_get_more():
    sites = {"c": qb.Oscillator(loss=0.2, occupation=3.0, levels=6), "b": qb.Qubit(loss=1.0)}
    system = qb.System(sites, [qb.exchange("c", "b", 0.1)], "c", "b")
    with pytest.warns(UserWarning, match="give more levels, or leave levels out"):
        system.charge({}, np.inf, ["energy"])


def test_pairs_that_outdo_losses_are_told_beside_a_qubit_after_a_few_levels(caplog):
    """What a qubit takes is bounded; a pump below threshold, or of uneven levels, may rest."""

    def pumped(size, *more):
        sites = {"c": qb.Oscillator(loss=0.5), "b": qb.Qubit(loss=1.0)}
        links = [qb.two_photon_drive("c", size, 1.0), qb.exchange("c", "b", 0.5), *more]
        return qb.System(sites, links, "c", "b").charge({}, np.inf, ["energy"])

    caplog.set_level(logging.INFO, "quantumbattery")
    with pytest.raises(ValueError, match=r"e-fold every 0\.667, and there is no"):
        pumped(1.0)
    assert caplog.text.count("levels: a change") == 2
    assert pumped(0.1).attrs["converged"] < 1e-10
    kerr = qb.interaction("c", lambda levels: np.diag([2.0 * k * (k - 1) for k in range(levels)]))
    assert pumped(1.0, kerr).attrs["converged"] < 1e-10
