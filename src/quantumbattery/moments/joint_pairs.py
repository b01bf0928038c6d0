"""The state of several modes that starts are carried to where quanta come in pairs.

For modes b = X a + Y a^dag + f of a start |alpha><beta|, coherent states without their norm, the
means are M u of u = (alpha, beta^*), M = [[X, Y], [Y^*, X^*]]. With S and A of f alone, as in
`quantumbattery.moments.joint_levels`, the generating function of y = (z^*, z) and of u is then

    exp(y A y / 2 + y S^-1 M u + u (sigma - M^T F S^-1 M) u / 2) / det S^(1/2),

where F exchanges the halves of y and sigma those of u: beta^* alpha is the trace of the start. So
elements between levels of the modes, of a start |n><m|, are Hermite polynomials of more indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from quantumbattery.moments.joint_channel import Together
from quantumbattery.moments.joint_levels import doubled, generating, polynomials
from quantumbattery.quantities.aliases import Array


def carried_in_pairs(
    start: Together,
    taken: tuple[Array, Array],
    noise: tuple[Array, Array],
    levels: Sequence[int],
) -> Array:
    """States (s, *levels, *levels), of amplitudes (s, 1, entries) of the start.

    X and Y (s, b, k) are taken of it; f has <f_k^dag f_j> and <f_j f_k> (s, b, b), and no mean.
    """
    (x, y), (normal, anomalous) = taken, noise
    b, k = x.shape[-2:]
    form, _, vacuum = generating(np.zeros(x.shape[:2]), normal, anomalous)
    brings = doubled(x, y)
    across = np.linalg.solve(doubled(normal, anomalous) + np.eye(2 * b), brings)
    flipped = np.roll(brings, b, axis=-2)
    own = np.roll(np.eye(2 * k), k, axis=0) - flipped.swapaxes(-1, -2) @ across
    upper = np.concatenate([form, across], axis=-1)
    lower = np.concatenate([across.swapaxes(-1, -2), own], axis=-1)
    whole = np.concatenate([upper, lower], axis=-2)
    sizes = tuple((start.levels.max(axis=0) + 1).tolist())
    field = np.zeros((len(x), 2 * (b + k)))
    found = polynomials(whole, field, (*levels, *levels, *sizes, *sizes))
    kets = np.zeros((len(x), start.members, *sizes), complex)
    kets[(slice(None), start.member, *start.levels.T)] = start.amplitude[:, 0]
    kets = kets.reshape(len(x), start.members, -1)
    begun = np.einsum("srj,srk->sjk", kets, kets.conj()).reshape(len(x), -1)
    flat = found.reshape(prod(levels) ** 2, -1, len(x))
    rho = np.einsum("dps,sp->sd", flat, begun) * vacuum[:, None]
    return np.asarray(rho.reshape(-1, *levels, *levels))
