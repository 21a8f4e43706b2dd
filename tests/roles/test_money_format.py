"""Amounts that are written with other signs: decimal commas, thousands, currencies, accounting's negatives."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.cli.main import main
from deminimis.roles.excluded import Exclusion

ROLES = {"person": "p", "day": "d", "value": "v"}
COMMA = {"decimal": ",", "thousands": "."}
DOLLARS = {"thousands": ",", "currency_signs": True, "currency_code": "USD"}
EUROS = {**COMMA, "currency_signs": True, "currency_code": "EUR"}
SIGNS = {"currency_signs": True, "currency_code": "USD"}


def amounts(texts: Any, quantities: Any = None, **settings: Any) -> list[Decimal | None]:
    """What each text is taken at, None where it is a bad value: every row is a person of its own."""
    texts = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    columns = {"p": range(len(texts)), "d": ["2024-06-01"] * len(texts), "v": texts}
    roles: dict[str, Any] = ROLES | {"limit": 800}
    if quantities is not None:
        columns["q"], roles["quantity"] = quantities, "q"
    scored = dm.score(pa.table(columns), **roles, **settings)
    pairs = zip(scored.reason.to_pylist(), scored.total.to_pylist(), strict=True)
    return [None if reason == "bad-value" else total for reason, total in pairs]


@pytest.mark.parametrize(
    ("settings", "text", "total"),
    [
        (COMMA, "1.000", "1000"),
        (COMMA, "12.000", "12000"),
        (COMMA, "236,48", "236.48"),
        (COMMA, "1.234.567,8901", "1234567.8901"),
        (COMMA, "1234,5", "1234.5"),
        (COMMA, "1234", "1234"),
        (COMMA, " +1.000,00 ", "1000"),
        (COMMA, ",5", "0.5"),
        (COMMA, "5,", "5"),
        (COMMA, "0,00005", "0"),
        (COMMA, "0,00015", "0.0002"),
        (COMMA, "1,5e3", "1500"),
        (COMMA, "-0,00", "0"),
        (COMMA, "-1,00", None),
        (COMMA, "12.00", None),
        (COMMA, "1.00", None),
        (COMMA, "1.0000", None),
        (COMMA, "1234.567", None),
        (COMMA, ".234", None),
        (COMMA, "1..234", None),
        (COMMA, "1.234.56", None),
        (COMMA, "1.234.", None),
        (COMMA, "1,234,5", None),
        (COMMA, "1,234.5", None),
        (COMMA, "1,5e3,0", None),
        (COMMA, "--5", None),
        (COMMA, "", None),
        (COMMA, ",", None),
        (COMMA, "\u20ac5", None),
        (COMMA, "(5,00)", None),
        ({"decimal": ","}, "236,48", "236.48"),
        ({"decimal": ","}, "1.000", None),
        ({"decimal": ","}, "1000", "1000"),
        ({"thousands": ","}, "1,234.50", "1234.5"),
        ({"thousands": ","}, "236,48", None),
        ({"thousands": ","}, "1,00,000", None),
        ({"thousands": ","}, "1234,567", None),
        ({"thousands": "'"}, "1'234.50", "1234.5"),
        ({"thousands": "'"}, "1\u2019234.50", "1234.5"),
        ({"thousands": " ", "decimal": ","}, "1 234 567,89", "1234567.89"),
        ({"thousands": " ", "decimal": ","}, "1\u00a0234\u202f567,89", "1234567.89"),
        ({"thousands": "\u00a0", "decimal": ","}, "1 234,5", "1234.5"),
        ({"thousands": " "}, "1  234", None),
        (DOLLARS, "$1,234.50", "1234.5"),
        (DOLLARS, "$500.00", "500"),
        (DOLLARS, "400.00 USD", "400"),
        (DOLLARS, "usd 400", "400"),
        (DOLLARS, "US$ 400", "400"),
        (DOLLARS, "$400.00 USD", "400"),
        (DOLLARS, "400$", "400"),
        (DOLLARS, "+$400", "400"),
        (DOLLARS, "$ +400", "400"),
        (DOLLARS, "400", "400"),
        (DOLLARS, "(0.00)", "0"),
        (DOLLARS, "$0.00-", "0"),
        (DOLLARS, "(50.00)", None),
        (DOLLARS, "50.00-", None),
        (DOLLARS, "-$50.00", None),
        (DOLLARS, "$-50.00", None),
        (DOLLARS, "$(50.00)", None),
        (DOLLARS, "($50.00)", None),
        (DOLLARS, "(50.00) USD", None),
        (DOLLARS, "$$5", None),
        (DOLLARS, "5 USD USD", None),
        (DOLLARS, "\u20ac500.00", None),
        (DOLLARS, "500 EUR", None),
        (DOLLARS, "C$500", None),
        (DOLLARS, "$", None),
        (DOLLARS, "USD", None),
        (DOLLARS, "()", None),
        (DOLLARS, "(5", None),
        (DOLLARS, "5)", None),
        (DOLLARS, "((5))", None),
        (DOLLARS, "-(0)", None),
        (DOLLARS, "$5 each", None),
        (SIGNS, "$1,234.50", None),
        (SIGNS, "$1234.50", "1234.5"),
        (EUROS, "1.234,50\u00a0\u20ac", "1234.5"),
        (EUROS, "\u20ac 1.234,50", "1234.5"),
        (EUROS, "1234,50 eur", "1234.5"),
        (EUROS, "$1234,50", None),
        ({"currency_signs": True, "currency_code": "JPY"}, "\uffe51000", "1000"),
        ({"currency_signs": True, "currency_code": "XTS"}, "5 xts", "5"),
        ({"currency_signs": True, "currency_code": "XTS"}, "$5", None),
    ],
)
def test_text(settings: dict[str, Any], text: str, total: str | None) -> None:
    """Each text is the amount that it says by these signs, or a bad value; never another amount."""
    assert amounts([text], **settings) == [None if total is None else Decimal(total)]


def test_off_by_default() -> None:
    """Without a setting these are no numbers."""
    texts = ["1,000", "236,48", "$5", "5 USD", "(5)", "5-", "1 000", "1'000"]
    assert amounts(texts) == [None] * len(texts)
    assert amounts(["1.000"]) == [Decimal(1)]


UNITS = st.integers(0, 10**15).map(lambda n: Decimal(n).scaleb(-4))


@given(st.lists(UNITS, min_size=1, max_size=20))
def test_any_amount(values: list[Decimal]) -> None:
    """However an exact amount is written, it is read as that amount."""
    english = [f"{value:,f}" for value in values]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    assert amounts(english, thousands=",") == values
    assert amounts(german, **COMMA) == values
    assert amounts([text.replace(".", "") for text in german], decimal=",") == values
    assert amounts([f"${text}" for text in english], **DOLLARS) == values
    assert amounts([f"{text}\u00a0\u20ac" for text in german], **EUROS) == values
    assert amounts([f"({text})" for text in english], **DOLLARS) == [value if not value else None for value in values]


@given(st.lists(st.text("0123456789.,$-() e", max_size=10), min_size=1, max_size=30))
def test_any_text(texts: list[str]) -> None:
    """A text that is a plain number by itself is the same with a setting that its signs do not touch."""
    plain = [text for text in texts if "," not in text and "$" not in text and "(" not in text]
    units = [oracle.units(text) for text in plain]
    expected = [None if unit is None else Decimal(unit).scaleb(-4) for unit in units]
    assert amounts(plain, thousands=",") == expected


@pytest.mark.parametrize(
    "type_", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_types_of_text(type_: pa.DataType) -> None:
    """Every type of text is read alike; typed columns are what they are, whatever the signs."""
    texts = pa.array(["1.000", None, "236,48", "12,5", "x"]).cast(type_)
    assert amounts(texts, **COMMA) == [Decimal(1000), None, Decimal("236.48"), Decimal("12.5"), None]
    assert amounts(pa.array([1.5, 2.25]), **COMMA) == [Decimal("1.5"), Decimal("2.25")]


def test_quantities_too() -> None:
    """A quantity that is text is written as the value is."""
    assert amounts(["1.000,50", "2,5"], pa.array(["2", "1.000"]), **COMMA) == [Decimal("2001"), Decimal("2500")]


@pytest.mark.parametrize(
    ("price", "quantity", "total"),
    [
        ("641.617.530.009.220,934700005 €", "1", "641617530009220.9347"),
        ("641617530009220,934700005", "1", "641617530009220.9347"),
        ("EUR 0,000016666666666666666666666666666666666666666667", "3", "0.0001"),
        ("1.000.000.000.000.000,0006", "0,1", "100000000000000.0001"),
    ],
)
def test_products_of_many_digits(price: str, quantity: str, total: str) -> None:
    """Price times quantity is exact by these signs too, where 64 bits of digits do not decide."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": [price], "n": [quantity]})
    roles = {"person": "who", "day": "day", "value": "usd", "quantity": "n", "limit": 800}
    signs = {"decimal": ",", "thousands": ".", "currency_signs": True, "currency_code": "EUR"}
    assert dm.score(table, **roles, **signs).total.to_pylist() == [Decimal(total)]


