"""Work of what is hot, and of many modes, to all digits."""

import numpy as np
import pytest

import quantumbattery as qb


@pytest.mark.parametrize("extraction", ["global", "local"])
@pytest.mark.parametrize("quanta", [1e2, 1e5, 1e8])
def test_a_hot_bath_takes_no_digits_from_work(quanta, extraction):
    """The bath adds heat alone, so that work is that of the amplitude, as in a cold one."""

    def work(occupation):
        pair = qb.models.driven_oscillator_pair(drive=0.01, charger_loss=1.0, occupation=occupation)
        return pair.charge({}, [3.0], ["ergotropy"], extraction).ergotropy.item()

    assert work(quanta) == pytest.approx(work(0.0), rel=1e-11)


def test_squeezed_and_hot_beside_the_difference():
    """w (N - n), with (N + 1/2)^2 = |C|^2 + (n + 1/2)^2, where that loses few digits."""
    start = qb.gaussian(0.0, 0.6, 0.0, 2.0)
    table = qb.System({"b": qb.Oscillator(1.3)}, [], [], "b").charge({"b": start}, [0.0])
    quanta = 2.5 * np.cosh(1.2) - 0.5
    assert table.ergotropy.item() == pytest.approx(1.3 * (quanta - 2.0), rel=1e-13)


@pytest.mark.parametrize("modes", [20, 171])
def test_a_warm_mode_of_many_that_are_alike(modes):
    """All of them take what one collective mode has, coupled by the root of their number."""

    def charged(batteries, link):
        sites = {"c": qb.Oscillator(loss=0.1, occupation=0.5)}
        sites |= {name: qb.Oscillator() for name in batteries}
        links = [qb.exchange("c", name, link) for name in batteries]
        system = qb.System(sites, links, "c", batteries)
        return system.charge(qb.coherent(1.0), [1.3], ["energy", "ergotropy"])

    many, one = charged([f"m{k}" for k in range(modes)], 0.3 / modes**0.5), charged(["m"], 0.3)
    assert many.energy.item() == pytest.approx(one.energy.item(), rel=1e-11)
    heat = one.energy.item() - one.ergotropy.item()  # quanta of the collective mode
    weights = (heat / (1 + heat)) ** np.arange(1 + modes + 150) / (1 + heat)
    levels = np.repeat([0, 1, 2], [1, modes, 150])  # of which there are 210 and more with two
    passive = weights @ levels
    assert many.ergotropy.item() == pytest.approx(many.energy.item() - passive, rel=1e-10)


@pytest.mark.parametrize("quanta", [1e3, 6e9, 1e16])
def test_a_hot_bath_takes_no_digits_from_heat(quanta):
    """What comes in is n (1 - |U_ba|^2 - |U_bb|^2), n times what a bath of one quantum brings."""
    link = [qb.exchange("a", "b", 1.0)]
    times = np.array([0.3, 1.0, 5.0, np.pi])

    def brought(occupation):
        sites = {"a": qb.Oscillator(loss=0.1, occupation=occupation), "b": qb.Oscillator()}
        return qb.System(sites, link, "a", "b").charge({}, times, ["energy"]).energy

    np.testing.assert_allclose(brought(quanta) / quanta, brought(1.0), rtol=1e-13)
    shared = qb.dissipator({"a": 1.0}, 0.1, occupation=quanta)
    pair = {name: qb.Oscillator() for name in "ab"}
    joint = qb.System(pair, [*link, shared], "a", "b").charge({}, times, ["energy"]).energy
    np.testing.assert_allclose(joint, brought(quanta), rtol=1e-13)


@pytest.mark.parametrize("quanta", [1e-12, 1e-3, 1.0, 1e6, 1e12, 1e15])
def test_entropy_of_what_is_hot(quanta):
    """log n + 1 + 1/(2 n) - ... for many quanta, n (1 - log n) + n^2/2 - ... for few."""
    table = qb.System({"b": qb.Oscillator()}, [], [], "b").charge(
        {"b": qb.thermal(quanta)}, 0.0, ["entropy"]
    )
    if quanta > 1e4:
        right = np.log(quanta) + 1 + 1 / (2 * quanta)
    elif quanta < 0.01:
        right = quanta * (1 - np.log(quanta)) + quanta**2 / 2 - quanta**3 / 6
    else:
        right = 2 * np.log(2)
    assert table.entropy.item() == pytest.approx(right, rel=1e-11)
