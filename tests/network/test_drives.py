"""Drives beside brute force in the laboratory frame, and what comes in."""

import json
import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import erf

import quantumbattery as qb
from roads.levels import on_levels
from roads.product_space import Whole, initial, lowering, random_case

MEASURES = ["energy", "ergotropy", "capacity"]


def brute_force(system, preparation, times):
    """Density matrices at some times, in the laboratory frame of the full product space."""
    levels = [site.dimension for site in system.sites.values()]
    whole = Whole(system, levels)
    jumps = [(jump, jump.conj().T @ jump) for jump in whole.jumps]
    fields = []
    for each in system.drives:
        a = lowering(system.sites[each.site], system.sites[each.site].dimension)
        if each.kind == "two_photon_drive":
            a = a @ a
        elif each.transition is not None:
            a = element(a, *each.transition)
        fields.append((each, whole.put((each.site, a))))

    def change(time, flat):
        rho, h = flat.reshape(whole.size, whole.size), whole.h
        for each, a in fields:
            shape = 1.0 if each.envelope is None else float(envelope_at(each.envelope, time))
            if each.kind == "two_photon_drive":
                term = each.amplitude / 2 * shape * np.exp(2j * each.frequency * time) * a
            elif each.rotating_wave:
                term = each.amplitude * shape * np.exp(1j * each.frequency * time) * a
            else:
                term = 2 * each.amplitude * shape * np.cos(each.frequency * time) * a
            h = h + term + term.conj().T
        after = -1j * (h @ rho - rho @ h)
        for jump, square in jumps:
            after += jump @ rho @ jump.conj().T - (square @ rho + rho @ square) / 2
        return after.ravel()

    start = initial(system, preparation).astype(complex).ravel()
    ends = (0.0, float(times[-1]))
    how = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-12, "max_step": 0.05}
    solved = solve_ivp(change, ends, start, t_eval=times, **how)
    return solved.y.T.reshape(-1, whole.size, whole.size), whole


def element(a, low, high):
    """|low><high|, times the element of A that joins the two, if one does."""
    between = np.zeros_like(a, dtype=complex)
    between[low, high] = a[low, high] or np.conj(a[high, low]) or 1.0
    return between


def envelope_at(envelope, time):
    if isinstance(envelope, xr.DataArray):
        return np.interp(time, envelope["time"], envelope, left=0.0, right=0.0)
    return envelope(time)


def check(system, preparation, times, atol=1e-8):
    """Energy, ergotropy and capacity of the battery, by brute force and by charge."""
    states, whole = brute_force(system, preparation, times)
    place = whole.names.index(system.battery[0])
    before, d = int(np.prod(whole.levels[:place])), whole.levels[place]
    rho = np.einsum(
        "taibajb->tij",
        states.reshape(len(times), before, d, -1, before, d, states.shape[-1] // (before * d)),
    )
    site = system.sites[system.battery[0]]
    own = Whole(qb.System({"b": site, "c": qb.Qubit()}, [], "c", "b"), [d, 2])
    h = own.h.reshape(d, 2, d, 2)[:, 0, :, 0]
    h = h - h[0, 0] * np.eye(d)
    table = system.charge(preparation, times, MEASURES, "collective")
    for name in MEASURES:
        expected = getattr(qb, name)(rho, h)
        np.testing.assert_allclose(table[name].values, expected, rtol=0, atol=atol)
    return table


# --- beside brute force --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the 3 levels")  # brute force has no more either
@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(["constant", "fields", "shapes"]))
def test_random_driven_systems(seed, lossy, kind):
    plain, chosen = random_case(seed, 18, lossy)
    rng = np.random.default_rng(seed)
    fields, shared = [], rng.uniform(0.5, 1.5)
    for name in rng.permutation(list(plain.sites))[: rng.integers(1, 3)].tolist():
        frequency = shared if kind == "constant" else rng.uniform(0.5, 1.5)
        shape = None
        if kind == "shapes":
            shape = [np.cos, lambda t: np.exp(-((t - 1) ** 2)), samples()][rng.integers(3)]
        big = plain.sites[name].dimension > 2
        if big and rng.random() < 0.3:
            fields.append(qb.two_photon_drive(name, rng.normal(), frequency, shape))
        else:
            waves = kind == "constant" or rng.random() < 0.7
            fields.append(qb.drive(name, rng.normal(), frequency, shape, waves))
    system = qb.System(plain.sites, [*plain.interactions, *fields], plain.charger, plain.battery)
    check(system, chosen, np.array([0.0, 0.4, 1.1, 2.0]))


