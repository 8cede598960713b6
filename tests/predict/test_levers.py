"""Levers: what moving one is worth, against simulation; and totals of any part of the customers."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.money_world import orders, shop_with
from tests.predict.world import SPEND
from volver import know, predict
from volver.predict import BGNBD, MBGNBD, CustomerWorth, ParetoNBD, histories
from volver.predict.laws.buying import BuyingModel
from volver.predict.money.benchmarks import UnknownBenchmark, benchmark
from volver.predict.money.levers import LeversReport, Machine, levers
from volver.predict.money.subgroup_totals import parts
from volver.predict.money.what_if import Push, newborn_orders, pushed_orders, staying
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import buyers
from volver.predict.value.registry import published
from volver.store import Shop

LAWS: list[BuyingModel] = [
    MBGNBD.of(r=0.6, alpha=40.0, a=0.8, b=2.1),
    BGNBD.of(r=0.3, alpha=30.0, a=0.8, b=2.5),
    ParetoNBD.of(r=0.6, alpha=40.0, s=0.6, beta=80.0),
]
SOME = histories([[0, 1, 3, 9], [0, 30, 200, 390], [100, 90, 300, 400]])
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop_with(tmp_path_factory.mktemp("levers") / "shop", orders(2000, seed=2), discount_rate_yearly=0.1) as made:
        yield made


@pytest.fixture(scope="module")
def year(shop: Shop) -> LeversReport:
    return levers(shop)


@pytest.fixture(scope="module")
def two_years(shop: Shop) -> LeversReport:
    return levers(shop, "2 years")


# ---- a pushed law


@laws
@pytest.mark.parametrize("discount", [0.0, 0.15])
def test_a_push_of_nothing_is_the_law_itself(law: BuyingModel, discount: float) -> None:
    found = pushed_orders(law, SOME, 365.0, Push(), discount)
    assert found == pytest.approx(law.orders_by_row(SOME, 365.0, discount=discount), rel=1e-9)
    newborn = law.predict([[0.0], [0.0], [0.0]], 365.0)[0]
    assert newborn_orders(law, np.array([365.0]))[0] == pytest.approx(newborn, rel=1e-6)


@laws
@given(rate=st.floats(1.0, 2.0), dropout=st.floats(0.05, 1.0), days=st.floats(1.0, 2000.0))
@settings(max_examples=25)
def test_more_often_and_less_lost_is_never_worth_less(
    law: BuyingModel, rate: float, dropout: float, days: float
) -> None:
    plain = pushed_orders(law, SOME, days)
    assert (pushed_orders(law, SOME, days, Push(rate=rate)) >= plain * (1 - 1e-9)).all()
    assert (pushed_orders(law, SOME, days, Push(dropout=dropout)) >= plain * (1 - 1e-9)).all()
    kept = staying(law, SOME, days, Push(dropout=dropout))
    assert (kept >= staying(law, SOME, days) - 1e-12).all()
    assert (kept <= 1.0).all()


def test_a_newcomer_who_orders_more_often_has_the_law_with_a_smaller_alpha() -> None:
    law, days = LAWS[0], np.array([30.0, 365.0, 1000.0])
    faster = MBGNBD.of(r=0.6, alpha=40.0 / 1.3, a=0.8, b=2.1)
    assert newborn_orders(law, days, Push(rate=1.3)) == pytest.approx(newborn_orders(faster, days), rel=1e-9)


@laws
def test_pushed_orders_are_what_a_simulation_brings(law: BuyingModel) -> None:
    push, n, age, days = Push(rate=1.2, dropout=0.7), 60_000, 300.0, 400.0
    known, came, alive_then, alive_later = simulated(law, n, age, days, push, seed=11)
    foreseen = float(known.n @ pushed_orders(law, known, days, push))
    assert came.sum() == pytest.approx(foreseen, abs=4 * came.std() * np.sqrt(n))
    kept = float((known.n * law._p_alive(known)) @ staying(law, known, days, push))
    assert alive_later.sum() == pytest.approx(kept, abs=4 * np.sqrt(alive_then.sum()))


def simulated(law: BuyingModel, n: int, age: float, days: float, push: Push, seed: int):
    """A shop's past under the law and its future under the push: histories, later orders, who is alive when."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(law.r_, 1 / law.alpha_, n)
    if isinstance(law, ParetoNBD):
        mu = chance.gamma(law.s_, 1 / law.beta_, n)
        life = chance.exponential(size=n) / np.maximum(mu, 1e-300)
        more = np.where(life > age, chance.exponential(size=n) / np.maximum(push.dropout * mu, 1e-300), 0.0)
        seen = np.minimum(life, age)
        x = chance.poisson(rate * seen).astype(float)
        t_x = np.where(x > 0, seen * chance.random(n) ** (1 / np.maximum(x, 1)), 0.0)
        came = chance.poisson(rate * push.rate * np.minimum(more, days)).astype(float)
        return histories([x, t_x, np.full(n, age)]), came, life > age, more > days
    stop = chance.beta(law.a_, law.b_, n)
    x, t_x, clock, came = (np.zeros(n) for _ in range(4))
    alive = chance.random(n) >= stop if law.first_chances else np.ones(n, dtype=bool)
    going = np.flatnonzero(alive)
    while len(going):
        clock[going] += chance.exponential(size=len(going)) / np.maximum(rate[going], 1e-300)
        going = going[clock[going] <= age]
        x[going] += 1
        t_x[going] = clock[going]
        stops = chance.random(len(going)) < stop[going]
        alive[going[stops]] = False
        going = going[~stops]
    then, later, clock = alive.copy(), alive.copy(), np.zeros(n)
    going = np.flatnonzero(alive)
    while len(going):
        clock[going] += chance.exponential(size=len(going)) / np.maximum(push.rate * rate[going], 1e-300)
        going = going[clock[going] <= days]
        came[going] += 1
        stops = chance.random(len(going)) < push.dropout * stop[going]
        later[going[stops]] = False
        going = going[~stops]
    return histories([x, t_x, np.full(n, age)]), came, then, later


