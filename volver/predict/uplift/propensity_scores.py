"""Who is likely to buy from a category, to use a discount, to send goods back: within 30 and within 90 days.

Reads the ledger, replaces the lake table `propensities` and keeps the models. Every chance is learned at a past day
from what was known then, and held against what came in the window after the one it was learned on.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import E4, Answer, Words, clock
from volver.predict.estimators import keep_estimator
from volver.predict.freshness import PROPENSITIES
from volver.predict.laws.betageometric import MBGNBD
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.probability_metrics import Reliability, reliability
from volver.predict.uplift.base_learners import BASES
from volver.predict.uplift.propensity import Propensity
from volver.predict.value.histories import Buyers, TooLittleHistory, buyers, last_day, span
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

WITHIN_DAYS: Final = (30, 90)
_CATEGORIES: Final = 8
_YEAR: Final = timedelta(days=365)
KIND: Final = "propensity"  # of the models that are kept: one for each event, by the name it is published under
_MANY: Final = 20_000  # customers that are enough to learn a chance
_AT_ONCE: Final = 100_000  # customers asked about at a time
_SHORTEST: Final = 30  # days of history before the first day at which anything is learned


@dataclass(frozen=True, kw_only=True)
class Chance:
    """One event: how its chance was learned and how it did on later, held-out time.

    `mean` is the mean published chance; `check` is None where the history is too short to hold anything out; `reason`
    says why nothing is published.
    """

    what: str
    event: str
    category: str | None
    within_days: int
    base: str | None
    calibrated_by: str | None
    events: int
    customers: int
    mean: float | None
    check: Reliability | None
    reason: Words | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "what": self.what,
            "event": self.event,
            "category": self.category,
            "within_days": self.within_days,
            "base": self.base,
            "calibrated_by": self.calibrated_by,
            "events": self.events,
            "customers": self.customers,
            "mean": self.mean,
            "check": self.check.to_dict() if self.check else None,
            "reason": str(self.reason) if self.reason else None,
        }


@dataclass(frozen=True, kw_only=True)
class PropensityReport:
    """What was learned and published as of a day."""

    at: date
    customers: int
    chances: tuple[Chance, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict propensity`."""
        return {
            "at": self.at.isoformat(),
            "customers": self.customers,
            "chances": [each.to_dict() for each in self.chances],
            "seconds": self.seconds,
        }


