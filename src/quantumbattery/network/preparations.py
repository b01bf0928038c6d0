"""Preparations: how a site starts, each made by a function of its name."""

from __future__ import annotations

from collections.abc import Iterable

from quantumbattery.network.given_states import State
from quantumbattery.network.named_states import (
    Amplitude,
    Bloch,
    Coherent,
    Fock,
    Gaussian,
    Gibbs,
    Squeezed,
    Thermal,
)
from quantumbattery.quantities.aliases import MatrixLike, Values


def bloch(theta: Values, phi: Values = 0.0) -> Bloch:
    """Prepare a qubit anywhere on the Bloch sphere: cos(theta/2)|0> + e^{i phi} sin(theta/2)|1>.

    Parameters
    ----------
    theta : float, 1-D array_like or DataArray
        Polar angle in radians, from 0 (ground state, north pole) to pi (excited state, south
        pole). A 1-D array becomes the axis "theta" of every result.
    phi : float, 1-D array_like or DataArray
        Azimuthal angle in radians, from 0 to 2 pi.

    Returns
    -------
    Bloch
        A frozen description of the preparation.

    Raises
    ------
    TypeError
        If an angle is not a real number.
    ValueError
        If an angle is off the sphere or not finite.

    Notes
    -----
    Paper, Eq. 1. On a site with more levels its levels 0 and 1 are meant, the two that a Qudit
    lists first; of an Ensemble every cell is prepared so (a spin coherent state). A `theta` equal
    to the double nearest pi is the south pole itself: the ground amplitude is then zero, not 6e-17.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.bloch(np.pi / 2)
    Bloch(theta=1.5708, phi=0)
    >>> qb.bloch(np.linspace(0, np.pi, 5))
    Bloch(theta=<theta: 5; 0 to 3.14159>, phi=0)
    """
    return Bloch(theta, phi)


def fock(n: Values) -> Fock:
    """Prepare level n: n photons of an oscillator, the n-th level that a qudit lists, from 0 on.

    Of an ensemble of qubits, n are excited.

    Parameters
    ----------
    n : int, 1-D array_like or DataArray
        Zero or a positive whole number, below the site's number of levels; on an Ensemble of
        cells with more than two levels, a row of its `occupations`. A 1-D array becomes the axis
        "n" of every result.

    Returns
    -------
    Fock
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If n is not a whole number, or is negative.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.fock(3)
    Fock(n=3)
    """
    return Fock(n)


def coherent(alpha: Amplitude) -> Coherent:
    """Prepare an oscillator in a coherent state, with A|alpha> = alpha|alpha>.

    Parameters
    ----------
    alpha : complex, 1-D array_like or DataArray
        The amplitude; |alpha|^2 photons on average. A 1-D array becomes the axis "alpha".

    Returns
    -------
    Coherent
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If alpha is no finite number.

    Notes
    -----
    Amplitudes e^{-|alpha|^2/2} alpha^n / sqrt(n!): R. J. Glauber, Phys. Rev. 131, 2766 (1963).

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.coherent(1 + 2j)
    Coherent(alpha=1+2j)
    """
    return Coherent(alpha)


def squeezed(r: Values, angle: Values = 0.0) -> Squeezed:
    """Prepare an oscillator in a squeezed vacuum, with sinh(r)^2 photons on average.

    Parameters
    ----------
    r : float, 1-D array_like or DataArray
        How much it is squeezed; zero or positive. A 1-D array becomes the axis "r".
    angle : float, 1-D array_like or DataArray
        Twice the angle of the squeezed quadrature, in radians: the state is
        exp((z* A^2 - z A^dag^2) / 2)|0> with z = r e^{i angle}.

    Returns
    -------
    Squeezed
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If r is negative, or a number is not finite.

    Notes
    -----
    D. F. Walls, Nature 306, 141 (1983); the sign is that of ``qutip.squeeze``.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.squeezed(0.5)
    Squeezed(r=0.5, angle=0)
    """
    return Squeezed(r, angle)


def thermal(occupation: Values) -> Thermal:
    """Prepare a site in thermal equilibrium with a bath.

    Parameters
    ----------
    occupation : float, 1-D array_like or DataArray
        n, the mean Bose occupation of the bath at the site's first gap; the mean number of quanta
        of an oscillator. Zero or positive. A 1-D array becomes the axis "occupation".

    Returns
    -------
    Thermal
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If the occupation is negative or not finite.

    Notes
    -----
    With x = n/(n + 1) = e^{-gap/T}: level k has x^{E_k/gap}, normalised, E_k above the lowest level
    and the gap that of the two lowest, in whatever order they are listed. That is (1 - x) x^k for
    an oscillator and n/(2n + 1) for the upper level of a qubit. An Ensemble is in the Gibbs state
    on its symmetric ladder, to which a collective bath takes it, not in that of separate cells.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.thermal(0.5)
    Thermal(occupation=0.5)
    """
    return Thermal(occupation)


