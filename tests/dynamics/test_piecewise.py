"""Envelopes that change in time, beside closed forms and SciPy's solver."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.special import erf

import quantumbattery as qb
from quantumbattery.dynamics import motion
from quantumbattery.dynamics.pieces import alike, pieces
from quantumbattery.dynamics.piecewise import Piecewise
from quantumbattery.dynamics.pulse_area import PulseArea
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.reach.signals import Signal

AREA, SERIES, SOLVER = "area of the pulse", "steps of Taylor series", "Runge-Kutta"


def pair(envelope, strength=1.0, detuning=0.0, loss=0.0, **options):
    link = qb.exchange("c", "b", strength, envelope=envelope, **options)
    sites = {"c": qb.Qubit(1.0 + detuning, loss=loss), "b": qb.Qubit()}
    return qb.System(sites, [link], "c", "b")


def energy(system, times, start=None):
    return system.charge(start or qb.fock(1), times, ["energy"])


# --- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["area", "series"])
def test_the_area_of_a_gaussian_pulse(kind, monkeypatch):
    """At resonance sin^2 of the area counts, and nothing else."""
    if kind == "series":
        monkeypatch.setitem(motion._METHODS, "pulse", motion._METHODS["shaped"])
    times, width = np.linspace(0.0, 10.0, 51), 1.2
    whole = erf(5 / width / 2**0.5)
    table = energy(pair(lambda t: np.exp(-((t - 5.0) ** 2) / (2 * width**2)), 0.8), times)
    assert (AREA if kind == "area" else SERIES) in table.attrs["method"]
    areas = 0.8 * width * np.sqrt(np.pi / 2) * (erf((times - 5) / width / 2**0.5) + whole)
    np.testing.assert_allclose(table.energy, np.sin(areas) ** 2, rtol=0, atol=2e-14)
    assert table.attrs["solver_error"] < 1e-13


@pytest.mark.parametrize(("detuning", "area"), [(0.5, np.pi / 2), (1.3, 2.0), (0.1, np.pi)])
def test_a_pulse_of_rosen_and_zener(detuning, area):
    """N. Rosen and C. Zener, Phys. Rev. 40, 502 (1932): sech^2(pi D T / 2) sin^2(area)."""
    length, middle = 0.7, 28.0
    shape = lambda t: area / np.pi / length / np.cosh((t - middle) / length)  # noqa: E731
    table = energy(pair(shape, 1.0, detuning), 2 * middle)
    expected = np.sin(area) ** 2 / np.cosh(np.pi * detuning * length / 2) ** 2
    np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("rate", [0.4, 1.0])
def test_a_crossing_of_landau_and_zener(rate):
    """A level that is swept past another from far away stays with exp(-2 pi J^2 / rate)."""
    half, strength = 100.0, 0.3  # of the time: what is left out falls as J / (rate half)
    sweep = qb.shift("c", rate, envelope=lambda t: t - half)
    sites = {"c": qb.Qubit(), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", strength), sweep], "c", "b")
    left = 1 - energy(system, 2 * half).energy
    expected = np.exp(-2 * np.pi * strength**2 / rate)
    np.testing.assert_allclose(left, expected, rtol=0, atol=2 * strength / (rate * half))


# --- beside a solver -----------------------------------------------------------------------------


def random_clocks(rng, terms):
    """Clocks of some terms, with smooth envelopes, lines and waves, and their functions."""
    shapes = [
        lambda t: np.exp(-((t - 2.0) ** 2) / 0.5),
        lambda t: np.cos(2.0 * t) ** 2,
        lambda t: np.tanh(3.0 * (t - 1.5)),
        lambda t: np.cos(1.5 * t**2),
        xr.DataArray([0.0, 1.0, -0.4, 0.3], dims="time", coords={"time": [0.2, 1.1, 1.9, 3.2]}),
    ]
    clocks = []
    for term in terms:
        frequency = float(rng.choice([0.0, 0.0, 1.7]))
        signal = Signal(shapes[rng.integers(len(shapes))], (), frequency, bool(frequency))
        clocks.append(Clock(term, signal, np.array([frequency])))
    return clocks


class Dense:
    """What the propagators ask of blocks, for any matrices (terms, n, n)."""

    def __init__(self, matrices):
        self.count, self.size = 1, matrices.shape[-1]
        self.rows, self.reading = self.size, None
        self.filling = np.zeros(0, dtype=int), np.zeros(0, dtype=int)
        self.generator = self
        self.term, self.row, self.column = np.indices(matrices.shape).reshape(3, -1)
        self.value, self.whole = matrices.ravel(), matrices

    def matrices(self, numbers):
        return np.einsum("gt,tij->gij", numbers, self.whole)[:, None]


def random_problem(seed, n=None):
    """Hermitian matrices, or others as under loss, of which some change."""
    rng = np.random.default_rng(seed)
    n, members = n or int(rng.integers(2, 6)), int(rng.integers(1, 4))
    matrices = rng.normal(size=(4, n, n)) / n
    if rng.integers(2):
        matrices = matrices + 1j * rng.normal(size=(4, n, n)) / n
    matrices, factor = matrices + matrices.conj().swapaxes(-1, -2), -1j
    numbers = rng.uniform(0.3, 2.0, (members, 4))
    if rng.integers(2):
        matrices = -1j * matrices
        matrices[3] = -np.diag(rng.uniform(0.0, 1.0, n))
        factor = 1.0
    clocks = random_clocks(rng, [0, 1, 2][: rng.integers(1, 4)])
    start = rng.normal(size=(members, 1, 2, n)) + 1j * rng.normal(size=(members, 1, 2, n))
    start /= np.linalg.norm(start, axis=-1, keepdims=True)
    return Dense(matrices), numbers, factor, clocks, start


def by_scipy(blocks, numbers, factor, clocks, start, times):
    """The same (g, 1, c, T, n) by DOP853, from break to break."""
    moving, edges = {clock.term: clock for clock in clocks}, {0.0, float(times[-1])}
    for clock in clocks:
        if isinstance(clock.signal.envelope, xr.DataArray):
            edges |= set(clock.signal.envelope["time"].values.tolist())
    edges, found, every = sorted(edges), [], blocks.whole.reshape(len(blocks.whole), -1)
    for k, row in enumerate(numbers):

        def change(t, flat, row=row):
            now = [
                x * (moving[i].shape(np.array([t]))[0] * moving[i].turn(t)[0] if i in moving else 1)
                for i, x in enumerate(row)
            ]
            h = factor * (np.array(now) @ every).reshape(blocks.whole.shape[1:])
            return (h @ flat.reshape(len(h), -1)).ravel()

        state, trail = start[k, 0].T.astype(complex).ravel(), []
        for first, last in pairwise(edges):
            here = times[(times > first) & (times <= last)]
            asked = np.unique(np.append(here, last))
            solved = solve_ivp(
                change, (first, last), state, "DOP853", asked, rtol=1e-13, atol=1e-15, max_step=0.3
            ).y
            state = solved[:, -1]
            trail.append(solved[:, : len(here)])
        whole = np.concatenate(trail, axis=1).reshape(blocks.size, -1, len(times))
        found.append(whole.transpose(1, 2, 0)[None])
    return np.stack(found)


TIMES = np.array([0.4, 1.1, 1.9, 2.35, 4.0])


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_beside_scipy(seed):
    """Any matrices and batches: as near as is said, and as SciPy can be."""
    blocks, numbers, factor, clocks, start = random_problem(seed)
    ours = Piecewise.of(blocks, numbers, factor, clocks, 4.0)
    found = ours.at(start, TIMES)
    apart = np.linalg.norm(found - by_scipy(*random_problem(seed), TIMES), axis=-1).max()
    assert apart <= ours.error(start, TIMES, found) + 3e-12
    assert ours.error(start, TIMES, found) < 1e-12
    own = np.stack([TIMES, TIMES[::-1], TIMES])[: len(numbers), None]
    each = ours.at(start, own)
    for k in range(len(numbers)):
        expected = ours.at(start, own[k, 0])[k]
        np.testing.assert_allclose(each[k], expected, rtol=0, atol=1e-14)


class Read(Dense):
    """The same, of which two combinations are read."""

    def __init__(self, matrices):
        super().__init__(matrices)
        self.rows = 2
        self.reading = np.random.default_rng(3).normal(size=(1, 2, self.size))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [Dense, Read])
def test_all_at_once_and_one_after_the_other_are_the_same(seed, kind, monkeypatch):
    """Maps of all pieces or states, in one vector or by block; at few times, and at many."""
    from quantumbattery.dynamics import piecewise, recurrence

    blocks, numbers, factor, clocks, start = random_problem(seed, n=4)
    blocks = kind(blocks.whole)
    many = np.union1d(np.linspace(0.0, 4.0, 1500), TIMES)
    chosen = np.searchsorted(many, TIMES)
    for steps, small, call, at_once in (
        (False, 0, 0.0, 1 << 21),
        (False, 0, 1.0, 1 << 21),
        (False, 0, 1.0, 1),
        (True, 0, 1.0, 1 << 21),
        (True, 0, 1.0, 1),
        (True, 99, 1.0, 1 << 21),
        (True, 99, 1.0, 1),
    ):
        monkeypatch.setattr(Piecewise, "by_steps", steps)
        monkeypatch.setattr(recurrence, "LARGEST_MAP", small)
        monkeypatch.setattr(piecewise, "_ONE_CALL", call)
        for module in (piecewise, recurrence):
            monkeypatch.setattr(module, "_AT_ONCE", at_once)
        moved = Piecewise.of(blocks, numbers, factor, clocks, 4.0)
        found, dense = moved.at(start, TIMES), moved.at(start, many)
        np.testing.assert_allclose(dense[..., chosen, :], found, rtol=0, atol=1e-13)
        if (steps, call) == (False, 0.0):
            expected = found
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


# --- what is said of the error -------------------------------------------------------------------


def degrees(seed, degree):
    """The error of a solution with polynomials of too low degree, and what is said of it."""
    blocks, numbers, factor, clocks, start = random_problem(seed)
    fine = Piecewise.of(blocks, numbers, factor, clocks, 4.0)
    edges = np.unique(np.concatenate([np.linspace(0.0, 4.0, 21), [0.2, 1.1, 1.9, 3.2]]))
    with pytest.MonkeyPatch.context() as patch:
        from quantumbattery.dynamics import pieces as module
        from quantumbattery.dynamics import piecewise

        patch.setattr(module, "_NOISE", 1.0)  # whatever its last coefficients are
        patch.setattr(module, "_first_edges", lambda *_: edges)
        patch.setattr(piecewise, "_LONGEST", 12.0)
        patch.setattr(piecewise, "_DEGREE", degree)
        rough = Piecewise.of(blocks, numbers, factor, clocks, 4.0)
    found = rough.at(start, TIMES)
    apart = np.linalg.norm(found - fine.at(start, TIMES), axis=-1).max()
    return apart, rough.error(start, TIMES, found)


def test_the_error_is_no_less_than_what_is_said_and_not_far_from_it():
    """Errors of a polynomial through Chebyshev points change sign, and leave a fifteenth or so."""
    found = [degrees(seed, 3) for seed in range(60)]
    ratios = [apart / said for apart, said in found]
    assert max(apart for apart, _ in found) > 1e-4
    assert 1 / 20 < max(ratios) <= 1 / 12


def test_the_error_falls_with_the_degree():
    """As for analytic functions, by a factor for each degree."""
    worst = [max(degrees(seed, degree)[0] for seed in range(8)) for degree in (2, 4, 6, 8)]
    assert all(later < earlier / 5 for earlier, later in pairwise(worst))


# --- pieces --------------------------------------------------------------------------------------


def one(envelope, latest, breaks=(), longest=4.0):
    clock = Clock(0, Signal(envelope, breaks, 0.0, False), np.zeros(1))
    return clock, pieces([[clock]], latest, np.array([[0.0, 1.0]]), longest, 12, 1 << 14)


@pytest.mark.parametrize(
    "envelope",
    [
        lambda t: np.exp(-((t - 5) ** 2)),
        lambda t: np.exp(-(((t - 5) / 0.003) ** 2)),  # between all points of the first pieces
        lambda t: np.abs(t - 4.2),
        lambda t: np.where(t > 4.2, 1.0, 0.2),
        lambda t: np.cos(t**2),
    ],
)
def test_pieces_follow_a_function_and_its_integral(envelope):
    """Also where it bends or jumps and nothing says so."""
    _, cut = one(envelope, 10.0)
    times = np.random.default_rng(1).uniform(0.0, 10.0, 5000)
    inside, over = cut.place(times)
    followed = sum(cut.powers[0, 0, inside, k] * over**k for k in range(13))
    np.testing.assert_allclose(followed, envelope(times), rtol=0, atol=1e-12)
    last, bends = 7.3, [4.2, 4.99, 5.0, 5.01]
    area = quad(envelope, 0.0, last, points=bends, limit=500, epsabs=1e-12)[0]
    np.testing.assert_allclose(cut.integrals(np.array(last))[0, 0], area, rtol=0, atol=1e-12)


def test_too_many_pieces():
    """A function that is all noise, or beyond all numbers, is for a solver in time."""
    noise = np.random.default_rng(2).normal(size=10_000)
    assert one(lambda t: noise[(t * 997).astype(int) % 10_000], 1e4)[1] is None
    assert one(lambda t: 1e300 + t, 1.0)[1] is None


def test_functions_of_one_text_are_one_wave():
    def many(widths):
        made = [lambda t: np.exp(-t) for _ in range(3)]
        made += [lambda t, w=w: np.exp(-t * w) for w in widths]
        return [Clock(0, Signal(each, (), 0.0, False), np.zeros(1)) for each in made]

    assert [len(wave) for wave in alike(many([1.0, 1.0, 2.0]))] == [3, 2, 1]


def test_breaks_and_lines_are_exact():
    """A jump is not smeared by a point beside it; lines bend where their samples say."""
    jump = pair(lambda t: np.where(t < 1.3, 0.4, 1.1), breaks=[1.3], detuning=0.6)
    first, second = (energy(pair(None, s, 0.6), t) for s, t in ((0.4, 1.3), (1.1, 0.7)))
    assert first.energy.item() != second.energy.item()
    held = qb.exchange("c", "b", 1.0, envelope=[0.4, 1.1], breaks=[0.0, 1.3, 2.0])
    sites = {"c": qb.Qubit(1.6), "b": qb.Qubit()}
    steps = energy(qb.System(sites, [held], "c", "b"), [1.3, 2.0]).energy
    np.testing.assert_allclose(energy(jump, [1.3, 2.0]).energy, steps, rtol=0, atol=1e-13)
    known = np.linspace(0.0, 3.0, 7)
    lines = xr.DataArray(np.sin(known) + 0.2, dims="time", coords={"time": known})
    table = energy(pair(lines), [1.7, 3.0, 4.0])
    areas = []
    for t in (1.7, 3.0, 3.0):
        grid = np.union1d(known[known <= t], [t])
        areas.append(np.trapezoid(np.interp(grid, known, lines), grid))
    np.testing.assert_allclose(table.energy, np.sin(areas) ** 2, rtol=0, atol=1e-13)


# --- in systems ----------------------------------------------------------------------------------


def rough(system, times, measure="energy", **options):
    """The same by the solver in time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(motion._METHODS, "pulse", motion._METHODS["changing"])
        table = system.charge(qb.bloch(2.0, 0.3), times, [measure], **options)
    assert SOLVER in table.attrs["method"]
    return table[measure]


