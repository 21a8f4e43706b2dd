"""`inspect`: a look at the head and a sample of a feed, whatever its size, and the command that would score it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .. import markup
from ..errors import InputError
from ..results.summary import REASONS
from ..roles.guesses import Guesses
from ..sources.open import Source, open_source
from ..sources.schemas import laid_out
from ..text import bulleted, counted, in_bytes, in_columns, plain, prose, shortened
from .look import Look, look_at
from .proposal import Proposal, command_of, propose
from .words import rank

_PLACES, _ROWS = 16, 128
_WESTERN = ("cp1252", "latin-1")
"""What text of an unknown encoding is shown in, that of Windows first: who looks sees whether letters are right."""
_COLUMNS_MOST = 200
_NAME_MOST = 40


@dataclass(frozen=True)
class Inspection:
    """What a feed looks like, and what is proposed. Nothing of it is decided.

    Parameters
    ----------
    files, bytes : int
        Files, and their bytes; none in memory.
    rows : int, optional
        Rows, where they are known or can be guessed.
    rows_are_estimated : bool
    rows_looked_at : int
        Rows of the sample.
    reading : dict of str to object
        How its text is read, where that was given or found out.
    columns : tuple of Look
        The columns.
    feed : str
        The known feed that it looks like, in words; "" where it looks like none.
    roles, settings : dict of str to object
        Proposed roles with their columns, and proposed settings.
    missing : tuple of str
        Roles that no column seems to play.
    outcomes : dict of str to int
        What the proposal makes of the sample: rows by reason.
    command : str
        The whole command, to copy; "" where a role is missing, or the manifest has no path.
    notes : tuple of str
        What to look at first.
    """

    files: int
    bytes: int | None
    rows: int | None
    rows_are_estimated: bool
    rows_looked_at: int
    reading: dict[str, object]
    columns: tuple[Look, ...]
    feed: str
    roles: dict[str, object]
    settings: dict[str, object]
    missing: tuple[str, ...]
    outcomes: dict[str, int]
    command: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has."""
        found = {name: plain(one) for name, one in vars(self).items() if name != "columns"}
        columns = [
            {
                "name": look.name,
                "type": look.type,
                "looks_like": look.in_words,
                "blank": look.blank,
                "unread": look.unread,
                "cells": list(look.cells),
            }
            for look in self.columns
        ]
        return found | {"columns": columns}

    def __repr__(self) -> str:
        return f"<deminimis.Inspection of {counted(len(self.columns), 'column')}: {self.command or 'no proposal'}>"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        table = markup.table(self._columns()[1:], "<<>><<", self._columns()[0])
        return markup.titled(self._title(), [table, markup.listed([self.command, *self.notes])])

    def to_text(self, width: int | None = None) -> str:
        """The look for a person, in lines of at most this width; the command is one line, to be copied."""
        parts = [prose(self._title(), width), in_columns(self._columns(), "<<>><<", width, has_head=True)]
        parts.append(prose(f"Known feed: {self.feed or 'none that it looks like'}.", width))
        if self.roles or self.settings:
            roles = [(name, str(column)) for name, column in (self.roles | self.settings).items()]
            parts.append("Proposed, not decided\n" + in_columns(roles, "<<", width))
        if self.outcomes:
            total = sum(self.outcomes.values())
            lines = [(r, f"{n:,}", _share(n, total), REASONS[r]) for r, n in self.outcomes.items()]
            told = prose("So the rows that were looked at would be, by themselves", width)
            parts.append(f"{told}\n{in_columns(lines, '<>><', width)}")
        parts += bulleted("To look at first", self.notes, width)
        if self.missing:
            lacking = " and ".join(self.missing)
            parts.append(
                prose(f"No command: nothing seems to be the {lacking}. deminimis score --help has the roles.", width)
            )
        elif self.command:
            parts.append(f"To score it:\n{self.command}")
        return "\n\n".join(parts)

    def _title(self) -> str:
        size = [] if self.bytes is None else [f"{counted(self.files, 'file')} of {in_bytes(self.bytes)}"]
        if self.rows is not None:
            size.append(f"{'about ' if self.rows_are_estimated else ''}{counted(self.rows, 'row')}")
        told = [f"{name} {one!r}" for name, one in self.reading.items() if isinstance(one, str)]
        return f"{', '.join([*size, *told])}; looked at {counted(self.rows_looked_at, 'row')}"

    def _columns(self) -> list[tuple[str, ...]]:
        head = ("Column", "Type", "Blank", "Unread", "Looks like", "Cells")
        lines: list[tuple[str, ...]] = [
            (
                shortened(look.name, _NAME_MOST),
                shortened(look.type, _NAME_MOST),
                _share(look.blank, look.rows),
                _share(look.unread, look.rows),
                look.in_words,
                "  ".join(look.cells),
            )
            for look in self.columns
        ]
        return [head, *lines]


