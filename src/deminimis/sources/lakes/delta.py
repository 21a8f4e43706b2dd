"""Delta tables by `deltalake`: the files that its log names at one version, without the rows that it marks as deleted.

The files are read as any Parquet files, in the order of their paths; what the table says of a file is its partition's
values, and which of its rows are left. What needs more of a reader is refused by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ...addresses import masked, path_of, scheme_of
from ...errors import InputError
from .. import folders
from ..base import Piece, Source, Statistics
from ..found import FoundFile
from ..identity import Identity
from ..memory import TableSource
from ..parquet.source import ParquetSource
from ..stores.address import Address
from ..stores.fetched import StoreFile
from .asked import asking_table

READ_FEATURES = {"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "variantType"}
"""Features of the protocol under which the Parquet files say what the table says, deleted rows aside."""
MARKED_ROWS = "deletionVectors"


def open_delta(table: Any) -> Source:
    """A `deltalake.DeltaTable` at its version.

    Raises
    ------
    InputError
        It needs a feature that its files do not have by themselves, such as mapped columns.
    """
    name = masked(table.table_uri).rstrip("/") if scheme_of(table.table_uri) != "file" else _local(table).rstrip("/")
    with asking_table(name, "Delta"):
        features = _check_features(table, name)
        added = pa.table(table.get_add_actions(flatten=True))
        keep = _rows_kept(table) if MARKED_ROWS in features else {}
    found = sorted(_files(table, name, added), key=lambda file: file.path)
    note = f"{name} is a Delta table, read at version {table.version():,}."
    source: Source
    if found:
        source = DeltaSource(found, {_key(path): one for path, one in keep.items()})
    else:
        source = TableSource(pa.schema(table.schema().to_arrow()).empty_table())
    source.notes = (*source.notes, note)
    source.stumbles = tuple(file.account.stumbles for file in found if isinstance(file, StoreFile))
    return source


class DeltaSource(ParquetSource):
    """The files of a table; `keep` has the rows that are left of those that lost some."""

    def __init__(self, found: Sequence[FoundFile], keep: Mapping[str, pa.BooleanArray]) -> None:
        super().__init__(found)
        self._keep = {file.path: keep[_key(file.path)] for file in found if _key(file.path) in keep}
        if self.rows is not None:
            self.rows -= sum(len(one) - one.true_count for one in self._keep.values())

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        for piece in super().pieces(columns, as_dictionary=as_dictionary, as_views=as_views):
            keep = self._keep.get(piece.file or "")
            yield piece if keep is None else KeptPiece(piece, keep)


class KeptPiece(Piece):
    """A piece of a file without the rows that its table marks as deleted; those that are left are counted anew."""

    def __init__(self, piece: Piece, keep: pa.BooleanArray) -> None:
        first, rows = piece.first_row or 0, piece.rows or 0
        self._piece = piece
        self._keep = keep[first : first + rows]
        lacking = rows - len(self._keep)  # what it does not say is left
        if lacking:
            self._keep = pa.concat_arrays([self._keep, pa.repeat(pa.scalar(True), lacking)])
        super().__init__(
            piece.label,
            file=piece.file,
            rows=self._keep.true_count,
            bytes=piece.bytes,
            first_row=keep[:first].true_count + max(0, first - len(keep)),
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        at = 0
        for batch in self._piece.batches():
            yield batch.filter(self._keep[at : at + batch.num_rows])
            at += batch.num_rows

    def statistics(self, column: str) -> Statistics | None:
        return self._piece.statistics(column)


def _check_features(table: Any, name: str) -> set[str]:
    """The features that a reader must know."""
    protocol = table.protocol()
    features = set(protocol.reader_features or ())
    if protocol.min_reader_version == 2 or "columnMapping" in features:
        if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
            raise _needs(name, "columnMapping")
        features.discard("columnMapping")
    unknown = {one for one in features if one.partition("-")[0] not in READ_FEATURES}
    if unknown:
        raise _needs(name, ", ".join(sorted(unknown)))
    return features


def _needs(name: str, features: str) -> InputError:
    mend = "give pyarrow.table(table.scan()), by whose rows the answers are then"
    return InputError(f"is a Delta table that asks its readers for {features}: {mend}.", file=name)


def _rows_kept(table: Any) -> dict[str, pa.BooleanArray]:
    told = pa.table(table.deletion_vectors())
    return {
        path.as_py(): pa.array(keep.values, pa.bool_())
        for path, keep in zip(told["filepath"], told["selection_vector"], strict=True)
    }


def _files(table: Any, name: str, added: pa.Table) -> Iterator[FoundFile]:
    partitions = {one.removeprefix("partition."): one for one in added.column_names if one.startswith("partition.")}
    columns = ["path", "size_bytes", *partitions.values()]
    is_local = scheme_of(table.table_uri) == "file"
    store = None if is_local else _store(table, name)
    for one in added.select(columns).to_pylist():
        partition = {key: _text(one[column]) for key, column in partitions.items()}
        if store is None:
            path = f"{name}/{one['path']}"
            yield FoundFile(path, folders.identity_of(path), partition)
        else:
            address = store._replace(path=one["path"])
            yield StoreFile(address.name, Identity(*address.place, one["size_bytes"], 0), partition, address)


def _store(table: Any, name: str) -> Address:
    """The table's own file system, which has the credentials that it was opened with."""
    from deltalake.fs import DeltaStorageHandler
    from pyarrow.fs import PyFileSystem

    inner = table._table
    handler = DeltaStorageHandler.from_table(inner, table._storage_options, inner.get_add_file_sizes())
    return Address(PyFileSystem(handler), "", f"{name}/", "", name)


def _local(table: Any) -> str:
    return str(path_of(table.table_uri))


def _key(path: str) -> str:
    """What names of one file have in common, with or without the scheme of the disk."""
    return str(path_of(path)) if scheme_of(path) == "file" else masked(path)


def _text(value: Any) -> str | None:
    """The value of a partition as folders say it."""
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
