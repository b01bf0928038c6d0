import numpy as np
import pytest
import qutip
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.amplitudes import density_matrix, is_pure
from quantumbattery.network.preparations import bloch, coherent, fock, squeezed, state, thermal
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.network.starts import by_site

LADDER = Oscillator()
QUTRIT = Qudit([0.0, 1.0, 3.0])


def system(**sites):
    return System({"charger": Qubit(), "battery": Qubit()} | sites)


# --- making them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "pure"),
    [
        (qutip.coherent(4, 0.5, method="analytic").unit(), True),
        (qutip.basis(3, 1), True),
        (np.array([[0.6], [0.8j]]), True),
        ([1, 0], True),
        (qutip.thermal_dm(3, 0.4), False),
        (np.eye(2) / 2, False),
    ],
    ids=["ket", "basis", "column", "list", "thermal", "mixed"],
)
def test_states_from_arrays_and_qutip(given, pure):
    made = state(given)
    assert is_pure(made) == pure
    given = qutip.Qobj(given)
    rho = (given.proj() if pure and given.isket else given).full()
    if pure and rho.shape[1] == 1:
        rho = rho @ rho.conj().T
    np.testing.assert_allclose(
        density_matrix(made, LADDER, len(rho) + 1)[:-1, :-1], rho, rtol=0, atol=1e-15
    )


def test_equal_when_equal():
    assert coherent(1.0) == coherent(1 + 0j)
    assert coherent([1.0]) != coherent([1j])
    assert state([1, 0]) == state(np.array([1, 0]))
    assert state([1, 0]) != state([0, 1])
    assert fock(1) != thermal(1)
    assert "alpha: 2; complex" in repr(coherent([1.0, 1j]))
    with pytest.raises(ValueError, match="read-only"):
        state([1.0, 0.0]).array[0] = 2


# --- which site starts how -----------------------------------------------------------------------


def test_one_preparation_is_that_of_every_charger():
    both = System(dict.fromkeys("abc", Qubit()), charger=["a", "b"], battery="c")
    assert by_site(fock(1), both) == {"a": fock(1), "b": fock(1)}
    assert by_site({"c": fock(1)}, both) == {"c": fock(1)}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fock(-1), ValueError, "n must be a whole number, zero or positive; got -1"),
        (lambda: fock([1, 0.5]), ValueError, "n must be a whole number.*got 0.5"),
        (lambda: fock("one"), TypeError, "n must be a real number"),
        (lambda: coherent(np.nan), ValueError, "alpha must be finite"),
        (lambda: coherent(complex(0, np.inf)), ValueError, "alpha must be finite"),
        (lambda: coherent("big"), TypeError, "alpha must be a number, real or"),
        (lambda: squeezed(-0.1), ValueError, "r must be zero or positive"),
        (lambda: squeezed(0.1, np.nan), ValueError, "angle must be a finite angle"),
        (lambda: thermal(-0.1), ValueError, "occupation must be zero or positive"),
        (lambda: state([1.0, 1.0]), ValueError, "the ket has norm 1.41421356, not 1"),
        (lambda: state([np.nan, 1.0]), ValueError, "the ket has norm nan"),
        (lambda: state(np.eye(2)), ValueError, "the density matrix has trace 2"),
        (lambda: state(np.ones((3, 2, 2)) / 2), ValueError, "a single state"),
        (lambda: state("up"), TypeError, "the density matrix holds"),
        (lambda: by_site({"cell": fock(1)}, system()), ValueError,
         "names 'cell', but the sites are charger, battery"),
        (lambda: by_site(3, system()), TypeError, "the preparation of 'charger' must be made by"),
        (lambda: by_site(coherent(1), system()), ValueError,
         "'charger': coherent needs an Oscillator, but it is Qubit"),
        (lambda: by_site(squeezed(1), system()), ValueError, "squeezed needs an Oscillator"),
        (lambda: by_site(fock([1, 2]), system()), ValueError, "needs 3 levels, but the site has 2"),
        (lambda: by_site(fock(3), system(charger=Oscillator(levels=3))), ValueError,
         r"fock|Fock\(n=3\) needs 4 levels, but the site has 3"),
        (lambda: by_site(state([1, 0, 0]), system()), ValueError, "3 levels, but the site has 2"),
        (lambda: by_site(state([1, 0]), system(charger=QUTRIT)), ValueError,
         "the state has 2 levels, but the site has 3"),
        (lambda: by_site(thermal(1), system(charger=Qudit([0, 0, 1]))), ValueError,
         "thermal needs a gap above the ground state"),
        (lambda: by_site({"charger": bloch([0, 1]), "battery": bloch([0, 2])}, system()),
         ValueError, "axes of the same name.*charger.theta.*battery.theta"),
        (lambda: by_site(thermal(xr.DataArray([0.1, 0.2], dims="loss")),
                         system(battery=Qubit(loss=[0.1, 0.2, 0.3]))), ValueError,
         "axes of the same name.*battery.loss.*charger.occupation"),
    ],
)  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()
