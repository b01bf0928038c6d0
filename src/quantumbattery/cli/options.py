"""What may be written behind a command, and what the Tab key completes there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quantumbattery.files import check_table_path
from quantumbattery.quantities.measures import NAMED
from quantumbattery.quantities.parsing import plain


def _number(text: object) -> float:
    try:
        return plain(str(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def _option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, parser=_number, metavar="NUMBER", help=help_text)


def folder_named(text: str) -> Path:
    """A folder; an empty name, as that of a variable that is not set, would be this one."""
    if not text:
        raise ValueError("the name of the folder is empty: give one, or . for this folder")
    return Path(text)


# --- what the Tab key completes ------------------------------------------------------------------


def _models(incomplete: str) -> list[str]:
    from quantumbattery import models

    folder = Path(incomplete).parent
    files = [str(path) for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []
    return [each for each in (*models.__all__, *files) if each.startswith(incomplete)]


def _states(incomplete: str) -> list[str]:
    from quantumbattery.sweeps.parts import STATES

    return [each for each in STATES if each.startswith(incomplete)]


def _systems(incomplete: str) -> list[str]:
    from quantumbattery.zoo.registry import NAMES

    return [each for each in (*NAMES, "all") if each.startswith(incomplete)]


def _measures(incomplete: str) -> list[str]:
    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{each}" for each in NAMED if each.startswith(begun)]


def _sought(incomplete: str) -> list[str]:
    names = ("energy", "power", "ergotropy", "ergotropic_power")
    return [each for each in _measures(incomplete) if each.rpartition(",")[2] in names]


def _extractions(incomplete: str) -> list[str]:
    kinds = ("global", "collective", "local")
    return [each for each in kinds if each.startswith(incomplete)]


def _formats(incomplete: str) -> list[str]:
    return [each for each in ("text", "json") if each.startswith(incomplete)]


# --- the options ---------------------------------------------------------------------------------

Target = Annotated[
    str,
    typer.Argument(
        metavar="MODEL|STUDY.toml",
        help="A model, of which the names are below, or a study file.",
        autocompletion=_models,
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How the charger starts: bloch, fock, coherent, squeezed, thermal, gaussian, gibbs.",
        autocompletion=_states,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A number of the model or of the state, or a path as of an axis; as often as needed.",
    ),
]
Theta = Annotated[
    str | None,
    typer.Option(
        metavar="ANGLE",
        help="Bloch polar angle of the charger: 90deg, 1.57, 0.5pi; of qubit_pair 180deg, if not "
        "given.",
    ),
]
Phi = Annotated[
    str | None, typer.Option(metavar="ANGLE", help="Bloch azimuthal angle; 0, if not given.")
]
Frequency = Annotated[float | None, _option("Frequency of the battery (angular; hbar = 1).")]
Coupling = Annotated[float | None, _option("Coupling, in the same unit.")]
ChargerLoss = Annotated[
    float | None,
    _option("Loss rate of the charger, in the same unit.", "--charger-loss", "--loss"),
]
BatteryLoss = Annotated[float | None, _option("Loss rate of the battery.")]
Detuning = Annotated[float | None, _option("Charger frequency minus battery frequency.")]
Times = Annotated[
    str | None,
    typer.Option(
        metavar="FROM:TO:POINTS",
        help="Times, in the inverse unit of the frequency; 0:4:401, if neither given nor in the "
        "study.",
    ),
]
Disconnect = Annotated[
    str | None,
    typer.Option(
        metavar="T|FROM:TO:POINTS",
        help="When charging ends and storage begins, or several such times; never, if not given.",
    ),
]
Measures = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Comma-separated quantities, also those that are given by name only, such as entropy.",
        autocompletion=_measures,
    ),
]
Horizon = Annotated[
    float | None,
    _option("The latest moment that counts; every system but the closed-form pair needs it."),
]
Sought = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Comma-separated: energy, power, ergotropy, ergotropic_power; all by default.",
        autocompletion=_sought,
    ),
]
Extraction = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="Which unitaries take work out: global, which is the default, collective or local.",
        autocompletion=_extractions,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the whole table: FILE.nc or FILE.csv; what is complex as NAME_real, NAME_imag.",
    ),
]
Plot = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Draw the curves: .png, .pdf or .svg.")
]
Format = Annotated[
    str,
    typer.Option(metavar="text|json", help="A table to read, or JSON.", autocompletion=_formats),
]
System = Annotated[
    str,
    typer.Argument(metavar="NAME|all", help="A system, or all of them.", autocompletion=_systems),
]
Measure = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What the map shows: ergotropy, if it can.",
        autocompletion=lambda incomplete: _measures(incomplete.replace(",", "")),
    ),
]


def check_outputs(out: Path | None, plot: Path | None) -> None:
    """Refuse files that could not be written before any work starts."""
    if out is not None:
        check_table_path(out)
    if plot is not None:
        from quantumbattery.plot.style import check_picture_path

        check_picture_path(plot)
