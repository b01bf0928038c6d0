"""The command line with a model's name or a study file, and what it says of wrong names."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.cli import app, main

STUDY = """
[system]
model = "tavis_cummings"
cells = 3
coupling = 0.8

[preparation]
state = "coherent"

[times]
to = 2.0
points = 21

[axes]
alpha = [1.0, 1.5]
charger_loss = [0.0, 0.1]

[output]
measures = ["energy", "ergotropy"]
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder: its exit code, what it prints, what it complains of."""
    monkeypatch.chdir(tmp_path)

    def run(words, *more):
        monkeypatch.setattr(sys, "argv", ["quantumbattery", *words.split(), *more])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_charge_takes_a_model(command, tmp_path):
    code, out, err = command(
        "charge tavis_cummings --set cells=3 --state coherent --set alpha=1.5 --loss 0.1"
        " --times 0:2:21 --measures energy,ergotropy --extraction collective --out t.nc"
    )
    assert (code, err) == (0, "")
    for words in ("cavity: Oscillator(frequency=1, loss=0.1)", "Coherent(alpha=1.5)", "levels of"):
        assert words in out
    assert "Eq." not in out  # the paper has equations for its pair only
    cells = qb.models.tavis_cummings(cells=3, charger_loss=0.1)
    times = np.linspace(0, 2, 21)
    exact = cells.charge(qb.coherent(1.5), times, ["energy", "ergotropy"], "collective")
    with xr.open_dataset(tmp_path / "t.nc", engine="scipy") as table:
        xr.testing.assert_allclose(table.energy, exact.energy)
        xr.testing.assert_allclose(table.ergotropy, exact.ergotropy)


def test_charge_takes_a_point_of_a_study(command, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    code, out, err = command("charge study.toml --set alpha=1.5 --out t.nc")
    assert (code, out) == (2, "")
    assert "study.toml sweeps charger_loss: choose a point of it by --set charger_loss=..." in err
    assert "`quantumbattery sweep study.toml`" in err
    code, out, err = command("charge study.toml --set alpha=1.5 --charger-loss 0.1 --out t.nc")
    assert (code, err) == (0, "")
    cells = qb.models.tavis_cummings(cells=3, coupling=0.8, charger_loss=0.1)
    exact = cells.charge(qb.coherent(1.5), np.linspace(0, 2, 21), ["energy", "ergotropy"])
    with xr.open_dataset(tmp_path / "t.nc", engine="scipy") as table:
        assert set(table.data_vars) == {"energy", "ergotropy"}
        xr.testing.assert_allclose(table.energy, exact.energy)


def test_another_state_needs_nothing_of_the_study_s_own(command, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    code, out, _ = command(
        "charge study.toml --state fock --set n=2 --charger-loss 0 --times 0:1:2"
    )
    assert code == 0
    assert "Fock(n=2)" in out


def test_optimum_takes_both(command, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    for words in ("tavis_cummings --set cells=3 --coupling 0.8 --state fock --set n=1",
                  "study.toml --charger-loss 0 --state fock --set n=1"):  # fmt: skip
        code, out, err = command(f"optimum {words} --horizon 2 --of energy")
        assert (code, err) == (0, "")
        row = next(line.split() for line in out.splitlines() if line.strip().startswith("energy"))
        # One photon: sin^2(sqrt(3) g t), 1 at pi / (2 sqrt(3) g).
        assert float(row[1]) == pytest.approx(np.pi / 2 / np.sqrt(3) / 0.8, rel=1e-6)
        assert float(row[2]) == pytest.approx(1.0, abs=1e-9)
        assert "of all moments up to t = 2" in out


def test_a_driven_charger_starts_empty(command):
    code, out, _ = command("charge driven_qubit_pair --set drive=2 --measures energy")
    assert code == 0
    assert "every site starts in its ground state" in out
    assert "e-3" not in out  # rounding is shown as 0


def test_an_array_shows_where_each_quantity_is_largest(command):
    code, out, err = command("charge qubit_pair --measures energy --set", "coupling=[1.0, 2.0]")
    assert (code, err) == (0, "")
    assert "coupling = 1, time = 1.57" in out
    assert "2 coupling x 401 time" in out


def test_the_pair_up_to_a_horizon(command):
    code, out, _ = command("optimum --horizon 1.2")
    assert code == 0
    row = next(line.split() for line in out.splitlines() if line.strip().startswith("energy"))
    assert float(row[1]) == 1.2
    assert float(row[2]) == pytest.approx(np.sin(1.2) ** 2, rel=1e-9)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("charge tavis", "there is no model 'tavis'; did you mean tavis_cummings?"),
        ("charge none.toml", "the study none.toml cannot be read"),
        ("charge star", "say how the charger of star starts (charger_0, "),
        ("charge star --state focj", "there is no state 'focj'; did you mean fock?"),
        ("charge star --state fock", "fock needs n: give it by --set n=..."),
        ("charge star --detuning 1 --state fock --set n=1",
         "--detuning is a number of neither the model (chargers, coupling) nor the state (n)"),
        ("charge star --set couplin=2 --state fock", "did you mean coupling?"),
        ("charge star --state fock --set n=1 --measures work", "unknown measure 'work'"),
        ("charge star --set coupling", "--set takes NAME=VALUE, such as cells=4"),
        ("charge --coupling 1 --set coupling=2", "coupling is given twice"),
        ("charge --extraction all", "extraction is global, collective or local; got 'all'"),
        ("optimum star --state fock --set n=1", "give --horizon, the latest moment that counts"),
        ("optimum star --state fock --set n=1 --horizon 0", "horizon must be one positive"),
        ("optimum --of work", "of must name some of energy"),
        ("chagre", "Did you mean 'charge'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_that_names_a_way_out(command, words, sentence, tmp_path):
    code, out, err = command(words)
    assert code == 2
    assert sentence in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", ["80", "120"])
def test_descriptions_are_whole(width, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", width)
    code, out, _ = command("--help")
    assert code == 0
    assert "..." not in out.split("Commands:")[1]
    assert "and what is reached then" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= int(width)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("op", ["optimum"]),
        ("charge tav", ["tavis_cummings"]),
        ("charge --state co", ["coherent"]),
        ("charge --measures energy,ergotropic", ["energy,ergotropic_power"]),
        ("optimum --of energy,pop", []),
        ("charge --charger", ["--charger-loss"]),
        ("zoo lossy_t", ["lossy_tavis_cummings"]),
        ("charge st", ["star", "study.toml"]),
    ],
)
def test_the_tab_key_completes(typed, offered, tmp_path, monkeypatch, capsys):
    (tmp_path / "study.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    for name, value in typing(typed).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        app.app(prog_name="quantumbattery")
    assert capsys.readouterr().out.split() == offered


def test_the_tab_key_completes_in_a_shell(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    done = subprocess.run(
        [sys.executable, "-c", "from quantumbattery.cli import app; "
         "app.app(prog_name='quantumbattery')"],
        capture_output=True, text=True, cwd=tmp_path,
        env={**typing("charge st"), "PATH": "", "PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.stdout.split() == ["star", "study.toml"], done.stderr


def typing(words):
    """What a shell sets where the Tab key is pressed behind some words."""
    words = f"quantumbattery {words}"
    count = str(len(words.split()) - 1)
    return {
        "_QUANTUMBATTERY_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": count,
    }


@pytest.mark.parametrize(
    ("text", "alpha"), [("0.5+1j", 0.5 + 1j), ("0.5 - 1j", 0.5 - 1j), ("-1i", -1j), ("1/4", 0.25)]
)
@pytest.mark.parametrize("state", ["coherent", "gaussian"])
def test_a_complex_amplitude(command, tmp_path, text, alpha, state):
    words = f"charge driven_oscillator_pair --state {state} --times 0:2:3 --measures energy"
    code, _, err = command(f"{words} --out t.nc --set", f"alpha={text}")
    assert (code, err) == (0, "")
    driven = qb.models.driven_oscillator_pair()
    exact = driven.charge(getattr(qb, state)(alpha), [0.0, 1.0, 2.0], ["energy"])
    with xr.open_dataset(tmp_path / "t.nc", engine="scipy") as table:
        np.testing.assert_allclose(table.energy, exact.energy, rtol=1e-12)


def test_several_complex_amplitudes(command, tmp_path):
    words = "charge oscillator_pair --state coherent --times 0:2:3 --measures energy"
    for name in ("t.nc", "t.csv"):
        code, _, err = command(f"{words} --out {name} --set", 'alpha=["0.5+1j", 2]')
        assert (code, err) == (0, "")
    with xr.open_dataset(tmp_path / "t.nc", engine="scipy") as table:
        assert table.alpha_real.values.tolist() == [0.5, 2.0]
        assert table.alpha_imag.values.tolist() == [1.0, 0.0]
        # A coherent state of |alpha|^2 quanta comes over whole, as sin^2.
        np.testing.assert_allclose(table.energy[:, 1], np.sin(1) ** 2 * np.array([1.25, 4.0]))
    assert "alpha_real,alpha_imag" in (tmp_path / "t.csv").read_text()


@pytest.mark.parametrize("text", ["45deg", "up", "[0.5+1j]", ""])
def test_no_amplitude(command, text):
    code, out, err = command("charge jaynes_cummings --state coherent --set", f"alpha={text}")
    assert (code, out) == (2, "")
    assert "alpha must be a number such as 2 or 1+0.5j" in err


def test_complex_amplitudes_of_a_study(command, tmp_path):
    (tmp_path / "study.toml").write_text(
        STUDY.replace("[1.0, 1.5]", '[1.5, "1.2 - 0.9j"]').replace("[0.0, 0.1]", "[0.1]")
    )
    code, _, _ = command("sweep study.toml --workers 1")
    assert code == 0
    with xr.open_zarr(tmp_path / "study.zarr") as table:
        assert [str(each) for each in table.alpha.values] == ["1.5", "1.2 - 0.9j"]
        one, other = table.energy.values[:, 0]
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)  # a phase charges nothing
