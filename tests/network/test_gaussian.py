"""Gaussian states: against QuTiP on larger spaces, sums of levels, and closed distributions."""

import numpy as np
import pytest
import qutip
import xarray as xr
from scipy.special import betainc, gammainc

import quantumbattery as qb
from quantumbattery.network import gaussian_tails
from quantumbattery.network.amplitudes import (
    amplitudes,
    density_matrix,
    entries,
    factors,
    is_pure,
    largest_tail,
    needed_levels,
    tail,
    tail_quanta,
)
from quantumbattery.network.gaussian_states import member_amplitudes, pure_amplitudes
from quantumbattery.network.gaussian_tails import largest_beyond, weight_beyond
from quantumbattery.network.named_states import Gaussian
from quantumbattery.network.preparations import coherent, gaussian, squeezed, thermal
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.network.starts import by_site
from quantumbattery.sweeps.parts import preparation_of

LADDER = Oscillator()
GIVEN = [
    (0.7 - 0.4j, 0.4, 1.0, 0.5),
    (4.0, 1.5, 0.0, 3.0),
    (4j, 1.5, 0.0, 0.3),
    (-2 + 3j, 1.5, 2.2, 1.0),
    (0.0, 0.8, -1.0, 0.5),
    (4.0, 0.0, 0.0, 2.0),
    (4.0, 1.5, 0.0, 0.0),
    (1 - 1j, 0.9, 3.0, 0.0),
]


def arrays(*numbers):
    return [np.asarray(each) for each in numbers]


def in_qutip(alpha, r, angle, occupation, levels):
    """Displaced and squeezed by exponentials of matrices."""
    start = qutip.thermal_dm(levels, occupation) if occupation else qutip.fock_dm(levels, 0)
    moved = qutip.displace(levels, alpha) * qutip.squeeze(levels, r * np.exp(1j * angle))
    return moved * start * moved.dag()


# --- on levels -----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_density_matrix_is_that_of_qutip(given):
    levels = 40
    ours = density_matrix(gaussian(*given), LADDER, levels).values
    enough = 600 if given[3] == 3.0 else 350  # a warm state that is squeezed reaches far up
    theirs = in_qutip(*given, enough).full()[:levels, :levels]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-14)
    if not given[3]:
        ket = amplitudes(gaussian(*given), LADDER, levels).values
        np.testing.assert_allclose(np.outer(ket, ket.conj()), theirs, rtol=0, atol=2e-14)


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_trace_quanta_quadratures_and_purity(given):
    alpha, r, angle, n = given
    levels = needed_levels(gaussian(*given), LADDER, 1e-18)
    root = factors(gaussian(*given), LADDER, levels).values
    number = np.arange(levels)
    weights = (np.abs(root) ** 2).sum(axis=1)
    assert weights.sum() == pytest.approx(1, abs=2e-14)
    quanta = abs(alpha) ** 2 + (2 * n + 1) * np.sinh(r) ** 2 + n
    assert number @ weights == pytest.approx(quanta, rel=1e-12)
    lowered = np.sqrt(number[1:, None]) * root[1:]
    assert np.vdot(root[:-1], lowered) == pytest.approx(alpha, abs=1e-12)
    twice = np.sqrt(number[1:-1, None]) * lowered[1:]
    moment = alpha**2 - np.exp(1j * angle) * (2 * n + 1) * np.sinh(2 * r) / 2
    assert np.vdot(root[:-2], twice) == pytest.approx(moment, rel=1e-11, abs=1e-12)
    gram = root.conj().T @ root
    assert np.linalg.norm(gram) ** 2 == pytest.approx(1 / (2 * n + 1), rel=1e-12)


