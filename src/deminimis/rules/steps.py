"""A rule's dated steps: one step, its limit as an exact decimal, and what makes a schedule of steps whole.

Nothing here reads a file or knows the rest of a rule.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Literal, TypeAlias

from ..errors import RuleError

Origin: TypeAlias = Literal["every", "other"] | tuple[str, ...]

UNITS_PER_ONE = 10_000
LIMITS_MOST = 250
"""The kernel's table holds the index of a limit in a byte, and needs a few of its values itself."""

_TABLE_BYTES_MOST = 1 << 26
_LIMIT_MOST = Decimal((1 << 63) - 1).scaleb(-4)
_LIMIT_TEXT = re.compile(r"\d+(\.\d+)?")
_ORIGIN_CODE = re.compile(r"[A-Z]{2,3}")
_BEFORE_ALL = 0
_AFTER_ALL = date.max.toordinal() + 1


def parse_limit(value: object) -> Decimal:
    """Read a limit exactly, with its digits as written.

    Parameters
    ----------
    value : str, int or Decimal
        "800", "800.00", 800, Decimal("800.00"). A float is refused: 0.1 is not one tenth.

    Raises
    ------
    RuleError
        For a float, a negative limit, one finer than 1/10,000 or beyond 922,337,203,685,477.5807, or no number.
    """
    if isinstance(value, bool | float):
        raise RuleError(f'limit {value!r} is a {type(value).__name__}: write it as a text, such as limit="{value}"')
    if isinstance(value, Decimal):
        limit = value
    elif isinstance(value, str):
        if not _LIMIT_TEXT.fullmatch(value.strip().removeprefix("-")):
            raise RuleError(f'limit {value!r} is not a number: write digits with a point, such as "800.00"')
        limit = Decimal(value.strip())
    else:
        try:
            limit = Decimal(operator.index(value))  # type: ignore[arg-type]  # index() itself says what is an integer
        except TypeError as error:
            message = f'limit is a {type(value).__name__}: write a text, an int or a Decimal, such as "800.00"'
            raise RuleError(message) from error
    if not limit.is_finite():
        raise RuleError(f"limit {limit} is not a finite number: a limit is an amount, such as 800.00")
    if limit < 0:
        raise RuleError(f"limit {limit} is negative: a limit is zero or more")
    if limit > _LIMIT_MOST:
        raise RuleError(f"limit {limit} is too large: the largest is {_LIMIT_MOST}")
    if limit != limit.quantize(Decimal("0.0001"), context=Context(prec=40)):
        raise RuleError(f"limit {limit} is finer than 1/10,000: write at most 4 decimals")
    return limit.copy_abs()


def limit_units(limit: Decimal) -> int:
    """A limit in units of 1/10,000."""
    return int(limit * UNITS_PER_ONE)


@dataclass(frozen=True)
class Step:
    """One line of a schedule: for these days and origins, this limit, by this act.

    Parameters
    ----------
    effective_from : date, optional
        The first day in force; None: there is none, it always was.
    effective_to : date, optional
        The first day no longer in force; None: until further notice.
    origin : "every", "other" or tuple of str
        "every" origin; the codes listed; or "other": every origin that no step of the rule lists on any day.
    limit : Decimal or None
        The largest total that passes. None: nothing qualifies, which is not a limit of zero.
    citation : str
        The act that says so.
    """

    effective_from: date | None
    effective_to: date | None
    origin: Origin
    limit: Decimal | None
    citation: str

    def __post_init__(self) -> None:
        if self.limit is not None:
            object.__setattr__(self, "limit", parse_limit(self.limit))
        if not isinstance(self.origin, str):
            object.__setattr__(self, "origin", tuple(self.origin))

    @property
    def first(self) -> int:
        """The ordinal of the first day in force."""
        return self.effective_from.toordinal() if self.effective_from else _BEFORE_ALL

    @property
    def end(self) -> int:
        """The ordinal of the first day no longer in force."""
        return self.effective_to.toordinal() if self.effective_to else _AFTER_ALL

    @property
    def scope(self) -> str:
        """Which origins, in words: "every origin", "any other origin", "origin CN or HK"."""
        if self.origin == "every":
            return "every origin"
        return "any other origin" if self.origin == "other" else f"origin {_listed(self.origin)}"

    @property
    def days(self) -> str:
        """Which days, in words."""
        if self.effective_from is None:
            return f"before {self.effective_to}" if self.effective_to else "on every day"
        return f"from {self.effective_from}" + (f" to {self.effective_to}" if self.effective_to else "")

    @property
    def limit_in_words(self) -> str:
        """Its limit with its digits as written, or that nothing qualifies."""
        return "nothing qualifies" if self.limit is None else f"{self.limit:f}"

    def applies_to(self, code: str | None) -> bool:
        """Whether the step is for this listed origin; None stands for any origin that no step lists."""
        if self.origin == "every":
            return True
        return code is None if self.origin == "other" else code in self.origin


def origin_groups(steps: Sequence[Step]) -> list[tuple[tuple[str, ...], tuple[Step, ...]]]:
    """The origins with one timeline each: (codes, steps in order of their first day).

    The first group is that of any other origin, with no codes; the listed ones follow in order of their first code.
    """
    timelines: dict[tuple[Step, ...], list[str]] = {}
    ordered = sorted(steps, key=lambda step: step.first)
    for code in sorted({code for step in steps if not isinstance(step.origin, str) for code in step.origin}):
        timelines.setdefault(tuple(step for step in ordered if step.applies_to(code)), []).append(code)
    others = tuple(step for step in ordered if step.applies_to(None))
    return [((), others), *((tuple(codes), timeline) for timeline, codes in timelines.items())]