# ---- levers of a shop


def test_every_lever_has_a_gain_with_an_interval_and_they_are_ranked(year: LeversReport) -> None:
    keys = {"retention", "order_value", "frequency", "newcomers", "discount_rate"}
    assert {each.key for each in year.levers} == keys
    gains = [each.gain.expected for each in year.levers if each.gain]
    assert gains == sorted(gains, reverse=True)
    for each in year.levers:
        assert each.gain is not None
        assert each.margin is not None
        assert 0 < each.gain.low < each.gain.low80 < each.gain.expected < each.gain.high80 < each.gain.high
        assert each.margin.expected == pytest.approx(each.gain.expected * year.margin_rate)
    json.dumps(year.to_dict(), allow_nan=False)


def test_one_percent_of_order_value_is_one_percent_of_the_money(year: LeversReport) -> None:
    [found] = [each for each in year.levers if each.key == "order_value"]
    assert found.gain is not None
    assert found.share == pytest.approx(0.01)
    assert found.gain.expected == pytest.approx(0.01 * year.value)


def test_without_any_lever_the_money_is_that_of_the_value_report(
    shop: Shop, year: LeversReport, two_years: LeversReport
) -> None:
    assert year.existing == pytest.approx(predict.value_report(shop, "365d").total.expected, rel=1e-6)
    assert two_years.existing == pytest.approx(predict.value_report(shop, "2 years").total.expected, rel=1e-6)


def test_frequency_cannot_bring_more_than_order_value(year: LeversReport) -> None:
    """First orders do not come more often, and who orders more often also stops sooner."""
    found = {each.key: each.gain.expected for each in year.levers if each.gain}
    assert found["frequency"] < found["order_value"]


def test_over_a_longer_horizon_every_lever_is_worth_more_and_retention_gains_most(
    year: LeversReport, two_years: LeversReport
) -> None:
    short, long = ({each.key: each for each in report.levers} for report in (year, two_years))
    for key, each in short.items():
        assert long[key].gain.expected > each.gain.expected
    assert long["retention"].share > short["retention"].share


def test_retention_rises_by_exactly_the_point(shop: Shop) -> None:
    model = published(shop)
    machine = Machine(model.learned, buyers(shop, model.data_until), 365.0, 0.1)
    law = model.learned.buying
    dropout = machine.point_more(law)
    assert dropout is not None
    assert 0.0 < dropout < 1.0
    before, after = machine.retention(law, Push()), machine.retention(law, Push(dropout=dropout))
    assert after - before == pytest.approx(0.01, abs=1e-7)


