"""Every way that rows can take through the package, drawn at random; each gives what it says of the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import deminimis as dm

from .cases import Case
from .columns import Random
from .truth import REASONS, Answers

MEMORY = (None, None, None, "1B", "64KiB", "1MiB", "16MiB")
MEMORY_OF_MANY = (*[None] * 8, "64KiB", "1MiB", "16MiB", "64MiB")
MANY = 300_000
"""From so many rows on, most runs have memory, as those without take most of the time."""
FILES = ("parquet", "parquet", "arrow", "arrows", "csv", "csv.gz")


class Said(NamedTuple):
    """What was answered."""

    mask: pa.BooleanArray
    reason: pa.DictionaryArray | None = None
    total: pa.Array | None = None
    summary: dm.Summary | None = None


def settings(rng: Random, case: Case) -> dict[str, Any]:
    """Threads, memory and a promise that holds."""
    sizes = MEMORY_OF_MANY if len(case.truth) > MANY else MEMORY
    drawn: dict[str, Any] = {"threads": int(rng.integers(1, 5)), "memory_limit": sizes[rng.integers(0, len(sizes))]}
    if case.late_days < 5 and rng.random() < 0.5:
        drawn |= {"sorted_by": "day", "late_days": case.late_days}
    return drawn


def in_memory(rng: Random, case: Case, options: dict[str, Any]) -> Said:
    """A table, a stream, a mapping or a `Scorer`, for the mask or for everything."""
    table, how = case.table, str(rng.choice(["table", "table", "stream", "mapping", "scorer"]))
    options["how"] = how
    words = {name: value for name, value in options.items() if name != "how"}
    if how == "scorer":
        scorer = dm.Scorer(**words)
        for batch in table.to_batches():
            scorer.add(batch)
        return all_of(scorer.finish())
    manifest: Any = table
    if how == "stream":
        manifest = table.to_reader(max_chunksize=int(rng.choice([1 << 20, 65_536, 4_099])))
    elif how == "mapping":
        manifest = {name: table[name] for name in table.column_names}
    if rng.random() < 0.6:
        return Said(dm.eligible(manifest, **words))
    return all_of(dm.score(manifest, **words))


def all_of(scored: dm.Scored) -> Said:
    """All that was scored."""
    return Said(scored.mask, scored.reason, scored.total, scored.summary)


def write(rng: Random, case: Case, folder: Path) -> list[Path]:
    """The table as one file or several of one format."""
    form = str(rng.choice(FILES if case.table.num_rows < MANY else FILES[:4]))
    table = written_as(case.table)
    if form.startswith("csv"):
        plain = [t.value_type if pa.types.is_dictionary(t) else t for t in table.schema.types]
        table = table.cast(pa.schema(zip(table.column_names, plain, strict=True)))
        form = "parquet" if any(map(pa.types.is_binary, plain)) else form
    parts = [table]
    if rng.random() < 0.3 and table.num_rows:
        cut = int(rng.integers(0, table.num_rows))
        parts = [table.slice(0, cut), table.slice(cut)]
    paths = []
    for i, part in enumerate(parts):
        path = folder / f"in{i}.{form}"
        _write_one(rng, part, path, form)
        paths.append(path)
    return paths


def written_as(table: pa.Table) -> pa.Table:
    """The table in types that pyarrow writes to every format: no views, no null among the entries of a dictionary."""
    for i, column in enumerate(table.itercolumns()):
        if column.type == pa.string_view():
            table = table.set_column(i, table.column_names[i], column.cast(pa.string()))
        elif pa.types.is_dictionary(column.type):
            plain = column.cast(column.type.value_type).combine_chunks()
            table = table.set_column(i, table.column_names[i], plain.dictionary_encode())
    return table


def _write_one(rng: Random, table: pa.Table, path: Path, form: str) -> None:
    if form == "parquet":
        pq.write_table(
            table,
            path,
            row_group_size=max(1, int(rng.choice([1 << 20, 50_000, 1 + table.num_rows // 3]))),
            compression=str(rng.choice(["none", "snappy", "zstd"])),
            use_dictionary=bool(rng.random() < 0.6),
            data_page_version=str(rng.choice(["1.0", "2.0"])),
            data_page_size=int(rng.choice([1 << 20, 4_000])),
            write_statistics=bool(rng.random() < 0.7),
            write_page_checksum=bool(rng.random() < 0.3),
            store_decimal_as_integer=bool(rng.random() < 0.3),
        )
    elif form in ("arrow", "arrows"):
        compression = [None, "lz4", "zstd"][rng.integers(0, 3)]
        options = pa.ipc.IpcWriteOptions(compression=compression, emit_dictionary_deltas=False)
        make = pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream
        with make(path, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=int(rng.choice([1 << 20, 30_000])))
    elif form == "csv":
        pa.csv.write_csv(table, path)
    else:
        with pa.CompressedOutputStream(path, "gzip") as file:
            pa.csv.write_csv(table, file)


def from_files(rng: Random, paths: list[Path], options: dict[str, Any], folder: Path) -> Said:
    """Files, to a mask or to a file of answers."""
    manifest: Any = paths if len(paths) > 1 else paths[0]
    how = str(rng.choice(["eligible", "score", "mask file", "answers file"]))
    words = dict(options)
    options["how"] = f"{how} of {', '.join(path.name for path in paths)}"
    if how == "eligible":
        return Said(dm.eligible(manifest, **words))
    if how == "score":
        return all_of(dm.score(manifest, **words))
    target = folder / f"out.{rng.choice(['parquet', 'arrow'])}"
    fields = ("eligible",) if how == "mask file" else ("eligible", "reason", "total")
    summary = dm.score_files(manifest, target, columns=fields, append=bool(rng.random() < 0.2), **words)
    out = pq.read_table(target) if target.suffix == ".parquet" else pa.ipc.open_file(target).read_all()
    joined = {name: _joined(out[name]) for name in fields}
    return Said(joined["eligible"], joined.get("reason"), joined.get("total"), summary)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    joined = column.unify_dictionaries().combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def difference(said: Said, answers: Answers) -> str | None:
    """Where what was said first differs from the answers; None where nothing does."""
    rows = len(answers.reason)
    if len(said.mask) != rows or said.mask.null_count:
        return f"{len(said.mask)} rows of {rows}, {said.mask.null_count} nulls"
    checks: list[tuple[str, Callable[[], np.ndarray]]] = []
    mask = np.unpackbits(np.frombuffer(said.mask.buffers()[1], np.uint8), bitorder="little") if rows else np.zeros(0)
    checks.append(("mask", lambda: mask[said.mask.offset :][:rows].astype(bool) != answers.eligible))
    if said.reason is not None:
        codes = np.array([REASONS.index(word) for word in said.reason.dictionary.to_pylist()], np.uint8)
        checks.append(("reason", lambda: codes[np.asarray(said.reason.indices)] != answers.reason))
    if said.total is not None:
        words = np.frombuffer(said.total.buffers()[1], np.uint64).reshape(-1, 2)[said.total.offset :][:rows]
        valid = np.asarray(said.total.is_valid())
        checks.append(("whether there is a total", lambda: valid != answers.has_total))
        unequal = (words[:, 0] != answers.low) | (words[:, 1] != answers.high.astype(np.uint64))
        checks.append(("total", lambda: unequal & answers.has_total))
    for what, compare in checks:
        wrong = np.flatnonzero(compare())
        if len(wrong):
            return f"{len(wrong)} rows differ in their {what}, the first is row {wrong[0]}"
    if said.summary is not None:
        counted = np.bincount(answers.reason, minlength=len(REASONS)).tolist()
        if [said.summary.reasons[word] for word in REASONS] != counted:
            return f"the summary counts {said.summary.reasons}, and there are {counted}"
    return None


def spoiled(said: Said, row: int) -> dict[str, Said]:
    """The same with one bit, reason, total or count that is another, by what it is."""
    assert said.reason is not None and said.total is not None and said.summary is not None
    mask = said.mask.to_pylist()
    mask[row] = not mask[row]
    words = said.reason.to_pylist()
    words[row] = "bad-value" if words[row] != "bad-value" else "no-day"
    totals = said.total.to_pylist()
    totals[row] = Decimal("0.0001") + (totals[row] or 0)
    counts = said.summary.reasons | {words[row]: said.summary.reasons[words[row]] + 1}
    reason = pa.array(words).dictionary_encode()
    return {
        "mask": said._replace(mask=pa.array(mask)),
        "rows": said._replace(mask=pa.array(mask[:-1], pa.bool_())),
        "reason": said._replace(reason=reason),
        "total": said._replace(total=pa.array(totals, said.total.type)),
        "count": said._replace(summary=replace(said.summary, reasons=counts)),
    }
