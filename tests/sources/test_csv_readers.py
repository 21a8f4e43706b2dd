"""CSV is read the same by the kernel and by pyarrow's parser: cells, errors and answers, however it is cut."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.errors import InputError
from deminimis.results.scored import scored
from deminimis.sizes import USUAL, Sizes
from deminimis.sources.csv.parse import BLOCK_BYTES
from deminimis.sources.open import open_source
from tests.meaning import handed


def read(path: Path, sizes: Sizes, columns: list[str] | None, views: Sequence[str], **options: Any) -> Any:
    """The rows of a file, or the text of its error."""
    try:
        pieces = list(open_source(path, sizes=sizes, **options).pieces(columns, as_views=views))
        batches = [batch for piece in pieces for batch in piece.batches()]
    except InputError as error:
        return str(error)
    for batch in batches:
        batch.validate(full=True)
    return [list(row) for batch in batches for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes, dict[str, Any]]:
    """A name, text with all that files have, and the options that it asks for."""
    delimiter = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "latin-1"]))
    columns = draw(st.integers(1, 5))
    cell = st.text("ab é\"\r\n,;'", max_size=8) | st.sampled_from(["", "", "a name that is long enough", "NULL", "nan"])
    table = draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), max_size=40))
    end, all_quoted = draw(st.sampled_from(["\n", "\r\n"])), draw(st.booleans())

    def written(cell: str) -> str:
        needs_quotes = all_quoted or any(mark in cell for mark in (delimiter, '"', "\r", "\n"))
        return '"' + cell.replace('"', '""') + '"' if needs_quotes else cell

    lines = [delimiter.join(map(written, row)) + end for row in [[f"c{i}" for i in range(columns)], *table]]
    if draw(st.booleans()):
        odd = st.sampled_from([end, "\r", '"', '""', delimiter, "é", 'x"y', '"x"y', "a" + delimiter, "\0", "\ufeff"])
        lines.insert(draw(st.integers(1, len(lines))), draw(odd) + draw(st.sampled_from(["", end])))
    text = draw(st.sampled_from(["", "", f"sep={delimiter}\n"])) + "".join(lines)
    if draw(st.booleans()):
        text = text.removesuffix(end)
    content = text.encode("latin-1", "replace") if encoding == "latin-1" else text.encode(encoding)
    if draw(st.integers(0, 9)) == 0:
        content += b"\xff"
    packed = draw(st.booleans())
    header = draw(st.sampled_from([True, True, False]))
    options = {"delimiter": delimiter, "encoding": encoding.removesuffix("-sig"), "header": header}
    return ("t.csv.gz", gzip.compress(content), options) if packed else ("t.csv", content, options)


@given(files(), st.integers(4, 300), st.integers(4, 100), st.data())
def test_cells_and_errors_are_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[str, bytes, dict[str, Any]],
    size: int,
    window: int,
    data: st.DataObject,
) -> None:
    """Each file gives the same rows or the same error, in small ranges and in one, for any wanted columns."""
    name, content, options = made
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        names = open_source(path, **options).names
    except InputError:
        return
    columns = data.draw(st.none() | st.lists(st.sampled_from(names), unique=True))
    views = data.draw(st.sampled_from([names, columns or names, names[:1], []]))
    for sizes in (USUAL, Sizes(range_bytes=size, window_bytes=window, block_bytes=size)):
        ours = read(path, sizes, columns, views, **options)
        assert ours == read(path, replace(sizes, kernel_bytes_most=0), columns, views, **options)


@given(files(), st.integers(20, 300))
def test_answers_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[str, bytes, dict[str, Any]], size: int
) -> None:
    """Masks, reasons and totals of files whose cells are anything, or the same error."""
    name, content, options = made
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    sizes = Sizes(range_bytes=size, window_bytes=size, block_bytes=size)
    assert answers(path, sizes, options) == answers(path, replace(sizes, kernel_bytes_most=0), options)


def answers(path: Path, sizes: Sizes, options: dict[str, Any]) -> Any:
    """What a run says of a file's first, middle and last column, or the text of its error."""
    try:
        source = open_source(path, sizes=sizes, **options)
        names = source.names
        roles = {"person": names[0], "day": names[len(names) // 2], "value": names[-1]}
        with closing(handed.run_of(True, True, sizes=sizes, limit=800, **roles)) as run:
            answer = scored(run, run.answers(source), 0.0)
    except dm.DeminimisError as error:
        return str(error)
    return answer.mask.to_pylist(), answer.reason.to_pylist(), answer.total.to_pylist()


@pytest.mark.parametrize("delimiter", ["a", "0", "f", "\x1e", "~", " "])
def test_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    """Any character may separate cells, also one of those that mark the end of a stretch for the parser."""
    rows = [["X", "Y"], ["Z", ""], ["", "Ä"]]
    (tmp_path / "t.csv").write_text("\n".join(map(delimiter.join, [["p", "q"], *rows])))
    for sizes in (USUAL, replace(USUAL, kernel_bytes_most=0)):
        assert read(tmp_path / "t.csv", sizes, None, ["p"], delimiter=delimiter) == rows


def test_line_break_in_a_cell_at_the_border_of_the_parsers_blocks(tmp_path: Path) -> None:
    """The parser drops a line end that begins a block after a return, also within a cell; it is spared such blocks."""
    head = "name,day,usd\n"
    for before in (BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES - 1, 2 * BLOCK_BYTES + 1):
        name = "a" * (before - 1) + "\r\nb"
        (tmp_path / "t.csv").write_text(f'{head}"{name}",2024-06-01,5\n', newline="")
        for sizes in (USUAL, replace(USUAL, kernel_bytes_most=0)):
            assert read(tmp_path / "t.csv", sizes, ["name"], ["name"]) == [[name]]
