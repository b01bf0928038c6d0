"""What acts on sites: what is given with a strength or rate of 0 does not, and changes nothing."""

from __future__ import annotations

from copy import copy

from quantumbattery.network.network import Link, Network, numbers_of
from quantumbattery.quantities.parameters import any_nonzero

_STRENGTHS = {"strength", "xx", "yy", "zz", "amount", "amplitude", "rate"}


def acts(link: Link) -> bool:
    """Whether a link, a field or a joint loss does anything, in any member of a batch."""
    given = [value for name, value in numbers_of(link) if name in _STRENGTHS]
    return not given or any(map(any_nonzero, given))


def acting(network: Network) -> Network:
    """The network without what does not act; itself where all does."""
    if all(map(acts, network.links)):
        return network
    kinds = ("interactions", "drives", "joint_losses")
    some = copy(network)
    some.__dict__.pop("arrays", None)  # which are those of all links
    some._set(**{kind: tuple(filter(acts, getattr(network, kind))) for kind in kinds})
    return some
