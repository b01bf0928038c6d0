import itertools

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.joint import dense, figures, random_state
from roads.levels import on_levels
from roads.product_space import random_case

WHEN = np.array([0.0, 0.3, 1.1])
NAMES = ["energy", "ergotropy", "energy_variance"]
BELL = np.array([1, 0, 0, 1]) / np.sqrt(2)


def check(system, preparation, rho, levels=None, atol=1e-9, when=WHEN, **chosen):
    table = system.charge(preparation, when, NAMES, "collective").isel(chosen)
    levels = levels or [site.dimension for site in system.sites.values()]
    expected = figures(system, levels, rho, when)
    for name, column in zip(NAMES, expected, strict=True):
        np.testing.assert_allclose(table[name], column, rtol=0, atol=atol, err_msg=name)


# --- against the full product space --------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the .* levels of")
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_joint_states_of_random_systems(seed, lossy, pure):
    system, alone = random_case(seed, largest=24, lossy=lossy)
    rng = np.random.default_rng(seed)
    sites = rng.permutation(list(system.sites)).tolist()
    sites = tuple(sites[: rng.integers(2, len(sites) + 1)])
    rho = random_state(rng, np.prod([system.sites[n].dimension for n in sites]), pure)
    chosen = {n: each for n, each in alone.items() if n not in sites}
    check(system, chosen | {sites: qb.state(rho)}, dense(system, [(sites, rho)], chosen))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_joint_states_at_once(seed):
    rng = np.random.default_rng(seed)
    names = list("abcd")
    links = [qb.exchange(a, b, rng.normal()) for a, b in itertools.combinations(names, 2)]
    sites = {n: qb.Qubit(rng.uniform(0.5, 2), loss=rng.choice([0, 0.3])) for n in names}
    system = qb.System(sites, links, ["a", "b"], ["d", "c"])
    one, two = random_state(rng, 4, pure=True), random_state(rng, 4, pure=False)
    start = {("c", "a"): qb.state(one), ("b", "d"): qb.state(two)}
    check(system, start, dense(system, [(("c", "a"), one), (("b", "d"), two)], {}))


def test_a_bell_pair_of_charger_and_battery():
    """It is an eigenstate of the exchange; |01> + i|10> is not, and fills the battery."""
    system = qb.QubitPair(coupling=0.7).system()
    start = {("charger", "battery"): qb.state(BELL)}
    table = system.charge(start, [0.0, 0.4, 2.0])
    np.testing.assert_allclose(table.energy, 0.5, rtol=0, atol=1e-14)
    np.testing.assert_allclose(table.ergotropy, 0, rtol=0, atol=1e-14)
    np.testing.assert_allclose(table.concurrence, 1, rtol=0, atol=1e-14)
    assert table.attrs["method"].startswith("eigenvectors")
    phase = qb.state(np.array([0, 1, -1j, 0]) / np.sqrt(2))
    best = system.optimum({("charger", "battery"): phase}, 3.5, of="ergotropy")
    back = system.optimum({("battery", "charger"): phase}, 3.5, of="ergotropy")
    times = sorted([best.ergotropy_time.item(), back.ergotropy_time.item()])
    np.testing.assert_allclose(times, np.array([np.pi / 4, 3 * np.pi / 4]) / 0.7, rtol=1e-4)
    assert best.ergotropy_max.item() == pytest.approx(1, abs=1e-9)


def test_entangled_chargers():
    """The symmetric pair charges sqrt(2) as fast as one, the antisymmetric never."""
    links = [qb.exchange(name, "c", 1.0) for name in "ab"]
    system = qb.System(dict.fromkeys("abc", qb.Qubit()), links, ["a", "b"], "c")
    times = np.linspace(0, 2, 7)
    for sign, energy in ((1, np.sin(np.sqrt(2) * times) ** 2), (-1, 0 * times)):
        ket = qutip.Qobj(np.array([0, 1, sign, 0]) / np.sqrt(2), dims=[[2, 2], [1]])
        table = system.charge({("a", "b"): qb.state(ket)}, times, ["energy"])
        np.testing.assert_allclose(table.energy, energy, rtol=0, atol=1e-14)


