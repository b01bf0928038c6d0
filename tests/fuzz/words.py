"""Command lines and study files that are extreme, or make no sense."""

import re
import tempfile
from inspect import signature
from pathlib import Path

import quantumbattery as qb
from fuzz.child import command, fault


def _parts(text):
    return text.strip().replace("\n", "|").split("|")


NUMBERS = _parts("""
0|1|-1|2|3|0.5|nan|inf|-inf|1e308|1e-308|1e30|1e31|1e-30|1e400|1e9|-2.5|12|40|1000|1_000|0x10
10000000000000000000000|abc|90deg|true|[1,2]|[]|{}|[[1],[2]]|1j|'1j'|"a"|1;2||= 3|1 # c|[0.1, 0.2]
""")
TIMES = _parts("""
0:4:401|0:4:3|4:0:3|-1:2:3|0:inf:3|nan:1:2|0:1:0|0:1:-1|0:1:1|0:0:3|0:1e30:3|0:1e300:2|0:1e9:3
0:1:2.5|0:1|0:1:2:3|a:b:c|0:1:10000001|0:1e-300:3|1e-30:1e30:4|0:1:9999999999999999999999|
""")
MEASURES = _parts("""
energy|ergotropy|energy,ergotropy|nope|energy,energy|,|energy,|entropy|power,power|Energy|
local_ergotropy|negativity,concurrence|purity|charger_energy
""")
FILES = _parts(f"o.nc|o.csv|o.txt|/|/nodir/o.csv|.nc|a/b.nc|link.csv|p.png||{'x' * 300}.nc")
STARTS = {
    "fock": {"n": "1"},
    "coherent": {"alpha": "1"},
    "thermal": {"mean": "0.5"},
    "squeezed": {"r": "0.5"},
    "bloch": {"theta": "1.0"},
}


def line(rng):
    """A command line of which a thing or two make no sense, or are extreme."""
    if rng.random() < 0.1:
        return other_line(rng)
    work, model = rng.choice(["charge", "optimum"]), rng.choice(qb.models.__all__)
    state = rng.choice(list(STARTS))
    options = {"--state": state}
    options |= {"--times": "0:2:5"} if work == "charge" else {"--horizon": "2"}
    values = dict(STARTS[state])
    names = [*signature(getattr(qb.models, model)).parameters, *values, "levels", "couplings.0"]
    for _ in range(rng.choice([1, 1, 1, 2])):
        kind = rng.random()
        if kind < 0.6:
            values[rng.choice(names)] = rng.choice(NUMBERS)
        elif kind < 0.72 and work == "charge":
            options["--times"] = rng.choice(TIMES)
        elif kind < 0.72:
            options["--horizon"] = rng.choice(NUMBERS)
        elif kind < 0.78 and work == "charge":
            options["--disconnect"] = rng.choice([*TIMES, *NUMBERS])
        elif kind < 0.88:
            options["--measures" if work == "charge" else "--of"] = rng.choice(MEASURES)
        elif kind < 0.94:
            options["--extraction"] = rng.choice(["global", "collective", "local", "nope"])
        else:
            options["--out"] = rng.choice(FILES)
    words = [work, model, *(word for pair in options.items() for word in pair)]
    return words + [w for n, v in values.items() for w in ("--set", f"{n}={v}")]


def other_line(rng):
    """A line of the commands that charge nothing, or of none."""
    return rng.choice(
        [
            ["sweep", rng.choice(["none.toml", "", ".", "/dev/zero", "study.toml"])],
            ["sweep", "study.toml", "--workers", rng.choice(NUMBERS)],
            ["sweep", "study.toml", "--plot", rng.choice(FILES), "--measure", rng.choice(MEASURES)],
            ["zoo", rng.choice(["nope", "", "Dicke", "-x"]), "--plot", rng.choice(FILES)],
            ["verify", "--format", rng.choice(["xml", ""])],
            ["paper", "--out", rng.choice(["", "/dev/null", "/proc/x", "study.toml"])],
            ["explore", "--export", rng.choice(FILES)],
            ["charge", rng.choice(["nope", "", ".toml", "/dev/null", "Dicke", "é"])],
            [rng.choice(["nope", "", "--x", "-"])],
        ]
    )


