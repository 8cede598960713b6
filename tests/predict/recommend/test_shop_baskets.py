"""Next baskets of a whole shop, and what they were worth on its own past."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.predict.world import write_ledger
from tests.world import new_shop
from volver.cli.predict.recommend import tell_recommend
from volver.core import clock
from volver.predict.recommend.evaluation import Contender, evaluate, split
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.next_basket import NextBasket
from volver.predict.recommend.shop_baskets import check_recommend, next_baskets
from volver.store import Shop

NO_GOODS = ("Fuel", "Miscellaneous", "Coupon & miscellaneous items", "Coupons & store & mfg")


def orders(customers: int, repeats: float, seed: int = 0) -> pl.DataFrame:
    """Two lines an order: with chance `repeats` an own favourite, else something of the customer's kind."""
    chance = np.random.default_rng(seed)
    day = np.concatenate([np.sort(chance.choice(300, 8, replace=False)) for _ in range(customers)])
    who = np.repeat(np.arange(customers), 8)
    user, when = np.repeat(who, 2), np.repeat(day, 2)
    kind = chance.integers(0, 6, customers)[user]
    own = kind * 20 + chance.integers(0, 20, (customers, 3))[user, chance.integers(0, 3, len(user))]
    item = np.where(chance.random(len(user)) < repeats, own, kind * 20 + chance.integers(0, 20, len(user)))
    order = np.repeat(np.arange(len(who)), 2)
    return pl.DataFrame({"order": order, "customer": user, "product": item, "day": when})


def filled(path: Path, lines: pl.DataFrame) -> Shop:
    file = path / "lines.parquet"
    lines.write_parquet(file)
    shop = new_shop(path / "shop")
    write_ledger(
        shop,
        f"""select "order" + 1 as order_id, customer + 1 as customer_id, product + 1 as product_id, 'sale' as kind,
                   5.0 + product % 7 as amount, timestamp '2024-01-01 10:00' + to_days(cast(day as integer)) as ts
            from '{file}'""",
    )
    return shop


@pytest.fixture(scope="module")
def habits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with filled(tmp_path_factory.mktemp("habits"), orders(300, 0.8)) as shop:
        yield shop


def test_the_check_stands_beside_past_behaviour_with_intervals(habits: Shop) -> None:
    found = check_recommend(habits, draws=100)
    told = found.to_dict()
    assert [each["name"] for each in told["methods"]] == ["popularity", "GP-TopFreq", "decay150", "volver"]
    assert told["enough"]
    ours, popular = found.judged[-1].basket["recall@20"], found.judged[0].basket["recall@20"]
    assert ours.low > popular.high
    assert ours.low <= ours.value <= ours.high
    assert found.carts == {}  # two lines an order are no cart to complete


def test_the_check_prints_every_method(habits: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    tell_recommend(check_recommend(habits, draws=50))
    said = capsys.readouterr().out
    for word in ("GP-TopFreq", "volver", "explore R@20", "coverage", "cannot say"):
        assert word in said


def test_the_check_looks_at_nothing_after_its_cut(habits: Shop, tmp_path: Path) -> None:
    lines = orders(300, 0.8)
    with filled(tmp_path, lines.with_columns(day=pl.when(pl.col("day") > 280).then(281).otherwise(pl.col("day")))) as s:
        moved = next_baskets(s, [1, 2, 3], at="2024-09-01")
    assert moved.rows() == next_baskets(habits, [1, 2, 3], at="2024-09-01").rows()


def test_customers_get_what_they_know_and_new_things_when_asked(habits: Shop) -> None:
    known = next_baskets(habits, [1, 2, 3, 99_999], 5).rows()
    assert {row["customer_id"] for row in known} == {1, 2, 3}
    assert [row["rank"] for row in known[:5]] == [1, 2, 3, 4, 5]
    assert known[0]["bought_before"] == 1
    assert all(row["bought_before"] == 0 for row in next_baskets(habits, [1, 2], 5, new_only=True).rows())


def test_a_shop_where_nothing_is_bought_twice_gets_new_things() -> None:
    chance = np.random.default_rng(2)
    n, per = 500, 10
    kind = chance.integers(0, 6, n)
    item = kind[:, None] * 30 + np.argsort(chance.random((n, 30)), axis=1)[:, :per]
    day = np.sort(chance.uniform(0, 200, (n, per)), axis=1)
    rows = Interactions.of(
        {
            "user": np.repeat(np.arange(n), per),
            "item": item.ravel(),
            "time": day.ravel(),
            "basket": np.arange(n * per),  # one thing an order: only customers say what goes together
        }
    )
    held = split(rows, 170.0)
    model = NextBasket().fit(held.known, at=170.0)
    assert model.together_
    ours = Contender(name="volver", recommend=model.ranked, until=float(held.known.at.max()))
    judged = {each.name: each.basket["recall@10"].value for each in evaluate(held, [ours], draws=20)}
    assert judged["volver"] > 2 * max(judged["GP-TopFreq"], judged["popularity"])


def test_a_young_shop_is_told_what_is_missing(tmp_path: Path) -> None:
    with filled(tmp_path, orders(20, 0.5)) as shop:
        found = check_recommend(shop)
    assert found.judged == []
    assert not found.to_dict()["enough"]
    assert "of 1000 purchases" in str(found.remark)


@pytest.mark.slow
def test_complete_journey_reaches_the_bars(tmp_path: Path) -> None:
    from volver.collect.completejourney import NoCompleteJourney, import_complete_journey

    with new_shop(tmp_path / "shop", currency="USD", timezone="America/New_York") as shop:
        try:
            import_complete_journey(shop)
        except NoCompleteJourney as absent:
            pytest.skip(str(absent))
        began = clock.cpu_s()
        found = check_recommend(shop, "2017-11-26", fewest=3, without=NO_GOODS)
        spent = clock.cpu_s() - began
    judged = {each.name: each for each in found.judged}
    ours = judged["volver"]
    assert ours.basket["recall@20"].value >= 0.203
    assert ours.basket["ndcg@20"].value >= 0.233
    assert ours.window["ndcg@20"].value >= 0.383
    assert ours.ahead["recall@20"].low > 0
    assert found.carts["volver"]["hr@12"].value >= 0.185
    assert found.carts["volver"]["hr@12"].value >= 3.5 * found.carts["popularity"]["hr@12"].value
    assert spent <= 40
