"""What the project says of itself is the same everywhere, and no more than is tested."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DECLARED = PROJECT["project"]
EXTRAS = DECLARED["optional-dependencies"]
OF_OURS = {"lint", "dist", "bench"}  # run at one version each, that of constraints.txt


def text(name):
    return (ROOT / name).read_text("utf-8")


def pinned(name):
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text(name), re.MULTILINE))


def lowest(requirements):
    """Name and lowest version of each; none may be without."""
    for each in requirements:
        if not each.startswith("quantumbattery["):
            yield re.fullmatch(r"([\w.-]+)>=([\w.]+)", each).groups()


def test_the_lowest_versions_declared_are_tested():
    users = [*DECLARED["dependencies"], *PROJECT["build-system"]["requires"]]
    users += [each for name in EXTRAS if name not in OF_OURS for each in EXTRAS[name]]
    pins = pinned("constraints-lowest.txt")
    assert {name: pins.get(name) for name, _ in lowest(users)} == dict(lowest(users))


def test_what_we_work_with_is_declared_as_it_is_run():
    ours = [each for name in OF_OURS for each in EXTRAS[name]]
    pins = pinned("constraints.txt")
    assert {name: pins.get(name) for name, _ in lowest(ours)} == dict(lowest(ours))


def test_the_ends_of_python_are_those_that_are_tested():
    said = re.findall(r"Python :: (3\.\d+)", "\n".join(DECLARED["classifiers"]))
    made = re.findall(r"call found,([\d. ]+)\)", text("Makefile"))
    assert DECLARED["requires-python"] == f">={said[0]}"
    assert [each.split()[0] for each in made] == [said[0], said[-1]]
    assert all(f"make {target}\n" in text(".ci/run") for target in ("lowest", "newest"))


def test_the_version_is_one():
    newest, date = re.search(r"^## (\S+) - (\S+)$", text("CHANGELOG.md"), re.MULTILINE).groups()
    cited = dict(re.findall(r"^([\w-]+): (\S+)$", text("CITATION.cff"), re.MULTILINE))
    assert newest == cited["version"] == DECLARED["version"]
    assert date == cited["date-released"]
    assert cited["license"] == DECLARED["license"]


def test_the_citation_is_one_that_github_reads():
    yaml = pytest.importorskip("yaml")
    cited = yaml.safe_load(text("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["cff-version"] == "1.2.0"
    assert all(each.get("name") or each.get("family-names") for each in cited["authors"])
    assert all({"type", "title", "authors"} <= each.keys() for each in cited["references"])


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")))
def test_forms_of_issues_are_forms(form):
    given = pytest.importorskip("yaml").safe_load(form.read_text("utf-8"))
    assert given["name"]
    assert given["description"]
    kinds = {each["type"] for each in given["body"]}
    assert kinds <= {"textarea", "input"}
    names = [each["id"] for each in given["body"]]
    assert len(names) == len(set(names))
    assert all(each["attributes"]["label"] for each in given["body"])
