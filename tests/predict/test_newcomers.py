"""New customers: what the next one of a group brings, how far a group is believed, what a lead is worth."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.money_world import START, learned_from_orders, orders, shop_with, true_later_orders, true_spend
from tests.world import new_shop, written
from volver.predict.money.effects import Effects, Feature
from volver.predict.money.first_orders import UnknownGrouping, first_orders, groups
from volver.predict.money.leads import first_order_effects, value_at_first_order, value_of_lead
from volver.predict.money.newcomers import newcomers
from volver.predict.money.outlook import estimate, outlook
from volver.predict.money.shrinkage import means, rates, within_reach
from volver.predict.value.registry import published
from volver.store import Shop

ONE = np.ones(1)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop_with(tmp_path_factory.mktemp("alike") / "shop", orders(2000, seed=2)) as made:
        yield made


@pytest.fixture(scope="module")
def unlike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    rows = orders(2000, better=4.0)
    with shop_with(tmp_path_factory.mktemp("unlike") / "shop", rows) as made:
        yield made


def test_channels_that_do_not_differ_come_together(alike: Shop) -> None:
    report = newcomers(alike, "channel")
    truth = true_later_orders(365.0)
    assert [each.key for each in report.groups] == ["search", "social", "friends", "market"]
    for each in report.groups:
        assert 0.93 < each.factor.expected < 1.07
        assert each.later.expected == pytest.approx(truth, rel=0.15)
    assert report.value.expected == pytest.approx((1 + truth) * true_spend(), rel=0.1)


def test_a_channel_that_is_better_is_found_and_the_others_are_not(unlike: Shop) -> None:
    report = newcomers(unlike, "channel")
    found = {each.key: each for each in report.groups}
    best, truth = found["friends"], true_later_orders(365.0, better=4.0)
    assert best.p_better > 0.99
    assert found["search"].p_better < 0.2
    assert best.later.expected == pytest.approx(truth, rel=0.2)
    assert best.value.low > found["search"].value.high


def test_a_small_group_leans_on_the_shop_and_says_so(unlike: Shop) -> None:
    report = newcomers(unlike, "channel")
    found = {each.key: each for each in report.groups}
    small, large = found["market"], found["search"]
    assert small.note is not None
    assert "customers say little" in str(small.note)
    assert large.note is None
    assert small.weight < large.weight
    assert (small.value.high - small.value.low) / small.value.expected > (
        large.value.high - large.value.low
    ) / large.value.expected


def test_the_first_order_is_part_of_the_value_and_told_apart(alike: Shop) -> None:
    report = newcomers(alike, "basket", "90d")
    for each in report.groups:
        assert each.first.expected < each.value.expected
        assert each.value.low <= each.value.low80 <= each.value.expected <= each.value.high80 <= each.value.high
    later = newcomers(alike, "basket", "2 years")
    assert all(a.value.expected < b.value.expected for a, b in zip(report.groups, later.groups, strict=True))
    json.dumps(report.to_dict(), allow_nan=False)


@pytest.mark.parametrize("by", ["first-product", "first-category", "basket", "price", "discount"])
def test_every_customer_is_in_one_group(alike: Shop, by: str) -> None:
    report = newcomers(alike, by)
    assert sum(each.customers for each in report.groups) == report.customers


def test_the_same_seed_gives_the_same_numbers(alike: Shop) -> None:
    assert newcomers(alike, seed=3).to_dict() == newcomers(alike, seed=3).to_dict()


def test_a_grouping_that_is_none_is_refused(alike: Shop) -> None:
    with pytest.raises(UnknownGrouping):
        newcomers(alike, "shoe size")


def test_one_wholesale_account_does_not_make_a_channel(tmp_path: Path) -> None:
    rows = orders(800, seed=4)
    heavy = rows.filter(pl.col("channel") == 1)["customer"][0]
    rows = rows.with_columns(
        amount=pl.when(pl.col("customer") == heavy).then(pl.col("amount") * 2000).otherwise(pl.col("amount"))
    )
    with shop_with(tmp_path / "shop", rows) as shop:
        found = {each.key: each for each in newcomers(shop).groups}
    assert found["social"].value.expected < 1.3 * found["search"].value.expected


# ---- shrinking


@given(st.floats(0, 5000), st.floats(0.1, 5000), st.floats(1, 20))
@settings(max_examples=40)
def test_a_factor_lies_between_the_shop_and_what_was_seen(came: float, expected: float, noise: float) -> None:
    found = rates(np.array([came]), np.array([expected]), noise * ONE, np.random.default_rng(1), 400)
    middle, raw = float(found.draws.mean()), came / expected
    slack = 0.2 + 3 * float(found.draws.std()) / 20
    assert min(raw, 1.0) - slack < middle < max(raw, 1.0) + slack
    assert np.isfinite(found.draws).all()
    assert 0 <= found.weight[0] <= 1


def test_much_evidence_speaks_for_itself_and_none_for_the_shop() -> None:
    came = np.array([200_000.0, 100_000.0, 0.0])
    found = rates(came, np.array([100_000.0, 100_000.0, 0.0]), np.ones(3), np.random.default_rng(2), 2000)
    assert found.draws[:, 0].mean() == pytest.approx(2.0, rel=0.02)
    assert found.draws[:, 2].mean() == pytest.approx(1.0, abs=0.15)
    assert found.weight[0] > 0.99
    assert found.weight[2] < 0.01


def test_intervals_of_factors_cover_as_often_as_they_claim() -> None:
    chance, inside, seen = np.random.default_rng(5), 0, 0
    for _ in range(80):
        truth = chance.gamma(1 / 0.2**2, 0.2**2, 12)
        expected = np.geomspace(3, 400, 12)
        came = chance.poisson(truth * expected).astype(float)
        draws = rates(came, expected, np.ones(12), chance, 1000).draws
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        inside, seen = inside + int(((truth > low) & (truth < high)).sum()), seen + 12
    assert 0.86 < inside / seen < 0.95


def test_money_is_shrunk_on_the_log() -> None:
    found = means(np.log([2.0, 1.0, 1.0, 3.0]), np.array([0.02, 0.02, 0.02, np.inf]), np.random.default_rng(1), 4000)
    assert found.draws[:, 0].mean() == pytest.approx(2.0, rel=0.03)
    assert found.weight[3] == 0.0
    assert np.median(found.draws[:, 3]) == pytest.approx(1.0, abs=0.1)


def test_heavy_amounts_are_drawn_in_and_others_stay() -> None:
    money = np.append(np.random.default_rng(1).lognormal(3, 0.5, 200), [1e9, 0.0, -5.0])
    found = within_reach(money)
    assert found[200] < 1000
    assert (found[:200] == money[:200]).mean() > 0.98
    assert found[201:].tolist() == [0.0, -5.0]


# ---- one person


def test_effects_that_were_planted_are_found() -> None:
    chance, n = np.random.default_rng(7), 8000
    one, two = chance.integers(0, 3, n), chance.integers(0, 4, n)
    truth = np.array([0.5, 0.0, -0.5])
    came = chance.poisson(2.0 * np.exp(truth[one])).astype(float)
    features = (
        Feature(name="one", levels=("a", "b", "c"), of=one),
        Feature(name="two", levels=("k", "l", "m", "n"), of=two),
    )
    model = Effects().fit(came, np.full(n, 2.0), features)
    a, wide = model.predict({"one": "a", "two": "k"})
    c, _ = model.predict({"one": "c", "two": "k"})
    assert a - c == pytest.approx(1.0, abs=0.06)
    assert 0.0 < wide < 0.5
    assert model.tau_[0] > 3 * model.tau_[1]
    assert model.predict({"one": "never seen"})[0] == 0.0


def test_a_person_is_worth_what_people_like_that_are(unlike: Shop) -> None:
    good = value_at_first_order(unlike, amount=35.0, channel="friends")
    usual = value_at_first_order(unlike, amount=35.0, channel="search")
    small = value_at_first_order(unlike, amount=10.0, channel="search")
    assert good.value.expected > usual.value.expected > small.value.expected
    assert good.factor.low > 1.1
    assert good.low <= good.value.expected <= good.high
    stranger = value_at_first_order(unlike, channel="television")
    assert stranger.unseen == ("television",)
    assert stranger.factor.high - stranger.factor.low > usual.factor.high - usual.factor.low


# ---- leads


def events(shop: Shop, rows: list[tuple[int, int]]) -> None:
    shop.lake.replace(
        "events",
        written(
            shop,
            "events",
            [
                {
                    "event_id": n,
                    "customer_id": who,
                    "ts_us": day * 86_400_000_000,
                    "day": START + timedelta(days=day),
                    "kind": "page_viewed",
                    "batch": 1,
                    "month": f"{START + timedelta(days=day):%Y-%m}",
                }
                for n, (who, day) in enumerate(rows)
            ],
        ),
    )


def test_without_leads_the_answer_is_that_nobody_is_known(alike: Shop) -> None:
    report = value_of_lead(alike)
    assert report.value is None
    assert report.leads == 0
    assert "Nobody is known" in str(report.cannot)


def test_a_lead_is_worth_the_chance_that_it_orders_times_a_newcomer(tmp_path: Path) -> None:
    rows = orders(1500, seed=9)
    chance = np.random.default_rng(3)
    born = rows.group_by("customer").agg(pl.col("day").min()).sort("customer")
    hazard, seen = 0.004, []
    for who, day in born.iter_rows():
        if day > 60:
            seen.append((who + 1, int(day - min(chance.exponential(40), day - 1)) - 1))
    with shop_with(tmp_path / "shop", rows) as shop:
        # as many people again who were seen all along and order at the planted pace, or never did until today
        for n in range(600):
            first = int(chance.integers(200, 700))
            if chance.exponential(1 / hazard) > 729 - first:
                seen.append((100_000 + n, first))
        events(shop, seen)
        report = value_of_lead(shop, "90d")
        plain = newcomers(shop, horizon="90d")
    assert report.cannot is None
    assert report.value is not None
    assert report.total is not None
    [only] = report.groups
    assert only.key == "unknown"
    assert only.leads == report.leads
    assert 0.0 < only.p_order.low < only.p_order.expected < only.p_order.high < 1.0
    assert report.value.expected < plain.value.expected
    assert report.total.expected == pytest.approx(report.leads * report.value.expected)


@pytest.mark.slow
def test_intervals_of_newcomers_cover_as_often_as_they_claim() -> None:
    truth, inside, seen = true_later_orders(365.0), 0, 0
    for seed in range(30):
        learned, firsts = learned_from_orders(orders(1200, seed=100 + seed))
        found = outlook(learned, firsts, groups(firsts, "channel"), 365.0, 0.0, margin_rate=0.4, seed=1)
        for place in range(len(found.keys) + 1):
            told = estimate(found.repeats[:, place])
            inside, seen = inside + int(told.low < truth < told.high), seen + 1
    assert 0.85 <= inside / seen <= 0.98


@pytest.mark.slow
def test_the_simulated_shop_whose_channels_say_nothing(tmp_path: Path) -> None:
    from volver import know, predict
    from volver.collect import import_simulated, simulate_shop

    with new_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as shop:
        made = simulate_shop(6000, 3, out_dir=tmp_path / "files")
        import_simulated(shop, made)
        know.refresh(shop)
        predict.fit(shop)
        report = newcomers(shop)
    truth = pl.read_parquet(made.truth).filter(pl.col("kind") == "person", pl.col("orders") > 0)
    spend = float(truth["net_spend_per_order"].mean())
    assert all(abs(each.factor.expected - 1.0) < 0.1 for each in report.groups)
    assert sum(each.factor.low < 1.0 < each.factor.high for each in report.groups) >= 6
    law = predict.MBGNBD.of(r=0.85, alpha=75.0, a=0.75, b=1.9)
    later = float(law.predict([[0.0], [0.0], [0.0]], 365.0)[0])
    assert report.value.expected == pytest.approx(spend * (1 + later * 0.96), rel=0.15)
    assert report.at == date(2026, 6, 30)


@pytest.mark.parametrize("n", [3, 20, 60])
def test_a_tiny_shop_gets_finite_wide_answers(n: int) -> None:
    for seed in range(4):
        learned, firsts = learned_from_orders(orders(n, seed=seed))
        found = outlook(learned, firsts, groups(firsts, "channel"), 365.0, 0.1, margin_rate=0.4, seed=1)
        assert np.isfinite(found.value).all()
        assert (found.value > 0).all()
        assert all(found.note(place) is not None for place in range(len(found.keys)) if n < 50)


def test_a_shop_where_nobody_came_back_expects_few_and_not_none() -> None:
    rows = orders(200, seed=3).sort("day").unique("customer", keep="first")
    learned, firsts = learned_from_orders(rows)
    found = outlook(learned, firsts, groups(firsts, "channel"), 365.0, 0.0, margin_rate=0.4, seed=1)
    later = estimate(found.repeats[:, -1])
    assert 0.0 <= later.low < later.expected < later.high < 0.2


def older(rows: pl.DataFrame) -> pl.DataFrame:
    """Orders with 400 more customers who were there before: every 30 to 60 days from the first three weeks on."""
    chance = np.random.default_rng(3)
    more = [
        {"customer": 10_000 + n, "day": float(day), "amount": 30.0, "channel": 0}
        for n in range(400)
        for day in np.arange(chance.integers(0, 21), 729, chance.integers(30, 60))
    ]
    return pl.concat([rows, pl.DataFrame(more).select(pl.col(name).cast(kind) for name, kind in rows.schema.items())])


def test_customers_from_before_the_history_teach_nothing_about_newcomers(tmp_path: Path) -> None:
    rows = orders(1500, seed=4)
    with shop_with(tmp_path / "shop", older(rows)) as made:
        found = first_orders(made, START + timedelta(days=729), 365.0)
        assert found.old is not None
        assert 400 <= found.old.sum() < 700
        assert len(found) == 1900
        assert len(found.teaching) == 1900 - found.old.sum()
        report = newcomers(made, "channel")
        [note] = [str(each) for each in report.remarks if "left out" in str(each)]
        assert note.startswith(f"{found.old.sum()} customers of the first 91 days")
        assert report.customers == sum(each.customers for each in report.groups) == 1900
        truth = (1 + true_later_orders(365.0)) * true_spend()
        assert report.value.expected == pytest.approx(truth, rel=0.15)
        effects, _ = first_order_effects(published(made).learned, found.teaching)
        assert effects is not None


def test_a_history_whose_first_customers_are_like_the_others_keeps_them_all(alike: Shop) -> None:
    found = first_orders(alike, START + timedelta(days=729), 365.0)
    assert found.old is None
    assert found.teaching is found
    assert found.remarks == ()


def test_a_short_horizon_does_not_call_many_customers_few(alike: Shop) -> None:
    found = [each for each in newcomers(alike, "channel", "1d").groups if each.customers >= 50]
    assert not any("customers say little" in str(each.note) for each in found)
    assert str(found[-1].note) == "too few came back within this time to tell: this leans on the whole shop."
