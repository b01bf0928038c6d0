"""Strokes one after another, beside step by step evolution in the full product space."""

import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from unittest.mock import patch

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.dynamics import cycles, motion, separate
from quantumbattery.dynamics.cycles import when
from quantumbattery.dynamics.stages import SparseCycle
from roads.product_space import initial, ladder
from roads.strokes import random_protocol, walked

WORK = ("energy", "ergotropy", "capacity", "energy_variance")


@contextmanager
def sparse():
    """Cycles are sparse matrices wherever they can be; gives how often they were applied."""
    costs = {"_CALL": 0, "_ENTRY": 0, "_REPEATED": 1}
    used, after = [], SparseCycle.after
    with ExitStack() as stack:
        for name, value in costs.items():
            stack.enter_context(patch.object(cycles, name, value))
        stack.enter_context(patch.object(motion, "_LARGEST_VECTOR", 3))
        stack.enter_context(patch.object(separate, "_LARGE", 3))
        stack.enter_context(
            patch.object(
                SparseCycle, "after", lambda self, *now: (used.append(self), after(self, *now))[1]
            )
        )
        yield used


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.booleans())
def test_random_protocols_agree_with_the_full_space(seed, lossy):
    check_in_full_space(seed, lossy)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.booleans())
def test_random_protocols_of_few_entries_do_so_too(seed, lossy):
    with sparse():
        check_in_full_space(seed, lossy)


def check_in_full_space(seed, lossy):
    strokes, parts, first, chosen = random_protocol(seed, lossy)
    levels = [site.dimension for site in first.sites.values()]
    rng, repeat = np.random.default_rng(seed), 4
    protocol = qb.Protocol(strokes, repeat)
    length = protocol.duration
    times = rng.permutation([0.0, *rng.uniform(0, repeat * length, 3), length, 2 * length])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        table = protocol.charge(chosen, times, WORK, "collective")
        rho = protocol.density_matrix(chosen, times, list(first.sites))
    place = list(first.sites).index("b")
    h, start = ladder(first.sites["b"], levels[place]), initial(first, chosen)
    for k, time in enumerate(times):
        known = walked(parts, levels, start, time, repeat)
        assert rho.values[k] == pytest.approx(known, abs=1e-9)
        battery = qutip.Qobj(known, dims=[levels, levels]).ptrace(place).full()
        for name in WORK:
            ours = table[name].values[k]
            assert ours == pytest.approx(getattr(qb, name)(battery, h), abs=1e-8)


def maser(levels, atom, time, **loss):
    system = qb.System(
        {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=levels, **loss)},
        [qb.exchange("atom", "cavity", 1.0)],
        charger="atom",
        battery="cavity",
    )
    return qb.Stroke(system, time, reset={"atom": atom})


@pytest.mark.parametrize("atom", ["excited", "coherent", "mixed"])
@pytest.mark.parametrize("loss", [0.0, 0.02])
@pytest.mark.parametrize("few", [False, True])
def test_many_collisions_are_those_of_the_recursion(atom, loss, few):
    """Kraus operators of one crossing, found by QuTiP, applied one by one."""
    n, time, many = 7, 0.9, 300
    ket = np.array([0.6, 0.8j]) if atom == "coherent" else np.array([0.0, 1.0])
    fresh = np.diag([0.3, 0.7]) if atom == "mixed" else np.outer(ket, ket.conj())
    a = qutip.tensor(qutip.qeye(2), qutip.destroy(n))
    s = qutip.tensor(qutip.basis(2, 0) * qutip.basis(2, 1).dag(), qutip.qeye(n))
    h = a.dag() * a + s.dag() * s + a.dag() * s + s.dag() * a
    step = (qutip.liouvillian(h, [np.sqrt(loss) * a] if loss else []) * time).expm()
    cavity, levels = qutip.fock_dm(n, 0), np.diag(np.arange(n))
    table = qb.Protocol([maser(n, qb.state(fresh), time, loss=loss)], many)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # seven levels are few
        times = [time * k for k in (1, 2, 77, many)]
        with sparse() if few else nullcontext() as used:
            ours = table.density_matrix({}, times)
    if atom == "coherent":  # others leave a cavity without coherence, of seven numbers
        assert bool(used) == few
    known = {}
    for k in range(1, many + 1):
        both = qutip.tensor(qutip.Qobj(fresh), cavity)
        cavity = qutip.vector_to_operator(step * qutip.operator_to_vector(both)).ptrace(1)
        known[k] = cavity.full()
    for j, k in enumerate((1, 2, 77, many)):
        assert ours.values[j] == pytest.approx(known[k], abs=1e-9)
        work = qb.ergotropy(known[k], levels)
        assert qb.ergotropy(ours[j], levels).item() == pytest.approx(work, abs=1e-9)


