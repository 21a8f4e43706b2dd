"""The account of one run: counts, exact values, timings and every setting in force, as text and as JSON.

Nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from .. import markup
from ..text import counted, in_bytes, in_columns, plain, prose, shortened

if TYPE_CHECKING:  # help tells reasons without it
    import pyarrow as pa

_COUNTS_SHOWN = 40
_CELL_MOST = 40

REASONS = {
    "copy": "another row tells the same of its shipment",
    "no-person": "the person is missing, blank or a placeholder",
    "no-day": "the day is missing or cannot be read",
    "not-in-force": "the rule exempts nothing on that day from that origin",
    "bad-value": "the value is missing, negative or not a number",
    "excluded": "goods that never qualify",
    "over-row-limit": "the row by itself is over the limit of one",
    "over-limit": "the person's total is over the limit",
    "unproven-total": "another row of the same total has a bad value",
    "eligible": "the person's total is within the limit",
}
"""Every reason, in the order in which the first that holds is given, with what it means."""


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    `str()` gives the text for a person (`to_text` for a terminal's width), `to_dict()` what JSON takes.

    Parameters
    ----------
    rows : int
        Rows of the manifest.
    groups : int, optional
        Distinct keys (person and day) among the rows that have both and are in force; None: not counted.
    eligible : int
        Rows whose mask is true.
    reasons : dict of str to int
        Rows by reason, every reason in the order of `REASONS`, zero counts included.
    value_eligible, value_not_eligible : Decimal
        Exact sums of the known values of the eligible rows and of the others, in the currency of the values.
    seconds : float
        Wall time of the run.
    phases : dict of str to float
        Wall time by phase, in seconds.
    settings : dict of str to object
        Every role and setting in force; None: not used.
    sources : tuple of str
        The files read; empty for a manifest in memory.
    notes : tuple of str
        What the reader must not miss, such as that no row can qualify, or that a file was left out.
    groups_are_estimated : bool
        Whether `groups` is an estimate rather than a count.
    peak_rss_bytes : int, optional
        Largest resident memory of the process; None: not known.
    bytes_spilled : int
        Bytes written to spill files.
    epochs : int
        Runs of days that were answered and released as they ended; 1 where all days were answered together.
    threads : int
        Threads that worked.
    left_out : tuple of str
        Files of the folders and patterns given that are no part of the manifest.
    counts : pyarrow.Table, optional
        Where `by` was given: for each combination that occurs the `rows`, those of each reason, `value` and
        `value_eligible` (exact sums of known values), and `person_days_over`: the person-days of its rows over-limit.
    """

    rows: int
    groups: int | None
    eligible: int
    reasons: dict[str, int]
    value_eligible: Decimal
    value_not_eligible: Decimal
    seconds: float
    phases: dict[str, float]
    settings: dict[str, object]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    groups_are_estimated: bool = False
    peak_rss_bytes: int | None = None
    bytes_spilled: int = 0
    epochs: int = 0
    threads: int = 1
    left_out: tuple[str, ...] = ()
    counts: pa.Table | None = None

    @property
    def rows_per_second(self) -> float:
        """Rows by wall time; 0 where no time was measured."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, object]:
        """Every field and `rows_per_second`, made of what JSON has; exact decimals as text."""
        found = {field.name: plain(getattr(self, field.name)) for field in fields(self) if field.name != "counts"}
        found["counts"] = None if self.counts is None else plain(self.counts.to_pylist())
        return found | {"rows_per_second": self.rows_per_second}

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<deminimis.Summary of {counted(self.rows, 'row')}, {self.eligible:,} eligible>"

    def _repr_html_(self) -> str:
        parts = [markup.listed([f"NOTE: {note}" for note in self.notes])]
        parts.append(markup.table([*self._counts(), *self._values()], "<>><"))
        parts.append(markup.folded("Work", markup.table(self._work(), "<<<")))
        parts.append(markup.folded("Settings", markup.table(self._settings(), "<<")))
        return markup.titled(f"{counted(self.rows, 'row')}, {self.eligible:,} eligible", parts)

    def to_text(self, width: int | None = None) -> str:
        """The account for a person, in lines of at most this width where one is given."""
        parts = [prose(f"NOTE: {note}", width) for note in self.notes]
        parts.append(in_columns([*self._counts(), *self._values()], "<>><", width))
        if self.counts is not None:
            parts.append(lines_of_counts(self.counts, width))
        parts.append(in_columns(self._work(), "<<<", width))
        parts.append("Settings\n" + in_columns(self._settings(), "<<", width))
        return "\n\n".join(parts)

    def _counts(self) -> list[tuple[str, ...]]:
        rejected = self.rows - self.eligible
        source = f"in {counted(len(self.sources), 'file')}" if self.sources else ""
        source += f", {len(self.left_out):,} left out" if self.left_out else ""
        lines: list[tuple[str, ...]] = [
            ("Rows", f"{self.rows:,}", "", source),
            (f"Person-{self.settings.get('window', 'day')}s", self._groups()),
            ("Eligible", f"{self.eligible:,}", self._share(self.eligible), REASONS["eligible"]),
            ("Not eligible", f"{rejected:,}", self._share(rejected)),
        ]
        for reason, count in self.reasons.items():
            if reason != "eligible":
                lines.append((f"  {reason}", f"{count:,}", self._share(count), REASONS.get(reason, "")))
        return lines

    def _values(self) -> list[tuple[str, ...]]:
        currency = str(self.settings.get("currency_code") or "")
        amounts = _amounts(self.value_eligible, self.value_not_eligible)
        names = ("Value eligible", "Value not eligible")
        return [(name, amount, currency) for name, amount in zip(names, amounts, strict=True)]

    def _work(self) -> list[tuple[str, ...]]:
        phases = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.phases.items())
        lines = [("Seconds", f"{self.seconds:.2f}", phases)]
        lines.append(("Rows a second", f"{self.rows_per_second:,.0f}", f"on {counted(self.threads, 'thread')}"))
        if self.peak_rss_bytes is not None:
            lines.append(("Peak memory", in_bytes(self.peak_rss_bytes), ""))
        if self.bytes_spilled:
            lines.append(("Spilled to disk", in_bytes(self.bytes_spilled), ""))
        if self.epochs > 1:
            lines.append(("Runs of days", f"{self.epochs:,}", "each answered and released when it ended"))
        return [tuple(line) for line in lines]

    def _settings(self) -> list[tuple[str, ...]]:
        used = {name: value for name, value in self.settings.items() if value not in (None, "", [], ())}
        unused = [name for name in self.settings if name not in used]
        lines = [(f"  {name}", _setting(value)) for name, value in used.items()]
        return [*lines, ("  not used", ", ".join(unused))] if unused else [*lines]

    def _groups(self) -> str:
        if self.groups is None:
            return "not counted"
        return f"about {_rounded(self.groups)}" if self.groups_are_estimated else f"{self.groups:,}"

    def _share(self, count: int) -> str:
        return f"{count / self.rows:.2%}" if self.rows else ""


def lines_of_counts(counts: pa.Table, width: int | None = None) -> str:
    """A table of counts for a person: the first lines of it, the rarer reasons together."""
    names = counts.column_names[: counts.column_names.index("rows")]
    head = [*names, "rows", "eligible", "over-limit", "other", "value", "days over"]
    body = []
    for line in counts.slice(0, _COUNTS_SHOWN).to_pylist():
        other = line["rows"] - line["eligible"] - line["over-limit"]
        numbers = (line["rows"], line["eligible"], line["over-limit"], other)
        cells = ["(none)" if line[name] is None else shortened(str(line[name]), _CELL_MOST) for name in names]
        value = _amounts(line["value"])[0]
        body.append([*cells, *(f"{one:,}" for one in numbers), value, f"{line['person_days_over']:,}"])
    text = in_columns([head, *body], f"{'<' * len(names)}>>>>>>", width, has_head=True)
    more = counts.num_rows - len(body)
    return f"{text}\n... {counted(more, 'line')} more: --json has all" if more > 0 else text


def _setting(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} ({_setting(one)})" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_setting, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _amounts(*values: Decimal) -> list[str]:
    """Each with the same decimals: two, or as many as some amount needs."""
    decimals = max([2, *(len(f"{value:f}".partition(".")[2].rstrip("0")) for value in values)])
    return [f"{value:,.{decimals}f}" for value in values]


def _rounded(count: int) -> str:
    """Three figures, as an estimate is worth no more."""
    for size, word in ((10**9, " billion"), (10**6, " million")):
        if count >= size:
            return f"{float(f'{count / size:.3g}'):,g}{word}"
    return f"{int(float(f'{count:.3g}')):,}"
