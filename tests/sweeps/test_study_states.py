"""Studies of storage, and of what states hold beside figures of merit."""

import os
import shutil

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps.durable import SweepError
from quantumbattery.sweeps.report import best, check_picture, matrices, picture
from roads.command import here
from roads.studies import changed_study

PAIR = """
[system]
model = "qubit_pair"
battery_loss = 0.2

[preparation]
state = "bloch"

[times]
to = 4.0
points = 9

[axes]
theta = [1.0, 2.0, 3.0]
charger_loss = {from = 0.0, to = 1.0, points = 5}

[output]
measures = ["energy", "ergotropy"]
"""

CAVITY = """
[system]
charger = "cavity"
battery = ["a", "b"]

[system.sites.cavity]
kind = "oscillator"

[system.sites.a]
kind = "qubit"

[system.sites.b]
kind = "qubit"
frequency = 1.2

[[system.interactions]]
kind = "exchange"
a = "cavity"
b = "a"
strength = 1.0

[[system.interactions]]
kind = "exchange"
a = "cavity"
b = "b"
strength = 0.8

[preparation.cavity]
state = "coherent"
alpha = 0.3

[times]
to = 2.0
points = 5
disconnect = 1.5

[observables]
photons = {site = "cavity", operator = "quanta"}
field = {site = "cavity", operator = "lowering"}
warmth = {site = "b", operator = "energy"}
two = {site = "cavity", level = 2}
current = {sites = ["a", "b"], matrix = [[0,0,0,0], [0,0,"1j",0], [0,"-1j",0,0], [0,0,0,0]]}

[axes]
"sites.b.frequency" = [1.0, 1.2]
"sites.cavity.loss" = [0.0, 0.3]

[output]
density_matrix = true
measures = ["energy"]
"""

FEW_QUANTA = ("alpha = 0.3", "alpha = 0.03")  # on few levels, for what they do not matter to
POINT = {"sites.b.frequency": 1.2, "sites.cavity.loss": 0.3}


def swept(study, store=None, **options):
    return qb.sweep(study, study.axes, store, progress=False, **options)


TO = "to = 4.0\n"


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("1.5", 1.5),
        ("[0.5, 1.5, inf]", [0.5, 1.5, np.inf]),
        ("{from = 0.5, to = 1.5, points = 3}", [0.5, 1.0, 1.5]),
    ],
)
def test_times_may_disconnect(tmp_path, said, values):
    study = changed_study(tmp_path, PAIR, (TO, f"{TO}disconnect = {said}\n"))
    table = swept(study)
    pair = qb.QubitPair(charger_loss=study.axes["charger_loss"], battery_loss=0.2)
    exact = pair.charge(qb.bloch([1.0, 2.0, 3.0]), np.linspace(0, 4, 9), disconnect=values)
    wanted = exact.energy.transpose(*table.energy.dims)
    np.testing.assert_allclose(table.energy, wanted, atol=1e-14)
    assert ("disconnect" in table.dims) == (np.ndim(values) == 1)
    assert len(picture(table).axes) == 2


def test_disconnect_is_an_axis_like_any_other(tmp_path):
    start = 'state = "bloch"'
    changes = (
        ("theta = [1.0, 2.0, 3.0]", "disconnect = [0.5, 1.0, 1.5]"),
        (start, f"{start}\ntheta = 2.0"),
    )
    study = changed_study(tmp_path, PAIR, *changes)
    table = swept(study, tmp_path / "s.zarr")
    pair = qb.QubitPair(charger_loss=study.axes["charger_loss"], battery_loss=0.2)
    exact = pair.charge(qb.bloch(2.0), np.linspace(0, 4, 9), disconnect=[0.5, 1.0, 1.5])
    assert table.energy.dims == ("disconnect", "charger_loss", "time")
    np.testing.assert_allclose(table.energy, exact.energy.transpose(*table.energy.dims), atol=1e-14)
    assert table.disconnect.attrs["long_name"] == "time of disconnection"
    where = best(table)[0][3]
    assert "disconnect = 1.5" in where
    assert len(picture(table).axes) == 2