@pytest.mark.parametrize("levels", [2, 7, 60])
@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"alpha": 1 - 2j}, coherent(1 - 2j)),
        ({"alpha": -1.5}, coherent(-1.5)),
        ({"alpha": 1.0, "angle": 0.7}, coherent(1.0)),
        ({"r": 0.9, "angle": 0.7}, squeezed(0.9, 0.7)),
        ({"occupation": 0.6}, thermal(0.6)),
        ({}, coherent(0.0)),
    ],
    ids=repr,
)
def test_one_thing_alone_is_what_it_is_by_itself(given, same, levels):
    """Exactly, and to rounding where an axis of zeros hides that it is one thing alone."""
    ours = gaussian(**given)
    expected = density_matrix(same, LADDER, levels)
    np.testing.assert_array_equal(density_matrix(ours, LADDER, levels), expected)
    assert tail(ours, LADDER, levels) == tail(same, LADDER, levels)
    assert tail_quanta(ours, LADDER, levels) == tail_quanta(same, LADDER, levels)
    assert needed_levels(ours, LADDER, 1e-20) == needed_levels(same, LADDER, 1e-20)
    hidden = gaussian(**{"r": xr.DataArray([0.0], dims="none"), **given})
    if "r" in given:
        hidden = gaussian(**given, alpha=xr.DataArray([0.0], dims="none"))
    ours = density_matrix(hidden, LADDER, levels).isel(none=0)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=5e-15)
    beyond = float(tail(hidden, LADDER, levels)[0])
    assert beyond == pytest.approx(tail(same, LADDER, levels), rel=1e-11, abs=1e-290)


@pytest.mark.parametrize("alpha", [5.0, 40 * np.exp(0.3j), -38.0])
def test_far_displacements_do_not_vanish(alpha):
    """The vacuum amplitude of the last two underflows."""
    levels = needed_levels(coherent(alpha), LADDER, 1e-20)
    ours = pure_amplitudes(levels, *arrays(alpha, 0.0, 0.0))
    expected = amplitudes(coherent(alpha), LADDER, levels).values
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-13)
    (mixed,) = member_amplitudes(levels, *arrays([alpha], 0.0, 0.0, 0.0))
    aligned = mixed[:, 0] * np.exp(1j * np.angle(np.vdot(mixed[:, 0], expected)))
    np.testing.assert_allclose(aligned, expected, rtol=0, atol=2e-13)


def test_squeezing_alone_keeps_the_parity():
    level, member, values = entries(gaussian(r=[0.2, 0.7], occupation=0.5), LADDER, 30)
    assert ((level - member) % 2 == 0).all()
    assert values.dims == ("r", "entry")


# --- beyond a cut --------------------------------------------------------------------------------


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_tail_is_what_is_left_out(given):
    prepared, (alpha, r, angle, n) = gaussian(*given), given
    many = needed_levels(prepared, LADDER, 1e-32)
    if n:
        root = member_amplitudes(many, *arrays(alpha, r, angle, n))
        weights = (np.abs(root) ** 2).sum(axis=1)
    else:
        weights = np.abs(pure_amplitudes(many, *arrays(alpha, r, angle))) ** 2
    floor = 1e-17 if n else 1e-31  # members left out are 1e-18 of a mixture
    squares = weights * np.arange(many) ** 2
    for levels in np.unique(np.geomspace(1, many, 25).astype(int)):
        beyond = tail(prepared, LADDER, levels)
        assert beyond == pytest.approx(weights[levels:].sum(), rel=1e-12, abs=floor)
        quanta = tail_quanta(prepared, LADDER, levels) ** 2
        assert quanta == pytest.approx(squares[levels:].sum(), rel=1e-10, abs=floor * many**2)
    assert tail(prepared, LADDER, 0) == 1
    assert tail_quanta(prepared, LADDER, 0) ** 2 == pytest.approx(squares.sum(), rel=1e-12)


