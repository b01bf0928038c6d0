"""Density matrices and Hamiltonians at random, with the edges: pure, mixed, degenerate."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[Any]

SPECTRA = ["any", "pure", "mixed", "degenerate", "singular", "nearly pure"]
LADDERS = ["any", "even", "degenerate", "flat", "shuffled", "negative"]


def unitary(rng: np.random.Generator, d: int) -> Array:
    u: Array = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]
    return u


def spectrum(rng: np.random.Generator, d: int, kind: str) -> Array:
    p: Array = rng.dirichlet(np.ones(d))
    if kind == "pure":
        p = np.eye(d)[0]
    if kind == "mixed":
        p = np.ones(d)
    if kind == "nearly pure":
        p = 1e-9 * p + np.eye(d)[0]
    if kind == "degenerate":
        p = np.ceil(3 * p)
    if kind == "singular":
        p[: (d - 1) // 2 + (d > 1)] = 0
    p /= p.sum()
    return p


def state(rng: np.random.Generator, d: int, kind: str = "any") -> Array:
    """A density matrix with a random eigenbasis."""
    u = unitary(rng, d)
    rho: Array = (u * spectrum(rng, d, kind)) @ u.conj().T
    return rho


def states(rng: np.random.Generator, n: int, d: int, rank: int | None = None) -> Array:
    """A batch of n random states of a given rank."""
    x = rng.normal(size=(n, d, rank or d)) + 1j * rng.normal(size=(n, d, rank or d))
    rho = x @ x.conj().swapaxes(-1, -2)
    normalised: Array = rho / np.trace(rho, axis1=-2, axis2=-1)[:, None, None].real
    return normalised


def hamiltonian(rng: np.random.Generator, d: int, kind: str = "any") -> Array:
    ladder = np.arange(d, dtype=float)
    if kind == "even":
        return np.diag(ladder)
    if kind == "flat":
        return np.eye(d)
    if kind == "shuffled":
        return np.diag(rng.permutation(ladder) * 0.3)
    u = unitary(rng, d)
    levels = {"degenerate": ladder // 2, "negative": -(ladder**2)}.get(kind, rng.normal(size=d))
    h = (u * levels) @ u.conj().T
    hermitian: Array = (h + h.conj().T) / 2
    return hermitian


@st.composite
def problems(draw: st.DrawFn, largest: int = 5) -> tuple[Array, Array]:
    """Three states of one dimension and a Hamiltonian."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d = draw(st.integers(1, largest))
    kinds = draw(st.tuples(*[st.sampled_from(SPECTRA)] * 3))
    h = hamiltonian(rng, d, draw(st.sampled_from(LADDERS)))
    if draw(st.booleans()):  # diagonal in the basis of the computation, as in many models
        rho = np.array([np.diag(rng.permutation(spectrum(rng, d, kind))) for kind in kinds])
    else:
        rho = np.array([state(rng, d, kind) for kind in kinds])
    return rho, h
