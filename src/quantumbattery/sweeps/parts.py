"""The parts of a study, as plain values, and what they describe."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery import models
from quantumbattery.charging.half_life import charge_and_store
from quantumbattery.charging.optimum import optimum
from quantumbattery.charging.system import System
from quantumbattery.models.pairs import closed_form
from quantumbattery.network import preparations
from quantumbattery.network.named_states import Bloch
from quantumbattery.pair.certified import certified
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.quantities.described import check_known, choices, guess, made, saying
from quantumbattery.quantities.measures import MEASURES, check_measures
from quantumbattery.quantities.parameters import LARGEST, numbers, whole_number
from quantumbattery.quantities.parsing import number_of_state
from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.places import inside
from quantumbattery.sweeps.readings import MATRIX, check_matrix, readings_of

PARTS = ("system", "preparation", "times", "optimum", "observables", "axes", "output")
STATES = ("bloch", "fock", "coherent", "squeezed", "thermal", "gaussian", "gibbs")
_OUTPUT = ("measures", "density_matrix", "extraction", "store", "chunk", "batch")
DISCONNECT = "disconnect"
_MEMORY = 2.0  # GiB, as of `System.charge`
_DIGITS = 100  # of a whole number; more make no sense, and thousands cannot be written out
_MOST = 10**7  # values between two ends
_LARGEST_STUDY = 1 << 26  # bytes
_LACKING = "{first}: give it there, or as an axis"
_SMALLEST = -(1 << 63)  # of the whole numbers of an axis
_OPTIMUM = ("horizon", "of", "tolerance")


def parts_in(path: Path) -> dict[str, Any]:
    """The parts of a study file, not yet checked; ValueError if it cannot be read."""
    try:
        _check_file(path)
        return read(path.read_text("utf-8-sig"))  # some editors begin with a byte order mark
    except OSError as error:
        raise ValueError(f"the study {path} cannot be read ({error.strerror})") from error
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read(text: str) -> dict[str, Any]:
    """What a text in TOML says; ValueError for whole numbers that Python does not write out."""
    rule = f"a whole number has too many digits, more than {_DIGITS}: write it with an exponent"
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # of decimal digits; others are only counted here
        raise ValueError(rule) from None
    waiting: list[Any] = [said]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            waiting += each.values() if isinstance(each, dict) else each
        elif isinstance(each, int) and abs(each) >= 10**_DIGITS:
            raise ValueError(rule)
    return said


def _check_file(path: Path) -> None:
    """Refuse what is no plain file, which may never end, or is larger than any study."""
    there = path.stat()
    if not stat.S_ISREG(there.st_mode):
        raise ValueError(f"the study {path} is no plain file")
    if there.st_size > _LARGEST_STUDY:
        raise ValueError(f"the study {path} has {there.st_size:,} bytes, which no study needs")


def check_parts(given: Mapping[str, Any], needed: tuple[str, ...]) -> None:
    """Raise ValueError for parts that are missing, unknown or no tables."""
    rule = (
        "a study has [system], [preparation], [times] or [optimum], [axes], and if need be "
        "[observables] and [output]"
    )
    if unknown := [name for name in given if name not in PARTS]:
        near = guess(unknown[0], PARTS)
        rule = f"{near} A{rule[1:]}" if near else rule
        raise ValueError(f"it has an unknown part [{unknown[0]}]; {rule}")
    if missing := [name for name in needed if name not in given]:
        raise ValueError(f"it has no part [{missing[0]}]; {rule}")
    if wrong := [name for name in given if not isinstance(given[name], dict)]:
        raise ValueError(f"{wrong[0]} must be a table, [{wrong[0]}]; got {quoted(given[wrong[0]])}")
    check_known("optimum", given.get("optimum", {}), _OPTIMUM)


def check_output(given: Mapping[str, Any], optimum: bool) -> None:
    """Raise ValueError for an [output], or [observables], that make no sense."""
    output = given.get("output", {})
    check_known("output", output, _OUTPUT)
    if "measures" in output and optimum:
        raise ValueError("[optimum] says itself of what, in `of`: leave measures out")
    if optimum and (output.get(MATRIX) or given.get("observables")):
        what = f"[output] {MATRIX}" if output.get(MATRIX) else "[observables]"
        raise ValueError(f"{what}: states are read at [times], and [optimum] has none")
    check_matrix(output.get(MATRIX, False))
    if output.get("measures") != [] or not (output.get(MATRIX) or given.get("observables")):
        check_measures(output.get("measures", MEASURES))
    if (how := output.get("extraction", "global")) not in ("global", "collective", "local"):
        raise ValueError(f"extraction is global, collective or local; got {how!r}")
    chunk = output.get("chunk", 1)
    whole_number(chunk, 1, "chunk must be a whole number of at least 1")
    if not isinstance(output.get("batch", True), bool):
        raise ValueError(f"batch is true or false; got {quoted(output['batch'])}")
    if not (isinstance(store := output.get("store", "beside"), str) and store):
        raise ValueError(f"store must be a path, as a text; got {quoted(store)}")


def table_of(given: Mapping[str, Any]) -> xr.Dataset:
    """Charge, or find the optimum, as the parts say; in closed form where there is one."""
    system, preparation = system_of(given["system"]), preparation_of(given["preparation"])
    output = given.get("output", {})
    how = output.get("extraction", "global")
    pair = pair_of(given["system"], preparation)
    if "optimum" in given:
        if pair is not None:
            return certified(pair, preparation, **given["optimum"], extraction=how)
        return optimum(system, preparation, **given["optimum"], extraction=how)
    times, end = times_of(given["times"]), disconnect_of(given["times"])
    readings, measures = readings_of(given, system), output.get("measures")
    found = []
    if measures != [] and pair is not None:
        found.append(pair.charge(preparation, times, measures, end))
    elif measures != []:
        found.append(charge_and_store(system, preparation, times, measures, how, _MEMORY, end))
    found += readings.tables(system, preparation, times, end)
    return _together(found)


def _together(tables: Sequence[xr.Dataset]) -> xr.Dataset:
    """All variables in one table, which keeps the coordinates of the first and the attributes."""
    table, *others = tables
    for each in others:
        new = {n: c.variable for n, c in each.coords.items() if n in ("row", "column")}
        columns = {n: column.variable for n, column in each.data_vars.items()}
        table = table.assign_coords(new).assign(columns)
        table.attrs = each.attrs | table.attrs
    return table


def pair_of(given: Mapping[str, Any], preparation: object) -> QubitPair | None:
    """The pair that a part describes, if it has a closed form for this preparation."""
    if given.get("model") != "qubit_pair" or not isinstance(preparation, Bloch):
        return None
    return closed_form(**{name: value for name, value in given.items() if name != "model"})


def _maker(given: Mapping[str, Any], kind: str) -> Callable[..., Any] | None:
    """The model or the state that a part names; None where it names none."""
    there, names = (models, models.__all__) if kind == "model" else (preparations, STATES)
    if kind not in given:
        return None
    if given[kind] not in names:
        raise ValueError(f"there is no {kind} {given[kind]!r}; {choices(given[kind], names)}")
    make: Callable[..., Any] = getattr(there, given[kind])
    return make


def _made(make: Callable[..., Any], given: Mapping[str, Any], kind: str, lacking: str) -> Any:
    rest = {name: value for name, value in given.items() if name != kind}
    return made(f"{kind} {given[kind]}", make, rest, lacking)


def system_of(given: dict[str, Any], lacking: str = _LACKING) -> System:
    """What [system] describes; `lacking` ends the sentence of a number that it needs."""
    make = _maker(given, "model")
    system: System = (
        System.from_dict(given) if make is None else _made(make, given, "model", lacking)
    )
    return system


def preparation_of(given: dict[str, Any], lacking: str = _LACKING) -> Any:
    """What [preparation] says: a preparation, or one for each of some sites.

    Sites that start together are one key, with commas: [preparation."x, y"].
    """
    if "state" not in given:
        if not all(isinstance(each, dict) for each in given.values()):
            raise ValueError(
                f"[preparation] needs a state, one of {', '.join(STATES)}, or one for each site, "
                "as in [preparation.cavity]"
            )
        return {_sites(key): preparation_of(each, lacking) for key, each in given.items()}
    make = _maker(given, "state")
    read = {n: number_of_state(n, v) for n, v in given.items() if n != "state"}
    return make and _made(make, given | read, "state", lacking)


def _sites(key: str) -> str | tuple[str, ...]:
    """A site, or several that start together."""
    return tuple(name.strip() for name in key.split(",")) if "," in key else key


def times_of(given: dict[str, Any]) -> Any:
    """The moments of [times]."""
    check_known("times", given, ("from", "to", "points", DISCONNECT))
    return _span("times", {"from": 0.0} | {n: v for n, v in given.items() if n != DISCONNECT})


def disconnect_of(given: Mapping[str, Any]) -> Any:
    """When charging ends: a time, or several, which become an axis; None for never."""
    end = given.get(DISCONNECT)
    if end is None or isinstance(end, xr.DataArray):
        return end
    if isinstance(end, dict):
        end = _span(DISCONNECT, {"from": 0.0} | end)
    rule = "a time, zero or positive, a list of times, or {from = ..., to = ..., points = ...}"
    listed = end if isinstance(end, list | np.ndarray) else [end]
    if not all(_is_number(each) for each in listed):
        raise TypeError(f"{DISCONNECT} is {rule}; got {quoted(end)}")
    numbers(DISCONNECT, end, rule, 0.0, np.inf)
    return end


def length_of(given: object) -> int:
    """How many values an axis has, which are counted and not listed; 1 if it makes no sense."""
    if isinstance(given, dict):
        points = given.get("points", 1)
        return points if isinstance(points, int) and points > 0 else 1
    return len(given) if isinstance(given, list) and given else 1


def axis_of(name: str, given: object) -> Any:
    """The values along an axis."""
    if isinstance(given, dict) and not {"from", "to", "points"} & set(given):
        raise ValueError(
            f"axis {name!r} holds no values; the name of a number inside a table needs quotes, "
            'as in "sites.cavity.loss" = [0.0, 0.1]'
        )
    if isinstance(given, dict):
        return _span(f"axis {name}", given)
    even = isinstance(given, list) and not any(isinstance(each, list | dict) for each in given)
    listed = given if even and isinstance(given, list) else ()
    for each in listed:
        if type(each) is int and not _SMALLEST <= each < 1 << 63:
            raise ValueError(
                f"axis {name} holds {each:.3g}, which is out of range: whole numbers have at most "
                f"64 bits; write a larger one with a point or an exponent"
            )
    if len({isinstance(each, bool) for each in listed}) > 1:
        raise ValueError(f"axis {name} mixes true or false with other values; got {quoted(given)}")
    values = np.asarray(given if even else None)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "fiubU":
        raise ValueError(
            f"axis {name} is a list of values, or {{from = ..., to = ..., points = ...}}; got "
            f"{quoted(given)}"
        )
    return values


def _is_number(given: object) -> bool:
    """Whether it is one, which true and false are for Python alone."""
    return isinstance(given, int | float | np.number) and not isinstance(given, bool)


def _span(what: str, given: Mapping[str, Any]) -> Any:
    check_known(what, given, ("from", "to", "points"))
    try:
        first, last, points = (given[n] for n in ("from", "to", "points"))
    except KeyError as error:
        raise ValueError(f"{what} needs from, to and points; there is no {error}") from None
    real = all(_is_number(n) and abs(n) < np.inf for n in (first, last))
    whole = isinstance(points, int) and not isinstance(points, bool)
    if not real or not whole or points < 1:
        raise ValueError(
            f"{what} goes from a number to a number in a whole number of points; got "
            f"{quoted(given, 80)}"
        )
    if max(abs(first), abs(last)) >= LARGEST:
        raise ValueError(
            f"{what} must stay below {LARGEST:g}: look at the units; got {quoted(given, 80)}"
        )
    if points > _MOST:
        raise ValueError(f"{what} has {points:,} points, and the most is {_MOST:,}: give fewer")
    return np.linspace(first, last, points)


# --- axes --------------------------------------------------------------------------------------


def place_of(
    given: Mapping[str, Any], name: str, who: str | None = None
) -> tuple[tuple[str, ...], str]:
    """Where an axis acts: a number of the model or of the state, or a path with dots.

    The tables that lead to it, and its name in the last. `who` is not an axis, but a single value.
    """
    *where, last = name.split(".")
    if where:
        ends = where == ["times"] and last == DISCONNECT
        if where[0] == "times" and who is None and not ends:
            raise ValueError(f"axis {name!r}: all points share their times; [times] sets them")
        if where[0] in ("output", "axes", "observables"):
            raise ValueError(
                f"{who or f'axis {name!r}'}: [{where[0]}] holds no number of the system, its "
                "preparation, the times or the optimum, which alone are set or swept"
            )
        if where[0] not in ("system", "preparation", "optimum", "times"):
            where = ["system", *where]
        with saying(who or f"axis {name!r}"):
            _check_named(given, where)
            inside(given, tuple(where))
        return tuple(where), last
    takes = {"optimum": list(given.get("optimum", {}))}
    takes["times"] = [DISCONNECT] if "times" in given else []
    for part, kind in (("system", "model"), ("preparation", "state")):
        takes[part] = _taken(given, part, kind)
    found = [part for part, known in takes.items() if name in known]
    if len(found) != 1:
        taken = {part: f" ({', '.join(names)})" if names else "" for part, names in takes.items()}
        neither = f"neither the model{taken['system']} nor the state{taken['preparation']}"
        near = guess(name, [each for known in takes.values() for each in known])
        raise ValueError(
            f"{who or f'axis {name!r}'} is a number of {' and of '.join(found) or neither}; "
            f"{f'{near} Else write' if near and not found else 'write'} where it stands, such as "
            f'"{f"{found[0]}.{name}" if found else "preparation.theta"}" or "sites.cavity.loss"'
        )
    return (found[0],), name


def _check_named(given: Mapping[str, Any], where: Sequence[str]) -> None:
    """Raise ValueError for a path into what a named model or state takes no part of, or not yet."""
    if where[0] in ("times", "optimum") and where[0] not in given:
        raise ValueError(f"what is worked out here has no {where[0]}")
    kind = {"system": "model", "preparation": "state"}.get(where[0])
    if kind is None or len(where) < 2 or kind not in (part := given[where[0]]) or where[1] in part:
        return
    taken = _taken(given, where[0], kind)
    check_known(f"{kind} {part[kind]}", where[1:2], taken)
    raise ValueError(
        f"of {where[1]} there is nothing yet of which a part could be set: give it whole, such as "
        f"{where[1]} = [0.5, 1.0]"
    )


def _taken(given: Mapping[str, Any], part: str, kind: str) -> list[str]:
    """The names of numbers that a model or a state takes."""
    make = _maker(given[part], kind)
    others = getattr(make, "other_names", ())
    return [] if make is None else [*signature(make).parameters, *others]
