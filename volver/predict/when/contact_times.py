"""The best hour and weekday to reach each customer of a shop.

Reads the times of orders and events, replaces the lake table `moments`. Customers are taken in parts of bounded size:
the shop's profile and the habits are learned from the first.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import VolverError, Words, zone_named
from volver.predict.freshness import MOMENTS
from volver.predict.numerics.arrays import Ints, Labels
from volver.predict.when.moments import Found, Moment, Moments, by_slot
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

_MOMENT_DAYS: Final = 730  # habits older than this are no longer theirs
_SHARP: Final = 0.05  # of all times: one exact time of day with more than this is no habit, but dates without a time
_QUARTERS: Final = 4  # of an hour
_DAY_QUARTERS: Final = 96


class NoMoments(VolverError):
    """A question about the best moment to a shop that has not learned it."""

    code = "predict.no_moments"
    says = "This shop has not learned yet when its customers are best reached."
    hint = "Run `volver predict when --refresh`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class BestMoment:
    """When to reach a customer, local time. Nothing `known`: hour and weekday are the shop's best.

    `weekday` counts from Monday 0. An hour or weekday of None: there the customer does as everybody does. `everybody`
    says what most customers do where this one has no habit; None where there is nothing to add.
    """

    known: bool
    hour: int | None
    weekday: int | None
    lift: float | None
    n_events: int
    words: Words
    everybody: Words | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("known", "hour", "weekday", "lift", "n_events")
        return {**{name: getattr(self, name) for name in names}, "words": str(self.words)}


def best_moment(shop: Shop, customer: int | None) -> BestMoment | None:
    """When to reach a customer; the shop's best moment where nothing is known of them; None where of nobody.

    A customer of None asks for the shop's.

    Raises `predict.no_moments`.
    """
    if shop.lake.snapshot("moments").version < 0:
        raise NoMoments
    found = shop.compute.rows("moment_of", customer=customer)
    own = next((row for row in found if row["customer_id"] is not None), None)
    shops = next((row for row in found if row["customer_id"] is None), None)
    row = own or shops
    if row is None or shops is None:
        return None
    told = Moment.said(
        None if own is None else own["hour"], None if own is None else own["weekday"], row["n_events"], shops["hour"]
    )
    return BestMoment(
        known=own is not None,
        hour=row["hour"],
        weekday=row["weekday"],
        lift=own["lift"] if own else None,
        n_events=own["n_events"] if own else 0,
        words=told if customer is not None else Moment.said_of_all(shops["hour"], shops["weekday"]),
        everybody=_everybody(own or {"hour": None, "weekday": None}, shops),
    )


def _everybody(own: dict[str, Any], shops: dict[str, Any]) -> Words | None:
    """What most customers do, of that which is not known of the one."""
    if own["weekday"] is None:
        return Moment.said_of_all(shops["hour"] if own["hour"] is None else None, shops["weekday"])
    if own["hour"] is None and shops["hour"] is not None:
        return Words("most customers come around {hour}:00", {"hour": shops["hour"]})
    return None


def publish_moments(shop: Shop, day: date, parts: int, remarks: list[Words]) -> tuple[int, dict[str, float]]:
    """Replace `moments`. How many customers have a known moment, and what share of all has a habit of each kind."""
    found: list[pa.Table] = []
    marks = MOMENTS.marks(shop, day)
    learned: Moments | None = None
    for part in range(parts):
        users, hours, days, events = _counts(shop, day, parts, part)
        if learned is None:
            learned = Moments().fit_counts(users, hours, days)
            if events:
                found.append(_shop_row(learned, events))
        hour, weekday = learned.hour_.answers(hours), learned.weekday_.answers(days)
        found.append(_moment_table(users, hour, weekday, days.sum(axis=1)))
    replace_table(shop, "moments", found, marks)
    if learned is None or not int(learned.days_.sum()):
        remarks.append(Words("No times of orders or visits are known: nothing can be said of the best moment."))
        return 0, {}
    if not int(learned.hours_.sum()):
        remarks.append(Words("The orders have days but no times: nothing can be said of the best hour."))
    habits = {"hour": learned.hour_.habitual, "weekday": learned.weekday_.habitual}
    return sum(distinct(each) for each in found), habits


def _counts(shop: Shop, day: date, parts: int, part: int) -> tuple[Labels, Ints, Ints, int]:
    """Each customer's events by local hour and weekday; an hour with several counts once. And how many there are."""
    begin = day - timedelta(days=_MOMENT_DAYS)
    found = shop.compute.query("when_times", from_day=begin, as_of=day, parts=parts, part=part)
    who, quarter = (found.column(name).to_numpy() for name in ("customer_id", "quarter"))
    sharp = found.column("sharp").to_numpy() > 0
    local = quarter + _offsets(quarter, shop.settings.timezone)
    users, user = np.unique(who, return_inverse=True)
    timeless = _timeless(local, sharp)
    hour = local // _QUARTERS
    n_hours = int(hour.max()) + 1 if len(hour) else 1
    told, days = (np.unique(user[rows] * np.int64(n_hours) + hour[rows]) for rows in (~timeless, slice(None)))
    hours = by_slot((told // n_hours).astype(np.int32), told % n_hours, len(users))[0]
    weekdays = by_slot((days // n_hours).astype(np.int32), days % n_hours, len(users))[1]
    return users, hours, weekdays, len(days)


def _offsets(quarter: Ints, zone: str) -> Ints:
    """What a zone's clock adds to each quarter of an hour, in quarters."""
    hours, place = np.unique(quarter // _QUARTERS, return_inverse=True)
    named, epoch = zone_named(zone), datetime(1970, 1, 1, tzinfo=UTC)
    told = [(epoch + timedelta(hours=hour)).astimezone(named).utcoffset() for hour in hours.tolist()]
    shift = np.array([round((each or timedelta(0)).total_seconds() / 900) for each in told], dtype=np.int64)
    found: Ints = shift[place] if len(told) else quarter
    return found


def _timeless(local: Ints, sharp: Any) -> Any:
    """Which events are dates without a time: they lie on one exact time of day that far too many share."""
    of_day = local % _DAY_QUARTERS
    share = np.bincount(of_day[sharp], minlength=_DAY_QUARTERS) / max(len(local), 1)
    return sharp & (share > _SHARP)[of_day]


def _moment_table(users: Labels, hour: Found, weekday: Found, n_events: Ints) -> "pa.Table":
    """Rows of the lake table `moments`, for those of whom something is known."""
    import pyarrow as pa

    kept = np.flatnonzero((hour.best >= 0) | (weekday.best >= 0))
    lift = np.ones(len(users))
    for each in (hour, weekday):
        lift *= np.where(each.best >= 0, each.share / each.shop_share, 1.0)
    return pa.table(
        {
            "customer_id": users[kept],
            "weekday": pa.array(weekday.best[kept], pa.int32(), mask=weekday.best[kept] < 0),
            "hour": pa.array(hour.best[kept], pa.int32(), mask=hour.best[kept] < 0),
            "lift": lift[kept],
            "n_events": n_events[kept],
        }
    )


def _shop_row(learned: Moments, events: int) -> "pa.Table":
    """The shop's own best moment, a row without a customer."""
    import pyarrow as pa

    timed = bool(learned.hours_.sum())
    return pa.table(
        {
            "customer_id": pa.array([None], pa.int64()),
            "weekday": pa.array([int(np.argmax(learned.weekday_.profile))], pa.int32()),
            "hour": pa.array([int(np.argmax(learned.hour_.profile)) if timed else None], pa.int32()),
            "lift": [1.0],
            "n_events": pa.array([events], pa.int64()),
        }
    )


def distinct(table: "pa.Table") -> int:
    """How many customers a table names."""
    return len(np.unique(table.column("customer_id").drop_null().to_numpy()))


def replace_table(shop: Shop, name: str, tables: "list[pa.Table]", marks: dict[str, int]) -> None:
    """Replace a lake table by these rows, or by none; `marks` say what they were made from."""
    import pyarrow as pa

    shop.compute.publish(name, pa.concat_tables(tables) if tables else None, marks)
