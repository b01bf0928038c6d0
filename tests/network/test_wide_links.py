"""What acts on sites beyond pairs: complex strengths, any number of sites, joint losses, shapes."""

import json
import re

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb

LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])
RAISE = LOWER.T
SITES = {"a": qb.Qubit(), "b": qb.Qubit(), "c": qb.Oscillator(levels=3)}
RAMP = xr.DataArray([0.0, 1.0, 0.5], coords={"time": [0.0, 1.0, 4.0]}, dims="time")
PHASES = xr.DataArray([1.0, 1j], dims="phase")


def system(*links):
    return qb.System(dict(SITES), links, charger="a", battery="b")


def lowered(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


LINKS = [
    qb.exchange("a", "b", 1 + 0.5j),
    qb.exchange("a", "b", PHASES, envelope=RAMP),
    qb.dipole("a", "c", 0.1, envelope=[1.0, 0.2], breaks=[0, 1, 3]),
    qb.heisenberg("a", "b", 0.1, 0.2, 0.3, envelope=RAMP, steps=True),
    qb.interaction("a", "b", "c", np.eye(12)[::-1]),
    qb.interaction("c", np.diag([0.0, 0.0, 1j - 1j + 2.0]), envelope=RAMP),
    qb.shift("b", -0.3),
    qb.shift("b", 0.3, RAMP),
    qb.drive("a", 0.1, 1.0, phase=0.7),
    qb.dissipator({"a": 1.0, "b": 1j, "c": PHASES}, 0.3, 0.1, always=True),
    qb.jump("a", "c", np.kron(LOWER, lowered(3)), 0.1),
    qb.jump("b", matrix=RAISE, rate=xr.DataArray([0.1, 0.2], dims="pump"), always=True),
]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.kind)
def test_written_down_and_read_again(link):
    given = system(link)
    text = json.dumps(given.to_dict())
    assert qb.System.from_dict(json.loads(text)) == given
    assert repr(link)
    assert link.label in repr(given)


def test_an_old_interaction_is_still_read():
    matrix = np.diag([0.0, 0.0, 0.0, 2.0])
    old = {"kind": "interaction", "a": "a", "b": "b", "matrix": matrix.tolist()}
    plain = system().to_dict() | {"interactions": [old]}
    assert qb.System.from_dict(plain) == system(qb.interaction("a", "b", matrix))


def test_what_is_not_set_is_not_written():
    said = system(qb.exchange("a", "b", 1.0), qb.drive("a", 0.1, 1.0)).to_dict()["interactions"]
    assert said[0] == {"kind": "exchange", "a": "a", "b": "b", "strength": 1.0, "always": False}
    assert "phase" not in said[1]


def test_a_site_may_be_called_like_anything():
    sites = {"kind": qb.Qubit(), "array": qb.Qubit()}
    bath = qb.dissipator({"kind": 1.0, "array": 2j}, 0.1)
    given = qb.System(sites, [bath], charger="kind", battery="array")
    assert qb.System.from_dict(json.loads(json.dumps(given.to_dict()))) == given


def test_a_card_tells_what_is_set():
    card = repr(system(*LINKS[:1], *LINKS[6:]))
    for line in (
        "exchange('a', 'b'): strength=1+0.5j",
        "shift('b'): amount=-0.3",
        "shift('b'): amount=0.3, shaped in time",
        "drive('a'): amplitude=0.1, frequency=1, phase=0.7",
        "weights['c']=<phase: 2; complex>, rate=0.3, occupation=0.1, always on",
        "jump('a', 'c'): matrix=<array 6 x 6>, rate=0.1",
    ):
        assert line in card


def test_a_real_strength_stays_real():
    assert qb.exchange("a", "b", 2 + 0j).strength == 2.0
    assert isinstance(qb.exchange("a", "b", 2 + 0j).strength, float)


