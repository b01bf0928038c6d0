import re
import subprocess
import sys

import pytest

from quantumbattery.explorer.export import export, page
from quantumbattery.plot.style import COLOURS
from quantumbattery.quantities.measures import MEASURES


def explore(*words):
    return subprocess.run(
        [sys.executable, "-m", "quantumbattery", "explore", *words], capture_output=True, text=True
    )


def test_the_command_writes_the_page(tmp_path):
    out = tmp_path / "battery.html"
    done = explore("--export", str(out))
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    assert out.read_text("utf-8") == page()
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("battery.pdf", "must end in .html"),
        ("nowhere/battery.html", "not an existing folder"),
    ],
)
def test_the_command_refuses_in_one_sentence(name, said, tmp_path):
    done = explore("--export", str(tmp_path / name))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_older_page_is_replaced(tmp_path):
    out = tmp_path / "battery.html"
    out.write_text("old")
    export(out)
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_page_is_whole_and_points_nowhere():
    text = page()
    assert "{{" not in text
    assert not re.search(r"(src|href)=(?!\"data:,\")", text.split("<script>")[0])
    without_name = text.replace("http://www.w3.org/2000/svg", "")  # names SVG, nobody asks for it
    assert "http" not in re.sub(r"http-equiv", "", without_name)
    assert text.count("<script>") == text.count("</script>") == 1
    assert not re.search(r"\beval\b|new Function|document\.write|localStorage|fetch\(", text)
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert "connect-src" not in text
    assert "MODELS" not in text  # what needs a server is not offered
    assert "Systems of the field" not in text


def test_a_state_given_at_first_stays_a_text():
    assert page("#theta=</script><b>").count("</script>") == 1


def test_names_and_colours_are_those_of_tables_and_plots():
    text = page()
    assert all(quantity.long_name in text for quantity in MEASURES.values())
    assert all(colour in text for colour in COLOURS)
