"""Rules: the shipped schedules day by day, constant limits, the compiled table, and what is printed of them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deminimis.rules.rule import NOT_IN_FORCE, CompiledRule, Rule, shipped_rules
from deminimis.rules.steps import Step
from deminimis.rules.text import list_rules, show_rule

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
            "2026-06-24",
            "2027-07-01",
            "every origin",
            None,
            "suspended: interim final rules 91 FR 37789 (CBP Dec. 26-12) and 91 FR 37801 (mail)",
        ),
        ("2027-07-01", None, "every origin", None, "repealed: Pub. L. 119-21 s.70531(b)"),
    ],
    "us-gift": [
        ("1994-07-28", None, "origin VI, GU or AS", "200.00", "19 CFR 10.152"),
        ("1994-07-28", None, "any other origin", "100.00", "19 CFR 10.152"),
    ],
    "kr": [
        ("2022-11-17", None, "origin US", "200.00", "Korea Customs notice art. 68"),
        ("2022-11-17", None, "any other origin", "150.00", "Korea Customs notice art. 68"),
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


def expected_limit(name: str, day: date, origin: str) -> Decimal | None:
    """The limit by the schedule above, the plain way: the last line that covers the day and names the origin."""
    lines = SCHEDULES[name]
    listed = {code for line in lines for code in re.findall(r"\b[A-Z]{2}\b", line[2])}
    found = None
    for since, until, scope, limit, _ in lines:
        if date.fromisoformat(since) <= day and (until is None or day < date.fromisoformat(until)):
            named = origin in re.findall(r"\b[A-Z]{2}\b", scope)
            if named or scope == "every origin" or (scope == "any other origin" and origin not in listed):
                found = limit
    return None if found is None else Decimal(found)


def table_limit(compiled: CompiledRule, day: date, origin: str | None) -> int | None:
    """What the kernel reads from the table, in units, or None for not in force."""
    column = min(max((day - date(1970, 1, 1)).days - compiled.day_first, 0), compiled.table.shape[1] - 1)
    lengths = {2, *map(len, compiled.origins)}
    is_code = origin is not None and len(origin) in lengths and origin not in UNASSIGNED
    named = compiled.origins.get(origin.encode(), 0 if is_code else 1) if origin else 1
    number = named if compiled.needs_origin else 0
    index = int(compiled.table[number, column])
    return None if index == NOT_IN_FORCE else compiled.limits_units[index]


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_shipped_limit_is_the_schedules_around_every_boundary(name: str) -> None:
    """Every day within two of a boundary, for every origin, has the limit of the schedule."""
    rule = Rule.load(name)
    bounds = {date.fromisoformat(day) for line in SCHEDULES[name] for day in line[:2] if day}
    for bound, shift, origin in product(bounds, range(-2, 3), ORIGINS):
        day = bound + shift * ONE_DAY
        assert rule.limit_on(day, origin) == expected_limit(name, day, origin), (day, origin)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_shipped_steps_are_the_schedules(name: str) -> None:
    """Every step has the dates, scope, limit (with its digits) and citation of the schedule, in its order."""
    steps = [
        (
            str(step.effective_from),
            step.effective_to and str(step.effective_to),
            step.scope,
            step.limit if step.limit is None else str(step.limit),
            step.citation,
        )
        for step in Rule.load(name).steps
    ]
    assert steps == SCHEDULES[name]


def test_shipped_rules_are_these() -> None:
    """The rules are shipped, each under the name of its file."""
    assert set(shipped_rules()) == set(SCHEDULES)
    assert {name: Rule.load(name).name for name in shipped_rules()} == {name: name for name in SCHEDULES}


@pytest.mark.parametrize(
    ("name", "key", "window", "overflow", "currency"),
    [
        ("us-321", ("person",), "day", "all", "USD"),
        ("us-321-ftz", ("person", "order"), "day", "all", "USD"),
        ("tw-post", ("person", "sender_address"), "day", "all", "TWD"),
        ("us-gift", ("person",), "day", "all", "USD"),
        ("kr", ("person", "supplier"), "day", "all", "USD"),
        ("cn-cbec", ("person",), "year", "excess", "CNY"),
    ],
)
def test_shipped_rule_has_its_key_and_window(
    name: str, key: tuple[str, ...], window: str, overflow: str, currency: str
) -> None:
    """Each rule totals over the columns and days that its authority says, in its currency."""
    rule = Rule.load(name)
    assert (rule.key, rule.window, rule.overflow, rule.currency) == (key, window, overflow, currency)


@pytest.mark.parametrize(
    ("name", "day", "origin", "value", "passes"),
    [
        ("us-321", "2016-03-09", "DE", "250", False),
        ("us-321", "2016-03-10", "DE", "250", True),
        ("us-321", "2025-02-03", "CN", "500", True),
        ("us-321", "2025-02-04", "CN", "500", False),
        ("us-321", "2025-02-06", "HK", "1", False),
        ("us-321", "2025-02-06", "VN", "500", True),
        ("us-321", "2025-02-07", "HK", "500", True),
        ("us-321", "2025-05-01", "CN", "500", True),
        ("us-321", "2025-05-02", "CN", "500", False),
        ("us-321", "2025-05-02", "VN", "500", True),
        ("us-321", "2025-08-28", "DE", "100", True),
        ("us-321", "2025-08-29", "DE", "100", False),
        ("us-321", "2025-08-29", "DE", "0", False),
        ("us-321", "2024-06-01", "DE", "800.00", True),
        ("us-321", "2024-06-01", "DE", "800.01", False),
        ("us-gift", "2024-06-01", "DE", "100.00", True),
        ("us-gift", "2024-06-01", "DE", "100.01", False),
        ("us-gift", "2024-06-01", "DE", "120", False),
        ("us-gift", "2024-06-01", "GU", "120", True),
    ],
)
def test_case_of_the_schedule(name: str, day: str, origin: str, value: str, passes: bool) -> None:
    """A total passes when a limit is in force on its day for its origin and the total is not above it."""
    limit = Rule.load(name).limit_on(date.fromisoformat(day), origin)
    assert (limit is not None and Decimal(value) <= limit) == passes


def test_missing_origin_takes_the_strictest_step() -> None:
    """What cannot be proven is not eligible: no origin means the smallest limit, or none where any origin has none."""
    rule = Rule.load("us-321")
    assert rule.limit_on(date(2025, 5, 1), None) == 800
    assert rule.limit_on(date(2025, 5, 2), None) is None
    assert Rule.load("kr").limit_on(date(2024, 1, 1), "  ") == 150


def test_origin_is_read_without_case_and_blanks() -> None:
    """An origin code is the same in small letters and with blanks around it."""
    assert Rule.load("kr").limit_on(date(2024, 1, 1), " us ") == 200


def test_as_of_fixes_the_day() -> None:
    """The rule as of a day gives that day's limit on every day."""
    rule = Rule.load("us-321").as_of(date(2025, 6, 1))
    for day, origin in product([date(1900, 1, 1), date(2024, 6, 1), date(2030, 1, 1)], ["CN", "DE", None]):
        assert rule.limit_on(day, origin) == Rule.load("us-321").limit_on(date(2025, 6, 1), origin)
    assert Rule.load("us-321").as_of(date(1990, 1, 1)).why_none_qualifies() is not None


