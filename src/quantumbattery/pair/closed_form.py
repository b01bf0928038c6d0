"""The pair's closed forms over arrays; `QubitPair` gives them names and labels.

Every function takes the dictionary of aligned parameters: arrays of one number of dimensions, of
length 1 where a parameter does not vary, under the names theta, phi, frequency, coupling,
charger_loss, battery_loss, detuning and time, and disconnect if charging ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import prod

import numpy as np

from quantumbattery.machine import allow_table
from quantumbattery.pair import best_times, storage
from quantumbattery.pair.storage import Clock
from quantumbattery.pair.thermodynamics import (
    NEED_RATE,
    NEED_REMAINDER,
    fill,
    fill_tiles,
    part,
    tiles,
)
from quantumbattery.pair.transfer import (
    ComplexArray,
    Constants,
    amplitudes,
    constants_of,
    transfer_probability,
)
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.digits import check_digits, lost_phase, tiny_is_zero
from quantumbattery.quantities.warned import warn

# Transfer probabilities are worked out for this many (parameters, time) points at once.
_SLAB = 1 << 18

# Before this moment nothing has happened yet, and 1/t overflows soon.
_NOTHING_YET = 1e-100

_EPSILON = float(np.finfo(float).eps)
_GONE = 40.0  # lives of an amplitude, after which no phase of it shows


def _energies(frequency: Array, excited: Array, ground: Array) -> tuple[Array, Array, Array]:
    """Return w s, w (1 - s) and w/2, with the charger's excited population s."""
    return excited * frequency, ground * frequency, frequency / 2


def _populations(theta: Array) -> tuple[Array, Array]:
    """Excited and ground population of the charger, each to its last digit."""
    ground = np.where(theta >= np.pi, 0.0, np.cos(theta / 2))
    return np.sin(theta / 2) ** 2, ground**2


def _constants(arrays: dict[str, Array]) -> Constants:
    return constants_of(
        arrays["coupling"], arrays["charger_loss"], arrays["battery_loss"], arrays["detuning"]
    )


def _check_phases(frequency: Array, decay: Array, clock: Clock) -> None:
    """Raise ValueError where rounding leaves nothing of a phase, and warn where it takes digits."""
    latest = float(clock.time.max(initial=0.0))
    if not _EPSILON * float(frequency.max()) * latest > 1e-8:  # as almost always
        return
    shape = np.broadcast_shapes(frequency.shape, decay.shape)
    span = clock.charged() if clock.end is not None else clock.time
    # The latest moment of each member, whose times may go with its own frequency.
    several = (1,) * (span.ndim - len(shape)) + shape
    span = span.max(axis=tuple(k for k, n in enumerate(several) if n == 1), keepdims=True)
    alive = np.minimum(span, _GONE / np.maximum(decay, 1e-300))
    rounding = _EPSILON * float((frequency * alive).max())
    check_digits(rounding, latest)
    if (lost := lost_phase(rounding)) is not None:
        warn(lost)


def _rate(time: Array) -> Array:
    """1/t, and 0 at t = 0, where every power has the limit 0."""
    return np.divide(1.0, time, out=np.zeros_like(time), where=time > _NOTHING_YET)


@tiny_is_zero
def charge_columns(
    chosen: Iterable[str], arrays: dict[str, Array], shape: tuple[int, ...]
) -> dict[str, Array]:
    """The columns of a charge, slab by slab so that little memory is needed beside them."""
    chosen = list(chosen)
    allow_table(len(chosen) + 1, prod(shape))  # and the times
    columns = {name: np.empty(shape) for name in chosen}
    excited, ground = _populations(arrays["theta"])
    energies = _energies(arrays["frequency"], excited, ground)
    constants, clock = _constants(arrays), Clock.of(arrays)
    _check_phases(constants.oscillation, constants.decay, clock)
    moving = np.broadcast_shapes(constants.contrast.shape, clock.shape)
    for steps in tiles(moving, _SLAB):
        # An axis on which the motion does not depend is whole in every slab.
        slab = tuple(slice(None) if n == 1 else s for n, s in zip(moving, steps, strict=False))
        moment, motion = clock, constants
        if slab:
            moment, motion = clock.part(slab), constants.select(partial(part, tile=slab))
        views = {name: column[slab] for name, column in columns.items()}
        if "concurrence" in views:
            entangled = storage.entangled(motion, moment)
            np.multiply(part(excited, slab), entangled, out=views["concurrence"])
            np.minimum(views["concurrence"], 1.0, out=views["concurrence"])
        if views.keys() == {"concurrence"}:
            continue
        exact = not NEED_REMAINDER.isdisjoint(views)
        loss = part(arrays["battery_loss"], slab)
        given = [part(energy, slab) for energy in energies]
        rate = moment.time if NEED_RATE.isdisjoint(views) else _rate(moment.time)
        given += [*storage.transferred(motion, loss, moment, exact), rate]
        fill_tiles(views, given)
    return columns


