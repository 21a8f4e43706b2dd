"""A rule of a stated limit, and what a schedule made in Python may not be."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from deminimis.errors import RuleError
from deminimis.rules.compiled import NOT_IN_FORCE
from deminimis.rules.rule import Rule
from deminimis.rules.steps import Step

ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize("limit", ["800", "800.00", 800, Decimal("800.0000"), np.int32(800), Decimal("8e2")])
def test_constant_limit_holds_always(limit: object) -> None:
    """A stated limit is one class, one column, whatever its type."""
    rule = Rule(limit=limit)  # type: ignore[arg-type]
    compiled = rule.compiled()
    assert (compiled.limits, compiled.day_first) == (((8_000_000, 2**63 - 1, True),), 0)
    assert (compiled.table.tolist(), compiled.is_constant) == ([[0]], True)
    assert not any(axis.is_asked for axis in (compiled.origins, compiled.senders, compiled.kinds))
    assert rule.limit_on(date.min, None) == rule.limit_on(date.max, "CN") == 800


def test_limit_of_zero_is_a_limit() -> None:
    """Zero lets a total of zero pass, which "none" does not."""
    assert Rule(limit=0).compiled().table.tolist() == [[0]]
    none = Rule(steps=[Step(None, None, "every", None, "an act")]).compiled()
    assert (none.table.tolist(), none.limits) == ([[NOT_IN_FORCE]], ())


@pytest.mark.parametrize(
    ("limit", "mend"),
    [
        (800.0, "write it as a text"),
        (np.float64(800), "write it as a text"),
        (np.float32(800), "write a text"),
        (True, "write it as a text"),
        (-1, "zero or more"),
        ("-1", "zero or more"),
        ("0.00001", "at most 4 decimals"),
        (Decimal("1e-999999"), "at most 4 decimals"),
        (Decimal("1e999999"), "too large"),
        ("922337203685477.5808", "too large"),
        (Decimal("NaN"), "not a finite number"),
        (Decimal("-Infinity"), "not a finite number"),
        ("1,000", "not a number"),
        ("", "not a number"),
        ("none", "not a number"),
        ("1e3", "not a number"),
        (b"800", "write a text"),
    ],
)
def test_limit_that_is_not_exact_is_refused(limit: object, mend: str) -> None:
    """A limit that cannot be read exactly is an error with the mend."""
    with pytest.raises(RuleError, match=re.escape(mend)):
        Rule(limit=limit)  # type: ignore[arg-type]


def test_rule_takes_a_limit_or_steps() -> None:
    """Neither and both are refused."""
    with pytest.raises(RuleError, match="either a limit or steps"):
        Rule()
    with pytest.raises(RuleError, match="either a limit or steps"):
        Rule(800, steps=Rule(800).steps)


def test_too_many_limits_or_days_are_refused() -> None:
    """A schedule that the kernel's table cannot hold is an error, not a wrong table."""
    days = [date(2000, 1, 1) + number * ONE_DAY for number in range(252)]
    steps = [Step(a, b, "every", Decimal(number), "x") for number, (a, b) in enumerate(pairwise(days))]
    with pytest.raises(RuleError, match="251 different limits"):
        Rule(steps=steps)
    assert len(Rule(steps=steps[1:]).compiled().limits) == 250


@pytest.mark.parametrize(
    ("first", "end", "words"),
    [
        (None, None, "on every day"),
        (None, date(2016, 3, 10), "before 2016-03-10"),
        (date(2016, 3, 10), None, "from 2016-03-10"),
        (date(2016, 3, 10), date(2025, 8, 29), "from 2016-03-10 to 2025-08-29"),
    ],
)
def test_days_in_words(first: date | None, end: date | None, words: str) -> None:
    """The days of a step read as a part of a sentence."""
    assert Step(first, end, "every", Decimal(800), "an act").days == words


def test_why_none_qualifies_as_of_a_day() -> None:
    """A rule as of one day tells its steps without dates, in plain words."""
    told = Rule.load("us-321").as_of(date(2026, 6, 1)).why_none_qualifies(kinds=[None])
    assert told is not None and "any other origin on every day: suspended" in told
