"""What the page works out in the browser beside what Python works out, point by point."""

import itertools

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb

# Strong, exceptional, nearly exceptional and weak coupling; with and without battery loss, detuning
# and disconnection; both poles, close to one of them, and in between.
LOSSES = ((0, 0), (0.3, 0), (0.3, 0.2), (4, 0), (4 + 1e-7, 0), (4 - 1e-7, 0), (7.3, 0.2), (20, 5))
POINTS = [
    {
        "theta": theta,
        "phi": 0.4,
        "coupling": 1.0,
        "charger_loss": float(charger),
        "battery_loss": float(battery),
        "detuning": detuning,
        "disconnect": disconnect,
        "last": last,
    }
    for (charger, battery), detuning, theta, (disconnect, last) in itertools.product(
        LOSSES,
        (0.0, 0.7, -3.0, 1e-9),
        (0.0, 1e-6, np.pi / 2, 2.0, np.pi),
        ((np.inf, 2 * np.pi), (1.1, 4.0), (np.inf, 100.0)),
    )
]
# A thousand turns and more, in which every digit of the frequency shows.
POINTS += [
    {
        "theta": 2.0,
        "phi": 0.4,
        "coupling": coupling,
        "charger_loss": 0.0,
        "battery_loss": 0.001,
        "detuning": detuning,
        "disconnect": np.inf,
        "last": 100.0,
    }
    for coupling, detuning in itertools.product((7.3, 8.9, 9.7, 10.0), (0.0, 7.1, 19.0))
]
RANDOM = np.random.default_rng(20)
POINTS += [
    {
        "theta": RANDOM.uniform(0, np.pi),
        "phi": RANDOM.uniform(0, 2 * np.pi),
        "coupling": 10 ** RANDOM.uniform(-3, 1),
        "charger_loss": RANDOM.choice([0.0, 10 ** RANDOM.uniform(-3, 2)]),
        "battery_loss": RANDOM.choice([0.0, 10 ** RANDOM.uniform(-3, 2)]),
        "detuning": RANDOM.choice([0.0, RANDOM.uniform(-20, 20)]),
        "disconnect": RANDOM.choice([np.inf, RANDOM.uniform(0, 30)]),
        "last": RANDOM.choice([4.0, 2 * np.pi, 100.0]),
    }
    for _ in range(120)
]
COUNT = 21

WORK = """
const { charge, optimum, moments, constantsOf, blochVectors } = quantumbattery;
return arguments[0].map((point) => {
  if (point.disconnect === null) point.disconnect = Infinity;
  const times = moments(point.last, arguments[1]), motion = constantsOf(point);
  const vectors = times.map((t) => blochVectors(point, motion, t));
  return { table: charge(point, times), best: optimum(point), vectors };
});
"""


def over_points(name):
    """A parameter of all points, which Python takes at once."""
    return xr.DataArray([float(point[name]) for point in POINTS], dims="point")


@pytest.fixture(scope="module")
def found(window, page_file):
    """What the browser makes of each point."""
    window.open(page_file.as_uri())
    plain = [
        {name: None if value == np.inf else float(value) for name, value in point.items()}
        for point in POINTS
    ]
    return window.run(WORK, plain, COUNT)


@pytest.fixture(scope="module")
def pair():
    given = ("coupling", "charger_loss", "battery_loss", "detuning")
    return qb.QubitPair(frequency=1.0, **{name: over_points(name) for name in given})


@pytest.fixture(scope="module")
def start():
    return qb.bloch(over_points("theta"), over_points("phi"))


@pytest.fixture(scope="module")
def times():
    each = [np.linspace(0, point["last"], COUNT) for point in POINTS]
    return xr.DataArray(np.array(each), dims=("point", "time"))


def agree(given, expected, what, absolute=1e-15):
    """All points within 1e-12; else the first that is not, with its parameters."""
    close = np.isclose(given, expected, rtol=1e-12, atol=absolute, equal_nan=True)
    wrong = np.argwhere(~close)
    if wrong.size:
        place = tuple(wrong[0])
        pytest.fail(f"{what}: {given[place]} for {expected[place]} at {POINTS[place[0]]}")


def test_every_figure_of_merit_at_every_point(found, pair, start, times):
    table = pair.charge(start, times, disconnect=over_points("disconnect"))
    assert [each["table"]["time"] for each in found] == times.values.tolist()
    assert set(found[0]["table"]) == {"time", *table.data_vars}
    for name, column in table.data_vars.items():
        given = np.array([each["table"][name] for each in found])
        agree(given, column.transpose("point", "time").values, name)


def test_best_times_and_maxima(found, pair, start):
    best = pair.optimum(start)
    for name, kind in itertools.product(found[0]["best"], ("time", "max")):
        given = np.array([each["best"][name][kind] for each in found], dtype=float)  # null is NaN
        agree(given, best[f"{name}_{kind}"].values, f"{name}_{kind}", absolute=0)


def test_bloch_vectors(found, pair, start, times):
    vectors = np.array([each["vectors"] for each in found])  # (point, time, qubit, x y z)
    moments = pair.moments(start, times, disconnect=over_points("disconnect"))
    moments = moments.transpose("point", "time")
    for place, name in enumerate(("charger", "battery")):
        x, y, z = np.moveaxis(vectors[:, :, place], -1, 0)
        level = 2 * moments[f"{name}_lowering"].values * np.exp(1j * times.values)  # turns with w
        agree(x + 1j * y, level, f"{name}, level", absolute=1e-12)
        height = 1 - 2 * moments[f"{name}_population"].values.real
        agree(z, height, f"{name}, height", absolute=1e-12)


CHARGE = """
const point = { ...arguments[0], disconnect: Infinity };
return quantumbattery.charge(point, arguments[1])[arguments[2]];
"""


@pytest.mark.parametrize(
    ("name", "charger_loss", "coupling", "times"),
    [
        # 1 - F where F is nearly 1, and what is left in a charger that loses faster than it gives:
        # small numbers, which are lost where they are differences of large ones.
        ("passive_energy", 0.0, 1.0, np.pi / 2 + np.array([-1e-2, -1e-4, -1e-6, 1e-5, 1e-3])),
        ("passive_energy", 1e-6, 1.0, np.pi / 2 + np.array([-1e-2, -1e-4, -1e-6, 1e-5, 1e-3])),
        ("concurrence", 100.0, 0.1, np.array([1.0, 2.0, 5.0, 20.0, 90.0])),
    ],
)
def test_small_numbers_keep_their_digits(window, page_file, name, charger_loss, coupling, times):
    window.open(page_file.as_uri())
    point = {"theta": np.pi, "phi": 0.0, "coupling": coupling, "charger_loss": charger_loss}
    point |= {"battery_loss": 0.0, "detuning": 0.0}
    given = window.run(CHARGE, point, times.tolist(), name)
    pair = qb.QubitPair(coupling=coupling, charger_loss=charger_loss)
    expected = pair.charge(qb.bloch(np.pi), times, [name])[name]
    np.testing.assert_allclose(given, expected, rtol=1e-12, atol=0)
