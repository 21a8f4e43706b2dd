"""Manifests in an object store give the answers of the same files on the disk, or an error that names the object."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.identity import Identity
from deminimis.sources.open import open_source
from deminimis.sources.stores.address import parse
from deminimis.sources.stores.fetched import Fetched, StoreFile

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
ROWS = 60_000
TABLE = pa.table(
    {
        "note": [f"{i:0200}" for i in range(ROWS)],
        "who": [f"person {i * 7919 % 20_000}" for i in range(ROWS)],
        "day": [f"2024-06-{1 + i % 3:02}" for i in range(ROWS)],
        "usd": [i * 37 % 900 for i in range(ROWS)],
    }
)
MASK = dm.eligible(TABLE, **ROLES)
PASSWORD = "a+secret"


def parquet(table: pa.Table = TABLE, **how: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def csv(table: pa.Table = TABLE) -> bytes:
    out = io.BytesIO()
    pc.write_csv(table, out)
    return out.getvalue()


def arrow(table: pa.Table = TABLE, *, is_stream: bool = False) -> bytes:
    out = io.BytesIO()
    with (pa.ipc.new_stream if is_stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=10_000)
    return out.getvalue()


KINDS = {
    "in.parquet": parquet(row_group_size=20_000),
    "plain.parquet": parquet(use_dictionary=False, compression="none"),
    "delta.parquet": parquet(use_dictionary=False, column_encoding={"who": "DELTA_BYTE_ARRAY"}),
    "in.csv": csv(),
    "in.csv.gz": gzip.compress(csv(), 1),
    "in.arrow": arrow(),
    "in.arrows": arrow(is_stream=True),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_format(store: Any, name: str) -> None:
    """Each kind of file is read by ranges as it is from the disk; its name has no credentials."""
    scored = dm.score(store.put(f"test/{name}", KINDS[name]), **ROLES)
    assert scored.mask == MASK
    assert scored.summary.sources == (f"s3://test/{name}",)
    assert PASSWORD not in f"{scored.summary} {scored.summary.to_dict()}"


def test_a_small_object_is_fetched_whole(store: Any) -> None:
    """A few rows need no more than one request for bytes each time that they are looked at."""
    address = store.put("test/in.parquet", parquet(TABLE[:8]))
    assert dm.eligible(address, **ROLES) == dm.eligible(TABLE[:8], **ROLES)


def test_only_role_columns_are_fetched(store: Any) -> None:
    """The column that nobody asks for, which is nearly all of the file, stays in the store."""
    content = parquet(row_group_size=20_000, use_dictionary=["who", "day"], compression="none")
    address = store.put("test/in.parquet", content)
    store.seen()
    assert dm.eligible(address, **ROLES) == MASK
    ranges = [one[3].removeprefix("bytes=").split("-") for one in store.seen() if one[0] == "GET" and one[3]]
    assert sum(int(end) - int(start) + 1 for start, end in ranges) < len(content) // 4


def test_folders_patterns_and_lists(store: Any) -> None:
    """They are one manifest in the order of their keys; what a folder passes over on the disk, it does here."""
    for i in range(3):
        store.put(f"test/in/year=202{i}/m {i}.parquet", parquet(TABLE[i * 20_000 : (i + 1) * 20_000]))
    for name in (
        "_SUCCESS",
        ".m.crc",
        "year=2020/m.parquet.bak",
        "_temporary/0/m.csv",
        "README.md",
        ".hidden/m.parquet",
    ):
        store.put(f"test/in/{name}", b"x")
    every = [f"s3://test/in/year=202{i}/m {i}.parquet" for i in range(3)]
    for path in ("test/in", "test/in/", "test/in/**/*.parquet", "test/in/*/m*.parquet"):
        scored = dm.score(store.address(path), **ROLES | {"per": "year"})
        assert scored.summary.sources == tuple(every)
        assert scored.mask == dm.eligible(TABLE.append_column("year", pa.array([i // 20_000 for i in range(ROWS)])),
                                          **ROLES, per="year")  # fmt: skip
    listed = [store.address(name.removeprefix("s3://")) for name in reversed(every)]
    assert dm.score(listed, **ROLES).summary.sources == tuple(reversed(every))
    assert len(dm.score(store.address("test/in"), **ROLES).summary.left_out) == 6
    with pytest.raises(InputError, match="is given twice"):
        dm.eligible([listed[0], listed[0]], **ROLES)


@pytest.mark.parametrize(
    ("path", "mend"),
    [
        ("test/none.parquet", "there is no such file or folder"),
        ("nowhere/in.parquet", "there is no such file or folder"),
        ("test/none/*.parquet", "no file matches"),
        ("test/empty", "the folder holds no"),
        ("*", "a pattern stands behind the name of the bucket"),
        ("test/delta", "is a Delta table"),
        ("test/delta/part.parquet", "is a Delta table"),
        ("test/ice/data/part.parquet", "is an Iceberg table"),
    ],
)
def test_refused(store: Any, path: str, mend: str) -> None:
    """What is not there, and the folders of tables with a log of their own, are errors that name the address."""
    few = parquet(TABLE[:3])
    for name, content in (
        ("empty/README.md", b"x"),
        ("delta/part.parquet", few),
        ("delta/_delta_log/00000000000000000000.json", b"{}"),
        ("ice/data/part.parquet", few),
        ("ice/metadata/v1.metadata.json", b"{}"),
    ):
        store.put(f"test/{name}", content)
    with pytest.raises(InputError, match=mend) as refused:
        dm.eligible(store.address(path), **ROLES)
    assert PASSWORD not in str(refused.value)


def test_a_store_that_stays_down_is_an_error(store: Any) -> None:
    """After some tries the object is named, with the store's words."""
    address = store.put("test/in.csv", KINDS["in.csv"])
    store.fail({"method": "GET", "key": "in.csv", "what": "500", "times": 1_000})
    with pytest.raises(InputError, match=r"^s3://test/in\.csv: its store does not answer as it should \("):
        dm.eligible(address, **ROLES)


