"""Each model against QuTiP, its Hamiltonian typed here by hand in the full space."""

import numpy as np
import pytest
import qutip
import xarray as xr

import quantumbattery as qb
from quantumbattery.zoo import quadratures

TIMES = np.linspace(0, 3, 7)
TIGHT = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000}


def place(operators, k):
    """The k-th of these operators, with identities on all other sites."""
    eyes = [qutip.qeye(one.shape[0]) for one in operators]
    return qutip.tensor([operators[k] if j == k else eye for j, eye in enumerate(eyes)])


def sites(*levels):
    lower = [qutip.destroy(n) for n in levels]
    return [place(lower, k) for k in range(len(levels))]


def solved(h, start, stored, jumps=()):
    """Energy and ergotropy of the sites from `keep` on, whose Hamiltonian is given."""
    keep, battery = stored
    h = qutip.QobjEvo(h) if isinstance(h, list) else h
    if jumps:
        run = qutip.mesolve(h, qutip.ket2dm(start), TIMES, list(jumps), options=TIGHT)
    else:
        run = qutip.sesolve(h, start, TIMES, options=TIGHT)
    energy, work = [], []
    for one in run.states:
        rho = one.ptrace(list(range(keep, len(h.dims[0])))).full()
        falling = np.linalg.eigvalsh(rho)[::-1]
        energy.append(np.trace(rho @ battery).real)
        work.append(energy[-1] - falling @ np.linalg.eigvalsh(battery))
    return energy, work


