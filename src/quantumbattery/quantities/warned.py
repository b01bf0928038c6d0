"""Warnings that name the line of whoever called, however deep what warns of it is."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import os
import sys
import warnings
from pathlib import Path

import numpy as np

_FOLDERS = tuple(f"{Path(each).parent}{os.sep}" for each in (Path(__file__).parent, np.__file__))
# Between our own lines, as NumPy; or between them and those of whoever replaces a part.
_FILES = contextlib.__file__, copy.__file__, dataclasses.__file__


def warn(sentence: str) -> None:
    """Warn, at the innermost line that is not ours."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    warnings.warn(sentence, stacklevel=level)


def _is_ours(file: str) -> bool:
    return file.startswith(_FOLDERS) or file in _FILES