def inspect(manifest: Any, **reading: Any) -> Inspection:
    """Look at the head of a manifest and at rows of places spread over it, and propose how to score it.

    Takes a second at most, whatever the size of the files: what lies between is not read, but for streams and packed
    text, of which the head alone is looked at. Nothing is decided: roles are guessed by the names and the cells of
    columns, and what is proposed is tried on the sample.

    Parameters
    ----------
    manifest : object
        As `eligible` takes it.
    delimiter, encoding, header
        For text files, as of `eligible`; what is not given is found out.

    Returns
    -------
    Inspection
        `columns`, `roles`, `settings`, the `command` to copy; `print` shows it all.
    """
    unknown = [name for name in reading if name not in ("delimiter", "encoding", "header")]
    if unknown:
        raise TypeError(f"inspect takes delimiter, encoding and header, not {unknown[0]!r}")
    reading = {name: one for name, one in reading.items() if one is not None}
    source, batches, reading = _sample(manifest, reading)
    names = source.schema.names
    twice = sorted({name for name in names if names.count(name) > 1})
    schema = pa.schema([source.schema.field(i) for i, name in enumerate(names) if name not in twice][:_COLUMNS_MOST])
    rows = [pa.RecordBatch.from_arrays(_flat(laid_out(batch, schema)), schema=schema) for batch in batches]
    sample = pa.Table.from_batches(rows, schema)
    guesses = Guesses()
    looks = tuple(
        look_at(name, sample[name], guesses, may_be_day=rank("day", name) is not None) for name in schema.names
    )
    found = propose(looks, sample)
    paths = [manifest] if isinstance(manifest, (str, os.PathLike)) else manifest if isinstance(manifest, list) else []
    are_paths = bool(paths) and all(isinstance(one, (str, os.PathLike)) for one in paths)
    notes = [*source.notes, *found.notes]
    notes += [f"{len(twice):,} names stand for several columns each, such as {shortened(twice[0])}"] if twice else []
    notes += [f"only the first {_COLUMNS_MOST} columns were looked at"] if len(names) > _COLUMNS_MOST else []
    if not sample.num_rows:
        notes.append("there is no row that could be looked at")
    is_whole = are_paths and not found.missing
    guessed = source.rows if source.rows is not None else source.guess_rows()
    return Inspection(
        files=len(source.files),
        bytes=source.bytes,
        rows=guessed,
        rows_are_estimated=source.rows is None and guessed is not None,
        rows_looked_at=sample.num_rows,
        reading=dict(reading),
        columns=looks,
        feed=_feed_in_words(found),
        roles=dict(found.roles),
        settings=dict(found.settings),
        missing=found.missing,
        outcomes=found.outcomes,
        command=command_of(found, [os.fspath(one) for one in paths], reading) if is_whole else "",
        notes=tuple(notes),
    )


def _sample(manifest: Any, reading: dict[str, Any]) -> tuple[Source, list[pa.RecordBatch], dict[str, Any]]:
    """A source, some of its rows, and how it is read; text that is not UTF-8 is tried in others."""
    given = "encoding" in reading
    tried = [reading]
    first: InputError | None = None
    while tried:
        one = tried.pop(0)
        try:
            source = open_source(manifest, **one)
            return source, list(source.sample(_PLACES, _ROWS)), one
        except InputError as error:
            if error.option != "encoding" or given:
                raise first or error from None
            if first is None:
                tried = [reading | {"encoding": encoding} for encoding in _encodings(error)]
            first = first or error
    assert first is not None
    raise first


def _encodings(error: InputError) -> list[str]:
    """The encoding that an error says is the one, or those of the West."""
    found: list[str] = []

    def take(name: str, value: str) -> str:
        found.extend([value] if value else [])
        return name

    error.told(take)
    return found or list(_WESTERN)


def _flat(columns: list[Any]) -> list[pa.Array]:
    return [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in columns]


def _feed_in_words(found: Proposal) -> str:
    if found.feed is None:
        return ""
    there, columns = found.feed.there, found.feed.columns
    return f"{found.feed.name}, of whose {counted(columns, 'column')} {'all' if there == columns else there} are there"


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f}%" if count and total else ""
