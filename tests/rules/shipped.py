"""The shipped schedules once more as a lawyer lists them, and what the kernel's table says; no test here."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deminimis.rules.compiled import NOT_IN_FORCE, Axis, CompiledRule

ONE_DAY = timedelta(days=1)

# From inclusive, to exclusive, scope, limit (None: nothing qualifies), citation.
SCHEDULES = {
    "us-321": [
        ("1994-07-28", "2016-03-10", "every origin", "200.00", "Pub. L. 103-182; T.D. 94-51 (59 FR 30293)"),
        ("2016-03-10", "2025-02-04", "origin CN or HK", "800.00", "TFTEA s.901; 19 CFR 10.151"),
        ("2025-02-04", "2025-02-07", "origin CN or HK", None, "suspended: EO 14195 (90 FR 9121); CSMS 63992482"),
        (
            "2025-02-07",
            "2025-05-02",
            "origin CN or HK",
            "800.00",
            "resumed, not for the days between: EO 14200; CSMS 64082249",
        ),
        ("2025-05-02", None, "origin CN or HK", None, "suspended: EO 14256 (90 FR 14899); later acts below"),
        ("2016-03-10", "2025-08-29", "any other origin", "800.00", "TFTEA s.901; 19 CFR 10.151"),
        ("2025-08-29", "2026-02-24", "any other origin", None, "suspended: EO 14324 (90 FR 37775; 90 FR 42418)"),
        ("2026-02-24", "2026-06-24", "any other origin", None, "suspended: EO 14388 (91 FR 9433)"),
        (
            "2025-08-29",
            "2026-06-24",
            "kind 1702b, every origin",
            "800.00",
            "not covered by the suspension: EO 14324 s.2(a); EO 14388; 50 U.S.C. 1702(b)",
        ),
        (
            "2026-06-24",
            "2027-07-01",
            "every origin",
            None,
            "suspended: interim final rules 91 FR 37789 (CBP Dec. 26-12) and 91 FR 37801 (mail)",
        ),
        ("2027-07-01", None, "every origin", None, "repealed: Pub. L. 119-21 s.70531(b)"),
    ],
    "us-321-post": [
        ("2025-05-02", "2025-08-29", "origin CN or HK, sent from CN or HK", "800.00", "EO 14256 s.2(b): postal duty"),
        (
            "2025-05-02",
            "2025-08-29",
            "origin CN or HK, sent from elsewhere",
            None,
            "EO 14256 s.2(b): only what is sent from China or Hong Kong",
        ),
        (
            "2025-05-02",
            "2025-08-29",
            "any other origin",
            None,
            "EO 14256: no postal duty on goods of other countries; they are under us-321",
        ),
        ("2025-08-29", "2026-02-24", "every origin", "800.00", "EO 14324 s.2(b): postal duty"),
        ("2026-02-24", "2026-07-24", "every origin", "800.00", "EO 14388 s.2(b): postal duty"),
        ("2026-07-24", None, "every origin", None, "postal informal entry: 91 FR 37801"),
    ],
    "us-gift": [
        ("1994-07-28", None, "every origin, sent from VI, GU or AS", "200.00", "19 CFR 10.152"),
        ("1994-07-28", None, "every origin, sent from elsewhere", "100.00", "19 CFR 10.152"),
    ],
    "kr": [
        (
            "2022-11-17",
            None,
            "every origin",
            "150.00",
            "import clearance notice art. 68; Enforcement Rule of the Customs Act art. 45(2)1",
        ),
        (
            "2022-11-17",
            None,
            "kind express, every origin, sent from US",
            "200.00",
            "express clearance notice art. 9(1)1",
        ),
    ],
    "cn-cbec": [
        ("2016-04-08", "2019-01-01", "every origin", "20000.00", "Cai Guan Shui [2016] 18"),
        ("2019-01-01", None, "every origin", "26000.00", "Cai Guan Shui [2018] 49 art. 2"),
    ],
    "tw-post": [
        (
            "2018-01-01",
            None,
            "every origin",
            "2000.00",
            "Regulations Governing the Customs Clearance of Postal Parcels, art. 11",
        ),
    ],
}
SCHEDULES["us-321-ftz"] = SCHEDULES["us-321"]
UNASSIGNED = {"XX", "ZZ"}
ORIGINS = {"CN", "HK", "VI", "GU", "AS", "US", "VN", "DE", "JP"}


KINDS = (None, "1702b", "express")


def expected_limit(name: str, day: date, origin: str, sent_from: str, kind: str | None = None) -> Decimal | None:
    """The limit by the schedule above, the plain way: the last line that covers the day and names what is asked; a kind
    that is not named is any of those that are, or none."""
    lines = SCHEDULES[name]
    kinds = {found[1] for line in lines if (found := re.match(r"kind (\w+), ", line[2]))}
    limits = [_limit_of(lines, day, origin, sent_from, one) for one in ([kind] if kind in kinds else [None, *kinds])]
    return None if None in limits else min(limit for limit in limits if limit is not None)


def _limit_of(lines: list[Any], day: date, origin: str, sent_from: str, kind: str | None) -> Decimal | None:
    own = [line for line in lines if line[2].startswith("kind ") and line[2].startswith(f"kind {kind},")]
    found = None
    for since, until, scope, limit, _ in [line for line in lines if not line[2].startswith("kind ")] + own:
        origins, _, senders = scope.removeprefix(f"kind {kind}, ").partition(", sent from ")
        is_on = date.fromisoformat(since) <= day and (until is None or day < date.fromisoformat(until))
        if is_on and _names(origins, origin, lines, 0) and (not senders or _names(senders, sent_from, lines, 1)):
            found = limit
    return None if found is None else Decimal(found)


def _names(scope: str, code: str, lines: list[Any], part: int) -> bool:
    """Whether the words of a scope name a country; those of others, where none of the lines does."""
    listed = {
        one for line in lines for one in re.findall(r"\b[A-Z]{2}\b", f"{line[2]} sent from ".split("sent from ")[part])
    }
    if scope in ("any other origin", "elsewhere"):
        return code not in listed
    return scope == "every origin" or code in re.findall(r"\b[A-Z]{2}\b", scope)


def class_of(axis: Axis, text: str | None, is_country: bool = True) -> int:
    """The class that the kernel gives a cell."""
    if text is None or not axis.is_asked:
        return axis.unknown
    lengths = {2, *map(len, axis.codes)}
    is_code = is_country and len(text) in lengths and text not in UNASSIGNED
    return axis.codes.get(text.encode(), axis.other if is_code else axis.unknown)


def table_limit(
    compiled: CompiledRule, day: date, origin: str | None, sent_from: str | None = "US", kind: str | None = None
) -> int | None:
    """What the kernel reads from the table, in units, or None for not in force."""
    column = min(max((day - date(1970, 1, 1)).days - compiled.day_first, 0), compiled.table.shape[1] - 1)
    classes = class_of(compiled.origins, origin), class_of(compiled.senders, sent_from)
    number = classes[0] + compiled.origins.classes * (
        classes[1] + compiled.senders.classes * class_of(compiled.kinds, kind, False)
    )
    index = int(compiled.table[number, column])
    return None if index == NOT_IN_FORCE else compiled.limits[index][0]
