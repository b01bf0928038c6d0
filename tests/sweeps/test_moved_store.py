"""A store that is moved, removed or replaced while a sweep writes to it."""

import os
import shutil

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps.store import Store

AXES = {"x": np.linspace(0.0, 1.0, 30)}
MOVED = r"s\.zarr was moved or removed while it was written: (\d+) of 30 blocks are done and kept"


def value(x):
    return xr.Dataset({"y": ("t", np.sin(x * np.arange(1.0, 4.0)))}, {"t": [1.0, 2.0, 3.0]})


def meddling(act):
    """The same function, which moves the store at one of its points; its name is its own."""

    def run(x):
        if x == AXES["x"][12]:
            act()
        return value(x)

    run.fingerprint = "sines"
    return run


def sweep(run, store, **options):
    options = {"chunk": 1, "batch": False, "workers": 1} | options
    return qb.sweep(run, AXES, store, progress=False, **options).load()


def files(store):
    names = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in names}


def names(folder):
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def undisturbed(tmp_path):
    (folder := tmp_path / "whole").mkdir()
    sweep(meddling(lambda: None), folder / "s.zarr")
    return files(folder / "s.zarr")


def test_a_moved_store_is_noticed_and_goes_on_when_it_is_back(tmp_path, undisturbed):
    store, moved = tmp_path / "s.zarr", tmp_path / "moved.zarr"
    with pytest.raises(qb.SweepError, match=MOVED) as stop:
        sweep(meddling(lambda: store.rename(moved)), store)
    assert names(tmp_path) == ["moved.zarr", "whole"]  # nothing was made in its place
    kept = int(str(stop.value).split(" of 30")[0].rsplit(" ", 1)[1])
    assert kept == len(list((moved / "done" / "c").iterdir()))
    assert 0 < kept <= 12
    moved.rename(store)
    seen = []

    def run(x):
        seen.append(float(x))
        return value(x)

    run.fingerprint = "sines"
    sweep(run, store)
    assert len(seen) == 30 - kept
    assert files(store) == undisturbed


def test_a_moved_store_goes_on_under_its_new_name(tmp_path, undisturbed):
    store, moved = tmp_path / "s.zarr", tmp_path / "moved.zarr"
    with pytest.raises(qb.SweepError, match=MOVED):
        sweep(meddling(lambda: store.rename(moved)), store)
    sweep(meddling(lambda: None), moved)
    assert files(moved) == undisturbed


def emptied(store):
    for each in store.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def replaced(store):
    store.rename(store.with_name("moved"))
    shutil.copytree(store.with_name("moved"), store)


def at_once(monkeypatch):
    """Write each block before the next is worked out, so that a store is still when it is moved."""
    write = Store.write

    def written(self, number, block):
        write(self, number, block)
        self.flush()

    monkeypatch.setattr(Store, "write", written)


@pytest.mark.parametrize("act", [shutil.rmtree, emptied, replaced])
def test_another_folder_of_its_name_is_not_written(tmp_path, act, monkeypatch):
    store, before = tmp_path / "s.zarr", []
    at_once(monkeypatch)

    def acts():
        act(store)
        before.append(files(store) if store.exists() else None)

    with pytest.raises(qb.SweepError, match=MOVED) as stop:
        sweep(meddling(acts), store)
    assert "12 of 30 blocks" in str(stop.value)
    assert before == [files(store) if store.exists() else None]


def test_the_folder_of_an_array_is_not_made_anew(tmp_path, monkeypatch):
    store = tmp_path / "s.zarr"
    at_once(monkeypatch)
    with pytest.raises(qb.SweepError, match=r"cannot be written \(No such file.*12 of 30 blocks"):
        sweep(meddling(lambda: shutil.rmtree(store / "y")), store)
    assert not (store / "y").exists()
    monkeypatch.undo()
    exact = [value(x).y for x in AXES["x"]]
    np.testing.assert_array_equal(sweep(meddling(lambda: None), store, repair=True).y, exact)


def test_a_store_that_is_moved_when_all_is_done(tmp_path, undisturbed, monkeypatch):
    store, moved, flush = tmp_path / "s.zarr", tmp_path / "moved.zarr", Store.flush

    def then_moved(self):
        flush(self)
        if store.exists() and len(self._later.kept) == 30:
            store.rename(moved)

    monkeypatch.setattr(Store, "flush", then_moved)
    with pytest.raises(qb.SweepError, match=MOVED):
        sweep(meddling(lambda: None), store)
    monkeypatch.undo()
    moved.rename(store)
    sweep(meddling(lambda: None), store)
    assert files(store) == undisturbed


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the folder that one is in stays")
def test_a_store_in_a_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ValueError, match=r"'s\.zarr' would be in this folder, which is gone"):
        sweep(value, "s.zarr")
    assert sweep(value, tmp_path / "s.zarr").y.notnull().all()