def samples():
    return xr.DataArray([0.0, 1.0, -0.5], dims="time", coords={"time": [0.2, 0.7, 1.6]})


def test_a_constant_drive_is_solved_exactly():
    """Rabi, for a drive off resonance; the frame also holds for a sum of two equal fields."""
    d, a = 0.3, 0.2
    cell = qb.System({"b": qb.Qubit(1.0)}, [qb.drive("b", a, 1.0 + d)], [], "b")
    twice = qb.System({"b": qb.Qubit(1.0)}, [qb.drive("b", a / 2, 1.0 + d)] * 2, [], "b")
    times = np.linspace(0, 60, 50)
    rate = np.hypot(a, d / 2)
    for system in (cell, twice):
        table = system.charge({}, times, ["energy"])
        expected = (a / rate) ** 2 * np.sin(rate * times) ** 2
        np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-13)
        assert "eigenvectors" in table.attrs["method"]


def test_two_transitions_of_a_qutrit_are_driven_apart():
    """Unequal gaps, a field for each: p2 = [2 O1 O2 / O^2 sin^2(O t / 2)]^2, O^2 = O1^2 + O2^2."""
    one, two = 0.3, 0.4
    system = qb.System(
        {"b": qb.Qudit([0.0, 1.0, 1.8], steps=[1.0, 1.0])},
        [
            qb.drive("b", one, 1.0, transition=(0, 1)),
            qb.drive("b", two, 0.8, transition=(1, 2)),
        ],
        [],
        "b",
    )
    times = np.linspace(0, 20, 40)
    table = system.charge({}, times, ["energy"])
    assert "eigenvectors" in table.attrs["method"]
    rate = np.hypot(one, two)
    top = (2 * one * two / rate**2 * np.sin(rate * times / 2) ** 2) ** 2
    middle = (one / rate * np.sin(rate * times)) ** 2
    np.testing.assert_allclose(table.energy, middle + 1.8 * top, rtol=0, atol=1e-13)


def test_a_lossy_qudit_keeps_its_steps_together():
    """The jump of a ladder with unequal gaps must not turn: one of the drives does."""
    system = qb.System(
        {"b": qb.Qudit([0.0, 1.0, 1.8], loss=0.2)},
        [qb.drive("b", 0.5, 1.0, transition=(0, 1)), qb.drive("b", 0.4, 0.8, transition=(1, 2))],
        [],
        "b",
    )
    table = check(system, {}, np.array([0.0, 1.0, 2.5]))
    assert "steps of Taylor series" in table.attrs["method"]
    assert 0 < table.attrs["solver_error"] < 1e-8


def test_a_driven_oscillator_stays_coherent():
    """Without loss alpha = -i F t: energy (F t)^2, all of it work; on levels they are chosen."""
    system = qb.System({"b": qb.Oscillator()}, [qb.drive("b", 0.3, 1.0)], [], "b")
    times = np.linspace(0, 5, 6)
    with on_levels():
        table = system.charge({}, times, ["energy", "ergotropy"])
    for each in (table, system.charge({}, times, ["energy", "ergotropy"])):
        np.testing.assert_allclose(each.energy, (0.3 * times) ** 2, rtol=0, atol=1e-9)
        np.testing.assert_allclose(each.ergotropy, each.energy, rtol=0, atol=1e-9)
    assert table.attrs["left_out"] <= 1e-10


# --- shapes in time ------------------------------------------------------------------------------


def area_pulse(width, centre):
    """A Gaussian that turns a qubit by pi (amplitude 1: the angle is twice the area)."""

    def shape(t):
        height = np.pi / 2 / (width * np.sqrt(2 * np.pi))
        return height * np.exp(-((t - centre) ** 2) / (2 * width**2))

    return shape


