"""Foreseeing in a real shop: what counts as history, what is published, what a check says."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.predict.world import shared, simulated_lines, simulated_shop, write_ledger
from tests.world import new_shop
from volver import predict
from volver.core import VolverError
from volver.predict.value.histories import buyers
from volver.store import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", currency="EUR") as made:
        yield made


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with new_shop(tmp_path_factory.mktemp("predict") / "shop", currency="EUR") as made:
        simulated_shop(made, simulated_lines(3000), tmp_path_factory.mktemp("lines") / "lines.parquet")
        predict.fit(made)
        yield made


def lines(*rows: str) -> str:
    """Rows of order_id, customer_id, product_id, ts, kind, amount, and a crowd so that one can learn."""
    crowd = """select 1000 + i as order_id, 1000 + i as customer_id, 1 as product_id,
                      timestamp '2024-01-01 10:00' as ts, 'sale' as kind, 10.0 as amount from range(30) as t(i)"""
    named = "(values " + ", ".join(rows) + ") as t(order_id, customer_id, product_id, ts, kind, amount)"
    told = f"select order_id, customer_id, product_id, cast(ts as timestamp) as ts, kind, amount from {named}"
    return f"{told} union all {crowd}"


def of_customer_1(shop: Shop, at: str) -> tuple[float, float, float, float, float]:
    found = buyers(shop, date.fromisoformat(at))
    [i] = (found.customer_id == 1).nonzero()[0].tolist()
    return found.x[i], found.t_x[i], found.age[i], found.spend_days[i], found.net[i]


def test_history_is_what_was_known_at_the_day(shop: Shop) -> None:
    write_ledger(
        shop,
        lines(
            "(1, 1, 1, '2024-01-10 09:00', 'sale', 20.0)",
            "(2, 1, 1, '2024-01-10 18:00', 'sale', 10.0)",
            "(3, 1, 2, '2024-02-09 12:00', 'sale', 0.0)",
            "(4, 1, 1, '2024-03-01 12:00', 'sale', 50.0)",
            "(5, 1, 1, '2024-03-20 12:00', 'return', -15.0)",
        ),
    )
    assert of_customer_1(shop, "2024-02-29") == (1, 30, 50, 1, 30.0)
    assert of_customer_1(shop, "2024-03-01") == (2, 51, 51, 2, 80.0)
    assert of_customer_1(shop, "2024-03-31") == (2, 51, 81, 2, 65.0)


def test_an_order_undone_within_a_day_never_was_one(shop: Shop) -> None:
    write_ledger(
        shop,
        lines(
            "(1, 1, 1, '2024-01-10 09:00', 'sale', 20.0)",
            "(2, 1, 7, '2024-02-01 09:00', 'sale', 77000.0)",
            "(3, 1, 7, '2024-02-01 09:12', 'cancel', -77000.0)",
            "(4, 2, 7, '2024-02-01 09:00', 'sale', 90.0)",
            "(5, 2, 7, '2024-02-01 09:12', 'cancel', -90.0)",
            "(6, 1, 8, '2024-03-01 09:00', 'sale', 40.0)",
            "(7, 1, 8, '2024-03-05 09:12', 'cancel', -40.0)",
        ),
    )
    assert of_customer_1(shop, "2024-02-29") == (0, 0, 50, 1, 20.0)
    assert of_customer_1(shop, "2024-03-31") == (1, 51, 81, 2, 20.0)
    assert 2 not in buyers(shop, date(2024, 3, 31)).customer_id


def test_cancellations_guests_and_adjustments_make_no_customers(shop: Shop) -> None:
    write_ledger(
        shop,
        lines(
            "(1, 1, 1, '2024-01-10', 'sale', 20.0)",
            "(2, 2, 1, '2024-01-10', 'cancel', -20.0)",
            "(3, null, 1, '2024-01-10', 'sale', 20.0)",
            "(4, 3, 1, '2024-01-10', 'adjustment', 20.0)",
            "(5, 1, 1, '2024-01-20', 'adjustment', -11.0)",
        ),
    )
    found = buyers(shop, date(2024, 2, 1))
    assert sorted(set(found.customer_id.tolist()) & {1, 2, 3}) == [1]
    assert of_customer_1(shop, "2024-02-01") == (0, 0, 22, 1, 20.0)


def test_a_shop_with_too_few_customers_says_what_is_missing(shop: Shop) -> None:
    with pytest.raises(predict.TooLittleHistory, match="0 of 20 customers"):
        predict.fit(shop)
    with pytest.raises(VolverError) as caught:
        predict.value_report(shop)
    assert caught.value.code == "predict.no_model"


def test_every_customer_is_scored(fitted: Shop) -> None:
    rows = fitted.compute.relation("select * from scores").to_pylist()
    assert len(rows) == 3000
    for row in rows:
        assert 0 <= row["p_alive"] <= 1
        assert 0 <= row["value_low_e4"] <= row["value_high_e4"]
        assert row["p_buy_7d"] <= row["p_buy_30d"] <= row["p_buy_90d"] <= row["p_alive"] + 1e-9
        assert (row["next_from_day"] is None) == (row["next_to_day"] is None)
    expected = [row for row in rows if row["next_from_day"]]
    assert 0 < len(expected) < 3000
    assert all(date(2024, 12, 30) < row["next_from_day"] <= row["next_to_day"] for row in expected)


def test_the_value_report_agrees_with_what_was_published(fitted: Shop) -> None:
    report = predict.value_report(fitted, "365d")
    published = fitted.compute.relation("select sum(value_365d_e4) as e4 from scores").to_pylist()[0]["e4"]
    assert report.total.expected == pytest.approx(float(published) / 10_000, rel=1e-6)
    assert report.total.low < report.total.expected < report.total.high
    assert sum(each.value for each in report.deciles) == pytest.approx(report.total.expected)
    assert sum(each.customers for each in report.deciles) == 3000
    assert predict.value_report(fitted, "30d").total.expected < report.total.expected
    assert json.loads(json.dumps(report.to_dict(3)))["top"][0]["value"] >= report.to_dict(3)["top"][1]["value"]


def test_a_check_on_a_shop_of_known_truth_is_close_and_has_the_agreed_shape(fitted: Shop) -> None:
    report = predict.check(fitted, "2024-06-30", "2024-12-30").to_dict()
    assert {"model", "customers", "calibration_until", "holdout_until", "total", "customer", "orders"} < set(report)
    scores = ["mae", "rmse", "spearman", "top10_capture", "top10_capture_perfect"]
    assert list(report["customer"]) == scores
    assert list(report["total"])[:3] == ["predicted", "actual", "ratio"]
    assert list(report["orders"]["customer"]) == scores
    assert set(scores) < set(report["orders"])
    assert report["model"] in predict.MODELS
    assert 0.8 < report["orders"]["total"]["ratio"] < 1.25
    assert report["total"]["low"] < report["total"]["actual"] < report["total"]["high"]
    assert 0.3 < report["customer"]["top10_capture"] <= report["customer"]["top10_capture_perfect"]


def test_a_holdout_must_come_after(fitted: Shop) -> None:
    with pytest.raises(VolverError) as caught:
        predict.check(fitted, "2024-06-30", "2024-06-30")
    assert caught.value.code == "predict.bad_holdout"


def test_tracking_holds_the_last_part_out_and_stays_near(fitted: Shop) -> None:
    rows = predict.tracking(fitted).rows()
    held = [row for row in rows if row["held_out"]]
    assert 20 < len(held) < len(rows)
    assert all(row["low"] <= row["expected"] <= row["high"] for row in rows)
    inside = sum(row["low"] <= row["actual"] <= row["high"] for row in rows)
    assert inside > 0.75 * len(rows)
    assert sum(row["expected"] for row in held) == pytest.approx(sum(row["actual"] for row in held), rel=0.25)


def test_the_shelf_keeps_every_model_with_where_it_came_from(fitted: Shop) -> None:
    [model] = predict.shelf(fitted)
    assert (model.customers, model.published) == (3000, True)
    assert {"first_day", "seconds", "check", "total", "choice", "horizons", "discount_rate_yearly"} < set(model.body)
    assert model.model in predict.MODELS
    assert list((fitted.path / "models").glob("*.part")) == []


def test_the_newest_fit_is_the_published_one(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        write_ledger(shop, lines("(1, 1, 1, '2024-01-10', 'sale', 20.0)", "(2, 1, 1, '2024-03-10', 'sale', 20.0)"))
        predict.fit(shop, at="2024-02-01")
        predict.fit(shop)
        assert [each.published for each in predict.shelf(shop)] == [True, False]
        assert predict.value_report(shop).at == date(2024, 3, 10)
        assert predict.tracking(shop).rows() == [] or predict.tracking(shop).rows()[-1]["held_out"] == 1


def test_the_curve_of_coming_back_jumps_at_an_order_and_falls_in_silence(fitted: Shop) -> None:
    files = fitted.compute.write(
        """
        select order_id, order_ref, customer_id, ts_us, day, doc, 1 as is_order, null as undone_day, 1 as lines,
               10000 as units_e4, amount_e4 as gross_e4, 0 as discount_e4, 0 as returned_e4, amount_e4 as net_e4,
               0 as cost_e4, 0 as unmatched, day as from_day, null as until_day from order_lines""",
        "orders",
    )
    fitted.lake.replace("orders", files)
    often = fitted.compute.relation(
        """select customer_id from order_lines group by customer_id
           having count(distinct day) between 3 and 9 order by 1 limit 1"""
    ).to_pylist()[0]["customer_id"]
    curve = predict.alive_curve(fitted, often)
    assert curve is not None
    by_day = dict(zip(curve.days, curve.p_alive, strict=True))
    assert curve.until == predict.shelf(fitted)[0].data_until
    assert curve.days[-1] > curve.until
    tail = [p for day, p in by_day.items() if day > curve.orders[-1]]
    assert tail == sorted(tail, reverse=True)
    assert all(0 <= p <= 1 for p in curve.p_alive)
    assert predict.alive_curve(fitted, -5) is None


def test_fitting_does_not_touch_the_ledger(fitted: Shop) -> None:
    before = fitted.lake.snapshot("order_lines").version
    predict.check(fitted, "2024-03-31", "2024-06-30")
    assert fitted.lake.snapshot("order_lines").version == before


def test_complete_journey_is_foreseen_within_a_few_percent(tmp_path: Path) -> None:
    path = shared("completejourney/transactions.parquet")
    with new_shop(tmp_path / "shop", currency="USD", timezone="America/New_York") as shop:
        write_ledger(
            shop,
            f"""
            select basket_id as order_id, household_id as customer_id, product_id, 'sale' as kind,
                   transaction_at at time zone 'America/New_York' as ts, sales_value_usd as amount from '{path}'""",
        )
        report = predict.check(shop, "2017-09-30", "2017-12-31")
    assert report.customers == 2446
    assert report.orders.ratio == pytest.approx(1.0, abs=0.03)
    assert report.money.ratio == pytest.approx(1.0, abs=0.05)
    assert report.money.customer["spearman"] > 0.8
