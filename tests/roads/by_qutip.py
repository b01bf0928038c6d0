"""Charging by QuTiP: what `to_qutip` gives, evolved by its solvers or by matrix exponentials."""

import copy
from math import prod

import numpy as np
import qutip
import xarray as xr
from scipy.sparse.linalg import expm_multiply

import quantumbattery as qb
from quantumbattery.network.amplitudes import is_pure
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.sites import Site

EXACT = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 10**6, "method": "dop853"}


def states(model, start, times):
    """Kets or density matrices at rising times."""
    lossy = bool(model.c_ops)
    if isinstance(model.H, qutip.QobjEvo):
        options = EXACT | {"progress_bar": "", "store_states": True}
        solve = qutip.mesolve if lossy else qutip.sesolve
        if start.isoper and not lossy:
            return qutip.mesolve(model.H, start, [0.0, *times], options=options).states[1:]
        collapse = [model.c_ops] if lossy else []
        return solve(model.H, start, [0.0, *times], *collapse, options=options).states[1:]
    if lossy or start.isoper:
        rho = start if start.isoper else start.proj()
        generator = qutip.liouvillian(model.H, model.c_ops).to("CSR").data.as_scipy()
        vector = rho.full().ravel(order="F")
        shape, dims = rho.shape, rho.dims
    else:
        generator, vector = -1j * model.H.to("CSR").data.as_scipy(), start.full().ravel()
        shape, dims = start.shape, start.dims
    found, now = [], 0.0
    for time in times:
        vector = expm_multiply((time - now) * generator.tocsc(), vector)
        now = time
        found.append(qutip.Qobj(vector.reshape(shape, order="F"), dims=dims))
    return found


def energy_and_ergotropy(model, start, times):
    found = states(model, start, times)
    energy = [qutip.expect(model.battery_hamiltonian, state) for state in found]
    cells = [state.ptrace(model.battery) for state in found]
    work = [qb.ergotropy(rho.full(), model.battery_alone.full()) for rho in cells]
    return np.array(energy), np.array([float(w) for w in work])


def charged(system, preparation, times):
    """Our table."""
    ladder = any(isinstance(system.sites[name], Ensemble) for name in system.battery)
    how = "collective" if ladder else "global"
    return system.charge(preparation, times, ["energy", "ergotropy"], how)


def difference(system, preparation, times, table=None):
    """The largest between our table and QuTiP, in energy and in ergotropy."""
    table = charged(system, preparation, times) if table is None else table
    model = system.to_qutip(levels_of(system, preparation, times, table))
    energy, work = energy_and_ergotropy(model, model.initial(preparation), times)
    return max(np.abs(energy - table.energy).max(), np.abs(work - table.ergotropy).max())


def difference_of_states(system, preparation, times):
    """The largest between elements of the state of all sites, whose levels are given."""
    ours = system.density_matrix(preparation, times, list(system.sites))
    model = system.to_qutip()
    found = states(model, model.initial(preparation), times)
    theirs = np.array([(s.proj() if s.isket else s).full() for s in found])
    return np.abs(ours.to_numpy() - theirs).max()


def is_mixed(system, preparation):
    """Whether the state is a matrix."""
    starts = preparation.values() if isinstance(preparation, dict) else [preparation]
    lossy = bool(system.joint_losses) or any(s.losses(2) for s in system.sites.values())
    return lossy or not all(map(is_pure, starts))


def levels_of(system, preparation, times, table):
    """How many levels QuTiP needs of oscillators that choose theirs, or have none."""
    told = [each.rsplit(": ", 1) for each in table.attrs.get("levels", "").split(", ") if each]
    known = {name: int(n) for name, n in told}
    if "levels" in table.attrs and "displaced" not in table.attrs:
        return known
    free = [n for n, site in system.sites.items() if site.dimension is None and n not in known]
    every = np.linspace(0.0, np.max(times), 9)
    rho = {name: system.density_matrix(preparation, every, name) for name in free}
    most = max((each.attrs["levels"][0] for each in rho.values()), default=0)
    return known | dict.fromkeys(free, most)


def size(system, preparation, times, table, most):
    """How many levels all sites have together, or a number beyond the most."""
    if (least := _at_least(system, preparation, times)) > most:
        return least
    chosen = levels_of(system, preparation, times, table)
    return prod(site.dimension or chosen[name] for name, site in system.sites.items())


def _at_least(system, preparation, times):
    """So many levels by what is cheap to know: a mean occupation is below the number of levels."""
    fewest = {name: site.dimension or 2 for name, site in system.sites.items()}
    for measure, names in (("energy", system.battery), ("charger_energy", system.charger)):
        free = [name for name in names if system.sites[name].dimension is None]
        if len(names) == len(free) == 1:
            every = np.append(0.0, times)
            held = float(system.charge(preparation, every, [measure])[measure].max())
            quanta = held / float(system.sites[names[0]].frequency)
            fewest[names[0]] = max(2, int(quanta) + 1)
    return prod(fewest.values())


def one_of_each(described):
    """A description with one value, the middle one, of every array."""
    if isinstance(described, dict):
        return {name: one_of_each(each) for name, each in described.items()}
    one = copy.copy(described)
    for name, value in vars(described).items():
        if isinstance(value, tuple) and any(isinstance(v, xr.DataArray) for v in value):
            value = tuple(_middle(v) for v in value)
        elif isinstance(value, Site):
            value = one_of_each(value)
        elif name != "envelope":
            value = _middle(value)
        object.__setattr__(one, name, value)
    return one


def _middle(value):
    if not isinstance(value, xr.DataArray):
        return value
    return value.isel({axis: n // 2 for axis, n in value.sizes.items()}).item()


def one_system(system):
    sites = {name: one_of_each(site) for name, site in system.sites.items()}
    links = [one_of_each(each) for each in system.links]
    return qb.System(sites, links, system.charger, system.battery)
