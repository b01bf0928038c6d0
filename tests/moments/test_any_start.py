"""Starts of any kind, several or joint: moments, and states of single modes, beside levels."""

import warnings
from unittest.mock import patch

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.charging import by_starts, merit_of_starts, modes_together
from quantumbattery.moments.any_start import AnyStart
from quantumbattery.moments.characteristic import Mode, displacement
from roads.levels import unbounded

FIGURES = ["energy", "energy_variance", "passive_energy", "ergotropy", "purity", "entropy"]
FIGURES += ["coherent_ergotropy", "incoherent_ergotropy", "charger_energy", "interaction_energy"]
FIGURES += ["power", "ergotropic_power"]


def random_ket(rng, size):
    ket = rng.normal(size=size) + 1j * rng.normal(size=size)
    return ket / np.linalg.norm(ket)


def together(rng, sizes, rank):
    """A joint state of two sites."""
    kets = np.stack([random_ket(rng, sizes[0] * sizes[1]) for _ in range(rank)])
    rho = np.einsum("r,ri,rj->ij", rng.dirichlet(np.ones(rank)), kets, kets.conj())
    return qb.state(xr.DataArray(rho, dims=("row", "column"), attrs={"levels": sizes}))


def ladder(size):
    return np.diag(np.sqrt(np.arange(1, size)), 1).astype(complex)


# --- cumulants -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(4,), (3, 2)])
def test_moments_of_a_mixed_linear_form(sizes):
    """Weyl moments generate the means of powers of any x = sum u a + u* a^dag, here up to x^4."""
    rng = np.random.default_rng(5)
    rank, size = 2, int(np.prod(sizes))
    kets = np.stack([random_ket(rng, size) * w for w in (0.8, 0.6)])
    levels = np.stack(np.unravel_index(np.tile(np.arange(size), rank), sizes), axis=-1)
    member = np.repeat(np.arange(rank), size)
    start = AnyStart(tuple(range(len(sizes))), levels, member, kets.reshape(1, 1, -1), 2.0)
    u = random_ket(rng, len(sizes))
    many = [n + 4 for n in sizes]
    parts = [
        np.kron(
            np.kron(np.eye(int(np.prod(many[:j]))), ladder(n)), np.eye(int(np.prod(many[j + 1 :])))
        )
        for j, n in enumerate(many)
    ]
    x = sum(c * a + (c * a).conj().T for c, a in zip(u, parts, strict=True))
    wide = np.zeros((rank, *many), complex)
    wide[(slice(None), *map(slice, sizes))] = kets.reshape(rank, *sizes)
    flat = wide.reshape(rank, -1)
    m = [np.einsum("ri,ij,rj->", flat.conj(), np.linalg.matrix_power(x, p), flat) for p in range(5)]
    both = np.concatenate([u, u.conj()])
    second, third, fourth = (each[0, 0] for each in (start.second, start.third, start.fourth))
    k = [
        (u @ start.mean[0, 0] * 2).real,
        both @ second @ both,
        np.einsum("ijk,i,j,k", third, both, both, both),
        np.einsum("ijkl,i,j,k,l", fourth, both, both, both, both),
    ]
    exact = [  # of the moments about 0
        m[1],
        m[2] - m[1] ** 2,
        m[3] - 3 * m[2] * m[1] + 2 * m[1] ** 3,
        m[4] - 4 * m[3] * m[1] - 3 * m[2] ** 2 + 12 * m[2] * m[1] ** 2 - 6 * m[1] ** 4,
    ]
    np.testing.assert_allclose(k, exact, rtol=1e-12, atol=1e-12)


# --- characteristic functions --------------------------------------------------------------------


def test_a_displacement_on_levels():
    for z in (0.0, 0.7 + 1.1j, -3j):
        a = ladder(160)
        exact = expm(z * a.T - np.conj(z) * a)[:12, :12]
        np.testing.assert_allclose(displacement(np.array(z), 12, 12), exact, atol=1e-13)


@pytest.mark.parametrize("size", [1, 3, 12])
def test_a_state_comes_back(size):
    """Of a mode that takes over all of a start and nothing else."""
    rng = np.random.default_rng(size)
    ket = random_ket(rng, size)
    start = AnyStart((0,), np.arange(size)[:, None], np.zeros(size, int), ket[None, None], 2.0)
    whole, none = np.ones((1, 1, 1, 1), complex), np.zeros((1, 1, 1))
    for levels in (size, size + 5):
        found = Mode([start], [(whole, 0 * whole)], none, none).states(levels)[0, 0, 0]
        found = np.diag(found) if found.ndim == 1 else found
        exact = np.zeros((levels, levels), complex)
        exact[:size, :size] = np.outer(ket, ket.conj())
        np.testing.assert_allclose(found, exact, atol=1e-14)


