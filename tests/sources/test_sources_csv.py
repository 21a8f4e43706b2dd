"""CSV gives the rows that Python's csv module sees, wherever a file is cut, or an InputError that names the line."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deminimis.errors import InputError
from deminimis.sizes import Sizes
from deminimis.sources.open import Source, open_source

CELLS = st.text(alphabet='ab,"\n\r ;é', max_size=6)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=30))


def rows(source: Source, columns: list[str] | None = None) -> list[list[str]]:
    """The rows of a source as lists of cells, read by the kernel where it can."""
    pieces = source.pieces(columns, as_views=source.names)
    batches = [batch for piece in pieces for batch in piece.batches()]
    return [list(row) for batch in batches for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]


def text_of(table: list[list[str]], line_end: str = "\n", *, quote_all: bool = False) -> str:
    """A table as CSV text; its columns are named c0, c1, ..."""

    def written(cell: str) -> str:
        needs_quotes = quote_all or any(mark in cell for mark in ',"\r\n')
        return '"' + cell.replace('"', '""') + '"' if needs_quotes else cell

    header = [f"c{i}" for i in range(len(table[0]) if table else 1)]
    return "".join(",".join(map(written, row)) + line_end for row in [header, *table])


def small_cuts(size: int) -> Sizes:
    """Ranges, windows and blocks of so many bytes."""
    return Sizes(range_bytes=size, window_bytes=size, block_bytes=size)


@given(table=TABLES, line_end=st.sampled_from(["\n", "\r\n"]), quote_all=st.booleans())
def test_cells_are_those_of_the_csv_module(table: list[list[str]], line_end: str, quote_all: bool) -> None:
    """Quotes, delimiters and line breaks inside of cells come back as they went in."""
    text = text_of(table, line_end, quote_all=quote_all).encode()
    assert rows(open_source(io.BytesIO(text), delimiter=",")) == table


@given(table=TABLES, size=st.integers(1, 40), quote_all=st.booleans())
def test_stream_is_the_same_in_any_blocks(table: list[list[str]], size: int, quote_all: bool) -> None:
    """A stream that is cut into tiny blocks gives the same rows: no cut can split a row."""
    sizes = Sizes(block_bytes=size, window_bytes=max(4, size // 2))
    text = io.BytesIO(text_of(table, quote_all=quote_all).encode())
    assert rows(open_source(text, delimiter=",", sizes=sizes)) == table


@given(table=TABLES, size=st.integers(4, 60), quote_all=st.booleans())
def test_ranges_are_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], size: int, quote_all: bool
) -> None:
    """A file cut into tiny ranges gives the same rows, or says that it cannot be cut; it never gives others."""
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    path.write_bytes(text_of(table, quote_all=quote_all).encode())
    try:
        got = rows(open_source(path, delimiter=",", sizes=Sizes(range_bytes=size, window_bytes=size)))
    except InputError as error:
        assert "too irregular" in str(error)
    else:
        assert got == table


def test_large_file_is_cut_at_rows(tmp_path: Path) -> None:
    """Ranges of an ordinary file with quoted line breaks are many, each a piece, and together the whole file."""
    table = [[str(i), f'Mary "M" Garcia\n{i} Oak St, {i}', "12.50"] for i in range(2_000)]
    (tmp_path / "t.csv").write_text(text_of(table), newline="")
    source = open_source(tmp_path / "t.csv", sizes=small_cuts(2_000))
    assert len(list(source.pieces(None))) > 20
    assert rows(source) == table


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_files(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A packed file is one piece, read block by block, several packed parts in one file included."""
    table = [[str(i), "x"] for i in range(500)]
    text = text_of(table).encode()
    path = tmp_path / ("t.csv.gz" if pack is gzip.compress else "t.csv.bz2")
    path.write_bytes(pack(text[:777]) + pack(text[777:]))
    assert rows(open_source(path, sizes=small_cuts(100))) == table


def test_cut_off_packed_file(tmp_path: Path) -> None:
    """A packed file that lost its end is an error, not a shorter manifest."""
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text_of([["1", "2"]] * 10_000).encode())[:-30])
    with pytest.raises(InputError, match=r"t\.csv\.gz"):
        rows(open_source(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells where there are 2 columns"),
        (b'a,b\n"x\ny",2\n1\n', "line 4 has 1 cells"),
        (b'a,b\n1,2\n1,"2\n3,4\n', "line 3 is never closed"),
        (b'a,b,"c', "line 1 is never closed"),
        (b'\xef\xbb\xbf\n"a","b","c,\n1,2,3\n', "line 2 is never closed"),
        (b"a,b\n1,\xe9\n", "not utf-8: give encoding= with the one it was written in. It can be read as cp1250 or"),
        ("a,b\n1,田中\n".encode("shift_jis"), "It can be read as .*gb18030 or shift_jis: look which gives the right"),
        ("a,b\n1,田中花子\n".encode("euc_jp"), "It can be read as big5 or .*euc_jp or euc_kr or gb18030 or"),
        (b"a,b\n1,\x81\x01\n", r"with the one it was written in\.$"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-16"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "starts like gzip"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
    ],
)
def test_broken_files_name_the_line(tmp_path: Path, text: bytes, message: str) -> None:
    """What is wrong with a file is said with its name, and the line where there is one."""
    path = tmp_path / "t.csv"
    path.write_bytes(text)
    with pytest.raises(InputError, match=message) as caught:
        rows(open_source(path))
    assert str(path) in str(caught.value)


def test_line_number_in_a_later_range(tmp_path: Path) -> None:
    """The line of a ragged row counts from the start of the file, in a range or in a stream."""
    text = b'a,b\n"1\n",2\n' + b"1,2\n" * 1_000 + b"1,2,3\n" + b"1,2\n" * 100
    (tmp_path / "t.csv").write_bytes(text)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text))
    for name in ("t.csv", "t.csv.gz"):
        with pytest.raises(InputError, match="line 1004 has 3 cells"):
            rows(open_source(tmp_path / name, sizes=small_cuts(300)))


