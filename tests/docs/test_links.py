"""The check of the built book's links finds what is wrong, and nothing else."""

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "docs" / "check_links.py"


@pytest.fixture
def check():
    spec = importlib.util.spec_from_file_location("check_links", PLACE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(folder, body):
    (folder / "deep").mkdir()
    (folder / "_static").mkdir()
    (folder / "_static" / "a b.css").write_text("p { background: url('dot.png') } @url(data:x)")
    (folder / "_static" / "dot.png").write_bytes(b"")
    (folder / "_static" / "template.html").write_text('<a href="{{ no page }}">x</a>')
    (folder / "deep" / "there.html").write_text('<h2 id="work">Work</h2><a href="../index.html">')
    (folder / "index.html").write_text(body)
    return folder


def test_a_whole_book_has_no_faults(tmp_path, check):
    body = """<h1 id="a-name">x</h1> <a href="#a-name">here</a> <a href="#">top</a>
        <a href="deep/there.html#work">there</a> <a href="https://example.org/a#b">outside</a>
        <a href="deep/there.html#theta=pi/2">in a state</a>
        <a href="mailto:a@example.org">mail</a> <img src="data:image/png;base64,AA">
        <link href="_static/a%20b.css?digest=1">"""
    assert check.faults(built(tmp_path, body)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="gone.html">', "gone.html leads nowhere"),
        ('<a href="deep">', "deep leads nowhere"),
        ('<a href="#gone">', "#gone has no such anchor there"),
        ('<a href="deep/there.html#play">', "deep/there.html#play has no such anchor there"),
        ('<img src="gone.png">', "gone.png leads nowhere"),
        ('<script src="https://example.org/a.js"></script>', "is fetched from elsewhere"),
        ('<link href="//example.org/a.css">', "is fetched from elsewhere"),
    ],
)
def test_what_is_wrong_is_said_once(tmp_path, check, body, said):
    (fault,) = check.faults(built(tmp_path, body + body))
    assert fault.startswith("index.html: ")
    assert fault.endswith(said)


def test_a_style_that_takes_what_is_not_there(tmp_path, check):
    folder = built(tmp_path, "")
    (folder / "_static" / "dot.png").unlink()
    assert check.faults(folder) == ["_static/a b.css: dot.png leads nowhere"]


def test_a_folder_without_pages_is_no_book(tmp_path, check):
    assert check.faults(tmp_path) == [f"{tmp_path.resolve()} has no pages"]
