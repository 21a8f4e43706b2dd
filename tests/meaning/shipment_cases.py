"""The cases of shipments that several parties tell: rows, settings, mask and reasons; no test here."""

from __future__ import annotations

from case import DAY, Case

TOLD = ("shipment", "party")
SHIPMENT_CASES = (
    Case(
        "the largest telling of a shipment counts, once",
        (
            ("A", DAY, "500", "S1", "carrier"),
            ("A", DAY, "600", "S1", "marketplace"),
            ("A", DAY, "300", "S2", "carrier"),
        ),
        "XXX",
        ("copy", "over-limit", "over-limit"),
        more=TOLD,
    ),
    Case(
        "a shipment that two parties tell alike is one",
        (("A", DAY, "500", "S1", "marketplace"), ("A", DAY, "500.00", "S1", "carrier"), ("A", DAY, "300", "S2", None)),
        "XEE",
        ("copy", "eligible", "eligible"),
        more=TOLD,
    ),
    Case(
        "lines add up, and the same line is a copy",
        (
            ("A", DAY, "300", "S1", "carrier", "1"),
            ("A", DAY, "250", "S1", "carrier", "2"),
            ("A", DAY, "250", "S1", "carrier", "2"),
            ("A", DAY, "250", "S1", "carrier", None),
        ),
        "EEXE",
        ("eligible", "eligible", "copy", "eligible"),
        more=(*TOLD, "line"),
    ),
    Case(
        "the latest version of a party counts",
        (("A", DAY, "900", "S1", "9"), ("A", DAY, "700", "S1", "10")),
        "XE",
        ("copy", "eligible"),
        more=("shipment", "version"),
    ),
    Case(
        "versions that are instants",
        (
            ("A", DAY, "900", "S1", "2024-06-01T10:00:00+02:00"),
            ("A", DAY, "700", "S1", "2024-06-01T09:00:00Z"),
            ("A", DAY, "800", "S1", None),
        ),
        "XEX",
        ("copy", "eligible", "copy"),
        more=("shipment", "version"),
    ),
    Case(
        "a telling counts for the person that it names",
        (
            ("A", DAY, "700", "S1", "carrier"),
            ("B", DAY, "700", "S1", "broker"),
            ("A", DAY, "200", None, "carrier"),
        ),
        "XEX",
        ("over-limit", "eligible", "over-limit"),
        more=TOLD,
    ),
    Case(
        "a telling without a person, a day or a good value displaces none",
        (
            ("A", DAY, "700", "S1", "carrier", "1"),
            ("A", DAY, None, "S1", "carrier", "2"),
            (None, DAY, "900", "S2", "carrier", "2"),
            ("B", DAY, "700", "S2", "carrier", "1"),
            ("C", None, "900", "S3", "broker", "1"),
            ("C", DAY, "700", "S3", "carrier", "1"),
        ),
        "XXXEXE",
        ("unproven-total", "bad-value", "no-person", "eligible", "no-day", "eligible"),
        more=(*TOLD, "version"),
    ),
    Case(
        "a cancelled version displaces its elders",
        (
            ("A", DAY, "900", "S1", "carrier", "1", "false"),
            (None, DAY, None, "S1", "carrier", "2", "true"),
            ("A", DAY, "700", "S1", "broker", "1", None),
            ("B", DAY, "900", "S2", "carrier", "1", "true"),
            ("B", DAY, "800", "S2", "carrier", "2", "false"),
        ),
        "XXEXE",
        ("copy", "copy", "eligible", "copy", "eligible"),
        more=(*TOLD, "version", "cancelled"),
    ),
    Case(
        "the party that is named first counts",
        (
            ("A", DAY, "700", "S1", "carrier"),
            ("A", DAY, "600", "S1", "broker"),
            ("A", DAY, "900", "S1", "marketplace"),
            ("B", DAY, "900", "S1", "marketplace"),
        ),
        "XEXX",
        ("copy", "eligible", "copy", "over-limit"),
        {"party_order": ["broker", "carrier"]},
        TOLD,
    ),
)
