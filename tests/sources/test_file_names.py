"""Files, folders and columns whose names are not UTF-8 are read, or refused by name; never a fault."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import ColumnNotFoundError, InputError

TABLE = pa.table({"who": ["A", "A"], "day": ["2024-06-01"] * 2, "usd": ["1", "900"]})
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": 800}
NAME = os.fsdecode(b"m\xe9")


def write(path: Path) -> None:
    """The table in the format of the path, written under a name that every writer takes."""
    plain = path.with_name("plain")
    if path.suffix == ".parquet":
        pq.write_table(TABLE, plain)
    elif path.suffix == ".csv":
        pc.write_csv(TABLE, plain)
    elif path.suffix == ".gz":
        with pa.CompressedOutputStream(str(plain), "gzip") as file:
            pc.write_csv(TABLE, file)
    else:
        with (pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream)(plain, TABLE.schema) as writer:
            writer.write_table(TABLE)
    plain.rename(path)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".csv.gz", ".arrow", ".arrows"])
def test_file_name(tmp_path: Path, ending: str) -> None:
    """A file is read and written whatever bytes its name has, and its errors can be shown."""
    path, target = tmp_path / f"{NAME}{ending}", tmp_path / f"o{NAME}.csv"
    write(path)
    for manifest in (path, str(path), tmp_path / "*", [path]):
        assert dm.eligible(manifest, **ROLES).to_pylist() == [False, False]
        summary = dm.score_files(manifest, target, **ROLES, append=True)
        assert summary.rows == 2 and target.read_text().count("false") == 2
        target.unlink()
    path.write_bytes(path.read_bytes()[:9])
    with pytest.raises(InputError) as caught:
        dm.eligible(path, **ROLES)
    assert str(caught.value).encode(errors="backslashreplace")


@pytest.mark.parametrize("folder", [b"region=\xe9", b"\xe9=x", b"region=%E9"])
def test_folder_that_would_be_a_column(tmp_path: Path, folder: bytes) -> None:
    """A folder named key=value that is not UTF-8 is refused: two such values could become one."""
    inside = tmp_path / os.fsdecode(folder)
    inside.mkdir()
    pq.write_table(TABLE, tmp_path / "t.parquet")
    (tmp_path / "t.parquet").rename(inside / "t.parquet")
    with pytest.raises(InputError, match="does not say a column in UTF-8: rename it"):
        dm.eligible(tmp_path, **ROLES)


def test_column_of_a_role(tmp_path: Path) -> None:
    """A role whose column is named in bytes that are not UTF-8, as a shell may give them, is not found."""
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE, path)
    for manifest in (path, TABLE):
        for role in ("person", "day", "value"):
            with pytest.raises(ColumnNotFoundError, match=r"there is no column 'm\\udce9'"):
                dm.eligible(manifest, **{**ROLES, role: NAME})


def test_column_in_memory() -> None:
    """A table is bound by position past a column whose name is not UTF-8; where names are asked for, it is refused."""
    text = pa.table({**{name: TABLE[name] for name in TABLE.column_names}, "noteXX": ["x", "y"]}).schema.serialize()
    schema = pa.ipc.read_schema(pa.py_buffer(text.to_pybytes().replace(b"noteXX", b"not\xe9XX")))
    table = pa.Table.from_arrays([*TABLE.columns, pa.chunked_array([["x", "y"]])], schema=schema)
    reader = pa.RecordBatchReader.from_batches(schema, table.to_batches())
    for manifest in (table, table.to_batches()[0], reader):
        refused = [{**ROLES, "person": pa.compute.field("who")}, {**ROLES, "person": "nobody"}]
        if manifest is reader:
            refused.append(ROLES)
        else:
            assert dm.eligible(manifest, **ROLES).to_pylist() == [False, False]
        for roles in refused:
            with pytest.raises(InputError, match=r"the name b'not\\xe9XX' of a column is not UTF-8: rename it"):
                dm.eligible(manifest, **roles)
    for several in ([table, table], iter([table, TABLE])):
        with pytest.raises(InputError, match="of a column is not UTF-8: rename it"):
            dm.eligible(several, **ROLES)


def test_label_in_memory() -> None:
    """A label of a mapping or a frame that has no bytes in UTF-8 is refused where its column is asked for."""
    columns = {name: TABLE[name].to_pylist() for name in TABLE.column_names} | {NAME: ["x", "y"]}
    frame = TABLE.to_pandas().assign(x="x").set_axis(pd.Index([*TABLE.column_names, NAME], dtype=object), axis=1)
    for manifest in (columns, frame):
        assert dm.eligible(manifest, **ROLES).to_pylist() == [False, False]
        with pytest.raises(InputError, match=r"column 'm\\udce9': its name is not UTF-8: rename it"):
            dm.eligible(manifest, **{**ROLES, "person": NAME})
        with pytest.raises(InputError, match=r"column 'm\\udce9': its name is not UTF-8: rename it"):
            dm.score_files(manifest, io.BytesIO(), **ROLES, append=True)