def test_why_none_qualifies_cites_the_acts() -> None:
    """Where nothing can be eligible the sentence names the acts in force; where something can there is none."""
    rule = Rule.load("us-321")
    why = rule.why_none_qualifies(date(2026, 7, 1), date(2026, 7, 1))
    assert why is not None
    assert "91 FR 37789" in why
    assert "s.70531" not in why
    assert rule.why_none_qualifies(date(2025, 5, 2), date(2025, 5, 3)) is None
    assert "EO 14256" in str(rule.why_none_qualifies(date(2025, 5, 2), date(2025, 5, 3), ["HK", None]))
    assert "1994-07-28" in str(rule.why_none_qualifies(date(1990, 1, 1), date(1990, 1, 2)))
    assert rule.why_none_qualifies() is None and rule.why_none_qualifies(date(2026, 1, 1)) is not None
    assert rule.why_none_qualifies(None, date(1994, 7, 28)) is None
    assert rule.why_none_qualifies(None, date(1994, 7, 27)) is not None


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A sound schedule: for every group of origins a chain of steps between its own bounds."""
    codes = draw(st.lists(st.sampled_from(["CN", "HK", "US", "VNM"]), unique=True))
    groups = [tuple(codes[:cut]) for cut in [draw(st.integers(0, len(codes)))]] + [()]
    groups = [group for group in (groups[0], tuple(code for code in codes if code not in groups[0])) if group]
    first, last = sorted(
        draw(st.lists(st.dates(date(1969, 1, 1), date(2035, 1, 1)), min_size=2, max_size=2, unique=True))
    )
    steps = []
    for origin in [*groups, "other" if groups else "every"]:
        inner = draw(st.sets(st.dates(first, last), max_size=3)) - {first, last}
        bounds: list[date | None] = [first, *sorted(inner), draw(st.sampled_from([last]))]
        for since, until in pairwise(bounds):
            limit = draw(st.none() | st.decimals(0, 1000, places=4))
            steps.append(Step(since, until, origin, limit, "an act"))  # type: ignore[arg-type]
    return Rule(steps=draw(st.permutations(steps)))


@given(rules() | st.sampled_from(shipped_rules()).map(Rule.load), st.data())
def test_compiled_table_is_limit_on(rule: Rule, data: st.DataObject) -> None:
    """The kernel's table says of every day and origin what limit_on says, as the rule is and as of any day."""
    if data.draw(st.booleans()):
        rule = rule.as_of(data.draw(st.dates(date(1960, 1, 1), date(2040, 1, 1))))
    compiled = rule.compiled()
    assert compiled.table.flags.c_contiguous
    assert list(compiled.limits_units) == sorted(set(compiled.limits_units))
    bounds = [day for step in rule.steps for day in (step.effective_from, step.effective_to) if day]
    days = {bound + shift * ONE_DAY for bound in bounds for shift in (-1, 0, 1)}
    days |= {data.draw(st.dates()), date(1, 1, 1), date(9999, 12, 31)}
    for day, origin in product(days, ["CN", "HK", "US", "VNM", "JP", "ZZ", None]):
        limit = rule.limit_on(day, origin)
        assert table_limit(compiled, day, origin) == (None if limit is None else limit * 10_000), (day, origin)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_compiled_shipped_rule_holds_on_every_day(name: str) -> None:
    """From the day before the schedule to the day after its last change, the table is the schedule."""
    rule = Rule.load(name)
    compiled = rule.compiled()
    bounds = [date.fromisoformat(day) for line in SCHEDULES[name] for day in line[:2] if day]
    day = min(bounds) - ONE_DAY
    while day <= max(bounds) + ONE_DAY:
        for origin in ("CN", "US", "GU", "JP"):
            limit = expected_limit(name, day, origin)
            assert table_limit(compiled, day, origin) == (None if limit is None else limit * 10_000)
        day += ONE_DAY


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_shown_timeline_is_the_schedule(name: str) -> None:
    """What is printed has each step's dates, scope, limit and citation on one line, and the rule's authority."""
    shown = show_rule(name)
    lines = [re.split(r"\s{2,}", line) for line in shown.splitlines() if re.match(r"\d{4}-", line)]
    assert lines == [
        [since, until or "-", scope, limit or "none: nothing qualifies", citation]
        for since, until, scope, limit, citation in SCHEDULES[name]
    ]
    assert Rule.load(name).authority in shown
    assert "Notes\n- " in shown
    assert "Sources\n- " in shown and "ead" in shown.partition("Sources\n")[2]


def test_list_names_every_shipped_rule() -> None:
    """Each shipped rule has its line."""
    assert [line.split()[0] for line in list_rules().splitlines()[1:]] == list(shipped_rules())
