"""Campaigns as the shop knows them: what their newcomers bring, what one may cost, whether the cost comes back."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.predict.money_world import orders, shop_with
from volver import predict
from volver.collect import BadCosts, Cost, read_costs
from volver.core import folded
from volver.predict.money.ceiling import CeilingRow, spend_ceiling, told
from volver.predict.money.costs import campaign_costs, keep_costs, kept_costs
from volver.predict.money.first_orders import one_spelling
from volver.predict.money.leads import value_at_first_order
from volver.store import Shop

# Friends come from a summer campaign written in three ways; half of search from the brand's; some of both from a sale.
CAMPAIGNS = """
select * replace (
  case when customer_id % 10 = 0 then 'Sale'
       when channel = 'friends' then case customer_id % 3 when 0 then 'verano' when 1 then 'VERÁNO' else 'Verano' end
       when channel = 'search' and customer_id % 2 = 1 then 'Brand' end as campaign) from customers
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    rows = orders(900, seed=6, dearer=2.0)
    with shop_with(tmp_path_factory.mktemp("campaigns") / "shop", rows, margin_rate=0.5) as made:
        made.lake.replace("customers", made.compute.write(CAMPAIGNS, "customers"))
        yield made


@pytest.fixture(autouse=True)
def no_costs(shop: Shop) -> None:
    shop.lake.replace("costs", [])


def counted(shop: Shop, where: str) -> int:
    return shop.compute.relation(f"select * from customers where {where}").num_rows


def by_name(rows: tuple[CeilingRow, ...]) -> dict[str, CeilingRow]:
    return {row.campaign or row.key: row for row in rows}


def test_newcomers_of_a_campaign_are_told_together_however_it_is_written(shop: Shop) -> None:
    found = {each.key: each for each in predict.newcomers(shop, "campaign").groups}
    [summer] = [key for key in found if folded(key) == "verano"]
    assert set(found) == {summer, "Brand", "Sale", "unknown"}
    assert found[summer].customers == counted(shop, "lower(campaign) in ('verano', 'veráno')")
    assert found[summer].value.low > found["Brand"].value.high
    assert sum(each.customers for each in found.values()) == 900


def test_campaigns_stand_against_each_other_and_add_up_to_the_shop(shop: Shop) -> None:
    report = predict.benchmark(shop, "campaign")
    assert sum(row.customers or 0 for row in report.rows) == report.shop.customers == 900
    assert sum(row.share or 0.0 for row in report.rows) == pytest.approx(1.0)


def test_a_campaign_may_cost_what_its_own_newcomers_leave(shop: Shop) -> None:
    names, costs, won = [" VERANO", "brand", "Fair", "Stand"], [90.0, 9e5, 40.0, 7.0], [None, None, 4, None]
    report = spend_ceiling(shop, "campaign", pl.DataFrame({"campaña": names, "coste": costs, "altas": won}))
    found = by_name(report.rows)
    [summer] = [row for row in report.rows if folded(row.key) == "verano"]
    assert summer.ceiling is not None
    assert found["Brand"].ceiling is not None
    assert summer.ceiling.low > found["Brand"].ceiling.high
    assert told(summer.verdict) == "pays back with the first order"
    assert told(found["Brand"].verdict).startswith("loses money: costs ")
    assert found["Brand"].cost_each == pytest.approx(9e5 / counted(shop, "campaign = 'Brand'"))
    assert (found["Fair"].customers, str(found["Fair"].note)) == (4, "valued as newcomers of the whole shop")
    assert told(found["Stand"].verdict) == "costs 7.00, and the shop knows no customer from here"
    assert told(found["unknown"].verdict).startswith("no costs known; ")
    assert report.shop.cost == pytest.approx(900137.0)
    assert report.campaigns == ()


