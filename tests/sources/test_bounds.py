"""What untrusted input may cost: each bound ends in an error that names it, and honest input stays below."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.bounds import CSV_HEADER_BYTES_MAX, CSV_ROW_BYTES_MAX, MESSAGE_CHARACTERS_MAX, TOML_BYTES_MAX
from deminimis.errors import ColumnNotFoundError, InputError, RuleError
from deminimis.sources.open import open_source

HEADER = b"who,day,usd\n"
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": 800}
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".csv.gz": lambda text: gzip.compress(text, 1),
    ".csv.bz2": bz2.compress,
    ".csv.zst": lambda text: pa.Codec("zstd", 1).compress(text, asbytes=True),
}


def taken(manifest: object, columns: list[str] | None = None) -> int:
    """How many rows a manifest has, all of them read."""
    return sum(batch.num_rows for piece in open_source(manifest).pieces(columns) for batch in piece.batches())


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (b"\0" * (CSV_HEADER_BYTES_MAX + (1 << 20)), "first row does not end within 8 MiB"),
        (b'"' + b"A\n" * (CSV_HEADER_BYTES_MAX // 2 + (1 << 19)), "first row does not end within 8 MiB"),
        (HEADER + b"A" * (CSV_ROW_BYTES_MAX + (1 << 20)), "line 2 starts a row that does not end within 64 MiB"),
    ],
)
def test_packed_text_without_an_end(tmp_path: Path, ending: str, text: bytes, bound: str) -> None:
    """A packed file that unpacks to a row without an end is refused by the bound, and named."""
    path = tmp_path / f"t{ending}"
    path.write_bytes(PACK[ending](text))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match=rf"t{ending}: .*{bound}"):
        taken(path)
    if ending == ".csv.gz":
        with path.open("rb") as file, pytest.raises(InputError, match=bound):
            taken(file)


def test_text_below_the_bounds(tmp_path: Path) -> None:
    """A header of 6 MiB, a cell of 20 MiB and a packed file of a thousand times its bytes are read."""
    names = [f"column {i}" for i in range(400_000)]
    source = open_source(io.BytesIO(",".join(names).encode() + b"\n"))
    assert source.schema.names == names
    cell = "x" * (20 << 20)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(HEADER + f'"{cell}",2024-06-01,1\n'.encode() + b"A,2024-06-01,1\n" * 100_000, 1))
    assert taken(path) == 100_001


def packed(table: pa.Table, form: str, codec: str) -> bytes:
    out = io.BytesIO()
    new = pa.ipc.new_file if form == "t.arrow" else pa.ipc.new_stream
    with new(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(table)
    return out.getvalue()


MAGICS = {"zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}


@pytest.mark.parametrize("form", ["t.arrow", "t.arrows", "arrow object", "arrows object"])
@pytest.mark.parametrize("codec", MAGICS)
@pytest.mark.parametrize("column", ["id", "text"])
@pytest.mark.parametrize("claim", [2 << 30, 1 << 40, (1 << 63) - 1])
def test_packed_batch_that_claims_much(tmp_path: Path, form: str, codec: str, column: str, claim: int) -> None:
    """A batch, or a dictionary, that says it unpacks to more than the bound is refused before room is made for it."""
    rows = 3000
    text = pa.array([f"person {i % 1000}" for i in range(rows)]).dictionary_encode()
    table = pa.table({"id": np.zeros(rows, np.int64), "text": text})
    name, is_object = ("t.arrow" if "arrows" not in form else "t.arrows"), "object" in form
    whole = bytearray(packed(table, name, codec))
    true_bytes = 8 * rows if column == "id" else 4 * 1001
    at = whole.find(struct.pack("<q", true_bytes) + MAGICS[codec])
    assert at > 0
    path = tmp_path / name
    path.write_bytes(whole)
    assert taken(io.BytesIO(whole) if is_object else path) == rows
    whole[at : at + 8] = struct.pack("<q", claim)
    path.write_bytes(whole)
    with pytest.raises(InputError, match="a batch unpacks to more than 1 GiB and to more than 256 times its bytes"):
        taken(io.BytesIO(whole) if is_object else path)
    if name == "t.arrow" and column == "id":  # what is not read costs nothing
        assert taken(io.BytesIO(whole) if is_object else path, ["text"]) == rows


def test_packed_batch_of_constants(tmp_path: Path) -> None:
    """Columns that honestly pack ten thousand times are read."""
    table = pa.table({"id": np.zeros(4_000_000, np.int64)})
    for form in ("t.arrow", "t.arrows"):
        (tmp_path / form).write_bytes(packed(table, form, "zstd"))
        assert (tmp_path / form).stat().st_size < table.nbytes // 1000
        assert taken(tmp_path / form) == 4_000_000


def test_messages_that_claim_much() -> None:
    """A stream whose next message says that it is huge is read only as far as it goes."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, pa.schema([("id", pa.int64())])):
        pass
    start = out.getvalue()[:-8]
    for length in (1 << 30, (1 << 31) - 1):
        with pytest.raises(InputError, match="breaks off"):
            taken(io.BytesIO(start + b"\xff\xff\xff\xff" + struct.pack("<i", length) + b"\0" * 100))
    with pytest.raises(InputError, match="damaged"):
        taken(io.BytesIO(start + b"\xff\xff\xff\xff" + struct.pack("<i", -1) + b"\0" * 100))