@pytest.mark.parametrize("levels", [1, 2, 9, 40, 41, 300, 2000])
@pytest.mark.parametrize("size", [0.05, 0.8, 3.0])
def test_tails_that_are_known(levels, size):
    """Of one thing alone, through the general road, down to 1e-200 of the whole."""
    known = {
        (size, 0.0, 0.4, 0.0): gammainc(levels, size**2),
        (0.0, size, 0.4, 0.0): betainc((levels + 1) // 2, 0.5, np.tanh(size) ** 2),
        (0.0, 0.0, 0.4, size): (size / (size + 1)) ** levels,
    }
    for given, expected in known.items():
        ours = weight_beyond(levels, *arrays(*given))
        assert float(ours) == pytest.approx(expected, rel=3e-11, abs=1e-200)


@pytest.mark.parametrize("given", GIVEN, ids=repr)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-20])
def test_needed_levels_are_the_fewest(given, tolerance):
    prepared = gaussian(*given)
    levels = needed_levels(prepared, LADDER, tolerance)
    assert tail(prepared, LADDER, levels) <= tolerance < tail(prepared, LADDER, levels - 1)


@pytest.mark.parametrize("square", [False, True])
def test_the_largest_of_a_batch(square):
    rng = np.random.default_rng(5)
    parts = rng.normal(size=(2, 200)) * 2
    given = [parts[0] + 1j * parts[1], *rng.uniform(0, 1, (2, 200)), rng.exponential(1, 200)]
    for levels in [0, 1, 7, 60, 400]:
        every = weight_beyond(levels, *given, square=square)
        assert largest_beyond(levels, *given, square=square) == pytest.approx(every.max())


def test_the_vacuum_has_nothing_on_higher_levels(monkeypatch):
    """Which is known at once: no steps find two sums of it that are close."""
    fewest, kept = [], gaussian_tails._sum

    def counted(states, levels, radius, steps, square):
        fewest.append(steps)
        return kept(states, levels, radius, steps, square)

    monkeypatch.setattr(gaussian_tails, "_sum", counted)
    none, alpha = np.zeros(2), np.array([0.0, 0.1])
    beyond = weight_beyond(6, alpha, none, none, none)
    assert beyond.tolist() == [0.0, pytest.approx(gammainc(6, 0.01), rel=1e-9)]
    assert max(fewest) <= 1024


def test_what_is_squeezed_without_end():
    """Squares of e^600 overflow; all of the state is beyond any cut."""
    huge = gaussian(1.0, 300.0, 0.3, 0.5)
    assert tail(huge, LADDER, 50) == pytest.approx(1, abs=1e-12)
    assert tail_quanta(huge, LADDER, 50) == np.inf
    with pytest.raises(ValueError, match="prepare it weaker"):
        needed_levels(huge, LADDER, 1e-9)


# --- batches, and where it is refused ------------------------------------------------------------


def test_batches():
    """Every number may have axes, and plain ones of different names are two."""
    alpha, n = np.array([0.5, 1 + 1j, -2j]), np.array([0.0, 0.4])
    angle = xr.DataArray([0.0, 1.0], dims="turn")
    prepared = gaussian(alpha, 0.3, angle, n)
    ours = density_matrix(prepared, LADDER, 12)
    assert dict(ours.sizes) == {"alpha": 3, "turn": 2, "occupation": 2, "row": 12, "column": 12}
    beyond = tail(prepared, LADDER, 12)
    for a, one in enumerate(alpha):
        for t in range(2):
            for k in range(2):
                single = gaussian(one, 0.3, float(angle[t]), n[k])
                cell = ours.isel(alpha=a, turn=t, occupation=k)
                expected = density_matrix(single, LADDER, 12)
                np.testing.assert_allclose(cell, expected, rtol=0, atol=1e-14)
                here = beyond.isel(alpha=a, turn=t, occupation=k)
                assert float(here) == pytest.approx(tail(single, LADDER, 12), rel=1e-11)
    assert largest_tail(prepared, LADDER, 12) == float(beyond.max())
    assert not is_pure(prepared)
    pure = amplitudes(gaussian(alpha, 0.3, angle, [0.0]), LADDER, 5)
    assert pure.sizes == {"alpha": 3, "turn": 2, "occupation": 1, "level": 5}


