"""How many levels of each oscillator a preparation needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quantumbattery.network.amplitudes import entries, is_pure, needed_levels
from quantumbattery.network.gaussian_states import simplest
from quantumbattery.network.joint_starts import Joint
from quantumbattery.network.named_states import Gaussian, Started
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.network.starts import at_rest
from quantumbattery.quantities.parameters import whole_number
from quantumbattery.quantities.quoted import quoted
from quantumbattery.reach.terms import damping_terms, hamiltonian_terms, loss_terms


def gains_quanta(network: Network, levels: Mapping[str, int]) -> bool:
    """Whether a term adds quanta, so that no number of levels may hold all that comes."""
    energies, losses = hamiltonian_terms(network, levels), loss_terms(network, levels)
    squares = damping_terms(network, levels, losses)
    every = energies.products + losses.products + squares.products
    far = [
        int(max(o.row.max(initial=0), o.column.max(initial=0))) for p in every for o in p.operators
    ]
    most = 1 + max(far, default=0)  # levels that anything leads to
    held = [site.excitations(max(levels[name], most)) for name, site in network.sites.items()]
    for product in every:
        parts = list(zip(product.operators, product.places, strict=True))
        if all(len(each.row) for each, _ in parts):
            gains = ((held[k][each.row] - held[k][each.column]).max() for each, k in parts)
            if sum(gains) > 0:
                return True
    return False


def cutoffs(
    network: Network,
    started: Started,
    joints: Sequence[Joint] = (),
    tolerance: float = 1e-14,
) -> dict[str, int]:
    """Enough levels of every site for preparations, and for their quanta wherever they go.

    An oscillator whose levels are given keeps them. Any other gets room for all the quanta that
    are brought to all sites, up to a part of size `tolerance`: where quanta are conserved
    (exchange, loss) nothing else is ever left out. Counter-rotating terms and thermal baths need
    more; `Reach.cut` then says that the cut is felt.

    Parameters
    ----------
    network : Network
    started : dict of str to preparation
        As `by_site` has checked them.
    joints : sequence of Joint
        What several sites start in together; of their levels none is left out.
    tolerance : float
        The norm that may be left out of a ket, or the weight of a thermal state. A norm, since the
        work in a state may depend on its smallest amplitudes in the first power.
    """
    levels = {name: site.dimension or 2 for name, site in network.sites.items()}
    quanta = 0
    for joint in joints:
        for name, own in zip(joint.sites, joint.levels.T, strict=True):
            if network.sites[name].dimension is None:
                levels[name] = max(2, int(own.max()) + 1)
        ladders = zip(joint.sites, joint.levels.T, strict=True)
        quanta += int(sum(network.sites[n].excitations(levels[n])[own] for n, own in ladders).max())
    every = at_rest(network, started, joints)
    for name in network.sites.keys() - {*every, *(n for each in joints for n in each.sites)}:
        quanta += int(network.sites[name].excitations(levels[name])[0])  # A may leave level 0 too
    for name, each in every.items():
        site = network.sites[name]
        across = is_pure(each) or isinstance(simplest(each), Gaussian)  # in a mixture it has too
        weight = tolerance**2 if across else tolerance
        if site.dimension is None:
            levels[name] = max(2, needed_levels(each, site, weight))
        held = entries(each, site, levels[name])[0]
        quanta += int(site.excitations(levels[name])[held].max(initial=0))
    for name, site in network.sites.items():
        if isinstance(site, Oscillator) and site.dimension is None:
            levels[name] = max(levels[name], quanta + 1)
    return levels


def given_levels(network: Network, levels: Mapping[str, int]) -> dict[str, int]:
    """Check numbers of levels that are given to oscillators."""
    given = {}
    for name, n in levels.items():
        site = network.sites.get(name)
        if not isinstance(site, Oscillator):
            raise ValueError(f"levels are for oscillators, but {name!r} is {quoted(site)}")
        given[name] = whole_number(n, 2, f"levels of {name!r} must be a whole number of at least 2")
    return given
