"""Study files: of the pair, as text; and any text, with changes, as a file that is read."""

from quantumbattery.sweeps.study import read_study


def changed_study(folder, text, *changes):
    """The study of a text in which each of some pieces is another."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "study.toml"
    path.write_text(text)
    return read_study(path)


def pair_study(axes, output=""):
    """Charge the pair over some axes, each a line; more lines of [output] may follow."""
    return f"""
[system]
model = "qubit_pair"
[preparation]
state = "bloch"
[times]
to = 4.0
points = 21
[axes]
{axes}
[output]
measures = ["energy"]
{output}
"""
