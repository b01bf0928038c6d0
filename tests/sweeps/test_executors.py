"""Schedulers that are none, executors that do as they like, and processes that may start none."""

import contextlib
import importlib
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps import cluster, workers
from roads.studies import pair_study


def run(x):
    return xr.Dataset({"y": 2.0 * x})


AXES = {"x": [0.25, 0.5, 1.0]}


def silent(_):
    pass


def shouting(connection):
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)


@pytest.mark.parametrize("answer", [silent, shouting])
def test_what_is_no_scheduler_is_told_soon(answer, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve():
            with contextlib.suppress(OSError):  # until it is closed
                while True:
                    held.append(server.accept()[0])
                    answer(held[-1])

        threading.Thread(target=serve, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ValueError, match=f"there is no Dask scheduler at {address}"):
            cluster.client_at(address)
        for each in held:
            each.close()


@pytest.mark.parametrize("address", ["nonsense", "foo://bar:1", "http://127.0.0.1:8787"])
def test_an_address_that_is_none(address):
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match=r"there is no Dask scheduler at .*dashboard"):
        cluster.client_at(address)


class Client:
    """As much of a Dask client as a sweep looks at."""

    class scheduler:  # noqa: N801
        address = "tcp://somewhere:1"

    def scheduler_info(self):
        return {"workers": {}}

    def get_executor(self, pure):
        assert not pure
        return ThreadPoolExecutor(1)


def test_a_cluster_without_workers_is_waited_for_aloud():
    with pytest.warns(UserWarning, match="somewhere:1 has no workers yet: the sweep waits"):
        table = qb.sweep(run, AXES, executor=Client(), progress=False)
    assert table.y.values.tolist() == [0.5, 1.0, 2.0]


def _in_a_daemon(answers):
    assert qb.sweep(run, AXES, progress=False).y.values.tolist() == [0.5, 1.0, 2.0]
    try:
        qb.sweep(run, AXES, progress=False, workers=2)
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")


def test_a_daemon_is_told_that_it_starts_no_others():
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    answers = context.Queue()
    process = context.Process(target=_in_a_daemon, args=(answers,), daemon=True)
    process.start()
    assert answers.get(timeout=60).startswith("ValueError: workers=2: this process is a daemon")
    process.join(30)


class Bad(ThreadPoolExecutor):
    """Does something else with what is submitted."""

    def __init__(self, how):
        super().__init__(1)
        self.how = how

    def submit(self, function, *given):
        return self.how(super().submit, function, *given)


def refuses(*_):
    raise RuntimeError("no more")


def returns_values(_, function, *given):
    return function(*given)


def never_begins(*_):
    future = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    return future


def cuts(submit, function, *given):
    def half(*given):
        block = function(*given)
        return replace(block, failure=block.failure[:0])

    return submit(half, *given)


def forgets(submit, function, *given):
    return submit(lambda *each: replace(function(*each), columns={}), *given)


def answers_for_another(submit, function, values):
    return submit(function, {name: each + 0.25 for name, each in values.items()})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (refuses, "does not take a block.*no more"),
        (returns_values, r"submit returned Block\(.*no concurrent.futures.Future"),
        (never_begins, "did not send its block back.*CancelledError"),
        (cuts, "returned another block"),
        (forgets, "returned another block"),
        (answers_for_another, "returned another block"),
    ],
)
def test_an_executor_that_misbehaves_ends_in_a_sentence(tmp_path, how, said):
    with Bad(how) as executor, pytest.raises(qb.SweepError, match=said):
        qb.sweep(run, AXES, tmp_path / "s.zarr", executor, progress=False)
    table = qb.sweep(run, AXES, tmp_path / "s.zarr", progress=False)
    np.testing.assert_array_equal(table.y, [0.5, 1.0, 2.0])


def test_an_executor_that_was_shut_down():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(qb.SweepError, match="was shut down"):
        qb.sweep(run, AXES, executor=executor, progress=False)
    executor._max_workers = None


def test_cores_that_this_process_may_not_use_are_left_alone(monkeypatch):
    """One core of 64 starts no processes."""

    def never(*_):
        raise AssertionError("processes were started")

    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    module = importlib.import_module("quantumbattery.sweeps.sweep")
    monkeypatch.setattr(module, "_SHORT", 0.0)
    monkeypatch.setattr(module, "local", never)
    assert qb.sweep(run, AXES, progress=False).y.values.tolist() == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenProcessPool("it died"), "a worker did not send its block back.*same sweep again"),
        (
            OSError(24, "Too many open files"),
            r"no other process.*\(Too many open.*workers=1",
        ),
    ],
)
def test_processes_of_our_own_that_fail_are_no_executor_of_the_users(monkeypatch, error, said):
    def never(*_):
        raise error

    monkeypatch.setattr(workers, "_alone", lambda: True)  # whatever ran here before
    monkeypatch.setattr(workers._Local, "submit", never)
    with pytest.raises(qb.SweepError, match=said):
        qb.sweep(run, AXES, progress=False, workers=2)


@pytest.mark.skipif(os.name != "posix", reason="limits are those of POSIX")
@pytest.mark.parametrize("most", [10, 13, 16, 18, 20])
def test_too_few_open_files_are_one_sentence(tmp_path, most):
    """Whichever of all that is opened is the one too many."""
    import resource

    (tmp_path / "s.toml").write_text(pair_study("theta = [0.5, 1.0, 1.5, 2.0]", "chunk = 1"))
    done = subprocess.run(
        [sys.executable, "-m", "quantumbattery", "sweep", "s.toml", "--workers", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("sweep ")]
    assert done.returncode == 0 or (len(said) == 1 and said[0].startswith("Error: ")), said


def test_a_notebook_without_widgets_shows_lines(monkeypatch, capsys):
    """As a log file; Rich would ask for ipywidgets instead."""
    module = importlib.import_module("quantumbattery.sweeps.sweep")
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        qb.sweep(run, AXES, workers=1, batch=False)
    assert "sweep 3/3 points, time left" in capsys.readouterr().err
