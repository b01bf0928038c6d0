"""Random quadratic networks, and starts of them."""

import quantumbattery as qb

NAMES = "abc"


def random_network(rng):
    """Three modes with links, fields and baths of all kinds, some of them off, and a start."""
    warm = [{}, {"loss": 0.3}, {"loss": 0.3, "occupation": 0.4}]
    sites = {n: qb.Oscillator(rng.uniform(0.8, 1.3), **warm[rng.integers(3)]) for n in NAMES}
    links = []
    for one, two in ("ab", "bc", "ac"):
        kinds = [[], [qb.exchange(one, two, 0.4)], [qb.dipole(one, two, 0.2)]]
        kinds.append([qb.dipole(one, two, 0.3), qb.exchange(one, two, -0.3)])
        links += kinds[rng.integers(4)]
    for name in NAMES:
        fields = [qb.drive(name, 0.3, 1.0), qb.two_photon_drive(name, 0.2, 1.0)]
        if rng.random() < 0.25:
            links.append(fields[rng.integers(2)])
    starts = [qb.thermal(0.5), qb.thermal(0.2), qb.squeezed(0.3), qb.coherent(0.7)]
    start = {n: starts[rng.integers(4)] for n in NAMES if rng.random() < 0.3}
    return qb.System(sites, links, [], ["a", "c"]), start
