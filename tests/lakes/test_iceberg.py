"""An Iceberg table gives the rows of its current snapshot, by the names that its columns have now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.open import open_source
from deminimis.sources.parquet.source import ParquetSource

pytest.importorskip("pyiceberg", reason="pyiceberg is not installed: pip install '.[iceberg]'")
pytest.importorskip("sqlalchemy", reason="sqlalchemy is not installed: pip install '.[stores]'")
pytestmark = pytest.mark.filterwarnings("default")  # what this library uses of others is its own

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
ROWS = 60
TABLE = pa.table(
    {
        "who": [f"person {i % 11}" for i in range(ROWS)],
        "day": pa.array([19_000 + i // 20 for i in range(ROWS)], pa.date32()),
        "usd": [i * 37.5 % 900 for i in range(ROWS)],
    }
)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Any]:
    """A table of two files, in a catalog in memory."""
    from pyiceberg.catalog.memory import InMemoryCatalog

    catalog = InMemoryCatalog("tests", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("n")
    made = catalog.create_table("n.t", schema=TABLE.schema)
    made.append(TABLE[:30])
    made.append(TABLE[30:])
    yield made
    catalog.close()


def rows_of(source: Any, columns: tuple[str, ...] = ("who", "day", "usd")) -> list[tuple[Any, ...]]:
    """Every row of a manifest, sorted: the order is that of the files."""
    batches = [batch for piece in source.pieces(list(columns)) for batch in piece.batches()]
    return sorted(tuple(row.values()) for batch in batches for row in batch.to_pylist())


def expected(*, without: str = "") -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in TABLE.to_pylist() if row["who"] != without)


def test_rows_of_the_current_snapshot(table: Any) -> None:
    """Deleted rows are not there; the files are read by themselves; the snapshot is told."""
    table.delete("who == 'person 3'")
    source = open_source(table)
    assert isinstance(source, ParquetSource)
    assert rows_of(source) == expected(without="person 3")
    note = f"is an Iceberg table, read at snapshot {table.current_snapshot().snapshot_id}."
    assert source.notes[-1].endswith(note)
    own = pa.Table.from_pylist([row for row in TABLE.to_pylist() if row["who"] != "person 3"], TABLE.schema)
    assert dm.score(table, **ROLES).summary.eligible == dm.score(own, **ROLES).summary.eligible > 0


def test_columns_by_their_field_not_their_name(table: Any) -> None:
    """After a rename, and a new column by the old name, each value stands in the column that it belongs to now."""
    with table.update_schema() as change:
        change.rename_column("usd", "old")
    with table.update_schema() as change:
        change.rename_column("who", "usd")
    with table.update_schema() as change:
        change.rename_column("old", "who")
    source = open_source(table)
    assert not isinstance(source, ParquetSource)
    assert rows_of(source, ("usd", "day", "who")) == expected()
    with pytest.raises(InputError):
        rows_of(source)
    twice = open_source(table).readable_twice("a test")
    assert rows_of(twice, ("usd", "day", "who")) == rows_of(twice, ("usd", "day", "who")) == expected()


def test_a_column_that_files_lack(table: Any) -> None:
    """A column that came later is null in the rows before it."""
    from pyiceberg.types import StringType

    with table.update_schema() as change:
        change.add_column("port", StringType())
    table.append(TABLE[:1].append_column("port", pa.array(["LAX"])))
    ports = [port for (port,) in ((row[0],) for row in rows_unsorted(open_source(table), "port"))]
    assert sorted(map(str, ports)) == ["LAX", *["None"] * ROWS]


def rows_unsorted(source: Any, column: str) -> list[tuple[Any, ...]]:
    batches = [batch for piece in source.pieces([column]) for batch in piece.batches()]
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def test_a_table_without_rows(tmp_path: Path) -> None:
    """Its mask is empty."""
    from pyiceberg.catalog.memory import InMemoryCatalog

    catalog = InMemoryCatalog("tests", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("n")
    assert len(dm.eligible(catalog.create_table("n.empty", schema=TABLE.schema), **ROLES)) == 0
    catalog.close()


def test_by_path(table: Any) -> None:
    """A metadata file is a table by itself; a folder is one where a file in it says which metadata is in force."""
    from pyiceberg.table import StaticTable

    metadata = Path(table.metadata_location.removeprefix("file://"))
    assert rows_of(open_source(StaticTable.from_metadata(table.metadata_location))) == expected()
    assert rows_of(open_source(metadata)) == expected()
    folder = metadata.parents[1]
    with pytest.raises(InputError, match="is an Iceberg table"):
        open_source(folder)
    (metadata.parent / "version-hint.text").write_text(metadata.name.removesuffix(".metadata.json"))
    assert rows_of(open_source(folder)) == expected()
