"""What a change takes on the explorer's page until it is on the screen, in a headless Chromium.

Run by itself, `PYTHONPATH=src python -m benchmarks.explorer`: it needs a browser, as the page's
tests do. Asked are 100 ms for the pair, 300 ms for the systems of the zoo, or progress shown.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from quantumbattery import models
from quantumbattery.explorer.server import Server

ROUNDS = 15
PAIR_LIMIT, SYSTEM_LIMIT = 100.0, 300.0  # ms

# A frame is on the screen when the browser has drawn it: the first task after its callbacks.
_DRAWN = """const drawn = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = then;
    port1.postMessage(0);
});"""
_MOVE = (
    _DRAWN
    + """
const [id, value, done] = arguments, slider = document.getElementById(id);
const begun = performance.now();
slider.value = value;
slider.dispatchEvent(new Event("input"));
drawn(() => done(performance.now() - begun));"""
)
# Of a system: until the curves are of the new values, and until it says that it works on them.
_SET = (
    _DRAWN
    + """
const [text, done] = arguments, box = document.getElementById("field-last");
const code = document.getElementById("field-code");
const busy = document.getElementById("field-progress"), field = document.getElementById("field");
const begun = performance.now();
let said = null;
const look = new MutationObserver(() => {
    if (said === null && busy.textContent) drawn(() => { said ??= performance.now() - begun; });
    if (!code.textContent.includes(`linspace(0.0, ${text},`)) return;
    look.disconnect();
    drawn(() => done([performance.now() - begun, said]));
});
look.observe(field, { childList: true, subtree: true, characterData: true });
box.value = text;
box.dispatchEvent(new Event("change"));"""
)
_IDLE = """return /^(Certified|The largest)/.test(
    document.getElementById("field-certified").textContent)"""


def pair(browser: Any, address: str) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds from a slider's move to the new picture."""
    moves = {
        "polar angle": ("#", "theta-slider", 40, 1),
        "charger loss": ("#", "charger_loss-slider", 0.5, 0.01),
        "loss, 4001 moments": ("#coupling=10&last=100", "charger_loss-slider", 0.5, 0.01),
        "loss, five angles": ("#five=1", "charger_loss-slider", 0.5, 0.01),
    }
    for name, (state, slider, first, step) in moves.items():
        browser.open("about:blank")
        browser.open(address + state)
        took = [browser.wait(_MOVE, slider, first + i * step) for i in range(ROUNDS)]
        yield name, took[2:]  # the first ones compile


def systems(browser: Any, address: str) -> Iterator[tuple[str, list[float], list[float]]]:
    """The same of a number of each system: to its curves, and to the word that it is at work."""
    for name in models.__all__:
        browser.open("about:blank")
        browser.open(f"{address}#system={name}")
        browser.until(_IDLE)
        found = [browser.wait(_SET, f"{5 + i / 16}") for i in range(ROUNDS // 2)]
        said = [word for _, word in found if word is not None]
        yield name, [took for took, _ in found], said


def main() -> None:
    """Print least and median of all."""
    driven = import_module("tests.explorer.browser")
    if reason := driven.missing():
        print(reason)
        return
    serving = Server(port=0)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        browser = driven.Browser(Path(folder))
        try:
            browser.screen(1440, 900)
            print(f"pair (asked: {PAIR_LIMIT:g} ms)", flush=True)
            for name, took in pair(browser, serving.address):
                print(_row(name, took), flush=True)
            print(f"systems (asked: {SYSTEM_LIMIT:g} ms, or progress shown)", flush=True)
            for name, took, said in systems(browser, serving.address):
                more = f"; progress after {statistics.median(said):.0f} ms" if said else ""
                print(_row(name, took) + more, flush=True)
        finally:
            browser.close()
            serving.shutdown()
            serving.close()


def _row(name: str, took: list[float]) -> str:
    return f"  {name:24} least {min(took):6.0f} ms, median {statistics.median(took):6.0f} ms"


if __name__ == "__main__":
    main()
