"""Children that work something out within a time and a memory, and what is wrong with an end."""

import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback

from quantumbattery.cli import main

LIMIT = 25.0  # seconds
MEMORY = 12 << 30  # bytes
ENDLESS = "active_energy", "antiergotropy", "capacity"  # of what has no highest level


def forked(work, limit=LIMIT):
    """The exit code of a child, what it printed, and the seconds; None for one that did not end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun, child = time.monotonic(), os.fork()
        if not child:
            code = 70
            try:
                os.setsid()
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                try:
                    work()
                    code = 0
                except SystemExit as stop:
                    code = stop.code if isinstance(stop.code, int) else 0
                except BaseException:
                    traceback.print_exc()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        code = None
        while time.monotonic() - begun < limit:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                break
            time.sleep(0.005)
        else:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        said = []
        for each in (out, err):
            each.seek(0)
            said.append(each.read().decode("utf-8", "replace"))
        return code, *said, time.monotonic() - begun


def command(words, folder):
    """The same of a command line."""

    def work():
        os.chdir(folder)
        sys.argv = ["quantumbattery", *words]
        main()

    return forked(work)


def fault(code, out, err, before, after):
    """What is wrong with how a command ended; None if nothing is."""
    lines = err.strip().splitlines()
    if code is None:
        return None if "Still working" in err else "did not end, and said nothing"
    if "Traceback" in err or code not in (0, 1, 2):
        return f"exit code {code}: {lines[-1:]}"
    if code == 2 and not (
        len([n for n in lines if not n.startswith(("Warning", "Still"))]) == 1 or "Usage" in err
    ):
        return f"{len(lines)} lines: {err[-300:]}"
    if code == 2 and after - before:
        return f"left {after - before}"
    rows = [row for row in out.splitlines() if not row.lstrip().startswith(ENDLESS)]
    if code == 0 and re.search(r"\b(nan|inf)\b", "\n".join(rows), re.IGNORECASE):
        return f"not finite: {out[-300:]}"
    if re.search("invalid value|overflow encountered|divide by zero", err):
        return f"a warning of NumPy: {err[-300:]}"
    return None
