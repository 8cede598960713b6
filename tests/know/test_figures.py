"""Key figures, cohorts and thresholds against plain Python, on random worlds; and the totals of a real shop."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.know.oracle import above
from tests.world import Line, new_shop, shop_of
from volver import know

REAL = Path(__file__).resolve().parents[2].parent / "shared/data/completejourney/transactions.parquet"


@settings(max_examples=15)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=25))
def test_a_threshold_is_the_first_value_above_its_quantile(prices: list[int]) -> None:
    lines = [Line(order=f"o{n}", customer=n + 1, product=1, day=n, price=price) for n, price in enumerate(prices)]
    with tempfile.TemporaryDirectory() as folder, shop_of(Path(folder) / "s", lines) as shop:
        know.refresh(shop)
        row = shop.compute.relation("select * from thresholds").to_pylist()[0]
        big = {each.key: each for each in know.segments(shop)}["big-spenders"]
    wanted = above([price * 10_000 for price in prices], 0.9)
    assert row["big_net_e4"] == (None if wanted == float("inf") else wanted)
    assert big.members == sum(price * 10_000 >= wanted for price in prices)
    assert row["customers"] == len(prices)


def test_where_all_spend_alike_nobody_stands_out_and_the_rule_says_so(tmp_path: Path) -> None:
    alike = [Line(order=f"o{n}", customer=n, product=1, day=n, price=10) for n in range(1, 9)]
    with shop_of(tmp_path / "s", alike) as shop:
        know.refresh(shop)
        found = {each.key: each for each in know.segments(shop)}
    assert found["big-spenders"].members == found["vip"].members == found["high-aov"].members == 0
    assert str(found["big-spenders"].rule) == "Top 10 %; so far nobody stands out"


def test_what_is_not_known_is_none_and_never_zero(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", [Line(order="o", customer=1, product=1, day=3, price=10)]) as shop:
        assert know.home(shop).at is None
        know.refresh(shop)
        home, profile = know.home(shop), know.customer(shop, 1)
        assert know.health(shop).guest_share == 0
    assert (home.revenue_30d_e4, home.revenue_before_e4, home.value_e4) == (100_000, None, None)
    assert all(todo.worth_e4 is None for todo in home.todos)
    assert (profile.usual_gap_days, profile.scores) == (None, None)
    with new_shop(tmp_path / "empty") as empty:
        know.refresh(empty)
        assert know.home(empty).revenue_30d_e4 is None
        assert know.health(empty).guest_share is None
        assert len(know.kpi(empty)) == 0


def test_the_complete_journey_adds_up_to_the_cent(tmp_path: Path) -> None:
    """155,848 baskets; all count as orders, the 478 without money too, because each has a customer."""
    if not REAL.exists():
        pytest.skip("needs ../shared/data/completejourney beside the repository")
    with new_shop(tmp_path / "s", currency="USD", timezone="America/New_York") as shop:
        files = shop.compute.write(_BASKETS.format(path=REAL), "order_lines")
        shop.lake.add("order_lines", files, shop.log.last() + 1)
        report = know.refresh(shop)
        months = know.kpi(shop, "month").rows()
        spent = shop.compute.relation("select sum(net_e4) as e4, sum(orders) as orders from facts").to_pylist()[0]
        stages = know.stages(shop)
        unpaid = shop.compute.relation("select count(*) as n from orders where gross_e4 = 0").to_pylist()[0]["n"]
    assert (report.customers, report.orders, unpaid) == (2_469, 155_848, 478)
    assert sum(row["net_e4"] for row in months) == int(spent["e4"]) == 45_960_395_800
    assert sum(row["orders"] for row in months) == int(spent["orders"]) == 155_848
    assert sum(row["new_customers"] for row in months) == 2_469
    assert sum(each.customers for each in stages.stages) == 2_469


_BASKETS = """
with local as (
  select *, cast(timezone('America/New_York', transaction_at) as date) as day from read_parquet('{path}')
)
select row_number() over () as line_id, basket_id as order_id, cast(basket_id as varchar) as order_ref,
       household_id as customer_id, product_id, epoch_us(transaction_at) as ts_us, day, 'sale' as doc, 'sale' as kind,
       quantity * 10000 as quantity_e4, 0 as unit_price_e4, cast(round(sales_value_usd * 10000) as bigint) as amount_e4,
       cast(round((retail_disc_usd + coupon_disc_usd + coupon_match_disc_usd) * 10000) as bigint) as discount_e4,
       null as cost_e4, 0 as line_key, 1 as occurrence, 1 as batch, strftime(day, '%Y-%m') as month
from local
"""
