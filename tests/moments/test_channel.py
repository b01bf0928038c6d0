"""Starts that are not Gaussian: one oscillator's state attenuated and warmed, beside levels."""

import warnings
from unittest.mock import patch

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.stats import binom, nbinom

import quantumbattery as qb
from quantumbattery.charging import by_moments, merit_of_starts
from quantumbattery.moments import channel
from roads.levels import on_levels, unbounded

FIGURES = ("energy", "passive_energy", "ergotropy", "energy_variance", "power", "ergotropic_power")
FIGURES += ("purity", "entropy", "local_ergotropy", "charger_energy", "interaction_energy")
LADDERS = ("capacity", "active_energy", "antiergotropy")  # infinite


def random_state(rng, size, coherent=True):
    """A density matrix."""
    root = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    rho = root @ root.conj().T if coherent else np.diag(np.abs(root[0]))
    return rho / np.trace(rho).real


def quietly(system, *given, **named):
    """Charged on levels that are given and weakly filled."""
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore")
        return system.charge(*given, **named)


# --- the channel ---------------------------------------------------------------------------------


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_a_channel_is_a_mode_in_a_bath(eta, noise):
    """Of a loss at unit rate with a bath of noise / (1 - eta) quanta, by QuTiP; else a gain."""
    rho = random_state(np.random.default_rng(3), 4)
    levels, many = channel.levels_after(4, noise), 40
    found = channel.carried(rho, np.array(eta), np.array(noise), levels)
    assert np.trace(found).real == pytest.approx(1.0, abs=2e-14)
    a, begun = qutip.destroy(many), np.zeros((many, many), complex)
    begun[:4, :4] = rho
    tight = {"atol": 1e-13, "rtol": 1e-11, "nsteps": 10**6}
    if 0 < eta < 1:
        n = noise / (1 - eta)
        jumps, span = [np.sqrt(1 + n) * a, np.sqrt(n) * a.dag()], -np.log(eta)
        solved = qutip.mesolve(0 * a, qutip.Qobj(begun), [0, span], jumps, options=tight)
        begun = solved.states[-1].full()
    elif eta and noise:  # as much loss as gain
        jumps, span = [a, a.dag()], noise
        solved = qutip.mesolve(0 * a, qutip.Qobj(begun), [0, span], jumps, options=tight)
        begun = solved.states[-1].full()
    elif not eta:
        begun = np.diag(noise ** np.arange(many) / (1 + noise) ** np.arange(1, many + 1))
    least = min(levels, many)
    np.testing.assert_allclose(found[:least, :least], begun[:least, :least], atol=1e-10)
    weights = np.diagonal(rho).real
    alone = channel.carried_populations(weights, np.array(eta), np.array(noise), levels)
    np.testing.assert_allclose(alone, np.diagonal(found).real, atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2000),
    st.one_of(st.just(0.0), st.floats(1e-300, 1)),  # below, SciPy's binomial overflows
    st.one_of(st.just(0.0), st.floats(1e-4, 5.0)),
)
def test_many_quanta_keep_their_digits(quanta, eta, noise):
    """Of a number of quanta: binomial, and negative binomial, whatever underflows on the way."""
    size = quanta + 1
    weights = np.eye(size)[quanta]
    left = channel.attenuated_populations(weights, np.array(eta))
    np.testing.assert_allclose(left, binom.pmf(np.arange(size), quanta, eta), rtol=3e-9, atol=1e-15)
    levels = channel.levels_after(size, noise)
    more = channel.amplified_populations(weights, np.array(noise), levels)
    exact = nbinom.pmf(np.arange(levels) - quanta, size, 1 / (1 + noise))
    np.testing.assert_allclose(more, exact, rtol=3e-9, atol=1e-15)
    assert 1 - more.sum() <= 1e-12
    assert more @ np.arange(levels) == pytest.approx(quanta + size * noise, rel=1e-10)


def test_so_many_levels_and_no_fewer():
    for size, noise in [(1, 0.5), (4, 0.1), (30, 2.0)]:
        levels = channel.levels_after(size, noise)
        beyond = [nbinom.sf(n - size, size, 1 / (1 + noise)) for n in (levels, levels - 1)]
        assert beyond[0] <= 1e-14 < beyond[1]