def agree(system, preparation, expected):
    table = system.charge(preparation, TIMES, ["energy", "ergotropy"])
    np.testing.assert_allclose(table.energy, expected[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(table.ergotropy, expected[1], rtol=0, atol=1e-8)


def qubit_start(theta, phi, *rest):
    up = np.cos(theta / 2), np.exp(1j * phi) * np.sin(theta / 2)
    first = up[0] * qutip.basis(2, 0) + up[1] * qutip.basis(2, 1)
    return qutip.tensor(first, *(qutip.basis(n, 0) for n in rest))


@pytest.fixture
def rng():
    return np.random.default_rng(2026)


@pytest.mark.parametrize("lossy", [False, True])
def test_qubit_pair(rng, lossy):
    j, w, ga, gb, d = rng.uniform(0.3, 1.5, 5) * [1, 1, lossy, lossy, 1]
    a, b = sites(2, 2)
    h = (w + d) * a.dag() * a + w * b.dag() * b + j * (a.dag() * b + b.dag() * a)
    jumps = (np.sqrt(ga) * a, np.sqrt(gb) * b) if lossy else ()
    expected = solved(h, qubit_start(1.9, 0.4, 2), (1, np.diag([0, w])), jumps)
    pair = qb.models.qubit_pair(
        coupling=j, frequency=w, charger_loss=ga, battery_loss=gb, detuning=d
    )
    agree(pair, qb.bloch(1.9, 0.4), expected)


def test_jaynes_cummings(rng):
    g, w, d = rng.uniform(0.3, 1.5, 3)
    n = 30
    a, b = sites(n, 2)
    h = (w + d) * a.dag() * a + w * b.dag() * b + g * (a.dag() * b + b.dag() * a)
    start = qutip.tensor(qutip.coherent(n, 1.1 + 0.3j, method="analytic"), qutip.basis(2, 0))
    expected = solved(h, start, (1, np.diag([0, w])))
    agree(
        qb.models.jaynes_cummings(coupling=g, frequency=w, detuning=d),
        qb.coherent(1.1 + 0.3j),
        expected,
    )


@pytest.mark.parametrize("rotating", [True, False])
def test_oscillator_pair(rng, rotating):
    g, w = rng.uniform(0.1, 0.3), rng.uniform(0.9, 1.5)
    n = 16 if rotating else 22
    a, b = sites(n, n)
    link = a.dag() * b + b.dag() * a if rotating else (a + a.dag()) * (b + b.dag())
    h = w * (a.dag() * a + b.dag() * b) + g * link
    start = qutip.tensor(qutip.coherent(n, 0.4, method="analytic"), qutip.basis(n, 0))
    expected = solved(h, start, (1, w * np.diag(np.arange(n))))
    system = qb.models.oscillator_pair(coupling=g, frequency=w, rotating_wave=rotating)
    agree(system, qb.coherent(0.4), expected)


@pytest.mark.parametrize("model", ["tavis_cummings", "dicke"])
@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("normalised", [False, True])
def test_cells_in_a_cavity(rng, model, lossy, normalised):
    rotating = model == "tavis_cummings"
    g, w, k = rng.uniform(0.1, 0.2), rng.uniform(0.9, 1.5), rng.uniform(0.2, 0.6) * lossy
    cells = 2 if lossy else 3
    n = 3 if rotating else 16
    a, *qubits = sites(n, *[2] * cells)
    strength = g / np.sqrt(cells) if normalised else g
    h = w * a.dag() * a
    for s in qubits:
        h += w * s.dag() * s
        h += strength * (a.dag() * s + s.dag() * a if rotating else (a + a.dag()) * (s + s.dag()))
    start = qutip.tensor(qutip.basis(n, 2), *[qutip.basis(2, 0)] * cells)
    battery = w * np.diag([float(i.bit_count()) for i in range(2**cells)])
    expected = solved(h, start, (1, battery), (np.sqrt(k) * a,) if lossy else ())
    make = getattr(qb.models, model)
    system = make(cells=cells, coupling=g, frequency=w, charger_loss=k, normalised=normalised)
    agree(system, qb.fock(2), expected)


def test_dicke_is_two_lambda_jx():
    """The prefactor of the papers: w a^dag a + w Jz + 2 w lambda Jx (a + a^dag)."""
    w, lam, cells, n = 0.8, 0.15, 3, 18
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(cells + 1))
    jx, jz = (qutip.tensor(qutip.qeye(n), qutip.jmat(cells / 2, axis)) for axis in "xz")
    h = w * a.dag() * a + w * jz + 2 * w * lam * jx * (a + a.dag())
    start = qutip.tensor(qutip.basis(n, 2), qutip.basis(cells + 1, cells))  # all cells down
    run = qutip.sesolve(h, start, TIMES, e_ops=[w * (jz + cells / 2)], options=TIGHT)
    system = qb.models.dicke(cells=cells, coupling=lam * w, frequency=w)
    found = system.charge(qb.fock(2), TIMES, ["energy"]).energy
    np.testing.assert_allclose(found, run.expect[0], rtol=0, atol=1e-8)


def test_star(rng):
    j = rng.uniform(0.5, 1.5)
    *chargers, b = sites(2, 2, 2, 2)
    h = b.dag() * b
    for a in chargers:
        h += a.dag() * a + j * (a.dag() * b + b.dag() * a)
    one = np.cos(0.7) * qutip.basis(2, 0) + np.sin(0.7) * qutip.basis(2, 1)
    start = qutip.tensor(one, one, one, qutip.basis(2, 0))
    agree(
        qb.models.star(chargers=3, coupling=j),
        qb.bloch(1.4),
        solved(h, start, (3, np.diag([0, 1]))),
    )


def test_chain(rng):
    couplings = rng.uniform(-1.5, 1.5, 3)
    qubits = sites(2, 2, 2, 2)
    h = sum(s.dag() * s for s in qubits)
    for j, s, t in zip(couplings, qubits[:-1], qubits[1:], strict=True):
        h += j * (s.dag() * t + t.dag() * s)
    expected = solved(h, qubit_start(2.2, 1.0, 2, 2, 2), (3, np.diag([0, 1])))
    agree(qb.models.chain(couplings=couplings), qb.bloch(2.2, 1.0), expected)


# --- drives: the laboratory's frame, in which the Hamiltonian changes in time --------------------


def constant(_):
    return 1.0


def field(lower, strength, frequency, shape=constant):
    """Strength f(t) (A e^{iwt} + h.c.), as QuTiP takes it."""
    return [
        [strength * lower, lambda t: shape(t) * np.exp(1j * frequency * t)],
        [strength * lower.dag(), lambda t: shape(t) * np.exp(-1j * frequency * t)],
    ]


def ground(*levels):
    return qutip.tensor([qutip.basis(n, 0) for n in levels])


@pytest.mark.parametrize("kind", ["driven_oscillator_pair", "driven_qubit_pair", "driven_hybrid"])
def test_driven_pairs(rng, kind):
    weak = 0.05 if kind == "driven_oscillator_pair" else 1.0
    g, f, loss, k = rng.uniform(0.3, 0.9, 4) * [1, weak, 1, weak]
    occupation = 0.2 * weak**2
    levels = {"driven_oscillator_pair": (8, 8), "driven_hybrid": (26, 2)}.get(kind, (2, 2))
    a, b = sites(*levels)
    h = [a.dag() * a + b.dag() * b + g * (a.dag() * b + b.dag() * a), *field(a, f, 1.0)]
    rates = np.sqrt([loss * (1 + occupation), loss * occupation, 2 * k])
    jumps = [x * c for x, c in zip(rates, (a, a.dag(), a.dag() * a), strict=True)]
    expected = solved(h, ground(*levels), (1, np.diag(np.arange(levels[1]))), jumps)
    system = getattr(qb.models, kind)(
        coupling=g, drive=f, charger_loss=loss, occupation=occupation, dephasing=k
    )
    agree(system, {}, expected)


@pytest.mark.parametrize("lossy", [False, True])
def test_quadratic_drive(rng, lossy):
    g, f, loss = rng.uniform(0.4, 0.9, 3) * [1, 0.02, lossy]
    a, b = sites(8, 8)
    h = [a.dag() * a + b.dag() * b + g * (a.dag() * b + b.dag() * a), *field(a * a, f / 2, 2.0)]
    jumps = [np.sqrt(loss) * a] if lossy else []
    expected = solved(h, ground(8, 8), (1, np.diag(np.arange(8))), jumps)
    agree(qb.models.quadratic_drive(coupling=g, drive=f, charger_loss=loss), {}, expected)


@pytest.mark.parametrize("power", [np.inf, 1.7])
def test_spin_chain(rng, power):
    n = 4
    half, f, g, alpha = rng.uniform(0.3, 1.2, 4)
    lower = sites(*[2] * n)
    z = [2 * s.dag() * s - 1 for s in lower]  # +1 is the excited level
    x, y = [s + s.dag() for s in lower], [1j * (s - s.dag()) for s in lower]
    battery = half * sum(z)
    for i in range(n):
        for j in range(i + 1, n):
            pair = z[i] * z[j] + alpha * (x[i] * x[j] + y[i] * y[j])
            battery -= g / float(j - i) ** power * pair
    drives = [part for s in lower for part in field(s, f, 2 * half)]
    matrix = battery.full()
    matrix -= np.linalg.eigvalsh(matrix)[0] * np.eye(2**n)
    expected = solved([battery, *drives], ground(*[2] * n), (0, matrix))
    system = qb.models.spin_chain(
        cells=n, field=half, drive=f, coupling=g, anisotropy=alpha, range=power
    )
    agree(system, {}, expected)


@pytest.mark.parametrize("ramps", [False, True])
def test_qutrit(rng, ramps):
    one, two = rng.uniform(0.3, 1.2, 2)
    rise, fall = (lambda t: np.sin(t / 2), lambda t: np.cos(t / 2)) if ramps else [constant] * 2
    ket = [qutip.basis(3, k) for k in range(3)]
    h = [
        qutip.Qobj(np.diag([0, 1, 1.95])),
        *field(ket[0] * ket[1].dag(), one, 1.0, rise),
        *field(ket[1] * ket[2].dag(), two, 0.95, fall),
    ]
    drives = ((one, rise), (two, fall)) if ramps else (one, two)
    agree(qb.models.qutrit(drives=drives), {}, solved(h, ket[0], (0, np.diag([0, 1, 1.95]))))


@pytest.mark.parametrize("rotating", [False, True])
def test_classical_drive(rng, rotating):
    amplitude = rng.uniform(0.5, 2.0)
    lower = sites(2, 2)
    h = [sum(s.dag() * s for s in lower)]
    for s in lower:
        if rotating:
            h += field(s, amplitude / 4, 1.0, lambda t: np.exp(-t))
        else:
            h.append([amplitude / 2 * (s + s.dag()), lambda t: np.exp(-t) * np.cos(t)])
    expected = solved(h, ground(2, 2), (0, np.diag([0.0, 1, 1, 2])))
    system = qb.models.classical_drive(
        cells=2, amplitude=amplitude, envelope=lambda t: np.exp(-t), rotating_wave=rotating
    )
    agree(system, {}, expected)


def test_collective_bath(rng):
    loss, occupation = rng.uniform(0.3, 1.2, 2)
    lower = sites(2, 2, 2)
    jumps = [
        np.sqrt(loss * (1 + occupation)) * sum(lower),
        np.sqrt(loss * occupation) * sum(lower).dag(),
    ]
    battery = np.diag([float(i.bit_count()) for i in range(8)])
    expected = solved(sum(s.dag() * s for s in lower), ground(2, 2, 2), (0, battery), jumps)
    agree(qb.models.collective_bath(cells=3, loss=loss, occupation=occupation), {}, expected)


# --- names, axes and errors ----------------------------------------------------------------------


@pytest.mark.parametrize("name", qb.models.__all__)
def test_defaults_run_and_arguments_are_keywords(name):
    model = getattr(qb.models, name)
    start = qb.fock(1) if not model().drives and model().charger else {}
    assert float(model().charge(start, 0.3, ["energy"]).energy) > 0
    with pytest.raises(TypeError):
        model(1.0)


@pytest.mark.parametrize("power", [2, 2.0, np.int64(2), np.float32(2)])
def test_the_range_of_a_spin_chain_is_any_real_number(power):
    one, other = qb.models.spin_chain(range=power), qb.models.spin_chain(range=2.0)
    found = [float(s.charge({}, 0.7, ["energy"]).energy) for s in (one, other)]
    assert found[0] == found[1]


@pytest.mark.parametrize("amplitude", [0.02, 2.0])
@pytest.mark.parametrize("name", ["driven_oscillator_pair", "quadratic_drive"])
def test_driven_oscillators_with_a_loss_by_positions_and_momenta(name, amplitude):
    system = getattr(qb.models, name)(loss=1.0, drive=amplitude)
    pump = "drive" if name == "driven_oscillator_pair" else "squeezing"
    found = quadratures.pumped_pair([0.0, 3.0], **({"drive": 0.0, "loss": 1.0} | {pump: amplitude}))
    energy = system.charge({}, [0.0, 3.0], ["energy"]).energy
    np.testing.assert_allclose(energy, quadratures.energy(*found), atol=1e-10)


def test_energies_of_driven_oscillators_grow_as_the_square_of_the_drive():
    pair = qb.models.driven_oscillator_pair(drive=[0.01, 0.03], charger_loss=1.0, dephasing=0.2)
    weak, strong = pair.charge({}, 2.0, ["energy"]).energy.to_numpy()
    assert strong == pytest.approx(9 * weak, rel=1e-9)


def test_names_of_the_sites():
    assert list(qb.models.jaynes_cummings().sites) == ["charger", "battery"]
    assert list(qb.models.dicke().sites) == ["cavity", "cells"]
    assert list(qb.models.star(chargers=2).sites) == ["charger_0", "charger_1", "battery"]
    assert list(qb.models.driven_hybrid().sites) == ["charger", "battery"]
    assert list(qb.models.spin_chain(cells=2).sites) == ["cell_0", "cell_1"]
    assert (qb.models.collective_bath().charger, qb.models.qutrit().battery) == ((), ("battery",))
    chain = qb.models.chain(couplings=[1, 2, 3])
    assert list(chain.sites) == ["cell_0", "cell_1", "cell_2", "cell_3"]
    assert (chain.charger, chain.battery) == (("cell_0",), ("cell_3",))


def test_a_single_cell_is_the_jaynes_cummings_model():
    one, other = qb.models.tavis_cummings(cells=1), qb.models.jaynes_cummings()
    found = [s.charge(qb.coherent(1.5), TIMES, ["ergotropy"]).ergotropy for s in (one, other)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("qubit_pair", {"coupling": [0.5, 1.0], "detuning": [0.0, 0.1, 0.2]}),
        ("jaynes_cummings", {"coupling": [0.5, 1.0], "detuning": [0.0, 0.1, 0.2]}),
        ("oscillator_pair", {"coupling": [0.5, 1.0], "frequency": [1.0, 1.5, 2.0]}),
        ("tavis_cummings", {"coupling": [0.5, 1.0], "loss": [0.0, 0.1, 0.2]}),
        ("dicke", {"coupling": [0.05, 0.1], "frequency": [1.0, 1.5, 2.0]}),
        ("driven_qubit_pair", {"drive": [0.5, 1.0], "dephasing": [0.0, 0.1, 0.2]}),
        ("driven_hybrid", {"drive": [0.5, 1.0], "coupling": [0.8, 0.9, 1.0]}),
        ("spin_chain", {"field": [0.5, 1.0], "anisotropy": [0.0, 0.5, 1.0]}),
        ("classical_drive", {"amplitude": [0.5, 1.0]}),
        ("collective_bath", {"loss": [0.5, 1.0], "occupation": [0.5, 1.0, 2.0]}),
    ],
)
def test_arrays_become_axes_of_the_argument_s_name(model, arguments):
    system = getattr(qb.models, model)(**arguments)
    start = qb.fock(1) if not system.drives and system.charger else {}
    table = system.charge(start, [0.5, 1.0], ["energy"])
    assert table.sizes == {**{name: len(v) for name, v in arguments.items()}, "time": 2}
    last = {name: values[-1] for name, values in arguments.items()}
    alone = getattr(qb.models, model)(**last).charge(start, [0.5, 1.0], ["energy"])
    np.testing.assert_allclose(table.energy.sel(last), alone.energy, rtol=0, atol=1e-12)


