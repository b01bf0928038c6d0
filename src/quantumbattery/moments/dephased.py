"""Quanta of quadratic networks whose oscillators also lose their phase.

Dephasing leaves no state Gaussian, but second moments still close: D[A^dag A] of rate 2 g changes
no number of quanta, and a product with k more A^dag than A of that oscillator falls by g k^2. So
R = <y y^dag>, in normal order, of y = (a, a^dag, fields, their conjugates) follows

    d R/dt = M R + R M^dag + G - g o R,

with M and G as `quadratic` has them, products of means included (H.-P. Breuer and F. Petruccione,
The Theory of Open Quantum Systems, Oxford 2002, section 3.2.3, for the adjoint of a generator).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.moments.over_time import Moments
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array

_NONE = 1e-12  # of the largest rate or frequency: no damping
LARGEST = 1 << 23  # numbers of the generators of R up to which they are made


def numbers_of(motion: Quadratic) -> int:
    """How many numbers the generator of R has, of one member."""
    return int(motion.drift.shape[-1] ** 4)


def second(
    motion: Quadratic, dephasing: Array, begun: Beginning, places: Sequence[int], times: Array
) -> Moments | None:
    """<a_k^dag a_j> and <a_j a_k> (g, c, T, b, b) of modes at some places, as products of means 0.

    `dephasing` (g, m) are the rates of the sites, times (T,) or (g, T). None if it is too large.
    """
    generator = _generator(motion, dephasing)
    if generator is None:
        return None
    g, n = generator.shape[0], motion.drift.shape[-1]
    source = motion.diffusion.reshape(g, n * n, 1)
    whole = np.zeros((g, n * n + 1, n * n + 1), complex)
    whole[:, :-1] = np.concatenate([generator, source], axis=-1)
    first = _first(motion, begun).reshape(g, -1, n * n)
    start = np.concatenate([first, np.ones((*first.shape[:2], 1))], axis=-1)
    reading = np.eye(n * n + 1)[_entries(motion, places)]
    found = Semigroup(whole, np.broadcast_to(reading, (g, *reading.shape))).at(start, times)
    return _moments(motion, found, len(places))


def second_at_rest(motion: Quadratic, dephasing: Array, places: Sequence[int]) -> Moments | None:
    """The same (g, 1, 1, b, b) of what everything tends to, if no field turns; None elsewhere."""
    n, m = motion.drift.shape[-1], motion.modes * (1 + motion.doubled)
    generator, grows = _generator(motion, dephasing), growth(motion, dephasing)
    turns = np.einsum("gii->gi", motion.drift)[:, m:].any()
    if generator is None or grows is None or turns:
        return None
    if not (grows < -_NONE * np.abs(motion.drift).sum(axis=-1).max(axis=-1)).all():
        return None  # a mode that loses nothing, or at its threshold
    field = np.arange(n) >= m
    held = (field[:, None] & field).ravel()
    state = np.zeros((len(generator), n * n), complex)
    state[:, held] = 1.0
    right = motion.diffusion.reshape(-1, n * n)[:, ~held]
    right = right + generator[:, ~held][:, :, held].sum(axis=-1)
    state[:, ~held] = -np.linalg.solve(generator[:, ~held][:, :, ~held], right[..., None])[..., 0]
    return _moments(motion, state[:, None, None, _entries(motion, places)], len(places))


def quanta(motion: Quadratic, dephasing: Array, begun: Beginning, times: Array) -> Array | None:
    """Mean quanta of each mode (g, c, T, m); None if too large."""
    found = second(motion, dephasing, begun, range(motion.modes), times)
    return None if found is None else np.abs(np.einsum("...ii->...i", found.normal))


def growth(motion: Quadratic, dephasing: Array) -> Array | None:
    """The largest rate at which second moments grow without fields, (g,); None if too large."""
    m = motion.modes * (1 + motion.doubled)
    own = Quadratic(
        motion.drift[:, :m, :m], motion.diffusion[:, :m, :m], motion.modes, 0, motion.doubled
    )
    generator = _generator(own, dephasing)
    return None if generator is None else np.linalg.eigvals(generator).real.max(axis=-1)


def _generator(motion: Quadratic, dephasing: Array) -> Array | None:
    """What moves R but for G, (g, n^2, n^2), rows of R one after the other."""
    g, n, _ = motion.drift.shape
    if g * numbers_of(motion) > LARGEST:
        return None
    eye, drift = np.eye(n), motion.drift
    left = np.einsum("gij,kl->gikjl", drift, eye)
    right = np.einsum("ij,gkl->gikjl", eye, drift.conj())
    found = np.asarray((left + right).reshape(g, n * n, n * n))
    net = _more(motion)[:, None] - _more(motion)  # (n, n, m)
    falls = (dephasing[:, None, None] * net**2).sum(axis=-1)
    found[:, np.arange(n * n), np.arange(n * n)] -= falls.reshape(g, n * n)
    return found


def _entries(motion: Quadratic, places: Sequence[int]) -> Array:
    """Where <a_k^dag a_j> of some modes stand in R, and <a_j a_k> if there are any."""
    n, own = motion.drift.shape[-1], np.array(places, dtype=np.int64)
    normal = (own[:, None] * n + own).ravel()
    return np.concatenate([normal, normal + motion.modes]) if motion.doubled else normal


def _moments(motion: Quadratic, found: Array, count: int) -> Moments:
    """What was read (..., entries) as moments of so many modes."""
    normal = found[..., : count**2].reshape(*found.shape[:-1], count, count)
    pairs = found[..., count**2 :].reshape(normal.shape) if motion.doubled else 0 * normal
    return Moments(0 * normal[..., 0], normal, pairs)


def _more(motion: Quadratic) -> Array:
    """How many more A^dag than A of each mode there are in y, (n, m)."""
    m = motion.modes
    more = np.zeros((motion.drift.shape[-1], m))
    more[np.arange(m), np.arange(m)] = -1
    if motion.doubled:
        more[np.arange(m) + m, np.arange(m)] = 1
    return more


def _first(motion: Quadratic, begun: Beginning) -> Array:
    """R at t = 0, (g, c, n, n); a field is 1."""
    m, n = motion.modes, motion.drift.shape[-1]
    mean = begun.mean.astype(complex)
    normal, pairs = begun.covariances(range(m))
    parts = [mean, mean.conj()] if motion.doubled else [mean]
    fields = np.ones((*mean.shape[:2], n - len(parts) * m))
    y = np.concatenate([*parts, fields], axis=-1)
    found = y[..., :, None] * y[..., None, :].conj()
    found[..., :m, :m] += normal
    if motion.doubled:
        found[..., m : 2 * m, m : 2 * m] += normal.conj()
        found[..., :m, m : 2 * m] += pairs
        found[..., m : 2 * m, :m] += pairs.conj()
    return np.broadcast_to(found, (len(motion.drift), *found.shape[1:]))
