"""axe-core, which looks for what keeps people with other eyes and hands out, has no complaint."""

from importlib.resources import files

import pytest

# Runs beside the page's own script, past its security policy, as a browser's extension does.
LOOK = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => done(violations.map(
    ({ id, impact, help, nodes }) => [impact, id, help, nodes.map((n) => n.target.join(" "))])));
"""
STATES = [
    ("first view", "", ""),
    ("a preset with loss", "#theta=pi&charger_loss=0.5&panel=energies", ""),
    ("a bad value", "#coupling=99&theta=7", ""),
    ("equations", "", "document.querySelector('.panel summary').click()"),
    ("lines of Python", "", "document.querySelector('#python summary').click()"),
    ("five angles, hidden curves", "#five=1&hidden=ergotropy,power&charger_loss=0", ""),
]


@pytest.fixture(scope="module")
def axe():
    """Its script, as a package of the extra [test] ships it."""
    return (files(pytest.importorskip("axe_core_python")) / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("address", "click"), [state[1:] for state in STATES],
                         ids=[state[0] for state in STATES])  # fmt: skip
def test_axe_finds_nothing_serious(blank, page_file, axe, address, click, width, scheme):
    blank.screen(width, 844, scheme)
    blank.open(f"{page_file.as_uri()}{address}")
    blank.later(click)
    blank.run(axe)
    found = blank.wait(LOOK)
    assert [each for each in found if each[0] in ("serious", "critical")] == []


# What is of the values before stays on the screen: beside a refused value, and as long as it lasts.
OLD = {
    "a refused value": """const box = document.getElementById("field-coupling");
        box.value = "strong"; box.dispatchEvent(new Event("change", { bubbles: true }));""",
    "work going on": "location.hash = '#system=dicke&cells=60&start.n=60&last=300'",
    "curves": "",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("state", list(OLD))
def test_axe_finds_nothing_serious_in_the_view_of_systems(served, axe, state, width, scheme):
    served.screen(width, 844, scheme)
    served.run(OLD[state])
    if OLD[state]:
        served.until("return document.querySelector('#field-panels.old') !== null")
        assert served.run("return document.getElementById('field-old').innerText") != ""
        faded = """return [...document.querySelectorAll("#field, #field *")].filter(
            (each) => Number(getComputedStyle(each).opacity) < 1 && !each.closest("svg")).length"""
        assert served.run(faded) == 0  # axe leaves texts on faded pictures alone
    served.run(axe)
    found = served.wait(LOOK)
    assert [each for each in found if each[0] in ("serious", "critical")] == []
