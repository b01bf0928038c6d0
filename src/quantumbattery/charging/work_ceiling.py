"""What the work in several modes together never exceeds over an interval of time.

It is E - P, P the passive energy, a function of the symplectic eigenvalues nu of the covariances V
that rises with each of them, and V >= V' implies nu >= nu' (R. Bhatia and T. Jain, J. Math. Phys.
56, 112201 (2015)). With |V''| <= K in norm, V stays above its chord between two moments less
K h^2/8 over a width h, and the chord, V_a + x (V_b - V_a), above V_a less what is negative of
V_b - V_a.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.global_maximum import above_over_time
from quantumbattery.merit.gaussian import passive_energy, thermal_quanta
from quantumbattery.moments.bounds import Bounds, turn_of
from quantumbattery.moments.over_time import Moments
from quantumbattery.quantities.aliases import Array

AT_ONCE = 1 << 20  # numbers of covariances that are read at a time


@dataclass(frozen=True, eq=False)
class Ceiling:
    """Of some members of a batch."""

    work: ByMoments
    bounds: Bounds
    part: Array  # (m,), the members
    rate: bool  # of the work over the time, of a battery that begins empty

    def __call__(self, member: Array, a: Array, b: Array) -> Array:
        """An upper bound (k,) on intervals [a, b] (k,) of members (k,), by number in the part."""
        found = np.empty(len(member))
        each = 2 * int(self.work.motions[0].drift.shape[-1]) ** 2
        step = max(1, AT_ONCE // each)
        for low in range(0, len(member), step):
            few = slice(low, low + step)
            found[few] = self._of(self.part[member[few]], a[few], b[few])
        return found

    def _of(self, who: Array, a: Array, b: Array) -> Array:
        ends, width = np.stack([a, b], axis=1), b - a
        read = self.work.reading(who, ends)
        energy, h = read.column("energy")[:, 0], read.own[:, 0, 0]
        spread = self.spread(who, ends, read.battery)
        values, vectors = np.linalg.eigh(spread[:, 1] - spread[:, 0])
        falls = (vectors * np.minimum(values, 0.0)[:, None]) @ vectors.conj().swapaxes(-1, -2)
        below = spread[:, 0] + falls
        off = self.bounds.of_spread[who] * width**2 / 8
        below = below - off[:, None, None] * np.eye(below.shape[-1])
        passive = passive_energy(_quanta(below, h.shape[-1]), np.linalg.eigvalsh(h))
        work = energy.max(axis=1) + self.bounds.of_energy[who] * width**2 / 8 - passive
        if not self.rate:
            return np.asarray(work)
        first, last = energy.T  # of all that is there
        whole = above_over_time(a, b, first, last, self.bounds.of_energy[who])
        over = np.divide(np.maximum(work, 0.0), a, out=np.full_like(a, np.inf), where=a > 0)
        return np.asarray(np.minimum(whole, over))

    def spread(self, who: Array, times: Array, found: Moments) -> Array:
        """Covariances (k, T, n, n) from the moments of the battery's modes at times (k, T).

        With pairs of a and a^dag, n = 2 b; in the frame in which bounds are taken.
        """
        normal, anomalous = found.normal[:, 0], found.anomalous[:, 0]  # (k, T, b, b)
        motion = self.work.motions[0]
        if not motion.doubled and not self.work.begun.anomalous.any():
            return normal
        half = 0.5 * np.eye(normal.shape[-1])
        turned = np.exp(-2j * turn_of(motion)[who, None] * times)
        pairs = anomalous * turned[..., None, None]
        upper = np.concatenate([normal + half, pairs], axis=-1)
        lower = np.concatenate([pairs.conj(), normal.conj() + half], axis=-1)
        return np.concatenate([upper, lower], axis=-2)


def _quanta(spread: Array, modes: int) -> Array:
    """Thermal quanta (k, b) that covariances as low leave at least: none where they are none."""
    if spread.shape[-1] == modes:
        return np.maximum(np.linalg.eigvalsh(spread)[..., ::-1], 0.0)
    sure = np.linalg.eigvalsh(spread)[:, 0] > 0
    quanta = np.zeros((len(spread), modes))
    normal = spread[sure, :modes, :modes] - 0.5 * np.eye(modes)
    quanta[sure] = thermal_quanta(normal, spread[sure, :modes, modes:])
    return quanta
