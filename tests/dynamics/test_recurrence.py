"""Taylor series of many numbers: where they end, how they are held, and how far each may go."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.sparse import csr_array

from quantumbattery.dynamics import recurrence
from quantumbattery.dynamics.piecewise import Piecewise
from quantumbattery.dynamics.recurrence import Recurrence
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.reach.signals import Signal

PULSE, WAVE = (lambda t: np.exp(-((t - 1.0) ** 2))), (lambda t: np.cos(1.3 * t))
LATEST, SIZE = 2.0, 80


class Ladder:
    """What the propagators ask of blocks: levels and two kinds of steps between neighbours."""

    def __init__(self, size=SIZE, far=0):
        rng = np.random.default_rng(5)
        self.count, self.size, self.rows, self.reading = 1, size, size, None
        self.filling = np.zeros(0, dtype=int), np.zeros(0, dtype=int)
        self.generator = self
        parts = [np.diag(rng.uniform(-1.0, 1.0, size))]
        for scale in (4.0, 2.0):
            steps = np.diag(scale * rng.uniform(0.5, 1.0, size - 1), 1)
            parts.append(steps + steps.T)
        for _ in range(far):  # elements anywhere
            row, column = rng.choice(size, 2, replace=False)
            parts[1][row, column] = parts[1][column, row] = 0.3
        self.whole = np.array(parts)
        self.term, self.row, self.column = (each.ravel() for each in np.nonzero(self.whole))
        self.value = self.whole[self.term, self.row, self.column]


def clocks(*shapes):
    return [
        Clock(k, Signal(shape, (), 0.0, False), np.zeros(1)) for k, shape in enumerate(shapes, 1)
    ]


def made(blocks, *shapes, factor=-1j, held=None, strength=1.0):
    return Piecewise.of(blocks, np.full((1, 3), strength), factor, clocks(*shapes), LATEST, held)


def random_start(copies, size=SIZE, kind=complex):
    rng = np.random.default_rng(copies)
    start = rng.normal(size=(1, 1, copies, size)) + 1j * rng.normal(size=(1, 1, copies, size))
    start = start if kind is complex else start.real
    return start / np.linalg.norm(start, axis=-1, keepdims=True)


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("far", [0, 60])
@pytest.mark.parametrize("shapes", [(PULSE, PULSE), (PULSE, WAVE)])
def test_by_exponentials(copies, far, shapes):
    """Beside many short steps in which nothing changes, of fourth order after W. Magnus."""
    blocks = Ladder(far=far)
    moved = made(blocks, *shapes)
    found = moved.at(random_start(copies), np.array([LATEST]))[0, 0, :, 0]
    states, steps = random_start(copies)[0, 0].T, 1000
    length = LATEST / steps
    still, *waves = blocks.whole

    def now(t):
        return still + sum(shape(t) * wave for shape, wave in zip(shapes, waves, strict=True))

    for k in range(steps):  # at the points of Gauss and Legendre
        one, two = (now((k + 0.5 + s * 3**0.5 / 6) * length) for s in (-1, 1))
        turn = -1j * length * (one + two) / 2
        turn = turn + 3**0.5 / 12 * length**2 * (one @ two - two @ one)
        states = expm(turn) @ states if k < 2 else _short(turn, states)
    np.testing.assert_allclose(found, states.T, rtol=0, atol=1e-9)


def _short(turn, states):
    """exp(turn) of states, of a small matrix."""
    total = term = states
    for k in range(1, 14):
        term = turn @ term / k
        total = total + term
    return total


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("kind", [complex, float])
def test_what_follows_is_left_out_once_nobody_sees_it(copies, kind, monkeypatch):
    """The bound of before takes more terms, and gives the same."""
    blocks, start = Ladder(200), random_start(copies, 200, kind)
    moved = made(blocks, PULSE, WAVE, factor=-1j if kind is complex else 1.0)
    states, times = start.swapaxes(-1, -2), np.linspace(0.1, LATEST, 7)
    given = moved.sums, moved.factor, moved.pieces, moved.orders, states
    found, counts = [], []
    for surely in (recurrence._SURELY, 1.0):
        monkeypatch.setattr(recurrence, "_SURELY", surely)
        one = Recurrence.of(*given)
        counts.append(sum(len(terms) - 1 for terms in one._series(states, len(one.orders))))
        found.append(one.at(states, times, None))
    assert counts[1] == moved.orders.sum()
    assert counts[0] < 0.9 * counts[1]
    largest = np.abs(found[1]).max()
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-14 * largest)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_over_is_over(seed):
    """Of G(s) = G_0 + G_1 s: all that follows is together less than is said."""
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(2, 6, 6)) * rng.uniform(0.1, 1.0)
    rates = np.array([np.linalg.norm(parts[1], 2), np.linalg.norm(parts[0], 2)])  # the first last
    terms = [rng.normal(size=6)]
    for j in range(120):
        before = terms[j - 1] if j else np.zeros(6)
        terms.append((parts[0] @ terms[j] + parts[1] @ before) / (j + 1))
    terms = np.array(terms)
    rest = np.cumsum(np.linalg.norm(terms, axis=1)[::-1])[::-1]
    said = [
        j for j in range(2, 100) if recurrence._over(terms[j - 1 : j + 1], rates, 1 / j)
    ]  # fmt: skip
    assert said
    assert max(rest[j + 1] for j in said) <= recurrence._END
    assert rest[said[0] - 6] > recurrence._END  # nor are there many more than are needed


def test_diagonals_and_rows_are_the_same():
    """Few diagonals are held as such, for one column; whatever else by rows."""
    rng = np.random.default_rng(4)
    few, many = np.zeros((40, 80)), np.zeros((40, 80))
    for shift in (0, 1, 41):
        few[np.arange(39), np.arange(39) + shift] = rng.normal(size=39)
    many[rng.integers(40, size=90), rng.integers(80, size=90)] = 1.0
    for matrix, columns, form in ((few, 1, "dia"), (few, 2, "csr"), (many, 1, "csr")):
        held = recurrence._quick(csr_array(matrix), columns)
        assert held.format == form
        x = rng.normal(size=(80, columns))
        x = x[:, 0] if columns == 1 else x
        np.testing.assert_allclose(held * x, matrix @ x, rtol=0, atol=1e-14)


def test_what_is_small_goes_further_as_far_as_rounding_allows():
    """Terms of size exp(norm) at most, of which rounding takes its part."""
    blocks = Ladder()
    owner = np.repeat([0, 1], SIZE // 2)
    alike = made(blocks, PULSE, PULSE, held=(owner, np.array([1.0, 1.0])), strength=20)
    small = made(blocks, PULSE, PULSE, held=(owner, np.array([1e-9, 1e-9])), strength=20)
    assert len(small.orders) < len(alike.orders) / 2
    assert small.orders.sum() < 0.7 * alike.orders.sum()
    for cut, size in ((alike, 1.0), (small, 1e-9)):
        norms = cut.sums.norms
        norm = cut.pieces.lengths * (norms[:, :1] + norms[:, 1:] @ cut.pieces.largest)
        assert np.all(size * np.exp(norm) < np.exp(6.0) + 1e-9)
