"""Motion under constant generators of any kind, by matrix exponentials.

A propagator is made once and asked `at(start, times)`. Batches come first: generators are
(..., n, n), starts (..., c, n) with c states for each generator, times (T,) or (..., T), and what
comes out is (..., c, T, n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps, expm, halvings, phases, series
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

SQUARED = 4.0  # times as much of a phase is lost by repeated squares as by a single exponential
_AS_REAL = 8  # up to this size, complex matrices are multiplied as real ones
_DIGITS = 50  # of the number of steps to a time
_WIDE = 16  # states that are moved at once, from which on more of them are not moved faster
_OF_A_CALL = 1e4  # products that a call takes as long as


@dataclass(frozen=True, eq=False)
class Semigroup:
    """exp(L t) of any matrices, whether or not they have an eigenbasis (exceptional points).

    exp(L h) is a matrix exponential; its repeated squares lead to all times. Times that rise
    in equal steps need one product each; any others take a product for every binary digit of t/h,
    and a Taylor series for the part below h.
    """

    generator: Array  # (..., n, n)
    reading: Array | None = None  # (..., r, n), rows of which alone is asked

    measured = False
    from_start = False

    def at(self, start: Array, times: Array) -> Array:
        """The states, shape (..., c, T, n), real if generator and start are.

        With rows to read, what they make of them: (..., c, T, r). On a grid that costs less: rows
        move by the small steps, states by the large ones, and all meet at once.
        """
        if self.generator.shape[-1] == 1:
            return self._alone(start, times)
        grid = equal_steps(times)
        if grid is not None:
            power, start = self._one_step(start, *grid)
            return _steps(power, start, self.reading, times.shape[-1])
        return self._anywhere(np.repeat(start[..., None, :], times.shape[-1], axis=-2), times)

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """Each state (..., c, m, n) of some places (T,) after a span of its own, (..., c, T, n).

        Or what rows make of them; spans are (T,) or (..., T).
        """
        return self._anywhere(starts[..., place, :], spans)

    def write(self, start: Array, grid: tuple[float, float], count: int, out: Array) -> None:
        """Write what is read of the states on a grid, of so many times, where it belongs.

        `out` has shape (r, ..., c, `padded`(count)), or 2 r, the real and the imaginary part of
        each complex number; grid is that of `equal_steps`.
        """
        assert self.reading is not None
        (power, start), read = self._one_step(start, *grid), self.reading
        if len(out) > read.shape[-2]:
            power, start, read = _real_matrices(power), _real_vectors(start), _real_matrices(read)
        _read_on_grid(power, start, read, count, out)

    def _alone(self, start: Array, times: Array) -> Array:
        """What is read of blocks of one number each: an exponential, and no matrix."""
        turned = np.exp(self.generator[..., None, :, :] * times[..., None, :, None])
        states: Array = start[..., None, :] * turned
        read = self.reading
        return states if read is None else states @ read.swapaxes(-1, -2)[..., None, :, :]

    def _one_step(self, start: Array, first: float, step: float) -> tuple[Array, Array]:
        """The propagator of one step, and the states at the first time."""
        if first:
            start = start @ self._power(first).swapaxes(-1, -2)
        if not step:  # a single time
            kind = np.result_type(self.generator, float)
            one = np.eye(self.generator.shape[-1], dtype=kind)
            return np.broadcast_to(one, self.generator.shape), start
        return self._power(step), start

    def _power(self, time: float) -> Array:
        """The propagator over some time; the last two are kept, for who applies them again."""
        power = self._powers.get(time)
        if power is None:
            power = _propagator(*self._rotating, time)
            if len(self._powers) > 1:
                self._powers.clear()
            self._powers[time] = power
        return power

    @cached_property
    def _powers(self) -> dict[float, Array]:
        return {}

    @property
    def fastest(self) -> float:
        """A bound of all rates and frequencies, beside a frequency that all share.

        As often as squares of squares lose digits of its phase.
        """
        return SQUARED * float(np.abs(self._rotating[0]).sum(axis=-1).max())

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding, which `fastest` tells."""
        return 0.0

    @cached_property
    def _rotating(self) -> tuple[Array, Array | None]:
        """The generator without the frequency that all elements share, and that frequency."""
        if not np.iscomplexobj(self.generator):
            return self.generator, None
        frequency = np.einsum("...ii->...i", self.generator).imag.mean(axis=-1)
        eye = np.eye(self.generator.shape[-1])
        return self.generator - 1j * frequency[..., None, None] * eye, frequency

    def _anywhere(self, states: Array, times: Array) -> Array:
        """What is read of each state (..., c, T, n) after its own time."""
        (generator, frequency), read = self._rotating, self.reading
        states = self._moved(generator, states, times)
        states = states if read is None else states @ read.swapaxes(-1, -2)[..., None, :, :]
        if frequency is not None:
            common = frequency.reshape(-1)[:1]
            frequency = common[0] if (frequency == common).all() else frequency
            states = states * phases(-frequency[..., None], times)[..., None, :, :]
        return states

    @staticmethod
    def _moved(generator: Array, states: Array, times: Array) -> Array:
        norm = np.abs(generator).sum(axis=-1).max(axis=-1)[..., None]
        latest = times.max(axis=-1, keepdims=True)
        often = halvings(norm * latest)
        if often.max() > _DIGITS:  # whole numbers of steps would not be exact
            power = expm(generator[..., None, :, :] * times[..., :, None, None])
            moved: Array = np.einsum("...tij,...ctj->...cti", power, states)
            return moved
        step = latest / 2.0**often
        count = np.floor(np.divide(times, step, out=np.zeros_like(times * step), where=step > 0))
        rest = (times - count * step)[..., None, :, None]
        size = float((norm * step).max())
        states = series(generator[..., None, :, :], states, rest, size)
        power = expm(generator * step[..., None])[..., None, :, :].swapaxes(-1, -2)
        digits = count.astype(np.int64)[..., None, :, None]
        for digit in range(int(often.max()) + 1):
            on = (digits >> digit & 1).astype(bool)
            if on.any():
                states = np.where(on, states @ power, states)
            power = power @ power
        return states