def test_the_states_of_a_pair_stand_beside_its_closed_form(tmp_path):
    study = changed_study(tmp_path, PAIR, ("measures", 'density_matrix = "battery"\nmeasures'),
                 (TO, f"{TO}disconnect = 1.5\n"))  # fmt: skip
    table = swept(study)
    assert table.density_matrix.dims == ("theta", "charger_loss", "time", "row", "column")
    work = qb.ergotropy(table.density_matrix, np.diag([0.0, 1.0]))
    np.testing.assert_allclose(work, table.ergotropy, atol=1e-12)
    assert table.density_matrix.attrs["sites"] == "battery"
    assert [row[0] for row in best(table)] == ["energy", "ergotropy"]
    (said,) = matrices(table)
    assert said.startswith("density_matrix: complex numbers over 3 theta, 5 charger_loss, 9 time")


def test_observables_are_means_of_the_states(tmp_path):
    study = changed_study(
        tmp_path, CAVITY, ('kind = "oscillator"', 'kind = "oscillator"\nlevels = 14')
    )
    table = swept(study).sel(POINT)
    system = qb.System(
        sites={"cavity": qb.Oscillator(loss=0.3, levels=14), "a": qb.Qubit(), "b": qb.Qubit(1.2)},
        interactions=[qb.exchange("cavity", "a", 1.0), qb.exchange("cavity", "b", 0.8)],
        charger="cavity",
        battery=["a", "b"],
    )
    options = {"times": np.linspace(0, 2, 5), "disconnect": 1.5}
    cavity, both = (
        system.density_matrix({"cavity": qb.coherent(0.3)}, sites=sites, **options).values
        for sites in ("cavity", ["a", "b"])
    )
    lower = np.diag(np.sqrt(np.arange(1.0, 14)), 1)
    np.testing.assert_allclose(table.density_matrix, both, atol=1e-10)
    wanted = {
        "photons": np.einsum("tkk,k->t", cavity, np.arange(14)).real,
        "field": np.einsum("tij,ji->t", cavity, lower),
        "warmth": 1.2 * (both[:, 1, 1] + both[:, 3, 3]).real,
        "two": cavity[:, 2, 2].real,
        "current": 1j * (both[:, 2, 1] - both[:, 1, 2]),
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(table[name], values, atol=1e-10, err_msg=name)
    assert (table.field.dtype.kind, table.current.dtype.kind) == ("c", "f")
    assert table.warmth.attrs == {
        "long_name": "energy of b", "symbol": r"$\langle H\rangle$", "units": "frequency"
    }  # fmt: skip


def test_named_operators_know_every_kind_of_site(tmp_path):
    text = CAVITY[: CAVITY.index("[system.sites.cavity]")] + """
[system.sites.cavity]
kind = "qudit"
energies = [0.0, 1.0, 1.7]
[system.sites.a]
kind = "ensemble"
number = 3
cell = {kind = "qubit", frequency = 0.9}
[system.sites.b]
kind = "qubit"
""" + CAVITY[CAVITY.index("[[system") :]  # fmt: skip
    study = changed_study(
        tmp_path,
        text.replace("current =", "excited = {site = 'a', operator = 'quanta'} #"),
        ('state = "coherent"\nalpha = 0.3', 'state = "fock"\nn = 2'),
        ('"sites.b.frequency" = [1.0, 1.2]', '"sites.a.cell.frequency" = [0.9, 1.0]'),
        ('{site = "b", operator = "energy"}', '{site = "a", operator = "energy"}'),
        ("density_matrix = true", 'density_matrix = "a"'),
    )
    table = swept(study)
    assert not table.failure.values.any()
    frequency = table["sites.a.cell.frequency"]
    np.testing.assert_allclose(table.warmth, (frequency * table.excited), atol=1e-12)
    level = xr.DataArray(np.arange(4), dims="row")
    diagonal = table.density_matrix.values.diagonal(axis1=-2, axis2=-1).real
    np.testing.assert_allclose(table.excited, diagonal @ level.values, atol=1e-12)
    np.testing.assert_allclose(table.photons[..., 0], 2, rtol=1e-14)
    np.testing.assert_allclose(table.two[..., 0], 1)


def test_a_study_of_states_alone(tmp_path):
    study = changed_study(tmp_path, PAIR, ('["energy", "ergotropy"]', "[]\ndensity_matrix = true"))
    table = swept(study)
    assert list(table.data_vars) == ["density_matrix", "failure"]
    with pytest.raises(ValueError, match="measures is empty"):
        changed_study(tmp_path, PAIR, ('["energy", "ergotropy"]', "[]"))


# --- stores --------------------------------------------------------------------------------------


def test_states_are_kept_go_on_and_are_repaired(tmp_path):
    study, store = changed_study(tmp_path, CAVITY, FEW_QUANTA), tmp_path / "s.zarr"
    whole = swept(study, chunk=1, workers=1)
    table = swept(study, store, chunk=1, workers=1)
    xr.testing.assert_equal(table.drop_vars("failure").load(), whole.drop_vars("failure"))
    assert table.field.dtype == table.density_matrix.dtype == complex
    shutil.rmtree(store / "density_matrix" / "c" / "1")
    with pytest.raises(SweepError, match="damaged"):
        swept(study, store, chunk=1, workers=1)
    os.unlink(next((store / "done").glob("c/0/1")))
    mended = swept(study, store, chunk=1, workers=1, repair=True)
    np.testing.assert_array_equal(mended.density_matrix, whole.density_matrix)
    np.testing.assert_array_equal(mended.field, whole.field)
    with_workers = swept(study, tmp_path / "w.zarr", chunk=1, workers=2)
    np.testing.assert_array_equal(with_workers.density_matrix, whole.density_matrix)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("level = 2", "level = 3"), r"its \[observables\] was .*'level': 2.*'level': 3"),
        (("disconnect = 1.5", "disconnect = 1.4"), r"its \[times\] was"),
        (("density_matrix = true", 'density_matrix = "a"'), r"its \[output\] was"),
    ],
)
def test_what_is_read_otherwise_is_another_study(tmp_path, change, said):
    store = tmp_path / "s.zarr"
    swept(changed_study(tmp_path, CAVITY, FEW_QUANTA), store, workers=1)
    with pytest.raises(ValueError, match=said):
        swept(changed_study(tmp_path, CAVITY, FEW_QUANTA, change), store, workers=1)


