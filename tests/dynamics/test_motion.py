"""Evolution of any system, on every path there is, beside expm in the full product space."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.dynamics import motion as evolve
from quantumbattery.dynamics.motion import motion
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import exchange
from quantumbattery.network.preparations import bloch, fock, state
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.reach.reach import Bipartition
from quantumbattery.states.reduced import part_of
from quantumbattery.states.representation import representation
from roads.product_space import Whole, chain, initial, random_case
from roads.reached import reach

close = partial(np.testing.assert_allclose, rtol=0, atol=2e-12)
WHENS = {
    "any": np.array([1.7, 0.0, 0.4, 1.7]),
    "grid": np.linspace(0, 2, 5),
    "single": np.array([2.5]),
}


def moving(reached, form, times, numbers=None, start=None):
    if numbers is None:
        numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    if start is None:
        start = reached.start.amplitude.to_numpy()[None, None]
    return motion(form, numbers, start, times)


def joint(form, numbers):
    """The density matrix on all configurations."""
    whole = part_of(Bipartition.of(form.reach, form.reach.sites), form)
    row, column = np.divmod(np.arange(form.reach.size**2), form.reach.size)
    elements = whole.elements(numbers, row, column)
    return elements.reshape(*elements.shape[:-1], form.reach.size, form.reach.size)


def exact(system, chosen, reached, times):
    """The same by exponentials in the product space."""
    whole = Whole(system, reached.levels)
    rho = initial(system, chosen)
    inside = np.ravel_multi_index(reached.configurations.T.astype(int), reached.levels)
    states = [whole.evolved(rho, t) for t in times]
    return np.stack(states)[:, inside[:, None], inside]


def pair(**rates):
    return System(
        {"charger": Qubit(**rates), "battery": Qubit()}, [exchange("charger", "battery", 1.0)]
    )


# --- every path there is -------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.sampled_from(sorted(WHENS)),
)
def test_evolution_against_the_product_space(seed, lossy, series, when):
    system, chosen = random_case(seed, 16, lossy)
    reached, times = reach(system, chosen), WHENS[when]
    form = representation(reached)
    with pytest.MonkeyPatch.context() as patch:
        if series is not None:
            patch.setattr(evolve, "_series_pays", lambda *_: series)
        made = moving(reached, form, times)
    assert made.measured == bool(series)
    numbers = made.at(times, slice(None))
    assert numbers.shape == (1, 1, len(times), form.size)
    close(joint(form, numbers)[0, 0], exact(system, chosen, reached, times))
    assert made.error(times, slice(None), numbers) < 1e-12


SYSTEMS = {
    "kets": (chain(4), {"q0": bloch(1.0, 0.2), "q2": fock(1)}),
    "kets of a mixture": (chain(4), {"q0": state(np.array([[0.5, 0.3], [0.3, 0.5]]))}),
    "kets that shrink": (chain(4, loss=0.7), {"q1": bloch(2.0, 0.2)}),
    "matrix": (chain(3, loss=0.7, occupation=0.2), {"q0": bloch(1.0, 0.2)}),
    "real matrix": (chain(3, loss=0.7, dephasing=0.2), {"q0": fock(1), "q1": fock(1)}),
}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("when", WHENS)
def test_series_and_dense_matrices_agree(monkeypatch, name, when):
    system, chosen = SYSTEMS[name]
    reached, times = reach(system, chosen), WHENS[when]
    form = representation(reached)
    expected = exact(system, chosen, reached, times)
    for series in (True, False):
        monkeypatch.setattr(evolve, "_series_pays", lambda *_, series=series: series)
        made = moving(reached, form, times)
        dense = "eigenvectors" if form.hermitian else "matrix exponential"
        assert made.measured == series
        large = "Chebyshev series" if form.hermitian else "Taylor series"
        method = large if series else dense
        assert {kind for kind, _ in made.methods} == {method}
        numbers = made.at(times, slice(None))
        close(joint(form, numbers)[0, 0], expected)
        error = made.error(times, slice(None), numbers)
        assert error < 1e-12 if series else error == 0


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("n", [63, 64, 130])
def test_one_quantum_on_a_long_chain(monkeypatch, n, loss):
    """Tridiagonal matrices; the places of the chain are named in any order."""
    rng = np.random.default_rng(n)
    names = [f"q{k}" for k in range(n)]
    frequencies, strengths = rng.uniform(0.5, 1.5, n), rng.uniform(0.5, 1.5, n - 1)
    links = [exchange(a, b, g) for (a, b), g in zip(pairwise(names), strengths, strict=True)]
    sites = {names[k]: Qubit(frequencies[k], loss=loss * (k % 3)) for k in rng.permutation(n)}
    system = System(sites, links, names[0], names[1])
    h = np.diag(frequencies) + np.diag(strengths, 1) + np.diag(strengths, -1)
    shrink = -1j * h - np.diag(loss * (np.arange(n) % 3)) / 2
    times = np.array([30.0, 2.0, 0.0])
    expected = np.stack([np.abs(expm(shrink * t)[:, 7]) ** 2 for t in times])
    reached = reach(system, {"q7": fock(1)})
    form = representation(reached)
    place = [reached.sites.index(name) for name in names]
    for series in (None, True):
        if series is not None:
            monkeypatch.setattr(evolve, "_series_pays", lambda *_: True)
        made = moving(reached, form, times)
        assert made.measured == bool(series)
        populations = np.abs(made.at(times, slice(None))[0, 0]) ** 2
        close(populations @ reached.configurations[form.configuration][:, place], expected)


def test_large_problems_take_the_series_by_themselves():
    """A ring with long-range hops: its matrix is circulant, its energies are a Fourier series."""
    n = 900
    names = [f"q{k}" for k in range(n)]
    hops = {1: 0.5, 5: 0.3, 44: 0.2}
    links = [exchange(names[k], names[(k + d) % n], g) for d, g in hops.items() for k in range(n)]
    reached = reach(System(dict.fromkeys(names, Qubit()), links, "q0", "q1"), fock(1))
    form, times = representation(reached), np.array([0.5, 2.0])
    made = moving(reached, form, times)
    assert made.methods == (("Chebyshev series", 900),)
    momenta = 2 * np.pi * np.arange(n) / n
    energies = 1 + sum(2 * g * np.cos(d * momenta) for d, g in hops.items())
    expected = np.fft.ifft(np.exp(-1j * times[:, None] * energies))
    numbers = made.at(times, slice(None))
    where = reached.configurations[form.configuration].argmax(axis=1)
    close(numbers[0, 0], expected[:, where])
    assert made.error(times, slice(None), numbers) < 1e-12


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("series", [True, False])
@pytest.mark.parametrize("rates", [{}, {"loss": 1.0}, {"loss": 1.0, "occupation": 0.5}], ids=str)
def test_a_batch_of_systems_starts_and_times(monkeypatch, rates, series):
    monkeypatch.setattr(evolve, "_series_pays", lambda *_: series)
    strengths, losses, angles = [0.3, 1.0, 2.0], [0.0, 1.5, 4.0], [0.0, 1.0, np.pi]

    def system(strength, loss):
        given = {n: loss if n == "loss" else rate for n, rate in rates.items()}
        sites = {"charger": Qubit(1.1, **given), "wire": Qubit(), "battery": Qubit(0.9)}
        links = [exchange("charger", "wire", strength), exchange("wire", "battery", 0.8)]
        return System(sites, links)

    arrays = xr.DataArray(strengths, dims="x"), xr.DataArray(losses, dims="x")
    reached = reach(system(*arrays), bloch(xr.DataArray(angles, dims="theta")))
    form = representation(reached)
    coefficients = [*reached.hamiltonian.coefficients, *reached.losses.coefficients]
    numbers = np.stack(np.broadcast_arrays(*map(np.asarray, coefficients)), axis=-1)
    numbers = np.broadcast_to(numbers, (3, numbers.shape[-1]))
    start = reached.start.amplitude.transpose("theta", "entry").to_numpy()[None]
    together = np.array([0.7, 0.0, 2.0])
    for times in (together, together * np.array([[1.0], [0.5], [2.0]])):
        made = moving(reached, form, times, numbers, start)
        rho = joint(form, made.at(times, slice(None)))
        for k, (strength, loss) in enumerate(zip(strengths, losses, strict=True)):
            single = system(strength, loss or 1e-300)  # a bath takes some loss
            mine = times[k] if times.ndim > 1 else times
            for c, angle in enumerate(angles):
                close(rho[k, c], exact(single, {"charger": bloch(angle)}, reached, mine))
        some = joint(form, made.at(times, slice(1, 3)))
        close(some, rho[:, 1:3])
        assert made.error(times, slice(1, 3), made.at(times, slice(1, 3))) < 1e-12
        apart = moving(reached, form, times, numbers, start[0, :, None])  # a start for each
        close(joint(form, apart.at(times, slice(None)))[:, 0], rho[[0, 1, 2], [0, 1, 2]])


def test_error_of_a_series_is_that_of_its_last_states(monkeypatch):
    monkeypatch.setattr(evolve, "_series_pays", lambda *_: True)
    for rates in ({}, {"loss": 0.5}, {"loss": 0.5, "occupation": 0.3}):
        reached = reach(chain(4, **rates), bloch(1.0))
        form = representation(reached)
        for times in WHENS.values():
            made = moving(reached, form, times)
            spoilt = made.at(times, slice(None))
            assert made.error(times, slice(None), spoilt) < 1e-12
            spoilt[0, 0, times.argmax(), -1] += 1e-7
            assert made.error(times, slice(None), spoilt) == pytest.approx(1e-7, rel=1e-4)


def test_error_of_a_part_of_the_starts(monkeypatch):
    monkeypatch.setattr(evolve, "_series_pays", lambda *_: True)
    reached = reach(chain(4), bloch(xr.DataArray([0.5, 1.0, 2.0], dims="theta")))
    form, times = representation(reached), np.linspace(0, 2, 5)
    start = reached.start.amplitude.transpose("theta", "entry").to_numpy()[None]
    made = moving(reached, form, times, start=start)
    for chosen in (slice(None), slice(0, 1), slice(1, 2), slice(1, 3)):
        assert made.error(times, chosen, made.at(times, chosen)) < 1e-12


# --- what is left out, what stays real -----------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(sorted(WHENS)))
def test_only_what_somebody_will_look_at(seed, lossy, when):
    """What some sites show is the same, and so is what some of them show alone."""
    system, chosen = random_case(seed, 30, lossy)
    reached, times, rng = reach(system, chosen), WHENS[when], np.random.default_rng(seed)
    watched = rng.permutation(reached.sites)[: rng.integers(1, len(reached.sites) + 1)].tolist()
    every, few = (
        representation(reached),
        representation(reached, [Bipartition.of(reached, watched)]),
    )
    assert few.size <= every.size
    for sites in (watched, watched[:1], watched[::-1][:2]):
        split = Bipartition.of(reached, sites)
        row, column = np.divmod(np.arange(len(split.levels) ** 2), len(split.levels))
        whole, shown = (
            part_of(split, form).elements(solved(reached, form, times), row, column)
            for form in (every, few)
        )
        close(shown, whole)
        values = [
            part_of(split, form).eigenvalues(solved(reached, form, times)) for form in (every, few)
        ]
        close(*values)


def solved(reached, form, times):
    return moving(reached, form, times).at(times, slice(None))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
@example(3)  # blocks of one class that differ in how much is read of them
@example(75)
@example(721)
def test_few_columns_are_written_where_they_are_read(seed):
    """On a grid, what is written in place is what the general way copies there."""
    system, chosen = random_case(seed, 12 if seed % 2 else 30, True)
    reached, times = reach(system, chosen), np.linspace(0.2, 2, 23)
    for name in reached.sites:
        split = Bipartition.of(reached, [name])
        form = representation(reached, [replace(split, ground=len(split.levels) != 2)])
        made = moving(reached, form, times)
        found = made.at(times, slice(None))
        made.__dict__["_few_columns"] = []
        close(found, made.at(times, slice(None)))


def test_a_series_shows_the_same(monkeypatch):
    reached = reach(chain(4, loss=0.7, occupation=0.2), {"q0": bloch(1.0, 0.2)})
    watched = Bipartition.of(reached, ["q3", "q1"])
    row, column = np.divmod(np.arange(16), 4)
    for times in WHENS.values():
        expected = part_of(watched, representation(reached)).elements(
            solved(reached, representation(reached), times), row, column
        )
        form = representation(reached, [watched])
        monkeypatch.setattr(evolve, "_series_pays", lambda *_: True)
        made = moving(reached, form, times)
        numbers = made.at(times, slice(None))
        close(part_of(watched, form).elements(numbers, row, column), expected)
        assert made.measured
        assert made.error(times, slice(None), numbers) < 1e-12
        monkeypatch.undo()


def test_what_does_not_show_is_left_out():
    reached = reach(pair(dephasing=0.3), {"charger": fock(1)})
    # populations and coherence of 10 and 01 are one block, of which the two populations are read
    assert representation(reached).size == 4
    assert representation(reached, [Bipartition.of(reached, ["battery"])]).size == 2
    apart = System({"charger": Qubit(dephasing=0.3), "battery": Qubit()})
    reached = reach(apart, bloch(1.0))
    assert representation(reached).size == 4  # two populations, and a complex coherence
    assert representation(reached, [Bipartition.of(reached, ["charger"])]).size == 4
    assert representation(reached, [Bipartition.of(reached, ["battery"])]).size == 2


def test_hermitian_parts_move_as_real_numbers():
    """Quanta differ by at most one in what a superposition of none and one leads to.

    Where they are equal the matrix is Hermitian; beside that it has a mirror image, not solved.
    """
    system = chain(3, loss=0.7, occupation=0.2)
    for start, beside in ((fock(1), 0), (bloch(1.0, 0.4), 15)):
        form = representation(reach(system, start))
        assert len(form.row) == 20 + beside
        assert form.size == 20 + 2 * beside
        quanta = form.reach.configurations.astype(int).sum(axis=1)
        within = quanta[form.row] == quanta[form.column]
        np.testing.assert_array_equal(form.twin, ~within)
        for blocks in form.blocks:
            assert np.isrealobj(blocks.generator.value) == (not blocks.double)
        assert np.isrealobj(solved(form.reach, form, np.array([0.0, 0.9])))
        solved_ones = set(zip(form.row.tolist(), form.column.tolist(), strict=True))
        twins = zip(form.column[form.twin].tolist(), form.row[form.twin].tolist(), strict=True)
        assert len(solved_ones | set(twins)) == 20 + 2 * beside


@pytest.mark.parametrize("rates", [{}, {"loss": 0.25, "occupation": 0.25}], ids=str)
def test_a_shared_frequency_costs_no_digits(rates):
    """At resonance the populations are those of any other frequency; blocks differ in size."""
    times = np.array([10.0, 1.0])
    ket = state(np.array([0, 0, 0.6, 0.8]))
    populations = []
    for frequency in (1.0, 2.0**20):
        cavity = Oscillator(frequency, levels=5, **rates)
        sites = {"charger": cavity, "battery": Ensemble(Qubit(frequency), 4)}
        system = System(sites, [exchange("charger", "battery", 0.5)])
        reached = reach(system, ket)
        form = representation(reached)
        numbers = moving(reached, form, times).at(times, slice(None))
        populations.append(
            part_of(Bipartition.of(reached, ["battery"]), form).populations(numbers)[0, 0]
        )
    close(populations[1], populations[0], atol=1e-13)


# --- limits --------------------------------------------------------------------------------------


def test_too_many_numbers_in_dense_blocks():
    reached = reach(chain(200), fock(1))
    form, numbers = representation(reached), np.ones((50, len(reached.hamiltonian.coefficients)))
    start = reached.start.amplitude.to_numpy()[None, None]
    with pytest.raises(ValueError, match=r"too large: at least .* numbers in dense blocks"):
        motion(form, numbers, start, np.array([1.0]), limit=0.01)
