"""What `solver_error` says of drives that change in time is no less than the error."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import quantumbattery as qb


def laboratory(energies, rates, force, times):
    """The energy of a ladder in the laboratory's frame, by SciPy; force(t) (A + A^dag) + h.c."""
    size = len(energies)
    h, a = np.diag(energies).astype(complex), np.diag(np.sqrt(np.arange(1, size)), 1)
    number, (loss, dephasing) = a.T @ a, rates

    def change(time, flat):
        rho = flat.reshape(size, size)
        down = force(time) * a
        now = h + down + down.conj().T
        lost = a @ rho @ a.T - (number @ rho + rho @ number) / 2
        mixed = number @ rho @ number - (number @ number @ rho + rho @ number @ number) / 2
        moved = -1j * (now @ rho - rho @ now) + loss * lost + 2 * dephasing * mixed
        return moved.ravel()

    first = np.zeros(size * size, dtype=complex)
    first[0] = 1.0
    solved = solve_ivp(
        change, (0.0, times[-1]), first, "DOP853", times, rtol=1e-12, atol=1e-14,
        max_step=times[-1] / 50,
    )  # fmt: skip
    return np.einsum("kkt,k->t", solved.y.reshape(size, size, -1), energies).real


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_of_envelopes_of_all_kinds(seed):
    rng = np.random.default_rng(seed)
    energies = np.arange(int(rng.integers(2, 5))).astype(float)
    rates = rng.uniform(0.05, 0.5, 2) * rng.integers(2, size=2)
    last, frequency, size = rng.uniform([2.0, 0.5, 0.05], [12.0, 1.5, 1.5])
    middle, width, pace = rng.uniform([0.0, 0.1, 0.2], [last, 2.0, 6.0])
    envelope = [
        lambda t: np.exp(-((t - middle) ** 2) / (2 * width**2)),
        lambda t: np.cos(pace * t) ** 2,
        lambda t: np.cos(pace * t**2 / 4),
        lambda t: np.tanh((t - middle) / width),
    ][rng.integers(4)]
    rotating = bool(rng.integers(2))

    def force(time):
        wave = np.exp(1j * frequency * time) if rotating else 2 * np.cos(frequency * time)
        return size * envelope(time) * wave

    site = qb.Qudit(energies, loss=rates[0], dephasing=rates[1])
    field = qb.drive("b", size, frequency, envelope=envelope, rotating_wave=rotating)
    times = np.linspace(0.0, last, 5)
    with warnings.catch_warnings():  # where two solutions are more than a little apart
        warnings.simplefilter("ignore")
        table = qb.System({"c": qb.Qubit(), "b": site}, [field], "c", "b").charge(
            {}, times, ["energy"]
        )
    wrong = np.abs(table.energy - laboratory(energies, rates, force, times)).max()
    assert float(wrong) <= energies[-1] * table.attrs["solver_error"] + 3e-12
