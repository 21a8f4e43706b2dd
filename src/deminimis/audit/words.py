"""Words by which columns are known: for each role, what a column that plays it is often called, the best name first.

A name is compared in lower case, its words parted by one underscore. Of this project, from the feeds that it ships and
the files that it was tried on.
"""

from __future__ import annotations

import re

WORDS: dict[str, tuple[str, ...]] = {
    "person": (
        "consignee_name", "consignee", "buyer_name", "buyer", "purchaser", "ship_to_name", "shipping_address_name",
        "recipient_name", "recipient", "importer_name", "importer", "deliver_to", "customer_name", "addressee",
        "receiver_name", "receiver", "consignee_id", "customer_id", "buyer_id", "customer", "client", "person", "name",
        "who",
    ),
    "day": (
        "estimated_arrival", "arrival_date", "date_of_arrival", "arrival", "arrived", "import_date",
        "date_of_importation", "eda", "invoice_date", "ship_date", "shipment_date", "date", "day", "timestamp",
    ),
    "value": (
        "value_usd", "line_value", "item_line_value", "commodity_value", "declared_value", "customs_value", "value",
        "amount_usd", "amount", "usd", "total_value", "line_total", "unit_price", "unit_value", "item_price",
        "price_each", "price", "cost", "fob",
    ),
    "quantity": ("quantity", "qty", "pieces", "units", "pcs", "number_of_pieces"),
    "origin": ("country_of_origin", "origin_country", "origin", "coo", "address_country", "country"),
    "currency": ("currency", "currency_code", "ccy", "listed_price_currency"),
    "entered": ("entry_date", "date_of_entry", "entered"),
    "excluded": ("addcvd", "ad_cvd", "excluded", "quota", "not_eligible"),
}  # fmt: skip
UNIT_PRICES = ("unit_price", "unit_value", "item_price", "price_each", "price")
"""Values that are of one piece where there is a column of quantities."""
POSTCODES = ("postcode", "postal_code", "zip", "zip_code", "zipcode", "shipping_address_postal_code", "post_code")
_BREAKS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^0-9A-Za-z]+")


def plain_name(column: str) -> str:
    """A column's name as it is compared: `ConsigneeName` and "Consignee name" are `consignee_name`."""
    return "_".join(filter(None, _BREAKS.split(column))).lower()


def rank(role: str, column: str) -> int | None:
    """How well a column's name fits a role, 0 is best; None: it does not. Whole words at its end fit too, later."""
    words = WORDS[role]
    name = plain_name(column)
    if name in words:
        return words.index(name)
    for place, word in enumerate(words):
        if name.endswith(f"_{word}") or (name.startswith(f"{word}_") and role in ("value", "day")):
            return len(words) + place
    return None
