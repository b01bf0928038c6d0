"""Grids are counted before they are listed, and nothing but a study decides how it is swept."""

import time
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_info
from typer.testing import CliRunner

import quantumbattery as qb
from quantumbattery import machine
from quantumbattery.cli.app import app
from quantumbattery.sweeps.report import swept
from quantumbattery.sweeps.study import read_study

TEXT = """
[system]
model = "qubit_pair"
[preparation]
state = "bloch"
theta = "90deg"
[times]
to = 3.0
points = {times}
[axes]
charger_loss = {{from = 0.0, to = 1.0, points = {points}}}
battery_loss = {{from = 0.0, to = 1.0, points = {points}}}
coupling = {{from = 0.5, to = 1.0, points = {points}}}
[output]
measures = ["energy"]
{more}
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"points": 100_000}, r"100,000 x 100,000 x 100,000 = 1,000,000,000,000,000 points"),
        ({"points": 10**12}, r"= 1,000,000,000,000,000,000,000,000,000,000,000,000 points"),
        ({"times": 10**12}, r"times has 1,000,000,000,000 points"),
        ({"points": 100, "times": 200, "more": "chunk = 10000000000"}, r"blocks of 1,000,000 poi"),
        ({"more": 'batch = "no"'}, "batch is true or false"),
    ],
)
def test_what_is_too_large_is_refused_before_anything_is_made(tmp_path, given, said):
    study = tmp_path / "s.toml"
    study.write_text(TEXT.format(**({"points": 2, "times": 3, "more": ""} | given)))
    with pytest.raises(ValueError, match=said):
        swept(read_study(study), 1, None, False, False)
    assert [each.name for each in tmp_path.iterdir()] == ["s.toml"]


def small(**point):
    return xr.Dataset({"y": sum(point.values())})


@pytest.mark.parametrize(
    ("axes", "chunk", "said"),
    [
        ({"x": range(10**12)}, None, "axes x have 1,000,000,000,000 points"),
        ({n: range(10**5) for n in "abc"}, None, "1,000,000,000,000,000 points, and a sweep takes"),
        ({"x": np.arange(1_000_001)}, 1, "blocks of 1 points would be 1,000,001"),
    ],
)
def test_grids_are_counted(tmp_path, axes, chunk, said):
    for store in (None, tmp_path / "s.zarr"):
        with pytest.raises(ValueError, match=said):
            qb.sweep(small, axes, store, progress=False, chunk=chunk)
    assert list(tmp_path.iterdir()) == []


def test_results_that_memory_cannot_hold_are_refused(monkeypatch):
    monkeypatch.setattr("quantumbattery.sweeps.grid.memory", lambda: 1e-6)
    with pytest.raises(ValueError, match="name a store"):
        qb.sweep(small, {"x": np.arange(1000)}, progress=False)


CALLS = []


def broadcasting(x, y):
    CALLS.append(np.size(x) * np.size(y))
    return xr.Dataset({"z": x + 10 * y})


def test_no_clock_decides_what_is_worked_out_at_once(monkeypatch, capsys):
    """An hour between two looks at the clock, as of a laptop that slept, changes no call."""
    axes = {"x": np.linspace(0, 1, 16), "y": np.linspace(0, 1, 8)}
    CALLS.clear()
    qb.sweep(broadcasting, axes, progress=False, workers=1)
    awake, hours, clock = list(CALLS), iter(range(10**6)), time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 3600 * next(hours))
    CALLS.clear()
    qb.sweep(broadcasting, axes, workers=1)
    assert awake == CALLS
    assert max(CALLS) > 1
    assert "a point takes 3600.0 s" in capsys.readouterr().err


def test_small_sweeps_are_not_worth_a_trial():
    CALLS.clear()
    axes = {"x": np.linspace(0, 1, 9), "y": np.linspace(0, 1, 9)}
    qb.sweep(broadcasting, axes, progress=False, workers=1)
    assert set(CALLS) == {1}
    assert len(CALLS) <= 81
    CALLS.clear()
    qb.sweep(broadcasting, axes, progress=False, workers=1, batch=True)
    assert max(CALLS) > 1


def test_a_study_says_whether_points_are_worked_out_at_once(tmp_path):
    (tmp_path / "s.toml").write_text(TEXT.format(points=4, times=3, more="batch = false"))
    swept(read_study(tmp_path / "s.toml"), 1, None, False, False).close()
    (tmp_path / "s.toml").write_text(TEXT.format(points=4, times=3, more="batch = true"))
    with pytest.raises(ValueError, match="begun without batches"):
        swept(read_study(tmp_path / "s.toml"), 1, None, False, False)


def test_failed_points_are_told_by_the_exit_code(tmp_path):
    study = tmp_path / "s.toml"
    text = TEXT.format(points=2, times=3, more="")
    study.write_text(text.replace("to = 1.0, points = 2}\nbat", "to = -1.0, points = 2}\nbat"))
    for more in ([], ["--retry"]):
        found = CliRunner().invoke(app, ["sweep", str(study), "--workers", "1", *more])
        assert found.exit_code == 1, found.output
        assert "4 of 8 points failed" in found.output
    study.write_text(text.replace("{from = 0.0", "{from = 0.5"))
    (tmp_path / "s.zarr").rename(tmp_path / "old.zarr")
    found = CliRunner().invoke(app, ["sweep", str(study), "--workers", "1"])
    assert found.exit_code == 0, found.output


def measured(coupling):
    """What a charge takes at most, in MiB, and how many cores it may use."""
    system = qb.models.tavis_cummings(cells=6, coupling=coupling, charger_loss=0.01)
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 20_000))
    tracemalloc.start()
    try:
        system.charge(qb.fock(6), times, ["energy"], limit=0.15)
        most = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    threads = max(each["num_threads"] for each in threadpool_info())
    return xr.Dataset({"most": most, "cores": machine.cores(), "threads": threads})


@pytest.mark.parametrize("workers", [1, 2])
def test_every_process_keeps_the_limit_on_a_core_of_its_own(workers, monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 64)
    axes = {"coupling": [0.5, 1.0, 1.5, 2.0]}
    table = qb.sweep(measured, axes, progress=False, workers=workers, batch=False)
    assert (table.most < 0.15 * 1024).all()
    assert (table.cores == 1).all()
    assert (table.threads == 1).all()
