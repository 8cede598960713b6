"""What the model on the shelf says of itself: the total it expects, how it did, week by week."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from volver import predict
from volver.core import E4, Words
from volver.store import Shop
from volver.ui.shared.figures import remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The published model: what all customers are expected to bring in a year, with its 90 % interval.

    `learned_until` and `data_until` differ where an older model was published again.
    """

    value_e4: int
    low_e4: int
    high_e4: int
    model: str
    customers: int
    learned_until: date
    data_until: date
    fitted_us: int
    body: dict[str, Any]

    @property
    def history_days(self) -> int | None:
        """Days from the first order to the last that the model learned from."""
        first = self.body.get("first_day")
        return (self.learned_until - date.fromisoformat(first)).days if first else None


def model_of(shop: Shop) -> str:
    """Which model is published, and as of which day its scores are; empty where there is none.

    What is asked of the model rests on this and on `scores`: the two change one after the other.
    """
    try:
        model = predict.published(shop)
    except predict.NoModel:
        return ""
    return f"{model.id} {model.fitted_us} {model.data_until}"


def worth_of(shop: Shop) -> Worth | None:
    """The published model, or None where there is none."""
    return remembered(shop, "worth", ("scores",), lambda: _read(shop), model_of(shop))


def why_not(shop: Shop, customers: int) -> Words:
    """Why there is no forecast: too few customers, too short a time, or nobody fitted a model yet."""
    if customers < predict.FEWEST:
        return Words("The forecast needs {needed} customers with orders; you have {n}.", {
            "needed": predict.FEWEST, "n": customers})  # fmt: skip
    days = remembered(shop, "history_days", ("ledger_health",), lambda: _history_days(shop))
    if days < predict.FEWEST_DAYS:
        return Words("The forecast needs {needed} days of orders; you have {n}.", {
            "needed": predict.FEWEST_DAYS, "n": days})  # fmt: skip
    return Words("The model is not fitted yet: run `volver predict fit`.")


def _history_days(shop: Shop) -> int:
    found = shop.compute.relation("select first_day, last_day from ledger_health").to_pylist()
    span = [(row["last_day"] - row["first_day"]).days for row in found if row["first_day"]]
    return span[0] if span else 0


def _read(shop: Shop) -> Worth | None:
    try:
        model = predict.published(shop)
    except predict.NoModel:
        return None
    total = model.body["total"]
    return Worth(
        value_e4=round(total["value"] * E4),
        low_e4=round(total["low"] * E4),
        high_e4=round(total["high"] * E4),
        model=model.model,
        customers=model.customers,
        learned_until=model.learned_until,
        data_until=model.data_until,
        fitted_us=model.fitted_us,
        body=model.body,
    )