def gaussian(
    alpha: Amplitude = 0.0,
    r: Values = 0.0,
    angle: Values = 0.0,
    occupation: Values = 0.0,
) -> Gaussian:
    """Prepare an oscillator in any Gaussian state: thermal, then squeezed, then displaced.

    Parameters
    ----------
    alpha : complex, 1-D array_like or DataArray
        How far it is displaced, <A>; as of `coherent`.
    r, angle : float, 1-D array_like or DataArray
        How much it is squeezed, and twice the angle of the squeezed quadrature; as of `squeezed`.
    occupation : float, 1-D array_like or DataArray
        The quanta of the thermal state that is squeezed; as of `thermal`.

    Returns
    -------
    Gaussian
        A frozen description of the preparation. A 1-D array becomes the axis of its name.

    Raises
    ------
    TypeError, ValueError
        If a number is not finite or no number, or r or the occupation is negative.

    Notes
    -----
    The state D S rho S^dag D^dag with D = exp(alpha A^dag - alpha* A), S as of `squeezed`, and rho
    thermal; |alpha|^2 + (2 occupation + 1) sinh(r)^2 + occupation quanta on average: C. Weedbrook
    et al., Rev. Mod. Phys. 84, 621 (2012), Sec. II. It is pure where the occupation is 0.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.gaussian(1 + 2j, r=0.5, occupation=0.1)
    Gaussian(alpha=1+2j, r=0.5, angle=0, occupation=0.1)
    """
    return Gaussian(alpha, r, angle, occupation)


def gibbs(temperature: Values) -> Gibbs:
    """Prepare sites in the Gibbs state exp(-H/T)/Z of their own Hamiltonian.

    Parameters
    ----------
    temperature : float, 1-D array_like or DataArray
        T, in the unit of the frequencies (hbar = k_B = 1). Zero, which is the ground state, or
        positive. A 1-D array becomes the axis "temperature" of every result.

    Returns
    -------
    Gibbs
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If the temperature is no real number, negative or not finite. A system refuses 0 where the
        ground level is degenerate, and sites that interact always with others than its key names.

    Notes
    -----
    The state of a system in equilibrium with a bath: L. D. Landau and E. M. Lifshitz, Statistical
    Physics, Part 1, 3rd ed., Eq. 28.3. H is that of the sites which it prepares, with what is
    always on at one of them or between them (``always=True``): give those that interact as one
    tuple, as in ``{("x", "y"): gibbs(0.2)}``. Sites without such interactions are in the product of
    their Gibbs states: level k of each has e^{-E_k/T}, normalised. On one such site it is what
    `thermal` gives with n = 1/(e^{gap/T} - 1). An Ensemble is in the Gibbs state on its symmetric
    ladder; oscillators that interact always are cut where their levels are.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.gibbs(0.5)
    Gibbs(temperature=0.5)

    Two qubits that interact always, with the energies 0, 1/2, 3/2 and 2, before they are charged:

    >>> link = qb.exchange("x", "y", 0.5, always=True)
    >>> warm = qb.System({name: qb.Qubit() for name in "xy"}, [link], [], ["x", "y"])
    >>> table = warm.charge({("x", "y"): qb.gibbs([0.0, 1.0])}, 0.0, ["energy"])
    >>> table.energy.values.round(6)
    array([0.      , 0.462409])
    """
    return Gibbs(temperature)


def state(ket_or_density_matrix: MatrixLike, *, levels: Iterable[int] | None = None) -> State:
    """Prepare any state of a site, or of several sites together.

    Parameters
    ----------
    ket_or_density_matrix : array_like, Qobj or DataArray, shape (d,), (d, 1) or (d, d)
        Index 0 is the ground state; of a Qudit index k is the k-th level listed. A ket has norm 1;
        a density matrix is Hermitian, positive and of trace 1 (tolerance 1e-8). An oscillator's
        levels from d on are empty. A DataArray with dimensions "row" and "column" may have others,
        in any order, which become axes of every result, with their labels: a batch of density
        matrices, such as those that `System.density_matrix` gave for an earlier time. A ket as a
        DataArray has one dimension, of any name.
    levels : list of int, optional
        Of each site, where several start in it together; their product is d.

    Returns
    -------
    State
        A frozen description of the preparation.

    Raises
    ------
    TypeError, ValueError
        If it holds no numbers, is no state, does not fit its levels, or has a dimension "time":
        rename that one.

    Notes
    -----
    Of several sites, as in ``{("a", "b"): state(rho)}``, the first of the tuple is the slowest, as
    in ``np.kron``. How many levels each has, `levels` says, the `dims` of a Qobj, or the attribute
    "levels" of a DataArray; an array without them has as many as the sites have, where one
    oscillator may have fewer: as many as the dimension of the state leaves to it.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.state(np.array([0.6, 0.8j]))
    State(array=<array 2>)

    A Bell pair of charger and battery:

    >>> bell = {("charger", "battery"): qb.state(np.array([1, 0, 0, 1]) / np.sqrt(2))}
    >>> qb.QubitPair().system().charge(bell, [0.0, 1.0], ["energy"]).energy.values.round(6)
    array([0.5, 0.5])

    Two quanta, either both in one oscillator or both in the other, a NOON state:

    >>> noon = np.zeros((3, 3))
    >>> noon[2, 0] = noon[0, 2] = 1 / np.sqrt(2)
    >>> both = {("a", "b"): qb.state(noon.ravel(), levels=[3, 3])}
    >>> modes = {name: qb.Oscillator(loss=0.1) for name in ("a", "b", "battery")}
    >>> links = [qb.exchange("a", "battery", 1.0), qb.exchange("b", "battery", 1.0)]
    >>> star = qb.System(modes, links, ["a", "b"], "battery")
    >>> star.charge(both, [0.0, 1.0], ["energy"]).energy.values.round(6)
    array([0.      , 0.882833])
    """
    return State(ket_or_density_matrix, levels)
