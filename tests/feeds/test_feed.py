"""Feeds: what each shipped one fills in, users' own, and how each fault is told."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.errors import RuleError
from deminimis.feeds.feed import Feed, shipped_feeds
from deminimis.feeds.text import list_feeds, show_feed
from deminimis.roles.persons import FirstOf

OWN = """name = "mine"
title = "My feed"
source = "my own description"

[roles]
person = ["name", "postal"]
per = "supplier"
day = "arrival"
value = "price"
quantity = "pieces"
origin = "made_in"
currency = "ccy"
excluded = "addcvd or quota"

[settings]
day_format = "%d.%m.%Y"
timezone = "Europe/Berlin"
currency_code = "EUR"
normalize = "fold"
in_care_of = true
"""


def written(tmp_path: Path, text: str) -> Path:
    """A feed's file with this text."""
    path = tmp_path / "feed.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        (
            "et86",
            {
                "person": FirstOf(("buyer_name", "ship_to_name", "consignee_name")),
                "day": "estimated_arrival",
                "day_format": "%m%d%y",
                "value": "line_value",
                "origin": "country_of_origin",
            },
        ),
        (
            "ace-truck",
            {
                "person": "consignee_name",
                "day": "estimated_arrival",
                "value": "commodity_value",
                "origin": "country_of_origin",
            },
        ),
        (
            "data-pilot",
            {
                "person": FirstOf(("finalDeliverTo", "buyer")),
                "value": "listedPriceOnMarketplace",
                "currency": "listedPriceCurrency",
                "currency_code": "USD",
                "origin": "addressCountry",
            },
        ),
    ],
)
def test_shipped_feed_fills_its_roles(name: str, filled: dict[str, object]) -> None:
    """Each feed's roles are its columns, and what the feed lacks is left to the caller."""
    assert Feed.load(name).arguments() == filled


def test_consolidators_person_is_name_or_company_with_postal_code() -> None:
    """A blank or placeholder name gives way to the company; the postal code is the other part."""
    filled = Feed.load("consolidator").arguments()
    names = ["Ann", " ", None, "n/a ", "", None]
    companies = ["Acme", "Acme", "Acme", "Acme", " ", None]
    rows = {"shipping_address_name": names, "shipping_address_company": companies, "origin": ["DE"] * 6}
    rows |= {"shipping_address_postal_code": ["1", "1", "2", "1", "1", "1"]}
    rows |= {"arrival": ["2024-06-01"] * 6, "item_line_value": ["500"] * 6}
    reasons = dm.score(pa.table(rows), **filled, rule="us-321").reason.to_pylist()
    assert reasons == ["eligible", "over-limit", "eligible", "over-limit", "no-person", "no-person"]
    assert filled == {
        "person": [FirstOf(("shipping_address_name", "shipping_address_company")), "shipping_address_postal_code"],
        "day": "arrival",
        "value": "item_line_value",
        "origin": "origin",
    }


def test_own_feed_fills_every_role_and_setting(tmp_path: Path) -> None:
    """All that a feed may say arrives in the arguments, the exclusion as its text."""
    filled = Feed.load(written(tmp_path, OWN)).arguments()
    assert str(filled.pop("excluded")) == "addcvd or quota"
    assert filled == {
        "person": ["name", "postal"],
        "per": ["supplier"],
        "day": "arrival",
        "value": "price",
        "quantity": "pieces",
        "origin": "made_in",
        "currency": "ccy",
        "day_format": "%d.%m.%Y",
        "timezone": "Europe/Berlin",
        "currency_code": "EUR",
        "normalize": "fold",
        "in_care_of": True,
    }


BAD = {
    "unknown key": ("rolls = 1\n" + OWN, "unknown key 'rolls': did you mean 'roles'?"),
    "unknown role": (OWN.replace("quantity", "quantiti"), "roles: unknown key 'quantiti': did you mean 'quantity'?"),
    "unknown setting": (OWN.replace("timezone", "time"), "settings: unknown key 'time'"),
    "no person": (OWN.replace("person", "# person"), "person has no column: name it in [roles], or say in [missing]"),
    "day twice": (OWN + '[missing]\nday = "join it"\n', "day stands in both [roles] and [missing]"),
    "person a number": (OWN.replace('["name", "postal"]', "3"), "roles: person is 3: write a column's name"),
    "person of nothing": (OWN.replace('["name", "postal"]', "{ first_of = [] }"), "person's first_of is []"),
    "person otherwise": (OWN.replace('["name", "postal"]', '{ any = ["a"] }'), "first_of = ["),
    "blank column": (OWN.replace('"arrival"', '" "'), "roles: 'day' is not a text, or is blank"),
    "bad per": (OWN.replace('"supplier"', "7"), "roles: per is 7"),
    "bad expression": (OWN.replace("addcvd or quota", "addcvd | quota"), "at position 8 of 'addcvd | quota'"),
    "bad format": (OWN.replace("%d.%m.%Y", "DD.MM"), "settings: day_format is 'DD.MM': write a pattern"),
    "bad normalize": (OWN.replace('"fold"', '"lower"'), 'settings: normalize is \'lower\': write "fold" or "name"'),
    "bad care": (OWN.replace("true", '"yes"'), "settings: in_care_of is 'yes': write true or false"),
    "no title": (OWN.replace("title", "# title"), "'title' is missing"),
    "bad notes": ('notes = "a"\n' + OWN, "notes is no list of texts"),
    "roles no table": (OWN.split("[roles]")[0] + "roles = 3\n", "roles is no table"),
    "malformed": (OWN.replace('"arrival"', "arrival"), "line 8 is not valid TOML"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_feed_is_told_with_its_mend(case: str, tmp_path: Path) -> None:
    """A feed that is not sound is refused, naming the file, the role or line, and the mend."""
    text, message = BAD[case]
    path = written(tmp_path, text)
    for read in (Feed.load, show_feed):
        with pytest.raises(RuleError, match=re.escape(message)) as raised:
            read(path)
        assert raised.value.file == str(path)


def test_unknown_feed_lists_the_shipped_ones() -> None:
    """A wrong name is told the nearest and all there are."""
    with pytest.raises(
        RuleError,
        match=r"Did you mean 'et86'\?.*ace-truck, amazon-orders, ams-air, ams-ocean, consolidator, data-pilot, et86",
    ):
        Feed.load("et68")


def test_list_and_show_name_everything(tmp_path: Path) -> None:
    """Every shipped feed has its line; a shown one has each role, setting, lack and note."""
    assert [line.split()[0] for line in list_feeds().splitlines()[1:]] == list(shipped_feeds())
    assert re.search(r"^person +first of \(buyer_name, ship_to_name, consignee_name\)$", show_feed("et86"), re.M)
    assert re.search(r"^day_format +%m%d%y$", show_feed("et86"), re.M)
    assert re.search(r"^day +\(none\) the messages hold no arrival", show_feed("data-pilot"), re.M)
    shown = show_feed(written(tmp_path, OWN))
    for role, column in [("person", "name and postal"), ("per", "supplier"), ("excluded", "addcvd or quota")]:
        assert re.search(rf"^{role} +{column}$", shown, re.M)