STUDY = """
[system]
model = "qubit_pair"
[preparation]
state = "bloch"
theta = 2.0
[times]
to = 2.0
points = 3
[axes]
charger_loss = [0.0, 0.5]
[output]
measures = ["energy", "ergotropy"]
"""


def lines(rng):
    """A command line in a folder with a study."""
    words = [word.replace("\0", "") for word in line(rng)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "study.toml").write_text(STUDY)
        Path(folder, "link.csv").symlink_to("target.csv")
        before = {path.name for path in Path(folder).iterdir()}
        code, out, err, seconds = command(words, folder)
        after = {path.name for path in Path(folder).iterdir()}
    return code, fault(code, out, err, before, after), (words, round(seconds, 1))


# --- study files ---------------------------------------------------------------------------------

PLACES = (
    "levels loss occupation dephasing frequency store chunk batch measures extraction disconnect "
    "density_matrix from to points horizon of tolerance kind a b strength model state n alpha cell "
    "charger battery always envelope breaks phase number site matrix rate weights done failure time"
).split()
PATHS = (
    'interactions.-1.strength "sites.x.loss" "interactions.0" "preparation" "" "." ".." "a.b.c.d" '
    '"times.points" "output.store" "system.model" "optimum.of" "optimum.horizon" "axes.x"'
).split()
WRITTEN = (
    _parts("""
""|"a"|"90deg"|"1j"|"é"|[[1]]|[1,2,3]|{}|{a=1}|[nan]|[true]|["a","b"]|[1,1]|1979-05-27|0x1F|false
9223372036854775808|-9223372036854775809|1e10|10000000000000|1e-300|{from=0,to=1,points=2}|{to=1}
{from=1,to=0,points=2}|{from=nan,to=1,points=2}
""")
    + NUMBERS
)


def mutated(rng, text):
    """A study of which a line is changed, gone, twice there, or cut."""
    found = text.splitlines()
    given = [k for k, each in enumerate(found) if "=" in each]
    if not given:
        return text
    k, where, kind = rng.randrange(len(found)), rng.choice(given), rng.random()
    if kind < 0.5:
        found[where] = f"{found[where].split('=', 1)[0]}= {rng.choice(WRITTEN)}"
    elif kind < 0.6:
        del found[k]
    elif kind < 0.68:
        found.insert(k, found[k])
    elif kind < 0.88:
        found.insert(k + 1, f"{rng.choice(PLACES)} = {rng.choice(WRITTEN)}")
    elif kind < 0.92 and found[k]:
        place = rng.randrange(len(found[k]))
        found[k] = found[k][:place] + rng.choice("[]{}=\".,#\0é'-1x") + found[k][place + 1 :]
    elif kind < 0.97:
        found[where] = f"{rng.choice([*PLACES, *PATHS])} = {found[where].split('=', 1)[1]}"
    else:
        found = found[:k]
    return "\n".join(found) + "\n"


def written_studies():
    """Those of the docs and of this file, with few points."""
    page = Path(__file__).parents[2] / "docs" / "book" / "studies.md"
    found = re.findall("```toml\n(.*?)```", page.read_text("utf-8"), re.S)
    return [re.sub(r"points = \d+", "points = 3", text) for text in [STUDY, *found]]


def studies(rng):
    """A study file that is swept, charged or searched."""
    text = mutated(rng, rng.choice(written_studies()))
    text = mutated(rng, text) if rng.random() < 0.2 else text
    words = rng.choice(
        [["sweep", "s.toml", "--workers", "1"]] * 3 + [["charge", "s.toml"], ["optimum", "s.toml"]]
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "s.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
        code, out, err, seconds = command(words, folder)
        after = {path.name for path in Path(folder).iterdir()} - {"s.toml"}
    if code == 1 and "points failed" not in out:
        return code, "exit code 1 without a word", (words, text)
    return code, fault(code, out, err, set(), after), (words, text, round(seconds, 1))
