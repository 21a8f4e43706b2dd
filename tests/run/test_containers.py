"""One manifest through every container and every type of its roles: the same mask each time."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from handed import run_of

import deminimis as dm
from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

ROLES = {"person": "person", "day": "day", "value": "value", "limit": 800}
ROWS = 400


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Numbered persons and days, decimals of two digits, some over the limit and some exactly at it, none missing."""
    random = Random(1)
    cells = [
        (random.randrange(40), random.randrange(5), random.choice([100, 200, 400, 0.01, 266.67])) for _ in range(ROWS)
    ]
    return pa.table(
        {
            "person": pa.array([str(person) for person, _, _ in cells]),
            "day": pa.array([19_875 + day for _, day, _ in cells], pa.date32()),
            "value": pa.array([value for _, _, value in cells], pa.float64()).cast(pa.decimal128(12, 2)),
            "unused": pa.array([f'a "quoted", name {i}' for i in range(ROWS)]),
        }
    )


@pytest.fixture(scope="module")
def mask(table: pa.Table) -> list[bool]:
    """What the oracle says of it; both bits occur often."""
    rows = [
        oracle.Row(*cells)
        for cells in zip(*(table[name].to_pylist() for name in ("person", "day", "value")), strict=True)
    ]
    bits = [verdict.eligible for verdict in oracle.judge(rows, oracle.constant(800))]
    assert 50 < sum(bits) < ROWS - 50
    return bits


class StreamOnly:
    """An object that offers the stream protocol and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class ArrayOnly:
    """An object that offers the array protocol and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self.batch = table.combine_chunks().to_batches()[0]

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self.batch.__arrow_c_array__(requested_schema)


def polars_frame(table: pa.Table) -> Any:
    return pytest.importorskip("polars").from_arrow(table)


def pandas_frame(table: pa.Table) -> Any:
    pytest.importorskip("pandas", minversion="3")
    return table.to_pandas()


def duckdb_relation(table: pa.Table) -> Any:
    return pytest.importorskip("duckdb").from_arrow(table)


IN_MEMORY: dict[str, Callable[[pa.Table], Any]] = {
    "table": lambda table: table,
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader": lambda table: table.to_reader(max_chunksize=33),
    "dataset": ds.dataset,
    "stream capsule": StreamOnly,
    "array capsule": ArrayOnly,
    "mapping of Arrow": lambda table: {name: table[name] for name in table.column_names},
    "mapping of lists": lambda table: {name: table[name].to_pylist() for name in ("person", "day", "value")},
    "mapping of NumPy": lambda table: {
        "person": table["person"].cast(pa.int64()).to_numpy(),
        "day": table["day"].to_numpy().astype("datetime64[D]"),
        "value": table["value"].cast(pa.float64()).to_numpy(),
    },
    "Polars": polars_frame,
    "pandas": pandas_frame,
    "DuckDB": duckdb_relation,
}


@pytest.mark.parametrize("container", IN_MEMORY)
def test_in_memory(table: pa.Table, mask: list[bool], container: str) -> None:
    """Any object that holds the rows gives their mask."""
    assert dm.eligible(IN_MEMORY[container](table), **ROLES).to_pylist() == mask


@pytest.mark.usual_memory
@pytest.mark.parametrize("container", IN_MEMORY)
def test_workers_share_what_is_in_memory(table: pa.Table, container: str) -> None:
    """Whatever holds them, two workers share the rows, and rows in the order of their days have sketches of these."""
    manifest = IN_MEMORY[container](table.take(pc.sort_indices(table["day"])))
    options = ROLES | {"limit": 100_000, "threads": 2}
    with closing(run_of(False, False, sizes=Sizes(rows_for_one_worker=100), **options)) as run:
        answers = [answer.mask for answer in run.answers(open_source(manifest))]
    assert pa.concat_arrays(answers).to_pylist() == [True] * ROWS
    assert run.way is not None
    assert (run.way.kind, run.way.workers) == ("in day order", 2)


@pytest.mark.parametrize("container", ["reader", "Polars", "DuckDB", "array capsule"])
def test_scorer_takes_containers(table: pa.Table, mask: list[bool], container: str) -> None:
    """What `eligible` takes in memory, `Scorer.add` takes, piece after piece."""
    scorer = dm.Scorer(**ROLES)
    scorer.add(IN_MEMORY[container](table.slice(0, 150)))
    scorer.add(IN_MEMORY[container](table.slice(150)))
    assert scorer.finish().mask.to_pylist() == mask


def write_csv(table: pa.Table, path: Path, **options: Any) -> None:
    pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(**options))


def write_ipc(table: pa.Table, path: Path, new: Callable[..., Any]) -> None:
    with new(path, table.schema) as sink:
        sink.write_table(table, max_chunksize=90)


def compressed(codec: str) -> Callable[[pa.Table, Path], None]:
    def write(table: pa.Table, path: Path) -> None:
        with pa.CompressedOutputStream(path, codec) as sink:
            pyarrow.csv.write_csv(table, sink)

    return write


