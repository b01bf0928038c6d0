import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.cli import main
from quantumbattery.paper.figures import panels
from quantumbattery.quantities.parsing import angle
from roads.command import here


def run(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "quantumbattery", *words], capture_output=True, text=True, **options
    )


def test_charge_prints_a_table_and_writes_it_whole(tmp_path):
    out = tmp_path / "run.nc"
    done = here(*"charge --theta 90deg --charger-loss 0.1 --times 0:4:400 --out".split(), out)
    assert done.returncode == 0, done.stderr
    for word in ("ergotropy", "concurrence", "frequency^2", "17, 62", "5 of 400 times", str(out)):
        assert word in done.stdout
    with xr.open_dataset(out, engine="scipy") as table:
        assert table.sizes == {"time": 400}
        # Eq. 62 as printed, at one time.
        t = float(table.time[123])
        g = np.sqrt(1 - 0.1**2 / 16)
        energy = 0.5 * np.sin(g * t) ** 2 / g**2 * np.exp(-0.1 * t / 2)
        assert float(table.energy[123]) == pytest.approx(energy, rel=1e-12)


def test_charge_draws(tmp_path):
    picture = tmp_path / "curves.png"
    done = here(*"charge --theta pi --measures energy,ergotropy --plot".split(), str(picture))
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert "capacity" not in done.stdout


def test_charge_tells_more_when_it_is_asked_for_by_name():
    done = here(*"charge --theta pi --measures purity,negativity --times 0:1:3".split())
    assert done.returncode == 0, done.stderr
    for word in ("purity", "negativity"):
        assert word in done.stdout
    assert "negativity" not in here(*"charge --theta pi --times 0:1:3".split()).stdout


def test_optimum_prints_the_paper_s_constants(tmp_path):
    out = tmp_path / "best.csv"
    done = here("optimum", "--theta", "pi", "--out", str(out))
    assert done.returncode == 0, done.stderr
    for digits in ("1.570796327", "1.165561185", "0.7246113538", "1.399193023", "0.6730168338"):
        assert digits in done.stdout
    assert pd.read_csv(out).ergotropic_power_time[0] == pytest.approx(1.399193023)
    assert "never positive" in here(*"optimum --theta pi --loss 2".split()).stdout


@pytest.mark.filterwarnings("ignore:the best stored energy is known")
def test_a_best_time_that_is_not_known_is_told_as_that():
    """A horizon of so many periods that the first of them cannot be settled."""
    words = "optimum tavis_cummings --state fock --set n=1 --horizon 1e6 --of energy"
    done = here(*words.split())
    assert re.search(r"energy +not known +1 ", done.stdout), done.stdout


@pytest.mark.parametrize("command", ["charge --times 1:1:1", "optimum"])
def test_options_reach_the_parameter_of_their_name(command, tmp_path):
    words = "--frequency 2 --coupling 3 --loss 0.5 --battery-loss 0.25 --detuning 0.125 --theta 2"
    out = tmp_path / "one.csv"
    assert here(*command.split(), *words.split(), "--phi", "1", "--out", str(out)).returncode == 0
    row = pd.read_csv(out).iloc[0]
    names = ["frequency", "coupling", "charger_loss", "battery_loss", "detuning", "theta", "phi"]
    assert row[names].tolist() == [2, 3, 0.5, 0.25, 0.125, 2, 1]


def test_verify_gives_seventy_rows_as_json():
    done = here("verify", "--format", "json")
    rows = json.loads(done.stdout)
    assert [row["number"] for row in rows] == list(range(1, 71))
    assert set(rows[0]) == {"number", "title", "status", "error", "note"}
    assert {r["status"] for r in rows} == {"holds", "corrected", "approximation", "definition"}


