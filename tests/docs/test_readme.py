"""README is short and true; the book's tour, to which most of it moved, prints what it did."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TOUR = ROOT / "docs" / "book" / "tour.md"
LINK = re.compile(r"\]\(([^)#\s]+)")
PRINTED = {
    "## Any Hamiltonian, any loss": [
        "0.2 0.2315 0.1605",
        "0.2j 0.4019 0.3555",
        "(-0-0.2j) 0.0 0.0",
    ],
    "## Oscillators without a cut-off": [
        "Coherent 68.921 68.108",
        "Squeezed 17.901 11.791",
        "Thermal 68.921 0.0",
    ],
}


def test_it_reads_in_two_minutes():
    assert len(README.read_text("utf-8").split()) < 650


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall("```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 10
    exec(code, {})
    assert (tmp_path / "charging.png").stat().st_size > 10_000
    best, *_, work = capsys.readouterr().out.splitlines()
    t = np.linspace(0, 4, 401)  # of a full charger: work is what the population has beyond a half
    moved = (np.exp(-0.05 * t / 2) * np.sin(np.sqrt(1 - 0.025**2) * t)) ** 2 / (1 - 0.025**2)
    assert float(best) == pytest.approx((2 * moved - 1).max(), abs=1e-12)
    assert float(work) == 0.5


@pytest.mark.parametrize("title", PRINTED)
def test_the_tour_prints_what_it_did(capsys, title):
    code = TOUR.read_text("utf-8").split(f"\n{title}\n")[1].split("ipython3\n")[1].split("```")[0]
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == PRINTED[title]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_links_of_the_folder_s_pages_lead_to_files(page):
    for target in LINK.findall((ROOT / page).read_text("utf-8")):
        assert re.match(r"https?:|mailto:", target) or (ROOT / target).is_file(), target
