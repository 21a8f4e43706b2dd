"""DataFusion and ClickHouse (chdb) in every form that was ever their fastest.

Joins and windows give rows in any order, so the queries ask for the numbers of the few rows that are over the limit.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers import Call, Work, form, ready_conversions, with_row_number

# Groups over the limit are few: every part of the manifest can get all of them, and its own rows need not move.
BROADCAST = {
    "datafusion.optimizer.repartition_joins": "false",
    "datafusion.optimizer.join_reordering": "false",
}


def _datafusion(work: Work, settings: dict[str, str]) -> Call:
    """The query gives the numbers of the rows over the limit; a file's rows have none here, so pyarrow reads it."""
    import datafusion

    ready_conversions()
    context = datafusion.SessionContext(datafusion.SessionConfig(settings).with_target_partitions(work.threads))
    query = (
        f"select row_number from (select {work.person} p, {work.day} d from t group by {work.person}, {work.day} "
        f"having sum({work.value}) > {work.limit}) g right semi join t on {work.person} = p and {work.day} = d"
    )

    def call() -> pa.Array | pa.ChunkedArray | None:
        table = work.read()
        blocks = with_row_number(table).to_batches()
        share = -(-len(blocks) // work.threads)
        context.deregister_table("t")
        context.register_record_batches("t", [blocks[at : at + share] for at in range(0, len(blocks), share)])
        over = [batch["row_number"] for batch in context.sql(query).collect()]
        return work.give(work.mask_without(len(table), pa.chunked_array(over, pa.int64()).to_numpy()))

    return call


@form("datafusion", "rows of group by + semi join")
def datafusion_semi_join(work: Work) -> Call:
    return _datafusion(work, {})


@form("datafusion", "rows of group by + semi join, nothing repartitioned")
def datafusion_broadcast(work: Work) -> Call:
    return _datafusion(work, BROADCAST)


def _chdb(work: Work, select: str, *, through_arrow: bool) -> Call:
    """The query gives the numbers of the rows over the limit; NumPy makes the mask of them."""
    import chdb

    ready_conversions()
    structure = ", ".join(f"{name} {_clickhouse_type(type_)}" for name, type_ in work.types)
    if through_arrow:
        source = "Python(numbered)"
    elif work.source == "parquet":
        source = f"(select *, _row_number as row_number from file('{work.path}', Parquet))"
    else:
        source = f"(select *, _row_number as row_number from file('{work.path}', CSVWithNames, '{structure}'))"
    names = {"person": work.person, "day": work.day, "value": work.value, "limit": work.limit}
    # Parsed in parallel, a CSV file's first part counts its header as a row and the others do not.
    query = f"{select.format(t=source, **names)} settings max_threads={work.threads}, input_format_parallel_parsing=0"

    def call() -> pa.Array | pa.ChunkedArray | None:
        if through_arrow:
            table = work.read()
            numbered = with_row_number(table)  # noqa: F841  chdb finds it by its name in this frame
            rows = len(table)
        elif work.source == "parquet":
            rows = pq.read_metadata(work.path).num_rows
        else:
            rows = int(str(chdb.query(f"select count() from file('{work.path}', CSVWithNames, '{structure}')")))
        over = chdb.query(query, "ArrowTable")
        numbers = over["row_number"].to_numpy() if over.num_rows else np.empty(0, np.int64)
        return work.give(work.mask_without(rows, numbers))

    return call


def _clickhouse_type(type_: pa.DataType) -> str:
    if pa.types.is_decimal(type_):
        return f"Decimal({type_.precision},{type_.scale})"
    return {pa.int64(): "Int64", pa.date32(): "Date", pa.float64(): "Float64"}.get(type_, "String")


ROWS_IN = (
    "select row_number from {t} where ({person}, {day}) in "
    "(select {person}, {day} from {t} group by {person}, {day} having sum({value}) > {limit})"
)
ROWS_OVER = (
    "select row_number from (select row_number, sum({value}) over (partition by {person}, {day}) as total from {t}) "
    "where total > {limit}"
)


@form("chdb", "rows of group by + in", sources=["parquet", "csv"])
def chdb_in(work: Work) -> Call:
    return _chdb(work, ROWS_IN, through_arrow=False)


@form("chdb", "rows of sum over", sources=["parquet", "csv"])
def chdb_over(work: Work) -> Call:
    return _chdb(work, ROWS_OVER, through_arrow=False)


@form("chdb", "Arrow, rows of group by + in")
def chdb_arrow_in(work: Work) -> Call:
    return _chdb(work, ROWS_IN, through_arrow=True)
