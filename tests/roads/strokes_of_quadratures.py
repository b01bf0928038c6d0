"""Random strokes of oscillators, and their means and covariances in quadratures, by integration."""

import numpy as np
from scipy.integrate import solve_ivp

import quantumbattery as qb
from roads.quadratures import TIGHT, Network


class Case:
    """Random strokes over the same sites, and what becomes of them in quadratures."""

    def __init__(self, seed, strong, modes=None, size=0.1):
        rng = np.random.default_rng(seed)
        modes = modes or int(rng.integers(1, 4))
        many = int(rng.integers(1, 4))
        self.networks = [Network(seed + 1000 * k, strong, modes, size=size) for k in range(many)]
        self.durations = [float(rng.choice([0.0, rng.uniform(0.1, 1.5)], p=[0.1, 0.9]))]
        self.durations = [0.8, *self.durations * (many - 1)]
        self.resets = []
        for each in self.networks:
            self._same_battery(each)
            self.resets.append([name for name in each.start if rng.random() < 0.4])
        self.start = self.networks[0].start
        self.repeat = int(rng.integers(1, 5))
        length = self.repeat * sum(self.durations)
        inside = rng.uniform(0, length, 4)
        self.times = rng.permutation([0.0, inside[0], *inside, self.durations[0], length])

    def _same_battery(self, network):
        """Another frequency of the last mode, which measures what is stored in all strokes."""
        a, change = network.lower[-1], self.networks[0].frequencies[-1] - network.frequencies[-1]
        network._energy(change, a.conj(), a, both=True)
        network.frequencies[-1] += change

    @property
    def protocol(self):
        strokes = [
            qb.Stroke(
                network.system(),
                duration,
                {name: network.start[name] for name in names},
                resets_battery=True,
            )
            for network, duration, names in zip(
                self.networks, self.durations, self.resets, strict=True
            )
        ]
        return qb.Protocol(strokes, self.repeat)

    def walked(self):
        """The mean and the covariances at all times, stroke by stroke, each with its own clock."""
        first, found, begun = self.networks[0], {}, 0.0
        mean, spread = first.mean, first.spread
        n = len(mean)
        each = [*zip(self.networks, self.durations, self.resets, strict=True)] * self.repeat
        for network, duration, names in each:
            mean, spread = mean.copy(), spread.copy()
            for name in names:
                k = network.names.index(name)
                here = slice(2 * k, 2 * k + 2)
                spread[here], spread[:, here] = 0.0, 0.0
                mean[here], spread[here, here] = network.mean[here], network.spread[here, here]
            if not begun:
                found[0.0] = mean, spread
            if duration:
                mine = [t for t in self.times if begun + 1e-9 < t <= begun + duration + 1e-9]
                local = np.unique([*(min(t - begun, duration) for t in mine), duration])
                state = np.concatenate([mean, spread.ravel()])
                how = TIGHT | {"args": (network.on,), "t_eval": local}
                states = solve_ivp(network._moved, (0.0, duration), state, **how).y.T
                for t in mine:
                    at = states[np.searchsorted(local, min(t - begun, duration))]
                    found[t] = at[:n], at[n:].reshape(n, n)
                mean, spread = states[-1, :n], states[-1, n:].reshape(n, n)
            begun += duration
        return [found[t] for t in self.times]
