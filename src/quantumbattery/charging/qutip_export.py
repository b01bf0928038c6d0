"""A system as QuTiP's objects, for its solvers: Monte Carlo, Floquet, correlations, control."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.joint_starts import DEGENERATE_BATTERY, joint_starts
from quantumbattery.machine import allow, at_work
from quantumbattery.network.amplitudes import amplitudes, density_matrix, is_pure, largest_tail
from quantumbattery.network.full_space import (
    FullSpace,
    Matrix,
    alone,
    is_shared,
    lowest,
)
from quantumbattery.network.joint_starts import parameters_of, state_of
from quantumbattery.network.named_states import Fock, Preparation, Started
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.network.starts import at_rest, by_site, prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import choices, listed, short
from quantumbattery.quantities.parameters import one_number, whole_number
from quantumbattery.quantities.warned import warn

_MISSED = 1e-10  # of a preparation, beyond the levels, from which on a warning says so


@dataclass(frozen=True, eq=False, repr=False)
class QutipModel:
    """A system as QuTiP's objects; made by `System.to_qutip`.

    Attributes
    ----------
    H : Qobj or QobjEvo
        The Hamiltonian while charging, in the laboratory frame; a QobjEvo where a drive changes
        in time.
    c_ops : list of Qobj
        Lindblad operators, each with the root of its rate.
    battery_hamiltonian : Qobj
        What measures the battery's energy, on the full space: its sites and what is always on
        between them, its lowest level at 0.
    battery_alone : Qobj
        The same on the battery's sites alone, as `state.ptrace(battery)` has them.
    battery : list of int
        Which factors are the battery's, in the order of the sites.
    sites : tuple of str
        The factors, in order.
    levels : dict of str to int
        How many levels each has; level 0 comes first, an ensemble has those of its `occupations`.
    dims : list of int
        The same numbers alone, as `qutip.basis` takes them.

    Notes
    -----
    One factor for each site, in their order, index 0 the ground state (of a Qudit the level listed
    first). An Ensemble is one factor, its symmetric ladder: what takes work out of its state does
    so collectively. All links, drives and losses are on from t = 0. QuTiP's solvers step over short
    pulses: tell them with ``options={"max_step": ...}``.

    Examples
    --------
    >>> import numpy as np
    >>> import qutip
    >>> import quantumbattery as qb
    >>> cavity = qb.models.tavis_cummings(cells=2, charger_loss=0.2)
    >>> times = [0.0, 0.5, 1.0]
    >>> table = cavity.charge(qb.fock(2), times, extraction="collective")
    >>> model = cavity.to_qutip(table.attrs["levels"])
    >>> exact = {"atol": 1e-12, "rtol": 1e-10}
    >>> start = model.initial(qb.fock(2))
    >>> found = qutip.mesolve(model.H, start, times, model.c_ops, options=exact)
    >>> stored = qutip.expect(model.battery_hamiltonian, found.states)
    >>> bool(np.allclose(stored, table.energy, atol=1e-9))
    True
    >>> cells = [state.ptrace(model.battery) for state in found.states]
    >>> work = [qb.ergotropy(rho, model.battery_alone) for rho in cells]
    >>> bool(np.allclose(work, table.ergotropy, atol=1e-9))
    True
    """

    H: Any
    c_ops: list[Any]
    battery_hamiltonian: Any
    battery_alone: Any
    battery: list[int]
    levels: dict[str, int]
    _space: FullSpace
    _ground: tuple[float, Array] | None  # of a battery that interacts always
    _limit: float

    @property
    def sites(self) -> tuple[str, ...]:
        """The factors, in order."""
        return tuple(self.levels)

    @property
    def dims(self) -> list[int]:
        """The levels of each factor."""
        return list(self.levels.values())

    def __repr__(self) -> str:
        held = ", ".join(f"{name}: {n}" for name, n in self.levels.items())
        evolving = "QobjEvo" if _changes(self._space) else "Qobj"
        return f"QutipModel({held}; H a {evolving}, {len(self.c_ops)} c_ops)"

    def number(self, site: str) -> Any:
        """A^dag A of a site on the full space; of an Ensemble the sum of its cells'.

        Of qubits, oscillators and ensembles of qubits it counts excitations.

        Examples
        --------
        >>> import quantumbattery as qb
        >>> model = qb.models.qubit_pair().to_qutip()
        >>> model.number("battery").diag()
        array([0., 1., 0., 1.])
        """
        if not isinstance(site, str) or site not in self.levels:
            raise ValueError(f"there is no site {site!r}; {choices(site, self.levels, most=8)}")
        return _qobj(self._space.number(site), self.dims)

    @at_work()
    def initial(self, preparation: Preparation | Mapping[str, Preparation]) -> Any:
        """The state at t = 0: a ket if every site starts in one, otherwise a density matrix.

        Parameters
        ----------
        preparation : preparation, or dict of str to preparation
            As of `System.charge`. Sites that are not named start in their lowest level, those of a
            battery that interacts always in their common ground state, if none of them is named.

        Returns
        -------
        Qobj
            What of a preparation lies beyond the levels of an oscillator is left out, and the rest
            has norm 1 again, as for `System.charge`.

        Raises
        ------
        TypeError, ValueError
            If the preparation makes no sense, has an axis, or its density matrix is too large.

        Warns
        -----
        UserWarning
            If the levels of an oscillator leave out more than 1e-10 of its preparation.

        Examples
        --------
        >>> import numpy as np
        >>> import quantumbattery as qb
        >>> model = qb.models.qubit_pair().to_qutip()
        >>> model.initial(qb.fock(1)).full().real.ravel()  # charger first: |1, 0>
        array([0., 0., 1., 0.])
        >>> model.initial({"battery": qb.thermal(1.0)}).diag().round(6)
        array([0.666667, 0.333333, 0.      , 0.      ])
        """
        network, levels = self._space.network, self.levels
        started = by_site(preparation, network)
        _check_one_start(started)
        joints = joint_starts(network, started, Batch.of({}, {}, False, 0.0), None, self._limit)
        parts = [(each.sites, state_of(each, levels)) for each in joints]
        if self._ground is not None and prepared_sites(started).isdisjoint(network.battery):
            _check_ground(self._space, *self._ground)
            parts.append((tuple(alone(self._space).levels), self._ground[1]))
        held = {name for ends, _ in parts for name in ends}
        every = at_rest(network, {**dict.fromkeys(held, Fock(0.0)), **started})
        for name, site in network.sites.items():
            if name not in held:
                each, n = every.get(name, Fock(0.0)), levels[name]
                _look_at_tail(name, each, site, n)
                parts.append(((name,), _state(each, site, n)))
        return _product(parts, levels, self._limit)


def to_qutip(
    network: Network, levels: Mapping[str, int] | str | None = None, limit: float = 2.0
) -> QutipModel:
    """Build the model; `System.to_qutip` says what everything means."""
    qutip = _qutip()
    _check_one(network)
    one_number("limit", limit, "a positive number of GiB", 1e-9)
    space = _space(network, _levels(network, levels))
    space.check(limit)
    dims = list(space.levels.values())
    own = alone(space)
    single = own.on_all(own.battery())
    always = any(each.always for each in network.interactions)
    ground = lowest(single, limit) if always else None
    least = ground[0] if ground else 0.0
    return QutipModel(
        H=_hamiltonian(qutip, space, dims),
        c_ops=[_qobj(space.on_all([part]), dims) for part in space.losses()],
        battery_hamiltonian=_qobj(_above(space.on_all(space.battery()), least), dims),
        battery_alone=_qobj(_above(single, least), list(own.levels.values())),
        battery=[k for k, name in enumerate(space.levels) if name in own.levels],
        levels=space.levels,
        _space=space,
        _ground=ground,
        _limit=limit,
    )


# --- QuTiP's objects -----------------------------------------------------------------------------


def _qutip() -> Any:
    try:
        import qutip
    except ImportError:
        how = "pip install 'quantumbattery[qutip]' brings it"
        raise ImportError(f"to_qutip needs QuTiP: {how}") from None
    return qutip


def _qobj(matrix: Matrix, dims: Sequence[int]) -> Any:
    """A Hermitian matrix or any other operator."""
    # Versions before QuTiP 5.3 take SciPy's matrices, and not its arrays.
    return _qutip().Qobj(csr_matrix(matrix), dims=[list(dims), list(dims)])


def _above(matrix: Matrix, ground: float) -> Matrix:
    """A Hamiltonian, counted from its lowest energy."""
    from scipy.sparse import eye_array

    return (matrix - ground * eye_array(matrix.shape[0])).tocsr() if ground else matrix


def _changes(space: FullSpace) -> bool:
    return not all(wave.constant for _, wave in space.fields())


def _hamiltonian(qutip: Any, space: FullSpace, dims: Sequence[int]) -> Any:
    """All that stays in one Qobj, and beside it what changes."""
    still = list(space.hamiltonian())
    moving = []
    for part, wave in space.fields():
        if wave.constant:
            still.append(type(part)(part.ends, wave.at(0.0) * part.matrix))
        else:
            moving.append([_qobj(space.on_all([part]), dims), wave.at])
    constant = _qobj(space.on_all(still), dims)
    return qutip.QobjEvo([constant, *moving]) if moving else constant


# --- how it starts -------------------------------------------------------------------------------


def _check_ground(space: FullSpace, energy: float, ket: Array) -> None:
    """Raise ValueError if the battery's own Hamiltonian has several states of lowest energy."""
    own = alone(space)
    if is_shared(own.on_all(own.battery()), energy, ket):
        start = ", ".join(f"{name!r}: fock(0)" for name in space.network.battery)
        raise ValueError(DEGENERATE_BATTERY.format(start))


