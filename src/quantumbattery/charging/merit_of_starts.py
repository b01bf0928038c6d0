"""Figures of merit of modes that take over starts which are not Gaussian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging.merit_of_moments import Reading
from quantumbattery.charging.modes_together import (
    MORE,
    MOST_SECONDS,
    ROUNDING,
    TAIL,
    WHAT,
    ModesTogether,
    TooSlow,
    cleaned,
    falls,
    more_levels,
)
from quantumbattery.machine import TooLargeError, allow
from quantumbattery.merit.correlations import entropy_of
from quantumbattery.merit.gaussian import lowest_sums
from quantumbattery.moments import channel
from quantumbattery.moments.any_start import AnyStart
from quantumbattery.moments.characteristic import Mode, displacement
from quantumbattery.moments.joint_channel import Together
from quantumbattery.moments.over_time import Moments
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_AT_ONCE = 1 << 21  # numbers of states that are worked on at a time


@dataclass(frozen=True, eq=False)
class Attenuated:
    """The start of one site, of which attenuation and noise are all that becomes."""

    weights: Array  # (g or 1, c, d), of its levels
    rho: Array | None  # (g or 1, c, d, d), if it has coherences

    def some(self, part: slice | Array) -> Attenuated:
        """The same of some members."""
        if len(self.weights) == 1:
            return self
        return Attenuated(self.weights[part], None if self.rho is None else self.rho[part])


@dataclass(frozen=True, eq=False)
class OfStarts(Reading):
    """Figures of merit of modes b = sum over X a + Y a^dag of starts, and Gaussian noise."""

    rest: Moments  # of the same modes, were these starts empty
    rows: Array  # (m, 1, T, r, n), of the modes
    modes: int
    doubled: bool  # whether rows of a^dag are there too
    starts: tuple[AnyStart, ...]
    attenuated: Attenuated | None
    limit: float

    @property
    def most(self) -> int:
        """On how many levels states were looked at, 0 if on none."""
        alone = (levels for levels, _ in self._of_modes.values())
        return max((*alone, *self._sizes), default=0)

    def _made(self, name: str) -> Array:
        if name == "energy_variance":
            return np.asarray(np.maximum(super()._made(name) + self._beyond_gaussian, 0.0))
        battery = tuple(range(self.energies.battery))
        if name == "purity":
            return self._purity(battery)
        if name == "entropy":
            return self._entropy(battery)
        if name == "mutual_information":
            both = tuple(range(self.energies.battery + self.energies.charger))
            parts = self._entropy(battery) + self._entropy(both[len(battery) :])
            return np.asarray(np.maximum(parts - self._entropy(both), 0.0))
        if name == "negativity":
            return self._negativity()
        if name == "incoherent_ergotropy":  # of what is left without coherences, all about 0
            weights = np.einsum("...jj->...j", self.laboratory_state(0)).real
            return self.disordered(weights)
        return super()._made(name)

    # --- the variance ----------------------------------------------------------------------------

    def _taken(self, start: AnyStart) -> tuple[Array, Array]:
        """X and Y (m, 1, T, b, k) of what the modes take over of a start."""
        b, own = len(self.energies.places), np.array(start.places)
        x = self.rows[..., :b, own]
        y = self.rows[..., :b, self.modes + own] if self.doubled else np.zeros_like(x)
        return x, y

    @property
    def _beyond_gaussian(self) -> Array:
        """What cumulants of third and fourth order add to the variance of the energy, (m, c, T).

        With b = <b> + R (a, a^dag), Q = R'^T h R and L = <b>^dag h R, where R' is that of b^dag,
        it is the sum of Q Q k_4 and of 4 Re(L Q k_3).
        """
        b, own, h = self.energies.battery, self.battery, self.own
        found = np.zeros(own.mean.shape[:-1])
        field = own.mean.conj()[..., None, :] @ h
        for start in self.starts:
            x, y = (each[..., :b, :] for each in self._taken(start))
            right = np.concatenate([x, y], axis=-1)
            left = np.concatenate([y.conj(), x.conj()], axis=-1)
            form = left.swapaxes(-1, -2) @ h @ right  # (m, 1, T, 2k, 2k)
            size = form.shape[-1]
            flat = form.reshape(*form.shape[:-2], 1, size * size)
            fourth = start.fourth.reshape(*start.fourth.shape[:2], 1, size**2, size**2)
            third = start.third.reshape(*start.third.shape[:2], 1, size, size**2)
            swung = (field @ right) @ (third @ flat.swapaxes(-1, -2))
            found = found + (flat @ fourth @ flat.swapaxes(-1, -2))[..., 0, 0].real
            found = found + 4 * swung[..., 0, 0].real
        return found

    # --- states of several modes together --------------------------------------------------------

    @cached_property
    def _passive(self) -> Array:
        """Probabilities, falling, on the energies of all modes, rising."""
        if self.energies.battery == 1:
            return self._passive_local
        weights = self._spectrum(tuple(range(self.energies.battery)))
        alike, which = np.unique(self.energies.h[self.part], axis=0, return_inverse=True)
        h = alike[..., : self.energies.battery, : self.energies.battery]
        lowest = np.stack(
            [lowest_sums(np.sort(w), weights.shape[-1]) for w in np.linalg.eigvalsh(h)]
        )
        return np.asarray((weights @ lowest[which.ravel()][:, None, :, None])[..., 0])

    def _purity(self, places: tuple[int, ...]) -> Array:
        if len(places) == 1:
            return self._figures(places[0])["purity"]
        return np.asarray((self._spectrum(places) ** 2).sum(axis=-1))

    def _entropy(self, places: tuple[int, ...]) -> Array:
        if len(places) == 1:
            return self._figures(places[0])["entropy"]
        return entropy_of(self._spectrum(places))

    @cached_property
    def _spectra(self) -> dict[tuple[int, ...], Array]:
        return {}

    def _spectrum(self, places: tuple[int, ...]) -> Array:
        """The eigenvalues (m, c, T, d) of the state of some modes, falling; see `joint_channel`."""
        if places not in self._spectra:
            self._spectra[places] = self._worked_out(places)
        return self._spectra[places]

    def _worked_out(self, places: tuple[int, ...]) -> Array:
        modes = self.several(places)
        found = modes.spectrum()
        self._sizes.extend(modes.sizes)
        return found.reshape(*self.found.mean.shape[:-1], -1)

    def _negativity(self) -> Array:
        """Of the battery's modes and the charger's."""
        b, charger = self.energies.battery, self.energies.charger
        both = self.several(tuple(range(b + charger)))
        found = both.negativity(b)
        self._sizes.extend(both.sizes)
        return found.reshape(self.found.mean.shape[:-1])

    def several(self, places: tuple[int, ...]) -> ModesTogether:
        """Some modes at all points, one after another."""
        own, shape = np.array(places), self.found.mean.shape[:-1]
        try:
            start = Together.of(self.starts, self.limit)
        except TooLargeError:
            raise TooSlow from None
        taken = zip(*(self._taken(each) for each in self.starts), strict=True)
        x, y = (_flat(np.concatenate(e, axis=-1)[..., own, :], shape, 2) for e in taken)
        noise = self.rest.normal, self.rest.anomalous
        normal, pairs = (_flat(each[..., own[:, None], own], shape, 2) for each in noise)
        mean = (self.found.mean - self.rest.mean)[..., own]
        quanta = np.einsum("...jj->...j", self.found.normal).real[..., own] + np.abs(mean) ** 2
        amplitude = _flat(start.amplitude[:, :, None], shape, 1)[:, None]
        return ModesTogether(
            replace(start, amplitude=amplitude),
            (x, y),
            (normal, pairs),
            _flat(self.rest.mean[..., own], shape, 1),
            _flat(quanta, shape, 1),
            self.limit,
        )

    @cached_property
    def _sizes(self) -> list[int]:
        return []

    # --- states of single modes ------------------------------------------------------------------

    @property
    def _whole(self) -> Array:
        """What of a state on levels is above the least energy."""
        return np.asarray(np.maximum(self.column("energy") - self._passive, 0.0))

    @property
    def _local(self) -> Array:
        return np.asarray(np.maximum(self.column("energy") - self._passive_local, 0.0))

    @cached_property
    def _passive_local(self) -> Array:
        parts = [
            self._figures(k)["quanta"] * self.own[..., k, k].real
            for k in range(self.energies.battery)
        ]
        return np.asarray(np.sum(parts, axis=0))

    @cached_property
    def _of_modes(self) -> dict[int, tuple[int, dict[str, Array]]]:
        return {}

    def _figures(self, k: int) -> dict[str, Array]:
        """Purity, entropy and the quanta of the passive state of a mode, (m, c, T) each.

        Where the mean does not matter, it is left out.
        """
        if k not in self._of_modes:
            if self.attenuated is not None:
                made = self._by_attenuation(k)
            else:
                try:
                    made = self._by_function(k)
                except TooSlow:
                    made = self._by_spectrum(k)
            self._of_modes[k] = made
        return self._of_modes[k][1]

    def _by_attenuation(self, k: int) -> tuple[int, dict[str, Array]]:
        """Of so many states at a time as there is room for."""
        eta, noise, levels = self._attenuation(k)
        given, whole, make = self._given
        size = given.shape[-1]
        each = levels * levels if whole else levels + size * size
        allow("numbers in a state of the battery", each, 96, self.limit)
        members = np.arange(given.shape[0] * given.shape[1]).reshape(*given.shape[:2], 1)
        start = np.broadcast_to(members, noise.shape).ravel()  # whose start each is
        given = given.reshape(-1, *given.shape[2:])
        shape, eta, noise = noise.shape, eta.ravel(), noise.ravel()
        found, step = np.empty((3, len(noise))), max(1, _AT_ONCE // each)
        for low in range(0, len(noise), step):
            some = slice(low, low + step)
            found[:, some] = _read(make(given[start[some]], eta[some], noise[some], levels), whole)
        return levels, dict(zip(_READ, found.reshape(3, *shape), strict=True))

    def _attenuation(self, k: int) -> tuple[Array, Array, int]:
        """How much of the one start is left, the noise (m, c, T), and levels enough."""
        assert self.attenuated is not None
        noise = np.maximum(self.rest.normal[..., k, k].real, 0.0)
        x, _ = self._taken(self.starts[0])
        eta = np.broadcast_to(np.abs(x[..., k, 0]) ** 2, noise.shape)
        size = self.attenuated.weights.shape[-1]
        return eta, noise, channel.levels_after(size, float(noise.max()))

    @property
    def _given(self) -> tuple[Array, bool, Callable[[Array, Array, Array, int], Array]]:
        """The one start, whether as a matrix, and what carries it over."""
        assert self.attenuated is not None
        weights, rho = self.attenuated.weights, self.attenuated.rho
        if rho is None:
            return weights, False, channel.carried_populations
        return rho, True, channel.carried

    def _by_function(self, k: int) -> tuple[int, dict[str, Array]]:
        """From characteristic functions, of what fields do not displace."""
        states, round_ = self._on_levels(k)
        flat, levels = states.reshape(-1, *states.shape[3:]), states.shape[-1]
        found, step = np.empty((3, len(flat))), max(1, _AT_ONCE // levels**2)
        for low in range(0, len(flat), step):
            found[:, low : low + step] = _read(flat[low : low + step], not round_)
        return levels, dict(zip(_READ, found.reshape(3, *states.shape[:3]), strict=True))

    def _by_spectrum(self, k: int) -> tuple[int, dict[str, Array]]:
        """The same in the way of several modes, which hundreds of levels make no slower."""
        mode = self.several((k,))
        falling = mode.spectrum()
        quanta = falling @ np.arange(falling.shape[-1])
        read = (falling**2).sum(axis=-1), entropy_of(falling), quanta
        shape = self.found.mean.shape[:-1]
        return max(mode.sizes), {
            name: each.reshape(shape) for name, each in zip(_READ, read, strict=True)
        }

    def _on_levels(self, k: int) -> tuple[Array, bool]:
        """States or populations (m, c, T, d, ...) on so many levels that all but a tail is there.

        The means of the starts are in them, those of the rest are not.
        """
        rest, shape = self.rest, self.found.mean.shape[:-1]
        normal = np.broadcast_to(np.maximum(rest.normal[..., k, k].real, 0.0), shape)
        pairs = np.broadcast_to(rest.anomalous[..., k, k], shape)
        each = [self._taken(start) for start in self.starts]
        taken = [(x[..., k, :], y[..., k, :]) for x, y in each]
        levels = 1 + sum(sum(each.sizes) - len(each.sizes) for each in self.starts)
        if not pairs.any() and not any(y.any() for _, y in taken):
            return self._amplified(taken, normal, levels)
        mode = Mode(self.starts, taken, normal, pairs)
        mean = self.found.mean[..., k] - rest.mean[..., k]
        quanta = self.found.normal[..., k, k].real + np.abs(mean) ** 2
        levels += falls(normal + np.abs(pairs))
        while True:
            _allow(normal.size, levels, mode.is_round, self.limit)
            if mode.seconds(levels) > MOST_SECONDS:
                raise TooSlow
            states = mode.states(levels)
            held = states if mode.is_round else np.einsum("...jj->...j", states).real
            beyond = float((quanta - held @ np.arange(levels)).max())
            if beyond <= TAIL * max(1.0, float(quanta.max())) + ROUNDING * levels**2:
                return states, mode.is_round
            levels = int(MORE * levels) + 1

    def _amplified(
        self, taken: Sequence[tuple[Array, Array]], noise: Array, levels: int
    ) -> tuple[Array, bool]:
        """The same where noise has no phase: an amplifier's, after all starts were attenuated.

        That of a gain 1 + N adds N quanta, and X = (1 + N)^(1/2) X' for what it finds.
        """
        less = 1 / np.sqrt(1 + noise)[..., None]
        cold = Mode(self.starts, [(x * less, y) for x, y in taken], 0 * noise, 0j * noise)
        more = channel.levels_after(levels, float(noise.max(initial=0.0)))
        _allow(noise.size, more, cold.is_round, self.limit)
        states = cold.states(levels)
        if more == levels and not noise.any():
            return states, cold.is_round
        add = channel.amplified_populations if cold.is_round else channel.amplified
        return add(states, noise, more), cold.is_round

    def laboratory_state(self, k: int, asked: int = 0) -> Array:
        """The state (m, c, T, d, d) of a mode, with its mean, on levels enough.

        If it has a mean, on as many as asked.
        """
        if self.attenuated is None:
            states, round_ = self._on_levels(k)
        else:
            eta, noise, levels = self._attenuation(k)
            given, whole, make = self._given
            allow(WHAT, noise.size * levels**2, 64, self.limit)
            states, round_ = make(given[:, :, None], eta, noise, levels), not whole
            if whole:
                x = self._taken(self.starts[0])[0][..., k, 0]
                n = np.arange(levels)
                states = states * np.exp(1j * np.angle(x)[..., None, None] * (n[:, None] - n))
        states = states[..., None] * np.eye(states.shape[-1]) if round_ else states
        moved = np.broadcast_to(self.rest.mean[..., k], states.shape[:-2])
        if not moved.any():
            return states
        levels = asked or states.shape[-1] + more_levels(moved)
        allow(WHAT, moved.size * levels**2, 64, self.limit)
        field = displacement(moved, levels, states.shape[-1])
        return np.asarray(field @ states @ field.conj().swapaxes(-1, -2))


_READ = "purity", "entropy", "quanta"


def _flat(values: Array, shape: tuple[int, ...], own: int) -> Array:
    """Values (m or 1, c or 1, T, ...) of all points (m, c, T), one after another."""
    last = values.shape[values.ndim - own :]
    return np.broadcast_to(values, (*shape, *last)).reshape(-1, *last)


def _allow(states: int, levels: int, round_: bool, limit: float) -> None:
    """Raise TooLargeError if states, or populations alone, exceed the limit in GiB."""
    each = levels if round_ else levels**2
    allow(WHAT, states * each, 64, limit)


def _read(states: Array, whole: bool) -> Array:
    """Purity, entropy and passive quanta, (3, k), of states (k, d, d), or of populations (k, d)."""
    weights = np.linalg.eigvalsh(states) if whole else np.sort(states, axis=-1)
    falling = cleaned(weights[..., ::-1])
    purity = (falling**2).sum(axis=-1)
    return np.stack([purity, entropy_of(falling), falling @ np.arange(falling.shape[-1])])
