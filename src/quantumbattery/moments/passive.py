"""Modes of which it is known that no work is ever in them, whatever the numbers are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array


def stays_passive(motion: Quadratic, begun: Beginning, places: Sequence[int]) -> bool:
    """Whether each of some modes has <a> = <a a> = 0 at all times, as a thermal one does.

    By which numbers can lead to which: a two-mode squeezed vacuum leaves either mode thermal.
    """
    m, n = motion.modes, motion.drift.shape[-1]
    every = m * (1 + motion.doubled)
    leads = _closure((motion.drift != 0).any(axis=0))
    means = np.ones(n, dtype=bool)  # fields are there from the first
    means[:every] = np.tile((begun.mean != 0).any(axis=(0, 1)), 1 + motion.doubled)
    own = np.array(places, dtype=np.int64)
    if leads[own][:, means].any():
        return False
    normal, pairs = (
        np.diag((each != 0).any(axis=(0, 1))) for each in (begun.normal, begun.anomalous)
    )
    if not motion.doubled:  # <a_j a_k> then moves by itself
        mine = leads[own][:, :m].astype(int)
        return not np.diagonal(mine @ pairs @ mine.T).any()
    spread = (motion.diffusion != 0).any(axis=0)
    spread[:every, :every] |= np.block([[normal, pairs], [pairs, normal]])
    rows, columns = leads[own].astype(int), leads[own + m].astype(int)
    return not np.diagonal(rows @ spread @ columns.T).any()


def _closure(acts: Array) -> Array:
    """From where, in any number of steps, each number may be fed, (n, n); from itself too."""
    reached = acts | np.eye(len(acts), dtype=bool)
    for _ in range(int(np.ceil(np.log2(max(len(acts), 2))))):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    return np.asarray(reached)