def test_every_way_of_repeating_gives_the_same():
    """All cycles at once, a few of them by powers, one of them step by step."""
    stroke = maser(9, qb.bloch(2.0), 1.1, loss=0.01)
    protocol = qb.Protocol([stroke], 500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        every = protocol.charge({}, measures=["energy", "ergotropy"])
        few = protocol.charge({}, 1.1 * np.array([0, 3, 499, 500]), ["energy", "ergotropy"])
        odd = protocol.charge({}, 1.1 * np.array([2.5, 3.25, 400.75]), ["energy", "ergotropy"])
        half = qb.Protocol([maser(9, qb.bloch(2.0), 1.1, loss=0.01)], 3).charge(
            {}, [2.75], ["energy", "ergotropy"]
        )
        with sparse() as used:
            mapped = protocol.charge({}, measures=["energy", "ergotropy"])
    assert used
    for name in ("energy", "ergotropy"):
        chosen = every[name].values[[0, 3, 499, 500]]
        assert mapped[name].values == pytest.approx(every[name].values, abs=1e-12)
        assert few[name].values == pytest.approx(chosen, abs=1e-12)
        assert odd[name].values[0] == pytest.approx(half[name].values[0], abs=1e-12)
    assert every.cycle.values[[0, 1, 2, 500]].tolist() == [0, 0, 1, 499]


def test_drives_begin_with_each_stroke():
    """A driven stroke in the laboratory frame, solved by QuTiP twice with t = 0 at its start."""
    sites = {"a": qb.Qubit(1.0), "b": qb.Qubit(1.2, loss=0.1)}
    link = qb.exchange("a", "b", 0.5)
    driven = qb.System(sites, [link, qb.drive("a", 0.4, 0.8)], "a", "b")
    free = qb.System(sites, [link], "a", "b")
    protocol = qb.Protocol([qb.Stroke(driven, 1.3), qb.Stroke(free, 0.7)], repeat=2)
    times = [0.6, 1.3, 1.7, 2.4, 3.9]
    ours = protocol.density_matrix(qb.bloch(1.0, 0.4), times, ["a", "b"])
    one = qutip.basis(2, 0) * qutip.basis(2, 1).dag()
    a, b = qutip.tensor(one, qutip.qeye(2)), qutip.tensor(qutip.qeye(2), one)
    h = a.dag() * a + 1.2 * b.dag() * b + 0.5 * (a.dag() * b + b.dag() * a)
    fields = [[0.4 * a, lambda t: np.exp(0.8j * t)], [0.4 * a.dag(), lambda t: np.exp(-0.8j * t)]]
    tight = {"atol": 1e-12, "rtol": 1e-11}
    charger = np.cos(0.5) * qutip.basis(2, 0) + np.exp(0.4j) * np.sin(0.5) * qutip.basis(2, 1)
    rho, now, known = qutip.ket2dm(qutip.tensor(charger, qutip.basis(2, 0))), 0.0, {}
    for _ in range(2):
        for which, span in (([h, *fields], 1.3), (h, 0.7)):
            inside = [t - now for t in times if now < t <= now + span + 1e-9]
            marks = sorted({0.0, *inside, span})
            found = qutip.mesolve(which, rho, marks, [np.sqrt(0.1) * b], options=tight)
            known |= {
                round(now + t, 9): s for t, s in zip(marks[1:], found.states[1:], strict=True)
            }
            rho, now = found.states[-1], now + span
    for k, time in enumerate(times):
        assert ours.values[k] == pytest.approx(known[time].full(), abs=1e-8)


def test_axes_of_systems_and_preparations():
    coupling = xr.DataArray([0.5, 1.0], dims="coupling", coords={"coupling": [0.5, 1.0]})
    system = qb.models.qubit_pair(coupling=coupling)
    protocol = qb.Protocol([qb.Stroke(system, 0.8), qb.Stroke(system, 0.5)], 2)
    table = protocol.charge(qb.bloch([1.0, 2.0, 3.0]), [0.3, 2.0], ["energy", "power"])
    assert set(table.energy.dims) == {"coupling", "theta", "time"}
    known = system.charge(qb.bloch([1.0, 2.0, 3.0]), [0.3, 2.0], ["energy", "power"])
    for name in ("energy", "power"):
        ours = table[name].transpose(*known[name].dims)
        assert ours.values == pytest.approx(known[name].values, abs=1e-12)
    assert table.stroke.values.tolist() == [0, 0]
    assert table.cycle.values.tolist() == [0, 1]


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_axes_of_cycles_that_are_sparse(loss):
    """Couplings of their own maps, starts of their own columns: each as it is alone."""
    couplings, alphas = [0.5, 1.0, 1.3], [0.2, 0.4]

    def charged(strength, alpha, *, levels=6):
        link = [qb.exchange("atom", "cavity", strength)]
        sites = {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=levels, loss=loss)}
        stroke = qb.Stroke(qb.System(sites, link, "atom", "cavity"), 0.8, {"atom": qb.bloch(1.0)})
        free = qb.Stroke(qb.System(sites, [], "atom", "cavity"), 0.3)
        starts = {"cavity": qb.coherent(alpha)}
        return qb.Protocol([stroke, free], 5).charge(starts, measures=["energy", "ergotropy"])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # six levels are few
        with sparse() as used:
            every = charged(xr.DataArray(couplings, dims="k"), xr.DataArray(alphas, dims="a"))
        assert used
        for k, strength in enumerate(couplings):
            for a, alpha in enumerate(alphas):
                ours, known = every.isel(k=k, a=a), charged(strength, alpha)
                assert ours.energy.values == pytest.approx(known.energy.values, abs=1e-12)
                assert ours.ergotropy.values == pytest.approx(known.ergotropy.values, abs=1e-12)


