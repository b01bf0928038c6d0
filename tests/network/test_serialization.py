"""Systems written down as plain values, and what cannot be."""

import json

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


def system(site=None, strength=1.0):
    sites = {"a": site or qb.Qubit(), "b": qb.Qubit()}
    return qb.System(sites, [qb.exchange("a", "b", strength)], "a", "b")


@pytest.mark.parametrize(
    "site",
    [
        qb.Qudit([0.0, xr.DataArray([1.0, 2.0], dims="x")]),
        qb.Qudit([0.0, 1.0, [1.5, 2.0]]),
        *[
            qb.Qubit(xr.DataArray([1.0, 2.0], {"x": labels}, ("x",)))
            for labels in (
                ["a", "b"],
                [1, 2],
                [True, False],
                [0.5, 1.5j],
                np.array(["a", "b"], "O"),
            )
        ],
    ],
)
def test_levels_and_labels_come_back_through_json(site):
    written = json.loads(json.dumps(system(site).to_dict(), allow_nan=False))
    assert qb.System.from_dict(written) == system(site)


@pytest.mark.parametrize(
    "labels",
    [np.array(["2020-01-01", "2021-01-01"], "M8[D]"), [b"a", b"b"], np.array(["a", 1], "O")],
)
def test_labels_that_json_does_not_hold_are_refused(labels):
    site = qb.Qubit(xr.DataArray([1.0, 2.0], {"x": labels}, ("x",)))
    with pytest.raises(TypeError, match=r"labels of 'x' are of .*, which cannot be written"):
        system(site).to_dict()


@pytest.mark.parametrize("real", ["x", None, [1, [2]], 10**400, {}, True])
def test_parts_of_a_complex_number_are_numbers(real):
    written = system(strength=1j).to_dict()
    written["interactions"][0]["strength"] = {"real": real, "imaginary": 0.0}
    with pytest.raises(TypeError, match="interaction 0: real and imaginary are numbers, or lists"):
        qb.System.from_dict(written)
    written["interactions"][0]["strength"] = {"real": [1, 2], "imaginary": [1, 2, 3]}
    with pytest.raises(ValueError, match=r"have shapes \(2,\) and \(3,\)"):
        qb.System.from_dict(written)


@pytest.mark.parametrize(
    "notes", [{"by": object()}, {(1, 2): "a"}, {"at": {1.0 + 1j}}, {"n": {3: 1}}]
)
@pytest.mark.parametrize("where", ["values", "labels"])
def test_attributes_that_json_does_not_hold_are_refused(notes, where):
    losses = xr.DataArray([1.0, 2.0], {"x": ("x", [0.0, 1.0])}, name="loss")
    (losses if where == "values" else losses.x).attrs.update(notes)
    with pytest.raises(
        TypeError, match=r"attributes of .* what cannot be written down: .*drop_attrs"
    ):
        system(qb.Qubit(losses)).to_dict()


def test_lists_without_an_end_are_refused():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    round_and_round = []
    round_and_round.append(round_and_round)
    for value in (deep, round_and_round):
        for part in ("frequency", "dephasing", "kind"):
            written = system().to_dict()
            written["sites"]["a"][part] = value
            with pytest.raises((TypeError, ValueError), match="a"):
                qb.System.from_dict(written)
        for part in ("strength", "a", "kind"):
            written = system().to_dict()
            written["interactions"][0][part] = value
            with pytest.raises((TypeError, ValueError), match="interaction 0"):
                qb.System.from_dict(written)


def test_attributes_that_it_holds_are_kept():
    notes = {"n": [np.int64(1), {"m": np.float32(0.5)}], "at": np.arange(2), "nothing": np.nan}
    losses = xr.DataArray([1.0, 2.0], dims="x", attrs=notes)
    written = json.loads(json.dumps(system(qb.Qubit(losses)).to_dict()))
    kept = qb.System.from_dict(written).sites["a"].frequency.attrs
    assert kept["n"] == [1, {"m": 0.5}]
    assert kept["at"] == [0, 1]
    assert np.isnan(kept["nothing"])


def test_sites_of_classes_of_one_s_own_are_refused():
    class Spin(qb.Qubit):
        """A qubit by another name."""

    with pytest.raises(TypeError, match="a site of the class Spin cannot be written down"):
        system(Spin(1.0)).to_dict()
