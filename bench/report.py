"""The comparison as text: the heading, one Markdown table per piece of work, and the status line of a long run."""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from bench.result import Result, Section

FROM = {
    "memory": "Arrow table to Arrow mask",
    "parquet": "Parquet file to mask file",
    "csv": "CSV file to mask file",
}
COLUMNS = ("engine", "form", "threads", "cold", "warm", "/ deminimis", "/ decode", "peak MiB", "over input", "mask")


def heading(on: dict[str, str], versions: dict[str, str | None], asked: argparse.Namespace) -> str:
    """The machine, the versions and what a figure is."""
    there = ", ".join(f"{engine} {version}" for engine, version in versions.items() if version)
    missing = [engine for engine, version in versions.items() if version is None]
    lines = [f"{name + ':':9}{what}" for name, what in on.items()]
    lines.append(f"engines: {there}")
    if missing:
        lines.append(f"missing: {', '.join(missing)} (skipped; pip install '.[bench]')")
    if asked.memory_limit:
        lines.append(f"memory:  deminimis and duckdb are told to keep to {asked.memory_limit}")
    lines.append(
        f"figures: ns a row of wall time, median of {asked.repeats} fresh processes, alternating; cold is the first "
        f"call, warm are the {asked.warm} after it; peak is the process's at the end of the cold call"
    )
    return "\n".join(lines) + "\n"


def table(section: Section) -> str:
    """One piece of work as a Markdown table, the decode floor above it."""
    work = section.workload
    by_engine = {result.engine: result for result in section.results}
    floor = _ns(by_engine.get("decode"), "warm")
    ours = by_engine.get("deminimis")
    counts = f"{section.groups:,} groups, {work.rows - section.eligible:,} rows not eligible" if section.groups else ""
    lines = [
        f"### {work.name}, {work.rows:,} rows, {FROM[section.source]}, {section.cores} cores",
        "",
        f"{work.about}; {counts or 'groups not counted (duckdb is missing)'}.",
        *([f"Decode floor: {floor:.1f} ns a row ({by_engine['decode'].form})."] if floor else []),
        "",
    ]
    rows = [COLUMNS] + [_row(result, ours, floor) for result in section.results if result.engine != "decode"]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines + shown) + "\n"


def _row(result: Result, ours: Result | None, floor: float | None) -> tuple[str, ...]:
    cold, warm = _ns(result, "cold"), _ns(result, "warm")
    if cold is None:
        return (result.engine, result.note, *[""] * (len(COLUMNS) - 2))
    # Files are read once, so the cold call is the one that counts there; in memory it is the warm one.
    temper = "warm" if result.source == "memory" and warm else "cold"
    time, mine = _ns(result, temper), _ns(ours, temper)
    peak = statistics.median(result.peak_bytes)
    return (
        result.engine,
        result.form,
        str(result.threads),
        f"{cold:.1f}",
        f"{warm:.1f}" if warm else "",
        f"{time / mine:.2f}" if time and mine else "",
        f"{time / floor:.2f}" if time and floor else "",
        f"{peak / 2**20:,.0f}",
        f"{(peak - result.input_bytes) / 2**20:,.0f}" if result.input_bytes else "",
        verdict(result),
    )


def verdict(result: Result) -> str:
    """What became of the mask, in a few words."""
    if result.note:
        return result.note
    if result.differs is None:
        return "not checked"
    if result.differs == 0:
        return "exact"
    if result.engine.endswith("-unordered"):
        return f"not in row order ({result.differs:,} rows)"
    return f"{result.differs:,} rows differ, {result.looser:,} of them too loose"


def _ns(result: Result | None, temper: str) -> float | None:
    return result.ns(temper) if result else None


class Status:
    """One line on a terminal that says what runs now; silent elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty()

    def __call__(self, text: str) -> None:
        if self._shown:
            self._stream.write(f"\r\x1b[K{text[:110]}")
            self._stream.flush()

    def clear(self) -> None:
        self("")
