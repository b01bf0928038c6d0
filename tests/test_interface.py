"""The public interface is what a committed list says, so that a change of it is a decision.

The list, `interface.txt`, has what the book's interface documents, with arguments, their kinds and
defaults, the quantities, and the commands with their options. After a change that is meant, `make
interface` writes it anew; look at the difference, and say in CHANGELOG what users must change.
"""

import inspect
import re
from dataclasses import fields, is_dataclass
from difflib import unified_diff
from operator import attrgetter
from pathlib import Path

import typer

import quantumbattery as qb
from quantumbattery.quantities import measures

LISTED = Path(__file__).parent / "interface.txt"
PAGES = Path(__file__).parents[1] / "docs" / "book" / "interface"
ENTRY = re.compile(r"^\.\. (\w+):: ?(\S*)\n(?:   :members: (.*)\n)?", re.MULTILINE)


def documented():
    """Full names on the pages of the interface, those of members after their class."""
    for page in sorted(PAGES.glob("*.md")):
        module = ""
        for kind, name, members in ENTRY.findall(page.read_text("utf-8")):
            if kind == "currentmodule":
                module = name
            elif kind.startswith("auto") and kind != "autosummary":
                yield f"{module}.{name}"
                yield from (f"{module}.{name}.{each}" for each in members.split(", ") if each)


def written(value):
    """The arguments of what is called: names, kinds and defaults, and no types."""
    bare = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(value).parameters.values()
    ]
    return str(inspect.Signature([each for each in bare if each.name not in ("self", "cls")]))


def described(name):
    """A name: what it is called with, or what it is; and fields that are no arguments."""
    value = attrgetter(name.removeprefix("quantumbattery."))(qb)
    if inspect.isclass(value) and issubclass(value, Exception):
        yield f"{name}: exception, {', '.join(base.__name__ for base in value.__bases__)}"
    elif callable(value):
        yield name + written(value)
    elif isinstance(value, tuple):
        yield from (f"{name}: {each}" for each in value)
    else:
        yield f"{name}: {type(value).__name__}"
    if is_dataclass(value):
        taken = inspect.signature(value).parameters
        more = [each.name for each in fields(value) if each.name not in taken]
        yield from (f"{name}.{each}: field" for each in more if not each.startswith("_"))


def commands():
    """Each command, its arguments, and its options with their defaults."""
    from quantumbattery.cli.app import app

    group = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        for each in command.params:
            default = "" if each.default is None or callable(each.default) else f"={each.default}"
            yield f"quantumbattery {name} {'/'.join([*each.opts, *each.secondary_opts])}{default}"


def interface():
    """The whole list, as text."""
    names = [f"quantumbattery.__version__: {type(qb.__version__).__name__}"]
    names += [line for name in documented() for line in described(name)]
    tables = ("MEASURES", "FURTHER", "STORAGE", "OPTIMA", "MOMENTS")
    names += [f"{table.lower()}: {each}" for table in tables for each in getattr(measures, table)]
    return "\n".join([*names, *commands()]) + "\n"


def test_the_public_interface_is_as_listed():
    listed, found = LISTED.read_text("utf-8").splitlines(), interface().splitlines()
    changed = [*unified_diff(listed, found, "tests/interface.txt", "as it is", "", "", 0)]
    assert not changed, "\n".join(
        ["the public interface is not as listed; if it is meant: make interface", *changed]
    )


if __name__ == "__main__":
    LISTED.write_text(interface(), "utf-8")
