"""The steady state, beside the full product space, long times and closed forms."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, null_space

import quantumbattery as qb
from quantumbattery.dynamics import stationary
from quantumbattery.quantities.measures import FURTHER
from roads.levels import on_levels
from roads.product_space import Whole, chain, initial, ladder, random_case

WORK = ("energy", "ergotropy", "capacity", "energy_variance")
Q = qb.Qubit()
LOSSY, DEPHASED = qb.Qubit(loss=0.2), qb.Qubit(dephasing=0.2)
LASTING = 1e-9  # eigenvalues with a larger real part than minus this do not decay


def of(sites, links, charger="c", battery="b"):
    return qb.System(sites, links, charger, battery)


def evolved_for_long(generator, rho, slowest):
    return (expm(generator * 40 / slowest) @ rho.ravel()).reshape(rho.shape)


def tended(system, chosen):
    """The whole state, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
            return system.density_matrix(chosen, np.inf, list(system.sites)).values
    except ValueError as error:
        return str(error)


@settings(max_examples=60)
@given(st.integers(0, 10**6))
@example(71166)  # decays of 4e-8 beside others of 3e-3
@example(112356)  # one of 5e-10 beside others that never end
def test_random_systems_tend_to_what_the_full_space_tends_to(seed):
    system, chosen = random_case(seed, 16, lossy=True)
    levels = [site.dimension for site in system.sites.values()]
    whole, start = Whole(system, levels), initial(system, chosen)
    generator = whole.generator()
    decay = np.sort(-np.linalg.eigvals(generator).real)
    lasting = int((decay < LASTING).sum())
    rho = tended(system, chosen)
    if isinstance(rho, str):
        assert "steady state" in rho
        # Of tiny couplings, which double precision cannot tell.
        slow = ((decay > 1e-13) & (decay < LASTING)).any()
        assert slow or "never mixes" not in rho, "every reason is found"
        assert lasting > 1
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = system.charge(chosen, np.inf, WORK, "collective")
    if lasting < len(decay) and decay[lasting] > 1e-4:
        known = evolved_for_long(generator, start, decay[lasting])
        assert rho == pytest.approx(known, abs=1e-8)
    if lasting == 1:
        vector = null_space(generator, 1e-11)
        assert vector.shape[1] == 1
        known = vector[:, 0].reshape(rho.shape)
        sizes = np.linalg.svd(generator, compute_uv=False)
        unsure = 10 * np.finfo(float).eps * sizes[0] / sizes[-2]  # of what is expected
        assert rho == pytest.approx(known / known.trace(), abs=1e-8 + unsure)
    place = list(system.sites).index("b")
    battery = qutip.Qobj(rho, dims=[levels, levels]).ptrace(place).full()
    h = ladder(system.sites["b"], levels[place])
    for name in WORK:
        assert table[name].item() == pytest.approx(getattr(qb, name)(battery, h), abs=1e-8)
    assert table.time.item() == np.inf


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_sparse_matrices_and_eigenvalues_say_the_same(seed):
    system, chosen = random_case(seed, 16, lossy=True)
    usual = tended(system, chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stationary, "_is_algebra", lambda _: False)  # so that eigenvalues are asked
        by_eigenvalues = tended(system, chosen)
        patch.setattr(stationary, "_is_algebra", lambda _: True)
        patch.setattr(stationary, "DENSE", 1)
        sparse = tended(system, chosen)
    if isinstance(usual, str):
        assert by_eigenvalues == sparse == usual
    else:
        assert by_eigenvalues == pytest.approx(usual, abs=1e-12)
        assert sparse == pytest.approx(usual, abs=1e-10)


