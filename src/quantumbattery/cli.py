"""The command line: charge, optimum, paper, verify, zoo, sweep."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import xarray as xr

from quantumbattery.files import check_table_path, make_folder, write_table, write_whole
from quantumbattery.network.preparations import Bloch, bloch
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.quantities import parsing
from quantumbattery.quantities.measures import MEASURES
from quantumbattery.sweeps.store import SweepError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_COLUMNS = 5


Theta = Annotated[
    str, typer.Option(metavar="ANGLE", help="Bloch polar angle of the charger: 90deg, 1.57, 0.5pi.")
]
Phi = Annotated[str, typer.Option(metavar="ANGLE", help="Bloch azimuthal angle of the charger.")]


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def _option(help_text: str) -> Any:
    return typer.Option(parser=_number, metavar="NUMBER", help=help_text)


Frequency = Annotated[float, _option("Frequency of the battery (angular; hbar = 1).")]
Coupling = Annotated[float, _option("Coupling J, in the same unit.")]
Loss = Annotated[float, _option("Loss rate of the charger, in the same unit.")]
BatteryLoss = Annotated[float, _option("Loss rate of the battery.")]
Detuning = Annotated[float, _option("Charger frequency minus battery frequency.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the whole table: FILE.nc or FILE.csv.")
]


@app.command(
    epilog="\b\nExamples:\n"
    "  quantumbattery charge --theta 90deg --loss 0.1 --times 0:4:401\n"
    "  quantumbattery charge --theta pi --coupling 2 --plot charge.pdf --out charge.csv"
)
def charge(
    theta: Theta = "180deg",
    phi: Phi = "0",
    frequency: Frequency = 1.0,
    coupling: Coupling = 1.0,
    loss: Loss = 0.0,
    battery_loss: BatteryLoss = 0.0,
    detuning: Detuning = 0.0,
    times: Annotated[
        str,
        typer.Option(metavar="FROM:TO:POINTS", help="Times, in the inverse unit of the frequency."),
    ] = "0:4:401",
    measures: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Comma-separated quantities; all by default."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the curves: .png, .pdf or .svg.")
    ] = None,
    out: Out = None,
) -> None:
    """Charge the battery qubit and print its figures of merit over time."""
    preparation = _preparation(theta, phi)
    pair = QubitPair(frequency, coupling, loss, battery_loss, detuning)
    moments = parsing.times(times)
    chosen = None if measures is None else [name.strip() for name in measures.split(",")]
    _check_outputs(out, plot)
    table = pair.charge(preparation, moments, chosen)
    if out is not None:
        write_table(table, out)
    if plot is not None:
        from quantumbattery.plot.lines import curves
        from quantumbattery.plot.style import save

        save(curves(table, chosen), plot)
    _print_head(pair, preparation)
    _print_charge(table)
    _print_written(out, plot)


@app.command(epilog="\b\nExample:\n  quantumbattery optimum --theta 90deg --coupling 1 --loss 0.1")
def optimum(
    theta: Theta = "180deg",
    phi: Phi = "0",
    frequency: Frequency = 1.0,
    coupling: Coupling = 1.0,
    loss: Loss = 0.0,
    battery_loss: BatteryLoss = 0.0,
    detuning: Detuning = 0.0,
    out: Out = None,
) -> None:
    """Find the best moments to disconnect the charger, and what is reached then."""
    preparation = _preparation(theta, phi)
    pair = QubitPair(frequency, coupling, loss, battery_loss, detuning)
    _check_outputs(out, None)
    table = pair.optimum(preparation)
    if out is not None:
        write_table(table, out)
    _print_head(pair, preparation)
    _print_optimum(table)
    _print_written(out)


@app.command(epilog="\b\nExample:\n  quantumbattery paper --out figures")
def paper(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the figures and the ledger.")
    ] = Path("paper-results"),
) -> None:
    """Draw figures 2-4 and Sec. 8 of the founding paper with their data; check its 70 equations."""
    from quantumbattery.paper.figures import write_figures
    from quantumbattery.paper.ledger import verify

    make_folder(out)
    print("Drawing figures 2, 3 and 4, and Sec. 8 ...", flush=True)
    for path in write_figures(out):
        print(f"  {path}")
    print("Checking the 70 equations ...", flush=True)
    ledger = verify()
    for name, text in (("ledger.json", ledger.to_json()), ("ledger.txt", str(ledger))):
        write_whole(out / name, lambda part, text=text: part.write_text(text + "\n", "utf-8"))  # type: ignore[misc]
        print(f"  {out / name}")
    print(f"\n{ledger}")


@app.command(epilog="\b\nExample:\n  quantumbattery verify --format json")
def verify(
    format: Annotated[  # noqa: A002
        str, typer.Option(metavar="text|json", help="A table to read, or JSON.")
    ] = "text",
) -> None:
    """Print a verdict on each of the founding paper's 70 equations."""
    from quantumbattery.paper.ledger import verify as check

    _check_format(format)
    if format == "text":
        print("Checking the 70 equations ...", file=sys.stderr, flush=True)
    ledger = check()
    print(ledger.to_json() if format == "json" else ledger)


