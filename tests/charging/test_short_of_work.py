"""Work that is never there is known after few moments; work that hardly is there is found."""

import numpy as np
import pytest
from scipy.optimize import brentq

import quantumbattery as qb
from quantumbattery.charging.at_moments import Reader

WORK = ("ergotropy", "ergotropic_power")


def joined(charger, battery, link=qb.exchange):
    return qb.System({"c": charger, "b": battery}, [link("c", "b", 0.5)], "c", "b")


def star(charger, *cells):
    names = [f"b{k}" for k in range(len(cells))]
    sites = {"c": charger} | dict(zip(names, cells, strict=True))
    return qb.System(sites, [qb.exchange("c", each, 0.5) for each in names], "c", names)


def points_of(monkeypatch, run):
    counted, read = [], Reader.__call__

    def counting(self, name, times):
        counted.append(times.size)
        return read(self, name, times)

    monkeypatch.setattr(Reader, "__call__", counting)
    return run(), sum(counted)


CASES = {
    "an oscillator": (joined(qb.Qubit(), qb.Oscillator(loss=3.0)), qb.fock(1), "global"),
    "two quanta": (joined(qb.Oscillator(loss=2), qb.Oscillator(loss=3)), qb.fock(2), "global"),
    "three levels": (joined(qb.Qubit(), qb.Qudit([0, 1, 1.7], loss=3.0)), qb.fock(1), "global"),
    "cells": (star(qb.Qubit(loss=3.0), qb.Qubit(), qb.Qubit()), qb.fock(1), "global"),
    "each": (star(qb.Qubit(loss=3.0), qb.Qubit(), qb.Oscillator(1.2)), qb.fock(1), "local"),
    "many": (joined(qb.Qubit(loss=3.0), qb.Ensemble(qb.Qubit(), 3)), qb.fock(1), "global"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_never_there(monkeypatch, case):
    system, start, how = CASES[case]
    best, points = points_of(
        monkeypatch, lambda: system.optimum(start, 4.0, of=WORK, extraction=how)
    )
    assert points < 2000
    for name in WORK:
        assert np.isnan(best[f"{name}_time"])
        assert best[f"{name}_max"] == 0
        assert 0 <= best[f"{name}_bound"] < 1e-12


@pytest.mark.parametrize("work", [1e-4, 1e-10])
def test_what_is_hardly_there(work):
    """The pair knows in closed form, where a loss leaves a population of just over a half."""

    def known(loss):
        return qb.QubitPair(coupling=0.5, battery_loss=loss).optimum(qb.bloch(np.pi))

    loss = brentq(lambda loss: known(loss).energy_max.item() - 0.5 - work / 2, 0.1, 3.0, xtol=1e-15)
    best = joined(qb.Qubit(), qb.Oscillator(loss=loss)).optimum(qb.fock(1), 4.0, of="ergotropy")
    assert best.ergotropy_max.item() == pytest.approx(work, rel=1e-4)
    assert best.ergotropy_bound >= best.ergotropy_max
    assert best.ergotropy_time.item() == pytest.approx(known(loss).energy_time.item(), abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_exceeds_the_bound(seed):
    """Beside a table: three levels or two cells, warm or full, some with work and some without."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0, 2, 3)
    charger = qb.Oscillator(loss=rates[0], levels=3)
    if seed % 2:
        system = joined(charger, qb.Qudit([0.0, 1.0, 2.2], loss=rates[1]))
    else:
        system = star(charger, qb.Qubit(loss=rates[1]), qb.Qubit(loss=rates[2]))
    start, how = qb.state(np.diag(rng.dirichlet([2, 1, 1]))), "global" if seed % 4 < 2 else "local"
    best = system.optimum(start, 6.0, of=WORK, extraction=how)
    table = system.charge(start, np.linspace(0, 6, 3001), list(WORK), extraction=how)
    for name in WORK:
        top = float(table[name].max())
        assert top <= best[f"{name}_bound"].item() + 1e-13
        assert top <= best[f"{name}_max"].item() * (1 + 1e-8) + 1e-12


def test_one_of_a_batch():
    """Losses along an axis: the first leaves work, the others none."""
    losses = np.array([0.1, 3.0, 5.0])
    system = joined(qb.Qubit(), qb.Oscillator(loss=losses))
    best = system.optimum(qb.fock(1), 4.0, of="ergotropy")
    alone = joined(qb.Qubit(), qb.Oscillator(loss=0.1)).optimum(qb.fock(1), 4.0, of="ergotropy")
    most = best.ergotropy_max.values
    assert most[0] == pytest.approx(alone.ergotropy_max.item(), rel=1e-9)
    assert not most[1:].any()
