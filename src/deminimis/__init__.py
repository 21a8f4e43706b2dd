"""For every row of a shipment manifest: does this person stay within the day's limit?

What is public is imported when it is first asked for, so that the command line answers a question of usage, or an
early Ctrl-C, without the packages that the work needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors
    from .api import eligible, score, score_files
    from .audit.evidence.again import Verification, verify
    from .audit.findings.finding import Finding, Findings
    from .audit.findings.found import findings
    from .audit.flips import Flips, WhatIf, what_if
    from .audit.inspection import Inspection, inspect
    from .audit.parties import Reconciliation, reconcile
    from .audit.report.made import report
    from .errors import DeminimisError
    from .feeds.text import list_feeds, show_feed
    from .person_days import merge, totals
    from .progress import Progress
    from .questions.plan import Plan, plan
    from .questions.rows import find_row
    from .questions.why import Explanation, explain
    from .results.scored import Scored
    from .results.summary import REASONS, Summary
    from .roles.names import DEFAULT_PLACEHOLDERS
    from .roles.options import Options
    from .roles.persons import first_of
    from .rules.rule import Rule
    from .rules.steps import Step
    from .rules.text import list_rules, show_rule
    from .run.run import release_memory
    from .scorer import Scorer
    from .sinks.csv_file import CsvFile
    from .streaming import Streamed, stream

__all__ = [
    "DEFAULT_PLACEHOLDERS",
    "REASONS",
    "CsvFile",
    "DeminimisError",
    "Explanation",
    "Finding",
    "Findings",
    "Flips",
    "Inspection",
    "Options",
    "Plan",
    "Progress",
    "Reconciliation",
    "Rule",
    "Scored",
    "Scorer",
    "Step",
    "Streamed",
    "Summary",
    "Verification",
    "WhatIf",
    "eligible",
    "errors",
    "explain",
    "find_row",
    "findings",
    "first_of",
    "inspect",
    "list_feeds",
    "list_rules",
    "merge",
    "plan",
    "reconcile",
    "release_memory",
    "report",
    "score",
    "score_files",
    "show_feed",
    "show_rule",
    "stream",
    "totals",
    "verify",
    "what_if",
]
__version__ = "0.1.0"
_PLACES = {
    "api": ("eligible", "score", "score_files"),
    "audit.evidence.again": ("Verification", "verify"),
    "audit.flips": ("Flips", "WhatIf", "what_if"),
    "audit.parties": ("Reconciliation", "reconcile"),
    "audit.report.made": ("report",),
    "audit.findings.finding": ("Finding", "Findings"),
    "audit.findings.found": ("findings",),
    "audit.inspection": ("Inspection", "inspect"),
    "errors": ("DeminimisError",),
    "feeds.text": ("list_feeds", "show_feed"),
    "person_days": ("merge", "totals"),
    "progress": ("Progress",),
    "questions.plan": ("Plan", "plan"),
    "questions.rows": ("find_row",),
    "questions.why": ("Explanation", "explain"),
    "results.scored": ("Scored",),
    "results.summary": ("REASONS", "Summary"),
    "roles.names": ("DEFAULT_PLACEHOLDERS",),
    "roles.options": ("Options",),
    "roles.persons": ("first_of",),
    "rules.rule": ("Rule",),
    "rules.steps": ("Step",),
    "rules.text": ("list_rules", "show_rule"),
    "run.run": ("release_memory",),
    "scorer": ("Scorer",),
    "sinks.csv_file": ("CsvFile",),
    "streaming": ("Streamed", "stream"),
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module(".errors", __name__)
    for place, names in _PLACES.items():
        if name in names:
            globals()[name] = found = getattr(import_module(f".{place}", __name__), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
