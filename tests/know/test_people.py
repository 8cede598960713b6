"""Lists and profiles: finding people, turning pages, asking for a past day."""

from pathlib import Path

import pytest

from tests.know.test_know import buys
from tests.world import Line, day, shop_of, written
from volver import know
from volver.store import Shop

NAMES = {1: "Lucía Ferrer", 2: "LUCIA Núñez", 3: "Théo Lambert", 4: None}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Four people with names in every dress; the third buys most, the fourth stopped long ago."""
    lines = [*buys(1, 0, 40, 80), *buys(2, 70, 95), *buys(3, 0, 30, 60, 90, price=99), *buys(4, 0, 2, 4)]
    made = shop_of(tmp_path / "s", lines)
    people = [
        {"customer_id": n, "customer_ref": f"K-{n}", "name": name, "email": f"P{n}@Example.org"}
        for n, name in NAMES.items()
    ]
    made.lake.replace("customers", written(made, "customers", people))
    know.refresh(made)
    return made


def found(shop: Shop, **asked: object) -> list[int]:
    return [row.customer_id for row in know.customers(shop, **asked).rows]  # type: ignore[arg-type]


def test_search_does_not_mind_case_accents_or_the_order_of_words(shop: Shop) -> None:
    assert found(shop, search="lucia", sort="name", descending=False) == [1, 2]
    assert found(shop, search="  NUNEZ Lucía ") == [2]
    assert found(shop, search="p3@example") == [3]
    assert found(shop, search="k-4") == [4]
    assert found(shop, search="100%") == []
    assert know.customers(shop, search="lucia", limit=1).total == 2


def test_people_sort_by_name_as_people_read_it(shop: Shop) -> None:
    assert found(shop, sort="name", descending=False) == [4, 1, 2, 3]


def test_without_scores_value_sorts_by_what_was_spent(shop: Shop) -> None:
    assert found(shop)[0] == 3
    assert all(row.value_e4 is None for row in know.customers(shop).rows)


def test_pages_meet_without_gap_or_overlap(shop: Shop) -> None:
    pages = [found(shop, sort="net", limit=1, offset=n) for n in range(5)]
    assert sorted(one for page in pages for one in page) == [1, 2, 3, 4]
    assert pages[4] == []


def test_new_data_is_in_the_list_after_a_refresh(shop: Shop) -> None:
    assert know.customers(shop).total == 4
    more = [Line(order="late", customer=9, product=1, day=99, price=5)]
    shop.lake.add("order_lines", written(shop, "order_lines", [line.row(1000) for line in more]), 10_000)
    assert know.customers(shop).total == 4
    know.refresh(shop)
    assert know.customers(shop).total == 5
    assert found(shop, sort="last")[0] == 9


def test_who_was_in_a_stage_on_a_past_day_can_be_asked(shop: Shop) -> None:
    early = know.customers(shop, stage="new", at=day(0))
    assert early.total == 3
    assert know.customers(shop, at=day(69)).total == 3
    then, now = know.customer(shop, 4, at=day(4)), know.customer(shop, 4)
    assert (then.stage, then.days_since, now.days_since) == ("growing", 0, 91)
    assert now.stage == "sleeping" or now.stage == "lost"
    with pytest.raises(know.NoSuchCustomer):
        know.customer(shop, 2, at=day(69))


def test_a_profile_asked_for_a_past_day_knows_nothing_of_what_came_later(shop: Shop) -> None:
    then = know.customer(shop, 1, at=day(50))
    assert [order.day for order in then.history] == [day(40), day(0)]
    assert (then.orders, then.net_e4, then.at) == (2, 400_000, day(50))
    assert sum(share.net_e4 for share in then.top_products) == 400_000


def test_an_order_may_be_found_by_reference_mail_or_number(shop: Shop) -> None:
    assert [know.find_customer(shop, asked) for asked in ("K-3", "p3@EXAMPLE.org", "3")] == [3, 3, 3]
    with pytest.raises(know.NoSuchCustomer) as missing:
        know.find_customer(shop, "someone@example.org")
    assert "someone" not in str(missing.value)


@pytest.mark.parametrize("asked", [{"sort": "net_e4; drop"}, {"stage": "rich"}, {"segment": "nobody"}])
def test_an_unknown_sort_stage_or_segment_is_refused(shop: Shop, asked: dict[str, str]) -> None:
    with pytest.raises(know.UnknownSort if "sort" in asked else know.UnknownSegment):
        found(shop, **asked)


def test_an_order_whose_every_unit_came_back_at_once_never_was_one(tmp_path: Path) -> None:
    """The shop kept a fee, so that money remains; the order is undone all the same."""
    sold = Line(order="A", customer=1, product=1, day=5, price=50, quantity=2, hour=9)
    back = Line(
        order="B", customer=1, product=1, day=5, price=45, quantity=-2, kind="cancel", doc="cancellation", hour=10
    )
    with shop_of(tmp_path / "s", [*buys(1, 0), sold, back]) as shop:
        know.refresh(shop)
        profile = know.customer(shop, 1)
    assert (profile.orders, profile.net_e4, profile.last_day) == (1, (20 + 10) * 10_000, day(0))
    assert {order.ref: order.undone_day for order in profile.history}["A"] == day(5)


def test_a_later_return_lowers_the_money_but_not_the_count(tmp_path: Path) -> None:
    back = Line(order="R", customer=1, product=1, day=40, price=20, quantity=-1, kind="return")
    with shop_of(tmp_path / "s", [*buys(1, 0, 30), back, *buys(2, 41)]) as shop:
        know.refresh(shop)
        profile = know.customer(shop, 1)
    assert (profile.orders, profile.net_e4, profile.returned_share) == (2, 200_000, 0.5)
    assert [order.net_e4 for order in profile.history if order.is_order] == [0, 200_000]


def test_an_exchange_for_something_never_bought_here_stays_an_order(tmp_path: Path) -> None:
    given = Line(order="X", customer=1, product=1, day=9, price=30)
    taken = Line(order="X", customer=1, product=2, day=9, price=30, quantity=-1, kind="return")
    with shop_of(tmp_path / "s", [*buys(2, 0), given, taken]) as shop:
        know.refresh(shop)
        assert know.customer(shop, 1).orders == 1
        assert know.health(shop).unmatched_returns == 1


def test_lines_of_one_order_in_two_months_are_all_on_its_page(tmp_path: Path) -> None:
    late = Line(order="c1d30", customer=1, product=2, day=31, price=7, hour=0)
    with shop_of(tmp_path / "s", [*buys(1, 30), late]) as shop:
        know.refresh(shop)
        (order,) = know.customer(shop, 1).history
    assert sorted(line.amount_e4 for line in order.lines) == [70_000, 200_000]
