"""Drives between any two levels, and of any lowering matrix, beside dense matrices."""

import json
import pickle

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.reach.rotating_frame import frame
from roads.product_space import Whole, initial

MEASURES = ["energy", "ergotropy", "capacity"]
TIMES = np.linspace(0.0, 6.0, 7)
LAMBDA = [[0, 0, 1], [0, 0, 1], [0, 0, 0]]  # level 2 over levels 0 and 1


def turns(table):
    """Whether a drive changes in time in the frame that was chosen."""
    known = ("Runge-Kutta", "steps of Taylor series", "powers of one period")
    return any(name in table.attrs["method"] for name in known)


def driven(battery, *fields):
    return qb.System({"b": battery}, list(fields), [], "b")


def laboratory(system, fields, times=TIMES):
    """Density matrices in the laboratory frame; fields are what drives add to H at a time."""
    d = system.sites["b"].dimension
    whole = Whole(system, [d])

    def change(time, flat):
        rho, h = flat.reshape(d, d), whole.h + fields(time)
        after = -1j * (h @ rho - rho @ h)
        for jump in whole.jumps:
            square = jump.conj().T @ jump
            after += jump @ rho @ jump.conj().T - (square @ rho + rho @ square) / 2
        return after.ravel()

    start = initial(system, {}).astype(complex).ravel()
    how = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-12, "max_step": 0.05}
    solved = solve_ivp(change, (0.0, times[-1]), start, t_eval=times, **how)
    return solved.y.T.reshape(-1, d, d), whole.h


def agree(table, rho, h, atol):
    for name in MEASURES:
        expected = getattr(qb, name)(rho, h)
        np.testing.assert_allclose(table[name].values, expected, rtol=0, atol=atol, err_msg=name)


def unit(low, high, d=3):
    between = np.zeros((d, d))
    between[low, high] = 1
    return between


@pytest.mark.parametrize("detuning", [0.0, 0.15])
def test_two_fields_on_a_lambda(detuning):
    """Levels 0 and 1 are joined through level 2 alone; the frame of both fields, by hand.

    On two-photon resonance the state (0.4, -0.3) of levels 0 and 1 is dark: it stays what it was.
    """
    one, two = 0.3, 0.4
    system = driven(
        qb.Qudit([0.0, 0.25, 1.0], lowering=LAMBDA),
        qb.drive("b", one, 1.0 + detuning, transition=(0, 2)),
        qb.drive("b", two, 0.75 + detuning, transition=(1, 2)),
    )
    h = np.diag([0.0, 0.0, -detuning]) + one * (unit(0, 2) + unit(2, 0))
    h = h + two * (unit(1, 2) + unit(2, 1))
    kets = np.array([expm(-1j * h * t)[:, 0] for t in TIMES])
    rho = np.einsum("ti,tj->tij", kets, kets.conj())
    table = system.charge({}, TIMES, MEASURES)
    agree(table, rho, np.diag([0.0, 0.25, 1.0]), 1e-12)
    assert "eigenvectors" in table.attrs["method"]
    dark = system.charge({"b": qb.state([0.8, -0.6, 0.0])}, TIMES, ["energy"])
    np.testing.assert_allclose(dark.energy, 0.36 * 0.25, rtol=0, atol=1e-13)


def test_a_stimulated_passage_through_a_lambda():
    """Two pulses, the second transition's first: all goes to level 1, and level 2 stays empty."""
    system = driven(
        qb.Qudit([0.0, 0.25, 1.0]),
        qb.drive("b", 0.6, 1.0, lambda t: np.exp(-(((t - 60) / 20) ** 2)), transition=(0, 2)),
        qb.drive("b", 0.6, 0.75, lambda t: np.exp(-(((t - 35) / 20) ** 2)), transition=(1, 2)),
    )
    end = system.charge({}, 100.0, ["energy", "ergotropy"])
    assert end.energy.item() == pytest.approx(0.25, abs=2e-3)


