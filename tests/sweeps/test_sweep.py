from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import sweep_study
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.beginning import Ended
from quantumbattery.sweeps.grid import Grid
from roads.sweep import check

pytestmark = pytest.mark.filterwarnings("ignore:.*points failed")


def test_every_point_is_evaluated_and_failures_are_kept():
    table = qb.sweep(sweep_study.run, sweep_study.AXES, progress=False, batch=False)
    check(table)
    assert list(table.x.values) == list(sweep_study.AXES["x"])
    assert list(table.t.values) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("chunk", [1, 5, 7, 100])
def test_a_store_holds_the_same(tmp_path, chunk):
    store = tmp_path / "study.zarr"
    table = qb.sweep(sweep_study.run, sweep_study.AXES, store, progress=False, chunk=chunk)
    check(table)
    check(xr.open_zarr(store, consolidated=False, chunks=None))
    assert [path.name for path in tmp_path.iterdir()] == ["study.zarr"]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same_bit_by_bit(tmp_path, pool):
    alone = qb.sweep(battery, AXES, progress=False, workers=1)
    with pool(2) as executor:
        table = qb.sweep(battery, AXES, tmp_path / "s.zarr", executor, progress=False)
        many = qb.sweep(sweep_study.run, sweep_study.AXES, executor=executor, progress=False)
    check(many)
    assert table.load().energy.identical(alone.energy)
    assert table.ergotropy.identical(alone.ergotropy)


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    seen, store = tmp_path / "seen", tmp_path / "s.zarr"
    monkeypatch.setenv("SWEEP_SEEN", str(seen))
    qb.sweep(sweep_study.run, sweep_study.AXES, store, progress=False, workers=1)
    before = seen.read_text()
    check(qb.sweep(sweep_study.run, sweep_study.AXES, store, progress=False, workers=1))
    assert seen.read_text() == before


TIMES = np.linspace(0.0, 3.0, 4)
AXES = {"coupling": np.linspace(0.5, 1.5, 5), "loss": [0.0, 0.3], "cells": [1, 2]}
CALLS = []


def battery(coupling, loss, cells):
    CALLS.append(np.size(coupling))
    system = qb.models.tavis_cummings(cells=cells, coupling=coupling, charger_loss=loss)
    return system.charge(qb.fock(1), TIMES, ["energy", "ergotropy"])


def test_systems_of_one_structure_are_batched():
    CALLS.clear()
    axes = AXES | {"coupling": np.linspace(0.5, 1.5, 20)}
    table = qb.sweep(battery, axes, progress=False, workers=1, chunk=80)
    assert CALLS.count(20) >= 2  # all couplings at once, for each number of cells
    assert len(CALLS) < 20  # of 80 points, those of the trial included
    # One photon, without loss: sin^2(sqrt(N) g t) (zoo: Tavis-Cummings).
    c, t = table.coupling.values, table.time.values
    for cells in (1, 2):
        exact = np.sin(np.sqrt(cells) * c[:, None] * t) ** 2
        np.testing.assert_allclose(table.energy.sel(loss=0.0, cells=cells), exact, atol=1e-12)
    single = qb.sweep(battery, axes, progress=False, workers=1, batch=False)
    xr.testing.assert_allclose(table, single, rtol=0, atol=1e-12)


def wrong_for_arrays(x):
    return xr.Dataset({"y": x * 0 + float(np.max(x))})


def blind_to_arrays(**_):
    return xr.Dataset({"y": 2.0})


def sensitive(x):
    if x > 0.5:
        raise ValueError("too large")
    return xr.Dataset({"y": 3.0 * x})


def test_a_function_that_does_not_broadcast_is_given_single_points():
    axes = {"x": np.arange(1, 33) / 32}
    table = qb.sweep(wrong_for_arrays, axes, progress=False)
    assert table.y.values.tolist() == axes["x"].tolist()
    assert qb.sweep(blind_to_arrays, axes, progress=False).y.values.tolist() == [2.0] * 32
    table = qb.sweep(sensitive, axes, progress=False)
    np.testing.assert_array_equal(table.y, np.where(axes["x"] > 0.5, np.nan, 3 * axes["x"]))
    with pytest.raises(ValueError, match="batch=True, but"):
        qb.sweep(wrong_for_arrays, axes, progress=False, batch=True)


