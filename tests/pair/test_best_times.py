from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.pair import couplings, losses

NAMES = ("energy", "power", "ergotropy", "ergotropic_power")


@given(
    st.floats(0.01, np.pi),
    couplings,
    losses,
    losses,
    st.one_of(st.just(0.0), st.floats(-20, 20)),
)
@example(1.0, 0.5, 0.0, 3.0, 1e-308)
@example(1.0, 1.0, 4.0, 0.0, 1e-312)
@example(1.0, 1.0, 2000.0, 0.0, 5e-324)
@settings(max_examples=60)
def test_no_time_is_better(theta, j, ga, gb, d):
    pair, preparation = qb.QubitPair(1.0, j, ga, gb, d), qb.bloch(theta)
    best = pair.optimum(preparation)
    longest = 40 / j * max(1.0, ga / j, gb / j)
    times = np.union1d(np.geomspace(1e-4 / j, longest, 4001), np.linspace(0, 40 / j, 4001))
    table = pair.charge(preparation, times)
    for name in NAMES:
        value, time = float(best[f"{name}_max"]), float(best[f"{name}_time"])
        found = table[name].to_numpy()
        assert value >= found.max() * (1 - 1e-13)
        if value == 0:
            assert np.isnan(time)
            continue
        at = pair.charge(preparation, time, [name])[name]
        assert float(at) == pytest.approx(value, rel=1e-12)
        # The first instant: before it nothing reaches the maximum.
        assert not (found[times < 0.99 * time] >= value).any()


PARAMETERS = {
    "coupling": [0.7, 1.0, 2.0],
    "charger_loss": [0.0, 0.5, 4.0, 9.0],
    "battery_loss": [0.0, 1.0],
    "detuning": [0.0, -1.0, 2.0, 0.5, 3.0],
    "frequency": [1.0, 2.0],
}


@pytest.mark.parametrize("pair", list(combinations(PARAMETERS, 2)), ids="-".join)
def test_every_pair_of_axes_is_the_single_calls(pair):
    first, second = pair
    preparation = qb.bloch([0.0, 2.0, np.pi])
    grid = qb.QubitPair(**{name: PARAMETERS[name] for name in pair}).optimum(preparation)
    for one in PARAMETERS[first]:
        for other in PARAMETERS[second]:
            single = qb.QubitPair(**{first: one, second: other}).optimum(preparation)
            picked = grid.sel({first: one, second: other})
            for name in single.data_vars:
                np.testing.assert_allclose(picked[name], single[name], rtol=1e-13)


def test_all_axes_at_once():
    grid = qb.QubitPair(**PARAMETERS).optimum(qb.bloch(1.0))
    last = {name: values[-1] for name, values in PARAMETERS.items()}
    single = qb.QubitPair(**last).optimum(qb.bloch(1.0))
    for name in single.data_vars:
        assert float(grid.sel(last)[name]) == pytest.approx(float(single[name]), rel=1e-13)


def test_corners_of_the_allowed_range():
    ends = [1e-30, 1.0, 1e30]
    with np.errstate(all="raise", under="ignore"):
        best = qb.QubitPair(
            coupling=ends, charger_loss=[0.0, *ends], battery_loss=[0.0, *ends],
            detuning=[0.0, 5e-324, *ends],
        ).optimum(qb.bloch([1e-8, 3.0]))  # fmt: skip
    for name in best.data_vars:
        found = best[name].where(best.energy_max > 0, 0.0)
        assert np.isfinite(found.where(best.ergotropic_power_max > 0, 0.0)).all(), name


def test_printed_constants():
    # Paper, Eqs. 31, 34, 35, 42, 44: t_E = pi/2, A, B, C, D.
    best = qb.QubitPair().optimum(qb.bloch([1e-8, np.pi]))
    assert float(best.energy_time[1]) == pytest.approx(np.pi / 2, rel=1e-15)
    a = 1.165561185207211  # tan a = 2 a
    assert np.tan(a) == pytest.approx(2 * a, rel=1e-14)
    assert float(best.power_time[1]) == pytest.approx(a, rel=1e-14)
    assert float(best.power_max[1]) == pytest.approx(np.sin(a) ** 2 / a, rel=1e-14)
    assert float(best.ergotropic_power_time[0]) == pytest.approx(a, rel=1e-12)
    c = float(best.ergotropic_power_time[1])
    assert 1 + 2 * c * np.tan(2 * c) == pytest.approx(0, abs=1e-13)
    assert 1.399 < c < 1.400
    assert float(best.ergotropic_power_max[1]) == pytest.approx(-np.cos(2 * c) / c, rel=1e-14)


def test_full_charger_gives_no_work_beyond_the_known_loss():
    # (g/2G) atan(4G/g) = ln 2 at g/J = 1.0211025506 (zoo of published and exact results).
    best = qb.QubitPair(charger_loss=[1.02110255, 1.02110256]).optimum(qb.bloch(np.pi))
    assert float(best.ergotropy_max[0]) > 0
    assert float(best.ergotropy_max[1]) == 0
    assert np.isnan(best.ergotropy_time[1])
    assert np.isnan(best.ergotropic_power_time[1])


def test_empty_charger_has_no_best_time():
    best = qb.QubitPair(charger_loss=[0.0, 1.0]).optimum(qb.bloch(0.0))
    for name in NAMES:
        assert (best[f"{name}_max"] == 0).all()
        assert np.isnan(best[f"{name}_time"]).all()


def test_through_the_exceptional_point():
    # F = (J t e^{-J t})^2 at g = 4J: dF = 0 at J t = 1, d(F/t) = 0 at J t = 1/2.
    rates = [4 * (1 - 1e-9), 4 * (1 - 1e-15), 4.0, 4 * (1 + 1e-15), 4 * (1 + 1e-9)]
    best = qb.QubitPair(charger_loss=rates).optimum(qb.bloch(1.0))
    np.testing.assert_allclose(best.energy_time, 1.0, rtol=1e-8)
    np.testing.assert_allclose(best.power_time, 0.5, rtol=1e-8)
    assert float(best.energy_time[2]) == pytest.approx(1.0, rel=1e-15)


def test_weak_coupling_closed_form():
    # g = 100 J: dF = 0 where tanh(k t) = 4k/g, k = sqrt((g/4)^2 - J^2).
    k = np.sqrt(25.0**2 - 1)
    best = qb.QubitPair(charger_loss=100.0).optimum(qb.bloch(2.0))
    assert float(best.energy_time) == pytest.approx(np.arctanh(k / 25) / k, rel=1e-12)
