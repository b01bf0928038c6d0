"""Study files of the pair, as text."""


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
