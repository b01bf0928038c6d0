"""Terms with the same operators at many places as one group.

Where a group takes many configurations is found in array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.network.operators import Operator
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.terms import Product


@dataclass(frozen=True, eq=False)
class Group:
    """Products of operators on alike places, as tables over the levels there.

    ``target[k][kind, level]`` lists where the k-th operator of a product leads from a level, and
    ``value`` with which matrix element; lists are filled up with zeros.
    """

    term: Array  # (products,)
    places: Array  # (products, operators)
    kind: Array  # (products, operators), which of the tables
    target: list[Array]  # each (kinds, levels, longest)
    value: list[Array]  # each (kinds, levels, longest)
    diagonal: bool

    @property
    def stays(self) -> bool:
        """Whether every level is multiplied by one number, and no more."""
        return self.diagonal and all(value.shape[-1] == 1 for value in self.value)

    @cached_property
    def acts(self) -> list[Array]:
        """On which levels of each place an operator does not vanish, each (kinds, levels)."""
        return [(value != 0).any(axis=-1) for value in self.value]

    @cached_property
    def choices(self) -> Array:
        """All ways to take one target at each place, shape (places, ways)."""
        ways = np.indices([value.shape[-1] for value in self.value])
        return ways.reshape(len(self.value), -1)


def _table(operator: Operator, levels: int) -> tuple[Array, Array]:
    if (operator.column >= levels).any():  # what leads back from beyond
        there = operator.column < levels
        parts = (operator.row, operator.column, operator.value)
        operator = Operator(*(part[there] for part in parts))
    order = np.argsort(operator.column, kind="stable")
    column = operator.column[order]
    count = np.bincount(column, minlength=levels)
    position = np.arange(len(column)) - (np.cumsum(count) - count)[column]
    shape = (levels, max(1, int(count.max(initial=0))))
    target = np.zeros(shape, dtype=np.int64)
    value = np.zeros(shape, dtype=operator.value.dtype)
    target[column, position] = operator.row[order]
    value[column, position] = operator.value[order]
    return target, value


def grouped(products: Sequence[Product], levels: Sequence[int]) -> list[Group]:
    """Products of operators whose tables are of the same size, together."""
    known: dict[Any, tuple[Array, Array]] = {}  # the tables of each operator
    found: dict[Any, tuple[list[Any], Any]] = {}  # keys, and sizes of tables, of the same ones
    alike: dict[Any, list[tuple[Product, list[Any]]]] = {}
    for each in products:
        same = (*map(id, each.operators), *(levels[place] for place in each.places))
        if same not in found:
            keys = [(o.key, levels[p]) for o, p in zip(each.operators, each.places, strict=True)]
            for key, operator in zip(keys, each.operators, strict=True):
                if key not in known:
                    known[key] = _table(operator, key[1])
            sizes = tuple((*known[key][0].shape, known[key][1].dtype.char) for key in keys)
            found[same] = keys, (sizes, each.diagonal)
        keys, kind = found[same]
        alike.setdefault(kind, []).append((each, keys))
    groups = []
    for (_, stays), members in alike.items():
        kinds, tables = [], []
        for column in zip(*(keys for _, keys in members), strict=True):
            number = {key: k for k, key in enumerate(dict.fromkeys(column))}
            kinds.append([number[key] for key in column])
            tables.append([known[key] for key in number])
        groups.append(
            Group(
                np.array([each.term for each, _ in members]),
                np.array([each.places for each, _ in members]),
                np.array(kinds).T,
                [np.stack([target for target, _ in each]) for each in tables],
                [np.stack([value for _, value in each]) for each in tables],
                stays,
            )
        )
    return groups


def leading(groups: Sequence[Group]) -> list[Group]:
    """The same, without products that lead to the same as others, with other elements.

    Elements are 1 here, wherever they are not zero.
    """
    alike: dict[Any, list[Group]] = {}
    for group in groups:
        sizes = tuple(value.shape[1:] for value in group.value)
        alike.setdefault((sizes, group.diagonal), []).append(group)
    return [_different(members) for members in alike.values()]


def _different(groups: Sequence[Group]) -> Group:
    """One group of several with tables of the same size, each product once."""
    places = np.concatenate([group.places for group in groups])
    rows, kinds, targets, values = [places], [], [], []
    for k in range(places.shape[1]):
        counts = np.cumsum([0, *(len(group.value[k]) for group in groups)]).tolist()
        shifts = zip(groups, counts, strict=False)
        kind = np.concatenate([group.kind[:, k] + shift for group, shift in shifts])
        there = np.concatenate([group.value[k] != 0 for group in groups])
        target = np.concatenate([group.target[k] for group in groups])
        pattern = np.where(there, target, -1).reshape(len(there), -1)
        same = np.unique(pattern, axis=0, return_inverse=True)[1].reshape(-1)
        rows.append(same[kind][:, None])
        kinds.append(kind)
        targets.append(target)
        values.append(there.astype(float))
    first = np.sort(np.unique(np.concatenate(rows, axis=1), axis=0, return_index=True)[1])
    term = np.concatenate([group.term for group in groups])[first]
    kind = np.array(kinds).T[first]
    return Group(term, places[first], kind, targets, values, groups[0].diagonal)


@dataclass(frozen=True, eq=False)
class Moves:
    """Where configurations go: from which, by which product, to which levels, with what element."""

    source: Array
    product: Array
    places: Array
    levels: Array
    value: Array
    shift: Array  # of the key


def standing(configurations: Array, group: Group) -> tuple[Array, Array, Array]:
    """Where and by which product a group that stays does not vanish, and its elements there."""
    value = np.ones((len(configurations), len(group.places)))
    for places, kind, table in zip(group.places.T, group.kind.T, group.value, strict=True):
        value = value * table[kind, configurations[:, places], 0]
    source, product = np.nonzero(value)
    return source, product, value[source, product]


def moves_of(configurations: Array, group: Group, weights: Array) -> Moves:
    """All moves of a group at once; configurations times places is one array."""
    before = [configurations[:, places] for places in group.places.T]
    alive = np.ones(before[0].shape, dtype=bool)
    for level, kind, acts in zip(before, group.kind.T, group.acts, strict=True):
        alive &= acts[kind, level]
    source, product = np.nonzero(alive)
    before, choices = [level[source, product] for level in before], group.choices
    kinds = group.kind[product].T
    if choices.shape[1] == 1:  # one way each, and none that is zero
        choice = np.zeros(len(source), dtype=np.int64)
        value = np.ones(len(source))
        for level, kind, table in zip(before, kinds, group.value, strict=True):
            value = value * table[kind, level, 0]
    else:
        every = np.ones((len(source), choices.shape[1]))
        for level, kind, table, ways in zip(before, kinds, group.value, choices, strict=True):
            every = every * table[kind[:, None], level[:, None], ways]
        move, choice = np.nonzero(every)
        source, product, value = source[move], product[move], every[move, choice]
        before, kinds = [level[move] for level in before], kinds[:, move]
    places = group.places[product]
    after = np.empty(places.shape, dtype=np.int64)
    shift = np.zeros(len(source), dtype=np.uint64)
    for k, target in enumerate(group.target):
        level = before[k]
        after[:, k] = target[kinds[k], level, choices[k, choice]]
        change = (after[:, k] - level).astype(np.uint64)  # modulo 2^64, as all keys
        shift += change * weights[places[:, k]]
    return Moves(source, product, places, after, value, shift)
