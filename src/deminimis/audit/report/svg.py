"""Charts as inline SVG: bars and a curve, with a title and a description, that need neither colour nor script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...markup import told

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 14, 26, 44
_TICKS = 4
_BAR_MOST = 70
_PATTERN = (
    '<defs><pattern id="{id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" class="light"/><line x1="0" y1="0" x2="0" y2="6" class="hatch"/></pattern></defs>'
)


class Bar(NamedTuple):
    """One bar: what it is called, its parts from the bottom up, and whether its name stands below it."""

    name: str
    parts: tuple[int, ...]
    is_named: bool = True


def bars(
    id: str,
    title: str,
    about: str,
    given: Sequence[Bar],
    parts: Sequence[str],
    line: tuple[int, str] | None = None,
    over_from: int | None = None,
    is_edge: bool = False,
) -> str:
    """Bars beside one another, their parts on one another: the first solid, the second hatched.

    Parameters
    ----------
    id : str
        Tells the ids of this chart from others of the page.
    parts : sequence of str
        What the parts of a bar are called.
    line : (int, str), optional
        A line in front of this bar, and its name.
    over_from : int, optional
        Bars from this one on are hatched whole.
    is_edge : bool
        A bar's name is of its left edge, not of its middle.
    """
    most = _rounded_up(max((sum(bar.parts) for bar in given), default=0))
    across = (WIDTH - _LEFT - _RIGHT) / max(1, len(given))
    wide = min(across * 0.8, _BAR_MOST)
    drawn = []
    for i, bar in enumerate(given):
        x, y = _LEFT + (i + 0.5) * across - wide / 2, float(HEIGHT - _BOTTOM)
        for part, count in enumerate(bar.parts):
            tall = (HEIGHT - _TOP - _BOTTOM) * count / most
            y -= tall
            is_hatched = part > 0 or (over_from is not None and i >= over_from)
            look = f'fill="url(#{id}-hatch)" class="edge"' if is_hatched else 'class="solid"'
            if count:
                drawn.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" {look}/>')
        if bar.is_named:
            place = _LEFT + (i if is_edge else i + 0.5) * across
            drawn.append(_text(place, HEIGHT - _BOTTOM + 16, bar.name, "middle"))
    if line is not None:
        x = _LEFT + line[0] * across
        drawn.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}" class="mark"/>')
        drawn.append(_text(x, _TOP - 12, line[1], "middle"))
    legend = _legend(id, parts) if len(parts) > 1 else ""
    return _figure(id, title, about, _PATTERN.format(id=id) + _scale(most) + "".join(drawn) + legend)


def curve(
    id: str,
    title: str,
    about: str,
    points: Sequence[tuple[float, float]],
    names: Sequence[tuple[float, str]],
    line: tuple[float, str],
) -> str:
    """A share from 0 to 1 over places from 0 to 1, with names below some of the places and one line."""
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x * wide, HEIGHT - _BOTTOM - y * tall

    path = " ".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(at(*one) for one in points))
    drawn = [f'<path d="{path}" class="curve"/>'] if points else []
    drawn += [_text(at(x, 0)[0], HEIGHT - _BOTTOM + 16, name, "middle") for x, name in names]
    x = at(line[0], 0)[0]
    drawn.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}" class="mark"/>')
    drawn.append(_text(x, _TOP - 12, line[1], "middle"))
    return _figure(id, title, about, _scale(100, "%") + "".join(drawn))


def _figure(id: str, title: str, about: str, drawn: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{id}-title {id}-about">'
        f'<title id="{id}-title">{told(title)}</title><desc id="{id}-about">{told(about)}</desc>{drawn}</svg>'
    )


def _scale(most: int, unit: str = "") -> str:
    """Lines across, and what they stand for."""
    found = []
    for i in range(_TICKS + 1):
        y = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * i / _TICKS
        kind = "axis" if i == 0 else "grid"
        found.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" class="{kind}"/>')
        found.append(_text(_LEFT - 8, y + 4, f"{most * i // _TICKS:,}{unit}", "end"))
    return "".join(found)


def _legend(id: str, parts: Sequence[str]) -> str:
    found, x = [], _LEFT
    for i, name in enumerate(parts):
        look = 'class="solid"' if i == 0 else f'fill="url(#{id}-hatch)" class="edge"'
        found.append(f'<rect x="{x}" y="{HEIGHT - 16}" width="12" height="12" {look}/>')
        found.append(_text(x + 18, HEIGHT - 6, name, "start"))
        x += 40 + 8 * len(name)
    return "".join(found)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{told(text)}</text>'


def _rounded_up(most: int) -> int:
    """A round number of which a quarter is whole, at least as large."""
    size = 1
    while True:
        for step in range(4, 44, 4):
            if size * step >= most:
                return size * step
        size *= 10
