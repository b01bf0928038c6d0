import pickle
import sys
import warnings
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
import qutip
import xarray as xr

import quantumbattery as qb
from quantumbattery.machine import TooLargeError
from quantumbattery.network.drives import Drive
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.joint_losses import JointLoss
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from roads import by_qutip
from roads.product_space import random_interaction, random_preparation

TIMES = np.array([0.0, 0.7, 1.6])
SAMPLED = xr.DataArray([0.2, 1.0, -0.4], dims="time", coords={"time": [0.0, 0.8, 1.6]})

cut = pytest.mark.filterwarnings("ignore:the . levels of")  # few, and the same for both


def largest(operator):
    """The largest of its elements: ARPACK, of which QuTiP 5.1 asks norms, takes no zeros."""
    return np.abs(operator.full()).max()


# --- random systems ------------------------------------------------------------------------------


def random_cell(rng, **rates):
    if rng.random() < 0.4:
        return Qubit(rng.uniform(0.5, 2), **rates)
    energies = rng.normal(size=3)  # in any order
    if rng.random() < 0.5:
        return Qudit(energies, rng.normal(size=2), **rates)
    matrix = (rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))) * (rng.random((3, 3)) < 0.6)
    return Qudit(energies, lowering=matrix + np.diag([0.3, 0.2], 1), **rates)


def random_site(rng, lossy):
    rates = {}
    if lossy and rng.random() < 0.7:
        rates = {"loss": rng.uniform(0.1, 0.6), "occupation": rng.choice([0.0, 0.4])}
        rates["dephasing"] = rng.choice([0.0, 0.3])
    kind = rng.integers(3)
    if kind == 0:
        return random_cell(rng, **rates)
    if kind == 1:
        return Oscillator(rng.uniform(0.5, 2), levels=int(rng.integers(2, 5)), **rates)
    return Ensemble(random_cell(rng), int(rng.integers(1, 3)), **rates)


def random_drive(rng, name, site):
    strength, frequency = rng.uniform(0.2, 0.6), rng.choice([0.0, 1.1, -0.7], p=[0.2, 0.6, 0.2])
    envelope, more = [
        (None, {}),
        (lambda t: np.exp(-((t - 0.5) ** 2)), {}),
        (SAMPLED, {}),
        ([0.5, 1.0], {"breaks": [0.1, 0.7, 1.3]}),
    ][rng.integers(4)]
    kind = rng.integers(3)
    if kind == 0 and site.dimension > 2:
        return qb.two_photon_drive(name, strength, frequency, envelope, **more)
    if kind == 1 and not isinstance(site, Ensemble):
        more["transition"] = rng.permutation(site.dimension)[:2].tolist()
    return qb.drive(name, strength, frequency, envelope, rng.random() < 0.5, **more)


def random_case(seed, largest, lossy, driven):
    rng = np.random.default_rng(seed)
    while True:
        sites = {name: random_site(rng, lossy) for name in "abc"[: rng.integers(2, 4)]}
        if np.prod([site.dimension for site in sites.values()]) <= largest:
            break
    names = list(sites)
    links = [random_interaction(rng, sites, *pair) for pair in pairwise(names)]
    if driven:
        name = rng.choice(names).item()
        links.append(random_drive(rng, name, sites[name]))
    battery = rng.permutation(names)[: rng.integers(1, len(names) + 1)].tolist()
    charger = [name for name in names if name not in battery][:1]
    chosen = {n: random_preparation(rng, sites[n]) for n in names if rng.random() < 0.5}
    own = [rng.random() < 0.5 and {*each.ends} <= {*battery} for each in links[: len(names) - 1]]
    links[: len(own)] = [replace(each, always=a) for each, a in zip(links, own, strict=False)]
    return qb.System(sites, links, charger, battery), chosen


@cut
@pytest.mark.parametrize("seed", range(30))
def test_random_systems(seed):
    system, chosen = random_case(seed, 30, lossy=False, driven=False)
    assert by_qutip.difference(system, chosen, TIMES) < 1e-9
    assert by_qutip.difference_of_states(system, chosen, TIMES) < 1e-9


@cut
@pytest.mark.parametrize("seed", range(20))
def test_random_lossy_systems(seed):
    system, chosen = random_case(100 + seed, 20, lossy=True, driven=False)
    assert by_qutip.difference(system, chosen, TIMES) < 1e-9
    assert by_qutip.difference_of_states(system, chosen, TIMES) < 1e-9


