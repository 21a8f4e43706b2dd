"""What `rules list`, `rules show` and `rules check` print: a rule as text, nothing decided here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..text import bulleted, in_columns, prose
from ..toml_file import open_toml
from .file import NOTHING_QUALIFIES, rule_fields
from .rule import Rule, shipped_rules
from .steps import Step

_OVERFLOW = {
    "all": "all: every row of a total over the limit fails",
    "excess": "excess: in row order, a row fails if the accepted total and its value are over the limit",
}


def list_rules(width: int | None = None) -> str:
    """The shipped rules, one a line: name, currency, window, title.

    Parameters
    ----------
    width : int, optional
        The columns that a line may have; None: as many as it takes.
    """
    rules = [Rule.load(name) for name in shipped_rules()]
    lines = [["Name", "Currency", "Window", "Title"]]
    lines += [[rule.name, rule.currency or "any", rule.window, rule.title] for rule in rules]
    return in_columns(lines, "<<<<", width, has_head=True)


def show_rule(name_or_path: str | os.PathLike[str], width: int | None = None) -> str:
    """A rule as a lawyer reads it: what it is, its timeline with citations, what is unsettled, what was read.

    Parameters
    ----------
    name_or_path : str or path
        A shipped rule's name, or a TOML file.
    width : int, optional
        The columns that a line may have; None: as many as it takes.

    Raises
    ------
    RuleError
        As `Rule.load`.
    """
    rule = Rule.load(name_or_path)
    facts = [
        ["Authority", rule.authority],
        ["Currency", rule.currency or "any"],
        ["Total of", f"{', '.join(rule.key)} and {'day' if rule.window == 'day' else f'calendar {rule.window}'}"],
        ["Overflow", _OVERFLOW[rule.overflow]],
        *([["Gate", f"the day of entry, by the clock of {rule.gate}, decides the step"]] if rule.gate else []),
        *([role.replace("_", " ").capitalize(), meaning] for role, meaning in rule.meaning),
    ]
    title = prose(f"{rule.name}: {rule.title}", width)
    parts = [title, in_columns(facts, "<<", width), timeline(rule.steps, width)]
    notes = [*bulleted("Notes", rule.notes, width), *bulleted("Sources", rule.sources, width)]
    return "\n\n".join([*parts, *notes])


def check_rule(path: str | os.PathLike[str]) -> str:
    """One line that says a rule's file is sound.

    Raises
    ------
    RuleError
        Telling every problem with its step, line and mend.
    """
    fields = rule_fields(open_toml(path, "rules", "rule"))
    steps = "1 step" if len(fields.steps) == 1 else f"{len(fields.steps)} steps"
    return f"{os.fspath(path)}: rule {fields.name!r} is sound: {steps}, no gap, no overlap, every step cited"


def timeline(steps: Sequence[Step], width: int | None = None) -> str:
    """A schedule as a table, a step a line, in the order given."""
    lines = [["From", "To (exclusive)", "Scope", "Limit", "Citation"]]
    for step in steps:
        limit = f"{NOTHING_QUALIFIES}: nothing qualifies" if step.limit is None else f"{step.limit:f}"
        if step.row_limit is not None:
            counts = "counts" if step.counts_above else "does not count"
            limit += f", a row {step.row_limit:f} (above it, it {counts})"
        since, until = step.effective_from or "always", step.effective_to or "-"
        lines.append([str(since), str(until), step.scope, limit, step.citation])
    return in_columns(lines, "<<<<<", width, has_head=True)