def test_long_text() -> None:
    """Up to 128 bytes are read exactly, with all their digits; a longer number is a bad value."""
    assert amounts(["0" * 120 + "1,5", "0" * 200 + "1,5"], decimal=",") == [Decimal("1.5"), None]
    assert amounts(["0,00005" + "0" * 100 + "1"], decimal=",") == [Decimal("0.0001")]


def test_excluded_compares_by_the_same_signs() -> None:
    """An exclusion that compares a text column with a number reads it by the same signs."""
    table = pa.table({"p": [0, 1, 2, 3], "d": ["2024-06-01"] * 4, "v": ["1.000,00", "99,5", "100", "1.0000"]})
    scored = dm.score(table, **ROLES, limit=2000, excluded=Exclusion("v > 100"), **COMMA)
    assert scored.reason.to_pylist() == ["excluded", "eligible", "eligible", "bad-value"]


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"decimal": ";"}, "decimal="),
        ({"decimal": ""}, "decimal="),
        ({"decimal": None}, "decimal="),
        ({"thousands": "."}, 'decimal=","'),
        ({"thousands": ",", "decimal": ","}, 'decimal="\\."'),
        ({"thousands": "5"}, "thousands="),
        ({"thousands": "a"}, "thousands="),
        ({"thousands": "-"}, "thousands="),
        ({"thousands": ",,"}, "thousands="),
        ({"thousands": ""}, "thousands="),
        ({"currency_signs": True}, "currency_code="),
    ],
)
def test_refused(settings: dict[str, Any], mend: str) -> None:
    """Signs that cannot be told apart, and currency signs without a currency, are refused."""
    with pytest.raises(dm.errors.InputError, match=mend):
        dm.Scorer(**ROLES, limit=800, **settings)