@cut
@pytest.mark.parametrize("seed", range(30))
def test_random_driven_systems(seed):
    system, chosen = random_case(200 + seed, 20, lossy=seed % 3 == 0, driven=True)
    assert by_qutip.difference(system, chosen, TIMES) < 1e-8
    assert by_qutip.difference_of_states(system, chosen, TIMES) < 1e-8


# --- what it holds -------------------------------------------------------------------------------


def pair(**rates):
    return qb.System(
        {"charger": qb.Qubit(2.0, **rates), "battery": qb.Qudit([0.5, 0.0, 1.5])},
        [qb.exchange("charger", "battery", 0.3)],
    )


def test_what_the_model_says():
    model = pair(loss=0.1, occupation=0.5, dephasing=0.2).to_qutip()
    assert repr(model) == "QutipModel(charger: 2, battery: 3; H a Qobj, 3 c_ops)"
    assert model.sites == ("charger", "battery")
    assert model.levels == {"charger": 2, "battery": 3}
    assert model.dims == [2, 3]
    assert model.battery == [1]
    every = [model.H, model.battery_hamiltonian, model.number("battery"), *model.c_ops]
    assert all(each.dims == [[2, 3], [2, 3]] for each in every)
    assert all(isinstance(each.data, qutip.core.data.CSR) for each in every)
    assert all(each.isherm for each in every[:3])
    assert model.battery_alone.dims == [[3], [3]]
    assert model.battery_alone.diag().tolist() == [0.5, 0.0, 1.5]  # counted from the lowest
    assert model.number("battery").diag() == pytest.approx([0, 1, 2, 0, 1, 2], abs=1e-15)
    lower = qutip.tensor(qutip.destroy(2), qutip.qeye(3))
    for found, rate, acts in zip(
        model.c_ops, (0.15, 0.05, 0.4), (lower, lower.dag(), lower.dag() * lower), strict=True
    ):
        assert largest(found - np.sqrt(rate) * acts) < 1e-15
    with pytest.raises(AttributeError):
        model.H = None


def test_the_hamiltonian_is_that_of_the_conventions():
    model = pair().to_qutip()
    a = qutip.tensor(qutip.destroy(2), qutip.qeye(3))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(3))
    own = qutip.tensor(qutip.qeye(2), qutip.qdiags([0.5, 0.0, 1.5], 0))
    h = 2.0 * a.dag() * a + own + 0.3 * (a.dag() * b + a * b.dag())
    assert largest(model.H - h) < 1e-15
    assert largest(model.battery_hamiltonian - own) < 1e-15


@pytest.mark.parametrize("rotating", [True, False])
def test_drives_are_those_of_the_conventions(rotating):
    sites = {"a": qb.Oscillator(levels=4), "b": qb.Qubit()}
    shape = np.cos
    links = [
        qb.drive("a", 0.3, 1.7, shape, rotating),
        qb.two_photon_drive("a", 0.2, 0.9),
        qb.drive("a", 0.4, 1.0, rotating_wave=rotating, transition=(1, 3)),
        qb.drive("b", 0.7, 0.0),
    ]
    model = qb.System(sites, links, "a", "b").to_qutip()
    assert isinstance(model.H, qutip.QobjEvo)
    a, b = (
        qutip.tensor(qutip.destroy(4), qutip.qeye(2)),
        qutip.tensor(qutip.qeye(4), qutip.destroy(2)),
    )
    hop = qutip.tensor(qutip.projection(4, 1, 3), qutip.qeye(2))
    for t in (0.0, 0.8, 2.1):
        h = a.dag() * a + b.dag() * b + 0.7 * (b + b.dag())
        h += 0.1 * (a**2 * np.exp(1.8j * t) + (a**2).dag() * np.exp(-1.8j * t))
        for strength, acts, w in ((0.3 * np.cos(t), a, 1.7), (0.4, hop, 1.0)):
            if rotating:
                h += strength * (acts * np.exp(1j * w * t) + acts.dag() * np.exp(-1j * w * t))
            else:
                h += 2 * strength * np.cos(w * t) * (acts + acts.dag())
        assert largest(model.H(t) - h) < 1e-14
        assert model.H(t).isherm


def test_a_constant_drive_needs_no_qobjevo():
    system = qb.System({"cell": qb.Qubit()}, [qb.drive("cell", 0.3, 0.0)], [], "cell")
    assert largest(system.to_qutip().H - qutip.num(2) - 0.3 * qutip.sigmax()) < 1e-15


