"""The map of the pair, which the page works out itself: in the exported file too."""

import numpy as np
import pytest

import quantumbattery as qb
from explorer.test_page import hash_of, text_of, type_into

MAP = "#theta=pi/2&map=theta,charger_loss,ergotropic_power_max"


@pytest.fixture
def mapped(browser, page_file):
    browser.open("about:blank")
    browser.open(page_file.as_uri() + MAP)
    browser.until("return document.querySelector('#map image') !== null")
    return browser


def told(browser):
    return browser.later("return document.querySelector('#map .note').textContent")


def test_the_best_point_of_the_map_is_the_library_s(mapped):
    # Over a grid of 61 angles and 41 losses, the most ergotropic power is that of no loss.
    theta = np.linspace(0, np.pi, 61)
    best = qb.QubitPair().optimum(qb.bloch(theta)).ergotropic_power_max
    assert f"highest {best.max().item():.4g}" in told(mapped)
    assert "charger loss γ = 0 u (star)" in told(mapped)


def test_a_click_on_the_map_opens_its_point(mapped):
    left, top, width, height = mapped.run(
        """const box = document.querySelector("#map .map-picture");
        box.scrollIntoView({ block: "center" });
        const { left, top, width, height } = box.getBoundingClientRect();
        return [left, top, width, height];"""
    )
    mapped.drag((left + 56 + (width - 148) / 3, top + 26 + (height - 68) / 2))
    state = "return quantumbattery.stateOf(location.hash).state"
    found = mapped.run(state)
    assert found["theta"] == pytest.approx(np.pi / 3, abs=0.02)
    assert found["charger_loss"] == pytest.approx(3, abs=0.03)
    assert mapped.later("return document.getElementById('charger_loss').value").startswith(
        ("2.9", "3")
    )
    mapped.run("history.back()")
    mapped.until(f"return location.hash === '{MAP}'")


def test_the_map_is_closed_at_first_and_opened_by_its_head(browser):
    assert browser.run("return document.querySelector('#map .map-body').hidden")
    browser.run("document.querySelector('#map .map-head').click()")
    browser.until("return document.querySelector('#map image') !== null")
    assert hash_of(browser) == "#map=charger_loss,theta,ergotropic_power_max"
    browser.run("document.querySelector('#map .map-head').click()")
    assert browser.later("return document.querySelector('#map .map-body').hidden")
    assert hash_of(browser) == ""


def test_other_parameters_make_another_map(mapped):
    before = told(mapped)
    type_into(mapped, "coupling", "2")
    said = "return document.querySelector('#map .note').textContent !== arguments[0]"
    mapped.until(said, before)
    best = qb.QubitPair(coupling=2.0).optimum(qb.bloch(np.linspace(0, np.pi, 61)))
    assert f"highest {best.ergotropic_power_max.max().item():.4g}" in told(mapped)


def test_axes_change_places_where_one_is_chosen_for_both(mapped):
    choose = """const [shown, y, x] = document.querySelectorAll("#map select");
        x.value = "charger_loss"; x.dispatchEvent(new Event("change"));"""
    mapped.later(choose)
    assert hash_of(mapped).endswith("map=charger_loss,theta,ergotropic_power_max")


@pytest.mark.parametrize("kind", ["max", "time", "at"])
def test_a_map_holds_what_the_library_gives(browser, page_file, kind):
    browser.open("about:blank")
    shown = f"power_{kind}"
    browser.open(f"{page_file.as_uri()}#time=0.75&map=charger_loss,coupling,{shown}")
    browser.until("return document.querySelector('#map image') !== null")
    rows = browser.run("return quantumbattery.mapNow().rows")
    loss, coupling = np.linspace(0, 6, 61), np.linspace(0.05, 3, 41)
    for i, j in ((0, 0), (60, 40), (13, 29)):
        pair = qb.QubitPair(coupling=coupling[j], charger_loss=loss[i])
        start = qb.bloch(2 * np.pi / 3)
        if kind == "at":
            expected = pair.charge(start, 0.75, ["power"]).power.item()
        else:
            expected = pair.optimum(start)[f"power_{kind}"].item()
        assert rows[j][i] == pytest.approx(expected, rel=1e-12)


def test_the_best_point_is_opened_by_a_button(mapped):
    mapped.run(
        """const buttons = [...document.querySelectorAll("#map .map-body button")];
        buttons.find((each) => each.textContent === "Open the best point").click();"""
    )
    assert mapped.later("return document.getElementById('charger_loss').value") == "0"
    assert mapped.run("return document.getElementById('theta').value") == "π"


def test_keys_move_the_point(mapped):
    mapped.run("document.querySelector('#map .map-picture').focus()")
    mapped.keys("\ue014\ue013")  # to the right, up
    found = mapped.run("return quantumbattery.stateOf(location.hash).state")
    assert found["theta"] > np.pi / 2
    assert found["charger_loss"] == pytest.approx(0.45, abs=0.02)


def test_a_wrong_map_in_the_address_is_none(browser, page_file):
    browser.open("about:blank")
    browser.open(f"{page_file.as_uri()}#map=theta,theta,<b>")
    assert browser.later("return document.querySelector('#map .map-body').hidden")
    assert text_of(browser, "words") != ""
