"""A file is what its first bytes say: other formats by their real names, endings that belie them, wide text."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.formats import FOREIGN, WORKBOOKS
from deminimis.sources.open import open_source

TEXT = b"p,d,v\nA,2024-06-01,500\n"
TABLE = pa.table({"p": ["A"], "d": ["2024-06-01"], "v": [500]})
ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}


def zipped(*names: str) -> bytes:
    """A zip archive of these members, the first of which tells what it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            text = "application/vnd.oasis.opendocument.spreadsheet" if name == "mimetype" else "x"
            archive.writestr(name, text)
    return made.getvalue()


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(TEXT)
        archive.addfile(member, io.BytesIO(TEXT))
    return made.getvalue()


def orc() -> bytes:
    made = io.BytesIO()
    pyarrow.orc.write_table(TABLE, made)
    return made.getvalue()


def database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table m (p text)")
    return connection.serialize()


KINDS: dict[str, Callable[[], bytes]] = {
    "an Excel workbook": lambda: zipped("[Content_Types].xml", "xl/workbook.xml"),
    "an OpenDocument spreadsheet": lambda: zipped("mimetype", "content.xml"),
    "a zip archive": lambda: zipped("a.csv"),
    "an old Excel workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
    "an xz archive": lambda: lzma.compress(TEXT),
    "a 7z archive": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(26),
    "a tar archive": tarred,
    "an lz4 archive": lambda: b"\x04\x22\x4d\x18" + bytes(26),
    "a rar archive": lambda: b"Rar!\x1a\x07\x01\x00",
    "JSON": lambda: json.dumps(TABLE.to_pylist(), indent=1).encode(),
    "a PDF": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "HTML": lambda: b"\n<!DOCTYPE html><html><table></table></html>",
    "XML": lambda: b'\xef\xbb\xbf<?xml version="1.0"?><rows/>',
    "ORC": orc,
    "Avro": lambda: b"Obj\x01\x04\x14avro.codec\x08null",
    "an SQLite database": database,
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(26),
}


def test_every_foreign_format_is_tried() -> None:
    """The table of formats has no line that is not tested here."""
    assert KINDS.keys() == FOREIGN.keys()


@pytest.mark.parametrize("ending", ["", ".csv", ".dat", ".parquet", ".xlsx", ".json"])
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {*WORKBOOKS}))
def test_other_formats_by_their_real_name(tmp_path: Path, kind: str, ending: str) -> None:
    """Whatever the ending, the error has the format's name and what to do."""
    path = tmp_path / f"m{ending}"
    path.write_bytes(KINDS[kind]())
    with pytest.raises(InputError) as caught:
        open_source(path)
    assert str(caught.value) == f"{path}: is {kind}, which is not read: {FOREIGN[kind]}."


@pytest.mark.parametrize("ending", ["", ".csv", ".dat", ".parquet", ".xlsx"])
@pytest.mark.parametrize("kind", WORKBOOKS)
def test_what_is_no_workbook(tmp_path: Path, kind: str, ending: str) -> None:
    """What begins like a workbook and is none is an error that names it, and so is another ending."""
    path = tmp_path / f"m{ending}"
    path.write_bytes(KINDS[kind]())
    wrong = (
        f"its ending says {ending[1:]}, and it starts like workbook" if ending in (".csv", ".parquet") else "workbook"
    )
    with pytest.raises(InputError, match=wrong):
        open_source(path)


@pytest.mark.parametrize("kind", KINDS)
def test_other_formats_that_come_once_or_packed(tmp_path: Path, kind: str) -> None:
    """From a pipe and behind gzip too."""
    for content, name in ((KINDS[kind](), "file object"), (gzip.compress(KINDS[kind](), mtime=0), "file object")):
        with pytest.raises(InputError, match=f"{name}: is {kind}, which is not read"):
            open_source(io.BytesIO(content))