def test_a_study_without_them_has_the_fingerprint_that_it_had(tmp_path):
    told = changed_study(tmp_path, PAIR).fingerprint
    assert "observables" not in told
    assert "density_matrix" not in told
    begun = swept(changed_study(tmp_path, PAIR), tmp_path / "s.zarr")
    more = changed_study(
        tmp_path, PAIR + '[observables]\nx = {site = "battery", operator = "quanta"}\n'
    )
    with pytest.raises(ValueError, match=r"its \[observables\] was not there, and is"):
        swept(more, tmp_path / "s.zarr")
    assert set(begun.data_vars) == {"energy", "ergotropy", "failure"}


def test_the_command_line_sweeps_states(tmp_path, monkeypatch):
    changed_study(tmp_path, CAVITY)
    monkeypatch.chdir(tmp_path)
    words = ["--workers", "1", "--plot", "map.png", "--measure", "photons"]
    done = here("sweep", "study.toml", *words)
    assert done.returncode == 0, done.stderr
    for said in ("|field|", "photons", "density_matrix: complex numbers over 2 sites.b.frequency",
                 "the map shows photons"):  # fmt: skip
        assert said in done.stdout
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_a_map_is_of_real_numbers(tmp_path):
    study = changed_study(tmp_path, CAVITY)
    check_picture(study, "current")
    with pytest.raises(ValueError, match="there is no 'field' to draw"):
        check_picture(study, "field")


# --- what is refused -----------------------------------------------------------------------------

