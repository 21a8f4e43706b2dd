"""What another rule or limit would change: which rows flip, and what they come to, by month and origin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import chain
from typing import Any, Unpack

import numpy as np
import pyarrow as pa

from ..api import start_run
from ..errors import InputError, option
from ..groups.shelves import Shelves
from ..roles.options import AnyOptions, takes_options
from ..roles.persons import Column, Person
from ..rules.rule import Rule
from ..run.answers import Answer, join
from ..run.budget import check_memory_limit
from ..run.run import Run
from ..sources.open import open_source
from ..text import counted, in_columns, plain
from .facts import FACTS, Facts, Tally

_SHARE = 4
"""The memory limit is shared by two runs, by what waits beside them, and by batches."""
_AMOUNT = pa.decimal128(38, 4)


@dataclass(frozen=True)
class Flips:
    """The rows of one month and origin, or of all.

    Parameters
    ----------
    month : str, optional
        As "2024-06"; None: the rows have no day, or these are all rows.
    origin : str, optional
        None: not told, or these are all rows.
    rows, eligible, eligible_against : int
        All rows, and those eligible by the one rule and by the other.
    gained, lost : int
        Rows that only the other rule lets pass, and that only the one does.
    value, value_eligible, value_eligible_against, value_gained, value_lost : Decimal
        Exact sums of their known values.
    """

    month: str | None
    origin: str | None
    rows: int = 0
    eligible: int = 0
    eligible_against: int = 0
    gained: int = 0
    lost: int = 0
    value: Decimal = Decimal(0)
    value_eligible: Decimal = Decimal(0)
    value_eligible_against: Decimal = Decimal(0)
    value_gained: Decimal = Decimal(0)
    value_lost: Decimal = Decimal(0)

    def plus(self, rows: int, value: Decimal, is_eligible: bool, is_against: bool) -> Flips:
        """With more rows, which have these two answers."""
        both = {
            "": True,
            "eligible": is_eligible,
            "eligible_against": is_against,
            "gained": is_against and not is_eligible,
            "lost": is_eligible and not is_against,
        }
        more: dict[str, Any] = {}
        for name, is_one in both.items():
            if is_one:
                own, its = name or "rows", f"value_{name}" if name else "value"
                more |= {own: getattr(self, own) + rows, its: getattr(self, its) + value}
        return replace(self, **more)


@dataclass(frozen=True)
class WhatIf:
    """What another rule or limit would change; `str()` tells it to a person.

    Parameters
    ----------
    rule, against : str
        The rule or limit in force, and the other.
    lines : tuple of Flips
        By month and origin, sorted.
    total : Flips
        All rows.
    settings : dict of str to object
        Every setting in force.
    """

    rule: str
    against: str
    lines: tuple[Flips, ...]
    total: Flips
    settings: dict[str, object]

    def to_table(self) -> pa.Table:
        """The lines as a table: text, int64 and decimal128(38, 4)."""
        kinds = {"month": pa.string(), "origin": pa.string()}
        named = [one.name for one in fields(Flips)]
        schema = pa.schema([(n, kinds.get(n, _AMOUNT if n.startswith("value") else pa.int64())) for n in named])
        return pa.table({name: [getattr(line, name) for line in self.lines] for name in named}, schema=schema)

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has; amounts as text."""
        found = {name: getattr(self, name) for name in ("rule", "against", "settings")}
        told = {"lines": [vars(line) for line in self.lines], "total": vars(self.total)}
        return {name: plain(one) for name, one in (found | told).items()}

    def to_text(self, width: int | None = None) -> str:
        """What flips as a table, in lines of at most this width where one is given."""
        head = ["Month", "Origin", "Rows", "Eligible", "Then", "Gained", "Value gained", "Lost", "Value lost"]
        lines = [head, *(self._cells(line) for line in self.lines), ["all", "", *self._cells(self.total)[2:]]]
        gained, lost = counted(self.total.gained, "row"), f"{self.total.lost:,}"
        said = f"{self.against} instead of {self.rule}: {gained} gained, {lost} lost"
        return f"{said}\n\n{in_columns(lines, '<<>>>>>>>', width, has_head=True)}"

    def __str__(self) -> str:
        return self.to_text()

    def _cells(self, line: Flips) -> list[str]:
        numbers = (line.rows, line.eligible, line.eligible_against, line.gained)
        amounts = [f"{one:,.2f}" for one in (line.value_gained, line.value_lost)]
        own = [line.month or "no day", line.origin or ("not told" if self.settings.get("origin") else "")]
        return [*own, *(f"{one:,}" for one in numbers), amounts[0], f"{line.lost:,}", amounts[1]]


