"""Measures that are asked for by name, against the full product space and known values."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

import quantumbattery as qb
from quantumbattery.charging.charge import converted
from quantumbattery.charging.solve import Problem, prepared
from quantumbattery.quantities.measures import FURTHER, MEASURES
from quantumbattery.reach.reach import reach
from roads.cells import apart, cavity_and_cells
from roads.product_space import Whole, chain, initial, ladder, random_case, symmetric_states

TIMES = np.array([0.0, 0.4, 1.7])
BY_CELL = {"local_ergotropy", "locked_ergotropy"}


def charged(system, start, times, measures, extraction="global"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # given levels of oscillators leave some out
        return system.charge(start, times, list(measures), extraction)


# --- brute force ---------------------------------------------------------------------------------


def kron(parts):
    whole = np.eye(1)
    for each in parts:
        whole = np.kron(whole, each)
    return whole


def summed(hs):
    """h x 1 + 1 x h, on and on."""
    eyes = [np.eye(len(h)) for h in hs]
    return sum(kron([*eyes[:k], h, *eyes[k + 1 :]]) for k, h in enumerate(hs))


def cells_of(site, extraction):
    """The Hamiltonians of the cells that a site is made of, and its levels as vectors of them."""
    if isinstance(site, qb.Ensemble) and extraction != "collective":
        return [ladder(site.cell, site.cell.dimension)] * site.number, symmetric_states(site)
    return [ladder(site, site.dimension)], np.eye(site.dimension)


def linked(system, levels, links):
    """The sum of some interactions, in the product space."""
    both = (qb.System(system.sites, each, system.charger, system.battery) for each in (links, ()))
    alone, nothing = (Whole(each, levels).h for each in both)
    return alone - nothing


def own_ladder(system, name):
    return ladder(system.sites[name], system.sites[name].dimension)


def expected(system, rho, extraction):
    levels = [site.dimension for site in system.sites.values()]
    names = list(system.sites)
    state = qutip.Qobj(rho, dims=[levels, levels])
    parts = [[names.index(n) for n in role] for role in (system.charger, system.battery)]
    charger, own = (state.ptrace(part).full() for part in parts)
    both = state.ptrace(parts[0] + parts[1]).full()
    each = [cells_of(system.sites[name], extraction) for name in system.battery]
    hs, isometry = [h for one, _ in each for h in one], kron([way for _, way in each])
    cells, h = isometry @ own @ isometry.T, summed(hs)
    always = [link for link in system.interactions if link.always]
    if always:
        alone = {name: system.sites[name] for name in system.battery}
        inside = qb.System(alone, always, [], list(alone))
        h = Whole(inside, [site.dimension for site in alone.values()]).h
    found = {
        "coherent_ergotropy": qb.coherent_ergotropy(cells, h),
        "incoherent_ergotropy": qb.incoherent_ergotropy(cells, h),
        "purity": qb.purity(own),
        "entropy": qb.entropy(own),
        "charger_energy": qb.energy(
            charger, summed([own_ladder(system, n) for n in system.charger])
        ),
        "interaction_energy": np.trace(
            rho @ linked(system, levels, [i for i in system.interactions if not i.always])
        ).real,
        "mutual_information": qb.mutual_information(both, (len(charger), len(own))),
        "negativity": qb.negativity(both, (len(charger), len(own))),
    }
    if not always:
        separate = [cells_of(system.sites[name], "global") for name in system.battery]
        isometry = kron([way for _, way in separate])
        cells, hs = isometry @ own @ isometry.T, [h for one, _ in separate for h in one]
        found["local_ergotropy"] = qb.local_ergotropy(cells, hs)
        found["locked_ergotropy"] = qb.locked_ergotropy(cells, hs)
    return found


def random_battery(seed, largest, lossy):
    """A random system with one site in its battery or two, which may interact always."""
    system, start = random_case(seed, largest, lossy)
    rng = np.random.default_rng(seed)
    names = list(system.sites)
    battery = names[1 : 1 + rng.integers(1, min(3, len(names)))]
    links, extraction = system.interactions, rng.choice(["global", "collective"])
    if rng.random() < 0.5:
        links = [replace(link, always={*link.ends} <= {*battery}) for link in links]
        if any(isinstance(system.sites[name], qb.Ensemble) for name in battery):
            extraction = "collective"
    start = {"b": qb.fock(0)} | start
    return qb.System(system.sites, links, "a", battery), start, str(extraction)


@pytest.mark.parametrize("lossy", [False, True])
@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_random_systems_agree_with_the_product_space(lossy, seed):
    system, start, extraction = random_battery(seed, 12 if lossy else 24, lossy)
    whole = Whole(system, [site.dimension for site in system.sites.values()])
    rho = initial(system, start)
    exact = [expected(system, whole.evolved(rho, time), extraction) for time in TIMES]
    names = list(exact[0])
    together = charged(system, start, TIMES, names, extraction)
    for name in names:
        values = [each[name] for each in exact]
        np.testing.assert_allclose(together[name], values, rtol=0, atol=1e-9, err_msg=name)
        alone = charged(system, start, TIMES, [name], extraction)[name]
        np.testing.assert_allclose(alone, together[name], rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_cells_by_themselves(loss):
    sites = {
        "a": qb.Qubit(loss=loss),
        "b": qb.Ensemble(qb.Qudit([0.0, 1.0, 2.0], steps=[1.0, 0.7]), 2),
        "c": qb.Qubit(1.1),
        "d": qb.Qudit([0.5, 0.0, 1.0], loss=loss),
    }
    links = [qb.exchange("a", name, 0.4 + 0.1 * k) for k, name in enumerate("bcd")]
    system = qb.System(sites, links, "a", ["b", "c", "d"])
    start = {"a": qb.bloch(2.0, 0.3), "c": qb.bloch(0.7)}
    moments = [0.0, 0.8, 2.1]
    names = ("coherent_ergotropy", "incoherent_ergotropy")
    table = charged(system, start, moments, [*names, "ergotropy", "local_ergotropy"], "local")
    np.testing.assert_allclose(table.ergotropy, table.local_ergotropy, atol=1e-13)
    np.testing.assert_allclose(sum(table[n] for n in names), table.ergotropy, atol=1e-13)
    levels = [site.dimension for site in sites.values()]
    by_hand = dict.fromkeys(names, 0.0)
    rho = reduced_by_qutip(system, start, moments)
    for k, (name, site) in enumerate(sites.items()):
        if name in system.battery:
            hs, way = cells_of(site, "local")
            for time, state in enumerate(rho):
                own = way @ qutip.Qobj(state, dims=[levels] * 2).ptrace([k]).full() @ way.T
                dims = [[len(h) for h in hs]] * 2
                one = qutip.Qobj(own, dims=dims).ptrace([0]).full()
                for which in names:
                    gain = len(hs) * getattr(qb, which)(one, hs[0])
                    by_hand[which] = by_hand[which] + gain * np.eye(len(moments))[time]
    for which in names:
        np.testing.assert_allclose(table[which], by_hand[which], atol=1e-9)


def reduced_by_qutip(system, start, moments):
    """The joint state at some moments, by QuTiP's own solver."""
    whole = Whole(system, [site.dimension for site in system.sites.values()])
    h, *jumps = (qutip.Qobj(matrix).to("CSR") for matrix in (whole.h, *whole.jumps))
    rho, options = qutip.Qobj(initial(system, start)), {"atol": 1e-12, "rtol": 1e-11}
    found = qutip.mesolve(h, rho, moments, jumps, options=options | {"nsteps": 10**5})
    return [state.full() for state in found.states]