# --- networks ------------------------------------------------------------------------------------


class Weak:
    """A random network of exchange, losses and few quanta; two modes with fields and warmth."""

    def __init__(self, seed, modes):
        self.rng = rng = np.random.default_rng(seed)
        self.names = [f"o{k}" for k in range(modes)]
        self.warm = 0.04 if modes == 2 else 0.0
        self.given = [
            {"loss": rng.uniform(0, 0.5), "occupation": rng.choice([0.0, self.warm])}
            for _ in self.names
        ]
        self.frequencies = rng.uniform(0.6, 1.5, modes)
        g = rng.uniform(-1, 1, modes) + 1j * rng.uniform(-1, 1, modes)
        pairs = [*zip(self.names, self.names[1:], strict=False)]
        self.links = [qb.exchange(*ends, each) for ends, each in zip(pairs, g, strict=False)]
        if rng.random() < 0.4:
            both = dict(zip(pairs[0], (rng.normal(size=2) + 0.5j).tolist(), strict=True))
            self.links.append(qb.dissipator(both, rng.uniform(0.02, 0.2), self.warm))
        if rng.random() < 0.4:
            self.links.append(qb.shift(self.names[-1], rng.normal()))
        for name in self.names[: rng.integers(2)] if modes == 2 else ():
            how = {"frequency": rng.uniform(0.5, 1.5), "phase": rng.uniform(0, 6)}
            turns = {"rotating_wave": bool(rng.random() < 0.6)}
            self.links.append(qb.drive(name, rng.uniform(0.02, 0.1), **how, **turns))
        self.start = {self.names[int(rng.integers(modes))]: self._strange()}
        for name in self.names if modes == 2 else ():
            self.start.setdefault(name, self._plain())

    def _strange(self):
        """A state that is not Gaussian."""
        rng, kind = self.rng, self.rng.integers(4)
        if kind == 0:
            return qb.fock(int(rng.integers(1, 3)))
        if kind == 1:
            return qb.bloch(rng.uniform(0.3, 3), rng.uniform(0, 6))
        return qb.state(random_state(rng, 3, coherent=kind > 2))

    def _plain(self):
        rng, kind = self.rng, self.rng.integers(3)
        alpha = 0.1 * (rng.normal() + 1j * rng.normal())
        if kind == 0:
            return qb.coherent(alpha)
        if kind == 1:
            return qb.thermal(rng.uniform(0, self.warm))
        return qb.gaussian(alpha, occupation=rng.uniform(0, self.warm))

    def system(self, levels=None):
        sites = {
            name: qb.Oscillator(w, levels=levels, **each)
            for name, w, each in zip(self.names, self.frequencies, self.given, strict=True)
        }
        return qb.System(sites, self.links, self.names[:-1], self.names[-1])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_weak_pairs_beside_levels(seed, stored):
    """With fields, warm baths, and a start of the other that is displaced and warm."""
    network, times = Weak(seed, 2), [0.4, 1.3]
    how = {"disconnect": 0.8 if stored else None}
    free = network.system().charge(network.start, times, (*FIGURES, *LADDERS), **how)
    assert free.attrs["method"].startswith("attenuation of the start")
    assert np.isinf([free[name] for name in LADDERS]).all()
    cut = quietly(network.system(10), network.start, times, FIGURES, **how)
    assert "levels" in cut.attrs
    for name in FIGURES:
        # entropies of what is nearly pure feel the smallest weights that a cut takes
        near = 1e-6 if name == "entropy" else 1e-8
        np.testing.assert_allclose(free[name], cut[name], rtol=0, atol=near)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_cold_threes_beside_levels(seed, stored):
    """Where few levels are reached, and nothing is cut."""
    network, times = Weak(seed, 3), [0.0, 0.5, 1.4]
    how = {"disconnect": 0.8 if stored else None}
    free = network.system().charge(network.start, times, FIGURES, **how)
    assert free.attrs["method"].startswith("attenuation of the start")
    with on_levels():
        exact = network.system().charge(network.start, times, FIGURES, **how)
    assert exact.attrs["left_out"] == 0
    for name in FIGURES:
        np.testing.assert_allclose(free[name], exact[name], rtol=0, atol=1e-11)


