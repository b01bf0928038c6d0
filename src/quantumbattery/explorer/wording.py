"""What docstrings say, as a page shows it: titles, meanings of numbers, and their letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getdoc
from typing import Any

from quantumbattery import models

# Signs of mathematics where docstrings have words. The loss of a named system is gamma there as in
# the founding paper, whose letters the pair's page has too.
_SIGNS = (
    (r"\^dag", "†"), (r"sqrt\(", "√("), (r"\bsum over\b", "Σ over"), (r">=", "≥"),
    (r"iwt\b", "iωt"), (r"\bw\b", "ω"), (r"\b[oO]m\b", "Ω"), (r"\bg_([ab])\b", r"γ_\1"),
    (r"\balpha\b", "α"), (r"\blambda\b", "λ"), (r"\btheta\b", "θ"), (r"\bphi\b", "φ"),
    (r"\bpi\b", "π"), (r"\bhbar\b", "ħ"), (r"\bsigma_", "σ_"), (r"\^2\b", "²"),
    (r"\|(\w+)>", r"|\1⟩"), (r"<([012])\|", r"⟨\1|"), (r"<A>", "⟨A⟩"), (r"√\((\w)\)", r"√\1"),
)  # fmt: skip
# What only whoever writes Python needs: other names, arrays, ensembles.
_NOT_HERE = re.compile(
    r";? loss is taken for the (first|same)|; on an Ensemble of cells[^.]*|"
    r": each a float, a 1-D array_like.*(?=\.)|;? ?A 1-D array becomes the axis [^.]*\.|"
    r"; as of (coherent|squeezed|thermal)"
)
_LETTER = r"[A-Za-zα-ωΑ-Ω]{1,2}(?:_[a-z])?"
_LETTERS = re.compile(rf"({_LETTER})(?: and ({_LETTER}))?(?=[,;:.]| =|$)")


def head(make: Callable[..., Any]) -> tuple[str, str]:
    """The first line, and what follows it up to the list of parameters."""
    text = (getdoc(make) or "").split("\nParameters\n")[0]
    title, _, rest = text.partition("\n")
    return _shown(title, make), _shown(rest, make)


def meanings(make: Callable[..., Any]) -> dict[str, tuple[str, str]]:
    """Of each parameter its letter, if it has one, and what the docstring says of it."""
    found = {}
    for names, text in _entries(getdoc(make) or ""):
        other = re.match(r"As of `?(\w+)", text)
        for i, name in enumerate(names):
            if other:  # there it says what the number is
                found[name] = meanings(getattr(models, other[1])).get(name, ("", text))
            else:
                shown = _shown(text, make)
                found[name] = (_letter(shown, i, len(names)), shown)
    return found


def sentence(said: str, controls: Iterable[str]) -> str:
    """A sentence of the library as the page has it: controls have plain names, and it is whole."""
    word = re.match(r"\w+", said)
    if word and word[0] in controls:
        said = word[0].replace("_", " ") + said[word.end() :]
    return f"{said[:1].upper()}{said[1:].removesuffix('.')}."


def sentences(said: Mapping[str, str]) -> dict[str, str]:
    """The same of all, by the controls that they stand beside."""
    return {key: sentence(text, {key.removeprefix("start.")}) for key, text in said.items()}


def _letter(text: str, place: int, count: int) -> str:
    """The letter in the Hamiltonian, with which a meaning begins; of several names, one each."""
    match = _LETTERS.match(text)
    if match is None or (count > 1) != bool(match[2]):
        return ""
    return match[place + 1] or ""


def _entries(doc: str) -> Iterator[tuple[list[str], str]]:
    """The names of each entry in the list of parameters, and its text."""
    _, _, rest = doc.partition("\nParameters\n")
    names: list[str] = []
    lines: list[str] = []
    for line in rest.splitlines()[1:]:
        if line.startswith(" "):
            lines.append(line.strip())
            continue
        yield names, " ".join(lines)
        if not line.strip() or line.startswith("--"):
            return
        names, lines = [each.strip() for each in line.split(" : ")[0].split(",")], []
    yield names, " ".join(lines)


def _shown(text: str, make: Callable[..., Any]) -> str:
    """A text without marks of markup, in signs, and without what is of Python alone."""
    text = _NOT_HERE.sub("", " ".join(text.replace("`", "").split())).strip()
    for word, sign in _own(make):
        text = re.sub(word, sign, text)
    for word, sign in _SIGNS:
        text = re.sub(word, sign, text)
    return text


def _own(make: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """Letters that mean different things in different systems."""
    given = getattr(make, "__annotations__", {})
    if "detuning" in given:
        yield r"\bd\b", "Δ"
    if "charger_loss" in given:
        yield r"\bk\b", "κ"
    if "loss" in given and "coupling" not in given:
        yield r"\bg\b", "γ"
