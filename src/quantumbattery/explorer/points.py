"""What a page asks for, read and checked: a system, how it starts, and the moments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.explorer.catalogue import EMPTY, Control, Model, Start, catalogue
from quantumbattery.network import preparations
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import choices
from quantumbattery.quantities.parsing import amplitude, angle, real
from quantumbattery.quantities.quoted import quoted

POINTS = 401
_MOST_POINTS = 4001
_LONGEST = 200  # characters of a value
_LIST = 24  # values in a list
_WORDS = ("global", "collective", "local")


class RefusedError(ValueError):
    """Values that make no sense: sentences by the control that they belong to; "" is none."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__("; ".join(sentences.values()))
        self.sentences = dict(sentences)


@dataclass(frozen=True)
class Point:
    """One system with its numbers, ready to be charged."""

    model: Model
    values: Mapping[str, Any]  # of the model
    start: Start
    numbers: Mapping[str, Any]  # of the preparation
    last: float
    count: int
    disconnect: float | None
    extraction: str
    axes: Mapping[str, Any] = field(default_factory=dict)  # what is put instead, by control

    @property
    def times(self) -> Array:
        """The moments."""
        return np.linspace(0.0, self.last, self.count)

    def system(self) -> System:
        """The system; raises `RefusedError` in the library's words."""
        given = self._with_axes(self.values, "")
        made: System = _made(getattr(models, self.model.name), given, "")
        return made

    def preparation(self) -> Any:
        """How it starts."""
        if self.start.name == EMPTY:
            return {}
        given = self._with_axes(self.numbers, "start.")
        return _made(getattr(preparations, self.start.name), given, "start.")

    def _with_axes(self, values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        given = dict(values)
        for name, value in self.axes.items():
            if not name.startswith(prefix) or (not prefix and name.startswith("start.")):
                continue
            key, _, place = name.removeprefix(prefix).partition(".")
            given[key] = _replaced(given[key], int(place), value) if place else value
        return given


def _replaced(values: list[Any], place: int, value: Any) -> list[Any]:
    return [value if i == place else each for i, each in enumerate(values)]


def _made(make: Any, given: Mapping[str, Any], prefix: str) -> Any:
    try:
        return make(**given)
    except (TypeError, ValueError) as error:
        place, said = place_of(str(error), given, prefix), str(error)
        if not place and "frequency must be positive" in said and "detuning" in given:
            place, said = "detuning", _below_nothing(given)
        raise RefusedError({place: said}) from None


def _below_nothing(given: Mapping[str, Any]) -> str:
    """Why there is no charger of a detuning."""
    frequency, detuning = given["frequency"], np.min(given["detuning"])
    if not np.min(frequency) > 0:
        return f"frequency must be positive; got {np.min(frequency):.6g}"
    return (
        f"detuning must be above {-np.min(frequency):.6g}, minus the battery's frequency, so that "
        f"the charger's own frequency is positive; got {detuning:.6g}"
    )


def place_of(sentence: str, names: Iterable[str], prefix: str = "") -> str:
    """The control that a sentence begins with; "" if it is about none, or about several."""
    word = re.match(r"\w+", sentence)
    if word is None:
        return ""
    found = [name for name in names if word[0] in (name, f"{name}_0", name.removesuffix("s"))]
    return prefix + found[0] if found else ""


def point_of(asked: Mapping[str, Any]) -> Point:
    """Read what a page asks for; `RefusedError` says what makes no sense, beside which control."""
    name = _text(asked, "model", "qubit_pair")
    if name not in catalogue():
        raise RefusedError({"": f"there is no model {quoted(name)}; {choices(name, catalogue())}"})
    model = catalogue()[name]
    starts = {each.name: each for each in model.starts}
    state = _text(asked, "state", model.starts[0].name)
    if state not in starts:
        raise RefusedError(
            {"state": f"the state is one of {', '.join(starts)}; got {quoted(state)}"}
        )
    wrong: dict[str, str] = {}
    values = _read_all(model.controls, asked.get("values", {}), "", wrong)
    numbers = _read_all(starts[state].controls, asked.get("values", {}), "start.", wrong)
    last = _read("last", wrong, lambda: _last(_text(asked, "last", model.last)))
    count = _read("points", wrong, lambda: _count(_text(asked, "points", str(POINTS))))
    end = _read("disconnect", wrong, lambda: _disconnect(_text(asked, "disconnect", "never")))
    how = _text(asked, "extraction", "global")
    if how not in _WORDS:
        wrong["extraction"] = f"extraction is one of {', '.join(_WORDS)}; got {quoted(how)}"
    if wrong:
        raise RefusedError(wrong)
    return Point(model, values, starts[state], numbers, last, count, end, how)


# --- single values -------------------------------------------------------------------------------


def read(control: Control, text: str) -> Any:
    """One value as its control takes it; ValueError, in words, if it is none."""
    name, shown = control.name, text.strip()
    if control.kind == "angle":
        return angle(name, text)
    if control.kind == "flag":
        if shown.lower() not in ("true", "false"):
            raise ValueError(f"{name} is true or false; got {quoted(shown, 40)}")
        return shown.lower() == "true"
    if control.kind == "list":
        parts = shown.split(",")
        if len(parts) > _LIST:
            raise ValueError(f"{name} are at most {_LIST} numbers here; got {len(parts)}")
        return [_real(name, part, "1.0, 1.0") for part in parts]
    if control.kind == "complex":
        return amplitude(name, shown)
    value = _real(name, shown, control.default)
    if control.kind == "whole":
        if value % 1 or not abs(value) < np.inf:
            raise ValueError(f"{name} must be a whole number such as {control.default}; got {text}")
        if value > control.most:
            raise ValueError(
                f"{name} may be {control.most:,} at most on this page, which answers in a minute "
                f"or not at all; got {shown:.40}. In Python there is no such limit"
            )
        return int(value)
    return value


def _real(name: str, text: str, such: str) -> float:
    try:
        return real(text)
    except ValueError:
        raise ValueError(
            f"{name} must be a number such as {such}, 1/3 or pi/2; got {quoted(text.strip(), 40)}"
        ) from None


def _last(text: str) -> float:
    value = _real("the last time shown", text, "6")
    if not 0 < value < 1e9:
        raise ValueError(
            f"the last time shown must be positive, and below 1e9; got {quoted(text, 40)}"
        )
    return value


def _count(text: str) -> int:
    value = _real("the number of moments", text, "401")
    if value % 1 or not 2 <= value <= _MOST_POINTS:
        raise ValueError(
            f"the number of moments must be a whole number from 2 to {_MOST_POINTS}; "
            f"got {quoted(text, 40)}"
        )
    return int(value)


def _disconnect(text: str) -> float | None:
    if text.strip().lower() in ("never", "inf", ""):
        return None
    try:
        value = real(text)
    except ValueError:
        value = np.nan
    if not value >= 0:
        raise ValueError(
            f"disconnect must be one time, zero or positive, or never; got {quoted(text, 40)}"
        )
    return value


def _read(name: str, wrong: dict[str, str], work: Any) -> Any:
    try:
        return work()
    except (TypeError, ValueError) as error:
        wrong[name] = str(error)
        return None


def _read_all(
    controls: Iterable[Control], given: object, prefix: str, wrong: dict[str, str]
) -> dict[str, Any]:
    texts = given if isinstance(given, Mapping) else {}
    found = {}
    for each in controls:
        key = prefix + each.name
        text = _text(texts, key, each.default)
        found[each.name] = _read(key, wrong, lambda each=each, text=text: read(each, text))
    return found


def _text(given: Mapping[str, Any], name: str, default: str) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise RefusedError({name: f"{name} must be a text of at most {_LONGEST} characters"})
    return value
