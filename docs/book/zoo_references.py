"""The sources of the zoo: references.bib, and the texts that cite from it."""

import re
from collections.abc import Callable
from pathlib import Path

BIB = Path(__file__).parent / "references.bib"
ACCENTS = {
    r"{\c C}": "Ç", r"{\'e}": "é", r"{\`e}": "è", r"{\`a}": "à", r"{\'\i}": "í", r"{\"o}": "ö",
}  # fmt: skip


def references() -> dict[str, dict[str, str]]:
    """The fields of each entry of references.bib, by its key."""
    found = re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}", BIB.read_text(), re.MULTILINE | re.DOTALL)
    field = re.compile(r"^  (\w+)\s*= \{(.*)\},$", re.MULTILINE)
    return {key: dict(field.findall(body), kind=kind) for kind, key, body in found}


def _plain(text: str) -> str:
    for tex, letter in ACCENTS.items():
        text = text.replace(tex, letter)
    return text.replace("{", "").replace("}", "")


def place(found: dict[str, str]) -> str:
    """Where it appeared, as the zoo writes it."""
    if "journal" in found:
        return f"{found['journal']} {found['volume']}, {found['pages']} ({found['year']})"
    return f"arXiv:{found['eprint']}" if "eprint" in found else ""


def cited(found: dict[str, str]) -> list[str]:
    """How the zoo may cite it: by its place, or by names and year."""
    names = [each.split(",")[0] for each in found["author"].split(" and ")]
    short = " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
    forms = [
        f"{place(found)} ({found.get('year')})",
        place(found),
        f"{short} {found.get('year')}",
        f"{short} ({found.get('year')})",
    ]
    return [form for form in forms if form]


def linked(text: str, escape: Callable[[str], str]) -> str:
    """Markdown in which each citation leads to its reference."""
    keys = {form: key for key, found in references().items() for form in cited(found)}
    each = re.compile("|".join(re.escape(form) for form in sorted(keys, key=len, reverse=True)))
    done, end = "", 0
    for hit in each.finditer(text):
        done += escape(text[end : hit.start()]) + f"{{ref}}`{hit[0]} <ref-{keys[hit[0]]}>`"
        end = hit.end()
    return done + escape(text[end:])


def listed() -> str:
    """All as a list in Markdown, the newest first, each where its citations lead."""
    known = {key: found for key, found in references().items() if found["kind"] != "software"}
    keys = sorted(known, key=lambda key: (-int(known[key]["year"]), key))
    return "\n".join(f"- (ref-{key})=\n  {_reference(known[key])}" for key in keys)


def _reference(found: dict[str, str]) -> str:
    people = [_turned(each) for each in _plain(found["author"]).split(" and ")]
    if len(people) > 6:
        people = [people[0], "others"]
    said = " and ".join([", ".join(people[:-1]), people[-1]] if people[1:] else people)
    where = place(found).replace(f" {found.get('volume')}, ", f" **{found.get('volume')}**, ")
    if not where.endswith(")"):
        where = f"{where} ({found['year']})".strip()
    gap = " " if where.startswith("(") else ", "
    return f"{said.replace(' and others', ' et al.')}, *{_plain(found['title'])}*{gap}{where}"


def _turned(person: str) -> str:
    last, _, first = person.partition(", ")
    return f"{first} {last}".strip()
