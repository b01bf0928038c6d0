"""Quanta of quadratic networks whose oscillators also lose their phase.

Dephasing leaves no state Gaussian, but second moments still close: D[A^dag A] of rate 2 g changes
no number of quanta, and a product with k more A^dag than A of that oscillator falls by g k^2. So
R = <y y^dag>, in normal order, of y = (a, a^dag, fields, their conjugates) follows

    d R/dt = M R + R M^dag + G - g o R,

with M and G as `quadratic` has them, products of means included (H.-P. Breuer and F. Petruccione,
The Theory of Open Quantum Systems, Oxford 2002, section 3.2.3, for the adjoint of a generator).
"""

from __future__ import annotations

import numpy as np

from quantumbattery.dynamics.exponentials import expm
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array

_LARGEST = 1 << 23  # numbers of the generators of R up to which they are made


def quanta(
    motion: Quadratic, dephasing: Array, begun: Beginning, step: float, count: int
) -> Array | None:
    """Mean quanta of each mode (g, c, count, m) at equal steps from 0 on; None if too large.

    `dephasing` (g, m) are the rates of the sites.
    """
    generator = _generator(motion, dephasing)
    if generator is None:
        return None
    g, n = generator.shape[0], motion.drift.shape[-1]
    source = motion.diffusion.reshape(g, n * n, 1)
    bottom = np.zeros((g, 1, n * n + 1))
    whole = np.concatenate([np.concatenate([generator, source], axis=-1), bottom], axis=-2)
    moved = expm(whole * step).swapaxes(-1, -2)
    first = _first(motion, begun)
    now = np.ones((g, first.shape[1], n * n + 1), complex)
    now[..., :-1] = first.reshape(*first.shape[:2], n * n)
    own = np.arange(motion.modes) * (n + 1)
    found = np.empty((g, first.shape[1], count, motion.modes))
    for k in range(count):
        found[:, :, k] = np.abs(now[..., own])
        now = now @ moved
    return found


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
    if g * n**4 > _LARGEST:
        return None
    eye, drift = np.eye(n), motion.drift
    left = np.einsum("gij,kl->gikjl", drift, eye)
    right = np.einsum("ij,gkl->gikjl", eye, drift.conj())
    found = np.asarray((left + right).reshape(g, n * n, n * n))
    net = _more(motion)[:, None] - _more(motion)  # (n, n, m)
    falls = (dephasing[:, None, None] * net**2).sum(axis=-1)
    found[:, np.arange(n * n), np.arange(n * n)] -= falls.reshape(g, n * n)
    return found


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
