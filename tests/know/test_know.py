"""Orders, facts, stages, figures and cohorts against plain Python, on worlds small enough to check by hand."""

import tempfile
from collections import defaultdict
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.know.figures import check_cohorts, check_figures
from tests.know.oracle import above, documents, middle, stage
from tests.world import Line, day, shop_of
from volver import know
from volver.know.answers import STAGES

LAST = 200


@st.composite
def worlds(draw: st.DrawFn) -> list[Line]:
    """A few customers and guests who buy, return, cancel and pay for postage."""
    lines = []
    for n in range(draw(st.integers(1, 25))):
        customer = draw(st.sampled_from([None, 1, 2, 3, 4]))
        when, hour = draw(st.integers(0, LAST)), draw(st.integers(0, 23))
        kind = draw(st.sampled_from(["sale", "sale", "sale", "sale", "cancel", "return", "mixed"]))
        products = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
        for product in products:
            price, quantity = draw(st.integers(0, 40)), draw(st.integers(1, 3))
            own = draw(st.sampled_from(["sale", "return"])) if kind == "mixed" else kind
            sign = 1 if own == "sale" else -1
            doc = "cancellation" if own == "cancel" else "sale"
            discount = draw(st.sampled_from([0, 0, 1]))
            lines.append(
                Line(
                    order=f"o{n:03d}",
                    customer=customer,
                    product=product,
                    day=when,
                    hour=hour,
                    price=price,
                    quantity=sign * quantity,
                    kind=own,
                    doc=doc,
                    discount=discount,
                )
            )
        if draw(st.booleans()):
            lines.append(
                Line(
                    order=f"o{n:03d}",
                    customer=customer,
                    product=9,
                    day=when,
                    hour=hour,
                    price=4,
                    kind="shipping_or_fee",
                )
            )
    lines.append(Line(order="end", customer=5, product=1, day=LAST, price=10))
    return lines


@settings(max_examples=40)
@given(worlds())
def test_orders_stages_figures_and_cohorts_are_what_plain_python_makes_of_the_ledger(lines: list[Line]) -> None:
    with tempfile.TemporaryDirectory() as folder, shop_of(Path(folder) / "s", lines) as shop:
        know.refresh(shop)
        orders, facts = (shop.compute.relation(f"select * from {name}").to_pylist() for name in ("orders", "facts"))
        figures = {by: know.kpi(shop, by).rows() for by in ("day", "week", "month")}
        cohorts = know.cohorts(shop).cohorts
    _check_orders(lines, orders, facts)
    for by, rows in figures.items():
        check_figures(lines, by, rows)
    check_cohorts(lines, cohorts)


def _check_orders(lines: list[Line], orders: list[dict], customers: list[dict]) -> None:
    wanted = documents(lines)
    found = {row["order_ref"]: row for row in orders}
    facts = {row["customer_id"]: row for row in customers}
    assert set(found) == set(wanted)
    for ref, doc in wanted.items():
        row = found[ref]
        assert (row["gross_e4"], row["returned_e4"], row["unmatched"]) == (doc.gross, doc.returned, doc.unmatched), ref
        assert (row["is_order"] == 1, row["ts_us"]) == (doc.is_order, doc.ts), ref
    _check_facts(wanted, facts)


