"""The pair's explorer as one file: its parts, put together."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from quantumbattery.explorer.catalogue import as_plain
from quantumbattery.files import check_target, file_path, name_of, write_whole
from quantumbattery.plot.style import COLOURS
from quantumbattery.quantities.measures import MEASURES, PARAMETERS

# In the order in which they need each other.
_SCRIPTS = (
    "motion", "measures", "best", "values", "presets", "texts", "netcdf", "sphere", "chart",
    "saving", "panels", "equations", "map", "mapbox", "app", "main",
)  # fmt: skip
_SERVED = (
    "network",
    "systems",
    "fieldfiles",
    "asking",
    "fieldbox",
    "field",
)  # where there is a server to ask


def page(opened: str = "", served: bool = False) -> str:
    """Return the whole page, which needs no network and no Python, as it opens at a state.

    The state is written as in an address. The page's security policy lets it run this one script,
    and fetch nothing. If it is served, it also has the view of all systems, which asks the server
    and nobody else.
    """
    names = {name: quantity.long_name for name, quantity in MEASURES.items()}
    described = {name: quantity.attrs() for name, quantity in (MEASURES | PARAMETERS).items()}
    known: dict[str, object] = {"NAMES": names, "QUANTITIES": described, "COLOURS": COLOURS}
    known |= {"VERDICTS": verdicts(), "START": opened}
    if served:
        known["MODELS"] = as_plain()
    texts = {name: json.dumps(value).replace("</", "<\\/") for name, value in known.items()}
    given = "".join(f"const {name} = {text};\n" for name, text in texts.items())
    parts = [_part(f"{name}.js") for name in (*_SCRIPTS, *(_SERVED if served else ()))]
    script = "\n".join(["\n(() => {", '"use strict";', given, *parts, "})();\n"])
    style = "\n" + _part("page.css") + _part("map.css") + (_part("field.css") if served else "")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; "
        f"script-src {_hash(script)}; style-src {_hash(style)}"
    )
    whole = _part("page.html").replace("{{policy}}", policy + "; connect-src 'self'" * served)
    for place in ("views", "field"):
        whole = whole.replace(f"{{{{{place}}}}}", _part(f"{place}.html") if served else "")
    if served:
        whole = whole.replace("it fetches nothing and sends nothing", "it asks its server alone")
    whole = whole.replace("{{version}}", version("quantumbattery"))
    return whole.replace("{{style}}", style).replace("{{script}}", script)


def verdicts() -> dict[str, dict[str, str]]:
    """What the ledger says of the equations that the page shows, by number.

    They are kept as data, since the ledger takes seconds; a test of the ledger compares the two.
    """
    kept: dict[str, dict[str, str]] = json.loads(_part("verdicts.json"))
    return kept


def check_page_path(path: Path) -> None:
    """Refuse, before any work, a file that could not hold the page."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{name_of(path)} must end in .html to hold the page")
    check_target(path)


def export(path: str | Path, opened: str = "") -> Path:
    """Write the pair's explorer as one HTML file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file, which ends in .html; an older one is replaced.
    opened : str, optional
        The state at first, as in the page's address: "#theta=pi/2&charger_loss=0.5".

    Returns
    -------
    Path
        The same.

    Raises
    ------
    ValueError
        If it has another ending or cannot be written.

    Examples
    --------
    >>> from quantumbattery.explorer.export import export
    >>> _ = export(getfixture("tmp_path") / "battery.html")
    """
    path = file_path(path)
    check_page_path(path)
    text = page(opened)
    write_whole(path, lambda partial: partial.write_text(text, "utf-8", newline="\n"))
    return path


def _part(name: str) -> str:
    return (files("quantumbattery.explorer") / "page" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """How a security policy names a text that is in the page itself."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
