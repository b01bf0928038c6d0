"""States that stay, by iteration, beside dense null vectors and inverses."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging import steady_state
from quantumbattery.dynamics import iterated, stationary

pytestmark = pytest.mark.filterwarnings("ignore:.* of the steady state is on the last levels")

KINDS = "null vector by iteration", "null vector of sparse matrices", "null vector"


def driven(seed):
    """A driven oscillator beside two qubits, or one and an ensemble, with all kinds of losses."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.05, 1.0, 6)
    other = qb.Ensemble(qb.Qubit(), 3) if seed % 3 == 0 else qb.Qubit(1.1, dephasing=rates[0] / 5)
    sites = {
        "a": qb.Oscillator(
            loss=rates[1], occupation=0.3 * (seed % 2), levels=int(rng.integers(4, 7))
        ),
        "b": qb.Qubit(loss=rates[2] * (seed % 4 > 0)),
        "c": other,
    }
    links = [
        qb.drive("a", rng.uniform(0.1, 1.0), 1.0, phase=rng.uniform(0, 6)),
        qb.exchange("a", "b", rng.uniform(0.2, 2.0)),
        qb.exchange("b", "c", rng.uniform(0.2, 2.0)),
    ]
    if seed % 5 == 0:
        links.append(qb.dissipator({"a": 1.0, "b": 0.5j}, 0.2))
    return qb.System(sites, links, "a", "b")


def work_of(monkeypatch, system):
    """What is ready before the state that stays is sought."""
    found, prepared = [], steady_state._prepared

    def kept(*given):
        found.append(prepared(*given))
        return found[-1]

    with monkeypatch.context() as patch:
        patch.setattr(steady_state, "_prepared", kept)
        system.charge({}, np.inf, ["energy"])
    return found[-1]


@pytest.fixture
def iterate(monkeypatch):
    """Whatever its size."""
    monkeypatch.setattr(stationary, "_MANY", 1)
    monkeypatch.setattr(stationary, "DENSE", 1)


@pytest.mark.usefixtures("iterate")
@pytest.mark.parametrize("seed", range(10))
def test_steady_states_as_of_dense_matrices(seed, monkeypatch):
    """All figures of merit, with an error that is kept."""
    system = driven(seed)
    measures = "energy", "ergotropy", "capacity", "purity"
    table = system.charge({}, np.inf, measures)
    assert KINDS[0] in table.attrs["method"]
    monkeypatch.setattr(stationary, "DENSE", 2500)
    exact = system.charge({}, np.inf, measures)
    assert exact.attrs["method"].startswith(KINDS[2] + " (")
    for name in measures:
        assert abs(table[name] - exact[name]) < 1e-12
        assert abs(table[name] - exact[name]) < 10 * table.attrs["solver_error"]


@pytest.mark.parametrize("seed", range(6))
def test_inverse_between_jumps_and_that_of_all(seed, monkeypatch):
    """Beside Kronecker products of A, and beside the norm of a dense inverse."""
    work = work_of(monkeypatch, driven(seed))
    (blocks,), numbers = work.state.blocks, work.numbers[0]
    between = iterated.BetweenJumps.of(work.state, blocks, numbers)
    a = between.basis @ between.form @ between.basis.conj().T
    eye = np.eye(len(a))
    moved = np.kron(a, eye) + np.kron(eye, a.conj())
    rng = np.random.default_rng(seed)
    rho = rng.normal(size=a.shape)
    rho = rho + rho.T
    given = (between.turn @ rho[between.row, between.column]).real
    for adjoint, matrix in ((False, moved), (True, moved.conj().T)):
        wanted = np.linalg.solve(matrix, rho.ravel().astype(complex)).reshape(a.shape)
        wanted = (between.turn @ wanted[between.row, between.column]).real
        found = between.solved(given, adjoint=adjoint)
        assert np.abs(found - wanted).max() < 1e-10 * np.abs(wanted).max()
    trace = blocks.filled((work.state.row == work.state.column).astype(float))[0, 0]
    generator = blocks.generator.matrix(numbers)
    scale = abs(generator).sum(axis=1).max()
    decaying = iterated.Decaying(generator, trace, scale, between)
    whole = generator.toarray() - scale * np.outer(trace / trace.sum(), trace)
    norm = np.abs(np.linalg.inv(whole)).sum(axis=0).max()
    assert norm / stationary._SAFETY < decaying.inverse() < 1.2 * norm


def test_halves_of_triangular_equations(monkeypatch):
    """Of any shape, beside SciPy's equation of whole matrices."""
    from scipy.linalg import solve_sylvester

    monkeypatch.setattr(iterated, "_AT_ONCE", 3)
    rng = np.random.default_rng(4)
    for m, n in ((1, 9), (8, 5), (11, 13), (16, 2)):
        left, right, given = (
            rng.normal(size=shape) + 1j * rng.normal(size=shape)
            for shape in ((m, m), (n, n), (m, n))
        )
        left, right = np.triu(left) + 3 * np.eye(m), np.triu(right) + 3 * np.eye(n)
        wanted = solve_sylvester(left, right.conj().T, given)
        found = iterated._of_triangular(left, right, given)
        assert np.abs(found - wanted).max() < 1e-10 * np.abs(wanted).max()


