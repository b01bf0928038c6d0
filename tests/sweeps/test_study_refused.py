"""Studies that make no sense: one sentence that says why, before any work."""

import re

import pytest

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
