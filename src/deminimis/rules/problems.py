"""What is wrong with a schedule of steps, each fault with its step and the mend. Nothing here reads a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from .scopes import Scopes
from .steps import AFTER_ALL, ANY_OTHER, BEFORE_ALL, Cell, Origin, Step, listed

LIMITS_MOST = 250
"""The kernel's table holds the index of a limit in a byte, and needs a few of its values itself."""

CLASSES_MOST = 256
"""The kernel's table has a row for each class of origins, senders and kinds, told by a byte."""

_TABLE_BYTES_MOST = 1 << 26
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")


def step_problems(steps: Sequence[Step], lines: Sequence[int] | None = None) -> list[str]:
    """What is wrong with a schedule, each with the step and the mend; empty where it is sound.

    Each origin and sender needs exactly one step that names no kind on every day from the first step's first day to the
    last day of any, and at most one that names a kind. One overlap is allowed: a step for all that says "nothing
    qualifies" may overlay one for some that says so too, since one act can suspend what another has suspended already.
    """
    if not steps:
        return ["there is no step: add a [[step]] with from, origin, limit and citation"]
    problems: list[str] = []
    label = {id(step): _step_label(step, number, lines) for number, step in enumerate(steps, 1)}
    for step in steps:
        problems += [f"{label[id(step)]}: {fault}" for fault in _step_faults(step)]
    scopes = Scopes(steps)
    for name, groups in (("origin", scopes.origins), ("sent_from", scopes.senders)):
        if len(groups) == 1 and any(getattr(step, name) == "other" for step in steps):
            problems.append(f'{name} = "other" is used, but no step lists {_a(name)}: write {name} = "every"')
    if problems:
        return problems
    for cell in scopes.cells():
        timeline = [step for step in scopes.timeline(cell) if bool(step.kind) == (cell.kind != ANY_OTHER)]
        whose = _whose(cell, scopes)
        problems += [problem for problem in _overlaps(timeline, whose, label) if problem not in problems]
        if cell.kind == ANY_OTHER:
            problems += _gaps(timeline, whose, steps)
    problems += _row_limit_problems(steps, label)
    return problems or _size_problems(steps, scopes)


def _a(name: str) -> str:
    return "an origin" if name == "origin" else "a sender's country"


def _whose(cell: Cell, scopes: Scopes) -> str:
    """The rows of a cell, in words."""
    group = next(group for group in scopes.origins if (group[0] if group else ANY_OTHER) == cell.origin)
    parts = [f"origin {listed(group)}" if group else "any other origin" if len(scopes.origins) > 1 else "every origin"]
    if len(scopes.senders) > 1:
        group = next(group for group in scopes.senders if (group[0] if group else ANY_OTHER) == cell.sent_from)
        parts.append(f"sent from {listed(group) if group else 'elsewhere'}")
    return ", ".join([f"kind {cell.kind}", *parts] if cell.kind != ANY_OTHER else parts)


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
    yield from _country_faults("origin", step.origin)
    yield from _country_faults("sent_from", step.sent_from)
    for kind in step.kind:
        if not isinstance(kind, str) or not _KIND.fullmatch(kind):
            yield f'kind {kind!r} is no word of up to 16 small letters, digits and hyphens: write one such as "express"'
    if step.row_limit is not None and step.limit is None:
        yield "nothing qualifies, so that a row_limit says nothing: leave it out"


def _country_faults(name: str, scope: Origin) -> Iterator[str]:
    if isinstance(scope, str):
        if scope not in ("every", "other"):
            yield f'{name} {scope!r} is unknown: write "every", "other" or a list of codes, such as ["CN", "HK"]'
        return
    if not scope:
        yield f'the list of {name}s is empty: write {name} = "every", or name them'.replace("sent_froms", "senders")
    for code in scope:
        if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
            yield f'{name} {code!r} is not a country code: write two or three capital letters, such as "CN"'
        elif scope.count(code) > 1:
            yield f"{name} {code!r} is listed twice: list it once"
            return


def _row_limit_problems(steps: Sequence[Step], label: dict[int, str]) -> Iterator[str]:
    """What is not known of a row gets the strictest limit, which is told by one number only."""
    priced = [step for step in steps if step.limit is not None]
    for i, one in enumerate(priced):
        for other in priced[i + 1 :]:
            if one.first < other.end and other.first < one.end and one.terms[1:] != other.terms[1:]:
                yield (
                    f"{label[id(one)]} and {label[id(other)]} are in force together with another row_limit: "
                    "write the same for both"
                )
                return


def _is_for_all(step: Step) -> bool:
    return step.origin == step.sent_from == "every"


def _overlaps(timeline: Sequence[Step], whose: str, label: dict[int, str]) -> Iterator[str]:
    running: list[Step] = []
    for step in timeline:
        running = [earlier for earlier in running if earlier.end > step.first]
        for earlier in running:
            one_is_wider = _is_for_all(earlier) != _is_for_all(step)
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
            until = f" to {date.fromordinal(first)}" if first < AFTER_ALL else " on"
            since = f"from {date.fromordinal(reached)}{until}" if reached > BEFORE_ALL else f"ever{until}"
            origin = 'origin = "other"' if whose == "any other origin" else whose
            yield (
                f"no step covers {whose} {since}: lengthen a step, or add one with {origin}; "
                f'limit = "none" says that nothing qualifies'
            )
        reached = max(reached, end)


def _size_problems(steps: Sequence[Step], scopes: Scopes) -> list[str]:
    limits = {step.terms for step in steps if step.limit is not None}
    if len(limits) > LIMITS_MOST:
        return [f"there are {len(limits)} different limits: at most {LIMITS_MOST} are possible"]
    classes = scopes.shape[0] * scopes.shape[1] * scopes.shape[2]
    if classes > CLASSES_MOST:
        told = f"{classes} combinations of origins, senders and kinds"
        return [f"there are {told}: at most {CLASSES_MOST} are possible, name fewer apart"]
    days = [day for step in steps for day in (step.first, step.end) if BEFORE_ALL < day < AFTER_ALL]
    if days and (max(days) - min(days)) * classes > _TABLE_BYTES_MOST:
        return [f"the steps span {max(days) - min(days):,} days for {classes} groups of origins: too many, drop steps"]
    return []
