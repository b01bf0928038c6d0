import json
import pickle
from itertools import pairwise

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange, heisenberg
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.sites import Oscillator, Qubit, Qudit

RATES = xr.DataArray([0.1, 0.2], dims="rate", coords={"rate": [0.1, 0.2]})
GAPS = xr.DataArray([[0.0, 1.0, 3.0], [0.0, 2.0, 2.5]], dims=("sample", "level"))


def pair(*interactions, charger=None, battery=None, **more):
    sites = {"charger": charger or Qubit(), "battery": battery or Qubit()}
    return System(sites | more, interactions or [exchange("charger", "battery", 1.0)])


def everything():
    """A bit of all there is."""
    rng = np.random.default_rng(0)
    hermitian = rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6))
    return System(
        sites={
            "cavity": Oscillator(1.5, loss=RATES, occupation=0.5, levels=5),
            "wire": Qubit(dephasing=0.2),
            "ladder": Qudit(GAPS, steps=[1.0, 0.5]),
            "cells": Ensemble(Qudit([0, 1, 2.5]), 3, loss=RATES),
        },
        interactions=[
            dipole("cavity", "wire", 0.3),
            interaction("wire", "ladder", hermitian + hermitian.conj().T),
            exchange("cells", "ladder", RATES, always=True),
        ],
        charger="cavity",
        battery=["cells", "ladder"],
    )


# --- what a site gives ---------------------------------------------------------------------------


def energies(site, levels):
    return sum(number * weights for number, weights in site.energy_terms(levels))


@pytest.mark.parametrize(
    ("site", "levels", "lower", "energy"),
    [
        (Qubit(2.0), 2, qutip.destroy(2), [0, 2]),
        (Oscillator(0.5), 6, qutip.destroy(6), 0.5 * np.arange(6)),
        (Qudit([3, 4, 6]), 3, qutip.destroy(3), [0, 1, 3]),
        (Qudit([0, 1, 1], steps=[2, -3]), 3, qutip.Qobj(np.diag([2, -3], 1)), [0, 1, 1]),
        # QuTiP's first state has all spins up
        (Ensemble(Qubit(), 4), 5, qutip.jmat(2, "-").full()[::-1, ::-1], range(5)),
    ],
    ids=str,
)
def test_ladders(site, levels, lower, energy):
    lower = lower.full() if isinstance(lower, qutip.Qobj) else lower
    np.testing.assert_allclose(site.lowering(levels).matrix(levels), lower, rtol=0, atol=1e-14)
    np.testing.assert_allclose(site.raising(levels).matrix(levels), lower.T, rtol=0, atol=1e-14)
    np.testing.assert_allclose(energies(site, levels), energy, rtol=0, atol=1e-14)


def symmetric_basis(occupations, d):
    """The symmetric states of N cells of d levels in the product space, as columns."""
    number = int(occupations[0].sum())
    words = np.array(list(np.ndindex(*[d] * number)))
    counts = np.stack([(words == level).sum(axis=1) for level in range(d)], axis=1)
    same = (counts[:, None, :] == occupations[None, :, :]).all(axis=2)
    return same / np.sqrt(same.sum(axis=0))


@pytest.mark.parametrize(("d", "number"), [(2, 1), (2, 5), (3, 1), (3, 4), (4, 3), (5, 2)])
def test_ensemble_is_the_symmetric_part_of_its_cells(d, number):
    rng = np.random.default_rng(d)
    steps, gaps = rng.normal(size=d - 1), np.sort(rng.uniform(size=d))
    cell = Qudit(gaps, steps) if d > 2 else Qubit()
    steps, gaps = (steps, gaps - gaps[0]) if d > 2 else (np.ones(1), np.array([0, 1]))
    ensemble = Ensemble(cell, number)
    basis = symmetric_basis(ensemble.occupations, d)
    assert ensemble.dimension == basis.shape[1] == len(ensemble.occupations)
    assert ensemble.occupations[0].tolist() == [number] + [0] * (d - 1)

    def collective(one):
        eyes = [np.eye(d)] * number
        parts = [[*eyes[:k], one, *eyes[k + 1 :]] for k in range(number)]
        total = sum(np.asarray(qutip.tensor([qutip.Qobj(m) for m in p]).full()) for p in parts)
        np.testing.assert_allclose(
            basis @ (basis.T @ total @ basis), total @ basis, rtol=0, atol=1e-12
        )
        return basis.T @ total @ basis

    n = ensemble.dimension
    lower = np.diag(steps, 1)
    np.testing.assert_allclose(
        ensemble.lowering(n).matrix(n), collective(lower), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        ensemble.quanta(n).matrix(n), collective(lower.T @ lower), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        np.diag(energies(ensemble, n)), collective(np.diag(gaps)), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        np.diag(ensemble.excitations(n)), collective(np.diag(np.arange(d))), rtol=0, atol=1e-12
    )