@pytest.mark.parametrize(
    "name", ["ORCHID", "PARENT", "PAR1", "ARROW1", "BZhang", "FEA1", "Objective", "PK", "<b>", "{p}"]
)
def test_column_names_are_no_formats(tmp_path: Path, name: str) -> None:
    """CSV whose first column is called like the mark of a format is CSV."""
    path = tmp_path / "m.csv"
    path.write_text(f"{name},d,v\nA,2024-06-01,500\n")
    for manifest in (path, io.BytesIO(path.read_bytes())):
        assert open_source(manifest).schema.names == [name, "d", "v"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.parquet", TEXT, "its ending says parquet, and it starts like plain text"),
        ("m.arrow", TEXT, "its ending says arrow file, and it starts like plain text"),
        ("m.csv", b"PAR1\x15\x04", "its ending says csv, and it starts like parquet"),
        ("m.tsv", b"ARROW1\x00\x00", "its ending says csv, and it starts like arrow file"),
        ("m.parquet", b"ARROW1\x00\x00", "its ending says parquet, and it starts like arrow file"),
        ("m.csv", gzip.compress(TEXT, mtime=0), "its ending says csv, and it starts like gzip"),
        ("m.csv.gz", TEXT, "its ending says gzip of csv, and it starts like plain text"),
        ("m.csv.gz", bz2.compress(TEXT), "its ending says gzip of csv, and it starts like bz2"),
        ("m.csv.gz", b"PAR1\x15\x04", "its ending says gzip of csv, and it starts like parquet"),
        ("m.parquet.gz", gzip.compress(b"PAR1", mtime=0), "a compressed parquet cannot be read: unpack it first"),
    ],
)
def test_endings_that_belie_a_file(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Neither is guessed: the file is named with what it seems to be."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: {message}"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("ending", [".arrow", ".feather", ".ipc", ".arrows"])
@pytest.mark.parametrize("make", [pa.ipc.new_file, pa.ipc.new_stream])
def test_arrow_by_its_bytes(tmp_path: Path, ending: str, make: Callable[..., pa.ipc.RecordBatchStreamWriter]) -> None:
    """Files and streams of Arrow are told apart by their bytes, as libraries write streams as .arrow."""
    path = tmp_path / f"m{ending}"
    with pa.OSFile(str(path), "wb") as file, make(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert dm.eligible(path, **ROLES).to_pylist() == [True]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text(tmp_path: Path, encoding: str) -> None:
    """It is not UTF-8, and the error has the encoding that reads it."""
    path = tmp_path / "m.csv"
    path.write_bytes(TEXT.decode().encode(encoding))
    with pytest.raises(
        InputError, match=rf'm\.csv: its text is not utf-8, it .* like {encoding}: give encoding="{encoding}"'
    ):
        open_source(path)
    assert dm.eligible(path, **ROLES, encoding=encoding).to_pylist() == [True]


@pytest.mark.parametrize("ending", [".tsv", ".tab", ".psv", ".tsv.gz", ".tsv.zst", ".tsv.bz2", ".csv.zst"])
def test_one_table_of_endings(tmp_path: Path, ending: str) -> None:
    """What is written under an ending is what is read under it, cut by what the ending says."""
    path = tmp_path / f"m{ending}"
    table = pa.table({"p": ["A"], "d": ["2024-06-01"], "v": [500], "a, b": ["x"]})
    dm.score_files(table, path, **ROLES, append=True)
    assert open_source(path).schema.names == ["p", "d", "v", "a, b", "eligible"]
    plain = {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(path.suffix, bytes)
    if not ending.endswith(".zst"):
        delimiter = b"|" if ending == ".psv" else b"\t"
        assert plain(path.read_bytes()).splitlines()[1].split(delimiter)[:2] == [b'"A"', b'"2024-06-01"']


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT, mtime=0) + bytes(512),
        gzip.compress(TEXT, mtime=0) + bytes(3),
        gzip.compress(TEXT[:9], mtime=0) + gzip.compress(TEXT[9:], mtime=0),
        gzip.compress(TEXT[:9], mtime=0) + bytes(600_000) + gzip.compress(TEXT[9:], mtime=0) + bytes(1),
        gzip.compress(b"", mtime=0) + gzip.compress(TEXT, mtime=0),
    ],
)
def test_gzip_as_gzip_reads_it(tmp_path: Path, content: bytes) -> None:
    """Padding with zeros and members one after another are what the program takes too."""
    path = tmp_path / "m.csv.gz"
    path.write_bytes(content)
    for manifest in (path, io.BytesIO(content)):
        assert dm.eligible(manifest, **ROLES).to_pylist() == [True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(TEXT, mtime=0)[:-4], "ends too early"),
        (gzip.compress(TEXT, mtime=0)[:12], "ends too early"),
        (gzip.compress(TEXT, mtime=0) + b"more", "damaged"),
        (gzip.compress(TEXT, mtime=0)[:-8] + bytes(8), "damaged"),
    ],
)
def test_gzip_that_is_damaged(tmp_path: Path, content: bytes, message: str) -> None:
    """A cut, a wrong checksum and bytes behind the end are errors that name the file."""
    path = tmp_path / "m.csv.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"m\.csv\.gz: .*{message}"):
        dm.eligible(path, **ROLES)


def test_file_objects_of_every_kind(tmp_path: Path) -> None:
    """An open Parquet file that is not at its start, or has no name, is read from where it stands."""
    pq.write_table(TABLE, tmp_path / "m.parquet")
    content = (tmp_path / "m.parquet").read_bytes()
    (tmp_path / "two").write_bytes(b"head" + content)
    with (tmp_path / "two").open("rb") as file:
        file.seek(4)
        assert dm.eligible(file, **ROLES).to_pylist() == [True]
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("m.parquet", content)
    with zipfile.ZipFile(tmp_path / "m.zip") as archive, archive.open("m.parquet") as file:
        assert dm.eligible(file, **ROLES).to_pylist() == [True]
