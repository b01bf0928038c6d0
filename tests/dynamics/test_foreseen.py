"""What methods will take, before they begin."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.dynamics import foreseen
from quantumbattery.dynamics.foreseen import norm_of
from quantumbattery.reach.reach import reach
from quantumbattery.states.representation import representation


def norms(frequency):
    """Of a driven cavity beside a qubit in its field's frame: by elements, and by matrices."""
    system = qb.System(
        {"c": qb.Oscillator(frequency, levels=5, loss=0.3), "b": qb.Qubit(frequency)},
        [qb.exchange("c", "b", 0.7), qb.drive("c", 0.4, frequency)],
        "c",
        "b",
    )
    reached = reach(system, {})
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    both = np.concatenate([numbers, 2 * numbers])
    found = [norm_of(blocks, both) for blocks in form.blocks]
    dense = [np.abs(blocks.matrices(both)).sum(axis=-1).max() for blocks in form.blocks]
    return found, dense


def test_a_norm_is_that_of_the_matrices_of_all_members():
    """Also where a frequency is that of the frame, and cancels."""
    for frequency in (1.0, 1e6):
        found, dense = norms(frequency)
        np.testing.assert_allclose(found, dense, rtol=1e-12)
    np.testing.assert_allclose(norms(1e6)[0], norms(1.0)[0], rtol=1e-12)


def test_norms_of_many_elements_are_those_of_fewer_members_too():
    """SciPy adds up what is large and of few members; of more it is done here."""
    system = qb.models.spin_chain(cells=9)
    reached = reach(system, {})
    (blocks,) = representation(reached).blocks
    numbers = np.array([reached.hamiltonian.coefficients], dtype=float)
    assert len(blocks.generator.term) > 5000
    few, many = (norm_of(blocks, np.repeat(numbers, count, axis=0)) for count in (1, 9))
    dense = np.abs(blocks.matrices(numbers)).sum(axis=-1).max()
    np.testing.assert_allclose([few, many], dense, rtol=1e-12)


def test_what_series_on_pieces_will_take_is_told(monkeypatch, caplog):
    """Of a shaped field, whose cut and whose states are worked out apart."""
    monkeypatch.setattr(foreseen, "_WORTH_A_WORD", 1e-3)
    system = qb.System(
        {"c": qb.Qubit(loss=0.2), "b": qb.Qubit()},
        [qb.exchange("c", "b", 0.7), qb.drive("c", 0.4, 1.0, lambda t: np.cos(0.3 * t))],
        "c",
        "b",
    )
    with caplog.at_level("INFO", "quantumbattery"):
        table = system.charge({}, [1.0, 4.0], ["energy"])
    assert table.attrs["method"].startswith("steps of Taylor series")
    said = [float(each.args[0]) for each in caplog.records if "takes about" in each.msg]
    caplog.clear()
    with caplog.at_level("INFO", "quantumbattery"):
        system.charge(qb.bloch(np.linspace(0.1, 3.0, 50)), [1.0, 4.0], ["energy"])
    more = [float(each.args[0]) for each in caplog.records if "takes about" in each.msg]
    assert said[0] < 0.1
    assert more[0] > 1.5 * said[0]
    monkeypatch.setattr(foreseen, "_LONGEST", 1e-4)
    with pytest.raises(ValueError, match="too long: up to t = 3 it would take about"):
        system.charge({}, [1.0, 3.0], ["energy"])
