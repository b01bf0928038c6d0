"""How fast the quanta of one oscillator grow by what acts on it alone, losses counted.

With x = n + 1, fields and warm baths add at most sums of x^(p/2), and what takes k quanta with an
element v_n takes k |v_n|^2: together a polynomial in the root of x whose sign is known term by
term. A loss that grows faster than what adds keeps the quanta low, whatever is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from quantumbattery.charging.quanta_steps import SHOWN
from quantumbattery.quantities.aliases import Array

POWERS = 9  # of the root of x, from 0 on
_FINE = 32  # levels x by x; from then on in steps of a part of so many
_FURTHEST = 1e6  # x, at least, up to which one looks
_ROUNDING = 1e-12
_HALF = np.arange(POWERS) / 2


@dataclass(frozen=True, eq=False)
class OwnGrowth:
    """The quanta n of a site, counted so many times, grow by sum of sizes_p (n + 1)^(p/2)."""

    weight: float
    sizes: Array  # (POWERS,), negative ones where losses take more than is added

    def rate(self, shift: float) -> float:
        """The largest of it over weight n + shift, for any n; 0 if none is positive."""
        gain, loss = np.maximum(self.sizes, 0.0), np.maximum(-self.sizes, 0.0)
        furthest = max(_FURTHEST, 4 * shift)
        many = int(np.ceil(np.log(furthest / _FINE) / np.log1p(1 / _FINE)))
        x = np.append(np.arange(1.0, _FINE), _FINE * (1 + 1 / _FINE) ** np.arange(many + 1))
        powers = x[:, None] ** _HALF
        upper = np.append(powers[: _FINE - 1], powers[_FINE:], axis=0)
        lower = np.append(powers[: _FINE - 1], powers[_FINE - 1 : -1], axis=0)
        least = np.append(x[: _FINE - 1], x[_FINE - 1 : -1])  # of each step
        net = upper @ gain - lower @ loss
        near = float((net / (self.weight * (least - 1) + shift)).max(initial=0.0))
        return max(near, self._far(gain, loss, float(x[-1]), shift))

    def _far(self, gain: Array, loss: Array, x: float, shift: float) -> float:
        """The same from some x on, where w (n + 1) >= w and roots of x over w n + F fall."""
        taken = max(np.flatnonzero(loss), default=-1)  # the highest power that losses have
        below, powers = np.arange(POWERS) < taken, x**_HALF
        if (
            taken >= 0
            and not gain[~below].any()
            and gain[below] @ powers[below] <= (loss[taken] * powers[taken])
        ):
            return 0.0
        if gain[3:].any():
            return inf
        over = self.weight * (x - 1) + shift
        return float(gain[:2] @ powers[:2] / over + gain[2] * max(1 / self.weight, x / over))


def taken(value: Array, upper: Array, levels: int) -> tuple[int, float, float] | None:
    """Numbers q, l, c with |v|^2 >= l x^q - c, of elements v from levels `upper` = x - 1.

    Of so many levels that are listed, those without an element have 0: also the last ones. As far
    as they show how they grow, from half of them on; None if they do not.
    """
    square = np.zeros(levels)
    square[upper] = np.abs(value) ** 2
    x = np.arange(1.0, len(square) + 1)
    if len(x) < SHOWN:
        return None
    for q in range(POWERS // 2, -1, -1):
        ratio, size = square / x**q, float(square[-1] / x[-1] ** q)
        if (np.diff(ratio[len(x) // 2 :]) >= -_ROUNDING * size).all():
            return q, size, float(np.maximum(size * x**q - square, 0.0).max())
    return None


def together(parts: Sequence[tuple[int, Array]]) -> Array:
    """Sizes (POWERS,) that none of a batch exceeds: parts have a power, and numbers (g,)."""
    sizes = np.zeros((len(parts[0][1]), POWERS))
    for power, number in parts:
        sizes[:, power] += number
    return np.asarray(sizes.max(axis=0))