@tiny_is_zero
def optimum_columns(
    arrays: dict[str, Array], shape: tuple[int, ...], horizon: float = np.inf
) -> dict[str, Array]:
    """Best times and maxima, by column name, NaN and 0 where a quantity is never positive.

    Up to its best time each quantity rises, so that at an earlier horizon it is largest.
    """
    excited, ground = _populations(arrays["theta"])
    constants = _constants(arrays)
    peak = best_times.energy_time(constants)
    power = best_times.power_time(constants, peak)
    work = best_times.ergotropic_power_time(constants, excited, ground, power, peak)
    columns: dict[str, Array] = {}
    energies = _energies(arrays["frequency"], excited, ground)
    for name, time in (
        ("energy", peak),
        ("power", power),
        ("ergotropy", peak),
        ("ergotropic_power", work),
    ):
        time = np.minimum(time, horizon)
        transfer = transfer_probability(constants, time)
        best = np.empty(np.broadcast_shapes(transfer.shape, *(e.shape for e in energies)))
        fill({name: best}, *energies, transfer, transfer, _rate(time))
        found = {f"{name}_time": np.where(best > 0, time, np.nan), f"{name}_max": best}
        # An axis on which nothing depends, such as that of phi, comes last.
        columns |= {n: np.broadcast_to(column, shape).copy() for n, column in found.items()}
    return columns


@tiny_is_zero
def half_lives(names: Iterable[str], arrays: dict[str, Array]) -> dict[str, Array]:
    """After how long half is left of what a battery holds when it is disconnected.

    All that is left to change is x = e^{-g_b v}, by which F(T) shrinks. The energy has half of it
    at x = 1/2. With W half of the ergotropy over w, W - I = sqrt(I^2 + C^2) with p = s F x and
    C^2 = s (1 - s) F x gives x = W (W + 1) / (F s (1 - s) + 2 W F s). NaN of nothing, infinite
    without a loss, and NaN where the battery is never disconnected.
    """
    excited, ground = _populations(arrays["theta"])
    end, loss = arrays["disconnect"], arrays["battery_loss"]
    stored = np.isfinite(end)
    transfer = transfer_probability(_constants(arrays), np.where(stored, end, 0.0))
    found = {}
    for name in names:
        left = np.full(np.broadcast(excited, transfer).shape, 0.5)
        held = excited * transfer
        if name.startswith("ergotropy"):
            work = np.empty(left.shape)
            one = np.ones_like(excited)
            fill({"ergotropy": work}, excited, ground, one / 2, transfer, transfer, one)
            half, below = work / 2, transfer * excited * (ground + work)
            left = np.divide(half * (1 + half), below, out=np.ones_like(work), where=below > 0)
            held = work
        with np.errstate(divide="ignore", invalid="ignore"):
            life = -np.log(left) / loss
        found[name] = np.where((held > 0) & stored, life, np.nan)
    return found


@tiny_is_zero
def moment_columns(
    empty: Array, charger: ComplexArray, battery: ComplexArray, shape: tuple[int, ...]
) -> dict[str, Array]:
    """The columns of first and second moments, of `joint_amplitudes`."""
    values = {
        "charger_population": np.abs(charger) ** 2 + 0j,
        "battery_population": np.abs(battery) ** 2 + 0j,
        "exchange": charger.conj() * battery,
        "charger_lowering": empty * charger,
        "battery_lowering": empty * battery,
        "charger_population_battery_lowering": np.zeros_like(charger),
        "battery_population_charger_lowering": np.zeros_like(charger),
    }
    return {n: np.broadcast_to(v, shape).copy() for n, v in values.items()}


@tiny_is_zero
def joint_matrix(
    empty: Array, charger: ComplexArray, battery: ComplexArray, shape: tuple[int, ...]
) -> Array:
    """The density matrix (..., 4, 4) of charger and battery, of their `joint_amplitudes`."""
    rho = np.zeros((*shape, 4, 4), dtype=complex)
    for row, one in ((2, charger), (1, battery)):
        rho[..., row, 0] = empty * one
        rho[..., 0, row] = rho[..., row, 0].conj()
        for column, other in ((2, charger), (1, battery)):
            rho[..., row, column] = one * other.conj()
    rho[..., 0, 0] = 1 - (np.abs(charger) ** 2 + np.abs(battery) ** 2)
    return rho


@tiny_is_zero
def joint_amplitudes(arrays: dict[str, Array]) -> tuple[Array, ComplexArray, ComplexArray]:
    """Amplitudes of no excitation, the charger's and the battery's, in the laboratory frame."""
    excited, ground = _populations(arrays["theta"])
    constants, clock = _constants(arrays), Clock.of(arrays)
    swing = constants.oscillation + arrays["frequency"] + np.abs(arrays["detuning"])
    _check_phases(swing, np.zeros(1), Clock(clock.time))
    phase = arrays["phi"] - (arrays["frequency"] + arrays["detuning"] / 2) * clock.charged()
    start = np.sqrt(excited) * np.exp(1j * phase)
    charger, battery = (start * each for each in clock.read(partial(amplitudes, constants)))
    if clock.end is not None:
        of_charger, of_battery = storage.kept(arrays, clock)
        charger, battery = charger * of_charger, battery * of_battery
    return np.sqrt(ground), charger, battery
