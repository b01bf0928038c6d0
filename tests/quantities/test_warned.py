"""A warning names the line of whoever called."""

import warnings

import numpy as np
import pytest

import quantumbattery as qb

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