def _check_facts(wanted: dict, facts: dict) -> None:
    days: dict[int, set[int]] = defaultdict(set)
    net: dict[int, int] = defaultdict(int)
    for doc in wanted.values():
        if doc.customer is not None:
            net[doc.customer] += doc.gross + doc.returned
            if doc.is_order:
                days[doc.customer].add(doc.day)
    assert set(facts) == set(days)
    gaps = [
        (b - a, c, i)
        for c, ds in days.items()
        for i, (a, b) in enumerate(zip(sorted(ds), sorted(ds)[1:], strict=False))
    ]
    ranked, seconds = sorted(g for g, _, _ in gaps), sorted(g for g, _, i in gaps if i == 0)
    gap = float(ranked[ceil(len(ranked) * 0.5) - 1]) if ranked else 90.0
    second = float(seconds[ceil(len(seconds) * 0.75) - 1]) if seconds else gap
    nets = [net[c] for c in days]
    shop = {"gap": gap, "second": second or gap or 90.0, "big": above(nets, 0.9)}
    for customer, row in facts.items():
        own = sorted(days[customer])
        assert row["net_e4"] == net[customer]
        assert (row["first_day"], row["last_day"]) == (day(own[0]), day(own[-1]))
        assert row["stage"] == stage(own, LAST, net[customer], shop, (1.5, 3.0, 6.0))
        if len(own) > 1:
            usual = middle([b - a for a, b in zip(own, own[1:], strict=False)])
            assert row["usual_gap_days"] == pytest.approx((gap + (len(own) - 1) * usual) / len(own))


def buys(customer: int, *days: int, price: int = 20) -> list[Line]:
    return [Line(order=f"c{customer}d{n}", customer=customer, product=1, day=n, price=price) for n in days]


def test_an_order_cancelled_minutes_later_never_makes_a_champion(tmp_path: Path) -> None:
    huge = Line(order="big", customer=1, product=7, day=99, price=77_000, hour=9)
    undone = Line(
        order="Cbig",
        customer=1,
        product=7,
        day=99,
        price=77_000,
        quantity=-1,
        kind="cancel",
        doc="cancellation",
        hour=9,
    )
    lines = [*buys(1, 0, 30, 60), *(line for c in range(2, 30) for line in buys(c, 0, 40, 80, price=50)), huge, undone]
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        profile = know.customer(shop, 1)
    assert profile.net_e4 == 60 * 10_000
    assert profile.orders == 3
    assert profile.stage != "champion"
    assert [order.is_order for order in profile.history if order.ref == "big"] == [False]


def test_a_stage_asked_for_the_past_is_the_stage_of_that_day(tmp_path: Path) -> None:
    lines = [*buys(1, 0, 30, 60, 90), *buys(2, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90), *buys(3, 100)]
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        past = {each.stage: each.customers for each in know.stages(shop, day(60)).stages}
        moved = know.stages(shop, day(100), since=day(60)).moves
        again = {each.stage: each.customers for each in know.stages(shop).stages}
    with shop_of(tmp_path / "t", [line for line in lines if line.day <= 60]) as other:
        know.refresh(other)
        assert past == {each.stage: each.customers for each in know.stages(other).stages}
    assert sum(each.customers for each in moved) == 3
    assert any(each.was is None and each.now == "new" for each in moved)
    assert sum(again.values()) == 3


def test_guests_count_in_revenue_and_never_as_a_customer(tmp_path: Path) -> None:
    guest = [Line(order=f"g{n}", customer=None, product=1, day=n, price=5) for n in range(10)]
    with shop_of(tmp_path / "s", [*guest, *buys(1, 3)]) as shop:
        report = know.refresh(shop)
        row = know.kpi(shop, "month").rows()[0]
    assert report.customers == 1
    assert (row["orders"], row["guest_orders"], row["customers"], row["net_e4"]) == (11, 10, 1, 70 * 10_000)


