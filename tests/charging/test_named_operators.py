"""Means of operators that have a name, beside their matrices, levels and closed forms."""

import warnings

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.levels import on_levels, unbounded
from roads.product_space import random_case

NAMED = ("quanta", "energy", "lowering")
STARTS = [qb.fock(2), qb.bloch(1.2, 0.7), qb.squeezed(0.2), qb.state([0.6, 0.0, 0.8j])]


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def of(sites):
    return {f"{name}_{kind}": (name, kind) for name in sites for kind in NAMED}


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_names_of_any_sites_are_those_of_their_matrices(seed, lossy):
    system, chosen = random_case(seed, 24 if lossy else 60, lossy)
    named, typed = {}, {}
    for name, site in system.sites.items():
        n = site.dimension
        a = site.lowering(n).matrix(n)
        h = np.diag(sum((e * w for e, w in site.energy_terms(n)), np.zeros(n)))
        named |= {f"{name}_a": (name, "lowering"), f"{name}_h": (name, "energy")}
        typed |= {f"{name}_a": (name, a), f"{name}_h": (name, h)}
        if not isinstance(site, qb.Ensemble):
            named[f"{name}_n"] = name, "quanta"
            typed[f"{name}_n"] = name, a.conj().T @ a
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        ours = system.expect(chosen, [0.0, 1.3], named)
        theirs = system.expect(chosen, [0.0, 1.3], typed)
    for name in named:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-12)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_moments_of_any_starts_beside_levels(seed, stored):
    rng = np.random.default_rng(seed)
    rates = [{}, {"loss": 0.3}, {"loss": 0.2, "occupation": 0.1}]
    given = {n: rates[rng.integers(3)] | {"frequency": rng.uniform(0.8, 1.3)} for n in "ab"}
    fields = [qb.drive("b", 0.1, 1.1), qb.two_photon_drive("a", 0.02, 1.0), qb.drive("a", 0.1, 0.9)]
    links = [[qb.exchange, qb.dipole][rng.integers(2)]("a", "b", 0.2), fields[rng.integers(3)]]
    start = {"a": STARTS[rng.integers(4)], "b": STARTS[rng.integers(4)]}

    def asked(levels=None):
        sites = {name: qb.Oscillator(**numbers, levels=levels) for name, numbers in given.items()}
        system = qb.System(sites, links, "a", "b")
        return system.expect(start, [0.0, 0.4, 1.1], of("ab"), disconnect=0.5 if stored else None)

    found = asked()
    assert found.attrs["method"].startswith("means and covariances")
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore", UserWarning)
        levels, fewer = asked(11), asked(10)
    for name in found.data_vars:
        assert found[name].dtype == levels[name].dtype
        cut = np.abs(levels[name] - fewer[name]).max().item()
        assert cut < 1e-3
        np.testing.assert_allclose(found[name], levels[name], rtol=0, atol=1e-8 + 3 * cut)


def test_fields_beyond_all_levels():
    """A driven, lossy mode has the mean -i F (e^{-iwt} - e^{-iWt-kt/2}) / (i (w - W) + k / 2)."""
    w, field, loss, drive = 1.2, 1.1, 0.3, 1e4
    system = qb.System({"m": qb.Oscillator(w, loss)}, [qb.drive("m", drive, field)], [], "m")
    times = np.linspace(0, 5, 7)
    found = system.expect({"m": qb.fock(3)}, times, of("m"))
    swing = np.exp(-1j * field * times) - np.exp(-(1j * w + loss / 2) * times)
    mean = -1j * drive * swing / (1j * (w - field) + loss / 2)
    np.testing.assert_allclose(found.m_lowering, mean, rtol=1e-11)
    quanta = np.abs(mean) ** 2 + 3 * np.exp(-loss * times)
    np.testing.assert_allclose(found.m_quanta, quanta, rtol=1e-11)
    np.testing.assert_allclose(found.m_energy, w * quanta, rtol=1e-11)


def test_names_and_matrices_in_one_question():
    pair = {"a": qb.Oscillator(loss=0.2), "b": qb.Oscillator(1.1)}
    system = qb.System(pair, [qb.exchange("a", "b", 0.7)], "a", "b")
    asked = {
        "named": ("b", "quanta"),
        "typed": ("b", lambda n: np.diag(np.arange(n))),
        "low": ("b", lowering),
        "both": (["a", "b"], lambda n, m: np.kron(np.eye(n), np.diag(np.arange(m)))),
    }
    found = system.expect(qb.bloch(1.0), [0.5, 1.0], asked)
    assert [*found.data_vars] == [*asked]
    for name in ("typed", "both"):
        np.testing.assert_allclose(found.named, found[name], atol=1e-12)
    alone = system.expect(qb.bloch(1.0), [0.5, 1.0], {"low": ("b", "lowering")})
    np.testing.assert_allclose(alone.low, found.low, atol=1e-12)


