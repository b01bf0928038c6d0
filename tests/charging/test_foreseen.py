"""Levels that are foreseen from what is quadratic, beside states that are known."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.foreseen import foreseen
from quantumbattery.charging.problem import Problem
from quantumbattery.network.amplitudes import needed_levels

PAIRS = qb.two_photon_drive("c", 0.2, 1.0)


def problem(link, start, last, **rates):
    """An oscillator that something acts on, beside a qubit."""
    system = qb.System(
        {"c": qb.Oscillator(**rates), "q": qb.Qubit()}, [link, qb.exchange("c", "q", 1.0)], "c", "q"
    )
    started = {} if start is None else {"c": start}
    axes = Batch.of({}, started, False, np.array([last]))
    return Problem(system, started, axes, ("energy",), "global", 2.0)


def solved(monkeypatch, system, last):
    """The table, or the error, and the numbers of levels that were worked with."""
    tried, solve = [], converged_cutoffs.solve

    def kept(problem, reached, *rest):
        tried.append(reached.levels[0])
        return solve(problem, reached, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(converged_cutoffs, "solve", kept)
        try:
            return system.charge({}, last, ["ergotropy"]), tried
        except ValueError as error:
            return error, tried


@pytest.mark.parametrize(
    ("link", "start", "last", "state"),
    [
        (PAIRS, None, 3.0, qb.squeezed(0.6)),
        (qb.drive("c", 1.5, 1.0), None, 4.0, qb.coherent(6.0)),
        (qb.drive("c", 0.0, 1.0), qb.thermal(4.0), 1.0, qb.thermal(4.0)),
    ],
    ids=["pairs", "a field", "warm"],
)
def test_what_oscillators_alone_would_take(link, start, last, state):
    """Squeezed by g t, displaced by F t, or as it starts."""
    known = needed_levels(state, qb.Oscillator(), 1e-13)
    whole, warm = foreseen(problem(link, start, last), ["c"])
    assert known <= whole <= 1.35 * known + 2
    # A qubit takes no more than t / 2 of an amplitude: an exchange of strength 1 its |<sigma>|.
    surely = 16 if state == qb.coherent(6.0) else 1
    assert warm == whole / 2 if start is not None else warm <= surely
    found, warm_too = foreseen(problem(link, start, last, dephasing=0.3), ["c"])
    assert warm_too <= 1 if surely > 1 else warm_too == warm  # of a bath the same
    assert warm <= found <= whole  # a field brings less then


def test_growth_beyond_all_bounds_is_seen_before_long(monkeypatch):
    """Of pairs that come twice as fast as they can leave, by the quadratic part alone."""
    system = problem(qb.two_photon_drive("c", 1.0, 1.0), None, 10.0, loss=0.5).network
    error, tried = solved(monkeypatch, system, 10.0)
    assert "are too few for these times, and more are too large" in str(error)
    assert max(tried) < 60


def test_hot_baths_are_not_approached_step_by_step(monkeypatch):
    """After a few levels half of those come that the bath alone fills, or a refusal."""
    link = qb.drive("c", 0.0, 1.0)
    system = problem(link, None, 9.0, loss=0.5, occupation=3.0).network
    warm = foreseen(problem(link, None, 9.0, loss=0.5, occupation=3.0), ["c"])[1]
    table, tried = solved(monkeypatch, system, 9.0)
    assert tried[1] == int(warm)
    assert table.attrs["left_out"] < 1e-10
    hot = {n: qb.Oscillator(loss=0.5, occupation=20.0, dephasing=0.1) for n in "abc"}
    links = [qb.exchange("a", "b", 1.0), qb.exchange("b", "c", 1.0)]
    error, tried = solved(monkeypatch, qb.System(hot, links, "a", "c"), 9.0)
    assert "are too few for these times, and more are too large" in str(error)
    assert len(tried) == 1


def test_a_hot_oscillator_that_a_lossy_qubit_cools_takes_few_levels(monkeypatch):
    """What its bath alone would fill is a hundred times as much."""
    system = qb.System(
        {"c": qb.Oscillator(loss=0.004, occupation=50), "q": qb.Qubit(loss=8.0)},
        [qb.exchange("c", "q", 4.0), qb.drive("q", 0.1, 1.0)],
        "c",
        "q",
    )
    table, tried = solved(monkeypatch, system, 30.0)
    assert table.attrs["left_out"] < 1e-10
    assert max(tried) < 40


def test_what_keeps_an_oscillator_low_is_not_overlooked(monkeypatch):
    """A qubit so close that pairs do not fit: a few levels do, whatever the quadratic part says."""
    system = qb.System(
        {"c": qb.Oscillator(), "q": qb.Qubit()}, [PAIRS, qb.exchange("c", "q", 30.0)], "c", "q"
    )
    assert foreseen(problem(PAIRS, None, 20.0), ["c"])[0] > 1e4
    _, tried = solved(monkeypatch, system, 20.0)
    assert max(tried) < 60


def test_strong_fields_on_oscillators_that_lose_their_phase_are_refused_at_once(monkeypatch):
    """A coherent state would have 400 quanta by then; a qubit takes one of them."""
    system = qb.System(
        {"c": qb.Oscillator(loss=0.1, dephasing=0.1), "q": qb.Qubit()},
        [qb.drive("c", 5.0, 1.0), qb.exchange("c", "q", 0.5)],
        "c",
        "q",
    )
    error, tried = solved(monkeypatch, system, np.linspace(0, 5, 26))
    assert "are too few for these times, and more are too large" in str(error)
    assert tried[:2] == [8, 22]
    assert len(tried) == 3  # of which the last had no room
    pair = qb.models.driven_oscillator_pair(drive=5.0, charger_loss=0.1, dephasing=0.1)
    error, tried = solved(monkeypatch, pair, np.linspace(0, 5, 26))
    assert "are too few for these times, and more are too large" in str(error)
    assert len(tried) == 1


@pytest.mark.parametrize("seed", range(4))
def test_levels_that_mixtures_of_coherent_states_need_are_not_enough(seed):
    """With so many quanta in both, more than is allowed is beyond."""
    rng = np.random.default_rng(seed)
    rates = {"loss": rng.uniform(0, 0.4), "occupation": rng.uniform(0, 0.2)}
    sites = {
        "c": qb.Oscillator(dephasing=rng.uniform(0.1, 2.0), **rates),
        "d": qb.Oscillator(dephasing=rng.uniform(0, 0.5)),
    }
    links = [qb.drive("c", rng.uniform(0.05, 0.3), 1.0), qb.exchange("c", "d", rng.uniform(0.5, 2))]
    start = {"d": qb.coherent(rng.uniform(0, 0.3))}
    system = qb.System(sites, links, "c", "d")
    axes = Batch.of({}, start, False, np.array([1.0]))
    _, sure = foreseen(Problem(system, start, axes, (), "global", 2.0), ["c", "d"])
    state = system.density_matrix(start, 1.0, ["c", "d"], levels=14).to_numpy()
    total = np.add.outer(np.arange(14), np.arange(14)).ravel()
    assert 1e-10 < np.diag(state).real[total >= sure].sum() < 1e-6


def test_what_is_no_mixture_of_coherent_states_needs_fewer_surely():
    """A squeezed start, and a Fock start of which nothing is known here."""
    sites = {n: qb.Oscillator(dephasing=0.1) for n in "cd"}
    system = qb.System(sites, [qb.drive("c", 2.0, 1.0), qb.exchange("c", "d", 1.0)], "c", "d")

    def sure(start):
        axes = Batch.of({}, start, False, np.array([2.0]))
        return foreseen(Problem(system, start, axes, (), "global", 2.0), ["c", "d"])[1]

    mixture = sure({"d": qb.gaussian(0.0, occupation=0.01)})
    assert mixture > 1.3 * sure({"d": qb.squeezed(0.1)})
    assert mixture > 1.3 * sure({"d": qb.fock(1)})


def test_pairs_beyond_threshold_are_refused_before_the_levels_are_listed(monkeypatch):
    """Two parities, each as large as half of all configurations; a quarter of 10^5 of them."""
    system = problem(qb.two_photon_drive("c", 1.0, 1.0), None, 5.0, loss=0.5).network
    listed, reached = [], converged_cutoffs.reach

    def counted(*given):
        found = reached(*given)
        listed.append(found.size)
        return found

    monkeypatch.setattr(converged_cutoffs, "reach", counted)
    error, _ = solved(monkeypatch, system, 5.0)
    assert "are too few for these times, and more are too large" in str(error)
    assert max(listed) < 200
