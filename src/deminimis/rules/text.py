"""What `rules list`, `rules show` and `rules check` print: a rule as text, nothing decided here."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence

from ..toml_file import open_toml
from .file import NOTHING_QUALIFIES, rule_fields
from .rule import Rule, shipped_rules
from .steps import Step

_WIDTH = 118
_OVERFLOW = {
    "all": "all: every row of a total over the limit fails",
    "excess": "excess: in row order, a row fails if the accepted total and its value are over the limit",
}


def list_rules() -> str:
    """The shipped rules, one a line: name, currency, window, title."""
    rules = [Rule.load(name) for name in shipped_rules()]
    lines = [["Name", "Currency", "Window", "Title"]]
    lines += [[rule.name, rule.currency or "any", rule.window, rule.title] for rule in rules]
    return aligned(lines)


def show_rule(name_or_path: str | os.PathLike[str]) -> str:
    """A rule as a lawyer reads it: what it is, its timeline with citations, what is unsettled.

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
        *([role.capitalize(), meaning] for role, meaning in rule.meaning),
    ]
    parts = [f"{rule.name}: {rule.title}", aligned(facts), timeline(rule.steps)]
    return "\n\n".join([*parts, *bulleted("Notes", rule.notes)])


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


def timeline(steps: Sequence[Step]) -> str:
    """A schedule as a table, a step a line, in the order given."""
    lines = [["From", "To (exclusive)", "Scope", "Limit", "Citation"]]
    for step in steps:
        limit = f"{NOTHING_QUALIFIES}: nothing qualifies" if step.limit is None else f"{step.limit:f}"
        since, until = step.effective_from or "always", step.effective_to or "-"
        lines.append([str(since), str(until), step.scope, limit, step.citation])
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Rows of cells as columns of equal width, two blanks between them, none at the end of a line."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def bulleted(heading: str, notes: Sequence[str]) -> list[str]:
    """A heading with notes below it, wrapped; nothing where there is no note."""
    lines = [textwrap.fill(note, _WIDTH, initial_indent="- ", subsequent_indent="  ") for note in notes]
    return ["\n".join([heading, *lines])] if lines else []
