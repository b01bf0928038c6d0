"""The zoo: published and exact results of many batteries, each beside our own number."""

from quantumbattery.zoo.entry import Entry, Result
from quantumbattery.zoo.registry import NAMES, picture, reproduce
from quantumbattery.zoo.rows import Row, Zoo

__all__ = ["NAMES", "Entry", "Result", "Row", "Zoo", "picture", "reproduce"]