def test_powers_of_a_battery_that_a_joint_state_fills_are_gains():
    rng = np.random.default_rng(3)
    system = qb.QubitPair(charger_loss=0.2).system()
    rho = random_state(rng, 4, pure=False)
    times = np.array([0.0, 0.5, 1.5])
    table = system.charge({("charger", "battery"): qb.state(rho)}, times)
    gain = (table.energy - table.energy[0])[1:] / times[1:]
    np.testing.assert_allclose(table.power[1:], gain, rtol=0, atol=1e-14)
    assert table.energy[0] > 0.01
    assert table.power[0] == 0


def test_a_model_of_qutip_starts_in_joint_states_too():
    rng = np.random.default_rng(4)
    link = qb.heisenberg("x", "y", 0.3, 0.2, 0.1, always=True)
    sites = {"c": qb.Qudit([0, 1, 1.8]), "x": qb.Qubit(), "y": qb.Qubit(1.3)}
    system = qb.System(sites, [link, qb.exchange("c", "x", 1.0)], "c", ["x", "y"])
    rho = random_state(rng, 6, pure=False)
    model = system.to_qutip()
    assert np.abs(model.initial({("y", "c"): qb.state(rho)}).full() -
                  dense(system, [(("y", "c"), rho)], {})).max() < 1e-14  # fmt: skip
    with pytest.raises(ValueError, match="one site at a time: give each a preparation of its own"):
        qb.Stroke(system, 1.0, reset={("c", "x"): qb.state(rho)})


# --- oscillators ---------------------------------------------------------------------------------


def cavity(levels=None, kind=qb.exchange, **rates):
    sites = {"q": qb.Qubit(1.1), "o": qb.Oscillator(0.9, levels=levels, **rates)}
    return qb.System(sites, [kind("q", "o", 0.4)], "q", "o")


@pytest.mark.parametrize("levels", [None, 7])
@pytest.mark.parametrize("how", ["array", "dims", "labelled"])
def test_an_oscillator_may_have_fewer_levels_in_the_state(levels, how):
    rho = random_state(np.random.default_rng(5), 6, pure=False)
    made = {
        "array": rho,
        "dims": qutip.Qobj(rho, dims=[[3, 2], [3, 2]]),
        "labelled": xr.DataArray(rho, dims=("row", "column"), attrs={"levels": [3, 2]}),
    }[how]
    system = cavity(levels, loss=0.1)
    whole = np.zeros((7, 2, 7, 2), dtype=complex)
    whole[:3, :, :3] = rho.reshape(3, 2, 3, 2)
    whole = whole.transpose(1, 0, 3, 2).reshape(14, 14)
    check(system, {("o", "q"): qb.state(made)}, whole, levels=[2, 7])


def test_quanta_that_are_made_from_a_joint_state():
    """Counter-rotating: the levels that are chosen are enough."""
    ket = np.array([0.6, 0, 0, 0, 0, 0.8j])  # |00> + |12>
    whole = np.zeros(2 * 24, dtype=complex)
    whole[[0, 24 + 2]] = 0.6, 0.8j
    rho = np.outer(whole, whole.conj())
    check(cavity(kind=qb.dipole), {("q", "o"): qb.state(ket)}, rho, levels=[2, 24], when=WHEN[:2])


def test_two_oscillators_that_share_quanta():
    sites = {"a": qb.Oscillator(1.0), "b": qb.Oscillator(1.3)}
    system = qb.System(sites, [qb.dipole("a", "b", 0.2)], "a", "b")
    ket = qutip.Qobj(np.array([0.6, 0, 0, 0, 0, 0.8]), dims=[[2, 3], [1]])  # |00> + |12>
    whole = np.zeros(100, dtype=complex)
    whole[[0, 12]] = 0.6, 0.8
    rho = np.outer(whole, whole)
    with on_levels():
        table = system.charge({("a", "b"): qb.state(ket)}, 0.5, ["energy"])
    assert "quanta" in table.attrs
    assert table.attrs["left_out"] < 1e-9
    check(system, {("a", "b"): qb.state(ket)}, rho, levels=[10, 10], when=WHEN[:1])
    h = qutip.tensor(qutip.num(24), qutip.qeye(24)) + 1.3 * qutip.tensor(
        qutip.qeye(24), qutip.num(24)
    )
    h += 0.2 * qutip.tensor(qutip.destroy(24) + qutip.create(24),
                            qutip.destroy(24) + qutip.create(24))  # fmt: skip
    start = 0.6 * qutip.basis([24, 24], [0, 0]) + 0.8 * qutip.basis([24, 24], [1, 2])
    now = qutip.Qobj((-0.5j * h).expm() * start)
    expected = 1.3 * qutip.expect(qutip.num(24), now.ptrace(1))
    assert table.energy.item() == pytest.approx(expected, abs=1e-9)


