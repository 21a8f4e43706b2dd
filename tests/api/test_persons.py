"""Who a person is: composites, their name, the first of several columns, what is said of rows that lack one."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import deminimis as dm
from deminimis.errors import InputError, UnsupportedTypeError

ROLES: dict[str, Any] = {"day": "day", "value": "usd", "limit": 800}


def table(**columns: list[Any]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    return pa.table({"day": ["2024-06-01"] * rows, "usd": [500] * rows} | columns)


def reasons(manifest: pa.Table, **options: Any) -> list[str]:
    return dm.score(manifest, **ROLES | options).reason.to_pylist()


PARTS = table(
    owner=["A", None, "A", None, "n/a", "B"],
    buyer=["X", "A", None, "A", " ", "A"],
    postcode=["1", "1", "2", None, "1", None],
)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ([dm.first_of("owner", "buyer"), "postcode"], "OOEENE"),  # A 1, A 1, A 2, A, nobody, B
        (["postcode", dm.first_of("owner", "buyer")], "OOENEN"),
        ([dm.first_of("owner", "buyer")], "OOOONE"),
        ([pc.coalesce(pc.field("owner"), pc.field("buyer")), dm.first_of("postcode")], "OOEENE"),
        (["owner", dm.first_of("buyer", "postcode")], "ENENNE"),
    ],
)
def test_first_of_as_a_part(person: Any, expected: str) -> None:
    """The part is the first column that is present, whatever the place of the part; the first part is the name."""
    words = {"O": "over-limit", "E": "eligible", "N": "no-person"}
    assert reasons(PARTS, person=person) == [words[letter] for letter in expected]


def test_first_of_as_a_part_is_told_as_given() -> None:
    """The settings in force say which parts the person has, and of which columns each is the first."""
    given = dm.score(PARTS, person=[dm.first_of("owner", "buyer"), "postcode"], **ROLES).summary.settings
    assert json.dumps(given["person"]) == '[{"first_of": ["owner", "buyer"]}, "postcode"]'


def test_integers_as_a_name() -> None:
    """An integer is a name like any other: 0 is one, null is none."""
    manifest = table(number=pa.array([0, 0, None, 7], pa.int32()), postcode=["1", "1", "1", None])
    assert reasons(manifest, person=["number", "postcode"]) == ["over-limit", "over-limit", "no-person", "eligible"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [7, 7 * 40_000])
def test_rows_without_a_name_are_noted(rows: int, threads: int) -> None:
    """A note counts the rows that have another part but no name, and those that have a person but not every `per`."""
    columns = {"who": ["A", None, "N/A", None, "B", " ", "C"], "zip": ["1", "2", "3", None, None, "4", "5"]}
    columns |= {"supplier": ["S", "S", None, "S", None, "S", "unknown"]}
    manifest = table(**{name: cells * (rows // 7) for name, cells in columns.items()})
    some = rows // 7

    def parts_noted(summary: dm.Summary) -> tuple[str, ...]:
        return tuple(note for note in summary.notes if "although" in note)  # not of those who have no part at all

    found = dm.score(manifest, person=["who", "zip"], per="supplier", **ROLES, threads=threads).summary
    assert found.reasons["no-person"] == 6 * some
    assert parts_noted(found) == (
        f"{3 * some:,} rows are no-person although zip is there, as who is missing",
        f"{2 * some:,} rows are no-person although who is there, as supplier is missing",
    )
    found = dm.score_files(manifest, None, person=[dm.first_of("who", "supplier"), "zip"], **ROLES, threads=threads)
    assert parts_noted(found) == (f"{some:,} {'row is' if some == 1 else 'rows are'} no-person although zip is there, "
                           "as who or supplier is missing",)  # fmt: skip
    assert not parts_noted(dm.score(manifest, person=["supplier", "supplier"], **ROLES, threads=threads).summary)
    assert not parts_noted(dm.score(manifest, person="who", **ROLES, threads=threads).summary)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"person": dm.first_of(*["who"] * 20)}, "at most 16 columns together, first_of's too, not 20"),
        ({"person": [dm.first_of(*["who"] * 9), dm.first_of(*["who"] * 9)]}, "at most 16 columns together"),
        ({"person": dm.first_of(*["who"] * 12), "per": ["who"] * 8}, "person= and per= take at most 16 columns"),
        ({"person": ["who"] * 20}, "at most 8 columns, not 20"),
        ({"person": [1]}, "takes a column name"),
        ({"person": [["who"]]}, "takes a column name"),
        ({"person": 5}, "person= takes a column name, first_of"),
        ({"person": []}, "person= takes a column name, first_of"),
        ({"per": dm.first_of("who")}, "per= takes a column name"),
        ({"timezone": 1}, "timezone= is a text such as 'America/Los_Angeles', not 1"),
        ({"timezone": b"UTC"}, "timezone= is a text"),
        ({"day_format": b"%Y-%m-%d"}, "day_format= is a text"),
        ({"currency": 1}, "currency= is a text"),
        ({"currency": "who", "currency_code": b"USD"}, "currency_code= is a text"),
        ({"in_care_of": "no"}, "in_care_of= is True or False, not 'no'"),
        ({"count_excluded": "no"}, "count_excluded= is True or False, not 'no'"),
        ({"placeholders": 5}, "placeholders= is a list of texts"),
    ],
)
def test_refused(options: dict[str, Any], words: str) -> None:
    """An option of another kind, or of too many columns, is refused by its name."""
    with pytest.raises(InputError, match=words):
        dm.eligible(table(who=["A"]), **ROLES | {"person": "who"} | options)


def test_first_of_takes_columns() -> None:
    with pytest.raises(InputError, match="first_of= takes a column name"):
        dm.first_of("who", 1)  # type: ignore[arg-type]


def test_first_of_takes_one_kind_a_part() -> None:
    """Columns of one part are of one kind; those of different parts need not be."""
    manifest = table(who=["A", None], number=[1, 2])
    with pytest.raises(UnsupportedTypeError, match="first_of takes columns of one kind, not text and integer"):
        dm.eligible(manifest, person=[dm.first_of("who", "number"), "number"], **ROLES)
    assert reasons(manifest, person=[dm.first_of("number"), dm.first_of("who")]) == ["eligible", "eligible"]
