"""Warnings that name the line of whoever called, however deep what warns of it is."""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path

import numpy as np

_HOUSE = str(Path(__file__).parents[1])
_DECORATORS = contextlib.__file__, str(Path(np.__file__).parent)  # between our own lines


def warn(sentence: str) -> None:
    """Warn, at the innermost line that is not ours."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_HOUSE, *_DECORATORS)):
        frame, level = frame.f_back, level + 1
    warnings.warn(sentence, stacklevel=level)
