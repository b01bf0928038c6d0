"""The command line: charge, optimum, paper, verify, zoo, sweep, explore."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from quantumbattery import models
from quantumbattery.beginning import Ended
from quantumbattery.cli.charging import charge, optimum
from quantumbattery.cli.ending import heed_signals
from quantumbattery.cli.options import Format, Measure, System, check_outputs, folder_named
from quantumbattery.cli.printing import print_table, print_written
from quantumbattery.files import check_day, make_folder, write_whole
from quantumbattery.quantities.parameters import whole_number
from quantumbattery.sweeps.durable import SweepError, reaching

_NO_MEMORY = "memory ran out: use fewer sites, levels, times or values at a time"
_NO_ROOM = "failed to map segment", "annot allocate memory"  # what is loaded late is a file too
_WIDEST = 120  # columns of a help text; narrower in a narrower terminal


class _Command(TyperCommand):
    """A command whose description is whole in the list of all."""

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002
        """The first paragraph of its description."""
        return " ".join((self.help or "").split("\n\n")[0].split())


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST},
)

_whole = partial(app.command, cls=_Command)
_MODELS = f"Models: {', '.join(models.__all__)}\n\n"

_whole(
    epilog=f"{_MODELS}\b\nExamples:\n"
    "  quantumbattery charge --theta 90deg --charger-loss 0.1 --times 0:4:401\n"
    "  quantumbattery charge --theta pi --coupling 2 --plot charge.pdf --out charge.csv\n"
    "  quantumbattery charge --battery-loss 0.1 --times 0:10:401 --disconnect 1.57\n"
    "  quantumbattery charge tavis_cummings --set cells=8 --state coherent --set alpha=2\n"
    "  quantumbattery charge study.toml --set charger_loss=0.1 --measures energy,ergotropy"
)(charge)
_whole(
    epilog=f"{_MODELS}\b\nExamples:\n"
    "  quantumbattery optimum --theta 90deg --coupling 1 --charger-loss 0.1\n"
    "  quantumbattery optimum tavis_cummings --state fock --set n=4 --horizon 3\n"
    "  quantumbattery optimum study.toml --set coupling=2"
)(optimum)


@_whole(epilog="\b\nExample:\n  quantumbattery paper --out figures")
def paper(
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Folder for the figures and the ledger.")
    ] = "paper-results",
) -> None:
    """Draw figures 2-4 and Sec. 8 of the founding paper with their data; check its 70 equations."""
    from quantumbattery.paper.figures import write_figures
    from quantumbattery.paper.ledger import verify

    folder = folder_named(out)
    make_folder(folder)
    print("Drawing figures 2, 3 and 4, and Sec. 8 ...", flush=True)
    for path in write_figures(folder):
        print(f"  {path}")
    print("Checking the 70 equations ...", flush=True)
    ledger = verify()
    for name, text in (("ledger.json", ledger.to_json()), ("ledger.txt", str(ledger))):
        write_whole(folder / name, lambda part, text=text: part.write_text(text + "\n", "utf-8"))  # type: ignore[misc]
        print(f"  {folder / name}")
    print(f"\n{ledger}")


@_whole(epilog="\b\nExample:\n  quantumbattery verify --format json")
def verify(
    format: Format = "text",  # noqa: A002
) -> None:
    """Print a verdict on each of the founding paper's 70 equations."""
    from quantumbattery.paper.ledger import verify as check

    _check_format(format)
    if format == "text":
        print("Checking the 70 equations ...", file=sys.stderr, flush=True)
    ledger = check()
    print(ledger.to_json() if format == "json" else ledger)


