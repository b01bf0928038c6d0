"""Sites that nothing joins to what is looked at take no part."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import quantumbattery as qb

TIMES = np.linspace(0, 2, 5)
PAIR = {"a": qb.Qubit(loss=0.2), "b": qb.Qubit()}
LINK = qb.exchange("a", "b", 1.0)


def test_a_driven_oscillator_beside_a_pair() -> None:
    """It would need thousands of levels, and changes nothing."""
    beside = {"o": qb.Oscillator(loss=0.1, dephasing=0.2)}
    links = [LINK, qb.drive("o", 50.0, 1.0)]
    found = qb.System(PAIR | beside, links, ["a", "o"], "b").charge({"a": qb.fock(1)}, TIMES)
    alone = qb.System(PAIR, [LINK], "a", "b").charge({"a": qb.fock(1)}, TIMES)
    np.testing.assert_array_equal(found.ergotropy, alone.ergotropy)
    assert found.attrs["configurations"] == 3
    assert "levels" not in found.attrs


def test_oscillators_that_no_qubit_joins_need_no_levels() -> None:
    """Means and covariances do, whatever is elsewhere."""
    modes = {"c": qb.Oscillator(loss=0.1), "m": qb.Oscillator()}
    links = [LINK, qb.exchange("c", "m", 0.5), qb.drive("c", 20.0, 1.0)]
    table = qb.System(PAIR | modes, links, "c", "m").charge({}, TIMES, ["energy", "ergotropy"])
    assert table.attrs["method"].startswith("means and covariances")
    alone = qb.System(modes, links[1:], "c", "m").charge({}, TIMES, ["energy", "ergotropy"])
    np.testing.assert_array_equal(table.energy, alone.energy)


def test_what_is_asked_of_it_is_answered() -> None:
    """A charger that charges nothing keeps its energy; one that is entangled stays."""
    sites = PAIR | {"x": qb.Qubit(loss=0.3)}
    system = qb.System(sites, [LINK], ["a", "x"], "b")
    table = system.charge({"a": qb.fock(0), "x": qb.fock(1)}, TIMES, ["charger_energy"])
    np.testing.assert_allclose(table.charger_energy, np.exp(-0.3 * TIMES), rtol=0, atol=1e-12)
    seen = system.expect({"x": qb.fock(1)}, TIMES, {"n": ("x", np.diag([0.0, 1.0]))})
    np.testing.assert_allclose(seen.n, np.exp(-0.3 * TIMES), rtol=0, atol=1e-12)
    bell = qb.state(np.array([0.0, 1.0, 1.0, 0.0]) / np.sqrt(2))
    shared = system.charge({("a", "x"): bell}, TIMES, ["energy", "purity"])
    mixed = qb.System(PAIR, [LINK], "a", "b").charge(qb.state(np.eye(2) / 2), TIMES, ["energy"])
    np.testing.assert_allclose(shared.energy, mixed.energy, rtol=0, atol=1e-12)


def test_the_best_moment_beside_a_driven_oscillator() -> None:
    """Certified as if it were not there, even where its field turns in every frame."""
    beside = {"o": qb.Oscillator(loss=0.1, dephasing=0.2)}
    turns, shaped = {"rotating_wave": False}, {"envelope": np.cos}
    for idle, how in product([beside["o"], qb.Qubit(loss=0.1)], [{}, turns, shaped]):
        field = qb.drive("o", 50.0, 1.0, **how)
        system = qb.System(PAIR | {"o": idle}, [LINK, field], ["a", "o"], "b")
        found = system.optimum({"a": qb.fock(1)}, 4.0)
        alone = qb.System(PAIR, [LINK], "a", "b").optimum({"a": qb.fock(1)}, 4.0)
        for name in alone:
            np.testing.assert_array_equal(found[name], alone[name])


@pytest.mark.parametrize("sites", [["x"], ["q"], ["q", "x"]], ids=str)
def test_states_at_rest_beside_what_rests(sites: list[str]) -> None:
    """An oscillator's levels do not count those of what nothing joins to it."""
    near = {"x": qb.Oscillator(loss=0.5, occupation=9.0), "y": qb.Oscillator(loss=0.1)}
    system = qb.System(
        near | {"q": qb.Qubit(loss=0.2, occupation=0.5), "r": qb.Qubit(loss=1.0)},
        [qb.exchange("x", "y", 0.6), qb.dipole("q", "r", 0.4)],
        "x",
        "y",
    )
    levels = {"x": 3} if "x" in sites else None
    found = system.density_matrix({}, np.inf, sites, levels=levels).to_numpy()
    late = system.density_matrix({}, 400.0, sites, levels=levels).to_numpy()
    np.testing.assert_allclose(found, late, rtol=0, atol=1e-12)


def test_a_state_at_rest_beside_what_never_rests() -> None:
    """Two idle sites that start excited keep it, so that the whole has many states at rest."""
    near = {"x": qb.Oscillator(loss=0.5, occupation=2.0), "y": qb.Oscillator(loss=0.1)}
    pair = {"q": qb.Qubit(), "r": qb.Qubit()}
    links = [qb.exchange("x", "y", 0.6), qb.exchange("q", "r", 0.4)]
    system = qb.System(near | pair, links, "x", "y")
    assert system.density_matrix({}, np.inf, "x", levels=2).shape == (2, 2)
    with pytest.raises(ValueError, match="no single steady state"):
        system.density_matrix({"q": qb.fock(1)}, np.inf, "x", levels=2)


@pytest.mark.parametrize("measure", ["mutual_information", "negativity"])
def test_what_is_shared_with_all_chargers(measure: str) -> None:
    """A charger that is not joined shares nothing."""
    sites = PAIR | {"x": qb.Qubit(loss=0.3)}
    start = {"a": qb.bloch(2.0), "x": qb.bloch(1.0)}
    table = qb.System(sites, [LINK], ["a", "x"], "b").charge(start, TIMES, [measure])
    alone = qb.System(PAIR, [LINK], "a", "b").charge({"a": qb.bloch(2.0)}, TIMES, [measure])
    np.testing.assert_allclose(table[measure], alone[measure], rtol=0, atol=1e-10)


def test_states_beside_a_hot_oscillator_of_the_battery() -> None:
    """What is asked of some sites needs no others, whichever are the battery."""
    near = {"a": qb.Oscillator(loss=0.1), "b": qb.Qubit()}
    hot = {"x": qb.Oscillator(loss=0.5, occupation=50.0)}
    links = [qb.exchange("a", "b", 0.5), qb.drive("a", 0.2, 1.0)]
    for battery in (["b", "x"], ["x"]):
        system = qb.System(near | hot, links, "a", battery)
        one = qb.System(near, links, "a", "b")
        found, alone = (each.density_matrix({}, TIMES, "b") for each in (system, one))
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-13)
        seen = system.expect({}, TIMES, {"n": ("x", "quanta")})
        np.testing.assert_allclose(seen.n, 50 * (1 - np.exp(-0.5 * TIMES)), rtol=1e-12)
        seen = system.expect({}, TIMES, {"n": ("a", "quanta")})
        assert seen.attrs["left_out"] < 1e-10
