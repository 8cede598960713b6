"""What kinds of files, reasons and options are called on the pages of collect."""

from collections.abc import Mapping
from typing import Final

from volver.core import Words

KINDS: Final[Mapping[str, Words]] = {
    "orders": Words("Orders"),
    "products": Words("Products"),
    "customers": Words("Customers"),
}
FORMS: Final[Mapping[str, str]] = {
    "csv": "CSV",
    "jsonl": "JSON",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "sheet": "Excel",
}
REASONS: Final[Mapping[str, Words]] = {
    "unreadable": Words("The row is no valid CSV or JSON."),
    "too_few_columns": Words("The row has fewer columns than the heading."),
    "too_many_columns": Words("The row has more columns than the heading."),
    "empty_row": Words("The row is empty."),
    "no_order_ref": Words("It has no order number."),
    "no_date": Words("It has no date."),
    "bad_date": Words("Its date cannot be read."),
    "future_date": Words("Its date is in the future."),
    "absurd_date": Words("Its date is before 1995."),
    "bad_quantity": Words("Its quantity is not a number."),
    "no_price": Words("It has neither a price nor a total."),
    "bad_price": Words("Its price or total is not a number."),
    "no_sale": Words("It says that it is no sale: an authorisation, a payout, a fee."),
    "absurd_amount": Words("Its quantity or money is too large to be true."),
    "unknown_currency": Words("Its currency does not exist."),
    "other_currency": Words("Its money is in another currency."),
    "no_product_ref": Words("The product has no code."),
    "no_customer_ref": Words("The customer has neither a number nor an e-mail."),
}
BESIDE: Final[Mapping[str, Words]] = {
    "shipping": Words("Shipping"),
    "tax": Words("Tax"),
    "fee": Words("Fees"),
    "tip": Words("Tips"),
    "gift_card": Words("Gift cards"),
}


def reason_words(reason: str) -> Words:
    """Why a row is set aside; a reason without a sentence is called by its name."""
    return REASONS.get(reason) or Words("{name}", {"name": reason})
