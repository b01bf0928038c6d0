"""What is handed out, tried as a stranger has it; `make dist` builds it and runs this.

The wheel is installed in a bare environment outside the repository, with nothing but what it needs.
"""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = os.environ.get("DIST")
pytestmark = pytest.mark.skipif(not FOLDER, reason="make dist builds what this looks at")
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = DECLARED["version"]
USER = Path(__file__).with_name("user.txt")  # no .py, or pytest would run it
KEPT = ("LICENSE", "CITATION.cff", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/book/conf.py")


@pytest.fixture(scope="module")
def wheel():
    return (ROOT / FOLDER / f"quantumbattery-{VERSION}-py3-none-any.whl").resolve()


@pytest.fixture(scope="module")
def bare(tmp_path_factory, wheel):
    """Run a command in an environment that has the wheel and what it needs, and nothing else."""
    home = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    python = home / "venv" / "bin" / "python"
    # From the root, since the constraints may be named from there; what is run is compiled then.
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", wheel]
    subprocess.run(install, check=True, cwd=ROOT)
    alone = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    alone["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"

    def run(*words, **more):
        known = {"cwd": home, "env": alone, "capture_output": True, "text": True, "timeout": 300}
        words = [python, *words[1:]] if words[0] == "python" else words
        return subprocess.run(words, **(known | more))

    run.home, run.python = home, python
    return run


def told(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    source = ROOT / "src"
    meant = {
        str(path.relative_to(source))
        for path in (source / "quantumbattery").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    described = f"quantumbattery-{VERSION}.dist-info"
    parts = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    found = set(zipfile.ZipFile(wheel).namelist())
    assert found == meant | {f"{described}/{part}" for part in parts}
    assert {"quantumbattery/py.typed", "quantumbattery/explorer/page/page.html"} <= found


def test_the_sdist_holds_what_is_kept_but_for_what_runs_it():
    with tarfile.open(ROOT / FOLDER / f"quantumbattery-{VERSION}.tar.gz") as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    kept = told(subprocess.run(listed, cwd=ROOT, capture_output=True, text=True)).splitlines()
    meant = {name for name in kept if not name.startswith((".ci/", ".github/"))}
    assert found == {name for name in meant if (ROOT / name).is_file()} | {"PKG-INFO"}
    assert set(KEPT) <= found


def test_it_is_the_installed_one_and_whole(bare):
    asked = "import quantumbattery as qb; print(qb.__version__, qb.__file__)"
    version, place = told(bare("python", "-c", asked)).split()
    assert version == VERSION
    assert bare.home in Path(place).parents
    told(bare("python", "-m", "pip", "check"))
    assert told(bare("quantumbattery", "--version")).split()[-1] == VERSION


def test_what_the_readme_types_first(bare):
    page = (ROOT / "README.md").read_text("utf-8")
    (code,) = re.findall("```python\n(.*?)```", page, re.DOTALL)
    told(bare("python", "-c", code))
    commands = re.findall(r"^ {4}(quantumbattery .*?)(?: +#.*)?$", page, re.MULTILINE)
    assert [command.split()[1] for command in commands] == ["charge", "explore"]
    for command in (commands[0], "quantumbattery explore --export battery.html"):
        told(bare(*command.split()))
    for name in ("charging.png", "battery.html"):
        assert (bare.home / name).stat().st_size > 10_000


def test_the_readme_s_picture(bare):
    drawn = "import quantumbattery as qb; qb.paper.figure(3).savefig('figure3.png')"
    told(bare("python", "-c", drawn))
    assert (bare.home / "figure3.png").stat().st_size > 50_000


WITHOUT = {
    "qutip": "qb.models.qubit_pair().to_qutip()",
    "sweep": "qb.sweep(lambda coupling: qb.QubitPair().charge(qb.bloch(1.0), [1.0]),"
    " {'coupling': [1.0]}, 's.zarr')",
}


@pytest.mark.parametrize("extra", WITHOUT)
def test_without_an_extra_one_sentence_has_the_command(bare, extra):
    done = bare("python", "-c", f"import quantumbattery as qb; {WITHOUT[extra]}")
    assert f"pip install 'quantumbattery[{extra}]' brings it" in done.stderr.splitlines()[-1]
    assert not (bare.home / "s.zarr").exists()


def test_without_dask_a_scheduler_is_refused(bare):
    (bare.home / "s.toml").write_text(
        '[system]\nmodel = "qubit_pair"\n[preparation]\nstate = "bloch"\n[times]\nto = 1.0\n'
        "points = 3\n[axes]\ntheta = [1.0, 2.0]\n"
    )
    done = bare("quantumbattery", "sweep", "s.toml", "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "needs Dask: pip install 'quantumbattery[sweep]' brings it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_command_brings_what_is_missing(bare):
    asked = ["python", "-m", "pip", "install", "--dry-run", "quantumbattery[sweep,qutip,explore]"]
    done = bare(*asked, cwd=ROOT)
    brought = re.search("Would install (.*)", told(done))
    assert brought is not None, done.stdout
    assert all(f" {name}-" in f" {brought[1]}" for name in ("zarr", "dask", "distributed", "qutip"))
    assert "quantumbattery-" not in brought[1]  # it stays the one that is installed
    assert "does not provide the extra" not in done.stderr


TYPES = {
    "pair": "QubitPair", "start": "Bloch", "table": "Dataset", "best": "Dataset", "cells": "System",
    "pair.density_matrix": "DataArray", "pair.system": "System", "cells.charge": "Dataset",
    "cells.optimum": "Dataset", "cells.density_matrix": "DataArray", "cells.expect": "Dataset",
    "qb.models.dicke": "System", "qb.Protocol": "Dataset", "qb.sweep": "Dataset",
    "qb.plot.curves": "Figure", "qb.paper.verify": "Ledger", "qb.zoo.reproduce": "Zoo",
    "qb.explore": "Explorer | View", "qb.__version__": "str",
}  # fmt: skip
"""What mypy has to reveal, without the modules; figures of merit are as their state is: Any."""

WRONG = {
    "qb.QubitPair(couplng=1.0)": 'did you mean "coupling"?',
    "qb.QubitPair().charge(qb.bloch(1.0))": 'Missing positional argument "times"',
    'qb.System({"a": 1.0}, [])': 'expected "str": "Site"',
    "qb.ergotropy([[1.0]])": 'Missing positional argument "h"',
    "qb.models.dicke(4)": "Too many positional arguments",
}


def test_types_are_as_users_see_them(bare, tmp_path):
    """With mypy, strict, from outside: what is right passes, and mistakes are told."""
    lines = USER.read_text("utf-8").splitlines()
    (tmp_path / "user.py").write_text("\n".join(lines), "utf-8")
    (tmp_path / "wrong.py").write_text("\n".join(["import quantumbattery as qb", *WRONG]), "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", bare.python]
    alone = {key: value for key, value in os.environ.items() if key != "MYPYPATH"}
    here = {"cwd": tmp_path, "capture_output": True, "text": True, "env": alone}
    done = subprocess.run([*mypy, "user.py", "wrong.py"], **here)
    revealed = dict(re.findall(r'user\.py:(\d+): note: Revealed type is "(.*)"', done.stdout))
    found = {}
    for number, kind in revealed.items():
        asked = re.fullmatch(r"reveal_type\(([\w.]+).*\)", lines[int(number) - 1])
        found[asked[1]] = " | ".join(each.rpartition(".")[2] for each in kind.split(" | "))
    assert TYPES.items() <= found.items(), done.stdout + done.stderr
    assert "user.py" not in "".join(re.findall("^.* error: .*$", done.stdout, re.MULTILINE))
    for k, said in enumerate(WRONG.values()):
        mistake = rf"wrong\.py:{k + 2}: error: .*{re.escape(said)}"
        assert re.search(mistake, done.stdout), done.stdout
