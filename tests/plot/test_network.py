"""Networks are drawn as SVG that any XML reader takes."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.plot.network import network

TAG = "{http://www.w3.org/2000/svg}"


def drawn(system):
    """The drawing as a tree, its texts, and the places of its sites by name."""
    named = f'<svg xmlns="{TAG[1:-1]}" '
    tree = ElementTree.fromstring(network(system).replace("<svg ", named))
    texts = [each.text for each in tree.iter(f"{TAG}text")]
    names = [each for each in tree.iter(f"{TAG}text") if each.get("font-weight")]
    places = {each.text: (float(each.get("x")), float(each.get("y"))) for each in names}
    return tree, texts, places


def lines(tree):
    return [path for path in tree.iter(f"{TAG}path") if path.get("d").startswith("M")
            and ("L" in path.get("d") or "Q" in path.get("d"))]  # fmt: skip


def test_chargers_stand_left_of_what_they_reach():
    sites = dict.fromkeys(["z", "bus", "a", "b"], qb.Qubit())
    links = [qb.exchange("z", "bus", 1.0), qb.exchange("bus", "a", 1.0), qb.exchange("bus", "b", 1)]
    tree, texts, places = drawn(qb.System(sites, links, "z", ["a", "b"]))
    across = {name: x for name, (x, _) in places.items()}
    assert across["z"] < across["bus"] < across["a"] == across["b"]
    assert places["a"][1] != places["b"][1]
    assert len(lines(tree)) == 3
    assert texts.count("Qubit, battery") == 2


def test_what_acts_on_a_site_is_said():
    system = qb.models.qubit_pair(charger_loss=0.1)
    _, texts, _ = drawn(system)
    assert texts.count("loss") == 1
    sites = {"battery": qb.Oscillator(loss=0.1, dephasing=0.1)}
    driven = qb.System(sites, [qb.drive("battery", 0.1, 1.0)], charger=[])
    _, texts, _ = drawn(driven)
    assert {"drive", "noise", "Oscillator"} <= {*texts}


@pytest.mark.parametrize("count", [4, 5, 60])
def test_of_many_alike_the_middle_is_left_out(count):
    tree, _, places = drawn(qb.models.star(chargers=count))
    assert len(places) == (5 if count == 4 else 4)
    dots = [each for each in tree.iter(f"{TAG}circle") if float(each.get("r")) < 3]
    assert len(dots) == (0 if count == 4 else 3)
    assert float(tree.get("height")) < 600


def test_a_long_chain_fits_a_page():
    tree, _, places = drawn(qb.models.chain(couplings=(1.0,) * 99))
    assert float(tree.get("width")) < 1000
    assert len(places) == 6
    assert len(lines(tree)) == 6  # to the dots and from them too


def test_names_are_escaped_and_shortened():
    name = "<b>&" + "x" * 40
    sites = {name: qb.Qubit(), "battery": qb.Qubit()}
    system = qb.System(sites, [qb.exchange(name, "battery", 1.0)], name)
    assert "<b>" not in network(system)
    _, _, places = drawn(system)
    assert sorted(map(len, places)) == [7, 15]


def test_what_joins_many_and_what_joins_nothing():
    sites = dict.fromkeys("abcde", qb.Qubit())
    shared = qb.dissipator(dict.fromkeys("abcd", 1.0), 0.1)
    tree, _, places = drawn(qb.System(sites, [shared], "a", ["b", "c"]))
    assert len(places) == 5
    assert [line.get("stroke-dasharray") for line in lines(tree)] == ["2 4"] * 3
    alone = qb.System({"battery": qb.Qudit([0.0, 1.0, 3.0])}, [], charger=[])
    tree, texts, _ = drawn(alone)
    assert "Qudit, battery" in texts or "Qudit" in texts
    assert np.isfinite(float(tree.get("width")))


def test_a_blind_reader_is_told_the_same():
    tree, _, _ = drawn(qb.models.chain(couplings=(1.0,) * 3))
    assert tree.get("role") == "img"
    assert "charges" in tree.get("aria-label")
    assert "3 exchange" in tree.get("aria-label")
