"""The comparison as a picture: one panel of bars per piece of work, and a curve where sizes or cores were varied."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import FROM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bench.result import Result

OURS = "deminimis"
COLOUR_OURS, COLOUR_PEER, COLOUR_FLOOR = "#0b6e4f", "#9aa5b1", "#c8553d"


def require() -> None:
    """Refuse at the start, not after an hour of measuring."""
    if importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("--plot needs matplotlib: pip install '.[bench]'")


def draw(results: list[Result], on: dict[str, str], target: Path) -> None:
    """Write the picture as SVG: bars for the largest size on the most cores, then the curves."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    timed = [result for result in results if result.cold_seconds]
    panels = _panels(timed)
    curves = [(key, along) for key in panels for along in ("rows", "cores") if _varied(timed, key, along)]
    across = 2 if len(panels) + len(curves) > 1 else 1
    down = -(-len(panels) // across) + -(-len(curves) // across)
    figure = Figure(figsize=(6.2 * across, 2.9 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False)
    for spare in axes.flat:
        spare.set_visible(False)
    for at, key in enumerate(panels):
        _bars(axes[at // across][at % across], key, panels[key])
    first = -(-len(panels) // across)
    for at, (key, along) in enumerate(curves):
        _curve(axes[first + at // across][at % across], key, along, timed)
    figure.suptitle(f"Nanoseconds a row (less is better); {on['cpu']}, {on['cores']} cores", fontsize=10)
    figure.savefig(target)


def _panels(timed: list[Result]) -> dict[tuple[str, str], list[Result]]:
    """For each workload and source, the results of the largest size on the most cores."""
    panels: dict[tuple[str, str], list[Result]] = {}
    for result in timed:
        panels.setdefault((result.workload, result.source), []).append(result)
    for key, found in panels.items():
        most = max((result.rows, result.cores) for result in found)
        panels[key] = [result for result in found if (result.rows, result.cores) == most]
    return panels


def _varied(timed: list[Result], key: tuple[str, str], along: str) -> bool:
    return len({getattr(result, along) for result in timed if (result.workload, result.source) == key}) > 1


def _short(number: int) -> str:
    """A count as people say it: 2, 300k, 20M."""
    for scale, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= scale:
            return f"{number / scale:g}{letter}"
    return str(number)


def _time(result: Result) -> float:
    """The figure that counts: cold for a file, which is read once; warm in memory, and for the decode floor."""
    warm = result.ns("warm") if result.source == "memory" or result.engine == "decode" else None
    return warm or result.ns("cold") or 0.0


def _bars(axis: Axes, key: tuple[str, str], found: list[Result]) -> None:
    axis.set_visible(True)
    bars = sorted((result for result in found if result.engine != "decode"), key=_time, reverse=True)
    names = [result.engine for result in bars]
    times = [_time(result) for result in bars]
    axis.barh(names, times, color=[COLOUR_OURS if name == OURS else COLOUR_PEER for name in names])
    for at, time in enumerate(times):
        axis.text(time, at, f" {time:.0f}" if time >= 20 else f" {time:.1f}", va="center")
    for floor in (result for result in found if result.engine == "decode"):
        axis.axvline(_time(floor), color=COLOUR_FLOOR, linewidth=1.2, label="decoding alone")
        axis.legend(frameon=False, loc="upper right")  # the longest bar is the lowest
    axis.margins(x=0.12)
    axis.set_title(f"{key[0]}, {found[0].rows:,} rows, {FROM[key[1]]}", loc="left", fontsize=9)


def _curve(axis: Axes, key: tuple[str, str], along: str, timed: list[Result]) -> None:
    """Time a row against size, or rows a second against cores; what is not varied stays at its most."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_visible(True)
    other = "cores" if along == "rows" else "rows"
    found = [result for result in timed if (result.workload, result.source) == key]
    most = max(getattr(result, other) for result in found)
    for engine in dict.fromkeys(result.engine for result in found):
        line = sorted(
            (getattr(result, along), _time(result))
            for result in found
            if result.engine == engine and getattr(result, other) == most
        )
        ours = engine == OURS
        shown = [time if along == "rows" else 1e3 / time for _, time in line]
        axis.plot([x for x, _ in line], shown, marker="o", linewidth=2.4 if ours else 1.2, markersize=4, label=engine,
                  color=COLOUR_OURS if ours else None, zorder=3 if ours else 2)  # fmt: skip
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())
    if along == "rows":
        axis.set_xscale("log")
    varied = sorted({getattr(result, along) for result in found})
    axis.set_xticks(varied, [_short(number) for number in varied])
    axis.xaxis.set_ticks([], minor=True)
    axis.set_xlabel(along)
    axis.set_ylabel("ns a row" if along == "rows" else "million rows a second")
    axis.set_title(f"{key[0]}, {FROM[key[1]]}", loc="left", fontsize=9)
    axis.legend(frameon=False, fontsize=7, ncols=2)
