from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.files import make_folder, write_table, write_whole


@pytest.fixture
def table():
    pair = qb.QubitPair(charger_loss=[0.0, 0.5])
    return pair.charge(qb.bloch(1.0), np.linspace(0, 2, 5))


def test_netcdf_keeps_numbers_labels_and_units(table, tmp_path):
    write_table(table, tmp_path / "t.nc")
    with xr.open_dataset(tmp_path / "t.nc", engine="scipy") as back:
        xr.testing.assert_equal(back.load(), table)
        assert back.ergotropy.attrs["units"] == "frequency"


def test_csv_has_named_columns_and_all_digits(table, tmp_path):
    write_table(table, tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv").set_index(["charger_loss", "time"])
    picked = frame.loc[(0.5, 1.5), "ergotropy"]
    assert picked == float(table.ergotropy.sel(charger_loss=0.5, time=1.5))


def test_a_table_without_axes_is_one_row(tmp_path):
    write_table(qb.QubitPair().optimum(qb.bloch(1.0)), tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv")
    assert len(frame) == 1
    assert frame.energy_time[0] == pytest.approx(np.pi / 2)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def fail(partial: Path):
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ValueError, match=r"t\.csv cannot be written \(No space left"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_bad_places(table, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.nc"):
        write_table(table, tmp_path / "t.txt")
    with pytest.raises(ValueError, match="not an existing folder"):
        write_table(table, tmp_path / "none" / "t.nc")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be made"):
        make_folder(tmp_path / "file" / "folder")
    with pytest.raises(ValueError, match="cannot be made"):
        make_folder(tmp_path / "file")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        write_table(table, tmp_path / "folder.csv")
