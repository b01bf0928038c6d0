"""The state of several modes together on levels, from their moments.

With means a and covariances P = [[N, C], [C^*, N^*]] in normal order, <z|rho|z> e^{|z|^2} is
c exp(b y + y A y / 2) of y = (z^*, z), where S = P + 1, X exchanges the halves of y, and

    b = S^-1 (a, a^*),    A = S^-1 P X,    c = exp(-(a^*, a) b / 2) / det S^(1/2).

It is the sum of rho_mn z^*m z^n / (m! n!)^(1/2), so that elements are c times multidimensional
Hermite polynomials G_k, k = (m, n), in whose recurrence any of the indices may step:

    (k_i + 1)^(1/2) G_{k + e_i} = b_i G_k + sum over j of A_ij k_j^(1/2) G_{k - e_j}

(N. Quesada et al., Phys. Rev. A 100, 022341 (2019); F. M. Miatto and N. Quesada, Quantum 4, 366
(2020)). The last of them steps first, the one before it then with all of its steps, and so on. Of
random states that fit into memory, squeezed, warm and displaced, elements are then wrong by 4e-16;
but the first of all, which others follow from, must not underflow: the trace tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from quantumbattery.moments.levels import levels_of, matrices, populations
from quantumbattery.moments.over_time import Moments
from quantumbattery.quantities.aliases import Array

_AT_ONCE = 1 << 21  # elements that are worked on at a time
_LOST = 1e-10  # of the trace: the state is wrong
_VANISHING = 1e-290  # from which on numbers grow that double precision holds


def levels_of_each(found: Moments, **beyond: float) -> tuple[int, ...]:
    """How many levels of each mode hold all of these states but so much, as of `levels_of`."""
    modes = range(found.mean.shape[-1])
    return tuple(
        levels_of(found.mean[..., k], found.normal[..., k, k], found.anomalous[..., k, k], **beyond)
        for k in modes
    )


def states_at_once(levels: Sequence[int]) -> int:
    """How many states `joint_matrices` works out at a time."""
    return max(1, _AT_ONCE // prod(levels) ** 2)


def joint_matrices(
    found: Moments, levels: Sequence[int], *, whole: bool = True
) -> Iterator[tuple[slice, Array]]:
    """Density matrices (k, d, d), d the product of the levels, of some states after others.

    ValueError if double precision does not hold them: if they are not the whole states, where that
    is what they should be.
    """
    b = found.mean.shape[-1]
    mean = found.mean.reshape(-1, b)
    normal, anomalous = (each.reshape(-1, b, b) for each in (found.normal, found.anomalous))
    step = states_at_once(levels)
    for part in (slice(k, min(k + step, len(mean))) for k in range(0, len(mean), step)):
        given = mean[part], normal[part], anomalous[part]
        if b == 1:
            alone = given[0][:, 0], given[1][:, 0, 0], given[2][:, 0, 0]
            yield part, matrices(*alone, levels[0])
        else:
            yield part, _several(*given, levels, whole)


def _several(
    mean: Array, normal: Array, anomalous: Array, levels: Sequence[int], whole: bool
) -> Array:
    """The same of some states (k, ...) of several modes."""
    size = prod(levels)
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        form, field, vacuum = generating(mean, normal, anomalous)
        rho = (polynomials(form, field, (*levels, *levels)) * vacuum).reshape(size, size, -1)
        trace = np.einsum("jjk->k", rho)
    if whole:
        held = np.abs(trace - 1) < _LOST
    else:  # from where nothing is, nothing follows: that is so if a mode alone has as little there
        tiny = ~(np.abs(vacuum) > _VANISHING)
        held = trace.real < 1 + _LOST
        held[tiny] = _most_weight(mean[tiny], normal[tiny], anomalous[tiny], levels) < _LOST**2
        rho[..., tiny] = 0.0
    if not held.all():
        way = "or give them levels=..." if whole else "or for fewer levels"
        raise ValueError(
            "double precision does not hold the state of several oscillators together that are "
            f"displaced or squeezed so far: ask for each by itself, {way}"
        )
    return np.moveaxis(rho, -1, 0)


def _most_weight(mean: Array, normal: Array, anomalous: Array, levels: Sequence[int]) -> Array:
    """What some states (k, ...) hold on these levels, (k,), at most: what any mode alone holds."""
    alone = [
        populations(mean[:, j], normal[:, j, j], anomalous[:, j, j], n).sum(axis=-1)
        for j, n in enumerate(levels)
    ]
    return np.asarray(np.min(alone, axis=0))


def doubled(one: Array, two: Array) -> Array:
    """[[A, B], [B^*, A^*]] (..., 2m, 2n), which acts on numbers and their conjugates."""
    upper = np.concatenate([one, two], axis=-1)
    lower = np.concatenate([two.conj(), one.conj()], axis=-1)
    return np.concatenate([upper, lower], axis=-2)


def generating(mean: Array, normal: Array, anomalous: Array) -> tuple[Array, Array, Array]:
    """A (k, n, n), b (k, n) and c (k,), of rows and then of columns."""
    b = mean.shape[-1]
    spread = doubled(normal, anomalous)
    both = np.concatenate([mean, mean.conj()], axis=-1)
    wide = spread + np.eye(2 * b)
    field = np.linalg.solve(wide, both[..., None])[..., 0]
    form = np.roll(np.linalg.solve(wide, spread), b, axis=-1)
    exponent = np.einsum("kj,kj->k", both.conj(), field).real
    return form, field, np.exp(-exponent / 2) / np.sqrt(np.linalg.det(wide).real)


def polynomials(form: Array, field: Array, sizes: Sequence[int]) -> Array:
    """G (*sizes, k), which is 1 where all indices are 0."""
    found = np.zeros((*sizes, len(field)), complex)
    found[(0,) * len(sizes)] = 1.0
    root = np.sqrt(np.arange(max(sizes)))
    for i in reversed(range(len(sizes))):  # the last lie nearest to each other
        rows = found[(0,) * i]
        for step in range(sizes[i] - 1):
            now, new = rows[step], rows[step + 1]
            new += field[:, i] * now
            if step:
                new += form[:, i, i] * root[step] * rows[step - 1]
            for j in range(i + 1, len(sizes)):
                axis = j - i - 1
                weight = root[1 : sizes[j]].reshape(-1, *(1,) * (len(sizes) - 1 - i))
                below = np.moveaxis(now, axis, 0)[:-1]
                np.moveaxis(new, axis, 0)[1:] += form[:, i, j] * weight * below
            new /= root[step + 1]
    return found
