"""Qudits whose levels come in any order, with any lowering matrix, beside dense matrices."""

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from roads.product_space import Whole, initial

MEASURES = ["energy", "ergotropy", "antiergotropy", "capacity", "energy_variance", "power"]
V = np.array([[0, 0, 0], [1, 0, 1], [0, 0, 0]])  # levels 0 and 2 over level 1
TIMES = np.linspace(0.0, 4.0, 9)
LOWER = np.array([[0, 1], [0, 0]])


def v_system(**rates):
    return qb.Qudit([1.0, 0.0, 0.8], lowering=V, **rates)


def charged_by_a_qubit(battery, link=None, **rates):
    links = [link or qb.exchange("c", "b", 0.5)]
    return qb.System({"c": qb.Qubit(**rates), "b": battery}, links, "c", "b")


def figures(rho, h):
    """What a table says of the states (T, d, d) of a battery."""
    found = {name: np.asarray(getattr(qb, name)(rho, h)) for name in MEASURES[:-1]}
    energy, rate = found["energy"], np.divide(1, TIMES, out=np.zeros(len(TIMES)), where=TIMES > 0)
    return found | {"power": (energy - energy[0]) * rate}


def agree(table, expected, atol=1e-10):
    for name, values in expected.items():
        np.testing.assert_allclose(table[name].values, values, rtol=0, atol=atol, err_msg=name)


def dense(system, preparation):
    """Density matrices of the battery, site b, at all times, and its Hamiltonian."""
    levels = [site.dimension for site in system.sites.values()]
    whole = Whole(system, levels)
    start = initial(system, preparation)
    states = np.array([whole.evolved(start, t) for t in TIMES])
    place = whole.names.index("b")
    before, d = int(np.prod(levels[:place])), levels[place]
    rest = whole.size // (before * d)
    rho = states.reshape(len(TIMES), before, d, rest, before, d, rest)
    alone = Whole(qb.System({"b": system.sites["b"]}, [], [], "b"), [d])
    return np.einsum("taibajb->tij", rho), alone.h - np.diag(alone.h).min() * np.eye(d)


# --- systems typed by hand -----------------------------------------------------------------------


def test_a_v_system_is_charged_by_a_qubit():
    """H on |charger, level>, typed by hand; the battery starts in level 1, its lowest."""
    h = np.kron(np.diag([0.0, 1.0]), np.eye(3)) + np.kron(np.eye(2), np.diag([1.0, 0.0, 0.8]))
    h = h + 0.5 * (np.kron(LOWER.T, V) + np.kron(LOWER, V.T))
    kets = np.array([expm(-1j * h * t)[:, 3 * 1 + 1] for t in TIMES]).reshape(-1, 2, 3)
    rho = np.einsum("tai,taj->tij", kets, kets.conj())
    table = charged_by_a_qubit(v_system()).charge(qb.fock(1), TIMES, MEASURES)
    agree(table, figures(rho, np.diag([1.0, 0.0, 0.8])), 1e-13)
    assert table.attrs["configurations"] == 3
    assert table.ergotropy.max() > 0.5


def test_a_v_system_is_charged_by_a_laser():
    """A coherent cavity that chooses its levels, beside 40 of them; quanta are conserved."""
    number, alpha = 40, 1.2
    a = np.diag(np.sqrt(np.arange(1, number)), 1)
    h = np.kron(a.T @ a, np.eye(3)) + np.kron(np.eye(number), np.diag([1.0, 0.0, 0.8]))
    h = h + 0.5 * (np.kron(a.T, V) + np.kron(a, V.T))
    n = np.arange(number)
    light = alpha**n * np.exp(-(alpha**2) / 2) / np.sqrt(np.cumprod(np.maximum(n, 1.0)))
    start = np.kron(light, [0, 1, 0])
    kets = np.array([expm(-1j * h * t) @ start for t in TIMES]).reshape(-1, number, 3)
    rho = np.einsum("tai,taj->tij", kets, kets.conj())
    system = qb.System(
        {"c": qb.Oscillator(), "b": v_system()}, [qb.exchange("c", "b", 0.5)], "c", "b"
    )
    table = system.charge(qb.coherent(alpha), TIMES, MEASURES)
    agree(table, figures(rho, np.diag([1.0, 0.0, 0.8])), 1e-9)
    assert table.attrs["left_out"] < 1e-10


