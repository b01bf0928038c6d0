"""`qb.explore`: what a notebook is given, and what its frame shows."""

import html
import re
import subprocess
import sys

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.explorer.export import page
from quantumbattery.explorer.notebook import LIMITS, as_pair

PAIR = qb.QubitPair(frequency=5.0, coupling=2.0, charger_loss=0.125, battery_loss=0.5, detuning=-1)


def shown_page(explorer):
    return html.unescape(re.search(r'srcdoc="([^"]*)"', explorer._repr_html_())[1])


def state_of(explorer):
    return dict(part.split("=") for part in explorer.opened.removeprefix("#").split("&"))


def test_the_page_opens_at_the_pair_and_its_preparation():
    state = state_of(qb.explore(PAIR, qb.bloch(np.pi, 0.25)))
    assert {name: float(value) for name, value in state.items()} == {
        "coupling": 2.0, "charger_loss": 0.125, "battery_loss": 0.5, "detuning": -1.0,
        "theta": np.pi, "phi": 0.25, "last": np.pi, "time": np.pi / 5,
    }  # fmt: skip
    assert float(state_of(qb.explore(PAIR, until=3.0))["last"]) == 3.0
    assert qb.explore().opened == ""
    assert shown_page(qb.explore()) == page()


def test_the_frame_is_closed_and_named():
    frame = qb.explore(PAIR)._repr_html_()
    assert frame.count("<iframe ") == 1
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert 'title="Explorer of QubitPair(frequency=5, coupling=2, ' in frame


def test_the_page_is_saved(tmp_path):
    explorer = qb.explore(PAIR)
    out = explorer.save(tmp_path / "pair.html")
    assert out.read_text("utf-8") == shown_page(explorer)
    with pytest.raises(ValueError, match=r"must end in \.html"):
        explorer.save(tmp_path / "pair.pdf")


@pytest.mark.parametrize("name", [*LIMITS])
def test_the_page_holds_the_same(name):
    least, most = LIMITS[name]
    control = re.search(rf'key: "{name}".*?least: ([-\d.]+), most: ([-\d.]+)', page(), re.DOTALL)
    assert [float(end) for end in control.groups()] == [least, most]


