"""Every error that this package raises on purpose, how its words name options, and what the system says it lacks.

Each message says where (file, column, row), what is wrong and what would work instead. The command line prints the
message alone and exits with the class's `exit_code`. Every error pickles with all its fields.

A message names an option by `option("day_format")`, a mark that reads `day_format=` to Python's callers; the command
line puts its own word there. So no face has to find options in another's sentences.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from typing import Any

from .addresses import is_in_store, masked, masked_within
from .bounds import NAMES_COMPARED_MAX, NAMES_LISTED_MAX
from .text import shortened, shown

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # never characters of a text, by Unicode
_MARK = re.compile(f"{_OPEN}(\\w+)=([^{_OPEN}{_CLOSE}]*){_CLOSE}")


def option(name: str, value: str | bool | int | None = None) -> str:
    """An option in a message, with a value that would work: `day_format=`, `bad_values="ignore"`."""
    literal = "" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
    return f"{_OPEN}{name}={literal}{_CLOSE}"


class Message(str):
    """A sentence in the words of Python's callers, which another face can have in its own.

    Parameters
    ----------
    template : str
        The sentence, with its options as `option` marks them.
    """

    template: str

    def __new__(cls, template: str) -> Message:
        template = masked_within(template)
        message = super().__new__(cls, shortened(_MARK.sub(r"\1=\2", template)))
        message.template = template
        return message

    @property
    def options(self) -> tuple[str, ...]:
        """The options that it names, in its order."""
        return tuple(dict.fromkeys(found[1] for found in _MARK.finditer(self.template)))

    def told(self, word: Callable[[str, str], str]) -> str:
        """The sentence with each option as `word(name, value)` says it; value is "" where none is named."""
        return shortened(_MARK.sub(lambda found: word(found[1], found[2].strip('"')), self.template))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Message, (self.template,))


def listed(names: Sequence[str]) -> str:
    """Names with commas between; of many, the first."""
    first = [shortened(shown(name), 100) for name in names[:NAMES_LISTED_MAX]]
    more = [f"and {len(names) - len(first):,} more"] if len(names) > len(first) else []
    return ", ".join([*first, *more]) or "none"


class DeminimisError(Exception):
    """The base of all errors of this package.

    Attributes
    ----------
    exit_code : int
        What the command line ends with.
    message : str
        What is wrong, and the mend.
    option : str, optional
        The keyword argument that it is about.
    """

    exit_code = 2

    def __init__(self, message: str = "", *, option: str | None = None) -> None:
        self.message = message if isinstance(message, Message) else Message(message)
        super().__init__(str(self.message))
        self.option = option or next(iter(self.message.options), None)

    def told(self, word: Callable[[str, str], str]) -> str:
        """The whole message with each option as `word(name, value)` says it."""
        return self.message.told(word)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), self.args, self.__dict__))


def _again(kind: type[DeminimisError], args: tuple[object, ...], fields: dict[str, Any]) -> DeminimisError:
    """An error as it was pickled: the parameters of its class are not its `args`."""
    base: Any = kind  # the built-in that it is laid out as, which alone can make one
    while issubclass(base, DeminimisError):
        base = base.__base__
    error: DeminimisError = base.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


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
    option : str, optional
        The keyword argument that it is about; default: the first that the message names.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        column: str | None = None,
        row: int | None = None,
        option: str | None = None,
    ) -> None:
        super().__init__(message, option=option)
        self.file = masked(file) if is_in_store(file) and file is not None else file
        self.column = column
        self.row = row
        self.in_batch: int | None = None
        """Where a row is not known but for its place in its batch."""
        self.in_part: tuple[int, str | None, int] | None = None
        """Where the row's number is not known yet: the order of its part, the file, and its place in the part."""
        self.args = (f"{self._place()}{self.message}",)

    def place_at(self, file: str | None, row: int) -> None:
        """Name the row, which was not known at first, within its file."""
        self.file, self.row, self.in_part = file, row, None
        self.args = (f"{self._place()}{self.message}",)

    def told(self, word: Callable[[str, str], str]) -> str:
        return f"{self._place()}{self.message.told(word)}"

    def _place(self) -> str:
        where = [shown(str(self.file))] if self.file else []
        if self.column is not None:
            where.append(f"column {shortened(repr(self.column), 200)}")
        if self.row is not None:
            where.append(f"row {self.row}")
        return f"{shortened(', '.join(where))}: " if where else ""