def test_the_levels_of_a_kerr_oscillator_fall_again():
    """A constant drive, in the frame that turns with it, of five levels that are not sorted."""
    energies, w = np.array([0, 1, 1.5, 1.5, 1]), 0.9
    a = np.diag(np.sqrt(np.arange(1, 5)), 1)
    h = np.diag(energies - w * np.arange(5)) + 0.3 * (a + a.T)
    kets = np.array([expm(-1j * h * t)[:, 0] for t in TIMES])
    rho = np.einsum("ti,tj->tij", kets, kets.conj())
    battery = qb.Qudit(energies)
    system = qb.System({"b": battery}, [qb.drive("b", 0.3, w)], [], "b")
    table = system.charge({}, TIMES, MEASURES)
    agree(table, figures(rho, np.diag(energies)), 1e-12)
    assert "eigenvectors" in table.attrs["method"]


# --- any matrix, with losses ---------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_any_lowering_matrix_with_losses_and_warm_baths(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    pattern = rng.random((d, d)) < rng.choice([0.3, 0.6, 1.0])
    matrix = rng.normal(size=(d, d)) * pattern
    if rng.random() < 0.7:
        matrix = matrix + 1j * rng.normal(size=(d, d)) * pattern
    rates = {"loss": rng.choice([0, 0.3]), "dephasing": rng.choice([0, 0.2])}
    if rates["loss"]:
        rates["occupation"] = rng.choice([0, 0.5])
    battery = qb.Qudit(rng.normal(size=d), lowering=matrix, **rates)
    if d < 4 and rng.random() < 0.3:
        cell = qb.Qudit(battery.energies, lowering=matrix)
        battery = qb.Ensemble(cell, 2, **rates)
    link = [qb.exchange, qb.dipole][rng.integers(2)]("c", "b", rng.normal())
    system = charged_by_a_qubit(battery, link, loss=rng.choice([0, 0.1]))
    start = {"c": qb.bloch(rng.uniform(0, np.pi), 0.4)}
    if rng.random() < 0.5:
        start["b"] = qb.fock(rng.integers(d))
    table = system.charge(start, TIMES, MEASURES, "collective")
    agree(table, figures(*dense(system, start)), 1e-9)


@pytest.mark.parametrize("extraction", ["global", "collective", "local"])
@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_an_ensemble_of_unsorted_cells(extraction, loss):
    """Three V cells as one site, and written apart."""
    cells = qb.Ensemble(v_system(), 3, loss=loss, dephasing=loss)
    assert cells.occupations[int(np.argmin(cells.occupations @ [1, 0, 0.8]))].tolist() == [0, 3, 0]
    system = charged_by_a_qubit(cells)
    table = system.charge(qb.fock(1), TIMES, ["energy", "ergotropy"], extraction)
    rho, h = dense(system, {"c": qb.fock(1)})
    if extraction == "collective":
        agree(table, {"energy": qb.energy(rho, h), "ergotropy": qb.ergotropy(rho, h)}, 1e-9)
    elif not loss:
        names = ["x", "y", "z"]
        apart = qb.System(
            {"c": qb.Qubit(), **dict.fromkeys(names, v_system())},
            [qb.exchange("c", name, 0.5) for name in names],
            "c",
            names,
        ).charge(qb.fock(1), TIMES, ["energy", "ergotropy"], extraction)
        agree(table, {name: apart[name].values for name in apart}, 1e-11)


def test_cells_of_two_levels_the_wrong_way_round():
    """The two-level formulas count from level 0; here it is the upper one."""
    upside_down = qb.Qudit([1.0, 0.0], lowering=LOWER.T)
    for extraction in ("global", "local"):
        one, other = (
            charged_by_a_qubit(qb.Ensemble(cell, 2)).charge(
                qb.bloch(2.0), TIMES, MEASURES, extraction
            )
            for cell in (qb.Qubit(), upside_down)
        )
        agree(other, {name: one[name].values for name in MEASURES}, 1e-13)


# --- what is not prepared ------------------------------------------------------------------------