def lossy(rate):
    """A point that a system refuses, among others that it takes."""
    return qb.QubitPair(charger_loss=rate).charge(qb.bloch(1.0), [1.0], ["energy"])


def test_one_bad_point_of_a_batch_fails_alone():
    table = qb.sweep(lossy, {"rate": [0.0, 0.1, -0.1, 0.2]}, progress=False)
    assert np.isnan(table.energy.values[:, 0]).tolist() == [False, False, True, False]
    assert "zero or positive" in table.failure.values[2]


def test_numbers_are_never_cut_off():
    def run(n):
        return xr.Dataset({"half": n // 2 if n % 2 == 0 else n / 2})

    table = qb.sweep(run, {"n": [2, 3, 4]}, progress=False)
    assert table.half.values.tolist() == [1, 0, 2]
    assert "holds float64 here, but int64" in table.failure.values[1]


def test_texts_and_whole_numbers_are_axes_too(tmp_path):
    def run(name, many):
        return xr.Dataset({"length": len(name) * (2 if many else 1)})

    for store in (None, tmp_path / "s.zarr"):
        axes = {"name": ["a", "bcd"], "many": [True, False]}
        table = qb.sweep(run, axes, store, progress=False)
        assert table.length.values.tolist() == [[2, 1], [6, 3]]
        assert table.length.dtype.kind == "i"
        assert table.name.values.tolist() == ["a", "bcd"]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(1, 60))
@settings(max_examples=60)
def test_blocks_cover_the_grid_once(shape, points):
    axes = {f"a{k}": np.arange(float(n)) for k, n in enumerate(shape)}
    grid = Grid.of(axes).in_blocks(points)
    covered = np.zeros(grid.shape, dtype=int)
    for number in range(grid.count):
        part = covered[grid.region(number)]
        assert part.size <= points
        part += 1
    assert (covered == 1).all()


def flaky(x, y):
    if x > 0.5 and FLAKY:
        raise OSError("no connection")
    return xr.Dataset({"s": x + 10 * y})


FLAKY = [True]
flaky.fingerprint = "the same study, whether it fails or not"


def test_failed_points_are_tried_again_when_asked_and_axes_come_in_any_order(tmp_path):
    store, axes = tmp_path / "s.zarr", {"x": [0.0, 1.0, 2.0], "y": [1.0, 2.0]}
    FLAKY[:] = [True]
    with pytest.warns(UserWarning, match="4 of 6 points failed"):
        qb.sweep(flaky, axes, store, progress=False, chunk=1)
    FLAKY.clear()
    kept = qb.sweep(flaky, axes, store, progress=False)
    assert int(kept.s.isnull().sum()) == 4
    other = {"y": axes["y"], "x": axes["x"]}
    table = qb.sweep(flaky, other, store, progress=False, retry=True)
    assert table.s.dims == ("y", "x")
    assert table.s.values.tolist() == [[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]]
    assert not (table.failure.values != "").any()


def peaked(x):
    """Right for single points; given several, it takes them all for the one in the middle."""
    near = bool(np.any(np.abs(np.asarray(x) - 0.5) < 0.05))
    return xr.Dataset({"a": x * (2.0 if near else 1.0)})


def test_a_batch_is_checked_between_its_ends_too():
    table = qb.sweep(peaked, {"x": np.linspace(0, 1, 41)}, progress=False)
    single = qb.sweep(peaked, {"x": np.linspace(0, 1, 41)}, progress=False, batch=False)
    assert table.a.values.tolist() == single.a.values.tolist()


def in_another_order(x):
    table = xr.Dataset({"y": 2.0 * x})
    return table.sortby("x") if isinstance(x, xr.DataArray) else table


def over_its_largest(phi):
    """Ends, where a batch agrees with single points, say nothing of what is between."""
    v = xr.DataArray(np.linspace(0, 1, 3), dims="t") * (2 + np.cos(phi))
    return xr.Dataset({"y": v / v.max()})


def labelled_the_wrong_way(a, b):
    value = np.asarray(a).reshape(-1, 1) + 10 * np.asarray(b).reshape(1, -1)
    if value.size == 1:
        return xr.Dataset({"y": value.item()})
    return xr.Dataset({"y": (("b", "a"), value)})


def test_functions_that_broadcast_wrongly_are_given_single_points():
    x = np.random.default_rng(1).permutation(32) / 32
    table = qb.sweep(in_another_order, {"x": x}, progress=False)
    assert table.y.values.tolist() == (2 * x).tolist()
    table = qb.sweep(over_its_largest, {"phi": np.linspace(0, 2 * np.pi, 33)}, progress=False)
    np.testing.assert_allclose(table.y.isel(t=-1), 1.0)
    axes = {"a": np.arange(12.0), "b": np.arange(12.0) / 10}
    table = qb.sweep(labelled_the_wrong_way, axes, progress=False)
    np.testing.assert_allclose(table.y, np.add.outer(np.arange(12.0), np.arange(12.0)))


def test_one_bad_point_costs_few_calls():
    calls = []

    def run(x):
        calls.append(np.size(x))
        if np.any(np.asarray(x) == 700.0):
            raise ValueError("broken device")
        return xr.Dataset({"y": 2.0 * x})

    table = qb.sweep(run, {"x": np.arange(1000.0)}, progress=False, chunk=1000)
    assert len(calls) < 40
    assert np.flatnonzero(np.isnan(table.y)).tolist() == [700]
    assert (table.y.values[701:] == 2 * np.arange(701.0, 1000.0)).all()


class _UnsayableError(Exception):
    def __str__(self):
        raise RuntimeError("cannot be said")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("file \udc80 and \0"), r"ValueError: file \udc80 and"),
        (_UnsayableError(), "_UnsayableError: it cannot say why"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_whatever_a_point_raises_is_kept(tmp_path, error, said):
    def run(n):
        if n == 2:
            raise error
        return xr.Dataset({"y": float(n)})

    for store in (None, tmp_path / "s.zarr"):
        table = qb.sweep(run, {"n": [1, 2, 3]}, store, progress=False)
        assert table.failure.values.tolist() == ["", said, ""]
        assert table.y.values[[0, 2]].tolist() == [1.0, 3.0]


@pytest.mark.parametrize("at", [1, 2, 7])  # the first point, one by itself, one of a batch
def test_a_process_that_is_to_end_does_and_no_point_failed(tmp_path, at):
    ends = tmp_path / "ends"
    ends.touch()

    def run(n):
        if np.any(n == at) and ends.exists():
            raise Ended(143)
        return xr.Dataset({"y": 2.0 * n})

    axes, store = {"n": np.arange(1.0, 9.0)}, tmp_path / "s.zarr"
    for kept in (None, store):
        with pytest.raises(Ended):
            qb.sweep(run, axes, kept, progress=False)
    ends.unlink()
    table = qb.sweep(run, axes, store, progress=False)
    assert not (table.failure != "").any()
    assert table.y.values.tolist() == (2 * axes["n"]).tolist()


def test_a_store_holds_the_numbers_that_memory_holds(tmp_path):
    def run(n):
        attrs = {"scale_factor": 2.0, "_FillValue": 2.0, "units": "days since 2000-01-01"}
        time = ("time", [1.0, 2.0], {"units": "days since 2000-01-01"})
        return xr.Dataset({"y": ("time", [float(n), 2.0], attrs)}, {"time": time})

    memory = qb.sweep(run, {"n": [1, 2]}, progress=False)
    store = qb.sweep(run, {"n": [1, 2]}, tmp_path / "s.zarr", progress=False)
    assert store.y.values.tolist() == memory.y.values.tolist() == [[1.0, 2.0], [2.0, 2.0]]
    assert store.time.values.tolist() == [1.0, 2.0]


def test_kinds_of_numbers_are_those_of_both_ends():
    def run(x):
        return xr.Dataset({"y": 0 if x == 0 else x * 0.5})

    table = qb.sweep(run, {"x": np.linspace(0, 1, 5)}, progress=False)
    assert table.y.values.tolist() == [0.0, 0.125, 0.25, 0.375, 0.5]


def test_threads_of_others_are_no_reason_to_wait_for_ever():
    import threading

    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        check(qb.sweep(sweep_study.run, sweep_study.AXES, progress=False, workers=2))
    finally:
        stop.set()
        other.join()


def test_threads_leave_the_linear_algebra_as_it_was():
    from threadpoolctl import threadpool_info

    before = [each["num_threads"] for each in threadpool_info()]
    with ThreadPoolExecutor(4) as pool:
        qb.sweep(battery, AXES, executor=pool, progress=False, chunk=1)
    assert [each["num_threads"] for each in threadpool_info()] == before


def test_other_processes_must_be_able_to_get_the_function():
    with (
        ProcessPoolExecutor(1) as pool,
        pytest.raises(TypeError, match="cannot send run to its processes"),
    ):
        qb.sweep(lambda x: xr.Dataset({"y": x}), {"x": [1.0]}, executor=pool, progress=False)
    with pytest.raises(ValueError, match="not both"):
        qb.sweep(sensitive, {"x": [1.0]}, executor=ThreadPoolExecutor(1), workers=2)


def test_warnings_are_heard_once():
    def run(levels):
        cavity = qb.Oscillator(levels=int(levels))
        system = qb.System(
            {"charger": cavity, "battery": qb.Qubit()}, [qb.dipole("charger", "battery", 1.0)]
        )
        return system.charge(qb.coherent(2.0), [1.0], ["energy"])

    with pytest.warns(UserWarning, match="levels of 'charger'") as heard:
        qb.sweep(run, {"levels": [6, 7]}, progress=False)
    assert len({str(each.message) for each in heard}) == len(heard)


def test_progress_goes_to_the_error_stream(capsys):
    qb.sweep(sensitive, {"x": [0.1, 0.2]})
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "time left" in err


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"run": 3}, TypeError, "function of a point"),
        ({"axes": {}}, TypeError, "axes must be a dict"),
        ({"axes": {"x": []}}, ValueError, "axis 'x'"),
        ({"axes": {"x": [[1.0]]}}, ValueError, "axis 'x'"),
        ({"axes": {"x": [1.0, 1.0]}}, ValueError, "repeats"),
        ({"axes": {"x": [np.nan]}}, ValueError, "finite"),
        ({"axes": {"x": "ab"}}, TypeError, "axis 'x'"),
        ({"axes": {"x": {1.0, 2.0}}}, TypeError, "axis 'x'"),
        ({"axes": {"done": [1]}}, ValueError, "cannot be named 'done'"),
        ({"axes": {"a\\b": [1]}}, ValueError, r"cannot be named 'a\\\\b'"),
        ({"axes": {"zarr.json": [1]}}, ValueError, "cannot be named 'zarr.json'"),
        ({"axes": {"x": ["\ud800"]}}, ValueError, r"written as UTF-8; got \['\\ud800'\]"),
        ({"store": ""}, ValueError, "name of the store is empty"),
        ({"store": b"a.zarr"}, TypeError, "store is a path, as text or of pathlib"),
        ({"store": 1}, TypeError, "store is a path"),
        ({"chunk": 0}, ValueError, "chunk must be a whole number"),
        ({"workers": 0}, ValueError, "workers must be a whole number"),
        ({"executor": "fast"}, TypeError, "executor must be"),
        ({"axes": {"y": [1.0]}}, TypeError, r"run\(x\) cannot be called with the axes y"),
        ({"run": lambda **_: 1.0}, TypeError, "must return an xarray.Dataset"),
        ({"run": lambda **_: xr.Dataset()}, ValueError, "no variables"),
        ({"run": lambda **_: xr.Dataset({"x": ("a", [1.0])})}, ValueError, "rename it"),
        ({"run": lambda **_: xr.Dataset({"y": "text"})}, ValueError, "no numbers"),
        ({"run": lambda **_: 1 / 0}, ValueError, "every point of the sweep fails.*ZeroDivision"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, error, said):
    given = {"run": sensitive, "axes": {"x": [0.1, 0.2]}, "progress": False} | change
    with pytest.raises(error, match=said):
        qb.sweep(**given)


def test_a_log_file_shows_progress(capsys):
    """No bar can move there: a line for each tenth, the last of all points."""
    qb.sweep(sensitive, {"x": np.linspace(0.1, 1.0, 40)}, workers=1, batch=False, chunk=1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" points")[0] for line in lines] == [
        f"sweep {done}/40" for done in range(4, 41, 4)
    ]
    assert lines[-1].endswith("time left 0:00:00")


def test_an_executor_that_returns_nothing():
    class Forgetful(ThreadPoolExecutor):
        def submit(self, *_):
            return super().submit(lambda: None)

    with Forgetful(1) as executor, pytest.raises(qb.SweepError, match="executor returned None"):
        qb.sweep(sensitive, {"x": [0.1, 0.2]}, executor=executor, progress=False)
