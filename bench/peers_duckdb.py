"""DuckDB in every form that was ever its fastest, and the exact mask that all others are held against.

With more than one thread a join or a window gives its rows in any order, `preserve_insertion_order` or not. The forms
of "duckdb" therefore ask for the numbers of the few rows that are over the limit; those of "duckdb-unordered" ask for
the mask itself, which then lines up with nothing.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers import Call, Work, form, with_row_number

SQL_TYPES = {pa.int64(): "bigint", pa.string(): "varchar", pa.date32(): "date", pa.float64(): "double"}


def _sql_type(type_: pa.DataType) -> str:
    return f"decimal({type_.precision},{type_.scale})" if pa.types.is_decimal(type_) else SQL_TYPES[type_]


def _csv(work: Work) -> str:
    columns = ", ".join(f"'{name}': '{_sql_type(type_)}'" for name, type_ in work.types)
    return f"read_csv('{work.path}', auto_detect=false, header=true, delim=',', quote='\"', columns={{{columns}}})"


def _connect(work: Work):  # type: ignore[no-untyped-def]  # duckdb is imported only where it is used
    import duckdb

    limit = {"memory_limit": work.memory_limit} if work.memory_limit else {}
    return duckdb.connect(config={"threads": work.threads, **limit})


def _rows_over(work: Work, select_rows: str) -> Call:
    """The query gives the numbers of the rows over the limit; NumPy makes the mask of them."""
    connection = _connect(work)
    query = select_rows.format(person=work.person, day=work.day, value=work.value, limit=work.limit)

    def call() -> pa.Array | pa.ChunkedArray | None:
        rows = None
        if work.source == "memory":
            connection.register("t", with_row_number(work.table))
            rows = len(work.table)
        elif work.source == "parquet":
            view = f"select *, file_row_number as row_number from read_parquet('{work.path}', file_row_number=true)"
            connection.execute(f"create or replace view t as {view}")
            rows = pq.read_metadata(work.path).num_rows
        else:
            connection.execute(f"create or replace temp table read as from {_csv(work)}")
            connection.execute("create or replace temp view t as select *, rowid as row_number from read")
            rows = connection.execute("select count(*) from read").fetchone()[0]
        over = connection.execute(query).fetchnumpy()["row_number"]
        return work.give(work.mask_without(rows, over))

    return call


@form("duckdb", "rows of group by + semi join", more_threads=True)
def semi_join(work: Work) -> Call:
    return _rows_over(
        work,
        "select row_number from t semi join (select {person}, {day} from t group by all having sum({value}) > {limit})"
        " using ({person}, {day})",
    )


@form("duckdb", "rows of sum over", more_threads=True)
def over(work: Work) -> Call:
    return _rows_over(
        work, "select row_number from t qualify sum({value}) over (partition by {person}, {day}) > {limit}"
    )


@form("duckdb", "copied to a table, rows of semi join", sources=["memory"], more_threads=True)
def copied(work: Work) -> Call:
    connection = _connect(work)

    def call() -> pa.Array:
        connection.register("given", work.table)
        connection.execute("create or replace temp table t as from given")
        over = connection.execute(
            f"select rowid from t semi join (select {work.person}, {work.day} from t group by all "
            f"having sum({work.value}) > {work.limit}) using ({work.person}, {work.day})"
        ).fetchnumpy()["rowid"]
        return work.mask_without(len(work.table), over)

    return call


def _mask_unordered(work: Work, select: str) -> Call:
    """The mask straight from the query. With more than one thread DuckDB keeps no order here."""
    connection = _connect(work)
    query = select.format(person=work.person, day=work.day, value=work.value, limit=work.limit)

    def call() -> pa.Array | pa.ChunkedArray | None:
        if work.source == "memory":
            connection.register("t", work.table)
            return connection.sql(query).to_arrow_table()["eligible"]
        if work.source == "parquet":
            connection.execute(f"create or replace view t as from read_parquet('{work.path}')")
        else:
            connection.execute(f"create or replace temp table t as from {_csv(work)}")
        connection.execute(f"copy ({query}) to '{work.target}' (format parquet)")
        return None

    return call


@form("duckdb-unordered", "group by + left join", more_threads=True)
def left_join(work: Work) -> Call:
    return _mask_unordered(
        work,
        "select g.k is null as eligible from t left join (select {person}, {day}, 1 k from t group by all "
        "having sum({value}) > {limit}) g using ({person}, {day})",
    )


@form("duckdb-unordered", "sum over", more_threads=True)
def over_unordered(work: Work) -> Call:
    return _mask_unordered(
        work, "select sum({value}) over (partition by {person}, {day}) <= {limit} as eligible from t"
    )


def exact_mask(path: str, person: str, day: str, value: str, limit: int) -> np.ndarray:
    """The mask by integer sums of hundredths: no float is added. Not timed."""
    import duckdb

    connection = duckdb.connect()
    over = connection.execute(
        f"with t as (select {person} p, {day} d, cast(round({value} * 100) as bigint) v, file_row_number r "
        f"from read_parquet('{path}', file_row_number=true)) "
        f"select r from t semi join (select p, d from t group by all having sum(v) > {limit * 100}) using (p, d)"
    ).fetchnumpy()["r"]
    mask = np.ones(pq.read_metadata(path).num_rows, bool)
    mask[over] = False
    return mask


def count_groups(path: str, person: str, day: str) -> int:
    """The number of person-days of a file."""
    import duckdb

    connection = duckdb.connect()
    query = f"select count(*) from (select distinct {person}, {day} from read_parquet('{path}'))"
    return int(connection.execute(query).fetchone()[0])
