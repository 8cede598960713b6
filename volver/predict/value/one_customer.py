"""One customer's value over any horizon, with its interval and its reasons in words.

Reads the shelf and one customer's order days as of the day that the model knows; a new horizon keeps the shop's means
beside the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from volver.core import E4, Words
from volver.predict.laws.buying import YEAR_DAYS
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.settings import PredictSettings
from volver.predict.value.chance_calibration import p_within
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import buyer
from volver.predict.value.reasons import Explained, Reason, plain
from volver.predict.value.reference import Usual, usual
from volver.predict.value.registry import ShelfModel, published
from volver.store import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerValue:
    """A customer from `at` over the horizon; value is discounted, in the shop's currency, `low` to `high` hold 90 %.

    `mean_value` is that of the shop's mean customer. `base` times all `factors` is `value`: see `reasons.Explained`.
    Of a customer whom the model does not know every number is None, and the one reason says why. The window of the
    next order is None where none is likely within a year.
    """

    customer_id: int
    model: str
    at: date
    horizon_days: float
    discount: float
    currency: str
    p_alive: float | None = None
    p_buy: float | None = None
    orders: float | None = None
    spend_per_order: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    next_from: date | None = None
    next_to: date | None = None
    mean_value: float | None = None
    base: float | None = None
    factors: dict[str, float]
    reasons: tuple[Reason, ...]

    def to_dict(self, say: Callable[[Words], str] = plain) -> dict[str, Any]:
        """Plain values for JSON; `say` turns words into a reader's sentences."""
        names = ("p_alive", "p_buy", "orders", "spend_per_order", "value", "low", "high")
        return {
            "customer_id": self.customer_id,
            "model": self.model,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "discount_rate_yearly": self.discount,
            "currency": self.currency,
            **{name: getattr(self, name) for name in names},
            "next_from": self.next_from.isoformat() if self.next_from else None,
            "next_to": self.next_to.isoformat() if self.next_to else None,
            "mean_value": self.mean_value,
            "base": self.base,
            "factors": self.factors,
            "reasons": [{"key": each.key, "factor": each.factor, "words": say(each.words)} for each in self.reasons],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the fit published of a customer: the value of a year with its interval, in ten-thousandths, and the days
    between which the next order is likely.
    """

    value_e4: int
    low_e4: int
    high_e4: int
    next_from: date | None = None
    next_to: date | None = None


def value_of_customer(
    shop: Shop, customer: int, horizon: Horizon = "365d", *, published_as: Published | None = None
) -> CustomerValue:
    """What the published model foresees of a customer, as it stands in the lake table `scores`, and why.

    The discount rate is the one of the fit. Who has read the customer's scores hands them over as `published_as`.
    Raises `predict.no_model`.
    """
    model = published(shop)
    days = horizon_days(horizon, model.data_until)
    told = model.body.get("discount_rate_yearly")
    discount = shop.settings.of(PredictSettings).discount_rate_yearly if told is None else float(told)
    one = buyer(shop, customer, model.data_until)
    asked: dict[str, Any] = {
        "customer_id": customer,
        "model": model.model,
        "at": model.data_until,
        "horizon_days": days,
        "discount": discount,
        "currency": shop.settings.currency,
    }
    if one is None:
        return CustomerValue(**asked, factors={}, reasons=(_unknown(model),))
    mean = usual(shop, model, days, discount)
    seen = Foreseen(model.learned, one, days, discount, (mean.scale_orders, mean.scale_money))
    found = _numbers(seen, mean, published_as)
    if days == YEAR_DAYS:
        found |= _as_published(published_as or _scores(shop, customer), found["value"])
    return CustomerValue(**asked, **found)


def _numbers(seen: Foreseen, mean: Usual, scores: Published | None) -> dict[str, Any]:
    worth = seen.worth
    why = Explained(seen, mean, float(p_within(seen, seen.days)[0]))
    window = (scores.next_from, scores.next_to) if scores else _window(seen)
    names = {"p_alive": "p_alive", "orders": "orders", "spend_per_order": "spend", "value": "value"}
    names |= {"low": "low", "high": "high"}
    return {
        **{name: float(getattr(worth, column)[0]) for name, column in names.items()},
        "p_buy": why.p_buy,
        "next_from": window[0],
        "next_to": window[1],
        "mean_value": mean.value,
        "base": why.base,
        "factors": why.factors,
        "reasons": why.reasons,
    }


def _window(seen: Foreseen) -> tuple[date | None, date | None]:
    """The days between which the next order is likely."""
    wait, unlikely = seen.next_order
    if unlikely[0]:
        return None, None
    first, last = (seen.buyers.at + timedelta(days=int(each)) for each in wait[0])
    return first, last


def _scores(shop: Shop, customer: int) -> Published | None:
    rows = shop.compute.rows("scores_of", customer=customer)
    if not rows:
        return None
    return Published(
        value_e4=rows[0]["value_365d_e4"], low_e4=rows[0]["value_low_e4"], high_e4=rows[0]["value_high_e4"]
    )


def _as_published(scores: Published | None, value: float) -> dict[str, float]:
    """The interval that the fit published: it was drawn through all customers, which moves its ends a little."""
    if scores is None or abs(scores.value_e4 - value * E4) > 1.0:
        return {}
    return {"low": scores.low_e4 / E4, "high": scores.high_e4 / E4}


def _unknown(model: ShelfModel) -> Reason:
    text = "By {until_day}, the last day that the forecast knows, this customer had not ordered."
    return Reason(key="unknown", factor=None, words=Words(text, {"until_day": model.data_until}))
