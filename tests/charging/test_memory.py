"""What a search for the best moment takes stays within its limit, however many moments it reads."""

import tracemalloc

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging import at_moments, global_maximum, optimum, passes, solve
from quantumbattery.charging.global_maximum import Aim, Maximum, maximum, room_for
from quantumbattery.machine import TooLargeError, held_by


def peak_of(work):
    """The most memory that is taken meanwhile, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def functions_of(monkeypatch, system, preparation, limit):
    """What `optimum` would search."""
    found, nothing = [], Maximum(*np.zeros((5, 1)))
    monkeypatch.setattr(
        optimum, "_all", lambda functions, *_: found.append(functions) or {"energy": nothing}
    )
    monkeypatch.setattr(optimum, "_labelled", lambda *_: None)
    system.optimum(preparation, 10.0, "energy", limit=limit)
    return found[0]


@pytest.mark.parametrize("members", [1, 40])
@pytest.mark.parametrize("rate", [False, True])
def test_points_take_no_more_than_they_may(members, rate):
    """Functions that nothing bounds well are looked at everywhere, until there is no room."""
    room, nothing = 20_000, np.zeros(members)
    aim = Aim(1.0, 1e-9, nothing + 1e-3, nothing, nothing, rate, room=room)
    read = []

    def values(times):
        read.append(times.size)
        return 1e-3 * times if rate else np.full(times.shape, 1e-3)

    taken = peak_of(lambda: maximum(values, np.full(members, 1e12), aim))
    assert room / 4 < sum(read) <= room + 32 * members
    assert taken < room * global_maximum._POINT
    assert room_for(2.0) * global_maximum._POINT < 2 * 2**30 / 2


def test_members_that_wait_are_read_with_few_moments_at_a_time(monkeypatch):
    """One function that takes many points, beside others that take none."""
    monkeypatch.setattr(global_maximum, "_ROW", 1000)
    read, bend = [], np.append(1e7, np.zeros(99))

    def values(times):
        read.append(times.size)
        wave = np.sin(50 * times)
        wave[1:] = times[1:]
        return wave

    alone = maximum(lambda t: np.sin(50 * t), bend[:1], aim_of(1))
    found = maximum(values, bend, aim_of(100))
    assert max(read[1:]) <= 1000
    assert max(read) < 100 * 66
    assert (found.time[0], found.value[0]) == (alone.time[0], alone.value[0])


def aim_of(members):
    nothing = np.zeros(members)
    return Aim(1.0, 1e-3, nothing + 1e-3, nothing, nothing)


def test_moments_are_read_few_at_a_time_however_little_is_read(monkeypatch):
    """Of 140 elements of a density matrix 7 are read, and all of them move."""
    system = qb.models.tavis_cummings(cells=6, charger_loss=0.01)
    functions = functions_of(monkeypatch, system, qb.fock(6), 0.2)
    moments = np.sort(np.random.default_rng(0).uniform(0, 10, (1, 20_000)))
    assert peak_of(lambda: functions._everyone("energy", moments)) < 0.2 * 2**30 / 8


def test_charging_at_scattered_times_too():
    system = qb.models.tavis_cummings(cells=6, charger_loss=0.01)
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 30_000))
    assert peak_of(lambda: system.charge(qb.fock(6), times, ["energy"])) < 120 * 2**20


def test_what_moves_all_members_is_counted(monkeypatch):
    """Dense matrices of 140 x 140, of each of 60 members; at resonance these would be halves."""
    coupling = np.linspace(0.5, 2, 60)
    resonant = qb.models.tavis_cummings(cells=6, coupling=coupling)
    sites = {**resonant.sites, "cavity": qb.Oscillator(1.2, loss=0.01)}
    system = qb.System(sites, resonant.interactions, "cavity", "cells")
    monkeypatch.setattr(passes, "TILE", 1 << 16)
    monkeypatch.setattr(solve, "TILE", 1 << 16)  # so that each part has few members
    small = functions_of(monkeypatch, system, qb.fock(6), 0.005).work
    with pytest.raises(TooLargeError, match="all members of the batch needs"):
        at_moments.Reader.of(small, 10.0)
    whole = functions_of(monkeypatch, system, qb.fock(6), 1.0)._everyone
    assert len(whole.moving) > 1
    assert held_by(whole.moving, set()) >= 60 * 140**2 * 8


def test_parts_that_are_shared_among_cores_keep_the_limit_together(monkeypatch):
    asked = []

    class Pool(solve.ThreadPoolExecutor):
        def __init__(self, workers):
            asked.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(solve, "cores", lambda: 64)
    monkeypatch.setattr(solve, "ThreadPoolExecutor", Pool)
    coupling = np.linspace(0.5, 2, 64)
    system = qb.models.tavis_cummings(cells=8, coupling=coupling, charger_loss=0.01)
    times = np.linspace(0, 1, 40)
    monkeypatch.setattr(solve, "_SHARED", 1)
    monkeypatch.setattr(passes, "TILE", 1 << 16)
    monkeypatch.setattr(solve, "TILE", 1 << 16)
    full = system.charge(qb.fock(4), times, ["energy"])
    few = system.charge(qb.fock(4), times, ["energy"], limit=0.004)
    assert 1 <= min(asked) < 8 < max(asked)
    assert few.identical(full)
