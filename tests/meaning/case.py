"""One named case of the meaning: its rows, settings, mask and reasons; no test here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DAY, NEXT = "2024-06-01", "2024-06-02"
COMPOSED, DECOMPOSED = "Jos\u00e9", "Jose\u0301"
UTC = MappingProxyType({"day": pa.timestamp("s", "UTC")})
FLOAT = MappingProxyType({"value": pa.float64()})
ORIGIN, SENDER, EXCLUDED = ("origin",), ("sent_from",), ("excluded",)
POSTCODE = MappingProxyType({"person": ["person", "postcode"]})


ROLES = (
    "origin", "sent_from", "kind", "entered", "excluded", "quantity",
    "shipment", "party", "version", "line", "cancelled",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Some rows, the settings they are scored with, and their mask.

    `times` repeats all rows, and so the mask and the reasons. `types` replaces a column's type where the case is about
    that type; such a case cannot be written as CSV.
    """

    name: str
    rows: tuple[tuple[str | None, ...], ...]
    mask: str
    reasons: tuple[str, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    more: tuple[str, ...] = ()
    types: Mapping[str, pa.DataType] = field(default_factory=lambda: MappingProxyType({}))
    times: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return ("person", "day", "value", *self.more)

    @property
    def options(self) -> dict[str, Any]:
        """Request and settings as the Python API takes them."""
        bound = {} if "rule" in self.settings else {"limit": "800.00"}
        roles = {name: name for name in ("person", "day", "value")} | {
            name: name for name in self.more if name in ROLES
        }
        return roles | bound | dict(self.settings)

    @property
    def expected(self) -> list[bool]:
        return [letter == "E" for letter in self.mask] * self.times

    def text_table(self) -> pa.Table:
        """Every column as text, an empty cell as null; `excluded` is boolean."""
        arrays = [pa.array(cells, pa.string()) for cells in zip(*self.rows, strict=True)]
        arrays = arrays or [pa.array([], pa.string()) for _ in self.columns]
        table = pa.table(arrays, names=list(self.columns))
        if "excluded" in self.more:
            at = table.column_names.index("excluded")
            table = table.set_column(at, "excluded", pc.equal(table["excluded"], "true"))
        return self._repeat(table)

    def typed_table(self) -> pa.Table:
        """Text persons, date32 days and exact decimals, but for the types of the case."""
        table = self.text_table()
        for name, type_ in ({"day": pa.date32(), "value": pa.decimal128(18, 4)} | dict(self.types)).items():
            table = table.set_column(table.column_names.index(name), name, table[name].cast(type_))
        return table

    def _repeat(self, table: pa.Table) -> pa.Table:
        if self.times == 1:
            return table
        return table.take(np.tile(np.arange(len(table)), self.times))


def same_day(*rows: tuple[str | None, str | None]) -> tuple[tuple[str | None, ...], ...]:
    return tuple((person, DAY, value) for person, value in rows)
