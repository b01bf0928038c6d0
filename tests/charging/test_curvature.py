"""Bounds of second derivatives beside second derivatives, by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.curvature import curvature
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.preparations import bloch, fock
from quantumbattery.network.sites import Oscillator, Qubit
from roads.product_space import Whole, initial, random_case
from roads.reached import reach


def bound_of(system, chosen):
    found = reach(system, chosen)
    parts = found.hamiltonian.coefficients + found.losses.coefficients
    start = found.start.amplitude.values[None]
    return curvature(system, found, np.array([parts], dtype=float), start)[0]


def test_the_pair_reaches_its_bound():
    """Tr(sigma_z rho) = -cos(2 J t) bends by 4 J^2 at most, and does so at t = 0."""
    for J in (0.5, 2.0):
        system = System({"a": Qubit(), "b": Qubit()}, [exchange("a", "b", J)], "a", "b")
        assert bound_of(system, fock(1)) == pytest.approx(4 * J**2, rel=1e-12)
        half = bound_of(system, bloch(np.pi / 2))  # half of it is in the empty state
        assert 2 * J**2 <= half < 4 * J**2


def test_photons_count_where_they_are():
    """n photons bend a qubit's inversion by 4 g^2 n; a block of n has only those with n."""
    for n in (1, 5):
        system = System({"a": Oscillator(), "b": Qubit()}, [exchange("a", "b", 0.3)], "a", "b")
        assert bound_of(system, fock(n)) == pytest.approx(4 * 0.3**2 * n, rel=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_nothing_bends_more(seed, lossy):
    """All X on the battery at once: the trace norm of the second derivative of its state.

    The battery's own motion is taken out: in the frame of its bare Hamiltonian.
    """
    system, chosen = random_case(seed, 20, lossy)
    levels = [site.dimension for site in system.sites.values()]
    whole = Whole(system, levels)
    place = whole.names.index("b")
    before, d = int(np.prod(levels[:place])), levels[place]
    after = whole.size // (before * d)
    own = Whole(System({"x": system.sites["b"], "y": Qubit()}, [], "x", "y"), [d, 2]).h
    own = np.diag(own)[::2].real
    generator = whole.generator()
    values, vectors = np.linalg.eig(generator)
    if np.linalg.cond(vectors) > 1e6:  # no eigenbasis to work in
        return
    begin = np.linalg.solve(vectors, initial(system, chosen).reshape(-1).astype(complex))
    bound = bound_of(system, chosen)
    gaps = own[:, None] - own
    for time in np.linspace(0, 3, 31):
        rho = [vectors @ (values**k * np.exp(values * time) * begin) for k in range(3)]
        rho = [
            np.einsum("iajibj->ab", each.reshape(before, d, after, before, d, after))
            for each in rho
        ]
        bent = rho[2] + 2j * gaps * rho[1] - gaps**2 * rho[0]
        assert (
            np.abs(np.linalg.eigvalsh((bent + bent.conj().T) / 2)).sum()
            <= bound * (1 + 1e-9) + 1e-9
        )
