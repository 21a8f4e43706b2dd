"""A case: a truth drawn from a seed, the terms it is judged by, and tables that say it. No package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import columns
from .columns import EPOCH, UNITS, Ints, Random
from .truth import Terms, Truth

ORIGINS = (("CN", 1), ("hk", 1), ("DE", 0), ("vn", 0), ("", 2), ("China", 2), (None, 2))
"""Codes and what they are: 1 listed, 0 any other, 2 none, of which the strictest limit holds."""

WINDOWS = {"day": "D", "month": "M", "quarter": "M", "year": "Y"}


@dataclass(frozen=True)
class Case:
    """A table, its roles and settings, and what is true of it."""

    truth: Truth
    terms: Terms
    table: pa.Table
    options: dict[str, Any]
    days: Ints
    """The number of each day since 1970."""
    said: str

    def take(self, rows: Ints) -> Case:
        """The case of some of the rows."""
        cells = [columns.taken(column, rows) for column in self.table.itercolumns()]
        return replace(self, truth=self.truth.take(rows), table=pa.table(cells, self.table.column_names))

    @cached_property
    def late_days(self) -> int:
        """How many days a row lies at most behind the latest before it."""
        known = self.days[self.truth.day[self.truth.day >= 0]]
        return int((np.maximum.accumulate(known) - known).max(initial=0))


def draw_truth(rng: Random, most: int) -> tuple[Truth, Ints]:
    """Rows whose prices, quantities and origins are not drawn yet, and the days by number."""
    rows = int(rng.choice([rng.integers(0, 200), int(most ** rng.uniform(0.6, 1)), int(most ** rng.uniform(0.9, 1))]))
    count = max(1, int(rng.choice([1, 2, rng.integers(1, 40), rng.integers(1, 400)])))
    first = int(rng.choice([19_700, 0, 16_860, -40_000, 20_200]))
    gaps = np.ones(count, np.int64) if rng.random() < 0.7 else rng.integers(1, 60, count)
    numbers = first + np.cumsum(gaps)
    day = np.sort(rng.integers(0, count, rows))
    order = rng.choice(["sorted", "nearly", "shuffled", "one late"])
    if order == "nearly":
        day = np.clip(day - rng.integers(0, 3, rows), 0, None)
    elif order == "shuffled":
        rng.shuffle(day)
    elif order == "one late" and rows:
        day[-1] = 0
    people = max(1, int(rng.choice([1, 3, 1 + rows // 1000, 1 + rows // 50, 1 + rows // 3, 1 + rows])))
    person = rng.integers(0, people, rows)
    skew = rng.random()
    if skew < 0.2:
        person = (people * rng.random(rows) ** 6).astype(np.int64)
    elif skew < 0.3:
        person = np.sort(person)
    for column in (person, day):
        share = float(rng.choice([0, 0, 0, 0.0001, 0.02, 0.3]))
        if share:
            column[rng.random(rows) < share] = -1
    share = float(rng.choice([0, 0, 0.01, 0.5]))
    excluded = np.zeros(rows, np.int64) if not share else (rng.random(rows) < share) * rng.integers(1, 3, rows)
    none = np.zeros(rows, np.int64)
    return Truth(person=person, day=day, price=none, quantity=none, origin=none, excluded=excluded), numbers


def group_size(truth: Truth, period: Ints) -> float:
    """About how many rows a group has."""
    known = (truth.person >= 0) & (truth.day >= 0)
    if not known.any():
        return 1.0
    some = np.flatnonzero(known)[:100_000]
    pairs = truth.person[some] * (int(period.max()) + 1) + period[truth.day[some]]
    share = len(some) / len(truth)
    return max(1.0, len(some) / len(np.unique(pairs)) / max(share, 1e-9) ** 0.5)


def draw_periods(rng: Random, numbers: Ints) -> tuple[str, Ints]:
    """A window and the number of each day's."""
    window = str(rng.choice(list(WINDOWS), p=[0.7, 0.1, 0.1, 0.1]))
    period = (EPOCH + numbers).astype(f"datetime64[{WINDOWS[window]}]").astype(np.int64)
    period = period // 3 if window == "quarter" else period
    return window, period - period.min()


