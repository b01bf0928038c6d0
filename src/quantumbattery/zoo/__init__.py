"""The zoo: published and exact results of many batteries, each beside our own number.

`reproduce` finds them; what each system is checked against stands in the files of its subject. It
knows what users know, and nothing of how a result is worked out.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantumbattery.zoo.entries import Entry, Result, Row, Zoo
    from quantumbattery.zoo.registry import NAMES, picture, reproduce

__all__ = ["NAMES", "Entry", "Result", "Row", "Zoo", "picture", "reproduce"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the whole zoo is no part of `import quantumbattery`."""
    if name in __all__:
        place = "registry" if name in ("NAMES", "picture", "reproduce") else "entries"
        return getattr(import_module(f"quantumbattery.zoo.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