def test_loss_operators():
    site = Oscillator(loss=0.2, occupation=0.5, dephasing=0.1)
    a = qutip.destroy(4).full().real
    rates, operators = zip(*site.losses(4), strict=True)
    np.testing.assert_allclose(rates, [0.2 * 1.5, 0.2 * 0.5, 2 * 0.1])
    for operator, expected in zip(operators, [a, a.T, a.T @ a], strict=True):
        np.testing.assert_allclose(operator.matrix(4), expected, rtol=0, atol=1e-14)
    assert Qubit().losses(2) == []


def test_a_cut_ladder_remembers_the_step_beyond():
    raising = Oscillator().raising(3)
    assert raising.row.tolist() == [1, 2, 3]
    np.testing.assert_allclose(raising.value, np.sqrt([1, 2, 3]))


# --- interactions --------------------------------------------------------------------------------

A2, A3 = qutip.destroy(2).full().real, qutip.destroy(3).full().real
X, Y, Z = (np.array(m) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]))
HERMITIAN = np.array([[1, 2j, 0, 3], [-2j, 0, 0, 0], [0, 0, 5, 1j], [3, 0, -1j, 0]])


@pytest.mark.parametrize(
    ("made", "b", "expected"),
    [
        (exchange("a", "b", 0.5), Oscillator(levels=3), np.kron(A2.T, A3) + np.kron(A2, A3.T)),
        (dipole("a", "b", 0.5), Qudit([0, 1, 2]), np.kron(A2 + A2.T, A3 + A3.T)),
        (
            heisenberg("a", "b", 0.5, 0.2, -0.3),
            Qubit(),
            2 * (0.5 * np.kron(X, X) + 0.2 * np.kron(Y, Y) - 0.3 * np.kron(Z, Z)),
        ),
        (interaction("a", "b", HERMITIAN / 2), Qubit(), HERMITIAN),
        (interaction("a", "b", qutip.Qobj(HERMITIAN / 2)), Qubit(), HERMITIAN),
    ],
    ids=["exchange", "dipole", "heisenberg", "matrix", "qobj"],
)
def test_terms_add_up_to_the_matrix(made, b, expected):
    n = b.dimension
    total = sum(
        strength * np.kron(one.matrix(2), two.matrix(n))
        for strength, products in made.terms((Qubit(), b), (2, n))
        for one, two in products
    )
    np.testing.assert_allclose(total, expected / 2, rtol=0, atol=1e-14)


# --- the whole -----------------------------------------------------------------------------------


def test_card():
    assert repr(everything()) == (
        "System: cavity charges cells, ladder through wire\n"
        "  cavity: Oscillator(frequency=1.5, loss=<rate: 2; 0.1 to 0.2>, occupation=0.5,"
        " levels=5)\n"
        "  wire: Qubit(frequency=1, dephasing=0.2)\n"
        "  ladder: Qudit(energies=[<sample: 2; 0 to 0>, <sample: 2; 1 to 2>,"
        " <sample: 2; 2.5 to 3>], steps=[1, 0.5])\n"
        "  cells: Ensemble(cell=Qudit(energies=[0, 1, 2.5], steps=[1, 1.41421]), number=3,"
        " loss=<rate: 2; 0.1 to 0.2>)\n"
        "  dipole('cavity', 'wire'): strength=0.3\n"
        "  interaction('wire', 'ladder'): matrix=<array 6 x 6>\n"
        "  exchange('cells', 'ladder'): strength=<rate: 2; 0.1 to 0.2>, always on\n"
        "  axes of every result: rate (2), sample (2)"
    )