def test_a_campaign_inside_a_channel_is_set_against_the_customers_that_the_shop_counts(shop: Shop) -> None:
    n_brand = counted(shop, "campaign = 'Brand'")
    columns = {
        "channel": ["search", "friends", "search", "social", "search", "search"],
        "campaign": ["BRAND ", "veranó", "Sale", "sale", "Mailing", "Poster"],
        "cost": [100.0, 50.0, 10.0, 20.0, 5.0, 6.0],
        "customers": [n_brand, 9999, None, None, 3, None],
    }
    found = by_name(spend_ceiling(shop, costs=pl.DataFrame(columns)).campaigns)
    summer = next(row for name, row in found.items() if folded(name) == "verano")
    n_summer = counted(shop, "channel = 'friends' and customer_id % 10 <> 0")
    assert summer.customers == n_summer
    assert str(summer.note) == f"the costs say 9999 customers, the shop counts {n_summer}"
    assert (found["Brand"].customers, found["Brand"].note) == (n_brand, None)
    sales = {row.key: row.customers for row in spend_ceiling(shop).campaigns if row.campaign == "Sale"}
    assert sales == {
        name: counted(shop, f"campaign = 'Sale' and channel = '{name}'") for name in ("search", "social")
    }  # a campaign of two channels is parted by them
    assert found["Mailing"].customers == 3
    assert "import orders with a campaign" in told(found["Poster"].verdict)


def test_a_month_of_a_campaigns_costs_is_set_against_its_customers_of_that_month(shop: Shop) -> None:
    frame = pl.DataFrame({"campaign": ["Brand", "Sale"], "month": ["2023-05", "1999-01"], "cost": [500, 70]})
    found = by_name(spend_ceiling(shop, "campaign", frame).rows)
    assert 1 < (found["Brand"].customers or 0) < 30
    assert told(found["Sale"].verdict) == "costs 70.00, and nobody was won in these months"


def test_costs_by_channel_are_known_by_campaign_unless_they_were_brought_so(shop: Shop) -> None:
    keep_costs(
        shop, [Cost(group="search", cost=10.0, campaign="Brand"), Cost(group="social", cost=4.0, campaign="Sale")]
    )
    keep_costs(shop, [Cost(group="friends", cost=3.0), Cost(group="search", cost=2.0, campaign="sale")])
    keep_costs(shop, [Cost(group="brand ", cost=7.0)], "campaign")
    assert {(each.group, each.cost) for each in campaign_costs(shop)} == {("brand ", 7.0), ("Sale", 4.0), ("sale", 2.0)}
    found = by_name(spend_ceiling(shop, "campaign").rows)
    assert (found["Brand"].cost, found["Sale"].cost) == (7.0, 6.0)


def test_the_same_name_written_otherwise_replaces_the_costs(shop: Shop) -> None:
    keep_costs(shop, [Cost(group="search", cost=10.0, campaign="Brand", month="2023-05")])
    keep_costs(shop, [Cost(group="Search ", cost=12.0, campaign="BRAND", month="2023-05")])
    assert [each.cost for each in kept_costs(shop)] == [12.0]


def test_a_file_by_campaign_needs_no_channel_and_may_have_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("utm_campaign,cost\nBrand,5\n,6\n")
    found = read_costs(tmp_path / "a.csv", "campaign")
    assert found.rows == (Cost(group="Brand", cost=5.0),)
    assert [(row, str(why)) for row, why in found.aside] == [(3, "no name")]
    (tmp_path / "b.csv").write_text("canal;campaña;coste\nads;Brand;5\n")
    assert read_costs(tmp_path / "b.csv", "campaign").rows == (Cost(group="Brand", cost=5.0),)
    with pytest.raises(BadCosts, match="channel"):
        read_costs(tmp_path / "a.csv")


def test_campaigns_beyond_those_told_one_by_one_are_not_strangers(shop: Shop) -> None:
    many = "select * replace ('c' || (customer_id % 300) as campaign) from customers"
    before = shop.lake.snapshot("customers").files
    assert before
    shop.lake.replace("customers", shop.compute.write(many, "customers"))
    try:
        found = by_name(spend_ceiling(shop, "campaign", pl.DataFrame({"campaign": ["C299"], "cost": [3.0]})).rows)
        assert found["C299"].customers == counted(shop, "campaign = 'c299'")
        assert str(found["C299"].note) == "a small group: valued as everything else"
    finally:
        shop.lake.replace("customers", shop.compute.write(CAMPAIGNS, "customers"))


def test_names_that_differ_by_case_accents_and_blanks_are_one() -> None:
    names = np.array(["Verano", "verano", "VERÁNO ", "Verano", "Unknown", "=cmd", "x" * 3000, "unknown"], dtype=object)
    spelt = one_spelling(names).tolist()
    assert spelt == ["Verano"] * 4 + ["unknown", "=cmd", "x" * 3000, "unknown"]
    assert one_spelling(np.array([], dtype=object)).tolist() == []


def test_what_a_first_order_is_worth_does_not_hang_on_campaigns(shop: Shop) -> None:
    assert value_at_first_order(shop, channel="friends").unseen == ()
