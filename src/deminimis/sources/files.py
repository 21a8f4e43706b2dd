"""Which files a manifest given by path consists of, in row order, and the format of each. Nothing is decoded here.

A file's partition columns are the folders of its path that are named `key=value`, as text: an identity such as
"00123" stays what it is, and a date stays an ISO text.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from ..arrays import same_text
from ..errors import InputError
from .base import reading
from .identity import Identity, check_unchanged, check_working_folder

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".arrow": "arrow file",
    ".feather": "arrow file",
    ".ipc": "arrow file",
    ".arrows": "arrow stream",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
MAGICS = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow file"),
    (b"FEA1", "feather 1"),
    (b"\xff\xff\xff\xff", "arrow stream"),
)
COMPRESSION_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
PARTITION_TYPE = pa.dictionary(pa.int32(), pa.string())


class FoundFile(NamedTuple):
    """A file of the manifest: its path as the user would write it, what it was when it was found, and its folders'
    `key=value`."""

    path: str
    identity: Identity
    partition: dict[str, str | None]

    @property
    def bytes(self) -> int:
        return self.identity.bytes

    @contextmanager
    def reading(self, what: str = "cannot be read", mend: str = "") -> Iterator[None]:
        """`base.reading`, and at its end, be that an error, a look at whether the file is still as it was found."""
        with reading(self.path, what, mend):
            try:
                yield
            except Exception:
                check_unchanged(self.path, self.identity, self.path)
                raise
            check_unchanged(self.path, self.identity, self.path)


def find_files(paths: str | Path | Iterable[str | Path]) -> list[FoundFile]:
    """Resolve paths, globs and folders to files. Each path keeps its place; what one of them matches is sorted."""
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not several:
        raise InputError("the list of files is empty: give at least one path.")
    for given in several:
        check_working_folder(given)
    found = [_found(path) for given in several for path in _expand(Path(given))]
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
    return found


def format_of(path: str) -> tuple[str, str | None]:
    """The format and the compression of a file: by its ending, else by its first bytes, else CSV."""
    name = Path(path.lower())
    compression = COMPRESSIONS.get(name.suffix)
    known = FORMATS.get(name.with_suffix("").suffix if compression else name.suffix)
    if known and compression and known != "csv":
        raise InputError(f"a compressed {known} cannot be read: unpack it first.", file=path)
    if known:
        return known, compression
    if compression:
        return "csv", compression
    return _sniffed(path)


def format_of_bytes(head: bytes) -> tuple[str, str | None]:
    """The format and the compression that the first bytes of a file or a stream show; CSV where nothing does."""
    for magic, name in MAGICS:
        if head.startswith(magic):
            return name, None
    for magic, name in COMPRESSION_MAGICS:
        if head.startswith(magic):
            return "csv", name
    return "csv", None


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


def partition_field(name: str) -> pa.Field:
    """The field of a column that comes from folders."""
    return pa.field(name, PARTITION_TYPE)


def _sniffed(path: str) -> tuple[str, str | None]:
    _regular(path)
    with reading(path), Path(path).open("rb") as file:
        return format_of_bytes(file.read(8))


def _expand(given: Path) -> Iterator[str]:
    if given.is_dir():
        found = sorted(_walk(given))
        if not found:
            raise InputError("the folder holds no Parquet, CSV or Arrow file.", file=str(given))
        yield from found
    elif given.exists() or not glob.has_magic(str(given)):
        yield str(given)
    else:
        matched = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matched:
            raise InputError("no file matches.", file=str(given))
        for path in matched:
            yield from _expand(Path(path))


def _walk(folder: Path) -> Iterator[str]:
    """Every file below that is a manifest by its ending or its first bytes.

    What starts with a dot or an underscore is passed over: writers keep their own notes there. So is a read-me or a
    licence, by its ending; one that ends in .txt is taken for CSV, and its columns tell.
    """

    def refuse(error: OSError) -> None:
        raise InputError(f"the folder cannot be read ({error.strerror}).", file=error.filename)

    for here, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in names:
            if name.startswith((".", "_")):
                continue
            path = Path(here, name)
            if path.suffix.lower() in FORMATS | COMPRESSIONS or _sniffed(str(path)) != ("csv", None):
                yield str(path)


def _regular(path: str) -> os.stat_result:
    """The status of a file, or an InputError for what would be waited for."""
    with reading(path):
        status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise InputError('is a pipe or a device, which comes once: give it on standard input, as "-".', file=path)
    return status


def _found(path: str) -> FoundFile:
    identity = Identity.of(_regular(path))
    partition: dict[str, str | None] = {}
    for folder in Path(path).parts[:-1]:
        key, equals, value = folder.partition("=")
        if equals and key:
            partition[_unquoted(key, path)] = None if value == HIVE_NULL else _unquoted(value, path)
    return FoundFile(path, identity, partition)


def _unquoted(text: str, path: str) -> str:
    try:
        unquoted = unquote(text, errors="strict")
        unquoted.encode()
    except UnicodeError as error:
        raise InputError(f"its folder {text!r} does not say a column in UTF-8: rename it.", file=path) from error
    return unquoted
