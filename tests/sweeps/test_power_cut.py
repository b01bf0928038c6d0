"""Stores as a power cut leaves them: of every file and folder only what was put on the disk."""

import os
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb

AXES = {"x": np.linspace(0.0, 1.0, 6)}
BY_HAND = np.sin(np.linspace(0.0, 1.0, 6)[:, None] * np.arange(1.0, 4.0))
SEEN = []


def run(x):
    SEEN.append(float(x))
    return xr.Dataset({"y": ("t", np.sin(x * np.arange(1.0, 4.0)))}, {"t": [1.0, 2.0, 3.0]})


def sweep(store, **options):
    SEEN.clear()
    options = {"chunk": 1, "batch": False, "workers": 1} | options
    table = qb.sweep(run, AXES, store, progress=False, **options)
    np.testing.assert_array_equal(table.y.values, BY_HAND)


class Disk:
    """The content of each file, and the names in each folder, as of the last fsync."""

    def __init__(self, monkeypatch):
        self.events, self.handles, self.fsync = [], [], os.fsync
        monkeypatch.setattr(os, "fsync", self.synced)

    def synced(self, handle):
        self.fsync(handle)
        self.handles.append(os.dup(handle))  # so that no later file gets its number
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(handle) as entries:
                held = {each.name: (each.inode(), each.is_dir()) for each in entries}
        else:
            held = Path(f"/proc/self/fd/{handle}").read_bytes()
        self.events.append((found.st_ino, held))

    def image(self, number, events, target):
        """Write what is on the disk of a folder after some events."""
        disk = dict(self.events[:events])
        target.mkdir()
        for name, (inode, is_folder) in disk.get(number, {}).items():
            if is_folder:
                self.image(inode, events, target / name)
            else:
                (target / name).write_bytes(disk.get(inode, b""))

    def close(self):
        for handle in self.handles:
            os.close(handle)


@pytest.fixture
def disk(monkeypatch):
    if not sys.platform.startswith("linux"):
        pytest.skip("what was put on the disk is read from /proc")
    made = Disk(monkeypatch)
    yield made
    made.close()
    monkeypatch.undo()


def test_a_store_goes_on_from_whatever_a_power_cut_leaves(tmp_path, disk, monkeypatch):
    folder = tmp_path / "disk"
    folder.mkdir()
    sweep(folder / "s.zarr")
    number, count = folder.stat().st_ino, len(disk.events)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    kept = []
    for events in [*range(0, count, 5), count]:
        left = tmp_path / f"after {events}"
        disk.image(number, events, left)
        sweep(left / "s.zarr")  # neither refused, nor wrong
        kept.append(len(AXES["x"]) - len(set(SEEN)))
    assert kept[0] == 0
    assert {*kept} > {0, 6}
    assert kept == sorted(kept)
    assert kept[-1] == len(AXES["x"])
    assert SEEN == []  # when all was done, nothing is worked out again


def test_no_description_has_its_name_before_it_is_on_the_disk(tmp_path, disk, monkeypatch):
    """A system may put a name on the disk at any time, not only when it is asked to."""
    named, replace = [], Path.replace

    def checked(draft, target):
        if target.name == "zarr.json" or "done" in target.parts:
            named.append(target.name)
            assert dict(disk.events).get(draft.stat().st_ino) == draft.read_bytes(), target
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", checked)
    sweep(tmp_path / "s.zarr")
    assert named.count("zarr.json") >= 6
    assert len(named) - named.count("zarr.json") == len(AXES["x"])


def test_a_block_is_no_longer_done_before_it_changes(tmp_path, disk, monkeypatch):
    store, seen, replace = tmp_path / "s.zarr", [], Path.replace
    sweep(store)
    done, damaged = store / "done" / "c", store / "y" / "c" / "3" / "0"
    assert "3" in dict(disk.events)[done.stat().st_ino]
    damaged.write_bytes(b"")

    def checked(draft, target):
        if target == damaged:
            seen.append(sorted(dict(disk.events)[done.stat().st_ino]))
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", checked)
    sweep(store, repair=True)
    assert seen == [["0", "1", "2", "4", "5"]]


@pytest.fixture
def complete(tmp_path):
    sweep(tmp_path / "s.zarr")
    return tmp_path / "s.zarr"


def files(store):
    return {str(f.relative_to(store)): f.read_bytes() for f in store.rglob("*") if f.is_file()}


def test_descriptions_are_written_again_and_nothing_is_worked_out_again(complete):
    sound = files(complete)
    described = [name for name in sound if "/c/" not in name]
    for lost in (*([name] for name in described), described, [n for n in sound if "t/" in n]):
        for damage in (_damage, _remove):
            damage(complete, lost)
            with pytest.raises(qb.SweepError, match=r"is damaged.*--repair"):
                sweep(complete)
            sweep(complete, repair=True)
            assert len(set(SEEN)) <= 2, lost  # the first and the last, which say what there is
            assert files(complete) == sound


def _damage(store, names):
    for name in names:
        (store / name).write_bytes(b"")


def _remove(store, names):
    for name in names:
        (store / name).unlink()


def test_only_what_is_gone_is_worked_out_again(complete):
    sound = files(complete)
    _damage(complete, [n for n in sound if "/c/" not in n] + ["y/c/3/0", "failure/c/4"])
    sweep(complete, repair=True)
    assert set(SEEN) == {0.0, 1.0, AXES["x"][3], AXES["x"][4]}
    assert files(complete) == sound


def test_what_another_study_left_is_not_taken_for_ones_own(complete):
    """Its descriptions are gone, so that nothing but the seals tell whose it is."""

    def other(x):
        return run(x) * 2

    _damage(complete, [n for n in files(complete) if "/c/" not in n])
    table = qb.sweep(
        other, AXES, complete, progress=False, chunk=1, batch=False, workers=1, repair=True
    )
    np.testing.assert_array_equal(table.y.values, 2 * BY_HAND)


def test_a_folder_that_holds_something_else_is_not_repaired(complete):
    (complete / "y").rename(complete / "z")
    _damage(complete, ["zarr.json", "done/zarr.json"])
    before = files(complete)
    with pytest.raises(qb.SweepError, match="does not hold what this study gives"):
        sweep(complete, repair=True)
    assert files(complete) == before


def test_a_store_of_before_goes_on(tmp_path, monkeypatch):
    """Without seals and versions: `done` is 1 where a block is done."""
    from quantumbattery.sweeps import layout

    whole = layout.Plan

    def unsealed(*given):
        return whole(*given, sealed=False)

    monkeypatch.setattr("quantumbattery.sweeps.sweep.Plan", unsealed)
    store = tmp_path / "s.zarr"
    sweep(store)
    monkeypatch.undo()
    assert xr.open_zarr(store, consolidated=False).done.values.tolist() == [1] * 6
    sweep(store)
    assert SEEN == []
    shutil.rmtree(store / "done" / "c")
    _damage(store, ["y/zarr.json"])
    sweep(store, repair=True)
    assert set(SEEN) == set(AXES["x"])
    assert xr.open_zarr(store, consolidated=False).done.values.tolist() == [1] * 6
