"""`python -m quantumbattery` is the command line."""

from quantumbattery.cli import main

main()