@pytest.mark.parametrize(
    ("what", "options", "said"),
    [
        (3.0, {}, "explore shows a QubitPair or a System"),
        (qb.QubitPair(coupling=[1.0, 2.0]), {}, "coupling of QubitPair has 2 values; choose one"),
        (qb.QubitPair(frequency=[1.0, 2.0]), {}, "frequency of QubitPair has 2 values"),
        (qb.QubitPair(coupling=31.4), {}, "a coupling from 0.001 to 10, and got 31.4: measure all"),
        (qb.QubitPair(detuning=-30.0), {}, "a detuning from -20 to 20"),
        (PAIR, {"preparation": qb.fock(1)}, r"by bloch\(theta, phi\); got Fock"),
        (PAIR, {"preparation": qb.bloch([1.0, 2.0])}, "theta of Bloch has 2 values"),
        (PAIR, {"until": 1000.0}, "a last time from 0.01 to 100"),
        (PAIR, {"until": -1.0}, "until must be one positive and finite time"),
        (qb.models.star(), {"until": 2.0}, "say how the charger starts"),
        (qb.models.star(), {"preparation": 3.0}, "preparation"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(what, options, said):
    with pytest.raises((TypeError, ValueError), match=said) as refused:
        qb.explore(what, **options)
    assert "\n" not in str(refused.value)


def test_a_system_that_is_a_pair_opens_as_one():
    assert as_pair(PAIR.system()) == PAIR
    explorer = qb.explore(PAIR.system(), qb.bloch(1.0))
    assert state_of(explorer) == state_of(qb.explore(PAIR, qb.bloch(1.0)))


@pytest.mark.parametrize(
    "system",
    [
        qb.System(
            {"charger": qb.Qubit(dephasing=0.1), "battery": qb.Qubit()},
            [qb.exchange("charger", "battery", 1.0)],
        ),
        qb.System(
            dict.fromkeys(["charger", "battery"], qb.Qubit()),
            [qb.exchange("charger", "battery", -1.0)],
        ),
        qb.System(
            dict.fromkeys(["charger", "battery"], qb.Oscillator()),
            [qb.exchange("charger", "battery", 1.0)],
        ),
        qb.System(
            dict.fromkeys(["charger", "battery"], qb.Qubit()),
            [qb.exchange("charger", "battery", 1j)],
        ),
    ],
)
def test_what_is_no_pair_is_shown_as_a_system(system):
    assert as_pair(system) is None
    shown = qb.explore(system)._repr_html_()
    assert "<svg " in shown
    assert "<table " in shown
    assert "quantumbattery explore" in shown


def test_a_system_is_charged_and_drawn(tmp_path):
    system, start = qb.models.tavis_cummings(cells=2, coupling=0.5), qb.fock(2)
    view = qb.explore(system, start)
    assert view.table.time[-1] == pytest.approx(4 * np.pi)
    expected = system.charge(start, view.table.time, ["energy"]).energy
    np.testing.assert_allclose(view.table.energy, expected, rtol=0, atol=1e-12)
    shown = view._repr_html_()
    assert "data:image/png;base64," in shown
    assert f"stored energy, at most {float(expected.max()):.4g}" in shown
    out = view.save(tmp_path / "view.html")
    assert view._repr_html_() in out.read_text("utf-8")


def test_one_axis_is_drawn_and_more_are_refused():
    lossy = qb.models.tavis_cummings(cells=2, charger_loss=[0.0, 0.1])
    assert qb.explore(lossy, qb.fock(1), until=1.0).table.sizes == {"time": 301, "charger_loss": 2}
    with pytest.raises(ValueError, match=r"one axis, and here are \['charger_loss', 'n'\]"):
        qb.explore(lossy, qb.fock([1, 2]))


def test_a_driven_battery_needs_no_preparation():
    battery = {"battery": qb.Qubit()}
    system = qb.System(battery, [qb.drive("battery", 0.5, 1.0)], charger=[])
    assert float(qb.explore(system).table.energy.max()) == pytest.approx(1.0, abs=1e-4)


def test_the_page_is_loaded_when_it_is_shown():
    code = (
        "import sys, quantumbattery as qb;"
        "assert 'quantumbattery.explorer' not in sys.modules; e = qb.explore();"
        "assert 'quantumbattery.explorer.export' not in sys.modules;"
        "assert 'quantumbattery.plot.network' not in sys.modules;"
        "assert e._repr_html_()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- in a browser --------------------------------------------------------------------------------


def set_to(window, name, text):
    window.later(
        """const box = document.getElementById(arguments[0]);
        box.value = arguments[1];
        box.dispatchEvent(new Event("change", { bubbles: true }));""",
        name,
        text,
    )


def value_of(window, name):
    return window.later("return document.getElementById(arguments[0]).value", name)


def test_the_frame_of_a_notebook_works(window, tmp_path):
    notebook = tmp_path / "notebook.html"
    explorer = qb.explore(PAIR, qb.bloch(np.pi / 2, 0.25))
    notebook.write_text(f"<!DOCTYPE html><title>n</title>{explorer._repr_html_()}", "utf-8")
    window.screen(1000, 900)
    window.open(notebook.as_uri())
    window.frame(0)
    window.run("globalThis.failed = [];"
               "addEventListener('error', (event) => failed.push(event.message));")  # fmt: skip
    assert (value_of(window, "theta"), value_of(window, "coupling")) == ("π/2", "2")
    best = PAIR.optimum(qb.bloch(np.pi / 2, 0.25)).energy_time.item()
    assert f"{best:.4g}" in window.later("return document.getElementById('best').textContent")
    set_to(window, "theta", "pi")
    assert value_of(window, "theta") == "π"
    window.run("document.getElementById('reset').click()")
    assert value_of(window, "theta") == "π/2"
    assert window.run("return failed") == []  # a frame has no address to keep
    window.frame(None)


def test_a_saved_page_starts_again_where_it_opened(window, tmp_path):
    saved = qb.explore(PAIR, qb.bloch(np.pi / 2)).save(tmp_path / "pair.html")
    window.open(saved.as_uri())
    assert value_of(window, "coupling") == "2"
    window.open("about:blank")
    window.open(f"{saved.as_uri()}#charger_loss=1")
    assert value_of(window, "coupling") == "1"
    set_to(window, "charger_loss", "0.3")  # so that all is as a page opens by itself
    assert window.run("return location.hash") == "#time=1.3"
    window.run("document.getElementById('reset').click()")
    assert value_of(window, "coupling") == "2"
    window.run("history.back()")
    window.until("return location.hash === '#time=1.3'")
    assert value_of(window, "coupling") == "1"
