"""What lies under a mask is taken for no number, wherever numbers come in."""

import numpy as np
import pytest

import quantumbattery as qb

HALF = np.ma.masked_array([[0.5, 0.1], [0.1, 0.5]], [[0, 1], [0, 0]])
LIST = np.ma.masked_array([0.0, 1.0], [0, 1])


def charged(envelope):
    """A qubit that is driven in this shape."""
    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 0.3, 1.0, envelope=envelope)], [], "b")
    return system.charge({}, 1.0, ["energy"])


CASES = {
    "state": lambda: qb.state(LIST),
    "levels": lambda: qb.state(np.eye(9)[0], levels=np.ma.masked_array([3, 3], [0, 1])),
    "rho": lambda: qb.ergotropy(HALF, np.diag([0.0, 1.0])),
    "h": lambda: qb.ergotropy(np.eye(2) / 2, HALF),
    "interaction": lambda: qb.interaction("a", HALF),
    "jump": lambda: qb.jump("a", HALF, 0.1),
    "lowering": lambda: qb.Qudit([0.0, 1.0], lowering=HALF),
    "envelope": lambda: qb.drive("a", 1.0, 1.0, envelope=LIST, breaks=[0, 1, 2]),
    "function": lambda: charged(lambda t: np.ma.masked_greater(np.asarray(t) * 1.0, 0.5)),
    "function of a time": lambda: charged(lambda t: float(t) if t < 0.5 else np.ma.masked),
    "breaks": lambda: qb.drive("a", 1.0, 1.0, envelope=[1.0], breaks=LIST),
    "axis": lambda: qb.sweep(lambda x: qb.QubitPair(coupling=x), {"x": LIST}),
    "number": lambda: qb.QubitPair(coupling=LIST),
    "operator": lambda: (
        qb.QubitPair().system().expect(qb.bloch(1.0), [1.0], {"x": ("battery", HALF)})
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_masked_values_are_refused(case):
    with pytest.raises(TypeError, match="has masked values: give only the values that count"):
        CASES[case]()


def test_a_mask_of_nothing_is_no_mask():
    whole = np.ma.masked_array([0.0, 1.0], [0, 0])
    assert qb.state(whole) == qb.state([0.0, 1.0])
