"""Density matrices on as many levels as were asked for, however many quanta there are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from scipy.linalg import expm
from scipy.special import gammaln
from scipy.stats import binom

import quantumbattery as qb
from quantumbattery.moments.joint_levels import joint_matrices
from quantumbattery.moments.levels import matrices, populations
from quantumbattery.moments.over_time import Moments

BOTH = ["charger", "battery"]


def pair(**numbers):
    return qb.models.driven_oscillator_pair(**{"drive": 1.0, "charger_loss": 1.0} | numbers)


def cut(rho, levels):
    """The lowest levels of a matrix that came out whole."""
    counts = rho.attrs["levels"]
    whole = rho.values.reshape(*rho.shape[:-2], *counts, *counts)
    corner = whole[(..., *[slice(n) for n in [*levels, *levels]])]
    size = np.prod(levels)
    return corner.reshape(*rho.shape[:-2], size, size)


def test_lowest_levels_of_one_mode_agree_with_operators_on_many():
    """Displaced, squeezed, thermal states made by exponentials of operators on 160 levels."""
    many, few = 160, 9
    a = np.diag(np.sqrt(np.arange(1.0, many)), 1)
    rng = np.random.default_rng(3)
    for _ in range(12):
        alpha = complex(*rng.normal(size=2))
        r, angle, quanta = rng.uniform(0, 0.5), rng.uniform(0, 6.3), rng.uniform(0, 0.7)
        xi = r * np.exp(1j * angle)
        weights = (quanta / (quanta + 1)) ** np.arange(many) / (quanta + 1)
        moved = expm(alpha * a.T - alpha.conjugate() * a)
        moved = moved @ expm((xi.conjugate() * a @ a - xi * a.T @ a.T) / 2)
        rho = (moved * weights) @ moved.conj().T
        mean = np.trace(a @ rho)
        normal = np.trace(a.T @ a @ rho) - abs(mean) ** 2
        pairs = np.trace(a @ a @ rho) - mean**2
        own = [np.array([each]) for each in (mean, normal, pairs)]
        assert matrices(*own, few)[0] == pytest.approx(rho[:few, :few], abs=1e-12)
        assert populations(*own, few)[0] == pytest.approx(np.diag(rho).real[:few], abs=1e-12)


def test_few_levels_of_many_quanta():
    hot = pair(drive=0.0, occupation=4e4).density_matrix({}, np.inf, levels=5)
    assert np.diag(hot.values).real == pytest.approx(
        (4e4 / 40001) ** np.arange(5) / 40001, rel=1e-9
    )
    # A squeezed vacuum of 4e4 quanta: (2k)! / (4^k k!^2) tanh^2k / cosh.
    one = qb.System({"b": qb.Oscillator()}, charger=[], battery="b")
    r = np.arcsinh(200.0)  # 40,000 quanta
    rho = one.density_matrix({"b": qb.gaussian(r=r)}, 0.0, levels=7).values
    assert np.diag(rho).real[::2] == pytest.approx(
        [binom.pmf(k, 2 * k, 0.5) * np.tanh(r) ** (2 * k) / np.cosh(r) for k in range(4)], rel=1e-8
    )
    assert np.abs(np.diag(rho)[1::2]).max() < 1e-12  # thermal quanta, of which rounding leaves some
    # Coherent: Poissonian, on levels around its mean and far below.
    rho = one.density_matrix({"b": qb.coherent(30.0)}, 0.0, levels=1000).values
    n = np.arange(1000)
    told = np.exp(n * np.log(900) - 900 - gammaln(n + 1))
    assert np.diag(rho).real == pytest.approx(told, rel=1e-10, abs=1e-300)
    far = one.density_matrix({"b": qb.coherent(200.0)}, 0.0, levels=5).values
    assert np.abs(far).max() == 0  # e^-40000


@pytest.mark.parametrize("start", [{}, qb.gaussian(0.3, 0.2, 0.4, 0.1), qb.fock(2)])
@pytest.mark.parametrize("sites", ["battery", BOTH])
def test_asked_levels_are_those_of_the_whole(start, sites):
    system, times = pair(occupation=0.2), [0.0, 0.3, 0.9]
    levels = [3] if sites == "battery" else [2, 4]
    by_name = dict(zip([sites] if sites == "battery" else sites, levels, strict=True))
    whole = system.density_matrix(start, times, sites)
    found = system.density_matrix(start, times, sites, levels=by_name)
    assert found.attrs["levels"] == levels
    assert found.values == pytest.approx(cut(whole, levels), abs=1e-13)
    assert found.row.values[-1] == ("2" if sites == "battery" else "13")


def test_starts_that_are_not_gaussian_far_from_the_ground_state():
    """One Fock state, displaced by a drive: <n|D|1> in closed form, of a thousand quanta."""
    drive = qb.drive("b", 16.0, 1.0)
    one = qb.System({"b": qb.Oscillator()}, [], charger=[], battery="b", drives=[drive])
    levels = 900
    rho = one.density_matrix({"b": qb.fock(1)}, 2.0, levels=levels).values
    x, n = 32.0**2, np.arange(levels)
    told = np.exp(n * np.log(x) - x - gammaln(n + 1)) * (n - x) ** 2 / x
    assert np.diag(rho).real == pytest.approx(told, rel=1e-9, abs=1e-300)
    few = one.density_matrix({"b": qb.fock(1)}, 2.0, levels=4)
    assert few.shape == (4, 4)


def test_hot_modes_together():
    """Two modes of 1e4 and 1e3 quanta on a beam splitter: blocks of definite quanta turn."""
    n, mix = np.array([1e4, 1e3]), 0.7
    turn = np.array([[np.cos(mix), np.sin(mix)], [-np.sin(mix), np.cos(mix)]])
    normal = (turn * n) @ turn.T  # <a_k^dag a_j>
    found = Moments(np.zeros((1, 2), complex), normal[None] + 0j, np.zeros((1, 2, 2), complex))
    ((_, rho),) = joint_matrices(found, (3, 3), whole=False)
    x = n / (n + 1)
    vacuum = 1 / np.prod(n + 1)
    assert rho[0, 0, 0].real == pytest.approx(vacuum, rel=1e-12)
    one = (turn * x) @ turn.T * vacuum
    block = rho[0][np.ix_([3, 1], [3, 1])]  # of a quantum in the first, and in the second
    assert block == pytest.approx(one, rel=1e-10)
    root = np.sqrt(2)
    (c, s), (_, _) = turn
    two = np.array(  # what |20>, |11>, |02> of the modes that are warm become
        [
            [c * c, root * c * s, s * s],
            [-root * c * s, c * c - s * s, root * c * s],
            [s * s, -root * c * s, c * c],
        ]
    )
    weights = vacuum * np.array([x[0] ** 2, x[0] * x[1], x[1] ** 2])
    block = rho[0][np.ix_([6, 4, 2], [6, 4, 2])]
    assert block == pytest.approx((two * weights) @ two.T, rel=1e-10)


def test_modes_together_of_which_double_precision_holds_nothing():
    far = pair(drive=200.0)
    found = far.density_matrix({}, [0.2, 1.0], BOTH, levels=4)
    assert np.abs(found.values[1]).max() == 0  # thousands of quanta
    alone = far.density_matrix({}, [0.2, 1.0], "battery", levels=4)
    assert np.abs(alone.values[1]).max() < 1e-100
    start = {"charger": qb.coherent(30.0)}
    with pytest.raises(ValueError, match="double precision does not hold the state of several"):
        pair(drive=0.0).density_matrix(start, [0.01], BOTH, levels={"charger": 1000, "battery": 2})


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.0, 2.0))
def test_levels_that_are_asked_add_up(first, second, time):
    """Traces grow with the levels, up to 1."""
    system = pair(occupation=0.4)
    less, more = sorted((first, second))
    traces = [
        np.trace(system.density_matrix({}, time, levels=n).values).real for n in (less, more, 60)
    ]
    assert traces[0] <= traces[1] + 1e-14
    assert traces[1] <= traces[2] + 1e-14
    assert traces[2] == pytest.approx(1, abs=1e-10)


def test_levels_of_what_is_worked_out_on_levels():
    system = qb.models.jaynes_cummings(coupling=1.0)
    whole = system.density_matrix(qb.coherent(1.0), [0.5, 1.0], BOTH)
    found = system.density_matrix(qb.coherent(1.0), [0.5, 1.0], BOTH, levels=3)
    assert found.attrs["levels"] == [3, 2]
    assert found.values == pytest.approx(cut(whole, [3, 2]), abs=1e-14)
    more = system.density_matrix(qb.fock(1), [0.5], "charger", levels=5)  # of two that are reached
    assert more.shape == (1, 5, 5)
    assert np.abs(more.values[0, 2:]).max() == 0
    assert np.trace(more.values[0]) == pytest.approx(1)


def test_levels_in_strokes():
    system = pair(occupation=0.3)
    strokes = qb.Protocol([qb.Stroke(system, 0.5), qb.Stroke(system, 0.2)], repeat=2)
    whole = strokes.density_matrix({}, None, BOTH)
    found = strokes.density_matrix({}, None, BOTH, levels=2)
    assert found.values == pytest.approx(cut(whole, [2, 2]), abs=1e-13)
    assert found.sizes == {"time": 5, "row": 4, "column": 4}


@pytest.mark.parametrize(
    ("levels", "kind", "match"),
    [
        (0, ValueError, "levels is a whole number from 1 on"),
        (2.5, TypeError, "levels is a whole number from 1 on"),
        (True, TypeError, "levels is a whole number from 1 on"),
        ("all", TypeError, "levels is a whole number from 1 on"),
        ({"charger": 3}, ValueError, "'charger' is no oscillator among battery"),
        (10**6, ValueError, "too large"),
    ],
)
def test_levels_that_make_no_sense(levels, kind, match):
    with pytest.raises(kind, match=match):
        pair().density_matrix({}, 0.5, levels=levels)


def test_no_levels_to_ask_for():
    with pytest.raises(ValueError, match="battery has a fixed number, all of which are shown"):
        qb.models.qubit_pair().density_matrix(qb.bloch(1.0), 0.5, levels=1)
    named = pair().density_matrix({}, 0.5, levels={})
    assert named.equals(pair().density_matrix({}, 0.5))


def test_squeezing_that_hides_elements_says_how_well_they_are_known():
    """The vacuum's part of a squeezed vacuum, shared by two modes or not, is 1 / cosh r."""
    rng, closest = np.random.default_rng(8), 0.0
    shared = qb.models.oscillator_pair(coupling=1.0)
    for _ in range(60):
        r, angle, time = rng.uniform(8, 16), rng.uniform(0, 6.3), rng.uniform(0.1, 1.4)
        with pytest.warns(UserWarning, match="knows elements between levels to") as said:
            rho = shared.density_matrix(qb.squeezed(r, angle), time, BOTH, levels=1)
        known = float(str(said[0].message).split("levels to ")[1].split()[0])
        off = abs(rho.values[0, 0].real * np.cosh(r) - 1)
        assert off < 1.1 * known  # which is rounded
        closest = max(closest, off / known)
    assert closest > 0.6
    for r in (20.0, 150.0):
        for sites in ("charger", BOTH):
            with pytest.raises(ValueError, match="knows no element between levels"):
                shared.density_matrix(qb.squeezed(r), 0.3, sites, levels=3)


def test_few_members_of_mixtures_that_are_nearly_pure():
    """Beside all members: coherent states with a little heat, on levels far up and far down."""
    for quanta, alpha, levels in ((1e-3, 15.0, 300), (0.2, 8.0, 150), (1e-9, 5.0, 4), (3.0, 0, 70)):
        own = [np.array([each], complex) for each in (alpha, quanta, 0.0)]
        told = populations(*own, levels)[0]
        n = np.arange(levels)
        # A sum over how many thermal quanta there are (Laguerre polynomials).
        x = alpha**2 / (quanta * (quanta + 1))
        falls = n * np.log(quanta / (quanta + 1)) - np.log(quanta + 1) - alpha**2 / (quanta + 1)
        with np.errstate(over="ignore"):
            exact = [
                float(mp.exp(f) * mp.laguerre(int(k), 0, -x)) for k, f in zip(n, falls, strict=True)
            ]
        np.testing.assert_allclose(told, exact, rtol=1e-10, atol=1e-300)
        whole = np.diagonal(matrices(*own, levels)[0]).real
        np.testing.assert_allclose(whole, exact, rtol=1e-10, atol=1e-300)
