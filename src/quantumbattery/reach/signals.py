"""How terms of a Hamiltonian change in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quantumbattery.network.drives import Drive
from quantumbattery.network.envelopes import Envelope, Harmonics
from quantumbattery.network.interactions import Interaction
from quantumbattery.quantities.aliases import Parameter
from quantumbattery.quantities.parameters import any_nonzero

_MOST = 9  # waves that a term is taken apart into; more of them cost more than a solver in time


@dataclass(frozen=True, eq=False)
class Signal:
    """How a term changes in time: with an envelope, and with cos or sin of frequency * t."""

    envelope: Envelope | None  # None: always 1
    breaks: tuple[float, ...]  # times at which the envelope may jump
    frequency: Parameter
    late: bool  # sin, in place of cos


def signals_of(
    number: Parameter, each: Interaction | Drive, frequency: Parameter, late: bool
) -> Iterator[tuple[Parameter, Signal | None]]:
    """A number times cos or sin of frequency t, and an envelope: as terms with a signal each.

    What repeats itself is the sum of its harmonics, and their product with a cosine or sine the
    sum of two: sin x sin y = (cos(x - y) - cos(x + y)) / 2, and so on.
    """
    turns = any_nonzero(frequency)
    if not isinstance(each.envelope, Harmonics) or len(each.envelope.waves()) > _MOST:
        shaped = turns or each.envelope is not None
        yield number, Signal(each.envelope, each.breaks, frequency, late) if shaped else None
        return
    for size, other, is_sine in each.envelope.waves():
        above, below = frequency + other, frequency - other
        if not turns or not other:
            waves = [(1.0, above, late or is_sine)]
        elif late == is_sine:
            waves = [(0.5, below, False), (-0.5 if late else 0.5, above, False)]
        else:
            waves = [(0.5, above, True), (0.5 if late else -0.5, below, True)]
        for factor, beat, is_late in waves:
            moves = any_nonzero(beat)
            if moves or not is_late:  # the sine of nothing is nothing
                yield factor * size * number, Signal(None, (), beat, is_late) if moves else None
