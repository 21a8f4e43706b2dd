"""A rule: the dated schedule of limits with its scope and citations, and the table of it that the kernel takes.

How a schedule is made sound lives in rule_steps.py, how a file is read in rule_file.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from .. import markup
from ..errors import RuleError
from ..text import counted, shortened, shown
from ..toml_file import open_toml, refuse, shipped_names
from .countries import ASSIGNED
from .days import WINDOWS, Window
from .file import OVERFLOWS, Overflow, rule_fields
from .steps import Step, limit_units, origin_groups, parse_limit, step_in_force, step_problems

NOT_IN_FORCE = 255
"""The entry of `CompiledRule.table` for a day on which nothing qualifies."""

_EPOCH = date(1970, 1, 1).toordinal()
_STATED_NAME, _STATED = "limit", "stated by the user"


@dataclass(frozen=True)
class CompiledRule:
    """A rule as the kernel reads it: one byte for each day and class of origins.

    Parameters
    ----------
    limits_units : tuple of int
        The distinct limits in units of 1/10,000, ascending; empty where nothing ever qualifies.
    day_first : int
        The day of the table's first column, in days since 1970-01-01. Days before and after the table take its first
        and last column.
    table : numpy.ndarray
        uint8, shape (classes, days), C order, read-only: an index into `limits_units`, or 255 for not in force.
    steady : numpy.ndarray
        int32, shape (days,): the last column of the run of equal columns that each column lies in.
    origins : dict of bytes to int
        Origin code in capital letters to its class. Class 0 is any other origin, class 1 a missing one.
    needs_origin : bool
        False: the origin decides nothing, and the table has one class.
    """

    limits_units: tuple[int, ...]
    day_first: int
    table: npt.NDArray[np.uint8]
    steady: npt.NDArray[np.int32]
    origins: dict[bytes, int]
    needs_origin: bool


@dataclass(frozen=True, init=False)
class Rule:
    """A dated schedule of limits, each with its scope by origin and its citation.

    Parameters
    ----------
    limit : str, int or Decimal, optional
        A constant limit, inclusive, for every day and origin. A float is refused.
    steps : sequence of Step, optional
        The schedule; exactly one of `limit` and `steps` is given.
    name, title, authority : str
        What the rule is called, what it is about, and the act behind it.
    currency : str, optional
        The currency of the limits; None: any.
    key : sequence of str
        "person", and the further columns that a total is kept for.
    window : {"day", "month", "quarter", "year"}
        The days that one total spans.
    overflow : {"all", "excess"}
        Which rows of a total over the limit fail.
    meaning : sequence of (str, str)
        What a role stands for under this rule, such as ("day", "date of arrival").
    notes : sequence of str
        What the rule does not check, and what is unsettled.
    sources : sequence of str
        What was read at its source, second hand, or not.

    Raises
    ------
    RuleError
        For a schedule with overlaps or gaps, a step without a citation, or a limit that is not exact.
    """

    name: str
    title: str
    authority: str
    currency: str | None
    key: tuple[str, ...]
    window: Window
    overflow: Overflow
    steps: tuple[Step, ...]
    meaning: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    def __init__(
        self,
        limit: str | int | Decimal | None = None,
        *,
        steps: Sequence[Step] | None = None,
        name: str = _STATED_NAME,
        title: str = "a stated limit",
        authority: str = "none: stated by the user",
        currency: str | None = None,
        key: Sequence[str] = ("person",),
        window: Window = "day",
        overflow: Overflow = "all",
        meaning: Sequence[tuple[str, str]] = (),
        notes: Sequence[str] = (),
        sources: Sequence[str] = (),
    ) -> None:
        if (limit is None) == (steps is None):
            raise RuleError('a rule takes either a limit or steps: write Rule(limit="800") or Rule.load("us-321")')
        if window not in WINDOWS or overflow not in OVERFLOWS:
            choices = f"window is one of {', '.join(WINDOWS)}; overflow is one of {', '.join(OVERFLOWS)}"
            raise RuleError(f"window {window!r} with overflow {overflow!r}: {choices}")
        if limit is not None:
            steps = (Step(None, None, "every", parse_limit(limit), _STATED),)
        else:
            refuse(step_problems(steps or ()), f"rule {name}")
        fields = {
            "name": name,
            "title": title,
            "authority": authority,
            "currency": currency,
            "key": tuple(key),
            "window": window,
            "overflow": overflow,
            "steps": tuple(steps or ()),
            "meaning": tuple(meaning),
            "notes": tuple(notes),
            "sources": tuple(sources),
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)  # frozen for everyone else

    def __repr__(self) -> str:
        return f"<deminimis.Rule {shown(shortened(self.name, 80))} of {counted(len(self.steps), 'step')}>"

    def _repr_html_(self) -> str:
        facts = [("Authority", self.authority), ("Currency", self.currency or "any"), ("Overflow", self.overflow)]
        facts.append(("Total of", f"{', '.join(self.key)} and {self.window}"))
        steps = [(step.days, step.scope, step.limit_in_words, step.citation) for step in self.steps]
        parts = [markup.table(facts, "<<"), markup.table(steps, "<<><", ["Days", "Scope", "Limit", "Citation"])]
        return markup.titled(f"{self.name}: {self.title}", [*parts, markup.listed(self.notes)])

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Rule:
        """Load a shipped rule by its name, or a rule's TOML file by its path (which ends in .toml).

        Raises
        ------
        RuleError
            Naming the file, every faulty step and the mend.
        """
        fields = rule_fields(open_toml(name_or_path, "rules", "rule"))
        return cls(**vars(fields))

    def step_on(self, day: date, origin: str | None) -> Step | None:
        """The step that decides for a row of this day and origin; None where none is in force.

        A missing origin, and a text that is no code (two letters that ISO 3166 assigns, or as many letters as a listed
        code has), takes the strictest step of the day: what cannot be proven is not eligible.
        """
        ordinal = day.toordinal()
        groups = origin_groups(self.steps)
        code = (origin or "").strip(" \t\r\n\v\f").upper()
        listed = {one for codes, _ in groups for one in codes}
        lengths = {len(one) for one in listed} - {2}
        if code in listed | ASSIGNED or (len(code) in lengths and code.isascii() and code.isalpha()):
            timeline = next((steps for codes, steps in groups if code in codes), groups[0][1])
            return step_in_force(timeline, ordinal)
        strictest = None
        for _, timeline in groups:
            step = step_in_force(timeline, ordinal)
            if step is None or step.limit is None:
                return step
            if strictest is None or strictest.limit is None or step.limit < strictest.limit:
                strictest = step
        return strictest

    def limit_on(self, day: date, origin: str | None) -> Decimal | None:
        """The inclusive limit for a row of this day and origin; None where nothing qualifies."""
        step = self.step_on(day, origin)
        return step.limit if step else None

    @property
    def is_stated(self) -> bool:
        """Whether it is a limit that the user stated, rather than a schedule with a name."""
        return self.name == _STATED_NAME and self.steps[0].citation == _STATED

    def as_of(self, day: date) -> Rule:
        """The rule as if every row were of this day: its steps in force, without their dates."""
        chosen = [step_in_force(timeline, day.toordinal()) for _, timeline in origin_groups(self.steps)]
        steps = [
            Step(None, None, step.origin, step.limit, step.citation)
            for step in self.steps
            if any(step is other for other in chosen)
        ]
        if not steps:
            steps = [Step(None, None, "every", None, f"no step of {self.name} is in force on {day}")]
        return Rule(**{**vars(self), "steps": steps, "title": f"{self.title}, as of {day}"})

    def compiled(self) -> CompiledRule:
        """The table of the rule that the kernel takes; it says of every day and origin what `limit_on` says."""
        limits = sorted({limit_units(step.limit) for step in self.steps if step.limit is not None})
        groups = origin_groups(self.steps)
        changes = {day.toordinal() for step in self.steps for day in (step.effective_from, step.effective_to) if day}
        first = min(changes) - 1 if changes else _EPOCH
        days = max(changes) - first + 1 if changes else 1
        timelines = [timeline for _, timeline in groups]
        rows = np.full((len(timelines), days), NOT_IN_FORCE, np.uint8)
        for row, timeline in zip(rows, timelines, strict=True):
            for step in timeline:
                if step.limit is not None:
                    begin, end = max(step.first - first, 0), max(step.end - first, 0)
                    row[begin:end] = limits.index(limit_units(step.limit))
        needs_origin = len(groups) > 1
        if needs_origin:
            # 255 is above every index, so the strictest is the maximum where any class is out, else the minimum.
            strictest = np.where((rows == NOT_IN_FORCE).any(axis=0), NOT_IN_FORCE, rows.min(axis=0)).astype(np.uint8)
            rows = np.ascontiguousarray(np.insert(rows, 1, strictest, axis=0))
        rows.flags.writeable = False
        ends = np.flatnonzero(np.append((rows[:, 1:] != rows[:, :-1]).any(axis=0), True))
        steady = ends[np.searchsorted(ends, np.arange(days))].astype(np.int32)
        origins = {code.encode("ascii"): number for number, (codes, _) in enumerate(groups, 1) for code in codes}
        return CompiledRule(tuple(limits), first - _EPOCH, rows, steady, origins, needs_origin)

    def why_none_qualifies(
        self, first_day: date | None = None, last_day: date | None = None, origins: Iterable[str | None] | None = None
    ) -> str | None:
        """The loud sentence, with citations, for rows of which none can be eligible; None where one could be.

        Parameters
        ----------
        first_day, last_day : datetime.date, optional
            The manifest's first and last day, both inclusive; None: without bound.
        origins : iterable of str or None, optional
            The manifest's origins, None among them for a missing one; None: any.
        """
        found = self._steps_within(first_day, last_day, origins)
        if any(step is not None and step.limit is not None for step in found):
            return None
        acts = [f"{step.scope} {step.days}: {step.citation}" for step in found if step is not None]
        if None in found:
            starts = min((step.effective_from for step in self.steps if step.effective_from), default=None)
            acts.append(f"{self.name} is not in force outside its schedule, which begins on {starts}")
        span = ""
        if first_day and last_day:
            span = f" on {first_day}" if first_day == last_day else f" from {first_day} to {last_day}"
        return f"no row can qualify: under {self.name} nothing is exempt{span} ({'; '.join(acts)})"

    def _steps_within(
        self, first_day: date | None, last_day: date | None, origins: Iterable[str | None] | None
    ) -> list[Step | None]:
        """Every step that decides for some row of these days and origins, None for days outside the schedule."""
        changes = {day for step in self.steps for day in (step.effective_from, step.effective_to) if day}
        first, last = first_day or date.min, last_day or date.max
        days = sorted({first, *(day for day in changes if first <= day <= last)})
        codes: list[str | None]
        if origins is not None:
            codes = list(origins)
        else:
            groups = [codes for codes, _ in origin_groups(self.steps)]
            other = min(ASSIGNED.difference(*groups))
            codes = [next(iter(listed), other) for listed in groups]
        found = list(dict.fromkeys(self.step_on(day, code) for day in days for code in codes))
        if first_day is None:  # the days before the schedule are no days of the rows
            found = [step for step in found if step is not None] or found
        return found


def shipped_rules() -> tuple[str, ...]:
    """The names of the rules that come with the package, sorted."""
    return shipped_names("rules")