def test_ensembles_are_collective():
    cells = qb.Ensemble(qb.Qubit(), 3, loss=0.25, dephasing=0.5)
    model = qb.System({"cells": cells}, charger=[], battery="cells").to_qutip()
    lower = qutip.jmat(1.5, "-").full()[::-1, ::-1]
    assert np.abs(model.c_ops[0].full() - 0.5 * lower).max() < 1e-15
    assert np.abs(model.c_ops[1].full() - np.diag(np.arange(4.0))).max() < 1e-15
    assert model.number("cells").diag().tolist() == [0, 1, 2, 3]


def test_solvers_may_work_in_other_processes():
    pulse = xr.DataArray([0.0, 1.0], dims="time", coords={"time": [0.0, 1.0]})
    h = qb.models.classical_drive(envelope=pulse).to_qutip().H
    assert largest(pickle.loads(pickle.dumps(h))(0.7) - h(0.7)) == 0


def test_trajectories_average_to_the_table():
    system = qb.models.qubit_pair(charger_loss=0.5)
    model, times = system.to_qutip(), np.array([0.0, 0.8, 1.6])
    found = qutip.mcsolve(
        *(model.H, model.initial(qb.fock(1)), times, model.c_ops),
        e_ops=[model.battery_hamiltonian],
        options={"progress_bar": "", "improved_sampling": True},
        ntraj=200,
        seeds=1,
    )
    assert np.abs(found.expect[0] - system.charge(qb.fock(1), times).energy).max() < 0.05


SAID = {  # all that acts, and what the export knows of it
    "Network": "sites interactions drives joint_losses charger battery",
    "Exchange": "a b strength always envelope breaks",
    "Dipole": "a b strength always envelope breaks",
    "Heisenberg": "a b xx yy zz always envelope breaks",
    "Coupling": "sites matrix always envelope breaks",
    "Shift": "site amount envelope breaks",
    "OnePhotonDrive": "site amplitude frequency phase envelope rotating_wave transition breaks",
    "TwoPhotonDrive": "site amplitude frequency phase envelope breaks",
    "Dissipator": "sites weights rate occupation always",
    "Jump": "sites matrix rate always",
}


def test_nothing_that_acts_is_left_out():
    """Whoever lets descriptions say more adds it to `FullSpace` and then to this table."""

    def kinds(kind):
        return [one for each in kind.__subclasses__() for one in [each, *kinds(each)]]

    every = [Network, *kinds(Interaction), *kinds(Drive), *kinds(JointLoss)]
    mine = [each for each in every if is_dataclass(each)]
    assert {each.__name__: " ".join(f.name for f in fields(each)) for each in mine} == SAID


# --- how it starts -------------------------------------------------------------------------------


def test_states_are_kets_where_they_can_be():
    model = pair().to_qutip()
    ket = model.initial(qb.bloch(1.0, 0.4))
    assert ket.dims == [[2, 3], [1]]
    up = np.exp(0.4j) * np.sin(0.5)
    assert np.abs(ket.full().ravel() - np.kron([np.cos(0.5), up], [0, 1, 0])).max() < 1e-15
    rho = model.initial({"charger": qb.thermal(1.0), "battery": qb.fock(2)})
    assert rho.dims == [[2, 3], [2, 3]]
    assert np.abs(rho.diag() - np.kron([2 / 3, 1 / 3], [0, 0, 1])).max() < 1e-15


# --- levels --------------------------------------------------------------------------------------


def oscillators(**more):
    sites = {"a: b, c": qb.Oscillator(), "a": qb.Oscillator(levels=4), "q": qb.Qubit(), **more}
    return qb.System(sites, [qb.exchange("a: b, c", "q", 1.0)], "a: b, c", "q")


def test_levels_as_a_table_says_them():
    system = oscillators()
    assert system.charge(qb.fock(2), 1.0, ["energy"]).attrs["levels"] == "a: b, c: 3, a: 4"
    assert system.to_qutip("a: b, c: 3, a: 4").dims == [3, 4, 2]
    assert system.to_qutip({"a: b, c": 5, "a": 4}).dims == [5, 4, 2]
    assert system.to_qutip({"a: b, c": np.int64(2)}).levels == {"a: b, c": 2, "a": 4, "q": 2}