def test_what_given_levels_leave_out_of_a_joint_start_is_bounded():
    ket = np.zeros(10)
    ket[[0, 5 + 4]] = 0.6, 0.8
    system = cavity(levels=5, kind=qb.dipole)
    with pytest.warns(UserWarning, match="levels of 'o' may change an energy"):
        table = system.charge({("q", "o"): qb.state(ket)}, 0.5, ["energy"])
    free = cavity(kind=qb.dipole)
    start = {("q", "o"): qb.state(qutip.Qobj(ket, dims=[[2, 5], [1]]))}
    exact = free.charge(start, 0.5, ["energy"]).energy.item()
    assert 1e-6 < abs(table.energy.item() - exact) / 0.9 < table.attrs["left_out"]


# --- what came out goes in again -----------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_a_state_that_came_out_goes_on(loss):
    """Half the time twice is the whole time: over an axis of angles and one of halfway marks."""
    pair = qb.QubitPair(coupling=0.8, charger_loss=loss)
    start, first, later = qb.bloch([0.4, 2.0, np.pi]), np.array([0.2, 0.9]), np.array([0.0, 0.7])
    rho = pair.density_matrix(start, first).rename(time="stored_at")
    joint = {("charger", "battery"): qb.state(rho.transpose("row", "theta", "column", ...))}
    table = pair.system().charge(joint, later)
    assert set(table.energy.dims) == {"theta", "stored_at", "time"}
    np.testing.assert_array_equal(table.stored_at, first)
    for k, before in enumerate(first):
        whole = pair.charge(start, before + later)
        for name in ("energy", "ergotropy", "concurrence"):
            mine = table[name].isel(stored_at=k).transpose("theta", "time")
            np.testing.assert_allclose(mine, whole[name], rtol=0, atol=2e-8)


@pytest.mark.parametrize("rates", [{}, {"loss": 0.2}], ids=["closed", "lossy"])
def test_the_state_of_an_open_network_goes_on_where_it_was_read(rates):
    """Its levels stand in what was read: the oscillator chose its own, and does so again."""
    sites = {"o": qb.Oscillator(**rates), "q": qb.Qubit(0.9), "t": qb.Qudit([0, 1, 1.7])}
    links = [qb.exchange("o", "q", 0.6), qb.exchange("q", "t", 0.5)]
    system = qb.System(sites, links, "o", "t")
    start, order = {"o": qb.fock(3), "q": qb.bloch(2.0)}, ("q", "t", "o")
    rho = system.density_matrix(start, [0.2, 0.9], sites=order).rename(time="stored_at")
    table = system.charge({order: qb.state(rho)}, WHEN, NAMES, "collective")
    ket = np.kron(np.kron(np.eye(5)[3], [np.cos(1), np.sin(1)]), [1, 0, 0])
    for before in (0.2, 0.9):
        expected = figures(system, [5, 2, 3], np.outer(ket, ket), before + WHEN)
        for name, column in zip(NAMES, expected, strict=True):
            mine = table[name].sel(stored_at=before)
            np.testing.assert_allclose(mine, column, rtol=0, atol=1e-8, err_msg=name)


def test_a_batch_of_joint_states_beside_each_of_them():
    rng = np.random.default_rng(11)
    links = [qb.exchange("a", "b", 0.7), qb.dipole("b", "c", 0.3)]
    sites = {"a": qb.Qudit([0, 1.0, 1.7]), "b": qb.Qubit(loss=0.2), "c": qb.Qubit()}
    system = qb.System(sites, links, "a", ["c", "b"])
    rho = np.array([random_state(rng, 6, pure) for pure in (True, False, False)])
    batch = xr.DataArray(rho, dims=("run", "row", "column"), coords={"run": [3, 5, 9]})
    for k in range(3):
        expected = dense(system, [(("c", "a"), rho[k])], {})
        check(system, {("c", "a"): qb.state(batch)}, expected, run=k)


