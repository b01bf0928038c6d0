"""How one excitation moves between two coupled, damped levels.

All the pair's thermodynamics is a function of the transfer probability F(t) = |<b|U|a>|^2. In
the one-excitation space the amplitudes obey i dc/dt = H c with

    H = (w + d/2 - i Gamma) + [[x, J], [J, -x]],   x = d/2 - i (g_a - g_b)/4,
    Gamma = (g_a + g_b)/4,

so that c_b = -i J sin(G t)/G and c_a = cos(G t) - i x sin(G t)/G, times the common factor, with
the complex frequency G = sqrt(J^2 + x^2) (paper, Eq. 61, for g_b = d = 0). Writing
G = R + i Y, and using |sin(G t)|^2 = sin^2(R t) + sinh^2(Y t), the strong, the critical and the
weak coupling are one formula, in which nothing overflows and no two numbers nearly cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from quantumbattery.quantities.aliases import Array

ComplexArray: TypeAlias = npt.NDArray[np.complex128]
LongArray: TypeAlias = npt.NDArray[np.longdouble]

# Stands for G at the exceptional point, where sin(G t)/G is t: the sine of a number this small
# is that number, so no case is special.
_CRITICAL = 1e-100


@dataclass(frozen=True)
class Constants:
    """The constants of the motion, arrays of one common number of dimensions.

    R is floored away from G = 0, and has the machine's longest format, because R t makes the phase,
    in which every ulp shows.
    """

    coupling: Array  # J
    offset: ComplexArray  # x, half the complex detuning
    oscillation: LongArray  # R >= 0, the real part of G
    growth: Array  # |Y|, its imaginary part
    contrast: Array  # J/|G|, with G floored likewise
    damping: Array  # Gamma, the mean decay rate of the amplitudes
    decay: Array  # Gamma - |Y| >= 0, the slowest decay rate of an amplitude

    def select(self, pick: Callable[[Any], Any]) -> Constants:
        """Return the same constants for some of the parameters, as `pick` takes them."""
        return Constants(**{name: pick(value) for name, value in vars(self).items()})


def constants_of(
    coupling: Array, charger_loss: Array, battery_loss: Array, detuning: Array
) -> Constants:
    """Work out the constants of the motion from couplings, loss rates and detunings."""
    # NumPy is slow where precisions are mixed, so everything is long first.
    given = coupling, charger_loss, battery_loss, detuning
    j, charger, battery, half = (each.astype(np.longdouble) for each in given)
    half /= 2
    quarter = (charger - battery) / 4
    width = np.abs(quarter)
    # G^2 = J^2 + x^2; the factored difference is exact next to the exceptional point.
    square = half * half
    real = (j - width) * (j + width) + square
    root = np.sqrt(real - 2j * (half * quarter))
    oscillation, growth = root.real, np.abs(root.imag)
    floor = _CRITICAL * j
    modulus = np.maximum(np.abs(root), floor)
    # Nothing beside the other part of G, or beside J, is nothing.
    critical, nothing = modulus == floor, _CRITICAL * modulus
    growth = np.where(critical | (growth < nothing), 0, growth)
    oscillation = np.where(critical, floor, np.where(oscillation < nothing, 0, oscillation))
    # width - |Y| from the product (width - |Y|)(width + |Y|), in which no digit is lost.
    product = width * j
    total = j * j + square + width * width + modulus * modulus
    slower = 2 * product * product / (total * np.maximum(width + growth, _CRITICAL))
    contrast = j / modulus
    decay = np.minimum(charger, battery) / 2 + slower
    return Constants(
        coupling=coupling,
        offset=(half - 1j * quarter).astype(complex),
        oscillation=oscillation,
        growth=growth.astype(float),
        contrast=contrast.astype(float),
        damping=(charger_loss + battery_loss) / 4,
        decay=decay.astype(float),
    )


def _phase(constants: Constants, times: Array) -> Array:
    """R t, rounded once."""
    return np.multiply(constants.oscillation, times, dtype=np.longdouble).astype(float)


def transfer_probability(constants: Constants, times: Array) -> Array:
    """F(t), the probability that the excitation has moved to the battery (paper, Eq. 69: f^2)."""
    x = constants
    scale = np.exp(-x.decay * times)
    scale *= x.contrast
    if not x.growth.any():
        scale *= np.sin(_phase(x, times))
        return np.asarray(np.square(scale, out=scale))
    fading = np.expm1(-2 * x.growth * times)
    swelling = (0.5 * scale * fading) ** 2
    if x.oscillation.any():
        swelling += (scale * np.sin(_phase(x, times))) ** 2 * (1 + fading)
    return np.asarray(swelling)


def remainder(constants: Constants, times: Array, transfer: Array) -> Array:
    """1 - F(t), with all its digits where F comes close to 1.

    There x is small beside J, and F = k [sin^2(R t) + sinh^2(Y t)] with a small logarithm of
    k = |J/G|^2 e^{-2 Gamma t} gives 1 - F = cos^2(R t) + (1 - k) sin^2(R t) - k sinh^2(Y t).
    """
    x = constants
    relative = (x.offset / x.coupling) ** 2  # (G/J)^2 - 1
    swell = x.growth * times
    near = (np.abs(relative) < 0.5) & (swell < 1)
    relative = np.where(near, relative, 0.0)
    size = 2 * relative.real + np.abs(relative) ** 2  # |G/J|^4 - 1
    lack = -np.expm1(-0.5 * np.log1p(size) - 2 * x.damping * times)
    angle = _phase(x, times)
    rest = np.cos(angle) ** 2 + lack * np.sin(angle) ** 2
    rest -= (1 - lack) * np.sinh(np.where(near, swell, 0.0)) ** 2
    return np.where(near, rest, 1 - transfer)


def amplitudes(constants: Constants, times: Array) -> tuple[ComplexArray, ComplexArray]:
    """c_a(t) and c_b(t) without the phase e^{-i (w + d/2) t} that both share."""
    x = constants
    root = _root(x)
    angle = np.sign(root.real) * _phase(x, times)
    fading = np.expm1(-2 * x.growth * times)
    fade = np.exp(-x.decay * times)
    cosine = fade * (np.cos(angle) * (1 + fading / 2) + 0.5j * np.sin(angle) * fading)
    sine = fade * (np.sin(angle) * (1 + fading / 2) - 0.5j * np.cos(angle) * fading) / root
    early = cosine - 1j * x.offset * sine
    # Once the part e^{Y t} has grown the two terms nearly cancel. With k = 1 or -1 they are also
    # e^{i k G t} - i (x + k G) sin(G t)/G; the sign that makes x + k G small leaves nothing to
    # cancel if that is taken as -J^2/(x - k G).
    k = np.where(np.abs(x.offset - root) >= np.abs(x.offset + root), 1.0, -1.0)
    wave = np.exp(1j * k * angle - (x.decay + (1 + k) * x.growth) * times)
    late = wave + 1j * x.coupling**2 / (x.offset - k * root) * sine
    return np.where(x.growth * times < 1, early, late), -1j * x.coupling * sine


def _root(constants: Constants) -> ComplexArray:
    """G with a positive imaginary part; J^2 + x^2 has the imaginary part 2 Re(x) Im(x)."""
    sign = np.where(constants.offset.real * constants.offset.imag < 0, -1.0, 1.0)
    return np.asarray(sign * constants.oscillation.astype(float) + 1j * constants.growth)


def log_slope(constants: Constants, times: Array) -> Array:
    """Logarithmic slope t F'(t)/F(t): 2 at t = 0, 1 at the peak of F/t, 0 at the peak of F."""
    x = constants
    angle, swell = _phase(x, times), x.growth * times
    fading = np.expm1(-2 * swell)
    sine = np.sin(angle)
    top = angle * np.sin(2 * angle) - 2 * swell * sine**2 - swell * fading
    bottom = 2 * (sine**2 * (1 + fading) + 0.25 * fading**2)
    return np.asarray(2 * ((1 + fading) * top / bottom - x.decay * times))
