"""Groups of blocks that move as one: a step of many small groups takes as long as one of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.dynamics.methods import METHODS, Found, Task, fitting, shaped
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks, renumbered

_LARGEST = 16384  # numbers in all, beyond which each group takes steps of its own length


def together(found: Sequence[Found], first: Array) -> list[Found]:
    """The same, where what waits is made, of neighbours together if that takes less time."""
    parts: list[Found] = []
    members = len(found[0].task.numbers) * found[0].began.shape[2]
    for run in runs([each.task.blocks if each.made is None else None for each in found], members):
        some = found[run]
        if some[0].made is None:
            one = _as_one([each.task for each in some], first)
            if one is None:
                some = [Found(p.task, p.began, *fitting("shaped", p.task)) for p in some]
            else:
                some = [one]
        parts += some
    return parts


def _as_one(tasks: Sequence[Task], first: Array) -> Found | None:
    """Groups of blocks that one series moves; None if there is nothing to join, or it is none."""
    blocks = [task.blocks for task in tasks]
    if sum(each.count for each in blocks) == 1 or not all(map(_simple, blocks)):
        return None
    one = Joined.of(blocks)
    began = one.blocks.filled(first).transpose(0, 2, 1, 3, 4)
    clocks = {clock.term: clock for task in tasks for clock in task.clocks}
    task = replace(
        tasks[0],
        blocks=one.blocks,
        clocks=tuple(clocks.values()),
        largest=max(task.largest for task in tasks),
        held=(one.owner, one.held(began)),
    )
    moves = shaped(task)
    return None if moves is None else Found(task, began, METHODS["shaped"][0], moves)


@dataclass(frozen=True, eq=False)
class Joined:
    """Groups as one block without filling, and which of their blocks each number is from."""

    blocks: Blocks
    owner: Array  # (size,)

    @classmethod
    def of(cls, groups: Sequence[Blocks]) -> Joined:
        """Groups that stand one after the other, as `runs` finds them."""
        total = sum(len(each.kept) for each in groups)
        every, owner = np.arange(total), np.empty(total, dtype=np.int64)
        moves, low, count = [], 0, 0
        for each in groups:
            here = slice(low, low + len(each.kept))
            place = np.full(each.count * each.size, -1)
            place[each.kept] = every[here]
            moves.append(renumbered(each.generator, place, total))
            owner[here] = count + each.kept // each.size
            low, count = here.stop, count + each.count
        where = slice(groups[0].columns.start, groups[-1].columns.stop)
        generator = replace(
            moves[0],
            term=np.concatenate([each.term for each in moves]),
            row=np.concatenate([each.row for each in moves]),
            column=np.concatenate([each.column for each in moves]),
            value=np.concatenate([each.value for each in moves]),
        )
        whole = Blocks(1, total, 1, where, every, where, every, None, False, generator)
        return cls(whole, owner)

    def held(self, start: Array) -> Array:
        """How large the states of each block are at most, (owners,), of starts (..., size)."""
        squares = np.abs(start.reshape(-1, len(self.owner))) ** 2
        first = np.flatnonzero(np.diff(self.owner, prepend=-1))
        size: Array = np.sqrt(np.add.reduceat(squares, first, axis=1).max(axis=0))
        return size


def runs(groups: Sequence[Blocks | None], states: int) -> Iterator[slice]:
    """Neighbours that may be joined, among all groups; None may not, nor may what is read of more.

    So many states of each move.
    """
    begin, held = 0, 0
    for k, (last, each) in enumerate(zip([None, *groups], groups, strict=False)):
        number = states * (0 if each is None else len(each.kept))
        beside = last is not None and each is not None and _simple(last) and _simple(each)
        if k and not (beside and held + number <= _LARGEST):
            yield slice(begin, k)
            begin, held = k, 0
        held += number
    yield slice(begin, len(groups))


def _simple(blocks: Blocks) -> bool:
    """Whether all numbers are read as they are."""
    return blocks.copies == 1 and blocks.read is None and not blocks.double