def test_a_batch_of_states_of_one_site_meets_an_axis_of_the_system():
    rng = np.random.default_rng(12)
    rho = np.array([random_state(rng, 2, False) for _ in range(4)]).reshape(2, 2, 2, 2)
    coupling = xr.DataArray([0.5, 1.2], dims="device", coords={"device": ["left", "right"]})
    dims = ("device", "column", "shot", "row")
    batch = xr.DataArray(rho.transpose(0, 3, 1, 2), dims=dims, coords={"device": coupling.device})
    pair = qb.QubitPair(coupling=coupling).system()
    table = pair.charge(qb.state(batch), [0.5])
    assert dict(table.energy.sizes) == {"device": 2, "shot": 2, "time": 1}
    assert {*table.coords} == {"device", "time"}
    excited = rho[..., 1, 1].real * np.sin(0.5 * coupling.to_numpy())[:, None] ** 2
    np.testing.assert_allclose(table.energy[..., 0], excited, rtol=0, atol=1e-14)
    best = pair.optimum(qb.state(batch), 4.0, of="energy")
    np.testing.assert_allclose(best.energy_max, rho[..., 1, 1].real, rtol=0, atol=1e-9)


def test_a_batch_on_an_oscillator_is_cut_where_all_are_empty():
    rho = np.zeros((2, 6, 6))
    rho[0, 0, 0], rho[1, 3, 3], rho[1, 1, 1] = 1, 0.25, 0.75
    batch = xr.DataArray(rho, dims=("run", "row", "column"))
    system = qb.System(
        {"a": qb.Oscillator(), "b": qb.Qubit()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    table = system.charge(qb.state(batch), 0.6, ["energy"])
    assert table.attrs["levels"] == "a: 4"
    expected = 0.25 * np.sin(0.6 * np.sqrt(3)) ** 2 + 0.75 * np.sin(0.6) ** 2
    np.testing.assert_allclose(table.energy, [0, expected], rtol=0, atol=1e-14)


def test_a_state_that_a_solver_left_slightly_negative():
    rho = np.diag([1 + 3e-9, -3e-9, 0, 0])
    start = {("charger", "battery"): qb.state(xr.DataArray(rho, dims=("row", "column")))}
    table = qb.QubitPair().system().charge(start, [0.3], ["energy"])
    assert table.energy.item() == pytest.approx(0, abs=1e-8)


# --- every site of a tuple -----------------------------------------------------------------------


def test_a_preparation_of_one_site_is_that_of_every_site_of_a_tuple():
    system = qb.System(dict.fromkeys("abc", qb.Qubit()), [qb.exchange("b", "c", 1.0)], "a", "c")
    one = system.charge({("a", "b"): qb.bloch([0.3, 2.0])}, WHEN)
    two = system.charge({"a": qb.bloch([0.3, 2.0]), "b": qb.bloch([0.3, 2.0])}, WHEN)
    xr.testing.assert_identical(one, two)


def test_product_states_that_differ_from_site_to_site():
    rng = np.random.default_rng(8)
    theta = xr.DataArray(rng.uniform(0, np.pi, size=(3, 2)), dims=("site", "run"))
    links = [qb.exchange(a, b, 0.6) for a, b in itertools.combinations("wxyz", 2)]
    system = qb.System(dict.fromkeys("wxyz", qb.Qubit()), links, "w", ["z", "x"])
    start = {("z", "w", "x"): qb.bloch(theta)}
    for run in range(2):
        kets = [np.array([np.cos(t / 2), np.sin(t / 2)]) for t in theta[:, run].values]
        parts = [((n,), np.outer(ket, ket)) for n, ket in zip("zwx", kets, strict=True)]
        check(system, start, dense(system, parts, {}), run=run)


def test_other_arrays_from_site_to_site():
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator(), "c": qb.Oscillator()}
    links = [qb.exchange("a", "c", 0.5), qb.exchange("b", "c", 0.5)]
    system = qb.System(sites, links, ["a", "b"], "c")
    alpha = xr.DataArray([0.1 + 0.2j, -0.1j], dims="site", coords={"site": ["a", "b"]})
    table = system.charge({("a", "b"): qb.coherent(alpha)}, WHEN, ["energy"])
    bright = 0.1 + 0.1j
    expected = abs(bright) ** 2 / 2 * np.sin(WHEN / np.sqrt(2)) ** 2
    np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-12)
    n = system.charge({("a", "b"): qb.fock(xr.DataArray([2, 0], dims="site"))}, WHEN, ["energy"])
    alone = system.charge({"a": qb.fock(2)}, WHEN, ["energy"])
    xr.testing.assert_allclose(n, alone, rtol=0, atol=1e-14)
    rho = np.array([np.diag([0.2, 0.8]), np.diag([1.0, 0.0])])
    given = qb.state(xr.DataArray(rho, dims=("site", "row", "column")))
    mixed = system.charge({("a", "b"): given}, WHEN, ["energy"])
    one = system.charge({"a": qb.state(rho[0])}, WHEN, ["energy"])
    xr.testing.assert_allclose(mixed, one, rtol=0, atol=1e-14)


