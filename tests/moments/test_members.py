"""Members of batches and moments of all kinds, each as if it were alone."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import by_moments
from quantumbattery.merit import gaussian as merit

LINK = qb.exchange("a", "b", 1.0)


def over(*values):
    return xr.DataArray([*values], dims="k")


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_times_anywhere(seed):
    """Whatever the others are: among them whole parts of the last, where rounding decides."""
    rng = np.random.default_rng(seed)
    sites = {"a": qb.Oscillator(loss=0.1, occupation=0.5), "b": qb.Oscillator(loss=0.02)}
    system, last = qb.System(sites, [LINK], "a", "b"), rng.uniform(0.5, 12)
    times = np.append(last * np.arange(1, 33) / 32, [last / np.pi, 0.1])
    table = system.charge(qb.coherent(1.0), times, ["energy"])
    one = [system.charge(qb.coherent(1.0), t, ["energy"]).energy for t in times]
    np.testing.assert_allclose(table.energy, one, rtol=1e-11)
    ends = system.charge(qb.coherent(1.0), 2 * last, ["energy"], disconnect=times).energy
    one = [system.charge(qb.coherent(1.0), 2 * last, ["energy"], disconnect=t) for t in times]
    np.testing.assert_allclose(ends, [each.energy for each in one], rtol=1e-11)


@pytest.mark.parametrize("shape", [None, np.cos])
@pytest.mark.parametrize("split", [False, True])
def test_starts_over_an_axis_of_the_system(shape, split, monkeypatch):
    if split:
        monkeypatch.setattr(by_moments, "_AT_ONCE", 1)

    def charged(loss, r, n):
        link = qb.exchange("a", "b", 1.0, envelope=shape)
        sites = {"a": qb.Oscillator(loss=loss), "b": qb.Oscillator()}
        start = {"a": qb.squeezed(r), "b": qb.thermal(n)}
        return qb.System(sites, [link], "a", "b").charge(start, [0.4, 1.0], ["energy", "power"])

    together = charged(over(0.1, 0.4), over(0.5, 1.0), over(0.2, 0.0))
    for k, each in enumerate([(0.1, 0.5, 0.2), (0.4, 1.0, 0.0)]):
        alone = charged(*each)
        for name in alone:
            np.testing.assert_allclose(together[name].isel(k=k), alone[name], rtol=1e-10)


@pytest.mark.parametrize(
    ("make", "values"), [(qb.coherent, [0.3, 0.5j]), (qb.squeezed, [0.2, 0.5])]
)
def test_optima_over_starts(make, values):
    system = qb.System({"a": qb.Oscillator(), "b": qb.Oscillator()}, [LINK], "a", "b")
    found = system.optimum(make(np.array(values)), 5.0, ["energy", "ergotropy"], tolerance=1e-6)
    for k, value in enumerate(values):
        alone = system.optimum(make(value), 5.0, ["energy", "ergotropy"], tolerance=1e-6)
        for name in ("energy_max", "ergotropy_max"):
            np.testing.assert_allclose(found[name].values[k], alone[name], rtol=1e-6)


def test_members_that_grow_are_asked_as_long_as_each_may():
    field = qb.two_photon_drive("b", over(0.01, 1.0), 1.0)
    system = qb.System({"b": qb.Oscillator()}, [field], [], "b")
    times = xr.DataArray([[1.0, 2000.0], [0.1, 1.0]], dims=("k", "j"))
    found = system.charge({}, times, ["energy"]).energy
    exact = np.sinh(np.array([[0.01, 20.0], [0.1, 1.0]])) ** 2
    np.testing.assert_allclose(found, exact, rtol=1e-10)


@pytest.mark.parametrize("w", [1e6, 1e12])
def test_high_frequencies_cost_no_digits(w):
    system = qb.System({"b": qb.Oscillator(w, loss=0.01, occupation=1.0)}, [], [], "b")
    for times in ([0.0, 50.0, 100.0], [0.0, 13.7, 100.0]):
        found = system.charge({}, times, ["energy"]).energy / w
        np.testing.assert_allclose(found, -np.expm1(-0.01 * np.array(times)), rtol=1e-11)


def test_jumps_that_are_linear_at_first_alone_are_not():
    held = qb.jump("b", lambda n: np.diag(np.sqrt(np.minimum(np.arange(1, n), 6.0)), 1), 0.5)
    bent = qb.jump("b", lambda n: np.diag(np.sqrt(m := np.arange(1, n)) * (1 - 1e-6 * m), 1), 0.5)
    for jump in (held, bent):
        system = qb.System({"b": qb.Oscillator()}, [jump], [], "b")
        table = system.charge({"b": qb.coherent(0.5)}, 1.0, ["energy"])
        assert not table.attrs["method"].startswith("means")


def test_an_operator_is_judged_on_all_levels():
    far = {"k9": ("b", lambda n: np.eye(n, k=9)), "d": ("b", lambda n: np.eye(n, k=10))}
    alone = qb.System({"b": qb.Oscillator()}, [], [], "b")
    found = alone.expect({"b": qb.coherent(2 * np.exp(0.1j))}, [0.0, 1.0], far)
    assert np.abs(found.k9.imag).min() > 0.05


def test_steady_states_of_parts():
    """Modes that are not joined need not share a frequency; nor do those nobody looks at count."""
    one, two = qb.Oscillator(loss=0.5), qb.Oscillator(1.2, loss=0.5)
    fields = [qb.drive("a", 0.1, 1.0), qb.drive("b", 0.2, 1.2)]
    energies = (0.1 / 0.25) ** 2, 1.2 * (0.2 / 0.25) ** 2
    both = qb.System({"a": one, "b": two}, fields, [], ["a", "b"])
    np.testing.assert_allclose(both.charge({}, np.inf, ["energy"]).energy, sum(energies))
    pairs = [qb.two_photon_drive("a", 0.1, 1.0), fields[1]]
    beside = qb.System({"a": one, "b": two, "c": qb.Oscillator()}, pairs, [], "b")
    np.testing.assert_allclose(beside.charge({}, np.inf, ["energy"]).energy, energies[1])
    nothing = [qb.two_photon_drive("b", 0.0, 0.7), fields[1]]
    still = qb.System({"b": two}, nothing, [], "b")
    np.testing.assert_allclose(still.charge({}, np.inf, ["energy"]).energy, energies[1])


def test_passive_energies_far_apart():
    np.testing.assert_allclose(
        merit.passive_energy(np.array([[0.1, 0.0], [0.5, 1e-310]]), np.array([1.0, 1e12])),
        [0.1, 0.5],
    )
