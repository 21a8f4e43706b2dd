"""For every row of a shipment manifest: does this person stay within the day's limit?"""

from .api import Scorer, eligible, score, score_files
from .errors import DeminimisError
from .progress import Progress
from .results.scored import Scored
from .results.summary import REASONS, Summary
from .roles.names import DEFAULT_PLACEHOLDERS
from .roles.persons import first_of
from .rules.rule import Rule
from .run.run import release_memory

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
