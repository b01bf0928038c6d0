"""Cells in a cavity, as one ensemble and written apart."""

import quantumbattery as qb


def cavity_and_cells(number, coupling=1.0, cell=None, link=qb.exchange, **cavity):
    return qb.System(
        sites={
            "cavity": qb.Oscillator(**cavity),
            "cells": qb.Ensemble(cell or qb.Qubit(), number),
        },
        interactions=[link("cavity", "cells", coupling)],
        charger="cavity",
        battery="cells",
    )


def apart(number, coupling=1.0, cell=None, link=qb.exchange, **cavity):
    """The same with the cells written apart."""
    names = [f"cell_{k}" for k in range(number)]
    return qb.System(
        sites={"cavity": qb.Oscillator(**cavity)} | dict.fromkeys(names, cell or qb.Qubit()),
        interactions=[link("cavity", name, coupling) for name in names],
        charger="cavity",
        battery=names,
    )
