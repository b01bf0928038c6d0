"""Sweeps that are really stopped: killed, interrupted, out of room, or damaged on the disk."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sweep_study
import xarray as xr

import quantumbattery as qb
from roads.sweep import check

pytestmark = pytest.mark.filterwarnings("ignore:.*points failed")
SCRIPT = Path(sweep_study.__file__)


def begin(store, seconds="0.02", script=SCRIPT, **options):
    """The study, in a process of its own that can be killed with all that it started."""
    environment = os.environ | {"SWEEP_PAUSE": seconds}
    return subprocess.Popen(
        [sys.executable, str(script), str(store)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


class Forked:
    """The study in a copy of this process, which begins at once and is killed as any other."""

    def __init__(self, store, seconds="0.02"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads of those who test
            self.pid = os.fork()
        if not self.pid:
            try:
                os.setsid()
                os.environ["SWEEP_PAUSE"] = seconds
                sweep_study.main(str(store))
            finally:
                os._exit(0)
        self.ended = False

    def poll(self):
        """Whether it has ended."""
        self.ended = self.ended or os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return self.ended or None

    def kill(self):
        """End it at once, but not what it has started."""
        if not self.poll():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True

    def alone(self):
        """Whether nothing that it started goes on."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False


def finish(store):
    """The same again in this process, to its end; its table."""
    sweep_study.main(str(store))
    return xr.open_zarr(store, consolidated=False, chunks=None)


