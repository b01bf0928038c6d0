"""`make bench` writes the page that the book has, with a date and a machine."""

import re
from pathlib import Path

from benchmarks import page
from benchmarks.scaling import Curve, Panel

PAGE = Path(__file__).parents[2] / "docs" / "book" / "benchmarks.md"


def test_the_book_s_page_is_as_a_run_writes_it(tmp_path, monkeypatch):
    stamp = "Measured on 2026-01-02: a processor, 2 cores; Python 3.11."
    monkeypatch.setattr(page, "stamp", lambda: stamp)
    rows = [(begins, f"{k} x", "1 s", "<= 1 s", True) for k, begins in enumerate(page.SUMMARY)]
    panel = Panel("Cells", "number", (Curve("ours", "us", (1, 10), (0.1, 1.0), "time"),))
    page.write(rows, [panel], tmp_path)
    text, kept = (tmp_path / "benchmarks.md").read_text("utf-8"), PAGE.read_text("utf-8")
    assert text.count(stamp) == 1
    assert "| Cells | ours | 10 | 1 s | over 2 s |" in text
    prose = [line for line in text.splitlines() if line and line[0] not in "|M0123456789"]
    assert set(prose) <= set(kept.splitlines())
    measured = r"^Measured on 20\d\d-\d\d-\d\d: .+, \d+ cores; Python [\d.]+, numpy"
    assert re.search(measured, kept, re.MULTILINE)