@pytest.mark.usefixtures("iterate")
def test_what_does_not_settle_is_refused_as_before():
    """A spin of two cells that nothing touches stays; iteration tells nothing, a matrix does."""
    sites = {"a": qb.Oscillator(loss=0.3, levels=4), "b": qb.Qubit(), "c": qb.Qubit()}
    links = [qb.drive("a", 0.4, 1.0), qb.exchange("a", "b", 1.0), qb.exchange("a", "c", 1.0)]
    with pytest.raises(ValueError, match="steady state"):
        qb.System(sites, links, "a", "b").charge({}, np.inf, ["energy"])


@pytest.mark.usefixtures("iterate")
@pytest.mark.parametrize("loss", [0.0, 1e-12, 1e-5])
def test_another_state_that_stays_is_not_overlooked(loss, monkeypatch):
    """A driven qubit that nothing joins: alone it is mixed, but as it begins where nothing decays.

    The most mixed state, from which a solution begins, knows nothing of how it begins.
    """
    sites = {"q": qb.Qubit(loss=loss), "c": qb.Oscillator(1.1, loss=0.2, levels=9)}
    links = [qb.drive("q", 0.2, 0.0), qb.drive("c", 0.4, 0.0, phase=2.7)]
    system = qb.System(sites, links, "q", "c")
    monkeypatch.setattr(stationary, "_MOST", 1)
    if loss == 1e-5:
        table = system.charge({"q": qb.bloch(2.0)}, np.inf, ["energy", "charger_energy"])
        assert KINDS[0] in table.attrs["method"]
        assert 1e-12 < table.attrs["solver_error"] < 1e-6
    else:
        with pytest.raises(ValueError, match="not known to be the only one"):
            system.charge({"q": qb.bloch(2.0)}, np.inf, ["energy", "charger_energy"])


@pytest.mark.usefixtures("iterate")
def test_at_an_exceptional_point_and_in_a_dark_state():
    """A = -i H - L^dag L / 2 has fewer vectors than it should, or leaves a state alone."""
    sites = {"a": qb.Oscillator(loss=4.0, levels=5), "b": qb.Oscillator(levels=5)}
    links = [qb.exchange("a", "b", 1.0), qb.drive("a", 0.05, 1.0), qb.drive("b", 0.02, 1.0)]
    table = qb.System(sites, links, "a", "b").charge({}, np.inf, ["energy"])
    assert KINDS[0] in table.attrs["method"]
    mean = np.linalg.solve([[2.0, 1j], [1j, 0.0]], [-0.05j, -0.02j])
    assert abs(table.energy.item() - abs(mean[1]) ** 2) < 1e-6  # of a coherent state, as cut
    dark = qb.System(sites, [links[0]], "a", "b")
    assert abs(dark.charge({"b": qb.fock(3)}, np.inf, ["energy"]).energy.item()) < 1e-12


def test_two_joined_cavities_that_a_field_drives_have_a_steady_state():
    """Of 24,336 numbers, about amplitudes, beside given levels as they are."""
    links = [qb.drive("a", 0.3, 1.0), qb.exchange("a", "b", 0.5), qb.exchange("b", "q", 0.5)]
    tables = []
    for levels in ((None, None), (8, 7)):
        a, b = (qb.Oscillator(loss=1.0, levels=each) for each in levels)
        system = qb.System({"a": a, "b": b, "q": qb.Qubit()}, links, "a", "q")
        tables.append(system.charge({}, np.inf, ["energy", "ergotropy"]))
        assert KINDS[0] in tables[-1].attrs["method"]
    free, given = tables
    assert "displaced" in free.attrs
    assert free.attrs["converged"] < 1e-10
    assert abs(free.energy - given.energy) < 1e-6
    assert abs(free.ergotropy - given.ergotropy) < 1e-6


@pytest.mark.usefixtures("iterate")
@pytest.mark.parametrize("slow", [0.0, 1e-11])
def test_two_levels_that_differ_in_nothing_that_decays(slow, monkeypatch):
    """A Lambda system keeps what is in both of its lower levels, whose difference may hide."""
    eye = np.eye(3)
    links = [qb.jump("q", np.outer(eye[k], eye[2]), 1e-3) for k in (0, 1)]
    links += [qb.jump("q", np.outer(eye[1], eye[0]), slow), qb.drive("c", 0.3, 1.0)]
    quanta = np.diag(np.arange(4.0))
    links.append(qb.interaction("q", "c", 0.7 * np.kron(np.diag(eye[2]), quanta)))
    sites = {"q": qb.Qudit([0.0, 1.0, 5.0]), "c": qb.Oscillator(1.0, loss=0.5, levels=4)}
    monkeypatch.setattr(stationary, "_MOST", 1)
    start = {"q": qb.state(np.diag([0.8, 0.1, 0.1]))}
    with pytest.raises(ValueError, match="not known to be the only one"):
        qb.System(sites, links, "c", "q").charge(start, np.inf, ["energy"])