@pytest.mark.parametrize(
    ("levels", "kind", "said"),
    [
        (None, ValueError, "'a: b, c' chooses its own levels, which QuTiP does not: say how many"),
        ({"a": 4}, ValueError, "pass what the table of a charge says, levels=table.attrs"),
        ("a: b, c: 3; a: 4", ValueError, "or the text that a table of charge has"),
        ("q: 2, a: b, c: 3", ValueError, "levels are for oscillators, but 'q' is Qubit"),
        (20, TypeError, "levels is a dict of the oscillators' names to numbers of levels"),
        ({"b": 3}, ValueError, "levels name 'b', but"),
        ({"a: b, c": 1}, ValueError, "levels of 'a: b, c' must be a whole number of at least 2"),
        ({"a: b, c": 2.5}, TypeError, "must be a whole number of at least 2"),
        ({"a: b, c": 3, "a": 5}, ValueError, "levels say 5 of 'a', but it has levels=4 of its own"),
    ],
)
def test_wrong_levels(levels, kind, said):
    with pytest.raises(kind, match=said):
        oscillators().to_qutip(levels)


def test_interactions_given_for_any_levels():
    def rabi(levels, two):
        return 0.1 * np.kron(qutip.position(levels).full().real, np.eye(two)[::-1])

    sites = {"cavity": qb.Oscillator(), "atom": qb.Qubit()}
    system = qb.System(sites, [qb.interaction("cavity", "atom", rabi)], "cavity", "atom")
    assert by_qutip.difference(system, qb.fock(1), TIMES) < 1e-9


def test_what_was_said_of_twins_is_not_said_again():
    sites = {"cavity": qb.Oscillator(), "atom": qb.Qubit()}
    links = [qb.exchange("cavity", "atom", 1.0) for _ in range(2)]
    with pytest.warns(UserWarning, match="join the same sites"):
        system = qb.System(sites, links, "cavity", "atom")
    assert system.to_qutip({"cavity": 3}).dims == [3, 2]


# --- refused -------------------------------------------------------------------------------------


def test_axes_are_refused():
    said = (
        r"charger.loss has the axis 'charger_loss' \(3 values\), but QuTiP takes one system at a "
    )
    with pytest.raises(ValueError, match=said + "time: pick one value, such as 0.1, and call"):
        qb.models.qubit_pair(charger_loss=[0.1, 0.2, 0.3]).to_qutip()
    model = qb.models.qubit_pair().to_qutip()
    with pytest.raises(ValueError, match="theta of the preparation of 'charger' has the axis 'the"):
        model.initial(qb.bloch([0.1, 0.2]))
    with pytest.raises(ValueError, match="has the axis 'alpha'"):
        oscillators().to_qutip({"a: b, c": 9}).initial(qb.coherent([0.1j, 0.2]))


def test_wrong_preparations():
    model = oscillators().to_qutip({"a: b, c": 3})
    with pytest.raises(ValueError, match="needs 4 levels, but the site has 3"):
        model.initial(qb.fock(3))
    with pytest.raises(ValueError, match="the preparation names 'z'"):
        model.initial({"z": qb.fock(1)})
    with pytest.raises(TypeError, match="must be made by bloch"):
        model.initial(1)
    with pytest.raises(ValueError, match="there is no charger to prepare"):
        qb.models.qutrit().to_qutip().initial(qb.fock(1))
    with pytest.raises(ValueError, match="there is no site 'x'"):
        model.number("x")


def test_a_preparation_beyond_the_levels_is_told():
    model = oscillators().to_qutip({"a: b, c": 3})
    with pytest.warns(
        UserWarning, match="the 3 levels of 'a: b, c' leave out 0.0[0-9]+ of Coherent"
    ):
        ket = model.initial(qb.coherent(0.9))
    assert ket.norm() == pytest.approx(1, abs=1e-15)
    with pytest.raises(ValueError, match="beyond"):
        model.initial(qb.coherent(40.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.initial(qb.coherent(1e-4))


def test_what_is_too_large_is_refused_before_anything_is_built():
    names = [f"q{k}" for k in range(40)]
    huge = qb.System(dict.fromkeys(names, qb.Qubit()), [], names[0], names[1])
    with pytest.raises(TooLargeError, match="amplitudes of a state of all sites need"):
        huge.to_qutip()
    cells = qb.System(dict.fromkeys(names[:9], qb.Qubit()), [], names[0], names[1])
    with pytest.raises(TooLargeError, match="entries of operators on all sites need"):
        cells.to_qutip(limit=1e-4)
    model = cells.to_qutip(limit=1e-3)
    with pytest.raises(TooLargeError, match="numbers of a density matrix of all sites need"):
        model.initial(qb.thermal(1.0))
    with pytest.raises(ValueError, match="limit must be a positive number of GiB"):
        cells.to_qutip(limit=0)


def test_a_missing_qutip_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "qutip", None)
    with pytest.raises(ImportError, match=r"pip install 'quantumbattery\[qutip\]' brings it"):
        pair().to_qutip()