def learn_propensities(shop: Shop, at: date | str | None = None, *, seed: int = 0) -> PropensityReport:
    """Learn, check on held-out time, and publish a chance per customer and event as of `at` (the shop's day).

    Raises `predict.too_little_history`.
    """
    began = clock.stopwatch_s()
    day = last_day(shop, at)
    marks = PROPENSITIES.marks(shop, day)
    now, first = buyers(shop, day), span(shop)[0]
    every = max(1, len(now) // _MANY)
    categories = categories_at(shop, day)
    asked = _Asked(known_at(shop, now, categories))
    chances: list[Chance] = []
    for within in WITHIN_DAYS:
        chances += _within(shop, asked, categories, within, first, every, seed)
    _publish(shop, asked.answer(), marks)
    keep_estimator(shop, KIND, asked.models, until=day, customers=len(now), now_us=clock.now_us())
    return PropensityReport(at=day, customers=len(now), chances=tuple(chances), seconds=clock.stopwatch_s() - began)


def categories_at(shop: Shop, day: date) -> list[str]:
    """The categories that most was bought from in the year before a day, the first one first."""
    top = shop.compute.rows("propensity_categories", from_day=day - _YEAR, to_day=day, most=_CATEGORIES)
    return [row["category"] for row in sorted(top, key=lambda row: row["place"])]


@dataclass(frozen=True)
class BuyerFeatures:
    """What was known of the buyers at a day, as a frame that models learn from."""

    people: Buyers
    frame: "pa.Table"


class _Asked:
    """Everyone of today, and the chances found so far."""

    def __init__(self, today: BuyerFeatures) -> None:
        self.today = today
        self.models: dict[str, Propensity] = {}
        self._found: dict[str, Floats] = {}

    def take(self, what: str, model: Propensity) -> float | None:
        rows, parts = len(self.today.people), []
        for start in range(0, rows, _AT_ONCE):
            p = model.predict(self.today.frame.slice(start, _AT_ONCE))
            if p is None:
                return None
            parts.append(p)
        self.models[what] = model
        self._found[what] = np.concatenate(parts)
        return float(self._found[what].mean())

    def answer(self) -> Answer:
        """Rows of the lake table `propensities`."""
        import pyarrow as pa

        ids, n = self.today.people.customer_id, len(self._found)
        whats = [pa.array(np.full(len(ids), code, np.int32)) for code in range(n)]
        names = pa.array(list(self._found) or [""], pa.string())
        code = pa.chunked_array(whats, pa.int32()).combine_chunks() if n else pa.array([], pa.int32())
        return Answer(
            pa.table(
                {
                    "customer_id": np.tile(ids, n),
                    "what": pa.DictionaryArray.from_arrays(code, names).cast(pa.string()),
                    "p": np.concatenate(list(self._found.values())) if n else np.zeros(0),
                }
            )
        )


def _within(
    shop: Shop, asked: _Asked, categories: list[str], within: int, first: date, every: int, seed: int
) -> list[Chance]:
    """Every event within some days: learn on the window before the last, check on the last, learn again on the last."""
    day = asked.today.people.at
    late = _learning(shop, day - timedelta(days=within), categories, first, every)
    early = _learning(shop, day - timedelta(days=2 * within), categories, first, every)
    found = []
    for event, category, what in _events(categories, within):
        if late is None:
            reason = Words("The history is too short to see what happens within {days} days.", {"days": within})
            found.append(_silent(what, event, category, within, reason))
            continue
        y = happened(shop, late.people, event, category, within, every)
        check, bases = None, BASES
        if early is not None:
            before = Propensity(seed=seed).fit(
                early.frame, happened(shop, early.people, event, category, within, every)
            )
            p = before.predict(late.frame)
            check = None if p is None or not 0 < y.sum() < len(y) else reliability(p, y)
            bases = (before.base_,) if before.base_ else bases
        model = Propensity(bases=bases, seed=seed).fit(late.frame, y)
        found.append(
            Chance(
                what=what,
                event=event,
                category=category,
                within_days=within,
                base=model.base_,
                calibrated_by=model.calibrated_by_,
                events=int(y.sum()),
                customers=len(y),
                mean=asked.take(what, model),
                check=check,
                reason=model.reason_,
            )
        )
    return found


def _events(categories: list[str], within: int) -> list[tuple[str, str | None, str]]:
    """Event, category, and the name it is published under."""
    bought: list[tuple[str, str | None, str]] = [("buy", each, f"buy:{each}:{within}d") for each in categories]
    return [*bought, ("discount", None, f"discount:{within}d"), ("return", None, f"return:{within}d")]


def _silent(what: str, event: str, category: str | None, within: int, reason: Words) -> Chance:
    return Chance(
        what=what,
        event=event,
        category=category,
        within_days=within,
        base=None,
        calibrated_by=None,
        events=0,
        customers=0,
        mean=None,
        check=None,
        reason=reason,
    )


def _learning(shop: Shop, day: date, categories: list[str], first: date, every: int) -> BuyerFeatures | None:
    """A past day to learn at, or None where there was too little before it."""
    if (day - first).days < _SHORTEST:
        return None
    try:
        return known_at(shop, buyers(shop, day, every=every), categories, every)
    except TooLittleHistory:
        return None


def known_at(shop: Shop, people: Buyers, categories: list[str], every: int = 1) -> BuyerFeatures:
    """What was known of these buyers at the end of `people.at`: nothing later enters."""
    import pyarrow as pa

    day = people.at
    before = shop.compute.query(
        "propensity_before",
        as_of=day,
        month_day=day - timedelta(days=30),
        quarter_day=day - timedelta(days=90),
        year_day=day - _YEAR,
        every=every,
    )
    columns = {**_own(people), **_habits(people, before)}
    bought = shop.compute.query("propensity_category_days", from_day=date(1970, 1, 1), to_day=day, every=every)
    columns |= _categories(people, bought, categories)
    return BuyerFeatures(people, pa.table(columns))


def happened(shop: Shop, people: Buyers, event: str, category: str | None, within: int, every: int) -> Floats:
    """Whether it happened to each of these buyers within the days after `people.at`."""
    window = {"from_day": people.at + timedelta(days=1), "to_day": people.at + timedelta(days=within), "every": every}
    if event == "buy":
        found = shop.compute.query("propensity_category_days", **window)
        ids = _ids(found)[_text_is(found, category or "")]
        return np.isin(people.customer_id, ids).astype(np.float64)
    found = shop.compute.query("propensity_after", **window)
    told = found.column("discounted" if event == "discount" else "returned").to_numpy() > 0
    return np.isin(people.customer_id, _ids(found)[told]).astype(np.float64)


def _own(people: Buyers) -> dict[str, Floats]:
    """Recency, frequency, money, and the chance of being a customer still, by a law fitted on these histories."""
    law = MBGNBD().fit(people.known)
    return {
        "orders": people.x,
        "known_days": people.age,
        "since_days": people.age - people.t_x,
        "gap_days": np.where(people.x > 0, people.t_x / np.maximum(people.x, 1), np.nan),
        "net": people.net,
        "mean_spend": people.mean_spend,
        "p_alive": law.p_alive(people.known),
        "p_buy": law.p_buy(people.known, "30d"),
    }


def _habits(people: Buyers, before: "pa.Table") -> dict[str, Floats]:
    """Discounts, returns, and orders of late."""
    place, there = _places(people, _ids(before))

    def column(name: str) -> Floats:
        return np.where(there, before.column(name).to_numpy()[place].astype(np.float64), 0.0)

    orders = np.maximum(column("orders"), 1.0)
    gross, discount = column("gross_e4") / E4, column("discount_e4") / E4
    return {
        "month_orders": column("month_orders"),
        "quarter_orders": column("quarter_orders"),
        "year_orders": column("year_orders"),
        "lines_per_order": column("lines") / orders,
        "products": column("products"),
        "discounted_share": column("discounted") / orders,
        "discount_share": discount / np.maximum(gross + discount, 1e-9),
        "discount_since_days": _since(people, before, "discount_day", place, there),
        "returned_share": -column("returned_e4") / E4 / np.maximum(gross, 1e-9),
        "returns_per_order": column("returns") / orders,
        "return_since_days": _since(people, before, "return_day", place, there),
    }


def _categories(people: Buyers, bought: "pa.Table", categories: list[str]) -> dict[str, Floats]:
    """For each category: on how many days, on which share of the order days, how long ago."""
    found: dict[str, Floats] = {}
    for n, category in enumerate(categories):
        rows = bought.filter(_text_is(bought, category))
        place, there = _places(people, _ids(rows))
        days = np.zeros(len(people))
        if rows.num_rows:
            days = np.where(there, rows.column("bought_days").to_numpy()[place].astype(np.float64), 0.0)
        found[f"category_{n}_days"] = days
        found[f"category_{n}_share"] = days / (people.x + 1.0)
        found[f"category_{n}_since_days"] = _since(people, rows, "last_day", place, there)
    return found


def _since(people: Buyers, rows: "pa.Table", name: str, place: Ints, there: Any) -> Floats:
    """Days since a day of the row; NaN where there is none."""
    if not rows.num_rows:
        return np.full(len(people), np.nan)
    days = rows.column(name).to_numpy().astype("datetime64[D]")[place]
    since = (np.datetime64(people.at) - days).astype(np.float64)
    return np.where(there & ~np.isnat(days), since, np.nan)


def _places(people: Buyers, ids: Ints) -> tuple[Ints, Any]:
    """Where each buyer stands among the ids, and whether they do."""
    if not len(ids):
        return np.zeros(len(people), np.int64), np.zeros(len(people), dtype=bool)
    order = np.argsort(ids)
    place = order[np.minimum(np.searchsorted(ids, people.customer_id, sorter=order), len(ids) - 1)]
    return place, ids[place] == people.customer_id


def _ids(rows: "pa.Table") -> Ints:
    return np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)


def _text_is(rows: "pa.Table", text: str) -> Any:
    import pyarrow.compute as pc

    return np.asarray(pc.equal(rows.column("category"), text).to_numpy(zero_copy_only=False), dtype=bool)


def _publish(shop: Shop, found: Answer, marks: dict[str, int]) -> None:
    """Replace the lake table `propensities`; `marks` say what it was made from."""
    shop.compute.publish("propensities", found, marks)
