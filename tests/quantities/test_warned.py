"""A warning names the line of whoever called."""

import copy
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.quantities.warned import warn

MODES = {"charger": qb.Oscillator(), "battery": qb.Oscillator(levels=4)}
PAIR = qb.System(MODES, [qb.exchange("charger", "battery", 1.0)])
FINE = qb.System({**MODES, "battery": qb.Oscillator()}, [qb.exchange("charger", "battery", 1.0)])

ASKED = {
    "charge": lambda: PAIR.charge(qb.coherent(2.0), [1.0]),
    "one moment": lambda: PAIR.charge(qb.coherent(2.0), 1.0),
    "density matrix": lambda: PAIR.density_matrix(qb.coherent(2.0), [1.0]),
    "expect": lambda: PAIR.expect(qb.coherent(2.0), [1.0], {"one": ("battery", np.eye(4))}),
    "optimum": lambda: PAIR.optimum(qb.coherent(2.0), 2.0, ["energy"]),
    "digits of a mixture": lambda: FINE.charge(qb.squeezed(17.0), [0.8], ["purity"]),
    "digits of work": lambda: FINE.charge(qb.squeezed(17.0), [0.8], ["passive_energy"]),
    "phase": lambda: qb.QubitPair(coupling=1e6).charge(qb.bloch(1.0), [1e5]),
    "twins": lambda: qb.System(MODES, [qb.exchange("charger", "battery", j) for j in (1.0, 2.0)]),
    "protocol": lambda: qb.Protocol([qb.Stroke(PAIR, 1.0)], 2).charge(qb.coherent(2.0)),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_warning_names_the_line_that_asked(name):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ASKED[name]()
    assert said
    assert {each.filename for each in said} == {__file__}


TWINS = ASKED["twins"]


def heard(make):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        make()
    return [each.filename for each in said]


def test_a_part_that_is_replaced_is_warned_of_where_that_is():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        system = TWINS()
    assert heard(lambda: replace(system, charger=(), battery=("charger",))) == [__file__]


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
)
def test_a_copy_is_not_warned_of_again(again):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        system = TWINS()
    assert heard(lambda: again(system)) == []
    assert again(system) == system


def test_a_file_beside_the_package_is_not_of_it():
    """Though its name begins as the package's."""
    beside = str(Path(qb.__file__).parent) + "_mine.py"
    line = compile("warn('so it is')", beside, "exec")
    assert heard(lambda: exec(line, {"warn": warn})) == [beside]
