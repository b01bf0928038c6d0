"""Stores that were meddled with, by accident or on purpose: nothing else is read or touched."""

import io
import json
import os
import pickle
import threading
import warnings
from contextlib import chdir
from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from test_power_cut import AXES, SEEN, files, run, sweep

import quantumbattery as qb
from quantumbattery.sweeps.fingerprint import checksum

OWN = "quantumbattery_sweep"


@pytest.fixture
def complete(tmp_path):
    sweep(tmp_path / "s.zarr")
    return tmp_path / "s.zarr"


def swap(one, other):
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def test_two_files_that_are_swapped_are_noticed(complete):
    sound = files(complete)
    for one, other in combinations(range(6), 2):
        swap(complete / f"y/c/{one}/0", complete / f"y/c/{other}/0")
        with pytest.raises(qb.SweepError, match="those of another block"):
            sweep(complete)
        sweep(complete, repair=True)
        assert set(SEEN) == {AXES["x"][one], AXES["x"][other]}
        assert files(complete) == sound
    swap(complete / "done/c/1", complete / "done/c/4")
    with pytest.raises(qb.SweepError, match="2 such in all"):
        sweep(complete)
    # Blocks that change their places whole, seals and all.
    swap(complete / "y/c/1/0", complete / "y/c/4/0")
    with pytest.raises(qb.SweepError, match="2 such in all"):
        sweep(complete)


def test_a_block_of_another_sweep_is_noticed(complete, tmp_path):
    other = tmp_path / "other.zarr"
    qb.sweep(
        lambda x: run(x) * 2, AXES, other, progress=False, chunk=1, batch=False, workers=1
    ).close()
    for name in ("y/c/2/0", "failure/c/2", "done/c/2"):
        (complete / name).write_bytes((other / name).read_bytes())
    with pytest.raises(qb.SweepError, match="block 2 of 6"):
        sweep(complete)


def folder(path, _):
    path.mkdir()


def pipe(path, _):
    os.mkfifo(path)


def link(path, elsewhere):
    path.symlink_to(elsewhere / "y.bin")


def link_to_folder(path, elsewhere):
    path.symlink_to(elsewhere)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("kind", [folder, pipe, link, link_to_folder])
