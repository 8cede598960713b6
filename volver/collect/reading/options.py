"""What a person may say about their files; everything left out is found in the files themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["orders", "products", "customers"]

# What a column may be, by kind of file: these are the names that `--map field=column` takes.
FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "orders": (
        "order_ref",
        "line_ref",
        "date",
        "time",
        "customer_ref",
        "email",
        "customer_name",
        "city",
        "country",
        "channel",
        "campaign",
        "product_ref",
        "product_name",
        "category",
        "quantity",
        "unit_price",
        "total",
        "discount",
        "cost",
        "currency",
        "status",
        "updated",
        "tax",
        "shipping",
        "fee",
        "tip",
        "gift_card",
        "refunded",
        "refunded_quantity",
        "cancelled_quantity",
        "order_discount",
        "order_subtotal",
        "order_total",
        "converted_total",
        "converted_currency",
        "kind",
        "timezone",
    ),
    "products": ("product_ref", "product_name", "category", "unit_price", "cost"),
    "customers": ("customer_ref", "email", "customer_name", "city", "country", "channel", "campaign"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was said of a shape: fields of `ReadOptions` by name, for which file, on which day."""

    sets: Mapping[str, Any]
    file: str
    said_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the person said. None means: find it in the files, and ask if they do not tell.

    `mapping` goes from a field of `FIELDS` to a column of the file (an empty column says that the file has none).
    `currency` is the currency of the files' money (None: the shop's). `timezone` is the zone of times that name
    none (None: the shop's). `day_first` settles 03/04/2024, `decimal` settles 1.234. `money` settles what the
    file's money means, in words of `money.asks.ANSWERS`: `before-discount`, `per-line`, … `answers` are fields of this
    value by the shape of the files that they are said of; `remembered` is what was said of a shape before.
    `sheet` is the one of workbooks to read (empty: the first that holds a table).
    """

    as_: Kind | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    timezone: str | None = None
    day_first: bool | None = None
    decimal: Literal[".", ","] | None = None
    money: tuple[str, ...] = ()
    sheet: str = ""
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
