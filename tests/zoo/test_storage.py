"""The cycles of the zoo, stroke by stroke, with QuTiP's solver and QuTiP's own partial traces."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.zoo import collisions, storage

qutip = pytest.importorskip("qutip")
OPTIONS = {"rtol": 1e-11, "atol": 1e-13}


def strokes_by_qutip(protocol, fresh, battery):
    """The battery, the second site, after each stroke; all others begin anew in every cycle."""
    found = [battery]
    for _ in range(protocol.repeat):
        joint = fresh(found[-1])
        for stroke in protocol.strokes:
            model = stroke.system.to_qutip()
            span = [0, stroke.duration]
            joint = qutip.mesolve(model.H, joint, span, model.c_ops, options=OPTIONS).final_state
            found.append(joint.ptrace(1))
    return found


def test_cycles_are_those_of_qutip():
    theta = 2.0
    protocol = storage._cycles(3, qb.bloch(theta))
    ket = np.cos(theta / 2) * qutip.basis(2, 0) + np.sin(theta / 2) * qutip.basis(2, 1)
    ground = qutip.fock_dm(2, 0)

    def fresh(battery):  # the load, which nothing moves before its own stroke, a little early
        return qutip.tensor(qutip.ket2dm(ket), battery, ground)

    states = strokes_by_qutip(protocol, fresh, ground)
    table = protocol.charge({}, measures=["energy", "ergotropy"])
    energies = [rho.full()[1, 1].real for rho in states]
    work = [e - np.linalg.eigvalsh(rho.full())[0] for e, rho in zip(energies, states, strict=True)]
    np.testing.assert_allclose(table.energy, energies, atol=1e-9)
    np.testing.assert_allclose(table.ergotropy, work, atol=1e-9)


def test_a_leaking_micromaser_is_that_of_qutip():
    cavity = collisions._cavity(0.9, 6, loss=0.02)
    atom = qb.Stroke(cavity, collisions.TURN, reset={"unit": qb.state(np.array([0.6, 0.8]))})
    protocol = qb.Protocol([atom], repeat=4)
    ket = 0.6 * qutip.basis(2, 0) + 0.8 * qutip.basis(2, 1)

    def fresh(battery):
        return qutip.tensor(qutip.ket2dm(ket), battery)

    states = strokes_by_qutip(protocol, fresh, qutip.fock_dm(6, 0))
    rho = protocol.density_matrix({}).to_numpy()
    np.testing.assert_allclose(rho, [one.full() for one in states], atol=1e-9)
