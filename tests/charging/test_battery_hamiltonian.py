"""The battery's own Hamiltonian beside dense matrices and lists of all levels."""

from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise, product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.battery_hamiltonian import battery, check_extraction
from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange, heisenberg
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from roads.product_space import Whole, closure, random_interaction, random_site

# Random systems join two sites more than once; a dense sum is what they are compared with.
pytestmark = pytest.mark.filterwarnings("ignore:.*join the same sites")

close = partial(np.testing.assert_allclose, rtol=0, atol=1e-12)


def plain(parameter):
    return np.array([parameter])


def whole_numbers(system):
    return {name: site.dimension for name, site in system.sites.items()}


def every_level(system):
    sizes = [system.sites[name].dimension for name in system.battery]
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=-1)


def dense(made, k=0):
    """What a battery says about its Hamiltonian, as a matrix."""
    h = np.diag(made.energies[k]).astype(complex)
    np.add.at(h, (made.row, made.column), made.value[k])
    return h


def by_itself(system):
    """The Hamiltonian of the battery's sites and of what is always on, without a ground level."""
    sites = {name: system.sites[name] for name in system.battery}
    links = [replace(each, always=False) for each in system.interactions if each.always]
    alone = System(sites, links, charger=system.battery[0], battery=system.battery[1:])
    return Whole(alone, [site.dimension for site in sites.values()]).h


def random_battery(seed, links):
    """Two or three sites in any order, which may interact; the charger may interact, too."""
    rng = np.random.default_rng(seed)
    while True:
        names = ["a", *"bcd"[: rng.integers(2, 4)]]
        sites = {name: random_site(rng, lossy=True) for name in names}
        if np.prod([sites[name].dimension for name in names[1:]]) <= 60:
            break
    ends = [pair for pair in combinations(names[1:], 2) if links and rng.random() < 0.7]
    always = [random_interaction(rng, sites, *rng.permutation(pair).tolist()) for pair in ends]
    between = [random_interaction(rng, sites, "a", "b"), random_interaction(rng, sites, "b", "c")]
    order = rng.permutation(names[1:]).tolist()
    return System(sites, [*between, *(replace(e, always=True) for e in always)], "a", order)


