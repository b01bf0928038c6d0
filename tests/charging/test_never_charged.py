"""Batteries that stay empty, and some that only nearly do."""

import numpy as np
import pytest

import quantumbattery as qb

QUANTITIES = ("energy", "power", "ergotropy", "ergotropic_power")


def two_ways(strength, **rates):
    """From c to b by m and by n, which cancel if the strength is -1."""
    links = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 1.0)]
    links += [qb.exchange("m", "b", 1.0), qb.exchange("n", "b", strength)]
    return qb.System(dict.fromkeys("cmnb", qb.Qubit(**rates)), links, "c", "b")


def points_of(monkeypatch, run):
    """How many moments are read while something runs."""
    counted = []
    from quantumbattery.charging.at_moments import Reader

    read = Reader.__call__

    def counting(self, name, times):
        counted.append(times.size)
        return read(self, name, times)

    monkeypatch.setattr(Reader, "__call__", counting)
    return run(), sum(counted)


@pytest.mark.parametrize("start", [qb.fock(1), qb.bloch(1.0)])
@pytest.mark.parametrize("rates", [{}, {"loss": 0.3}, {"loss": 0.3, "dephasing": 0.0}])
def test_ways_that_cancel(monkeypatch, start, rates):
    system = two_ways(-1.0, **rates)
    best, points = points_of(monkeypatch, lambda: system.optimum(start, 5.0))
    assert points < 10
    for name in QUANTITIES:
        assert np.isnan(best[f"{name}_time"])
        assert best[f"{name}_max"] == best[f"{name}_bound"] == 0


@pytest.mark.parametrize("apart", [1e-4, 1e-6])
def test_ways_that_nearly_cancel(apart):
    """To first order the amplitude is apart x sin(x)/4, x = sqrt(2) t, largest at tan(x) = -x."""
    best = two_ways(-1.0 + apart).optimum(qb.fock(1), 2.0, of="energy")
    x = 2.0287578381104342
    assert best.energy_max.item() == pytest.approx((apart * x * np.sin(x) / 4) ** 2, rel=3 * apart)
    rounded = 8 * np.finfo(float).eps / apart  # of an amplitude that is what two ways leave
    assert best.energy_time.item() == pytest.approx(x / np.sqrt(2), abs=3 * apart + rounded**0.5)


@pytest.mark.parametrize("link", [qb.exchange, qb.dipole])
@pytest.mark.parametrize("start", [qb.squeezed(0.5), qb.thermal(0.5)])
@pytest.mark.parametrize("battery", [qb.Qubit(), qb.Ensemble(qb.Qubit(), 1)])
def test_one_qubit_without_coherence_gives_no_work(monkeypatch, link, start, battery):
    """Its population stays below a half, and tells so from a few moments."""
    system = qb.System({"o": qb.Oscillator(), "b": battery}, [link("o", "b", 0.3)], "o", "b")

    def run():
        return system.optimum(start, 3.0, of="ergotropy")

    best, points = points_of(monkeypatch, run)
    assert points < 500
    assert np.isnan(best.ergotropy_time)
    assert best.ergotropy_max == best.ergotropy_bound == 0


@pytest.mark.parametrize("start", [qb.fock(2), qb.fock(1)])
def test_a_battery_that_begins_full_has_no_power(start):
    """It can only lose; from the level below it gains at once."""
    battery = qb.Qudit([0.0, 0.9, 2.0], dephasing=0.2)
    system = qb.System(
        {"c": qb.Qubit(loss=0.3), "b": battery}, [qb.exchange("c", "b", 0.7)], "c", "b"
    )
    best = system.optimum({"c": qb.bloch(2.0), "b": start}, 3.0, of="power")
    times = np.linspace(0.001, 3.0, 2000)
    seen = float(system.charge({"c": qb.bloch(2.0), "b": start}, times, ["power"]).power.max())
    if start.n == 2:
        assert seen <= 0
        assert best.power_max == best.power_bound == 0
        assert np.isnan(best.power_time)
    else:
        assert 0 < seen <= best.power_bound


@pytest.mark.parametrize("theta", [1e-11, 1e-13, 1e-15])
def test_a_start_that_is_nearly_empty_is_not_said_to_bring_nothing(theta):
    """sin(theta / 2)^2 after half a period: a bound is no less."""
    pair = qb.System({"c": qb.Qubit(), "b": qb.Qubit()}, [qb.exchange("c", "b", 1.0)], "c", "b")
    best = pair.optimum(qb.bloch(theta), 2.0)
    for name in ("energy", "ergotropy"):
        assert best[f"{name}_bound"] >= np.sin(theta / 2) ** 2
