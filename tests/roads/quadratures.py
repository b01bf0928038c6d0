"""Random quadratic networks, and their means and covariances in quadratures, by integration.

With r = (x_1, p_1, ...), a = (x + i p)/sqrt 2 and [r_j, r_k] = i Omega_jk, r H r / 2 + f(t) r and
losses by l r move the mean by d r/dt = A r + Omega f and the covariances s = <{r, r}>/2 by A s +
s A^T + D, A = Omega (H + Im l* l^T), D = Omega Re(l* l^T) Omega^T: not as the package has it.
"""

import cmath
import math
from dataclasses import dataclass, field

import numpy as np
from scipy.integrate import solve_ivp

import quantumbattery as qb

TIGHT = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}


@dataclass
class Half:
    """What acts while charging, or while storing."""

    form: np.ndarray
    drift: np.ndarray
    noise: np.ndarray
    fields: list = field(default_factory=list)  # (vector of r, amplitude, frequency, phase)


class Network:
    """A random network with its numbers in both languages; strong: far beyond any cut.

    Shapes in time are those of anything, or of "fields" of single quanta alone.
    """

    def __init__(self, seed, strong, modes=None, shapes=False, size=0.1):
        self.rng = rng = np.random.default_rng(seed)
        self.size = 1.0 if strong else size  # of amplitudes
        m = self.modes = modes or int(rng.integers(1, 4))
        self.names = [f"o{k}" for k in range(m)]
        self.omega = np.kron(np.eye(m), [[0.0, 1.0], [-1.0, 0.0]])
        self.lower = np.kron(np.eye(m), np.array([[1.0, 1j]]) / np.sqrt(2))  # rows: a
        self.on, self.off = (Half(*np.zeros((3, 2 * m, 2 * m))) for _ in range(2))
        self.frequencies, self.links, self.sites = rng.uniform(0.6, 1.5, m), [], {}
        self.still = False  # whether something does not turn with a two-photon drive
        self.shapes, self.shaped = shapes, []  # forms of second order, and their shapes
        for k in range(m):
            self._site(k)
        for k in range(m - 1):
            self._link(k)
        self._drives()
        self._starts()
        self.battery = [self.names[-1]]

    def system(self, levels=None):
        sites = {
            name: qb.Oscillator(w, levels=levels, **self.sites[name])
            for name, w in zip(self.names, self.frequencies, strict=True)
        }
        others = [name for name in self.names if name not in self.battery]
        return qb.System(sites, self.links, others, self.battery)

    def _site(self, k):
        a, given = self.lower[k], {}
        self._energy(self.frequencies[k], a.conj(), a, both=True)
        if self.rng.random() < 0.6:
            rate, warm = self.rng.uniform(0.05, 0.6), self.rng.choice([0.0, self.size / 3])
            given = {"loss": rate, "occupation": warm}
            self._loss(np.sqrt(rate * (1 + warm)) * a, both=True)
            self._loss(np.sqrt(rate * warm) * a.conj(), both=True)
        self.sites[self.names[k]] = given

    def _link(self, k):
        rng, (a, b), ends = self.rng, self.lower[k : k + 2], self.names[k : k + 2]
        kind = rng.integers(4)
        shape = self._shape() if self.shapes is True else None
        if kind == 1:
            g, self.still = 0.3 * self.size * rng.uniform(-1, 1), True
            self.links.append(qb.dipole(*ends, g, envelope=shape))
            self._energy(g, a + a.conj(), b + b.conj(), shape=shape)
        else:
            g = rng.uniform(-1, 1) + 1j * rng.uniform(-1, 1) * (kind == 0)
            self.links.append(qb.exchange(*ends, g if kind == 0 else g.real, envelope=shape))
            self._energy(g, a.conj(), b, shape=shape)
            self._energy(np.conj(g), b.conj(), a, shape=shape)
        if rng.random() < 0.4:
            weights, rate = rng.normal(size=2) + 1j * rng.normal(size=2), rng.uniform(0.02, 0.3)
            warm = rng.choice([0.0, self.size / 5])
            given = dict(zip(ends, weights.tolist(), strict=True))
            self.links.append(qb.dissipator(given, rate, warm))
            both = weights[0] * a + weights[1] * b
            self._loss(np.sqrt(rate * (1 + warm)) * both)
            self._loss(np.sqrt(rate * warm) * both.conj())

    def _drives(self):
        rng = self.rng
        if rng.random() < 0.3:
            k, amount = int(rng.integers(self.modes)), rng.normal() * 0.4
            self.links.append(qb.shift(self.names[k], amount))
            self._energy(amount, self.lower[k].conj(), self.lower[k])
        for _ in range(rng.integers(3)):
            k, turns = int(rng.integers(self.modes)), bool(rng.random() < 0.7)
            size, w, phase = (
                self.size * rng.uniform(0, 0.8),
                rng.uniform(0.5, 1.5),
                rng.uniform(0, 6),
            )
            shape = self._shape()
            how = {"frequency": w, "phase": phase, "rotating_wave": turns, "envelope": shape}
            self.links.append(qb.drive(self.names[k], size, **how))
            self.on.fields.append((self.lower[k], size, w, phase, turns, shape))
        if rng.random() < 0.3:
            k, c, d = int(rng.integers(self.modes)), rng.normal(), 0.5 * self.size * rng.normal()
            rate, self.still = rng.uniform(0.05, 0.3), True
            self.links.append(qb.jump(self.names[k], ladder_of(c, d), rate))
            self._loss(np.sqrt(rate) * (c * self.lower[k] + d * self.lower[k].conj()))
        if rng.random() < 0.4:
            k, size = int(rng.integers(self.modes)), 0.3 * self.size * rng.uniform(0, 1)
            w = 0.0 if self.still and self.shapes is not True else rng.uniform(0.6, 1.4)
            phase, shape = rng.uniform(0, 6), self._shape() if self.shapes is True else None
            how = {"phase": phase, "envelope": shape}
            self.links.append(qb.two_photon_drive(self.names[k], size, w, **how))
            self.pairs = (self.lower[k], size, w, phase, shape)
        else:
            self.pairs = None

    def _starts(self):
        rng, s = self.rng, self.size
        self.start, self.mean = {}, np.zeros(2 * self.modes)
        self.spread = np.eye(2 * self.modes) / 2
        for k, name in enumerate(self.names):
            alpha, r = s * (rng.normal() + 1j * rng.normal()), s * rng.uniform(0, 1)
            angle, warm = rng.uniform(0, 6), s / 3 * rng.uniform(0, 1)
            kind = rng.integers(5)
            if kind == 4:
                continue
            keep = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])[kind]
            alpha, r, warm = keep * np.array([alpha, r, warm])
            alpha, r, warm = complex(alpha), float(r.real), float(warm.real)
            made = [qb.coherent(alpha), qb.squeezed(r, angle), qb.thermal(warm)]
            self.start[name] = [*made, qb.gaussian(alpha, r, angle, warm)][kind]
            here = slice(2 * k, 2 * k + 2)
            self.mean[here] = np.sqrt(2) * np.array([alpha.real, alpha.imag])
            turn = np.array(
                [[np.cos(angle / 2), -np.sin(angle / 2)], [np.sin(angle / 2), np.cos(angle / 2)]]
            )
            wide = np.diag([np.exp(-2 * r), np.exp(2 * r)]) * (warm + 0.5)
            self.spread[here, here] = turn @ wide @ turn.T

    def _shape(self):
        """A shape in time, or none: a pulse, a wave, or steps."""
        if not self.shapes or self.rng.random() < 0.5:
            return None
        centre, wide = self.rng.uniform(0, 2), self.rng.uniform(0.3, 1.0)
        return [
            lambda t: np.exp(-(((t - centre) / wide) ** 2)),
            lambda t: 0.5 + np.cos(3 * wide * t + centre),
        ][self.rng.integers(2)]

    def _energy(self, number, left, right, both=False, shape=None):
        """Number times the product of two operators, which are vectors of r; of its real part."""
        product = number * np.outer(left, right)
        if shape is not None:
            self.shaped.append(((product + product.T).real, shape))
            return
        for half in (self.on, self.off)[: 1 + both]:
            half.form += (product + product.T).real

    def _loss(self, vector, both=False):
        square = np.outer(vector.conj(), vector)
        for half in (self.on, self.off)[: 1 + both]:
            half.drift += self.omega @ square.imag
            half.noise += self.omega @ square.real @ self.omega.T

    # --- integration -----------------------------------------------------------------------------

    def charged(self, times, end=np.inf):
        """Means and covariances at some times, charged until the end and stored then."""
        found, now, state = [], 0.0, np.concatenate([self.mean, self.spread.ravel()])
        for time in np.sort(times):
            for half, until in ((self.on, min(time, end)), (self.off, time)):
                if until > now:
                    how = TIGHT | {"args": (half,)}
                    state = solve_ivp(self._moved, (now, until), state, **how).y[:, -1]
                    now = until
            n = 2 * self.modes
            found.append((state[:n], state[n:].reshape(n, n)))
        return found

    def _moved(self, time, state, half):
        n = 2 * self.modes
        form, pull = half.form, np.zeros(n)
        if half is self.on and self.pairs:
            a, size, w, phase, shape = self.pairs
            size = size * (shape(time) if shape else 1.0)
            both = size / 2 * cmath.exp(1j * (2 * w * time + phase)) * (a[:, None] * a)
            form = form + 4 * both.real
        if half is self.on and self.shaped:
            form = form + sum(each * shape(time) for each, shape in self.shaped)
        for a, size, w, phase, turns, shape in half.fields:
            size = size * (shape(time) if shape else 1.0)
            if turns:
                pull += 2 * (size * cmath.exp(1j * (w * time + phase)) * a).real
            else:
                pull += 4 * size * math.cos(w * time + phase) * a.real
        drift = self.omega @ form + half.drift
        mean, spread = state[:n], state[n:].reshape(n, n)
        moved = drift @ spread
        spread = moved + moved.T + half.noise  # of a symmetric matrix
        return np.concatenate([drift @ mean + self.omega @ pull, spread.ravel()])

    def figures(self, mean, spread):
        """Energy, its variance, ergotropy, purity and entropy of the last mode."""
        w, d, s = self.frequencies[-1], mean[-2:], spread[-2:, -2:]
        nu = np.sqrt(np.linalg.det(s))
        energy = w * (np.trace(s) + d @ d - 1) / 2
        variance = w**2 * (np.trace(s @ s) / 2 - 0.25 + d @ s @ d)
        entropy = (nu + 0.5) * np.log(nu + 0.5)
        entropy -= (nu - 0.5) * np.log(nu - 0.5) if nu > 0.5 + 1e-13 else 0.0
        return energy, variance, energy - w * (nu - 0.5), 1 / (2 * nu), entropy


def ladder_of(c, d):
    """C A + d A^dag on any number of levels."""

    def matrix(levels):
        a = np.diag(np.sqrt(np.arange(1, levels)), 1)
        return c * a + d * a.T

    return matrix
