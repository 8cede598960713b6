"""What the fields of a file are called when people speak of them."""

from collections.abc import Mapping
from typing import Final

from volver.core import Words

FIELD_WORDS: Final[Mapping[str, Words]] = {
    "order_ref": Words("order number"),
    "line_ref": Words("line number"),
    "date": Words("order date"),
    "time": Words("time of day"),
    "timezone": Words("time zone"),
    "updated": Words("last updated"),
    "customer_ref": Words("customer number"),
    "email": Words("customer's e-mail"),
    "customer_name": Words("customer's name"),
    "city": Words("city"),
    "country": Words("country"),
    "channel": Words("sales channel"),
    "campaign": Words("campaign"),
    "product_ref": Words("product code"),
    "product_name": Words("product name"),
    "category": Words("category"),
    "quantity": Words("quantity"),
    "unit_price": Words("price of a piece"),
    "total": Words("line total"),
    "discount": Words("discount"),
    "cost": Words("cost"),
    "currency": Words("currency"),
    "status": Words("status"),
    "kind": Words("sale or refund"),
    "tax": Words("tax"),
    "shipping": Words("shipping"),
    "fee": Words("fees"),
    "tip": Words("tip"),
    "gift_card": Words("paid by gift card"),
    "refunded": Words("money refunded"),
    "refunded_quantity": Words("pieces refunded"),
    "cancelled_quantity": Words("pieces cancelled"),
    "order_discount": Words("discount of the order"),
    "order_subtotal": Words("order subtotal"),
    "order_total": Words("order total"),
    "converted_total": Words("total in another currency"),
    "converted_currency": Words("currency of that total"),
}


def field_words(field: str) -> Words:
    """What a field is called; one without a word is called by its name."""
    return FIELD_WORDS.get(field) or Words("{name}", {"name": field})
