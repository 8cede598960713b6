"""The mean customer of a shop, whom single ones are compared with: kept with the model, so that one page is quick.

`usual_of` is pure numerics; `usual` reads the shelf, and the ledger only for a horizon that was never asked for: then
it writes `models/*.usual.json`. Totals only, nothing about a person.
"""

import json
import threading
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from volver.predict.value.chance_calibration import p_within
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import buyers
from volver.predict.value.registry import ShelfModel, write_whole
from volver.store import Shop

_MOST: Final = 32  # horizons kept beside a model
_turn = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Means over a shop's customers for the `days` after a day.

    `p_buy` (an order within the days), `orders` and `value` are what is foreseen. `plain`, `kept` (discounted) and
    `spend` (per order, by `kept`) are the laws' before season, level and corrections. `scale_orders` and `scale_money`
    are `Foreseen.kept`.
    """

    days: float
    discount: float
    customers: int
    p_alive: float
    p_buy: float
    plain: float
    kept: float
    spend: float
    orders: float
    value: float
    scale_orders: float
    scale_money: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, from which `Usual(**found)` makes the same again."""
        return asdict(self)


def usual_of(seen: Foreseen) -> Usual:
    """The means over all that `seen` speaks of."""
    learned, now, n = seen.learned, seen.buyers, max(len(seen.buyers), 1)
    known, buying = learned.known(now), learned.buying
    plain, kept = flat_orders(seen)
    money = kept * learned.spend.predict(now.spend_days, now.mean_spend)
    orders, value = seen.expected
    return Usual(
        days=seen.days,
        discount=seen.discount,
        customers=len(now),
        p_alive=float(buying.p_alive(known).sum()) / n,
        p_buy=float(p_within(seen, seen.days).sum()) / n,
        plain=float(plain.sum()) / n,
        kept=float(kept.sum()) / n,
        spend=float(money.sum()) / max(float(kept.sum()), 1e-300),
        orders=float(orders.sum()) / n,
        value=float(value.sum()) / n,
        scale_orders=seen.kept[0],
        scale_money=seen.kept[1],
    )


def flat_orders(seen: Foreseen) -> tuple[Any, Any]:
    """Orders and discounted orders of each customer by the law alone, were the days ahead without a season."""
    known, buying = seen.learned.known(seen.buyers), seen.learned.buying
    plain = buying.orders_by_row(known, seen.days)
    kept = buying.orders_by_row(known, seen.days, discount=seen.discount) if seen.discount > 0 else plain
    return np.asarray(known.spread(plain)), np.asarray(known.spread(kept))


def usual(shop: Shop, model: ShelfModel, days: float, discount: float) -> Usual:
    """The mean customer at the model's day: as the fit kept it, or worked out now and kept."""
    at_fit = (model.body.get("horizons") or {}).get(f"{days:g}", {}).get("usual")
    if _is_whole(at_fit) and at_fit["discount"] == discount:
        return Usual(**at_fit)
    key = f"{model.data_until.isoformat()} {days:g} {discount:g}"
    path = shop.path / "models" / f"{model.file.removesuffix('.json')}.usual.json"
    with _turn:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not _is_whole(found.get(key)):
            fresh = usual_of(Foreseen(model.learned, buyers(shop, model.data_until), days, discount))
            found = dict([*found.items()][1 - _MOST :]) | {key: fresh.to_dict()}
            write_whole(path, found)
    return Usual(**found[key])


def _is_whole(kept: dict[str, Any] | None) -> bool:
    """Whether this version of Volver kept it."""
    return bool(kept) and set(kept or ()) == set(Usual.__dataclass_fields__)
