"""What is given with a strength or rate of 0: it changes nothing, whatever it is."""

import logging

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.network.acting import acting, acts

WHEN = [0.0, 0.6, 1.3]
IDLE = [
    qb.drive("x", 0.0, 1.0, np.sin),
    qb.drive("y", np.zeros(2), 0.8, [1.0, 0.5], breaks=[0.0, 0.3, 1.0]),
    qb.two_photon_drive("x", 0.0, 1.3, np.cos),
    qb.exchange("x", "y", 0.0j, envelope=np.sin),
    qb.dipole("x", "y", -0.0, envelope=np.sin),
    qb.shift("x", 0.0, envelope=np.sin),
    qb.jump("x", np.eye, 0.0),
    qb.dissipator({"x": 1.0, "y": 1.0}, 0.0),
]
SITES = {"x": qb.Oscillator(1.1, loss=0.1, occupation=0.2), "y": qb.Oscillator()}
LINK = qb.exchange("x", "y", 0.4)


@pytest.mark.parametrize("idle", IDLE, ids=str)
def test_as_if_it_were_not_there(idle):
    """Charged, left alone, its best moments, its means and its state, by the same method."""
    known, system = (qb.System(SITES, links, "x", "y") for links in ([LINK], [LINK, idle]))
    start = {"x": qb.squeezed(0.3)}
    one, other = (each.charge(start, WHEN, disconnect=1.0) for each in (known, system))
    assert one.attrs["method"] == other.attrs["method"]
    for name in one:
        xr.testing.assert_allclose(one[name].broadcast_like(other[name]), other[name])
    best, again = (each.optimum(start, 2.0, of="energy") for each in (known, system))
    assert np.all(np.abs(best.energy_max - again.energy_max) < 1e-12)
    photons = {"n": ("y", "quanta"), "p": ("x", lambda n: np.ones((n, n)) / n)}
    one, other = (each.expect(start, WHEN, photons) for each in (known, system))
    assert np.all(np.abs(one.p - other.p) < 1e-12)
    one, other = (each.density_matrix(start, WHEN) for each in (known, system))
    assert np.all(np.abs(one - other) < 1e-12)


def test_alone_and_in_a_whole_batch():
    """A shape that nothing has left NumPy's words; beside one that acts it is a row like others."""
    for idle in IDLE[:3]:
        system = qb.System({"x": qb.Oscillator(), "y": qb.Qubit()}, [idle], [], "x")
        table = system.charge({"x": qb.coherent(0.5)}, WHEN, ["energy"])
        assert np.all(np.abs(table.energy - 0.25) < 1e-12)
    size = xr.DataArray([0.0, 0.7], dims="size")
    system = qb.System({"x": qb.Oscillator()}, [qb.drive("x", size, 1.0, np.sin)], [], "x")
    assert acting(system) is system
    assert np.all(system.charge({}, WHEN, ["energy"]).energy[0] == 0.0)


def test_work_of_sites_by_themselves_where_nothing_joins_them():
    """What is always on between them, with a strength of 0, is no reason to refuse it."""
    known, system = (
        qb.System(SITES, [qb.drive("x", 0.3, 1.0), *more], [], ["x", "y"])
        for more in ([], [qb.exchange("x", "y", 0.0, always=True)])
    )
    start = {"x": qb.coherent(1.0)}
    one, other = (each.charge(start, WHEN, extraction="local") for each in (known, system))
    assert np.all(np.abs(one.ergotropy - other.ergotropy) < 1e-12)


def test_what_acts():
    """By strengths alone: a field of frequency 0 does, a matrix may."""
    matrix = qb.interaction("x", lambda n: np.zeros((n, n)))
    assert acts(matrix)
    assert acts(qb.drive("x", 0.1, 0.0))
    assert acts(qb.heisenberg("x", "y", 0.0, 0.0, 0.1))
    assert not acts(qb.heisenberg("x", "y", 0.0, 0.0, 0.0))
    system = qb.System(SITES, [LINK, *IDLE[2:], matrix], "x", "y")
    kept = acting(system)
    assert kept.links == (LINK, matrix)
    assert len(system.links) == 8
    assert not acting(qb.System(SITES, IDLE[:2], "x", "y")).arrays


def test_long_work_between_jumps_of_a_shape_tells_how_it_goes_on(caplog, monkeypatch):
    """Each step of it may be too short for a word."""
    from quantumbattery.dynamics import steps

    monkeypatch.setattr(steps, "Pace", lambda: type("Now", (), {"due": lambda _: True})())
    links = [
        qb.exchange("x", "y", 0.4, envelope=[1.0, -0.5], breaks=[0.0, 0.5, 1.0]),
        qb.two_photon_drive("y", 0.02, 1.3),
        qb.drive("x", 1.0, 1.0, lambda t: np.cos(2 * np.pi * t / 0.9), period=0.9),
    ]
    caplog.set_level(logging.INFO, "quantumbattery")
    qb.System(SITES, links, "x", "y").charge({}, 1.0, ["energy"])
    assert "step 2 of 2, between jumps of a shape" in caplog.text


def test_in_protocols_and_half_lives():
    """A jump of rate 0 by a function of the levels took oscillators off the moments there."""
    idle = qb.jump("x", lambda n: np.diag(np.arange(1.0 * n)), 0.0, always=True)
    known, system = (qb.System(SITES, links, "x", "y") for links in ([LINK], [LINK, idle]))
    start = {"x": qb.coherent(6.0)}
    one, other = (qb.Protocol([qb.Stroke(each, 1.0)]).charge(start) for each in (known, system))
    assert one.attrs["method"] == other.attrs["method"]
    assert np.all(np.abs(one.energy - other.energy) < 1e-12)
    lossy = {"x": SITES["x"], "y": qb.Oscillator(loss=0.3)}
    links = [LINK, qb.jump("y", lambda n: np.diag(np.arange(1.0 * n)), 0.0, always=True)]
    table = qb.System(lossy, links, "x", "y").charge(
        start, 0.5, ["energy_half_life"], disconnect=0.5
    )
    assert table.energy_half_life.item() == pytest.approx(np.log(2) / 0.3, rel=1e-9)
