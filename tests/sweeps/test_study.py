import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps.report import best, picture, swept
from quantumbattery.sweeps.study import read_study
from roads.command import here

PAIR = """
[system]
model = "qubit_pair"
coupling = 1.0

[preparation]
state = "bloch"
phi = "45deg"

[times]
to = 4.0
points = 41

[axes]
theta = {from = 0.1, to = 3.141592653589793, points = 7}
charger_loss = [0.0, 0.5, 1.0]

[output]
measures = ["energy", "ergotropy"]
"""
TIMES = "[times]\nto = 4.0\npoints = 41"


def written(folder, text, name="study.toml"):
    path = folder / name
    path.write_text(text)
    return path


def run(*words):
    command = [sys.executable, "-m", "quantumbattery", "sweep", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def run_here(study, *words):
    """The same in this process."""
    return here("sweep", study, "--workers", "1", *words)


def paper_energy(theta, loss, time):
    """Eq. 62 of the paper, w = J = 1."""
    G = np.sqrt(1 - (loss / 4) ** 2)
    return np.sin(theta / 2) ** 2 * np.sin(G * time) ** 2 / G**2 * np.exp(-loss * time / 2)


def test_a_study_tells_more_when_it_is_asked_for_by_name(tmp_path):
    text = PAIR.replace('"energy", "ergotropy"', '"locked_ergotropy", "mutual_information"')
    table = read_study(written(tmp_path, text))(theta=2.0, charger_loss=0.5)
    pair, start = qb.QubitPair(charger_loss=0.5), qb.bloch(2.0, np.pi / 4)
    exact = qb.mutual_information(pair.density_matrix(start, table.time.values), (2, 2))
    np.testing.assert_allclose(table.mutual_information, exact, atol=1e-10)
    assert not table.locked_ergotropy.any()


def test_a_study_becomes_a_store_and_a_map(tmp_path):
    study, map_ = written(tmp_path, PAIR), tmp_path / "map.png"
    done = run(study, "--plot", map_)
    assert done.returncode == 0, done.stderr
    for words in ("qubit_pair, 7 theta x 3 charger_loss", "study.zarr", "ergotropy", "21/21"):
        assert words in done.stdout + done.stderr
    assert map_.read_bytes()[:4] == b"\x89PNG"
    said = "the map shows ergotropy over theta and charger_loss, the largest over time\n"
    assert said in done.stdout
    table = xr.open_zarr(tmp_path / "study.zarr", consolidated=False, chunks=None)
    assert table.energy.dims == ("theta", "charger_loss", "time")
    exact = paper_energy(table.theta, table.charger_loss, table.time)
    np.testing.assert_allclose(table.energy, exact, atol=1e-12)
    again = run_here(study)
    assert again.returncode == 0, again.stderr
    assert "21/21" in again.stderr


def test_a_changed_study_is_refused(tmp_path):
    study = written(tmp_path, PAIR)
    assert run_here(study).returncode == 0
    for before, after, said in (
        ("points = 7", "points = 8", "axis 'theta' has other values"),
        ("coupling = 1.0", "coupling = 1.1", "its [system] was {'coupling': 1.0"),
        ('"ergotropy"', '"capacity"', "its [output] was"),
    ):
        done = run_here(written(tmp_path, PAIR.replace(before, after)))
        assert done.returncode == 2
        assert said in done.stderr


def test_a_short_name_of_the_charger_s_loss_is_an_axis(tmp_path):
    study = read_study(written(tmp_path, PAIR.replace("charger_loss", "loss")))
    ours = study(theta=3.0, loss=0.5).energy
    np.testing.assert_allclose(ours, paper_energy(3.0, 0.5, ours.time), atol=1e-12)


def test_what_is_missing_says_how_it_is_installed(tmp_path, monkeypatch):
    study = read_study(written(tmp_path, PAIR))
    monkeypatch.setitem(sys.modules, "zarr", None)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    for scheduler in (None, "tcp://127.0.0.1:1"):
        with pytest.raises(ValueError, match=re.escape("pip install 'quantumbattery[sweep]'")):
            swept(study, None, scheduler, False, False)


def test_a_value_that_an_axis_hides_is_checked_too(tmp_path):
    pair = PAIR.replace('phi = "45deg"', 'phi = "45deg"\ntheta = 1.0')
    assert len(read_study(written(tmp_path, pair)).axes) == 2
    for text, said in (
        (pair.replace("theta = 1.0", 'theta = "red"'), "gives itself for theta, beside"),
        (pair.replace("theta = 1.0", "theta = nan"), "gives itself for theta, beside"),
        (PAIR.replace("coupling = 1.0", "charger_loss = -1.0"), "itself for charger_loss, beside"),
        (CELLS.replace("n = 1\n", "n = -1\n"), "itself for interactions.0.strength"),
        (CELLS.replace("strength = 1.0", "strength = [[]]"), "itself for interactions.0.strength"),
        (CELLS.replace('kind = "oscillator"', "kind = \"oscillator\"\nloss = 'a'"), "loss"),
        (PAIR.replace("to = 4.0", "to = 4.0\ndisconnect = -1.0"), "beside [axes]: disconn"),
    ):
        if "disconnect" in text:
            text = text.replace("theta = {", "disconnect = [1.0]\ntheta = {")
        with pytest.raises((TypeError, ValueError), match=re.escape(said)):
            read_study(written(tmp_path, text))
    text = PAIR.replace(TIMES, "[optimum]\nhorizon = -5.0")
    text = text.split("[output]")[0] + '"optimum.horizon" = [2.0]\n'
    with pytest.raises(ValueError, match=re.escape("beside [axes]: horizon must be")):
        read_study(written(tmp_path, text))
    text = text.replace("horizon = -5.0", "horizon = 5.0\nof = 'work'")
    text = text.replace('"optimum.horizon" = [2.0]', '"optimum.of" = ["energy"]')
    with pytest.raises(ValueError, match=re.escape("for optimum.of, beside [axes]: of must name")):
        read_study(written(tmp_path, text))
    text = text.replace("'work'", "['energy ']").split('"optimum.of"')[0]
    with pytest.raises(ValueError, match=r"study.toml: of must name .* did you mean energy\?"):
        read_study(written(tmp_path, text))


@pytest.mark.parametrize("outside", [True, False])
def test_a_store_elsewhere_is_told(outside, tmp_path):
    (folder := tmp_path / "studies").mkdir()
    (folder / "link").symlink_to(tmp_path if outside else folder)
    text = PAIR + 'store = "link/s.zarr"\n'
    done = run_here(written(folder, text))
    assert done.returncode == 0, done.stderr
    said = f"outside the study's folder: {tmp_path.resolve() / 's.zarr'}"
    assert (said in done.stdout) == outside


def test_an_optimum_is_swept_too(tmp_path):
    text = PAIR.replace(TIMES, "[optimum]\nhorizon = 5.0")
    text = text.replace('measures = ["energy", "ergotropy"]', "chunk = 100")
    study = read_study(written(tmp_path, text))
    table = qb.sweep(study, study.axes, progress=False)
    assert set(table.data_vars) > {"energy_time", "energy_max", "energy_bound"}
    # Without loss the energy is s w at J t = pi/2; the paper's own optimum has closed forms.
    s = np.sin(table.theta.values / 2) ** 2
    np.testing.assert_allclose(table.energy_max.sel(charger_loss=0.0), s, atol=1e-9)
    np.testing.assert_allclose(table.energy_time.sel(charger_loss=0.0), np.pi / 2, atol=1e-6)
    rows = {row[0]: row for row in best(table)}
    assert float(rows["energy_max"][1]) == pytest.approx(1.0, abs=1e-6)
    assert "theta = 3.14159" in rows["energy_max"][3]


CELLS = """
[system]
charger = "cavity"
battery = "cells"

[system.sites.cavity]
kind = "oscillator"

[system.sites.cells]
kind = "ensemble"
number = 2
cell = {kind = "qubit"}

[[system.interactions]]
kind = "exchange"
a = "cavity"
b = "cells"
strength = 1.0

[preparation.cavity]
state = "fock"
n = 1

[times]
to = 2.0
points = 9

[axes]
"interactions.0.strength" = [0.5, 1.0]
"sites.cavity.loss" = [0.0, 0.1]
"preparation.cavity.n" = [1, 2]
"""


def test_a_system_of_one_s_own_with_paths_for_axes(tmp_path):
    study = read_study(written(tmp_path, CELLS))
    table = qb.sweep(study, study.axes, progress=False)
    g, t = table["interactions.0.strength"].values[:, None], table.time.values
    found = table.energy.sel({"sites.cavity.loss": 0.0})
    # One photon: sin^2(sqrt(2) g t); two photons and two cells: energy by amplitudes of the ladder
    # |2,0>, |1,1>, |0,2> with hoppings g sqrt(2) sqrt(2) and g sqrt(2).
    one = np.sin(np.sqrt(2) * g * t) ** 2
    np.testing.assert_allclose(found.sel({"preparation.cavity.n": 1}), one, atol=1e-12)
    h = np.array([[0, 2, 0], [2, 0, np.sqrt(2)], [0, np.sqrt(2), 0]])
    values, vectors = np.linalg.eigh(h)
    ket = (np.exp(-1j * values * (g * t)[..., None]) * vectors[0]) @ vectors.T
    two = np.abs(ket) ** 2 @ np.arange(3)
    np.testing.assert_allclose(found.sel({"preparation.cavity.n": 2}), two, atol=1e-12)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"qubit_pair"', '"qubit_pears"', "there is no model 'qubit_pears'"),
        ("coupling = 1.0", "couplings = 1.0", "model qubit_pair has no 'couplings'"),
        ("coupling = 1.0", "coupling = inf", "coupling must be positive and finite"),
        ('"bloch"', '"block"', "there is no state 'block'"),
        ("45deg", "45 degrees", "phi must be an angle"),
        ("to = 4.0\n", "", "times needs from, to and points; there is no 'to'"),
        ("points = 41", "points = 0", "whole number of points"),
        ("[times]", "[optimum]\nhorizon = 1.0\n[times]", "either [times] or [optimum]"),
        ("[axes]\n", "[axes]\nspin = [1.0]\n", "axis 'spin' is a number of neither"),
        ("[0.0, 0.5, 1.0]", '"many"', "axis charger_loss is a list of values"),
        ("[0.0, 0.5, 1.0]", "[-1.0]", "zero or positive"),
        ("[output]", "[outputs]", "an unknown part [outputs]"),
        ("measures", "measure", "output has no 'measure'"),
        ("[preparation]", "[preparation", "is no TOML"),
        ("[axes]", "[[axes]]", "axes must be a table"),
        ("[axes]\n", "[axes]\nsites.a.loss = [0.1]\n", "needs quotes"),
        ("[output]\n", '[output]\nstore = ""\n', "store must be a path, as a text; got ''"),
        ("[axes]\n", '[axes]\n"times.to" = [1.0, 2.0]\n', "all points share their times"),
        ("theta = {from = 0.1, to = 3.141592653589793, points = 7}", "", "bloch needs theta"),
        ("[0.0, 0.5, 1.0]", "[-1.0, 1.0]", "at the first point, theta = 0.1, charger_loss = -1.0"),
    ],
)
def test_mistakes_are_said_before_any_work(tmp_path, before, after, said):
    path = written(tmp_path, PAIR.replace(before, after))
    with pytest.raises((ValueError, TypeError)) as error:
        read_study(path)
    assert said in str(error.value)
    assert "study.toml" in str(error.value)


