"""What may be given by accident: one sentence, exit code 2, and no work done."""

import os
import subprocess
import sys

import pytest

posix = pytest.mark.skipif(os.name != "posix", reason="devices and bytes in names are of POSIX")


def run(*arguments, **options):
    command = [sys.executable, "-m", "quantumbattery", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def refused(done, text):
    said = done.stderr.decode()
    assert done.returncode == 2, said
    assert text in said
    assert len(said.strip().splitlines()) == 1


@posix
@pytest.mark.parametrize("command", ["charge", "sweep"])
def test_a_device_is_no_study(command, tmp_path):
    study = tmp_path / "zero.toml"
    study.symlink_to("/dev/zero")
    refused(run(command, str(study)), "is no plain file")


def test_nested_lists(tmp_path):
    study = tmp_path / "deep.toml"
    study.write_text(f"a = {'[' * 100_000}{']' * 100_000}")
    for command in ("charge", "sweep"):
        refused(run(command, str(study)), "deep.toml is nested too deeply")


@posix
def test_names_that_are_not_utf8(tmp_path):
    refused(run("charge", os.fsencode(tmp_path) + b"/\xff.toml"), "cannot be read")
    refused(run("charge", "--plot", os.fsencode(tmp_path) + b"/\xff.txt"), "must end in")


def test_a_folder_in_place_of_a_picture(tmp_path):
    (tmp_path / "a.png").mkdir()
    refused(run("charge", "--plot", str(tmp_path / "a.png")), "is a folder")


@posix
def test_closed_output():
    closed = 'exec "$0" -m quantumbattery charge >&-'
    done = subprocess.run(["sh", "-c", closed, sys.executable], capture_output=True, timeout=60)
    refused(done, "the output cannot be written")