@app.command(
    epilog="\b\nExamples:\n"
    "  quantumbattery zoo\n"
    "  quantumbattery zoo dicke --plot dicke.pdf\n"
    "  quantumbattery zoo all --format json --plot pictures"
)
def zoo(
    name: Annotated[
        str, typer.Argument(metavar="[NAME | all]", help="A system, or all of them.")
    ] = "all",
    format: Annotated[  # noqa: A002
        str, typer.Option(metavar="text|json", help="A table to read, or JSON.")
    ] = "text",
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the system: .png, .pdf or .svg; of all, a folder for them."
        ),
    ] = None,
) -> None:
    """Put results of the literature beside our own; exit code 1 if one disagrees."""
    from quantumbattery.zoo.registry import chosen, picture, reproduce

    _check_format(format)
    names = [entry.name for entry in chosen(name)]
    pictures = {} if plot is None else _picture_paths(name, plot, names)
    found = reproduce(name, done=_progress if name == "all" else None)
    print(found.to_json(indent=2) if format == "json" else found)
    for each, path in pictures.items():
        from quantumbattery.plot.style import save

        save(picture(each), path)
        print(f"wrote {path}", file=sys.stderr if format == "json" else sys.stdout)
    if not found.agrees:
        raise typer.Exit(1)


@app.command(epilog="\b\nExample:\n  quantumbattery sweep study.toml --workers 2 --plot map.pdf")
def sweep(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="What to sweep.")],
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Processes; by default one for each core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Work on the Dask cluster there instead.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw a map of two axes: .png, .pdf or .svg."),
    ] = None,
    measure: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the map shows: ergotropy, if it can.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Work out again what is damaged in the store.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Work out again the blocks in which points failed.")
    ] = False,
) -> None:
    """Sweep a study over its axes into its store; go on where it stopped.

    A study is a TOML file with the parts [system], [preparation], [times] or [optimum], [axes] and
    [output]; docs/studies.md says what they hold.
    """
    from quantumbattery.sweeps import report as studies
    from quantumbattery.sweeps.study import read_study

    if workers is not None and scheduler is not None:
        raise ValueError("give --workers for this machine or --scheduler for a cluster, not both")
    _check_outputs(None, plot)
    wanted = read_study(study)
    if plot is not None:
        studies.check_picture(wanted, measure)
    elif measure is not None:
        raise ValueError("--measure says what a map shows: name its file with --plot")
    print(f"{study}: {wanted}\nstore: {wanted.store}", flush=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*points failed")  # said below
            table = studies.swept(wanted, workers, scheduler, repair, retry)
    except KeyboardInterrupt:
        print("stopped; what is done is kept, the same command goes on", file=sys.stderr)
        raise typer.Exit(130) from None
    _print_table(["quantity", "largest", "unit", "where"], studies.best(table), long=True)
    if failed := studies.failures(table):
        print(failed)
    if plot is not None:
        from quantumbattery.plot.style import save

        save(studies.picture(table, measure), plot)
        print(studies.caption(table, measure))
    _print_written(wanted.store, plot)


def main() -> None:
    """Run the command line; bad input ends with one sentence and exit code 2."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _discard_output()
        sys.exit(1)
    except OSError as error:
        _discard_output()
        sys.exit(_refuse(f"the output cannot be written ({error.strerror})"))
    except (ValueError, TypeError, SweepError) as error:
        sys.exit(_refuse(str(error)))


def _refuse(sentence: str) -> int:
    print(f"Error: {sentence}", file=sys.stderr)
    return 2


def _discard_output() -> None:
    """What is still in the buffer would fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        print(f"quantumbattery {version('quantumbattery')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Quantum batteries: charge them, find the best moment, check the founding paper."""


def _preparation(theta: str, phi: str) -> Bloch:
    return bloch(parsing.angle("theta", theta), parsing.angle("phi", phi))


def _check_format(text: str) -> None:
    if text not in ("text", "json"):
        raise ValueError(f"format must be text or json; got {text!r}")


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _picture_paths(name: str, plot: Path, names: Iterable[str]) -> dict[str, Path]:
    """Where the pictures go, refused before any work if they could not be written."""
    if name != "all":
        _check_outputs(None, plot)
        return {name: plot}
    if plot.suffix.lower() in (".png", ".pdf", ".svg"):
        raise ValueError(f"pictures of all systems go to a folder; got {plot}")
    make_folder(plot)
    return {each: plot / f"{each}.png" for each in names}


def _check_outputs(out: Path | None, plot: Path | None) -> None:
    """Refuse files that could not be written before any work starts."""
    if out is not None:
        check_table_path(out)
    if plot is not None:
        from quantumbattery.plot.style import check_picture_path

        check_picture_path(plot)


def _print_head(pair: QubitPair, preparation: Bloch) -> None:
    print(f"{pair}\n{preparation}\nunits: hbar = 1; times in 1/frequency; Eq. = of the paper\n")


def _print_charge(table: xr.Dataset) -> None:
    moments = table["time"].to_numpy()
    shown = np.unique(np.linspace(0, len(moments) - 1, _COLUMNS).round().astype(int))
    heads = [f"t = {moments[i]:.4g}" for i in shown]
    rows = []
    for name in table.data_vars:
        column = table[name]
        values = [f"{column.values[i]:.5g}" for i in shown]
        rows.append([str(name), column.attrs["units"], *values, column.attrs["equation"]])
    _print_table(["quantity", "unit", *heads, "Eq."], rows)
    if len(shown) < len(moments):
        print(f"{len(shown)} of {len(moments)} times are shown; --out FILE.csv keeps all.")


def _print_optimum(table: xr.Dataset) -> None:
    rows = []
    for name in ("energy", "power", "ergotropy", "ergotropic_power"):
        time, best = table[f"{name}_time"], table[f"{name}_max"]
        when = "never positive" if np.isnan(time) else f"{float(time):.10g}"
        equations = f"{time.attrs['equation']}; {best.attrs['equation']}"
        rows.append([name, when, f"{float(best):.10g}", MEASURES[name].units, equations])
    _print_table(["quantity", "best time", "maximum", "unit", "Eq."], rows)


def _print_table(heads: Iterable[str], rows: Iterable[Iterable[str]], long: bool = False) -> None:
    """A table that keeps all digits; with `long`, its last column may take several lines."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    heads = list(heads)
    for number, head in enumerate(heads):
        wraps = long and number == len(heads) - 1
        side: Any = "left" if number < 1 or wraps else "right"
        table.add_column(head, justify=side, no_wrap=not wraps, overflow="fold")
    for row in rows:
        table.add_row(*row)
    # Wide enough for every column, in a pipe too; a narrow terminal wraps and keeps the digits.
    Console(width=max(100, Console().width)).print(table)


def _print_written(*paths: Path | None) -> None:
    for path in paths:
        if path is not None:
            print(f"wrote {path}")