def test_paper_fills_a_folder(tmp_path):
    done = here("paper", "--out", tmp_path / "new" / "folder")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    for number in (2, 3, 4):
        assert {f"fig{number}.png", f"fig{number}.pdf", f"fig{number}a.csv"} <= names
    assert {"bloch.png", "sec8.png", "sec8.pdf", "ledger.json", "ledger.txt"} <= names
    assert {f"sec8{letter}.csv" for letter in "abcd"} <= names
    assert not any(name.startswith(".") for name in names)
    assert "1.1655" in done.stdout
    files = sorted((tmp_path / "new" / "folder").iterdir())
    assert sorted(line.strip() for line in done.stdout.splitlines() if line.startswith("  /")) == [
        str(path) for path in files
    ]
    assert all(path.stat().st_size > 1000 for path in files)
    table = pd.read_csv(tmp_path / "new" / "folder" / "fig3e.csv")
    pd.testing.assert_frame_equal(table, panels(3)["e"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("charge --theta 200deg", "theta must be an angle between 0 and pi"),
        ("charge --theta 90", "theta must be on the Bloch sphere, got '90'; for degrees write deg"),
        ("charge --theta north", "theta must be an angle such as 90deg"),
        ("charge --theta 1e999", "theta must be on the Bloch sphere"),
        ("charge --phi -1deg", "phi must be on the Bloch sphere"),
        ("charge --coupling 0", "coupling must be positive"),
        ("charge --coupling nan", "coupling must be positive"),
        ("charge --coupling strong", "'strong' is not a number"),
        ("charge --loss -1", "charger_loss must be zero or positive"),
        ("charge --times 0:4", "times must be FROM:TO:POINTS"),
        ("charge --times 0:4:5_0", "times must be FROM:TO:POINTS"),
        ("charge --times 0:4_0:5", "times must be FROM:TO:POINTS"),
        ("charge --disconnect 1_0", "--disconnect must be a time"),
        ("charge --coupling 1_0", "'1_0' is not a number"),
        ("charge star --set sites.x=1", "--set sites.x: model star has no 'sites'; it takes char"),
        ("charge --set preparation.x.n=1", "--set preparation.x.n: state bloch has no 'x'"),
        ("charge --set optimum.of=1", "--set optimum.of: what is worked out here has no optimum"),
        ("charge --times 4:0:9", "0 <= FROM <= TO"),
        ("charge --times 0:inf:9", "must be finite"),
        ("charge --times 0:1:0", "1 to 10000000 POINTS"),
        ("charge --measures work", "unknown measure 'work'"),
        ("charge --out table.txt", "must end in .nc"),
        ("charge --out nowhere/table.nc", "nowhere is not an existing folder"),
        ("charge --plot picture.doc", "must end in .png"),
        ("charge --plot nowhere/picture.png", "nowhere is not an existing folder"),
        ("charge --speed 3", "No such option: --speed"),
        ("optimum --frequency -1", "frequency must be positive"),
        ("verify --format xml", "format must be text or json; got 'xml'"),
        ("paper --out /dev/null/figures", "cannot be made"),
        ("discharge", "No such command 'discharge'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["quantumbattery", *words.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert sentence in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_version():
    assert here("--version").stdout == f"quantumbattery {qb.__version__}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "quantumbattery", "optimum"],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "Error: the output cannot be written (No space left on device)\n"


def test_a_reader_that_stops_early_is_no_error():
    words = f"{sys.executable} -m quantumbattery charge --times 0:1:5 | head -n 1"
    done = subprocess.run(words, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("QubitPair")
    assert "Traceback" not in done.stderr


def test_a_refusal_from_outside(tmp_path):
    done = run("charge", "--theta", "200deg", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: theta must be an angle")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["charge", "optimum", "paper", "verify"])
def test_help_has_examples(command):
    assert f"quantumbattery {command}" in here(command, "--help").stdout.split("Example", 1)[1]


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("90deg", 90), ("0.5pi", 90), ("pi/2", 90), ("3pi/4", 135), ("pi", 180), ("0", 0),
     ("1.5707963267948966", 90), ("1.5707963267948966rad", 90), (" 45 DEG ", 45), ("1e1deg", 10)],
)  # fmt: skip
def test_angles(text, degrees):
    assert angle("theta", text) == pytest.approx(np.deg2rad(degrees), rel=1e-15)


@pytest.mark.parametrize("text", ["", "deg", "rad", "pi/0", "90 grad", "1,5", "pipi", "/2"])
def test_angles_that_are_none(text):
    with pytest.raises(ValueError, match="theta must be an angle such as"):
        angle("theta", text)