def test_energies_have_the_axes_of_their_numbers():
    w = xr.DataArray([0.9, 1.4], dims="w")
    qutrit = qb.Qudit([0.0, w, 2.5])
    system = qb.System({"c": qb.Oscillator(w), "q": qutrit}, [qb.exchange("c", "q", 0.4)], "c", "q")
    asked = {"e": ("q", "energy"), "c": ("c", "energy"), "quanta": ("c", "quanta")}
    found = system.expect(qb.fock(2), [0.0, 1.0, 2.0], asked)
    assert found.e.dims == ("w", "time")
    table = system.charge(qb.fock(2), [0.0, 1.0, 2.0], ["energy", "charger_energy"])
    np.testing.assert_allclose(found.e, table.energy, atol=1e-13)
    np.testing.assert_allclose(found.c, table.charger_energy, atol=1e-13)
    np.testing.assert_allclose(found.c, w * found.quanta, atol=1e-13)


def test_without_end():
    """A driven pair rests at quanta that do not turn; its amplitude turns with the field."""
    pair = {"a": qb.Oscillator(loss=0.2, occupation=0.5), "b": qb.Oscillator(1.3)}
    links = [qb.exchange("a", "b", 0.7), qb.drive("a", 30.0, 1.1)]
    system = qb.System(pair, links, "a", "b")
    asked = {"quanta": ("b", "quanta"), "e": ("b", "energy")}
    rest = system.expect(qb.fock(1), np.inf, asked)
    late = system.expect(qb.fock(1), 900.0, asked)
    np.testing.assert_allclose(rest.quanta, late.quanta, rtol=1e-9)
    np.testing.assert_allclose(rest.e, late.e, rtol=1e-9)
    with pytest.raises(ValueError, match="turns with a drive for ever"):
        system.expect({}, np.inf, {"a": ("b", "lowering")})
    warm = qb.System(pair, links[:1], "a", "b")
    assert abs(warm.expect(qb.coherent(2.0), np.inf, {"a": ("b", "lowering")}).a) < 1e-12


def test_levels_that_are_given_are_heeded():
    site = qb.Oscillator(levels=2)
    system = qb.System({"m": site}, [qb.drive("m", 1.0, 1.0)], [], "m")
    with pytest.warns(UserWarning, match="levels of 'm'"):
        found = system.expect({}, [0.3, 1.0], {"quanta": ("m", "quanta")})
    np.testing.assert_allclose(found.quanta, np.sin([0.3, 1.0]) ** 2, atol=1e-12)


def test_moments_go_by_no_levels_and_the_same_on_levels():
    pair = {"a": qb.Oscillator(loss=0.2), "b": qb.Oscillator(1.1)}
    system = qb.System(pair, [qb.exchange("a", "b", 0.7), qb.drive("a", 0.3, 1.0)], "a", "b")
    found = system.expect(qb.fock(1), [0.5, 1.0], of("ab"))
    with on_levels():
        levels = system.expect(qb.fock(1), [0.5, 1.0], of("ab"))
    assert "levels" in levels.attrs
    assert "levels" not in found.attrs
    for name in found.data_vars:
        np.testing.assert_allclose(found[name], levels[name], atol=1e-10)


def test_quanta_are_those_of_the_lowering_operator():
    """<A^dag A> of any steps, of a ring, and of cells that are qudits; as QuTiP's export has it."""
    cell = qb.Qudit([0.0, 1.0, 1.8], steps=[0.5, 2.0])
    ring = qb.Qudit([0.0, 1.0, 2.0], lowering=np.roll(np.eye(3), 1, axis=0))
    system = qb.System({"a": cell, "r": ring, "e": qb.Ensemble(cell, 2)}, [], [], "a")
    ket = np.array([0.6, 0.0, 0.8])
    start = {"a": qb.state(ket), "r": qb.state(ket), "e": qb.fock(2)}
    asked = {name: (name, "quanta") for name in "are"}
    found = system.expect(start, 0.0, asked)
    assert found.a.item() == pytest.approx(0.64 * 4.0, abs=1e-14)
    assert found.r.item() == pytest.approx(1.0, abs=1e-14)
    model = system.to_qutip()
    for name in "are":
        known = qutip.expect(model.number(name), model.initial(start))
        assert found[name].item() == pytest.approx(known, abs=1e-13)


@pytest.mark.parametrize(
    ("sites", "name", "said"),
    [
        ("b", "quant", "no operator 'quant'; did you mean quanta"),
        (["a", "b"], "quanta", "quanta is of one site; got a, b"),
    ],
)
def test_names_that_make_no_sense(sites, name, said):
    system = qb.System(
        {"a": qb.Oscillator(), "b": qb.Qubit()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    with pytest.raises(ValueError, match="the operator 'x'") as told:
        system.expect(qb.fock(1), 1.0, {"x": (sites, name)})
    assert said in str(told.value)


def test_an_operator_of_nothing_that_occurs() -> None:
    """Its elements are between states that are never reached."""
    sites = {"c": qb.Qubit(), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0)], "c", "b")
    both = np.zeros((4, 4))
    both[3, 3] = 1.0
    found = system.expect(qb.bloch(np.pi), [0.0, 0.5, 2.0], {"n": (["c", "b"], both)})
    np.testing.assert_array_equal(found.n, 0.0)
