import threading

import pytest

from explorer.asking import lines, ready
from explorer.browser import Browser, missing
from quantumbattery.explorer.export import export
from quantumbattery.explorer.server import Server


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    return export(tmp_path_factory.mktemp("page") / "battery.html")


@pytest.fixture(scope="session")
def server():
    """The page, served at a port that was free."""
    serving = Server(port=0)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    lines(serving, "/system", model="qubit_pair", points="3")  # once it is warm
    yield serving
    serving.shutdown()
    thread.join()
    serving.close()


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """The browser itself, one for all tests."""
    if reason := missing():
        pytest.skip(reason)
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def blank(window, page_file):
    """Before the page, which at the end must have complained of nothing and asked for nothing."""
    window.screen(1440, 900)
    window.open("about:blank")
    window.log("browser")
    window.requests()
    yield window
    asked = [address for address in window.requests() if not address.startswith("data:")]
    own = (page_file.as_uri(), f"blob:{page_file.as_uri()[:7]}", "blob:null")
    assert [address for address in asked if not address.startswith(own)] == []
    assert window.log("browser") == []


@pytest.fixture
def browser(blank, page_file):
    """A fresh page."""
    blank.open(page_file.as_uri())
    return blank


@pytest.fixture
def served(window, server):
    """A fresh served page, which at the end must have asked its server alone and complained not."""
    window.screen(1440, 900)
    window.open("about:blank")
    window.log("browser")
    window.requests()
    window.open(f"{server.address}#system=star")
    ready(window)
    yield window
    asked = [address for address in window.requests() if not address.startswith(("data:", "blob:"))]
    assert [address for address in asked if not address.startswith(server.address)] == []
    assert window.log("browser") == []