@pytest.mark.parametrize("width", [0.5, 0.01])
def test_no_pulse_is_stepped_over(width):
    system = qb.System(
        {"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, area_pulse(width, 61.3))], [], "b"
    )
    table = system.charge({}, [0.0, 50.0, 100.0], ["energy"])
    np.testing.assert_allclose(table.energy, [0, 0, 1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("centre", [12.345, 30.0, 61.3, 99.0])
@pytest.mark.parametrize("wide", [0.0, 0.7])
def test_no_pulse_hides_in_a_background(centre, wide):
    """A pi pulse of a ten-thousandth of the time, on a small constant or on a wide pulse."""

    def shape(t):
        broad = 1e-3 + wide * np.exp(-(((t - 50) / 20) ** 2) / 2) / (20 * np.sqrt(2 * np.pi))
        return broad + area_pulse(0.01, centre)(t)

    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, shape)], [], "b")
    area = 0.1 + wide * erf(50 / 20 / np.sqrt(2)) + np.pi / 2
    table = system.charge({}, 100.0, ["energy"])
    np.testing.assert_allclose(table.energy, np.sin(area) ** 2, rtol=0, atol=1e-9)


def test_a_train_of_pulses():
    def shape(t):
        return 0.6 * np.exp(-(((t % 1.0 - 0.5) / 0.05) ** 2) / 2) * np.pi / 40

    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, shape)], [], "b")
    area = 60 * 0.6 * 0.05 * np.sqrt(2 * np.pi) * np.pi / 40
    table = system.charge({}, 60.0, ["energy"])
    np.testing.assert_allclose(table.energy, np.sin(area) ** 2, rtol=0, atol=1e-9)


def test_levels_follow_what_pulses_fill():
    """Displaced by one pulse and back by the next, between the even moments one would look at."""

    def shape(t):
        there, back = (np.exp(-(((t - c) / 0.005) ** 2) / 2) for c in (50.2, 50.5))
        return 2 * (there - back) / (0.005 * np.sqrt(2 * np.pi))

    system = qb.System({"b": qb.Oscillator()}, [qb.drive("b", 1.0, 1.0, shape)], [], "b")
    table = system.charge({}, [50.35, 100.0], ["energy"])
    np.testing.assert_allclose(table.energy, [4, 0], rtol=0, atol=1e-9)


def test_many_samples():
    """Each kink of the samples is a break; their area is that of the trapezoids."""
    times = np.linspace(0, 30, 600)
    shape = xr.DataArray(np.sin(times), dims="time", coords={"time": times})
    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, shape)], [], "b")
    table = system.charge({}, 30.0, ["energy"])
    area = np.trapezoid(np.sin(times), times)
    np.testing.assert_allclose(table.energy, np.sin(area) ** 2, rtol=0, atol=1e-11)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize(
    "shape", [lambda t: 1 / (t - 0.5), lambda t: np.sqrt(0.5 - t), lambda t: 1.0 if t < 1 else 1j]
)
def test_envelopes_that_break_off(shape):
    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, shape)], [], "b")
    with pytest.raises(ValueError, match="finite real numbers; near t = "):
        system.charge({}, 2.0)


@pytest.mark.filterwarnings("error")
def test_an_envelope_beyond_all_numbers():
    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 1.0, 1.0, lambda t: 1e300 + t)], [], "b")
    with pytest.raises(ValueError, match="the envelope is a bounded function"):
        system.charge({}, 2.0)


def test_breaks_name_what_is_too_short_to_see():
    """A box of 1e-7 of the time, and of area pi/2: named by its breaks, it is not missed."""
    start, length = 33.3, 1e-5

    def box(t):
        return np.where((t >= start) & (t < start + length), np.pi / 2 / length, 0.0)

    field = qb.drive("b", 1.0, 1.0, box, breaks=[start, start + length])
    table = qb.System({"b": qb.Qubit()}, [field], [], "b").charge({}, 100.0, ["energy"])
    np.testing.assert_allclose(table.energy, 1.0, rtol=0, atol=1e-8)


@pytest.mark.parametrize("shape", [np.cos, samples()])
def test_the_moment_of_switching_on(shape):
    """Alone, t = 0 leaves nothing to solve."""
    table = driven(qb.drive("b", 0.3, 1.0, shape)).charge({}, 0.0, ["energy", "power"])
    assert table.energy.item() == table.power.item() == 0.0


def test_a_function_of_single_times():
    """An envelope with an if works as its array form does."""
    one = qb.drive("b", 0.3, 1.0, lambda t: 1.0 if t < 2 else 0.0, breaks=[2.0])
    table = qb.System({"b": qb.Qubit()}, [one], [], "b").charge({}, [1.0, 3.0], ["energy"])
    np.testing.assert_allclose(table.energy, np.sin([0.3, 0.6]) ** 2, rtol=0, atol=1e-10)


