"""Reference values for the pair in 150-digit arithmetic, by a road that shares nothing with ours.

The amplitudes come from the matrix exponential of the non-Hermitian Hamiltonian, on a sample
checked against that of the full 16 x 16 Liouvillian; energies, ergotropy and capacity from the
eigenvalues of the battery's density matrix; the concurrence from Wootters' definition; the best
times from a dense scan over all times, refined as roots of the derivative.

Run `python tests/reference/generate.py` to write pair.csv and optimum.csv again (a minute or two).
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
from mpmath import mp, mpf

mp.dps = 150
HERE = Path(__file__).parent
INPUTS = ["theta", "frequency", "coupling", "charger_loss", "battery_loss", "detuning"]
MEASURES = [
    "energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity",
    "energy_variance", "power", "passive_power", "ergotropic_power", "population",
    "population_inversion", "coherence", "concurrence",
]  # fmt: skip


def amplitudes(point, t):
    """Charger and battery amplitudes of one excitation that starts in the charger."""
    J, ga, gb, d = (mpf(point[k]) for k in INPUTS[2:])
    effective = mp.matrix([[d - 1j * ga / 2, J], [J, -1j * gb / 2]])
    column = mp.expm(-1j * effective * t)
    return column[0, 0], column[1, 0]


def joint_state(point, t):
    """The 4x4 state in the basis 00, 01, 10, 11, phi = 0, in the battery's rotating frame."""
    charger, battery = amplitudes(point, t)
    theta = mpf(point["theta"])
    vector = mp.matrix([mp.cos(theta / 2), mp.sin(theta / 2) * battery,
                        mp.sin(theta / 2) * charger, 0])  # fmt: skip
    rho = vector * vector.H
    rho[0, 0] += 1 - mp.fsum(rho[k, k].real for k in range(4))
    return rho


