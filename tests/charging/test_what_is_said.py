"""What double precision does not know is said: of long times, of growth, of strong squeezing."""

import warnings

import numpy as np
import pytest

import quantumbattery as qb


@pytest.mark.parametrize("time", [1e9, 1e11, 1e13])
def test_oscillators_that_lose_their_phase_for_very_long(time):
    """The drive brings a pair to (drive / coupling)^2 (1 + 1/2) quanta, 0.00375 here."""
    system = qb.models.driven_oscillator_pair(dephasing=0.3)
    with pytest.warns(UserWarning, match="rounding has taken") as said:
        found = system.charge({}, time, ["energy"]).energy.item()
    taken = float(str(said[0].message).split("taken ")[1].split()[0])
    early = system.charge({}, 1e5, ["energy"]).energy.item()
    assert abs(found - early) < 20 * taken * early


def grown(times, charger="c"):
    """A charger whose quanta grow for ever, and a battery from which it is cut off in the end."""
    sites = {"c": qb.Oscillator(), "b": qb.Oscillator(loss=2.0, occupation=1.0)}
    links = [
        qb.two_photon_drive("c", 1.5, 1.0),
        qb.exchange("c", "b", 1.0, envelope=lambda t: np.exp(-(((t - 3) / 0.7) ** 2))),
    ]
    battery = "b" if charger == "c" else "c"
    return qb.System(sites, links, charger, battery).charge({}, times, ["energy"])


def test_a_battery_beside_what_grows():
    """It comes to rest at the bath's quanta, of which growth elsewhere hides how well one knows."""
    with pytest.warns(UserWarning, match="other sites grow by 2e") as said:
        table = grown([1.0, 20.0])
    assert len(said) == 1
    assert table.energy.values[1] == pytest.approx(1, abs=1e-9)
    assert table.attrs["solver_error"] > 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grown([1.0, 8.0]).attrs["solver_error"] < 1e-6
        assert grown([1.0, 20.0], "b").attrs["solver_error"] > 0.1  # what grows is as large itself


@pytest.mark.parametrize("r", [8.5, 10.0])
def test_work_of_strong_squeezing(r):
    """All of the energy of a pure state is work, and sinh(r)^2 of it is there."""
    one = qb.System({"b": qb.Oscillator()}, charger=[], battery="b")
    with pytest.warns(UserWarning, match="knows work to .* of its size") as said:
        table = one.charge({"b": qb.gaussian(r=r)}, [1.0], ["ergotropy", "energy"])
    off = float(str(said[0].message).split("work to ")[1].split()[0])
    assert abs(table.ergotropy.item() / np.sinh(r) ** 2 - 1) < off
    assert table.energy.item() == pytest.approx(np.sinh(r) ** 2, rel=1e-12)


def test_work_of_weaker_squeezing_is_known():
    one = qb.System({"b": qb.Oscillator()}, charger=[], battery="b")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = one.charge({"b": qb.gaussian(r=5.0)}, [1.0], ["ergotropy"])
    assert table.ergotropy.item() == pytest.approx(np.sinh(5) ** 2, rel=1e-10)


@pytest.mark.parametrize("read", ["charge", "density_matrix", "balance"])
@pytest.mark.parametrize("repeat", [10**9, 10**14])
def test_more_strokes_than_there_is_room_for(read, repeat):
    system = qb.QubitPair(coupling=1.3, charger_loss=0.2).system()
    protocol = qb.Protocol([qb.Stroke(system, 1.0, reset={"charger": qb.fock(1)})], repeat)
    with pytest.raises(ValueError, match=r"too large: the ends of 1[0,]* strokes need"):
        getattr(protocol, read)(qb.fock(0))
    if read != "balance":
        found = getattr(protocol, read)(qb.fock(0), [0.5, 1.5])
        assert found.sizes["time"] == 2


def fails(*levels):
    raise KeyError(levels)


def says_more(*levels):
    raise UnicodeDecodeError("utf-8", b"", 0, 1, str(levels))


def test_functions_of_levels_that_fail():
    pair, sites = qb.models.oscillator_pair(), {"c": qb.Oscillator(), "b": qb.Qubit()}
    with pytest.raises(ValueError, match=r"the operator 'a', its function .* raised KeyError"):
        pair.expect(qb.fock(3), [1.0], {"a": ("charger", fails)})
    with pytest.raises(ValueError, match=r"the operator 'a', its function .* UnicodeDecodeError"):
        pair.expect(qb.fock(3), [1.0], {"a": ("charger", says_more)})
    with pytest.raises(ValueError, match=r"interaction.* its function at .* raised KeyError"):
        qb.System(sites, [qb.interaction("c", "b", fails)], "c", "b")
    with pytest.raises(ValueError, match=r"jump.* its function at .* raised KeyError"):
        qb.System(sites, [qb.exchange("c", "b", 1.0), qb.jump("c", fails, 0.1)], "c", "b")
    later = qb.jump("c", lambda n: fails(n) if n > 4 else np.diag(np.ones(n - 1), 1), 0.1)
    with pytest.raises(ValueError, match=r"jump.* its function at .* raised KeyError"):
        qb.System(sites, [qb.exchange("c", "b", 1.0), later], "c", "b").charge(qb.fock(6), 1.0)
