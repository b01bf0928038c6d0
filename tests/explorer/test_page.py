"""What a person does on the page, done in a browser."""

import io
import re
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb

DOWN, LEFT = "\ue015", "\ue012"


def hash_of(browser):
    return browser.run("return location.hash")


def text_of(browser, name):
    return browser.later("return document.getElementById(arguments[0]).textContent", name)


def type_into(browser, name, text):
    browser.later(
        """const box = document.getElementById(arguments[0]);
        box.value = arguments[1];
        box.dispatchEvent(new Event("change", { bubbles: true }));""",
        name,
        text,
    )


def click(browser, name):
    browser.run("document.getElementById(arguments[0]).click()", name)


def places(browser, name):
    """The middle of an element in the window, and its width."""
    x, y, width = browser.run(
        """const box = document.getElementById(arguments[0]).getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2, box.width];""",
        name,
    )
    return x, y, width


def test_dragging_the_charger_moves_all_that_depends_on_it(browser):
    before = text_of(browser, "best")
    x, y, width = places(browser, "charger")
    radius = width * 108 / 268
    browser.drag((x, y + 0.3 * radius), (x, y), (x + 0.1 * radius, y - 0.6 * radius))
    given = dict(part.split("=") for part in hash_of(browser)[1:].split("&"))
    theta = browser.run("return quantumbattery.stateOf(location.hash).state.theta")
    # Seen from 14 degrees above, the front point at a height h is at arcsin(h) + 14 degrees.
    height = np.arcsin(0.6 / np.sqrt(1 - 0.1**2)) + np.radians(14)
    assert theta == pytest.approx(np.pi / 2 - height, abs=0.03)
    assert set(given) == {"theta", "phi"}
    after = text_of(browser, "best")
    assert after != before
    best = qb.QubitPair(charger_loss=0.3).optimum(qb.bloch(theta)).ergotropic_power_time.item()
    assert f"{best:.4g}" in after


def test_past_the_rim_the_view_turns_and_the_back_comes_into_reach(browser):
    x, y, width = places(browser, "charger")
    far = [(x + 0.9 * width + i % 2, y) for i in range(12)]
    browser.drag((x, y), *far)
    first = browser.run("return quantumbattery.stateOf(location.hash).state.phi")
    browser.drag((x, y), *far[:6])
    assert browser.run("return quantumbattery.stateOf(location.hash).state.phi") != first


def test_keys_move_the_charger(browser):
    browser.run("document.getElementById('charger').focus()")
    browser.keys(DOWN * 3 + LEFT)
    assert hash_of(browser) == "#theta=123deg&phi=359deg"
    said = "return document.getElementById('charger').getAttribute('aria-valuetext')"
    assert browser.later(said) == "theta 123 degrees, phi 359 degrees"


def test_the_address_restores_the_state_and_back_and_forward_work(browser, page_file):
    type_into(browser, "charger_loss", "1.25")
    type_into(browser, "theta", "pi/2")
    assert hash_of(browser) == "#theta=pi/2&charger_loss=1.25"
    words = text_of(browser, "code")
    browser.run("history.back()")
    browser.until("return location.hash === '#charger_loss=1.25'")
    assert browser.later("return document.getElementById('theta').value") == "2π/3"
    browser.run("history.forward()")
    browser.until("return location.hash.startsWith('#theta')")
    assert text_of(browser, "code") == words
    browser.open("about:blank")
    browser.open(f"{page_file.as_uri()}#theta=pi/2&charger_loss=1.25")
    assert text_of(browser, "code") == words


def test_a_wrong_value_is_refused_beside_its_control_and_changes_nothing(browser):
    before = text_of(browser, "best")
    for name, text, said in (
        ("charger_loss", "-1", "from 0 to 100"),
        ("theta", "200deg", "from 0 to π"),
        ("coupling", "<img src=x onerror=alert(1)>", "from 0.001 to 10"),
    ):
        type_into(browser, name, text)
        assert said in text_of(browser, f"{name}-error")
        marked = "return document.getElementById(arguments[0]).getAttribute('aria-invalid')"
        assert browser.run(marked, name) == "true"
    assert text_of(browser, "best") == before
    assert hash_of(browser) == ""
    assert "of the value before" in text_of(browser, "words")
    type_into(browser, "coupling", "2")
    assert text_of(browser, "coupling-error") == ""
    for name in ("charger_loss", "theta"):
        type_into(browser, name, "1")
    assert "of the value before" not in text_of(browser, "words")


def test_a_wrong_value_in_the_address_is_refused_too(browser, page_file):
    browser.open("about:blank")
    browser.open(f"{page_file.as_uri()}#coupling=<b>99</b>&nonsense=1&hidden=x&theta=%E0%A4%A")
    assert "0.001 to 10" in text_of(browser, "coupling-error")
    assert "from 0 to π" in text_of(browser, "theta-error")
    assert browser.run("return document.querySelectorAll('#controls b').length") == 0


