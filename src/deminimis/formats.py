"""The one table of formats: which endings mean which, how files begin, and what is said of those that are not read."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".psv": "csv",
    ".txt": "csv",
    ".arrow": "arrow file",
    ".feather": "arrow file",
    ".ipc": "arrow file",
    ".arrows": "arrow stream",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xlsb": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
}
DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|", ".txt": ","}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
MAGICS = (
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),  # with an encrypted footer
    (b"ARROW1", "arrow file"),
    (b"FEA1", "feather 1"),
    (b"\xff\xff\xff\xff", "arrow stream"),
)
COMPRESSION_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
MAGIC_BYTES = 512
"""How much of a file tells its format; a tar archive says what it is after 257 bytes."""
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BINARY_BYTES = 64

_TABLE = "give it by its path, or save its sheet as CSV"
_UNPACK = "unpack it first"
_FRAME = "read it with pandas, Polars or DuckDB and give the frame"
FOREIGN = {
    "an Excel workbook": _TABLE,
    "an old Excel workbook": _TABLE,
    "an OpenDocument spreadsheet": _TABLE,
    "a zip archive": _UNPACK,
    "an xz archive": _UNPACK,
    "a 7z archive": _UNPACK,
    "a tar archive": _UNPACK,
    "an lz4 archive": _UNPACK,
    "a rar archive": _UNPACK,
    "JSON": _FRAME,
    "a PDF": "get its table as CSV",
    "HTML": "save its table as CSV, or read it with pandas.read_html(path) and give the frame",
    "XML": _FRAME,
    "ORC": "read it with pyarrow.orc.read_table(path) and give the table",
    "Avro": _FRAME,
    "an SQLite database": "read its table with DuckDB or pandas.read_sql and give the frame",
    "HDF5": "read it with pandas.read_hdf(path) and give the frame",
}
"""What is known by its first bytes and not read, or not from a stream, and the mend."""

WORKBOOKS = ("an Excel workbook", "an old Excel workbook", "an OpenDocument spreadsheet")
"""Those that are read where they lie in a file."""

_FOREIGN_MAGICS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x04\x22\x4d\x18", "an lz4 archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"%PDF-", "a PDF"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
)
_SPREADSHEET = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_WORKBOOK = (b"[Content_Types].xml", b"_rels/.rels", b"xl/", b"docProps/")
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head|<body|<table|<meta)\b", re.I)
_XML = re.compile(rb"\s*<\?xml\b")
_JSON = re.compile(rb'\s*(?:\{\s*(?:"[^"]*"\s*:|\}|\Z)|\[\s*[\[{])')
_TAR = slice(257, 262)


class Ending(NamedTuple):
    """What the ending of a file's name says; None: nothing."""

    format: str | None
    delimiter: str | None
    compression: str | None


def ending_of(path: str) -> Ending:
    """Read the ending of a file's name, such as `.tsv.zst`."""
    name = PurePath(path.lower())
    compression = COMPRESSIONS.get(name.suffix)
    ending = (name.with_suffix("") if compression else name).suffix
    return Ending(ENDINGS.get(ending), DELIMITERS.get(ending), compression)


def format_of_bytes(head: bytes) -> tuple[str, str | None]:
    """The format and the compression that the first bytes of a file or a stream show; CSV where nothing does."""
    for magic, name in MAGICS:
        if _begins(head, magic):
            return name, None
    for magic, name in COMPRESSION_MAGICS:
        if _begins(head, magic):
            return "csv", name
    return "csv", None


def is_text(head: bytes) -> bool:
    """Whether no byte is one that text does not have."""
    return _BINARY.search(head) is None


def _begins(head: bytes, magic: bytes) -> bool:
    """Whether bytes begin like this; where that is letters, as of a column ORCID or PARENT, no text may follow."""
    if not head.startswith(magic):
        return False
    after = head[len(magic) : len(magic) + _BINARY_BYTES]
    return not magic.isalnum() or not after or not is_text(after)


def foreign_of_bytes(head: bytes) -> str | None:
    """The name of a format that is not read, as the first bytes show it; None where they show none."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if head[30:].startswith(_SPREADSHEET):
            return "an OpenDocument spreadsheet"
        return "an Excel workbook" if head[30:].startswith(_WORKBOOK) else "a zip archive"
    for magic, name in _FOREIGN_MAGICS:
        if _begins(head, magic):
            return name
    if head[_TAR] == b"ustar":
        return "a tar archive"
    text = head.removeprefix(b"\xef\xbb\xbf")
    for pattern, name in ((_HTML, "HTML"), (_XML, "XML"), (_JSON, "JSON")):
        if pattern.match(text):
            return name
    return None


def why_foreign(name: str) -> str:
    """What is said of a file in a format that is not read."""
    return f"is {name}, which is not read: {FOREIGN[name]}."