def test_mistakes_of_the_command_line(tmp_path):
    study = written(tmp_path, PAIR)
    for words, said in (
        ((tmp_path / "none.toml",), "cannot be read"),
        ((study, "--workers", "2", "--scheduler", "tcp://here:1"), "not both"),
        ((study, "--plot", "map.doc"), "must end in .png"),
        ((study, "--workers", "0"), "workers must be a whole number"),
        ((study, "--plot", tmp_path / "map.png", "--measure", "work"), "there is no 'work'"),
        ((study, "--measure", "energy"), "name its file with --plot"),
    ):
        done = here("sweep", *words)
        assert done.returncode == 2
        assert said in done.stderr
        assert not (tmp_path / "study.zarr").exists()


CHAIN = """
[system]
model = "chain"
couplings = [1.0, 1.0]

[preparation]
state = "fock"
n = 1

[times]
to = 2.0
points = 5

[axes]
"couplings.1" = [0.5, 1.0]
"""


def test_every_study_of_the_book_runs_as_it_stands(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "book" / "studies.md").read_text("utf-8")
    found = re.findall("```toml\n(.*?)```", text, re.DOTALL)
    assert len(found) == 4
    for toml in found:
        study = read_study(written(tmp_path, toml))
        few = {name: values[[0, -1]] for name, values in study.axes.items()}
        table = qb.sweep(study, few, progress=False)
        assert not (table.failure.values != "").any()
        assert best(table)


