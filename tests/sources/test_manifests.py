"""Files that are one manifest though they differ: in columns of no role, in order, in widths that say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.open import open_source
from deminimis.sources.schemas import common_type

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}


def write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path)


def write_arrow(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def write_csv(table: pa.Table, path: Path) -> None:
    lines = [",".join(table.column_names), *(",".join(map(str, row.values())) for row in table.to_pylist())]
    path.write_text("\n".join(lines) + "\n")


WRITE: dict[str, Callable[[pa.Table, Path], None]] = {"parquet": write_parquet, "arrow": write_arrow, "csv": write_csv}


def half(value: int = 450, **others: Any) -> pa.Table:
    """One row of A; two of them are over the limit together."""
    return pa.table({"p": ["A"], "d": ["2024-06-01"], "v": [value], **others})


@pytest.mark.parametrize("form", WRITE)
def test_columns_without_a_role_may_differ(tmp_path: Path, form: str) -> None:
    """Extra columns, missing ones, another type and another order: the rows add up all the same."""
    files = [half(x=["a"]), half(y=["b"]).select(["y", "v", "d", "p"]), half(x=[7])]
    paths = [tmp_path / f"{i}.{form}" for i in range(len(files))]
    for table, path in zip(files, paths, strict=True):
        WRITE[form](table, path)
    assert dm.score(paths, **ROLES).total.to_pylist() == [Decimal(1350)] * 3
    assert dm.eligible(paths[:1], **ROLES).to_pylist() == [True]


@pytest.mark.parametrize("form", WRITE)
def test_columns_of_roles_may_not_be_missing(tmp_path: Path, form: str) -> None:
    """The error names the column, the file that lacks it and one that has it."""
    first, second = tmp_path / f"1.{form}", tmp_path / f"2.{form}"
    WRITE[form](half(), first)
    WRITE[form](half().drop_columns("v"), second)
    for paths in ([first, second], [second, first]):
        with pytest.raises(
            InputError, match=rf"2\.{form}, column 'v': .*1\.{form} has this column and .*2\.{form} does"
        ):
            dm.eligible(paths, **ROLES)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("p", pa.string(), pa.large_string()),
        ("p", pa.string(), pa.string_view()),
        ("p", pa.string(), pa.dictionary(pa.int32(), pa.string())),
        ("v", pa.int32(), pa.int64()),
        ("v", pa.uint8(), pa.int64()),
        ("v", pa.int64(), pa.float64()),
        ("v", pa.decimal128(9, 2), pa.decimal128(12, 4)),
        ("v", pa.decimal128(9, 2), pa.int16()),
        ("d", pa.date32(), pa.date64()),
        ("d", pa.timestamp("ms"), pa.timestamp("us")),
        ("d", pa.timestamp("s", "UTC"), pa.timestamp("ns", "UTC")),
    ],
)
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_widths_of_roles_may_differ(
    tmp_path: Path, form: str, column: str, one: pa.DataType, other: pa.DataType
) -> None:
    """One person with 450 in each of two files has 900, whatever the layout of each file."""
    raw = {"p": ["A"], "d": [datetime(2024, 6, 1, tzinfo=UTC)], "v": [Decimal(200)]}
    paths = [tmp_path / f"{i}.{form}" for i in range(2)]
    plain = {"p": pa.string(), "d": pa.timestamp("ms", one.tz if pa.types.is_timestamp(one) else None)}
    for path, kind in zip(paths, (one, other), strict=True):
        arrays = {}
        for name, values in raw.items():
            array = pa.array(values, plain.get(name, pa.decimal128(9, 2)))
            arrays[name] = array.cast(kind) if name == column else array
        WRITE[form](pa.table(arrays), path)
    for order in (paths, paths[::-1]):
        scored = dm.score(order, **ROLES | {"limit": 300})
        assert (scored.mask.to_pylist(), scored.total.to_pylist()) == ([False, False], [Decimal(400)] * 2)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("v", pa.int64(), pa.string()),
        ("p", pa.int64(), pa.string()),
        ("d", pa.date32(), pa.string()),
        ("d", pa.timestamp("us"), pa.timestamp("us", "UTC")),
    ],
)
def test_types_that_say_another_thing(tmp_path: Path, column: str, one: pa.DataType, other: pa.DataType) -> None:
    """A number and a text, a day and a text, a clock's time and an instant are not one column; both are named."""
    for name, kind in (("1.parquet", one), ("2.parquet", other)):
        table = half()
        place = table.column_names.index(column)
        pq.write_table(table.set_column(place, column, pa.nulls(1, kind)), tmp_path / name)
    wrong = rf"2\.parquet, column '{column}': its type is {other} and in .*1\.parquet it is {one}".replace("[", r"\[")
    with pytest.raises(InputError, match=wrong):
        dm.eligible(tmp_path, **ROLES)


def test_days_of_differing_units_are_not_misread(tmp_path: Path) -> None:
    """Statistics are in the unit of their file: days of milliseconds beside seconds stay what they are."""
    days = [date(2024, 6, 1), date(2024, 6, 2), date(2024, 6, 3)]
    for i, unit in enumerate(("s", "ms", "us")):
        table = pa.table({"p": [1] * 70_000, "d": pa.array([days[i]] * 70_000, pa.date32()).cast(pa.timestamp(unit))})
        table = table.append_column("v", pa.array([1] * 70_000, pa.int64()))
        pq.write_table(table, tmp_path / f"{i}.parquet")
    mask = dm.eligible(tmp_path, **ROLES | {"limit": 70_000}, memory_limit="1MiB", threads=1)
    assert mask.true_count == 210_000
    assert dm.eligible(tmp_path, **ROLES | {"limit": 69_999}, memory_limit="1MiB").true_count == 0