def test_levels_are_said_in_any_way():
    """A NOON state of two oscillators as ket and matrix, with its levels and labelled."""
    ket = np.zeros(12)
    ket[[3, 8]] = 0.6, 0.8  # 0,3 and 2,0 of 3 x 4
    rho, dims = np.outer(ket, ket), [[3, 4], [1, 1]]
    states = [
        qb.state(ket, levels=[3, 4]),
        qb.state(rho, levels=(3, 4)),
        qb.state(qutip.Qobj(ket, dims=dims)),
        qb.state(xr.DataArray(ket, dims="row", attrs={"levels": [3, 4]})),
        qb.state(xr.DataArray(rho, dims=("row", "column"), attrs={"levels": [3, 4]})),
    ]
    links = [qb.exchange("a", "c", 0.7), qb.exchange("b", "c", 0.4)]
    system = qb.System({n: qb.Oscillator(loss=0.1) for n in "abc"}, links, ["a", "b"], "c")
    tables = [system.charge({("a", "b"): s}, WHEN, ["energy", "ergotropy"]) for s in states]
    for each in tables[1:]:
        xr.testing.assert_allclose(tables[0], each, rtol=0, atol=1e-12)
    b = qutip.destroy(4)
    kets = qutip.Qobj(ket, dims=[[3, 4], [1, 1]])
    two = {"a": ("a", "quanta"), "b": ("b", "quanta")}
    counts = [qutip.expect(qutip.tensor(qutip.num(3), qutip.qeye(4)), kets)]
    counts.append(qutip.expect(qutip.tensor(qutip.qeye(3), b.dag() * b), kets))
    found = system.expect({("a", "b"): states[0]}, 0.0, two)
    np.testing.assert_allclose([found.a, found.b], counts, atol=1e-12)


# --- what is refused -----------------------------------------------------------------------------

CUT, FREE = qb.Oscillator(levels=3), qb.Oscillator()
TWO = {"a": qb.Qubit(), "b": qb.Qubit(), "o": FREE, "p": CUT, "r": CUT, "s": FREE}
SYSTEM = qb.System(TWO, [qb.exchange("a", "b", 1.0)], "a", "b")
MIXED = np.eye(4) / 4


