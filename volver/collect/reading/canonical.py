"""The columns of parsed rows, and the reasons why a row cannot be used."""

from collections.abc import Mapping

# Canonical columns and their DuckDB types. Money is after the line's own discount where `amount_e4` says it.
PARSED: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "file_no": "INTEGER",  # SourceFile.file_no, from 1
        "row_no": "BIGINT",  # data row in its file, from 1
        "order_ref": "VARCHAR",  # derived from customer and instant where the file has no order id
        "line_ref": "VARCHAR",
        "ts_us": "BIGINT",
        "day": "DATE",  # in the shop's zone
        "has_time": "INTEGER",  # 0: the date has no time, ts_us is the shop's midnight
        "customer_ref": "VARCHAR",  # NULL = guest
        "email": "VARCHAR",  # trimmed, lower case
        "customer_name": "VARCHAR",
        "city": "VARCHAR",
        "country": "VARCHAR",
        "channel": "VARCHAR",
        "campaign": "VARCHAR",
        "product_ref": "VARCHAR",
        "product_name": "VARCHAR",
        "category": "VARCHAR",
        "quantity_e4": "BIGINT",  # 10000 if the file has no quantity
        "unit_price_e4": "BIGINT",  # as in the file, before discount; total / quantity if there is only a total
        "amount_e4": "BIGINT",  # what the line brought, after its own discount and its share of the order's
        "net_exact": "DECIMAL(38,8)",  # quantity x unit price of the source, before discount; the total if no price
        "discount_e4": "BIGINT",  # >= 0, money taken off the line, ALREADY taken out of amount_e4; 0 if unknown
        "cost_e4": "BIGINT",  # whole line
        "refunded_e4": "BIGINT",  # >= 0, money given back of amount_e4, which holds it still; 0 if unknown
        "refunded_quantity_e4": "BIGINT",  # >= 0, pieces given back of quantity_e4, which holds them still
        "currency": "VARCHAR",  # code in capitals
        "status": "VARCHAR",  # as written, trimmed
        "updated_us": "BIGINT",  # when the order was last changed, if the file says so
        "raw": "VARCHAR",  # JSON of the source's columns as text; only where problem is not NULL
        "full_key": "UBIGINT",  # hash of all source columns; the same only within one run on one machine
        "problem": "VARCHAR",  # first reason why the row cannot be used, else NULL
    },
    "products": {
        "file_no": "INTEGER",
        "row_no": "BIGINT",
        "product_ref": "VARCHAR",
        "name": "VARCHAR",
        "category": "VARCHAR",
        "price_e4": "BIGINT",
        "cost_e4": "BIGINT",
        "raw": "VARCHAR",
        "problem": "VARCHAR",
    },
    "customers": {
        "file_no": "INTEGER",
        "row_no": "BIGINT",
        "customer_ref": "VARCHAR",
        "email": "VARCHAR",
        "name": "VARCHAR",
        "city": "VARCHAR",
        "country": "VARCHAR",
        "channel": "VARCHAR",
        "campaign": "VARCHAR",
        "raw": "VARCHAR",
        "problem": "VARCHAR",
    },
}

# Why a row cannot be used, in the order in which it is asked.
PROBLEMS: Mapping[str, str] = {
    "unreadable": "The row is not valid CSV or JSON.",
    "too_few_columns": "The row has fewer columns than the header.",
    "too_many_columns": "The row has more columns than the header.",
    "empty_row": "The row is empty.",
    "no_order_ref": "The order number is empty.",
    "no_date": "The date is empty.",
    "bad_date": "The date cannot be read.",
    "future_date": "The date is in the future.",
    "absurd_date": "The date is before 1995.",
    "no_sale": "The row says that it is no sale: an authorisation, a payout, a fee.",
    "bad_quantity": "The quantity is not a number.",
    "no_price": "There is neither a price nor a total.",
    "bad_price": "The price or the total is not a number.",
    "absurd_amount": "The quantity or the money is too large to be true.",
    "unknown_currency": "The currency is not a known code.",
    "other_currency": "The money is not in the import's currency.",
    "no_product_ref": "The product has no id.",
    "no_customer_ref": "The customer has neither an id nor an e-mail.",
}
