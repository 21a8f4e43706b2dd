"""The jobs that faults are put into: small manifests, each another way through the package, and what they leave."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import deminimis as dm
from deminimis.person_days import write_totals

ROWS = 140_000
"""More than one worker takes, and several blocks where memory is little."""

OLD = b"what was there before"
SECRET = b"the secret of tests/trust, known to all"
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": 900}
Answers = tuple[pa.Array, ...]
Job = Callable[[Path], Callable[[], Answers]]


def load_all() -> None:
    """Import every module, as a child that is forked would else do so for itself."""
    for module in pkgutil.walk_packages(dm.__path__, "deminimis."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def table() -> pa.Table:
    """Days nearly in order, persons of text, some of whom are over the limit."""
    rng = np.random.default_rng(7)
    day = np.clip(np.arange(ROWS) * 30 // ROWS - rng.integers(0, 2, ROWS), 0, None)
    names = pa.array([f"person number {i}" for i in range(3_000)])
    return pa.table(
        {
            "person": names.take(pa.array(rng.integers(0, 3_000, ROWS))),
            "day": pa.array((19_700 + day).astype(np.int32), pa.date32()),
            "value": pa.array(rng.integers(-1, 90_000, ROWS) / 100),
        }
    )


def prepare(folder: Path) -> None:
    """Write the inputs, and the folders that outputs and spilled records go to."""
    rows = table()
    (folder / "in").mkdir()
    pq.write_table(rows, folder / "in/in.parquet", row_group_size=ROWS // 4)
    pyarrow.csv.write_csv(rows, folder / "in/in.csv")
    for name, some in (("in.arrow", rows), ("memory.arrow", rows)):
        with pa.ipc.new_file(folder / "in" / name, some.schema) as writer:
            writer.write_table(some, max_chunksize=ROWS // 7)
    write_totals(rows, folder / "in/totals.arrow", **ROLES, secret=SECRET, threads=1)
    (folder / "out").mkdir()
    (folder / "spill").mkdir()


def _held(folder: Path) -> pa.Table:
    with pa.memory_map(str(folder / "in/memory.arrow")) as file:
        return pa.ipc.open_file(file).read_all()


def digest(arrays: Iterable[pa.Array]) -> str:
    """What arrays say, cell by cell."""
    said = hashlib.sha256()
    for array in arrays:
        plain = array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
        said.update(repr(plain.type).encode())
        if pa.types.is_fixed_size_binary(plain.type):
            said.update(b"".join(plain.to_pylist()))
            continue
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(pa.table([plain], ["cells"]), sink)
        said.update(sink.getvalue())
    return said.hexdigest()


def mask(folder: Path) -> Callable[[], Answers]:
    """`eligible` of a table, by two workers."""
    held = _held(folder)
    return lambda: (dm.eligible(held, **ROLES, threads=2),)


def score(folder: Path) -> Callable[[], Answers]:
    """`score` of a stream of batches."""
    held = _held(folder)

    def run() -> Answers:
        scored = dm.score(held.to_reader(max_chunksize=20_000), **ROLES, threads=2)
        return scored.mask, scored.reason, scored.total

    return run


def _to_file(folder: Path, source: str, target: str, **options: Any) -> Callable[[], Answers]:
    def run() -> Answers:
        path = folder / "out" / target
        dm.score_files(folder / "in" / source, path, **ROLES, spill_dir=folder / "spill", **options)
        return ()

    return run


def files(folder: Path) -> Callable[[], Answers]:
    """A Parquet file to a mask in a Parquet file."""
    return _to_file(folder, "in.parquet", "out.parquet", threads=2)


def spill(folder: Path) -> Callable[[], Answers]:
    """An Arrow file to reasons and totals, with records on disk."""
    return _to_file(
        folder, "in.arrow", "out.arrow", columns=("eligible", "reason", "total"), memory_limit="64KiB", threads=1
    )


def append(folder: Path) -> Callable[[], Answers]:
    """A CSV file to the same with answers beside."""
    return _to_file(folder, "in.csv", "out.csv", append=True, threads=2)


def sorted_days(folder: Path) -> Callable[[], Answers]:
    """An Arrow file whose days end one after another, with memory for few of them."""
    promise = {"sorted_by": "day", "late_days": 1, "memory_limit": "256KiB"}
    return _to_file(folder, "in.arrow", "out.parquet", threads=2, **promise)


def totals(folder: Path) -> Callable[[], Answers]:
    """An Arrow file to its person-days, with records on disk. By one worker, as the order of groups is no promise."""

    def run() -> Answers:
        words = ROLES | {"secret": SECRET, "threads": 1, "memory_limit": "64KiB", "spill_dir": folder / "spill"}
        write_totals(folder / "in/in.arrow", folder / "out/totals.parquet", **words)
        return ()

    return run


def given(folder: Path) -> Callable[[], Answers]:
    """A Parquet file answered by totals that were made before."""
    words = {"secret": SECRET, "totals": folder / "in/totals.arrow", "columns": ("eligible", "reason", "total")}
    return _to_file(folder, "in.parquet", "given.arrow", threads=2, **words)


JOBS: dict[str, Job] = {
    "mask": mask,
    "score": score,
    "files": files,
    "spill": spill,
    "append": append,
    "sorted": sorted_days,
    "totals": totals,
    "given": given,
}


def outputs(folder: Path) -> dict[str, bytes]:
    """The files of the output's folder, by name."""
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def read_back(name: str, content: bytes) -> str:
    """What an output file says, whatever bytes it was written in."""
    content = gzip.decompress(content) if name.endswith(".gz") else content
    if name.endswith((".csv", ".gz")):
        return hashlib.sha256(content).hexdigest()
    buffer = pa.py_buffer(content)
    rows = pq.read_table(pa.BufferReader(buffer)) if name.endswith(".parquet") else pa.ipc.open_file(buffer).read_all()
    return digest(column.combine_chunks() for column in rows.unify_dictionaries().itercolumns())
