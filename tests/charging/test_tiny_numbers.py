"""Numbers too small for a float are 0, also where NumPy is told to raise at every flaw."""

import warnings

import numpy as np
import pytest

import quantumbattery as qb

TIMES = np.linspace(0.0, 3.0, 7)


@pytest.fixture(autouse=True)
def _raising():
    with np.errstate(all="raise"):
        yield


def both(ask):
    """What is found where flaws raise; it is what is found where they do not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = ask()
        with np.errstate(all="ignore"):
            assert found.identical(ask())
    return found


@pytest.mark.parametrize("name", qb.models.__all__)
def test_every_model_charges(name):
    system = getattr(qb.models, name)()
    starts = [qb.fock(0), qb.bloch(1.0)] if system.charger else [{}]
    for start in starts:
        both(lambda start=start: system.charge(start, TIMES))
        both(lambda start=start: system.density_matrix(start, TIMES))


@pytest.mark.parametrize("name", sorted({*qb.models.__all__} - {"classical_drive"}))
def test_every_model_has_a_best_moment(name):
    """But one whose drive turns in every frame."""
    system = getattr(qb.models, name)()
    for start in [qb.fock(0), qb.bloch(1.0)] if system.charger else [{}]:
        both(lambda start=start: system.optimum(start, 3.0, of=["energy", "power"]))


def test_the_pair_long_after_its_loss():
    """The amplitudes are then e^-2500 and less."""
    pair, start = qb.QubitPair(charger_loss=5.0, battery_loss=3.0), qb.bloch(1.0)
    late = [0.0, 1e-200, 1.0, 1e3]
    assert both(lambda: pair.charge(start, late)).energy[-1] == 0.0
    both(lambda: pair.charge(start, late, disconnect=1e3))
    lives = ["energy_half_life", "ergotropy_half_life"]
    both(lambda: pair.charge(start, late, lives, disconnect=1e3))
    both(lambda: pair.moments(start, late))
    both(lambda: pair.density_matrix(start, late))
    both(lambda: pair.optimum(qb.bloch(1e-200)))
    system = pair.system()
    both(lambda: system.charge(start, late))
    both(lambda: system.charge(start, np.inf))


def test_strokes_and_their_balance():
    strokes = [qb.Stroke(qb.models.qubit_pair(battery_loss=1.0), 1e3)]
    protocol, start = qb.Protocol(strokes, repeat=2), qb.bloch(1e-200)
    both(lambda: protocol.charge(start))
    both(lambda: protocol.density_matrix(start))
    both(lambda: protocol.balance(start))


def test_states_of_tiny_amplitudes():
    start = qb.state(np.array([1.0, 1e-200]))
    found = both(lambda: qb.models.qubit_pair().charge(start, TIMES))
    assert (found.energy == 0.0).all()


def test_the_start_of_qutips_objects():
    pytest.importorskip("qutip")
    model = qb.models.qubit_pair().to_qutip()
    assert model.initial(qb.bloch(1e-200)).full()[0] == 1.0