@pytest.mark.parametrize("name", ["y/c/3/0", "done/c/3", "y/zarr.json", "zarr.json", "x/c/0"])
def test_what_is_no_plain_file_is_not_read(complete, tmp_path, kind, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    sound = (complete / name).read_bytes()
    (elsewhere / "y.bin").write_bytes(sound)
    (elsewhere / "a.partial").write_text("not ours")
    before = files(elsewhere)
    (complete / name).unlink()
    kind(complete / name, elsewhere)
    for repair in (False, True):
        with pytest.raises(qb.SweepError, match="is no plain file"):
            sweep(complete, repair=repair)
    assert files(elsewhere) == before
    assert set(SEEN) <= {0.0, 1.0}  # which say what there is
    path = complete / name
    path.rmdir() if kind is folder else path.unlink()
    sweep(complete, repair=True)  # after which what is missing is worked out again
    assert len(set(SEEN)) <= 3


def test_folders_elsewhere_are_not_cleaned_up(complete, tmp_path):
    thesis = tmp_path / "thesis"
    (thesis / "deep").mkdir(parents=True)
    (thesis / "deep" / "chapter.partial").write_text("years of work")
    (complete / "y" / "c" / "9").symlink_to(thesis)
    with pytest.raises(qb.SweepError, match="is no plain file"):
        sweep(complete)
    (complete / "y" / "c" / "9").unlink()
    (complete / "y" / "c").rename(tmp_path / "c")
    (complete / "y" / "c").symlink_to(tmp_path / "c")
    with pytest.raises(qb.SweepError, match="is no plain file"):
        sweep(complete)
    assert (thesis / "deep" / "chapter.partial").read_text() == "years of work"


def crafted(store, change):
    """Change what a store says of itself, and make its checksum fit."""
    file = store / "zarr.json"
    whole = json.loads(file.read_text())
    said = whole["attributes"][OWN]
    said.pop("checksum")
    change(said)
    whole["attributes"][OWN] = said | {"checksum": checksum(said)}
    file.write_text(json.dumps(whole))


CHANGES = {
    "no study": lambda said: said.pop("study"),
    "study": lambda said: said.update(study=[1]),
    "no axes": lambda said: said["study"].pop("axes"),
    "axes": lambda said: said["study"].update(axes={"x": 3}),
    "no run": lambda said: said["study"].pop("run"),
    "no version": lambda said: said["study"].pop("version"),
    "no block": lambda said: said.pop("block"),
    "block": lambda said: said.update(block=[0]),
    "long block": lambda said: said.update(block=[1, 1]),
    "blocks": lambda said: said.update(block=[2]),
    "no batched": lambda said: said.pop("batched"),
    "batched": lambda said: said.update(batched=["z"]),
    "variables": lambda said: said.update(variables=["../../y"]),
    "other variables": lambda said: said.update(variables=["z"]),
    "a variable": lambda said: said.update(variables=["t"]),
    "coordinates": lambda said: said.update(coordinates=3),
    "a coordinate": lambda said: said.update(coordinates=["/etc"]),
    "no files": lambda said: said.pop("files"),
    "files": lambda said: said["files"].update({"../..": "0"}),
    "few files": lambda said: said["files"].pop("y"),
    "list of files": lambda said: said.update(files=["y"]),
    "libraries": lambda said: said.update(libraries=["numpy"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_crafted_descriptions_end_in_a_sentence_and_are_mended(complete, change):
    sound = files(complete)
    crafted(complete, CHANGES[change])
    with pytest.raises((qb.SweepError, ValueError), match=r"is damaged|another study"):
        sweep(complete)
    if change == "axes":  # it says itself that it is another
        return
    sweep(complete, repair=True, chunk=None)
    named = [name for name in sound if change == "blocks" or name != "zarr.json"]
    if change != "blocks":
        assert {n: files(complete)[n] for n in named} == {n: sound[n] for n in named}


def test_a_root_that_is_no_object_is_refused(complete):
    for text in ("[]", "3", '{"attributes": []}', '{"attributes": {"' + OWN + '": 3}}'):
        (complete / "zarr.json").write_text(text)
        with pytest.raises((qb.SweepError, ValueError), match=r"is damaged|no store of a sweep"):
            sweep(complete)


def test_threads_that_begin_one_store_get_it_one_after_the_other(tmp_path):
    inside, go = threading.Event(), threading.Event()

    def slow(x):
        inside.set()
        go.wait(20)
        return run(x)

    slow.fingerprint = "slow"  # events cannot be told apart

    def begin():
        qb.sweep(slow, AXES, tmp_path / "s.zarr", progress=False, chunk=1, batch=False, workers=1)

    first = threading.Thread(target=begin)
    first.start()
    assert inside.wait(20)
    (tmp_path / "alias.zarr").symlink_to(tmp_path / "s.zarr")
    try:
        for name in ("s.zarr", "alias.zarr"):
            with pytest.raises(ValueError, match="being written by another sweep"):
                qb.sweep(slow, AXES, tmp_path / name, progress=False, workers=1)
    finally:
        go.set()
        first.join()
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["alias.zarr", "s.zarr"]
    begin()  # and then it can be had


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_lock_that_is_no_file_is_refused(tmp_path):
    lock, victim = tmp_path / ".s.zarr.lock", tmp_path / "victim"
    lock.symlink_to(victim)
    with pytest.raises(ValueError, match="keeps two sweeps from writing"):
        sweep(tmp_path / "s.zarr")
    lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(ValueError, match="is no plain file"):
        sweep(tmp_path / "s.zarr")
    lock.unlink()
    assert list(tmp_path.iterdir()) == []
    sweep(tmp_path / "s.zarr")


def test_another_library_is_said_of_what_is_still_to_do(complete, monkeypatch):
    now = qb.sweeps.fingerprint.libraries()
    other = now | {"numpy": "1.0"}
    monkeypatch.setattr("quantumbattery.sweeps.store.libraries", lambda: other)
    sweep(complete)  # nothing is to do
    (complete / "done/c/5").unlink()
    with pytest.warns(UserWarning, match=rf"begun with numpy {now['numpy']} \(now 1.0\)"):
        sweep(complete)
    assert np.allclose(SEEN, [1.0])


@pytest.mark.parametrize(
    "where", ["http://x/y.zarr", "s3://bucket/y.zarr", "file:///y.zarr", "zip::y.zarr"]
)
def test_an_address_is_no_folder(where):
    with pytest.raises(ValueError, match=f"{where} is an address, and a store is a folder on this"):
        qb.sweep(lambda **_: None, {"charger_loss": [1.0, 2.0]}, store=where)


def test_a_folder_on_the_way_may_be_named_like_an_address(tmp_path):
    folder = tmp_path / "a::b"
    folder.mkdir()
    with chdir(folder):
        table = qb.sweep(lambda x: xr.Dataset({"y": 2 * x}), {"x": [1.0, 2.0]}, "s.zarr")
    assert pickle.loads(pickle.dumps(table)).y.values.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"attributes": 1}', "\0"])
def test_a_root_that_says_nothing_is_written_again(complete, text):
    sound = files(complete)
    (complete / "zarr.json").write_text(text)
    with pytest.raises(qb.SweepError, match=r"\(it does not describe a store\)"):
        sweep(complete)
    sweep(complete, repair=True)
    assert files(complete) == sound


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_root_without_arrays_is_no_store(tmp_path, text):
    """Which nobody promises to repair."""
    (tmp_path / "s.zarr").mkdir()
    (tmp_path / "s.zarr/zarr.json").write_text(text)
    for repair in (False, True):
        with pytest.raises(ValueError, match="is no store of a sweep: name another"):
            sweep(tmp_path / "s.zarr", repair=repair)


def test_what_others_lay_into_a_store_is_left_alone(complete):
    (complete / "notes.txt").write_text("mine")
    (complete / ".DS_Store").write_bytes(b"\0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweep(complete)
    assert (complete / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["zarr.json", "y/zarr.json", "x/c/0", "y/c/2/0", "done/c/2"])
def test_what_may_not_be_read_is_one_sentence(complete, name, monkeypatch):
    """And is not taken for damaged, which a repair would remove."""
    sound, opened = files(complete), io.open

    def kept(file, *given, **options):
        if str(file) == str(complete / name):
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *given, **options)

    for repair in (False, True):
        with monkeypatch.context() as patched:
            patched.setattr(io, "open", kept)
            with pytest.raises(qb.SweepError, match=r"cannot go on .Permission denied: .*sweep"):
                sweep(complete, repair=repair)
    assert files(complete) == sound
