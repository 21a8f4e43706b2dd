"""The kernel's reading of CSV text: what it reads are the parser's cells, and regular text it reads by itself."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deminimis._kernel import Spares, Views, csv_marks, csv_views
from deminimis.sources.csv.parse import CutInsideQuotesError, Dialect, RaggedRowError

DELIMITERS = (",", ";", "\t", "|", " ")
ODDITIES = (
    b"a", b",", b";", b'"', b'""', b'",', b',"', b'"\n"', b"\n", b"\n\n", b"\r\n", b"\r", b"\0", b" ", b"\xc3\xa9",
    b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x82", b"\xc0\x80", b"\xed\xa0\x80",
    b"\xe0\x9f\xbf", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf", b"exactly 12 b", b"thirteen byte", b"x" * 70,
)  # fmt: skip


def views(text: bytes, delimiter: str, columns: int, wanted: Sequence[int], spares: Spares) -> pa.RecordBatch | None:
    """The columns of a whole text, or None."""
    array = csv_views(text + bytes(16), len(text), ord(delimiter), columns, tuple(wanted), spares)
    if array is None:
        return None
    schema = pa.schema([pa.field(str(i), pa.string_view()) for i in wanted])
    batch = pa.RecordBatch._import_from_c_capsule(schema.__arrow_c_schema__(), array)
    batch.validate(full=True)
    return batch


def parsed(text: bytes, delimiter: str, columns: int, wanted: Sequence[int]) -> list[list[str]] | type[Exception]:
    """The columns that pyarrow's parser gives, or what it raises."""
    dialect = Dialect(delimiter, "utf-8")
    try:
        table = dialect.parse(dialect.marked(text, columns), columns, wanted)
    except (CutInsideQuotesError, RaggedRowError, pa.ArrowInvalid) as error:
        return type(error)
    return [column.to_pylist() for column in table.columns]


@given(st.binary(min_size=64, max_size=64) | st.text('",\n\r;é', min_size=64, max_size=64), st.sampled_from(DELIMITERS))
def test_marks(text: bytes | str, delimiter: str) -> None:
    """Both the machine's instructions and plain C find each kind of byte."""
    looked_at = text if isinstance(text, bytes) else text.encode()[:64]
    kinds = [delimiter.encode(), b"\n", b'"', b"\r", bytes(range(128, 256))]
    places = tuple(sum(1 << i for i, byte in enumerate(looked_at) if byte in kind) for kind in kinds)
    assert csv_marks(looked_at, ord(delimiter), False) == places
    assert csv_marks(looked_at, ord(delimiter), True) == places


@st.composite
def regular(draw: st.DrawFn) -> tuple[bytes, str, int, list[list[str]]]:
    """Text as programs write it, its delimiter, and its columns."""
    delimiter, columns = draw(st.sampled_from(DELIMITERS)), draw(st.integers(2, 9))
    cell = st.text("ab é€😀'0,;|\"\n\r", max_size=20)
    rows = draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=1, max_size=12))
    quotes_all, end = draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n"]))

    def written(cell: str) -> str:
        needs_quotes = quotes_all or any(mark in cell for mark in (delimiter, '"', "\r", "\n"))
        return '"' + cell.replace('"', '""') + '"' if needs_quotes else cell

    rows *= draw(st.sampled_from([1, 1, 2_000]))
    text = "".join(delimiter.join(map(written, row)) + end for row in rows)
    return (text[: -len(end)] if draw(st.booleans()) else text).encode(), delimiter, columns, rows


@given(regular(), st.data())
def test_regular_text_is_read_by_the_kernel(made: tuple[bytes, str, int, list[list[str]]], data: st.DataObject) -> None:
    """Quotes where they belong, breaks and doubled quotes in cells, line ends of both kinds, any wanted columns."""
    text, delimiter, columns, rows = made
    wanted = data.draw(st.lists(st.integers(0, columns - 1), min_size=1, max_size=columns))
    got = views(text, delimiter, columns, wanted, Spares())
    assert got is not None
    assert [column.to_pylist() for column in got.columns] == [[row[i] for row in rows] for i in wanted]


