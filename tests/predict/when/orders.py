"""Histories of CDNOW and Complete Journey as known at any day, and who ordered after it."""

from datetime import date
from functools import lru_cache

import numpy as np

from tests.predict.world import shared

_SETS = {
    "cdnow": ("cdnow/orders.parquet", "customer_id", "cast(order_date as date)"),
    "journey": (
        "completejourney/transactions.parquet",
        "household_id",
        "cast(transaction_at at time zone 'UTC' as date)",
    ),
}


@lru_cache
def order_days(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Customers and their order days (days since 1970-01-01), by both; skips where the data are absent."""
    import duckdb

    path, customer, day = _SETS[name]
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        found = db.sql(
            f"select distinct {customer} as c, date_diff('day', date '1970-01-01', {day}) as d "
            f"from read_parquet('{shared(path)}') order by 1, 2"
        ).fetchnumpy()
    return np.asarray(found["c"]), np.asarray(found["d"])


def known_at(name: str, at: date) -> tuple[np.ndarray, np.ndarray]:
    """Who had ordered by the end of the day, and their (x, t_x, T) in days."""
    customer, day = order_days(name)
    number = (at - date(1970, 1, 1)).days
    kept = day <= number
    who, start, times = np.unique(customer[kept], return_index=True, return_counts=True)
    first, last = day[kept][start], day[kept][start + times - 1]
    return who, np.column_stack([times - 1, last - first, number - first]).astype(float)


def came(name: str, who: np.ndarray, at: date, days: int) -> np.ndarray:
    """Which of these ordered within the days after `at`."""
    customer, day = order_days(name)
    number = (at - date(1970, 1, 1)).days
    return np.isin(who, customer[(day > number) & (day <= number + days)])