@takes_options
def what_if(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    against_limit: str | int | Decimal | None = None,
    against_rule: str | os.PathLike[str] | Rule | None = None,
    **options: Unpack[AnyOptions],
) -> WhatIf:
    """Say which rows another rule or limit would let pass, or not, and what they come to. The manifest is read once.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    against_limit, against_rule : as `limit` and `rule`
        The other; exactly one of the two. All other settings are the same for both.

    Returns
    -------
    WhatIf
        Rows and sums by month and origin, and of all.
    """
    if (against_limit is None) == (against_rule is None):
        raise InputError(f"give {option('against_limit')} or {option('against_rule')}: what is it compared with?")
    roles = {"person": person, "day": day, "value": value}
    memory = check_memory_limit(options.get("memory_limit")) // _SHARE or 1
    own: dict[str, Any] = {**options, "memory_limit": memory}
    other = {**own, "limit": against_limit, "rule": against_rule}
    run, reading = start_run(own, outcomes=False, **roles)  # type: ignore[arg-type]
    against, _ = start_run(other, outcomes=False, **roles)  # type: ignore[arg-type]
    facts = Facts(run.request, options.get("origin"))
    source = open_source(manifest, **reading)
    names = facts.names
    columns = None if names is None else list(dict.fromkeys([*names, *against.request.names()]))
    tally = Tally(("month", "origin", "here", "there"))
    with closing(run), closing(against), closing(Shelves(FACTS, memory, run.spill_dir)) as shelves:
        runs = (run, against)
        early: tuple[list[Answer], list[Answer]] = ([], [])
        count = 0
        for piece in source.pieces(columns):
            for batch in piece.batches():
                for one, answers in zip(runs, early, strict=True):
                    answers += one.add_object(batch)
                for table in facts.of(batch, piece.file):
                    shelves.put(count, table)
                    count += 1
        here, there = (_Drawn(chain(answers, one.finish())) for one, answers in zip(runs, early, strict=True))
        for number in range(count):
            table = shelves.take(number)
            months = _months(table["day"].combine_chunks())
            for name, column in (("month", months), ("here", here.take(len(table))), ("there", there.take(len(table)))):
                table = table.append_column(name, column)
            tally.add(table)
    lines: dict[tuple[Any, Any], Flips] = {}
    total = Flips(None, None)
    for (month, origin, *both), rows, units in tally.lines():
        amount = Decimal(units).scaleb(-4)
        key = None if month is None else str(np.datetime64(month, "M")), origin
        lines[key] = lines.get(key, Flips(*key)).plus(rows, amount, *both)
        total = total.plus(rows, amount, *both)
    settings = run.request.settings() | {"origin": None if options.get("origin") is None else str(options["origin"])}
    return WhatIf(_called(run), _called(against), tuple(lines.values()), total, settings)


def _called(run: Run) -> str:
    rule = run.request.rule
    return f"a limit of {rule.steps[0].limit:f}" if rule.is_stated else rule.name


def _months(days: pa.Int32Array) -> pa.Int32Array:
    """Months since 1970-01, null where there is no day."""
    numbers = days.fill_null(0).to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    return pa.array(numbers, pa.int32(), mask=days.is_null().to_numpy(zero_copy_only=False))


class _Drawn:
    """Masks of a run, drawn so many rows at a time."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._masks: Iterator[pa.BooleanArray] = (answer.mask for answer in answers)
        self._left: pa.BooleanArray = pa.array([], pa.bool_())

    def take(self, rows: int) -> pa.BooleanArray:
        """The next rows."""
        parts = []
        while rows:
            if not len(self._left):
                self._left = next(self._masks)
            part = self._left.slice(0, rows)
            self._left = self._left.slice(len(part))
            rows -= len(part)
            parts.append(part)
        return join(parts)


def against_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Of options, those that say what is compared with."""
    return {name: options[name] for name in ("against_limit", "against_rule") if options.get(name) is not None}
