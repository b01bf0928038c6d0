"""Results of a sweep in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array
from quantumbattery.sweeps.evaluation import Block, Template, missing
from quantumbattery.sweeps.grid import Grid

_WIDE = 1 << 24  # letters in the messages of all points


class Memory:
    """Where the blocks of a sweep go that is not kept in a file."""

    def __init__(self, grid: Grid, template: Template, batched: tuple[str, ...]) -> None:
        self.grid, self.template, self.batched = grid, template, batched
        self.columns: dict[str, Array] = {
            name: np.full((*grid.shape, *each.shape), missing(each.dtype), each.dtype)
            for name, each in template.variables.items()
        }
        self.failure = np.full(grid.shape, "", dtype=object)

    @property
    def waiting(self) -> list[int]:
        """The blocks that are not done."""
        return list(range(self.grid.count))

    def write(self, number: int, block: Block) -> None:
        """Keep a block."""
        region = self.grid.region(number)
        for name, column in block.columns.items():
            self.columns[name][region] = column
        self.failure[region] = block.failure

    def table(self) -> xr.Dataset:
        """Everything, labelled."""
        variables = {
            name: ((*self.grid.names, *each.dims), self.columns[name], each.attrs)
            for name, each in self.template.variables.items()
        }
        longest = max(map(len, self.failure.ravel()))
        wide = longest * self.failure.size > _WIDE  # all would be as long as the longest
        kind: Any = np.dtypes.StringDType() if wide else str
        variables["failure"] = (self.grid.names, self.failure.astype(kind), FAILURE)
        axes = {name: (name, each, axis_attrs(name)) for name, each in self.grid.values.items()}
        return xr.Dataset(variables, coords=axes | dict(self.template.coords))

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


FAILURE = {"long_name": "why the point failed", "symbol": "", "units": "1"}


def axis_attrs(name: str) -> dict[str, str]:
    """How an axis is labelled: as the parameter of its name, if there is one."""
    from quantumbattery.quantities.measures import PARAMETERS

    return PARAMETERS[name].attrs() if name in PARAMETERS else {"long_name": name}
