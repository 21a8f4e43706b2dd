"""Frames of Polars: each row has the answer of `score`, eager or lazy, whatever is asked of the frame afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import deminimis as dm
import deminimis.polars
from deminimis.errors import InputError

ROWS = 150_000  # a few batches of Polars
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
PLAIN = pl.DataFrame(
    {
        "who": [None if i % 1_000 == 7 else f"person {i % 40_000}" for i in range(ROWS)],
        "day": [19_000 + i % 3 for i in range(ROWS)],
        "usd": [i * 37 % 900 for i in range(ROWS)],
        "row": range(ROWS),
    }
).with_columns(
    pl.col("day").cast(pl.Date),
    kind=pl.lit("a", pl.Enum(["b", "a"])),
    place=pl.Series(["x", "y"], dtype=pl.Categorical).gather(pl.int_range(ROWS) % 2),
    nested=pl.struct(pl.lit(1).alias("one")),
    many=pl.concat_list("row", "row"),
)
FRAMES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "plain": lambda frame: frame,
    "filtered": lambda frame: frame.filter(pl.col("row") % 3 == 1),
    "sorted": lambda frame: frame.sort("usd", "row", descending=True),
    "empty": lambda frame: frame.head(0),
    "one row": lambda frame: frame.head(1),
    "in chunks": lambda frame: pl.concat([frame[:70_000], frame[70_000:70_001], frame[70_001:]], rechunk=False),
    "one person": lambda frame: frame.with_columns(who=pl.lit("A")),
}
ENGINES = ["in-memory", "streaming"]


def expected(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the arrays of `score` beside it."""
    scored = dm.score(frame, **ROLES)
    arrays = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    return frame.with_columns(pl.Series(name, array) for name, array in arrays.items())


@pytest.mark.parametrize("name", FRAMES)
def test_answers_are_those_of_score(name: str) -> None:
    """Eager and lazy, in both engines, rows and types are the same, and the frame that was given is not changed."""
    frame = FRAMES[name](PLAIN)
    given, whole = frame.clone(), expected(frame)
    assert frame.deminimis.score(**ROLES).equals(whole)
    assert frame.deminimis.eligible(**ROLES).equals(whole.drop("reason", "total"))
    lazy = frame.lazy().deminimis.score(**ROLES)
    assert lazy.collect_schema() == whole.schema
    for engine in ENGINES:
        got = lazy.collect(engine=engine)
        assert got.equals(whole) and got.schema == whole.schema
    assert frame.lazy().deminimis.eligible(**ROLES).collect().equals(whole.drop("reason", "total"))
    assert frame.equals(given) and frame.columns == given.columns


