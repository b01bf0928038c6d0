"""The zoo: published and exact results of many batteries, each beside our own number.

`reproduce` finds them; what each system is checked against stands in the files of its subject.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantumbattery.zoo.entry import Entry, Result
    from quantumbattery.zoo.registry import NAMES, picture, reproduce
    from quantumbattery.zoo.rows import Row, Zoo

__all__ = ["NAMES", "Entry", "Result", "Row", "Zoo", "picture", "reproduce"]

_PLACES = {"Entry": "entry", "Result": "entry", "Row": "rows", "Zoo": "rows"}


def __getattr__(name: str) -> Any:
    """Import what is asked for: the whole zoo is no part of `import quantumbattery`."""
    if name in __all__:
        place = _PLACES.get(name, "registry")
        return getattr(import_module(f"quantumbattery.zoo.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
