import os
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.files import check_table_path, make_folder, write_table, write_whole


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
    with pytest.raises(ValueError, match="is a folder"):
        write_table(table, tmp_path / "folder.csv")


@pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes are those of POSIX")
def test_modes_links_and_pipes_stay_as_they_are(tmp_path, monkeypatch, caplog):
    modes = []

    def write(part):
        modes.append(part.stat().st_mode & 0o777)
        part.write_text("new")

    def changed(_):
        raise AssertionError("the umask is one for all threads")

    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", changed)
        write_whole(tmp_path / "new.csv", write)
        assert (tmp_path / "new.csv").stat().st_mode & 0o777 == 0o640
        old, link = tmp_path / "old.csv", tmp_path / "link.csv"
        old.write_text("old")
        old.chmod(0o604)
        link.symlink_to("old.csv")
        write_whole(link, write)
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert link.is_symlink()
    assert (old.read_text(), old.stat().st_mode & 0o777) == ("new", 0o604)
    assert modes == [0o640, 0o600]  # until it is whole, nobody else reads what replaces a file
    pipe, read = tmp_path / "pipe.csv", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, write)
    reader.join(5)
    assert read == ["new"]
    assert pipe.is_fifo()
    reader = threading.Timer(0.5, lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, write)
    reader.join(5)
    assert read == ["new", "new"]
    assert "pipe.csv is a pipe that nobody reads yet: waiting" in caplog.text
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "link.csv",
        "new.csv",
        "old.csv",
        "pipe.csv",
    ]


def test_folders_are_refused_before_the_work(tmp_path):
    from quantumbattery.plot.style import check_picture_path

    for check in (check_table_path, check_picture_path):
        with pytest.raises(ValueError, match="an empty name must end in"):
            check(Path(""))
    for check, name in ((check_table_path, "a.csv"), (check_picture_path, "a.png")):
        (tmp_path / name).mkdir()
        with pytest.raises(ValueError, match="is a folder; name a file"):
            check(tmp_path / name)


def test_a_day_that_is_no_number_is_refused_before_the_work(tmp_path, monkeypatch):
    from quantumbattery.plot.style import check_picture_path

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "abc")
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH is 'abc': set it to whole seconds"):
        check_picture_path(tmp_path / "a.pdf")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    check_picture_path(tmp_path / "a.pdf")


def test_a_name_with_a_nul_is_none(tmp_path, table):
    for path in (Path(f"{tmp_path}/a\0b.csv"), Path(f"{tmp_path}\0/b.nc")):
        with pytest.raises(ValueError, match="is no name for a file"):
            write_table(table, path)
    with pytest.raises(ValueError, match="is no name for a file"):
        qb.plot.save(qb.plot.bloch(qb.bloch(1.0)), f"{tmp_path}/a\0.png")
