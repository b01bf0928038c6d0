"""Second moments of oscillators that lose their phase, beside closed forms and levels."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.foreseen import dephasing_of, oscillators_in_phase
from quantumbattery.moments.dephased import growth, quanta
from quantumbattery.moments.quadratic import quadratic
from quantumbattery.moments.starts import beginning


def quanta_of(system, starts, last, count):
    """Mean quanta (g, c, count, m) at equal steps from 0 to a last time."""
    axes = Batch.of(system.arrays, starts, False, np.array([last]))
    alone = oscillators_in_phase(system, system.sites)
    motion = quadratic(alone, axes.numbers, axes.batch)
    begun = beginning(alone, starts, axes.start)
    rates = dephasing_of(system, system.sites, axes)
    return quanta(motion, rates, begun, np.linspace(0, last, count))


def growth_of(**rates):
    """The growth of second moments under pairs that come at a rate of 0.5."""
    drive = qb.two_photon_drive("c", 0.5, 1.0)
    system = qb.System({"c": qb.Oscillator(**rates)}, [drive], [], "c")
    axes = Batch.of(system.arrays, {}, False, np.array([1.0]))
    motion = quadratic(oscillators_in_phase(system, ["c"]), axes.numbers, axes.batch)
    return growth(motion, dephasing_of(system, ["c"], axes))


@pytest.mark.parametrize("rate", [0.05, 0.7, [0.05, 0.7]], ids=["slow", "fast", "both"])
def test_what_a_field_brings_without_loss(rate):
    """<a> tends to -i F/g, and N = 2 F^2/g (t - (1 - e^{-g t})/g), by hand."""
    given = rate if np.isscalar(rate) else xr.DataArray(rate, dims="rate")
    site, field = qb.Oscillator(dephasing=given), qb.drive("c", 0.8, 1.0)
    system = qb.System({"c": site}, [field], [], "c")
    found = quanta_of(system, {}, 6.0, 13)[:, 0, :, 0]
    times, g = np.linspace(0, 6, 13), np.reshape(rate, (-1, 1))
    known = 2 * 0.8**2 / g * (times + np.expm1(-g * times) / g)
    assert np.allclose(found, known, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(8))
def test_random_pairs_beside_levels(seed):
    """Exchange or a dipole, fields, pairs, warm baths, starts with and without phases."""
    rng = np.random.default_rng(seed)
    u = rng.uniform
    link = qb.dipole("a", "b", u(0.02, 0.1)) if seed % 2 else qb.exchange("a", "b", u(0.1, 0.6))
    pairs = qb.two_photon_drive("b", u(0.01, 0.08), 1.1, phase=u(0, 3))
    links = [link, qb.drive("a", u(0.02, 0.2), 1.1, phase=u(0, 3))] + [pairs] * (1 - seed % 2)
    rates = [{"loss": u(0, 0.3), "dephasing": u(0, 0.5), "occupation": u(0, 0.1)} for _ in "ab"]
    starts = {"a": qb.coherent(0.3j), "b": qb.squeezed(0.15) if seed % 3 else qb.fock(0)}

    def system(levels=None):
        sites = [
            qb.Oscillator(w, levels=levels, **own) for w, own in zip((1, 1.1), rates, strict=True)
        ]
        return qb.System(dict(zip("ab", sites, strict=True)), links, "a", "b")

    found = quanta_of(system(), starts, 2.0, 5)[0, 0]
    with pytest.warns(UserWarning, match="leave"):
        cut = system(10).charge(starts, np.linspace(0, 2, 5), ["energy", "charger_energy"])
    assert np.allclose(found[:, 0], cut.charger_energy.values, rtol=0, atol=3e-5)
    assert np.allclose(found[:, 1] * 1.1, cut.energy.values, rtol=0, atol=3e-5)


def test_phases_that_are_lost_raise_the_threshold():
    """Without them pairs F a^2/2 grow by 2 F - loss; of N and C the larger root, by hand, else."""
    assert growth_of(loss=0.2)[0] == pytest.approx(2 * 0.5 - 0.2, abs=1e-12)
    for loss, g in ((0.2, 0.1), (0.9, 0.4), (1.0, 3.0)):
        matrix = np.array([[-loss, 0.5 * 2], [0.5 * 2, -loss - 4 * g]])  # of 2 N + 1 and 2 |C|
        known = np.linalg.eigvalsh(matrix).max()
        assert growth_of(loss=loss, dephasing=g)[0] == pytest.approx(known, abs=1e-12)


def test_steady_states_beyond_threshold_are_refused_before_work():
    """Below it there may be one; at many points the first is named that has none."""
    sites = {"c": qb.Oscillator(loss=0.8, dephasing=0.1), "b": qb.Oscillator()}
    pairs = qb.two_photon_drive(
        "c", xr.DataArray([0.1, 0.6, 0.9], dims="pairs", coords={"pairs": [0.1, 0.6, 0.9]}), 1.0
    )
    system = qb.System(sites, [qb.exchange("c", "b", 0.2), pairs], "c", "b")
    with pytest.raises(ValueError, match=r"pairs=0.6 \(and 1 more of 3 points\), two_photon_drive"):
        system.charge({}, np.inf, ["energy"])


@pytest.mark.parametrize("share", [0.7, 0.999, 1.0, 1.02])
def test_one_squeezed_oscillator_up_to_its_threshold(share):
    """loss n = 2 e m and (loss + 4 g) m = e (2 n + 1) at rest, with n, m = <n>, |<a a>|."""
    pairs = share * np.sqrt(3) / 2
    drive = qb.two_photon_drive("o", pairs, 1.0)
    system = qb.System({"o": qb.Oscillator(loss=1.0, dephasing=0.5)}, [drive], [], "o")
    if share < 1:
        known = 2 * pairs**2 / (3 - 4 * pairs**2)
        found = system.charge({}, np.inf, ["energy"]).energy.item()
        assert found == pytest.approx(known, rel=1e-10)
        return
    said = "is at its threshold" if share == 1 else "grow for ever"
    with pytest.raises(ValueError, match=said):
        system.charge({}, np.inf, ["energy"])