# --- known values --------------------------------------------------------------------------------


def test_half_a_swap_makes_a_bell_state():
    table = qb.QubitPair().charge(qb.bloch(np.pi), [0.0, np.pi / 4, np.pi / 2], list(FURTHER))
    log2 = np.log(2)
    for name, values in {
        "entropy": [0, log2, 0],
        "mutual_information": [0, 2 * log2, 0],
        "negativity": [0, 0.5, 0],
        "purity": [1, 0.5, 1],
        "charger_energy": [1, 0.5, 0],
        "interaction_energy": [0, 0, 0],
        "incoherent_ergotropy": [0, 0, 1],
        "coherent_ergotropy": [0, 0, 0],
    }.items():
        np.testing.assert_allclose(table[name], values, atol=1e-13, err_msg=name)
        assert table[name].attrs["long_name"] == FURTHER[name].long_name


def test_what_cells_lock():
    """A quantum shared by two cells is worth all of it together, and nothing cell by cell."""
    system = apart(2, levels=3)
    table = charged(system, qb.fock(1), [np.pi / (2 * np.sqrt(2))], ["ergotropy", *BY_CELL])
    np.testing.assert_allclose(table.ergotropy, 1.0)
    np.testing.assert_allclose(table.local_ergotropy, 0.0, atol=1e-14)
    np.testing.assert_allclose(table.locked_ergotropy, 1.0)