class ColumnNotFoundError(InputError):
    """A role names a column that the manifest does not have."""

    def __init__(self, name: str, columns: Sequence[str], *, role: str, file: str | None = None) -> None:
        import difflib  # only this error needs it

        nearest = difflib.get_close_matches(name[:200], columns[:NAMES_COMPARED_MAX], n=1, cutoff=0.5)
        hint = f" Did you mean {shortened(repr(nearest[0]), 200)}?" if nearest else ""
        wrong = f"there is no column {shortened(repr(name), 200)} for the {role}."
        super().__init__(f"{wrong}{hint} The columns are: {listed(columns)}.", file=file, option=role)
        self.name = name
        self.columns = tuple(columns)


class UnsupportedTypeError(InputError, TypeError):
    """A column's type cannot play its role without a guess."""


class BadValueError(InputError):
    """`bad_values="error"` and a row has a value that is missing, negative, not finite, too large or not a number."""


class RuleError(InputError):
    """A rule or a feed that is not valid, or is used without what it needs."""


class OrderError(InputError):
    """A manifest was promised to be sorted by day and is not."""


class TotalsError(InputError):
    """Tables of totals that do not fit one another, the manifest or the settings, or that do not say what they are."""


class OutOfSpaceError(DeminimisError, OSError):
    """The disk is full: for the output, or for what is spilled."""

    exit_code = 3


class OutOfMemoryError(DeminimisError, MemoryError):
    """The memory that the work needs could not be had."""

    exit_code = 3


class DiskError(DeminimisError, OSError):
    """The disk or the network under a file failed; whether the file is sound is not known."""

    exit_code = 3


class OutOfThreadsError(DeminimisError, RuntimeError):
    """The threads that the work needs could not be started."""

    exit_code = 3


class OutOfFilesError(DeminimisError, OSError):
    """The process or the system has as many files open as it may."""

    exit_code = 3


class CorruptSpillError(DeminimisError, OSError):
    """A block came back from the disk other than it was written."""

    exit_code = 3


LACKS: dict[int, tuple[type[DeminimisError], str, str]] = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        (OutOfSpaceError, "the disk is full", "free some space, or give another folder"),
    ),
    errno.ENOMEM: (OutOfMemoryError, "out of memory", f"give a smaller {option('memory_limit')} or fewer threads"),
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE),
        (OutOfFilesError, "too many files are open", "raise the limit of open files (ulimit -n)"),
    ),
    **dict.fromkeys(
        (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.ECONNRESET),
        (DiskError, "the disk or the network failed", "whether the file is sound is not known; try again"),
    ),
}
"""What the system lacks by the number of its error: our class, what is wrong, and the mend."""


def lack(error: BaseException, where: str | None = None) -> DeminimisError | None:
    """The error of this package for what the system lacks: disk, memory, descriptors. None: it lacks nothing.

    `where` names the file, or what was being done.
    """
    if isinstance(error, DeminimisError):
        return error if error.exit_code == 3 else None
    number = errno.ENOMEM if isinstance(error, MemoryError) else error.errno if isinstance(error, OSError) else None
    if number not in LACKS:
        return None
    kind, what, mend = LACKS[number]
    detail = (error.strerror if isinstance(error, OSError) else "") or str(error).strip().partition("\n")[0]
    if detail and kind in (OutOfMemoryError, DiskError):
        what = f"{what} ({detail})"
    return kind(f"{f'{shown(where)}: ' if where else ''}{what}: {mend}")
