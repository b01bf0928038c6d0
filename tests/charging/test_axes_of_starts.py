"""Preparations and sites that have numbers of one name, each over axes of its own."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


def warm(occupation, kind=qb.Qubit):
    sites = {"c": kind(loss=0.2, occupation=occupation), "b": qb.Qubit()}
    return qb.System(sites, [qb.exchange("c", "b", 0.5)], "c", "b")


def over(values, labels=None, axis="u"):
    return xr.DataArray(values, None if labels is None else {axis: labels}, (axis,))


@pytest.mark.parametrize("kind", [qb.Qubit, qb.Oscillator])
def test_a_bath_and_a_thermal_start(kind):
    baths, starts = [0.05, 0.06], [0.07, 0.08, 0.09]
    system = warm(over(baths), kind)
    alone = [
        [warm(bath, kind).charge(qb.thermal(n), 1.0, ["energy"]).energy.item() for bath in baths]
        for n in starts
    ]
    start = {"c": qb.thermal(over(starts, axis="v"))}
    together = system.charge(start, 1.0, ["energy"]).energy.transpose("v", "u")
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)
    paired = system.charge({"c": qb.thermal(over(starts[:2]))}, 1.0, ["energy"]).energy
    np.testing.assert_allclose(paired, np.diag(np.array(alone)[:2]), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("bath", "start"),
    [
        (over([0.1, 0.2], [2, 1]), over([0.5, 0.7], [1, 2])),
        (over([0.1, 0.2, 0.3]), over([0.5, 0.7])),
        (np.array([0.1, 0.2]), np.array([0.5, 0.7])),
    ],
)
def test_axes_of_one_name_agree(bath, start):
    for given in (qb.thermal(start), {"c": qb.thermal(start)}):
        for ask in (warm(bath).charge, warm(bath).density_matrix):
            with pytest.raises(ValueError, match="axes of the same name must have the same length"):
                ask(given, 1.0)


@pytest.mark.parametrize("names", [("x", "y"), ("2", "1"), ("1", "0")])
@pytest.mark.parametrize("labels", [None, "names", [0, 1], [1, 0], [7, 5]])
def test_sites_of_a_tuple_have_numbers_of_their_own(names, labels):
    sites = {name: qb.Qubit() for name in (*names, "b")}
    links = [qb.exchange(names[0], "b", 1.0), qb.exchange(names[1], "b", 0.5)]
    system = qb.System(sites, links, names, "b")
    values = [2.0, 1.0] if labels == [1, 0] else [1.0, 2.0]
    named = [*names] if labels == "names" else labels
    start = qb.bloch(over(values, named, "site"))
    right = system.charge({names[0]: qb.bloch(1.0), names[1]: qb.bloch(2.0)}, [0.4], ["energy"])
    table = system.charge({names: start}, [0.4], ["energy"])
    assert table.energy.dims == ("time",)
    np.testing.assert_allclose(table.energy, right.energy, rtol=1e-14)
    # In one preparation of all chargers it is an axis like any other.
    assert system.charge(start, [0.4], ["energy"]).energy.dims == ("site", "time")


def test_another_order_of_names_is_refused():
    start = qb.bloch(over([1.0, 2.0], ["y", "x"], "site"))
    sites = {name: qb.Qubit() for name in ("x", "y", "b")}
    system = qb.System(sites, [qb.exchange("x", "b", 1.0)], ("x", "y"), "b")
    with pytest.raises(ValueError, match="is labelled y, x over 'site', but the sites are x, y"):
        system.charge({("x", "y"): start}, 1.0)


def test_an_axis_of_times_without_labels_is_refused():
    values = over([1.0, 2.0], axis="time")
    for work in (
        lambda: qb.QubitPair(coupling=values).charge(qb.bloch(1.0), [0.1, 0.2]),
        lambda: qb.QubitPair().charge(qb.bloch(values), [0.1, 0.2]),
    ):
        with pytest.raises(ValueError, match="a dimension 'time' without labels"):
            work()
    labelled = over([1.0, 2.0], [0.1, 0.2], "time")
    table = qb.QubitPair().charge(qb.bloch(labelled), [0.1, 0.2], ["energy"])
    each = [qb.QubitPair().charge(qb.bloch(a), t).energy for a, t in ((1.0, 0.1), (2.0, 0.2))]
    np.testing.assert_allclose(table.energy, each, rtol=1e-14)