@pytest.mark.parametrize("disconnect", ["never", "1.4"])
def test_the_copied_lines_run_and_give_the_numbers_of_the_file(browser, tmp_path, disconnect):
    for name, text in (("theta", "85deg"), ("phi", "pi/3"), ("battery_loss", "0.125"),
                       ("detuning", "-0.4"), ("disconnect", disconnect)):  # fmt: skip
        type_into(browser, name, text)
    lines = text_of(browser, "code")
    space = {}
    exec(lines, space)
    saved = pd.read_csv(io.BytesIO(downloaded(browser, "csv", tmp_path)))
    table = space["table"]
    assert list(saved.columns) == ["time", *table.data_vars]
    np.testing.assert_array_equal(saved["time"], table["time"])
    for name, column in table.data_vars.items():
        np.testing.assert_allclose(saved[name], column, rtol=1e-12, atol=1e-15)
    shown = text_of(browser, "best")
    assert f"{space['best'].power_time.item():.4g}" in shown


def test_copying_puts_the_lines_on_the_clipboard_or_selects_them(browser):
    click(browser, "copy")
    said = browser.until("return document.getElementById('said').textContent")
    assert "copied" in said or browser.run("return getSelection().toString()").startswith("import")


def downloaded(browser, button, folder):
    browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    path = folder / f"quantum-battery.{button}"
    click(browser, button)
    for _ in range(250):
        if path.exists() and path.stat().st_size:
            return path.read_bytes()
        time.sleep(0.02)
    raise AssertionError(f"{path.name} was not saved")


@pytest.mark.parametrize("disconnect", ["never", "1.4"])
def test_netcdf_is_what_python_would_write(browser, tmp_path, disconnect):
    given = {"theta": "85deg", "phi": "pi/3", "coupling": "1.7", "charger_loss": "0.3",
             "battery_loss": "0.125", "detuning": "-0.4", "disconnect": disconnect}  # fmt: skip
    for name, text in given.items():
        type_into(browser, name, text)
    downloaded(browser, "nc", tmp_path)
    with xr.open_dataset(tmp_path / "quantum-battery.nc", engine="scipy") as saved:
        saved.load()
    numbers = {name: float(given[name]) for name in [*given][2:6]}
    end = None if disconnect == "never" else float(disconnect)
    start = qb.bloch(np.radians(85), np.pi / 3)
    expected = qb.QubitPair(**numbers).charge(start, saved.time.values, disconnect=end)
    assert {*saved.variables} == {*expected.variables}
    assert {*saved.coords} == {*expected.coords}
    for name, column in expected.variables.items():
        assert saved[name].attrs == column.attrs
        np.testing.assert_allclose(saved[name], column, rtol=1e-12, atol=1e-15)
    assert saved.attrs["explorer"] == hash_of(browser)


def test_pictures_are_saved(browser, tmp_path):
    drawing = downloaded(browser, "svg", tmp_path).decode()
    assert drawing.startswith("<svg")
    for word in ("ergotropy", "excited", "θ = 2π/3", "Best times"):
        assert word in drawing
    assert "var(" not in drawing
    assert downloaded(browser, "png", tmp_path)[:4] == b"\x89PNG"


def test_every_preset_shows_its_panel(browser):
    count = browser.run("return document.getElementById('presets').options.length")
    assert count > 12
    for place in range(1, count):
        browser.later(
            """const list = document.getElementById("presets");
            list.selectedIndex = arguments[0];
            list.dispatchEvent(new Event("change"));""",
            place,
        )
        shown = "return document.querySelectorAll('.panel.chosen path').length"
        assert browser.later(shown) > 0
        assert browser.run("return document.getElementById('presets').selectedIndex") == place


def test_time_is_played_scrubbed_and_read_at_the_curves(browser):
    begun = float(browser.run("return document.getElementById('scrub').value"))
    click(browser, "play")
    browser.until(f"return Number(document.getElementById('scrub').value) > {begun + 5}")
    click(browser, "play")
    stopped = hash_of(browser)
    assert stopped.startswith("#time=")
    browser.later("const s = document.getElementById('scrub'); s.value = 250;"
                  "s.dispatchEvent(new Event('input'));")  # fmt: skip
    value = browser.later("return document.querySelector('.legend output').textContent")
    pair, start = qb.QubitPair(charger_loss=0.3), qb.bloch(2 * np.pi / 3)
    assert float(value) == pytest.approx(pair.charge(start, np.pi / 2).energy.item(), abs=5e-5)


def test_dragging_over_curves_moves_the_time(browser):
    left, top, width, height = browser.run(
        """const box = document.querySelector(".panel.timed > svg").getBoundingClientRect();
        return [box.left, box.top, box.width, box.height];"""
    )
    browser.drag((left + 60, top + height / 2), (left + 46 + (width - 58) / 2, top + height / 2))
    time = browser.run("return quantumbattery.stateOf(location.hash).state.time")
    assert time == pytest.approx(np.pi, abs=0.02)


