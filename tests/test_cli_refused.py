"""What may be given by accident: one sentence, exit code 2, and no work done."""

import os
import subprocess
import sys

import pytest

from quantumbattery.cli import app, main
from quantumbattery.sweeps.study import read_study
from roads.command import here

posix = pytest.mark.skipif(os.name != "posix", reason="devices and bytes in names are of POSIX")


def run(*arguments, **options):
    """From outside."""
    command = [sys.executable, "-m", "quantumbattery", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def refused(done, text):
    said = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
    assert done.returncode == 2, said
    assert text in said
    assert len(said.strip().splitlines()) == 1


@posix
@pytest.mark.parametrize("command", ["charge", "sweep"])
def test_a_device_is_no_study(command, tmp_path):
    study = tmp_path / "zero.toml"
    study.symlink_to("/dev/zero")
    refused(here(command, study), "is no plain file")


@posix
def test_python_reads_plain_files_alone(tmp_path):
    """Whatever has no end is not begun."""
    zero, pipe, folder = (tmp_path / f"{name}.toml" for name in ("zero", "pipe", "folder"))
    zero.symlink_to("/dev/zero")
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (zero, pipe, folder):
        with pytest.raises(ValueError, match="is no plain file"):
            read_study(path)
    with (tmp_path / "large.toml").open("wb") as large:
        large.truncate(1 << 40)  # of which nothing is on the disk
    with pytest.raises(ValueError, match="bytes, which no study needs"):
        read_study(tmp_path / "large.toml")


def test_nested_lists(tmp_path):
    study = tmp_path / "deep.toml"
    study.write_text(f"a = {'[' * 100_000}{']' * 100_000}")
    for command in ("charge", "sweep"):
        refused(here(command, study), "deep.toml is nested too deeply")


@posix
def test_names_that_are_not_utf8(tmp_path):
    refused(run("charge", os.fsencode(tmp_path) + b"/\xff.toml"), "cannot be read")
    refused(run("charge", "--plot", os.fsencode(tmp_path) + b"/\xff.txt"), "must end in")


def test_a_folder_in_place_of_a_picture(tmp_path):
    (tmp_path / "a.png").mkdir()
    refused(here("charge", "--plot", tmp_path / "a.png"), "is a folder")


@posix
def test_closed_output():
    closed = 'exec "$0" -m quantumbattery charge >&-'
    done = subprocess.run(["sh", "-c", closed, sys.executable], capture_output=True, timeout=60)
    refused(done, "the output cannot be written")


@pytest.mark.parametrize("words", [["paper", "--out", ""], ["zoo", "all", "--plot", ""]])
def test_an_empty_name_is_not_the_folder_that_we_are_in(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["quantumbattery", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert (stop.value.code, said.out) == (2, "")
    assert said.err == "Error: the name of the folder is empty: give one, or . for this folder\n"
    assert list(tmp_path.iterdir()) == []


STUDY = """
[system]
model = "qubit_pair"
[preparation]
state = "bloch"
theta = 1.0
[times]
to = 3.0
points = 5
[axes]
coupling = [1.0, 2.0]
[output]
store = "{}"
"""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("charge --times 0:1e308:3", "times must stay below 1e+30: look at the units"),
        ("charge --set output.measures=energy", "[output] holds no number of the system"),
        ("charge chain --set couplings.0=3", "give it whole, such as couplings = [0.5, 1.0]"),
        ("sweep study.toml --scheduler=", "the address of the scheduler is empty: give it"),
        ("sweep web.toml", "http://x/y.zarr is an address, and a store is a folder on this"),
        ("charge UPPER.TOML", "UPPER.TOML sweeps coupling: choose a point of it by --set"),
    ],
)
def test_a_sentence_says_what_is_wrong(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, store in (("study", "a"), ("UPPER", "a"), ("web", "http://x/y.zarr")):
        path = tmp_path / (f"{name}.TOML" if name.isupper() else f"{name}.toml")
        path.write_text(STUDY.format(store))
    refused(here(*words.split()), sentence)
    assert not (tmp_path / "a").exists()


def test_files_need_no_backend(tmp_path):
    """Whatever Matplotlib is told to show pictures with."""
    done = run("charge", "--plot", "a.png", cwd=tmp_path, env=os.environ | {"MPLBACKEND": "foo"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are counted on Linux")
@pytest.mark.parametrize("room", [250_000, 330_000, 400_000])
def test_too_few_addresses(room):
    """Where OpenBLAS would try for ever to have its buffers."""
    resource = pytest.importorskip("resource")
    limit = room * 1024

    def little():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    words = ["charge", "tavis_cummings", "--state", "fock", "--set", "n=4", "--times", "0:3:31"]
    done = run(*words, preexec_fn=little)
    refused(done, f"Error: memory is too little: this process may take {limit / 1e9:.3g} GB")
    assert not done.stdout


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libscipy_openblas-1.so: failed to map segment from shared object"),
        ImportError("libopenblas.so: cannot allocate memory in static TLS block"),
    ],
)
def test_memory_that_runs_out_is_said(error, monkeypatch, capsys):
    def fail(**_):
        raise error

    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("Error: memory ran out: use fewer sites")


def test_what_is_not_there_to_import_is_no_memory(monkeypatch):
    def fail(**_):
        raise ImportError("no module named scipy")

    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(ImportError, match="no module named scipy"):
        main()


@pytest.mark.parametrize("day", ["9" * 20, "abc"])
def test_a_day_that_is_none_is_refused_by_all_commands(day, monkeypatch):
    """Before NumPy reads it, while SciPy loads."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", day)
    done = here("optimum", "tavis_cummings", "--state", "fock", "--set", "n=2", "--horizon", "2")
    refused(done, "set it to whole seconds since 1970, or unset it")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_an_error_that_cannot_be_written_keeps_its_code():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "quantumbattery", "charge", "--times", "x"]
        assert subprocess.run(command, stderr=full, timeout=60, check=False).returncode == 2


OBSERVED = """
[system]
model = "qubit_pair"
[preparation]
state = "fock"
n = 1
[times]
to = 1.0
points = 2
[observables]
{name} = {{site = "battery", operator = "quanta"}}
"""


@pytest.mark.parametrize("name", ["σ", "real"])
def test_names_that_a_netcdf_file_cannot_hold(name, tmp_path, monkeypatch):
    """Before the work; a CSV file holds any."""
    study = tmp_path / "named.toml"
    study.write_text(OBSERVED.format(name=f'"{name}"'), encoding="utf-8")
    table = tmp_path / "named.csv"
    assert here("charge", study, "--out", table).returncode == 0
    assert name in table.read_text(encoding="utf-8").splitlines()[0].split(",")
    monkeypatch.setattr("quantumbattery.sweeps.parts.table_of", None)
    done = here("charge", study, "--out", tmp_path / "named.nc")
    refused(done, f"named.nc cannot hold '{name}': names in NetCDF files are of Latin letters")