def test_a_path_into_a_list_of_numbers(tmp_path):
    study = read_study(written(tmp_path, CHAIN))
    table = qb.sweep(study, study.axes, progress=False)
    # Three qubits with hoppings J1, J2: (J1 J2 / Q^2)^2 (1 - cos Q t)^2, Q^2 = J1^2 + J2^2.
    j, t = table["couplings.1"].values[:, None], table.time.values
    q = np.sqrt(1 + j**2)
    np.testing.assert_allclose(table.energy, (j / q**2 * (1 - np.cos(q * t))) ** 2, atol=1e-12)
    for place in ("2", "-1", "+1", "²"):
        wrong = written(tmp_path, CHAIN.replace("couplings.1", f"couplings.{place}"))
        with pytest.raises(ValueError, match="a list counts from 0"):
            read_study(wrong)


@pytest.mark.parametrize("place", ["-1", "+0", "1", "²", "x"])
def test_interactions_count_from_0(place, tmp_path):
    text = CELLS.replace("interactions.0", f"interactions.{place}")
    with pytest.raises(ValueError, match=f"there is no 'system.interactions.{re.escape(place)}'"):
        read_study(written(tmp_path, text))


def test_numbers_are_shown_whole_beside_long_places(tmp_path):
    text = CELLS.replace("n = 1\n", "n = 1\n").replace("[0.5, 1.0]", "[0.512345, 1.0]")
    done = run_here(written(tmp_path, text))
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if line.strip().startswith("ergotropy "))
    assert float(row.split()[1]) > 0.5