def test_key_figures_of_weeks_begin_on_monday_and_leave_none_out(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", buys(1, 0, 40)) as shop:
        know.refresh(shop)
        rows = know.kpi(shop, "week").rows()
        days = know.kpi(shop, "day").rows()
    assert all(row["start"].weekday() == 0 for row in rows)
    assert [row["orders"] for row in rows] == [1, 0, 0, 0, 0, 0, 1]
    assert (len(days), sum(row["net_e4"] for row in days)) == (41, 40 * 10_000)
    assert rows[1]["aov_e4"] is None


def test_periods_add_up_to_the_ledger_whatever_their_length(tmp_path: Path) -> None:
    back = Line(order="R", customer=1, product=1, day=50, price=20, quantity=-1, kind="return")
    lines = [*buys(1, 0, 31, 45), *buys(2, 5, 70), back]
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        totals = {by: sum(row["net_e4"] for row in know.kpi(shop, by).rows()) for by in ("day", "week", "month")}
        spent = sum(row.net_e4 for row in know.customers(shop).rows)
    assert set(totals.values()) == {80 * 10_000} == {spent}


def test_cohorts_reach_to_the_present_and_remember_every_buyer(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", [*buys(1, 0, 35), *buys(2, 10), *buys(3, 40, 75)]) as shop:
        know.refresh(shop)
        found = know.cohorts(shop).cohorts
    assert [(each.month, each.buyers) for each in found] == [("2025-01", 2), ("2025-02", 1)]
    assert found[0].retention == (1.0, 0.5, 0.0)
    assert found[0].value_e4 == (200_000, 300_000, 300_000)
    assert found[1].retention == (1.0, 1.0)


def test_margin_uses_known_costs_and_else_the_shops_rate(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", buys(1, 0, 5), cost=15) as shop:
        know.refresh(shop)
        assert know.customer(shop, 1).margin_e4 == 2 * 5 * 10_000
    with shop_of(tmp_path / "t", buys(1, 0, 5), margin_rate=0.25) as shop:
        know.refresh(shop)
        assert know.customer(shop, 1).margin_e4 == 10 * 10_000


def test_customers_are_found_sorted_and_filtered(tmp_path: Path) -> None:
    lines = [line for c in range(1, 21) for line in buys(c, *range(0, 5 * c, 5), price=c)]
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        everyone = know.customers(shop, sort="net", limit=5)
        assert (everyone.total, [row.customer_id for row in everyone.rows]) == (20, [20, 19, 18, 17, 16])
        assert know.customers(shop, search="C1").total == 11
        assert know.customers(shop, sort="net", limit=5, offset=18).rows[-1].customer_id == 1
        by_stage = sum(know.customers(shop, stage=one).total for one in STAGES)
        assert by_stage == 20
        assert know.customers(shop, segment="first-time").total == 1
        with pytest.raises(know.NoSuchCustomer):
            know.customer(shop, 99)


def test_segments_say_their_rule_with_this_shops_numbers_and_what_they_wait_for(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", [line for c in range(1, 11) for line in buys(c, 0, price=c)]) as shop:
        know.refresh(shop)
        found = {each.key: each for each in know.segments(shop)}
    assert found["big-spenders"].rule.params == {"percent": 10, "from_e4": 10 * 10_000}
    assert found["big-spenders"].members == 1
    assert found["cart-abandoners"].members is None
    assert "cart_added" in str(found["cart-abandoners"].waiting_for)
    assert found["first-time"].members == 10


@pytest.mark.parametrize(
    "lines",
    [
        [],
        buys(1, 0),
        [Line(order="g", customer=None, product=1, day=0, price=3)],
        [Line(order="C1", customer=1, product=1, day=0, price=3, quantity=-1, kind="cancel", doc="cancellation")],
        [*buys(1, 5), *buys(2, 5), *buys(3, 5)],
    ],
    ids=["empty", "one customer", "only guests", "only cancellations", "one day"],
)
def test_every_question_has_an_answer_in_the_smallest_worlds(tmp_path: Path, lines: list[Line]) -> None:
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        know.home(shop)
        know.health(shop)
        know.segments(shop)
        know.cohorts(shop)
        know.kpi(shop, "week")
        assert know.stages(shop).stages[0].share is None or know.customers(shop).total > 0


def test_refreshing_twice_changes_nothing(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", [*buys(1, 0, 9), *buys(2, 4)]) as shop:
        know.refresh(shop)
        before = shop.compute.relation("select * from facts order by customer_id").to_pylist()
        know.refresh(shop)
        assert shop.compute.relation("select * from facts order by customer_id").to_pylist() == before