def test_a_driven_qubit_is_that_of_the_optical_bloch_equations():
    amplitude = xr.DataArray([0.05, 0.3, 2.0], dims="amplitude")
    loss, dephasing, detuning = 0.2, 0.07, 0.1
    site = qb.Qubit(1.0, loss=loss, dephasing=dephasing)
    battery = qb.System({"b": site}, [qb.drive("b", amplitude, 1.0 - detuning)], [], "b")
    table = battery.charge({}, np.inf)
    rabi, width = 2 * amplitude, loss / 2 + dephasing
    s = rabi**2 * width / loss
    excited = s / (2 * (width**2 + detuning**2 + s))
    coherence = rabi / 2 * (1 - 2 * excited) / np.hypot(width, detuning)
    assert table.population.values == pytest.approx(excited.values, abs=1e-14)
    assert table.coherence.values == pytest.approx(coherence.values, abs=1e-14)
    assert (table[["power", "passive_power", "ergotropic_power"]] == 0).all()
    populations = {"up": ("b", np.diag([0.0, 1.0]))}
    assert battery.expect({}, np.inf, populations).up.values == pytest.approx(excited.values)


def test_a_driven_lossy_pair_of_oscillators_holds_coherent_states():
    a, b, g, drive, w = 1.1, 0.9, 0.3, 0.02, 1.0
    loss = 0.5, 0.2
    sites = {"c": qb.Oscillator(a, loss=loss[0]), "b": qb.Oscillator(b, loss=loss[1])}
    pair = qb.System(sites, [qb.exchange("c", "b", g), qb.drive("c", drive, w)], "c", "b")
    with on_levels():
        table = pair.charge(qb.fock(0), np.inf, ["energy", "ergotropy"])
    modes = np.array([[a - w - 0.5j * loss[0], g], [g, b - w - 0.5j * loss[1]]])
    beta = np.linalg.solve(modes, [-drive, 0.0])[1]
    assert table.energy.item() == pytest.approx(b * abs(beta) ** 2, abs=1e-9)
    assert table.ergotropy.item() == pytest.approx(b * abs(beta) ** 2, abs=1e-9)
    assert table.attrs["converged"] < 1e-10
    assert table.attrs["at_cut"] < 1e-10
    assert "left_out" not in table.attrs


def test_a_parametric_drive_below_threshold_squeezes():
    pump, loss = 0.1, 0.5
    battery = of({"b": qb.Oscillator(loss=loss)}, [qb.two_photon_drive("b", pump, 1.0)], [])
    table = battery.charge({}, np.inf, ["energy", "purity"])
    assert table.energy.item() == pytest.approx(2 * pump**2 / (loss**2 - 4 * pump**2), abs=1e-9)
    spread = np.sqrt(1 - (2 * pump / loss) ** 2)  # sqrt(det V), V = diag(1 / (1 -+ 2 pump / loss))
    assert table.purity.item() == pytest.approx(spread, abs=1e-9)


def test_one_bath_leads_to_its_gibbs_state():
    sites = {
        "c": qb.Qubit(1.0, loss=0.3, occupation=0.1),
        "b": qb.Oscillator(1.0),
        "m": qb.Ensemble(qb.Qubit(1.0), 2),
    }
    system = qb.System(sites, [qb.exchange("c", "b", 0.4), qb.exchange("b", "m", 0.2)], "c", "b")
    table = system.charge(qb.bloch(1.0), np.inf, ["energy", "ergotropy", "purity"])
    x = 0.1 / 1.1  # exp(-w/T)
    assert table.energy.item() == pytest.approx(x / (1 - x), abs=1e-9)
    assert table.ergotropy.item() == pytest.approx(0.0, abs=1e-10)
    assert table.purity.item() == pytest.approx((1 - x) / (1 + x), abs=1e-9)


