"""A store that is gone on with in another order of its axes."""

import numpy as np
import pytest

import quantumbattery as qb
from roads.command import here
from roads.studies import pair_study

AXES = {"theta": [0.5, 1.5, 2.5], "charger_loss": [0.0, 0.5]}


def run(theta, charger_loss):
    pair = qb.QubitPair(charger_loss=charger_loss)
    return pair.charge(qb.bloch(theta), [0.5, 1.0], ["energy", "ergotropy"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """As it was begun, and again with its axes in the other order."""
    store = tmp_path_factory.mktemp("kept") / "s.zarr"
    first = qb.sweep(run, AXES, store, progress=False)
    return first, qb.sweep(run, dict(reversed(AXES.items())), store, progress=False)


LOOKS = {
    "a point": {"theta": 1, "charger_loss": 1, "time": 1},
    "another": {"theta": 0, "charger_loss": 0, "time": 0},
    "a line": {"theta": 1, "time": 0},
    "a part": {"theta": slice(1, None), "charger_loss": [1, 0]},
    "from behind": {"theta": -1, "charger_loss": slice(None, None, -1)},
    "all": {},
}


@pytest.mark.parametrize("name", LOOKS)
def test_whatever_is_looked_at_is_where_it_was(tables, name):
    first, again = (table.isel(LOOKS[name]) for table in tables)
    for measure in ("energy", "ergotropy"):
        np.testing.assert_array_equal(
            again[measure].transpose(*first[measure].dims), first[measure]
        )


def test_axes_are_in_the_order_in_which_they_are_given(tables):
    assert tables[1].energy.dims == ("charger_loss", "theta", "time")
    assert tables[1].failure.dims == ("charger_loss", "theta")
    picked = tables[1].energy.sel(theta=1.5, charger_loss=0.5, time=1.0).item()
    assert picked == tables[0].energy.sel(theta=1.5, charger_loss=0.5, time=1.0).item()
    again = tables[1].energy.isel(theta=[0, 1], charger_loss=0).isel(theta=1, time=1).item()
    assert again == tables[0].energy[1, 0, 1].item()


def test_points_by_arrays(tables):
    """Of vectorised picks too."""
    import xarray as xr

    here = {"theta": xr.DataArray([0, 2], dims="k"), "charger_loss": xr.DataArray([1, 0], dims="k")}
    first, again = (table.energy.isel(here).transpose("k", "time") for table in tables)
    np.testing.assert_array_equal(first, again)


LINES = [
    "theta = {from = 0.5, to = 2.5, points = 3}",
    "charger_loss = {from = 0.0, to = 1.0, points = 4}",
]


def test_a_study_written_otherwise_goes_on(tmp_path):
    """With its axes swapped, or 4 for 4.0, it is the same study, and tells the same."""
    first, swapped = (pair_study("\n".join(lines)) for lines in (LINES, LINES[::-1]))
    file, told = tmp_path / "s.toml", []
    for text in (first, swapped, first.replace("to = 4.0", "to = 4")):
        file.write_text(text)
        done = here("sweep", file, "--workers", "1")
        assert done.returncode == 0, done.stderr
        told.append(next(line for line in done.stdout.splitlines() if "energy" in line))
    assert told[0] == told[2]
    assert sorted(told[0].replace(",", "").split()) == sorted(told[1].replace(",", "").split())


def test_a_table_with_failures_is_selected_as_any_other(tmp_path):
    """Also where nothing is left of some points, whose failures are then missing too."""

    def fails(theta, charger_loss):
        if charger_loss < 0:
            raise ValueError("no such loss")
        return run(theta, charger_loss)

    axes = {"theta": [0.5, 1.5, 2.5], "charger_loss": [0.0, -1.0]}
    with pytest.warns(UserWarning, match="3 of 6 points failed"):
        table = qb.sweep(fails, axes, tmp_path / "s.zarr", progress=False)
    kept = table.where(table.theta > 1, drop=True)
    assert kept.failure.values.tolist() == [["", "ValueError: no such loss"]] * 2
    assert table.where(table.theta > 1).failure.isnull().sum() == 2
    np.testing.assert_array_equal(kept.energy, table.energy[1:])
    assert table.copy(deep=True).load().identical(table.load())
