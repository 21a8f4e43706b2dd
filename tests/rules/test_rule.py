"""Rules: the shipped schedules day by day, constant limits, the compiled table, and what is printed of them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import KINDS, ONE_DAY, ORIGINS, SCHEDULES, expected_limit, table_limit

from deminimis.rules.rule import Rule, shipped_rules
from deminimis.rules.steps import Step
from deminimis.rules.text import list_rules, show_rule


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_shipped_limit_is_the_schedules_around_every_boundary(name: str) -> None:
    """Every day within two of a boundary, for every origin, has the limit of the schedule."""
    rule = Rule.load(name)
    bounds = {date.fromisoformat(day) for line in SCHEDULES[name] for day in line[:2] if day}
    for bound, shift, origin, sender, kind in product(bounds, range(-2, 3), ORIGINS, ("CN", "GU", "US", "DE"), KINDS):
        row = (bound + shift * ONE_DAY, origin, sender, kind)
        assert rule.limit_on(*row) == expected_limit(name, *row), row


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
    limit = Rule.load(name).limit_on(date.fromisoformat(day), origin, origin)
    assert (limit is not None and Decimal(value) <= limit) == passes


def test_missing_origin_takes_the_strictest_step() -> None:
    """What cannot be proven is not eligible: no origin means the smallest limit, or none where any origin has none."""
    rule = Rule.load("us-321")
    assert rule.limit_on(date(2025, 5, 1), None) == 800
    assert rule.limit_on(date(2025, 5, 2), None) is None
    assert Rule.load("kr").limit_on(date(2024, 1, 1), None, "  ", "express") == 150
    assert Rule.load("kr").limit_on(date(2024, 1, 1), None, "US", None) == 150


def test_origin_is_read_without_case_and_blanks() -> None:
    """An origin code is the same in small letters and with blanks around it."""
    assert Rule.load("kr").limit_on(date(2024, 1, 1), None, " us ", " EXPRESS ") == 200


def test_as_of_fixes_the_day() -> None:
    """The rule as of a day gives that day's limit on every day."""
    rule = Rule.load("us-321").as_of(date(2025, 6, 1))
    for day, origin in product([date(1900, 1, 1), date(2024, 6, 1), date(2030, 1, 1)], ["CN", "DE", None]):
        assert rule.limit_on(day, origin) == Rule.load("us-321").limit_on(date(2025, 6, 1), origin)
    later = Rule.load("us-321").as_of(date(2025, 9, 1))
    assert (later.limit_on(date(2000, 1, 1), "CN", None, "1702b"), later.limit_on(date(2000, 1, 1), "CN")) == (
        800,
        None,
    )
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
    assert rule.why_none_qualifies() is None and rule.why_none_qualifies(date(2026, 1, 1)) is None
    assert rule.why_none_qualifies(date(2026, 1, 1), kinds=[None]) is not None
    assert rule.why_none_qualifies(date(2026, 1, 1), None, ["CN"], ["1702b"]) is None
    assert rule.why_none_qualifies(date(2026, 6, 24)) is not None
    assert rule.why_none_qualifies(None, date(1994, 7, 28)) is None
    assert rule.why_none_qualifies(None, date(1994, 7, 27)) is not None


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A sound schedule: for every group of origins and senders a chain of steps between the same bounds, and some kinds
    for a while."""
    codes = draw(st.lists(st.sampled_from(["CN", "HK", "US", "VNM"]), unique=True))
    groups = [tuple(codes[:cut]) for cut in [draw(st.integers(0, len(codes)))]] + [()]
    groups = [group for group in (groups[0], tuple(code for code in codes if code not in groups[0])) if group]
    senders: list[Any] = draw(st.sampled_from([["every"], [("CN",), "other"], [("US", "HK"), ("SG",), "other"]]))
    first, last = sorted(
        draw(st.lists(st.dates(date(1969, 1, 1), date(2035, 1, 1)), min_size=2, max_size=2, unique=True))
    )
    limits = st.none() | st.decimals(0, 1000, places=4)
    steps = []
    for origin, sent_from in product([*groups, "other" if groups else "every"], senders):
        inner = draw(st.sets(st.dates(first, last), max_size=3)) - {first, last}
        bounds: list[date | None] = [first, *sorted(inner), draw(st.sampled_from([last]))]
        for since, until in pairwise(bounds):
            steps.append(Step(since, until, origin, draw(limits), "an act", sent_from))  # type: ignore[arg-type]
    for kind in draw(st.sets(st.sampled_from(["express", "1702b"]))):
        since, until = sorted(draw(st.sets(st.dates(first, last), min_size=2, max_size=2)))
        origin = draw(st.sampled_from([*groups, "every"]))
        steps.append(Step(since, until, origin, draw(limits), "an act", draw(st.sampled_from(senders)), (kind,)))
    return Rule(steps=draw(st.permutations(steps)))


@given(rules() | st.sampled_from(shipped_rules()).map(Rule.load), st.data())
def test_compiled_table_is_limit_on(rule: Rule, data: st.DataObject) -> None:
    """The kernel's table says of every day and row what limit_on says, as the rule is and as of any day."""
    if data.draw(st.booleans()):
        rule = rule.as_of(data.draw(st.dates(date(1960, 1, 1), date(2040, 1, 1))))
    compiled = rule.compiled()
    assert compiled.table.flags.c_contiguous
    assert list(compiled.limits) == sorted(set(compiled.limits))
    bounds = [day for step in rule.steps for day in (step.effective_from, step.effective_to) if day]
    days = {bound + shift * ONE_DAY for bound in bounds for shift in (-1, 0)}
    days |= {data.draw(st.dates()), date(1, 1, 1), date(9999, 12, 31)}
    scopes = [["CN", "HK", "US", "VNM", "JP", "ZZ", None], ["SG", "CN", "HK", "ZZ", None], [*KINDS, "mail"]]
    cells = data.draw(st.lists(st.sampled_from(list(product(*scopes))), min_size=1, max_size=20, unique=True))
    for day, cell in product(days, cells):
        limit = rule.limit_on(day, *cell)
        assert table_limit(compiled, day, *cell) == (None if limit is None else limit * 10_000), (day, cell)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_compiled_shipped_rule_holds_on_every_day(name: str) -> None:
    """From the day before the schedule to the day after its last change, the table is the schedule."""
    rule = Rule.load(name)
    compiled = rule.compiled()
    bounds = [date.fromisoformat(day) for line in SCHEDULES[name] for day in line[:2] if day]
    day = min(bounds) - ONE_DAY
    while day <= max(bounds) + ONE_DAY:
        for origin in ("CN", "US", "GU", "JP"):
            for sender, kind in product(("CN", "US", "GU"), KINDS):
                limit = expected_limit(name, day, origin, sender, kind)
                found = table_limit(compiled, day, origin, sender, kind)
                assert found == (None if limit is None else limit * 10_000)
        day += ONE_DAY


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_shown_timeline_is_the_schedule(name: str) -> None:
    """What is printed has each step's dates, scope, limit and citation on one line, and the rule's authority."""
    shown = show_rule(name)
    lines = [re.split(r"\s{2,}", re.sub(r", a row [\d.]+ \(.*?\)", "", line)) for line in shown.splitlines()]
    lines = [line for line in lines if re.match(r"\d{4}-", line[0])]
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
