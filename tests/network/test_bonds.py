"""Bonds that are given more than once."""

import warnings

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange, heisenberg
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.sites import Qubit


def test_a_bond_given_twice_is_said():
    sites = {"a": Qubit(), "b": Qubit()}
    with pytest.warns(
        UserWarning, match=r"exchange\('a', 'b'\) and exchange\('b', 'a'\) join"
    ) as w:
        System(sites, [exchange("a", "b", 1.0), exchange("b", "a", 0.2)], "a", "b")
    assert w[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # terms of one Hamiltonian
        System(sites, [exchange("a", "b", 1.0), heisenberg("a", "b", 0, 0, 1)], "a", "b")
        System(sites, [interaction("a", "b", np.eye(4))] * 2, "a", "b")


def test_names_that_numpy_holds_are_kept_as_plain_text():
    a, b = np.array(["a", "b"])
    sites = {"a": qb.Qubit(), "b": qb.Qubit()}
    links = [
        *(qb.exchange(a, b, 1.0), qb.interaction(a, b, np.eye(4)), qb.shift(a, 0.1)),
        *(qb.drive(a, 0.2, 1.0), qb.dissipator({a: 1.0, b: 1.0}, 0.1), qb.jump(a, np.eye(2), 0.1)),
    ]
    system = qb.System(sites, links, charger=a, battery=b)
    assert "str_" not in f"{system} {system.to_dict()} {links!r}"
    with pytest.raises(ValueError, match=r"exchange\('a', 'c'\): there is no site 'c'"):
        qb.System(sites, [qb.exchange(a, np.str_("c"), 1.0)], charger=a, battery=b)
