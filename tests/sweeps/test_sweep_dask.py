"""Sweeps on a Dask cluster whose parts die."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sweep_study
import xarray as xr
from test_sweep_stops import done

from roads.command import here
from roads.sweep import check

pytestmark = pytest.mark.filterwarnings("ignore:.*points failed")
SCRIPT = Path(sweep_study.__file__)


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder, workers):
        self.file = folder / "scheduler.json"
        self.file.unlink(missing_ok=True)
        self.processes = []
        self.scheduler = self.start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        wait_for(self.file.exists)
        self.workers = [self.worker() for _ in range(workers)]
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, what, *options):
        words = [sys.executable, "-m", f"distributed.cli.{what}", *options]
        process = subprocess.Popen(
            [*words, "--scheduler-file", str(self.file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=SCRIPT.parent,
            env=os.environ | {"PYTHONPATH": str(SCRIPT.parent)},
        )
        self.processes.append(process)
        return process

    def worker(self):
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        return self.start("dask_worker", *options)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = []

    def make(workers):
        made.append(Cluster(tmp_path, workers))
        return made[-1]

    yield make
    for each in made:
        each.close()


def wait_for(what, seconds=40):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.02)


def begin(store, address, seconds):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(store), address],
        env=os.environ | {"SWEEP_PAUSE": seconds},
        stderr=subprocess.PIPE,
        text=True,
    )


def table(store):
    return xr.open_zarr(store, consolidated=False, chunks=None)


def test_a_worker_killed_in_the_middle_changes_nothing(tmp_path, cluster, monkeypatch):
    monkeypatch.setenv("SWEEP_PAUSE", "0.1")  # of the workers, who import the study
    store, parts = tmp_path / "study.zarr", cluster(2)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sweep_study.main, str(store), parts.address)
        wait_for(lambda: done(store) >= 3)
        parts.workers[0].kill()
        running.result(timeout=90)
    check(table(store))


def test_a_killed_scheduler_stops_the_sweep_and_the_next_one_ends_it(
    tmp_path, cluster, monkeypatch
):
    monkeypatch.setenv("SWEEP_PAUSE", "0.1")
    store, parts = tmp_path / "study.zarr", cluster(1)
    running = begin(store, parts.address, "0.1")
    wait_for(lambda: done(store) >= 3)
    parts.close()
    _, said = running.communicate(timeout=90)
    assert running.returncode != 0
    assert "SweepError" in said
    assert "run the same sweep again" in said
    kept = done(store)
    assert 3 <= kept < 48
    monkeypatch.setenv("SWEEP_PAUSE", "0")
    sweep_study.main(str(store), cluster(1).address)
    check(table(store))


STUDY = """
[system]
model = "tavis_cummings"
cells = 2

[preparation]
state = "fock"
n = 1

[times]
to = 2.0
points = 5

[axes]
coupling = {from = 0.5, to = 1.5, points = 5}
loss = [0.0, 0.2]

[output]
measures = ["energy"]
chunk = 4
"""


def test_the_command_line_on_a_cluster_gives_what_processes_give(tmp_path, cluster):
    study = tmp_path / "cavity.toml"
    study.write_text(STUDY)
    first = here("sweep", study, "--workers", "2")
    assert first.returncode == 0, first.stderr
    alone = table(tmp_path / "cavity.zarr").load()
    (tmp_path / "cavity.zarr").rename(tmp_path / "alone.zarr")
    parts = cluster(1)
    second = here("sweep", study, "--scheduler", parts.address)
    assert second.returncode == 0, second.stderr
    other = table(tmp_path / "cavity.zarr").load()
    assert other.energy.identical(alone.energy)
    # One photon and two cells without loss: sin^2(sqrt(2) g t).
    exact = np.sin(np.sqrt(2) * alone.coupling.values[:, None] * alone.time.values) ** 2
    np.testing.assert_allclose(alone.energy.sel(loss=0.0), exact, atol=1e-12)


def test_no_scheduler_is_an_error_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("quantumbattery.sweeps.cluster._PATIENCE", 2.0)
    study = tmp_path / "cavity.toml"
    study.write_text(STUDY)
    run = here("sweep", study, "--scheduler", "tcp://127.0.0.1:9")
    assert run.returncode == 2
    assert "there is no Dask scheduler at tcp://127.0.0.1:9" in run.stderr
    assert not (tmp_path / "cavity.zarr").exists()
