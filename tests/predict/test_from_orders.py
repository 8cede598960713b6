"""From a list of orders to histories: the same as the published ones, whatever the frame."""

import csv
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.predict.world import cdnow, shared
from volver.predict import MBGNBD, GammaGamma, ParetoNBD
from volver.predict.laws.calendar_learning import learn_calendar
from volver.predict.laws.history import MissingColumns, histories
from volver.predict.laws.order_log import BadOrders, calibration_holdout, from_orders

ORDERS = pl.DataFrame(
    {
        "customer": ["b", "a", "a", "a", "b", "c", None, "a", "d"],
        "when": [
            *("2024-01-10T09:00", "2024-01-01T08:00", "2024-01-01T20:00", "2024-01-31T12:00", "2024-01-12T12:00"),
            *("2024-03-01T00:00", "2024-01-05T00:00", "2024-02-02T00:00", "2024-01-05T00:00"),
        ],
        "value": [20.0, 10.0, 30.0, 60.0, 0.0, 5.0, 9.0, -50.0, -1.0],
    }
).with_columns(pl.col("when").str.to_datetime())


def test_days_are_events_visits_are_no_spend_and_returns_are_no_orders() -> None:
    found = from_orders(ORDERS, "2024-02-10")
    assert found.customers.tolist() == ["a", "b"]  # c came later, d only sent things back, one row is nobody's
    assert found.left_out == 1
    assert [found.spread(column).tolist() for column in (found.x, found.t_x, found.T)] == [[1, 1], [30, 2], [40, 31]]
    assert found.first_day.tolist() == [date(2024, 1, 1), date(2024, 1, 10)]
    assert found.orders.tolist() == [2, 1]
    assert found.net.tolist() == [50, 20]
    assert found.mean_spend.tolist() == [25, 20]
    assert found.log_gaps == pytest.approx(np.log([30, 2]))
    assert from_orders(ORDERS, date(2024, 2, 1)).net.tolist() == [100, 20]  # the return was not known yet
    assert from_orders(ORDERS).at == date(2024, 3, 1)


def test_any_frame_gives_the_same_histories() -> None:
    first = from_orders(ORDERS, "2024-02-10")
    text = ORDERS.with_columns(pl.col("when").dt.strftime("%Y-%m-%d %H:%M"))
    aware = ORDERS.with_columns(pl.col("when").dt.replace_time_zone("UTC"))
    for frame in (
        ORDERS.to_pandas(),
        ORDERS.lazy(),
        ORDERS.to_arrow(),
        ORDERS.to_dict(as_series=False),
        text,
        text.to_pandas(),
        aware,
        aware.to_pandas(),
        ORDERS.rename({"customer": "customer_id", "when": "order_date", "value": "amount"}),
    ):
        found = from_orders(frame, "2024-02-10")
        assert found.customers.tolist() == first.customers.tolist()
        for name in ("x", "t_x", "T", "n", "row_of", "orders", "net", "log_gaps"):
            assert getattr(found, name).tolist() == getattr(first, name).tolist()


def test_a_zone_says_which_day_it_was() -> None:
    late = [datetime(2024, 1, 1, 23, 30, tzinfo=UTC), datetime(2024, 1, 5, 12, tzinfo=UTC)]
    for frame in (pl.DataFrame({"customer": [1, 1], "when": late}), pd.DataFrame({"customer": [1, 1], "when": late})):
        assert from_orders(frame).t_x.tolist() == [4]
        assert from_orders(frame, zone="Europe/Madrid").t_x.tolist() == [3]


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(MissingColumns):
        from_orders({"customer": [1]})
    with pytest.raises(MissingColumns):
        from_orders(ORDERS, value="paid")
    with pytest.raises(BadOrders):
        from_orders(ORDERS, "2023-01-01")
    with pytest.raises(BadOrders):
        from_orders({"customer": [1], "when": [1704067200]})
    with pytest.raises(BadOrders):
        from_orders({"customer": [1], "when": ["soon"]})
    with pytest.raises(BadOrders):
        from_orders({"customer": [None], "when": ["2024-01-01"]})