LOSS, WARM, STRENGTH, FIELD = np.array([0.3, 0.1]), np.array([0.15, 0.0]), 0.6 + 0.3j, 9.0
FORM = np.array([[1.0, STRENGTH], [np.conj(STRENGTH), 1.2]])
TIGHT = {"atol": 1e-12, "rtol": 1e-10}


def unmoved(ket, times):
    """The battery (T, d, d) of a warm pair without its field, by QuTiP."""
    one, two = qutip.destroy(11), qutip.destroy(10)
    modes = qutip.tensor(one, qutip.qeye(10)), qutip.tensor(qutip.qeye(11), two)
    pairs = [(j, k) for j in (0, 1) for k in (0, 1)]
    energy = sum(FORM[j, k] * (modes[j].dag() @ modes[k]) for j, k in pairs)
    jumps = [np.sqrt(LOSS[k] * (1 + WARM[k])) * each for k, each in enumerate(modes)]
    jumps.append(np.sqrt(LOSS[0] * WARM[0]) * modes[0].dag())
    begun = qutip.tensor(qutip.Qobj(np.pad(ket, (0, 11 - len(ket)))), qutip.basis(10, 0))
    solved = qutip.mesolve(energy, begun, times, jumps, options=TIGHT | {"nsteps": 10**6})
    return np.array([state.ptrace(1).full() for state in solved.states])


def figures_of(rho, moved):
    """Quanta, work, variance and entropy of a state on levels that is displaced."""
    n = np.arange(len(rho))
    x = np.diag(np.sqrt(n[1:]), 1)
    mean, pairs, three = (np.trace(rho @ y) for y in (x, x @ x, np.diag(n) @ x))
    quanta, square, back = n @ np.diag(rho).real, n**2 @ np.diag(rho).real, np.conj(moved)
    held = quanta + (size := abs(moved) ** 2) + (swing := 2 * (back * mean).real)
    # (n + |m|^2 + m a^dag + m* a)^2 with all but n^2 in normal order
    line = square + size**2 + 2 * size * (quanta + swing) + 2 * (back * (2 * three + mean)).real
    line += 2 * size * quanta + size + 2 * (back**2 * pairs).real
    r = np.sort(np.linalg.eigvalsh(rho))[::-1].clip(1e-300)
    return held, held - n @ r, line - held**2, -r @ np.log(r)


@pytest.mark.parametrize(
    ("start", "ket"),
    [(qb.fock(3), np.eye(4)[3]), (qb.state([0.6, 0.0, 0.8j]), np.array([0.6, 0.0, 0.8j]))],
)
def test_a_warm_pair_at_strong_drive_beside_qutip(start, ket):
    """In the frame that moves with the field, which holds 40 quanta, a few levels do."""
    times = [0.0, 0.7, 1.6]
    sites = {
        name: qb.Oscillator(FORM[k, k].real, LOSS[k], occupation=WARM[k])
        for k, name in enumerate("ab")
    }
    links = [qb.exchange("a", "b", STRENGTH), qb.drive("a", FIELD, 1.1)]
    names = ["energy", "ergotropy", "energy_variance", "entropy"]
    table = qb.System(sites, links, "a", "b").charge(start, times, names)

    def pace(t, z):
        return -1j * (FORM @ z + [FIELD * np.exp(-1.1j * t), 0]) - LOSS * z / 2

    moved = solve_ivp(pace, (0, 1.6), np.zeros(2, complex), t_eval=times, **TIGHT).y[1]
    exact = [figures_of(*each) for each in zip(unmoved(ket, times), moved, strict=True)]
    assert table.energy[-1] > 45
    for name, unit, values in zip(names, (1.2, 1.2, 1.44, 1), np.transpose(exact), strict=True):
        near = 2e-4 if name == "energy_variance" else 1e-5  # the cut shows, times the field
        np.testing.assert_allclose(table[name], unit * values, rtol=1e-6, atol=near)