def test_the_preparation_does_not_matter_and_axes_stay():
    rates = np.array([0.1, 0.4])
    pair = qb.QubitPair(charger_loss=rates).system()
    hot = qb.Qubit(loss=xr.DataArray(rates, dims="loss"), occupation=0.5)
    links = [qb.exchange("charger", "battery", 1.0)]
    warm = qb.System({"charger": hot, "battery": qb.Qubit()}, links)
    start = qb.bloch(np.array([0.3, 1.0, 3.0]))
    empty = pair.charge(start, np.inf)
    assert dict(empty.energy.sizes) == {"theta": 3, "charger_loss": 2}
    assert empty.energy.values == pytest.approx(0.0, abs=1e-12)
    table = warm.charge(start, np.inf, ["energy", "power"])
    assert dict(table.energy.sizes) == {"theta": 3, "loss": 2}
    assert table.energy.values == pytest.approx(0.25, abs=1e-12)
    rho = warm.density_matrix(start, np.inf)
    assert rho.dims == ("theta", "loss", "row", "column")
    assert rho.values == pytest.approx(np.broadcast_to(np.diag([0.75, 0.25]), rho.shape))


def test_a_large_chain_is_emptied_by_its_end():
    names = [f"q{k}" for k in range(40)]
    sites = {name: qb.Qubit(loss=0.3 * (name == "q0")) for name in names}
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    table = qb.System(sites, links, "q0", "q39").charge(qb.fock(1), np.inf, ["energy"])
    assert table.energy.item() == pytest.approx(0.0, abs=1e-12)
    assert "sparse" in table.attrs["method"]


