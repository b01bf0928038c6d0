"""Oscillators choose their cut, and what given levels leave out is said."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from roads.cells import cavity_and_cells
from roads.levels import on_levels


def dicke(number, coupling, **cavity):
    return cavity_and_cells(number, coupling, link=qb.dipole, **cavity)


@pytest.mark.parametrize(
    "start", [qb.coherent(1.3), qb.squeezed(0.6, 0.4), qb.thermal(0.7), qb.fock(3)]
)
@pytest.mark.parametrize("link", [qb.exchange, qb.dipole])
def test_more_levels_change_nothing(start, link):
    times = np.linspace(0, 6, 13)
    table = cavity_and_cells(2, 0.3, link=link).charge(start, times)
    chosen = int(table.attrs["levels"].removeprefix("cavity: "))
    more = cavity_and_cells(2, 0.3, link=link, levels=2 * chosen).charge(start, times)
    assert table.attrs["left_out"] <= 1e-10
    for name in table:
        np.testing.assert_allclose(table[name], more[name], rtol=0, atol=1e-10, err_msg=name)


FEW = [
    (qb.coherent(0.3), {}, qb.exchange),
    (qb.coherent(1.0), {}, qb.dipole),
    (qb.coherent(3.0), {"loss": 0.2}, qb.exchange),
    (qb.squeezed(0.5), {}, qb.exchange),
    (qb.thermal(0.5), {}, qb.exchange),
    (qb.fock(0), {"loss": 0.8, "occupation": 0.1}, qb.exchange),
    (qb.fock(0), {"loss": 0.8, "occupation": 0.5}, qb.exchange),
]


@pytest.mark.filterwarnings("ignore:the .* levels of 'cavity'")
@pytest.mark.parametrize(("start", "cavity", "link"), FEW)
def test_fewer_than_three_quarters_of_them_are_too_few(start, cavity, link):
    times = np.linspace(0, 6, 13)
    table = cavity_and_cells(2, 0.3, link=link, **cavity).charge(start, times, ["energy"])
    chosen = int(table.attrs["levels"].removeprefix("cavity: "))
    few = -(-3 * chosen // 4) - 1
    other = cavity_and_cells(2, 0.3, link=link, levels=few, **cavity)
    assert other.charge(start, times, ["energy"]).attrs["left_out"] > 1e-10


def test_a_thermal_bath_fills_levels_until_no_more_are_needed():
    system = cavity_and_cells(1, 0.5, loss=0.8, occupation=0.3)
    times = np.linspace(0, 5, 6)
    table = system.charge(qb.coherent(0.5), times)
    chosen = int(table.attrs["levels"].removeprefix("cavity: "))
    wide = cavity_and_cells(1, 0.5, loss=0.8, occupation=0.3, levels=chosen + 12)
    more = wide.charge(qb.coherent(0.5), times)
    for name in table:
        np.testing.assert_allclose(table[name], more[name], rtol=0, atol=1e-10, err_msg=name)


def test_a_bath_heats_an_oscillator_to_its_occupation():
    """E = w n (1 - e^{-g t}) for an oscillator that starts empty: the charger is the bath."""
    system = qb.System(
        sites={"charger": qb.Qubit(), "battery": qb.Oscillator(loss=0.9, occupation=0.4)}
    )
    times = np.linspace(0, 4, 5)
    table = system.charge(qb.fock(0), times, ["energy", "ergotropy", "energy_variance"])
    mean = 0.4 * (1 - np.exp(-0.9 * times))
    np.testing.assert_allclose(table.energy, mean, rtol=0, atol=1e-10)
    np.testing.assert_allclose(table.energy_variance, mean * (mean + 1), rtol=0, atol=1e-10)
    np.testing.assert_allclose(table.ergotropy, 0, rtol=0, atol=1e-12)


def test_two_oscillators_exchange_any_state():
    """E = E_A(0) sin^2(g t); a coherent state is all work, a thermal one none."""
    system = qb.System(
        sites={"charger": qb.Oscillator(), "battery": qb.Oscillator()},
        interactions=[qb.exchange("charger", "battery", 0.8)],
    )
    times = np.linspace(0, 3, 7)
    for start, quanta, work in (
        (qb.coherent(1.2), 1.44, 1.0),
        (qb.thermal(0.6), 0.6, 0.0),
        (qb.squeezed(0.5), np.sinh(0.5) ** 2, None),
    ):
        table = system.charge(start, times, ["energy", "ergotropy", "capacity"])
        exact = quanta * np.sin(0.8 * times) ** 2
        np.testing.assert_allclose(table.energy, exact, rtol=0, atol=1e-10)
        if work is not None:
            np.testing.assert_allclose(table.ergotropy, work * exact, rtol=0, atol=1e-10)
        else:
            f = np.sin(0.8 * times) ** 2  # a squeezed pulse (Downing 2024)
            root = np.sqrt(1 + 4 * f * (1 - f) * np.sinh(0.5) ** 2)
            np.testing.assert_allclose(table.ergotropy, exact - (root - 1) / 2, rtol=0, atol=1e-9)
        assert np.isinf(table.capacity).all()


def test_given_levels_that_lose_too_much_warn():
    for system, start in (
        (cavity_and_cells(2, levels=6), qb.coherent(1.5)),
        (dicke(2, 0.5, levels=5), qb.fock(2)),
    ):
        with pytest.warns(UserWarning, match="levels of 'cavity' may change an energy"):
            table = system.charge(start, [0.0, 1.0])
        assert table.attrs["left_out"] > 1e-10
        assert (table.ergotropy <= table.energy).all()


def test_enough_given_levels_are_silent():
    table = cavity_and_cells(2, levels=40).charge(qb.coherent(1.0), 1.0)
    assert table.attrs["left_out"] <= 1e-10
    assert table.attrs["levels"] == "cavity: 40"


def test_oscillators_that_keep_filling_say_so():
    """Beyond a dipole coupling of w/2 two oscillators feed each other without end."""
    system = qb.System(
        sites={"charger": qb.Oscillator(), "battery": qb.Oscillator()},
        interactions=[qb.dipole("charger", "battery", 2.0)],
    )
    with (
        on_levels(),
        pytest.raises(ValueError, match=r"levels are too few .* shorter time"),
    ):
        system.charge(qb.fock(1), 6.0, ["energy"], limit=0.05)


def test_a_battery_that_nothing_reaches():
    """Nobody looks at the ground state of a lone qubit, and there is nothing else."""
    system = qb.System({"charger": qb.Qubit(loss=0.1, dephasing=0.2), "battery": qb.Qubit()})
    table = system.charge(qb.bloch(1.0), [0.0, 2.0])
    assert (table.energy == 0).all()
    assert (table.ergotropy == 0).all()


def test_what_given_levels_leave_out_does_not_depend_on_the_times():
    """Many times are looked at on the way, few are not enough: both see the same edge."""
    system = dicke(2, 0.5, levels=8)
    with pytest.warns(UserWarning, match="may change an energy"):
        few = system.charge(qb.fock(2), [0.0, 4.0], ["energy"]).attrs["left_out"]
    with pytest.warns(UserWarning, match="may change an energy"):
        many = system.charge(qb.fock(2), np.linspace(0, 4, 400), ["energy"]).attrs["left_out"]
    assert many == pytest.approx(few, rel=0.02)


def test_what_is_far_too_hot_is_refused_before_its_levels_are_found(monkeypatch):
    """A bath of 1e5 quanta took minutes of looking for levels, and then as many days."""
    looked = []
    found = converged_cutoffs.reach
    monkeypatch.setattr(
        converged_cutoffs, "reach", lambda *given: looked.append(1) or found(*given)
    )
    sites = {"charger": qb.Oscillator(loss=0.1, occupation=1e5), "battery": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("charger", "battery", 1.0)])
    with pytest.raises(ValueError, match=r"8 levels are too few .* it would take about .* days"):
        system.charge({}, 1.0, ["energy"])
    assert len(looked) == 1
