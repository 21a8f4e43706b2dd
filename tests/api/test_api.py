"""The public face: what is refused and how the error reads, and what the results carry beside the mask."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm

ROLES = {"person": "person", "day": "day", "value": "value"}
REASONS = [
    "copy", "no-person", "no-day", "not-in-force", "bad-value", "excluded", "over-row-limit",
    "over-limit", "unproven-total", "eligible",
]  # fmt: skip


@pytest.fixture
def table() -> pa.Table:
    """One row of every reason that a limit alone can give."""
    cells = [
        (None, "2024-06-01", "1", False),
        ("A", None, "1", False),
        ("B", "2024-06-01", "x", False),
        ("B", "2024-06-01", "2.50", False),
        ("C", "2024-06-01", "900", False),
        ("D", "2024-06-01", "800", False),
        ("E", "2024-06-01", "5", True),
    ]
    names = ("person", "day", "value", "goods")
    return pa.table([pa.array(column) for column in zip(*cells, strict=True)], names=names)


@pytest.mark.parametrize("limit", ["800", "800.00", 800, Decimal(800), Decimal("8E+2")])
def test_limit_forms(table: pa.Table, limit: Any) -> None:
    """A limit is text, an integer or a decimal, all meaning the same."""
    assert dm.eligible(table, **ROLES, limit=limit).to_pylist()[5]


@pytest.mark.parametrize(
    "limit", [800.0, -1, "-0.01", "800.00001", "eight", "", "NaN", "1,000", Decimal("inf"), True, [800]]
)
def test_limit_refused(table: pa.Table, limit: Any) -> None:
    """A float, a negative limit, one finer than a unit or one that is no number is refused."""
    with pytest.raises(dm.errors.DeminimisError, match="limit"):
        dm.eligible(table, **ROLES, limit=limit)


@pytest.mark.parametrize("bound", [{}, {"limit": 800, "rule": "us-321"}, {"limit": None, "rule": None}])
def test_exactly_one_bound(table: pa.Table, bound: dict[str, Any]) -> None:
    """Either a limit or a rule is given, and not both."""
    with pytest.raises(dm.errors.DeminimisError, match=r"limit.*rule|rule.*limit"):
        dm.eligible(table, **ROLES, **bound)


@pytest.mark.parametrize("role", ["person", "day", "value", "quantity", "excluded", "origin", "per", "currency"])
def test_column_not_found(table: pa.Table, role: str) -> None:
    """A wrong name is told with the nearest one and all there are."""
    rule = {"rule": "us-321"} if role == "origin" else {"limit": 800}
    with pytest.raises(dm.errors.ColumnNotFoundError) as caught:
        dm.eligible(table, **ROLES | {role: "vaule"} | rule)
    for word in ("vaule", "Did you mean 'value'", "person, day, value, goods", role):
        assert word in str(caught.value)


@pytest.mark.parametrize("role", ROLES)
def test_column_twice(table: pa.Table, role: str) -> None:
    """A role's column that is there twice is refused by its name; another column may be."""
    twice = table.append_column(role, table[role])
    with pytest.raises(dm.errors.InputError, match=f"'{role}'"):
        dm.eligible(twice, **ROLES, limit=800)
    assert len(dm.eligible(table.append_column("goods", table["goods"]), **ROLES, limit=800)) == len(table)


LISTS = pa.array([[1]], pa.list_(pa.int8()))
UNSUPPORTED = [
    ("person", pa.array([1.5])),
    ("person", LISTS),
    ("day", pa.array([20_000])),
    ("day", pa.array([1.5])),
    ("day", pa.array([True])),
    ("value", pa.array([True])),
    ("value", pa.array([b"1"])),
    ("value", LISTS),
    ("quantity", pa.array([True])),
    ("excluded", pa.array([1])),
    ("origin", pa.array([1])),
]