def test_few_levels_are_those_of_long_times_and_warned_of():
    sites = {"c": qb.Oscillator(loss=0.5, levels=8), "b": qb.Qubit(loss=0.1)}
    system = qb.System(sites, [qb.exchange("c", "b", 0.3), qb.drive("c", 0.4, 1.0)], "c", "b")
    with pytest.warns(UserWarning, match="on the last levels of an oscillator"):
        table = system.charge(qb.fock(0), np.inf, ["energy", "ergotropy"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        known = system.charge(qb.fock(0), 300.0, ["energy", "ergotropy"])
    for name in ("energy", "ergotropy"):
        assert table[name].item() == pytest.approx(known[name].item(), abs=1e-9)


def models():
    """Three systems with different baths and drives that stand still in the laboratory."""
    hot, cold = qb.Qubit(1.0, loss=0.2, occupation=0.8), qb.Qubit(1.3, loss=0.1, occupation=0.1)
    yield qb.System({"c": hot, "b": cold}, [qb.exchange("c", "b", 0.4)], "c", "b")
    sites = {"c": qb.Oscillator(0.2, loss=0.6, levels=8), "b": qb.Qubit(0.1, dephasing=0.05)}
    yield qb.System(sites, [qb.exchange("c", "b", 0.3), qb.drive("c", 0.1, 0.0)], "c", "b")
    sites = {
        "c": qb.Qudit([0.0, 1.0, 2.1], loss=0.2, dephasing=0.1),
        "m": qb.Qubit(1.2),
        "b": qb.Qubit(0.9, loss=0.05, occupation=0.3),
    }
    links = [qb.dipole("c", "m", 0.5), qb.heisenberg("m", "b", 0.3, 0.2, 0.1)]
    yield qb.System(sites, links, "c", "b")


@pytest.mark.parametrize(
    "system", [*models()], ids=["two baths", "driven cavity", "counter-rotating"]
)
def test_qutip_finds_the_same(system):
    model = system.to_qutip()
    known = qutip.steadystate(model.H, model.c_ops)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # eight levels are few
        rho = system.density_matrix({}, np.inf, list(system.sites))
    assert rho.values == pytest.approx(known.full(), abs=1e-9)


def test_further_measures_are_those_of_long_times():
    links = [qb.exchange("c", "b", 0.4), qb.exchange("c", "e", 0.3), qb.drive("c", 0.2, 1.05)]
    sites = {"c": qb.Qubit(loss=0.3), "b": LOSSY, "e": qb.Qubit(1.1, loss=0.1, dephasing=0.05)}
    system = qb.System(sites, links, "c", ["b", "e"])
    asked = [n for n in FURTHER if n != "concurrence"]
    table, known = (system.charge({}, time, asked) for time in (np.inf, 500.0))
    for name in asked:
        assert table[name].item() == pytest.approx(known[name].item(), abs=1e-10)
    assert table.interaction_energy.item() != 0.0
    assert table.attrs["solver_error"] < 1e-12


def test_optical_frequencies_leave_slow_losses_their_place():
    """What is fast cancels in populations, and does not hide losses 3e-9 times as slow."""
    w, loss = 3e4, 1e-4
    sites = {name: qb.Qubit(w, loss=loss, occupation=n) for name, n in (("c", 0.5), ("b", 0.0))}
    system = qb.System(sites, [qb.exchange("c", "b", 60.0)], "c", "b")
    table = system.charge(qb.bloch(1.0), np.inf, ["population"])
    up, down = 0.5 * loss, 3 * loss  # of both, as one: the link is much faster
    assert table.population.item() == pytest.approx(up / down, abs=1e-7)


# --- what has no steady state --------------------------------------------------------------------


HALVED = np.zeros((6, 6))  # one quantum for two
HALVED[2, 3] = HALVED[3, 2] = 0.5
FORKED = np.zeros((3, 3))
FORKED[0, 2] = FORKED[1, 2] = 1.0
TWO = [qb.exchange("m", "c", 0.5), qb.exchange("m", "b", 0.5)]


@pytest.mark.parametrize(
    ("system", "start", "says"),
    [
        (of({"c": Q, "b": Q}, [qb.exchange("c", "b", 1.0)]), 1.0, "a closed system has no steady"),
        (
            of({"c": LOSSY, "b": Q, "m": Q}, [qb.exchange("b", "m", 1.0)]),
            {"c": qb.bloch(1.0), "b": qb.fock(1)},
            "'b', 'm' have no losses and are not linked to any site that has",
        ),
        (
            of({"c": Q, "b": DEPHASED}, [qb.exchange("c", "b", 1.0)]),
            1.0,
            "the total number of quanta is conserved",
        ),
        (
            of({"c": Q, "b": DEPHASED}, [qb.dipole("c", "b", 1.0)]),
            1.0,
            "whether the total number of quanta is odd .its parity. is conserved",
        ),
        (
            of({"c": LOSSY, "b": DEPHASED}, []),
            {"b": qb.bloch(1.0)},
            "the number of quanta of 'b' is conserved",
        ),
        (
            of(
                {"c": LOSSY, "b": DEPHASED, "m": Q},
                [qb.interaction("c", "b", np.diag([0.0, 0, 0, 0.3])), qb.exchange("b", "m", 1.0)],
            ),
            {"b": qb.bloch(1.0), "c": qb.fock(1)},
            "the number of quanta of 'b', 'm' is conserved",
        ),
        (
            of({"m": qb.Oscillator(loss=0.3), "c": Q, "b": Q}, TWO),
            np.pi,
            "there are 2 states that no loss touches .dark states.",
        ),
        (
            of({"c": qb.Qudit([0, 1, 2], steps=[1.0, 0.0], loss=0.2), "b": LOSSY}, []),
            {"c": qb.state(np.array([0, 1, 1]) / np.sqrt(2))},
            "the population of level 2 of 'c' is conserved",
        ),
        (
            of({"c": DEPHASED, "b": qb.Qudit([0.0, 0.5, 1.0])}, [qb.interaction("c", "b", HALVED)]),
            1.0,
            r"a weighted sum of numbers of quanta \(1 x 'c', 0.5 x 'b'\) is conserved",
        ),
        (
            of({"c": qb.Qudit([0, 0.5, 1], lowering=FORKED, loss=0.2), "b": LOSSY}, []),
            {"c": qb.fock(2)},
            "there are 2 sets of configurations that nothing leaves",
        ),
        (
            of({"c": qb.Qubit(loss=1e-11), "b": Q}, [qb.exchange("c", "b", 1.0)]),
            1.0,
            "a part of the states never mixes with the rest, or so slowly",
        ),
    ],
)
def test_what_is_conserved_is_named(system, start, says):
    start = start if isinstance(start, dict) else qb.bloch(start)
    for call in (system.charge, system.density_matrix):
        with pytest.raises(ValueError, match=says):
            call(start, np.inf)


def test_energy_is_named_where_nothing_simpler_is_conserved():
    """A dephased site whose level never changes turns another: nothing is lost of its energy."""
    turned = np.kron(np.diag([0.0, 1.0]), [[0.0, 0.4], [0.4, 0.0]])
    system = of({"c": DEPHASED, "b": Q}, [qb.interaction("c", "b", turned)])
    with pytest.raises(ValueError, match="the energy is conserved"):
        system.charge(qb.fock(1), np.inf)


def test_the_member_of_a_batch_is_named():
    pair = qb.QubitPair(charger_loss=[0.2, 0.0]).system()
    with pytest.raises(ValueError, match="a closed system has no steady state at charger_loss=0:"):
        pair.charge(qb.bloch(1.0), np.inf)
    strength = xr.DataArray([0.2, 0.0], dims="link")
    system = of({"c": LOSSY, "b": Q}, [qb.exchange("c", "b", strength)])
    with pytest.raises(ValueError, match=r"no single steady state at link\[1\]: 'b' has no losses"):
        system.charge(qb.bloch(1.0), np.inf)


def test_what_is_reached_decides():
    """One quantum in a dephased chain spreads: its number is conserved, but is the same always."""
    names = [f"q{k}" for k in range(5)]
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    spread = qb.System({n: qb.Qubit(dephasing=0.2) for n in names}, links, "q0", "q4")
    assert spread.charge(qb.fock(1), np.inf, ["energy"]).energy.item() == pytest.approx(0.2)
    still = chain(3).charge(qb.fock(0), np.inf, ["energy"])  # closed, and empty from the beginning
    assert still.energy.item() == 0.0


DRIVEN = of({"b": LOSSY}, [qb.drive("b", 0.3, 0.9)], [])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: DRIVEN.charge({}, [1.0, np.inf]), "is given alone, times=np.inf"),
        (lambda: DRIVEN.charge({}, xr.DataArray([np.inf], dims="t")), "is given alone"),
        (lambda: DRIVEN.charge({}, -np.inf), "zero or positive"),
        (lambda: DRIVEN.charge({}, np.inf, disconnect=1.0), "charge without disconnect"),
        (lambda: DRIVEN.density_matrix({}, np.inf), "of b has no limit: a part of it, up to 0.21"),
        (
            lambda: DRIVEN.expect({}, np.inf, {"x": ("b", [[0, 1], [1, 0]])}),
            "x of b has no limit",
        ),
        (
            lambda: of({"b": LOSSY}, [qb.drive("b", 0.3, 0.9, rotating_wave=False)], []).charge(
                {}, np.inf
            ),
            "a drive turns in every frame",
        ),
        (
            lambda: of(
                {"b": LOSSY}, [qb.drive("b", 0.3, 0.9, envelope=lambda t: np.exp(-t))], []
            ).charge({}, np.inf),
            "an envelope changes in time, so that there is no steady state",
        ),
    ],
)
def test_what_has_no_limit_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_gain_that_outdoes_loss_is_refused():
    links = [qb.two_photon_drive("b", 0.4, 1.0)]
    links += [
        qb.interaction("b", lambda n: np.diag(1e-9 * np.arange(n) ** 2))
    ]  # of which none tells
    system = of({"b": qb.Oscillator(loss=0.2)}, links, [])
    with pytest.raises(ValueError, match="Where gain outdoes loss there is no steady state"):
        system.charge({}, np.inf, ["energy"], limit=0.004)


def test_what_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(stationary, "DENSE", 1)
    monkeypatch.setattr(stationary, "_MOST", 3)
    with pytest.raises(ValueError, match="too large: the steady state of a block of 4 numbers"):
        DRIVEN.charge({}, np.inf)
