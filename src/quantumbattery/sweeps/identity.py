"""What a function does, in a few letters: its code, and all of a user's own that it reads.

One walk goes through everything. What it meets again it tells by the number of the first time, so
that functions that call each other, and objects that hold each other, come to an end.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
import io
import json
import logging
import pickle
import weakref
from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from inspect import getattr_static
from types import (
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.described import Described
from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.own_code import content, is_library, library_has, modules_of, read

_ATOMS = (int, float, complex, str, bool, type(None))
_CONTAINERS = (list, dict, set, bytearray, deque, np.ndarray)  # that may be there to be written to
_METHODS = (FunctionType, property, classmethod, staticmethod, functools._lru_cache_wrapper)
_WEAK = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.ref)  # caches of libraries
_SLOTS = (MemberDescriptorType, GetSetDescriptorType)
_NOTES = {"__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"}
_OF_MODULE = {"__name__", "__module__", "__file__"}  # others where a program is run or imported
_MOST = 8  # walks until all is known that is written to
_LONGEST = 1000  # letters of what is told as it stands

_Parts = Callable[[Any], Iterable[object]]
_KINDS: dict[type, _Parts] = {
    np.ndarray: lambda a: (str(a.dtype), a.shape, a.tolist() if a.dtype.hasobject else a.tobytes()),
    xr.Dataset: lambda d: (dict(d.variables), dict(d.attrs)),
    xr.DataArray: lambda a: (a.name, dict(a.coords.variables), a.variable),
    xr.Variable: lambda v: (v.dims, v.to_numpy(), dict(v.attrs)),
    Described: lambda d: (type(d), d.written),
    functools.partial: lambda p: (p.func, p.args, p.keywords),
    functools._lru_cache_wrapper: lambda f: (f.__wrapped__,),
    functools.cached_property: lambda p: (p.func,),
    property: lambda p: (p.fget, p.fset, p.fdel),
    classmethod: lambda m: (m.__func__,),
    staticmethod: lambda m: (m.__func__,),
    MethodType: lambda m: (m.__func__, m.__self__),
    MappingProxyType: lambda m: (dict(m),),
    logging.Logger: lambda _: (),  # whose name may be that of the program
    ModuleType: lambda m: (m.__name__, {} if is_library(m) else _open_names(m)),
}


class UnknownError(ValueError):
    """Of something nobody can tell whether it is the same next time."""


def digest(data: bytes) -> str:
    """A fingerprint of bytes."""
    return hashlib.sha256(data).hexdigest()


def identity(run: object) -> str:
    """A fingerprint of a function: what it does, its defaults, and what it refers to.

    That is the values that it encloses, and of what it reads from its own module, and from others
    that are no libraries, the constants and objects and, in the same way, the functions and the
    classes; not the lists, dictionaries, sets and arrays that this code writes to, nor what
    libraries do. Comments and docstrings do not count. ValueError for what nobody can tell apart.
    """
    try:
        own = getattr(run, "fingerprint", None)
    except Exception as error:
        raise _unknown(run, error) from None
    if isinstance(own, str):
        return own
    walk = _Walk(_Seen(first=True))
    try:
        told = walk.told(run)
        for _ in range(_MOST):  # what is written to is known when all that may write was met
            before = walk.seen.all_written()
            walk = _Walk(_Seen(before))
            told = walk.told(run)
            if walk.seen.all_written() == before:
                break
    except RecursionError as error:
        raise _unknown(run, error) from None
    return told


def _unknown(value: object, error: Exception) -> UnknownError:
    return UnknownError(
        f"run holds {quoted(value)}, of which nobody can tell whether it is the same next time "
        f"({error}): give run an attribute `fingerprint`, a text that says what it is"
    )


class _Seen:
    """What the code that was met writes to, and gives other values."""

    def __init__(self, written: frozenset[str] = frozenset(), first: bool = False) -> None:
        self.written = written
        self.first = first  # when that is not known, and containers wait
        self._functions: list[FunctionType] = []

    def note(self, function: FunctionType) -> None:
        """Remember a function that was met."""
        self._functions.append(function)

    def all_written(self) -> frozenset[str]:
        """What all functions write to, and such methods as something calls, by their names."""
        free = [f for f in self._functions if not _is_method(f)]
        waiting = [f for f in self._functions if _is_method(f)]
        found: set[str] = set()
        used: set[str] = set()
        while free:
            for each in free:
                found |= _writes_of(each)
                used |= read(each.__code__).attributes
            free = [f for f in waiting if f.__name__ in used or _is_called_unnamed(f)]
            waiting = [f for f in waiting if f not in free]
        return frozenset(found)


def _is_method(function: FunctionType) -> bool:
    place = function.__qualname__.rpartition(".")[0]
    return bool(place) and not place.endswith("<locals>")


def _is_called_unnamed(function: FunctionType) -> bool:
    """Whether an operation calls a method; one that makes an object writes to a new one."""
    making = ("__init__", "__post_init__", "__new__", "__setstate__", "__init_subclass__")
    return function.__name__.startswith("__") and function.__name__ not in making


def _writes_of(function: FunctionType) -> set[str]:
    """What it writes to: module:name, class.attribute, .attribute, =name.attribute."""
    written: set[str] = set()
    code, place = read(function.__code__), f"{function.__globals__.get('__name__')}:"
    for name in code.writes:
        if name.startswith("self.") and _is_method(function):
            written.add(f"{function.__qualname__.rpartition('.')[0]}.{name[5:]}")
        elif "." in name:
            owner, _, attribute = name.partition(".")
            module = None if owner == "self" else function.__globals__.get(owner)
            there = f"{module.__name__}:" if isinstance(module, ModuleType) else "."
            written.add(f"{there}{attribute}")
        elif name[0] not in "& ":
            written.add(f"{place}{name}")
    for name in code.rebinds:
        if name[0] != "&":
            written.add(f"={name}" if "." in name else f"={place}{name}")
    return written


class _Walk:
    """One walk through all that a function refers to."""

    def __init__(self, seen: _Seen, before: _Walk | None = None) -> None:
        # What was met is kept: what is freed gives its place to others.
        self._met: ChainMap[int, tuple[int, object]]
        self._met = before._met.new_child() if before else ChainMap()
        self._count: int = before._count if before else 0
        self.seen = seen

    def told(self, value: Any) -> str:
        """A fingerprint of anything."""
        if type(value) in _ATOMS:
            text = repr(value)
            return text if len(text) < _LONGEST else digest(text.encode())
        if type(value) is bytes:
            return digest(value)
        if isinstance(value, _WEAK):
            return "weak"
        if type(value) is tuple:  # constants, of which equal ones may be one or not
            return self._joined("tuple", *value)
        if type(value) is frozenset:
            return self._set(value)
        if id(value) in self._met:
            return f"again {self._met[id(value)][0]}"
        self._met[id(value)] = self._count, value
        self._count += 1
        own = getattr(value, "fingerprint", None) if isinstance(value, FunctionType) else None
        return own if isinstance(own, str) else self._described(value)

    def _described(self, value: Any) -> str:
        if isinstance(value, type):
            library = f"{value.__module__}.{value.__qualname__}"
            return library if is_library(value) else self._class(value)
        if isinstance(value, FunctionType):
            return self._function(value)
        if type(value) is dict:
            keys = [self._alone(key) for key in value]
            return self._joined("dict", *keys, *value.values())
        if isinstance(value, set | frozenset):  # whose order is another in every process
            return self._joined(
                "set", self._set(value), type(value), getattr(value, "__dict__", None)
            )
        kind = type(value) if type(value) is np.ndarray else _kind(value)
        if kind is not None:
            return self._joined(type(value).__qualname__, *_KINDS[kind](value))
        if value is getattr(np.random.mtrand, "_rand", None):  # as distributions of SciPy hold it
            return "numpy.random"
        if (numbers := _numbers(value)) is not None:
            return self._joined(type(value).__qualname__, *numbers)
        if (state := _attributes(value)) is not None:
            does = self.told(type(value))  # which also tells what it writes to
            named = {f".{name}": each for name, each in state.items()}
            return self._joined("object", does, *self._kept(named, of=type(value)))
        return self._pickled(value)

    def _joined(self, kind: str, *parts: object) -> str:
        return digest(json.dumps([kind, *map(self.told, parts)]).encode())

    def _alone(self, value: object) -> str:
        """As `told`, whatever was told between: the order of sets is another in every process."""
        return (self if type(value) in _ATOMS else _Walk(self.seen, self)).told(value)

    def _set(self, given: Iterable[object]) -> str:
        return self._joined("set", *sorted(map(self._alone, given)))

    def _function(self, function: FunctionType) -> str:
        """Its code, unless it is a library's, what it encloses, has as defaults, and reads."""
        code, library = read(function.__code__), is_library(function)
        if not library:
            self.seen.note(function)
        cells = map(content, function.__closure__ or ())
        held = dict(zip(function.__code__.co_freevars, cells, strict=True))
        if library:  # which may keep in a container what it worked out
            held = {name: each for name, each in held.items() if not isinstance(each, _CONTAINERS)}
        whose = function.__globals__.get("__name__") if library else None
        parts: list[object] = [function.__qualname__, whose]
        own = code.writes | {f"={name}" for name in code.rebinds}
        parts += self._kept({f"&{name}": each for name, each in held.items()}, own)
        parts += self._kept({f" {name}": each for name, each in _defaults(function)}, own)
        attributes = sorted(vars(function).items())
        parts += self._kept({f"{function.__name__}.{n}": each for n, each in attributes})
        return self._joined("function", *parts, *(() if library else self._read(function)))

    def _read(self, function: FunctionType) -> list[object]:
        """What it does, and reads from its own module and from others that are no libraries."""
        space, code = function.__globals__, read(function.__code__)
        found = {name: space[name] for name in sorted((code.reads - _OF_MODULE) & space.keys())}
        parts: list[object] = [code.does]
        for name, each in found.items():
            if isinstance(each, ModuleType):  # of which only what is named counts
                parts += [name, each.__name__ if is_library(each) else None]
                continue
            place = f"{space.get('__name__')}:{name}"
            known = is_library(type(each)) and _has_state(each) and library_has(name, each)
            parts += [name, "of a library"] if known else self._kept({place: each})
        for module in modules_of(function):
            inside = vars(module)
            # What is not there, a module may make when it is asked for.
            kept = sorted({*code.attributes, "__getattr__"} & inside.keys())
            parts += self._kept({f"{module.__name__}:{name}": inside[name] for name in kept})
        return parts

    def _class(self, kind: type) -> str:
        """Its name, its bases, its methods and constants."""
        held: dict[str, Any] = dict(vars(kind))
        if issubclass(kind, enum.Enum):
            acts = {name: each for name, each in held.items() if isinstance(each, _METHODS)}
            held = acts | {name: each.value for name, each in kind.__members__.items()}
        kept = {
            name: each
            for name, each in sorted(held.items())
            if name not in _NOTES
            and (name[:2] != "__" or callable(each) or hasattr(each, "__get__"))
            and not (name == "_abc_impl" or isinstance(each, _SLOTS))
        }
        parts = [kind.__qualname__, type(kind), *kind.__bases__]
        parts += self._kept({f".{name}": each for name, each in kept.items()}, of=kind)
        return self._joined("class", *parts)

    def _kept(
        self, held: Mapping[str, Any], own: Set[str] = frozenset(), of: type | None = None
    ) -> list[object]:
        """Names and what they hold, but for what is written to."""
        seen, parts, written = self.seen, [], own | self.seen.written
        classes = [f"{each.__qualname__}." for each in of.__mro__] if of else []
        for name, each in held.items():
            places, last = {name}, name.rpartition(":")[2].rpartition(".")[2]
            if of:
                places |= {f"{place}{last}" for place in [*classes, "."]}
            if f"={name}" in written:
                continue
            if isinstance(each, _CONTAINERS) and (seen.first or places & written):
                continue
            parts += [name.rpartition(":")[2], each]  # of __main__ once, and then of its name
        return parts

    def _pickled(self, value: Any) -> str:
        """Of any other object its pickle, in which what it holds is told like everything else."""
        told = self.told

        class Own(pickle.Pickler):
            def persistent_id(self, obj: Any) -> str | None:
                return None if obj is value else told(obj)

        file = io.BytesIO()
        try:
            Own(file, protocol=4).dump(value)
        except (UnknownError, RecursionError):
            raise
        except Exception as error:
            module, name = (getattr(value, key, None) for key in ("__module__", "__name__"))
            if isinstance(module, str) and isinstance(name, str) and library_has(name, value):
                return f"{module}.{name}"
            raise _unknown(value, error) from None
        return digest(file.getvalue())


