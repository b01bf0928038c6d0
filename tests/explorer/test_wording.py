"""What the page says of systems, numbers and errors."""

import numpy as np
import pytest

import quantumbattery as qb
from explorer.asking import lines
from quantumbattery.explorer.catalogue import catalogue
from quantumbattery.explorer.points import point_of
from quantumbattery.explorer.systems import on_the_page
from quantumbattery.machine import TooLargeError

CONTROLS = {(n, each.name): each for n, m in catalogue().items() for each in m.controls}


@pytest.mark.parametrize(
    ("model", "name", "letter"),
    [
        ("qubit_pair", "charger_loss", "γ_a"),
        ("qubit_pair", "battery_loss", "γ_b"),
        ("qubit_pair", "detuning", "Δ"),
        ("qubit_pair", "frequency", "ω"),
        ("collective_bath", "loss", "γ"),
        ("tavis_cummings", "charger_loss", "κ"),
        ("driven_hybrid", "charger_loss", "γ_a"),
        ("spin_chain", "drive", "Ω"),
        ("spin_chain", "anisotropy", "α"),
        ("oscillator_pair", "rotating_wave", ""),
    ],
)
def test_a_number_has_its_letter_which_is_that_of_the_formulas(model, name, letter):
    assert CONTROLS[model, name].letter == letter
    assert letter in catalogue()[model].says + CONTROLS[model, name].says


def test_every_number_says_what_it_is():
    """Where a docstring leads to another system's, the page says what is said there."""
    says = {key: each.says for key, each in CONTROLS.items()}
    assert [key for key, text in says.items() if not text or text.startswith("As of")] == []
    assert says["driven_qubit_pair", "dephasing"] == "κ, of the charger: √(2 κ) a† a."


def test_no_text_is_about_python_alone():
    texts = [each.says for each in CONTROLS.values()]
    for model in catalogue().values():
        texts += [model.title, model.says]
        for start in model.starts:
            texts += [start.title, *(each.says for each in start.controls)]
    for word in (
        "1-D array",
        "DataArray",
        "`",
        "is taken for",
        "Ensemble of",
        "sqrt",
        "^dag",
        "_a)a",
    ):
        assert [text for text in texts if word in text] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("1/3", 1 / 3), ("2pi", 2 * np.pi), ("π/2", np.pi / 2), ("-2*pi/4", -np.pi / 2),
     ("1e-1", 0.1), ("inf", np.inf), ("3 * pi / 2", 1.5 * np.pi)],
)  # fmt: skip
def test_boxes_take_fractions_and_multiples_of_pi(text, value):
    asked = {"model": "spin_chain", "values": {"coupling": text, "range": "1/2"}}
    assert point_of(asked).values["coupling"] == value
    chain = point_of({"model": "chain", "values": {"couplings": f"{text}, 1/4"}})
    assert chain.values["couplings"] == [value, 0.25]
    if 0 < value < 1e9:
        times = point_of({"model": "star", "last": text, "disconnect": text})
        assert (times.last, times.disconnect) == (value, value)


@pytest.mark.parametrize(
    "text", ["1/0", "2deg", "pi pi", "1+1", "2**3", "abs(1)", "1/", "/2", "", "1//2", "()", "pi/pi"]
)
def test_nothing_else_is_a_number(text):
    with pytest.raises(ValueError, match=r"must be a number such as 1\.0, 1/3 or pi/2"):
        point_of({"model": "star", "values": {"coupling": text}})


def test_a_power_that_is_largest_as_charging_begins_is_said_so(server):
    """A bath charges at once, with the rate 2 g n: later the power is smaller."""
    _, best = lines(server, "/system", model="collective_bath", points="5")
    assert best["certified"]["power"]["at_once"]
    assert best["certified"]["power"]["max"] == pytest.approx(2.0, rel=1e-8)
    assert not any(best["certified"][name]["at_once"] for name in ("energy", "ergotropic_power"))


def test_a_best_time_that_is_early_in_a_long_time_is_a_time(server):
    _, best = lines(server, "/system", model="qubit_pair", last="2e4", points="5")
    found = best["certified"]["power"]
    assert not found["at_once"]
    expected = qb.QubitPair().optimum(qb.bloch(np.pi)).power_time.item()
    assert found["time"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "said",
    [
        "too large: a table of 7 quantities takes 9 GiB, and this machine has 1 GiB: ask for fewer "
        "measures, times or parameters at a time, or let qb.sweep write them to a store",
        "too large for this machine (no room): use fewer sites, or ask for energies only",
        "a field brings more than it loses: from about t = 3 on no matrix in 1 GiB holds them; "
        "charge for a shorter time, or give levels=... and heed the warning",
    ],
)
def test_what_is_too_large_has_advice_that_a_page_can_follow(said):
    told = on_the_page(TooLargeError(said))
    assert "fewer cells or quanta, fewer moments, or a shorter time" in told
    for word in ("measures", "sweep", "levels=", "energies only"):
        assert word not in told
