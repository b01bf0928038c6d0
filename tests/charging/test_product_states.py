"""Density matrices of sites that nothing joins, beside those of everything together."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging import observe
from roads.levels import unbounded

STARTS: dict[str, Any] = {
    "one": {"a": qb.coherent(0.3), "q": qb.bloch(1.0, 0.4), "r": qb.bloch(2.0, 1.0)},
    "over angles": {"a": qb.fock(1), "q": qb.bloch(xr.DataArray([0.3, 2.0], dims="theta"))},
}


def two_parts(levels: int | None) -> qb.System:
    """Two oscillators, and two qubits that exchange quanta with each other alone."""
    sites = {"a": qb.Oscillator(loss=0.2, levels=levels), "q": qb.Qubit(1.1)}
    sites |= {"b": qb.Oscillator(levels=levels), "r": qb.Qubit(loss=0.3)}
    strength = xr.DataArray([0.5, 0.9, 1.3], dims="strength")
    links = [qb.exchange("a", "b", strength), qb.exchange("q", "r", 0.7), qb.drive("a", 0.1, 1.0)]
    return qb.System(sites, links, ["a", "q", "r"], "b")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sites", [["b", "q"], ["r", "b", "q"], ["q", "a", "r", "b"]])
def test_as_all_together(start: str, sites: list[str]) -> None:
    """The same states, axes, labels and words, in any order of sites."""
    few = {name: 4 for name in sites if name in "ab"}
    given = STARTS[start], [0.4, 1.1]
    found = two_parts(None).density_matrix(*given, sites, levels=few)
    with patch.object(observe, "apart", lambda *_: [()]), unbounded():
        whole = two_parts(9).density_matrix(*given, sites)
    counts = [4 if name in few else 2 for name in sites]
    states = list(np.ndindex(*counts))
    kept = ["".join(map(str, state)) for state in states]
    xr.testing.assert_allclose(
        found.transpose(*whole.dims).drop_attrs(),
        whole.sel(row=kept, column=kept).drop_attrs(),
        rtol=0,
        atol=1e-8,
    )
    assert found.attrs["sites"] == sites
    assert found.attrs["levels"] == counts
    assert found.attrs["long_name"] == whole.attrs["long_name"]
    assert found.attrs["system"] == str(two_parts(None))


def test_a_strong_field_beside_an_idle_qubit() -> None:
    """The oscillator needs no levels for the qubit's sake: the product is the answer."""
    sites = {"a": qb.Oscillator(loss=0.1), "q": qb.Qubit(), "b": qb.Oscillator()}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0), qb.drive("a", 50.0, 1.0)], "a", "b")
    start = {"q": qb.bloch(1.0)}
    both = system.density_matrix(start, [0.05, 2.0], ["b", "q"], levels={"b": 3})
    b = system.density_matrix(start, [0.05, 2.0], "b", levels=3).to_numpy()
    q = system.density_matrix(start, [0.05, 2.0], "q").to_numpy()
    for k in range(2):
        np.testing.assert_allclose(both[k], np.kron(b[k], q[k]), rtol=0, atol=1e-15)


def test_what_starts_together_is_no_product() -> None:
    """Two that are entangled at first, and never meet."""
    ket = np.zeros((3, 2))
    ket[0, 0], ket[2, 1] = 0.8, 0.6
    sites = {"a": qb.Oscillator(), "q": qb.Qubit(), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("q", "b", 0.0)], ["a", "q"], "b")
    start = {("a", "q"): qb.state(ket.ravel(), levels=[3, 2])}
    rho = system.density_matrix(start, 0.0, ["a", "q"])
    assert abs(rho.sel(row="00", column="21").item()) == pytest.approx(0.48, abs=1e-12)


@pytest.mark.parametrize(("size", "limit"), [(3.0, 1e-3), (9.0, 2.0), (14.0, 2.0)])
def test_a_product_heeds_the_limit(size: float, limit: float) -> None:
    """How many levels its parts take is known only once they are found."""
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator()}
    links = [qb.drive("a", size, 1.0), qb.drive("b", size, 1.0)]
    with pytest.raises(ValueError, match=r"elements of density matrices .* the limit is"):
        qb.System(sites, links, "a", "b").density_matrix({}, [1.0], ["a", "b"], limit=limit)