def test_a_map_of_one_axis_is_refused_before_any_work(tmp_path):
    text = PAIR.replace(TIMES, "[optimum]\nhorizon = 5.0")
    text = text.replace('measures = ["energy", "ergotropy"]', "")
    text = text.replace("charger_loss = [0.0, 0.5, 1.0]", "")
    done = run_here(written(tmp_path, text), "--plot", tmp_path / "map.png")
    assert done.returncode == 2
    assert "a map needs two axes with several values; this study has 1" in done.stderr
    assert not (tmp_path / "study.zarr").exists()


def test_a_picture_takes_the_best_over_the_rest(tmp_path):
    study = read_study(written(tmp_path, PAIR))
    table = qb.sweep(study, study.axes, progress=False)
    figure = picture(table, "energy")
    image, bar = figure.axes
    shown = image.collections[0].get_array()
    np.testing.assert_allclose(
        np.asarray(shown).reshape(3, 7), table.energy.max("time").transpose("charger_loss", "theta")
    )
    assert "largest over time" in bar.get_ylabel()
    with pytest.raises(ValueError, match="there is no 'power' to draw"):
        picture(table, "power")


OPTIMUM = """
[system]
model = "qubit_pair"

[preparation]
state = "bloch"

[optimum]
horizon = 1.4
of = ["energy", "ergotropic_power"]

[axes]
theta = {from = 0.3, to = 3.141592653589793, points = 5}
charger_loss = [0.0, 0.5, 2.5]
"system.coupling" = [0.5, 1.5]
"""


def test_the_pair_s_optimum_is_that_of_the_search(tmp_path, monkeypatch):
    study = read_study(written(tmp_path, OPTIMUM))
    ours = qb.sweep(study, study.axes, progress=False)
    # The same pair written as a system of its own has no closed form.
    given = qb.models.qubit_pair().to_dict()
    parts = dict(study.given) | {"system": given}
    places = {
        "theta": (("preparation",), "theta"),
        "charger_loss": (("system", "sites", "charger"), "loss"),
        "system.coupling": (("system", "interactions", "0"), "strength"),
    }
    search = type(study)(parts, study.axes, places, study.store, None)
    theirs = qb.sweep(search, search.axes, progress=False)
    assert list(ours.data_vars) == list(theirs.data_vars)
    for name in ("energy", "ergotropic_power"):
        most, time = f"{name}_max", f"{name}_time"
        np.testing.assert_allclose(ours[most], theirs[most], rtol=2e-9, atol=1e-12)
        np.testing.assert_allclose(ours[time], theirs[time], rtol=1e-4)
        assert (ours[f"{name}_bound"] == ours[most]).all()
    monkeypatch.setattr("quantumbattery.sweeps.parts.optimum", None)  # is not taken
    table = study(theta=1.0, charger_loss=0.1, **{"system.coupling": 1.0})
    assert table.attrs["method"] == "closed form"


def test_a_study_is_read_by_its_name_too(tmp_path, monkeypatch):
    written(tmp_path, PAIR)
    monkeypatch.chdir(tmp_path)
    assert read_study("study.toml").store == Path("study.zarr")
    with pytest.raises(TypeError, match="a study is a file, given by its name or path; got 3"):
        read_study(3)