# --- interactions that are always on -------------------------------------------------------------


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_hamiltonian_and_its_levels_against_a_dense_matrix(seed, links):
    system = random_battery(seed, links)
    made = battery(system, whole_numbers(system), every_level(system), plain, "collective")
    expected = by_itself(system)
    levels = np.linalg.eigvalsh(expected)
    close(dense(made), expected - levels[0] * np.eye(len(levels)))
    assert not (made.row == made.column).any()
    for count in (1, len(levels) // 2, len(levels), len(levels) + 5):
        low, high = made.extremes(count)
        close(low, (levels - levels[0])[None, :count])
        close(high, (levels - levels[0])[None, ::-1][:, :count])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_only_the_states_that_can_be_reached(seed):
    system = random_battery(seed, links=True)
    levels, rng = every_level(system), np.random.default_rng(seed)
    whole = battery(system, whole_numbers(system), levels, plain, "collective")
    first = rng.random(len(levels)) < 0.2
    first[0] = True
    few = rng.permutation(np.flatnonzero(closure(abs(dense(whole)) > 0, first)))
    made = battery(system, whole_numbers(system), levels[few], plain, "collective")
    close(dense(made), dense(whole)[np.ix_(few, few)])
    close(made.extremes(len(levels))[0], whole.extremes(len(levels))[0])


def test_two_cells_with_an_exchange_of_their_own():
    """Energies 0, w - J, w + J and 2 w; below w = J the ground state has a quantum."""
    for w, j in ((1.0, 0.4), (1.0, 2.5)):
        system = System(
            {"charger": Qubit(), "b1": Qubit(w), "b2": Qubit(w)},
            [exchange("charger", "b1", 1.0), exchange("b1", "b2", j, always=True)],
            battery=["b1", "b2"],
        )
        made = battery(system, whole_numbers(system), every_level(system), plain)
        expected = np.sort([0, w - j, w + j, 2 * w])
        low, high = made.extremes(4)
        close(low, [expected - expected[0]])
        close(high, [expected[::-1] - expected[0]])
        close(made.energies, [np.array([0, w, w, 2 * w]) - expected[0]])
        assert sorted(zip(made.row, made.column, strict=True)) == [(1, 2), (2, 1)]


def test_arrays_give_a_batch_and_its_parts():
    gaps, strengths = [0.5, 1.0, 2.0], [0.0, 0.3, 1.7]
    frequency, strength = (xr.DataArray(v, dims="x") for v in (gaps, strengths))
    sites = {"a": Qubit(), "b": Qubit(frequency), "c": Qudit([0, 1, 1.5])}
    system = System(sites, [dipole("b", "c", strength, always=True)], "a", ["b", "c"])

    def numbers(parameter):
        return np.atleast_1d(np.asarray(parameter))

    made = battery(system, whole_numbers(system), every_level(system), numbers)
    later = made.select(slice(1, 3))
    for k, (gap, g) in enumerate(zip(gaps, strengths, strict=True)):
        single = System(
            sites | {"b": Qubit(gap)}, [dipole("b", "c", g, always=True)], "a", ["b", "c"]
        )
        expected = by_itself(single)
        levels = np.linalg.eigvalsh(expected)
        close(dense(made, k), expected - levels[0] * np.eye(6))
        close(made.extremes(6)[0][k], levels - levels[0])
        if k:
            close(dense(later, k - 1), dense(made, k))
            close(later.extremes(6)[1][k - 1], (levels - levels[0])[::-1])


# --- levels of cells apart -----------------------------------------------------------------------


CELLS = {"a": Qubit(), "b": Ensemble(Qudit([0, 0.9, 2.0]), 3), "c": Qubit(1.1)}


def test_global_extraction_counts_every_cell():
    system = System(CELLS, (), "a", ["b", "c"])
    made = battery(system, whole_numbers(system), every_level(system), plain, "global")
    listed = np.sort([sum(s) for s in product(*[[0, 0.9, 2.0]] * 3, [0, 1.1])])
    for count in (1, 10, 54, 70):
        low, high = made.extremes(count)
        close(low, listed[None, :count])
        close(high, listed[None, ::-1][:, :count])


@pytest.mark.parametrize("extraction", ["collective", "local"])
def test_other_extraction_stays_on_the_symmetric_ladder(extraction):
    system = System(CELLS, (), "a", ["b", "c"])
    made = battery(system, whole_numbers(system), every_level(system), plain, extraction)
    ladder = [sum(s) for s in product([0, 0.9, 2.0], repeat=3) if list(s) == sorted(s)]
    listed = np.sort(np.add.outer(ladder, [0, 1.1]).ravel())
    low, high = made.extremes(30)
    close(low, [listed])
    close(high, [listed[::-1]])


def test_a_ladder_without_an_end_has_no_highest_level():
    system = System({"a": Qubit(), "b": Oscillator(0.7), "c": Qubit()}, (), "a", ["b", "c"])
    made = battery(system, {"a": 2, "b": 3, "c": 2}, np.array([[2, 1], [0, 0]]), plain)
    close(made.energies, [[2.4, 0]])
    low, high = made.extremes(7)
    close(low, [[0, 0.7, 1, 1.4, 1.7, 2.1, 2.4]])
    assert high.shape == (1, 7)
    assert np.isinf(high).all()
    cut = System({"a": Qubit(), "b": Oscillator(0.7, levels=3)}, (), "a", "b")
    made = battery(cut, {"a": 2, "b": 3}, np.array([[2], [0]]), plain)
    close(made.extremes(2)[1], [[1.4, 0.7]])


def test_a_thousand_cells():
    system = System({"a": Qubit(), "b": Ensemble(Qubit(), 1000)}, (), "a", "b")
    states = np.arange(3)[:, None]
    for extraction, levels in (("global", [0, 1, 1, 1]), ("local", [0, 1, 2, 3])):
        made = battery(system, {"a": 2, "b": 1001}, states, plain, extraction)
        close(made.extremes(4)[0], [levels])
        close(made.extremes(4)[1], [1000 - np.array(levels)])
        close(made.energies, [[0, 1, 2]])


# --- messages ------------------------------------------------------------------------------------


def cells_that_interact(**sites):
    return System(
        {"a": Qubit(), "b": Qubit(), "c": Qubit()} | sites,
        [exchange("a", "b", 1.0), exchange("b", "c", 0.5, always=True)],
        "a",
        ["b", "c"],
    )


def test_kinds_of_extraction():
    free = System(CELLS, [exchange("a", "b", 1.0), exchange("b", "c", 1.0)], "a", ["b", "c"])
    for kind in ("global", "collective", "local"):
        assert check_extraction(free, kind) == kind
    assert check_extraction(cells_that_interact(), "global") == "global"
    together = cells_that_interact(c=Ensemble(Qubit(), 3))
    assert check_extraction(together, "collective") == "collective"
    # an ensemble outside the battery is no reason to complain
    assert check_extraction(cells_that_interact(a=Ensemble(Qubit(), 3)), "global") == "global"


@pytest.mark.parametrize(
    ("system", "extraction", "error", "message"),
    [
        (cells_that_interact(), "all", ValueError, r"extraction is 'all'; choose global .*local"),
        (cells_that_interact(), None, TypeError, r"extraction is None; choose global"),
        (cells_that_interact(), ["global"], TypeError, r"extraction is \['global'\]; choose"),
        (
            cells_that_interact(),
            "local",
            ValueError,
            r"extraction is 'local' but exchange\('b', 'c'\) is always on.*extraction='global'",
        ),
        (
            cells_that_interact(c=Ensemble(Qubit(), 3)),
            "global",
            ValueError,
            r"exchange\('b', 'c'\) is always on, and 'c' is an Ensemble.*extraction='collective'",
        ),
    ],
    ids=["unknown", "no text", "list", "local", "global"],
)
def test_what_extraction_cannot_be(system, extraction, error, message):
    with pytest.raises(error, match=message):
        check_extraction(system, extraction)


def test_too_many_levels_that_interact():
    names = [f"b{k}" for k in range(16)]
    links = [heisenberg(a, b, 1.0, 1.0, 0.3, always=True) for a, b in pairwise(names)]
    system = System({"a": Qubit()} | dict.fromkeys(names, Qubit()), links, "a", names)
    states = np.zeros((1, 16), dtype=int)
    with pytest.raises(ValueError, match="too large: at least 65,536 levels of a battery with"):
        battery(system, whole_numbers(system), states, plain, limit=0.001)
    with pytest.raises(ValueError, match="numbers in blocks of the battery"):
        battery(system, whole_numbers(system), states, plain, limit=0.5)


def test_a_matrix_that_is_always_on():
    shift = np.diag([0.0, 0, 0, -3.0])
    system = System(
        {"a": Qubit(), "b": Qubit(), "c": Qubit(2.0)},
        [interaction("b", "c", shift, always=True)],
        "a",
        ["c", "b"],
    )
    made = battery(system, whole_numbers(system), every_level(system), plain)
    close(made.energies, [[0, 1, 2, 0]])
    close(made.extremes(4)[1], [[2, 1, 0, 0]])
