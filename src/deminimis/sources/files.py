"""Which files a manifest given by path consists of, in row order, and the format of each. Nothing is decoded here.

A file's partition columns are the folders of its path that are named `key=value`, as text: an identity such as
"00123" stays what it is, and a date stays an ISO text.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..addresses import masked, path_of, scheme_of
from ..arrays import same_text
from ..errors import InputError
from ..formats import WORKBOOKS, ending_of, foreign_of_bytes, format_of_bytes, is_text, why_foreign
from . import folders
from .folders import LeftOut, Walk
from .found import FoundFile
from .identity import check_working_folder
from .stores.address import parse
from .stores.fetched import StoreFile
from .stores.find import ask_for_heads, find_objects

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
PARTITION_TYPE = pa.dictionary(pa.int32(), pa.string())


class Found(NamedTuple):
    """The files of a manifest in row order, what was passed over, and what the reader must not miss of that."""

    files: list[FoundFile]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def find_files(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Found:
    """Resolve paths, globs and folders to files. Each path keeps its place; what one of them matches is sorted.

    Raises
    ------
    InputError
        Nothing is there, two names are one file, or a folder is a table whose log says what counts.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not several:
        raise InputError("the list of files is empty: give at least one path.")
    left_out: list[LeftOut] = []
    outside: list[str] = []
    found: list[FoundFile] = []
    names: dict[object, str] = {}
    for one in _each(several, left_out, outside):
        key = folders.key_of(one.path, one.identity)
        if key in names:
            again = "is given twice" if names[key] == one.path else f"is the same file as {names[key]}"
            raise InputError(f"{again}: its rows would count twice. Give it once.", file=one.path)
        names[key] = one.path
        found.append(one)
    first = found[0]
    for other in found[1:]:
        if other.partition.keys() != first.partition.keys():
            odd = min(other.partition.keys() ^ first.partition.keys())
            raise InputError(
                f"the folders of {first.path} and of this file do not both have a {odd}=...: "
                "the files of one manifest have the same columns.",
                file=other.path,
                column=odd,
            )
    return Found(found, tuple(one.path for one in left_out), folders.notes_of(left_out, outside))


def _each(
    several: Sequence[str | os.PathLike[str]], left_out: list[LeftOut], outside: list[str]
) -> Iterator[FoundFile]:
    """The files that each path or address means. Those on the disk are all found before one is looked at."""
    expanded: list[str | StoreFile] = []
    places = [parse(given) or _local(given) for given in several]
    for place in places:
        if isinstance(place, Path):
            check_working_folder(place)
    for place in places:
        if isinstance(place, Path):
            expanded += _expand(place, left_out, outside)
        else:
            expanded += find_objects(place, _partition_of, left_out)
    folders.check_beside_no_table(one for one in expanded if isinstance(one, str))
    ask_for_heads(one for one in expanded if not isinstance(one, str))
    for one in expanded:
        yield file_at(one) if isinstance(one, str) else one


def format_of(found: FoundFile) -> tuple[str, str | None]:
    """The format and the compression of a file: by its ending, which its first bytes may not belie; else by these.

    Raises
    ------
    InputError
        It is in a format that is not read, or its ending says another than it has.
    """
    path, head = found.path, found.first_bytes()
    seen, seen_compression = format_of_bytes(head)
    foreign = foreign_of_bytes(head)
    if foreign in WORKBOOKS:
        seen, seen_compression = "workbook", None
    elif foreign is not None:
        raise InputError(why_foreign(foreign), file=path)
    known, _, compression = ending_of(path)
    if known and compression and known != "csv":
        raise InputError(f"a compressed {known} cannot be read: unpack it first.", file=path)
    if known is None and compression is None:
        return seen, seen_compression
    known = known or "csv"
    if seen == "feather 1" or (seen.startswith("arrow") and known.startswith("arrow")):
        return seen, None  # many write streams as .arrow
    if head and (seen, seen_compression) != (known, compression):
        seems_text = (seen, seen_compression) == ("csv", None)
        if not seems_text or compression is not None or is_text(head):
            seems = "plain text" if seems_text else seen_compression or seen
            raise InputError(_belied(known, compression, seems), file=path)
    return known, compression