def test_twins_with_shapes_are_meant(recwarn):
    system(qb.exchange("a", "b", 1.0), qb.exchange("a", "b", 1.0, envelope=RAMP))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: qb.exchange("a", "b", np.nan * 1j), ValueError, "strength must be finite"),
        (lambda: qb.exchange("a", "b", [1.0, 1j]), ValueError, "several complex values"),
        (lambda: qb.dipole("a", "b", 1j), TypeError, "strength must be a real number"),
        (lambda: qb.shift("a", 1j), TypeError, "amount must be a real number"),
        (lambda: qb.shift(1, 1.0), TypeError, "shift: it takes the name of a site"),
        (lambda: qb.drive("a", 1.0, 1.0, phase=1j), TypeError, "phase must be a real number"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=lambda _: 1j), ValueError, "gives real"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=RAMP * 1j), ValueError, "gives real numbers"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=np.ones((2, 2))), TypeError, "envelope is"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=[1.0, 2.0], breaks=[0, 1]), ValueError,
         "2 values and 2 breaks"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=np.sin, breaks=[-1.0, 2.0]), ValueError,
         "must be times from 0 on"),
        (lambda: qb.exchange("a", "b", 1.0, envelope=np.sin, always=True), ValueError,
         "does not change in time: leave out the envelope"),
        (lambda: qb.interaction("a", "b"), TypeError, "there is no matrix"),
        (lambda: qb.interaction(np.eye(2)), TypeError, "there is no name"),
        (lambda: qb.interaction("a", 1, np.eye(4)), TypeError, "names of sites, as text; got 1"),
        (lambda: qb.interaction("a", "b", "a", np.eye(8)), ValueError, "name different ones"),
        (lambda: qb.interaction("a", RAISE), ValueError, "Hermitian"),
        (lambda: system(qb.interaction("a", "b", "c", np.eye(8))), ValueError,
         "8 x 8, but the three sites have 2 and 2 and 3 levels: it takes 12 x 12"),
        (lambda: system(qb.interaction("a", np.eye(3))), ValueError, "the site has 2 levels"),
        (lambda: system(qb.interaction("a", "x", np.eye(4))), ValueError, "there is no site 'x'"),
        (lambda: system(qb.shift("x", 1.0)), ValueError, "there is no site 'x'"),
        (lambda: qb.dissipator({}, 1.0), TypeError, "weights is a dict"),
        (lambda: qb.dissipator(["a"], 1.0), TypeError, "weights is a dict"),
        (lambda: qb.dissipator({"a": "x"}, 1.0), TypeError, "'a' must be a real or complex"),
        (lambda: qb.dissipator({"a": 1.0}, -1.0), ValueError, "rate must be zero or positive"),
        (lambda: qb.dissipator({"a": 1.0}, 0.0, 1.0), ValueError, "occupation is 1 but rate is 0"),
        (lambda: system(qb.dissipator({"a": 1.0, "x": 1.0}, 1.0)), ValueError, "no site 'x'"),
        (lambda: qb.jump("a", LOWER), TypeError, "it takes a rate"),
        (lambda: qb.jump("a", matrix=LOWER), TypeError, "it takes a rate"),
        (lambda: qb.jump("a", 0.1), TypeError, "there is no matrix"),
        (lambda: qb.jump("a", LOWER, -0.1), ValueError, "rate must be zero or positive"),
        (lambda: qb.jump("a", LOWER * np.nan, 0.1), ValueError, "finite"),
        (lambda: qb.jump("a", np.ones((2, 3)), 0.1), ValueError, "square"),
        (lambda: system(qb.jump("a", "c", LOWER, 0.1)), ValueError, "it takes 6 x 6"),
        (lambda: system(object()), TypeError, "two_photon_drive, dissipator or jump made"),
    ],
)  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert not re.search(r"Traceback|<class", str(caught.value))


def test_functions_cannot_be_written():
    for link in (
        qb.exchange("a", "b", 1.0, envelope=np.sin),
        qb.jump("c", lowered, 0.1),
    ):
        with pytest.raises(TypeError, match="that is a function cannot be written down"):
            system(link).to_dict()


def test_parts_of_a_qobj_are_those_of_the_sites():
    import qutip

    given = qutip.tensor(qutip.num(3), qutip.sigmax())
    for link in (
        qb.interaction("a", "c", given),
        qb.jump("a", "c", given, 0.1),
    ):
        with pytest.raises(ValueError, match=r"parts have 3 x 2 levels, but its sites, .*, 2 x 3"):
            system(link)
    assert system(qb.interaction("c", "a", given), qb.jump("c", "a", given, 0.1))
    with pytest.raises(ValueError, match="parts have 3 x 2 levels"):
        system().expect({}, 1.0, {"x": (("a", "c"), given)})


def test_what_is_too_large_is_refused():
    for make in (
        lambda: qb.jump("a", 1e200 * LOWER, 0.1),
        lambda: qb.interaction("a", 1e200 * np.eye(2)),
    ):
        with pytest.raises(ValueError, match=r"elements are larger than 1e\+30"):
            make()


def test_breaks_that_fall_or_are_nobody_s():
    with pytest.raises(ValueError, match="breaks must rise"):
        qb.exchange("a", "b", 1.0, envelope=[1.0, 2.0], breaks=[2.0, 1.0, 0.0])
    with pytest.raises(ValueError, match="breaks are those of an envelope"):
        qb.exchange("a", "b", 1.0, breaks=[2.0])


def test_spins_of_an_ensemble():
    cells = qb.Ensemble(qb.Qubit(), 3)
    x, y, z = (cells.spin(axis) for axis in "xyz")
    np.testing.assert_allclose(x @ y - y @ x, 1j * z, atol=1e-14)
    np.testing.assert_allclose(x @ x + y @ y + z @ z, 1.5 * 2.5 * np.eye(4), atol=1e-14)
    assert z[0, 0] == 1.5
    with pytest.raises(ValueError, match="x, y or z"):
        cells.spin("w")
    with pytest.raises(ValueError, match="of qubits"):
        qb.Ensemble(qb.Qudit([0, 1, 2]), 2).spin("x")
