"""Every error that this package raises on purpose, and nothing else.

Each message says where (file, column, row), what is wrong and what would work instead. The command line prints the
message alone and exits with the class's `exit_code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from .bounds import MESSAGE_CHARACTERS_MAX, NAMES_COMPARED_MAX, NAMES_LISTED_MAX


def shortened(text: str, most: int = MESSAGE_CHARACTERS_MAX) -> str:
    """A text of at most about so many characters: of a longer one its start and its end."""
    if len(text) <= most:
        return text
    start, end = most * 3 // 4, most // 4
    return f"{text[:start]} [... {len(text) - start - end:,} characters ...] {text[-end:]}"


def listed(names: Sequence[str]) -> str:
    """Names with commas between; of many, the first."""
    shown = [shortened(name, 100) for name in names[:NAMES_LISTED_MAX]]
    more = [f"and {len(names) - len(shown):,} more"] if len(names) > len(shown) else []
    return ", ".join([*shown, *more]) or "none"


class DeminimisError(Exception):
    """The base of all errors of this package."""

    exit_code = 2


class InputError(DeminimisError, ValueError):
    """A manifest, a file or a setting that cannot be used as it is.

    Parameters
    ----------
    message : str
        What is wrong, and the mend.
    file, column : str, optional
        Where it is wrong.
    row : int, optional
        The row's number within its file or stream, counted from 0.
    """

    def __init__(
        self, message: str, *, file: str | None = None, column: str | None = None, row: int | None = None
    ) -> None:
        message = shortened(message)
        where = [file] if file else []
        if column is not None:
            where.append(f"column {shortened(repr(column), 200)}")
        if row is not None:
            where.append(f"row {row}")
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.message = message
        self.file = file
        self.column = column
        self.row = row
        self.in_part: tuple[int, str | None, int] | None = None
        """Where the row's number is not known yet: the order of its part, the file, and its place in the part."""


class ColumnNotFoundError(InputError):
    """A role names a column that the manifest does not have."""

    def __init__(self, name: str, columns: Sequence[str], *, role: str, file: str | None = None) -> None:
        nearest = difflib.get_close_matches(name[:200], columns[:NAMES_COMPARED_MAX], n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        wrong = f"there is no column {shortened(repr(name), 200)} for the {role}."
        super().__init__(f"{wrong}{hint} The columns are: {listed(columns)}.", file=file)
        self.name = name
        self.columns = tuple(columns)


class UnsupportedTypeError(InputError, TypeError):
    """A column's type cannot play its role without a guess."""


class BadValueError(InputError):
    """`bad_values="error"` and a row has a value that is missing, negative, not finite, too large or not a number."""


class RuleError(InputError):
    """A rule or a layout that is not valid, or is used without what it needs."""


class OrderError(InputError):
    """A manifest was promised to be sorted by day and is not."""


class OutOfSpaceError(DeminimisError, OSError):
    """The disk is full: for the output, or for what is spilled."""

    exit_code = 3


class OutOfMemoryError(DeminimisError, MemoryError):
    """The memory that the work needs could not be had."""

    exit_code = 3


class DiskError(DeminimisError, OSError):
    """The disk or the network under a file failed; whether the file is sound is not known."""

    exit_code = 3


class CorruptSpillError(DeminimisError, OSError):
    """A block came back from the disk other than it was written."""

    exit_code = 3
