"""Stores that are damaged or stopped, and give the same bits again."""

import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import quantumbattery as qb
from fuzz.child import command, fault, forked
from fuzz.words import STUDY
from quantumbattery.cli import main
from quantumbattery.sweeps.report import swept
from quantumbattery.sweeps.study import read_study

KEPT = {}


def known(name, make):
    """What is made once."""
    if name not in KEPT:
        KEPT[name] = make()
    return KEPT[name]


def store_of(folder):
    """A store that is complete, and its table."""
    path = Path(folder, "s.toml")
    path.write_text(STUDY.replace("[0.0, 0.5]", "[0.0, 0.1, 0.2, 0.3, 0.5, 0.7]") + "chunk = 1\n")
    study = read_study(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return study, swept(study, 1, None, False, False).load()


def same(study, table, repair):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = swept(study, 1, None, repair, False).load()
    if not again.identical(table):
        raise RuntimeError("other values")


def files(rng):
    """A file of a store with a bit flipped, cut short, emptied or gone."""
    with tempfile.TemporaryDirectory() as folder:
        study, table = known("store", lambda: store_of(known("folder", tempfile.mkdtemp)))
        store = Path(folder, "s.zarr")
        shutil.copytree(study.store, store)
        path = rng.choice(sorted(each for each in store.rglob("*") if each.is_file()))
        data, kind = path.read_bytes(), rng.choice(["bit", "cut", "gone", "twice"])
        place = rng.randrange(max(1, len(data)))
        if kind == "bit":
            path.write_bytes(
                data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
            )
        elif kind == "cut":
            path.write_bytes(data[:place])
        elif kind == "twice":
            path.write_bytes(data + data[:place])
        else:
            path.unlink()
        own = type(study)(study.given, study.axes, study.places, store, study.chunk, study.batch)

        def work():
            try:
                same(own, table, repair=False)
            except qb.SweepError as error:
                if "\n" in str(error):
                    raise RuntimeError(f"no sentence: {error}") from error
                same(own, table, repair=True)
                raise SystemExit(2) from None

        code, _, err, seconds = forked(work)
    wrong = None if code in (0, 2) else err.strip()[-400:] or "did not end"
    return code, wrong, (path.relative_to(store).as_posix(), kind, place, round(seconds, 1))


def signals(rng):
    """A sweep that is stopped by a signal at some moment, and goes on."""
    number = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
    after, workers = rng.uniform(0.0, 1.2), rng.choice(["1", "2"])
    with tempfile.TemporaryDirectory() as folder:
        text = (
            STUDY.replace("[0.0, 0.5]", "{from = 0.0, to = 1.0, points = 60}")
            + "chunk = 1\nbatch = false\n"
        )
        Path(folder, "s.toml").write_text(text)
        child = os.fork()
        if not child:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            try:
                os.chdir(folder)
                sys.argv = ["quantumbattery", "sweep", "s.toml", "--workers", workers]
                main()
            finally:
                os._exit(0)
        time.sleep(after)
        os.kill(child, number)
        os.waitpid(child, 0)
        time.sleep(0.5)  # its processes see that it is gone
        code, out, err, seconds = command(["sweep", "s.toml", "--workers", "1"], folder)
        wrong = fault(code, out, err, set(), set())
        if not wrong and code:
            wrong = f"exit code {code}: {err[-300:]}"
        if not wrong:
            study = read_study(Path(folder, "s.toml"))
            options = {"progress": False, "batch": False, "workers": 1}
            exact = known("exact", lambda: qb.sweep(study, study.axes, **options))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = swept(study, 1, None, False, False).load()
            if not all((found[n].values == exact[n].values).all() for n in exact.data_vars):
                wrong = "other values"
    return code, wrong, (number.name, round(after, 2), workers, round(seconds, 1))
