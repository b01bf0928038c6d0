"""The view of all systems, served and used in a browser."""

import csv
import io
import threading

import numpy as np
import pytest

import quantumbattery as qb
from explorer.asking import lines, ready, until
from explorer.test_page import click, hash_of, text_of, type_into
from quantumbattery.explorer.points import point_of
from quantumbattery.explorer.server import Server


def energy_at(browser):
    return float(
        browser.later("return document.querySelector('#field-panels .legend output').textContent")
    )


def test_a_change_shows_new_curves_and_the_same_lines_of_python(served):
    type_into(served, "field-coupling", "0.7")
    served.until("return document.getElementById('field-code').textContent.includes('=0.7,')")
    ready(served)
    assert hash_of(served) == "#system=star&coupling=0.7"
    space = {}
    exec(text_of(served, "field-code"), space)
    table = space["table"]
    assert energy_at(served) == pytest.approx(table.energy[200].item(), abs=5e-4)
    shown = text_of(served, "field-best")
    assert f"{space['best'].energy_time.item():.4g}" in shown


def test_the_file_holds_the_numbers_of_charge(served, tmp_path):
    rows = list(csv.DictReader(io.StringIO(downloaded_as(served, "star.csv", tmp_path))))
    table = qb.models.star().charge(qb.bloch(np.pi), np.linspace(0, 6, 401), ["energy", "power"])
    for name in ("energy", "power"):
        assert [float(row[name]) for row in rows] == table[name].values.tolist()


def downloaded_as(browser, name, folder):
    browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    click(browser, "field-csv")
    path = folder / name
    until(lambda: path.exists() and path.stat().st_size)
    return path.read_text()


def test_the_page_leads_from_one_view_to_the_other_and_back(served):
    visible = "return ['pair', 'field'].filter((id) => !document.getElementById(id).hidden)"
    assert served.run(visible) == ["field"]
    type_into(served, "field-coupling", "0.7")
    click(served, "to-pair")
    served.until("return !document.getElementById('pair').hidden")
    assert served.run(visible) == ["pair"]
    type_into(served, "theta", "pi/2")
    assert hash_of(served) == "#theta=pi/2"
    click(served, "to-field")
    served.until("return !document.getElementById('field').hidden")
    assert hash_of(served) == "#system=star&coupling=0.7"
    served.run("history.back()")
    served.until("return location.hash === '#theta=pi/2'")
    assert served.later("return document.getElementById('theta').value") == "π/2"
    ready_later = "return !document.getElementById('pair').hidden"
    assert served.run(ready_later)


def test_the_address_restores_a_system_and_back_and_forward_work(served, server):
    address = "#system=tavis_cummings&state=coherent&start.alpha=1.5&cells=3&last=2&time=0.25"
    served.open("about:blank")
    served.open(f"{server.address}{address}")
    ready(served)
    boxes = ("field-state", "field-start.alpha", "field-cells", "field-last")
    values = [served.run("return document.getElementById(arguments[0]).value", b) for b in boxes]
    assert values == ["coherent", "1.5", "3", "2"]
    assert hash_of(served) == address
    table = qb.models.tavis_cummings(cells=3).charge(qb.coherent(1.5), 0.5, ["energy"])
    assert energy_at(served) == pytest.approx(table.energy.item(), abs=5e-4)
    choose(served, "field-model", "dicke")
    ready(served)
    assert hash_of(served) == "#system=dicke"
    served.run("history.back()")
    served.until("return document.getElementById('field-model').value === 'tavis_cummings'")
    ready(served)
    assert hash_of(served) == address
    assert served.run("return document.getElementById('field-start.alpha').value") == "1.5"