@pytest.mark.parametrize(
    ("text", "options", "names", "want"),
    [
        ("a,b\n1,\n", {}, ["a", "b"], [["1", ""]]),
        ("\ufeffa,b\r\n1,2", {}, ["a", "b"], [["1", "2"]]),
        ("a;b\n1,5;2\n", {}, ["a", "b"], [["1,5", "2"]]),
        ("a|b\n1|2\n", {"delimiter": "|"}, ["a", "b"], [["1", "2"]]),
        ("1,2\n3,4\n", {"header": False}, ["f0", "f1"], [["1", "2"], ["3", "4"]]),
        ("1,2\n3,4\n", {"header": ["x", "y"]}, ["x", "y"], [["1", "2"], ["3", "4"]]),
        ("a,b\n", {}, ["a", "b"], []),
        ('"a\nb",c\n1,2\n', {}, ["a\nb", "c"], [["1", "2"]]),
        ("a,a\n1,2\n", {}, ["a", "a"], [["1", "2"]]),
    ],
)
def test_dialects(text: str, options: dict[str, object], names: list[str], want: list[list[str]]) -> None:
    """Delimiters, headers and marks of byte order."""
    source = open_source(io.BytesIO(text.encode()), **options)  # type: ignore[arg-type]
    assert source.schema.names == names
    assert rows(source) == want


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "shift_jis", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """A file is read in the encoding that is given, names of columns included."""
    text = "名,b\nア,2\n" if encoding == "shift_jis" else "é,b\nü,2\n"
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    source = open_source(tmp_path / "t.csv", encoding=encoding)
    assert [source.schema.names, *rows(source)] == [line.split(",") for line in text.split()]


@pytest.mark.parametrize(
    "options", [{"delimiter": ",,"}, {"delimiter": "é"}, {"encoding": "klingon"}, {"header": ["x"]}]
)
def test_settings_are_checked(options: dict[str, object]) -> None:
    """A delimiter of two characters, an unknown encoding and the wrong number of names are refused."""
    with pytest.raises(InputError):
        open_source(io.BytesIO(b"a,b\n"), **options)  # type: ignore[arg-type]


def test_columns_are_matched_by_name(tmp_path: Path) -> None:
    """Files may have their columns in other orders, and have the ones that are read."""
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("b,a\n3,4\n")
    assert rows(open_source(tmp_path)) == [["1", "2"], ["4", "3"]]
    assert rows(open_source(tmp_path), ["b"]) == [["2"], ["3"]]
    (tmp_path / "3.csv").write_text("b,c\n3,4\n")
    assert rows(open_source(tmp_path), ["b"]) == [["2"], ["3"], ["3"]]
    with pytest.raises(InputError, match=r"3\.csv, column 'a': .*1\.csv has this column"):
        rows(open_source(tmp_path), ["a"])


def test_file_that_shrinks(tmp_path: Path) -> None:
    """A file that lost rows after it was opened is an error, not a shorter manifest."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 100)
    source = open_source(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="cut short while it was read"):
        rows(source)


@pytest.mark.parametrize("left", [4, 60, 40_000, 100_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_file_that_shrinks_before_it_is_cut(encoding: str, left: int, tmp_path: Path) -> None:
    """Where no place to cut is left, or none is looked for, the rest of the file is missed all the same."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 50_000, encoding=encoding)
    source = open_source(path, encoding=encoding, sizes=Sizes(range_bytes=32 << 10))
    os.truncate(path, left)
    with pytest.raises(InputError, match="cut short while it was read"):
        rows(source)


def test_file_that_shrinks_after_some_was_read(tmp_path: Path) -> None:
    """The lines before the rest are counted where there are none any more; this once went on for ever."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 50_000)
    pieces = open_source(path, sizes=Sizes(range_bytes=32 << 10)).pieces(None)
    assert abs(sum(batch.num_rows for batch in next(pieces).batches()) - (32 << 10) // 4) <= 2
    os.truncate(path, 100)
    with pytest.raises(InputError, match="cut short while it was read"):
        list(next(pieces).batches())


def test_awkward_files(shared_data: Path) -> None:
    """Each file of the csv spectrum gives the cells that Python's csv module sees."""
    for path in sorted((shared_data / "bad" / "csv-spectrum").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            header, *table = csv.reader(file)
        source = open_source(path)
        assert [source.schema.names, *rows(source)] == [header, *table], path
