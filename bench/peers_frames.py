"""deminimis, Polars, pandas, pyarrow and NumPy, each in every form that was ever its fastest."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers import Call, Work, arrow_mask, form, ready_conversions, with_row_number


@form("deminimis", "eligible, score_files")
def deminimis_call(work: Work) -> Call:
    import deminimis

    roles = {"person": work.person, "day": work.day, "value": work.value, "limit": work.limit, "threads": work.threads}
    roles["memory_limit"] = work.memory_limit

    def call() -> pa.Array | None:
        if work.table is not None:
            return deminimis.eligible(work.table, **roles)
        deminimis.score_files(work.path, work.target, **roles)
        return None

    return call


# Polars: its number of threads is fixed by the environment before the import


def _polars_frame(work: Work):  # type: ignore[no-untyped-def]  # polars is imported only where it is used
    import polars as pl

    if work.source == "memory":
        return pl.from_arrow(work.table, rechunk=False).lazy()
    if work.source == "parquet":
        return pl.scan_parquet(work.path)
    schema = {name: pl.Series(values=pa.array([], type_)).dtype for name, type_ in work.types}
    return pl.scan_csv(work.path, schema=schema)


def _polars(work: Work, select) -> Call:  # type: ignore[no-untyped-def]
    import polars as pl

    def call() -> pa.Array | None:
        query = select(pl, _polars_frame(work))
        if work.source == "memory":
            return query.collect(engine="streaming")["eligible"].to_arrow()
        query.sink_parquet(work.target)
        return None

    return call


@form("polars", "streaming sum().over")
def polars_over(work: Work) -> Call:
    return _polars(
        work,
        lambda pl, rows: rows.select(
            (pl.col(work.value).sum().over(work.person, work.day) <= work.limit).alias("eligible")
        ),
    )


@form("polars", "streaming group_by + join")
def polars_join(work: Work) -> Call:
    def select(pl, rows):  # type: ignore[no-untyped-def]
        keys = [work.person, work.day]
        totals = rows.group_by(keys).agg(pl.col(work.value).sum().alias("total"))
        over = totals.filter(pl.col("total") > work.limit)
        return rows.join(over, on=keys, how="left", maintain_order="left").select(eligible=pl.col("total").is_null())

    return _polars(work, select)


@form("polars", "rows of streaming group_by + semi join")
def polars_semi_join(work: Work) -> Call:
    import polars as pl

    ready_conversions()

    def call() -> pa.Array | pa.ChunkedArray | None:
        keys = [work.person, work.day]
        rows = _polars_frame(work)
        over = rows.group_by(keys).agg(pl.col(work.value).sum().alias("total")).filter(pl.col("total") > work.limit)
        numbered = rows.with_row_index("row_number").join(over, on=keys, how="semi").select("row_number")
        number, count = pl.collect_all([numbered, rows.select(pl.len())], engine="streaming")
        return work.give(work.mask_without(count.item(), number["row_number"].to_numpy()))

    return call


# pandas


@form("pandas", "groupby.transform")
def pandas_transform(work: Work) -> Call:
    import pandas  # noqa: F401  not inside the clock

    def call() -> pa.Array | pa.ChunkedArray | None:
        table = work.read()
        amount, limit = _amounts(work, table)
        rows = table.select([work.person, work.day]).to_pandas(date_as_object=False)
        rows["amount"] = amount
        total = rows.groupby([work.person, work.day], sort=False, observed=True)["amount"].transform("sum")
        return work.give(arrow_mask((total <= limit).to_numpy()))

    return call


@form("pandas", "groupby.transform of codes")
def pandas_transform_codes(work: Work) -> Call:
    import pandas as pd

    def call() -> pa.Array | pa.ChunkedArray | None:
        table = work.read()
        amount, limit = _amounts(work, table)
        total = pd.Series(amount).groupby(_packed_key(work, table), sort=False).transform("sum")
        return work.give(arrow_mask((total <= limit).to_numpy()))

    return call


# pyarrow and NumPy


@form("pyarrow", "rows of group_by + semi join")
def pyarrow_join(work: Work) -> Call:
    pa.set_cpu_count(work.threads)
    ready_conversions()

    def call() -> pa.Array | pa.ChunkedArray | None:
        table = work.read()
        if pa.types.is_dictionary(table.schema.field(work.person).type):
            # A join takes no dictionaries; under one dictionary their codes serve as well.
            codes = [chunk.indices for chunk in table[work.person].unify_dictionaries().chunks]
            table = table.set_column(table.schema.get_field_index(work.person), work.person, pa.chunked_array(codes))
        keys = [work.person, work.day]
        totals = table.group_by(keys).aggregate([(work.value, "sum")])
        over = totals.filter(pc.field(f"{work.value}_sum") > _limit_scalar(work, totals)).select(keys)
        numbered = with_row_number(table.select(keys))
        rows = numbered.join(over, keys, join_type="left semi")["row_number"]
        return work.give(work.mask_without(len(table), rows.to_numpy()))

    return call


@form("numpy", "unique + bincount")
def numpy_bincount(work: Work) -> Call:
    pa.set_cpu_count(work.threads)
    ready_conversions()

    def call() -> pa.Array | pa.ChunkedArray | None:
        table = work.read()
        amount, limit = _amounts(work, table)
        _, group = np.unique(_packed_key(work, table), return_inverse=True)
        total = np.bincount(group, weights=amount)
        return work.give(arrow_mask((total <= limit)[group]))

    return call


def _limit_scalar(work: Work, totals: pa.Table) -> pa.Scalar:
    type_ = totals.schema.field(f"{work.value}_sum").type
    return pa.scalar(work.limit).cast(type_) if not pa.types.is_decimal(type_) else pc.cast(work.limit, type_)


def _amounts(work: Work, table: pa.Table) -> tuple[np.ndarray, int]:
    """Values as NumPy has them, and the limit to hold against them: decimals are their whole smallest units."""
    value = table[work.value]
    if not pa.types.is_decimal(value.type):
        return value.to_numpy(), work.limit
    units = 10**value.type.scale
    return pc.multiply(value, pa.scalar(units, pa.int32())).cast(pa.int64()).to_numpy(), work.limit * units


def _packed_key(work: Work, table: pa.Table) -> np.ndarray:
    """One int64 for person and day: the person (its code where it is text or too large) times the days there are."""
    person = table[work.person]
    if pa.types.is_dictionary(person.type) or not pa.types.is_integer(person.type):
        whole = person.combine_chunks()
        coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        number = coded.indices.to_numpy().astype(np.int64)
    else:
        number = person.to_numpy()
    day = table[work.day].cast(pa.int32()).to_numpy().astype(np.int64)
    day -= day.min()
    days = int(day.max()) + 1
    if len(number) and (int(number.max()) > (2**63 - 1) // days - 1 or int(number.min()) < -(2**63) // days):
        _, number = np.unique(number, return_inverse=True)
    return number * days + day
