"""Fractions and decimals are numbers; what has no value as a float is none."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb

HALF = [Fraction(1, 2), Decimal("0.5")]


@pytest.mark.parametrize("half", HALF)
def test_exact_numbers_are_taken_wherever_floats_are(half):
    for make in (
        qb.Qubit,
        qb.coherent,
        qb.bloch,
        lambda x: qb.Qudit([0, x, 1]),
        lambda x: qb.exchange("a", "b", x),
        lambda x: qb.QubitPair(coupling=[x, 1]),
        lambda x: qb.Qubit(xr.DataArray([x, x], dims="device")),
        lambda x: qb.QubitPair(coupling=x).charge(qb.bloch(1.0), [x]),
        lambda x: qb.models.qubit_pair().optimum(qb.bloch(1.0), x),
        lambda x: qb.QubitPair(coupling=[x, 1.5]),
        lambda x: qb.Qudit([0.0, x, 1.5], steps=[x, 1.5]),
        lambda x: qb.drive("a", x, 1.0, [x, 1], breaks=[0, x, 1.5]),
        lambda x: qb.interaction("a", matrix=[[0, x], [x, 1.5]]),
        lambda x: qb.jump("a", [[0, x], [1j, 0]], x),
        lambda x: qb.state([[x, 0], [0, x]]),
        lambda x: qb.ergotropy([[0.5, 0], [0, x]], [[0, 0], [0, x]]),
    ):
        made, expected = make(half), make(0.5)
        same = made.identical(expected) if isinstance(made, xr.Dataset) else made == expected
        assert same, made
    assert type(qb.Qubit(half).frequency) is float


@pytest.mark.parametrize(
    "wrong", [Decimal("sNaN"), Fraction(10**400), 10**400, [True, Fraction(1)], [Fraction(1), "1"]]
)
def test_what_is_none_is_refused(wrong):
    with pytest.raises(TypeError, match="frequency must be a real number"):
        qb.Qubit(wrong)
    others = qb.coherent, lambda x: qb.exchange("a", "b", x)
    for make in others:
        with pytest.raises(TypeError, match=r"must be a .*number"):
            make(wrong)


@pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("1e400"), Decimal(-1)])
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="frequency must be positive and finite"):
        qb.Qubit(wrong)


def test_the_name_of_a_dimension_is_text():
    with pytest.raises(ValueError, match=r"names of the dimensions of coupling are text; got \(3,"):
        qb.QubitPair(coupling=xr.DataArray(np.ones(2), dims=[3]))


@pytest.mark.parametrize("wrong", [[[1, 2], [3]], [["x"]], {"a": 1}, Fraction(10**400, 3)])
def test_what_is_no_envelope_is_refused_in_our_words(wrong):
    with pytest.raises(TypeError, match="drive: envelope is a function of the time, a DataArray"):
        qb.drive("a", 1.0, 1.0, wrong, breaks=[0, 1])
    with pytest.raises(TypeError, match="drive: breaks is a list of times"):
        qb.drive("a", 1.0, 1.0, np.cos, breaks=wrong)


def test_what_is_no_matrix_is_refused_in_our_words():
    with pytest.raises(ValueError, match="matrix has rows of different lengths"):
        qb.interaction("a", matrix=[[1, 2], [3]])
    with pytest.raises(TypeError, match="matrix holds list of object"):
        qb.interaction("a", matrix=[[Fraction(10**400, 3), 0], [0, 0]])


PAIR = qb.System({"a": qb.Qubit(), "b": qb.Qubit()}, [qb.exchange("a", "b", 1.0)], "a", "b")
POINT, TABLE = xr.DataArray(0.5), xr.Dataset({"a": 1})
LINE = xr.DataArray([0.1, 0.2], dims="q")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: qb.jump("a", np.eye(2), [1, [2, 3]]), "rate must be a real number"),
        (lambda: qb.Stroke(PAIR, [1, [2, 3]]), "duration of a stroke must be a real number"),
        (lambda: qb.Stroke(PAIR, TABLE), "duration of a stroke must be a real number"),
        (lambda: PAIR.charge(qb.fock(1), TABLE), "times must be a real number"),
        (lambda: PAIR.charge(qb.fock(1), 1.0, extraction=LINE), "choose global"),
        (lambda: PAIR.optimum(qb.fock(1), 1.0, POINT), "of must name some of energy"),
        (lambda: PAIR.optimum(qb.fock(1), 1.0, LINE), "of must name some of energy"),
        (lambda: PAIR.density_matrix(qb.fock(1), 1.0, POINT), "sites: give the name of a site"),
        (lambda: qb.System(dict(PAIR.sites), POINT, "a", "b"), "interactions is a list of what"),
        (lambda: qb.Protocol(POINT), "a protocol is a list of Stroke"),
        (lambda: qb.paper.figure(LINE), "the figures with data are 2, 3 and 4"),
        (lambda: qb.paper.figure(Decimal("sNaN")), "the figures with data are 2, 3 and 4"),
        (lambda: qb.local_ergotropy(np.eye(2) / 2, POINT), "hs is empty or a single matrix"),
    ],
)
def test_odd_arguments_are_refused_in_our_words(ask, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ask()


def test_a_limit_is_a_number_of_any_kind():
    best = PAIR.optimum(qb.fock(1), 1.0, ["energy"], limit=np.float16(0.5))
    np.testing.assert_allclose(best.energy_max, np.sin(1.0) ** 2)