def test_one_photon_of_a_pair():
    """Cold, the population of the battery is eta = F(t), of amplitudes known in closed form."""
    times, loss, g = np.linspace(0, 9, 40), 0.4, 0.7
    sites = {"a": qb.Oscillator(1.5, loss=loss), "b": qb.Oscillator(1.5)}
    system = qb.System(sites, [qb.exchange("a", "b", g)], "a", "b")
    table = system.charge(qb.fock(1), times, ["energy", "ergotropy", "entropy", "purity"])
    s = np.sqrt(g**2 - loss**2 / 16)
    eta = np.exp(-loss * times / 2) * (g * np.sin(s * times) / s) ** 2
    np.testing.assert_allclose(table.energy, 1.5 * eta, atol=1e-14)
    np.testing.assert_allclose(table.ergotropy, 1.5 * np.maximum(2 * eta - 1, 0), atol=1e-14)
    np.testing.assert_allclose(table.purity, eta**2 + (1 - eta) ** 2, atol=1e-14)
    assert table.attrs["method"] == "attenuation of the start (2 levels)"


def test_a_pump_may_bring_more_than_there_was():
    """X above 1: the battery, that starts full, is pumped while it loses."""
    up = qb.jump("b", lambda n: np.diag(np.sqrt(np.arange(1.0, n)), -1), 0.3)
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator(loss=0.05)}
    ket = np.array([0.0, 0.8, 0.6j])
    for start in ({"b": qb.fock(2)}, {"b": qb.state(ket)}):
        given = start, [0.0, 0.5, 1.0], FIGURES[:9]
        free = qb.System(sites, [qb.exchange("a", "b", 0.2), up], "a", "b").charge(*given)
        assert free.attrs["method"].startswith("attenuation")
        sites_cut = {"a": qb.Oscillator(levels=7), "b": qb.Oscillator(loss=0.05, levels=28)}
        cut = quietly(qb.System(sites_cut, [qb.exchange("a", "b", 0.2), up], "a", "b"), *given)
        for name in FIGURES[:9]:
            np.testing.assert_allclose(free[name], cut[name], atol=3e-6)


# --- energies alone, and states ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dipole", "squeezing"])
def test_energies_need_second_moments_alone(kind):
    """Of two starts that are not Gaussian, and pairs of quanta, beside levels."""
    link = qb.dipole("a", "b", 0.15) if kind == "dipole" else qb.exchange("a", "b", 0.5)
    more = [] if kind == "dipole" else [qb.two_photon_drive("a", 0.1, 2.0)]
    start = {"a": qb.fock([1, 2]), "b": qb.bloch(2.0, 0.3)}
    names = ["energy", "power", "charger_energy", "interaction_energy"]
    made = []
    for levels in (None, 22):
        sites = {name: qb.Oscillator(levels=levels) for name in "ab"}
        system = qb.System(sites, [link, *more], "a", "b")
        made.append(quietly(system, start, [0.0, 0.6, 1.2], names))
    assert made[0].attrs["method"] == "means and covariances (2 modes)"
    for name in names:
        np.testing.assert_allclose(made[0][name], made[1][name], atol=1e-8)


def test_a_variance_alone_needs_no_levels():
    system = qb.System(
        {n: qb.Oscillator(loss=0.1) for n in "ab"}, [qb.exchange("a", "b", 1)], "a", "b"
    )
    table = system.charge(qb.fock(3), [0.0, 1.0], ["energy_variance", "capacity"])
    assert table.attrs["method"] == "means and covariances, and moments of fourth order (2 modes)"


BEGUN = [
    {"a": qb.fock([0, 1, 3])},
    {"b": qb.fock(2), "a": qb.thermal(0.0)},
    {"a": qb.state(np.array([0.6, 0, 0, 0.8j]))},
    {"a": qb.bloch([0.0, 1.0, 2.0], 0.4)},
]