def test_card_of_a_long_chain_is_short():
    names = [f"q{k}" for k in range(100)]
    links = [exchange(a, b, 1.0) for a, b in pairwise(names)]
    card = repr(System(dict.fromkeys(names, Qubit()), links, "q0", names[1:]))
    assert "q0 ... q99 (100): Qubit(frequency=1)" in card
    assert len(card.splitlines()) == 3


def test_equal_when_equal_and_not_otherwise():
    assert everything() == everything()
    assert pair() != everything()
    assert pair(battery=Qubit(2.0)) != pair()
    assert pair(exchange("charger", "battery", 2.0)) != pair()
    assert pair(dipole("charger", "battery", 1.0)) != pair()
    assert pair() != 3
    assert Qubit() != Oscillator()
    assert Qudit([0, 1, 2], steps=np.sqrt([1, 2])) == Qudit([0, 1, 2])
    assert Qudit([0, 1, 2]) != Qudit([0, 1, 2, 3])
    for described in (Qubit(), pair(), exchange("a", "b", 1.0)):
        with pytest.raises(TypeError, match="unhashable"):
            hash(described)


def test_frozen():
    with pytest.raises(AttributeError):
        Qubit().loss = 1.0
    for name in ("sites", "interaction"):  # a slip of the pen is no field, and no less refused
        with pytest.raises(AttributeError, match="cannot assign"):
            setattr(pair(), name, [])
    with pytest.raises(TypeError):
        pair().sites["charger"] = Qubit()
    with pytest.raises(ValueError, match="read-only"):
        interaction("a", "b", np.eye(4)).matrix[0, 0] = 2.0


@pytest.mark.parametrize("system", [pair(), everything()], ids=["pair", "everything"])
def test_round_trips(system):
    assert json.loads(json.dumps(system.to_dict())) == system.to_dict()
    assert System.from_dict(json.loads(json.dumps(system.to_dict()))) == system
    assert pickle.loads(pickle.dumps(system)) == system


def test_a_written_system_may_leave_out_defaults():
    assert pair() == System.from_dict(
        {
            "sites": {"charger": {"kind": "qubit"}, "battery": {"kind": "qubit"}},
            "interactions": [{"kind": "exchange", "a": "charger", "b": "battery", "strength": 1}],
        }
    )


@given(st.lists(st.floats(0, 10), min_size=4, max_size=4), st.integers(1, 9))
def test_any_numbers_round_trip(numbers, count):
    frequency, loss, dephasing, strength = numbers
    system = System(
        {
            "charger": Oscillator(frequency + 0.1, loss, dephasing, levels=count + 1),
            "battery": Ensemble(Qubit(frequency + 0.1), count, dephasing=dephasing),
        },
        [exchange("charger", "battery", strength)],
    )
    assert System.from_dict(json.loads(json.dumps(system.to_dict()))) == system


def test_mediators_and_arrays():
    system = everything()
    assert system.mediators == ("wire",)
    assert system.charger == ("cavity",)
    assert set(system.arrays) == {
        "cavity.loss",
        "cells.loss",
        "ladder.energies[0]",
        "ladder.energies[1]",
        "ladder.energies[2]",
        "interactions[2] exchange('cells', 'ladder').strength",
    }


def test_a_plain_array_becomes_an_axis_of_the_parameters_name():
    assert Qubit(loss=[0.1, 0.2]).loss.dims == ("loss",)


# --- errors --------------------------------------------------------------------------------------

LINK = exchange("charger", "battery", 1.0)
QUBITS = {"charger": Qubit(), "battery": Qubit()}


