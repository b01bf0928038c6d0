"""Arguments that make no sense are refused in a sentence of ours, not in words of a library."""

from itertools import count, repeat

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery import paper, zoo

LOSSES = np.array([0.0, 1.0])


@pytest.fixture(scope="module")
def table():
    return qb.QubitPair(charger_loss=LOSSES).charge(qb.bloch(1.0), [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda t: qb.plot.curves(t, ["theta"]), ValueError, "'theta' labels this table"),
        (lambda t: qb.plot.curves(t, ["energy", "theta"]), ValueError, "'theta' labels this"),
        (
            lambda t: qb.plot.map(t, "time", "charger_loss", measure=["energy"]),
            ValueError,
            r"no \['energy'\] in this table",
        ),
        (
            lambda t: qb.plot.map(t, "time", "charger_loss", measure="theta"),
            ValueError,
            "no 'theta' in this table",
        ),
        (
            lambda t: qb.plot.map(t, "time", "charger_loss", over=3),
            TypeError,
            "over is the name of an axis or a list of names; got 3",
        ),
        (lambda t: qb.plot.curves(t, [["energy"]]), TypeError, "a list of names; got"),
        (lambda t: qb.plot.curves(t, 5), TypeError, "a list of names; got 5"),
        (
            lambda t: qb.plot.map(t.isel(time=[]), "time", "charger_loss"),
            ValueError,
            "ergotropy is empty",
        ),
        (
            lambda t: qb.plot.map(t * 1j, "time", "charger_loss", "energy"),
            ValueError,
            "energy is complex: draw its real part or its size",
        ),
    ],
)
def test_pictures(table, draw, error, words):
    with pytest.raises(error, match=words):
        draw(table)


@pytest.mark.parametrize("name", [np.array(["star", "all"]), pd.NA, ["star"]])
def test_names_in_the_zoo(name):
    with pytest.raises(TypeError, match="the name of a system is text"):
        zoo.picture(name)
    with pytest.raises(TypeError, match="done is a function of a line of text; got 3"):
        zoo.reproduce("star", done=3)


@pytest.mark.parametrize("given", [{"points": True}, {"seed": False}])
def test_truth_is_no_number_of_points(given):
    with pytest.raises(ValueError, match="whole numbers; got seed="):
        paper.verify(**given)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        (None, TypeError, "the path of a file is text or a Path; got None"),
        (3, TypeError, "the path of a file is text or a Path; got 3"),
        ("", ValueError, "the path of a file is empty"),
        ("a\0.html", ValueError, "holds a NUL"),
    ],
)
def test_paths(tmp_path, monkeypatch, path, error, words):
    monkeypatch.chdir(tmp_path)
    shown = qb.explore()
    for write in (paper.write_figures, shown.save, qb.explore(qb.models.qubit_pair()).save):
        with pytest.raises(error, match=words):
            write(path)
    assert not [*tmp_path.iterdir()]


def test_axes_of_spins_and_bases_of_chargers(table):
    with pytest.raises(ValueError, match=r"the axis of a spin is x, y or z; got \['x'\]"):
        qb.Ensemble(qb.Qubit(), 2).spin(["x"])
    given = np.eye(4) / 4, np.diag([0.0, 1.0]), (2, 2)
    with pytest.raises(TypeError, match="basis holds object"):
        qb.daemonic_ergotropy(*given, [[1], [1, 2]])
    with pytest.raises(TypeError, match="basis is a Dataset, a table of several"):
        qb.daemonic_ergotropy(*given, table)


def test_names_come_in_arrays_too_and_spans_of_time_are_no_whole_numbers(table):
    names = xr.DataArray(["energy", "power"])
    both = qb.QubitPair().charge(qb.bloch(1.0), 1.0, measures=names)
    assert [*both.data_vars] == ["energy", "power"]
    assert len(qb.plot.curves(table, names).axes) == len(names)
    largest = qb.plot.map(
        table.expand_dims(run=2), "run", "charger_loss", over=xr.DataArray(["time"])
    )
    assert "largest over time" in largest.axes[1].get_ylabel()
    with pytest.raises(TypeError, match="a whole number from 1"):
        qb.multi_copy_ergotropy(np.eye(2) / 2, np.diag([0.0, 1.0]), np.timedelta64(2))
    with pytest.raises(TypeError, match="one whole number for each part"):
        qb.partial_trace(np.eye(4) / 4, [np.timedelta64(2), 2], 0)