@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize(("low", "high"), [(1, 0), (1, 2), (2, 0), (0, 2)])
def test_one_transition_of_unsorted_levels(low, high, loss):
    """Any two levels of a V; the element of A, -0.5j or 2, counts where there is one."""
    matrix = np.array([[0, 0, 0], [-0.5j, 0, 2], [0, 0, 0]])
    battery = qb.Qudit([1.0, 0.0, 0.8], lowering=matrix, loss=loss, dephasing=loss / 2)
    own = matrix[low, high] or 1.0
    fields = [
        qb.drive("b", 0.3, 0.9, transition=(1, 2)),
        qb.drive("b", 0.4, 0.7, transition=(low, high)),
    ]
    system = driven(battery, *fields)

    def lab(time):
        term = 0.3 * 2 * np.exp(0.9j * time) * unit(1, 2)
        term = term + 0.4 * own * np.exp(0.7j * time) * unit(low, high)
        return term + term.conj().T

    table = system.charge({}, TIMES, MEASURES)
    agree(table, *laboratory(system, lab), 1e-8)
    assert (turns(table)) == ((low, high) == (1, 2) or loss > 0)


@pytest.mark.parametrize("waves", [True, False])
@pytest.mark.parametrize(
    ("matrix", "still"),
    [
        ([[0, 0, 0], [1, 0, 0.5j], [0, 0, 0]], True),  # a V: both upper levels turn alike
        (LAMBDA, True),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], False),  # round in a circle, no frame turns with it
        ([[0.3, 1, 0], [1j, 0, 0.2], [0, 0, -0.7]], False),  # elements that are not between levels
    ],
)
@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_a_drive_of_any_lowering_matrix(matrix, still, loss, waves):
    battery = qb.Qudit([1.0, 0.1, 0.8], lowering=matrix, loss=loss, dephasing=loss)
    system = driven(battery, qb.drive("b", 0.3, 0.9, rotating_wave=waves))

    def lab(time):
        turning = np.exp(0.9j * time) if waves else 2 * np.cos(0.9 * time)
        term = 0.3 * turning * np.array(matrix)
        return term + term.conj().T

    table = system.charge({}, TIMES, MEASURES)
    agree(table, *laboratory(system, lab), 1e-8)
    assert (not turns(table)) == (still and waves)


def test_the_jumps_of_a_lambda_must_not_turn():
    """Two fields of other frequencies; one bath takes both ways down, which then interfere."""
    battery = qb.Qudit([0.0, 0.25, 1.0], lowering=LAMBDA, loss=0.3, occupation=0.2)
    fields = [
        qb.drive("b", 0.3, 1.0, transition=(0, 2)),
        qb.drive("b", 0.4, 0.8, transition=(1, 2)),
    ]
    system = driven(battery, *fields)

    def lab(time):
        term = 0.3 * np.exp(1j * time) * unit(0, 2) + 0.4 * np.exp(0.8j * time) * unit(1, 2)
        return term + term.conj().T

    agree(system.charge({}, TIMES, MEASURES), *laboratory(system, lab), 1e-8)


def test_pairs_of_quanta_of_any_matrix():
    matrix = np.array([[0, 0, 0], [1j, 0, 0], [0.5, 0.8, 0]])  # rises in the order of the list
    system = driven(qb.Qudit([2.1, 1.0, 0.0], lowering=matrix), qb.two_photon_drive("b", 0.4, 1.0))

    def lab(time):
        term = 0.2 * np.exp(2j * time) * matrix @ matrix
        return term + term.conj().T

    table = system.charge({}, TIMES, MEASURES)
    agree(table, *laboratory(system, lab), 1e-8)
    assert "eigenvectors" in table.attrs["method"]
    with pytest.raises(ValueError, match="applied twice, gives nothing"):
        driven(qb.Qudit([0.0, 0.25, 1.0], lowering=LAMBDA), qb.two_photon_drive("b", 0.4, 1.0))