def test_bodies_that_are_cut(store: Any) -> None:
    """An answer that breaks off is asked for again: no byte is missing."""
    address = store.put("test/in.csv", KINDS["in.csv"])
    store.fail({"method": "GET", "key": "in.csv", "what": "cut", "times": 2})
    assert dm.eligible(address, **ROLES) == MASK


def test_bodies_that_are_always_cut(store: Any) -> None:
    """They are an error, never a manifest of fewer rows."""
    address = store.put("test/in.csv", csv(TABLE[:100]))
    store.fail({"method": "GET", "key": "in.csv", "what": "cut", "times": 1_000})
    with pytest.raises(InputError, match=r"^s3://test/in\.csv: "):
        dm.eligible(address, **ROLES)


def test_denied(store: Any) -> None:
    """What these credentials may not read is an error at once."""
    address = store.put("test/in.csv", KINDS["in.csv"])
    store.fail({"method": "GET", "key": "in.csv", "what": "403", "times": 1_000})
    with pytest.raises(InputError, match="the store denies it to the credentials of this environment"):
        dm.eligible(address, **ROLES)


@pytest.mark.parametrize("name", ["in.parquet", "in.csv", "in.arrow"])
@pytest.mark.parametrize("is_longer", [False, True])
def test_replaced_while_it_is_read(store: Any, name: str, is_longer: bool) -> None:
    """Another object by that name, even one of the same size, ends the reading."""
    address = store.put(f"test/{name}", KINDS[name])
    source = open_source(address)
    store.put(f"test/{name}", KINDS[name] + b"x" if is_longer else KINDS[name][::-1])
    with pytest.raises(InputError, match=f"test/{name}: was replaced by another object while it was read"):
        [batch for piece in source.pieces(["who", "day", "usd"]) for batch in piece.batches()]


def test_replaced_between_two_batches(store: Any) -> None:
    """What was fetched before is let go of too: the end of the piece notices."""
    address = store.put("test/in.parquet", KINDS["in.parquet"])
    (piece, *_) = open_source(address).pieces(["who"])
    batches = piece.batches()
    next(batches)
    store.put("test/in.parquet", KINDS["in.parquet"][::-1])
    with pytest.raises(InputError, match="was replaced by another object"):
        list(batches)


@pytest.mark.parametrize("block_bytes", [1, 1 << 10, 100_000])
@pytest.mark.parametrize("ahead", [1, 3])
def test_any_blocks_give_the_same(store: Any, block_bytes: int, ahead: int) -> None:
    """However small the blocks, and few those that are under way, the bytes are those of the object."""
    content = bytes(range(256)) * 40
    address = parse(store.put("test/in.bin", content))
    found = StoreFile(address.name, Identity(*address.place, len(content), 0), {}, address)
    ranges = [(300, 2_000), (2_100, 2_101), (0, 10), (5_000, 20_000)] if block_bytes > 1 else [(0, 9), (20, 23)]
    with Fetched(found, block_bytes=block_bytes, ahead_blocks=ahead, hole_bytes=50) as opened:
        opened.expect(ranges)
        for start, end in [*ranges, *ranges, (7, 4_000), (10_000, 99_999)]:
            assert opened.read(start, end - start) == content[start:end]


def test_stumbles_are_told(store: Any) -> None:
    """What fails after pyarrow's own tries is asked for once more, and a note says so."""
    source = open_source(store.put("test/in.csv", KINDS["in.csv"]))
    address = parse(store.address("test/in.csv"))
    found = StoreFile(address.name, Identity(*address.place, 1, 0), {}, address)
    answers = iter([OSError("AWS Error 500\nmore"), "an answer"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    assert found.tried(ask) == "an answer"
    assert source.all_notes() == ()
    source.stumbles = (found.account.stumbles,)
    assert source.all_notes() == ("1 request to the store was made again, the first as it failed (AWS Error 500).",)