@pytest.mark.parametrize("size", [2, 7])
def test_a_squeezed_and_displaced_state(size):
    """Beside S rho S^dag and D on many levels, by QuTiP: b = cosh(r) a - sinh(r) a^dag + moved."""
    rng, r, moved, many = np.random.default_rng(size), 0.4, 0.8 - 0.3j, 140
    ket = random_ket(rng, size)
    start = AnyStart((0,), np.arange(size)[:, None], np.zeros(size, int), ket[None, None], 2.0)
    wide = qutip.Qobj(np.pad(ket, (0, many - size)))
    exact = (qutip.displace(many, moved) * qutip.squeeze(many, r) * wide).proj().full()[:40, :40]
    each = np.full((1, 1, 1, 1), np.cosh(r) + 0j), np.full((1, 1, 1, 1), -np.sinh(r) + 0j)
    normal, pairs = np.sinh(r) ** 2, -np.sinh(r) * np.cosh(r)  # what of the vacuum is squeezed
    given = (np.full((1, 1, 1), value) for value in (normal, pairs + 0j))
    field = displacement(np.array(moved), 100, 70)
    found = field @ Mode([start], [each], *given).states(70)[0, 0, 0] @ field.conj().T
    np.testing.assert_allclose(found[:40, :40], exact, atol=1e-12)


# --- networks ------------------------------------------------------------------------------------