def test_what_is_seen_at_a_cut_is_said():
    protocol = qb.Protocol([maser(4, qb.fock(1), 0.5)], 50)
    with pytest.warns(UserWarning, match="was seen on the last levels of cavity"):
        table = protocol.charge({}, measures=["energy"])
    assert table.attrs["at_cut"] > 0.1
    trapped = qb.Protocol([maser(12, qb.fock(1), np.pi / np.sqrt(6))], 50)
    assert trapped.charge({}, measures=["energy"]).attrs["at_cut"] < 1e-12


def test_a_reset_beyond_the_levels_keeps_the_trace_and_is_told():
    cut = qb.System(
        {"c": qb.Oscillator(levels=3), "b": qb.Qubit()}, [qb.exchange("c", "b", 1.0)], "c", "b"
    )
    protocol = qb.Protocol([qb.Stroke(cut, 1.0, reset={"c": qb.coherent(2.0)})], 3)
    with pytest.warns(UserWarning, match="was seen on the last levels of c"):
        rho = protocol.density_matrix({}, None, ["c", "b"])
    assert np.trace(rho.values, axis1=1, axis2=2) == pytest.approx(np.ones(4), abs=1e-12)
    assert rho.attrs["at_cut"] == pytest.approx(1 - np.exp(-4) * (1 + 4 + 8))
    with pytest.warns(UserWarning, match="was seen on the last levels of c"):
        table = qb.Protocol([qb.Stroke(cut, 1.0)]).charge(qb.coherent(2.0), 1.0, ["energy"])
    assert "left_out" not in table.attrs
    assert table.attrs["at_cut"] > 0.7


