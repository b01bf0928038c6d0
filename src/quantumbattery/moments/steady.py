"""The moments that everything tends to, where losses outdo gain in every mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.moments.over_time import Moments
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.quantities.aliases import Array

_NONE = 1e-12  # of the largest rate or frequency: no damping
_ROUNDING = 2.0**-52  # of a number, in building and in solving equations
_SMALL = 40  # numbers up to which M X + X M^dag is written as a matrix


def part_of(motion: Quadratic, places: Sequence[int]) -> tuple[Quadratic, list[int]]:
    """The motion of what is joined to modes at some places alone, and where these are in it."""
    from scipy.sparse.csgraph import connected_components

    m, fields = motion.modes, motion.fields
    acts = (motion.drift != 0).any(axis=0) | (motion.diffusion != 0).any(axis=0)
    if motion.doubled:  # a^dag goes with its a
        acts[np.arange(m), np.arange(m) + m] = True
    n = m * (1 + motion.doubled)
    _, label = connected_components(acts[:n, :n], directed=False)
    mine = np.isin(label[:m], label[list(places)])
    modes = np.flatnonzero(mine)
    each = np.concatenate([modes, modes + m]) if motion.doubled else modes
    acting = n + np.arange(fields * (1 + motion.doubled))
    every = np.concatenate([each, acting])
    rows = every[:, None]
    drift, diffusion = motion.drift[:, rows, every], motion.diffusion[:, rows, every]
    found = Quadratic(drift, diffusion, len(modes), fields, motion.doubled)
    return found, np.searchsorted(modes, places).tolist()


def slowest(motion: Quadratic) -> Array:
    """The largest real part of the eigenvalues of M, (g,); positive if quanta grow for ever.

    What is below rounding is zero: modes that are neither damped nor driven to grow.
    """
    own = _own(motion)
    found = np.linalg.eigvals(own).real.max(axis=-1)
    size = np.abs(own).sum(axis=-1).max(axis=-1)
    return np.where(np.abs(found) > _NONE * size, found, 0.0)


def beats(motion: Quadratic, spread: bool = False) -> Array:
    """Whether energies go on swinging, (g,), since fields of several frequencies meet.

    With `spread`, whether states do: the mean may turn beside a squeezed bath, which stands still.
    """
    fields, turns, label = _pulled(motion, spread)
    found = np.zeros(len(fields), dtype=bool)
    for which in np.unique(label):
        acts = fields[:, label == which].any(axis=1)
        high = np.where(acts, turns, -np.inf).max(axis=1, initial=-np.inf)
        low = np.where(acts, turns, np.inf).min(axis=1, initial=np.inf)
        size = np.where(acts, np.abs(turns), 0.0).max(axis=1, initial=0.0)
        found |= high - low > _NONE * size
    return found


def swings(motion: Quadratic, places: Sequence[int]) -> Array:
    """How fast the means of modes at some places turn with a field, in their frame, (g, b).

    Those of a field that reaches each: `beats` knows where several do not agree.
    """
    fields, turns, label = _pulled(motion, False)
    found = np.zeros((len(fields), len(places)))
    for k, place in enumerate(places if turns.size else ()):
        acts = np.asarray(fields[:, label == label[place]].any(axis=1))  # (g, fields)
        own = np.take_along_axis(turns, np.argmax(acts, axis=1)[:, None], axis=1)[:, 0]
        found[:, k] = np.where(acts.any(axis=1), -own, 0.0)
    return found


def _pulled(motion: Quadratic, spread: bool) -> tuple[Array, Array, Array]:
    """What fields do (g, n, fields), how fast each turns (g, fields), and what is joined (n,).

    By the drift, and with `spread` by the noise too.
    """
    from scipy.sparse.csgraph import connected_components

    m = motion.modes * (1 + motion.doubled)
    turns = np.einsum("gjj->gj", motion.drift).imag[:, m:]
    joined = (motion.drift != 0).any(axis=0)
    if spread:
        joined = joined | (motion.diffusion != 0).any(axis=0)
    _, label = connected_components(joined[:m, :m], directed=False)
    return motion.drift[:, :m, m:], turns, label


def steady(motion: Quadratic, places: Sequence[int], limit: float) -> tuple[Moments, float, float]:
    """The moments (g, 1, 1, ...) of modes at some places; of means in the frame of their field.

    With M X + X M^dag = -G, and a = -(M + i w)^-1 f for a field f e^{-i w t}. And what rounding
    may do to quanta of any mode, in the worst of all members, with how many there are in it.
    """
    own, m, twice = _own(motion), motion.modes, 1 + motion.doubled
    n = m * twice
    noise = motion.diffusion[:, :n, :n]
    covariances = _lyapunov(own, -noise, limit)
    fields, turns = motion.drift[:, :n, n:], np.einsum("gjj->gj", motion.drift)[:, n:]
    means, off = np.zeros((len(own), n), complex), np.zeros(len(own))
    for k in range(motion.fields * twice):
        shifted = turns[:, k, None, None] * np.eye(n) - own
        pulled = np.linalg.solve(shifted, fields[:, :, k, None])[..., 0]
        means, off = means + pulled, off + _off_mean(shifted, fields[:, :, k], pulled)
    size = np.linalg.norm(means, axis=-1)
    off = 2 * size * off + off**2 + _off_covariances(own, noise, covariances, limit)
    held = np.abs(np.einsum("gjj->gj", covariances)).max(axis=-1, initial=0.0) + size**2
    worst = int(np.argmax(off / np.maximum(held, 1.0)))
    rows = np.array(places, dtype=np.int64)
    grid = rows[:, None], rows
    pairs = covariances[:, grid[0], grid[1] + m] if motion.doubled else None
    normal = covariances[:, *grid]
    anomalous = np.zeros_like(normal) if pairs is None else pairs
    found = Moments(*(each[:, None, None] for each in (means[:, rows], normal, anomalous)))
    return found, float(off[worst]), float(held[worst])


def _off_mean(shifted: Array, field: Array, mean: Array) -> Array:
    """How far off a mean may be, (g,): by what rounding does to both sides of its equation."""
    known = np.linalg.norm(shifted, 2, axis=(-2, -1)) * np.linalg.norm(mean, axis=-1)
    slow = np.linalg.norm(np.linalg.inv(shifted), 2, axis=(-2, -1))
    off: Array = _ROUNDING * (known + np.linalg.norm(field, axis=-1)) * slow
    return off


def _off_covariances(drift: Array, noise: Array, found: Array, limit: float) -> Array:
    """The same of covariances, (g,).

    What solves M X + X M^dag = -R is larger the larger R is, as matrices are, since it is the
    integral of e^{M t} R e^{M^dag t}: no change of R of size r does more than r times the solution
    for R = 1.
    """
    if not noise.any():
        return np.zeros(len(drift))
    eye = np.broadcast_to(np.eye(drift.shape[-1]), drift.shape)
    most = np.linalg.norm(_lyapunov(drift, -eye, limit), 2, axis=(-2, -1))
    sizes = [np.linalg.norm(each, 2, axis=(-2, -1)) for each in (drift, found, noise)]
    off: Array = _ROUNDING * (2 * sizes[0] * sizes[1] + sizes[2]) * most
    return off


def _own(motion: Quadratic) -> Array:
    """M alone, (g, m, m) or (g, 2 m, 2 m)."""
    m = motion.modes * (1 + motion.doubled)
    return motion.drift[:, :m, :m]


def _lyapunov(drift: Array, right: Array, limit: float) -> Array:
    """X of M X + X M^dag = R, (g, n, n)."""
    if not right.any():
        return np.zeros_like(drift)
    n = drift.shape[-1]
    if n > _SMALL:
        from scipy.linalg import solve_continuous_lyapunov

        pairs = zip(drift, right, strict=True)
        return np.stack([solve_continuous_lyapunov(a, q) for a, q in pairs])
    allow("numbers in the equations of covariances", len(drift) * n**4, 48, limit)
    eye = np.eye(n)
    whole = np.einsum("gij,kl->gikjl", drift, eye) + np.einsum("ij,gkl->gikjl", eye, drift.conj())
    found = np.linalg.solve(whole.reshape(-1, n * n, n * n), right.reshape(-1, n * n, 1))
    return np.asarray(found.reshape(-1, n, n))