def labelled(*dims, shape=(2, 2), **attrs):
    matrices = np.broadcast_to(np.eye(shape[-1]) / shape[-1], shape)
    return xr.DataArray(matrices, dims=dims, attrs=attrs)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: {(): qb.fock(1)}, ValueError, "an empty tuple as a key: name the sites"),
        (lambda: {("a", "a"): qb.fock(1)}, ValueError, r"names 'a' twice, in \('a', 'a'\)"),
        (lambda: {("a", "b"): qb.state(BELL), "b": qb.fock(1)}, ValueError,
         "names 'b' twice, by two keys: a site starts in one way only"),
        (lambda: {("a", "bb"): qb.fock(1)}, ValueError, "names 'bb', did you mean b"),
        (lambda: {("a", 3): qb.fock(1)}, ValueError, "names 3, but the sites are a, b, o, p, r, s"),
        (lambda: {("a", "b"): BELL}, TypeError, r"of \('a', 'b'\) must be made by"),
        (lambda: {("a", "b"): qb.state([1, 0])}, ValueError,
         r"\('a', 'b'\): the state has dimension 2, which.*they have 2 x 2.*say state"),
        (lambda: {("a", "p", "r"): qb.state(np.eye(12) / 12)}, ValueError,
         r'dimension 12, which does not say.*have 2 x 3 x 3\).*levels=\[...\]\), or.*, one'),
        (lambda: {("o", "s"): qb.state(MIXED)}, ValueError, r"they have any x any\)"),
        (lambda: {("a", "p"): qb.state(np.eye(8) / 8)}, ValueError, "2 x 4 levels, 4 of them of"),
        (lambda: {("a", "p"): qb.state(np.eye(7) / 7)}, ValueError, "dimension 7, which does not"),
        (lambda: {("a", "b"): qb.state(qutip.Qobj(np.eye(6) / 6, dims=[[3, 2], [3, 2]]))},
         ValueError, r"the state has 3 x 2 levels, 3 of them of 'a', but that has 2"),
        (lambda: {("a", "b", "p"): qb.state(qutip.Qobj(MIXED, dims=[[2, 2], [2, 2]]))},
         ValueError, r"the state has 2 parts \(2 x 2\), but there are 3 sites"),
        (lambda: {("a", "b"): qb.state(labelled("row", "column", levels=[3, 2]))}, ValueError,
         r'attribute "levels" of the state is \[3, 2\], in all 6, but its dimension is 2'),
        (lambda: qb.state(MIXED, levels=[2, 3]), ValueError, "^levels of the state is .2, 3., in"),
        (lambda: qb.state(labelled("row", "column", shape=(4, 4), levels=[2, 2]), levels=[1, 4]),
         ValueError, r"levels=\[1, 4\], but the state itself says \[2, 2\]: leave one out"),
        (lambda: qb.state(MIXED, levels="4"), TypeError, "^levels of a state is a list of whole"),
        (lambda: qb.state(labelled("row", "column", levels="a: 2")), TypeError,
         'attribute "levels" of a state is a list of whole numbers'),
        (lambda: qb.state(labelled("time", "row", "column", shape=(3, 2, 2))), ValueError,
         r'dimension .time., which is that of the result: rename it, as .rename\(time="sto'),
        (lambda: qb.state(labelled("x", "row", "y", shape=(3, 2, 2))), ValueError,
         "has dimensions 'row' and 'column', and names of its own for others; got x, row, y"),
        (lambda: qb.state(labelled("x", "row", "column", shape=(0, 2, 2))), ValueError, "is empty"),
        (lambda: qb.state(2 * labelled("x", "row", "column", shape=(3, 2, 2))), ValueError,
         "the density matrix has trace 2 at index 0"),
        (lambda: qb.state(labelled("level", "row", "column", shape=(3, 2, 2))), ValueError,
         "has a dimension 'level', but the names"),
        (lambda: qb.state(MIXED), ValueError,
         r"needs 4 levels, but the site has 2; several sites together are named in a tuple"),
        (lambda: {("a", "b"): qb.bloch(xr.DataArray([0, 1, 2], dims="site"))}, ValueError,
         r"theta has 3 values over 'site', but \('a', 'b'\) are 2 sites"),
        (lambda: {("a", "b"): qb.bloch(xr.DataArray([0, 1], {"site": ["b", "a"]}, ["site"]))},
         ValueError, "theta is labelled b, a over 'site', but the sites are a, b"),
        (lambda: {("a", "b"): qb.coherent(1.0)}, ValueError, "'a': coherent needs an Oscillator"),
        (lambda: {("a", "p"): qb.fock(2)}, ValueError, "'a'.*needs 3 levels, but the site has 2"),
    ],
)  # fmt: skip
def test_refused(make, error, message):
    with pytest.raises(error, match=message):
        SYSTEM.charge(make(), 1.0)


def test_axes_of_states_that_do_not_fit_those_of_the_system():
    pair = qb.QubitPair(coupling=[0.1, 0.2]).system()
    given = qb.state(labelled("coupling", "row", "column", shape=(3, 4, 4)))
    with pytest.raises(ValueError, match=r"axes of the same name.*charger\+battery.states over"):
        pair.charge({("charger", "battery"): given}, 1.0)
