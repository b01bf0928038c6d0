"""Density matrices in studies, of oscillators that choose their own levels."""

import numpy as np
import pytest

import quantumbattery as qb
from roads.studies import changed_study

STUDY = """
[system]
model = "driven_oscillator_pair"
charger_loss = 1.0

[preparation]

[times]
to = 1.0
points = 3

[axes]
drive = [0.5, 100.0]

[output]
measures = ["energy"]
density_matrix = {levels = 4}
"""


def test_one_number_of_levels_for_all_points(tmp_path):
    study = changed_study(tmp_path, STUDY)
    table = qb.sweep(study, study.axes, tmp_path / "store.zarr", progress=False)
    assert not table.failure.values.any()
    assert table.density_matrix.shape == (2, 3, 4, 4)
    for k, drive in enumerate([0.5, 100.0]):
        system = qb.models.driven_oscillator_pair(charger_loss=1.0, drive=drive)
        rho = system.density_matrix({}, table.time.values, levels=4)
        np.testing.assert_allclose(table.density_matrix[k], rho, atol=1e-15)
    assert table.density_matrix.attrs["levels"] == "battery: 4"


def test_levels_by_site(tmp_path):
    given = '{sites = ["charger", "battery"], levels = {charger = 2, battery = 3}}'
    study = changed_study(tmp_path, STUDY, ("{levels = 4}", given))
    table = qb.sweep(study, study.axes, progress=False)
    assert table.density_matrix.shape == (2, 3, 6, 6)
    assert table.row.values.tolist() == ["00", "01", "02", "10", "11", "12"]


@pytest.mark.parametrize(
    ("given", "kind", "match"),
    [
        ("true", ValueError, r"or say how many it shows: \[output\] density_matrix"),
        ("{sites = 'battery'}", ValueError, "or say how many it shows"),
        ("{levels = 0}", ValueError, r"\[output\] density_matrix: levels is a whole number"),
        ("{levels = {charger = 2}}", ValueError, "'charger' is no oscillator among battery"),
        ("{levles = 2}", ValueError, "levels"),
        ("{sites = 3, levels = 2}", TypeError, "density_matrix is a site, a list of sites"),
        ("{sites = ['charger', 'battery'], levels = {charger = 2}}", ValueError, "'battery' is an"),
    ],
)
def test_what_makes_no_sense(tmp_path, given, kind, match):
    with pytest.raises(kind, match=match):
        changed_study(tmp_path, STUDY, ("{levels = 4}", given))