@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize("extraction", ["global", "collective", "local"])
def test_the_parts_of_the_ergotropy_add_up(loss, extraction):
    system = cavity_and_cells(3, loss=loss)
    table = system.charge(
        qb.coherent(1.0), np.linspace(0, 3, 7), ["ergotropy", *list(FURTHER)[:4]], extraction
    )
    both = table.coherent_ergotropy + table.incoherent_ergotropy
    np.testing.assert_allclose(both, table.ergotropy, atol=1e-13)
    assert (table.coherent_ergotropy > 1e-3).any()
    if extraction == "global":
        both = table.local_ergotropy + table.locked_ergotropy
        np.testing.assert_allclose(both, table.ergotropy, atol=1e-13)


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_an_ensemble_is_its_cells(loss):
    times, names = np.linspace(0, 3, 4), list(FURTHER)
    start = {"cavity": qb.coherent(0.7)}
    one, many = (of(3, loss=loss).charge(start, times, names) for of in (cavity_and_cells, apart))
    for name in names:
        np.testing.assert_allclose(one[name], many[name], rtol=0, atol=1e-9, err_msg=name)


def test_two_oscillators_swap_a_coherent_state():
    pair = qb.System(
        {"charger": qb.Oscillator(2.0), "battery": qb.Oscillator(2.0)},
        [qb.exchange("charger", "battery", 1.0)],
    )
    times, alpha = np.array([0.0, 0.5, 1.3]), 1.6
    table = pair.charge(qb.coherent(alpha), times, ["ergotropy", *FURTHER])
    mean, n = (alpha * np.sin(times)) ** 2, np.arange(60)
    weights = np.sort(poisson.pmf(n[:, None], mean), axis=0)[::-1]
    incoherent = 2 * (mean - (n[:, None] * weights).sum(axis=0))
    np.testing.assert_allclose(table.incoherent_ergotropy, incoherent, atol=1e-9)
    np.testing.assert_allclose(table.coherent_ergotropy, 2 * mean - incoherent, atol=1e-9)
    np.testing.assert_allclose(table.charger_energy, 2 * (alpha * np.cos(times)) ** 2, atol=1e-9)
    np.testing.assert_allclose(table.purity, 1.0)
    for name in ("entropy", "mutual_information", "negativity", "interaction_energy"):
        np.testing.assert_allclose(table[name], 0.0, atol=1e-9)


@pytest.mark.parametrize("start", [qb.coherent(1.5), qb.thermal(0.8), qb.squeezed(0.5)])
@pytest.mark.parametrize("link", [qb.exchange, qb.dipole])
def test_energy_is_kept_while_nothing_leaves(start, link):
    system = cavity_and_cells(2, coupling=0.6, link=link)
    table = system.charge(
        start, np.linspace(0, 4, 9), ["energy", "charger_energy", "interaction_energy"]
    )
    total = table.energy + table.charger_energy + table.interaction_energy
    np.testing.assert_allclose(total, total.values[0], rtol=0, atol=1e-9)
    assert np.ptp(table.charger_energy.values) > 0.1


