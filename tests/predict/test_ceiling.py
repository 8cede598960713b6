"""What may a customer cost: costs as people write them, ceilings, payback, verdicts."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.money_world import orders, shop_with
from tests.world import new_shop
from volver.collect import BadCosts, Cost, read_costs
from volver.predict.money.ceiling import CeilingReport, NoCostsBy, _passes, spend_ceiling, told
from volver.predict.money.costs import keep_costs, kept_costs
from volver.store import Shop

ENGLISH = "channel,campaign,month,cost,customers\nsearch,spring,2024-03,1234.50,100\nsocial,,2024-04,99,\n"
SPANISH = (
    "Canal;Campaña;Mes;Coste (€);Clientes nuevos\nsearch;spring;marzo 2024;1.234,50 €;100\nsocial;;04/2024;99,00;\n"
)
WANTED = (
    Cost(group="search", cost=1234.5, campaign="spring", month="2024-03", customers=100),
    Cost(group="social", cost=99.0, month="2024-04"),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    rows = orders(1500, seed=6, dearer=2.0)
    with shop_with(tmp_path_factory.mktemp("ceiling") / "shop", rows, margin_rate=0.5) as made:
        yield made


@pytest.fixture(scope="module")
def report(shop: Shop) -> CeilingReport:
    frame = pl.DataFrame({"channel": ["SEARCH ", "social", "friends", "billboards"], "cost": [300.0, 1e6, 9e3, 50.0]})
    return spend_ceiling(shop, costs=frame)


# ---- reading


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "utf-8"),
        (SPANISH, "utf-8-sig"),
        (SPANISH, "cp1252"),
        (ENGLISH.replace(",", "\t"), "utf-16"),
        (ENGLISH.replace(",", "|"), "utf-8"),
    ],
    ids=["english", "spanish", "old spanish", "tabs", "bars"],
)
def test_costs_are_read_as_people_write_them(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "costs.csv").write_text(text, encoding=encoding)
    assert read_costs(tmp_path / "costs.csv").rows == WANTED


def test_a_frame_of_any_kind_is_read_alike() -> None:
    columns = {"canal": ["search", "social"], "gasto": [10.5, 3.0], "mes": ["2024-03", None]}
    for frame in (pl.DataFrame(columns), pd.DataFrame(columns), pl.LazyFrame(columns)):
        found = read_costs(frame)
        assert found.rows == (Cost(group="search", cost=10.5, month="2024-03"), Cost(group="social", cost=3.0))


def test_a_row_that_says_nothing_sound_is_told_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text("channel,month,cost\nsearch,2024-01,12\n,2024-01,5\nsocial,someday,5\nfriends,,-3\n\nmarket,,x\n")
    found = read_costs(file)
    assert [each.group for each in found.rows] == ["search"]
    assert [row for row, _ in found.aside] == [3, 4, 5, 7]  # as a spreadsheet numbers them, blank ones too
    assert "month" in str(found.aside[1][1])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("channel,clicks\nsearch,5\n", "cost"),
        ("cost\n5\n", "channel"),
        ("channel,cost\nsearch,free\n", "no row"),
    ],
)
def test_costs_that_cannot_be_read_say_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "costs.csv").write_text(text)
    with pytest.raises(BadCosts, match=why):
        read_costs(tmp_path / "costs.csv")


@given(st.integers(0, 10**9), st.sampled_from([",", "."]), st.booleans())
@settings(max_examples=60)
def test_money_is_read_back_whatever_its_marks(cents: int, mark: str, grouped: bool) -> None:
    text = f"{cents / 100:,.2f}" if grouped else f"{cents / 100:.2f}"
    if mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    [found] = read_costs(pl.DataFrame({"channel": ["search"], "cost": [text]})).rows
    assert found.cost == pytest.approx(cents / 100)


def test_the_same_costs_twice_are_kept_once_and_new_ones_replace_old(tmp_path: Path) -> None:

    with new_shop(tmp_path / "shop") as made:
        assert keep_costs(made, WANTED) == 2
        assert keep_costs(made, WANTED) == 2
        assert set(kept_costs(made)) == set(WANTED)
        keep_costs(made, [Cost(group="social", cost=40.0, month="2024-04"), Cost(group="social", cost=2.0)])
        keep_costs(made, [Cost(group="Lamp", cost=1.0), Cost(group="Lamp", cost=2.5)], "first-product")
        held = {(each.group, each.month): each.cost for each in kept_costs(made)}
        assert held == {("search", "2024-03"): 1234.5, ("social", "2024-04"): 40.0, ("social", None): 2.0}
        assert kept_costs(made, "first-product") == (Cost(group="Lamp", cost=3.5),)


# ---- ceilings


def test_a_cheap_channel_pays_back_and_a_dear_one_loses_money(report: CeilingReport) -> None:
    found = {each.key: each for each in report.rows}
    assert told(found["search"].verdict) == "pays back with the first order"
    assert found["search"].p_pays_back == 1.0
    assert told(found["social"].verdict).startswith("loses money: costs ")
    assert found["social"].payback is not None
    assert found["social"].payback.days is None
    assert found["friends"].cost_each == pytest.approx(9000 / found["friends"].customers)
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_channel_whose_customers_spend_more_may_cost_more(report: CeilingReport) -> None:
    found = {each.key: each.ceiling for each in report.rows}
    assert found["friends"].low > found["search"].high
    assert found["friends"].expected == pytest.approx(2 * found["search"].expected, rel=0.25)


def test_nothing_is_dropped(report: CeilingReport) -> None:
    found = {each.key: each for each in report.rows}
    assert set(found) == {"search", "social", "friends", "market", "billboards"}
    assert told(found["billboards"].verdict) == "costs 50.00, and the shop knows no customer from here"
    assert told(found["market"].verdict).startswith("no costs known; a newcomer may cost ")
    assert found["market"].note is not None
    assert report.shop.cost == pytest.approx(300 + 1e6 + 9e3 + 50)


def test_the_longer_one_waits_the_more_may_be_spent(report: CeilingReport) -> None:
    for row in (report.shop, *report.rows):
        ceilings = [each.expected for each in row.within.values()]
        assert ceilings == sorted(ceilings)
        days, expected, low, high = zip(*row.curve, strict=True) if row.curve else ((), (), (), ())
        assert list(expected) == sorted(expected)
        assert all(a <= b <= c for a, b, c in zip(low, expected, high, strict=True))
        if row.ceiling:
            assert (days[0], days[-1]) == (0.0, report.horizon_days)
            assert expected[-1] == pytest.approx(row.ceiling.expected)


def test_a_month_of_costs_is_set_against_the_customers_of_that_month(shop: Shop) -> None:
    frame = pl.DataFrame({"category": ["cat0", "cat1"], "month": ["2023-05", "1999-01"], "cost": [500, 70]})
    report = spend_ceiling(shop, "first-category", frame)
    whole = spend_ceiling(shop, "first-category")
    assert [each.to_dict() for each in report.rows] == [each.to_dict() for each in whole.rows]
    found = {each.key: each for each in report.rows}
    assert 5 < found["cat0"].customers < 60
    assert found["cat0"].cost_each == pytest.approx(500 / found["cat0"].customers)
    assert told(found["cat1"].verdict) == "costs 70.00, and nobody was won in these months"


def test_a_campaign_is_told_by_the_customers_it_says_it_won(shop: Shop, tmp_path: Path) -> None:
    columns = {"product": ["Product 1"] * 2, "campaign": ["A", "B"], "cost": [40, 90], "customers": [20, None]}
    report = spend_ceiling(shop, "first-product", pl.DataFrame(columns))
    one, other = sorted(report.campaigns, key=lambda row: row.campaign or "")
    assert one.cost_each == 2.0
    assert told(one.verdict) == "pays back with the first order"
    assert other.cost_each is None
    assert "whom it won is not known" in told(other.verdict)


def test_costs_by_basket_are_refused(shop: Shop) -> None:
    with pytest.raises(NoCostsBy):
        spend_ceiling(shop, "basket", pl.DataFrame({"channel": ["a"], "cost": [1]}))


@given(st.lists(st.floats(0.0, 50.0), min_size=2, max_size=30), st.floats(0.0, 100.0), st.floats(0.0, 20.0))
@settings(max_examples=60)
def test_what_costs_more_pays_back_later(steps: list[float], cost: float, more: float) -> None:
    margin = np.cumsum(steps)[None, :]
    days = np.arange(len(steps)) * 7.0
    early, late = (_passes(margin, days, each)[0] for each in (cost, cost + more))
    assert early <= late + 1e-9
    if np.isfinite(early):
        assert np.interp(early, days, margin[0]) >= min(cost, margin[0, -1]) - 1e-6
    else:
        assert margin[0, -1] < cost


# ---- what an outside reader found


@pytest.mark.parametrize("cell", ["1e5", "(500)", "-500", "5\0 0", "12abc", "1.2.3", "1 2", "€", "5 € 3", "nan", "inf"])
def test_a_cell_that_is_not_wholly_a_number_is_no_cost(tmp_path: Path, cell: str) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(f"channel;cost\nsearch;7.50\ngoogle;{cell}\n")
    found = read_costs(file)
    assert [(each.group, each.cost) for each in found.rows] == [("search", 7.5)]
    assert [row for row, _ in found.aside] == [3]


@pytest.mark.parametrize(
    ("cell", "cost"),
    [("€ 1,234.50", 1234.5), ("1 234.50 EUR", 1234.5), ("$12", 12), ("1'000.00", 1000), (".5", 0.5), ("7. ", 7)],
)
def test_money_may_have_a_currency_and_thousands(tmp_path: Path, cell: str, cost: float) -> None:
    (tmp_path / "costs.csv").write_text(f"channel;cost\nsearch;7.50\ngoogle;{cell}\n", encoding="utf-8")
    assert read_costs(tmp_path / "costs.csv").rows[1].cost == cost


def test_more_cells_than_the_header_and_odd_counts_are_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(
        "channel,cost,customers\na,5.50,3,\ngoogle,1234,50,\ngoogle,1234,50,7\nb,5,-2\nc,5,2.5\nd,5,x\ne,5,40.0\n"
    )
    found = read_costs(file)
    assert [(each.group, each.customers) for each in found.rows] == [("a", 3), ("google", 50), ("e", 40)]
    assert [row for row, _ in found.aside] == [4, 5, 6, 7]
    assert "cells" in str(found.aside[0][1])
    assert "customers" in str(found.aside[1][1])


def test_one_date_that_reads_one_way_decides_for_all_of_the_file(tmp_path: Path) -> None:
    def months(*cells: str) -> list[str | None]:
        file = tmp_path / "costs.csv"
        file.write_text("channel,date,cost\n" + "".join(f"a,{cell},5\n" for cell in cells))
        return [each.month for each in read_costs(file).rows]

    assert months("03/04/2025", "03/15/2025") == ["2025-03", "2025-03"]
    assert months("03/04/2025", "15/03/2025") == ["2025-04", "2025-03"]
    assert months("03/04/2025", "2025-01-02") == ["2025-04", "2025-01"]
    assert months("03/04/2025", "03/15/2025", "15/03/2025") == ["2025-04", "2025-03"]  # both: days first, one aside


def test_a_cell_beyond_all_measure_is_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text(f'channel,cost\nsearch,"{"5" * 200_000}"\n')
    with pytest.raises(BadCosts, match="table"):
        read_costs(tmp_path / "costs.csv")


def test_a_frame_of_floats_is_never_taken_for_thousands() -> None:
    found = read_costs(pl.DataFrame({"channel": ["a", "b"], "cost": [1.234, 1e-5]})).rows
    assert [each.cost for each in found] == [1.234, 0.0]


def test_a_margin_that_rests_on_a_setting_says_so(report: CeilingReport) -> None:
    assert [str(each) for each in report.remarks if "margin_rate" in str(each)] == [
        "No costs of products are known: margins rest on the setting margin_rate, 50 %."
    ]
