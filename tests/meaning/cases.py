"""The named cases of the meaning as plain rows, for every face of the package; no test here.

A row is (person, day, value), all text, None where the cell is empty; further cells go to the columns that the case
names in `more`. The mask is one letter a row: E eligible, X not.
"""

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
ORIGIN, EXCLUDED = ("origin",), ("excluded",)
POSTCODE = MappingProxyType({"person": ["person", "postcode"]})


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
            name: name for name in self.more if name in ("origin", "excluded", "quantity")
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


CASES = (
    Case("a total of exactly the limit", same_day(("A", "800.00")), "E", ("eligible",)),
    Case("one unit over the limit", same_day(("A", "800.01")), "X", ("over-limit",)),
    Case("two rows that reach the limit", same_day(("A", "400.00"), ("A", "400.00")), "EE"),
    Case("two rows that pass the limit", same_day(("A", "400.00"), ("A", "400.01")), "XX", ("over-limit",) * 2),
    Case(
        "the package that put it over",
        same_day(("A", "700"), ("A", "200"), ("A", "50")),
        "EXE",
        ("eligible", "over-limit", "eligible"),
        {"overflow": "excess"},
    ),
    Case("two days", (("A", DAY, "790"), ("A", NEXT, "790")), "EE"),
    Case(
        "two sellers, carriers or ports",
        (("A", DAY, "500", "North"), ("A", DAY, "400", "South")),
        "XX",
        more=("carrier",),
    ),
    Case(
        "two persons at one address",
        (("A", DAY, "500", "1 Main St"), ("B", DAY, "500", "1 Main St")),
        "EE",
        more=("address",),
    ),
    Case(
        "two owners in care of one warehouse",
        same_day(("Owner1 C/O Warehouse", "600"), ("Owner2 C/O Warehouse", "600")),
        "EE",
    ),
    Case(
        "two owners in care of one warehouse, the place split off",
        same_day(("Owner1 C/O Warehouse", "600"), ("Owner2 C/O Warehouse", "600")),
        "EE",
        settings={"in_care_of": True},
    ),
    Case(
        "one owner in care of two places",
        same_day(("Owner1 C/O Warehouse", "600"), ("Owner1 c/o Depot", "600")),
        "XX",
        settings={"in_care_of": True},
    ),
    Case("the warehouse alone", same_day(("Warehouse", "600"), ("Warehouse", "600")), "XX"),
    Case("spelling, exact", same_day(("John Smith", "500"), ("JOHN  SMITH ", "500")), "EE"),
    Case(
        "spelling, folded",
        same_day(("John Smith", "500"), ("JOHN  SMITH ", "500")),
        "XX",
        settings={"normalize": "fold"},
    ),
    Case("composition, exact", same_day((COMPOSED, "500"), (DECOMPOSED, "500")), "EE"),
    Case(
        "composition, folded",
        same_day((COMPOSED, "500"), (DECOMPOSED, "500")),
        "XX",
        settings={"normalize": "fold"},
    ),
    Case("two missing persons", same_day((None, "500"), (None, "500")), "XX", ("no-person",) * 2),
    Case("empty and blank persons", same_day(("", "1"), ("   ", "1"), ("\t", "1")), "XXX", ("no-person",) * 3),
    Case("a placeholder for a person", same_day(("N/A", "1"), (" unknown ", "1")), "XX", ("no-person",) * 2),
    Case(
        "a composite person without a name",
        (("N/A", DAY, "500", "10001"), (None, DAY, "1", "10001"), (" ", DAY, "1", "10001")),
        "XXX",
        ("no-person",) * 3,
        POSTCODE,
        ("postcode",),
    ),
    Case(
        "a composite person with and without a postcode",
        (("A", DAY, "500", None), ("A", DAY, "400", "10001")),
        "EE",
        ("eligible",) * 2,
        POSTCODE,
        ("postcode",),
    ),
    Case(
        "a composite person twice without a postcode",
        (("A", DAY, "500", None), ("A", DAY, "400", "N/A"), ("A", DAY, "700", "10001"), ("B", DAY, "800", None)),
        "XXEE",
        ("over-limit", "over-limit", "eligible", "eligible"),
        POSTCODE,
        ("postcode",),
    ),
    Case(
        "totals kept apart by supplier, one unknown",
        (("A", DAY, "500", "S"), ("A", DAY, "500", "T"), ("A", DAY, "1", None), ("A", DAY, "1", "n/a")),
        "EEXX",
        ("eligible", "eligible", "no-person", "no-person"),
        {"per": "supplier"},
        ("supplier",),
    ),
    Case("a missing day", (("A", None, "1"), ("A", DAY, "800")), "XE", ("no-day", "eligible")),
    Case("a missing value", same_day(("A", None), ("A", "300")), "XX", ("bad-value", "unproven-total")),
    Case(
        "a missing value, ignored",
        same_day(("A", None), ("A", "300")),
        "XE",
        ("bad-value", "eligible"),
        {"bad_values": "ignore"},
    ),
    Case(
        "NaN and more than the limit",
        same_day(("A", "NaN"), ("A", "900")),
        "XX",
        ("bad-value", "over-limit"),
        types=FLOAT,
    ),
    Case("a refund does not net off", same_day(("A", "-50"), ("A", "840")), "XX", ("bad-value", "over-limit")),
    Case("eighty rows of 10.00", same_day(("A", "10.00")), "E", times=80),
    Case("eight thousand rows of float 0.10", same_day(("A", "0.10")), "E", times=8_000, types=FLOAT),
    Case("0.1 + 0.2 + 799.7", same_day(("A", "0.1"), ("A", "0.2"), ("A", "799.7")), "EEE"),
    Case("0.1 + 0.2 + 799.7 as floats", same_day(("A", "0.1"), ("A", "0.2"), ("A", "799.7")), "EEE", types=FLOAT),
    Case("a third decimal", same_day(("A", "800.004")), "X", types={"value": pa.decimal128(10, 3)}),
    Case("a million rows of 800 on one day", same_day(("A", "800")), "X", ("over-limit",), times=1_000_000),
    Case("a leap day", (("A", "2024-02-29", "450"), ("A", "2024-03-01", "450")), "EE"),
    Case(
        "around midnight at the port",
        (("A", "2024-06-02T06:59:00Z", "500"), ("A", "2024-06-02T07:01:00Z", "500")),
        "EE",
        settings={"timezone": "America/Los_Angeles"},
        types=UTC,
    ),
    Case(
        "around midnight at the port, in another zone",
        (("A", "2024-06-02T06:59:00Z", "500"), ("A", "2024-06-02T07:01:00Z", "500")),
        "XX",
        types=UTC,
    ),
    Case(
        "200 until 2016-03-09, then 800",
        (("A", "2016-03-09", "250", "DE"), ("A", "2016-03-10", "250", "DE")),
        "XE",
        ("over-limit", "eligible"),
        {"rule": "us-321"},
        ORIGIN,
    ),
    Case(
        "China's pause of February 2025",
        (("A", "2025-02-03", "500", "CN"), ("A", "2025-02-05", "500", "CN"), ("A", "2025-02-07", "500", "HK")),
        "EXE",
        ("eligible", "not-in-force", "eligible"),
        {"rule": "us-321"},
        ORIGIN,
    ),
    Case(
        "China from 2025-05-02, others later",
        (("A", "2025-05-01", "500", "CN"), ("B", "2025-05-02", "500", "CN"), ("C", "2025-05-02", "500", "VN")),
        "EXE",
        ("eligible", "not-in-force", "eligible"),
        {"rule": "us-321"},
        ORIGIN,
    ),
    Case(
        "suspended for every origin on 2025-08-29",
        (("A", "2025-08-28", "100", "DE"), ("B", "2025-08-29", "100", "DE")),
        "EX",
        ("eligible", "not-in-force"),
        {"rule": "us-321"},
        ORIGIN,
    ),
    Case(
        "a row out of force touches no total",
        (("A", "2025-05-02", "800", "VN"), ("A", "2025-05-02", "500", "CN")),
        "EX",
        ("eligible", "not-in-force"),
        {"rule": "us-321"},
        ORIGIN,
    ),
    Case("a gift of 100.00", (("A", DAY, "100.00", "DE"),), "E", settings={"rule": "us-gift"}, more=ORIGIN),
    Case("a gift of 100.01", (("A", DAY, "100.01", "DE"),), "X", settings={"rule": "us-gift"}, more=ORIGIN),
    Case(
        "gifts from two donors",
        (("A", DAY, "60", "DE"), ("A", DAY, "60", "FR")),
        "XX",
        settings={"rule": "us-gift"},
        more=ORIGIN,
    ),
    Case("a gift from Guam", (("A", DAY, "200.00", "GU"),), "E", settings={"rule": "us-gift"}, more=ORIGIN),
    Case(
        "excluded goods count",
        (("A", DAY, "600", "false"), ("A", DAY, "300", "true")),
        "XX",
        ("over-limit", "excluded"),
        more=EXCLUDED,
    ),
    Case(
        "excluded goods that do not count",
        (("A", DAY, "600", "false"), ("A", DAY, "300", "true")),
        "EX",
        ("eligible", "excluded"),
        {"count_excluded": False},
        EXCLUDED,
    ),
    Case("no rows", (), ""),
    Case("one row", same_day(("A", "1")), "E"),
    Case("one key for every row", same_day(("A", "100")), "E", times=8),
    Case("one key for every row, over the limit", same_day(("A", "100")), "X", times=9),
    Case("every key distinct", tuple((f"P{i}", DAY, "800") for i in range(500)), "E" * 500),
)