def files(store):
    """Everything that was computed, byte by byte."""
    names = sorted(path for path in store.rglob("c/**/*") if path.is_file())
    return {str(path.relative_to(store)): path.read_bytes() for path in names}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A store that nobody touches."""
    store = tmp_path_factory.mktemp("undisturbed") / "study.zarr"
    with finish(store) as table:
        check(table)
    return store


@pytest.fixture(scope="module")
def undisturbed(finished):
    return files(finished)


def done(store):
    """How many blocks count; a file that is not yet in its place, of a killed write, does not."""
    return sum(path.suffix != ".partial" for path in store.glob("done/c/*/*"))


def test_killed_at_twenty_random_moments(tmp_path, undisturbed):
    store, draw, kept = tmp_path / "study.zarr", random.Random(7), 0
    started, all_of_them = time.monotonic(), []
    whole = Forked(store, "0")
    while not whole.poll():
        time.sleep(0.005)
    shutil.rmtree(store)
    start_up = time.monotonic() - started
    for number in range(20):
        all_of_them.append(running := Forked(store))
        if number % 2:  # while it begins, or makes or opens the store
            time.sleep(draw.uniform(0.0, 0.5) * start_up)
        else:  # a moment after some more blocks
            more = kept + draw.randint(1, 3)
            while done(store) < more and running.poll() is None:
                time.sleep(0.005)
            time.sleep(draw.uniform(0.0, 0.03))
        running.kill()
        before, kept = kept, done(store)
        assert kept >= before, number
    assert kept >= 10
    check(finish(store))
    assert files(store) == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["study.zarr"]
    deadline = time.monotonic() + 30
    while not all(each.alone() for each in all_of_them) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert all(each.alone() for each in all_of_them)  # workers do not outlive who started them


def test_ctrl_c_leaves_a_store_that_goes_on(tmp_path, undisturbed):
    store = tmp_path / "study.zarr"
    # A program that starts in the background ignores Ctrl-C, and this one must not inherit that.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    running = begin(store, "0.1", start_new_session=True, preexec_fn=heed)
    deadline = time.monotonic() + 30
    while done(store) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does, to the workers too
    _, said = running.communicate(timeout=60)
    assert running.returncode != 0, said
    assert "KeyboardInterrupt" in said
    assert 3 <= done(store) < 48
    check(finish(store))
    assert files(store) == undisturbed


@pytest.fixture
def complete(tmp_path, finished):
    return shutil.copytree(finished, tmp_path / "study.zarr")


def sweep_again(store, **options):
    return qb.sweep(
        sweep_study.run, sweep_study.AXES, store, progress=False, batch=False, workers=1, **options
    )


def random_places(store, count):
    """Some files of values, and places in them."""
    draw = random.Random(3)
    names = [path for path in sorted(store.rglob("c/**/*")) if path.is_file()]
    for path in draw.sample(names, count):
        yield path, draw.randrange(path.stat().st_size)


def test_a_flipped_byte_is_found_and_mended(complete, undisturbed):
    for path, place in random_places(complete, 8):
        sound = path.read_bytes()
        broken = bytearray(sound)
        broken[place] ^= 0x10
        path.write_bytes(bytes(broken))
        rest = {name: data for name, data in files(complete).items() if data != bytes(broken)}
        with pytest.raises(qb.SweepError, match=r"is damaged: (block \d+ of 48|a coordinate)"):
            sweep_again(complete)
        assert rest.items() <= files(complete).items()
        check(sweep_again(complete, repair=True))
        assert files(complete) == undisturbed


@pytest.mark.parametrize("cut", ["short", "away"])
def test_a_file_cut_short_is_found_and_mended(complete, undisturbed, cut):
    for path, place in random_places(complete, 6):
        if cut == "short":
            path.write_bytes(path.read_bytes()[:place])
        elif path.relative_to(complete).parts[0] == "done":
            continue  # without it, the block is not done
        else:
            path.unlink()
        with pytest.raises(qb.SweepError, match="is damaged"):
            sweep_again(complete)
        check(sweep_again(complete, repair=True))
        assert files(complete) == undisturbed


def test_damaged_descriptions_are_found(complete):
    before = files(complete)
    for path in sorted(complete.rglob("zarr.json")):
        sound = path.read_text()
        for broken in (sound[: len(sound) // 2], sound.replace("1", "2")):
            path.write_text(broken)
            with pytest.raises(qb.SweepError, match="is damaged"):
                sweep_again(complete)
        path.write_text(sound)
    assert files(complete) == before
    check(sweep_again(complete))


def test_what_is_no_store_is_not_touched(tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("years of work")
    with pytest.raises(ValueError, match="no store of a sweep"):
        sweep_again(folder)
    assert (folder / "chapter.txt").read_text() == "years of work"
    other = tmp_path / "other.zarr"
    xr.Dataset({"mine": ("x", [1.0])}).to_zarr(other, consolidated=False)
    before = files(other)
    with pytest.raises(ValueError, match="no store of a sweep"):
        sweep_again(other)
    assert files(other) == before
    with pytest.raises(ValueError, match="not an existing folder"):
        sweep_again(tmp_path / "nowhere" / "study.zarr")


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system with little room; None where this user cannot make one."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", *options], capture_output=True).returncode
    ):
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def wide(x):
    """Numbers that do not compress."""
    return xr.Dataset({"y": ("t", np.random.default_rng(int(x * 1000)).random(4000))})


def test_a_full_disk_stops_with_a_clear_error_and_goes_on(tmp_path):
    axes, folder = {"x": np.linspace(0.0, 1.0, 40)}, tmp_path / "disk"
    store = folder / "study.zarr"
    with small_disk(folder, "900k") as mounted:
        if not mounted:
            pytest.skip("a small file system can be made by root on Linux only")
        with pytest.raises(qb.SweepError, match=r"cannot be written .*No space left.* kept"):
            qb.sweep(wide, axes, store, progress=False, chunk=1, workers=1)
        kept = {k: v for k, v in files(store).items() if k.startswith("y/")}
        assert 5 < len(kept) < 40
        subprocess.run(["mount", "-o", "remount,size=4m", str(folder)], check=True)
        table = qb.sweep(wide, axes, store, progress=False, chunk=1, workers=1).load()
        assert kept.items() <= files(store).items()
    for x, row in zip(axes["x"], table.y.values, strict=True):
        np.testing.assert_array_equal(row, wide(x).y)


def test_no_room_for_a_store_at_all(tmp_path):
    with small_disk(tmp_path / "disk", "16k") as mounted:
        if not mounted:
            pytest.skip("a small file system can be made by root on Linux only")
        with pytest.raises(ValueError, match="cannot be made"):
            qb.sweep(wide, {"x": [0.1, 0.2]}, tmp_path / "disk" / "s.zarr", progress=False)


def test_a_read_only_folder_is_refused_before_any_work(tmp_path, monkeypatch):
    folder = tmp_path / "disk"
    with small_disk(folder, "4m") as mounted:
        if mounted:  # root may write everywhere else
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        else:
            folder.chmod(0o500)
        seen = tmp_path / "seen"
        monkeypatch.setenv("SWEEP_SEEN", str(seen))
        with pytest.raises(ValueError, match=r"cannot be (written|made)"):
            sweep_again(folder / "study.zarr")
        assert not seen.exists()
        folder.chmod(0o700) if not mounted else None


def test_a_store_that_became_read_only(complete, tmp_path):
    folder = tmp_path / "disk"
    with small_disk(folder, "4m") as mounted:
        if not mounted:
            pytest.skip("a file system of its own can be made by root on Linux only")
        store = folder / "study.zarr"
        shutil.copytree(complete, store)
        shutil.rmtree(store / "done" / "c" / "0")
        before = files(store)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises((ValueError, qb.SweepError), match="cannot be written"):
            sweep_again(store)
        assert files(store) == before
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        check(sweep_again(store))


def test_two_sweeps_cannot_write_to_one_store(tmp_path):
    store = tmp_path / "study.zarr"
    running = begin(store, "0.2")
    while not done(store):
        time.sleep(0.02)
    try:
        with pytest.raises(ValueError, match="being written by another sweep"):
            sweep_again(store)
    finally:
        running.kill()
        running.communicate()
