"""Files of the view of all systems, and of maps, saved in a browser and opened in Python."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb
from explorer.asking import ready, until
from explorer.test_page import hash_of

MAP = "map=coupling,charger_loss"


def saved(browser, click, name, folder):
    """The path of a file that a click saves, once it is whole."""
    browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.run(click)
    path = folder / name
    until(lambda: path.exists() and path.stat().st_size)
    return path


def of_system(kind):
    return f"document.getElementById('field-{kind}').click()"


def of_map(host, kind):
    return f"""[...document.querySelectorAll("#{host} .actions button")].find(
        (each) => each.textContent === "{kind}").click()"""


def opened(browser, server, address):
    browser.open("about:blank")
    browser.open(f"{server.address}{address}")
    ready(browser)


def test_netcdf_of_a_system_is_what_python_would_write(served, server, tmp_path):
    address = "#system=tavis_cummings&state=coherent&start.alpha=1.5&last=2&disconnect=1.25"
    opened(served, server, address)
    path = saved(served, of_system("nc"), "tavis_cummings.nc", tmp_path)
    with xr.open_dataset(path, engine="scipy") as file:
        file.load()
    system, start = qb.models.tavis_cummings(), qb.coherent(1.5)
    measures = list(file.data_vars)
    expected = system.charge(start, np.linspace(0, 2, 401), measures, disconnect=1.25)
    assert {*file.coords} == {*expected.coords}
    for name, column in expected.variables.items():
        assert file[name].attrs == column.attrs
        np.testing.assert_allclose(file[name], column, rtol=1e-12, atol=1e-13)
    assert file.attrs["system"] == expected.attrs["system"]
    assert float(file.attrs["left_out"]) == pytest.approx(expected.attrs["left_out"], abs=1e-12)
    assert file.attrs["explorer"] == hash_of(served)


def test_pictures_of_a_system_are_saved(served, server, tmp_path):
    opened(served, server, "#system=qubit_pair&charger_loss=1/3")
    drawing = saved(served, of_system("svg"), "qubit_pair.svg", tmp_path).read_text()
    assert drawing.startswith("<svg")
    for word in (
        "qubit pair",
        "charger loss γ<tspan",
        "= 1/3",
        "Best times",
        "certified",
        "ergotropy",
    ):
        assert word in drawing
    assert not re.search("undefined|NaN|null", drawing)
    assert (
        saved(served, of_system("png"), "qubit_pair.png", tmp_path).read_bytes()[:4] == b"\x89PNG"
    )


def test_a_map_of_a_system_is_saved_with_the_numbers_of_the_library(served, server, tmp_path):
    opened(served, server, f"#system=qubit_pair&points=9&{MAP},energy_max")
    served.until("return document.querySelector('#field-map .actions button:enabled') !== null")
    table = pd.read_csv(saved(served, of_map("field-map", "CSV"), "qubit_pair-map.csv", tmp_path))
    with xr.open_dataset(
        saved(served, of_map("field-map", "NetCDF"), "qubit_pair-map.nc", tmp_path), engine="scipy"
    ) as file:
        file.load()
    assert list(table.columns) == ["coupling", "charger_loss", "energy_max"]
    assert file.energy_max.dims == ("charger_loss", "coupling")
    np.testing.assert_array_equal(table.energy_max, file.energy_max.values.ravel())
    point = file.energy_max[7, 9]
    pair = qb.models.qubit_pair(
        coupling=point.coupling.item(), charger_loss=point.charger_loss.item()
    )
    curve = pair.charge(qb.bloch(np.pi), np.linspace(0, 6.28, 121), ["energy"]).energy
    assert point.item() == pytest.approx(curve.max().item(), rel=1e-12)
    drawing = saved(served, of_map("field-map", "SVG"), "qubit_pair-map.svg", tmp_path).read_text()
    assert "battery loss" in drawing
    assert "coupling J = " not in drawing  # it varies
    assert file.energy_max.attrs == {"long_name": "most stored energy", "units": "frequency"}


@pytest.mark.parametrize("shown", ["ergotropy_max", "ergotropy_time"])
def test_the_pair_s_map_is_saved(browser, page_file, tmp_path, shown):
    browser.open("about:blank")
    browser.open(f"{page_file.as_uri()}#theta=pi&{MAP},{shown}")
    browser.until("return document.querySelector('#map .actions button:enabled') !== null")
    table = pd.read_csv(saved(browser, of_map("map", "CSV"), "quantum-battery-map.csv", tmp_path))
    with xr.open_dataset(
        saved(browser, of_map("map", "NetCDF"), "quantum-battery-map.nc", tmp_path), engine="scipy"
    ) as file:
        file.load()
    np.testing.assert_array_equal(table[shown], file[shown].values.ravel())
    part = file.isel(coupling=[1, 20, 60], charger_loss=[0, 7, 40])
    pair = qb.QubitPair(coupling=part.coupling, charger_loss=part.charger_loss)
    best = pair.optimum(qb.bloch(np.pi))[shown].transpose("charger_loss", "coupling")
    np.testing.assert_allclose(part[shown], best, rtol=1e-12)
    drawing = saved(browser, of_map("map", "SVG"), "quantum-battery-map.svg", tmp_path).read_text()
    for word in ("coupling J (u)", "θ = π", "<image", "ergotropy"):
        assert word in drawing
    png = saved(browser, of_map("map", "PNG"), "quantum-battery-map.png", tmp_path)
    assert png.read_bytes()[:4] == b"\x89PNG"