def test_the_best_time_is_taken_over(browser):
    browser.run("document.querySelectorAll('#best button')[3].click()")
    best = qb.QubitPair(charger_loss=0.3).optimum(qb.bloch(2 * np.pi / 3))
    end = browser.run("return quantumbattery.stateOf(location.hash).state.disconnect")
    assert end == pytest.approx(best.ergotropic_power_time.item(), rel=1e-5)
    assert "disconnected" in text_of(browser, "panels")


@pytest.mark.parametrize(
    ("loss", "said"), [("1.01", "For the most ergotropic power"), ("1.03", "No work can be taken")]
)
def test_the_words_say_when_a_full_charger_is_useless(browser, loss, said):
    type_into(browser, "theta", "pi")
    type_into(browser, "charger_loss", loss)
    assert said in text_of(browser, "words")


@pytest.mark.parametrize(("coupling", "battery_loss"), [("1", "0"), ("2", "0.3")])
def test_the_words_say_below_which_loss_a_full_charger_is_useful(browser, coupling, battery_loss):
    for name, text in (("theta", "pi"), ("coupling", coupling), ("battery_loss", battery_loss),
                       ("charger_loss", "5")):  # fmt: skip
        type_into(browser, name, text)
    told = re.search(r"γ below ([\d.]+) J", text_of(browser, "words"))
    bound = float(told[1]) * float(coupling)
    for loss, useful in ((0.999 * bound, True), (1.001 * bound, False)):
        pair = qb.QubitPair(1, float(coupling), loss, float(battery_loss))
        assert (pair.optimum(qb.bloch(np.pi)).ergotropy_max.item() > 0) == useful
    assert battery_loss != "0" or bound == pytest.approx(1.021, abs=5e-4)


def test_the_words_give_times_in_the_unit_of_the_page(browser):
    type_into(browser, "coupling", "1/2")
    best = qb.QubitPair(coupling=0.5, charger_loss=0.3).optimum(qb.bloch(2 * np.pi / 3))
    said = text_of(browser, "words")
    assert f"t\u00a0=\u00a0{best.ergotropic_power_time.item():.4g}/u" in said


def test_a_battery_that_loses_too_much_asks_for_less_loss(browser):
    for name, text in (("theta", "pi"), ("battery_loss", "2"), ("charger_loss", "5")):
        type_into(browser, name, text)
    assert "Less loss or a charger off" in text_of(browser, "words")


def test_equations_are_one_click_away_with_the_ledger_s_verdict(browser):
    browser.later("document.querySelector('.panel summary').click()")
    said = browser.later("return document.querySelector('.panel ul').innerText")
    assert "ergotropy = ħω (I + r)" in said
    assert "Eq. 62, stored energy, lossy: holds" in said


def test_less_motion_is_respected(browser):
    browser.screen(1440, 900, motion="reduce")
    click(browser, "play")
    values = browser.devtools(
        "Runtime.evaluate",
        expression="""new Promise((done) => {
            const seen = new Set(), end = performance.now() + 900;
            const look = () => {
                seen.add(document.getElementById("scrub").value);
                if (performance.now() < end) requestAnimationFrame(look);
                else done(seen.size);
            };
            look();
        })""",
        awaitPromise=True,
    )["result"]["value"]
    click(browser, "play")
    assert values <= 3


@pytest.mark.parametrize("coupling", ["2", "10"])
def test_curves_that_swing_within_a_few_pixels_are_drawn_as_what_they_cover(browser, coupling):
    for name, text in (("charger_loss", "0"), ("theta", "pi"), ("last", "100")):
        type_into(browser, name, text)
    type_into(browser, "coupling", coupling)
    top, height, corners = browser.later(
        """const path = document.querySelector(".panel.timed > svg path"), box = path.getBBox();
        return [box.y, box.height, path.getAttribute("d").split("L").length];"""
    )
    # From 0 to 1 over the whole height, which begins 38 below the top and ends 38 above the bottom.
    assert (top, top + height) == pytest.approx((38, 248 - 38), abs=2)
    assert corners < 1000


@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(browser, width, scheme):
    browser.screen(width, 844, scheme)
    assert browser.later("return document.documentElement.scrollWidth") <= width
    ground = browser.later("return getComputedStyle(document.body).backgroundColor")
    bright = np.mean([int(part) for part in re.findall(r"\d+", ground)[:3]])
    assert (bright < 60) == (scheme == "dark")


def test_every_control_has_a_name(browser):
    nameless = browser.run(
        """return [...document.querySelectorAll("button, input, select, svg[role]")].filter((e) =>
            !(e.getAttribute("aria-label") || e.textContent.trim() || (e.labels || []).length))
            .map((e) => e.outerHTML);"""
    )
    assert nameless == []