@given(st.lists(st.sampled_from(ODDITIES), min_size=1, max_size=60), st.integers(1, 4), st.sampled_from([1, 3, 900]))
@example([b'a,"', b"x" * 61, b'"', b"b,c\n"], 3, 1)  # a quote that closes as the last of 64 bytes
@example([b"a" * 63, b"\r", b"b\n"], 1, 1)  # a lone return there
@example([b"a" * 63, b"\r", b"\n"], 1, 1)
@example([b"a" * 62, b"\xe2\x82\xac\n"], 1, 1)  # a character across the border
@example([b"a,b\n", b"\n"], 2, 1)
@example([b"a\n", b"\r\n", b"b"], 1, 1)
@example([b'""', b"\n", b'""'], 1, 1)
def test_any_text_is_the_parsers_or_read_as_it_does(pieces: list[bytes], columns: int, times: int) -> None:
    """No text is read otherwise than the parser reads it, nor is one read that the parser refuses."""
    text = b"".join(pieces) * times
    for delimiter in (",", ";"):
        for wanted in (range(columns), [columns - 1]):
            got = views(text, delimiter, columns, wanted, Spares())
            if got is not None:
                assert [column.to_pylist() for column in got.columns] == parsed(text, delimiter, columns, wanted)


@pytest.mark.parametrize(
    "text",
    [
        b'a,"b"c\n', b'a,b"c"\n', b'a,"b\n', b'a,b"\n', b"a\rb,c\n", b"a,b\r", b"a,b\n\nc,d\n", b"a,b,c\n", b"a\n",
        b"\n", b"a,\xff\n", b"\xef\xbb\xbfa,b\n", b'a,b\n"', b"a,b\nc",
    ],
)  # fmt: skip
def test_what_is_the_parsers(text: bytes) -> None:
    """Quotes within cells, a lone return, an empty line, other numbers of cells, what is not UTF-8, its mark."""
    assert views(text, ",", 2, (0, 1), Spares()) is None


def test_views_outlive_what_they_were_made_with() -> None:
    """An array keeps its text, its room and what was unquoted, also while the same spares are used again."""
    spares = Spares()
    first = views(b'"a ""name"" that is long",b\n' * 1_000, ",", 2, (0, 1), spares)
    assert first is not None
    kept = first.column(0)
    del first
    gc.collect()
    others = [views(f"{i},another name that is long\n".encode() * 1_000, ",", 2, (1, 0), spares) for i in range(5)]
    del spares
    gc.collect()
    assert kept.to_pylist() == ['a "name" that is long'] * 1_000
    for i, other in enumerate(others):
        assert other is not None and other.column(1).to_pylist() == [str(i)] * 1_000


def test_more_rows_than_the_first_let_expect() -> None:
    """Rows that become shorter, and cells with quotes from some row on."""
    text = b"a" * 200_000 + b",b\n" + b",\n" * 100_000 + b'"""",""\n' * 50_000
    got = views(text, ",", 2, (0, 1), Spares())
    assert got is not None
    assert got.column(0).to_pylist() == ["a" * 200_000] + [""] * 100_000 + ['"'] * 50_000
    assert got.column(1).to_pylist() == ["b"] + [""] * 150_000


@pytest.mark.parametrize(
    ("end", "delimiter", "columns", "wanted"),
    [(5, 44, 1, (0,)), (-1, 44, 1, (0,)), (4, 200, 1, (0,)), (4, 44, 0, ()), (4, 44, 1, (1,)), (4, 44, 1, (-1,))],
)
def test_wrong_words_are_refused(end: int, delimiter: int, columns: int, wanted: tuple[int, ...]) -> None:
    """Less than is read behind the text, a delimiter that is none, a column that is not there."""
    with pytest.raises(ValueError):
        csv_views(b"a,b\n" + bytes(16), end, delimiter, columns, wanted, Spares())


def test_views_by_themselves_are_harmless() -> None:
    """Nobody but `csv_views` makes any, and who does gets an error or what holds nothing."""
    with pytest.raises(TypeError):
        Views(b"a", 1, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        Views(b"a", -1, Spares())
    Views(b"a", 1, Spares())