FILES = {
    "comma": ("consignee;arrival;usd\nA;2024-06-01;1.000\nB;2024-06-01;12.000\nC;2024-06-01;236,48\n", "XXE"),
    "dollars": ('consignee,arrival,usd\nA,2024-06-01,"$1,234.50"\nB,2024-06-01,$500.00\n', "XE"),
}
WORDS = {
    "comma": ["--decimal", ",", "--thousands", "."],
    "dollars": ["--currency-signs", "--thousands", ",", "--currency-code", "USD"],
}


@pytest.mark.parametrize("name", FILES)
def test_command_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same through the command line, from CSV; the settings are told in the summary."""
    text, expected = FILES[name]
    (tmp_path / "in.csv").write_text(text)
    words = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "mask.parquet"), "--limit", "800"]
    words += ["--person", "consignee", "--day", "arrival", "--value", "usd", *WORDS[name]]
    assert main(words) == 0
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].to_pylist() == [letter == "E" for letter in expected]
    assert "thousands" in capsys.readouterr().out


def test_layout_has_the_signs(tmp_path: Path) -> None:
    """A layout's settings may say how amounts are written."""
    (tmp_path / "in.csv").write_text(FILES["comma"][0])
    (tmp_path / "own.toml").write_text(
        'name = "own"\ntitle = "t"\nsource = "s"\n[roles]\nperson = "consignee"\nday = "arrival"\nvalue = "usd"\n'
        '[settings]\ndecimal = ","\nthousands = "."\n'
    )
    words = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "mask.parquet"), "--limit", "800", "-q"]
    assert main([*words, "--layout", str(tmp_path / "own.toml")]) == 0
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].to_pylist() == [False, False, True]


def test_explain_reads_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` shows the amount that was counted."""
    (tmp_path / "in.csv").write_text(FILES["comma"][0])
    words = ["explain", str(tmp_path / "in.csv"), "--row", "2", "--limit", "800", *WORDS["comma"]]
    assert main([*words, "--person", "consignee", "--day", "arrival", "--value", "usd"]) == 0
    assert "236.48" in capsys.readouterr().out
