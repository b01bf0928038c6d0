"""Another system, of which a part is replaced."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


def test_a_part_of_a_system_is_replaced():
    sites = dict.fromkeys(["charger", "a", "b"], qb.Qubit())
    links = [qb.exchange("charger", name, 1.0) for name in "ab"]
    fields = [qb.drive("charger", 0.5, 1.0), qb.dissipator({"a": 1.0, "b": 1.0}, 0.1)]
    system = qb.System(sites, [*links, *fields], battery="a")
    assert replace(system) == system
    assert replace(system, battery="b") == qb.System(sites, [*links, *fields], battery="b")
    assert replace(system, interactions=links[:1]).drives == system.drives
    assert replace(system, interactions=links, drives=()).drives == ()


def test_what_is_given_twice_over_is_refused():
    """Whoever replaces all interactions may not know that drives are held apart."""
    field = qb.drive("charger", 0.5, 1.0)
    system = qb.System(dict.fromkeys(["charger", "battery"], qb.Qubit()), [field])
    with pytest.raises(ValueError, match=r"drive\('charger'\) is among .* give drives=\(\) where"):
        replace(system, interactions=[field])
    with pytest.raises(TypeError, match=r"joint_losses has drive\('charger'\), which belongs to"):
        replace(system, joint_losses=[field])


DESCRIPTIONS = [
    qb.bloch(0.3, 1.0),
    qb.fock(2),
    qb.coherent(1 + 2j),
    qb.squeezed(0.5, 0.1),
    qb.thermal(np.array([0.1, 0.2])),
    qb.gaussian(1.0, 0.2, 0.3, 0.4),
    qb.gibbs(0.5),
    qb.state(np.array([0.6, 0.8j])),
    qb.exchange("a", "b", 0.5j, envelope=[1.0, 2.0], breaks=[0.0, 1.0, 2.0]),
    qb.dipole("a", "b", xr.DataArray([0.1, 0.2], dims="x")),
    qb.heisenberg("a", "b", 1.0, 2.0, 3.0, always=True),
    qb.interaction("a", "b", np.diag([0.0, 0.0, 0.0, 1.0])),
    qb.interaction("a", matrix=lambda levels: np.eye(levels)),
    qb.drive("a", 0.1, 1.0, np.cos, phase=0.2, transition=(0, 2), breaks=[1.0]),
    qb.drive("a", 0.1, 1.0, np.cos, period=2 * np.pi),
    qb.two_photon_drive("a", 0.1, 1.0, [1.0], breaks=[0.0, 2.0]),
    qb.dissipator({"a": 1.0, "b": 1j}, 0.2, 0.3),
    qb.jump("a", [[0, 1j], [0, 0]], 0.3),
    qb.Qudit([0.0, 1.0, 3.0], lowering=[[0, 1, 0], [0, 0, 1j], [0, 0, 0]]),
    qb.Qubit(loss=0.1, occupation=0.2),
    qb.Oscillator(2.0, levels=4),
    qb.Ensemble(qb.Qubit(), 3),
]


@pytest.mark.parametrize("given", DESCRIPTIONS, ids=repr)
def test_every_description_is_itself_again(given):
    """What a description holds passes its own checks."""
    assert replace(given) == given


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(qb.bloch(0.3), theta=9.0), "theta must be an angle between 0 and pi"),
        (lambda: replace(qb.fock(1), n=-1), "n must be a whole number"),
        (lambda: replace(qb.fock(1), n=0.5), "n must be a whole number"),
        (lambda: replace(qb.coherent(1.0), alpha=np.nan), "alpha must be finite"),
        (lambda: replace(qb.squeezed(1.0), r=-1.0), "r must be zero or positive"),
        (lambda: replace(qb.thermal(1.0), occupation=-3.0), "occupation must be zero or pos"),
        (lambda: replace(qb.gaussian(1.0), r=400.0), "r must be .* at most 300"),
        (lambda: replace(qb.gibbs(1.0), temperature=-1.0), "temperature must be zero or pos"),
        (lambda: replace(qb.state([0.6, 0.8]), array=np.array([2.0, 0.0])), "the ket has norm 2"),
        (
            lambda: replace(qb.state([0.6, 0.8]), levels=(3,)),
            "levels of the state is .3., in all 3",
        ),
        (lambda: replace(qb.exchange("a", "b", 1.0), strength=np.nan), "exchange.*strength must"),
        (lambda: replace(qb.exchange("a", "b", 1.0), b="a"), "cannot interact with itself"),
        (lambda: replace(qb.dipole("a", "b", 1.0), breaks=(1.0,)), "breaks are those of an enve"),
        (lambda: replace(qb.heisenberg("a", "b", 1, 1, 1), zz=np.inf), "zz must be finite"),
        (
            lambda: replace(qb.dipole("a", "b", 1.0, always=True), envelope=np.cos),
            "always=True makes it part",
        ),
        (
            lambda: replace(qb.interaction("a", matrix=np.eye(2)), matrix=[[0, 1], [0, 0]]),
            "interaction.*matrix",
        ),
        (lambda: replace(qb.drive("a", 0.1, 1.0), amplitude=np.nan), "amplitude must be finite"),
        (lambda: replace(qb.drive("a", 0.1, 1.0), transition=(1, 1)), "pair of different levels"),
        (
            lambda: replace(qb.drive("a", 0.1, 1.0, [1.0], breaks=[0.0, 1.0]), breaks=(0.0, 2.0)),
            "its steps go from one to the next",
        ),
        (lambda: replace(qb.dissipator({"a": 1.0}, 0.2), rate=-1.0), "rate must be zero or pos"),
        (lambda: replace(qb.dissipator({"a": 1.0}, 0.2), weights=(1.0, 2.0)), "1 site.* 2 weights"),
        (lambda: replace(qb.dissipator({"a": 1.0}, 0.2, 0.1), rate=0.0), "occupation is 0.1 but"),
        (lambda: replace(qb.jump("a", np.eye(2), 0.2), rate=-1.0), "rate must be zero or pos"),
        (lambda: replace(qb.jump("a", np.eye(2), 0.2), matrix=[1.0, 2.0]), "jump.*matrix"),
        (lambda: replace(qb.jump("a", np.eye(2), 0.2), sites=None), "names of sites, as text; got"),
        (lambda: replace(qb.interaction("a", np.eye(2)), sites=1), "names of sites, as text; got"),
        (lambda: replace(qb.state([1.0, 0.0]), sites=-1), "names, as text; got -1"),
        (lambda: replace(qb.Qudit([0.0, 1.0]), energies=(0.0, 1.0, 2.0)), "Qudit: .*steps"),
    ],
)
def test_what_is_replaced_is_checked(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
