"""How days are written: a pattern such as "%m/%d/%Y" to the steps by which the kernel reads it, checked when given.

A pattern has to tell one day, each part of it once, and nothing that cannot be read exactly. No cell is read here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .._kernel import STEPS, STEPS_MOST, FormOfDays
from ..errors import InputError, option
from .zones import NO_CLOCK, clock_of

Step = tuple[int, int, int, int, int, int]
"""Kind, byte of a literal, least and most digits, lowest and highest number."""


class _Directive(NamedTuple):
    part: str  # of a day or a time that it tells: none is told twice
    kind: str
    width: int = 0  # digits where it stands beside other digits; a separator lets leading zeros go
    low: int = 0
    high: int = 0
    is_fixed: bool = False  # all its digits are always there


_DIRECTIVES = {
    "Y": _Directive("year", "year", 4, 1, 9999, is_fixed=True),
    "y": _Directive("year", "short year", 2, 0, 99, is_fixed=True),
    "m": _Directive("month", "month", 2, 1, 12),
    "b": _Directive("month", "month name"),
    "d": _Directive("day", "day", 2, 1, 31),
    "j": _Directive("day of the year", "day of year", 3, 1, 366),
    "G": _Directive("ISO year", "week year", 4, 1, 9999, is_fixed=True),
    "V": _Directive("ISO week", "week", 2, 1, 53),
    "u": _Directive("weekday", "weekday", 1, 1, 7),
    "w": _Directive("weekday", "weekday", 1, 0, 6),
    "a": _Directive("weekday", "weekday name"),
    "H": _Directive("hour", "hour", 2, 0, 23),
    "I": _Directive("hour", "hour12", 2, 1, 12),
    "p": _Directive("half of the day", "half"),
    "M": _Directive("minute", "minute", 2, 0, 59),
    "S": _Directive("second", "second", 2, 0, 60),
    "f": _Directive("fraction", "fraction", 9),
    "z": _Directive("offset", "offset"),
    "s": _Directive("seconds since 1970", "epoch"),
}
_SAME = {"B": "b", "h": "b", "A": "a", "e": "d"}
_SHORT_FOR = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M", "%n": " ", "%t": " "}
_MENDS = {
    "Z": "a name such as PDT tells no one zone; have the offset written (-0700) for %z, or make the column timestamps",
    "C": "write %Y for the year",
    "g": "write %G for the ISO year",
    "U": "weeks that are not those of ISO 8601 cannot be read; write %G-W%V-%u, or have the date written",
    "W": "weeks that are not those of ISO 8601 cannot be read; write %G-W%V-%u, or have the date written",
    "P": "write %p, which reads am and AM",
    "k": "write %H",
    "l": "write %I",
    "c": "it depends on the system's language; write it out, such as %a %b %d %H:%M:%S %Y",
    "x": "it depends on the system's language; write it out, such as %m/%d/%Y",
    "X": "it depends on the system's language; write it out, such as %H:%M:%S",
    "r": "write %I:%M:%S %p",
    "v": "write %d-%b-%Y",
    "-": "leave the - out; without it, digits before a separator need no leading zero",
    "_": "leave the _ out; write %e for a day with a blank before it",
    "E": "leave the E out",
    "O": "leave the O out",
    ".": "write .%f for the fraction of a second",
    "3": "write %f for the fraction of a second",
    "6": "write %f for the fraction of a second",
    "9": "write %f for the fraction of a second",
    "L": "write %f for the fraction of a second",
    "N": "write %f for the fraction of a second",
    "+": "leave the format out: ISO text is read without it",
    "Q": "it counts milliseconds; make the column timestamps",
}
_WAYS = (("year", "month", "day"), ("year", "day of the year"), ("ISO year", "ISO week", "weekday"))
_OF_DATES = frozenset(part for way in _WAYS for part in way) - {"weekday"}
_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "mmmm": "%B", "mmm": "%b", "mm": "%m", "m": "%m", "dd": "%d", "d": "%d", "hh": "%H",
    "ss": "%S", "jjj": "%j", "ddd": "%j",
}  # fmt: skip


class DayPattern(NamedTuple):
    """A checked pattern.

    Parameters
    ----------
    steps : tuple of Step
        What the kernel reads, in order.
    takes_integers : bool
        Whether an integer such as 20240601 can be written so.
    is_instant : bool
        Whether it tells instants: with an offset, or as seconds since 1970.
    has_hour : bool
        Whether it tells a time of the day.
    """

    steps: tuple[Step, ...]
    takes_integers: bool
    is_instant: bool
    has_hour: bool


@lru_cache(maxsize=64)
def pattern_of(day_format: str) -> DayPattern:
    """Check a pattern.

    Raises
    ------
    InputError
        It tells no day, or has a directive that cannot be honoured: named, with the mend.
    """
    if not isinstance(day_format, str):
        raise InputError(f"{option('day_format')} is a pattern such as '%m/%d/%Y', not {day_format!r}")
    found = _tokens(day_format.strip())
    parts = [token.part for token in found if isinstance(token, _Directive)]
    _check(day_format, parts)
    steps: list[Step] = []
    for at, token in enumerate(found):
        if isinstance(token, _Directive):
            steps.append(_step(day_format, token, _is_digits(found, at - 1), _is_digits(found, at + 1)))
        elif token.isspace():
            steps.append((STEPS["blanks"], 0, 1 if token == " " else 0, 0, 0, 0))
        else:
            steps += [(STEPS["literal"], byte, 0, 0, 0, 0) for byte in token.encode()]
    if len(steps) > STEPS_MOST:
        raise InputError(f"{option('day_format')} has at most {STEPS_MOST} steps, not {len(steps)}")
    is_epoch = "seconds since 1970" in parts
    return DayPattern(
        tuple(steps),
        takes_integers=len(found) == 1 if is_epoch else all(_is_digits(found, at) for at in range(len(found))),
        is_instant=is_epoch or "offset" in parts,
        has_hour=is_epoch or "hour" in parts,
    )


def check_days(day_format: object, zone: object) -> None:
    """Check both as they were given, and against each other."""
    pattern = None if day_format is None else pattern_of(day_format)
    try:
        if zone is not None:
            clock_of(zone)
    except (ValueError, AttributeError, TypeError):
        mend = f"{option('timezone')} is a name such as 'America/Los_Angeles', or an offset such as '-05:00'"
        raise InputError(f"{mend}, not {zone!r}") from None
    if pattern is not None and zone is not None and pattern.is_instant and not pattern.has_hour:
        mend = f"leave {option('timezone')} out, or add %H"
        raise InputError(f"the {option('day_format')} {day_format!r} tells an offset and no hour: {mend}")


def form_of(day_format: str | None, zone: str | None) -> FormOfDays | None:
    """The kernel's form of days that are written by a pattern, or else as ISO text or instants, and whose instants
    follow a zone; None where neither is set.

    Raises
    ------
    ValueError
        There is no such zone.
    """
    if day_format is None and zone is None:
        return None
    clock = NO_CLOCK if zone is None else clock_of(zone)
    steps = () if day_format is None else pattern_of(day_format).steps
    return FormOfDays(steps=list(steps), starts=clock.starts, offsets=clock.offsets, cycle_from=clock.cycle_from)


def form_of_instants(zone: str, column: str, file: str | None) -> FormOfDays | None:
    """The form of a column of instants, by the clock of a zone; None for UTC."""
    try:
        return None if zone == "UTC" else form_of(None, zone)
    except ValueError:
        mend = f"there is no time zone {zone!r}: say with {option('timezone')} whose calendar day its instants are"
        raise InputError(mend, file=file, column=column) from None


def _tokens(text: str) -> list[_Directive | str]:
    """Directives, runs of blanks as one blank, and single characters; a tab stands for blanks that may be none."""
    found: list[_Directive | str] = []
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        if two in _SHORT_FOR:
            text = text[:at] + _SHORT_FOR[two] + text[at + 2 :]
            continue
        if text[at].isspace():
            if not found or found[-1] != " ":
                found.append(" ")
            at += 1
        elif text[at] != "%":
            found.append(text[at])
            at += 1
        elif two == "%%":
            found.append("%")
            at += 2
        else:
            if two == "%e" and found and found[-1] != " ":
                found.append("\t")
            found.append(_directive(two[1:]))
            at += 2
    return found


def _directive(letter: str) -> _Directive:
    token = _DIRECTIVES.get(_SAME.get(letter, letter))
    if token is None:
        known = ", ".join(f"%{name}" for name in sorted([*_DIRECTIVES, *_SAME], key=str.lower))
        mend = _MENDS.get(letter, f"what can be read is {known}")
        raise InputError(f"%{letter} in a {option('day_format')} cannot be read: {mend}")
    return token


def _is_digits(found: list[_Directive | str], at: int) -> bool:
    """Whether a token is written in digits, so that its neighbours need their full width."""
    if not 0 <= at < len(found):
        return False
    token = found[at]
    if isinstance(token, str):
        return token == "\t" or (token.isascii() and token.isdigit())
    return bool(token.width) or token.kind == "epoch"


def _step(day_format: str, token: _Directive, after_digits: bool, before_digits: bool) -> Step:
    if before_digits and token.kind in ("fraction", "offset", "epoch"):
        fault = f"has digits behind the {token.part}: it needs a separator there"
        raise InputError(f"the {option('day_format')} {day_format!r} {fault}")
    is_full = token.is_fixed or ((after_digits or before_digits) and token.kind != "fraction")
    least = token.width if is_full else min(token.width, 1)
    return STEPS[token.kind], 0, least, token.width, token.low, token.high


def _check(day_format: str, parts: list[str]) -> None:
    """Refuse a pattern that does not tell one day, or tells a part of it twice."""

    def refuse(fault: str) -> InputError:
        return InputError(f"the {option('day_format')} {day_format!r} {fault}")

    if not parts:
        like = _translated(day_format)
        raise refuse(
            f"has no directive: write it as {like!r}" if like else "has no directive such as those of '%m/%d/%Y'"
        )
    for part in parts:
        if parts.count(part) > 1:
            raise refuse(f"tells the {part} twice")
    told = set(parts)
    if "seconds since 1970" in told:
        if told - {"seconds since 1970", "fraction"}:
            raise refuse("tells seconds since 1970 and more: %s stands alone")
        return
    dates = told & _OF_DATES
    if "weekday" in told and dates <= {"ISO year", "ISO week"}:
        dates = dates | {"weekday"}
    if dates not in map(set, _WAYS):
        if "ISO week" in told and "year" in told:
            raise refuse("has the week of ISO 8601 with another year: write %G for the year")
        missing = next(([part for part in way if part not in dates] for way in _WAYS if dates <= set(way)), None)
        if missing is None:
            raise refuse(f"tells the day in two ways ({', '.join(sorted(dates))}): keep one")
        raise refuse(
            f"does not tell the {' and the '.join(missing)}: a day is %Y, %m and %d, or %Y and %j, or %G, %V and %u, "
            "or %s"
        )
    if ("half of the day" in told) != ("%I" in _plain(day_format)):
        raise refuse("has one of %I and %p without the other: write %H for hours to 23, %I and %p for AM and PM")


def _plain(day_format: str) -> str:
    return day_format.replace("%%", "")


def _translated(text: str) -> str | None:
    """A pattern for letters such as MM/DD/YYYY; None where they tell no day."""
    made = re.sub(r"([ymdhsj])\1*", lambda run: _LETTERS.get(run[0], "%%"), text.lower())
    try:
        return made if "%" in made and pattern_of(made) else None
    except InputError:
        return None
