"""A pyarrow dataset of files on this machine: none of them is replaced by an output, nor changes while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.dataset as ds
import pyarrow.fs as fs
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sources.open import open_source

ROWS = 3_000
DAYS = pa.array([19_875] * ROWS, pa.int32()).cast(pa.date32())
TABLE = pa.table({"who": [f"person {i}" for i in range(ROWS)], "day": DAYS, "usd": [1] * ROWS})
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
FORMATS = ["parquet", "arrow", "csv"]


def write(path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(TABLE, path, row_group_size=1_000)
    elif path.suffix == ".csv":
        pc.write_csv(TABLE, path)
    else:
        with pa.ipc.new_file(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=1_000)


def plain(path: Path) -> ds.Dataset:
    return ds.dataset(path, format=path.suffix[1:])


DATASETS: dict[str, Callable[[Path], Any]] = {
    "files": plain,
    "filtered": lambda path: plain(path).filter(ds.field("usd") == 1),
    "union": lambda path: ds.dataset([plain(path), ds.dataset(TABLE)]),
    "below a folder": lambda path: ds.dataset(
        path.name, format=path.suffix[1:], filesystem=fs.SubTreeFileSystem(str(path.parent), fs.LocalFileSystem())
    ),
    "in a list": lambda path: [TABLE, plain(path)],
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", [*DATASETS, "drawn"])
@pytest.mark.parametrize("name", ["itself", "hard link"])
def test_file_of_a_dataset_is_not_replaced(tmp_path: Path, kind: str, form: str, name: str) -> None:
    """By whatever way a file is a part of a dataset, an output of any name of it is refused, and the file stays."""
    path = target = tmp_path / f"t.{form}"
    write(path)
    before = path.read_bytes()
    if name == "hard link":
        target = tmp_path / f"other.{form}"
        target.hardlink_to(path)

    def drawn() -> Iterator[Any]:
        yield TABLE
        yield plain(path)

    def manifest() -> Any:
        return drawn() if kind == "drawn" else DATASETS[kind](path)

    with pytest.raises(InputError, match="is a file that is read, and would be overwritten"):
        dm.score_files(manifest(), target, **ROLES)
    assert path.read_bytes() == before and {one.name for one in tmp_path.iterdir()} == {path.name, target.name}
    assert dm.score_files(manifest(), tmp_path / "mask.parquet", **ROLES).rows >= ROWS


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", DATASETS)
@pytest.mark.parametrize("change", ["grown", "replaced", "emptied"])
def test_file_of_a_dataset_that_changes(tmp_path: Path, kind: str, form: str, change: str) -> None:
    """A file that is another one by now, or was written to, is an error that names it."""
    path = tmp_path / f"t.{form}"
    write(path)
    dataset = DATASETS[kind](path)
    source = open_source(dataset)
    if change == "replaced":
        write(tmp_path / f"other.{form}")
        (tmp_path / f"other.{form}").replace(path)
    else:
        with path.open("ab") as file:
            file.truncate(0 if change == "emptied" else path.stat().st_size + 1)
    words = {"grown": "grew", "replaced": "was replaced by another file", "emptied": "was cut short"}[change]
    with pytest.raises(InputError, match=rf"t\.{form}: {words}"):
        for piece in source.pieces(["who", "day", "usd"]):
            for _ in piece.batches():
                pass


@pytest.mark.parametrize("form", FORMATS)
def test_dataset_that_changes_within_a_file(tmp_path: Path, form: str) -> None:
    """A change after the first batch is seen by the end of the file."""
    path = tmp_path / f"t.{form}"
    write(path)
    (piece,) = open_source(plain(path)).pieces(None)
    batches = piece.batches()
    next(batches)
    with path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(InputError, match=rf"t\.{form}: grew while it was read"):
        list(batches)


def test_dataset_in_memory_or_elsewhere_has_no_files_here() -> None:
    """What is in memory is watched by nobody, and can be replaced by nothing."""
    assert open_source(ds.dataset(TABLE)).places == frozenset()