def joint_state_by_liouvillian(point, t):
    """The same from the exponential of the full Liouvillian."""
    J, ga, gb, d = (mpf(point[k]) for k in INPUTS[2:])
    one = mp.matrix([[1, 0], [0, 1]])
    lower = mp.matrix([[0, 1], [0, 0]])

    def kron(x, y):
        return mp.matrix(
            [[x[i // y.rows, j // y.cols] * y[i % y.rows, j % y.cols]
              for j in range(x.cols * y.cols)] for i in range(x.rows * y.rows)]
        )  # fmt: skip

    a, b, identity = kron(lower, one), kron(one, lower), mp.eye(4)
    h = d * a.H * a + J * (a.H * b + b.H * a)
    generator = -1j * (kron(h, identity) - kron(identity, h.T))  # row-major vectorisation
    for g, op in ((ga, a), (gb, b)):
        n = op.H * op
        generator += g * (
            kron(op, op.conjugate()) - kron(n, identity) / 2 - kron(identity, n.T) / 2
        )
    theta = mpf(point["theta"])
    start = mp.matrix([mp.cos(theta / 2), 0, mp.sin(theta / 2), 0])
    rho = start * start.H
    flat = mp.expm(generator * t) * mp.matrix([rho[i, j] for i in range(4) for j in range(4)])
    return mp.matrix([[flat[4 * i + j] for j in range(4)] for i in range(4)])


def merits(point, t):
    """All measures from the joint state."""
    rho, w = joint_state(point, t), mpf(point["frequency"])
    p = (rho[1, 1] + rho[3, 3]).real
    c = abs(rho[1, 0] + rho[3, 2])
    gap = mp.sqrt(1 - 4 * (p * (1 - p) - c**2))
    low, high = w * (1 - gap) / 2, w * (1 + gap) / 2
    energy = w * p
    work = energy - low
    flip = mp.matrix([[0, 0, 0, -1], [0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0]])
    spectrum = mp.eig(rho * flip * rho.conjugate() * flip, left=False, right=False)
    roots = sorted((mp.sqrt(abs(x)) for x in spectrum), reverse=True)
    return {
        "energy": energy, "passive_energy": low, "active_energy": high, "ergotropy": work,
        "antiergotropy": energy - high, "capacity": high - low,
        "energy_variance": w**2 * p * (1 - p), "power": energy / t, "passive_power": low / t,
        "ergotropic_power": work / t, "population": p, "population_inversion": p - mpf(1) / 2,
        "coherence": c, "concurrence": max(mpf(0), roots[0] - roots[1] - roots[2] - roots[3]),
    }  # fmt: skip


def draw(rng):
    """A random point: any preparation, any loss, now and then with detuning and battery loss."""
    near_pole = np.pi - 10 ** rng.uniform(-8, 0)
    theta = rng.choice([10 ** rng.uniform(-8, np.log10(np.pi)), rng.uniform(0, np.pi), near_pole])
    coupling = rng.choice([1.0, 10 ** rng.uniform(-2, 2)])
    loss = rng.choice([0.0, 10 ** rng.uniform(-6, 2), rng.uniform(0, 8), "edge"])
    if loss == "edge":
        loss = 4 * (1 + rng.choice([0, 1, -1]) * 10 ** rng.uniform(-15, -1))
    more = rng.random() < 0.3
    return {
        "theta": float(theta), "frequency": rng.choice([1.0, 10 ** rng.uniform(-1, 1)]),
        "coupling": coupling, "charger_loss": loss * coupling,
        "battery_loss": rng.choice([0.0, loss * coupling, coupling * 10 ** rng.uniform(-12, 1)])
        if more else 0.0,
        "detuning": rng.choice([0.0, rng.uniform(-5, 5), 10 ** rng.uniform(-12, 0)]) * coupling
        if more else 0.0,
    }  # fmt: skip


def charge_rows(count, rng):
    """Points with their measures; `steep` lists those that are next to a zero or vary wildly."""
    rows = []
    while len(rows) < count:
        point = draw(rng)
        quarter = rng.randint(1, 12) * np.pi / 2  # near the zeros and the maxima of F
        scaled = rng.choice([10 ** rng.uniform(-9, np.log10(20)), rng.uniform(0, 20),
                             quarter * (1 + 10 ** rng.uniform(-9, -2))])  # fmt: skip
        time = scaled / point["coupling"]
        t = mpf(time)
        values, near = merits(point, t), merits(point, t * (1 + mpf(10) ** -9))
        if values["energy"] < mpf(10) ** -90:
            continue  # all has leaked away, and 150 digits no longer resolve the passive energy
        steep = [k for k in MEASURES if abs(near[k] - values[k]) > 1000e-9 * abs(values[k])]
        if len(rows) % 50 == 0:
            full, short = joint_state_by_liouvillian(point, t), joint_state(point, t)
            assert mp.norm(full - short) < mpf(10) ** -100
        rows.append(point | {"time": time} | {k: mp.nstr(values[k], 20) for k in MEASURES}
                    | {"steep": " ".join(steep)})  # fmt: skip
    return rows


def optimum_rows(count, rng):
    """Best times and maxima; the quantity as a function of time, maximised without theory."""
    rows = []
    while len(rows) < count:
        point = draw(rng)
        row = dict(point)
        for name in ("energy", "power", "ergotropy", "ergotropic_power"):
            best = maximum(point, name)
            row[f"{name}_time"], row[f"{name}_max"] = (mp.nstr(x, 20) for x in best)
        rows.append(row)
    return rows


def maximum(point, name):
    """Global maximum over time of one quantity: scan in doubles, root in many digits."""
    J = point["coupling"]
    slow = [1.0, *(x / J for x in (point["charger_loss"], point["battery_loss"]))]
    scan = np.union1d(np.geomspace(1e-4, 300 * max(slow), 20001), np.linspace(0.001, 60, 60001)) / J
    values = quick(point, name, scan)
    first = int(np.argmax(values > (1 - 1e-5) * values.max()))  # of the periods that tie
    while values[first + 1] > values[first]:
        first += 1
    start = float(scan[first])

    def quantity(t):
        _, battery = amplitudes(point, t)
        s = mp.sin(mpf(point["theta"]) / 2) ** 2
        p = s * abs(battery) ** 2
        value = p * mpf(point["frequency"])
        if "ergotropy" in name or "ergotropic" in name:
            c2 = p * mp.cos(mpf(point["theta"]) / 2) ** 2
            value = mpf(point["frequency"]) * (p - (1 - mp.sqrt(1 - 4 * (p * (1 - p) - c2))) / 2)
        return value / t if "power" in name else value

    def slope(t):
        step = t * mpf(10) ** -40
        return (quantity(t + step) - quantity(t - step)) / (2 * step)

    reach = min(start / 2, 0.0015 * max(start, 1 / J))
    root = mp.findroot(slope, (mpf(start - reach), mpf(start + reach)), solver="anderson",
                       tol=1e-70, maxsteps=200, verify=False)  # fmt: skip
    assert slope(root - mpf(10) ** -30 * root) > 0 > slope(root + mpf(10) ** -30 * root), point
    return root, quantity(root)


def quick(point, name, t):
    """The quantity in doubles, by diagonalisation, only good enough to find the right peak."""
    J, ga, gb, d = (point[k] for k in INPUTS[2:])
    h = np.array([[d - 0.5j * ga, J], [J, -0.5j * gb]]) + np.diag(
        [1e-7, 0]
    )  # off the exceptional point
    values, vectors = np.linalg.eig(h)
    weights = vectors[1] * np.linalg.inv(vectors)[:, 0]
    p = np.sin(point["theta"] / 2) ** 2 * np.abs(np.exp(-1j * np.outer(t, values)) @ weights) ** 2
    c2 = p * np.cos(point["theta"] / 2) ** 2
    inversion = p - 0.5
    r = np.hypot(inversion, np.sqrt(c2))
    work = np.where(inversion > 0, inversion + r, c2 / np.maximum(r - inversion, 1e-30))
    value = work if "ergotropy" in name or "ergotropic" in name else p
    return value / t if "power" in name else value


def write(name, rows):
    """Write rows as a CSV file."""
    with (HERE / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write("pair.csv", charge_rows(1000, random.Random(70)))
    write("optimum.csv", optimum_rows(150, random.Random(71)))