FILES: dict[str, Callable[[pa.Table, Path], None]] = {
    "m.parquet": lambda table, path: pq.write_table(table, path, row_group_size=77),
    "m.csv": write_csv,
    "m.tsv": lambda table, path: write_csv(table, path, delimiter="\t"),
    "m.csv.gz": compressed("gzip"),
    "m.csv.zst": compressed("zstd"),
    "m.csv.bz2": compressed("bz2"),
    "m.arrow": lambda table, path: write_ipc(table, path, pa.ipc.new_file),
    "m.arrows": lambda table, path: write_ipc(table, path, pa.ipc.new_stream),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", FILES)
def test_file(table: pa.Table, mask: list[bool], tmp_path: Path, name: str, threads: int) -> None:
    """A file of any format gives the same mask, to `eligible` and to `score_files`."""
    FILES[name](table, tmp_path / name)
    assert dm.eligible(tmp_path / name, **ROLES, threads=threads).to_pylist() == mask
    target = tmp_path / "out" / "mask.parquet"
    target.parent.mkdir()
    summary = dm.score_files(tmp_path / name, target, **ROLES, threads=threads)
    assert pq.read_table(target)["eligible"].to_pylist() == mask
    assert (summary.rows, summary.eligible) == (ROWS, sum(mask))


@pytest.mark.parametrize("name", ["m.parquet", "m.csv", "m.arrow"])
@pytest.mark.parametrize("form", ["list", "glob", "directory"])
def test_several_files(table: pa.Table, mask: list[bool], tmp_path: Path, name: str, form: str) -> None:
    """Several files, named in any way, are one manifest in their order."""
    paths = []
    for i, start in enumerate(range(0, ROWS, 130)):
        paths.append(tmp_path / f"part-{i}-{name}")
        FILES[name](table.slice(start, 130), paths[-1])
    manifest = {"list": paths, "glob": str(tmp_path / "part-*"), "directory": tmp_path}[form]
    assert dm.eligible(manifest, **ROLES).to_pylist() == mask


@pytest.mark.parametrize("stream", [pa.ipc.new_stream, None])
def test_binary_file_object(table: pa.Table, mask: list[bool], stream: Any) -> None:
    """An open binary file is sniffed: an Arrow stream, else CSV."""
    sink = io.BytesIO()
    if stream is None:
        pyarrow.csv.write_csv(table, sink)
    else:
        with stream(sink, table.schema) as writer:
            writer.write_table(table)
    assert dm.eligible(io.BytesIO(sink.getvalue()), **ROLES).to_pylist() == mask


INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary(2))
CODED = [pa.dictionary(index, text) for index in (pa.int8(), pa.uint16(), pa.int64()) for text in TEXTS[:3]]
INSTANTS = [pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC")]
EXACT = [pa.decimal32(9, 4), pa.decimal64(18, 6), pa.decimal128(38, 2), pa.decimal256(76, 8)]
TYPES = {
    "person": [*INTEGERS, *TEXTS, *CODED, pa.date32()],
    "day": [*TEXTS[:3], pa.date32(), pa.date64(), *INSTANTS],
    "value": [*TEXTS[:3], pa.float64(), *EXACT],
}


def cast(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    """The column in another type, by the steps that pyarrow needs for it."""
    if pa.types.is_dictionary(to):
        coded = column.combine_chunks().dictionary_encode()
        indices, entries = coded.indices.cast(to.index_type), coded.dictionary.cast(to.value_type)
        return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, entries)])
    if pa.types.is_fixed_size_binary(to):
        column = pc.utf8_lpad(column, to.byte_width).cast(pa.binary())
    elif pa.types.is_date32(to) and pa.types.is_string(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(to):
        column = column.cast(pa.timestamp(to.unit))
    elif to in TEXTS:
        column = column.cast(pa.string())
    return column.cast(to)


@pytest.mark.parametrize(("role", "to"), [(role, to) for role, types in TYPES.items() for to in types], ids=str)
def test_type(table: pa.Table, mask: list[bool], role: str, to: pa.DataType) -> None:
    """The same persons, days or values in another type are the same."""
    changed = table.set_column(table.column_names.index(role), role, cast(table[role], to))
    assert dm.eligible(changed, **ROLES).to_pylist() == mask


@pytest.mark.parametrize("name", ["person", "day", "value"])
def test_expression(table: pa.Table, mask: list[bool], name: str) -> None:
    """A role may be an expression over the manifest's columns."""
    expressions = {
        "person": pc.binary_join_element_wise(pc.field("person"), "of", " "),
        "day": pc.if_else(pc.is_valid(pc.field("day")), pc.field("day"), None),
        "value": pc.subtract(pc.add(pc.field("value"), pc.field("value")), pc.field("value")),
    }
    assert dm.eligible(table, **ROLES | {name: expressions[name]}).to_pylist() == mask


def test_column_of_numpy_text() -> None:
    """NumPy text and object arrays are text persons."""
    manifest = {
        "person": np.array(["A", "B", "A"]),
        "day": np.array(["2024-06-01"] * 3),
        "value": np.array([500, 500, 500]),
    }
    assert dm.eligible(manifest, **ROLES).to_pylist() == [False, True, False]
