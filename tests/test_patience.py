"""Long work says that it goes on; short work says nothing."""

import logging
import sys
import time

import pytest

from quantumbattery.cli import charging, main
from quantumbattery.cli.patience import Patience

LOG = logging.getLogger("quantumbattery")


def waited(capsys, word):
    """What was said until the word came."""
    said = ""
    for _ in range(1000):
        said += capsys.readouterr().err
        if word in said:
            return said
        time.sleep(0.01)
    raise AssertionError(f"no {word!r} in {said!r}")


def test_it_says_what_the_log_said_last(capsys):
    before = LOG.level, LOG.handlers[:]
    with Patience(0.05):
        LOG.info("cavity: 8 levels leave out 5")
        assert waited(capsys, "5") == (
            "Still working, Ctrl-C stops it: cavity: 8 levels leave out 5\n"
        )
        LOG.info("cavity: 16 levels leave out 3")  # which can wait
        assert capsys.readouterr().err == ""
    assert (LOG.level, LOG.handlers) == before


@pytest.mark.parametrize("first", [0.0, 1000.0])
def test_a_command_says_that_it_works(first, monkeypatch, capsys):
    given = []

    class Known(Patience):
        def __init__(self):
            super().__init__(first)
            given.append(self)

        def __exit__(self, *error):
            if not first:
                given[0]._timer.join(10)  # long enough for a word
            super().__exit__(*error)

    monkeypatch.setattr(charging, "Patience", Known)
    monkeypatch.setattr(sys, "argv", "quantumbattery charge --theta pi --times 0:1:3".split())
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    said = capsys.readouterr().err
    assert said == ("" if first else "Still working, Ctrl-C stops it\n")
