"""Record batches to the bytes of each output format; nothing here knows where the bytes go."""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pc

from ..arrays import in_hex, nothing
from .csv_file import BOM, CsvFile
from .files import Output
from .mask import MaskWriter

GROUP_ROWS_MIN = 65_536
GROUP_ROWS_MAX = 1 << 20
CSV_ROWS = 16_384


class Writer(Protocol):
    """What every format offers; `close` ends the format and leaves the output open."""

    def write(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


class ParquetWriter:
    """Parquet in zstd: a batch is a row group, where tiny ones are joined and huge ones split; masks in large ones."""

    def __init__(self, output: Output, schema: pa.Schema) -> None:
        self._schema = schema
        self._pending: list[pa.RecordBatch] = []
        self._rows = 0
        only = schema.field(0) if len(schema) == 1 else None
        if only is not None and only.type == pa.bool_() and not only.nullable:
            self._mask: MaskWriter | None = MaskWriter(output, only.name)  # type: ignore[arg-type]
        else:
            import pyarrow.parquet as pq  # slow to import

            self._mask = None
            self._table = pq.ParquetWriter(
                pa.PythonFile(output, "w"),
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[field.name for field in schema if _repeats(field.type)],
            )

    def write(self, batch: pa.RecordBatch) -> None:
        self._pending.append(batch)
        self._rows += batch.num_rows
        if self._rows >= (GROUP_ROWS_MIN if self._mask is None else GROUP_ROWS_MAX):
            self._write_pending()

    def close(self) -> None:
        if self._rows:
            self._write_pending()
        if self._mask is not None:
            self._mask.close()
        else:
            self._table.close()

    def _write_pending(self) -> None:
        table = pa.Table.from_batches(self._pending, self._schema)
        self._pending, self._rows = [], 0
        if self._mask is None:
            self._table.write_table(table, row_group_size=GROUP_ROWS_MAX)
            return
        for start in range(0, table.num_rows, GROUP_ROWS_MAX):
            chunks = table.column(0).slice(start, GROUP_ROWS_MAX).chunks
            self._mask.write(chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks))


class ArrowFileWriter:
    """Arrow IPC file. The format allows a dictionary only to grow, so each batch is rewritten to one that does."""

    def __init__(self, output: Output, schema: pa.Schema) -> None:
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True, use_threads=False)
        self._writer = pa.ipc.new_file(pa.PythonFile(output, "w"), schema, options=options)
        self._grown: dict[int, pa.Array] = {}
        self._columns = [i for i, field in enumerate(schema) if pa.types.is_dictionary(field.type)]

    def write(self, batch: pa.RecordBatch) -> None:
        for i in self._columns:
            column = batch.column(i)
            grown = self._grown.setdefault(i, column.dictionary)
            if not column.dictionary.equals(grown):
                empty = pa.DictionaryArray.from_arrays(nothing(column.type.index_type), grown)
                column = pa.chunked_array([empty, column]).unify_dictionaries().chunk(1)
                self._grown[i] = column.dictionary
                batch = batch.set_column(i, batch.schema.field(i), column)
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class ArrowStreamWriter:
    """Arrow IPC stream."""

    def __init__(self, output: Output, schema: pa.Schema) -> None:
        options = pa.ipc.IpcWriteOptions(use_threads=False)
        self._writer = pa.ipc.new_stream(pa.PythonFile(output, "w"), schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class CsvWriter:
    """CSV with a header, packed where a compression is named; bytes of a fixed number are hex digits."""

    def __init__(
        self,
        output: Output,
        schema: pa.Schema,
        delimiter: str = ",",
        compression: str | None = None,
        asked: CsvFile | None = None,
    ) -> None:
        file: Any = pa.PythonFile(output, "w")
        self._asked = asked
        schema = schema if asked is None else asked.schema(schema)
        self._packed = pa.CompressedOutputStream(file, compression) if compression else None
        if asked is not None and asked.bom:
            (self._packed or file).write(BOM)
        options = pc.WriteOptions(delimiter=delimiter, batch_size=CSV_ROWS)
        self._fixed = [i for i, field in enumerate(schema) if pa.types.is_fixed_size_binary(field.type)]
        for i in self._fixed:
            schema = schema.set(i, pa.field(schema.field(i).name, pa.string()))
        self._writer = pc.CSVWriter(self._packed or file, schema, write_options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        batch = batch if self._asked is None else self._asked.batch(batch)
        for i in self._fixed:
            batch = batch.set_column(i, batch.schema.names[i], in_hex(batch.column(i)))
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()
        if self._packed is not None:
            self._packed.close()


def _repeats(kind: pa.DataType) -> bool:
    """Whether a dictionary is worth a try: text often repeats; numbers pack as well without."""
    return bool(
        pa.types.is_dictionary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )
