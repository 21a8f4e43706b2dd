"""TOML files, shipped with the package or written by users: finding them, reading them, and naming what is wrong.

What the keys mean is said in rules/ and feeds/, not here. What only such files need is
imported when one is read, as a limit alone needs none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .bounds import TOML_BYTES_MAX
from .errors import RuleError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class TomlFile:
    """A file's text and what it says; `label` names it in errors."""

    label: str
    text: str
    table: Mapping[str, Any]


def shipped_names(folder: str) -> tuple[str, ...]:
    """The names of the shipped files of a folder ("rules" or "feeds"), sorted, without their ending."""
    entries = _shipped(folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


def open_toml(name_or_path: str | os.PathLike[str], folder: str, kind: str) -> TomlFile:
    """Read a shipped file by its name, or any other by its path.

    A text is a path when it ends in ".toml" or holds a path separator; anything else is the name of a shipped file,
    so that a stray file of the working folder never stands in for a shipped one.

    Raises
    ------
    RuleError
        For an unknown name, an unreadable file, or text that is not TOML.
    """
    given = os.fspath(name_or_path)
    if isinstance(name_or_path, os.PathLike) or given.endswith(".toml") or "/" in given or os.sep in given:
        return read_toml(Path(given), given)
    names = shipped_names(folder)
    if given not in names:
        nearest = nearest_of(given, names)
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        raise RuleError(
            f"there is no shipped {kind} {given!r}.{hint} The shipped ones are: {', '.join(names)}. "
            f"Your own file is named by its path, which ends in .toml."
        )
    return read_toml(_shipped(folder) / f"{given}.toml", f"{given}.toml (shipped)")


def _shipped(folder: str) -> Traversable:
    from importlib import resources

    return resources.files(f"deminimis.{folder}") / "shipped"


def nearest_of(given: str, known: Collection[str]) -> str | None:
    """The word that was probably meant."""
    import difflib

    return next(iter(difflib.get_close_matches(given, known, n=1, cutoff=0.5)), None)


def read_toml(path: Path | Traversable, label: str) -> TomlFile:
    """Read one TOML file; `label` names it in errors."""
    import tomllib

    if isinstance(path, Path) and path.exists() and not path.is_file():
        raise RuleError("is a folder, a pipe or a device: give a file", file=label)
    try:
        with path.open("rb") as file:
            content = file.read(TOML_BYTES_MAX + 1)
    except OSError as error:
        raise RuleError(f"it cannot be read: {error.strerror or error}", file=label) from error
    if len(content) > TOML_BYTES_MAX:
        raise RuleError(f"it is larger than {TOML_BYTES_MAX >> 20} MiB: give the file of a rule or a feed", file=label)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RuleError(f"line {line} is not UTF-8: save the file as UTF-8", file=label) from error
    try:
        # A number with a point becomes a Decimal: the reader can refuse it and still quote what was written.
        return TomlFile(label, text, tomllib.loads(text.replace("\r\n", "\n"), parse_float=_number))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(_syntax_message(str(error), text), file=label) from error
    except (ValueError, RecursionError) as error:
        raise RuleError(f"it is not valid TOML: {error}", file=label) from error


def _number(written: str) -> Decimal:
    try:
        return Decimal(written.replace("_", ""))
    except InvalidOperation:
        return Decimal("NaN")


def _syntax_message(complaint: str, text: str) -> str:
    """Turn the parser's complaint into one with the line, its text and a mend."""
    mend = 'Texts and limits stand in double quotes ("800.00", "none"), dates do not (2016-03-10).'
    found = re.search(r" \(at line (\d+), column \d+\)", complaint)
    if not found:
        return f"it is not valid TOML: {complaint}. {mend}"
    number = int(found[1])
    line = text.splitlines()[number - 1].strip() if number <= len(text.splitlines()) else ""
    return f"line {number} is not valid TOML ({complaint[: found.start()]}): {line!r}. {mend}"


def line_of(text: str, header: str, count: int) -> list[int] | None:
    """The line number of each `[[header]]`, or None where their number is not `count` (one stands inside a text)."""
    pattern = re.compile(rf"\s*\[\[\s*{re.escape(header)}\s*\]\]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)]
    return lines if len(lines) == count else None


def unknown_keys(table: Mapping[str, Any], known: Collection[str], where: str = "") -> list[str]:
    """One problem for each key that means nothing here, with the nearest one that does."""
    problems = []
    for key in table:
        if key not in known:
            nearest = nearest_of(key, known)
            mend = f"did you mean {nearest!r}?" if nearest else f"the keys are: {', '.join(known)}"
            problems.append(f"{where}unknown key {key!r}: {mend}")
    return problems


def text_of(table: Mapping[str, Any], key: str, problems: list[str], example: str, where: str = "") -> str:
    """A text that must be there and not be blank; "" where it is neither, with a problem noted."""
    value = table.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    fault = f"{key!r} is missing" if key not in table else f"{key!r} is not a text, or is blank"
    problems.append(f"{where}{fault}: write {key} = {example}")
    return ""


def choice_of(table: Mapping[str, Any], key: str, choices: Sequence[Word], problems: list[str]) -> Word:
    """One of a few words; the first of them where it is none, with a problem noted."""
    value = table.get(key)
    for choice in choices:
        if choice == value:
            return choice
    fault = "is missing" if key not in table else f"is {value!r}"
    problems.append(f"{key!r} {fault}: write one of {', '.join(repr(choice) for choice in choices)}")
    return choices[0]


def notes_of(table: Mapping[str, Any], problems: list[str], key: str = "notes") -> tuple[str, ...]:
    """The notes, or the texts of another key, each as one line."""
    notes = table.get(key, [])
    if not isinstance(notes, list) or not all(isinstance(note, str) and note.strip() for note in notes):
        example = "what is unsettled" if key == "notes" else "what was read, and where"
        problems.append(f'{key} is no list of texts: write {key} = ["{example}", "..."]')
        return ()
    return tuple(" ".join(note.split()) for note in notes)


def refuse(problems: Sequence[str], label: str | None = None) -> None:
    """Raise one error that tells every problem, if there is any.

    Raises
    ------
    RuleError
        With one problem on its line, or all of them as a list.
    """
    if len(problems) == 1:
        raise RuleError(problems[0], file=label)
    if problems:
        raise RuleError("\n  - ".join([f"{len(problems)} problems", *problems]), file=label)