def test_rule_files(tmp_path: Path) -> None:
    """A rule file without an end, or larger than one can be, is refused at once."""
    large = tmp_path / "large.toml"
    large.write_text("#" * (TOML_BYTES_MAX + 1))
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    endless = tmp_path / "endless.toml"
    endless.symlink_to("/dev/zero")
    for path, wrong in (
        (large, "is larger than 1 MiB"),
        (pipe, "is a folder, a pipe or a device"),
        (endless, "is a folder, a pipe or a device"),
        (tmp_path, "is a folder, a pipe or a device"),
    ):
        with pytest.raises(RuleError, match=wrong):
            dm.Rule.load(path)
    deep = tmp_path / "deep.toml"
    for text in ("a = " + "[" * 100_000, "[" + "a." * 100_000 + "b]", "a = " + "9" * 100_000):
        deep.write_text(text)
        with pytest.raises(RuleError, match=r"deep\.toml"):
            dm.Rule.load(deep)


def test_messages_are_short() -> None:
    """However many and long the columns are, the error about them can be read."""
    wide = pa.table({f"column {i}": [1] for i in range(50_000)})
    with pytest.raises(ColumnNotFoundError, match=r"column 0, .*, column 39, and 49,960 more\.") as caught:
        dm.eligible(wide, **ROLES)
    assert len(str(caught.value)) < 1000
    long = pa.table({"x" * (1 << 20): [1]})
    for person in ("who", "w" * (1 << 20)):
        with pytest.raises(ColumnNotFoundError) as caught:
            dm.eligible(long, **{**ROLES, "person": person})
        assert len(str(caught.value)) < 1000
    assert len(str(InputError("y" * (1 << 20), file="t.csv", column="z" * (1 << 20)))) < MESSAGE_CHARACTERS_MAX + 500


def varint(number: int) -> bytes:
    """A whole number as Thrift's compact protocol has it, zigzag."""
    number, out = 2 * number, bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


@pytest.mark.parametrize("rows", [3_000, 300_000])
@pytest.mark.parametrize("column", ["id", "list", "dictionary"])
def test_parquet_page_that_claims_much(tmp_path: Path, rows: int, column: str) -> None:
    """A page that says it unpacks to more than the bound is refused, in small and in large files, nested ones too."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 1 << 60, rows)
    kinds = {
        "id": pa.array(ids),
        "list": pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32), pa.array(ids)),
        "dictionary": pa.array(ids % 5000),
    }
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({column: kinds[column], "other": ids}), path, compression="zstd", use_dictionary=column == "dictionary"
    )
    whole = path.read_bytes()
    assert (len(whole) > 1 << 17) == (rows == 300_000) and taken(path) == rows
    start = 6  # behind the magic and the page's type
    true = next(size for size in range(1, 6) if whole[start + size] < 128)
    assert whole[start] == 0x15
    for claim, is_refused in ((300 << 20, True), ((1 << 31) - 1, True), (1 << 20, False)):
        path.write_bytes(whole[: start + 1] + varint(claim) + whole[start + 1 + true :])
        for manifest in (path, io.BytesIO(path.read_bytes())):
            with pytest.raises(InputError, match=r"t\.parquet|file object") as caught:
                taken(manifest)
            says = "a page unpacks to more than 256 MiB and to more than 256 times its bytes" in str(caught.value)
            assert says == is_refused
