"""A Delta table gives the rows that its log says it has: no file that was removed, no row that was deleted."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

deltalake = pytest.importorskip("deltalake", reason="deltalake is not installed: pip install '.[delta]'")
pytestmark = pytest.mark.filterwarnings("default")  # what this library uses of others is its own

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
ROWS = 60
TABLE = pa.table(
    {
        "who": [f"person {i % 11}" for i in range(ROWS)],
        "day": pa.array([19_000 + i // 20 for i in range(ROWS)], pa.date32()),
        "usd": [i * 37.5 % 900 for i in range(ROWS)],
        "port": ["LAX" if i % 3 else None for i in range(ROWS)],
    }
)
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def rows_of(source: Any) -> list[dict[str, Any]]:
    """Every row of a manifest, in its order."""
    opened = open_source(source)
    batches = [batch for piece in opened.pieces(["who", "day", "usd"]) for batch in piece.batches()]
    return [row for batch in batches for row in batch.to_pylist()]


def as_set(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((row["who"], row["day"], row["usd"]) for row in rows)


def deleted_rows(rows: list[int]) -> dict[str, Any]:
    """The entry of a log that marks rows as deleted: one roaring container, in Z85."""
    text = struct.pack("<IQI", 1681511377, 1, 0) + struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16)
    text += struct.pack(f"<{len(rows)}H", *rows)
    words = [int.from_bytes(text[i : i + 4], "big") for i in range(0, len(text), 4)]
    coded = "".join(Z85[word // 85**k % 85] for word in words for k in (4, 3, 2, 1, 0))
    return {"storageType": "i", "pathOrInlineDv": coded, "sizeInBytes": len(text), "cardinality": len(rows)}


def change_log(table: Path, what: str, **fields: Any) -> None:
    """Give the entries of a kind in a table's first log further fields."""
    log = table / "_delta_log" / f"{0:020}.json"
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    for entry in entries:
        if what in entry:
            entry[what] |= fields
    log.write_text("\n".join(map(json.dumps, entries)))


def mapped(name: str, number: int) -> dict[str, Any]:
    """What a field of mapped columns says of itself."""
    return {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{name}"}


@pytest.mark.parametrize("partitioned", [[], ["port"], ["day", "port"]])
def test_files_that_count(tmp_path: Path, partitioned: list[str]) -> None:
    """Rows that were deleted, with their files, are not there; partitions are columns; the version is told."""
    deltalake.write_deltalake(tmp_path / "t", TABLE[:30], partition_by=partitioned)
    deltalake.write_deltalake(tmp_path / "t", TABLE[30:], mode="append")
    deltalake.DeltaTable(tmp_path / "t").delete("who = 'person 3'")
    expected = as_set([row for row in TABLE.to_pylist() if row["who"] != "person 3"])
    table = deltalake.DeltaTable(tmp_path / "t")
    for source in (table, tmp_path / "t", str(tmp_path / "t")):
        read = [row | {"day": str(row["day"])} for row in rows_of(source)]
        assert as_set(read) == [(who, str(day), usd) for who, day, usd in expected]
    scored = dm.score(table, **ROLES, per="port")
    own = pa.Table.from_pylist([row for row in TABLE.to_pylist() if row["who"] != "person 3"], TABLE.schema)
    assert scored.summary.eligible == dm.score(own, **ROLES, per="port").summary.eligible > 0
    assert f"{tmp_path}/t is a Delta table, read at version 2." in scored.summary.notes


def test_an_older_version(tmp_path: Path) -> None:
    """A table that was loaded at a version is read at it."""
    deltalake.write_deltalake(tmp_path, TABLE[:30])
    deltalake.write_deltalake(tmp_path, TABLE[30:], mode="overwrite")
    for version, rows in ((0, TABLE[:30]), (1, TABLE[30:])):
        assert as_set(rows_of(deltalake.DeltaTable(tmp_path, version=version))) == as_set(rows.to_pylist())


@pytest.mark.parametrize("sizes", [Sizes(), Sizes(piece_rows_least=7, piece_rows_most=7)])
def test_rows_that_are_marked_as_deleted(tmp_path: Path, sizes: Sizes) -> None:
    """They are left out wherever they lie, and the rest keeps its order and its answers."""
    gone = [0, 3, 4, 29, 30, 58]
    how = deltalake.WriterProperties(max_row_group_size=16)
    features = {"delta.enableDeletionVectors": "true"}
    deltalake.write_deltalake(tmp_path, TABLE, configuration=features, writer_properties=how)
    change_log(tmp_path, "add", deletionVector=deleted_rows(gone))
    left = TABLE.filter(pa.array([row not in gone for row in range(ROWS)]))
    source = open_source(tmp_path, sizes=sizes)
    pieces = list(source.pieces(["who", "usd"]))
    read = pa.Table.from_batches([batch for piece in pieces for batch in piece.batches()])
    assert read.to_pylist() == left.select(["who", "usd"]).to_pylist()
    assert source.rows == sum(piece.rows or 0 for piece in pieces) == left.num_rows
    assert dm.eligible(tmp_path, **ROLES) == dm.eligible(left, **ROLES)
    streamed = pa.table(dm.stream(tmp_path, **ROLES))
    assert streamed.drop(["eligible", "reason"]).to_pylist() == left.to_pylist()


def test_features_that_are_not_read(tmp_path: Path) -> None:
    """A table whose files do not say what it says is refused, with what reads it."""
    deltalake.write_deltalake(tmp_path, TABLE, configuration={"delta.enableDeletionVectors": "true"})
    names = [name for name in TABLE.column_names if name != "day"]
    fields = [
        {"name": name, "type": "string", "nullable": True, "metadata": mapped(name, number)}
        for number, name in enumerate([*names, "day"], 1)
    ]
    schema = json.dumps({"type": "struct", "fields": fields})
    change_log(tmp_path, "metaData", configuration={"delta.columnMapping.mode": "name"}, schemaString=schema)
    change_log(tmp_path, "protocol", readerFeatures=["deletionVectors", "columnMapping"],
               writerFeatures=["deletionVectors", "columnMapping"])  # fmt: skip
    with pytest.raises(InputError, match=r"asks its readers for columnMapping: give pyarrow\.table\(table\.scan\(\)\)"):
        open_source(tmp_path)


def test_a_table_of_no_rows(tmp_path: Path) -> None:
    """Its mask is empty."""
    deltalake.write_deltalake(tmp_path, TABLE)
    deltalake.DeltaTable(tmp_path).delete()
    assert len(dm.eligible(tmp_path, **ROLES)) == 0


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """What was vacuumed away under a version is an error, not fewer rows."""
    deltalake.write_deltalake(tmp_path, TABLE)
    table = deltalake.DeltaTable(tmp_path)
    (file,) = tmp_path.glob("*.parquet")
    file.unlink()
    with pytest.raises(InputError, match="there is no such file"):
        open_source(table)


def test_several_tables_are_refused(tmp_path: Path) -> None:
    """A list of folders is one manifest of files; a table is one by itself."""
    for name in ("a", "b"):
        deltalake.write_deltalake(tmp_path / name, TABLE)
    with pytest.raises(InputError, match="is a Delta table"):
        open_source([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(InputError, match="is a Delta table"):
        open_source(tmp_path)