def draw_case(rng: Random, truth: Truth, numbers: Ints, folder: Path) -> Case:
    """Draw prices, terms and types for a truth."""
    rows = len(truth)
    with_rule = bool(rng.random() < 0.35)
    window, period = draw_periods(rng, numbers) if with_rule else ("day", numbers - numbers.min())
    scale = int(rng.choice([8_000_000, 10_000, 2_500, 123_457, 5_000_000_000]))
    limit = int(scale * round(group_size(truth, period) * rng.choice([0.5, 1, 1, 2, 4]) + 0.5))
    limit = min(limit, 2**53)
    bad = float(rng.choice([0, 0, 0.0001, 0.01]))
    value_kind, with_quantity = str(rng.choice(columns.VALUES)), bool(rng.random() < 0.2)
    prices = columns.amounts(rng, value_kind, scale, bad > 0, not with_quantity)
    quantity_kind = str(rng.choice(columns.QUANTITIES))
    numbers_of = columns.quantities(rng, quantity_kind, bad > 0) if with_quantity else None
    units = columns.products(prices, numbers_of)

    def drawn(exact: list[Any]) -> Ints:
        good = np.array([i for i, x in enumerate(exact) if x is not None])
        index = good[rng.integers(0, len(good), rows)]
        worse = np.array([i for i, x in enumerate(exact) if x is None])
        if len(worse) and bad:
            at = np.flatnonzero(rng.random(rows) < bad)
            index[at] = worse[rng.integers(0, len(worse), len(at))]
        return index

    truth = replace(
        truth,
        price=drawn(prices.exact),
        quantity=drawn(numbers_of.exact) if numbers_of else truth.quantity,
        origin=rng.integers(0, len(ORIGINS), rows) if with_rule else truth.origin,
    )
    overflow = "excess" if rng.random() < 0.25 else "all"
    options: dict[str, Any] = {"day": "day", "value": "value", "overflow": overflow}
    if with_rule:
        by_day, text = draw_rule(rng, numbers, limit, window)
        options |= {"rule": folder / "rule.toml", "origin": "origin"}
        (folder / "rule.toml").write_text(text)
    else:
        by_day = np.full((len(numbers), 1), limit)
        options["limit"] = f"{limit // UNITS}.{limit % UNITS:04}"
    terms = Terms(
        overflow=overflow,  # type: ignore[arg-type]
        bad_values="ignore" if rng.random() < 0.25 else "unproven",
        count_excluded=bool(rng.random() < 0.7),
        units=units,
        period=period,
        limit=by_day,
    )
    options |= {"bad_values": terms.bad_values, "count_excluded": terms.count_excluded}

    people = int(truth.person.max(initial=0)) + 1
    person_kind, palette = "", None
    while palette is None:
        person_kind = str(rng.choice(columns.PERSONS))
        palette = columns.persons(person_kind, people) if person_kind != "folded" or people < 50_000 else None
    day_kind = str(rng.choice(columns.DAYS))
    cells: dict[str, pa.Array] = {}
    if person_kind == "composite":
        cells |= composite(rng, truth.person)
        options["person"] = list(cells)
    else:
        cells["person"] = palette.column(rng, truth.person, coded=person_kind == "dictionary")
        options["person"] = "person"
    options |= {"normalize": "fold"} if person_kind == "folded" else {}
    cells["day"] = columns.days(day_kind, numbers).column(rng, truth.day, coded=day_kind == "dictionary")
    cells["value"] = prices.palette().column(rng, truth.price, coded=value_kind == "dictionary")
    if numbers_of is not None:
        cells["quantity"] = numbers_of.palette().column(rng, truth.quantity)
        options["quantity"] = "quantity"
    if with_rule:
        cells["origin"] = pa.array([code for code, _ in ORIGINS]).take(pa.array(truth.origin))
    if truth.excluded.any() or rng.random() < 0.1:
        cells["excluded"] = pa.array([False, True, None]).take(pa.array(truth.excluded))
        options["excluded"] = "excluded"
    table = columns.in_chunks(rng, pa.table(cells))
    said = f"{rows} rows, person {person_kind}, day {day_kind}, value {value_kind}"
    return Case(truth, terms, table, options, numbers, said)


def composite(rng: Random, person: Ints) -> dict[str, pa.Array]:
    """A person of two columns, missing when both are; the second may be null by itself."""
    half = 1 + int(person.max(initial=0)) // 3
    name = columns.persons("string", half).column(rng, np.where(person < 0, -1, person // 3))  # type: ignore[union-attr]
    code = pa.array([0, 7, None, None], pa.int32()).take(pa.array(np.where(person < 0, 3, person % 3)))
    return {"person": name, "code": code}


def draw_rule(rng: Random, numbers: Ints, limit: int, window: str) -> tuple[Ints, str]:
    """Limits in units by day and origin, -1 where nothing qualifies, and the rule's file that says so."""
    by_day = np.full((len(numbers), len(ORIGINS)), -1, np.int64)
    lines = [
        'name = "drawn"\ntitle = "A drawn rule"\nauthority = "none"\ncurrency = "USD"\nkey = ["person"]\n'
        f'window = "{window}"\noverflow = "all"\n'
    ]
    count = int(rng.integers(1, 4))
    starts = np.sort(rng.choice(np.arange(numbers[0] - 1, numbers[-1] + count + 1), count, replace=False))
    for i, start in enumerate(starts):
        end = starts[i + 1] if i + 1 < count else None
        at = (numbers >= start) & (numbers < (end if end is not None else 2**31))
        both = [limit, int(limit * rng.choice([0.5, 1, 2])), None]
        other, listed = (both[int(rng.integers(0, 3))] for _ in range(2))
        listed = other if rng.random() < 0.4 and i + 1 < count else listed
        known = [x for x in (other, listed) if x is not None]
        strictest = None if len(known) < 2 else min(known)
        for origin, what in enumerate((other, listed, strictest)[kind] for _, kind in ORIGINS):
            by_day[at, origin] = -1 if what is None else what
        for scope, most in (('"other"', other), ('["CN", "HK"]', listed)):
            words = "none" if most is None else f"{most // UNITS}.{most % UNITS:04}"
            lines.append(f"[[step]]\nfrom = {EPOCH + int(start)}")
            lines.append(f"to = {EPOCH + int(end)}" if end is not None else "")
            lines.append(f'origin = {scope}\nlimit = "{words}"\ncitation = "drawn"\n')
    return by_day, "\n".join(lines)
