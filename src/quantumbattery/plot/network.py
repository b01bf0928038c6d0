"""A network as a drawing: what charges stands on the left, what stores further to the right.

It is SVG text in the colours of whoever shows it, so that it can be read on a dark page and on a
light one, and needs no Matplotlib.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import hypot
from typing import TypeVar

from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.network import Link, Network
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.plot.style import COLOURS
from quantumbattery.quantities.parameters import any_nonzero

_PITCH = (118, 92)  # from one site to the next, across and down
_MARGIN = 76
_BESIDE = 130  # how wide a name is that stands beside its site
_RADIUS = 22
_MOST = (7, 4)  # columns, and sites of a column; what is more is left out in the middle
_NAME = 15  # letters of a name

T = TypeVar("T")


@dataclass(frozen=True)
class _Spot:
    """Where a site is drawn, or the dots that stand for several."""

    x: float
    y: float
    radius: float
    side: int  # of its name: -1 to the left, 1 to the right, 0 below

    def edge(self, x: float, y: float) -> str:
        """The point of its edge in the direction of another."""
        dx, dy = x - self.x, y - self.y
        share = (self.radius + 3) / max(hypot(dx, dy), 1.0)
        return f"{self.x + share * dx:.1f},{self.y + share * dy:.1f}"


def network(described: Network) -> str:
    """Draw sites, what joins them, what drives them and what they lose.

    Parameters
    ----------
    described : System
        Of a long chain, or of many sites at one place of it, the middle is left out.

    Returns
    -------
    str
        An SVG element, whose label says the same in words.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> from quantumbattery.plot.network import network
    >>> network(qb.models.star(chargers=3))
    '<svg role="img" aria-label="...
    """
    spots, dots = _spots(_columns(described))
    sites = {name: spot for name, spot in spots.items() if spot.radius == _RADIUS}
    lines = _lines(described.links, spots)
    parts = [f'<path d="{path}" fill="none"{dash}/>' for path, dash in lines]
    parts += [f'<circle cx="{x:g}" cy="{y:g}" r="1.5" fill="currentColor"/>' for x, y in dots]
    for name, spot in sites.items():
        parts += _site(described, name, spot)
    last = max(spots.values(), key=lambda spot: spot.x)
    width = last.x + (_BESIDE if last.side else _MARGIN)
    height = max(spot.y for spot in spots.values()) + 62
    return (
        f'<svg role="img" aria-label="{html.escape(_in_words(described))}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'style="display: block; max-width: none" fill="currentColor" stroke="currentColor" '
        f'stroke-width="1.4" font-family="system-ui, sans-serif" font-size="12">{"".join(parts)}'
        "</svg>"
    )


# --- where everything stands -------------------------------------------------------------------


def _columns(described: Network) -> list[list[str]]:
    """Sites by how many links they are away from where charging begins."""
    near: dict[str, set[str]] = {name: set() for name in described.sites}
    for each in described.links:
        for name in _ends(each):
            near[name] |= {*_ends(each)}
    driven = [field.site for field in described.drives]
    columns = [list(dict.fromkeys(described.charger or driven or [*near][:1]))]
    found = {*columns[0]}
    order = {name: k for k, name in enumerate(near)}
    while len(found) < len(near):
        reached = {other for name in columns[-1] for other in near[name]} - found
        columns.append(sorted(reached or near.keys() - found, key=order.__getitem__))
        found |= reached or near.keys()
    return columns


def _ends(each: Link) -> Sequence[str]:
    return each.ends if hasattr(each, "ends") else (each.site,)


def _spots(columns: list[list[str]]) -> tuple[dict[str, _Spot], list[tuple[float, float]]]:
    """A spot for each site, and where dots stand for those that are left out.

    Where lines go up and down, names stand outside of them as far as they can.
    """
    spots: dict[str, _Spot] = {}
    dots: list[tuple[float, float]] = []
    parts = _shortened(columns, _MOST[0])
    tall = max(min(len(column), _MOST[1]) for part in parts if len(part) == 1 for column in part)
    for k, part in enumerate(parts):
        side = 0 if tall == 1 else 1 if k == len(parts) - 1 else -1 if k == 0 else 0
        x = (_BESIDE if tall > 1 and len(parts) > 1 else _MARGIN) + k * _PITCH[0]
        rows = _shortened(part[0], _MOST[1]) if len(part) == 1 else [[*chain.from_iterable(part)]]
        for row, names in enumerate(rows):
            y = _MARGIN + (row + (tall - len(rows)) / 2) * _PITCH[1]
            alone = len(names) == 1
            spots |= dict.fromkeys(names, _Spot(x, y, _RADIUS if alone else 14, side))
            if not alone:
                across = len(part) > 1
                dots += [(x + d, y) if across else (x, y + d) for d in (-7, 0, 7)]
    return spots, dots


def _shortened(given: list[T], most: int) -> list[list[T]]:
    """Each by itself; of what is too long, the middle together."""
    if len(given) <= most:
        return [[one] for one in given]
    last = (most - 1) // 2
    first = most - 1 - last
    ends = [[one] for one in given]
    return [*ends[:first], given[first:-last], *ends[-last:]]


# --- the drawing -------------------------------------------------------------------------------


def _lines(links: Iterable[Link], spots: dict[str, _Spot]) -> Iterator[tuple[str, str]]:
    """A path for each pair of spots that something joins, and how it is dashed."""
    seen = set()
    for each in links:
        names, shared = _ends(each), not isinstance(each, Interaction)
        hub = len(names) > 3  # many together: drawn from the first
        for a, b in ((names[0], n) for n in names[1:]) if hub else pairwise(names):
            one, other = sorted((spots[a], spots[b]), key=lambda spot: (spot.x, spot.y))
            if one != other and (one, other, shared) not in seen:
                seen.add((one, other, shared))
                yield _path(one, other, shared), ' stroke-dasharray="2 4"' if shared else ""


def _path(one: _Spot, other: _Spot, shared: bool) -> str:
    """A straight line between neighbours, an arc past what may lie between."""
    x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
    if one.x == other.x:
        x -= 44 + 0.1 * (other.y - one.y)
    elif shared or (one.y == other.y and other.x - one.x > 1.5 * _PITCH[0]):
        y -= 40 + 0.12 * (other.x - one.x)
    else:
        return f"M{one.edge(other.x, other.y)}L{other.edge(one.x, one.y)}"
    return f"M{one.edge(x, y)}Q{x:g},{y:g} {other.edge(x, y)}"


def _site(described: Network, name: str, spot: _Spot) -> Iterator[str]:
    """A ring around levels, its name and role below, what drives it and what it loses above."""
    site, x, y = described.sites[name], spot.x, spot.y
    roles = {"charger": (described.charger, COLOURS[0]), "battery": (described.battery, COLOURS[1])}
    role, colour = next(((r, c) for r, (who, c) in roles.items() if name in who), ("", "none"))
    yield (
        f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{colour}" fill-opacity="0.22" '
        f'stroke="{"currentColor" if colour == "none" else colour}" stroke-width="2"/>'
    )
    for k, (half, height) in enumerate(_levels(site)):
        yield f'<path d="M{x - half:g},{y - height:g}h{2 * half:g}" opacity="{1 - 0.12 * k:g}"/>'
    short = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    said = ", ".join([_kind(site), *([role] if role and role != name else [])])
    at, below = x + spot.side * (_RADIUS + 9), y - 2 if spot.side else y + 38
    anchor = f'text-anchor="{("middle", "start", "end")[spot.side]}"'
    yield _text(at, below, short, f'{anchor} font-weight="600"')
    yield _text(at, below + 15, said, f'{anchor} font-size="11" opacity="0.75"')
    if any(field.site == name for field in described.drives):
        yield f'<path d="M{x - 38:g},{y - 24:g}l16,9m-7,2l7,-2l-1,-7" fill="none"/>'
        yield _text(x - 41, y - 24, "drive", 'text-anchor="end" font-size="11"')
    if lost := _lost(site):
        yield f'<path d="M{x:g},{y - 25:g}v-15m-4,5l4,-5l4,5" fill="none" opacity="0.75"/>'
        yield _text(x, y - 45, lost, 'text-anchor="middle" font-size="11" opacity="0.75"')


def _levels(site: Site) -> list[tuple[float, float]]:
    """Half a level's width, and its height, from the ground state on."""
    if isinstance(site, Oscillator):
        return [(4 + 2.1 * k, 6 * k - 12) for k in range(5)]
    count = min(site.dimension or 5, 5)
    gap = 18 / max(count - 1, 1)
    return [(10, gap * k - 9) for k in range(count)]


def _kind(site: Site) -> str:
    if isinstance(site, Ensemble):
        return f"{site.number} × {type(site.cell).__name__}"
    return type(site).__name__


def _lost(site: Site) -> str:
    """What its surroundings do to a site."""
    cell = site.cell if isinstance(site, Ensemble) else site
    kinds = ("loss", "dephasing")
    said = [n for n in kinds if any_nonzero(getattr(site, n)) or any_nonzero(getattr(cell, n))]
    return "noise" if len(said) > 1 else "".join(said)


def _text(x: float, y: float, text: str, look: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" stroke="none" {look}>{html.escape(text)}</text>'


def _in_words(described: Network) -> str:
    """What the drawing shows: the first line of the card, and how many links of which kind."""
    title = repr(described).splitlines()[0].removeprefix(f"{type(described).__name__}: ")
    kinds = [each.label.partition("(")[0] for each in described.links]
    counted = (f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return "; ".join(["Drawing of the network", title, *counted])
