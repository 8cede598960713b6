"""What the model on the shelf says of itself: the total it expects, how it did, week by week."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from volver import predict
from volver.core import E4, Words
from volver.store import Shop
from volver.ui.figures import remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The published model: what all customers are expected to bring in a year, with its 90 % interval."""

    value_e4: int
    low_e4: int
    high_e4: int
    model: str
    customers: int
    data_until: date
    fitted_us: int
    body: dict[str, Any]


def worth_of(shop: Shop) -> Worth | None:
    """The published model, or None where there is none."""
    return remembered(shop, "worth", ("scores",), lambda: _read(shop))


def why_not(customers: int) -> Words:
    """Why there is no forecast: too few customers, or nobody fitted a model yet."""
    if customers < predict.FEWEST:
        return Words("The forecast needs {needed} customers with orders; you have {n}.", {
            "needed": predict.FEWEST, "n": customers})  # fmt: skip
    return Words("The model is not fitted yet: run `volver predict fit`.")


def _read(shop: Shop) -> Worth | None:
    for each in predict.shelf(shop):
        if each.published:
            total = each.body["total"]
            return Worth(
                value_e4=round(total["value"] * E4),
                low_e4=round(total["low"] * E4),
                high_e4=round(total["high"] * E4),
                model=each.model,
                customers=each.customers,
                data_until=each.data_until,
                fitted_us=each.fitted_us,
                body=each.body,
            )
    return None
