"""An independent road: the master equation as a 16 x 16 matrix, exponentiated numerically."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.linalg import expm

LOWER = np.array([[0, 1], [0, 0]], dtype=complex)
A, B = np.kron(LOWER, np.eye(2)), np.kron(np.eye(2), LOWER)

thetas = st.floats(0, np.pi)
couplings = st.floats(0.05, 20)
losses = st.one_of(st.just(0.0), st.floats(0, 30))
scaled_times = st.floats(0, 20)


def solve(theta, phi, time, frequency=1.0, coupling=1.0, loss=0.0, battery_loss=0.0, detuning=0.0):
    """The 4x4 state, charger first, at one time."""
    h = (frequency + detuning) * A.conj().T @ A + frequency * B.conj().T @ B
    h = h + coupling * (A.conj().T @ B + B.conj().T @ A)
    one = np.eye(4)
    generator = -1j * (np.kron(h, one) - np.kron(one, h.T))
    for rate, op in ((loss, A), (battery_loss, B)):
        number = op.conj().T @ op
        generator += rate * (
            np.kron(op, op.conj()) - 0.5 * np.kron(number, one) - 0.5 * np.kron(one, number.T)
        )
    charger = np.array([np.cos(theta / 2), np.exp(1j * phi) * np.sin(theta / 2)])
    start = np.kron(charger, [1, 0])
    rho = expm(generator * time) @ np.outer(start, start.conj()).ravel()
    return rho.reshape(4, 4)


def battery_of(rho):
    """The battery's 2x2 state, the charger traced out."""
    return np.einsum("...iaib->...ab", np.reshape(rho, (*np.shape(rho)[:-2], 2, 2, 2, 2)))
