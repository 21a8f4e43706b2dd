"""The workloads of the comparison: each a Parquet file, a CSV file of the same rows, and the names of its columns."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench import manifests

TPCH = "tpch"
TPCH_ORDERS = 1_500_000  # rows of orders at scale factor 1
NAMES = (*manifests.KINDS, TPCH)
USUAL = ("int", "text", "dictionary", "shuffled", "giant", "distinct", TPCH)


@dataclass(frozen=True)
class Workload:
    """A manifest on disk and what is asked of it."""

    name: str
    about: str
    rows: int
    parquet: Path
    person: str = "person"
    day: str = "day"
    value: str = "value"
    limit: int = manifests.LIMIT

    @property
    def csv(self) -> Path:
        return self.parquet.with_suffix(".csv")

    def asked(self) -> dict[str, object]:
        """What a child has to know of it."""
        roles = {"person": self.person, "day": self.day, "value": self.value, "limit": self.limit}
        return {"parquet": str(self.parquet), "csv": str(self.csv), **roles}

    def write_csv(self) -> None:
        """Write the role columns of the Parquet file as CSV, a row group at a time, unless that was done before."""
        if self.csv.exists():
            return
        file = pq.ParquetFile(self.parquet)
        names = [self.person, self.day, self.value]
        unfinished = self.csv.with_suffix(".part")
        options = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
        with pa.csv.CSVWriter(unfinished, _plain(file.schema_arrow, names), write_options=options) as writer:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=names).select(names)
                writer.write_table(rows.cast(_plain(file.schema_arrow, names)))
        unfinished.replace(self.csv)


def _plain(schema: pa.Schema, names: list[str]) -> pa.Schema:
    types = {name: schema.field(name).type for name in names}
    return pa.schema([(name, pa.string() if pa.types.is_dictionary(type_) else type_) for name, type_ in types.items()])


def prepare(name: str, rows: int, folder: Path) -> Workload | str:
    """Make a workload's Parquet file in the folder, or reuse it; a string says why it cannot be had."""
    path = folder / f"{name}-{rows}.parquet"
    if name != TPCH:
        if not path.exists():
            manifests.write(name, rows, path)
        return Workload(name, manifests.KINDS[name].about, rows, path)
    if not path.exists():
        program = shutil.which("tpchgen-cli") or shutil.which("tpchgen-cli", path=str(Path(sys.executable).parent))
        if program is None:
            return "tpchgen-cli is not installed (pip install tpchgen-cli)"
        made = folder / f"tpch-{rows}"
        asked = [program, "parquet", "-s", f"{rows / TPCH_ORDERS:.6f}", "--tables=orders", f"--output-dir={made}"]
        subprocess.run(asked, check=True, capture_output=True)
        (made / "orders.parquet").replace(path)
        made.rmdir()
    return Workload(
        TPCH,
        "TPC-H orders: int64 customers, decimal(15,2) prices, limit 300,000",
        pq.read_metadata(path).num_rows,
        path,
        person="o_custkey",
        day="o_orderdate",
        value="o_totalprice",
        limit=300_000,
    )