@_whole(
    epilog="\b\nExamples:\n"
    "  quantumbattery zoo\n"
    "  quantumbattery zoo dicke --plot dicke.pdf\n"
    "  quantumbattery zoo all --format json --plot pictures"
)
def zoo(
    name: System = "all",
    format: Format = "text",  # noqa: A002
    plot: Annotated[
        str | None,
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


@_whole(epilog="\b\nExample:\n  quantumbattery sweep study.toml --workers 2 --plot map.pdf")
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
    measure: Measure = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Work out again what is damaged in the store.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Work out again the blocks in which points failed.")
    ] = False,
) -> None:
    """Sweep a study into its store, or go on where it stopped; exit code 1 if points failed.

    A study is a TOML file with the parts [system], [preparation], [times] or [optimum], [axes],
    [observables] and [output]; docs/book/studies.md says what they hold.
    """
    from quantumbattery.sweeps import report as studies
    from quantumbattery.sweeps.study import read_study

    if workers is not None and scheduler is not None:
        raise ValueError("give --workers for this machine or --scheduler for a cluster, not both")
    if scheduler is not None and not scheduler.strip():
        raise ValueError(
            "the address of the scheduler is empty: give it, as in tcp://127.0.0.1:8786, or leave "
            "out --scheduler to work on this machine"
        )
    if workers is not None:
        whole_number(workers, 1, "workers must be a whole number of at least 1")
    check_outputs(None, plot)
    wanted = read_study(study)
    if plot is not None:
        studies.check_picture(wanted, measure)
    elif measure is not None:
        raise ValueError("--measure says what a map shows: name its file with --plot")
    print(f"{study}: {wanted}\n{studies.kept(wanted, study)}", flush=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*points failed")  # said below
            table = studies.swept(wanted, workers, scheduler, repair, retry)
    except (KeyboardInterrupt, Ended) as end:
        print("stopped; what is done is kept, the same command goes on", file=sys.stderr)
        if isinstance(end, Ended):
            raise
        raise typer.Exit(130) from None
    with reaching(wanted.store):  # its values are read here
        best, failed = studies.best(table), studies.failures(table)
    print_table(["quantity", "largest", "unit", "where"], best, long=True)
    for sentence in studies.matrices(table):
        print(sentence)
    if failed:
        print(failed)
    if plot is not None:
        from quantumbattery.plot.style import save

        save(studies.picture(table, measure), plot)
        print(studies.caption(table, measure))
    print_written(wanted.store, plot)
    if failed:
        raise typer.Exit(1)


@_whole(
    epilog="\b\nExamples:\n"
    "  quantumbattery explore\n"
    "  quantumbattery explore --port 8700 --no-browser\n"
    "  quantumbattery explore --export battery.html"
)
def explore(
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the pair's page into one file instead."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="N", help="Where to serve: 8642; 0 for any that is free.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Where to listen; by default only for this machine."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the page in the browser.")
    ] = False,
) -> None:
    """Open a page in the browser: drag a charger over its sphere, or charge any named system.

    It is served on this machine until Ctrl-C. What --export writes is the pair's part of it, which
    needs no Python and no network, to be mailed or put on any web server.
    """
    if export is None:
        from quantumbattery.explorer import server

        server.serve(
            server.HOST if host is None else host,
            server.PORT if port is None else port,
            not no_browser,
        )
        return
    if port is not None or host is not None or no_browser:
        raise ValueError("--export writes a file and serves nothing: leave out --port, --host")
    from quantumbattery.explorer.export import export as write

    print(f"wrote {write(export)}")


def main() -> None:
    """Run the command line; bad input ends with one sentence and exit code 2."""
    warnings.showwarning = _warn
    os.environ["MPLBACKEND"] = (
        "agg"  # pictures go to files; Matplotlib refuses a name it does not know
    )
    if sys.stdout is None:  # closed before we began
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as we run
        sys.exit(_refuse("the output cannot be written (it is closed)"))
    for stream in (sys.stdout, sys.stderr):  # names that are not UTF-8 are shown, not refused
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    came = heed_signals()
    try:
        _run()
    except Exception:
        if (code := came()) is None:
            raise
        sys.exit(code)  # what a signal became where it fell into the loading of a module


def _run() -> None:
    """What `main` does between the first word and the last."""
    try:
        check_day()
        try:
            app(prog_name="quantumbattery")  # also of `python -m`: what Tab completes is called so
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _discard_output()
        sys.exit(1)
    except OSError as error:
        if error.filename is not None or error.errno is None:  # of the output no name is known
            sys.exit(_refuse(f"a file cannot be read or written ({error})"))
        _discard_output()
        sys.exit(_refuse(f"the output cannot be written ({error.strerror})"))
    except MemoryError:
        sys.exit(_refuse(_NO_MEMORY))
    except ImportError as error:
        if not any(each in str(error) for each in _NO_ROOM):
            raise
        sys.exit(_refuse(_NO_MEMORY))
    except RecursionError:
        sys.exit(_refuse("something is nested too deeply, such as a list in lists in a study"))
    except (ValueError, TypeError, SweepError) as error:
        sys.exit(_refuse(str(error)))


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    print(f"Warning: {message}", file=sys.stderr, flush=True)


def _refuse(sentence: str) -> int:
    if sys.stderr is not None:
        try:
            print(f"Error: {sentence}", file=sys.stderr, flush=True)
        except OSError:  # a full disk: the exit code has to do
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
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


def _check_format(text: str) -> None:
    if text not in ("text", "json"):
        raise ValueError(f"format must be text or json; got {text!r}")


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _picture_paths(name: str, plot: str, names: Iterable[str]) -> dict[str, Path]:
    """Where the pictures go, refused before any work if they could not be written."""
    if name != "all":
        check_outputs(None, Path(plot))
        return {name: Path(plot)}
    folder = folder_named(plot)
    if folder.suffix.lower() in (".png", ".pdf", ".svg"):
        raise ValueError(f"pictures of all systems go to a folder; got {plot}")
    make_folder(folder)
    return {each: folder / f"{each}.png" for each in names}
