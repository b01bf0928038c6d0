"""More numbers than anybody works on at a time are counted, not made."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


@pytest.mark.parametrize("size", [10**9, 10**12])
def test_too_many_times_are_refused_before_they_are_copied(size):
    times = np.broadcast_to(1.0, (size,))
    pair = qb.QubitPair()
    for ask in (
        lambda: pair.charge(qb.bloch(1.0), times, ["energy"]),
        lambda: pair.system().charge(qb.bloch(1.0), times, ["energy"]),
        lambda: pair.charge(qb.bloch(times), 1.0, ["energy"]),
    ):
        with pytest.raises(ValueError, match=f"has {size:,} values, and at most 268,435,456"):
            ask()


def test_a_table_that_no_machine_holds_is_refused():
    many = np.broadcast_to(1.0, (10**5,))
    pair = qb.QubitPair(coupling=many, charger_loss=many)
    with pytest.raises(
        ValueError, match="too large: a table of 2 quantities at 10,000,000,000,000"
    ):
        pair.charge(qb.bloch(1.0), np.linspace(0, 1, 1000), ["energy"])


def test_whole_numbers_may_be_large():
    assert qb.QubitPair(frequency=10**20) == qb.QubitPair(frequency=1e20)
    with pytest.raises(TypeError, match="frequency must be a real number"):
        qb.QubitPair(frequency=[10**400])
    with pytest.raises(TypeError, match="frequency must be a real number"):
        qb.QubitPair(frequency=np.array([True, 2], dtype=object))


def test_several_labels_for_each_value_are_refused_in_a_sentence():
    given = xr.DataArray(np.ones((2, 2)), dims=("p", "q"), coords={"p": [1, 2], "q": [3, 4]})
    with pytest.raises(ValueError, match=r"coupling has several labels .* coupling.reset_index"):
        qb.QubitPair(coupling=given.stack(g=("p", "q")))
