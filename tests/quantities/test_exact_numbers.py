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
    for make in (qb.coherent, lambda x: qb.exchange("a", "b", x)):
        with pytest.raises(TypeError, match=r"must be a .*number"):
            make(wrong)


@pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("1e400"), Decimal(-1)])
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="frequency must be positive and finite"):
        qb.Qubit(wrong)


def test_the_name_of_a_dimension_is_text():
    with pytest.raises(ValueError, match=r"names of the dimensions of coupling are text; got \(3,"):
        qb.QubitPair(coupling=xr.DataArray(np.ones(2), dims=[3]))
