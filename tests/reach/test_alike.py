"""What systems alike share is found once, and says nothing of another system's numbers."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.drives import drive
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock, thermal
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.reach.alike import SMALL
from quantumbattery.reach.reach import Bipartition
from quantumbattery.states.reduced import part_of
from quantumbattery.states.representation import representation
from roads.reached import reach

TIMES = np.linspace(0, 3, 7)


def pair(coupling=0.7, loss=0.2, link=exchange, **battery):
    sites = {"charger": Qubit(loss=loss), "battery": Qubit(**battery)}
    return System(sites, [link("charger", "battery", coupling)])


def test_systems_that_differ_in_numbers_share_what_is_reached():
    one, other = (reach(pair(*numbers), bloch(1.0)) for numbers in ((0.7, 0.2), (0.3, 0.5)))
    assert one.bare is other.bare
    assert one.hamiltonian.coefficients[2] == 0.7
    assert other.hamiltonian.coefficients[2] == 0.3
    forms = [representation(each, [Bipartition.of(each, ["battery"])]) for each in (one, other)]
    assert forms[0] is forms[1]
    parts = [part_of(Bipartition.of(each, ["battery"]), forms[0]) for each in (one, other)]
    assert parts[0] is parts[1]


def test_what_is_shared_has_no_numbers():
    coupling = xr.DataArray([0.3, 0.4], dims="coupling")
    bare = reach(pair(coupling), bloch(xr.DataArray([1.0, 2.0], dims="theta"))).bare
    numbers = bare.hamiltonian.coefficients + bare.losses.coefficients
    assert np.isnan(numbers).all()
    assert np.isnan(bare.start.amplitude).all()
    assert np.isnan(bare.start.lost).all()
    assert bare.bare is bare
    form = representation(reach(pair(coupling), bloch(1.0)))
    assert form.reach is form.reach.bare


OTHERS = {
    "a loss of the battery": (pair(loss=0.2), pair(loss=0.2, dephasing=0.1)),
    "no loss": (pair(), pair(loss=0.0)),
    "no coupling": (pair(), pair(coupling=0.0)),
    "counter-rotating terms": (pair(), pair(link=dipole)),
    "more levels": (
        System({"c": Oscillator(levels=3), "b": Qubit()}, [exchange("c", "b", 1.0)], "c", "b"),
        System({"c": Oscillator(levels=4), "b": Qubit()}, [exchange("c", "b", 1.0)], "c", "b"),
    ),
    "other steps": (
        System({"c": Qubit(), "b": Qudit([0, 1, 2])}, [exchange("c", "b", 1.0)], "c", "b"),
        System({"c": Qubit(), "b": Qudit([0, 1, 2], [2, 1])}, [exchange("c", "b", 1.0)], "c", "b"),
    ),
    "a drive": (
        pair(),
        System(
            {"charger": Qubit(loss=0.2), "battery": Qubit()},
            [exchange("charger", "battery", 0.7), drive("charger", 0.1, frequency=1.0)],
        ),
    ),
    "other names": (
        pair(),
        System({"a": Qubit(loss=0.2), "b": Qubit()}, [exchange("a", "b", 0.7)], "a", "b"),
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_told_apart(kind):
    one, other = (reach(system, fock(1)) for system in OTHERS[kind])
    assert one.bare is not other.bare


def test_another_start_reaches_something_else():
    starts = [bloch(1.0), bloch(np.pi), thermal(1.0)]
    bare = [reach(pair(), each).bare for each in starts]
    assert len(set(map(id, bare))) == 3


def test_many_configurations_are_not_kept():
    names = [f"q{k}" for k in range(SMALL + 1)]
    links = [exchange(x, y, 1.0) for x, y in pairwise(names)]
    chain = System(dict.fromkeys(names, Qubit()), links, names[0], names[-1])
    one, other = reach(chain, fock(1)), reach(chain, fock(1))
    assert one.bare is not other.bare
    assert representation(one) is not representation(one)


def test_one_after_the_other_in_any_order_and_thread():
    """Numbers of one system never show in another's table."""
    numbers = [(coupling, loss) for coupling in (0.3, 0.7) for loss in (0.0, 0.2, 0.5)]

    def charged(given):
        return pair(*given).charge(bloch(1.0), TIMES, ["energy", "ergotropy", "entropy"])

    expected = [charged(each) for each in numbers]
    with ThreadPoolExecutor(4) as pool:
        again = [*pool.map(charged, numbers[::-1] * 5)]
    for table, each in zip(again, expected[::-1] * 5, strict=True):
        assert table.identical(each)
    # and each is that of its own numbers, by a batch that goes another way
    couplings, losses = (xr.DataArray([*values], dims="x") for values in zip(*numbers, strict=True))
    batch = pair(couplings, losses).charge(bloch(1.0), TIMES, ["energy", "ergotropy", "entropy"])
    for k, each in enumerate(expected):
        for name in each:
            np.testing.assert_allclose(batch[name].isel(x=k), each[name], rtol=0, atol=1e-13)
