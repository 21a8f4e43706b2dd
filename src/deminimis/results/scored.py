"""From a finished run to what the caller gets: mask, reasons, totals, summary."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .. import markup
from ..arrays import nothing, texts
from ..errors import InputError, Message
from ..machine import peak_rss_bytes
from ..roles.persons import part_in_words
from ..rules.days import day_of
from ..run.answers import Answer, join
from ..run.run import Run
from ..run.worker import Counts
from ..sources.base import Source
from ..text import counted
from .notes import notes_of, of_copies
from .summary import REASONS, Summary

if TYPE_CHECKING:
    import pandas as pd

REASON_TYPE = pa.dictionary(pa.int8(), pa.string())
TOTAL_TYPE = pa.decimal128(38, 4)
_EXACT = Context(prec=60)
_ROWS_SHOWN = 10


@dataclass(frozen=True)
class Scored:
    """What `score` found, row by row, in the manifest's order.

    Parameters
    ----------
    mask : pyarrow.BooleanArray
        Whether each row is eligible; never null.
    reason : pyarrow.DictionaryArray
        Why: int8 indices into the reasons of `deminimis.REASONS`; never null.
    total : pyarrow.Decimal128Array
        decimal128(38, 4): the exact total of the known values of the row's person and day, in the currency of the
        values; null where the row belongs to no total: no person, no day, rule not in force.
    summary : Summary
        Counts, sums, timings and settings.
    """

    mask: pa.BooleanArray
    reason: pa.DictionaryArray
    total: pa.Decimal128Array
    summary: Summary

    def to_pandas(self, index: Any = None) -> pd.DataFrame:
        """The answers as a pandas frame, a line for each row in the manifest's order.

        Parameters
        ----------
        index : pandas.Index, optional
            The index of the frame that was scored, so that the answers line up with its rows whatever its labels are:
            `frame.assign(**scored.to_pandas(index=frame.index))`. Default: rows are numbered from 0.

        Returns
        -------
        pandas.DataFrame
            `eligible` (bool), `reason` (category) and `total` (Decimal, or None).
        """
        if index is not None and len(index) != len(self.mask):
            labels, rows = len(index), len(self.mask)
            raise InputError(f"index= has {labels} labels and {rows} rows were scored: give the frame's own index")
        frame = self._table().to_pandas()
        return frame if index is None else frame.set_axis(index, axis=0)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The answers as `eligible`, `reason` and `total`, a line for each row in the manifest's order."""
        return self._table().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._table().schema.__arrow_c_schema__()

    def __repr__(self) -> str:
        return f"<deminimis.Scored of {counted(len(self.mask), 'row')}, {self.mask.true_count:,} eligible>"

    def _repr_html_(self) -> str:
        first = self._table().slice(0, _ROWS_SHOWN)
        lines = [(row, *one.values()) for row, one in enumerate(first.to_pylist())]
        rows = markup.table(lines, "><<>", ["", *first.column_names])
        title = f"{counted(len(self.mask), 'row')}, {self.mask.true_count:,} eligible"
        return markup.titled(title, [rows, markup.folded("Summary", self.summary._repr_html_())])

    def _table(self) -> pa.Table:
        return pa.table({"eligible": self.mask, "reason": self.reason, "total": self.total})


def scored(run: Run, answers: Iterable[Answer], started: float, source: Source | None = None) -> Scored:
    """Everything that a run of wide records knows; `started` is when its clock began."""
    given = list(answers)
    codes = [reasons_of(answer.codes) for answer in given if answer.codes is not None]
    totals = [answer.totals for answer in given if answer.totals is not None]
    return Scored(
        mask_of(given),
        codes[0] if len(codes) == 1 else pa.concat_arrays(codes) if codes else nothing(REASON_TYPE),
        totals[0] if len(totals) == 1 else pa.concat_arrays(totals) if totals else nothing(TOTAL_TYPE),
        summarise(run, started, source),
    )


def reasons_of(codes: pa.UInt8Array) -> pa.DictionaryArray:
    """Reason codes as the words they stand for."""
    return pa.DictionaryArray.from_arrays(codes.cast(pa.int8()), texts(REASONS))


def mask_of(answers: Iterable[Answer]) -> pa.BooleanArray:
    """The mask of all rows as one array."""
    return join([answer.mask for answer in answers])


def summarise(run: Run, started: float, source: Source | None = None) -> Summary:
    """The account of a run that tallied, of a source that was opened for it, if any."""
    counts = run.workers.counts
    return Summary(
        rows=run.account.rows,
        groups=counts.groups,
        groups_are_estimated=counts.groups_are_estimated,
        eligible=counts.reasons[-1],
        reasons=dict(zip(REASONS, counts.reasons, strict=True)),
        value_eligible=_amount(counts.units_eligible),
        value_not_eligible=_amount(counts.units_known - counts.units_eligible),
        seconds=time.perf_counter() - started,
        phases=dict(run.account.phases),
        settings=run.request.settings(),
        sources=source.files if source else (),
        notes=(*_notes(run, counts), *(source.all_notes() if source else ())),
        peak_rss_bytes=peak_rss_bytes(),
        threads=run.threads,
        bytes_spilled=run.workers.bytes_spilled + (run.copies.bytes_spilled if run.copies is not None else 0),
        epochs=run.workers.epochs,
        left_out=source.left_out if source else (),
    )


def _amount(units: int) -> Decimal:
    return Decimal(units).scaleb(-4, _EXACT)


def _notes(run: Run, counts: Counts) -> tuple[str, ...]:
    notes = []
    if counts.gate_days is not None and counts.reasons[3] and not counts.reasons[-1]:
        first, last = (day_of(n) for n in counts.gate_days)
        kinds = [None] if run.request.kind is None else None
        notes.append(run.request.rule.why_none_qualifies(first, last, kinds=kinds))
    name, *others = (part_in_words(part) for part in run.request.persons)
    if counts.nameless:
        rest = " or ".join(others)
        notes.append(f"{rows_in_words(counts.nameless)} no-person although {rest} is there, as {name} is missing")
    if counts.without_per:
        per = " or ".join(map(str, run.request.per))
        notes.append(f"{rows_in_words(counts.without_per)} no-person although {name} is there, as {per} is missing")
    if run.copies is not None:
        notes.append(of_copies(run.request, counts.reasons[0], run.copies.whys))
    notes += notes_of(run.request, run.account.rows, counts)
    return tuple(Message(note) for note in notes if note)


def rows_in_words(count: int) -> str:
    """A number of rows as the subject of a sentence."""
    return "1 row is" if count == 1 else f"{count:,} rows are"