@pytest.mark.parametrize("taken", ["level", "member", "entry", "row", "column"])
@pytest.mark.parametrize(
    ("make", "who"),
    [
        (lambda v: Qubit(v), "Qubit: frequency"),
        (lambda v: Oscillator(loss=v), "Oscillator: loss"),
        (lambda v: Qudit([0.0, v]), "Qudit: energy 1"),
        (lambda v: Ensemble(Qubit(), 2, dephasing=v), "Ensemble: dephasing"),
        (lambda v: exchange("a", "b", v), r"exchange\('a', 'b'\): strength"),
        (lambda v: heisenberg("a", "b", 1, 1, v), r"heisenberg\('a', 'b'\): zz"),
    ],
    ids=["qubit", "oscillator", "qudit", "ensemble", "exchange", "heisenberg"],
)
def test_internal_names_of_axes_are_refused(make, who, taken):
    values = xr.DataArray([[1.0, 2.0]], dims=("sample", taken))
    with pytest.raises(ValueError, match=f"{who} has a dimension '{taken}', .*: rename it$"):
        make(values)
    make(values.rename({taken: "mine"}))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Qubit(loss=-1), ValueError, "Qubit: loss must be zero or positive.*got -1"),
        (lambda: Qubit(0.0), ValueError, "Qubit: frequency must be positive"),
        (lambda: Oscillator(np.inf), ValueError, "Oscillator: frequency must be positive"),
        (lambda: Qubit("fast"), TypeError, "Qubit: frequency must be a real number"),
        (lambda: Qubit(occupation=1.0), ValueError, "occupation is 1 but loss is 0: .*give"),
        (lambda: Qubit(loss=[0.1, 0.2], dephasing=RATES.rename(rate="loss")[:1]), ValueError,
         "Qubit: axes of the same name"),
        (lambda: Oscillator(levels=1), ValueError, "levels must be a whole number of at least 2"),
        (lambda: Oscillator(levels=2.5), TypeError, "levels must be a whole number"),
        (lambda: Qudit([0.0]), ValueError, "Qudit: energies must be at least two.*got 1"),
        (lambda: Qudit(3.0), TypeError, "Qudit: energies must be at least two numbers"),
        (lambda: Qudit("01"), TypeError, "Qudit: energies must be at least two numbers"),
        (lambda: Qudit([0, 1], [1], lowering=np.eye(2)), ValueError, "give one of them"),
        (lambda: Qudit([0, np.nan]), ValueError, "Qudit: energy 1 must be finite"),
        (lambda: Qudit(GAPS.rename(level="k")), ValueError, "its last dimension 'level'"),
        (lambda: Qudit([0, 1], steps=[1, 2]), ValueError, "steps are the 1 finite numbers"),
        (lambda: Qudit([0, 1, 2], steps=[1, True]), TypeError, "steps must be real numbers"),
        (lambda: Qudit([0, 1], steps=["up"]), TypeError, "steps must be real numbers"),
        (lambda: Ensemble(Qubit(), 0), ValueError, "number of cells.*at least 1; got 0"),
        (lambda: Ensemble(Qubit(), 2.0), TypeError, "number of cells must be a whole number"),
        (lambda: Ensemble(Qubit(), True), TypeError, "number of cells must be a whole number"),
        (lambda: Ensemble(Qubit(loss=0.1), 3), ValueError,
         "its cell has loss 0.1 of its own.*write the cells apart.*cell_0"),
        (lambda: Ensemble(Oscillator(), 3), TypeError, "a cell is a Qubit or a Qudit"),
        (lambda: Ensemble(Qubit(), 3, loss=-1), ValueError, "Ensemble: loss must be zero"),
        (lambda: exchange("a", "a", 1.0), ValueError, "'a'.*cannot interact with itself"),
        (lambda: exchange(1, "a", 1.0), TypeError, "exchange: .*names of two sites.*got 1"),
        (lambda: exchange("a", "b", np.nan), ValueError, r"exchange\('a', 'b'\): strength must"),
        (lambda: dipole("a", "b", 1j), TypeError, r"dipole\('a', 'b'\): strength must be a real"),
        (lambda: dipole("a", "b", 1, always="yes"), TypeError, "always must be True or False"),
        (lambda: heisenberg("a", "b", 1, 1, "z"), TypeError, "zz must be a real number"),
        (lambda: heisenberg("a", "b", RATES, RATES[:1], 1), ValueError, "axes of the same name"),
        (lambda: interaction("a", "b", np.triu(np.ones((4, 4)))), ValueError,
         r"interaction\('a', 'b'\): matrix is not Hermitian"),
        (lambda: interaction("a", "b", np.ones((2, 4, 4))), ValueError, "a single matrix"),
        (lambda: System([Qubit()]), TypeError, "sites is a dict of names to sites"),
        (lambda: System({}), ValueError, "there are no sites"),
        (lambda: System({1: Qubit()}), TypeError, "the name of a site is text"),
        (lambda: System({"a": Qubit}), TypeError, "site 'a' must be a Qubit.*got <class"),
        (lambda: System({"a": "qubit"}), TypeError, "site 'a' must be a Qubit"),
        (lambda: System(QUBITS, LINK), TypeError, "interactions is a list"),
        (lambda: System(QUBITS, ["exchange"]), TypeError, "interactions is a list"),
        (lambda: System(QUBITS, [exchange("charger", "batery", 1.0)]), ValueError,
         "no site 'batery'; did you mean battery\\? There are charger, battery"),
        (lambda: System(QUBITS, charger="a"), ValueError, "charger: there is no site 'a'"),
        (lambda: System(QUBITS, battery=[]), ValueError,
         "the battery is empty: name at least one of charger, battery"),
        (lambda: Oscillator(levels=10**400), ValueError,
         "at most 2.53; got one of 1329 bits"),
        (lambda: Qubit(loss=10**400), TypeError, "loss must be a real number"),
        (lambda: Qubit(loss=xr.DataArray([0.1], dims="time")), ValueError,
         "Qubit: loss has a dimension 'time', but it is the same at all times"),
        (lambda: Qubit(loss=xr.DataArray([0.1j], dims="x")), TypeError,
         "loss must be a real number .*got <xarray.DataArray"),
        (lambda: System(QUBITS, battery=[]), ValueError, "the battery is empty"),
        (lambda: System(QUBITS, battery=3), TypeError, "battery is the name of a site or a list"),
        (lambda: System(QUBITS, battery=[3]), TypeError, "battery: the name of a site is text"),
        (lambda: System(QUBITS, battery=["battery"] * 2), ValueError, "'battery' is named twice"),
        (lambda: System(QUBITS, battery=["battery", "charger"]), ValueError,
         "'charger' is both charger and battery"),
        (lambda: System(QUBITS, [exchange("charger", "battery", 1, always=True)]), ValueError,
         "always=True .*'charger' is not in the battery"),
        (lambda: pair(heisenberg("charger", "battery", 1, 1, 1), battery=Oscillator()), ValueError,
         "'battery' is Oscillator.*use exchange"),
        (lambda: pair(interaction("charger", "battery", np.eye(3))), ValueError,
         "is 3 x 3, but the two sites have 2 and 2 levels: it takes 4 x 4"),
        (lambda: pair(interaction("charger", "battery", np.eye(4)), battery=Oscillator()),
         ValueError, "'battery' is an oscillator that chooses its own; give it levels"),
        (lambda: pair(charger=Qubit(loss=[0.1]), battery=Qubit(loss=[0.2])), ValueError,
         "axes of the same name.*charger.loss.*battery.loss"),
        (lambda: pair(battery=Qubit(loss=RATES), charger=Ensemble(Qubit(RATES[:1]), 2)), ValueError,
         "axes of the same name.*charger.cell.frequency"),
        (lambda: System.from_dict([]), TypeError, "a system is read from a dict"),
        (lambda: System.from_dict({"sites": {}, "links": []}), ValueError, "unknown key 'links'"),
        (lambda: System.from_dict({"sites": {"a": {"kind": "bit"}}}), ValueError,
         "site 'a': its kind must be one of qubit"),
        (lambda: System.from_dict({"sites": {"a": {"kind": "qubit", "gap": 1}}}), ValueError,
         "site 'a': qubit has no 'gap'; it takes frequency"),
        (lambda: System.from_dict({"sites": {"a": {"kind": "exchange"}}}), ValueError,
         "site 'a': its kind must be one of qubit, qudit, oscillator, ensemble; got"),
        (lambda: System.from_dict({"sites": {"a": {"kind": "ensemble"}}}), ValueError,
         "site 'a': ensemble needs 'cell', 'number' too"),
        (lambda: System.from_dict({"sites": {"a": {"kind": "qubit", "frequency": {
            "array": {"dims": ["x"], "data": [1.0], "coords": []}}}}}), ValueError,
         "site 'a': an array is written as DataArray.to_dict gives it"),
        (lambda: System.from_dict(
            {"sites": {}, "interactions": [{"kind": "exchange", "a": "x", "b": "y"}]}),
         ValueError, "interaction 0: exchange needs 'strength' too"),
        (lambda: System.from_dict({"sites": {}, "interactions": [{"kind": "qubit"}]}), ValueError,
         "interaction 0: its kind must be one of exchange, dipole, .*, dissipator, jump; got"),
    ],
)  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