@pytest.mark.parametrize("gap", [1.0, xr.DataArray([1.0, 1.3], dims="gap")])
def test_interactions_have_no_energy_once_they_are_off(gap):
    pair = qb.System(
        {"charger": qb.Qubit(gap), "battery": qb.Qubit(loss=0.1)},
        [qb.dipole("charger", "battery", 0.6)],
    )
    times, measures = np.linspace(0, 2, 5), ["interaction_energy", "charger_energy", "entropy"]
    never = pair.charge(qb.bloch(2.0), times, measures)
    table = pair.charge(qb.bloch(2.0), times, measures, disconnect=[1.0, np.inf])
    for name in measures:
        np.testing.assert_allclose(table[name].sel(disconnect=np.inf), never[name], atol=1e-12)
    early = table.sel(disconnect=1.0)
    on = never.interaction_energy.where(never.time <= 1, 0.0)
    np.testing.assert_allclose(early.interaction_energy, on, atol=1e-12)
    last = never.charger_energy.sel(time=1.0, drop=True)
    np.testing.assert_allclose(
        (early.charger_energy - last).isel(time=slice(2, None)), 0, atol=1e-12
    )


def test_a_driven_pair_in_the_laboratory():
    w, field = 1.3, 1.1
    system = qb.System(
        {"charger": qb.Qubit(w), "battery": qb.Qubit(w)},
        [qb.exchange("charger", "battery", 0.7), qb.drive("charger", 0.4, field)],
    )
    times = np.linspace(0, 5, 6)
    table = system.charge({}, times, ["interaction_energy", "negativity", "charger_energy"])
    a, b = (qutip.Qobj(op, dims=[[2, 2]] * 2) for op in two_lowerings())
    link = 0.7 * (a.dag() * b + a * b.dag())
    h = [
        w * (a.dag() * a + b.dag() * b) + link,
        [a, lambda t: 0.4 * np.exp(1j * field * t)],
        [a.dag(), lambda t: 0.4 * np.exp(-1j * field * t)],
    ]
    options = {"atol": 1e-12, "rtol": 1e-11}
    found = qutip.sesolve(h, qutip.basis([2, 2], [0, 0]), times, options=options).states
    np.testing.assert_allclose(table.interaction_energy, qutip.expect(link, found), atol=1e-8)
    quanta = qutip.expect(a.dag() * a, found)
    np.testing.assert_allclose(table.charger_energy, w * quanta, atol=1e-8)
    exact = [qb.negativity(state.proj().full(), (2, 2)) for state in found]
    np.testing.assert_allclose(table.negativity, exact, atol=1e-8)


def two_lowerings():
    lower = np.array([[0.0, 1.0], [0.0, 0.0]])
    return np.kron(lower, np.eye(2)), np.kron(np.eye(2), lower)


# --- batches, sizes, refusals --------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.4])
def test_levels_that_meet_along_an_axis(loss):
    """Where two cells are alike, coherence between them is inside a level."""
    gap = xr.DataArray([0.8, 1.0, 1.2], dims="gap")

    def system(gap):
        sites = {"a": qb.Qubit(loss=loss), "b": qb.Qubit(), "c": qb.Qubit(gap, loss=loss)}
        links = [qb.exchange("a", "b", 1.0), qb.exchange("a", "c", 0.6)]
        return qb.System(sites, links, "a", ["b", "c"])

    names, start = list(FURTHER), {"a": qb.bloch([2.0, 3.0]), "b": qb.bloch(2.0)}
    table = system(gap).charge(start, TIMES, names)
    assert table.coherent_ergotropy.sizes == {"gap": 3, "theta": 2, "time": 3}
    for k, value in enumerate(gap.values):
        alone = system(float(value)).charge(start, TIMES, names)
        for name in names:
            np.testing.assert_allclose(table[name].isel(gap=k), alone[name], atol=1e-12)
    apart = system(1.0 + 1e-6).charge(start, TIMES, ["incoherent_ergotropy"])
    inside = (table.isel(gap=1) - apart).incoherent_ergotropy
    assert float(inside.max()) > 0.05