def test_a_stroke_that_takes_no_time_has_its_end_among_all_ends():
    sites = {"c": qb.Qubit(), "b": qb.Qubit()}
    on = qb.System(sites, [qb.exchange("c", "b", 1.0)], "c", "b")
    empty = qb.Stroke(qb.System(sites, [], "c", "b"), 0.0, {"b": qb.fock(0)}, resets_battery=True)
    table = qb.Protocol([qb.Stroke(on, np.pi / 4), empty]).charge(qb.fock(1), None, ["energy"])
    assert table.energy.values == pytest.approx([0, 0.5, 0], abs=1e-12)
    assert table.stroke.values.tolist() == [0, 0, 1]


def test_sums_of_many_durations_are_still_the_ends_of_strokes():
    durations = [0.1, 0.2, 0.3]
    _, stroke, spans = when(np.add.accumulate(np.tile(durations, 1000)), durations, 1000)
    assert stroke.tolist() == [0, 1, 2] * 1000
    assert spans.tolist() == durations * 1000


def test_what_a_reset_needs_is_foreseen():
    cavity = qb.System(
        {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=70, loss=0.1)},
        [qb.exchange("atom", "cavity", 1.0)],
        "atom",
        "cavity",
    )
    protocol = qb.Protocol([qb.Stroke(cavity, 0.1, {"atom": qb.bloch(1.0)})], 2)
    with pytest.raises(ValueError, match="too large"):
        protocol.charge({}, measures=["energy"], limit=0.01)


