"""The command line with a time of disconnection, and with states and observables of a study."""

import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.cli import main

STUDY = """
[system]
model = "jaynes_cummings"

[preparation]
state = "coherent"
alpha = 1.0

[times]
to = 2.0
points = 5

[observables]
photons = {site = "charger", operator = "quanta"}
field = {site = "charger", operator = "lowering"}

[axes]
disconnect = [0.5, 1.0]

[output]
measures = ["energy"]
density_matrix = "battery"
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder: its exit code, what it prints, what it complains of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(STUDY)

    def run(words):
        monkeypatch.setattr(sys, "argv", ["quantumbattery", *words.split()])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def exact(**options):
    pair = qb.QubitPair(battery_loss=0.1)
    return pair.charge(qb.bloch(np.pi), np.linspace(0, 10, 11), **options)


def test_charge_disconnects(command, tmp_path):
    code, out, err = command(
        "charge --battery-loss 0.1 --times 0:10:11 --disconnect 1.5 --out t.csv --plot t.png"
    )
    assert (code, err) == (0, "")
    assert "charging ends at t = 1.5" in out
    table = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_allclose(table.ergotropy, exact(disconnect=1.5).ergotropy, atol=1e-14)
    assert (table.disconnect == 1.5).all()
    assert (tmp_path / "t.png").stat().st_size > 1000


def test_charge_disconnects_at_many_times(command, tmp_path):
    code, out, err = command(
        "charge --battery-loss 0.1 --times 0:10:11 --disconnect 1:2:3 --out t.nc --plot t.png"
    )
    assert (code, err) == (0, "")
    assert "disconnect = " in out
    assert "the largest of 3 disconnect x 11 time are shown" in out
    with xr.open_dataset(tmp_path / "t.nc") as table:
        wanted = exact(disconnect=[1.0, 1.5, 2.0])
        np.testing.assert_allclose(table.energy, wanted.energy, atol=1e-14)


def test_any_model_disconnects_and_never_is_never(command):
    words = "charge tavis_cummings --state fock --set n=2 --set cells=3 --times 0:2:5"
    code, out, err = command(f"{words} --disconnect inf --measures energy")
    assert (code, err) == (0, "")
    assert "charging ends never" in out
    code, out, _ = command(f"{words} --set disconnect=0.5 --measures energy")
    assert code == 0
    assert "charging ends at t = 0.5" in out


def test_a_study_s_states_are_written_in_real_parts(command, tmp_path):
    code, out, err = command("charge study.toml --disconnect 1 --out t.nc --plot t.png")
    assert (code, err) == (0, "")
    assert "density_matrix: 5 x 2 x 2 complex numbers (levels of battery: 2)" in out
    assert "field" in out
    system, times = qb.models.jaynes_cummings(), np.linspace(0, 2, 5)
    rho = system.density_matrix(qb.coherent(1.0), times, disconnect=1.0)
    with xr.open_dataset(tmp_path / "t.nc") as table:
        found = table.density_matrix_real + 1j * table.density_matrix_imag
        np.testing.assert_allclose(found, rho, atol=1e-12)
        assert table.field_imag.attrs["long_name"] == (
            "imaginary part of lowering operator of charger"
        )
        np.testing.assert_allclose(table.photons + table.energy, 1, atol=1e-9)
    assert command("charge study.toml --disconnect 1 --out t.csv")[0] == 0
    flat = pd.read_csv(tmp_path / "t.csv")
    assert len(flat) == 5
    np.testing.assert_allclose(flat["density_matrix_imag[0;1]"], rho[:, 0, 1].imag, atol=1e-12)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("charge --disconnect soon", "--disconnect must be a time, zero or positive"),
        ("charge --disconnect -1", "--disconnect must be a time, zero or positive"),
        ("charge --disconnect nan", "--disconnect must be a time, zero or positive"),
        ("charge --disconnect 1:2", "--disconnect must be FROM:TO:POINTS"),
        ("charge --set disconnect=x", "disconnect is a time"),
        ("charge --disconnect 1 --set disconnect=2", "disconnect is given twice"),
        ("charge study.toml", "sweeps disconnect: choose a point of it by --set disconnect="),
        ("optimum --set disconnect=1", "--set disconnect is a number of neither"),
        ("optimum study.toml --horizon 3 --of energy --disconnect 1", "No such option"),
    ],
)
def test_wrong_disconnections_are_refused(command, words, said):
    code, out, err = command(words)
    assert (code, out) == (2, "")
    assert said in err


def test_the_optimum_of_such_a_study_does_without_them(command):
    code, out, err = command("optimum study.toml --horizon 3 --of energy")
    assert (code, err) == (0, "")
    assert "energy" in out


@pytest.mark.parametrize(
    ("system", "life"),
    [("--battery-loss 0.1", "6.9315"), ("driven_oscillator_pair --set charger_loss=1", "inf")],
)
def test_half_lives_stand_beside_what_has_times(system, life, command, tmp_path):
    asked = "--times 0:10:3 --disconnect 1.57 --measures energy,energy_half_life"
    code, out, err = command(f"charge {system} {asked} --out t.csv --plot t.png")
    assert (code, err) == (0, "")
    (line,) = [each for each in out.splitlines() if "energy_half_life" in each]
    assert life in line
    assert (tmp_path / "t.csv").exists()
    assert (tmp_path / "t.png").exists()