@pytest.mark.parametrize(("role", "column"), UNSUPPORTED, ids=lambda x: x if isinstance(x, str) else str(x.type))
def test_type_refused(role: str, column: pa.Array) -> None:
    """A type that would need a guess is refused: the error names the column, its type and what would work."""
    columns = {"person": ["A"], "day": ["2024-06-01"], "value": ["1"]} | {role: column}
    rule = {"rule": "us-321"} if role == "origin" else {"limit": 800}
    with pytest.raises(dm.errors.UnsupportedTypeError) as caught:
        dm.eligible(pa.table(columns), **{name: name for name in columns}, **rule)
    assert repr(role) in str(caught.value)
    assert str(column.type) in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("overflow", "some"),
        ("bad_values", "drop"),
        ("normalize", "upper"),
        ("threads", 0),
        ("threads", -1),
        ("memory_limit", "lots"),
        ("memory_limit", -1),
        ("rule", "us-123"),
        ("person", []),
        ("person", 3),
        ("person", None),
        ("day", ["day", "value"]),
    ],
)
def test_setting_refused(table: pa.Table, setting: str, value: Any) -> None:
    """A setting that means nothing is refused by its name."""
    bound = {} if setting == "rule" else {"limit": 800}
    with pytest.raises(dm.errors.DeminimisError, match=setting):
        dm.eligible(table, **ROLES | bound | {setting: value})


@pytest.mark.parametrize("manifest", [None, 5, object(), [1, 2], [], {}])
def test_manifest_refused(manifest: Any) -> None:
    """What holds no rows is refused."""
    with pytest.raises(dm.errors.InputError):
        dm.eligible(manifest, **ROLES, limit=800)


@pytest.mark.parametrize("path", ["absent.parquet", "absent/*.csv", "absent"])
def test_no_such_file(tmp_path: Path, path: str) -> None:
    """A path that leads nowhere is named."""
    with pytest.raises(dm.errors.InputError, match="absent"):
        dm.eligible(str(tmp_path / path), **ROLES, limit=800)


def test_bad_value_is_named(table: pa.Table) -> None:
    """`bad_values="error"` names column and row, counted over all batches."""
    with pytest.raises(dm.errors.BadValueError) as caught:
        dm.eligible(table.to_reader(max_chunksize=1), **ROLES, limit=800, bad_values="error")
    assert (caught.value.column, caught.value.row) == ("value", 2)


def test_summary(table: pa.Table) -> None:
    """The summary counts rows, groups and every reason, adds up the known values, and echoes the settings."""
    scored = dm.score(table, **ROLES, limit=800, excluded="goods")
    summary = scored.summary
    counts = dict.fromkeys(REASONS, 0) | {
        "no-person": 1, "no-day": 1, "bad-value": 1, "excluded": 1, "over-limit": 1, "unproven-total": 1, "eligible": 1,
    }  # fmt: skip
    assert list(summary.reasons.items()) == list(counts.items())
    assert (summary.rows, summary.eligible, summary.groups) == (7, 1, 4)
    assert (summary.value_eligible, summary.value_not_eligible) == (Decimal(800), Decimal("909.50"))
    for setting in ("limit", "overflow", "bad_values", "count_excluded", "person", "day", "value"):
        assert setting in summary.settings


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"limit": "800.00"}, ("800.00", None, None, None)),
        ({"limit": 800, "currency": "goods", "currency_code": "USD"}, ("800", None, "goods", "USD")),
        ({"rule": "us-321", "origin": "person"}, (None, "us-321", None, "USD")),
        ({"rule": dm.Rule.load("kr"), "per": "goods", "sent_from": "person"}, (None, "kr", None, "USD")),
    ],
)
def test_settings_are_told_once(options: dict[str, Any], told: tuple[str | None, ...]) -> None:
    """A plain limit is told as a limit, a rule by its name; the currency's column and its code stand apart."""
    rows = {"person": ["A"], "day": ["2024-06-01"], "value": [1], "goods": ["x"]}
    summary = dm.score(pa.table(rows), **ROLES, **options).summary
    assert tuple(summary.settings[name] for name in ("limit", "rule", "currency", "currency_code")) == told
    assert "None" not in str(summary)


def test_dictionary_of_reasons(table: pa.Table) -> None:
    """The reasons' dictionary holds all of them, in the order of the contract."""
    assert dm.score(table, **ROLES, limit=800).reason.dictionary.to_pylist() == REASONS


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (("eligible",), ["eligible"]),
        (("eligible", "reason"), ["eligible", "reason"]),
        (("eligible", "reason", "total"), ["eligible", "reason", "total"]),
    ],
)
def test_written_columns(table: pa.Table, tmp_path: Path, columns: tuple[str, ...], names: list[str]) -> None:
    """The file holds the columns asked for, and they are those of `score`."""
    target = tmp_path / "mask.parquet"
    dm.score_files(table, target, **ROLES, limit=800, columns=columns)
    written, scored = pq.read_table(target), dm.score(table, **ROLES, limit=800)
    assert written.column_names == names
    wanted = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    for name in names:
        assert written[name].to_pylist() == wanted[name].to_pylist()