def test_retention_that_is_nearly_whole_cannot_rise(shop: Shop) -> None:
    model = published(shop)
    machine = Machine(model.learned, buyers(shop, model.data_until), 365.0, 0.1)
    assert machine.point_more(MBGNBD.of(r=0.6, alpha=40.0, a=1e-4, b=2.0)) is None


# ---- parts and benchmarks


def test_the_total_of_everyone_is_the_total_of_the_law(shop: Shop) -> None:
    model = published(shop)
    now, learned = buyers(shop, model.data_until), model.learned
    asked, known, span = learned.asked(0.1, 365.0), learned.known(now), learned.span(365.0)
    seen = Foreseen(learned, now, 365.0, 0.1)
    made = parts(asked, known, now.spend_days, now.mean_spend, span, value=seen.expected[1], level=learned.level)
    whole, found = seen.value_of(), made.total(slice(None))
    assert found.expected == pytest.approx(whole.expected, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((whole.low, whole.high), rel=1e-2)
    assert (found.low80, found.high80) == pytest.approx((whole.low80, whole.high80), rel=1e-2)


def test_a_part_is_worth_what_the_law_says_of_it_alone() -> None:
    known = LAWS[0].simulate(np.full(400, 300.0), seed=1)
    n = np.ones(400)
    asked = CustomerWorth(buying=LAWS[0], spend=SPEND, discount=0.1)
    made = parts(asked, known, n, n * 30.0, 365.0)
    some = np.arange(100, 200)
    rows = known.row_of[some]
    alone = asked.total_value([known.x[rows], known.t_x[rows], known.T[rows]], n[some], n[some] * 30.0, 365.0)
    found = made.total(some)
    assert (found.expected, found.low, found.high) == pytest.approx((alone.expected, alone.low, alone.high), rel=1e-6)


def test_stages_channels_and_cohorts_add_up_to_the_shop(shop: Shop) -> None:
    for by in ("stage", "channel", "cohort"):
        report = benchmark(shop, by)
        assert sum(each.customers or 0 for each in report.rows) == report.shop.customers
        assert sum(each.share or 0.0 for each in report.rows) == pytest.approx(1.0)
        for each in report.rows:
            if each.total is not None and each.customers:
                assert each.total.low < each.total.expected < each.total.high
                assert 0.0 <= (each.p_alive or 0.0) <= 1.0
        json.dumps(report.to_dict(), allow_nan=False)


def test_segments_have_the_members_that_the_know_room_counts(shop: Shop) -> None:
    report = benchmark(shop, "segment")
    counted = {each.key: each for each in know.segments(shop) if each.key not in know.STAGES}
    assert {each.key: each.customers for each in report.rows} == {key: each.members for key, each in counted.items()}
    assert any(each.waits_for is not None for each in report.rows)
    spenders = next(each for each in report.rows if each.key == "big-spenders")
    assert spenders.against_shop is not None
    assert spenders.against_shop > 1.0


def test_a_comparison_that_is_none_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownBenchmark):
        benchmark(shop, "zodiac")


def test_a_law_without_a_chance_to_stop_says_that_retention_cannot_be_said(shop: Shop) -> None:
    from dataclasses import replace

    from volver.predict.laws.nbd import NBD

    model = published(shop)
    now = buyers(shop, model.data_until)
    learned = replace(model.learned, model="NBD", buying=NBD().fit(now.known))
    found = {each.key: each for each in Machine(learned, now, 365.0, 0.1).levers(0.4)}
    assert found["retention"].gain is None
    assert "NBD has no chance to stop" in str(found["retention"].cannot)
    assert found["newcomers"].gain is None
    assert found["frequency"].gain.expected == pytest.approx(found["order_value"].gain.expected, rel=1e-3)


def test_levers_say_that_the_margin_is_a_setting(year: LeversReport) -> None:
    assert any("margin_rate" in str(each) for each in year.remarks)
    assert year.to_dict()["remarks"] == [str(each) for each in year.remarks]