WRONG = {
    "an unknown site": ('"cavity", operator = "quanta"', '"cav", operator = "quanta"',
                        r"photons: its sites: there is no site 'cav', did you mean cavity"),
    "an unknown operator": ('operator = "quanta"', 'operator = "photons"',
                            "there is no operator 'photons'; there are quanta, energy, lowering"),
    "two operators": ("level = 2", 'level = 2, operator = "quanta"', "an observable is"),
    "no operator": (", level = 2", "", "an observable is"),
    "an unknown word": ("level = 2", "levels = 2", "has no 'levels'; did you mean level"),
    "no level": ("level = 2", "level = 1.5", "level is a whole number"),
    "a level beyond": ('{site = "cavity", level = 2}', '{site = "a", level = 2}',
                       "'a' has 2 levels, the last is 1"),
    "an operator of two": ('{site = "b", op', '{sites = ["a", "b"], op', "operator is of one site"),
    "a flat matrix": ("[[0,0,0,0], [0", "[0, [0", "as many rows as columns"),
    "no number": ('"1j"', '"one"', "complex ones as texts.*; got 'one' in it"),
    "a small matrix": ("[[0,0,0,0], [0,0,\"1j\",0], [0,\"-1j\",0,0], [0,0,0,0]]", "[[0]]",
                       "a, b have 2 x 2 levels: it takes 4 x 4"),
    "a matrix of any size": ('{site = "cavity", level = 2}', '{site = "cavity", matrix = [[0]]}',
                             "chooses its own: give it levels"),
    "a measure's name": ("photons =", "energy =", "this name has another meaning"),
    "no name": ("photons =", '"a b" =', "take letters, digits"),
    "no table": ('{site = "cavity", level = 2}', "3", "an observable is"),
    "states of no site": ("matrix = true", 'matrix = "cells"', "there is no site 'cells'"),
    "states of a number": ("matrix = true", "matrix = 3", "a list of sites, or true"),
    "states without a size": ("matrix = true", 'matrix = ["a", "cavity"]',
                              "'cavity' is an oscillator that chooses its levels .*levels = 20"),
    "a negative time": ("disconnect = 1.5", "disconnect = -1", "disconnect .*zero or positive"),
    "a text": ("disconnect = 1.5", 'disconnect = "1.5"', "disconnect is a time"),
    "no span": ("disconnect = 1.5", "disconnect = {to = 1}", "there is no 'points'"),
    "no time": ('"sites.cavity.loss" = [0.0, 0.3]', "disconnect = [-1.0, 1.0]",
                "disconnect .*zero or positive"),
    "two best moments": ("[times]\nto = 2.0\npoints = 5\ndisconnect = 1.5",
                         "[optimum]\nhorizon = 3.0", "leave measures out"),
    "an unknown axis": ('"sites.cavity.loss" =', '"times.to" =', "all points share their times"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_makes_no_sense_is_refused_before_any_work(tmp_path, what):
    old, new, said = WRONG[what]
    with pytest.raises((TypeError, ValueError), match=said):
        changed_study(tmp_path, CAVITY, (old, new))


def test_an_optimum_reads_no_states(tmp_path):
    given = (("[times]\nto = 2.0\npoints = 5\ndisconnect = 1.5", "[optimum]\nhorizon = 3.0"),
             ('measures = ["energy"]', ""))  # fmt: skip
    with pytest.raises(ValueError, match=r"density_matrix: states are read at \[times\]"):
        changed_study(tmp_path, CAVITY, *given)
    with pytest.raises(ValueError, match=r"\[observables\]: states are read at \[times\]"):
        changed_study(tmp_path, CAVITY, *given, ("density_matrix = true", ""))


def test_states_of_another_size_at_another_point_are_refused(tmp_path):
    cells = """
[system]
model = "tavis_cummings"
[preparation]
state = "fock"
n = 1
[times]
to = 1.0
points = 3
[axes]
cells = [2, 3]
[observables]
energy_of_cells = {site = "cells", operator = "energy"}
[output]
measures = ["energy"]
"""
    table = swept(changed_study(tmp_path, cells))
    np.testing.assert_allclose(table.energy_of_cells, table.energy, atol=1e-12)
    said = "'cells' has 3 levels at the first point and 4 at cells = 3"
    with pytest.raises(ValueError, match=said):
        changed_study(tmp_path, f"{cells}density_matrix = true\n")


# --- functions -----------------------------------------------------------------------------------


def states(coupling):
    pair = qb.models.qubit_pair(coupling=coupling, battery_loss=0.1)
    return pair.density_matrix(qb.bloch(2.0), np.linspace(0, 2, 5), disconnect=1.0)


def test_a_function_may_return_one_array(tmp_path):
    axes = {"coupling": [0.5, 1.0, 2.0]}
    table = qb.sweep(states, axes, progress=False)
    assert table.density_matrix.dims == ("coupling", "time", "row", "column")
    np.testing.assert_allclose(table.density_matrix[1], states(1.0), atol=1e-14)
    assert "system" not in table.density_matrix.attrs  # of one point
    assert table.density_matrix.attrs["long_name"] == "density matrix of battery"
    kept = qb.sweep(states, axes, tmp_path / "s.zarr", progress=False)
    np.testing.assert_array_equal(kept.density_matrix, table.density_matrix)
    again = qb.sweep(states, axes, tmp_path / "s.zarr", progress=False)
    np.testing.assert_array_equal(again.density_matrix, table.density_matrix)


def test_an_array_without_a_name_is_refused():
    with pytest.raises(TypeError, match=r"without a name: .* array.rename"):
        qb.sweep(lambda x: states(x).rename(None), {"x": [1.0, 2.0]}, progress=False)