def test_a_family_over_an_axis_without_numbers_is_drawn():
    many = np.linspace(0.0, 1.0, 12)
    table = qb.QubitPair(charger_loss=many).charge(qb.bloch(1.0), [0.0, 1.0, 2.0])
    unknown = table.assign_coords(charger_loss=np.full(12, np.nan))
    assert len(qb.plot.curves(unknown, ["energy"]).axes) == 2  # with its bar


def endless_list():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


class Mute:
    def __repr__(self):
        raise RuntimeError("nothing to say")


HUGE = 10**5000  # which Python does not write out
MIXED = np.eye(4) / 4
STROKE = qb.Stroke(qb.models.qubit_pair(), 1.0)
TABLE = qb.QubitPair(charger_loss=LOSSES).charge(qb.bloch(1.0), [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    "odd",
    [HUGE, -HUGE, [HUGE], endless_list(), Mute(), [Mute()]],
    ids=["digits", "below 0", "list of digits", "deep", "mute", "list of mute"],
)
@pytest.mark.parametrize(
    "work",
    [
        lambda odd: qb.QubitPair(coupling=odd),
        lambda odd: qb.QubitPair().charge(qb.bloch(1.0), odd),
        lambda odd: qb.QubitPair().charge(odd, 1.0),
        lambda odd: qb.QubitPair().charge(qb.bloch(1.0), 1.0, measures=odd),
        lambda odd: qb.fock(odd),
        lambda odd: qb.purity(odd),
        lambda odd: qb.partial_trace(MIXED, odd, 0),
        lambda odd: qb.partial_trace(MIXED, (2, 2), odd),
        lambda odd: qb.multi_copy_ergotropy(MIXED, MIXED, odd),
        lambda odd: qb.local_ergotropy(MIXED, odd),
        lambda odd: qb.sweep(print, {"a": odd}),
        lambda odd: qb.sweep(print, odd),
        lambda odd: qb.sweep(odd, {"a": [1.0, 2.0]}),
        lambda odd: qb.sweep(print, {"end": [1.0, 2.0]}, batch=odd),
        lambda odd: qb.sweep(print, {"end": [1.0, 2.0]}, progress=odd),
        lambda odd: qb.sweep(print, {"end": [1.0, 2.0]}, workers=odd),
        lambda odd: qb.System.from_dict(odd),
        lambda odd: qb.Ensemble(qb.Qubit(), odd),
        lambda odd: qb.Protocol([], odd),
        lambda odd: qb.Protocol([STROKE], odd),
        lambda odd: qb.daemonic_ergotropy(MIXED, np.diag([0.0, 1.0]), [odd, 2, 2]),
        lambda odd: qb.QubitPair().charge({(odd,) if isinstance(odd, list) else odd: 1}, 1.0),
        lambda odd: qb.plot.map(TABLE, "time", "charger_loss", measure=odd),
        lambda odd: qb.plot.map(TABLE, "time", odd),
        lambda odd: qb.models.spin_chain(cells=3, range=[odd]),
        lambda odd: qb.models.qutrit(drives=odd),
    ],
)
def test_what_cannot_be_written_out_is_refused_in_a_sentence_all_the_same(work, odd):
    with pytest.raises((TypeError, ValueError)) as error:
        work(odd)
    assert "set_int_max_str_digits" not in str(error.value)


def test_a_power_beyond_all_numbers_is_that_of_nearest_neighbours():
    nearest = qb.models.spin_chain(cells=3, range=np.inf)
    assert qb.models.spin_chain(cells=3, range=10**400) == nearest
    with pytest.raises(ValueError, match="power of zero or more"):
        qb.models.spin_chain(cells=3, range=-(10**400))


@pytest.mark.parametrize("keep", [np.array(0), np.array([[0]]), {0}, "0", None])
def test_parts_are_named_by_numbers(keep):
    with pytest.raises(TypeError, match="it takes the number of a part or a list of them"):
        qb.partial_trace(MIXED, (2, 2), keep)


def test_stacks_of_too_many_axes_are_refused():
    with pytest.raises(ValueError, match="on the last two axes, of 32 at most"):
        qb.energy(np.ones((1,) * 38 + (2, 2)) / 2, np.diag([0.0, 1.0]))


def test_names_without_an_end_are_refused():
    with pytest.raises(ValueError, match="has more than 4,194,304 members"):
        qb.QubitPair().charge(qb.bloch(1.0), 1.0, measures=repeat("energy"))
    written = qb.models.qubit_pair().to_dict()
    written["interactions"] = repeat(written["interactions"][0])
    with pytest.raises(ValueError, match="has more than 4,194,304 members"):
        qb.System.from_dict(written)


@pytest.mark.parametrize("names", [xr.Dataset({"energy": 1.0}), {"energy": 1}, {"energy"}])
def test_whatever_has_names_names_measures(names):
    table = qb.QubitPair().charge(qb.bloch(1.0), 1.0, measures=names)
    assert [*table.data_vars] == ["energy"]


@pytest.mark.parametrize("given", [{1.0, 2.0}, {0: 1.0, 1: 2.0}, b"ab", "ab", np.ma.masked, dict])
def test_what_has_no_order_is_no_list(given):
    with pytest.raises(TypeError, match="couplings must be a sequence"):
        qb.models.chain(couplings=given)
    with pytest.raises(TypeError, match="drives are two"):
        qb.models.qutrit(drives=given)


@pytest.mark.parametrize("occupation", [1e12, 1e18, 1e29])
def test_noise_of_more_levels_than_can_be_counted_is_refused(occupation):
    pair = qb.models.driven_oscillator_pair(occupation=occupation, charger_loss=0.1, drive=0.1)
    with pytest.raises(ValueError, match="too large"):
        pair.charge(qb.fock(1), [0.0, 1.0], ["ergotropy"])


PAIR = {"a": qb.Qubit(), "b": qb.Qubit()}


@pytest.mark.parametrize(
    "work",
    [
        lambda given: qb.System(PAIR, given),
        lambda given: qb.System(PAIR, [], given, "b"),
        lambda given: qb.Qudit(given),
        lambda given: qb.sweep(print, {"a": given}),
        lambda given: qb.drive("a", 1.0, 1.0, envelope=np.cos, breaks=given),
        lambda given: qb.Protocol(given),
        lambda given: qb.models.qubit_pair().density_matrix(qb.bloch(1.0), 0.0, given),
        lambda given: qb.models.qubit_pair().optimum(qb.bloch(1.0), 1.0, given),
        lambda given: qb.models.chain(couplings=given),
        lambda given: qb.partial_trace(MIXED, given, 0),
    ],
)
def test_iterators_without_an_end_are_refused(work):
    with pytest.raises(ValueError, match=r"has more than .* are the most that it may have"):
        work(count())
    with pytest.raises(ValueError, match=r"members|points"):
        work(range(10**12))


@pytest.mark.parametrize("kind", ["uint8", "int8", "longdouble", "float32"])
def test_times_of_an_envelope_in_narrow_and_wide_numbers(kind):
    def energy(times, **more):
        shape = xr.DataArray([1.0, 2.0, 3.0], {"time": times}, ("time",))
        fields = [qb.drive("q", 0.5, 1.0, envelope=shape, **more)]
        return qb.System({"q": qb.Qubit()}, fields, [], "q").charge({}, 1.5, ["energy"]).energy

    times = [0.0, 1.0, 2.0]
    for more in ({}, {"steps": True}):
        assert energy(np.array(times, kind), **more) == energy(times, **more)
    falling = np.array([2, 1, 0], kind)  # differences of unsigned numbers are never negative
    with pytest.raises(ValueError, match="at least two rising times"):
        energy(falling)
    with pytest.raises(ValueError, match="breaks must rise"):
        qb.drive("q", 0.5, 1.0, envelope=[1.0, 2.0], breaks=falling)


def test_numbers_of_other_kinds():
    with pytest.raises(TypeError, match="must be a real number"):
        qb.QubitPair(coupling=bytearray(b"1"))
    with pytest.raises(ValueError, match="one cell has no neighbour"):
        qb.models.spin_chain(cells=1, coupling=[0.1, 0.2])
    if np.finfo(np.longdouble).max > np.finfo(float).max:
        with pytest.raises(ValueError, match="coupling must be positive and finite"):
            qb.QubitPair(coupling=np.longdouble("1e4000"))
