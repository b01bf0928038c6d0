"""The best work of what fields displace, beside lists of times and the same on levels."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.beside_fields import BesideFields, without_fields
from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.charge import on_levels
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.solve import prepared
from quantumbattery.charging.sought import Sought
from quantumbattery.charging.sought_of_moments import SoughtOfMoments
from quantumbattery.network.starts import by_site

MODE = qb.Oscillator(loss=0.1)
WARM = qb.Oscillator(loss=0.1, occupation=0.3)
STILL = qb.Oscillator()
LINK = qb.exchange("a", "b", 0.5)
FIELD = qb.drive("a", 0.3, 1.1, phase=0.4)
WEAK = qb.drive("a", 0.1, 1.0)
CAT = qb.state(np.array([1, 0, 1, 0, 1j]) / np.sqrt(3))
BOTH = ["ergotropy", "ergotropic_power"]


def driven(*links, a=MODE, b=MODE):
    return qb.System({"a": a, "b": b}, [LINK, *links], "a", "b")


CASES = {
    "a Fock state and a field": (driven(FIELD), {"a": qb.fock(2)}),
    "of the battery": (driven(FIELD), {"b": qb.fock(1)}),
    "a superposition": (driven(FIELD), {"a": CAT}),
    "a Fock state and a coherent battery": (driven(), {"a": qb.fock(1), "b": qb.coherent(1.5)}),
    "a warm bath": (driven(FIELD, a=WARM), {"a": qb.fock(1)}),
    "two starts": (driven(WEAK, a=STILL, b=STILL), {"a": qb.fock(1), "b": CAT}),
    "both halves of a field": (driven(qb.drive("a", 0.3, 1.1, rotating_wave=False)), CAT),
    "a displaced state": (
        driven(a=STILL, b=STILL),
        {"a": qb.fock(1), "b": qb.gaussian(1.0, r=0.3)},
    ),
}


@pytest.mark.filterwarnings("ignore:rounding may change ergotropic_power")  # best at once
@pytest.mark.filterwarnings("ignore:the best ergotropic charging power is known")  # where it is 0
@pytest.mark.parametrize("name", CASES)
def test_no_moment_is_better(name):
    """Beside the work at many times, which is read from levels where it is no channel's."""
    system, start = CASES[name]
    start = start if isinstance(start, dict) else {"a": start}
    found = system.optimum(start, 6.0, BOTH, tolerance=1e-6)
    dense = system.charge(start, np.linspace(0.0, 6.0, 601), BOTH)
    for each in BOTH:
        top, bound = float(dense[each].max()), float(found[f"{each}_bound"])
        assert top <= bound * (1 + 1e-9)
        if not top:  # it never holds more than at the start
            assert float(found[f"{each}_max"]) == 0
            continue
        assert bound <= float(found[f"{each}_max"]) * (1 + 1e-6)
        assert abs(top - float(found[f"{each}_max"])) <= 1e-3 * top
        at = system.charge(start, float(found[f"{each}_time"]), BOTH)[each]
        np.testing.assert_allclose(at, found[f"{each}_max"], rtol=1e-8)


def test_axes_of_fields_and_of_starts():
    """Every member as it is by itself, though the levels know nothing of these axes."""
    sizes, alpha = (
        xr.DataArray([0.0, 0.4], dims="size"),
        xr.DataArray([0.5, 1.0, 2.0], dims="alpha"),
    )
    start = {"a": qb.fock(1), "b": qb.coherent(alpha)}
    many = driven(qb.drive("a", sizes, 1.0)).optimum(start, 5.0, BOTH, tolerance=1e-6)
    assert dict(many.sizes) == {"size": 2, "alpha": 3}
    for k, size in enumerate([0.0, 0.4]):
        for j, moved in enumerate([0.5, 1.0, 2.0]):
            start = {"a": qb.fock(1), "b": qb.coherent(moved)}
            one = driven(qb.drive("a", size, 1.0)).optimum(start, 5.0, BOTH, tolerance=1e-6)
            for each in (f"{name}_max" for name in BOTH):
                np.testing.assert_allclose(many[each].isel(size=k, alpha=j), one[each], rtol=1e-6)


def test_what_fields_do_not_displace_alone_stays_as_it_is():
    problems = [
        (driven(), {"a": qb.fock(1)}),
        (driven(FIELD, b=qb.Oscillator(dephasing=0.1)), {"a": qb.fock(1)}),
        (driven(FIELD, b=qb.Oscillator(levels=5)), {"a": qb.fock(1)}),
    ]
    for system, start in problems:
        assert without_fields(_problem(system, start)) is None
    assert without_fields(_problem(driven(FIELD), {"a": qb.fock(1)})) is not None


def _problem(system, start):
    started = by_site(start, system)
    axes = Batch.of(system.arrays, started, False, np.linspace(0.0, 1.0, 3))
    return Problem(system, started, axes, ("energy", "ergotropy"), "global", 2.0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_work_bends_no_more_than_is_said(seed):
    """Of random superpositions under random fields, by second differences."""
    rng = np.random.default_rng(seed)
    modes = {n: qb.Oscillator(rng.uniform(0.5, 2), loss=rng.uniform(0, 0.3)) for n in "ab"}
    fields = [qb.drive(n, *rng.uniform(0.2, 1.5, 2)) for n in "ab"]
    system = qb.System(modes, [qb.exchange("a", "b", rng.uniform(0.2, 2)), *fields], "a", "b")
    ket = rng.normal(size=4) + 1j * rng.normal(size=4)
    start = {str(rng.choice(["a", "b"])): qb.state(ket / np.linalg.norm(ket))}
    times = np.linspace(0.0, 3.0, 1501)
    work = system.charge(start, times, ["ergotropy"]).ergotropy.to_numpy()
    problem = _problem(system, start)
    still = without_fields(problem)
    levels = Sought(prepared(still, on_levels(still).reach, {}), 3.0, 1e-6)
    moments = SoughtOfMoments(ByMoments.of(problem, ["energy"]), 3.0, 1e-6)
    bend = BesideFields(moments, levels).bend("ergotropy")[0]
    assert (-np.diff(work, 2)).max() <= bend * times[1] ** 2 * (1 + 1e-6)
    best = system.optimum(start, 3.0, "ergotropy", tolerance=1e-3)
    assert work.max() <= float(best.ergotropy_bound) * (1 + 1e-9)


def test_what_needs_no_levels_is_named_where_the_rest_needs_too_many():
    sites = {name: qb.Oscillator(loss=0.1) for name in "ab"}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    start = {"a": qb.fock(2), "b": qb.squeezed(0.6)}
    with pytest.raises(ValueError, match=r"^ergotropy and ergotropic_power: too large") as told:
        system.optimum(start, 4.0)
    assert "No levels are needed for the others: of=['energy', 'power']" in str(told.value)
    assert system.optimum(start, 4.0, of=["energy", "power"]).energy_max > 0.3
