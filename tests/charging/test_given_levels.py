"""Levels that oscillators were given, where what these leave out is known and need no bound."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging import by_moments
from roads.levels import bounded

TIMES = np.linspace(0.0, 3.0, 16)


def system(levels, link, fields, **rates):
    """Two oscillators with so many levels each."""
    sites = {
        "c": qb.Oscillator(levels=levels, **rates),
        "b": qb.Oscillator(1.2, levels=levels),
    }
    return qb.System(sites, [link, *fields], "c", "b")


@pytest.mark.filterwarnings("ignore:the .* levels of")
@pytest.mark.parametrize("seed", range(10))
def test_it_is_how_far_energies_and_work_are_from_those_of_many_levels(seed):
    """Beside 14 levels; the bound says up to a million times as much."""
    rng = np.random.default_rng(seed)
    u = rng.uniform
    link = qb.dipole("c", "b", u(0.02, 0.08)) if seed % 3 == 1 else qb.exchange("c", "b", u(0.2, 1))
    pull = [qb.drive("c", u(0.1, 0.3), 1.0), qb.two_photon_drive("c", u(0.02, 0.08), 1.0)]
    fields = [] if seed % 3 == 1 else [pull[seed % 2]]
    rates = {"loss": u(0.05, 0.4), "occupation": u(0, 0.1)} if seed % 2 else {"loss": u(0.05, 0.4)}
    start = {"c": [qb.coherent(u(0.2, 0.6)), qb.squeezed(u(0.1, 0.3))][seed % 2]}
    few = int(rng.integers(4, 7))
    measures = ["energy", "ergotropy", "charger_energy"]
    found = system(few, link, fields, **rates).charge(start, TIMES, measures)
    many = system(14, link, fields, **rates).charge(start, TIMES, measures)
    far = max(float(np.abs(found[n] - many[n]).max()) for n in measures) / 1.2
    assert many.attrs["left_out"] < 1e-3 * far
    assert found.attrs["left_out"] == pytest.approx(far, rel=2e-3)
    with bounded():
        careful = system(few, link, fields, **rates).charge(start, TIMES, measures)
    assert careful.attrs["left_out"] > 5 * far
    for name in measures:  # which are those on levels, whatever else is asked
        assert np.array_equal(found[name], careful[name])


@pytest.mark.filterwarnings("ignore:the .* levels of")
def test_the_difference_is_warned_of_and_levels_are_heeded():
    """By how much 5 levels change energies: no more than is true, and no less."""
    with pytest.warns(
        UserWarning, match="levels of 'c' may change an energy by up to 5e-05 quanta"
    ):
        table = system(5, qb.exchange("c", "b", 0.5), [qb.drive("c", 0.3, 1.0)], loss=0.2).charge(
            {}, TIMES
        )
    assert table.attrs["levels"] == "c: 5, b: 5"
    assert "largest block" in table.attrs["method"]


@pytest.mark.filterwarnings("ignore:the .* levels of")
def test_other_starts_and_single_measures():
    """Energies of any start are known from moments; what was not asked is not in the table."""
    pair = system(5, qb.exchange("c", "b", 0.5), [qb.drive("c", 0.3, 1.0)], loss=0.2)
    table = pair.charge({"c": qb.fock(2)}, TIMES, ["power"])
    assert [*table] == ["power"]
    energy = pair.charge({"c": qb.fock(2)}, TIMES, ["energy"])
    many = system(16, *pair_links(), loss=0.2).charge({"c": qb.fock(2)}, TIMES, ["energy"])
    far = float(np.abs(energy.energy - many.energy).max()) / 1.2
    assert table.attrs["left_out"] == energy.attrs["left_out"] == pytest.approx(far, rel=1e-6)
    passive = pair.charge({}, TIMES, ["passive_energy"])
    assert [*passive] == ["passive_energy"]
    assert passive.attrs["left_out"] < 1e-3
    for name in ("capacity", "purity"):  # of neither an energy nor work: the bound stays
        with bounded():
            careful = pair.charge({}, TIMES, [name]).attrs["left_out"]
        assert pair.charge({}, TIMES, [name]).attrs["left_out"] == careful > 1e-3


def pair_links():
    return qb.exchange("c", "b", 0.5), [qb.drive("c", 0.3, 1.0)]


@pytest.mark.filterwarnings("ignore:the .* levels of")
def test_where_nothing_else_is_known_the_bound_stays(monkeypatch):
    """Of a network that is not quadratic, of its own Hamiltonian, and where moments overflow."""

    def never(_):
        raise ValueError("numbers overflow")

    pair = system(5, *pair_links(), loss=0.2)
    with bounded():
        careful = pair.charge({}, TIMES).attrs["left_out"]
    with monkeypatch.context() as patch:
        patch.setattr(by_moments, "charged", never)
        assert pair.charge({}, TIMES).attrs["left_out"] == careful
    sites = {"c": qb.Oscillator(levels=5, loss=0.2), "b": qb.Qubit()}
    mixed = qb.System(sites, [qb.exchange("c", "b", 0.5), qb.drive("c", 0.3, 1.0)], "c", "b")
    with bounded():
        careful = mixed.charge({}, TIMES).attrs["left_out"]
    assert mixed.charge({}, TIMES).attrs["left_out"] == careful


@pytest.mark.filterwarnings("ignore:the .* levels of")
def test_many_points_and_parts():
    """The largest of a batch; beside a part on no levels the same, in quanta of the whole."""
    drive = qb.drive("c", xr.DataArray([0.1, 0.3], dims="drive"), 1.0)
    both = system(5, qb.exchange("c", "b", 0.5), [drive], loss=0.2).charge({}, TIMES, ["energy"])
    strong = system(5, *pair_links(), loss=0.2).charge({}, TIMES, ["energy"])
    assert both.attrs["left_out"] == pytest.approx(strong.attrs["left_out"], rel=1e-9)
    sites = {
        "c": qb.Oscillator(levels=5, loss=0.2),
        "b": qb.Oscillator(1.2, levels=5),
        "other": qb.Oscillator(0.6, loss=0.1, occupation=2.0),
    }
    links = [qb.exchange("c", "b", 0.5), qb.drive("c", 0.3, 1.0)]
    with pytest.warns(
        UserWarning, match="the 5 levels of 'c' may change an energy by up to 5e-05 quanta"
    ):
        apart = qb.System(sites, links, "c", ["b", "other"]).charge({}, TIMES, ["energy"])
    assert apart.attrs["left_out"] == pytest.approx(2 * strong.attrs["left_out"], rel=1e-9)


def test_only_of_levels_that_were_given_a_warning_speaks():
    """One of two chooses its own, as many as it needs."""
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator(levels=4)}
    system = qb.System(sites, [qb.dipole("a", "b", 0.3)], "a", "b")
    with pytest.warns(UserWarning, match="the .* levels of") as told:
        system.charge(qb.coherent(1.0), 1.0, ["energy"])
    assert ["the 4 levels of 'b'" in str(each.message) for each in told] == [True]


@pytest.mark.filterwarnings("ignore:the .* levels of")
@pytest.mark.parametrize("sites", ["c", ["c", "b"], ["b", "c"]])
@pytest.mark.parametrize("start", [{}, {"c": qb.fock(1)}])
def test_states_on_given_levels_say_how_far_their_quanta_are(sites, start):
    """From those that 20 levels hold."""
    given = qb.exchange("c", "b", 0.5), [qb.drive("c", 0.4, 1.0)]
    found = system(5, *given, loss=0.2).density_matrix(start, TIMES, sites)
    many = system(16, *given, loss=0.2)
    asked = {name: (name, "quanta") for name in ("c", "b")}
    exact, far = many.expect(start, TIMES, asked), []
    names = [sites] if isinstance(sites, str) else sites
    for k, name in enumerate(names):
        weights = np.einsum("tjj->tj", found.values).real.reshape(-1, *[5] * len(names))
        quanta = weights @ np.arange(5) if k == len(names) - 1 else weights.sum(2) @ np.arange(5)
        quanta = quanta.sum(-1) if quanta.ndim > 1 else quanta
        far.append(np.abs(quanta - exact[name].values).max())
    assert found.attrs["left_out"] == pytest.approx(max(far), rel=2e-3)
    with bounded():
        careful = system(5, *given, loss=0.2).density_matrix(start, TIMES, sites)
    assert careful.attrs["left_out"] > 5 * max(far)
    assert np.array_equal(found, careful)