# --- small parts -------------------------------------------------------------------------------


def _propagator(generator: Array, frequency: Array | None, time: float) -> Array:
    """exp(L t) of a generator without the frequency that all elements share, and with it."""
    small = np.iscomplexobj(generator) and generator.shape[-1] <= _AS_REAL
    power = expm((_real_matrices(generator) if small else generator) * time)
    power = power[..., ::2, ::2] + 1j * power[..., 1::2, ::2] if small else power
    if frequency is None:
        return power
    turned: Array = power * np.exp(1j * frequency * time)[..., None, None]
    return turned


def _steps(power: Array, start: Array, read: Array | None, count: int) -> Array:
    """States after 0, 1, 2 ... steps, or what rows make of them."""
    kind = np.result_type(power, start, *([] if read is None else [read]))
    small = kind.kind == "c" and power.shape[-1] <= _AS_REAL
    if small:  # many small products of complex matrices take five times as long
        power, start = _real_matrices(power), _real_vectors(start)
        read = None if read is None else _real_matrices(read)
    if read is None:
        states = _on_grid(np.ascontiguousarray(power.swapaxes(-1, -2)), start, count)
    else:
        shape = np.broadcast_shapes(start.shape[:-2], power.shape[:-2], read.shape[:-2])
        made = (read.shape[-2], *shape, start.shape[-2], padded(count))
        columns = np.empty(made, float if small else kind)
        _read_on_grid(power, start, read, count, columns)
        states = np.moveaxis(columns[..., :count], 0, -1)
    return np.ascontiguousarray(states).view(complex) if small else states


def padded(count: int) -> int:
    """How many steps of a grid are made, to have so many: whole large steps."""
    fine = _fine(count)
    return -(-count // fine) * fine


def _fine(count: int) -> int:
    """Small steps in a large one: the power of 2 nearest to the square root of all."""
    return int(2 ** np.round(np.log2(count) / 2))


def _real_vectors(vectors: Array) -> Array:
    """Complex numbers as two real ones each, (..., n) as (..., 2 n)."""
    return np.ascontiguousarray(vectors, dtype=complex).view(float)


def _real_matrices(matrices: Array) -> Array:
    """What does to `_real_vectors` as complex matrices do: (..., r, n) as (..., 2 r, 2 n)."""
    *batch, rows, columns = matrices.shape
    real = np.empty((*batch, rows, 2, columns, 2))
    real[..., 0, :, 0] = real[..., 1, :, 1] = matrices.real
    real[..., 1, :, 0] = matrices.imag
    real[..., 0, :, 1] = -matrices.imag
    return real.reshape(*batch, 2 * rows, 2 * columns)


def _on_grid(turned: Array, start: Array, count: int) -> Array:
    """States (..., c, n) after 0, 1, 2 ... steps, (..., c, count, n), by a transposed power."""
    shape = np.broadcast_shapes(start.shape[:-2], turned.shape[:-2]) + start.shape[-2:]
    states = np.empty((*shape[:-1], count, shape[-1]), np.result_type(turned, start))
    states[..., 0, :] = start
    step, power, done = turned[..., None, :, :], 1, 1
    # What is moved at once takes as many products in all; a larger power takes some more, and
    # saves calls.
    pays = _OF_A_CALL / turned.shape[-1] ** 3  # of one member: company changes no digit
    while done < count:
        if done >= 2 * power and (power < _WIDE or count - done > 2 * power / pays):
            step, power = step @ step, 2 * power
        more = min(power, count - done)
        np.matmul(
            states[..., done - power : done - power + more, :],
            step,
            out=states[..., done : done + more, :],
        )
        done += more
    return states


def _read_on_grid(power: Array, start: Array, read: Array, count: int, out: Array) -> None:
    """What rows (..., r, n) make of the states on a grid: out has shape (r, ..., c, padded).

    Nothing is transposed but the propagator: that would take most of the time.
    """
    fine, turned = _fine(count), np.ascontiguousarray(power.swapaxes(-1, -2))
    shape = np.broadcast_shapes(read.shape[:-2], power.shape[:-2]) + read.shape[-2:]
    rows = np.empty((*shape, fine), np.result_type(power, read))  # after 0, 1, 2 ... small steps
    rows[..., 0] = read
    done = 1
    while done < fine:
        step = turned[..., None, :, :]
        np.matmul(step, rows[..., :done], out=rows[..., done : 2 * done])
        turned, done = turned @ turned, 2 * done
    states = _on_grid(turned, start, out.shape[-1] // fine)  # after large ones
    rows = np.moveaxis(rows, -3, 0)[..., None, :, :]
    np.matmul(states, rows, out=out.reshape(*out.shape[:-1], -1, fine))
