"""Strokes of oscillators by means and covariances: beside integration, levels, and a typed loop."""

import warnings
from unittest.mock import patch

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad_vec
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.charging import strokes_of_moments
from roads.strokes_of_quadratures import Case

READ = ["energy", "energy_variance", "ergotropy", "purity", "entropy"]
SEEDS = st.integers(0, 10**6)


@settings(max_examples=40)
@given(SEEDS, st.booleans())
def test_random_strokes_are_those_of_quadratures(seed, strong):
    case = Case(seed, strong)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a bond may be given twice
        table = case.protocol.charge(case.start, case.times, READ)
    assert table.attrs["method"].startswith("means and covariances (")
    assert "at_cut" not in table.attrs
    for k, (mean, spread) in enumerate(case.walked()):
        known = case.networks[0].figures(mean, spread)
        size = 1 + abs(known[1])
        for name, expected in zip(READ, known, strict=True):
            wide = 2e-8 if name == "entropy" else 1e-9  # steep beside a pure state
            assert table[name].values[k] == pytest.approx(expected, abs=wide * size), name


@settings(max_examples=12)
@given(SEEDS)
def test_states_are_those_of_the_laboratory(seed):
    """All first and second moments of two sites, read from their density matrix."""
    case = Case(seed, False, modes=2, size=0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        rho = case.protocol.density_matrix(case.start, case.times, ["o1", "o0"])
    levels = rho.attrs["levels"]
    one = [np.diag(np.sqrt(np.arange(1, n)), 1) for n in levels]
    a = [np.kron(np.eye(levels[0]), one[1]), np.kron(one[0], np.eye(levels[1]))]
    lower = case.networks[0].lower
    for k, (mean, spread) in enumerate(case.walked()):
        state, alpha = rho.values[k], lower @ mean
        normal = lower.conj() @ spread @ lower.T - np.eye(2) / 2  # <a_j^dag a_k>
        pairs = lower @ spread @ lower.T
        for i in range(2):
            assert np.trace(state @ a[i]) == pytest.approx(alpha[i], abs=1e-9)
            for j in range(2):
                both = np.trace(state @ a[i].T @ a[j]) - alpha[i].conj() * alpha[j]
                assert both == pytest.approx(normal[i, j], abs=1e-9)
                both = np.trace(state @ a[i] @ a[j]) - alpha[i] * alpha[j]
                assert both == pytest.approx(pairs[i, j], abs=1e-9)


def strokes_on(levels, rng, battery=("b",), size=0.01, *, always=False):
    """The same few quanta on levels, or without: links, fields, pairs, baths and resets."""
    number, how = rng.uniform, {} if levels is None else {"levels": levels}
    frequencies, loss = number(0.8, 1.2, 3), number(0.1, 0.5, 2)
    charger = [name for name in "cb" if name not in battery]
    mine = qb.Oscillator(frequencies[0], loss=loss[0], occupation=0.003, **how)
    own = qb.Oscillator(frequencies[1], loss=loss[1] * rng.integers(2), **how)
    other = mine
    if charger:  # whose frequency may change
        other = qb.Oscillator(frequencies[2], loss=loss[0], **how)

    def acting(site, *links):
        if always:
            links = [qb.exchange("c", "b", 0.2 + 0.1j, always=True), *links]
        return qb.System({"c": site, "b": own}, links, charger, [*battery])

    strength = number(0.3, 0.9) * np.exp(1j * number(0, 6))
    field = qb.drive("c", size * number(0.3, 1), number(0.8, 1.2), phase=number(0, 6))
    pairs = qb.two_photon_drive("b", size * number(0.2, 0.6), number(0.8, 1.2), phase=1.0)
    warm = qb.dissipator({"c": 1.0, "b": 0.5j}, 0.2, occupation=0.002)
    fresh = qb.gaussian(size * np.exp(1j * number(0, 6)), size, number(0, 6), 0.002)
    return [
        qb.Stroke(
            acting(mine, qb.exchange("c", "b", strength), field),
            number(0.3, 1.0),
            {"c": fresh},
            resets_battery=True,
        ),
        qb.Stroke(acting(other, qb.dipole("c", "b", size * number(-1, 1)), warm), number(0.3, 1.0)),
        qb.Stroke(acting(mine, pairs, qb.shift("b", 0.2)), number(0.3, 1.0)),
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore:up to:UserWarning")  # six levels are few, and enough
def test_enough_levels_give_the_same(seed):
    """Fields that are detuned, frames of their own, a charger whose frequency changes."""
    start = {"b": qb.coherent(xr.DataArray([0.0, 0.02j], dims="start"))}
    ours, cut = (
        qb.Protocol(strokes_on(levels, np.random.default_rng(seed)), 2) for levels in (None, 6)
    )
    times = np.linspace(0, ours.duration * 2, 7)
    names = [*READ, "charger_energy", "interaction_energy", "mutual_information"]
    names += ["power", "ergotropic_power", "coherent_ergotropy", "incoherent_ergotropy"]
    for asked in (None, times):
        found, known = (each.charge(start, asked, names) for each in (ours, cut))
        assert "levels" in known.attrs
        assert found.attrs["method"] == "means and covariances (2 modes)"
        for name in names:
            assert found[name].values == pytest.approx(known[name].values, abs=1e-9), name
        for mark in ("stroke", "cycle"):
            assert found[mark].values.tolist() == known[mark].values.tolist()
    found, known = (each.balance(start) for each in (ours, cut))
    assert list(found.data_vars) == list(known.data_vars)
    for name in known:
        assert found[name].dims == known[name].dims
        if "efficiency" not in name:  # a ratio of what is nearly nothing
            assert found[name].values == pytest.approx(known[name].values, abs=1e-9), name
    found, known = (each.density_matrix(start, times, ["b"]) for each in (ours, cut))
    n = min(found.shape[-1], 3)
    assert found.values[..., :n, :n] == pytest.approx(known.values[..., :n, :n], abs=1e-9)


@pytest.mark.parametrize("how", ["global", "local", "always"])
@pytest.mark.filterwarnings("ignore:up to:UserWarning", "ignore:exchange:UserWarning")
def test_work_of_two_modes_together_and_of_each(how):
    """Sites of a battery that are apart, or joined by what is always on."""
    always = how == "always"
    ours, cut = (
        qb.Protocol(strokes_on(levels, np.random.default_rng(5), ("c", "b"), always=always), 2)
        for levels in (None, 6)
    )
    names = ["energy", "ergotropy", "passive_energy"]
    names += [] if always else ["local_ergotropy", "locked_ergotropy"]
    start = {"b": qb.squeezed(0.01, 0.4), "c": qb.thermal(0.002)}
    extraction = "global" if always else how
    found, known = (each.charge(start, None, names, extraction) for each in (ours, cut))
    assert "levels" not in found.attrs
    for name in names:
        assert found[name].values == pytest.approx(known[name].values, abs=1e-9), name
    assert found.ergotropy.values.max() > 1e-5


def driven(link, field, detuning, loss=0.3, fresh=None, **given):
    sites = {"c": qb.Oscillator(1.0, loss=loss, occupation=0.2), "b": qb.Oscillator(1.1, loss=0.01)}
    links = [qb.exchange("c", "b", link), qb.drive("c", field, 1.0 + detuning), *given.values()]
    on, off = qb.System(sites, links, "c", "b"), qb.System(sites, [], "c", "b")
    reset = None if fresh is None else {"c": fresh}
    return [qb.Stroke(on, 0.9, reset), qb.Stroke(off, 0.4)]


def typed(link, field, detuning, loss=0.3):
    """The same pair as typed matrices of (a, b, 1): M and noise of charging and of storing."""
    bare = np.diag([-1j - loss / 2, -1.1j - 0.005, 0.0])
    noise = np.diag([loss * 0.2, 0.0, 0.0])
    turns = np.diag([0, 0, -1j * (1.0 + detuning)])  # the field, e^{-i w t}, and 1 at the beginning
    coupled = np.array([[0, -1j * link, -1j * field], [-1j * link, 0, 0], [0, 0, 0]])
    maps = []
    for drift, span in ((bare + coupled + turns, 0.9), (bare, 0.4)):
        move = expm(drift * span)
        move[2] = [0, 0, 1]  # the field begins anew
        added = quad_vec(
            lambda t, m=drift: expm(m * t) @ noise @ expm(m * t).conj().T, 0, span, 1e-13
        )[0]
        maps.append((move, added))
    return maps


@pytest.mark.parametrize("fresh", [None, (0.3j, 0.4)])
def test_many_cycles_are_those_of_a_loop(fresh):
    """20,000 of them, one after the other."""
    given, many = (0.2, 0.1, 0.07), 20_000
    reset = None if fresh is None else qb.gaussian(alpha=fresh[0], occupation=fresh[1])
    protocol = qb.Protocol(driven(*given, fresh=reset), many)
    x, p, energies = np.array([0.5, 0.0, 1.0], complex), np.zeros((3, 3), complex), []
    p[1, 1] = 0.7
    for _ in range(many):
        if fresh is not None:
            x[0], p[0], p[:, 0] = fresh[0], 0.0, 0.0
            p[0, 0] = fresh[1]
        for move, added in typed_once(given):
            x, p = move @ x, move @ p @ move.conj().T + added
            energies.append(1.1 * (abs(x[1]) ** 2 + p[1, 1].real))
    start = {"c": qb.coherent(0.5), "b": qb.thermal(0.7)}
    table = protocol.charge(start, None, ["energy", "power"])
    assert table.energy.values[1:] == pytest.approx(energies, rel=1e-10)
    few = [1, 777, 2 * 16_384, 39_999]
    ends = protocol.ends[few]
    assert protocol.charge(start, ends, ["energy"]).energy.values == pytest.approx(
        np.array(energies)[np.array(few) - 1], rel=1e-10
    )
    rate = (energies[-1] - 1.1 * 0.7) / protocol.ends[-1]
    assert table.power.values[-1] == pytest.approx(rate, rel=1e-9)


def typed_once(given, kept={}):  # noqa: B006
    """Worked out once."""
    if given not in kept:
        kept[given] = typed(*given)
    return kept[given]


def test_a_cycle_repeated_is_that_many_strokes():
    """Powers of the map of a cycle beside one long list of strokes."""
    pairs = {"pairs": qb.two_photon_drive("b", 0.05, 1.05), "warm": qb.dipole("c", "b", 0.02)}
    strokes = driven(0.3, 0.2, 0.0, fresh=qb.squeezed(0.3))
    strokes = [*strokes, *driven(0.0, 0.1, 0.05, pairs=pairs["pairs"])]
    strokes = [*strokes, *driven(0.1, 0.0, -1.0, warm=pairs["warm"])]
    short, long = qb.Protocol(strokes, 13), qb.Protocol(strokes * 13)
    times = np.linspace(0, short.duration * 13, 50)
    for asked in (None, times):
        names = [*READ, "power", "interaction_energy"]
        ours, known = (each.charge({}, asked, names) for each in (short, long))
        for name in names:
            assert ours[name].values == pytest.approx(known[name].values, rel=1e-9, abs=1e-11)


def test_one_stroke_is_charging_as_ever():
    system = driven(0.4, 0.5, 0.2)[0].system
    protocol, times = qb.Protocol([qb.Stroke(system, 3.0)]), [0.0, 0.4, 1.9, 3.0]
    start = {"b": qb.squeezed([0.1, 0.6])}
    ours, known = protocol.charge(start, times), system.charge(start, times)
    for name in known.data_vars:
        assert ours[name].dims == known[name].dims
        assert ours[name].values == pytest.approx(known[name].values, rel=1e-10, abs=1e-12)
    ours, known = (each.density_matrix(start, times) for each in (protocol, system))
    assert ours.values == pytest.approx(known.values, abs=1e-11)


def test_states_turn_where_nothing_else_tells_a_phase():
    """Of strokes without fields: as long ones of a pair, of which the frequencies differ."""
    sites = {"c": qb.Oscillator(0.8, loss=0.1), "b": qb.Oscillator(1.7)}
    system = qb.System(sites, [qb.exchange("c", "b", 0.3)], "c", "b")
    protocol = qb.Protocol([qb.Stroke(system, 0.7), qb.Stroke(system, 0.2)], 5)
    start = {"c": qb.gaussian(0.4, 0.1, 0.3), "b": qb.coherent(0.3j)}
    for both in (["b"], ["c", "b"]):
        ours, known = (each.density_matrix(start, [0.3, 4.1], both) for each in (protocol, system))
        assert ours.values == pytest.approx(known.values, abs=1e-12)


def test_axes_and_parts_of_the_work():
    """Each member and each start as it is alone; many or few of them worked on together."""
    links, alphas = [0.1, 0.3, 0.5], [0.2, 0.4j]

    def charged(link, alpha):
        protocol = qb.Protocol(driven(link, 0.2, 0.1, fresh=qb.thermal(0.1)), 3)
        return protocol.charge({"b": qb.coherent(alpha)}, None, [*READ, "power"])

    link, alpha = xr.DataArray(links, dims="link"), xr.DataArray(alphas, dims="start")
    every = charged(link, alpha)
    with patch.object(strokes_of_moments, "_AT_ONCE", 1):
        apart = charged(link, alpha)
    for name in every.data_vars:
        assert apart[name].values == pytest.approx(every[name].values, abs=1e-13)
        for k, one in enumerate(links):
            for j, other in enumerate(alphas):
                ours = every[name].isel(link=k, start=j).values
                assert ours == pytest.approx(charged(one, other)[name].values, abs=1e-12)


def test_a_reset_of_a_site_with_an_axis():
    """A bath of one temperature, and sites of several frequencies."""
    w = xr.DataArray([0.8, 1.3], dims="w")

    def emptied(frequency):
        sites = {"c": qb.Oscillator(frequency), "b": qb.Oscillator(1.0)}
        system = qb.System(sites, [qb.exchange("c", "b", 0.3)], "c", "b")
        return qb.Protocol([qb.Stroke(system, 1.0, {"c": qb.gibbs(0.7)})], 5).charge({})

    every = emptied(w)
    for k in range(2):
        alone = emptied(float(w[k]))
        assert every.energy.isel(w=k).values == pytest.approx(alone.energy.values, abs=1e-13)
    first = 1 / (np.exp(1.3 / 0.7) - 1) * 0.36 / (0.09 + 0.15**2) / 4
    rabi = np.sqrt(0.09 + 0.15**2)
    assert every.energy.isel(w=1).values[1] == pytest.approx(first * np.sin(rabi) ** 2, abs=1e-12)


def test_what_comes_after_the_last_look_counts_for_nothing():
    """Storage until there is no digit, pairs until there is no number, and any repetitions."""
    strokes, times = driven(0.4, 0.5, 0.2), [0.5, 0.9]
    known = qb.Protocol(strokes).charge({}, times, READ)
    pairs = qb.System(dict(strokes[0].system.sites), [qb.two_photon_drive("b", 1.0, 1.1)], "c", "b")
    for last in (qb.Stroke(strokes[1].system, 1e18), qb.Stroke(pairs, 1e4)):
        ours = qb.Protocol([strokes[0], last], 10**9).charge({}, times, READ)
        for name in READ:
            assert ours[name].values == pytest.approx(known[name].values, abs=1e-12)


def test_frequencies_that_nothing_can_tell_cost_no_digits():
    """In a cycle without a phase of its own, states turn together, however fast."""
    sites = {name: qb.Oscillator(1e9) for name in "cb"}
    system = qb.System(sites, [qb.exchange("c", "b", 0.1)], "c", "b")
    protocol = qb.Protocol([qb.Stroke(system, 1.0), qb.Stroke(system, 0.5)], 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = protocol.charge({"c": qb.coherent(0.7)}, None, ["energy"])
    known = 1e9 * 0.49 * np.sin(0.1 * table.time.values) ** 2
    assert table.energy.values == pytest.approx(known, rel=1e-9, abs=1.0)
    with pytest.warns(UserWarning, match=r"rounding has taken [1-9]e-05 of a phase"):
        protocol.density_matrix({"c": qb.coherent(0.7)}, [1.0, 150.0])
    pulled = qb.System(sites, [qb.exchange("c", "b", 0.1), qb.drive("c", 0.1, 1e9)], "c", "b")
    with pytest.warns(UserWarning, match=r"rounding has taken [1-9]e-05 of a phase"):
        qb.Protocol([qb.Stroke(pulled, 1.0)], 100).charge({}, None, ["energy"])
    with pytest.raises(ValueError, match="no digit is left"):
        qb.Protocol([qb.Stroke(pulled, 1e5)], 100).balance({})


def grown(amplitude=1.0, duration=1.0, count=1, site="b"):
    sites = {"c": qb.Oscillator(), "b": qb.Oscillator()}
    link = qb.two_photon_drive(site, amplitude, 1.0)
    return [qb.Stroke(qb.System(sites, [link], "c", "b"), duration)] * count


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: qb.Protocol(grown(duration=2 * np.pi), 1000).charge({}),
            "quanta grow e-fold every 0.0796 cycles of the protocol, so that after 27.1 ",
        ),
        (
            lambda: qb.Protocol(grown(duration=200.0)).charge({}),
            "quanta grow e-fold every 0.5, so that after t = 170 their numbers overflow",
        ),
        (
            lambda: qb.Protocol(grown(duration=160.0, count=6)).charge({}, None, ["energy"]),
            "quanta grow until their numbers overflow within the protocol",
        ),
        (
            lambda: qb.Protocol(grown(duration=160.0, count=6), 2).balance({}),
            "quanta grow until their numbers overflow within the protocol",
        ),
        (
            lambda: qb.Protocol(
                [
                    *grown(),
                    qb.Stroke(
                        qb.System({"c": qb.Oscillator(), "b": qb.Oscillator(2.0)}, [], "c", "b"),
                        1.0,
                    ),
                ]
            ).charge({}),
            "stroke 1 changes the battery's own Hamiltonian",
        ),
        (lambda: qb.Protocol(driven(0.1, 0.1, 0), 2).charge({"c": qb.fock(1)}), "give it levels="),
        (
            lambda: qb.Protocol([qb.Stroke(grown()[0].system, 1.0, {"c": qb.fock(2)})]).charge({}),
            "give it levels=",
        ),
        (
            lambda: qb.Protocol(
                driven(
                    0.1,
                    0.1,
                    0,
                    more=qb.two_photon_drive("b", 0.1, 0.3),
                    other=qb.dipole("c", "b", 0.1),
                )
            ).charge({}),
            "give it levels=",
        ),
        (
            lambda: qb.Protocol(driven(0.1, 0.1, 0), 2).charge({}, None, ["energy"], limit=1e-8),
            "too large",
        ),
        (
            lambda: qb.Protocol(driven(0.1, 400.0, 0.0), 2).density_matrix({}),
            "too large: the state of an oscillator with",
        ),
    ],
)
def test_what_has_no_numbers_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
