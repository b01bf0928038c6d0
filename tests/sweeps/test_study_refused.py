"""Studies that make no sense: one sentence that says why, before any work."""

import os
import re
import sys

import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.cli import main
from quantumbattery.sweeps.single import single
from quantumbattery.sweeps.study import read_study

PAIR = """
[system]
model = "qubit_pair"
[preparation]
state = "bloch"
theta = "90deg"
[times]
to = 3.0
points = 4
[axes]
charger_loss = [0.0, 0.5]
[output]
measures = ["energy"]
"""
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


def written(folder, text):
    path = folder / "s.toml"
    path.write_text(text, "utf-8")
    return path


def with_axes(text, *axes):
    before, after = text.split("[axes]\n")
    return f"{before}[axes]\n" + "".join(f"{axis}\n" for axis in axes) + after


@pytest.mark.parametrize(
    ("text", "axes", "said"),
    [
        (PAIR, ["theta = [1.0, 2.0]", '"preparation.theta" = [1.5, 2.5]'], "preparation.theta"),
        (PAIR, ["coupling = [1.0, 2.0]", '"system.coupling" = [1.5, 2.5]'], "system.coupling"),
        (PAIR, ["disconnect = [1.0]", '"times.disconnect" = [1.5]'], "times.disconnect"),
        (PAIR, ["loss = [0.1]"], "loss is another name of charger_loss: give one"),
        (CHAIN, ['"system.couplings.1" = [1.5, 2.5]'], "system.couplings.1"),
        (
            CHAIN,
            ["couplings = [0.5]"],
            "couplings.1 is given twice, as itself and inside couplings",
        ),
    ],
)
def test_one_number_has_one_axis(text, axes, said, tmp_path):
    said = said if " " in said else f"{said} is given twice, as "
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        read_study(written(tmp_path, with_axes(text, *axes)))


@pytest.mark.parametrize("place", ["01", "\N{ARABIC-INDIC DIGIT ONE}", "00", "9" * 5000])
def test_a_place_in_a_list_has_one_name(place, tmp_path):
    for more in (f'"couplings.{place}" = [1.5]', f'"system.couplings.{place}" = [1.5]'):
        with pytest.raises(ValueError, match="a list counts from 0, as in"):
            read_study(written(tmp_path, with_axes(CHAIN, more)))


def test_one_number_is_set_once(tmp_path):
    study = written(tmp_path, PAIR)
    settings = {n: (f"--set {n}", 0.5) for n in ("charger_loss", "system.charger_loss")}
    said = "system.charger_loss is given twice, as --set charger_loss and as --set system.charger"
    with pytest.raises(ValueError, match=said):
        single(str(study), "times", {}, settings)


def refused(study, monkeypatch, capsys, *words):
    """The sentence of a study that is refused, of which nothing is said on the standard output."""
    monkeypatch.setattr(sys, "argv", ["quantumbattery", "sweep", str(study), *words])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert (stop.value.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert sorted(each.name for each in study.parent.iterdir()) == ["s.toml"]
    return said.err


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("s.toml", "s.toml is a file, and has to be a folder"),
        ("s.toml/in", "s.toml/in' cannot be a folder (Not a directory)"),
        ("/", "the store / is the root of all folders"),
        ("n" * 300, "File name too long"),
        ("n" * 240, "has a name of 240 bytes, and the most is 230"),
        ("a\\u0000b", "cannot be a folder (its name holds a NUL)"),
        pytest.param(
            "/dev/null",
            "the store /dev/null is a file",
            marks=pytest.mark.skipif(os.name != "posix", reason="a device of POSIX"),
        ),
    ],
)
def test_what_cannot_be_a_store_is_named(store, said, tmp_path, monkeypatch, capsys):
    study = written(tmp_path, f'{PAIR}store = "{store}"\n')
    found = refused(study, monkeypatch, capsys)
    assert f"{study}: [output] store: the store " in found
    assert said in found


def test_no_file_of_a_sweep_is_taken_for_the_output(tmp_path, monkeypatch, capsys):
    def fails(*_, **__):
        raise PermissionError(13, "Permission denied", "somewhere")

    monkeypatch.setattr("quantumbattery.sweeps.report.sweep", fails)
    monkeypatch.setattr(sys, "argv", ["quantumbattery", "sweep", str(written(tmp_path, PAIR))])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "s.zarr cannot go on (Permission denied: somewhere)" in said
    assert "the output" not in said


def test_no_other_file_is_taken_for_the_output(monkeypatch, capsys):
    def fails(**_):
        raise FileNotFoundError("there is nothing")  # with no number, as some libraries do

    monkeypatch.setattr("quantumbattery.cli.app.app", fails)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said == "Error: a file cannot be read or written (there is nothing)\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[0.0, 0.5]", "[0.5, 0.5]", "axis 'charger_loss' must be .*; \\[0.5, 0.5\\] repeats one"),
        ("to = 3.0", f"to = {'1' * 5001}", "s.toml: a whole number has too many digits"),
        ("to = 3.0", f"to = 0x{'f' * 5001}", "s.toml: a whole number has too many digits"),
        ("[0.0, 0.5]", f"[1{'0' * 40}]", r"charger_loss holds 1e\+40, which is out of range"),
        ("[0.0, 0.5]", f"[-1{'0' * 40}, 0.5]", r"charger_loss holds -1e\+40, which is out of"),
        ('["energy"]', '["energy"]\ndensity_matrix = []', "density_matrix names no site"),
        ('["energy"]', '[]\ndensity_matrix = ""', "density_matrix names no site"),
        (
            "[axes]",
            f'[observables]\n{"n" * 300} = {{site = "battery", operator = "quanta"}}\n[axes]',
            r"\[observables\] n{40}\.\.\.: the name of a variable is too long",
        ),
    ],
)
def test_what_a_study_says_wrong(before, after, said, tmp_path, monkeypatch, capsys):
    study = written(tmp_path, PAIR.replace(before, after))
    found = refused(study, monkeypatch, capsys)
    assert re.search(said, found), found
    assert len(found) < 400
    assert str(study) in found


