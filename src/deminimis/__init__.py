"""For every row of a shipment manifest: does this person stay within the day's limit?"""

from .api import Scorer, eligible, score, score_files
from .errors import DeminimisError
from .names import DEFAULT_PLACEHOLDERS
from .outcome import Scored
from .progress import Progress
from .roles import first_of
from .rule import Rule
from .scorer import release_memory
from .summary import REASONS, Summary

__all__ = [
    "DEFAULT_PLACEHOLDERS",
    "REASONS",
    "DeminimisError",
    "Progress",
    "Rule",
    "Scored",
    "Scorer",
    "Summary",
    "eligible",
    "first_of",
    "release_memory",
    "score",
    "score_files",
]
__version__ = "0.1.0"