def pair(**sites):
    given = {"charger": qb.Qubit(), "battery": qb.Qubit()} | sites
    return qb.System(given, [qb.exchange("charger", "battery", 1.0)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: qb.Stroke("x", 1.0), "a stroke takes a System"),
        (lambda: qb.Stroke(pair(), -1.0), "the duration of a stroke must be zero or positive"),
        (lambda: qb.Stroke(pair(), np.inf), "the duration of a stroke"),
        (lambda: qb.Stroke(pair(), [1.0, 2.0]), "a single time, not an array"),
        (lambda: qb.Stroke(pair(), 1.0, {"x": qb.fock(1)}), "reset: the preparation names 'x'"),
        (lambda: qb.Stroke(pair(), 1.0, qb.fock(1)), "reset is a dict"),
        (lambda: qb.Stroke(pair(), 1.0, {"battery": qb.fock(0)}), "say resets_battery=True"),
        (lambda: qb.Stroke(pair(), 1.0, {"charger": qb.bloch([1.0, 2.0])}), "sweep it"),
        (lambda: qb.Protocol([]), "at least one stroke"),
        (lambda: qb.Protocol([pair()]), "a protocol is a list of Stroke"),
        (lambda: qb.Protocol([qb.Stroke(pair(), 0.0)]), "all strokes have the duration 0"),
        (lambda: qb.Protocol([qb.Stroke(pair(), 1.0)], 0), "repeat must be a whole number"),
        (
            lambda: qb.Protocol([qb.Stroke(pair(), 1.0), qb.Stroke(pair(bus=qb.Qubit()), 1.0)]),
            "stroke 1 is over other sites than the first",
        ),
        (
            lambda: qb.Protocol(
                [
                    qb.Stroke(pair(), 1.0),
                    qb.Stroke(qb.System(dict(pair().sites), [], "battery", "charger"), 1.0),
                ]
            ),
            "stroke 1 has another charger than the first: battery, and not charger",
        ),
        (
            lambda: qb.Protocol(
                [qb.Stroke(pair(), 1.0), qb.Stroke(pair(battery=qb.Qubit(2.0)), 1.0)]
            ).charge(qb.fock(1)),
            "stroke 1 changes the battery's own Hamiltonian",
        ),
        (
            lambda: qb.Protocol(
                [
                    qb.Stroke(pair(battery=qb.Qudit([0, 1, 2])), 1.0),
                    qb.Stroke(pair(battery=qb.Qudit([0, 1, 5])), 1.0),
                ]
            ).charge(qb.fock(1)),
            "stroke 1 changes the battery's own Hamiltonian",
        ),
        (
            lambda: qb.Protocol([qb.Stroke(pair(), 1.0)]).charge(
                qb.fock(1), None, ["energy_half_life"]
            ),
            "a battery which is disconnected",
        ),
        (
            lambda: qb.Protocol([qb.Stroke(pair(), 1.0)]).charge(qb.fock(1), 2.0),
            "the protocol ends at 1, but times go up to 2",
        ),
        (
            lambda: qb.Protocol(
                [qb.Stroke(qb.models.jaynes_cummings(), 1.0, {"charger": qb.fock(1)})], 2
            ).charge({}),
            "give it levels=",
        ),
    ],
)
def test_strokes_that_make_no_sense(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make()


@pytest.mark.parametrize("start", [{}, {("x", "y"): qb.gibbs(0.5)}], ids=["ground", "warm"])
def test_what_is_always_on_is_so_once(start):
    """However many strokes there are: the same system again is the system itself."""
    links = [
        qb.dipole("x", "y", 0.3, always=True),
        qb.interaction("x", matrix=np.ones((2, 2)) / 9, always=True),
    ]
    system = qb.System({"x": qb.Qubit(), "y": qb.Qubit(1.2)}, links, [], ["x", "y"])
    known = system.charge(start, [0.0, 1.0, 2.0], ["energy", "ergotropy"])
    state = system.density_matrix(start, 0.0)
    for strokes, repeat in ((1, 2), (2, 1)):
        protocol = qb.Protocol([qb.Stroke(system, 1.0)] * strokes, repeat=repeat)
        table = protocol.charge(start, [0.0, 1.0, 2.0], measures=["energy", "ergotropy"])
        for name in ("energy", "ergotropy"):
            np.testing.assert_allclose(table[name], known[name], rtol=0, atol=1e-13)
        found = protocol.density_matrix(start, times=[0.0])[0]
        np.testing.assert_allclose(found, state, rtol=0, atol=1e-13)


@pytest.mark.parametrize("state", [qb.fock(1), qb.bloch(0.3, 0.2), qb.thermal(0.2)])
def test_a_reset_beside_an_axis_of_its_site(state):
    def ergotropy(frequency):
        sites = {"charger": qb.Qubit(frequency), "battery": qb.Qubit()}
        system = qb.System(sites, [qb.exchange("charger", "battery", 1.0)])
        protocol = qb.Protocol([qb.Stroke(system, 0.7, reset={"charger": state})], repeat=2)
        return protocol.charge({}, 1.4, ["ergotropy"]).ergotropy.values

    expected = [ergotropy(1.0), ergotropy(1.5)]
    np.testing.assert_allclose(ergotropy(np.array([1.0, 1.5])), expected, rtol=0, atol=1e-15)


def test_a_reset_to_several_states_is_refused():
    sites = {"charger": qb.Qubit(np.array([1.0, 1.5])), "battery": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("charger", "battery", 1.0)])
    protocol = qb.Protocol([qb.Stroke(system, 0.7, reset={"charger": qb.gibbs(0.5)})])
    with pytest.raises(ValueError, match="the state of 'charger' depends on frequency"):
        protocol.charge({})