def _state(each: Preparation, site: Site, levels: int) -> Array:
    """The amplitudes or the density matrix of one site, normalised."""
    if is_pure(each):
        ket = amplitudes(each, site, levels).to_numpy()
        return np.asarray(ket / np.linalg.norm(ket))
    matrix = density_matrix(each, site, levels).to_numpy()
    return np.asarray(matrix / np.trace(matrix))


def _product(
    parts: Sequence[tuple[tuple[str, ...], Array]], levels: Mapping[str, int], limit: float
) -> Any:
    """The product of states of different sites, each a ket or a density matrix."""
    order = [name for ends, _ in parts for name in ends]
    sizes, place = [levels[name] for name in order], [order.index(name) for name in levels]
    mixed = any(array.ndim == 2 for _, array in parts)
    size = prod(sizes)
    if mixed:
        allow("numbers of a density matrix of all sites", size**2, 32.0, limit)
    arrays = [
        np.outer(array, array.conj()) if mixed and array.ndim == 1 else array for _, array in parts
    ]
    whole = reduce(np.kron, arrays)
    dims = list(levels.values())
    if not mixed:
        ket = whole.reshape(sizes).transpose(place).reshape(size, 1)
        return _qutip().Qobj(ket, dims=[dims, [1]])
    both = [*place, *(len(place) + k for k in place)]
    matrix = whole.reshape(sizes + sizes).transpose(both).reshape(size, size)
    return _qutip().Qobj(matrix, dims=[dims, dims])


