"""Bonds that are given more than once."""

import warnings

import numpy as np
import pytest

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
