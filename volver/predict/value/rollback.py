"""Publishing an older model again: its parameters, asked about the customers as they are known today.

Reads the ledger and the shelf; replaces the lake table `scores` and says in the model's file when that was done.
"""

from typing import Any

from volver.predict.freshness import SCORES
from volver.predict.numerics.threads import in_one_thread
from volver.predict.settings import PredictSettings
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import buyers, last_day
from volver.predict.value.publishing import horizons, publish, scores
from volver.predict.value.registry import ShelfModel, kept_model, put_back
from volver.store import Shop


@in_one_thread
def republish(shop: Shop, model_id: int) -> ShelfModel:
    """Make a model of the shelf the published one again; nothing is learned anew.

    `scored_at` in its body is the last day with orders, `total` what it expects from then on. Raises
    `predict.no_such_model`, `predict.too_little_history`.
    """
    model = kept_model(shop, model_id)
    day = max(last_day(shop, None), model.learned_until)
    marks = SCORES.marks(shop, day, model.fitted_us)
    now, discount = buyers(shop, day), shop.settings.of(PredictSettings).discount_rate_yearly
    learned = model.learned.moved_to(day)
    total = Foreseen(learned, now, float(model.body["horizon_days"]), discount).value_of()
    facts: dict[str, Any] = {
        "scored_at": day.isoformat(),
        "scored_customers": len(now),
        "discount_rate_yearly": discount,
        "total": total.to_dict("value"),
        "horizons": horizons(learned, now, discount),
    }
    publish(shop, scores(learned, now, discount), marks)
    return put_back(shop, model, facts)
