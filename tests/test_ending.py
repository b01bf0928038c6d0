"""A command line that is told to end leaves nothing half-written, and says what ended it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from roads.studies import pair_study

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
STUDY = pair_study("theta = {from = 0.5, to = 2.5, points = 60}", output="chunk = 1\nbatch = false")
ENDED = [128 + each for each in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", 1))]


def begun(folder, *arguments, ignore=()):
    def heed():
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN if number in ignore else signal.SIG_DFL)

    command, pipe = [sys.executable, "-m", "quantumbattery", *arguments], subprocess.PIPE
    options = {"stdout": pipe, "stderr": pipe, "text": True, "preexec_fn": heed}
    return subprocess.Popen(command, cwd=folder, **options)


def wait_for(seen, running):
    deadline = time.monotonic() + 60
    while not seen() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running.poll() is None


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_no_part_of_a_file_stays(tmp_path, name):
    number = getattr(signal, name)
    running = begun(tmp_path, "charge", "--times", "0:40:300001", "--out", "x.csv")
    wait_for(lambda: any(tmp_path.iterdir()), running)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_a_sweep_says_that_it_goes_on(tmp_path):
    (tmp_path / "s.toml").write_text(STUDY)
    running = begun(tmp_path, "sweep", "s.toml", "--workers", "2")
    wait_for(lambda: (tmp_path / "s.zarr").exists(), running)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM
    assert "stopped; what is done is kept, the same command goes on" in said
    assert "Traceback" not in said
    again = begun(tmp_path, "sweep", "s.toml", "--workers", "1")
    assert "Traceback" not in again.communicate(timeout=120)[1]
    assert again.returncode == 0


def test_what_is_to_be_ignored_is_ignored(tmp_path):
    """As `nohup` asks."""
    arguments = "charge", "--times", "0:40:40001", "--out", "x.csv"
    running = begun(tmp_path, *arguments, ignore=[signal.SIGHUP])
    wait_for(lambda: any(tmp_path.iterdir()), running)
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


WRITES = """
import os, signal, sys
from pathlib import Path
from quantumbattery.cli.ending import heed_signals
from quantumbattery.files import write_whole

def write(partial):
    partial.write_text("half of it")
    try:
        tell(signal.FIRST, signal.SIGTERM, signal.SIGHUP)
    finally:
        tell(signal.SIGTERM)
        partial.write_text("and this is never reached")

def tell(*numbers):
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    for number in numbers:
        os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

heed_signals()
write_whole(Path("x.csv"), write)
"""

WAITS = """
import os, signal, threading, time
from quantumbattery.cli.ending import heed_signals

def tell():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)

heed_signals()
threading.Thread(target=tell).start()
"""


@pytest.mark.parametrize("first", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_several_at_once(tmp_path, first):
    """Two that come together, as to a service that is stopped, and one while they are heeded."""
    command = [sys.executable, "-c", WRITES.replace("FIRST", first)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode in ENDED
    assert not done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [("SIGTERM", "SIGHUP", "SIGTERM"), ("SIGINT", "SIGINT")])
def test_one_soon_after_another(tmp_path, names):
    running = begun(tmp_path, "charge", "--times", "0:40:300001", "--out", "x.csv")
    wait_for(lambda: any(tmp_path.iterdir()), running)
    for name in names:
        running.send_signal(getattr(signal, name))
        time.sleep(0.002)
    _, said = running.communicate(timeout=60)
    code = running.returncode
    assert (code if code >= 0 else 128 - code) in ENDED  # as a shell says it
    assert not said.replace("Aborted!", "").strip()
    assert not list(tmp_path.iterdir())


def test_one_while_threads_are_waited_for(tmp_path):
    """The interpreter does so at its end, where nothing can be raised any more."""
    command = [sys.executable, "-c", WAITS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert not done.stderr


SLOW = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


def test_an_interrupt_while_it_is_imported(tmp_path):
    """As what is imported early, xarray, and late, Typer, are read."""
    for name in ("xarray", "typer"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.py").write_text(SLOW)
        paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-m", "quantumbattery", "--version"]
        given = {"env": os.environ | {"PYTHONPATH": paths}, "cwd": tmp_path, "timeout": 60}
        done = subprocess.run(command, capture_output=True, text=True, **given)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_of_a_program_that_imports_it(tmp_path):
    """It is its own."""
    program = "import quantumbattery, signal\n"
    program += "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (0, 1)])
def test_a_signal_while_a_module_loads_is_no_error_of_it(number, code):
    """Python makes an ImportError of what is raised there; without a signal it is one."""
    lines = [
        "import os, sys",
        "from quantumbattery.cli import app",
        "def loading(**_):",
        "    try:",
        f"        os.kill(os.getpid(), {int(number)})" if number else "        raise SystemError",
        "        os.getpid()",
        "    except BaseException:",
        "        raise ImportError('initialization failed') from None",
        "app.app = loading",
        "app.main()",
    ]
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code
    assert ("Traceback" in done.stderr) is (not number)
