"""Rows of a density matrix spread no faster than the bound of their mean says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson

from quantumbattery.charging.system import System
from quantumbattery.dynamics.motion import motion
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock, state
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.states.representation import representation
from quantumbattery.states.truncation_error import Cut
from roads.cut_ladder import TIMES, on_a_cut_ladder
from roads.product_space import chain
from roads.reached import reach


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_rows_spread_no_faster_than_is_said(seed):
    rng = np.random.default_rng(seed)
    warm = {"loss": rng.uniform(0.1, 1), "occupation": rng.uniform(0.1, 1)}
    cells = [
        Qubit(dephasing=rng.uniform(0, 1), **warm),
        Ensemble(Qudit([0, 1.0, 2.2]), 2, **warm),
        Ensemble(Qubit(), 3, **warm),
        Qudit([0, 1.0, 2.2], **warm),
    ][rng.integers(4)]
    link = [exchange, dipole][rng.integers(2)]
    rates = [{}, {"loss": 0.3}, {"dephasing": 0.5}][rng.integers(3)]
    system = System(
        {"charger": Oscillator(levels=4, **rates), "battery": cells},
        [link("charger", "battery", rng.uniform(0.1, 1))],
    )
    form, moved, numbers = on_a_cut_ladder(system, bloch(1.0, 0.4), {})
    cut = Cut(form)
    rows = cut.rows(moved)
    for last in (2, 8, 32, 160):
        bound = cut.spread(rows[:, :, :1], numbers, TIMES[last], np.arange(form.reach.size))
        mean = simpson(rows[:, :, : last + 1], axis=2) / last
        assert (mean[:, :, None] <= bound + 1e-8).all()


def fed(system, start, span):
    """The mean of rows over a short time, and its bound."""
    reached = reach(system, start)
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    first = reached.start.amplitude.to_numpy()[None, None]
    times = np.linspace(0.0, span, 65)
    rows = Cut(form).rows(motion(form, numbers, first, times).at(times, slice(None)))
    bound = Cut(form).spread(rows[:, :, :1], numbers, span, np.arange(form.reach.size))
    return simpson(rows[0, 0], axis=0) / 64, bound[0, 0, 0]


@pytest.mark.parametrize(
    ("system", "start"),
    [
        (chain(2), fock(1)),  # by the Hamiltonian
        (System({"a": Qubit(loss=0.3, occupation=2.0), "b": Qubit()}, [], "a", "b"), fock(0)),
    ],
    ids=["coherently", "by a bath"],
)
def test_rows_spread_nearly_as_fast_as_is_said(system, start):
    rows, bound = fed(system, start, 0.01)
    filled = (rows > 1e-4) & (rows < 0.5)
    assert filled.any()
    assert (0.8 * bound[filled] < rows[filled]).all()


def test_a_row_shrinks_by_what_damps_it():
    """|0> + |5> of a lossy oscillator, whose coherence falls as exp(-5 t / 2)."""
    ket = np.sqrt([0.5, 0, 0, 0, 0, 0.5])
    system = System({"a": Oscillator(loss=1.0, levels=6), "b": Qubit()}, [], "a", "b")
    rows, bound = fed(system, {"a": state(ket)}, 0.8)
    top = np.argmax(representation(reach(system, {"a": state(ket)})).reach.configurations[:, 0])
    lasting = (1 - np.exp(-2)) / 2  # the mean of what falls so
    assert lasting / 2 < rows[top] <= bound[top]
    assert bound[top] == pytest.approx(lasting * np.sqrt(0.5), rel=1e-9)


def test_rows_of_a_collective_loss_are_fed_through_what_it_damps():
    """L^dag L of three-level cells joins configurations: half of its elements feeds rows."""
    cells = Ensemble(Qudit([0.0, 1.0, 2.5], steps=[1.0, 1.0]), 2, loss=1.0)
    system = System({"a": Qubit(), "b": cells}, [], "a", "b")
    ket = np.zeros(cells.dimension)
    joined = [k for k, n in enumerate(cells.occupations) if tuple(n) == (0, 2, 0)]
    ket[joined] = 1.0
    rows, bound = fed(system, {"a": fock(0), "b": state(ket)}, 1e-3)
    other = [k for k, n in enumerate(cells.occupations) if tuple(n) == (1, 0, 1)]
    place = representation(reach(system, {"a": fock(0), "b": state(ket)})).reach.index(
        np.array([[0, other[0]]])
    )[0]
    assert 0 < rows[place] <= bound[place] < 2 * rows[place]


@pytest.mark.parametrize(("length", "span", "part"), [(4, 0.5, 0.5), (7, 1.0, 0.2)])
def test_a_row_far_away_is_fed_step_by_step(length, span, part):
    """A quantum that walks down a chain: only what leads to its end is worked on."""
    form, moved, numbers = on_a_cut_ladder(chain(length), fock(1), {})
    end = form.reach.index(np.eye(length, dtype=int)[-1:])
    cut, rows = Cut(form), Cut(form).rows(moved)
    later = np.searchsorted(TIMES, span)
    bound = cut.spread(rows[:, :, :1], numbers, TIMES[later], end)[0, 0, 0, 0]
    mean = simpson(rows[0, 0, : later + 1, end[0]]) / later
    assert part * bound < mean <= bound * (1 + 1e-6)


def test_what_the_series_leaves_out_is_added():
    """The end of a long chain feels its beginning, if ever so little."""
    form, moved, numbers = on_a_cut_ladder(chain(60), fock(1), {})
    end = form.reach.index(np.eye(60, dtype=int)[-1:])
    cut = Cut(form)
    bound = cut.spread(cut.rows(moved)[:, :, :1], numbers, 0.01, end)
    assert bound[0, 0, 0, 0] > 0


def test_what_the_series_leaves_out_is_less_than_what_growth_can_make_seen():
    """Energy beyond a cut may grow e^30-fold: what is added for the series must bear that."""
    form, moved, numbers = on_a_cut_ladder(chain(60), fock(1), {})
    end = form.reach.index(np.eye(60, dtype=int)[-1:])
    cut = Cut(form)
    bound = cut.spread(cut.rows(moved)[:, :, :1], numbers, 0.5, end)
    assert 0 < bound[0, 0, 0, 0] < 1e-10 * np.exp(-30)


@pytest.mark.parametrize("members", [1, 3])
def test_many_moments_are_bounded_as_each_of_them(members):
    """Few rows at many moments are worked out from the other side of the series."""
    form, moved, numbers = on_a_cut_ladder(chain(7), fock(1), {})
    ends = form.reach.index(np.eye(7, dtype=int)[-2:])
    cut, numbers = Cut(form), numbers * np.linspace(1.0, 1.4, members)[:, None]
    rows = np.repeat(cut.rows(moved), members, axis=0)
    together = cut.spread(rows, numbers, 0.4, ends)
    alone = [cut.spread(rows[:, :, [k]], numbers, 0.4, ends) for k in range(len(TIMES))]
    np.testing.assert_allclose(together, np.concatenate(alone, axis=2), rtol=1e-13)
