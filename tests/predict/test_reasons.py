"""Why a customer is worth what they are: factors that multiply to the value, sentences that are true and few."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from tests.predict.world import simulated_lines, write_ledger
from volver import predict
from volver.core import clock
from volver.predict import CustomerValue, GammaGamma, MixedSpend
from volver.predict.freshness import SCORES
from volver.predict.laws.calendar import Calendar
from volver.predict.value.correction import Correction, Factor
from volver.predict.value.histories import buyers
from volver.predict.value.level import Level
from volver.predict.value.publishing import horizons, publish, scores
from volver.predict.value.registry import keep
from volver.predict.value.selection import Choice
from volver.predict.value.training import Learned, learn
from volver.store import Shop, create_shop
from volver.ui import Speech

AT = date(2024, 12, 30)
DISCOUNT = 0.1
ONCE, RETURNED, FREE, RESELLER, ABSURD, LATER, TWICE, FAITHFUL = range(9001, 9009)
HORIZONS = ("30d", "365d", "5 years")
SPOKEN = {lang: Speech(lang=lang, currency="EUR", zone="Europe/Madrid") for lang in ("en", "es")}
SPECIAL = f"""
    select {ONCE} as customer, timestamp '2024-12-30 09:00' as ts, 'sale' as kind, 40.0 as amount
    union all select {RETURNED}, timestamp '2024-03-01' + to_days(cast(60 * i as integer)), 'sale', 80.0
      from range(3) as t(i)
    union all select {RETURNED}, timestamp '2024-03-11' + to_days(cast(60 * i as integer)), 'return', -80.0
      from range(3) as t(i)
    union all select {FREE}, timestamp '2024-06-01' + to_days(cast(30 * i as integer)), 'sale', 0.0
      from range(4) as t(i)
    union all select {RESELLER} + 100 * j, timestamp '2024-02-01' + to_days(cast(40 * i as integer)), 'sale',
      2000.0 + 97 * ((7 * i + 3 * j) % 11) from range(8) as t(i), range(30) as u(j)
    union all select {ABSURD}, timestamp '2023-01-01' + to_minutes(cast(105 * i as integer)), 'sale', 3.0
      from range(10000) as t(i)
    union all select {LATER}, timestamp '2025-01-05', 'sale', 30.0
    union all select {TWICE}, timestamp '2024-11-01' + to_days(cast(i as integer)), 'sale', 25.0 from range(2) as t(i)
    union all select {FAITHFUL}, timestamp '2024-01-05' + to_days(cast(30 * i as integer)), 'sale', 61.0
      from range(12) as t(i)"""


def taught(shop: Shop) -> Learned:
    """Everything that can be learned of a shop, at once: two classes, a Christmas, a level, corrections."""
    months = (0.8,) * 11 + (3.2,)
    now = buyers(shop, AT)
    level = Level(orders=0.95, money=0.9, orders_doubt=0.1, money_doubt=0.1)
    choice = Choice(model="Pareto/NBD", spend="mixed", calendar=Calendar(months=months), level=level)
    columns = learn(now, choice).columns(now)
    weights = np.zeros(columns.shape[1])
    weights[[3, 10]] = -0.1, 0.3
    apart = columns - columns.mean(axis=0)
    factor = Factor(
        mean=columns.mean(axis=0),
        deviation=np.maximum(columns.std(axis=0), 1e-9),
        weights=weights,
        low=apart.min(axis=0),
        high=apart.max(axis=0),
    )
    return learn(now, replace(choice, correction=Correction(orders=factor, money=factor, days=365.0)))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    file = tmp_path_factory.mktemp("lines") / "lines.parquet"
    simulated_lines(400, seed=4).write_parquet(file)
    with create_shop(tmp_path_factory.mktemp("reasons") / "shop", currency="EUR") as made:
        write_ledger(
            made,
            f"""select row_number() over () as order_id, customer as customer_id, 1 as product_id, kind, amount, ts
                from (select customer + 1 as customer, timestamp '2023-01-01' + to_days(cast(day as integer)) as ts,
                             'sale' as kind, amount from '{file}' union all {SPECIAL})""",
        )
        with pytest.raises(predict.NoModel):
            predict.value_of_customer(made, ONCE)
        learned, now = taught(made), buyers(made, AT)
        publish(made, scores(learned, now, DISCOUNT), SCORES.marks(made, AT))
        keep(made, learned, {"horizons": horizons(learned, now, DISCOUNT), "discount_rate_yearly": DISCOUNT}, 1)
        yield made


@cache
def value_of(shop: Shop, customer: int, horizon: str = "365d") -> CustomerValue:
    return predict.value_of_customer(shop, customer, horizon)


def told(shop: Shop, customer: int, horizon: str = "365d") -> tuple[CustomerValue, dict[str, str]]:
    found = value_of(shop, customer, horizon)
    return found, {each.key: SPOKEN["en"].words(each.words) for each in found.reasons}


def some(shop: Shop) -> list[int]:
    ids = shop.compute.relation("select customer_id from scores where customer_id < 9000 or customer_id > 9100")
    return [*ids.column("customer_id").to_pylist()[::50], ONCE, RETURNED, FREE, RESELLER, ABSURD, TWICE, FAITHFUL]


@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_factors_multiply_to_the_value(shop: Shop, horizon: str) -> None:
    for customer in some(shop):
        found = value_of(shop, customer, horizon)
        assert found.base is not None
        assert found.base * np.prod(list(found.factors.values())) == pytest.approx(found.value, rel=1e-9)
        assert all(np.isfinite(each) and each >= 0 for each in found.factors.values())


def test_one_customer_is_foreseen_as_among_all(shop: Shop) -> None:
    for customer in some(shop):
        [row] = shop.compute.relation("select * from scores where customer_id = $id", {"id": customer}).to_pylist()
        found = value_of(shop, customer)
        assert found.value == pytest.approx(row["value_365d_e4"] / 10_000, abs=1e-4)
        assert (found.low, found.high) == (row["value_low_e4"] / 10_000, row["value_high_e4"] / 10_000)
        assert found.spend_per_order == pytest.approx(row["spend_per_order_e4"] / 10_000, abs=1e-4)
        assert (found.p_alive, found.orders) == pytest.approx((row["p_alive"], row["orders_365d"]), rel=1e-9)
        assert (found.next_from, found.next_to) == (row["next_from_day"], row["next_to_day"])
        assert value_of(shop, customer, "30d").p_buy == pytest.approx(row["p_buy_30d"], rel=1e-9)


def test_the_mean_customer_is_the_mean_of_all(shop: Shop) -> None:
    report = predict.value_report(shop, "365d")
    found = value_of(shop, ONCE)
    assert found.mean_value == pytest.approx(report.total.expected / report.customers, rel=1e-9)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_reasons_are_few_ordered_and_only_those_that_matter(shop: Shop, horizon: str) -> None:
    for customer in some(shop):
        found = value_of(shop, customer, horizon)
        assert 3 <= len(found.reasons) <= 6
        assert found.reasons[0].key == "history"
        sizes = [abs(np.log(each.factor)) for each in found.reasons if each.factor]
        assert sizes == sorted(sizes, reverse=True)
        small = [each.key for each in found.reasons if each.factor and abs(np.log(each.factor)) < 0.05]
        assert set(small) <= {"alive", "return"}
        assert all(each.factor == found.factors[each.key] for each in found.reasons if each.factor is not None)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_sentences_are_whole_in_both_languages(shop: Shop, horizon: str) -> None:
    english, spanish = set(), set()
    for customer in [*some(shop), LATER]:
        for each in value_of(shop, customer, horizon).reasons:
            english.add(SPOKEN["en"].words(each.words))
            spanish.add(SPOKEN["es"].words(each.words))
    assert len(spanish) > 10
    assert not english & spanish
    for said in english | spanish:
        assert said.endswith(".")
        assert not re.search(r"[{}]|nan|None|\b[Ww]ords\b", said)
        assert not re.search(r"(?<![\d.,])1 (orders|days|weeks|months|years|pedidos|días|semanas|meses|años)\b", said)
    assert not [said for said in spanish if re.search(r"\b(the|of|day|days|order|orders)\b", said)]


def test_a_one_time_buyer_is_told_how_many_such_customers_order_again(shop: Shop) -> None:
    found, said = told(shop, ONCE)
    assert said["history"] == "Ordered on a single day: 30 Dec 2024."
    assert found.p_buy is not None
    assert said["return"].startswith(f"Of 100 such customers about {round(100 * found.p_buy)} buy again within 12")
    assert "after one order that counts for" in said["spend"]
    assert {"alive", "frequency"}.isdisjoint(found.factors)


def test_a_rhythm_is_told_from_three_order_days_on(shop: Shop) -> None:
    assert "on average about every 4 weeks" in told(shop, FAITHFUL)[1]["history"]
    twice = told(shop, TWICE)[1]
    assert twice["history"] == "Ordered on two days, 1 day apart, the second time on 2 Nov 2024."
    assert "for 8 weeks" in twice["alive"]
    assert "gap" not in twice["alive"]


def test_what_all_came_back_is_not_called_cheap(shop: Shop) -> None:
    found, said = told(shop, RETURNED)
    assert said["returns"] == "Everything that was bought came back."
    assert found.factors["returns"] < 0.5
    assert found.value is not None
    assert found.value >= 0


def test_orders_without_money_tell_nothing_of_spend(shop: Shop) -> None:
    found, said = told(shop, FREE)
    assert found.reasons[0].words.params["times"] == 4
    assert said.get("spend", "No order with money in it so far").startswith("No order with money in it so far")


def test_a_reseller_is_one_of_the_few(shop: Shop) -> None:
    found, said = told(shop, RESELLER)
    assert said["wholesale"].startswith("One of the few who spend far more an order (chance")
    assert found.factors["wholesale"] > 2.0
    assert 0.5 < found.factors["spend"] < 2.0
    assert "wholesale" not in told(shop, FAITHFUL)[0].factors


def test_a_thousand_times_too_many_orders_are_explained_all_the_same(shop: Shop) -> None:
    found, said = told(shop, ABSURD)
    assert said["history"].startswith("Ordered on 730 days within 24 months")
    assert found.factors["frequency"] > 10
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.high < np.inf


def test_season_and_level_are_told_where_they_matter(shop: Shop) -> None:
    soon, year = told(shop, FAITHFUL, "30d"), told(shop, FAITHFUL)
    assert soon[1]["season"] == "Because of the season, less is bought within 30 days than usual."
    assert "season" not in year[1]
    assert year[0].factors["level"] == 0.9
    assert "foreseen too high" in year[1].get("level", "foreseen too high")
    assert any(told(shop, customer)[1].get("correction", "").endswith(" is what was ordered of late.")
               for customer in some(shop))  # fmt: skip


def test_of_a_customer_whom_the_model_does_not_know_it_says_so(shop: Shop) -> None:
    found, said = told(shop, LATER)
    assert (found.value, found.p_alive, found.base, found.factors) == (None, None, None, {})
    assert said == {"unknown": "By 30 Dec 2024, the last day that the forecast knows, this customer had not ordered."}
    assert predict.value_of_customer(shop, 2**62).value is None
    assert found.to_dict()["value"] is None


def test_a_model_of_an_earlier_volver_is_explained_too(shop: Shop) -> None:
    now = buyers(shop, AT)
    learned = predict.published(shop).learned
    before = predict.value_of_customer(shop, FAITHFUL)
    keep(shop, learned, {"discount_rate_yearly": DISCOUNT}, clock.now_us())
    assert predict.value_of_customer(shop, FAITHFUL) == before
    kept = max((shop.path / "models").glob("*.usual.json"))
    written = kept.stat().st_mtime_ns
    assert predict.value_of_customer(shop, FAITHFUL) == before
    assert kept.stat().st_mtime_ns == written
    assert len(now) > 400


def test_what_a_mean_counts_for_makes_the_forecast_of_spend() -> None:
    chance = np.random.default_rng(5)
    orders = chance.integers(0, 40, 300).astype(float)
    mean = np.where(orders > 0, chance.lognormal(4, 1.5, 300), 0.0)
    for law in (
        GammaGamma.of(p=6.25, q=3.74, v=15.44),
        MixedSpend.of_classes(p=6.0, q=(4.0, 2.5), v=(15.0, 600.0), share=0.03),
    ):
        weight, towards = law.weighed(orders, mean)
        assert np.all((weight >= 0) & (weight < 1))
        assert weight * mean + (1 - weight) * towards == pytest.approx(law.predict(orders, mean), rel=1e-9)
        assert weight[orders == 0] == pytest.approx(0.0)


def test_a_window_is_of_days_to_come(shop: Shop) -> None:
    found = predict.value_of_customer(shop, ABSURD)
    assert found.next_from is not None
    assert found.next_from >= AT + timedelta(days=1)