class Drawn:
    """Two oscillators of few quanta with all that keeps them quadratic, and starts of any kind."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.given = [
            {"frequency": w, "loss": rng.uniform(0, 0.3), "occupation": rng.choice([0.0, 0.02])}
            for w in rng.uniform(0.7, 1.3, 2)
        ]
        self.links = [qb.exchange("a", "b", rng.normal() + 1j * rng.normal())]
        pairs = rng.integers(3)  # that stand still, or turn with one field
        if pairs == 1:
            self.links.append(qb.dipole("a", "b", rng.uniform(0.01, 0.05)))
        if rng.random() < 0.5:
            self.links.append(qb.drive("a", rng.uniform(0.02, 0.08), rng.uniform(0.7, 1.3)))
        if pairs == 2:
            self.links.append(
                qb.two_photon_drive("b", rng.uniform(0.01, 0.03), rng.uniform(0.7, 1.3))
            )
        self.start = self._starts()

    def _starts(self):
        rng, kind = self.rng, self.rng.integers(4)
        strange = [
            qb.fock(1),
            qb.bloch(rng.uniform(0.3, 3), rng.uniform(0, 6)),
            qb.state(random_ket(rng, 3)),
        ]
        first, second = (strange[int(rng.integers(3))] for _ in range(2))
        if kind == 0:
            return {("a", "b"): together(rng, (2, 3), int(rng.integers(1, 4)))}
        if kind == 1:
            return {"a": first, "b": second}
        if kind == 2:
            return {"a": first, "b": qb.squeezed(rng.uniform(0.02, 0.06), rng.uniform(0, 6))}
        return {"a": first, "b": qb.gaussian(0.1j, occupation=0.01)}

    def system(self, levels=None):
        sites = {
            name: qb.Oscillator(levels=levels, **each)
            for name, each in zip("ab", self.given, strict=True)
        }
        return qb.System(sites, self.links, "a", "b")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_random_starts_beside_levels(seed, stored):
    drawn, times = Drawn(seed), np.array([0.0, 0.4, 1.1])
    how = {"disconnect": 0.7} if stored else {}
    with patch.object(by_starts, "_FEW", 0):
        table = drawn.system().charge(drawn.start, times, FIGURES, **how)
    assert "configurations" not in table.attrs
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore")
        exact = drawn.system(11).charge(drawn.start, times, FIGURES, **how)
    for name in FIGURES:
        np.testing.assert_allclose(table[name], exact[name], rtol=1e-9, atol=3e-9, err_msg=name)


def test_a_strong_field_only_displaces():
    """The same work but for what the field brings, by quadrature of classical equations."""
    lossy, warm = qb.Oscillator(loss=0.2), qb.Oscillator(loss=0.1, occupation=0.2)
    link, field = qb.exchange("a", "b", 0.7), qb.drive("a", 8.0, 1.0, phase=0.4)
    start = {"a": qb.fock(2), "b": qb.state(np.array([0.6, 0, 0.8j]))}
    times = np.linspace(0.0, 3.0, 7)
    calm = qb.System({"a": lossy, "b": warm}, [link], "a", "b")
    driven = qb.System({"a": lossy, "b": warm}, [link, field], "a", "b")
    names = ["energy", "ergotropy", "passive_energy", "purity"]
    one, two = (each.charge(start, times, names) for each in (calm, driven))
    m = np.array([[-0.1, -0.7j], [-0.7j, -0.05]])  # resonant, in the frame of both
    push = np.array([-8.0j * np.exp(-0.4j), 0])
    moved = np.array([np.linalg.solve(m, (expm(m * t) - np.eye(2)) @ push) for t in times])
    carried = (
        np.array([(expm(m * t) @ [0, 0])[1] for t in times]) + moved[:, 1]
    )  # no means at first
    np.testing.assert_allclose(two.energy - one.energy, np.abs(carried) ** 2, rtol=1e-10)
    np.testing.assert_allclose(two.passive_energy, one.passive_energy, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(two.purity, one.purity, rtol=1e-10)
    assert float(two.energy.max()) > 50


def test_states_of_one_site_beside_qutip():
    """A site of a driven, squeezed and warm pair that starts entangled, in the laboratory."""
    rng, n = np.random.default_rng(2), 12
    sites = {"a": qb.Oscillator(1.1, loss=0.2), "b": qb.Oscillator(0.9, loss=0.1, occupation=0.05)}
    links = [qb.exchange("a", "b", 0.6 + 0.2j), qb.drive("a", 0.1, 1.0, phase=0.3)]
    links.append(qb.two_photon_drive("b", 0.04, 1.0, phase=0.9))
    begun = together(rng, (2, 2), 3)
    system = qb.System(sites, links, "a", "b")
    start, times = {("a", "b"): begun}, [0.0, 0.5, 1.3]
    given = qb.System(
        {
            k: qb.Oscillator(v.frequency, loss=v.loss, occupation=v.occupation, levels=n)
            for k, v in sites.items()
        },
        links,
        "a",
        "b",
    ).to_qutip()
    exact = qutip.mesolve(
        given.H,
        given.initial(start),
        times,
        given.c_ops,
        options={"atol": 1e-13, "rtol": 1e-12, "nsteps": 100000},
    )
    for k, site in enumerate("ab"):
        rho = system.density_matrix(start, times, site)
        assert "configurations" not in rho.attrs
        for found, each in zip(rho.values, exact.states, strict=True):
            np.testing.assert_allclose(found[:7, :7], each.ptrace(k).full()[:7, :7], atol=3e-9)
        mean = system.expect(start, times, {"n": (site, lambda d: np.diag(np.arange(d)))}).n
        np.testing.assert_allclose(mean, qutip.expect(given.number(site), exact.states), atol=3e-9)


def test_work_that_is_taken_out_mode_by_mode():
    """Beside levels: two modes of a battery, from Fock states in three."""

    def system(levels=None):
        sites = {
            name: qb.Oscillator(w, loss=0.1, levels=levels)
            for name, w in {"c": 1.0, "x": 1.0, "y": 1.3}.items()
        }
        links = [qb.exchange("c", "x", 0.5), qb.exchange("c", "y", 0.8j)]
        return qb.System(sites, links, "c", ["x", "y"])

    start = {"c": qb.fock(1), "x": qb.bloch(1.0, 0.3), "y": qb.bloch(2.0)}
    names = ["energy", "energy_variance", "ergotropy", "passive_energy", "local_ergotropy"]
    given = start, [0.0, 0.7, 1.9], names, "local"
    with patch.object(by_starts, "_FEW", 0):
        found, exact = system().charge(*given), system(4).charge(*given)
    assert "configurations" not in found.attrs
    for name in names:
        np.testing.assert_allclose(found[name], exact[name], rtol=1e-9, atol=1e-12)


def test_what_is_hot_or_far_displaced_loses_no_digits():
    """A hot bath beside a Fock state; a strong field's state beside its Poissonian weights."""
    sites = {"a": qb.Oscillator(), "b": qb.Oscillator(loss=0.5, occupation=100.0)}
    hot = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    table = hot.charge({"a": qb.fock(1), "b": qb.fock(1)}, [0.0, 5.0], ["energy", "ergotropy"])
    assert float(table.ergotropy[0]) == pytest.approx(1.0, abs=1e-12)
    alone = qb.System(
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0), qb.drive("a", 12.0, 1.0)],
        "a",
        "b",
    )
    rho = alone.density_matrix({"a": qb.fock(1), "b": qb.bloch(0.7)}, 1.0).values
    n, field = np.arange(len(rho)), alone.charge({}, 1.0, ["energy"]).energy.item()
    assert np.trace(rho).real == pytest.approx(1.0, abs=1e-12)
    energy = alone.charge({"a": qb.fock(1), "b": qb.bloch(0.7)}, 1.0, ["energy"]).energy.item()
    assert field > 25
    assert (n @ np.diagonal(rho)).real == pytest.approx(energy, rel=1e-12)


def test_what_takes_long_is_done_on_levels():
    """A Fock state beside strong squeezing: hundreds of levels of a mode."""
    system = qb.System(
        {"a": qb.Oscillator(), "b": qb.Oscillator()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    start = {"a": qb.fock(1), "b": qb.squeezed(0.5)}
    one = system.charge(start, [0.0, 0.4], ["ergotropy"])
    with (
        patch.object(merit_of_starts, "MOST_SECONDS", 0.0),
        patch.object(modes_together, "MOST_SECONDS", 0.0),  # of another way
    ):
        other = system.charge(start, [0.0, 0.4], ["ergotropy"])
    assert "configurations" in other.attrs
    assert "configurations" not in one.attrs
    np.testing.assert_allclose(one.ergotropy, other.ergotropy, atol=1e-9)
