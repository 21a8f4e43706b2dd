"""Iceberg tables by `pyiceberg`: the rows of the current snapshot, deleted ones left out.

Where the data files say the same as the table (Parquet on this disk, each with the table's columns by name and field,
no row deleted), they are read as any Parquet files, in the order of their paths. Else pyiceberg reads them, which puts
renamed columns and deleted rows right.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ...addresses import masked, path_of, scheme_of
from ...errors import InputError
from .. import folders
from ..base import Source, reading
from ..found import FoundFile
from ..memory import MemorySource, StreamSource, TableSource
from ..parquet.source import ParquetSource
from .asked import asking_table

FIELD = b"PARQUET:field_id"


def open_iceberg(table: Any) -> Source:
    """A `pyiceberg.table.Table` at its current snapshot."""
    name = masked(table.location())
    name = str(path_of(name)) if scheme_of(name) == "file" else name
    with asking_table(name, "Iceberg"):
        snapshot = table.current_snapshot()
        schema = table.schema().as_arrow()
        tasks = [] if snapshot is None else list(table.scan().plan_files())
    source = TableSource(schema.empty_table()) if not tasks else _as_files(table, tasks) or _as_rows(table, name)
    number = "without a snapshot" if snapshot is None else f"at snapshot {snapshot.snapshot_id}"
    source.notes = (*source.notes, f"{name} is an Iceberg table, read {number}.")
    return source


def _as_files(table: Any, tasks: list[Any]) -> Source | None:
    """The data files by themselves, where they say all that the table says."""
    paths = []
    for task in tasks:
        path = task.file.file_path
        if task.delete_files or task.file.file_format.name != "PARQUET" or scheme_of(path) not in (None, "file"):
            return None
        paths.append(str(path_of(path)))
    source = ParquetSource([FoundFile(path, folders.identity_of(path), {}) for path in sorted(paths)])
    fields = {field.name: field.field_id for field in table.schema().fields}
    return source if all(_fields(schema) == fields for schema in source.file_schemas()) else None


def _fields(schema: pa.Schema) -> dict[str, int]:
    return {field.name: int((field.metadata or {}).get(FIELD, -1)) for field in schema}


def _as_rows(table: Any, name: str) -> MemorySource:
    """The rows as pyiceberg gives them; their order may be another when it is asked again."""
    schema = table.schema().as_arrow()

    def scan(columns: list[str] | None) -> Any:
        return table.scan() if columns is None else table.scan(selected_fields=tuple(columns))

    def open_stream(columns: list[str] | None) -> pa.RecordBatchReader:
        return scan(columns).to_arrow_batch_reader()

    return StreamSource(schema, open_stream, name, lambda: TableSource(scan(None).to_arrow()))


def metadata_of(folder: str) -> str:
    """The metadata that is in force, of a folder whose catalog is a file in it."""
    from pathlib import Path

    hint = Path(folder, "metadata", "version-hint.text")
    if not hint.is_file():
        folders.check_is_no_table(folder)
    with reading(str(hint)):
        number = hint.read_text(encoding="utf-8").strip()
    path = Path(folder, "metadata", f"{number}.metadata.json" if not number.isdigit() else f"v{number}.metadata.json")
    if not path.is_file():
        raise InputError("names no metadata that is there.", file=str(hint))
    return str(path)