ASKED: dict[str, Callable[[Any], Any]] = {
    "a filter by the answer": lambda frame: frame.filter("eligible"),
    "a filter by a column": lambda frame: frame.filter(pl.col("row") % 7 == 0),
    "a filter by a role": lambda frame: frame.filter(pl.col("usd") > 500, pl.col("who").is_not_null()),
    "a filter by a column that is not kept": lambda frame: frame.filter(pl.col("row") > 80_000).select("reason"),
    "own columns alone": lambda frame: frame.select("row", "many"),
    "answers alone": lambda frame: frame.select("total", "eligible"),
    "columns in another order": lambda frame: frame.select("reason", "row", "eligible", "who"),
    "the first rows": lambda frame: frame.head(10),
    "the last rows": lambda frame: frame.tail(10),
    "rows from the middle": lambda frame: frame.slice(70_000, 9),
    "the first of some": lambda frame: frame.filter(pl.col("usd") > 100).head(5),
    "some of the first": lambda frame: frame.head(70_000).filter(pl.col("usd") > 800).select("row"),
    "how many": lambda frame: frame.select(pl.len()),
    "how many are eligible": lambda frame: frame.select(pl.col("eligible").sum()),
    "a sort": lambda frame: frame.sort("total", "row").head(100),
    "a join with itself": lambda frame: frame.join(frame.filter(~pl.col("eligible")), on="row").sort("row"),
    "both ends": lambda frame: pl.concat([frame.head(3), frame.tail(3)]),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_of_a_lazy_frame(what: str, engine: Any) -> None:
    """Filters, cuts and projections come after scoring, though Polars pushes them down."""
    whole = expected(PLAIN)
    assert ASKED[what](PLAIN.lazy().deminimis.score(**ROLES)).collect(engine=engine).equals(ASKED[what](whole))


def test_filters_before_and_after_are_told_apart() -> None:
    """Rows that are filtered away before scoring are in no total; those that are filtered away after it are."""
    frame = pl.LazyFrame({"who": ["A", "A"], "day": ["2024-06-01"] * 2, "usd": [500, 400], "port": ["x", "y"]})
    port = pl.col("port") == "x"
    assert frame.filter(port).deminimis.eligible(**ROLES).collect()["eligible"].to_list() == [True]
    assert frame.deminimis.eligible(**ROLES).filter(port).collect()["eligible"].to_list() == [False]


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """Projections pass below scoring: a column that cannot be read stops nothing where nobody asks for it."""

    def fail(_: pl.Series) -> pl.Series:
        raise RuntimeError("it was read")

    frame = PLAIN.lazy().with_columns(bad=pl.col("row").map_batches(fail, return_dtype=pl.Int64))
    scored = frame.deminimis.eligible(**ROLES)
    assert scored.select("row", "eligible").collect().equals(expected(PLAIN).select("row", "eligible"))
    with pytest.raises(Exception, match="it was read"):
        scored.collect()


def test_scans(tmp_path: Path) -> None:
    """Files that Polars scans stream through both readings."""
    PLAIN.drop("nested", "many", "kind", "place").write_parquet(tmp_path / "t.parquet", row_group_size=20_000)
    lazy = pl.scan_parquet(tmp_path / "t.parquet").filter(pl.col("row") != 5)
    whole = expected(lazy.collect())
    assert lazy.deminimis.score(**ROLES).collect(engine="streaming").equals(whole)
    lazy.deminimis.score(**ROLES).filter("eligible").sink_parquet(tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet")["row"].equals(whole.filter("eligible")["row"])


def test_a_query_in_another_order_is_refused() -> None:
    """Answers never come beside rows of another order; what asks for no own column needs no order."""
    lazy = PLAIN.lazy().select("who", "day", "usd", "row").with_columns(pl.col("who").shuffle())
    scored = lazy.deminimis.eligible(**ROLES)
    with pytest.raises(Exception, match="polars LazyFrame gave other rows when it was run again, or in another order"):
        scored.collect()
    with pytest.raises(Exception, match="in another order: collect\\(\\) it first, or sort it"):
        scored.select("row", "eligible").head(1).collect()
    assert scored.select("eligible").collect().height == ROWS
    with pytest.raises(InputError, match="gave other rows"):
        dm.stream(lazy, **ROLES).to_reader().read_all()


def test_columns_of_no_arrow_type() -> None:
    """An eager frame keeps them as they are; a lazy one names them, as its columns pass through Arrow."""
    frame = PLAIN.head(2).with_columns(pl.Series("x", [object(), object()], dtype=pl.Object))
    assert frame.deminimis.score(**ROLES)["x"].to_list() == frame["x"].to_list()
    with pytest.raises(InputError, match="column 'x': it cannot be read as one Arrow array"):
        frame.lazy().deminimis.score(**ROLES)


@pytest.mark.parametrize("frame", [PLAIN, PLAIN.lazy()], ids=["eager", "lazy"])
def test_what_is_wrong_is_told_at_once(frame: Any) -> None:
    """A name that is taken, a column or an option that is not there, before any row is read."""
    taken = frame.with_columns(reason=pl.lit(1))
    with pytest.raises(InputError, match="column 'reason': the manifest has a column of this name already"):
        taken.deminimis.score(**ROLES)
    assert taken.deminimis.eligible(**ROLES).head(1).lazy().collect()["reason"].to_list() == [1]
    with pytest.raises(dm.errors.ColumnNotFoundError, match="no column 'whom'"):
        frame.deminimis.eligible(**ROLES | {"person": "whom"})
    with pytest.raises(TypeError, match="did you mean 'limit'"):
        frame.deminimis.eligible(person="who", day="day", value="usd", max=8)
    with pytest.raises(InputError, match="columns= takes some of"):
        frame.deminimis.score(**ROLES, columns=("mask",))


def test_bad_values_are_told_by_polars_in_their_words() -> None:
    """An error of a row reaches the caller of `collect`."""
    frame = pl.LazyFrame({"who": ["A"], "day": ["2024-06-01"], "usd": ["?"]})
    with pytest.raises(Exception, match="'usd', row 0"):
        frame.deminimis.eligible(**ROLES, bad_values="error").collect()


def test_roles_that_are_expressions() -> None:
    """Any column may take part in them, nested ones included."""
    import pyarrow.compute as pc

    roles = ROLES | {"value": pc.field("usd") * 2}
    mask = dm.eligible(PLAIN, **roles)
    assert pa.chunked_array(PLAIN.lazy().deminimis.eligible(**roles).collect()["eligible"].to_arrow()).equals(
        pa.chunked_array([mask])
    )
