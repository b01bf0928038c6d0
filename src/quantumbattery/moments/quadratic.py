"""Quadratic networks: oscillators whose means and covariances close among themselves.

With H = sum W_jk a_j^dag a_k + (sum K_jk a_j^dag a_k^dag / 2 + sum f_j a_j^dag e^{-i w t} + h.c.)
and losses by L = sum u_k a_k + v_k a_k^dag, the means and, in normal order, the covariances
N_jk = <a_k^dag a_j> and C_jk = <a_j a_k>, both less the products of means, follow

    d a/dt = A a + B a^*,    d P/dt = M P + P M^dag + G,    M = [[A, B], [B^*, A^*]],
    A = -i W + sum (v v^dag - u^* u^T) / 2,    B = -i K + sum (v u^dag - u^* v^T) / 2,
    P = [[N, C], [C^*, N^*]],  G = [[sum v v^dag, -i K - sum (u^* v^T + v u^dag) / 2], [h.c., c.c.]]

(D. F. Walls and G. J. Milburn, Quantum Optics, 2nd ed., Springer 2008, chapters 6 and 7; C. W.
Gardiner and P. Zoller, Quantum Noise, 3rd ed., Springer 2004, section 5.3). Normal order keeps all
digits of nearly empty modes. A field is one more mode of which only e^{-i w t} is left, so that
fields of any frequencies keep the motion linear, and the same at all times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from quantumbattery.network.acting import acts
from quantumbattery.network.drives import Drive, OnePhotonDrive, TwoPhotonDrive
from quantumbattery.network.interactions import Dipole, Exchange, Interaction
from quantumbattery.network.joint_losses import Dissipator, JointLoss, Jump
from quantumbattery.network.network import Link, Network
from quantumbattery.network.shifts import Shift
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.described import called, saying
from quantumbattery.quantities.matrices import square_matrix
from quantumbattery.quantities.parameters import any_nonzero

Numbers: TypeAlias = Callable[[Parameter], Array]
"""The values of a parameter for all generators, (g,) or (1,)."""

_LINEAR = 6, 300  # levels on which a jump is compared with A and A^dag
_ROUNDING = 1e-14  # of the largest element, by which it may differ


@dataclass(frozen=True, eq=False)
class Quadratic:
    """The motion of (a, fields) under M, or of (a, a^dag, fields, their conjugates)."""

    drift: Array  # (g, n, n), M and what fields do
    diffusion: Array  # (g, n, n), G; zero where a field is
    modes: int
    fields: int
    doubled: bool  # whether a^dag is there too, since B or the upper right of G is not zero


def is_quadratic(network: Network) -> bool:
    """Whether a network is one of oscillators without a cut, and quadratic at all times."""
    sites = network.sites.values()
    for site in sites:
        if not isinstance(site, Oscillator) or site.levels is not None:
            return False
    if any(any_nonzero(site.dephasing) for site in sites):
        return False
    return all(_is_quadratic(each) for each in network.links)


def is_constant(network: Network) -> bool:
    """Whether nothing but fields of single quanta changes in time, in the frames of all sites."""
    return not any(_changes(network, each) for each in network.links)


def changing(network: Network) -> list[Interaction | Drive]:
    """What changes in time in the frames of the sites."""
    links: list[Interaction | Drive] = [*network.interactions, *network.drives]
    return [each for each in links if _changes(network, each)]


def pulls_alone(network: Network) -> bool:
    """Whether only fields of single quanta are shaped: they move means, and no covariances."""
    return all(isinstance(each, OnePhotonDrive) for each in changing(network))


def _changes(network: Network, link: Link) -> bool:
    if isinstance(link, JointLoss) or not acts(link):
        return False
    pairs = isinstance(link, TwoPhotonDrive) and any_nonzero(link.amplitude)
    return link.envelope is not None or (pairs and any_nonzero(beat(network, link)))


def beat(network: Network, link: Link) -> Any:
    """How fast a two-photon drive turns in the frame of its site; 0 of others."""
    if not isinstance(link, TwoPhotonDrive):
        return 0.0
    frequency: Any = link.frequency
    return frequency - _frames(network)[link.site]


def _is_quadratic(link: Link) -> bool:
    """Whether what acts is a constant form of second order, or a field."""
    if isinstance(link, Jump):
        return as_ladder(link) is not None
    if isinstance(link, JointLoss):
        return isinstance(link, Dissipator)
    if isinstance(link, OnePhotonDrive):
        return link.transition is None
    known = TwoPhotonDrive, Exchange, Shift, Dipole
    own = isinstance(link, Interaction) and link.always  # what stores energy has a ground at 0
    return isinstance(link, known) and (not own or isinstance(link, Exchange))


def as_ladder(each: Jump) -> tuple[complex, complex] | None:
    """C and d of a jump that is c A + d A^dag of one oscillator, as far up as one looks."""
    if len(each.ends) > 1 or not callable(each.matrix):
        return None
    for levels in _LINEAR:
        with saying(f"{each.label}, its function at {levels} levels"):
            matrix = square_matrix(called(each.matrix, levels), "matrix")
        a = np.diag(np.sqrt(np.arange(1, levels)), 1)
        down, up = matrix[0, 1], matrix[1, 0]
        off = np.abs(matrix - (down * a + up * a.T))
        if not off.max() <= _ROUNDING * np.abs(matrix).max():
            return None
    return down, up


def turning(network: Network, name: str, numbers: Numbers) -> Array:
    """How fast the frame turns in which the moments of a site are given, (g,) or (1,)."""
    return numbers(_frames(network)[name])


# --- frames --------------------------------------------------------------------------------------


def _frames(network: Network) -> dict[str, Parameter]:
    """The frequency with which each mode's frame turns.

    Pairs of quanta come with a field of twice that frequency, or stand still; where sites that
    are joined do not agree about it, their frames stand still. Where none come, any frame does:
    that of a field, or of a site, whose large frequencies then cost no digits.
    """
    found: dict[str, Parameter] = {}
    for part in _joined(network):
        asked: list[Parameter] = [
            each.frequency
            for each in network.drives
            if isinstance(each, TwoPhotonDrive)
            and each.site in part
            and any_nonzero(each.amplitude)
        ]
        still = [each for each in _links(network) if _makes_pairs(each)]
        asked += [0.0 for each in still if not part.isdisjoint(each.ends)]
        fields = [each.frequency for each in network.drives if each.site in part]
        own = next(site for name, site in network.sites.items() if name in part)
        first: Any = (asked or fields or [own.energy_terms(2)[0][0]])[0]
        agree = not any(any_nonzero(each - first) for each in asked)
        found |= dict.fromkeys(part, first if agree else 0.0)
    return found


def has_pairs(network: Network) -> bool:
    """Whether anything brings or takes quanta in pairs."""
    pairs = [each for each in network.drives if isinstance(each, TwoPhotonDrive)]
    if any(any_nonzero(each.amplitude) for each in pairs):
        return True
    return any(_makes_pairs(each) for each in _links(network))


def is_cold(network: Network) -> bool:
    """Whether nothing adds quanta but fields, so that coherent states stay coherent.

    No quanta come in pairs then, and no bath is warm: A alone moves the means, and G is zero.
    """
    if any(any_nonzero(site.loss * site.occupation) for site in network.sites.values()):
        return False
    return not has_pairs(network) and not any(_warms(each) for each in network.joint_losses)


def _warms(link: JointLoss) -> bool:
    """Whether a joint loss of a quadratic network also brings quanta."""
    if isinstance(link, Dissipator):
        return any_nonzero(link.rate * link.occupation)
    assert isinstance(link, Jump)
    return bool((as_ladder(link) or (0.0, 0.0))[1]) and any_nonzero(link.rate)


def _makes_pairs(link: Interaction | JointLoss) -> bool:
    """Whether quanta come and go in pairs, in the frame of the laboratory."""
    if isinstance(link, Dipole):
        return any_nonzero(link.strength)
    return isinstance(link, Jump) and all(as_ladder(link) or ())


def _links(network: Network) -> list[Interaction | JointLoss]:
    return [*network.interactions, *network.joint_losses]


def _joined(network: Network) -> list[set[str]]:
    """The sites that are joined by anything."""
    part = {name: {name} for name in network.sites}
    for each in _links(network):
        whole = set().union(*(part[name] for name in each.ends))
        part |= dict.fromkeys(whole, whole)
    return [*{id(each): each for each in part.values()}.values()]


# --- the matrices --------------------------------------------------------------------------------


def quadratic(
    network: Network,
    numbers: Numbers,
    members: int,
    storing: bool = False,
    doubled: bool = False,
) -> Quadratic:
    """The motion of a quadratic network, of all that does not change in time.

    While storing, only of what is always on; doubled if that is asked for, or needed.
    """
    made = _Sums(network, numbers, members, doubled)
    made.add_sites()
    shaped = changing(network)
    for each in _links(network):
        if each not in shaped and (each.always or not storing):
            made.add_link(each)
    turns = [made.add_field(each, storing or each in shaped) for each in network.drives]
    return made.whole([w for each in turns for w in each])


def only(
    network: Network,
    numbers: Numbers,
    members: int,
    link: Interaction | Drive,
    doubled: bool = True,
) -> Quadratic:
    """What one interaction or drive adds to that, where its shape is 1; no field turns."""
    made = _Sums(network, numbers, members, doubled)
    if isinstance(link, Interaction):
        made.add_link(link)
    turns = [made.add_field(each, each is not link) for each in network.drives]
    return made.whole([0 * w for each in turns for w in each])


class _Sums:
    """W, K, losses and fields of a network as they add up."""

    def __init__(
        self, network: Network, numbers: Numbers, members: int, doubled: bool = False
    ) -> None:
        self.network, self.numbers = network, numbers
        self.place = {name: k for k, name in enumerate(network.sites)}
        self.frames = _frames(network)
        shape = members, len(self.place), len(self.place)
        # Sums of v v^dag are `up`, and those of u^* u^T - v v^dag `lost`: of a hot bath, which adds
        # to both, the difference would lose digits.
        self.w, self.k, self.lost, self.up, self.cross = np.zeros((5, *shape), complex)
        self.fields: list[Array] = []  # (g, m) each
        self.doubled = doubled or has_pairs(network)

    def add_sites(self) -> None:
        """Energies and losses of the sites."""
        for name, k in self.place.items():
            site = self.network.sites[name]
            (energy, _), *_ = site.energy_terms(2)
            self.w[:, k, k] += self.numbers(energy) - self.numbers(self.frames[name])
            if not any_nonzero(site.loss):
                continue
            warm = self.numbers(site.loss * site.occupation)
            self.lost[:, k, k] += self.numbers(site.loss)
            self.up[:, k, k] += warm

    def add_link(self, each: Interaction | JointLoss) -> None:
        """An interaction, a shift or a joint loss."""
        if isinstance(each, Shift):
            k = self.place[each.site]
            self.w[:, k, k] += self.numbers(each.amount)
        elif isinstance(each, Exchange | Dipole):
            a, b = (self.place[name] for name in each.ends)
            strength = self._complex(each.strength)
            self.w[:, a, b] += strength
            self.w[:, b, a] += strength.conj()
            if isinstance(each, Dipole):
                self.k[:, a, b] += strength
                self.k[:, b, a] += strength
        elif isinstance(each, Dissipator):
            own = [self.place[name] for name in each.sites]
            weights = np.stack(np.broadcast_arrays(*map(self._complex, each.weights)), axis=-1)
            rate, warm = self.numbers(each.rate), self.numbers(each.rate * each.occupation)
            square = weights[:, :, None].conj() * weights[:, None]
            self.lost[:, np.array(own)[:, None], own] += rate[:, None, None] * square
            self.up[:, np.array(own)[:, None], own] += warm[:, None, None] * square
        elif isinstance(each, Jump):
            c, d = as_ladder(each) or (0.0, 0.0)
            k, rate = self.place[each.ends[0]], self.numbers(each.rate)
            self.lost[:, k, k] += rate * (abs(c) ** 2 - abs(d) ** 2)
            self.up[:, k, k] += rate * abs(d) ** 2
            self.cross[:, k, k] += rate * np.conj(c) * d

    def add_field(self, each: Drive, off: bool) -> list[Array]:
        """A drive, and how fast each of its fields turns, (g or 1,)."""
        k, frame = self.place[each.site], self.numbers(self.frames[each.site])
        size = 0.0 if off else self.numbers(each.amplitude) * np.exp(-1j * self.numbers(each.phase))
        if isinstance(each, TwoPhotonDrive):  # A/2 a^dag^2 + h.c.
            self.k[:, k, k] += size
            return []
        frequency = self.numbers(each.frequency)
        both = [(size, frequency)] + [(np.conj(size), -frequency)] * (not each.rotating)
        for amount, _ in both:
            field = np.zeros(self.w.shape[:2], complex)
            field[:, k] = amount
            self.fields.append(field)
        return [w - frame for _, w in both]

    def whole(self, turning: Iterable[Array]) -> Quadratic:
        """All of it as matrices; how fast fields turn is given, (g or 1,) each."""
        g, m, _ = self.w.shape
        d = len(self.fields)
        up, own = self.up, -1j * self.w - self.lost / 2
        pairs, source = -1j * self.k, -1j * self.k - self.cross  # of single modes, so symmetric
        field = -1j * np.stack(self.fields, axis=-1) if d else np.zeros((g, m, 0))
        turned = np.zeros((g, d, d), complex)
        for k, w in enumerate(turning):
            turned[:, k, k] = -1j * w
        if not self.doubled:
            drift = np.zeros((g, m + d, m + d), complex)
            drift[:, :m, :m], drift[:, :m, m:], drift[:, m:, m:] = own, field, turned
            diffusion = np.zeros_like(drift)
            diffusion[:, :m, :m] = up
            return Quadratic(drift, diffusion, m, d, False)
        n = 2 * (m + d)
        drift, diffusion = np.zeros((2, g, n, n), complex)
        a, c, z, y = np.split(np.arange(n), [m, 2 * m, 2 * m + d])
        for rows, columns, block in (
            *((a, a, own), (a, c, pairs), (c, a, pairs.conj()), (c, c, own.conj())),
            *((a, z, field), (c, y, field.conj()), (z, z, turned), (y, y, turned.conj())),
        ):
            drift[:, rows[:, None], columns] = block
        for rows, columns, block in (
            *((a, a, up), (c, c, up.conj())),
            *((a, c, source), (c, a, source.conj().swapaxes(1, 2))),
        ):
            diffusion[:, rows[:, None], columns] = block
        return Quadratic(drift, diffusion, m, d, True)

    def _complex(self, value: Any) -> Array:
        if not np.iscomplexobj(value):
            return self.numbers(value).astype(complex)
        return self.numbers(value.real) + 1j * self.numbers(value.imag)


def link_form(network: Network, numbers: Numbers, members: int) -> tuple[Array, Array]:
    """W and K of the interactions that are not always on, (g, m, m) each, over all sites."""
    made = _Sums(network, numbers, members)
    for each in network.interactions:
        if not each.always:
            made.add_link(each)
    return made.w, made.k


def own_form(network: Network, numbers: Numbers, members: int, sites: tuple[str, ...]) -> Array:
    """The energies of sites, and what is always on between them, as h of h_jk a_j^dag a_k.

    Shape (g, b, b).
    """
    h = np.zeros((members, len(sites), len(sites)), complex)
    for k, name in enumerate(sites):
        h[:, k, k] += numbers(network.sites[name].energy_terms(2)[0][0])
    for each in network.interactions:
        if each.always and isinstance(each, Exchange):
            a, b = (sites.index(name) for name in each.ends)
            real, imag = (
                numbers(part) for part in (np.real(each.strength), np.imag(each.strength))
            )
            h[:, a, b] += real + 1j * imag
            h[:, b, a] += real - 1j * imag
    return h