def test_equal_when_equal():
    assert gaussian(1.0) == gaussian(1 + 0j) == Gaussian(1.0, 0.0, 0.0, 0.0)
    assert gaussian(1.0) != coherent(1.0)
    assert preparation_of({"state": "gaussian", "alpha": 1.0, "r": 0.5, "angle": "180deg"}) == (
        gaussian(1.0, 0.5, np.pi)
    )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gaussian(np.nan), ValueError, "alpha must be finite"),
        (lambda: gaussian("big"), TypeError, "alpha must be a number, real or"),
        (lambda: gaussian(r=-0.1), ValueError, "r must be zero or positive"),
        (lambda: gaussian(angle=np.inf), ValueError, "angle must be a finite angle"),
        (lambda: gaussian(occupation=-1), ValueError, "occupation must be zero or positive"),
        (lambda: gaussian(occupation="hot"), TypeError, "occupation must be a real number"),
        (lambda: by_site(gaussian(1.0), qb.System({"charger": Qubit(), "battery": Qubit()})),
         ValueError, "'charger': gaussian needs an Oscillator, but it is Qubit"),
        (lambda: amplitudes(gaussian(1.0, occupation=1.0), LADDER, 3), TypeError, "is mixed"),
        (lambda: factors(gaussian(1.0, occupation=1e6), LADDER, 3), ValueError,
         "a mixture of .* kets: too many; give an occupation of at most 1581"),
    ],
)  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- charging ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_a_qubit_charged_by_gaussian_light(loss):
    """Jaynes-Cummings, with the levels that are chosen, beside QuTiP."""
    given, occupations = (0.8 + 0.5j, 0.4, 0.7), [0.0, 0.3]
    sites = {"cavity": qb.Oscillator(loss=loss), "cell": qb.Qubit()}
    link = [qb.exchange("cavity", "cell", 1.0)]
    system = qb.System(sites, link, "cavity", "cell")
    times = np.linspace(0, 4, 6)
    measures = ["energy", "ergotropy", "purity"]
    table = system.charge(gaussian(*given, occupations), times, measures)
    assert dict(table.sizes) == {"occupation": 2, "time": 6}
    a, lower = qutip.destroy(50), qutip.destroy(2)
    h = qutip.tensor(a.dag() * a, qutip.qeye(2)) + qutip.tensor(qutip.qeye(50), lower.dag() * lower)
    h = h + qutip.tensor(a, lower.dag()) + qutip.tensor(a.dag(), lower)
    away = [np.sqrt(loss) * qutip.tensor(a, qutip.qeye(2))] if loss else []
    accurate = {"atol": 1e-11, "rtol": 1e-9, "nsteps": 20000}
    for n, ours in zip(occupations, table.transpose("occupation", ...).energy, strict=True):
        light = qutip.Qobj(in_qutip(*given, n, 150).full()[:50, :50])
        start = qutip.tensor(light, qutip.fock_dm(2, 0))
        states = qutip.mesolve(h, start, times, away, options=accurate).states
        cells = [each.ptrace(1).full() for each in states]
        np.testing.assert_allclose(ours, [each[1, 1].real for each in cells], rtol=0, atol=1e-8)
        row = table.sel(occupation=n)
        work = [qb.ergotropy(each, np.diag([0.0, 1.0])) for each in cells]
        np.testing.assert_allclose(row.ergotropy, work, rtol=0, atol=1e-8)
        purity = [np.trace(each @ each).real for each in cells]
        np.testing.assert_allclose(row.purity, purity, rtol=0, atol=1e-8)
    assert 0 < table.attrs["left_out"] < 1e-11


def test_an_oscillator_that_is_handed_a_gaussian_state():
    """After a swap all of it is in the battery: work is what displaced and squeezed the thermal."""
    alpha, r, n = 1 - 0.5j, np.array([0.0, 0.3]), 0.2
    handed = qb.models.oscillator_pair().charge(
        gaussian(alpha, r, 0.4, n), np.pi / 2, ["energy", "ergotropy", "purity"]
    )
    energy = abs(alpha) ** 2 + (2 * n + 1) * np.sinh(r) ** 2 + n
    np.testing.assert_allclose(handed.energy, energy, rtol=1e-11)
    np.testing.assert_allclose(handed.ergotropy, energy - n, rtol=1e-10)
    np.testing.assert_allclose(handed.purity, 1 / (2 * n + 1), rtol=1e-11)
