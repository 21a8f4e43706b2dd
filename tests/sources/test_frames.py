"""Frames, mappings, lists and streams: answers by position whatever labels there are, and no look at other columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import ColumnNotFoundError, InputError
from deminimis.sources.memory import MemorySource
from deminimis.sources.open import open_source

# DuckDB warns that a connection's result is copied; a relation's is not.
pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
ROLES: dict[str, Any] = {"person": "p", "day": "d", "value": "v", "limit": 800}
ROWS = {"p": ["A", "B", "A", "C"], "d": ["2024-06-01"] * 4, "v": [500, 100, 301, 800]}
MASK = [False, True, False, True]
"""A has 801, B 100, C 800."""
TABLE = pa.table(ROWS)
RECORDS = np.array(list(zip(*ROWS.values(), strict=True)), [("p", "U3"), ("d", "U10"), ("v", ">i4")])


class Cursor:
    """What database drivers offer: a query that was run, whose batches are fetched once."""

    def fetch_record_batch(self) -> pa.RecordBatchReader:
        return TABLE.to_reader(max_chunksize=1)


TABLES: dict[str, Callable[[], Any]] = {
    "table": lambda: TABLE,
    "batch": lambda: TABLE.to_batches()[0],
    "mapping": lambda: ROWS,
    "mapping of generators": lambda: {name: iter(values) for name, values in ROWS.items()},
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas, arrow": lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars, chunked": lambda: pl.concat([pl.DataFrame(ROWS)[:1], pl.DataFrame(ROWS)[1:]], rechunk=False),
    "numpy": lambda: RECORDS,
    "numpy, recarray": lambda: RECORDS.view(np.recarray),
    "numpy, strided": lambda: np.repeat(RECORDS, 2)[::2],
}
STREAMS: dict[str, Callable[[], Any]] = {
    "reader": lambda: TABLE.to_reader(max_chunksize=2),
    "cursor": Cursor,
    "connection": lambda: duckdb.connect().execute("from (values ('A', '2024-06-01', 500), ('B', '2024-06-01', 100), "
                                                   "('A', '2024-06-01', 301), ('C', '2024-06-01', 800)) t (p, d, v)"),
    "iterator of batches": lambda: iter(TABLE.to_batches(max_chunksize=1)),
    "iterator of tables": lambda: (TABLE.slice(i, 1) for i in range(4)),
    "iterator of frames": lambda: (pl.DataFrame(ROWS)[i : i + 1] for i in range(4)),
}  # fmt: skip
OTHERS: dict[str, Callable[[], Any]] = {
    "dataset": lambda: ds.dataset(TABLE),
    "lazy frame": lambda: pl.LazyFrame(ROWS),
    "relation": lambda: duckdb.from_arrow(TABLE),
    "list of batches": lambda: TABLE.to_batches(max_chunksize=1),
    "list of tables": lambda: [TABLE.slice(0, 1), TABLE.slice(1)],
    "list of frames": lambda: [pd.DataFrame(ROWS)[:1], pl.DataFrame(ROWS)[1:]],
    "tuple of mappings": lambda: tuple({name: [value] for name, value in row.items()} for row in TABLE.to_pylist()),
}
KINDS = TABLES | STREAMS | OTHERS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_scored(kind: str) -> None:
    """By each function that takes a manifest, the rows of each kind have the same answers."""
    assert dm.eligible(KINDS[kind](), **ROLES).to_pylist() == MASK
    scored = dm.score(KINDS[kind](), **ROLES)
    assert (scored.mask.to_pylist(), scored.total.to_pylist()) == (MASK, [*map(Decimal, (801, 100, 801, 800))])
    assert dm.score_files(KINDS[kind](), None, **ROLES).eligible == 2


@pytest.mark.parametrize("kind", TABLES)
def test_tables_know_their_rows(kind: str) -> None:
    """Whatever holds all rows says how many, gives some columns as a table, batches of them, and again."""
    source = open_source(TABLES[kind]())
    assert isinstance(source, MemorySource)
    assert (source.rows, source.names, source.is_read_once, source.files) == (4, ["p", "d", "v"], False, ())
    for _ in range(2):
        table = source.table(["v", "p"])
        assert table is not None and table.schema == source.schema_of(["v", "p"])
        assert table.to_pydict() == source.reader(["v", "p"]).read_all().to_pydict() == {n: ROWS[n] for n in ("v", "p")}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in STREAMS])
def test_append(kind: str, tmp_path: Any) -> None:
    """What can be read twice is written with the answers beside it."""
    dm.score_files(KINDS[kind](), tmp_path / "out.parquet", **ROLES, append=True)
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == ROWS | {"eligible": MASK}
    assert pa.table(dm.stream(KINDS[kind](), **ROLES, columns=["eligible"])).to_pydict() == ROWS | {"eligible": MASK}


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_are_not_appended_to(kind: str, tmp_path: Any) -> None:
    """What comes once is refused before it is read, with the mend, and nothing is written."""
    manifest = KINDS[kind]()
    with pytest.raises(
        InputError, match=r"append= reads the manifest twice, and this one comes once: collect it first"
    ):
        dm.score_files(manifest, tmp_path / "out.parquet", **ROLES, append=True)
    assert not (tmp_path / "out.parquet").exists()


def test_a_relation_in_no_order_is_asked_once(tmp_path: Any) -> None:
    """A query may give its rows in another order when it is asked again: the answers are those of the rows beside."""
    query = "select hash(i, random()) as h, 'P' || i as p, '2024-06-01' as d, i as v from range(1600) t(i) order by h"
    dm.score_files(duckdb.sql(query), tmp_path / "out.parquet", **ROLES, append=True)
    got = pq.read_table(tmp_path / "out.parquet")
    assert got.column("eligible").to_pylist() == [value <= 800 for value in got.column("v").to_pylist()]
    assert sorted(got.column("v").to_pylist()) == [*range(1600)]


def pandas_with(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(ROWS).assign(**columns)


ODD = {
    "mixed objects": lambda: pandas_with(x=["x", 1, 2.5, None]),
    "a number of 31 digits": lambda: pandas_with(x=[10**30, 1, 2, 3]),
    "objects of no type": lambda: pandas_with(x=[object()] * 4),
    "Int128 of Polars": lambda: pl.DataFrame(ROWS).with_columns(x=pl.lit(1, pl.Int128)),
    "objects of Polars": lambda: pl.DataFrame(ROWS).with_columns(pl.Series("x", [object()] * 4, dtype=pl.Object)),
    "a mapping's mixed list": lambda: ROWS | {"x": ["x", 1, 2.5, None]},
    "a mapping's table": lambda: ROWS | {"x": [[[1, "a"]]] * 4},
}


@pytest.mark.parametrize("kind", ODD)
def test_columns_without_a_role_are_never_converted(kind: str, tmp_path: Any) -> None:
    """One that Arrow has no type for stops nothing; with a role, or to be written, it is refused by its name."""
    assert dm.eligible(ODD[kind](), **ROLES).to_pylist() == MASK
    assert dm.eligible(ODD[kind](), **ROLES | {"value": pc.field("v") * 2}).to_pylist() == [False, True, False, False]
    scorer = dm.Scorer(**ROLES)
    if "mapping" in kind:
        with pytest.raises(InputError, match="column 'x': it cannot be read as one Arrow array"):
            dm.score_files(ODD[kind](), tmp_path / "out.csv", **ROLES, append=True)
        return
    scorer.add(ODD[kind]())
    assert scorer.finish().mask.to_pylist() == MASK
    for roles in (ROLES | {"value": "x"}, ROLES | {"person": ["p", "x"]}):
        with pytest.raises(InputError, match="column 'x': it cannot be read as one Arrow array"):
            dm.eligible(ODD[kind](), **roles)
        with pytest.raises(InputError, match="column 'x': it cannot be read as one Arrow array"):
            dm.Scorer(**roles).add(ODD[kind]())
    with pytest.raises(InputError, match="column 'x': it cannot be read as one Arrow array"):
        dm.score_files(ODD[kind](), tmp_path / "out.csv", **ROLES, append=True)


@pytest.mark.parametrize(
    "index",
    [
        [3, 1, 2, 0],
        [7, 7, 7, 7],
        [*"wxyz"],
        pd.date_range("2024", periods=4),
        pd.MultiIndex.from_product([[1, 2], [1, 2]]),
    ],
)
def test_answers_line_up_with_a_frame_by_position(index: Any) -> None:
    """Whatever the labels of rows are, the answers stand beside the rows they are of."""
    frame = pd.DataFrame(ROWS, index=index)
    scored = dm.score(frame, **ROLES)
    answers = scored.to_pandas(index=frame.index)
    assert answers.index.equals(frame.index)
    got = frame.assign(**answers)
    assert got.eligible.to_list() == MASK
    assert got.reason.to_list() == ["over-limit", "eligible", "over-limit", "eligible"]
    assert got.total.to_list() == [*map(Decimal, (801, 100, 801, 800))]
    assert (got.index.equals(frame.index), got.eligible.dtype, str(got.reason.dtype)) == (True, np.bool_, "category")


def test_filtered_and_sorted_frames() -> None:
    """Rows that a filter left, in another order, keep their answers; a wrong index is refused."""
    frame = pd.DataFrame(ROWS)
    filtered = frame[frame.v > 100].sort_values("v", ascending=False)  # C 800, A 500, A 301
    scored = dm.score(filtered, **ROLES)
    got = filtered.assign(**scored.to_pandas(index=filtered.index))
    assert got[["p", "v", "eligible"]].values.tolist() == [["C", 800, True], ["A", 500, False], ["A", 301, False]]
    with pytest.raises(InputError, match="index= has 4 labels and 3 rows were scored"):
        scored.to_pandas(index=frame.index)
    assert scored.to_pandas().index.to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1, 2], ["0", "1", "2"]),
        ([np.int64(5), 1.5, True], ["5", "1.5", "True"]),
        (["p", 1, "v"], ["p", "1", "v"]),
        ([("p", "x"), ("d", "y"), ("v", "")], ["('p', 'x')", "('d', 'y')", "('v', '')"]),
        (pd.MultiIndex.from_tuples([("p", 0), ("p", 1), ("v", 0)]), ["('p', 0)", "('p', 1)", "('v', 0)"]),
        (pd.to_datetime(["2024-06-01", "2024-06-02", "2024-06-03"]), [f"2024-06-0{i} 00:00:00" for i in (1, 2, 3)]),
    ],
)
def test_labels_that_are_no_text(labels: Any, names: list[str], tmp_path: Any) -> None:
    """Columns labelled by numbers, as without a header, or by tuples are named by their text."""
    frame = pd.DataFrame(ROWS).set_axis(labels, axis=1)
    roles = {"person": names[0], "day": names[1], "value": names[2], "limit": 800}
    assert dm.eligible(frame, **roles).to_pylist() == MASK
    scorer = dm.Scorer(**roles)
    scorer.add(frame)
    assert scorer.finish().mask.to_pylist() == MASK
    assert dm.score_files(frame, tmp_path / "out.parquet", **roles, append=True).rows == 4
    assert pq.read_table(tmp_path / "out.parquet").column_names == [*names, "eligible"]
    with pytest.raises(ColumnNotFoundError, match="no column 'w' for the person"):
        dm.eligible(frame, **roles | {"person": "w"})


def test_labels_that_are_there_twice() -> None:
    """They are refused where a role asks for one, by name, and stop nothing else; 0 and "0" are such too."""
    frame = pd.DataFrame(ROWS | {"x": [1] * 4, "y": [2] * 4})
    assert dm.eligible(frame.set_axis(["p", "d", "v", "x", "x"], axis=1), **ROLES).to_pylist() == MASK
    for labels in (["p", "d", "v", "x", "v"], ["0", "d", "v", 0, "x"]):
        odd = frame.set_axis(labels, axis=1)
        roles = ROLES | ({"person": "0"} if "0" in labels else {})
        for ask in (lambda o, r: dm.eligible(o, **r), lambda o, r: dm.Scorer(**r).add(o)):
            with pytest.raises(InputError, match=r"column '[v0]': .*(2 columns have this name|more than once)"):
                ask(odd, roles)


def test_a_filtered_dataset_of_files(tmp_path: Any) -> None:
    """The rows that a filter leaves, in order, and the partition columns of its folders."""
    for day, value in (("2024-06-01", 500), ("2024-06-02", 400), ("2024-06-03", 900)):
        (tmp_path / f"d={day}").mkdir()
        pq.write_table(pa.table({"p": ["A", "B"], "v": [value, value + 1]}), tmp_path / f"d={day}" / "m.parquet")
    dataset = ds.dataset(tmp_path, partitioning=ds.partitioning(pa.schema([("d", pa.string())]), flavor="hive"))
    assert dm.eligible(dataset, **ROLES).to_pylist() == [True, True, True, True, False, False]
    assert dm.eligible(dataset.filter(pc.field("v") != 400), **ROLES).to_pylist() == [True, True, True, False, False]
    assert dm.eligible(dataset.filter(pc.field("v") < 0), **ROLES).to_pylist() == []


def batches_that(*tables: pa.Table) -> Iterator[pa.RecordBatch]:
    for table in tables:
        yield from table.to_batches()


def test_lists_and_iterators_agree() -> None:
    """Items may differ in columns of no role and in widths; in a role's column or its meaning they are refused."""
    wide = TABLE.set_column(2, "v", TABLE.column("v").cast(pa.int16())).append_column("x", TABLE.column("v"))
    short = TABLE.drop_columns("v")
    text = TABLE.set_column(2, "v", TABLE.column("v").cast(pa.string()))
    want = [False, True, False, False] * 2  # A 1602, B 200, C 1600
    for other in (wide, wide.select(["x", "v", "d", "p"])):
        table = open_source([other, TABLE]).table(["v", "p"])
        assert table is not None and table.to_pydict() == {"v": ROWS["v"] * 2, "p": ROWS["p"] * 2}
        assert dm.eligible([TABLE, other], **ROLES).to_pylist() == want
        assert dm.eligible([other, TABLE], **ROLES).to_pylist() == want
        assert dm.eligible(batches_that(TABLE, other), **ROLES).to_pylist() == want
    for other, wrong in ((short, "column 'v'"), (text, "column 'v': its type is string and in .*int64")):
        with pytest.raises(InputError, match=wrong):
            dm.eligible([TABLE, other], **ROLES)
        with pytest.raises(InputError, match=wrong):
            dm.eligible(batches_that(TABLE, other), **ROLES)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (lambda: iter([]), "the list of files is empty"),
        (lambda: [TABLE, "m.csv"], "item 1 of the list is a builtins.str, not a table"),
        (lambda: ["m.csv", TABLE], "item 1 of the list is a pyarrow.lib.Table, not a path"),
        (lambda: TABLE.to_pylist(), r"item 0 of the list is a builtins.dict, .*pyarrow\.Table\.from_pylist"),
        (lambda: [(1, 2)], r"item 0 of the list is a builtins.tuple, .*pyarrow\.Table\.from_pylist"),
        (lambda: [1, 2], "item 0 of the list is a builtins.int, not a table"),
        (lambda: np.zeros((2, 2), [("p", "i4")]), "not of one dimension"),
        (lambda: {"p": 5}, "column 'p': it is not an array of one dimension"),
    ],
)
def test_what_is_no_list_of_manifests(manifest: Callable[[], Any], message: str) -> None:
    """The item is named by its place and kind, with what would work."""
    with pytest.raises(InputError, match=message):
        open_source(manifest())


def test_failures_of_other_libraries_are_input_errors() -> None:
    """A query that fails says so in the words of its library, as an error of the input."""
    relation = duckdb.sql("select 'A' as p, '2024-06-01' as d, error('no such thing')::int as v")
    with pytest.raises(InputError, match="no such thing"):
        dm.eligible(relation, **ROLES)
    lazy = pl.LazyFrame(ROWS).with_columns(pl.col("p").cast(pl.Int64).alias("v"))
    with pytest.raises(InputError, match="conversion"):
        dm.eligible(lazy, **ROLES)