@pytest.mark.parametrize("start", BEGUN)
@pytest.mark.parametrize("stored", [False, True])
def test_states_of_single_modes(start, stored):
    """Density matrices and means of operators, in the laboratory's frame."""
    strength = xr.DataArray([0.5 + 0.2j, 0.3], dims="g")
    sites = {"a": qb.Oscillator(loss=0.2), "b": qb.Oscillator(1.2, loss=0.1)}
    system = qb.System(sites, [qb.exchange("a", "b", strength)], "a", "b")
    times, how = [0.0, 1.0, 2.0], {"disconnect": 1.5 if stored else None}
    for name in "ab":
        rho = system.density_matrix(start, times, name, **how)
        assert rho.attrs["method"].startswith("attenuation of the start")
        ask = {"a": (name, lambda n: np.diag(np.sqrt(np.arange(1.0, n)), 1))}
        mean = system.expect(start, times, ask, **how)
        with on_levels():
            exact = system.density_matrix(start, times, name, **how)
            also = system.expect(start, times, ask, **how)
        np.testing.assert_allclose(rho, exact, atol=1e-13)
        np.testing.assert_allclose(mean.a, also.a, atol=1e-13)


def test_what_is_joint_beside_levels():
    sites = {"a": qb.Oscillator(loss=0.2), "b": qb.Oscillator()}
    calm, photon = qb.System(sites, [qb.exchange("a", "b", 0.5)], "a", "b"), {"a": qb.fock(1)}
    rho = calm.density_matrix(photon, 0.5, ["a", "b"])
    table = calm.charge(photon, 0.5, ["negativity"])
    assert "configurations" not in rho.attrs | table.attrs
    with on_levels():
        levels = calm.density_matrix(photon, 0.5, ["a", "b"])
        other = calm.charge(photon, 0.5, ["negativity"])
    np.testing.assert_allclose(rho, levels, atol=1e-14)
    np.testing.assert_allclose(table.negativity, other.negativity, atol=1e-14)
    assert "configurations" in calm.optimum(photon, 2.0, "ergotropy").attrs


def test_starts_that_go_with_the_system_and_members_one_by_one():
    """Three losses, each with quanta and times of its own, seen together and alone."""
    loss, quanta = (xr.DataArray(each, dims="x") for each in ([0.1, 0.2, 0.4], [2, 0, 3]))
    sites = {"a": qb.Oscillator(loss=loss, occupation=0.1), "b": qb.Oscillator()}
    links = [qb.exchange("a", "b", 0.5), qb.drive("a", 0.3, 1.0)]
    times = xr.DataArray(np.linspace(0, [2.0, 3.0, 4.0], 5), dims=("time", "x"))
    how = {"disconnect": 1.5}
    start = {"b": qb.fock(quanta), "a": qb.coherent(xr.DataArray([0.1, 0.5j], dims="y"))}
    with patch.object(by_moments, "_AT_ONCE", 1):
        table = qb.System(sites, links, "a", "b").charge(start, times, FIGURES, **how)
    assert table.sizes == {"x": 3, "y": 2, "time": 5}
    for x in range(3):
        alone = {"a": qb.Oscillator(loss=float(loss[x]), occupation=0.1), "b": qb.Oscillator()}
        for y, alpha in enumerate((0.1, 0.5j)):
            begun = {"b": qb.fock(int(quanta[x])), "a": qb.coherent(alpha)}
            system = qb.System(alone, links, "a", "b")
            one = system.charge(begun, times.values[:, x], FIGURES, **how)
            for name in FIGURES:
                found = table[name].isel(x=x, y=y).transpose("time")
                np.testing.assert_allclose(found, one[name], rtol=1e-9, atol=1e-12)


def test_parts_make_no_difference_and_too_much_is_refused():
    sites = {"a": qb.Oscillator(loss=[0.1, 0.2], occupation=0.3), "b": qb.Oscillator()}
    system = qb.System(sites, [qb.exchange("a", "b", 0.5)], "a", "b")
    starts = {"a": qb.state(np.array([0.6, 0.8]))}, {"a": qb.fock([1, 4])}, {"b": qb.fock([1, 4])}
    for start in starts:
        whole = system.charge(start, np.linspace(0, 3, 7), FIGURES)
        with patch.object(merit_of_starts, "_AT_ONCE", 1 << 12):
            parts = system.charge(start, np.linspace(0, 3, 7), FIGURES)
        xr.testing.assert_allclose(whole, parts, rtol=1e-12, atol=1e-13)
    hot = qb.System({"a": qb.Oscillator(loss=1.0, occupation=1e4)}, [], [], "a")
    with pytest.raises(ValueError, match="numbers in a state of the battery"):
        hot.charge({"a": qb.bloch(1.0)}, 1.0, ["entropy"])
