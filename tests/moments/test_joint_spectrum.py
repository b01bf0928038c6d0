"""Eigenvalues of states of several modes from few diagonals, beside whole matrices and products."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.moments.joint_channel import Together, carried_together, spectrum
from quantumbattery.moments.joint_spectrum import FewDiagonals, arriving


def random_unitary(rng, shape, size):
    return np.linalg.qr(rng.normal(size=(*shape, size, size, 2)) @ [1, 1j])[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_few_diagonals_beside_whole_matrices(seed):
    """Starts of one or two modes, mixed or of definite numbers; some of the noise is the same."""
    rng = np.random.default_rng(seed)
    states, b, k = 3, int(rng.integers(2, 4)), int(rng.integers(1, 3))
    levels = rng.integers(0, 3, (3, k))
    if seed % 2:  # of one number of quanta
        levels[:, 0], levels[:, 1:] = 2 - levels[:, 1:].sum(axis=1), levels[:, 1:]
        levels = np.abs(levels)
    amplitude = rng.normal(size=(states, 1, 3)) + 1j * rng.normal(size=(states, 1, 3))
    start = Together(levels, np.array([0, 0, 1]), amplitude)
    taken = (random_unitary(rng, (states,), b + k) * rng.random((states, 1, b + k)))[:, :b, :k]
    nu = rng.choice([0.0, 0.02, 0.1] if b == 2 else [0.0, 1e-4, 1e-3], (states, b))
    own = random_unitary(rng, (states,), b)
    rho = carried_together(start, taken, nu, own, 2.0)
    size = int(np.prod(rho.shape[1 : 1 + b]))
    wanted = spectrum(rho.reshape(states, size, size))
    x, noise = arriving(taken, nu, own)
    few = FewDiagonals.of(start, x, noise, 2.0)
    found = few.spectrum()
    weight = (np.abs(amplitude) ** 2).sum(axis=-1)
    short = min(found.shape[-1], size)
    assert found[:, :short] == pytest.approx(wanted[:, :short], abs=2e-14 * weight.max())
    assert (np.abs(wanted.sum(-1) - found.sum(-1)) < 3e-14 * weight.max()).all()
    assert few.blocks[1].max() <= len(few.kept) <= size


def test_noise_that_is_the_same_leaves_modes_to_themselves():
    """Of four modes that are alike one takes part, and blocks are as large as its own."""
    rng = np.random.default_rng(3)
    start = Together(np.array([[2]]), np.array([0]), np.ones((1, 1, 1)))
    taken = random_unitary(rng, (1,), 5)[:, :4, :1]
    x, nu = arriving(taken, np.full((1, 4), 0.05), random_unitary(rng, (1,), 4))
    few = FewDiagonals.of(start, x, nu, 2.0)
    assert few.blocks[1].max() == 1
    other = FewDiagonals.of(start, *arriving(taken, nu + np.arange(4) / 100, np.eye(4)), 2.0)
    assert other.blocks[1].max() > 100
    assert np.isclose(few.spectrum().sum(), 1.0, atol=1e-13)


@pytest.mark.parametrize(("cells", "warmth"), [(3, 0.5), (4, 0.3), (5, 0.05)])
def test_warm_cells_that_are_alike_beside_their_bright_mode(cells, warmth):
    """The bright mode has the charger to itself; the dark ones only warm, each alone."""
    names, times = [f"cell {k}" for k in range(cells)], [0.0, 0.7, 1.9]
    cell, charger = qb.Oscillator(loss=0.3, occupation=warmth), qb.Oscillator(loss=0.1)
    many = qb.System(
        {"charger": charger, **dict.fromkeys(names, cell)},
        [qb.exchange("charger", name, 0.6) for name in names],
        "charger",
        names,
    )
    one = qb.System(
        {"charger": charger, "bright": cell},
        [qb.exchange("charger", "bright", 0.6 * np.sqrt(cells))],
        "charger",
        "bright",
    )
    ours = many.charge(qb.fock(3), times, ["energy", "ergotropy", "entropy"])
    states = one.density_matrix(qb.fock(3), times, "bright").values
    for k, t in enumerate(times):
        bright = np.linalg.eigvalsh(states[k])[::-1]
        filled = warmth * -np.expm1(-0.3 * t)
        dark = (filled / (1 + filled)) ** np.arange(24) / (1 + filled)
        weights = bright
        for _ in range(cells - 1):
            weights = np.ravel(weights[:, None] * dark)
            weights = np.sort(weights[weights > 1e-19])[::-1]
        energies, total = np.zeros(0), 0
        while len(energies) < len(weights):
            shell = np.full(_states(cells, total), float(total))
            energies, total = np.append(energies, shell), total + 1
        passive = weights @ energies[: len(weights)]
        held = np.arange(len(states[k])) @ np.diagonal(states[k]).real + filled * (cells - 1)
        assert ours.energy[k] == pytest.approx(held, abs=1e-11)
        assert ours.ergotropy[k] == pytest.approx(held - passive, abs=2e-11)
        mixed = -(weights * np.log(weights, where=weights > 0, out=np.zeros_like(weights))).sum()
        assert ours.entropy[k] == pytest.approx(mixed, abs=1e-9)


def _states(modes, total):
    """How many states of so many modes hold so many quanta."""
    from math import comb

    return comb(total + modes - 1, modes - 1)