@pytest.mark.parametrize("form", WRITE)
def test_append_fills_what_a_file_lacks(tmp_path: Path, form: str) -> None:
    """Beside the answers stand the columns of all files; where a file has none, the cell is null."""
    WRITE[form](half(x=["a"]), tmp_path / f"1.{form}")
    WRITE[form](half(y=["b"]).select(["y", "v", "d", "p"]), tmp_path / f"2.{form}")
    paths = [tmp_path / f"{i}.{form}" for i in (1, 2)]
    dm.score_files(paths, tmp_path / "out.parquet", **ROLES, append=True)
    value: Any = "450" if form == "csv" else 450
    row = {"p": "A", "d": "2024-06-01", "v": value, "x": None, "y": None, "eligible": False}
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [row | {"x": "a"}, row | {"y": "b"}]


def test_append_widens_types(tmp_path: Path) -> None:
    """Each column is written in the type that holds the values of every file as they are."""
    one = half(n=pa.array([2**31 - 1], pa.int32()), t=pa.array(["x"], pa.dictionary(pa.int8(), pa.string())),
               m=pa.array([Decimal("1.50")], pa.decimal128(5, 2)), i=pa.array([1], pa.timestamp("s")),
               e=pa.nulls(1))  # fmt: skip
    two = half(n=pa.array([2**40], pa.int64()), t=pa.array(["y"], pa.large_string()),
               m=pa.array([Decimal("0.1234")], pa.decimal128(9, 4)), i=pa.array([1], pa.timestamp("us")),
               e=pa.array([True]))  # fmt: skip
    pq.write_table(one, tmp_path / "1.parquet")
    pq.write_table(two, tmp_path / "2.parquet")
    dm.score_files(tmp_path / "*.parquet", tmp_path / "out.arrow", **ROLES, append=True)
    with pa.ipc.open_file(tmp_path / "out.arrow") as file:
        got = file.read_all().select(["n", "t", "m", "i", "e"])
    assert got.schema.types == [pa.int64(), pa.large_string(), pa.decimal128(9, 4), pa.timestamp("us"), pa.bool_()]
    assert [list(row.values()) for row in got.to_pylist()] == [
        [2**31 - 1, "x", Decimal("1.5000"), datetime(1970, 1, 1, 0, 0, 1), None],
        [2**40, "y", Decimal("0.1234"), datetime(1970, 1, 1, 0, 0, 0, 1), True],
    ]


def test_append_refuses_types_without_a_common_one(tmp_path: Path) -> None:
    """Number and text are not guessed into one column; without append they may differ."""
    pq.write_table(half(x=[1]), tmp_path / "1.parquet")
    pq.write_table(half(x=["b"]), tmp_path / "2.parquet")
    out = tmp_path / "out.csv"
    with pytest.raises(InputError, match=r"2\.parquet, column 'x': its type is string and in .*1\.parquet it is int64"):
        dm.score_files(tmp_path / "*.parquet", out, **ROLES, append=True)
    assert not out.exists()
    assert dm.score_files(tmp_path / "*.parquet", out, **ROLES).rows == 2


def test_expressions_ask_each_file(tmp_path: Path) -> None:
    """A role that is computed is an error where a file lacks its column, not a null."""
    import pyarrow.compute as pc

    pq.write_table(half(q=[2]), tmp_path / "1.parquet")
    pq.write_table(half(), tmp_path / "2.parquet")
    with pytest.raises(InputError, match=r"2\.parquet: the expression .* does not fit the columns \(p, d, v\)"):
        dm.eligible(tmp_path, **ROLES | {"value": pc.field("v") * pc.field("q")})


def test_explain_reads_files_that_differ(tmp_path: Path) -> None:
    """The rows of one person are found in files of another order and width."""
    from deminimis.questions.why import explain

    pq.write_table(half(x=["a"]), tmp_path / "1.parquet")
    other = half().set_column(2, "v", pa.array([400], pa.int16())).select(["v", "p", "d"])
    pq.write_table(other, tmp_path / "2.parquet")
    found = explain(open_source(tmp_path), 1, **ROLES)
    assert (found.rows, found.total) == (2, Decimal(850))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (pa.int8(), pa.uint8(), pa.int16()),
        (pa.uint32(), pa.int8(), pa.int64()),
        (pa.uint64(), pa.int64(), pa.decimal128(20, 0)),
        (pa.binary(), pa.binary_view(), pa.large_binary()),
        (pa.binary(3), pa.large_binary(), pa.large_binary()),
        (pa.dictionary(pa.int8(), pa.string()), pa.string_view(), pa.large_string()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.int32(), pa.float32(), pa.float64()),
        (pa.int64(), pa.float64(), None),
        (pa.decimal128(38, 0), pa.decimal128(10, 10), pa.decimal256(48, 10)),
        (pa.decimal256(76, 0), pa.decimal128(10, 10), None),
        (pa.int64(), pa.decimal128(4, 2), pa.decimal128(22, 2)),
        (pa.timestamp("s", "UTC"), pa.timestamp("ms", "Asia/Tokyo"), pa.timestamp("ms", "UTC")),
        (pa.date32(), pa.timestamp("s"), None),
        (pa.bool_(), pa.int8(), None),
        (pa.string(), pa.binary(), None),
        (pa.null(), pa.list_(pa.int8()), pa.list_(pa.int8())),
    ],
)
def test_common_type(one: pa.DataType, other: pa.DataType, both: pa.DataType | None) -> None:
    """The type that holds every value of both, whichever comes first; None where some value would change."""
    assert common_type(one, other) == common_type(other, one) == both
