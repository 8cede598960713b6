"""What the tables of predict rest on, and when each is due to be made again."""

from datetime import date
from typing import Final

from volver.core import Settings
from volver.know import KnowSettings, today
from volver.predict.settings import PredictSettings
from volver.store import Basis, Shop, stamp

SCORES: Final = Basis(
    tables=("order_lines", "canonical", "calendar_index"),
    settings={
        Settings: ("timezone",),
        KnowSettings: (
            "margin_rate",
            "cancel_within_hours",
        ),
        PredictSettings: ("discount_rate_yearly",),
    },
)
REBUYS: Final = Basis(tables=("order_lines", "canonical", "products"), settings={Settings: ("timezone",)})
MOMENTS: Final = Basis(tables=("order_lines", "canonical", "events"), settings={Settings: ("timezone",)})
PROPENSITIES: Final = Basis(
    tables=("order_lines", "canonical", "products"),
    settings={Settings: ("timezone",), KnowSettings: ("cancel_within_hours",)},
)
RELEARN_DAYS: Final = 28  # a model older than this learns anew, though only the day has changed
_WEEKLY_DAYS: Final = 7


def scores_are_due(shop: Shop) -> bool:
    """Whether the ledger, the calendar, a setting, the shop's day or the published model has changed since."""
    return bool(SCORES.behind(shop, "scores", _day(shop))) or is_of_another_model(shop)


def is_of_another_model(shop: Shop) -> bool:
    """Whether the scores are another model's than the published one: a stop came between a model and its scores."""
    made = stamp(shop, "scores")
    asked = "select fitted_us from models where kind = 'value' and published = 1 order by id desc limit 1"
    shown = shop.state.quick_read(asked)
    return made is not None and bool(made.model) and made.model != (int(shown[0][0]) if shown else 0)


def rebuys_are_due(shop: Shop) -> bool:
    """The same of what is bought again and of the best moments, products and events included."""
    now = today(shop)
    behind = REBUYS.behind(shop, "rebuys", now.day) | MOMENTS.behind(shop, "moments", now.day)
    if not now.is_archive:
        behind -= {"events"}  # while they stream, habits are learned once a day
    return bool(behind)


def propensities_are_due(shop: Shop) -> bool:
    """Whether they were never made, a setting changed, or they are a week older than the shop's day."""
    day, made = _day(shop), stamp(shop, "propensities")
    if day is None:
        return False
    if made is None or made.day is None or PROPENSITIES.behind(shop, "propensities", made.day) & {"form", "settings"}:
        return True
    return abs((day - made.day).days) >= _WEEKLY_DAYS


def _day(shop: Shop) -> date | None:
    return today(shop).day
