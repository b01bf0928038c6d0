"""The closed-form optimum up to a horizon, against the certified search in the described system."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging.optimum import SOUGHT
from quantumbattery.pair.certified import certified

TOLERANCE = 1e-9


def agree(pair, preparation, horizon, of=SOUGHT):
    ours = certified(pair, preparation, horizon, of)
    theirs = pair.system().optimum(preparation, horizon, of, TOLERANCE)
    assert list(ours.data_vars) == list(theirs.data_vars)
    for name in (of,) if isinstance(of, str) else of:
        time, most, bound = (f"{name}_{kind}" for kind in ("time", "max", "bound"))
        np.testing.assert_allclose(ours[most], theirs[most], rtol=2 * TOLERANCE, atol=1e-12)
        # The search knows a flat top to about the root of its tolerance.
        np.testing.assert_allclose(ours[time], theirs[time], rtol=1e-4, equal_nan=True)
        assert (ours[bound] == ours[most]).all()
        assert (ours[most] <= theirs[bound] * (1 + 1e-12) + 1e-12).all()
        for column in (time, most, bound):
            for kind in ("long_name", "symbol", "units"):
                assert ours[column].attrs[kind] == theirs[column].attrs[kind]


def test_any_pair_up_to_any_horizon():
    rng = np.random.default_rng(18)
    for _ in range(12):
        frequency, coupling, lost, leak = rng.uniform([1.0, 0.3, 0.0, 0.0], [2.0, 2.0, 3.0, 0.6])
        detuning = rng.choice([0.0, rng.uniform(-0.8, 0.8)])
        pair = qb.QubitPair(frequency, coupling, lost, leak, detuning)
        start = qb.bloch(rng.choice([np.pi, rng.uniform(0.1, np.pi)]), rng.uniform(0, 6.0))
        for horizon in rng.uniform(0.05, 4.0, 2) / coupling:
            agree(pair, start, horizon)


@pytest.mark.parametrize("loss", [3.9, 4.0, 4.1, 8.0])
def test_through_the_exceptional_point(loss):
    agree(qb.QubitPair(charger_loss=loss), qb.bloch(1.5), 0.4)
    agree(qb.QubitPair(charger_loss=loss), qb.bloch(1.5), 6.0)


@pytest.mark.parametrize(
    ("theta", "loss", "horizon"),
    [
        (0.0, 0.0, 3.0),  # nothing there
        (np.pi, 0.0, 0.5),  # no work yet: F < 1/2
        (np.pi, 2.0, 9.0),  # no work ever
    ],
)
def test_what_is_never_positive(theta, loss, horizon):
    pair, start = qb.QubitPair(charger_loss=loss), qb.bloch(theta)
    agree(pair, start, horizon)
    best = certified(pair, start, horizon)
    assert np.isnan(best.ergotropy_time)
    assert best.ergotropy_max == 0


def test_members_of_a_batch_have_their_own_best_moments():
    pair = qb.QubitPair(coupling=np.linspace(0.2, 2.0, 5), charger_loss=0.3)
    agree(pair, qb.bloch([1.0, np.pi]), 1.3, of=["ergotropic_power", "energy"])
    best = certified(pair, qb.bloch([1.0, np.pi]), 1.3)
    weakest = best.isel(coupling=0)
    assert (weakest.energy_time == 1.3).all()
    assert (best.isel(coupling=-1).energy_time < 1.3).all()
    exact = pair.charge(qb.bloch([1.0, np.pi]), 1.3).isel(coupling=0).energy
    np.testing.assert_array_equal(weakest.energy_max, exact)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"horizon": -1.0}, "horizon must be one positive and finite time"),
        ({"horizon": [1.0, 2.0]}, "horizon must be one positive and finite time, not an array"),
        ({"horizon": 1.0, "of": "ergotropie"}, r"of must name some of .*; did you mean ergotropy"),
        ({"horizon": 1.0, "tolerance": 1.0}, "tolerance must be between"),
    ],
)
def test_what_makes_no_sense_is_refused_as_by_the_search(options, said):
    for find in (lambda **o: certified(qb.QubitPair(), qb.bloch(1.0), **o),
                 lambda **o: qb.QubitPair().system().optimum(qb.bloch(1.0), **o)):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            find(**options)
