"""What programs may ask of predict: the command line's answers, typed.

Names come through the room's own front door, so that nothing is loaded before it is asked for.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, Literal, get_args

import msgspec

from volver import predict
from volver.core import Parameter, Question, Words
from volver.predict.replies import (
    Benchmark,
    Check,
    Drift,
    Fit,
    Levers,
    Model,
    ModelList,
    Newcomers,
    SpendCeiling,
    Value,
    ValueOfCustomer,
)
from volver.store import Shop, one_at_a_time

_FIRST: Final = ("channel", "campaign", "first-product", "first-category")
_HORIZON: Final = Parameter(name="horizon", kind="text", says="How far ahead: 365d, 52 weeks, 12 months or a date.")
_TOP: Final = Parameter(name="top", kind="count", says="How many of the most valuable customers to list.")


class ToFit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With what to fit: as of the end of which day (none: the last order), how far the report looks, which law."""

    at: date | None = None
    horizon: str = "365d"
    model: Literal["auto", "Pareto/NBD", "MBG/NBD", "BG/NBD", "MBG/CNBD-2", "MBG/CNBD-3", "MBG/CNBD-4"] = "auto"


def _choice(name: str, says: str, *choices: str) -> Parameter:
    return Parameter(name=name, kind="choice", says=says, choices=choices)


def _value(shop: Shop, *, top: int = 0, **asked: Any) -> Any:
    return predict.value_report(shop, **asked).to_dict(top)


def _value_of_one(shop: Shop, *, id: int, say: Callable[[Words], str], **asked: Any) -> Any:  # noqa: A002  in the path
    return predict.value_of_customer(shop, id, **asked).to_dict(say)


def _check(shop: Shop, **asked: Any) -> Any:
    with one_at_a_time(shop):
        return predict.check(shop, **asked).to_dict()


def _fit(shop: Shop, *, body: ToFit) -> Any:
    with one_at_a_time(shop):
        return predict.fit(shop, body.at, body.horizon, model=body.model).to_dict()


def _publish(shop: Shop, *, id: int) -> Any:  # noqa: A002  the name in the path
    with one_at_a_time(shop):
        return predict.republish(shop, id).to_dict()


def _drift(shop: Shop) -> Any:
    found = predict.drift(shop)
    return found.to_dict() if found else {"alarm": False, "says": "Too early to say: wait for two whole weeks."}


QUESTIONS: Final = (
    Question(
        path="/predict/value",
        says="What the customers will be worth within a horizon, with a 90 % interval.",
        parameters=(_HORIZON, _TOP),
        answer=_value,
        replies=Value,
    ),
    Question(
        path="/predict/customers/{id}/value",
        says="What one customer will be worth within a horizon, with a 90 % interval and the reasons in words.",
        right="customers",
        parameters=(
            Parameter(name="id", kind="count", says="The customer's id.", most=2**63 - 1, in_path=True),
            _HORIZON,
        ),
        answer=_value_of_one,
        replies=ValueOfCustomer,
        speaks=True,
    ),
    Question(
        path="/predict/check",
        says="Choose and fit on what was known at one day, compare with what came until another. Changes nothing.",
        parameters=(
            Parameter(
                name="calibrate_until", kind="day", says="Learn until this day; by default a quarter is held out."
            ),
            Parameter(name="holdout_until", kind="day", says="Compare until this day; by default the last order's."),
            _choice("model", "The law of coming back.", *get_args(ToFit.__annotations__["model"])),
        ),
        answer=_check,
        replies=Check,
        is_long=True,
    ),
    Question(
        path="/predict/levers",
        says="Which lever is worth most: retention, order value, frequency, new customers, the discount rate.",
        parameters=(_HORIZON,),
        answer=lambda shop, **asked: predict.levers(shop, **asked).to_dict(),
        replies=Levers,
    ),
    Question(
        path="/predict/spend-ceiling",
        says="What winning a customer may cost, and whether what is spent comes back.",
        parameters=(_choice("by", "What parts new customers and costs.", *_FIRST), _HORIZON),
        answer=lambda shop, **asked: predict.spend_ceiling(shop, **asked).to_dict(),
        replies=SpendCeiling,
    ),
    Question(
        path="/predict/newcomers",
        says="What the next new customer of each group will bring.",
        parameters=(_choice("by", "What parts new customers.", *_FIRST, "basket", "price", "discount"), _HORIZON),
        answer=lambda shop, **asked: predict.newcomers(shop, **asked).to_dict(),
        replies=Newcomers,
    ),
    Question(
        path="/predict/benchmark",
        says="What each segment, cohort, channel, campaign or stage will bring.",
        parameters=(_choice("by", "What to compare.", "segment", "cohort", "channel", "campaign", "stage"), _HORIZON),
        answer=lambda shop, **asked: predict.benchmark(shop, **asked).to_dict(),
        replies=Benchmark,
    ),
    Question(
        path="/predict/models",
        says="Every model that was fitted, newest first, with where it came from and how it did.",
        answer=lambda shop: {"models": [each.to_dict() for each in predict.shelf(shop)]},
        replies=ModelList,
    ),
    Question(
        path="/predict/drift",
        says="Whether what came since the fit is still within what was foreseen.",
        answer=_drift,
        replies=Drift,
    ),
    Question(
        path="/predict/fit",
        method="POST",
        says="Learn from the shop's orders, check against its own past, publish a score for every customer.",
        right="learn",
        takes=ToFit,
        answer=_fit,
        replies=Fit,
        is_long=True,
    ),
    Question(
        path="/predict/models/{id}/publish",
        method="POST",
        says="Publish an older model again: its parameters, asked about the customers as known today.",
        right="learn",
        parameters=(Parameter(name="id", kind="count", says="The model's id.", most=2**31, in_path=True),),
        answer=_publish,
        replies=Model,
        is_long=True,
    ),
)
