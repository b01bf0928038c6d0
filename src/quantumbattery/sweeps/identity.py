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
import pickle
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from inspect import getattr_static
from types import (
    CodeType,
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
from quantumbattery.sweeps.own_code import (
    content,
    every_code,
    is_library,
    modules_of,
    names_of,
    stored_by,
    written_from,
)

_ATOMS = (int, float, complex, str, bool, type(None))
_CONTAINERS = (list, dict, set, bytearray)  # that may be there to be written to
_METHODS = (FunctionType, property, classmethod, staticmethod, functools._lru_cache_wrapper)
_WEAK = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.ref)  # caches of libraries
_SLOTS = (MemberDescriptorType, GetSetDescriptorType)
_HAS_DOCSTRING = 0x4000000  # a flag of code since Python 3.14; before, its first constant tells
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
    ModuleType: lambda m: (m.__name__,),
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
    classes; not the lists, dictionaries and sets that this code writes to, nor what libraries do.
    Comments and docstrings do not count. ValueError for what nobody can tell apart.
    """
    try:
        own = getattr(run, "fingerprint", None)
    except Exception as error:
        raise _unknown(run, error) from None
    if isinstance(own, str):
        return own
    try:
        return _Walk().told(run)
    except RecursionError as error:
        raise _unknown(run, error) from None


def _unknown(value: object, error: Exception) -> UnknownError:
    return UnknownError(
        f"run holds {value!r:.60}, of which nobody can tell whether it is the same next time "
        f"({error}): give run an attribute `fingerprint`, a text that says what it is"
    )


class _Walk:
    """One walk through all that a function refers to."""

    def __init__(self, before: _Walk | None = None) -> None:
        # What was met is kept: what is freed gives its place to others.
        self._met: dict[int, tuple[int, object]] = dict(before._met) if before else {}
        self._written: set[str] = set(before._written) if before else set()  # containers

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
        self._met[id(value)] = len(self._met), value
        own = getattr(value, "fingerprint", None) if isinstance(value, FunctionType) else None
        return own if isinstance(own, str) else self._described(value)

    def _described(self, value: Any) -> str:
        if isinstance(value, type):
            library = f"{value.__module__}.{value.__qualname__}"
            return library if is_library(value) else self._class(value)
        if isinstance(value, FunctionType):
            return self._function(value)
        if type(value) is dict:
            keys = {key: self._alone(key) for key in value}
            ordered = sorted(keys, key=lambda key: keys[key])
            return self._joined("dict", *sorted(keys.values()), *(value[key] for key in ordered))
        if type(value) is set:
            return self._set(value)
        kind = type(value) if type(value) is np.ndarray else _kind(value)
        if kind is not None:
            return self._joined(type(value).__qualname__, *_KINDS[kind](value))
        if (state := _attributes(value)) is not None:
            does = self.told(type(value))  # which also tells what it writes to
            return self._joined("object", does, *self._kept(state))
        return digest(self._pickled(value))

    def _joined(self, kind: str, *parts: object) -> str:
        return digest(json.dumps([kind, *map(self.told, parts)]).encode())

    def _alone(self, value: object) -> str:
        """As `told`, whatever was told between: the order of sets is another in every process."""
        return (self if type(value) in _ATOMS else _Walk(self)).told(value)

    def _set(self, given: Iterable[object]) -> str:
        return self._joined("set", *sorted(map(self._alone, given)))

    def _function(self, function: FunctionType) -> str:
        """Its code, unless it is a library's, what it encloses, has as defaults, and reads."""
        code, library = function.__code__, is_library(function)
        self._written |= written_from(function)
        cells = zip(code.co_freevars, map(content, function.__closure__ or ()), strict=True)
        given = function.__defaults__, function.__kwdefaults__
        parts: list[object] = [
            function.__qualname__,
            *given,
        ]
        parts += self._kept(dict(cells), stored_by(code, "STORE_DEREF"))
        parts += self._kept(dict(sorted(vars(function).items())), stored_by(code, "STORE_ATTR"))
        if library:
            return self._joined("function", *parts, function.__module__)
        own = [part for each in every_code(code) for part in _code(each)]
        return self._joined("function", *parts, *own, *self._read(function))

    def _read(self, function: FunctionType) -> list[object]:
        """What it reads from its own module, and from others that are no libraries."""
        space, names = function.__globals__, names_of(function.__code__)
        found = {name: space[name] for name in sorted(names & space.keys())}
        parts = self._kept(found, stored_by(function.__code__, "STORE_GLOBAL"))
        for module in modules_of(function):
            inside = vars(module)
            kept = {*names, "__getattr__"} & inside.keys()  # which makes what is not there
            parts += [module.__name__, *self._kept({name: inside[name] for name in sorted(kept)})]
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
            if isinstance(each, _METHODS)
            or not (name.startswith("__") or name == "_abc_impl" or isinstance(each, _SLOTS))
        }
        return self._joined(
            "class", kind.__qualname__, type(kind), *kind.__bases__, *self._kept(kept)
        )

    def _kept(self, held: Mapping[str, Any], stored: Collection[str] = ()) -> list[object]:
        """Names and what they hold, but for what is written to."""
        return [
            part
            for name, each in held.items()
            if name not in stored and not (name in self._written and isinstance(each, _CONTAINERS))
            for part in (name, each)
        ]

    def _pickled(self, value: object) -> bytes:
        """The bytes of any other object; what is in it is told like everything else."""
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
            raise _unknown(value, error) from None
        return file.getvalue()


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
    if not isinstance(made, tuple) or len(made) < 3 or any(each is not None for each in made[3:]):
        return None
    make, given, state = made[:3]
    if make is not copyreg.__newobj__ or given != (kind,) or not isinstance(state, dict):  # type: ignore[attr-defined]
        return None
    once = functools.cached_property
    return {n: v for n, v in state.items() if not isinstance(getattr_static(kind, n, None), once)}


def _code(code: CodeType) -> list[object]:
    """What a function does by itself: instructions, constants and names."""
    constants = [each for each in code.co_consts if not isinstance(each, CodeType)]
    if _has_docstring(code):
        constants = constants[1:]
    names = code.co_names, code.co_varnames, code.co_freevars
    return [code.co_name, code.co_code, code.co_exceptiontable, *constants, *names]


def _has_docstring(code: CodeType) -> bool:
    """Whether the first constant says what it is for; those of comprehensions are at work."""
    first = isinstance(next(iter(code.co_consts), None), str)
    if sys.version_info >= (3, 14):
        return first and bool(code.co_flags & _HAS_DOCSTRING)
    return first and not code.co_name.startswith("<")
