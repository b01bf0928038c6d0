"""Models, preparations and figures of merit with an argument that is extreme."""

import warnings
from inspect import signature

import numpy as np

import quantumbattery as qb
from fuzz.child import ENDLESS, forked

EXTREME = [
    0.0,
    -1.0,
    np.nan,
    np.inf,
    -np.inf,
    1e308,
    1e30,
    1e-300,
    1e9,
    1e-9,
    2,
    17,
    "1",
    None,
    1j,
    True,
    [],
    [1.0, np.nan],
]


def numbers(rng):
    """A model, a preparation or a figure of merit with one argument that is extreme."""
    value = rng.choice(EXTREME)
    if rng.random() < 0.2:
        rho = np.diag([0.25, 0.75]).astype(complex)
        rho[rng.randrange(2), rng.randrange(2)] = value if isinstance(value, int | float) else 2.0
        name = rng.choice(["ergotropy", "purity", "entropy", "coherent_ergotropy", "capacity"])
        arguments = (rho,) if name in ("purity", "entropy") else (rho, np.diag([0.0, 1.0]))
        case, work = (name, rho.tolist()), lambda: check(getattr(qb, name)(*arguments))
    else:
        model = getattr(qb.models, rng.choice(qb.models.__all__))
        where = rng.choice([*signature(model).parameters, "times", "limit", "n"])
        own = {where: value} if where in signature(model).parameters else {}
        times = value if where == "times" else [0.0, 0.5, 2.0]
        many = value if where == "n" else 1
        limit = value if where == "limit" else 2.0
        seek, case = rng.random() < 0.4, (model.__name__, where, value)

        def work():
            system = model(**own)
            start = {} if not system.charger or system.drives else qb.fock(many)
            if seek:
                check(
                    system.optimum(start, times if where == "times" else 2.0, limit=limit), nan=True
                )
            else:
                check(system.charge(start, times, limit=limit))

    def quiet():
        warnings.simplefilter("ignore")
        try:
            work()
        except (ValueError, TypeError) as error:
            if "\n" in str(error).strip() or not str(error).strip():
                raise RuntimeError(f"no sentence: {error!r}") from error
            raise SystemExit(2) from None

    code, _, err, seconds = forked(quiet)
    wrong = "did not end" if code is None else None if code in (0, 2) else err.strip()[-400:]
    return code, wrong, (case, round(seconds, 1))


def check(found, nan=False):
    """Raise RuntimeError for what is not finite; times of nothing are NaN."""
    columns = found.data_vars.values() if hasattr(found, "data_vars") else [found]
    for column in columns:
        if getattr(column, "name", "") in ENDLESS:
            continue
        values = np.asarray(column)
        if not (np.isfinite(values) | (nan & np.isnan(values))).all():
            raise RuntimeError(f"not finite: {getattr(column, 'name', column)}")