def work_of(system, start, measures, **changed):
    started, axes = converted(system, start, TIMES)
    problem = Problem(system, started, axes, tuple(measures), "global", 2.0)
    return prepared(problem, replace(reach(system, started), **changed), {})


def test_one_site_of_many_costs_no_more_than_its_ergotropy():
    start = {"q0": qb.bloch(2.0), "q1": qb.bloch(1.0)}
    lossy = chain(6, loss=0.1)
    size = {n: work_of(lossy, start, [n]).state.size for n in ["ergotropy", *FURTHER]}
    for name in ("coherent_ergotropy", "incoherent_ergotropy", "purity", "entropy", *BY_CELL):
        assert size[name] == size["ergotropy"]
    assert size["ergotropy"] < size["charger_energy"] < size["mutual_information"]
    assert size["interaction_energy"] < work_of(lossy, start, ["energy"]).state.rectangles.size
    table = chain(1000).charge(qb.bloch(2.0), [400.0, 600.0], ["energy", "ergotropy", *FURTHER])
    p, r = table.energy, np.sqrt((table.purity - 0.5) / 2)
    np.testing.assert_allclose(table.ergotropy, p - 0.5 + r, atol=1e-12)
    kept = table.charger_energy + table.interaction_energy + table.energy
    assert (kept < np.sin(1.0) ** 2).all()  # the rest of it is on its way


def test_what_is_too_large_is_refused_at_once():
    sites = {"a": qb.Oscillator(), "m": qb.Qubit(), "b": qb.Ensemble(qb.Qubit(), 30)}
    links = [qb.exchange("a", "m", 1.0), qb.exchange("a", "b", 1.0)]
    system = qb.System(sites, links, "a", "b")
    assert system.charge(qb.coherent(3.0), 0.1, ["energy"], limit=0.05).energy > 0
    said = r"too large: at least .* state of charger and battery need"
    with pytest.raises(ValueError, match=said):
        system.charge(qb.coherent(3.0), 0.1, ["negativity"], limit=0.05)


def test_a_measure_without_a_meaning_says_what_to_do():
    qubits = dict.fromkeys("abc", qb.Qubit())
    alone = qb.System(qubits, [qb.drive("a", 1.0, 1.0)], [], list("abc"))
    for name in ("charger_energy", "mutual_information", "negativity"):
        with pytest.raises(ValueError, match=f"{name} makes no sense here: no site is a charger"):
            alone.charge({}, 1.0, [name])
    assert alone.charge({}, 1.0, ["interaction_energy"]).interaction_energy == 0
    always = qb.System(qubits, [qb.exchange("b", "c", 0.1, always=True)], "a", ["b", "c"])
    for name in BY_CELL:
        said = rf"{name} makes no sense here: exchange.* is always on"
        with pytest.raises(ValueError, match=said):
            always.charge(qb.bloch(1.0), 1.0, [name])
    with pytest.raises(ValueError, match=r"exchange.* is shaped in time: ask system.expect"):
        work_of(chain(2), qb.bloch(1.0), ["interaction_energy"], signals={2: None})
    with pytest.raises(ValueError, match="concurrence for two Qubits"):
        always.charge(qb.bloch(1.0), 1.0, ["purity", "concurrence"])


def test_tables_have_them_only_when_they_are_asked_for():
    pair, start = qb.QubitPair(charger_loss=0.3), qb.bloch(2.0)
    for table in (pair.charge(start, 1.0), pair.system().charge(start, 1.0)):
        assert set(table) == set(MEASURES)
    ours = pair.charge(start, TIMES, ["negativity", "energy", "purity"])
    assert list(ours) == ["negativity", "energy", "purity"]
    joint = pair.density_matrix(start, TIMES).values
    np.testing.assert_allclose(ours.negativity, qb.negativity(joint, (2, 2)), atol=1e-12)