def test_what_is_not_prepared_is_in_its_lowest_level():
    mediator = qb.Qudit([0.3, 0.9, -1.0], lowering=[[0, 1, 0], [0, 0, 0], [1, 0, 0]])
    sites = {"c": qb.Qubit(), "m": mediator, "b": v_system(loss=0.1)}
    links = [qb.exchange("c", "m", 0.7), qb.exchange("m", "b", 0.4)]
    system = qb.System(sites, links, "c", "b")
    table = system.charge(qb.bloch(2.0), TIMES, MEASURES)
    start = {"c": qb.bloch(2.0)}
    agree(table, figures(*dense(system, start)), 1e-10)
    named = system.charge(start | {"m": qb.fock(2), "b": qb.fock(1)}, TIMES, MEASURES)
    agree(named, {name: table[name].values for name in MEASURES}, 0)


def test_levels_that_share_the_lowest_energy():
    level = qb.Qudit([1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"'b'.*levels 1 and 2.*such as \{'b': fock\(1\)\}"):
        charged_by_a_qubit(level).charge(qb.fock(1), 1.0)
    with pytest.raises(ValueError, match=r"levels 1 and 2.*such as \{'b': fock\(2\)\}"):
        charged_by_a_qubit(qb.Ensemble(level, 2)).charge(qb.fock(1), 1.0)
    with pytest.raises(ValueError, match="levels 0 and 1"):
        charged_by_a_qubit(qb.Qudit([1e-15, 0.0, 1.0])).charge(qb.fock(1), 1.0)
    prepared = charged_by_a_qubit(level).charge({"c": qb.fock(1), "b": qb.fock(2)}, 0.0)
    assert prepared.energy == 0
    first = charged_by_a_qubit(qb.Qudit([0.0, 1.0, 0.0]))  # level 0 is as low as any
    table = first.charge(qb.fock(1), TIMES, MEASURES)
    agree(table, figures(*dense(first, {"c": qb.fock(1)})))


def test_cells_that_interact_always_start_in_their_common_ground_state():
    cell = qb.Qudit([0.7, 0.0, 1.9], lowering=[[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    links = [qb.dipole("x", "y", 0.4, always=True), qb.exchange("c", "x", 0.3)]
    system = qb.System({"c": qb.Qubit(), "x": cell, "y": cell}, links, "c", ["x", "y"])
    own = np.diag(np.add.outer([0.7, 0, 1.9], [0.7, 0, 1.9]).ravel()).astype(float)
    a = np.array([[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    own += 0.4 * np.kron(a + a.T, a + a.T)
    hop = np.kron(np.kron(LOWER.T, a), np.eye(3))
    h = np.kron(np.diag([0, 1]), np.eye(9)) + np.kron(np.eye(2), own) + 0.3 * (hop + hop.T)
    energies, vectors = np.linalg.eigh(own)
    start = np.kron([0, 1], vectors[:, 0])
    kets = np.array([expm(-1j * h * t) @ start for t in TIMES]).reshape(-1, 2, 9)
    rho = np.einsum("tai,taj->tij", kets, kets.conj())
    table = system.charge(qb.fock(1), TIMES, MEASURES)
    agree(table, figures(rho, own - energies[0] * np.eye(9)), 1e-11)


def test_thermal_states_count_from_the_lowest_level():
    """x^(E/gap) of the energies above the lowest, the gap that of the two lowest."""
    energies, n = np.array([1.5, 0.2, 0.9]), 0.7
    weights = (n / (n + 1)) ** ((energies - 0.2) / 0.7)
    system = charged_by_a_qubit(qb.Qudit(energies))
    table = system.charge({"b": qb.thermal(n)}, 0.0, ["energy", "ergotropy"])
    assert table.energy.item() == pytest.approx(weights @ (energies - 0.2) / weights.sum(), 1e-14)
    assert table.ergotropy.item() == pytest.approx(0, abs=1e-15)
    with pytest.raises(ValueError, match="two lowest energies are equal"):
        charged_by_a_qubit(qb.Qudit([1, 0, 0])).charge({"b": qb.thermal(n)}, 0.0)


def test_a_thermal_ensemble_of_unsorted_cells():
    """Gibbs weights on the symmetric ladder, whose lowest gap is that of a cell."""
    cells, n = qb.Ensemble(v_system(), 3), 0.7
    energies = cells.occupations @ np.array([1.0, 0.0, 0.8])
    weights = (n / (n + 1)) ** (energies / 0.8)
    table = charged_by_a_qubit(cells).charge({"b": qb.thermal(n)}, 0.0, ["energy"])
    assert table.energy.item() == pytest.approx(weights @ energies / weights.sum(), 1e-14)


def test_a_lowest_level_that_a_leaves_brings_a_quantum():
    """A leads up from level 0, the ground state: the quantum goes into the cavity, and back."""
    upside_down = qb.Qudit([0.0, 1.0], lowering=LOWER.T)
    sites = {"c": qb.Oscillator(), "b": upside_down}
    system = qb.System(sites, [qb.exchange("c", "b", 0.5)], "c", "b")
    table = system.charge(qb.fock(0), TIMES, ["energy"])
    rate = np.hypot(0.5, 1.0)  # |level 0, no photon> and |level 1, a photon> are 2 apart
    expected = (0.5 / rate) ** 2 * np.sin(rate * TIMES) ** 2
    np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-13)
    assert table.attrs["levels"] == "c: 2"


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize("number", [None, 2])
def test_a_batch_in_which_the_order_changes(loss, number):
    """Each member as if it were alone: another level is the lowest, another the highest."""
    moved = xr.DataArray([-0.5, 0.4, 0.9, 1.6], dims="device")
    other = xr.DataArray([0.9, 0.2], dims="upper")

    def system(second, third):
        cell = qb.Qudit([0.3, second, third], lowering=V + V.T @ V)
        battery = cell if number is None else qb.Ensemble(cell, number)
        return charged_by_a_qubit(battery, loss=loss)

    table = system(moved, other).charge(qb.bloch([2.0, 3.0]), TIMES, MEASURES)
    for k in range(4):
        for j in range(2):
            alone = system(float(moved[k]), float(other[j])).charge(
                qb.bloch([2.0, 3.0]), TIMES, MEASURES
            )
            member = table.isel(device=k, upper=j)
            agree(member, {name: alone[name].values for name in MEASURES}, 1e-12)


def test_the_optimum_of_unsorted_levels():
    energies = xr.DataArray([-0.6, 0.8], dims="device")
    system = charged_by_a_qubit(qb.Qudit([1.0, 0.0, energies], lowering=V + V.T @ V))
    best = system.optimum(qb.fock(1), 5.0, ["energy", "ergotropy"], 1e-6)
    times = np.linspace(0, 5, 2001)
    table = system.charge(qb.fock(1), times, ["energy", "ergotropy"])
    for name in table:
        highest = table[name].max("time")
        np.testing.assert_allclose(best[f"{name}_max"], highest, rtol=1e-5)
        assert (best[f"{name}_bound"] >= highest - 1e-12).all()


# --- the names of levels mean nothing ------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_renumbering_the_levels_changes_no_figure_of_merit(seed):
    """Energies, lowering matrix, preparation, drive and interaction are permuted together."""
    rng = np.random.default_rng(seed)
    d, lossy = int(rng.integers(2, 5)), bool(rng.integers(2))
    energies, matrix = rng.normal(size=d), rng.normal(size=(d, d)) * (rng.random((d, d)) < 0.6)
    ket = rng.normal(size=d) + 1j * rng.normal(size=d)
    kerr = rng.normal(size=(2 * d, 2 * d))
    kind = rng.choice(["unprepared", "ket", "thermal"])
    low, high = rng.permutation(d)[:2]
    times, tables = np.linspace(0, 3, 5), []
    others = list(permutations(range(d)))
    for order in (np.arange(d), np.array(others[rng.integers(len(others))])):
        battery = qb.Qudit(
            energies[order],
            lowering=matrix[np.ix_(order, order)],
            loss=0.2 * lossy,
            dephasing=0.1 * lossy,
        )
        place = np.argsort(order)  # where each level is listed now
        both = np.concatenate([order, d + order])
        links = [
            qb.exchange("c", "b", 0.6),
            qb.interaction("c", "b", (kerr + kerr.T)[np.ix_(both, both)] * (seed % 2)),
            qb.drive("b", 0.3, 0.7, transition=(place[low], place[high])),
        ]
        start = {"c": qb.bloch(2.0)}
        start |= {"ket": {"b": qb.state(ket[order] / np.linalg.norm(ket))}}.get(kind, {})
        start |= {"thermal": {"b": qb.thermal(0.4)}}.get(kind, {})
        system = qb.System({"c": qb.Qubit(), "b": battery}, links, "c", "b")
        tables.append(system.charge(start, times, MEASURES))
    agree(tables[1], {name: tables[0][name].values for name in MEASURES}, 1e-8)
