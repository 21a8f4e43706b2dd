"""The known feeds as text: what `feeds list` and `feeds show` print."""

from __future__ import annotations

import os

from ..text import bulleted, in_columns, prose
from .feed import Feed, FeedPerson, shipped_feeds


def list_feeds(width: int | None = None) -> str:
    """The known feeds, one a line: name, title.

    Parameters
    ----------
    width : int, optional
        The columns that a line may have; None: as many as it takes.
    """
    feeds = [Feed.load(name) for name in shipped_feeds()]
    lines = [["Name", "Title"], *([feed.name, feed.title] for feed in feeds)]
    return in_columns(lines, "<<", width, has_head=True)


def show_feed(name_or_path: str | os.PathLike[str], width: int | None = None) -> str:
    """A feed as text: each role with its columns, what the feed lacks, what to know.

    Parameters
    ----------
    name_or_path : str or path
        A known feed's name, or a TOML file.
    width : int, optional
        The columns that a line may have; None: as many as it takes.

    Raises
    ------
    RuleError
        As `Feed.load`.
    """
    feed = Feed.load(name_or_path)
    lines = [["Role", "Column"]]
    if feed.person is not None:
        lines.append(["person", _in_words(feed.person)])
    lines += [["per", column] for column in feed.per]
    lines += [[role, column] for role, column in feed.columns]
    lines += [[role, f"(none) {mend}"] for role, mend in feed.missing]
    head = [prose(text, width) for text in (f"{feed.name}: {feed.title}", feed.source)]
    parts = ["\n".join(head), in_columns(lines, "<<", width, has_head=True)]
    if feed.settings:
        settings = [["Setting", "Value"], *([name, _setting_text(value)] for name, value in feed.settings)]
        parts.append(in_columns(settings, "<<", width, has_head=True))
    return "\n\n".join([*parts, *bulleted("Notes", feed.notes, width)])


def _in_words(person: FeedPerson) -> str:
    if isinstance(person, tuple):
        return " and ".join(_in_words(part) for part in person)
    return person if isinstance(person, str) else f"first of ({', '.join(map(str, person.columns))})"


def _setting_text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