SLOW, FAST = (lambda t: np.exp(-((t - 3) ** 2) / 2)), (lambda t: np.sin(2 * t) ** 2)


@pytest.mark.filterwarnings("ignore:two solutions")
@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize("cells", [2, 18])
def test_chains_and_batches_with_two_envelopes(loss, cells):
    """Small blocks, large ones, and a batch with strengths and a time of disconnection."""
    strength = xr.DataArray([0.5, 1.2], dims="run")
    sites = {f"s{k}": qb.Qubit(1 + 0.3 * (k % 2)) for k in range(cells)}
    sites[f"s{cells - 1}"] = qb.Qubit(1.1, loss=loss)
    shapes = [SLOW, FAST]
    links = [
        qb.exchange(f"s{k}", f"s{k + 1}", strength, envelope=shapes[k % 2])
        for k in range(cells - 1)
    ]
    field = qb.drive("s0", 0.3, 1.2, envelope=FAST) if cells == 2 else qb.shift("s0", 0.2)
    system = qb.System(sites, [*links, field], "s0", f"s{cells - 1}")
    times = np.linspace(0.0, 6.0, 7)
    for options in ({}, {"disconnect": 2.5}):
        table = system.charge(qb.bloch(2.0, 0.3), times, ["energy"], **options)
        assert SERIES in table.attrs["method"]
        expected = rough(system, times, **options)
        np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("detuning", [0.0, 0.2])