def test_a_data_array_keeps_its_dimension_and_star_has_an_axis():
    device = xr.DataArray([0.9, 1.1], dims="device")
    assert qb.models.dicke(coupling=device).interactions[0].strength.dims == ("device",)
    table = qb.models.star(coupling=[0.9, 1.1]).charge(qb.fock(1), 0.3, ["energy"])
    assert table.sizes == {"coupling": 2}


@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        ("qubit_pair", {"coupling": 0.0}, "coupling must be positive"),
        ("jaynes_cummings", {"coupling": np.nan}, "coupling must be finite"),
        ("jaynes_cummings", {"frequency": -1.0}, "frequency must be positive"),
        ("jaynes_cummings", {"detuning": -1.0}, "frequency must be positive"),
        ("oscillator_pair", {"rotating_wave": 1}, "rotating_wave must be True or False"),
        ("oscillator_pair", {"coupling": 0.5, "rotating_wave": False}, "below half the frequency"),
        ("oscillator_pair", {"coupling": [0.1, -0.6], "rotating_wave": False}, "below half"),
        ("tavis_cummings", {"cells": 0}, "cells must be a whole number of at least 1"),
        ("tavis_cummings", {"cells": 2.5}, "cells must be a whole number of at least 1"),
        ("tavis_cummings", {"normalised": "yes"}, "normalised must be True or False"),
        ("dicke", {"loss": -0.1}, "loss must be zero or positive"),
        ("dicke", {"coupling": "strong"}, "coupling must be a real number"),
        ("star", {"chargers": True}, "chargers must be a whole number of at least 1"),
        ("driven_qubit_pair", {"occupation": 1.0}, "occupation is 1 but loss is 0"),
        ("driven_hybrid", {"drive": np.inf}, "drive must be finite"),
        ("driven_oscillator_pair", {"dephasing": -1.0}, "dephasing must be zero or positive"),
        ("quadratic_drive", {"drive": "weak"}, "drive must be a real number"),
        ("spin_chain", {"range": -1}, "range must be a power of zero or more"),
        ("spin_chain", {"range": True}, "range must be a power of zero or more"),
        ("spin_chain", {"range": np.nan}, "range must be a power of zero or more"),
        ("spin_chain", {"range": "long"}, "range must be a power of zero or more"),
        ("spin_chain", {"field": 0.0}, "field must be positive"),
        ("qutrit", {"drives": 1.0}, "drives are two"),
        ("qutrit", {"drives": (1.0,)}, "drives are two"),
        ("qutrit", {"drives": (1.0, np.nan)}, "drive_2 must be finite"),
        ("qutrit", {"drives": ((1.0, "ramp"), 1.0)}, "drive_1 must be"),
        ("classical_drive", {"rotating_wave": 0}, "rotating_wave must be True or False"),
        ("classical_drive", {"envelope": 2.0}, "envelope is a function"),
        ("collective_bath", {"cells": 0}, "cells must be a whole number of at least 1"),
        ("chain", {"couplings": []}, "at least one number"),
        ("chain", {"couplings": 1.0}, "must be a sequence of at least one number"),
        ("chain", {"couplings": [1.0, np.inf]}, "coupling_1 must be finite"),
    ],
)
def test_bad_arguments_are_one_sentence(model, arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        getattr(qb.models, model)(**arguments)