def _look_at_tail(name: str, each: Preparation, site: Site, levels: int) -> None:
    """Say how much of a preparation lies beyond the levels, or refuse it where all of it does."""
    missed = largest_tail(each, site, levels)
    if missed > 1 - _MISSED:
        raise ValueError(
            f"{short(each)} lies beyond the {levels} levels of {name!r}: give it more levels"
        )
    if missed > _MISSED:
        warn(
            f"the {levels} levels of {name!r} leave out {missed:.1g} of {short(each)}: give more",
        )


# --- what comes in -------------------------------------------------------------------------------


def _check_one(network: Network) -> None:
    """Raise ValueError if a number of the system has an axis."""
    for where, value in network.arrays.items():
        raise ValueError(_several(where, value))


def _check_one_start(started: Started) -> None:
    for name, each in started.items():
        for number, value in parameters_of(each).items():
            if hasattr(value, "dims"):
                raise ValueError(_several(f"{number} of the preparation of {name!r}", value))


def _several(what: str, value: Any) -> str:
    axes = listed(f"{axis!r} ({size} values)" for axis, size in value.sizes.items())
    return (
        f"{what} has the axis {axes}, but QuTiP takes one system at a time: pick one value, such "
        f"as {value.to_numpy().flat[0]:.6g}, and call to_qutip for each"
    )


def _levels(network: Network, given: Mapping[str, int] | str | None) -> dict[str, int]:
    """The levels of every oscillator that has none of its own."""
    rule = (
        "levels is a dict of the oscillators' names to numbers of levels, or the text that a table "
        "of charge has as attrs['levels'], such as 'cavity: 43'"
    )
    if isinstance(given, str):
        given = _read(network, given, rule)
    elif not isinstance(given, Mapping | None):
        raise TypeError(f"{rule}; got {given!r:.60}")
    found = {}
    for name, n in (given or {}).items():
        site = network.sites.get(name)
        if site is None:
            told = choices(name, network.sites, "the sites are", most=8)
            raise ValueError(f"levels name {name!r}, but {told}")
        if not isinstance(site, Oscillator):
            raise ValueError(f"levels are for oscillators, but {name!r} is {site!r:.60}")
        count = f"levels of {name!r} must be a whole number of at least 2"
        found[name] = whole_number(n, 2, count)
        if site.levels not in (None, found[name]):
            raise ValueError(
                f"levels say {found[name]} of {name!r}, but it has levels={site.levels} of its "
                "own: leave one of them out"
            )
    if free := [n for n, site in network.sites.items() if not (site.dimension or n in found)]:
        raise ValueError(
            f"the oscillator {free[0]!r} chooses its own levels, which QuTiP does not: say how "
            f"many, such as levels={{{free[0]!r}: 20}}, or pass what the table of a charge says, "
            "levels=table.attrs['levels'], if it has chosen some"
        )
    return found


def _read(network: Network, text: str, rule: str) -> dict[str, int]:
    """The levels in the text of a table, whatever the names of the sites."""
    known = sorted(network.sites, key=len, reverse=True)  # a name may begin as another does
    one = re.compile(f"({'|'.join(map(re.escape, known))}): (\\d+)(?:, |$)")
    found, rest = {}, text
    while rest:
        part = one.match(rest)
        if part is None:
            raise ValueError(f"{rule}; of sites {listed(network.sites)}; got {text!r:.60}")
        found[part[1]] = int(part[2])
        rest = rest[part.end() :]
    return found


def _space(network: Network, levels: Mapping[str, int]) -> FullSpace:
    """The product of all levels; every oscillator of its network is given them."""
    every = {name: site.dimension or levels[name] for name, site in network.sites.items()}
    if not levels:
        return FullSpace(network, every)
    sites = {
        name: Oscillator(site.frequency, site.loss, site.dephasing, site.occupation, every[name])
        if isinstance(site, Oscillator)
        else site
        for name, site in network.sites.items()
    }
    links = network.links
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there is to say was said when it was made
        return FullSpace(Network(sites, links, network.charger, network.battery), every)
