"""Protocols step by step in the full product space, and random ones to try it on."""

import numpy as np

import quantumbattery as qb
from roads.product_space import (
    Whole,
    initial,
    kept,
    permuted,
    random_case,
    random_interaction,
    random_preparation,
    tensor,
)


def refreshed(rho, levels, fresh):
    """Some sites (by place) traced out and put in anew."""
    for place, new in fresh.items():
        others = [k for k in range(len(levels)) if k != place]
        both = tensor([new, kept(rho, levels, others)])
        order = list(range(1, len(levels)))
        order.insert(place, 0)
        rho = permuted(both, [levels[place], *(levels[k] for k in others)], order)
    return rho


def random_protocol(seed, lossy):
    """Systems over the same sites with links of their own, durations and resets."""
    rng = np.random.default_rng(seed)
    first, chosen = random_case(seed, 12 if lossy else 24, lossy)
    names, sites = list(first.sites), dict(first.sites)
    strokes, parts = [], []
    for k in range(rng.integers(1, 4)):
        system = first
        if k:
            links = [
                random_interaction(rng, sites, names[j], names[j + 1])
                for j in range(len(names) - 1)
                if rng.random() < 0.7
            ]
            system = qb.System(sites, links, "a", "b")
        reset = {
            name: random_preparation(rng, sites[name]) for name in names if rng.random() < 0.35
        }
        duration = float(rng.choice([rng.uniform(0.1, 2.0), 0.0], p=[0.9, 0.1]) if k else 0.7)
        strokes.append(qb.Stroke(system, duration, reset, resets_battery=True))
        levels = [site.dimension for site in sites.values()]
        fresh = {
            names.index(n): initial(
                qb.System({"a": sites[n], "b": qb.Qubit()}, [], "a", "b"), {"a": p}
            )
            for n, p in reset.items()
        }
        fresh = {place: kept(rho, [levels[place], 2], [0]) for place, rho in fresh.items()}
        parts.append((Whole(system, levels), duration, fresh))
    return strokes, parts, first, chosen


def walked(parts, levels, rho, time, repeat):
    """The state at a time, stroke by stroke; what ends a stroke belongs to it."""
    for _ in range(repeat):
        for whole, duration, fresh in parts:
            rho = refreshed(rho, levels, fresh)
            if time <= duration + 1e-12:
                return whole.evolved(rho, time)
            rho = whole.evolved(rho, duration)
            time -= duration
    raise AssertionError