def test_appended_columns(table: pa.Table, tmp_path: Path) -> None:
    """`append` writes the manifest's own columns, as they are, before the new ones."""
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source, row_group_size=2)
    dm.score_files(source, target, **ROLES, limit=800, append=True)
    written = pq.read_table(target)
    assert written.column_names == [*table.column_names, "eligible"]
    assert written.drop_columns("eligible").equals(table)


def test_a_refused_run_writes_nothing(table: pa.Table, tmp_path: Path) -> None:
    """After an error there is no output, not even a part of one."""
    with pytest.raises(dm.errors.BadValueError):
        dm.score_files(table, tmp_path / "mask.parquet", **ROLES, limit=800, bad_values="error")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("Y", "N"), ("1", "0"), (" Yes ", "no"), (True, False)])
def test_excluded_forms(yes: Any, no: Any) -> None:
    """Truth values may be text, as feeds write them; a null or blank is excluded, as nothing proves otherwise."""
    empty = None if yes is True else " "
    goods = pa.array([yes, no, empty, None])
    table = pa.table({"person": ["A", "B", "C", "D"], "day": ["2024-06-01"] * 4, "value": [1] * 4, "goods": goods})
    reasons = dm.score(table, **ROLES, limit=800, excluded="goods").reason.to_pylist()
    assert reasons == ["excluded", "eligible", "excluded", "excluded"]


def test_excluded_is_no_truth_value(table: pa.Table) -> None:
    """Text that is neither true nor false is an error that names the column, the row and the text as it is."""
    with pytest.raises(dm.errors.InputError, match=r"'person', row 1: 'A' is neither"):
        dm.score(table, **ROLES, limit=800, excluded="person")


def test_expressions_as_roles(table: pa.Table) -> None:
    """`excluded` and the person may be computed from columns."""
    goods = pc.equal(pc.field("person"), "D")
    reasons = dm.score(table, **ROLES | {"person": pc.utf8_lower(pc.field("person"))}, limit=800, excluded=goods).reason
    assert reasons.to_pylist()[5] == "excluded"


@pytest.mark.parametrize("placeholders", [["X Y Z"], ("x y z", "other")])
def test_placeholders(placeholders: Any) -> None:
    """A stated placeholder, in any case and with blanks around it, is no person; the default ones are replaced."""
    table = pa.table({"person": ["X Y Z", " x y Z ", "xyz", "N/A"], "day": ["2024-06-01"] * 4, "value": [1] * 4})
    reasons = dm.score(table, **ROLES, limit=800, placeholders=placeholders).reason.to_pylist()
    assert reasons == ["no-person", "no-person", "eligible", "eligible"]


@pytest.mark.parametrize("spell", [str, str.lower, "  {} ".format])
@pytest.mark.parametrize("normalize", [None, "fold", "name"])
def test_default_placeholders(normalize: Any, spell: Any) -> None:
    """The placeholders that come with the package are no persons, however persons are normalised."""
    persons = [spell(text) for text in dm.DEFAULT_PLACEHOLDERS]
    table = pa.table({"person": persons, "day": ["2024-06-01"] * len(persons), "value": [1] * len(persons)})
    reasons = dm.score(table, **ROLES, limit=800, normalize=normalize).reason.to_pylist()
    assert dict(zip(persons, reasons, strict=True)) == dict.fromkeys(persons, "no-person")


@pytest.mark.parametrize("secret", [None, b"0123456789abcdef"])
def test_secret_is_no_part_of_the_meaning(table: pa.Table, secret: Any) -> None:
    """Any secret gives the same mask."""
    assert dm.eligible(table, **ROLES, limit=800, secret=secret).to_pylist() == [False] * 5 + [True, True]


def test_currency() -> None:
    """A row in another currency than the rule's is a bad value, never added raw."""
    columns = {
        "person": ["A", "A"],
        "day": ["2024-06-01"] * 2,
        "value": [1, 1],
        "origin": ["DE"] * 2,
        "money": ["USD", "EUR"],
    }
    scored = dm.score(pa.table(columns), **ROLES, origin="origin", currency="money", rule="us-321")
    assert scored.reason.to_pylist() == ["unproven-total", "bad-value"]


@pytest.mark.parametrize(
    "name", ["eligible", "score", "score_files", "Scorer", "Rule", "Summary", "first_of", "errors"]
)
def test_public_names(name: str) -> None:
    """The names of the public face exist and say what they are."""
    assert getattr(dm, name).__doc__