def _open_names(module: ModuleType) -> dict[str, object]:
    """What a module of a user's own holds, but for what begins with an underscore."""
    return {name: each for name, each in vars(module).items() if not name.startswith("_")}


def _kind(value: object) -> type | None:
    """Of what parts a value is, where pickles do not hold it, or in another order each time."""
    return next((k for k in _KINDS if k is not np.ndarray and isinstance(value, k)), None)


def _attributes(value: object) -> dict[str, Any] | None:
    """What an object of a user's own class holds, if that is all; not what it works out once."""
    kind = type(value)
    if is_library(kind):
        return None
    try:
        made = value.__reduce_ex__(4)
    except Exception:  # as the pickle will say
        return None
    if not isinstance(made, tuple) or len(made) < 2 or any(each is not None for each in made[3:]):
        return None
    state = made[2] if len(made) > 2 and made[2] is not None else {}
    plain = made[0] is copyreg.__newobj__ and made[1] == (kind,)  # type: ignore[attr-defined]
    if not plain or not isinstance(state, dict):
        return None
    once = functools.cached_property
    kept = {n: v for n, v in state.items() if n not in _OF_MODULE}
    return {n: v for n, v in kept.items() if not isinstance(getattr_static(kind, n, None), once)}


def _has_state(value: object) -> bool:
    """Whether something is more than a constant, of which equal ones may be one."""
    constant = isinstance(value, (*_ATOMS, bytes, tuple, frozenset))
    return not constant and not isinstance(value, FunctionType | type | ModuleType)


def _defaults(function: FunctionType) -> Iterator[tuple[str, object]]:
    """The arguments that have one, with their defaults."""
    given = function.__defaults__ or ()
    positional = function.__code__.co_varnames[: function.__code__.co_argcount]
    yield from zip(positional[len(positional) - len(given) :], given, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _numbers(value: Any) -> tuple[object, ...] | None:
    """The numbers of a Qobj or a sparse matrix, which keep beside them what they once found."""
    if isinstance(value, type) or not is_library(type(value)):
        return None
    if callable(getattr(value, "full", None)) and hasattr(value, "dims"):
        return value.dims, value.full()
    if callable(getattr(value, "tocoo", None)):
        entries = value.tocoo()
        return entries.shape, entries.row, entries.col, entries.data
    return None