def test_a_transition_of_an_oscillator_between_far_levels():
    """Two levels alone: as many levels as it takes are chosen."""
    for far in (5, 20):
        system = driven(qb.Oscillator(), qb.drive("b", 0.3, far, transition=(0, far)))
        table = system.charge({}, TIMES, ["energy"])
        expected = far * np.sin(0.3 * TIMES) ** 2
        np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-9)
    few = driven(qb.Oscillator(levels=5), qb.drive("b", 0.3, 5.0, transition=(0, 4)))
    assert few.charge({}, TIMES, ["energy"]).energy.max() > 0
    with pytest.raises(ValueError, match="levels 0 to 4"):
        driven(qb.Oscillator(levels=5), qb.drive("b", 0.3, 5.0, transition=(5, 0)))


def test_descriptions():
    matrix = np.array([[0, 0, 0], [-0.5j, 0, 2], [0, 0, 0]])
    battery = qb.Qudit([1.0, 0.0, 0.8], lowering=matrix, loss=0.1)
    system = driven(battery, qb.drive("b", 0.3, 0.9, transition=(1, 2)))
    assert qb.System.from_dict(json.loads(json.dumps(system.to_dict()))) == system
    assert pickle.loads(pickle.dumps(system)) == system
    assert str(system) == (
        "System: a drive charges b\n"
        "  b: Qudit(energies=[1, 0, 0.8], loss=0.1, lowering=<array 3 x 3>)\n"
        "  drive('b'): amplitude=0.3, frequency=0.9, transition=[1, 2]"
    )
    assert battery != qb.Qudit([1.0, 0.0, 0.8], lowering=matrix.conj(), loss=0.1)
    assert battery != qb.Qudit([1.0, 0.0, 0.8], loss=0.1)
    plain = system.to_dict()["sites"]["b"]
    assert set(plain) >= {"lowering", "energies"}
    assert "steps" not in plain
    steps = qb.Qudit([0.0, 1.0, 0.8], steps=[1, 2])
    assert "lowering" not in driven(steps).to_dict()["sites"]["b"]
    assert qb.Qudit([0, 1], lowering=[[0, 1 + 0j], [0, 0]]).matrix.dtype == float
    with pytest.raises(ValueError, match="read-only"):
        battery.matrix[0, 0] = 1


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: qb.Qudit([0, 1], [1], lowering=np.eye(2)), ValueError, "give one of them"),
        (lambda: qb.Qudit([0, 1], lowering=np.eye(3)), ValueError, "3 x 3, but there are 2 energ"),
        (lambda: qb.Qudit([0, 1], lowering=[1.0]), ValueError, "square matrices"),
        (lambda: qb.Qudit([0, 1], lowering=np.ones((2, 2, 2))), ValueError, "a single matrix"),
        (lambda: qb.Qudit([0, 1], lowering=[[0, np.nan], [0, 0]]), ValueError, "not finite"),
        (lambda: qb.Qudit([0, 1], lowering=[[0, 1e40], [0, 0]]), ValueError, "larger than 1e"),
        (lambda: qb.Qudit([0, 1], lowering=[["a", "b"], ["c", "d"]]), TypeError, "numbers"),
        (lambda: qb.drive("b", 1, 1, transition=(0, 1, 2)), TypeError, "pair of different levels"),
        (lambda: qb.drive("b", 1, 1, transition=(1, 1)), ValueError, "pair of different levels"),
        (lambda: qb.drive("b", 1, 1, transition=(-1, 0)), ValueError, "pair of different levels"),
        (lambda: driven(qb.Ensemble(qb.Qubit(), 2), qb.drive("b", 1, 1, transition=(0, 2))),
         ValueError, "leave transition out"),
    ],
)  # fmt: skip
def test_what_is_refused(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_the_frame_of_full_matrices_is_found_in_no_time():
    """Every product of their elements, 380 times 380, says no more than 759 of them."""
    rng = np.random.default_rng(0)
    site = qb.Qudit(rng.normal(size=20), lowering=rng.normal(size=(20, 20)))
    links = [qb.exchange("a", "b", 0.1), qb.drive("a", 0.1, 0.0)]
    system = qb.System({"a": site, "b": site}, links, "a", "b")
    assert not any(turns.any() for turns in frame(system).turns.values())
