"""Charging that ends at some time, and storage from then on, beside the full product space."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.system import System
from roads.product_space import Whole, initial, ladder, random_case

WORK = ("energy", "ergotropy", "capacity", "energy_variance")


def alone(system):
    """The same sites without links."""
    return System(dict(system.sites), [], system.charger, system.battery)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_random_systems_agree_with_two_stages_in_the_full_space(seed, lossy):
    system, chosen = random_case(seed, 24 if lossy else 60, lossy)
    levels = [site.dimension for site in system.sites.values()]
    on, off, start = Whole(system, levels), Whole(alone(system), levels), initial(system, chosen)
    place = list(system.sites).index("b")
    h = ladder(system.sites["b"], levels[place])
    ends, times = [0.0, 0.6, 1.4, np.inf], np.array([2.0, 0.0, 0.6, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        table = system.charge(chosen, times, WORK, "collective", disconnect=ends)
        rho = system.density_matrix(chosen, times, list(system.sites), disconnect=ends)
    assert table.energy.dims == ("disconnect", "time")
    for j, end in enumerate(ends):
        for k, time in enumerate(times):
            state = on.evolved(start, min(end, time))
            state = off.evolved(state, max(time - end, 0.0))
            assert rho.values[j, k] == pytest.approx(state, abs=1e-9)
            battery = qutip.Qobj(state, dims=[levels, levels]).ptrace(place).full()
            for name in WORK:
                known = getattr(qb, name)(battery, h)
                assert table[name].values[j, k] == pytest.approx(known, abs=1e-8)


def shelved(loss=0.05, dephasing=0.03, strength=0.4):
    """A driven cavity that charges two cells which always interact."""
    cells = {name: qb.Qubit(1.0, loss=loss, dephasing=dephasing) for name in ("x", "y")}
    return qb.System(
        {"c": qb.Oscillator(1.1, levels=5, loss=0.2)} | cells,
        [
            qb.exchange("c", "x", 0.6),
            qb.exchange("c", "y", 0.3),
            qb.exchange("x", "y", strength, always=True),
            qb.drive("c", 0.3, 0.9),
        ],
        "c",
        ["x", "y"],
    )


def by_qutip(end, time):
    """Of `shelved`, in the laboratory frame, solved stage by stage."""
    one = qutip.basis(2, 0) * qutip.basis(2, 1).dag()
    eyes = [qutip.qeye(5), qutip.qeye(2), qutip.qeye(2)]
    c, x, y = (
        qutip.tensor([own if j == k else eye for j, eye in enumerate(eyes)])
        for k, own in enumerate([qutip.destroy(5), one, one])
    )
    always = 0.4 * (x.dag() * y + y.dag() * x)
    bare = 1.1 * c.dag() * c + x.dag() * x + y.dag() * y + always
    links = 0.6 * (c.dag() * x + x.dag() * c) + 0.3 * (c.dag() * y + y.dag() * c)
    jumps = [np.sqrt(0.2) * c]
    jumps += [np.sqrt(0.05) * a for a in (x, y)] + [np.sqrt(0.06) * a.dag() * a for a in (x, y)]
    drive = [[0.3 * c, lambda t: np.exp(0.9j * t)], [0.3 * c.dag(), lambda t: np.exp(-0.9j * t)]]
    # The ground state of the cells is empty: |0.4| is less than their gap.
    state = qutip.tensor(qutip.basis(5, 2), qutip.basis(2, 0), qutip.basis(2, 0))
    tight = {"atol": 1e-12, "rtol": 1e-11, "nsteps": 100_000}
    first = min(end, time)
    if first:
        state = qutip.mesolve([bare + links, *drive], state, [0, first], jumps, options=tight)
        state = state.states[-1]
    if time > end:
        state = qutip.mesolve(bare, state, [0, time - end], jumps, options=tight).states[-1]
    return state


@pytest.mark.parametrize(("end", "time"), [(1.0, 2.5), (2.0, 1.0), (0.7, 0.7)])
def test_drives_stop_and_what_is_always_on_stays(end, time):
    system = shelved()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # five levels are few
        rho = system.density_matrix({"c": qb.fock(2)}, time, ["c", "x", "y"], disconnect=end)
    assert rho.values == pytest.approx(by_qutip(end, time).full(), abs=1e-8)


def test_a_driven_system_that_turns_in_every_frame_is_left_alone_too():
    links = [qb.dipole("a", "b", 0.4), qb.drive("a", 0.3, 1.3, rotating_wave=False)]
    system = qb.System({"a": qb.Qubit(), "b": qb.Qubit(loss=0.3)}, links, "a", "b")
    ends = np.array([0.0, 0.5, 1.7])
    table = system.charge(qb.bloch(1.0), [2.5], ["energy"], disconnect=ends)
    at_end = system.charge(qb.bloch(1.0), ends, ["energy"]).energy.values
    kept = at_end * np.exp(-0.3 * (2.5 - ends))
    assert table.energy.values[:, 0] == pytest.approx(kept, abs=1e-9)
    assert table.attrs["solver_error"] < 1e-6


def test_shared_axes_of_every_kind():
    loss = xr.DataArray([0.0, 0.2, 0.5], dims="loss")
    system = qb.QubitPair(battery_loss=loss).system()
    end = xr.DataArray([1.0, 0.4, 2.0], dims="loss")
    time = xr.DataArray([[0.5, 3.0], [0.4, 1.0], [0.1, 7.0]], dims=("loss", "when"))
    table = system.charge(qb.bloch(2.0), time, ["energy"], disconnect=end)
    assert table.energy.dims == ("loss", "when")
    assert table.disconnect.values.tolist() == end.values.tolist()
    for k in range(3):
        one = qb.QubitPair(battery_loss=float(loss[k])).system()
        known = one.charge(
            qb.bloch(2.0), time.values[k], ["energy"], disconnect=float(end[k])
        ).energy
        assert table.energy.values[k] == pytest.approx(known.values, abs=1e-14)
    angles = xr.DataArray([0.3, 2.0, 3.0], dims="loss")
    same = system.charge(qb.bloch(angles), 3.0, ["energy"], disconnect=end)
    assert same.energy.dims == ("loss",)


def test_a_large_lossless_chain_is_stored_as_it_was():
    n = 400  # solved by a series
    links = [qb.exchange(f"q{k}", f"q{k + 1}", 1.0) for k in range(n - 1)]
    many = qb.System({f"q{k}": qb.Qubit() for k in range(n)}, links, "q0", ["q1", "q2"])
    table = many.charge(qb.fock(1), [0.5, 2.0, 5.0], ["ergotropy"], disconnect=[0.5, 1.0])
    known = many.charge(qb.fock(1), [0.5, 1.0], ["ergotropy"]).ergotropy.values
    assert table.ergotropy.values[:, 1:] == pytest.approx(np.stack([known, known]).T, abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_what_is_left_out_bounds_both_stages(seed):
    """Warm oscillators on few levels, beside the same on many."""
    rng = np.random.default_rng(seed)
    warm = {"loss": rng.uniform(0.05, 0.5), "occupation": rng.uniform(0.05, 1.0)}
    few = qb.Oscillator(1.0, levels=int(rng.integers(3, 7)), **warm)
    strength, end, time = rng.uniform(0.2, 1.0), rng.uniform(0.1, 1.0), rng.uniform(1.0, 4.0)

    def made(site):
        return qb.System(
            {"c": qb.Qubit(loss=0.1), "b": site}, [qb.exchange("c", "b", strength)], "c", "b"
        )

    many = replace(few, levels=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = made(few).charge(qb.fock(1), time, disconnect=end)
        known = made(many).charge(qb.fock(1), time, disconnect=end)
    for name in ("energy", "ergotropy"):
        assert abs(table[name] - known[name]) <= table.attrs["left_out"] + 1e-12


def test_levels_are_chosen_for_both_stages():
    def made(levels):
        hot = qb.Oscillator(loss=0.2, occupation=0.5, levels=levels)
        return qb.System({"c": qb.Qubit(), "b": hot}, [qb.exchange("c", "b", 0.5)], "c", "b")

    table = made(None).charge(qb.fock(1), 4.0, ["energy", "ergotropy"], disconnect=0.5)
    known = made(80).charge(qb.fock(1), 4.0, ["energy", "ergotropy"], disconnect=0.5)
    assert table.attrs["left_out"] < 1e-10
    assert table.energy.item() == pytest.approx(known.energy.item(), abs=1e-10)
    assert table.ergotropy.item() == pytest.approx(known.ergotropy.item(), abs=1e-10)


def test_powers_stay_gains_over_the_whole_time():
    pair = qb.QubitPair(battery_loss=0.1).system()
    table = pair.charge(qb.bloch(3.0), [0.5, 2.0, 4.0], disconnect=1.0)
    gain = table.energy / table.time
    assert table.power.values == pytest.approx(gain.values, abs=1e-14)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (-1.0, "disconnect must be a time, zero or positive; infinite for never"),
        (np.nan, "disconnect must be a time"),
        (1j, "disconnect must be a real number"),
        ("soon", "disconnect must be a real number"),
        ([], "disconnect is empty"),
        ([[1.0]], "disconnect has 2 dimensions"),
        (xr.DataArray([1.0], dims="row"), "are used inside"),
    ],
)
def test_ends_that_make_no_sense(end, said):
    with pytest.raises((TypeError, ValueError), match=said):
        qb.models.qubit_pair().charge(qb.bloch(1.0), 1.0, disconnect=end)
