"""The built book as its readers see it: `make pages`, after `make docs`; else skipped.

Every page, light and dark, is looked at by axe-core, on a phone and on a desk; nothing is wider
than its window, nothing is asked of the network, and the search works from a disk.
"""

import os
from importlib.resources import files
from pathlib import Path

import pytest

from explorer.browser import Browser, missing

BUILT = Path(os.environ.get("BOOK", "no-book")).absolute()
PAGES = sorted(
    str(page.relative_to(BUILT)) for page in BUILT.rglob("*.html") if "_static" not in page.parts
)
LOOK = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"], iframes: false }).then(({ violations }) =>
  done(violations.map(({ id, impact, help, nodes }) =>
    [impact, id, help, nodes.slice(0, 5).map((n) => n.target.join(" "))])));
"""
WIDE = """
const room = arguments[0];  // a phone makes room for what is wider
return document.documentElement.scrollWidth <= room ? [] :
  [...document.querySelectorAll(".bd-article *")].filter((each) =>
    each.getBoundingClientRect().right > room + 1).slice(0, 5).map((each) => each.outerHTML);
"""
STILL = """
const style = document.createElement("style");
style.textContent = "* { transition: none !important }";
document.head.append(style);
"""
FOUND = "return [...document.querySelectorAll('#search-results li a')].map((a) => a.textContent)"

pytestmark = pytest.mark.skipif(not PAGES, reason="looks at the built book: make docs pages")


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def browser(window):
    """At the end nothing must have been asked of the network."""
    window.open("about:blank")
    window.log("browser")
    window.requests()
    yield window
    own = ("file:", "data:", "blob:", "about:blank")
    assert [address for address in window.requests() if not address.startswith(own)] == []


@pytest.fixture(scope="module")
def axe():
    """Its script, as a package of the extra [test] ships it."""
    return (files(pytest.importorskip("axe_core_python")) / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_all(browser, axe, name, scheme, width):
    browser.screen(width, 900, scheme)
    browser.open((BUILT / name).as_uri())
    browser.until("return document.documentElement.dataset.theme === arguments[0]", scheme)
    browser.run(STILL)
    assert browser.later(WIDE, width) == []
    browser.run(axe)
    found = browser.wait(LOOK)
    assert [each for each in found if each[0] in ("serious", "critical")] == []
    assert [each for each in browser.log("browser") if each["level"] == "SEVERE"] == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_the_explorer_is_in_its_page(browser, scheme, width):
    browser.screen(width, 900, scheme)
    browser.open((BUILT / "paper" / "index.html").as_uri())
    browser.run("document.querySelector('iframe.explorer').scrollIntoView()")
    assert "Explorer" in browser.run("return document.querySelector('iframe.explorer').title")
    browser.frame(0)
    browser.until("return document.body.textContent.includes('For the most ergotropic power')")
    dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    browser.frame(None)
    assert dark == (scheme == "dark")
    link = browser.run("return document.querySelector('.explorer-link a').href")
    assert (BUILT / "_static" / "battery.html").as_uri() in link


@pytest.mark.parametrize(
    ("word", "page"),
    [("ergotropy", "Ergotropy and its power"), ("disconnect", "When to disconnect")],
)
def test_search_works_from_a_disk(browser, word, page):
    browser.screen(1440, 900)
    browser.open(f"{(BUILT / 'search.html').as_uri()}?q={word}")
    browser.until("return document.body.textContent.includes('Search finished')")
    assert any(page in each for each in browser.run(FOUND))
