"""Density matrices and means that come out of a system, beside the full product space."""

import warnings
from math import lgamma

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.states.representation import representation
from roads.product_space import Whole, chain, initial, random_case


def reduced(rho, levels, places):
    """By QuTiP, in the order of the places."""
    whole = qutip.Qobj(rho, dims=[levels, levels])
    kept = whole.ptrace(sorted(places))
    order = np.argsort(np.argsort(places)).tolist()
    return kept.permute(order).full() if len(places) > 1 else kept.full()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_any_sites_of_random_systems(seed, lossy):
    system, chosen = random_case(seed, 24 if lossy else 60, lossy)
    levels = [site.dimension for site in system.sites.values()]
    whole, start, rng = Whole(system, levels), initial(system, chosen), np.random.default_rng(seed)
    names = rng.permutation(list(system.sites))[: rng.integers(1, len(levels) + 1)].tolist()
    places = [list(system.sites).index(name) for name in names]
    d = int(np.prod([levels[k] for k in places]))
    matrix = rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d))
    asked = {
        "m": (names, matrix),
        "hermitian": (names, matrix + matrix.conj().T),
        "level": (names[0], np.diag(np.arange(levels[places[0]]))),
    }
    times = np.array([1.3, 0.0, 0.4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        rho = system.density_matrix(chosen, times, names)
        means = system.expect(chosen, times, asked)
    assert rho.dims == ("time", "row", "column")
    assert means.m.dtype == complex
    assert means.hermitian.dtype == float
    for k, time in enumerate(times):
        state = whole.evolved(start, time)
        kept = reduced(state, levels, places)
        assert rho.values[k] == pytest.approx(kept, abs=1e-9)
        assert means.m.values[k] == pytest.approx(np.trace(kept @ matrix), abs=1e-8)
        both = np.trace(kept @ (matrix + matrix.conj().T)).real
        assert means.hermitian.values[k] == pytest.approx(both, abs=1e-8)
        one = reduced(state, levels, places[:1])
        first = np.diag(one).real @ np.arange(levels[places[0]])
        assert means.level.values[k] == pytest.approx(first, abs=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_what_came_out_has_the_work_of_the_table(seed):
    system, chosen = random_case(seed, 24, lossy=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = system.charge(chosen, [0.3, 2.0], extraction="collective")
        rho = system.density_matrix(chosen, [0.3, 2.0])
    site = system.sites["b"]
    h = np.diag(sum(number * each for number, each in site.energy_terms(site.dimension)))
    for name in ("energy", "ergotropy", "capacity", "energy_variance"):
        ours = getattr(qb, name)(rho, h)
        assert ours.values == pytest.approx(table[name].values, abs=1e-9)


def driven(levels, rotating=True):
    return qb.System(
        {"charger": qb.Oscillator(levels=levels, loss=0.3), "battery": qb.Qubit(1.1)},
        [
            qb.exchange("charger", "battery", 0.4),
            qb.drive("charger", 0.3, 0.9, rotating_wave=rotating),
        ],
    )


@pytest.mark.parametrize("rotating", [True, False])
def test_states_under_drives_are_those_of_the_laboratory(rotating):
    times, n = np.linspace(0, 3, 4), 6
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(n), qutip.sigmam().trans())
    h0 = a.dag() * a + 1.1 * b.dag() * b + 0.4 * (a.dag() * b + b.dag() * a)
    h = [h0, [0.3 * a, lambda t: np.exp(0.9j * t)], [0.3 * a.dag(), lambda t: np.exp(-0.9j * t)]]
    if not rotating:
        h = [h0, [0.6 * (a + a.dag()), lambda t: np.cos(0.9 * t)]]
    start = qutip.tensor(qutip.basis(n, 0), qutip.basis(2, 0))
    tight = {"atol": 1e-12, "rtol": 1e-10, "store_states": True}
    known = qutip.mesolve(
        h, start, times, [np.sqrt(0.3) * a], e_ops=[a, a.dag() * b], options=tight
    )
    lower, flip = np.diag(np.sqrt(np.arange(1, n)), 1), np.array([[0, 1], [0, 0]])
    asked = {
        "a": ("charger", lower),
        "hop": (("battery", "charger"), np.kron(flip, lower.T)),
        "x": ("charger", qutip.destroy(n) + qutip.create(n)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # six levels are few
        means = driven(n, rotating).expect(qb.fock(0), times, asked)
        rho = driven(n, rotating).density_matrix(qb.fock(0), times, ["battery", "charger"])
    assert means.a.values == pytest.approx(known.expect[0], abs=1e-8)
    assert means.hop.values == pytest.approx(known.expect[1], abs=1e-8)
    assert means.x.values == pytest.approx(2 * np.real(known.expect[0]), abs=1e-8)
    expected = [state.permute([1, 0]).full() for state in known.states]
    assert rho.values == pytest.approx(np.array(expected), abs=1e-8)


def test_two_fields_turn_two_sites():
    """Each qubit by itself in its own field: both means in the laboratory, by QuTiP."""
    sites = {"charger": qb.Qubit(), "battery": qb.Qubit()}
    links = [qb.drive("charger", 0.3, 1.0), qb.drive("battery", 0.3, 1.7)]
    flip, times = np.array([[0, 1], [1, 0.0]]), [0.5, 2.0]
    asked = {
        "one": ("charger", flip),
        "other": ("battery", flip),
        "both": (["battery", "charger"], np.kron(flip, flip)),
    }
    means = qb.System(sites, links).expect({}, times, asked)
    known = {}
    for name, w in (("one", 1.0), ("other", 1.7)):
        a = qutip.basis(2, 0) * qutip.basis(2, 1).dag()
        h = [a.dag() * a, [0.3 * a, lambda t, w=w: np.exp(1j * w * t)]]
        h.append([0.3 * a.dag(), lambda t, w=w: np.exp(-1j * w * t)])
        tight = {"atol": 1e-12, "rtol": 1e-11}
        solved = qutip.sesolve(
            h, qutip.basis(2, 0), [0, *times], e_ops=[a + a.dag()], options=tight
        )
        known[name] = np.real(solved.expect[0][1:])
        assert means[name].values == pytest.approx(known[name], abs=1e-8)
    assert means.both.values == pytest.approx(known["one"] * known["other"], abs=1e-8)


def test_axes_are_those_of_the_table():
    loss = xr.DataArray([0.0, 0.1, 1.0], dims="loss", coords={"loss": [0.0, 0.1, 1.0]})
    system = qb.models.qubit_pair(charger_loss=loss)
    start = qb.bloch([0.3, 2.0])
    rho = system.density_matrix(start, [0.0, 1.0], ["charger", "battery"])
    table = system.charge(start, [0.0, 1.0])
    assert rho.dims[:-2] == table.energy.dims
    assert rho.row.values.tolist() == ["00", "01", "10", "11"]
    assert rho.attrs["sites"] == ["charger", "battery"]
    assert rho.attrs["levels"] == [2, 2]
    for name in ("loss", "theta", "time"):
        assert rho[name].equals(table[name])
    pair = qb.QubitPair(charger_loss=loss).density_matrix(start, [0.0, 1.0])
    assert rho.values == pytest.approx(pair.transpose(*rho.dims).values, abs=1e-12)


def test_labels_of_more_than_ten_levels():
    system = qb.models.jaynes_cummings()
    rho = system.density_matrix(qb.fock(11), 0.5, ["charger", "battery"])
    assert rho.sizes["row"] == 24
    assert rho.row.values[[0, 1, -1]].tolist() == ["0,0", "0,1", "11,1"]
    assert rho.sel(row="11,0", column="11,0").real.item() == pytest.approx(
        np.cos(np.sqrt(11) * 0.5) ** 2
    )


def test_an_operator_for_any_number_of_levels():
    system = qb.models.jaynes_cummings()
    asked = {"photons": ("charger", lambda n: np.diag(np.arange(n)))}
    means = system.expect(qb.coherent(1.2), [0.0, 0.7], asked)
    table = system.charge(qb.coherent(1.2), [0.0, 0.7], ["energy"])
    assert (means.photons + table.energy).values == pytest.approx(1.44, abs=1e-12)
    assert means.attrs["levels"] == table.attrs["levels"]


def test_one_site_of_a_thousand_does_not_build_the_rest():
    system = chain(1000, loss=0.1)
    rho = system.density_matrix(qb.fock(1), [0.0, 5.0], "q1")
    assert rho.sizes["row"] == 2
    reached = 1001  # kets: one excitation on the chain, or none
    assert rho.attrs["configurations"] == reached


def test_only_elements_that_show_are_worked_out(monkeypatch):
    seen = []

    def spy(*given):
        seen.append(representation(*given))
        return seen[-1]

    monkeypatch.setattr("quantumbattery.charging.solve.representation", spy)
    system = qb.System(
        {name: qb.Qubit(loss=0.1, occupation=0.2) for name in "abc"},
        [qb.exchange("a", "b", 1.0), qb.exchange("b", "c", 1.0)],
        "a",
        "c",
    )
    system.density_matrix(qb.fock(1), 1.0, "b")
    system.density_matrix(qb.fock(1), 1.0, ["a", "b", "c"])
    one, all_of_it = (form.size for form in seen)
    assert one < all_of_it / 5


@pytest.mark.parametrize(
    ("operators", "said"),
    [
        ({}, "got an empty one"),
        ([1], "operators is a dict such as"),
        ({"": ("battery", np.eye(2))}, "operators is a dict such as"),
        ({"a": np.eye(2)}, "operators is a dict such as"),
        ({"a": ("nobody", np.eye(2))}, "there is no site 'nobody'"),
        ({"a": (("battery", "battery"), np.eye(4))}, "named twice"),
        ({"a": ((), np.eye(1))}, "no site is named"),
        ({"a": ("battery", np.eye(3))}, "its matrix is 3 x 3, but battery has 2 levels"),
        ({"a": (("charger", "battery"), np.eye(3))}, "it takes 4 x 4"),
        ({"a": ("battery", [[1, np.nan], [0, 1]])}, "not finite"),
        ({"a": ("battery", "x")}, "there is no operator 'x'"),
        ({"a": ("battery", lambda n: np.eye(n + 1))}, "it must give a matrix 2 x 2"),
        ({"theta": ("battery", np.eye(2))}, "names both a quantity and an axis"),
    ],
)
def test_operators_that_make_no_sense(operators, said):
    system = qb.models.qubit_pair()
    with pytest.raises((TypeError, ValueError), match=said):
        system.expect(qb.bloch([0.1, 0.2]), 1.0, operators)


def test_sites_may_come_one_by_one():
    """From an iterator, which gives each once."""
    system = qb.models.qubit_pair()
    given = {"x": (iter(["charger"]), "quanta"), "y": ("charger", "quanta")}
    found = system.expect(qb.bloch(2.0), 0.5, given)
    assert found.x == found.y > 0
    one, other = (
        system.density_matrix(qb.bloch(2.0), 0.5, sites)
        for sites in (["charger", "battery"], (name for name in ("charger", "battery")))
    )
    assert one.identical(other)


def test_requests_that_make_no_sense():
    pair, cavity = qb.models.qubit_pair(), qb.models.jaynes_cummings()
    with pytest.raises(ValueError, match="there is no site 'batery', did you mean battery"):
        pair.density_matrix(qb.bloch(1.0), 1.0, "batery")
    with pytest.raises(TypeError, match="sites: give the name of a site or a list of names"):
        pair.density_matrix(qb.bloch(1.0), 1.0, 3)
    with pytest.raises(ValueError, match="or give the operator as a function of the numbers"):
        cavity.expect(qb.fock(1), 1.0, {"n": ("charger", np.diag([0.0, 1.0]))})
    many = qb.System({f"q{k}": qb.Qubit() for k in range(40)}, [], "q0", [f"q{k}" for k in (1, 2)])
    with pytest.raises(ValueError, match="density matrices 1,099,511,627,776 x"):
        many.density_matrix(qb.fock(1), 1.0, list(many.sites))


def test_a_state_that_came_out_knows_whose_it_is():
    pair = qb.models.qubit_pair()
    rho = pair.density_matrix(qb.bloch(2.0), 0.5, ["battery", "charger"])
    same = pair.charge({("battery", "charger"): qb.state(rho)}, 0.0, ["energy"]).energy.item()
    assert same == pytest.approx(pair.charge(qb.bloch(2.0), 0.5, ["energy"]).energy.item())
    with pytest.raises(ValueError, match=r"the state is one of .*, in that order"):
        pair.charge({("charger", "battery"): qb.state(rho)}, 0.0)


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_coherences_with_high_levels_count_in_means(alpha):
    """A weight of 1e-14 beyond the levels would take 1e-7 from what is read between them."""
    system = qb.System({"x": qb.Oscillator()}, [], [], "x")
    ones = {"all": ("x", lambda levels: np.ones((levels, levels)))}
    found = system.expect({"x": qb.coherent(alpha)}, 0.0, ones)["all"].item()
    k = np.arange(80)
    ket = np.exp(-(alpha**2) / 2 + k * np.log(alpha) - np.array([lgamma(n + 1) for n in k]) / 2)
    assert abs(found - ket.sum() ** 2) < 1e-11
