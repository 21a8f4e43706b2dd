"""A file that changes while it is read, and one that gives fewer bytes than it has, is an error that names it."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.identity import Identity, check_unchanged
from deminimis.sources.open import open_source

ROWS = 30_000
TABLE = pa.table({"who": [f"person {i}" for i in range(ROWS)], "day": ["2024-06-01"] * ROWS, "usd": ["1"] * ROWS})
FORMS = ["t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz"]


def write(path: Path) -> None:
    """The table in the format of the path, with small row groups and batches."""
    if path.suffix == ".parquet":
        pq.write_table(TABLE, path, row_group_size=1000)
    elif path.suffix == ".gz":
        with gzip.open(path, "wb") as file:
            pc.write_csv(TABLE, file)
    elif path.suffix == ".csv":
        pc.write_csv(TABLE, path)
    else:
        new = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
        with new(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=1000)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def write_again(path: Path) -> None:
    text, status = path.read_bytes(), path.stat()
    path.write_bytes(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**10))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda path: os.truncate(path, path.stat().st_size * 71 // 80), "was cut short"),
    "emptied": (lambda path: os.truncate(path, 0), "was cut short"),
    "grown": (grow, "grew while it was read"),
    "replaced": (replace, "was replaced by another file"),
    "written again": (write_again, "was written to while it was read"),
    "removed": (Path.unlink, "was removed or renamed|no such file"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("columns", [None, ["who", "usd"]])
def test_file_that_changes_after_it_was_opened(
    tmp_path: Path, name: str, change: str, columns: list[str] | None
) -> None:
    """Whatever happens to a file between the look at it and the reading, no row of it is taken for good."""
    path = tmp_path / name
    write(path)
    source = open_source(path)
    CHANGES[change][0](path)
    with pytest.raises(InputError, match=f"{name}.*({CHANGES[change][1]})"):
        for piece in source.pieces(columns):
            for _ in piece.batches():
                pass


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("change", CHANGES)
def test_file_that_changes_within_a_piece(tmp_path: Path, name: str, change: str) -> None:
    """A change after the first batch is seen by the end of the piece, unless all of it had been read by then."""
    path = tmp_path / name
    write(path)
    source = open_source(path)
    with pytest.raises(InputError, match=rf"{name}.*({CHANGES[change][1]})|no such file"):
        for i, piece in enumerate(source.pieces(None)):
            for j, _ in enumerate(piece.batches()):
                if i == j == 0:
                    CHANGES[change][0](path)
        # A CSV file of one range is in memory before its first batch comes: it is asked about once more to be read.
        list(next(source.pieces(None)).batches())


@pytest.mark.parametrize("name", FORMS)
def test_what_is_no_change(tmp_path: Path, name: str) -> None:
    """Being read, linked and given other permissions changes no byte of a file."""
    path = tmp_path / name
    write(path)
    source = open_source(path)
    path.read_bytes()
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    path.with_name("link").hardlink_to(path)
    path.chmod(0o400)
    assert sum(batch.num_rows for piece in source.pieces(None) for batch in piece.batches()) == ROWS


def test_a_second_is_the_least_that_all_file_systems_remember(tmp_path: Path) -> None:
    """A time that lost its fraction is the same time; another fraction, or another second, is not."""
    path = tmp_path / "t"
    path.touch()
    for before, after, same in [
        (5_123_456_789, 5_123_456_789, True),
        (5_123_456_789, 5_000_000_000, True),
        (5_000_000_000, 5_123_456_789, True),
        (5_123_456_789, 5_123_456_790, False),
        (5_123_456_789, 6_000_000_000, False),
    ]:
        os.utime(path, ns=(0, before))
        identity = Identity.of(path.stat())
        os.utime(path, ns=(0, after))
        if same:
            check_unchanged(str(path), identity, "t")
        else:
            with pytest.raises(InputError, match="was written to"):
                check_unchanged(str(path), identity, "t")


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("change", ["cut", "grown", "written again"])
def test_open_file_that_changes(tmp_path: Path, name: str, change: str) -> None:
    """A file that comes as an open file, such as standard input, is asked at its end."""
    path = tmp_path / name
    write(path)
    with path.open("rb") as file:
        source = open_source(file)
        CHANGES[change][0](path)
        with pytest.raises(InputError, match=name):
            for piece in source.pieces(None):
                for _ in piece.batches():
                    pass


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("append", [True, False])
def test_run_whose_input_changes(tmp_path: Path, name: str, append: bool) -> None:
    """A run whose input changes after its output was begun ends with an error that names the input."""
    path = tmp_path / name
    write(path)

    class Target(io.BytesIO):
        def write(self, data: object) -> int:
            if not self.tell():
                write_again(path)
            return super().write(data)  # type: ignore[arg-type]

    with pytest.raises(InputError, match=f"{name}: was written to while it was read"):
        dm.score_files(
            path, Target(), person="who", day="day", value="usd", limit=800, append=append, threads=1, format="csv"
        )


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time, and no more than `most` in all."""

    def __init__(self, text: bytes, most: int) -> None:
        self._left = text[:most]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._left[: min(7, size) if size > 0 else None]
        self._left = self._left[len(part) :]
        return part


