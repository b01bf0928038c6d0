"""The command line, which calls and prints, and works nothing out: `app` holds the commands.

`charging` has the two that charge, `options` what may be written behind a command, and `printing`
the tables.
"""

from quantumbattery.cli.app import main

__all__ = ["main"]