LIGHT = """
[system]
model = "oscillator_pair"
[preparation]
state = "STATE"
[times]
to = 1.0
points = 2
[axes]
NAME = VALUES
"""


@pytest.mark.parametrize(
    ("state", "name", "values", "said"),
    [
        ("coherent", "alpha", '["1j", "x"]', "axis 'alpha': alpha must be a number such as"),
        ("coherent", "alpha", '["1j", "nan", "2"]', "axis 'alpha': its numbers must be finite"),
        ("coherent", "alpha", '["1j", "j"]', "axis 'alpha': it says a number twice"),
        ("squeezed", "r", '["1", "1j"]', "axis 'r': r must be a real number; got '1j'"),
        ("squeezed", "angle", '["90deg", "north"]', "axis 'angle': angle must be an angle such"),
    ],
)
def test_texts_of_an_axis_are_numbers_each_once(
    state, name, values, said, tmp_path, monkeypatch, capsys
):
    text = LIGHT.replace("STATE", state).replace("NAME", name).replace("VALUES", values)
    assert said in refused(written(tmp_path, text), monkeypatch, capsys)


def test_no_store_is_named_before_the_number_of_workers_is_one(tmp_path, monkeypatch, capsys):
    found = refused(written(tmp_path, PAIR), monkeypatch, capsys, "--workers", "0")
    assert "workers must be a whole number" in found


def test_a_setting_of_too_many_digits_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quantumbattery", "charge", "--set", f"n={'1' * 5001}"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.startswith("Error: --set n: a whole number has too many digits")


def test_a_byte_order_mark_is_read_over(tmp_path):
    plain, marked = written(tmp_path, PAIR), tmp_path / "marked.toml"
    marked.write_text(PAIR, "utf-8-sig")
    assert marked.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert read_study(marked).fingerprint == read_study(plain).fingerprint


def point(**values):
    return xr.Dataset({"y": float(len(values))})


def test_batches_without_fractional_numbers_say_what_there_is():
    axes = {"kind": ["a", "b"], "n": [1, 2], "x": [0.5]}
    said = "'kind' holds texts, 'n' holds whole numbers, 'x' holds a single number: leave batch out"
    with pytest.raises(ValueError, match=said):
        qb.sweep(point, axes, batch=True, progress=False)


@pytest.mark.parametrize(("name", "kind"), [("y" * 231, "variable"), ("x" * 231, "axis")])
def test_names_that_no_folder_can_have(name, kind, tmp_path):
    axis, variable = (name, "y") if kind == "axis" else ("x", name)

    def run(**values):
        return xr.Dataset({variable: values[axis]})

    assert variable in qb.sweep(run, {axis: [1.0, 2.0]}, progress=False)  # in memory it may be long
    with pytest.raises(ValueError, match=r"the name of the variable or axis .* is too long"):
        qb.sweep(run, {axis: [1.0, 2.0]}, tmp_path / "s.zarr", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("to = 3.0", "to = true", "times goes from a number to a number"),
        ("to = 3.0", "to = 3.0\ndisconnect = [true, 0.5]", "disconnect is a time"),
        ("[0.0, 0.5]", "[true, 0.5]", "axis charger_loss mixes true or false with other values"),
        ("[0.0, 0.5]", "{from = false, to = 1.0, points = 2}", "goes from a number to a number"),
    ],
)
def test_true_is_no_number(before, after, said, tmp_path):
    with pytest.raises((TypeError, ValueError), match=said):
        read_study(written(tmp_path, PAIR.replace(before, after)))


@pytest.mark.parametrize("sites", ["3", "true", "1.5", "{a = 1}"])
@pytest.mark.parametrize("kind", ["jump", "interaction"])
def test_sites_that_are_no_names(tmp_path, kind, sites):
    rate = ", rate = 0.1" if kind == "jump" else ""
    (tmp_path / "s.toml").write_text(f"""
[system]
sites = {{a = {{kind = "qubit"}}, b = {{kind = "qubit"}}}}
interactions = [{{kind = "{kind}", sites = {sites}, matrix = [[0, 1], [1, 0]]{rate}}}]
charger = "a"
battery = "b"
[preparation]
a = {{state = "fock", n = 1}}
[times]
to = 1.0
points = 2
[axes]
"sites.a.loss" = [0.0, 0.1]
""")
    with pytest.raises(TypeError, match="sites is the name of a site or a list of names; got"):
        read_study(tmp_path / "s.toml")