def _belied(known: str, compression: str | None, seems: str) -> str:
    said = f"{compression} of {known}" if compression else known
    return f"its ending says {said}, and it starts like {seems}: give it the ending of its format."


def with_partition(batch: pa.RecordBatch, partition: Mapping[str, str | None], columns: list[str]) -> pa.RecordBatch:
    """Lay out a batch of a file as `columns`, in that order, with those of its folders filled in."""
    if batch.schema.names == columns:
        return batch
    rows = batch.num_rows
    arrays, fields = [], []
    for name in columns:
        if name in partition and batch.schema.get_field_index(name) < 0:
            arrays.append(same_text(partition[name], rows))
            fields.append(partition_field(name))
        else:
            arrays.append(batch.column(name))
            fields.append(batch.schema.field(name))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def with_folders(schema: pa.Schema, partition: Mapping[str, str | None]) -> pa.Schema:
    """The columns of a file, none of them required, and behind them those of its folders."""
    own = [schema.field(i).with_nullable(True) for i in range(len(schema))]
    return pa.schema([*own, *(partition_field(name) for name in partition if name not in schema.names)])


def partition_field(name: str) -> pa.Field:
    """The field of a column that comes from folders."""
    return pa.field(name, PARTITION_TYPE)


def _local(given: str | os.PathLike[str]) -> Path:
    """The path of a file on this machine; a `~` at its front is the home folder."""
    given = path_of(given)
    scheme = scheme_of(given)
    if scheme is not None and not Path(given).exists():
        mend = "download it first, and give the file"
        if scheme == "file":
            mend = "give file:///PATH, or the path by itself"
        elif scheme not in ("http", "https", "ftp"):
            mend = f"copy it here first, or give pyarrow.dataset.dataset({masked(os.fspath(given))!r}) from Python"
        raise InputError(f"is an address ({scheme}://), which is not read: {mend}.", file=masked(os.fspath(given)))
    return home_of(given)


def home_of(given: str | os.PathLike[str]) -> Path:
    """A path, whose `~` is the home folder where no file has that name."""
    path = Path(given)
    if not str(path).startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no user has that name
        return path


def _expand(given: Path, left_out: list[LeftOut], outside: list[str]) -> Iterator[str]:
    if given.is_dir():
        walk = Walk(str(given))
        left_out += walk.left_out
        outside += walk.outside
        if not walk.files:
            told = "; ".join(f"{one.path} {one.why}" for one in walk.left_out[:3])
            why = f" ({told})" if told else ""
            raise InputError(f"the folder holds no Parquet, CSV or Arrow file{why}.", file=str(given))
        yield from walk.files
    elif given.exists() or not glob.has_magic(str(given)):
        yield str(given)
    else:
        matched = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        # A pattern such as in/* matches what a folder passes over; one that names an ending means it.
        kept = [path for path in matched if not given.name.endswith("*") or not _passed_over(path, left_out)]
        if not kept:
            raise InputError("no file matches.", file=str(given))
        yield from dict.fromkeys(file for path in kept for file in _expand(Path(path), left_out, outside))


def _passed_over(path: str, left_out: list[LeftOut]) -> bool:
    is_folder = Path(path).is_dir()
    left = folders.passed_over_by_name(path, is_folder=is_folder)
    if left is None and not is_folder:
        left = folders.judged(path, folders.identity_of(path).bytes)
    left_out += [left] if left else []
    return left is not None


def file_at(path: str) -> FoundFile:
    """A file of the disk by itself."""
    return FoundFile(path, folders.identity_of(path), _partition_of(path))


def _partition_of(path: str) -> dict[str, str | None]:
    """The columns that the folders of a path say."""
    partition: dict[str, str | None] = {}
    for folder in Path(path).parts[:-1]:
        key, equals, value = folder.partition("=")
        if equals and key:
            partition[_unquoted(key, path)] = None if value == HIVE_NULL else _unquoted(value, path)
    return partition


def _unquoted(text: str, path: str) -> str:
    try:
        from urllib.parse import unquote  # slow to import

        unquoted = unquote(text, errors="strict")
        unquoted.encode()
    except UnicodeError as error:
        raise InputError(f"its folder {text!r} does not say a column in UTF-8: rename it.", file=path) from error
    return unquoted