def choose(browser, name, value):
    browser.later(
        """const list = document.getElementById(arguments[0]);
        list.value = arguments[1];
        list.dispatchEvent(new Event("change", { bubbles: true }));""",
        name,
        value,
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("chargers", "0", "at least 1"),
        ("coupling", "<img src=x onerror=alert(1)>", "must be a number"),
        ("last", "soon", "must be a number"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_control(served, name, text, said):
    before = text_of(served, "field-best")
    type_into(served, f"field-{name}", text)
    shown = f"return document.getElementById('field-{name}-error').textContent"
    assert said in served.until(shown)
    marked = "return document.getElementById(arguments[0]).getAttribute('aria-invalid')"
    assert served.run(marked, f"field-{name}") == "true"
    assert text_of(served, "field-best") == before
    assert text_of(served, "field-certified").startswith("Of the values before")
    assert served.run("return document.querySelectorAll('#field img').length") == 0
    click(served, "field-reset")
    ready(served)
    assert served.run(shown) == ""


def test_a_number_has_the_letter_that_it_has_in_the_hamiltonian(served):
    labels = "return [...document.querySelectorAll('#field-rows label')].map(e => e.textContent)"
    assert {"chargers N", "coupling J"} <= set(served.run(labels))
    choose(served, "field-model", "spin_chain")
    assert {"field B", "drive Ω", "anisotropy α", "range p"} <= set(served.run(labels))


def test_what_is_about_no_control_stands_above_the_curves(served, server):
    served.open(f"{server.address}#system=spin_chain&cells=26")
    said = served.until("return document.getElementById('field-refused').textContent")
    assert "Too large" in said
    assert "fewer measures" not in said


def test_a_click_on_the_map_opens_its_point(served, server):
    served.open("about:blank")
    served.open(f"{server.address}#system=qubit_pair&map=coupling,charger_loss,energy_max")
    served.until("return document.querySelector('#field-map image') !== null")
    ready(served)
    left, top, width, height = served.run(
        """const box = document.querySelector("#field-map .map-picture");
        box.scrollIntoView({ block: "center" });
        const { left, top, width, height } = box.getBoundingClientRect();
        return [left, top, width, height];"""
    )
    served.drag((left + 56 + (width - 148) / 2, top + 26 + (height - 68) / 4))
    served.until("return location.hash.includes('charger_loss=')")
    given = dict(part.split("=") for part in hash_of(served)[1:].split("&"))
    assert float(given["coupling"]) == pytest.approx(1.525, abs=0.02)
    assert float(given["charger_loss"]) == pytest.approx(1.5, abs=0.02)
    code = "return document.getElementById('field-code').textContent.includes(arguments[0])"
    served.until(code, f"charger_loss={given['charger_loss']}")
    ready(served)


def test_a_place_of_the_map_without_a_system_says_so(served, server):
    served.open("about:blank")
    served.open(f"{server.address}#system=qubit_pair&map=detuning,coupling,energy_at")
    served.until(  # once the map is whole
        """const box = document.querySelector("#field-map .map-picture");
        const { left, top, height } = box.getBoundingClientRect();
        const there = { clientX: left + 60, clientY: top + height / 2 };
        box.dispatchEvent(new PointerEvent("pointermove", there));
        const said = document.querySelector("#field-map .map-pointed").textContent;
        return said.includes("no such system exists");"""
    )
    assert "Where it is empty no such system exists" in text_of(served, "field-map")


def test_what_cannot_be_certified_says_so_and_its_lines_run_too(served):
    choose(served, "field-model", "classical_drive")
    said = "return document.getElementById('field-certified').textContent"
    served.until(f"{said}.startsWith('The largest of the moments shown. A certified')")
    space = {}
    exec(text_of(served, "field-code"), space)
    assert f"{space['best'].energy.item():.4g}" in text_of(served, "field-best")


def test_two_pages_at_once_do_not_disturb_each_other(served, server):
    """One works on what takes long, and the other has its answer all the same."""
    first = served.run("return document.getElementById('field-code').textContent")
    served.run("location.hash = '#system=dicke&cells=60&start.n=60&last=300'")
    served.until("return document.getElementById('field-progress').textContent.includes('…')")
    answers = lines(server, "/system", page="another", model="star")
    assert answers[0]["code"] == first
    assert "certified" in answers[1]
    assert "…" in text_of(served, "field-progress")


def test_a_slider_s_last_value_wins(served):
    served.run(
        """const slider = document.getElementById("field-coupling-slider");
        for (let i = 0; i <= 40; i++) {
          slider.value = String(0.5 + i / 40);
          slider.dispatchEvent(new Event("input"));
        }
        slider.dispatchEvent(new Event("change"));"""
    )
    served.until("return document.getElementById('field-code').textContent.includes('=1.5,')")
    ready(served)
    assert hash_of(served) == "#system=star&coupling=1.5"


def test_a_long_computation_shows_progress_and_can_be_stopped(served, server):
    served.open(f"{server.address}#system=dicke&cells=60&start.n=60&last=300")
    served.until("return document.getElementById('field-progress').textContent.includes('…')")
    click(served, "field-stop")
    served.until("return document.getElementById('field-progress').textContent === ''")
    assert text_of(served, "field-refused").startswith("Stopped")
    until(lambda: server.jobs.pages() == [])


def test_a_server_that_ends_while_it_computes_is_missed(served):
    """Else the curves of other values would pass for those of the ones in the boxes."""
    other = Server(port=0)
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    served.open(f"{other.address}#system=dicke&cells=60&start.n=60&last=300")
    served.until("return document.getElementById('field-progress').textContent.includes('…')")
    other.shutdown()
    thread.join()
    other.close()
    served.until("return document.getElementById('field-refused').textContent.includes('running?')")
    assert text_of(served, "field-progress") == ""
    served.requests()


def test_sites_fill_as_time_goes_on(served):
    drawn = "return document.getElementById('field-network').innerHTML"
    before = served.later(drawn)
    served.later(
        """const scrub = document.getElementById("field-scrub");
        scrub.value = 130;
        scrub.dispatchEvent(new Event("input"));"""
    )
    assert served.later(drawn) != before
    label = served.run("return document.getElementById('field-network').getAttribute('aria-label')")
    assert "charger_0: qubit, charger" in label
    click(served, "field-play")
    served.until("return Number(document.getElementById('field-scrub').value) > 135")
    click(served, "field-play")
    assert "time=" in hash_of(served)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(served, width, scheme):
    served.screen(width, 844, scheme)
    assert served.later("return document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name(served):
    served.run("document.querySelector('#field-map .map-head').click()")
    served.until("return document.querySelector('#field-map image') !== null")
    nameless = served.run(
        """return [...document.querySelectorAll("button, input, select, svg[role]")].filter((e) =>
            !(e.getAttribute("aria-label") || e.textContent.trim() || (e.labels || []).length))
            .map((e) => e.outerHTML);"""
    )
    assert nameless == []


@pytest.mark.parametrize(("text", "value"), [("1/3", "0.3333333333333333"), ("pi/2", "1.570")])
def test_boxes_take_fractions_and_multiples_of_pi(served, text, value):
    type_into(served, "field-coupling", text)
    code = "return document.getElementById('field-code').textContent.includes(arguments[0])"
    served.until(code, f"coupling={value}")
    assert served.run("return document.getElementById('field-coupling').value") == text.replace(
        "pi", "π"
    )
    slider = served.run("return document.getElementById('field-coupling-slider').value")
    assert float(slider) == pytest.approx(float(value), abs=0.01)


@pytest.mark.parametrize("text", ["1/3", "pi/8", "-2*pi/4", "1e-1", "2pi/3", " 3 ", "π/6"])
def test_both_views_read_the_same_numbers(served, text):
    """The pair's page reads its boxes itself, and the server those of systems."""
    number = served.run("return quantumbattery.numberIn(arguments[0])", text)
    assert point_of({"model": "star", "values": {"coupling": text}}).values["coupling"] == number


def test_a_power_that_is_largest_at_once_says_so(served, server):
    served.open(f"{server.address}#system=collective_bath")
    said = "return document.querySelectorAll('#field-best tr')[1].textContent"
    served.until(f"{said}.includes('at once (t → 0)')".replace("return", "return (", 1) + ")")
    row = served.run(said)
    assert "2.000 ħω²" in row
    button = "return document.querySelectorAll('#field-best button')[1].disabled"
    assert served.run(button)


def test_best_times_have_units(served):
    assert "at t (1/ω)" in text_of(served, "field-verdict")
    assert "up to t = 6.000/ω" in text_of(served, "field-certified")


def test_on_a_phone_the_choice_of_the_system_comes_first(served):
    served.screen(390, 844)
    tops = served.later(
        """return ["field-model", "field-best", "field-rows", "field-panels"].map(
            (id) => document.getElementById(id).getBoundingClientRect().top);"""
    )
    assert tops == sorted(tops)


def test_names_of_sites_stay_in_the_picture_of_a_phone(served):
    served.screen(390, 844)
    outside = served.later(
        """const inside = document.getElementById("field-network").getBoundingClientRect();
        return [...document.querySelectorAll("#field-network text")].filter((each) => {
            const { left, right } = each.getBoundingClientRect();
            return left < inside.left - 1 || right > inside.right + 1;
        }).map((each) => each.textContent);"""
    )
    assert outside == []
