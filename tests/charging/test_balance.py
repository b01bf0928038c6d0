"""What strokes cost and yield, beside energies in the full product space."""

import warnings

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.product_space import Whole, initial, ladder
from roads.strokes import random_protocol, refreshed

SITES = ("reset_energy", "switch_on", "switch_off", "exchanged")


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.booleans())
def test_random_protocols_have_the_energies_of_the_full_space(seed, lossy):
    strokes, parts, first, chosen = random_protocol(seed, lossy)
    sites, repeat = dict(first.sites), 2
    levels = [site.dimension for site in sites.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        table = qb.Protocol(strokes, repeat).balance(chosen, "collective")
    bare = Whole(qb.System(sites, [], "a", "b"), levels).h
    place = list(sites).index("b")
    h, rho = ladder(sites["b"], levels[place]), initial(first, chosen)

    def work(state):
        return qb.ergotropy(qutip.Qobj(state, dims=[levels, levels]).ptrace(place).full(), h)

    def mean(operator, state):
        return np.trace(operator @ state).real

    for k in range(repeat):
        for j, (whole, duration, fresh) in enumerate(parts):
            begun = refreshed(rho, levels, fresh)
            ended = whole.evolved(begun, duration)
            links = whole.h - bare
            on, off = mean(links, begun), -mean(links, ended)
            known = {
                "reset_energy": mean(bare, begun) - mean(bare, rho),
                "switch_on": on,
                "switch_off": off,
                "exchanged": mean(bare, ended) - mean(bare, begun) - on - off,
                "ergotropy": work(ended),
            }
            if not lossy:
                assert known["exchanged"] == pytest.approx(0, abs=1e-9)
            change = work(ended) - work(rho)
            here = table.isel(cycle=k, stroke=j)
            for name, value in known.items():
                assert here[name].item() == pytest.approx(value, abs=1e-8)
            gone = here.work_out.item() + here.work_lost.item()
            assert here.work_stored.item() - gone == pytest.approx(change, abs=1e-8)
            assert min(here.work_out.item(), here.work_lost.item()) == 0
            rho = ended
    brought = table.reset_energy + table.switch_on + table.switch_off
    brought = brought.clip(0) + table.exchanged.clip(0)
    assert table.energy_in.values == pytest.approx(brought.sum("stroke").values, abs=1e-12)


def engine(coupling, wait):
    """A fresh atom charges, the battery waits, a load takes."""
    sites = {"charger": qb.Qubit(), "battery": qb.Qubit(loss=0.2), "load": qb.Qubit()}

    def linked(*links):
        return qb.System(sites, [qb.dipole(*ends, coupling) for ends in links])

    return qb.Protocol(
        [
            qb.Stroke(linked(("charger", "battery")), 1.0, {"charger": qb.fock(1)}),
            qb.Stroke(linked(), wait),
            qb.Stroke(linked(("battery", "load")), 1.5, {"load": qb.fock(0)}),
        ],
        repeat=5,
    )


def test_a_machine_reaches_its_cycle():
    table = engine(1.2, 0.7).balance({})
    late = table.isel(cycle=[3, 4])
    assert late.ergotropy[0].values == pytest.approx(late.ergotropy[1].values, abs=1e-4)
    assert (table.efficiency < 1).all()
    assert (table.work_lost.isel(stroke=1) > 0).all()
    assert (table.work_lost.isel(stroke=[0, 2]) == 0).all()
    assert (table.exchanged <= 1e-12).all()  # cold: losses take
    assert table.efficiency.attrs["units"] == "1"


def test_axes_come_first():
    coupling = xr.DataArray([0.5, 1.0], dims="coupling", coords={"coupling": [0.5, 1.0]})
    table = engine(coupling, 0.3).balance({"battery": qb.bloch([0.0, 1.0, 2.0])})
    assert set(table.energy.dims) == {"coupling", "battery.theta", "cycle", "stroke"} or set(
        table.energy.dims
    ) == {"coupling", "theta", "cycle", "stroke"}
    assert table.energy.dims[-2:] == ("cycle", "stroke")
    one = engine(1.0, 0.3).balance({"battery": qb.bloch(2.0)})
    same = table.isel(coupling=1, theta=2)
    for name in (*SITES, "work_out", "energy_in", "efficiency"):
        assert same[name].values == pytest.approx(one[name].values, abs=1e-12)


def test_nothing_in_has_no_efficiency():
    rest = qb.System({"charger": qb.Qubit(), "battery": qb.Qubit(loss=0.1)}, [])
    table = qb.Protocol([qb.Stroke(rest, 1.0)], 2).balance({"battery": qb.fock(1)})
    assert np.isnan(table.efficiency).all()
    assert table.work_lost.values[0, 0] == pytest.approx(1 - (2 * np.exp(-0.1) - 1))


def test_baths_and_shifts_take_no_work():
    """What a battery loses in storage is lost, whoever writes the loss down."""
    lower = np.array([[0.0, 1.0], [0.0, 0.0]])
    full = qb.System({"charger": qb.Qubit(), "battery": qb.Qubit()},
                     [qb.exchange("charger", "battery", 1.0)])  # fmt: skip
    for loss, links in (
        (0.1, []),
        (0.0, [qb.jump("battery", lower, 0.1)]),
        (0.0, [qb.dissipator({"battery": 1.0}, 0.1)]),
        (0.1, [qb.shift("battery", 0.3)]),
    ):
        stored = qb.System({"charger": qb.Qubit(), "battery": qb.Qubit(loss=loss)}, links)
        strokes = [qb.Stroke(full, np.pi / 2), qb.Stroke(stored, 2.0)]
        books = qb.Protocol(strokes).balance(qb.fock(1))
        lost = 1 - (2 * np.exp(-0.2) - 1)
        np.testing.assert_allclose(books.work_lost[0, 1], lost, atol=1e-12)
        np.testing.assert_allclose(books.work_out[0, 1], 0.0, atol=1e-12)


@pytest.mark.parametrize("name", ["stroke", "cycle", "edge"])
def test_axes_that_are_named_as_a_protocol_s_own(name):
    """Of a system or of a start: refused before the work, in every table."""
    values = xr.DataArray([1.0, 0.3], dims=name)
    pair = qb.models.qubit_pair()
    many = qb.Protocol([qb.Stroke(qb.models.qubit_pair(coupling=values), 1.0)], repeat=2)
    one = qb.Protocol([qb.Stroke(pair, 1.0)], repeat=2)
    for protocol, start in ((many, {}), (one, qb.bloch(values))):
        for ask in (protocol.charge, protocol.balance, protocol.density_matrix):
            with pytest.raises(ValueError, match=f"an axis is named '{name}', which a protocol"):
                ask(start)
    seen = one.charge(qb.fock(1))
    again = one.charge(qb.fock(1), seen.time)  # with the coordinates that the table has
    np.testing.assert_array_equal(seen.energy, again.energy)


def test_what_only_discharges_has_no_efficiency():
    """What is brought in is rounding of what goes out."""
    system = qb.System({"b": qb.Qubit(), "c": qb.Qubit()}, [qb.exchange("b", "c", 0.4)], "c", "b")
    table = qb.Protocol([qb.Stroke(system, 1.0)], repeat=3).balance({"b": qb.bloch(2.0)})
    assert np.isnan(table.efficiency).all()
    assert np.isnan(table.charging_efficiency).all()
    small = qb.Protocol([qb.Stroke(system, 1.0)]).balance({"c": qb.bloch(1e-5)})
    assert np.isnan(small.efficiency).all()  # nothing is brought in: it was there