def step_in_force(timeline: Sequence[Step], ordinal: int) -> Step | None:
    """The step of a timeline that is in force on a day; of two, the later act."""
    for step in reversed(timeline):
        if step.first <= ordinal < step.end:
            return step
    return None


def step_problems(steps: Sequence[Step], lines: Sequence[int] | None = None) -> list[str]:
    """What is wrong with a schedule, each with the step and the mend; empty where it is sound.

    Each origin needs exactly one step on every day from the first step's first day to the last day of any. One
    overlap is allowed: a step for every origin that says "nothing qualifies" may overlay one for some origins that
    says so too, since one act can suspend what another has suspended already.
    """
    if not steps:
        return ["there is no step: add a [[step]] with from, origin, limit and citation"]
    problems: list[str] = []
    label = {id(step): _step_label(step, number, lines) for number, step in enumerate(steps, 1)}
    for step in steps:
        problems += [f"{label[id(step)]}: {fault}" for fault in _step_faults(step)]
    groups = origin_groups(steps)
    if len(groups) == 1 and any(step.origin == "other" for step in steps):
        problems.append('origin = "other" is used, but no step lists an origin: write origin = "every"')
    if problems:
        return problems
    for codes, timeline in groups:
        whose = f"origin {_listed(codes)}" if codes else ("any other origin" if len(groups) > 1 else "every origin")
        problems += [problem for problem in _overlaps(timeline, whose, label) if problem not in problems]
        problems += _gaps(timeline, whose, steps)
    return problems or _size_problems(steps, len(groups))


def _step_label(step: Step, number: int, lines: Sequence[int] | None) -> str:
    line = f"line {lines[number - 1]}: " if lines else ""
    return f"step {number} ({line}{step.days}, {step.scope})"


def _step_faults(step: Step) -> Iterator[str]:
    for bound in (step.effective_from, step.effective_to):
        if bound is not None and (not isinstance(bound, date) or isinstance(bound, datetime)):
            yield f"{bound!r} is not a day: write a date, such as 2016-03-10"
            return
    if step.first >= step.end:
        yield f"it ends before it begins: 'to' ({step.effective_to}) is the first day that is no longer in force"
    if not step.citation.strip():
        yield 'the citation is missing: name the act, such as citation = "19 CFR 10.151"'
    if isinstance(step.origin, str):
        if step.origin not in ("every", "other"):
            yield f'origin {step.origin!r} is unknown: write "every", "other" or a list of codes, such as ["CN", "HK"]'
        return
    if not step.origin:
        yield 'the list of origins is empty: write origin = "every", or name them'
    for code in step.origin:
        if not isinstance(code, str) or not _ORIGIN_CODE.fullmatch(code):
            yield f'origin {code!r} is not a country code: write two or three capital letters, such as "CN"'
        elif step.origin.count(code) > 1:
            yield f"origin {code!r} is listed twice: list it once"
            return


def _overlaps(timeline: Sequence[Step], whose: str, label: dict[int, str]) -> Iterator[str]:
    running: list[Step] = []
    for step in timeline:
        running = [earlier for earlier in running if earlier.end > step.first]
        for earlier in running:
            one_is_wider = (earlier.origin == "every") != (step.origin == "every")
            if not (one_is_wider and earlier.limit is None and step.limit is None):
                since = f"from {step.effective_from}" if step.effective_from else "on every day"
                yield (
                    f"{label[id(earlier)]} and {label[id(step)]} overlap for {whose} {since}: "
                    f"end the earlier one with to = {step.effective_from or 'the first day of the other'}"
                )
        running.append(step)


def _gaps(timeline: Sequence[Step], whose: str, steps: Sequence[Step]) -> Iterator[str]:
    reached, last = min(step.first for step in steps), max(step.end for step in steps)
    bounds = [(step.first, step.end) for step in timeline] + [(last, last)]
    for first, end in bounds:
        if first > reached:
            until = f" to {date.fromordinal(first)}" if first < _AFTER_ALL else " on"
            since = f"from {date.fromordinal(reached)}{until}" if reached > _BEFORE_ALL else f"ever{until}"
            origin = 'origin = "other"' if whose == "any other origin" else whose
            yield (
                f"no step covers {whose} {since}: lengthen a step, or add one with {origin}; "
                f'limit = "none" says that nothing qualifies'
            )
        reached = max(reached, end)


def _size_problems(steps: Sequence[Step], groups: int) -> list[str]:
    limits = {step.limit for step in steps if step.limit is not None}
    if len(limits) > LIMITS_MOST:
        return [f"there are {len(limits)} different limits: at most {LIMITS_MOST} are possible"]
    days = [day for step in steps for day in (step.first, step.end) if _BEFORE_ALL < day < _AFTER_ALL]
    if days and (max(days) - min(days)) * (groups + 1) > _TABLE_BYTES_MOST:
        return [f"the steps span {max(days) - min(days):,} days for {groups} groups of origins: too many, drop steps"]
    return []


def _listed(codes: Sequence[object]) -> str:
    names = [str(code) for code in codes]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
