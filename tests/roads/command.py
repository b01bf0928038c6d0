"""The command line in this process, for what does not depend on a process of its own."""

import contextlib
import io
import subprocess
import sys
import warnings
from unittest.mock import patch

from quantumbattery.cli import main


def here(*words):
    """What `quantumbattery` says to some words, and its exit code."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    argv = ["quantumbattery", *map(str, words)]
    with (
        patch.object(sys, "argv", argv),
        patch.object(warnings, "showwarning", warnings.showwarning),  # `main` sets its own
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return subprocess.CompletedProcess(argv, code, out.getvalue(), errors.getvalue())