def test_batches_share_axes_with_the_times():
    amplitude = xr.DataArray([0.1, 0.3], dims="run")
    frequency = xr.DataArray([0.9, 1.0, 1.2], dims="field")
    times = xr.DataArray([[0.0, 1.0], [2.0, 3.0]], dims=("run", "time"))
    shape = samples()
    fields = [qb.drive("b", amplitude, frequency, shape)]
    table = qb.System({"b": qb.Qubit()}, fields, [], "b").charge({}, times, ["energy"])
    for run, field in ((0, 2), (1, 0)):
        alone = qb.drive("b", float(amplitude[run]), float(frequency[field]), shape)
        single = qb.System({"b": qb.Qubit()}, [alone], [], "b")
        expected = single.charge({}, times[run].values, ["energy"]).energy
        found = table.energy.isel(run=run, field=field)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


# --- what comes in -------------------------------------------------------------------------------


def driven(*fields, **sites):
    return qb.System(sites or {"b": qb.Qubit()}, list(fields), [], "b")


def test_description():
    field = qb.drive("b", 0.1, 1.0, samples(), transition=(0, 1), breaks=[1.0])
    other = qb.two_photon_drive("b", 0.2, 1.0)
    system = driven(field, other, b=qb.Oscillator(levels=4))
    assert qb.System.from_dict(json.loads(json.dumps(system.to_dict()))) == system
    assert pickle.loads(pickle.dumps(system)) == system
    assert system != driven(field, b=qb.Oscillator(levels=4))
    assert str(system) == (
        "System: a drive charges b\n"
        "  b: Oscillator(frequency=1, levels=4)\n"
        "  drive('b'): amplitude=0.1, frequency=1, transition=[0, 1], shaped in time\n"
        "  two_photon_drive('b'): amplitude=0.2, frequency=1"
    )


def test_a_bath_may_charge_alone():
    system = qb.System({"b": qb.Qubit(loss=1.0, occupation=0.5)}, [], [], "b")
    assert str(system).startswith("System: a bath charges b")
    energy = system.charge({}, 60.0, ["energy"]).energy  # n / (2 n + 1)
    np.testing.assert_allclose(energy, 0.25, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: qb.drive(1, 0.1, 1.0), TypeError, "name of a site"),
        (lambda: qb.drive("b", "x", 1.0), TypeError, "amplitude must be a real number"),
        (lambda: qb.drive("b", 0.1, np.nan), ValueError, "frequency must be finite"),
        (lambda: qb.drive("b", 0.1, 1.0, 3.0), TypeError, "envelope is a function"),
        (lambda: qb.drive("b", 0.1, 1.0, lambda t: 1j * t), ValueError, "real numbers"),
        (lambda: qb.drive("b", 0.1, 1.0, lambda t: 1 / t), ValueError, "at t = 0"),
        (lambda: qb.drive("b", 0.1, 1.0, samples().rename(time="x")), ValueError, "'time'"),
        (lambda: qb.drive("b", 0.1, 1.0, samples()[::-1]), ValueError, "rising times"),
        (lambda: qb.drive("b", 0.1, 1.0, samples().drop_vars("time")), ValueError, "coordinates"),
        (lambda: qb.drive("b", 0.1, 1.0, rotating_wave=2), TypeError, "True or False"),
        (lambda: qb.drive("b", 0.1, 1.0, transition=(2, 2)), ValueError, "different levels"),
        (lambda: qb.drive("b", 0.1, 1.0, transition=1), TypeError, "pair"),
        (lambda: qb.drive("b", 0.1, 1.0, breaks=["x"]), TypeError, "list of times"),
        (lambda: qb.drive("b", 0.1, 1.0, breaks=[np.inf]), ValueError, "finite times"),
        (lambda: driven(qb.drive("c", 0.1, 1.0)), ValueError, "there is no site 'c'"),
        (lambda: driven(qb.drive("b", 0.1, 1.0, transition=(1, 2))), ValueError, "levels 0 to 1"),
        (lambda: driven(qb.two_photon_drive("b", 0.1, 1.0)), ValueError, "two levels"),
        (
            lambda: driven(qb.drive("b", 0.1, 1.0)).charge(qb.bloch(1.0), 1.0),
            ValueError,
            "no charger to prepare",
        ),
        (
            lambda: driven(qb.drive("b", 0.1, 1.0, np.cos)).to_dict(),
            TypeError,
            "cannot be written down",
        ),
    ],
)
def test_bad_input(make, kind, says):
    with pytest.raises(kind, match=says):
        make()
