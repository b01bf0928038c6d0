"""The commands that charge one system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from quantumbattery.cli.options import (
    BatteryLoss,
    ChargerLoss,
    Coupling,
    Detuning,
    Disconnect,
    Extraction,
    Frequency,
    Horizon,
    Measures,
    Out,
    Phi,
    Plot,
    Settings,
    Sought,
    State,
    Target,
    Theta,
    Times,
    check_outputs,
)
from quantumbattery.cli.patience import Patience
from quantumbattery.cli.printing import (
    print_best,
    print_charge,
    print_head,
    print_optimum,
    print_written,
)
from quantumbattery.files import check_names, write_table
from quantumbattery.quantities import parsing
from quantumbattery.quantities.described import saying

_TIMES = "0:4:401"


def charge(
    target: Target = "qubit_pair",
    state: State = None,
    theta: Theta = None,
    phi: Phi = None,
    frequency: Frequency = None,
    coupling: Coupling = None,
    charger_loss: ChargerLoss = None,
    battery_loss: BatteryLoss = None,
    detuning: Detuning = None,
    set_: Settings = None,
    times: Times = None,
    disconnect: Disconnect = None,
    measures: Measures = None,
    extraction: Extraction = None,
    plot: Plot = None,
    out: Out = None,
) -> None:
    """Charge a battery and print its figures of merit over time.

    The battery is the founding paper's qubit, charged by another, if no other system is named. What
    is not given is as the model has it: of most, a frequency and a coupling of 1, and no losses.
    """
    values: dict[str, object] = {"frequency": frequency, "coupling": coupling}
    values |= {"charger_loss": charger_loss, "battery_loss": battery_loss, "detuning": detuning}
    if disconnect is not None:
        values["disconnect"] = parsing.moments("--disconnect", disconnect)
    settings = _settings(theta, phi, values, set_)
    chosen = None if measures is None else _names(measures)
    if times is None and not target.lower().endswith(".toml"):
        times = _TIMES
    options: dict[str, dict[str, Any]] = {
        "preparation": _given(state=state),
        "times": {} if times is None else parsing.span(times),
        "output": _given(measures=chosen, extraction=extraction),
    }
    check_outputs(out, plot)
    given, table = _worked_out(target, "times", options, settings, out)
    if out is not None:
        write_table(table, out)
    if plot is not None:
        from quantumbattery.plot.lines import curves
        from quantumbattery.plot.style import save

        save(curves(table, _drawn(given, table, chosen)), plot)
    _print_head(given, table)
    matrices = [name for name, column in table.data_vars.items() if "row" in column.dims]
    beside = [_sentence(table[name]) for name in matrices]
    table = table.drop_vars(matrices).drop_dims({"row", "column"} & table.sizes.keys())
    if table.sizes.keys() == {"time"}:
        print_charge(table)
    else:
        _print_best(table)
    for sentence in beside:
        print(sentence)
    print_written(out, plot)


def optimum(
    target: Target = "qubit_pair",
    state: State = None,
    theta: Theta = None,
    phi: Phi = None,
    frequency: Frequency = None,
    coupling: Coupling = None,
    charger_loss: ChargerLoss = None,
    battery_loss: BatteryLoss = None,
    detuning: Detuning = None,
    set_: Settings = None,
    horizon: Horizon = None,
    of: Sought = None,
    extraction: Extraction = None,
    out: Out = None,
) -> None:
    """Find the best moments to disconnect the charger, and what is reached then.

    The battery is the founding paper's qubit, charged by another, if no other system is named. What
    is not given is as the model has it: of most, a frequency and a coupling of 1, and no losses.
    """
    values = {"frequency": frequency, "coupling": coupling, "charger_loss": charger_loss}
    values |= {"battery_loss": battery_loss, "detuning": detuning}
    settings = _settings(theta, phi, values, set_)
    options: dict[str, dict[str, Any]] = {
        "preparation": _given(state=state),
        "optimum": _given(horizon=horizon, of=None if of is None else _names(of)),
        "output": _given(extraction=extraction),
    }
    check_outputs(out, None)
    given, table = _worked_out(target, "optimum", options, settings, out)
    if out is not None:
        write_table(table, out)
    _print_head(given, table)
    if table.sizes:
        _print_best(table)
    else:
        print_optimum(table)
    print_written(out)


def _worked_out(
    target: str,
    work: str,
    options: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, tuple[str, object]],
    out: Path | None,
) -> tuple[dict[str, Any], xr.Dataset]:
    from quantumbattery.sweeps.parts import table_of
    from quantumbattery.sweeps.single import single

    with Patience():
        given = single(target, work, options, settings)
        if out is not None:
            check_names(out, given.get("observables", {}))
        return given, table_of(given)


def _settings(
    theta: str | None,
    phi: str | None,
    values: Mapping[str, object],
    more: list[str] | None,
) -> dict[str, tuple[str, object]]:
    """What is set, by name: what to call it in a sentence, and its value."""
    from quantumbattery.sweeps.single import value_of

    options = {"theta": theta, "phi": phi} | dict(values)
    found: dict[str, tuple[str, object]] = {
        name: (f"--{name.replace('_', '-')}", value)
        for name, value in options.items()
        if value is not None
    }
    for text in more or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise ValueError(f"--set takes NAME=VALUE, such as cells=4; got {text!r}")
        if name.strip() in found:
            raise ValueError(f"--set {text}: {name.strip()} is given twice")
        with saying(f"--set {name.strip()}"):
            found[name.strip()] = (f"--set {name.strip()}", value_of(value.strip()))
    return found


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _drawn(
    given: Mapping[str, Any], table: xr.Dataset, chosen: list[str] | None
) -> list[str] | None:
    """What is drawn over time: what was asked for, and the study's own that are real."""
    chosen = None if chosen is None else [name for name in chosen if "time" in table[name].dims]
    own = [name for name in given.get("observables", {}) if table[name].dtype.kind == "f"]
    if not own:
        return chosen
    usual = ("energy", "ergotropy", "power", "ergotropic_power")
    return [name for name in chosen or usual if name in table] + own


def _sentence(matrices: xr.DataArray) -> str:
    shape = " x ".join(map(str, matrices.shape))
    return (
        f"{matrices.name}: {shape} complex numbers (levels of {matrices.attrs['levels']}); "
        "--out FILE.nc keeps them."
    )


def _print_head(given: Mapping[str, Any], table: xr.Dataset) -> None:
    from quantumbattery.sweeps.parts import pair_of, preparation_of, system_of

    preparation = preparation_of(given["preparation"])
    pair = pair_of(given["system"], preparation)
    print_head(system_of(given["system"]) if pair is None else pair, preparation, table)


def _print_best(table: xr.Dataset) -> None:
    from quantumbattery.sweeps.report import best

    print_best(table, best(table))
