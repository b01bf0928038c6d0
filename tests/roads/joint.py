"""Starts that are joint, in the full product space, dense."""

import numpy as np

from roads.product_space import Whole, initial, kept, ladder, lowering, permuted, tensor


def in_order(system, levels, parts):
    """The density matrix of a product of parts, each (sites, matrix), in the order of the sites."""
    names = list(system.sites)
    size = dict(zip(names, levels, strict=True))
    order = [name for sites, _ in parts for name in sites]
    whole = tensor([rho for _, rho in parts])
    return permuted(whole, [size[name] for name in order], [order.index(name) for name in names])


def dense(system, joint, alone):
    """The initial state where some sites are in joint states, each (sites, matrix)."""
    levels = [site.dimension for site in system.sites.values()]
    held = {name for sites, _ in joint for name in sites}
    every = initial(system, {n: each for n, each in alone.items() if n not in held})
    names = list(system.sites)
    others = [((n,), kept(every, levels, [names.index(n)])) for n in names if n not in held]
    return in_order(system, levels, [*joint, *others])


def reduced(matrix, system, levels):
    """Of the battery's sites, in their own order."""
    place = [list(system.sites).index(name) for name in system.battery]
    return kept(matrix, levels, place)


def battery_hamiltonian(system, levels):
    """Of the battery's sites and what is always on among them, its lowest energy at 0."""
    whole, size = Whole(system, levels), dict(zip(system.sites, levels, strict=True))
    own = {name: whole.put((name, ladder(system.sites[name], size[name]))) for name in size}
    h = sum(own[name] for name in system.battery)
    lower = {name: whole.put((name, lowering(system.sites[name], n))) for name, n in size.items()}
    for each in system.interactions:
        if each.always:
            h = h + whole.couple(each, *(lower[name] for name in each.ends))
    others = np.prod([n for name, n in size.items() if name not in system.battery])
    h = reduced(h, system, levels) / others
    return h - np.linalg.eigvalsh(h)[0] * np.eye(len(h))


def figures(system, levels, rho, times):
    """Energy, ergotropy and variance of the battery at some times: (times,) each."""
    whole, h, found = Whole(system, levels), battery_hamiltonian(system, levels), []
    for t in times:
        own = reduced(whole.evolved(rho, t), system, levels)
        energy = np.trace(h @ own).real
        passive = np.sort(np.linalg.eigvalsh(own))[::-1] @ np.linalg.eigvalsh(h)
        found.append((energy, energy - passive, np.trace(h @ h @ own).real - energy**2))
    return np.array(found).T


def random_state(rng, d, pure):
    """A random density matrix, in places empty, or the projector of a random ket."""
    rank = 1 if pure else rng.integers(2, 5)
    root = rng.normal(size=(d, rank)) + 1j * rng.normal(size=(d, rank))
    root *= (rng.random(d) < 0.7)[:, None]
    root[0] += 0.1
    return root @ root.conj().T / np.trace(root @ root.conj().T).real
