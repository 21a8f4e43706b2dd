"""A rule: the dated schedule of limits with its scopes and citations, and what it says of a row.

What makes a schedule sound lives in problems.py, the kernel's table of it in compiled.py, what a file says in file.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import product

from .. import markup
from ..errors import RuleError
from ..text import counted, shortened, shown
from ..toml_file import open_toml, refuse, shipped_names
from .compiled import CompiledRule, compile_steps
from .countries import ASSIGNED
from .days import WINDOWS, Window
from .file import OVERFLOWS, Overflow, rule_fields
from .problems import step_problems
from .scopes import Scopes, in_force, strictest
from .steps import Step, parse_limit

_STATED_NAME, _STATED = "limit", "stated by the user"


@dataclass(frozen=True, init=False)
class Rule:
    """A dated schedule of limits, each with its scope and its citation.

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
    gate : str, optional
        The zone by whose calendar the day of entry decides the step, where the act asks for that day.
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
    gate: str | None
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
        gate: str | None = None,
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
            "gate": gate,
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

    def step_on(
        self, day: date, origin: str | None, sent_from: str | None = None, kind: str | None = None
    ) -> Step | None:
        """The step that decides for a row of this day, origin, sender and kind; None where none is in force.

        What is missing or not known (a text that is no code, two letters that ISO 3166 does not assign, a kind that no
        step names) takes the strictest step of all that it may be: what cannot be proven is not eligible.
        """
        scopes = Scopes(self.steps)
        cells = scopes.cells_of(origin, sent_from, kind)
        return strictest([in_force(scopes.timeline(cell), day.toordinal()) for cell in cells])

    def limit_on(
        self, day: date, origin: str | None, sent_from: str | None = None, kind: str | None = None
    ) -> Decimal | None:
        """The inclusive limit for such a row; None where nothing qualifies."""
        step = self.step_on(day, origin, sent_from, kind)
        return step.limit if step else None

    @property
    def is_stated(self) -> bool:
        """Whether it is a limit that the user stated, rather than a schedule with a name."""
        return self.name == _STATED_NAME and self.steps[0].citation == _STATED

    def as_of(self, day: date) -> Rule:
        """The rule as if every row were of this day: its steps in force, without their dates."""
        scopes = Scopes(self.steps)
        timelines = [scopes.timeline(cell) for cell in scopes.cells()]
        unnamed = [[step for step in timeline if not step.kind] for timeline in timelines]
        chosen = [in_force(timeline, day.toordinal()) for timeline in (*timelines, *unnamed)]
        steps = [
            replace(step, effective_from=None, effective_to=None)
            for step in self.steps
            if any(step is other for other in chosen)
        ]
        if not any(not step.kind for step in steps):
            steps.append(Step(None, None, "every", None, f"no step of {self.name} is in force on {day}"))
        return Rule(**{**vars(self), "steps": steps, "gate": None, "title": f"{self.title}, as of {day}"})

    def compiled(self) -> CompiledRule:
        """The table of the rule that the kernel takes; it says of every day and row what `step_on` says."""
        return compile_steps(self.steps)

    def why_none_qualifies(
        self,
        first_day: date | None = None,
        last_day: date | None = None,
        origins: Iterable[str | None] | None = None,
        kinds: Iterable[str | None] | None = None,
    ) -> str | None:
        """The loud sentence, with citations, for rows of which none can be eligible; None where one could be.

        Parameters
        ----------
        first_day, last_day : datetime.date, optional
            The manifest's first and last day, both inclusive; None: without bound.
        origins : iterable of str or None, optional
            The manifest's origins, None among them for a missing one; None: any.
        kinds : iterable of str or None, optional
            The same of its kinds.
        """
        found = self._steps_within(first_day, last_day, origins, kinds)
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
        self,
        first_day: date | None,
        last_day: date | None,
        origins: Iterable[str | None] | None,
        kinds: Iterable[str | None] | None,
    ) -> list[Step | None]:
        """Every step that decides for some row of these days and scopes, None for days outside the schedule."""
        changes = {day for step in self.steps for day in (step.effective_from, step.effective_to) if day}
        first, last = first_day or date.min, last_day or date.max
        days = sorted({first, *(day for day in changes if first <= day <= last)})
        scopes = Scopes(self.steps)
        codes = _one_of_each(scopes.origins) if origins is None else list(origins)
        senders = _one_of_each(scopes.senders)
        named = [None, *scopes.kinds] if kinds is None else list(kinds)
        rows = list(product(days, codes, senders, named))
        found = list(dict.fromkeys(self.step_on(day, code, sender, kind) for day, code, sender, kind in rows))
        if first_day is None:  # the days before the schedule are no days of the rows
            found = [step for step in found if step is not None] or found
        return found


def _one_of_each(groups: Sequence[Sequence[str]]) -> list[str | None]:
    """One country of each group, of the first one that no step lists."""
    other = min(ASSIGNED.difference(*groups))
    return [next(iter(codes), other) for codes in groups]


def shipped_rules() -> tuple[str, ...]:
    """The names of the rules that come with the package, sorted."""
    return shipped_names("rules")
