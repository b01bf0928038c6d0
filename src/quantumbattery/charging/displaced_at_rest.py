"""Driven, lossy oscillators about the amplitudes that they tend to, for steady states.

As `displaced` for finite times: with a = alpha e^{-i w t} + c, and alpha what a field of frequency
w gives to the oscillators alone for ever, J (a^dag b + h.c.) drives b by J alpha^* e^{i w t}.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.charging.about_amplitudes import lifted_sites
from quantumbattery.charging.classical_amplitudes import Source
from quantumbattery.charging.displaced import (
    angle_of,
    brings,
    fields_of,
    known_alone,
    linear,
)
from quantumbattery.charging.problem import Problem
from quantumbattery.moments.quadratic import quadratic
from quantumbattery.moments.steady import slowest
from quantumbattery.network.drives import OnePhotonDrive, drive
from quantumbattery.network.interactions import Exchange
from quantumbattery.network.network import Network
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.cached import cached_property

_STRONG = 0.05  # quanta, from which on it may pay


@dataclass(frozen=True, eq=False)
class AtRest:
    """The same problem about the amplitudes of some sites, which turn with their field."""

    problem: Problem
    sites: tuple[str, ...]
    sources: list[Source]
    response: Array  # (modes, sources), of each mode to a field of size 1

    @property
    def amplitudes(self) -> dict[str, Array]:
        """Those of all the sites in the frame that turns with the field, (g or 1, 1, 1)."""
        numbers = self.problem.axes.numbers
        pulls = [numbers(s.size) * np.exp(1j * numbers(s.phase)) for s in self.sources]
        found = {}
        for name, own in zip(self.sites, self.response, strict=True):
            alpha = np.sum([each * r for each, r in zip(pulls, own, strict=True)], axis=0)
            found[name] = np.reshape(alpha, (-1, 1, 1))
        return found

    @cached_property
    def lifting(self) -> float:
        """The sum of amplitudes of the battery's oscillators, if their energy counts."""
        lifted = lifted_sites(self.problem, self.sites)
        return float(sum(np.abs(self.amplitudes[name]).max() for name in lifted))


def at_rest(problem: Problem) -> AtRest | None:
    """A problem about amplitudes that last; None where there are none, or where it cannot pay."""
    network = problem.network
    sites = linear(problem, starts=False)
    alone = known_alone(problem, sites)
    if alone is None or prepared_sites(problem.started) & sites:
        return None
    joined = [each for each in network.interactions if len(sites & {*each.ends}) == 1]
    joined = [each for each in joined if len(each.ends) > 1]
    if not all(isinstance(each, Exchange) and each.envelope is None for each in joined):
        return None
    if len({each.frequency for each in alone.drives if isinstance(each, OnePhotonDrive)}) > 1:
        return None
    sources = [*fields_of(network, sites)]
    if (response := _response(alone)) is None or _most(response, sources) < _STRONG:
        return None
    return _about(problem, alone, joined, sources, response)


def _about(
    problem: Problem, alone: Network, joined: list[Any], sources: list[Source], response: Array
) -> AtRest:
    """The problem with fields on the sites beyond."""
    names = tuple(alone.sites)
    made = []
    for link in joined:
        inside, outside = link.ends if link.a in alone.sites else (link.b, link.a)
        strength = link.strength if inside == link.a else np.conj(link.strength)  # of a^dag b
        for source, pull in zip(sources, response[names.index(inside)], strict=True):
            size = abs(strength) * source.size * float(abs(pull))
            phase = angle_of(strength) - source.phase - float(np.angle(pull))
            made.append(drive(outside, size, _frequency(alone), phase=phase))
    moved = copy(problem.network)
    kept = [each for each in moved.drives if not brings(each, {*names})]
    moved._set(drives=(*kept, *made))
    return AtRest(replace(problem, network=moved), names, sources, response)


def _frequency(alone: Network) -> Parameter:
    first = alone.drives[0]
    assert isinstance(first, OnePhotonDrive)
    return first.frequency


def _response(alone: Network) -> Array | None:
    """Of each mode to each field, (modes, fields): -(M + i w)^-1 f; None if not all is damped."""
    motion = quadratic(alone, _one, 1)
    if slowest(motion)[0] >= 0:
        return None
    m, drift = motion.modes, motion.drift[0]
    turned = np.diag(drift)[m:]
    each = [
        np.linalg.solve(turn * np.eye(m) - drift[:m, :m], drift[:m, m + k])
        for k, turn in enumerate(turned)
    ]
    return np.stack(each, axis=-1)


def _most(response: Array, sources: list[Source]) -> float:
    """No fewer quanta than any of the amplitudes has."""
    sizes = np.array([float(np.abs(each.size).max()) for each in sources])
    return float((np.abs(response) @ sizes).max() ** 2)


def _one(number: Parameter) -> Array:
    return np.asarray(number, dtype=float).reshape(1)