def test_every_law_takes_them_as_they_are() -> None:
    found = from_orders(ORDERS, "2024-02-10")
    assert histories(found) is found
    assert len(ParetoNBD().fit(found).predict(found)) == 2
    assert GammaGamma().fit(found.orders, found.mean_spend).n_customers_ == 2


lines = some.lists(
    some.tuples(some.integers(0, 5), some.integers(0, 60), some.sampled_from([-5.0, 0.0, 1.0, 7.5])), min_size=1
)


@settings(max_examples=60)
@given(lines, some.integers(0, 60))
def test_histories_are_what_counting_by_hand_gives(rows: list[tuple[int, int, float]], until: int) -> None:
    start = np.datetime64("2024-01-01")
    frame = {"customer": [w for w, _, _ in rows], "when": start + np.array([d for _, d, _ in rows])}
    frame["value"] = [v for _, _, v in rows]
    came = {who: sorted({d for w, d, v in rows if w == who and d <= until and v >= 0}) for who, _, _ in rows}
    came = {who: days for who, days in sorted(came.items()) if days}
    at = (start + until).astype(object)
    if not came:
        with pytest.raises(BadOrders):
            from_orders(frame, at)
        return
    found = from_orders(frame, at)
    assert found.customers.tolist() == list(came)
    assert found.spread(found.x).tolist() == [len(days) - 1 for days in came.values()]
    assert found.spread(found.t_x).tolist() == [days[-1] - days[0] for days in came.values()]
    assert found.spread(found.T).tolist() == [until - days[0] for days in came.values()]
    end = max(d for _, d, _ in rows)
    if until > end:
        with pytest.raises(BadOrders, match="before it begins"):
            calibration_holdout(frame, at, (start + end).astype(object))
        return
    held = calibration_holdout(frame, at, (start + end).astype(object))
    assert held.days == end - until
    for who, orders, money in zip(held.known.customers.tolist(), held.later_orders, held.later_money, strict=True):
        assert orders == len({d for w, d, v in rows if w == who and d > until and v >= 0})
        assert money == pytest.approx(sum(v for w, d, v in rows if w == who and d > until))


def test_a_calendar_is_learned_from_a_list_of_orders() -> None:
    """From the file of orders to the forecast: 12 months within 5 %, beyond 10 % without."""
    log = pl.read_parquet(shared("clv/clvtools_apparelTrans.parquet"))
    held = calibration_holdout(log, "2006-12-31", "2007-12-31")
    known, at = held.known, held.known.at
    calendar = learn_calendar(known.first_day, known, at, MBGNBD, known.repeat_days, known.repeats)
    weighted, ahead = calendar.histories(known, at), calendar.span(at, held.days)
    assert held.later_orders.sum() == 389
    assert known.repeats.sum() == known.n @ known.x
    assert MBGNBD().fit(weighted).predict(weighted, ahead).sum() == pytest.approx(held.later_orders.sum(), rel=0.05)
    assert MBGNBD().fit(known).predict(known, held.days).sum() > 1.1 * held.later_orders.sum()


def test_cdnow_agrees_with_the_published_summary() -> None:
    """btyd_cdnowSummary_cbs.csv in weeks times 7, and the orders of the 39 weeks after."""
    log = pl.read_parquet(shared("clv/cdnow_sample_elog.parquet")).sort("sample_id")
    held = calibration_holdout(log, "1997-09-30", "39 weeks", customer="sample_id")
    x, t_x, age, later = cdnow()
    known = held.known
    assert known.spread(known.x).tolist() == x.tolist()
    assert known.spread(known.t_x) == pytest.approx(7 * t_x, abs=1e-6)
    assert known.spread(known.T) == pytest.approx(7 * age, abs=1e-6)
    assert held.later_orders.tolist() == later.tolist()
    assert held.until == date(1998, 6, 30)
    assert held.later_orders.sum() == 1882
    assert held.days == 273.0
    paid = log.filter(pl.col("date") > datetime(1997, 9, 30))["amount"].sum()
    assert held.later_money.sum() == pytest.approx(paid)
    with shared("clv/btyd_cdnowSummary_cbs.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == known.n_customers
