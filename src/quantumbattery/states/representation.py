"""How a state is written down: as kets, or as elements of its density matrix.

That depends on the system alone. Without loss, kets move under Hermitian blocks. With loss they
still do when every jump ends in one configuration that nothing happens to afterwards, as when the
last quantum is lost: kets then shrink, and what they lose is found there. All other losses take
the elements of the density matrix. What never meets falls into blocks; those of one size move
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from quantumbattery.reach.alike import kept
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.states.density import Matrix, density
from quantumbattery.states.kets import Kets, kets
from quantumbattery.states.lindblad import damping_elements, rectangles
from quantumbattery.states.vector import Vector

Form: TypeAlias = Kets | Matrix
Moved: TypeAlias = Kets | Matrix | Vector


def representation(reached: Reach, watched: Sequence[Bipartition] = (), limit: float = 2.0) -> Form:
    """Find how a state is best written down: kets, or elements of its density matrix.

    Of sets of sites that are watched, each by itself, alone something will be looked at; what does
    not show there is left out, or summed. Without any, everything is there. ValueError if that
    takes more memory than the limit, in GiB.
    """
    return _representation(reached, tuple(watched), limit)


@kept
def _representation(reached: Reach, watched: tuple[Bipartition, ...], limit: float) -> Form:
    losses = reached.losses
    if not len(losses.term):
        return kets(reached, reached.hamiltonian, None)
    frozen = _frozen(reached)
    if frozen is None:
        return density(reached, rectangles(reached, limit), watched, limit)
    shift, damping = len(reached.hamiltonian.coefficients), damping_elements(losses)
    shrinking = _sum(
        replace(reached.hamiltonian, value=-1j * reached.hamiltonian.value),
        replace(damping, value=-damping.value / 2, term=damping.term + shift),
    )
    return kets(reached, shrinking, frozen)


def _frozen(reached: Reach) -> int | None:
    """The one configuration that all jumps lead to and nothing leaves, if it is so."""
    losses, labels = reached.losses, reached.labels
    target = int(losses.row[0])
    leaves = (losses.row != target).any() or (losses.column == target).any()
    return target if not leaves and (labels == labels[target]).sum() == 1 else None


def _sum(one: Elements, other: Elements) -> Elements:
    return replace(
        one,
        coefficients=one.coefficients + other.coefficients,
        origins=one.origins + other.origins,
        term=np.concatenate([one.term, other.term]),
        row=np.concatenate([one.row, other.row]),
        column=np.concatenate([one.column, other.column]),
        value=np.concatenate([one.value, other.value]),
    )