def test_an_ensemble_in_a_cavity(detuning):
    link = qb.exchange("c", "b", 1.0, envelope=SLOW)
    sites = {"c": qb.Oscillator(1 + detuning), "b": qb.Ensemble(qb.Qubit(), 4)}
    system = qb.System(sites, [link], "c", "b")
    table = system.charge(qb.coherent(1.0), [2.0, 4.0], ["ergotropy"])
    assert (SERIES if detuning else AREA) in table.attrs["method"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(motion._METHODS, "pulse", motion._METHODS["changing"])
        expected = system.charge(qb.coherent(1.0), [2.0, 4.0], ["ergotropy"]).ergotropy
    np.testing.assert_allclose(table.ergotropy, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("detuning", [0.0, 0.3])
def test_strokes_with_an_envelope(detuning):
    """Each cycle begins anew in time; the battery keeps what it has."""
    system = pair(SLOW, 0.4, detuning)
    protocol = qb.Protocol([qb.Stroke(system, 4.0, reset={"c": qb.fock(1)})], repeat=3)
    table = protocol.charge(qb.fock(1), [4.0, 6.5, 12.0], ["energy"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(motion._METHODS, "pulse", motion._METHODS["changing"])
        expected = protocol.charge(qb.fock(1), [4.0, 6.5, 12.0], ["energy"])
    np.testing.assert_allclose(table.energy, expected.energy, rtol=0, atol=1e-10)


def test_the_area_alone_is_not_enough():
    """Of detuned sites, of two envelopes, and of fields that turn."""
    blocks = Dense(np.array([[[0.0, 0.0], [0.0, 0.3]], [[0.0, 1.0], [1.0, 0.0]]]))
    clock = Clock(1, Signal(SLOW, (), 0.0, False), np.zeros(1))
    assert PulseArea.of(blocks, np.ones((1, 2)), [clock], 5.0) is None
    assert PulseArea.of(blocks, np.array([[0.0, 1.0]]), [clock], 5.0) is not None
    other = Clock(0, Signal(FAST, (), 0.0, False), np.zeros(1))
    assert PulseArea.of(blocks, np.ones((1, 2)), [clock, other], 5.0) is None
    turning = Clock(1, Signal(SLOW, (), 1.0, False), np.ones(1))
    assert PulseArea.of(blocks, np.array([[0.0, 1.0]]), [turning], 5.0) is None
    resting = Clock(1, Signal(SLOW, (), np.zeros(1), True), np.zeros(1))  # sin(0), which is nothing
    assert PulseArea.of(blocks, np.array([[0.0, 1.0]]), [resting], 5.0) is None
