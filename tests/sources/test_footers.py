"""A Parquet footer, whatever is wrong with it, is an answer or an error; it never ends the process."""

from __future__ import annotations

import base64
import datetime
import io
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

import deminimis as dm
from deminimis._kernel import Footer
from deminimis.errors import DeminimisError, InputError
from deminimis.sources.open import open_source

ROLES = {"person": ["who", "n"], "day": "day", "value": "usd", "limit": 800}


def every_kind(rows: int = 60) -> pa.Table:
    """A table with columns of every kind whose statistics a footer keeps, some of them nested or all null."""
    start = datetime.datetime(2024, 6, 1)
    return pa.table(
        {
            "who": [None if i % 7 == 0 else f"person {i % 5}" for i in range(rows)],
            "day": [start.date() + datetime.timedelta(i // 9) for i in range(rows)],
            "usd": [i / 4 for i in range(rows)],
            "n": pa.array(range(rows), pa.int64()),
            "small": pa.array([i % 5 for i in range(rows)], pa.uint8()),
            "big": pa.array([(1 << 63) + i for i in range(rows)], pa.uint64()),
            "at": pa.array([start + datetime.timedelta(hours=i) for i in range(rows)], pa.timestamp("us")),
            "money": pa.array([f"{i}.25" for i in range(rows)]).cast(pa.decimal128(9, 2)),
            "flag": [i % 2 == 0 for i in range(rows)],
            "nothing": pa.nulls(rows, pa.int32()),
            "few": pa.array(["x", "y"] * (rows // 2)).dictionary_encode(),
            "list": [[1], [], None] * (rows // 3),
            "struct": [{"a": i, "b": "z"} for i in range(rows)],
        }
    )


@pytest.mark.parametrize("version", ["1.0", "2.6"])
@pytest.mark.parametrize("groups", [60, 20, 7])
def test_footer_says_what_pyarrow_reads(tmp_path: Path, version: str, groups: int) -> None:
    """Of a sound file, sizes and statistics are those that pyarrow tells of each column chunk."""
    table = every_kind()
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=groups, version=version, write_page_index=True)
    metadata = pq.read_metadata(tmp_path / "t.parquet")
    flat = [name for name in table.column_names if name not in ("list", "struct")]
    at = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
    schema = open_source(tmp_path / "t.parquet").schema
    pieces = list(open_source(tmp_path / "t.parquet").pieces(flat))
    assert [piece.rows for piece in pieces] == [table.num_rows]
    for name in flat:
        chunks = [metadata.row_group(i).column(at[name]) for i in range(metadata.num_row_groups)]
        found, known = pieces[0].statistics(name), [chunk.statistics for chunk in chunks]
        if name in ("usd", "money", "flag", "big"):  # no whole numbers, or beyond what an int64 says
            assert found is None
            continue
        bounds = [one for one in known if one.has_min_max]
        raw = pa.types.is_integer(schema.field(name).type) or name in ("day", "at")
        lows = [one.min_raw if raw else one.min for one in bounds]
        highs = [one.max_raw if raw else one.max for one in bounds]
        nulls = sum(one.null_count for one in known)
        assert found == (min(lows, default=None), max(highs, default=None), nulls), name
    told = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    sizes = [group.column(at[name]).total_compressed_size for group in told for name in flat]
    assert pieces[0].bytes == sum(sizes)


SCRIPT = """
import sys
from pathlib import Path
import deminimis as dm
for path in sorted(Path(sys.argv[1]).glob("*.parquet")):
    try:
        dm.eligible(path, person=["who", "n"], day="day", value="usd", limit=800, threads=1, memory_limit="1B")
        end = "scored"
    except dm.errors.DeminimisError as error:
        end = "refused" if path.name in str(error) else f"refused without its name: {error}"
    print(path.name, end, flush=True)
"""


def with_footer(whole: bytes, change: Callable[[bytearray], object]) -> bytes:
    """The file with its footer changed and the footer's length told right."""
    size = int.from_bytes(whole[-8:-4], "little")
    footer = bytearray(whole[-8 - size : -8])
    change(footer)
    return whole[: -8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def changes(footer: bytes, source: random.Random) -> Iterator[Callable[[bytearray], object]]:
    """Every byte changed once, or taken out, or put in; every column said to be required or repeated; and at random."""
    for at in range(len(footer)):
        value, kind = source.randrange(256), source.randrange(6)
        if kind < 4:
            yield lambda text, at=at, value=value: text.__setitem__(at, value)  # type: ignore[misc]
        elif kind == 4:
            yield lambda text, at=at: text.__delitem__(at)  # type: ignore[misc]
        else:
            yield lambda text, at=at, value=value: text.insert(at, value)  # type: ignore[misc]
        if footer[at : at + 2] == b"\x25\x02":
            for repetition in (0, 4, 6):
                yield lambda text, at=at, to=repetition: text.__setitem__(at + 1, to)  # type: ignore[misc]
    for _ in range(100):
        places = [(source.randrange(len(footer)), source.randrange(256)) for _ in range(source.randrange(2, 20))]
        yield lambda text, places=places: [text.__setitem__(at, to) for at, to in places]  # type: ignore[misc]


@pytest.mark.parametrize("seed", [1, 2])
def test_changed_footers(tmp_path: Path, seed: int) -> None:
    """A thousand footers with changed bytes are each scored or refused by name, by a process that lives on."""
    out = io.BytesIO()
    table = every_kind(30).select(["who", "day", "usd", "n", "at", "list"])
    pq.write_table(table, out, row_group_size=30, write_page_index=seed == 1, write_page_checksum=seed == 2)
    whole = out.getvalue()
    made = changes(whole[-8 - int.from_bytes(whole[-8:-4], "little") : -8], random.Random(seed))
    for number, change in enumerate(made):
        (tmp_path / f"{number:04}.parquet").write_bytes(with_footer(whole, change))
    ended = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, (ended.stdout.splitlines()[-1:], ended.stderr[-2000:])
    ends = [line.split(" ", 1)[1] for line in ended.stdout.splitlines()]
    assert len(ends) == number + 1 > 1000 and set(ends) == {"scored", "refused"}, set(ends)


def test_footer_of_any_bytes() -> None:
    """The reader of footers takes any bytes: it says what they hold or that they break off."""
    source = random.Random(0)
    out = io.BytesIO()
    pq.write_table(every_kind(), out, row_group_size=20)
    whole = out.getvalue()[-8 - int.from_bytes(out.getvalue()[-8:-4], "little") : -8]
    sound = Footer(whole, 10**6)
    assert (sound.rows, sound.group_rows, sound.columns, sound.encrypted) == (60, [20] * 3, 14, set())
    for i in range(3000):
        text = bytearray(whole if i % 3 else source.randbytes(50))
        for _ in range(source.randrange(1, 20)):
            text[source.randrange(len(text))] = source.randrange(256)
        try:
            footer = Footer(bytes(text[: source.randrange(len(text))] if i % 5 == 0 else text), 10**6)
        except ValueError:
            continue
        for group in range(len(footer.group_rows)):
            for column in range(footer.columns):
                footer.chunk(group, column)
    for size in range(len(whole)):
        with pytest.raises(ValueError):
            Footer(whole[:size], 10**6)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"\x1c" * 10_000, ValueError),  # structs within structs
        (b"\x19\xf9" + b"\xf9" * 10_000, ValueError),  # lists within lists, each of many members
        (b"\x19\xfc\xff\xff\xff\xff\x07", ValueError),  # two thousand million members in no bytes
        (b"\x49\x1c\x19\x5c" + b"\x1c\x00\x3c\x00\x00" * 5, ValueError),  # a list that ends too early
    ],
)
def test_footer_that_asks_for_much(text: bytes, error: type[Exception]) -> None:
    """Depth and claimed sizes cost neither stack nor memory."""
    with pytest.raises(error):
        Footer(text, 10**6)


def test_column_chunks_are_bounded() -> None:
    """More column chunks than the bound are refused while they are counted."""
    chunk = b"\x3c\x00\x00"  # a ColumnChunk with empty metadata
    group = b"\x19\x5c" + chunk * 5 + b"\x26\x00\x00"
    footer = b"\x49\x2c" + group * 2 + b"\x00"
    assert (Footer(footer, 10).group_rows, Footer(footer, 10).columns) == ([0, 0], 5)
    with pytest.raises(OverflowError):
        Footer(footer, 9)


class Kms(pe.KmsClient):
    """Keys that are wrapped in nothing."""

    def __init__(self, _config: object) -> None:
        pe.KmsClient.__init__(self)

    def wrap_key(self, key: bytes, _master: str) -> bytes:
        return base64.b64encode(key)

    def unwrap_key(self, key: bytes, _master: str) -> bytes:
        return base64.b64decode(key)


def write_encrypted(path: Path, table: pa.Table, columns: list[str], *, plain_footer: bool) -> None:
    factory = pe.CryptoFactory(Kms)
    settings = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": columns}, plaintext_footer=plain_footer)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), settings)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table, row_group_size=20)


@pytest.mark.parametrize("rows", [60, 60_000])
def test_encrypted_columns(tmp_path: Path, rows: int) -> None:
    """An encrypted column is refused by name where it is asked for; without it the file is read."""
    path, table = tmp_path / "t.parquet", every_kind(rows)
    for columns in (["who"], ["day"], ["usd"], ["struct.a"], ["list.list.element"]):
        write_encrypted(path, table, columns, plain_footer=True)
        odd = columns[0].partition(".")[0]
        for manifest in (path, io.BytesIO(path.read_bytes())):
            with pytest.raises(InputError, match=rf"(t\.parquet|file object), column '{odd}': is encrypted"):
                [list(piece.batches()) for piece in open_source(manifest).pieces(None)]
        with pytest.raises(InputError, match="is encrypted"):
            dm.score_files(path, io.BytesIO(), **{**ROLES, "person": ["who", "n"]}, append=True)
        if odd in ("struct", "list"):
            assert dm.eligible(path, **ROLES).equals(dm.eligible(table, **ROLES))
        else:
            with pytest.raises(InputError, match=rf"column '{odd}': is encrypted: decrypt it first"):
                dm.eligible(path, **ROLES)
    write_encrypted(path, table, ["who"], plain_footer=False)
    with pytest.raises(InputError, match=r"t\.parquet: is encrypted"):
        open_source(path)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.arrows"])
def test_column_name_that_is_not_utf8(tmp_path: Path, name: str) -> None:
    """A column whose name no role could give is refused with its place and its bytes."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["1"], "noteXX": ["x"]})
    path = tmp_path / name
    if name == "t.parquet":
        pq.write_table(table, path, store_schema=False, compression="none")
    else:
        with (pa.ipc.new_file if name == "t.arrow" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
    path.write_bytes(path.read_bytes().replace(b"noteXX", b"not\xe9XX"))
    with pytest.raises(DeminimisError, match=rf"{name}: the name b'not\\xe9XX' of a column is not UTF"):
        dm.eligible(path, person="who", day="day", value="usd", limit=800)
    for file in (path.open("rb"), io.BytesIO(path.read_bytes())):
        with file, pytest.raises(InputError, match=r"the name b'not\\xe9XX' of a column is not UTF"):
            dm.eligible(file, person="who", day="day", value="usd", limit=800)
