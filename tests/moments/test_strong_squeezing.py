"""What moments say of light that is squeezed strongly, and what they do not."""

import numpy as np
import pytest
from scipy.special import gammaln

import quantumbattery as qb

TRANSFER = qb.System(
    {"a": qb.Oscillator(), "b": qb.Oscillator()}, [qb.exchange("a", "b", 1.0)], "a", "b"
)


@pytest.mark.parametrize("measure", ["passive_energy", "purity", "entropy"])
def test_a_warning_says_where_digits_of_a_mixture_are_lost(measure):
    """Half of a squeezed vacuum of r = 17 has 6.2e6 thermal quanta, which rounding hides."""
    with pytest.warns(UserWarning, match=r"purity, entropy, passive energy and what follows"):
        TRANSFER.charge(qb.squeezed(17.0), [0.8], [measure])


def test_energies_need_no_warning_and_work_says_how_well_it_is_known():
    r, t = 17.0, 0.8
    TRANSFER.charge(qb.squeezed(r), [t], ["energy"])
    with pytest.warns(UserWarning, match=r"double precision knows work to \de-08 of its size"):
        table = TRANSFER.charge(qb.squeezed(r), [t], ["energy", "ergotropy"])
    energy = np.sin(t) ** 2 * np.sinh(r) ** 2
    np.testing.assert_allclose(table.energy, energy, rtol=1e-12)
    np.testing.assert_allclose(table.ergotropy, energy, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:squeezing is so strong")
def test_no_square_overflows():
    """As much as may be squeezed: e^(2 r) has a number, its square has none."""
    table = TRANSFER.charge(qb.squeezed(300.0), [0.3], ["energy", "ergotropy"])
    energy = np.sin(0.3) ** 2 * np.sinh(300.0) ** 2
    np.testing.assert_allclose(table.energy, energy, rtol=1e-12)
    np.testing.assert_allclose(table.ergotropy, energy, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:squeezing is so strong")
@pytest.mark.parametrize("r", [150.0, 200.0, 300.0])
def test_work_is_a_number_where_rounding_hides_all_heat(r):
    """Whether rounding makes a state seem mixed or not, its square overflows or not."""
    for modes in ({"a": qb.Oscillator(), "b": qb.Oscillator(1.3)}, TRANSFER.sites):
        system = qb.System(modes, [qb.exchange("a", "b", 0.7)], "a", "b")
        names = ["energy", "ergotropy", "passive_energy", "purity"]
        with np.errstate(all="raise", under="ignore"):
            table = system.charge(qb.squeezed(r, 4.6), np.linspace(0, 3, 301), names)
        assert all(np.isfinite(table[name]).all() for name in names)
        assert (table.ergotropy <= table.energy).all()
        np.testing.assert_allclose(table.ergotropy, table.energy, rtol=1e-6)


def test_what_takes_levels_is_refused_at_once_where_they_are_too_many():
    for ask in (
        lambda: TRANSFER.charge(qb.squeezed(17.0), [1.0], ["coherent_ergotropy"]),
        lambda: TRANSFER.density_matrix(qb.squeezed(17.0), [1.0], "b"),
    ):
        with pytest.raises(ValueError, match=r"1\.03e\+14 quanta takes more than as many levels"):
            ask()


def test_incoherent_work_of_a_squeezed_vacuum():
    """All of it is in the battery at pi/2: pairs, whose weights fall, go to the lowest levels."""
    r = 2.0
    table = TRANSFER.charge(qb.squeezed(r), [np.pi / 2], ["coherent_ergotropy", "ergotropy"])
    k = np.arange(4000.0)
    ways = gammaln(2 * k + 1) - 2 * gammaln(k + 1) - 2 * k * np.log(2)
    weights = np.exp(ways + 2 * k * np.log(np.tanh(r))) / np.cosh(r)
    incoherent = weights @ (2 * k - k)
    np.testing.assert_allclose(table.ergotropy, np.sinh(r) ** 2, rtol=1e-10)
    expected = np.sinh(r) ** 2 - incoherent
    np.testing.assert_allclose(table.coherent_ergotropy, expected, rtol=1e-8)


@pytest.mark.filterwarnings("ignore:squeezing is so strong")
@pytest.mark.filterwarnings("ignore:the best")  # where purity comes and goes within 1e-4 of a time
@pytest.mark.parametrize("r", [1e-9, 1e-6, 1e-3, 0.5, 3.0, 8.0, 12.0, 20.0, 170.0])
def test_the_best_work_of_a_squeezed_charger(r):
    """At the time pi/(2 J) all of it has changed over, and all that there is is work."""
    mode = qb.Oscillator()
    system = qb.System({"a": mode, "b": mode}, [qb.exchange("a", "b", 0.5)], "a", "b")
    found = system.optimum({"a": qb.squeezed(r)}, 4.0, ["energy", "ergotropy"])
    most, top = np.sinh(r) ** 2, [float(found[f"{n}_max"]) for n in ("energy", "ergotropy")]
    np.testing.assert_allclose(top, most, rtol=1e-7)
    for name in ("energy", "ergotropy"):
        assert most <= float(found[f"{name}_bound"]) * (1 + 1e-12) <= most * (1 + 1e-7)
    assert abs(float(found.energy_time) - np.pi) < 1e-6
    between = np.linspace(0.0, 4.0, 1001)
    dense = system.charge({"a": qb.squeezed(r)}, between, ["ergotropy"]).ergotropy
    assert float(dense.max()) <= float(found.ergotropy_bound) * (1 + 1e-12)