def stream(table: pa.Table, rows: int, **options: object) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return out.getvalue()


SMALL = TABLE.slice(0, 6).set_column(0, "who", TABLE["who"].slice(0, 6).dictionary_encode())
STREAMS = {
    "plain": stream(SMALL, 2),
    "packed": stream(SMALL, 2, compression="zstd"),
    "legacy": stream(SMALL, 2, use_legacy_format=True),
    "without rows": stream(SMALL.slice(0, 0), 2),
}


def taken(manifest: object) -> int:
    """How many rows a manifest has, all of them read."""
    return sum(batch.num_rows for piece in open_source(manifest).pieces(None) for batch in piece.batches())


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("form", ["file", "object", "dribble"])
def test_stream_that_breaks_off(tmp_path: Path, kind: str, form: str) -> None:
    """An Arrow stream that is cut anywhere, between two batches too, is an error; the whole one is not."""
    whole, path = STREAMS[kind], tmp_path / "t.arrows"

    def manifest(text: bytes) -> object:
        path.write_bytes(text)
        if form == "file":
            return path
        return io.BytesIO(text) if form == "object" else Dribble(text, len(text))

    if kind != "legacy" or form == "file":  # nothing shows that a legacy stream is one, but the name of a file
        assert taken(manifest(whole)) == (0 if kind == "without rows" else 6)
        for size in range(8, len(whole), 3 if form == "file" else 7):
            with pytest.raises(InputError, match="end mark is missing"):
                taken(manifest(whole[:size]))


@pytest.mark.parametrize("form", ["file", "object"])
@pytest.mark.parametrize("behind", [b"\0", b"\n", STREAMS["plain"], STREAMS["without rows"], b"\xff" * 4 + b"\0" * 4])
def test_bytes_behind_the_end_mark(tmp_path: Path, form: str, behind: bytes) -> None:
    """What follows an end mark, such as a second stream, is not passed over."""
    path = tmp_path / "t.arrows"
    path.write_bytes(STREAMS["plain"] + behind)
    with pytest.raises(InputError, match="bytes behind the end mark"):
        taken(path if form == "file" else io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize("rows", [(6, 6), (6, 0), (0, 6)])
def test_files_that_were_joined_to_one(tmp_path: Path, rows: tuple[int, int]) -> None:
    """The footer of the second of two Arrow files that were joined tells of one of them alone: refused."""
    both = b""
    for count in rows:
        out = io.BytesIO()
        with pa.ipc.new_file(out, TABLE.schema) as writer:
            writer.write_table(TABLE.slice(0, count), max_chunksize=2)
        both += out.getvalue()
        (tmp_path / "t.arrow").write_bytes(out.getvalue())
        assert taken(tmp_path / "t.arrow") == count
    (tmp_path / "t.arrow").write_bytes(both)
    with pytest.raises(InputError, match=r"t\.arrow"):
        taken(tmp_path / "t.arrow")
    with pytest.raises(InputError, match=r"file object: .*(bytes between|no footer|points outside)"):
        taken(io.BytesIO(both))


@pytest.mark.parametrize("name", ["t.arrow", "t.arrows", "t.parquet"])
def test_every_prefix_of_a_file(tmp_path: Path, name: str) -> None:
    """A file that lost any of its end is an error that names it, at once."""
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    for size in [*range(40), *range(40, len(whole), len(whole) // 60), *range(len(whole) - 40, len(whole))]:
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=name):
            taken(path)
        if size >= 16:  # of less, nothing shows what it is
            with pytest.raises(InputError, match=r"file object: (is|its|it) .*(Arrow|Parquet|footer|end mark)"):
                taken(io.BytesIO(whole[:size]))
