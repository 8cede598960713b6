"""What the money of a file means: each kind of export read to the exact money, or asked."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.collect.ledger_world import imported, rows_of
from tests.collect.reading_world import opened, read
from tests.world import new_shop
from volver.collect import ImportReport, import_files, try_import
from volver.core import VolverError
from volver.store import Shop


def brought(folder: Path, content: str, **options: Any) -> tuple[Shop, ImportReport]:
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    shop = new_shop(folder / "shop", currency="EUR")
    return shop, imported(shop, path, **options)


def net(folder: Path, content: str, **options: Any) -> str:
    return brought(folder, content, **options)[1].ledger_net


def asked(folder: Path, content: str) -> VolverError:
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    (found,) = opened(folder, path, asking=True).asks
    return found


HEAD = "order_id,date,customer_id,sku,"


def test_a_tax_total_is_never_the_money(tmp_path: Path) -> None:
    rows = "".join(f"{n},2025-03-{n + 10},c{n},4.20,{20 + n}.00,{24 + n}.20\n" for n in range(9))
    content = "order_id,date,customer_id,total_tax,subtotal,grand_total\n" + rows
    assert net(tmp_path, content) == "216.00"


@pytest.mark.parametrize("name", ["Total IVA", "Impuestos totales", "tax_total", "VAT"])
def test_tax_by_any_name_is_no_total(name: str, tmp_path: Path) -> None:
    rows = "".join(f"{n},2025-03-{n + 10},c{n},1.05,6.05\n" for n in range(5))
    assert net(tmp_path, f"order_id,date,customer_id,{name},total\n" + rows) == "30.25"


def test_a_price_is_the_lines_where_only_then_products_cost_the_same(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},2025-03-{n % 27 + 1:02d},c{n},{('TZ', 'PL')[n % 2]},{n % 3 + 1},{(n % 3 + 1) * (7, 11)[n % 2]}.00\n"
        for n in range(12)
    )
    money = sum((n % 3 + 1) * (7, 11)[n % 2] for n in range(12))
    shop, report = brought(tmp_path, HEAD + "quantity,price\n" + rows)
    assert report.ledger_net == f"{money}.00"
    assert rows_of(shop, "select distinct unit_price_e4 from order_lines order by 1") == [(70000,), (110000,)]


def test_a_price_that_grows_with_the_pieces_of_unknown_products_is_asked(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},2025-03-{n % 27 + 1:02d},c{n},S{n},{n % 2 + 1},{(n % 2 + 1) * (10 + n % 5)}.00\n" for n in range(14)
    )
    content = HEAD + "quantity,price\n" + rows
    question = asked(tmp_path, content)
    assert question.code == "collect.ambiguous_money"
    assert question.facts["column"] == "price"
    one, other = (tmp_path / name for name in ("one", "other"))
    one.mkdir()
    other.mkdir()
    assert net(one, content, money=("per-piece",)) == question.facts["one_money"]
    assert net(other, content, money=("per-line",)) == question.facts["other_money"]


def test_a_marketplace_whose_prices_are_known_to_be_the_lines_is_not_asked(tmp_path: Path) -> None:
    rows = "".join(f"{n},2025-03-{n + 1:02d},S{n % 3},{n % 3 + 1},{(9, 29, 96)[n % 3]}.00,EUR\n" for n in range(18))
    assert net(tmp_path, "amazon-order-id,purchase-date,sku,quantity,item-price,currency\n" + rows) == "804.00"


def test_refunded_money_of_an_order_is_a_return_spread_over_its_lines(tmp_path: Path) -> None:
    content = (
        HEAD + "quantity,unit_price,Refunded Amount\n"
        "1,2025-03-01,a,X,1,10.00,10.00\n1,2025-03-01,a,Y,1,20.00,\n2,2025-03-02,b,X,3,10.00,0.00\n"
    )
    shop, report = brought(tmp_path, content)
    assert (report.ledger_net, report.money.returned if report.money else None) == ("50.00", "10.00")
    assert rows_of(
        shop, "select order_ref, amount_e4, day::varchar from order_lines where kind = 'return' order by 2"
    ) == [
        ("1", -66700, "2025-03-01"),
        ("1", -33300, "2025-03-01"),
    ]
    assert imported(shop, tmp_path / "export.csv").rows.added == 0


def test_a_refund_that_comes_with_a_later_export_is_added_once(tmp_path: Path) -> None:
    first = HEAD + "quantity,unit_price,refunded\n1,2025-03-01,a,X,2,10.00,0.00\n2,2025-03-01,a,X,1,10.00,0.00\n"
    shop, report = brought(tmp_path, first)
    assert report.ledger_net_after == "30.00"
    later = tmp_path / "later.csv"
    later.write_text(first.replace("X,2,10.00,0.00", "X,2,10.00,5.00"), encoding="utf-8")
    assert imported(shop, later).ledger_net_after == "25.00"
    assert imported(shop, later).rows.added == 0
    later.write_text(first.replace("X,2,10.00,0.00", "X,2,10.00,8.00"), encoding="utf-8")
    assert imported(shop, later).ledger_net_after == "22.00"


def test_an_order_refunded_by_its_status_is_not_refunded_twice(tmp_path: Path) -> None:
    content = (
        HEAD + "quantity,unit_price,status,refunded\n1,2025-03-01,a,X,2,10.00,refunded,20.00\n"
        "2,2025-03-01,a,X,1,10.00,paid,0\n"
    )
    assert net(tmp_path, content) == "10.00"


def test_pieces_sent_back_are_returns_and_pieces_never_sent_are_not_sold(tmp_path: Path) -> None:
    content = (
        HEAD + "Qty Ordered,Qty Refunded,Qty Cancelled,Price\n"
        "1,2025-03-01,a,X,3,1,0,10.00\n2,2025-03-01,b,X,3,0,1,10.00\n3,2025-03-01,c,X,2,0,2,10.00\n"
    )
    shop, report = brought(tmp_path, content)
    assert (report.ledger_net, report.orders.cancellations) == ("40.00", 1)
    assert rows_of(shop, "select kind, quantity_e4, amount_e4 from order_lines where order_ref = '1' order by 2") == [
        ("return", -10000, -100000),
        ("sale", 30000, 300000),
    ]
    assert rows_of(shop, "select quantity_e4, amount_e4 from order_lines where order_ref = '2'") == [(20000, 200000)]


def test_an_orders_discount_is_spread_to_the_cent(tmp_path: Path) -> None:
    content = (
        HEAD + "quantity,unit_price,order_discount\n"
        "1,2025-03-01,a,X,1,10.00,5.00\n1,2025-03-01,a,Y,1,10.00,5.00\n1,2025-03-01,a,Z,1,10.00,5.00\n"
        "2,2025-03-02,b,X,1,7.00,0.00\n2,2025-03-02,b,Y,1,8.00,0.00\n3,2025-03-02,b,Y,1,8.00,9.00\n"
    )
    shop, report = brought(tmp_path, content)
    assert report.ledger_net == "40.00"  # 25.00 + 15.00, and an order never costs less than nothing
    assert rows_of(shop, "select amount_e4, discount_e4 from order_lines where order_ref = '1' order by 1") == [
        (83300, 16700),
        (83300, 16700),
        (83400, 16600),
    ]


def test_a_total_before_the_discount_is_told_by_price_and_quantity(tmp_path: Path) -> None:
    content = (
        HEAD
        + "quantity,price,discount,item_total\n1,2025-03-01,a,X,2,9.00,3.00,18.00\n2,2025-03-01,b,X,1,9.00,0.00,9.00\n"
    )
    assert net(tmp_path, content) == "24.00"
    after = content.replace("3.00,18.00", "3.00,15.00")
    (tmp_path / "after").mkdir()
    assert net(tmp_path / "after", after) == "24.00"


def test_a_discount_for_each_piece_is_told_by_the_total(tmp_path: Path) -> None:
    content = (
        HEAD
        + "quantity,price,discount,item_total\n1,2025-03-01,a,X,3,9.00,1.00,24.00\n2,2025-03-01,b,X,1,9.00,0.50,8.50\n"
    )
    assert [row["discount_e4"] for row in read(tmp_path, content)] == [30000, 5000]


def test_a_total_beside_a_discount_alone_is_asked(tmp_path: Path) -> None:
    content = HEAD + "quantity,total,discount\n1,2025-03-01,a,X,1,18.00,3.00\n2,2025-03-01,b,Y,2,9.00,0.00\n"
    question = asked(tmp_path, content)
    assert (question.facts["one_money"], question.facts["other_money"]) == ("24.00", "27.00")
    assert net(tmp_path, content, money=("before-discount",)) == "24.00"
    with pytest.raises(VolverError) as refused:
        imported(new_shop(tmp_path / "other", currency="EUR"), tmp_path / "export.csv")
    assert refused.value.code == "collect.ambiguous_money"


def test_one_cell_with_a_percent_sign_makes_no_percentages_of_the_others(tmp_path: Path) -> None:
    content = HEAD + "quantity,price,discount\n1,2025-03-01,a,X,1,37.50,-3.75\n2,2025-03-01,b,X,1,20.00,10%\n"
    assert [row["amount_e4"] for row in read(tmp_path, content)] == [337500, 180000]


def test_round_numbers_that_may_be_percentages_are_asked_unless_a_total_tells(tmp_path: Path) -> None:
    content = HEAD + "quantity,price,descuento\n1,2025-03-01,a,X,1,40.00,10\n2,2025-03-01,b,Y,1,60.00,20\n"
    question = asked(tmp_path, content)
    assert (question.facts["one_money"], question.facts["other_money"]) == ("84.00", "70.00")
    assert net(tmp_path, content, money=("discount-in-money",)) == "70.00"
    total = (
        HEAD + "quantity,price,descuento,line_total\n"
        "1,2025-03-01,a,X,1,40.00,10,36.00\n2,2025-03-01,b,Y,1,60.00,20,48.00\n"
    )
    (tmp_path / "told").mkdir()
    assert net(tmp_path / "told", total) == "84.00"


def test_an_orders_total_on_every_line_counts_once_without_a_product_too(tmp_path: Path) -> None:
    rows = "".join(
        f"A{n},2025-03-{n + 1:02d},c{n},{style},{30 + n}.00\n" for n in range(6) for style in ("red", "blue")
    )
    assert net(tmp_path, "Order Number,Date,Customer,Colour,Order Total\n" + rows) == "195.00"


def test_what_was_billed_beats_a_capped_price(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},2025-03-{n + 1:02d},c{n},P{n % 3},{n + 1},{min(20 + n, 25)}.00,{(n + 1) * (20 + n)}.00\n"
        for n in range(12)
    )
    assert (
        net(tmp_path, HEAD + "quantity,priceeach,sales\n" + rows) == f"{sum((n + 1) * (20 + n) for n in range(12))}.00"
    )


def test_a_total_that_nothing_explains_is_asked(tmp_path: Path) -> None:
    rows = "".join(f"{n},2025-03-{n + 1:02d},c{n},P{n},{n % 3 + 1},{20 + n}.00,{31 + n * n}.00\n" for n in range(9))
    question = asked(tmp_path, HEAD + "quantity,unit_price,total\n" + rows)
    assert question.facts["column"] == "total"


def test_an_order_says_whether_its_lines_come_to_its_total(tmp_path: Path) -> None:
    lines = "".join(f"{n},2025-03-{n + 1:02d},c{n},X,2,10.00,4.00,{24 if n else 99}.00\n" for n in range(9))
    _, report = brought(tmp_path, HEAD + "quantity,unit_price,shipping,order_total\n" + lines)
    story = report.money
    assert story is not None
    assert (report.ledger_net, story.checked, story.met, story.unmet) == ("180.00", 9, 8, ("0",))
    assert dict(story.beside) == {"shipping": "36.00"}


def test_prices_without_tax_are_told_by_the_orders_total(tmp_path: Path) -> None:
    lines = "".join(f"{n},2025-03-{n + 1:02d},c{n},X,1,{10 + n}.00,2.10,{12 + n}.10\n" for n in range(5))
    (tmp_path / "with").mkdir()
    _, without = brought(tmp_path, HEAD + "quantity,unit_price,tax,order_total\n" + lines)
    held = "".join(f"{n},2025-03-{n + 1:02d},c{n},X,1,{10 + n}.00,2.10,{10 + n}.00\n" for n in range(5))
    _, with_ = brought(tmp_path / "with", HEAD + "quantity,unit_price,tax,order_total\n" + held)
    assert [each.money.taxed if each.money else None for each in (without, with_)] == [False, True]
    assert (without.ledger_net, with_.ledger_net) == ("60.00", "60.00")


def test_money_converted_to_the_shops_currency_is_the_money(tmp_path: Path) -> None:
    rows = "".join(f"p{n}xYzAbC,2025-03-{n + 1:02d},c{n},10.00,usd,{9 + n}.50,eur\n" for n in range(4))
    head = "id,Created,Customer ID,Amount,Currency,Converted Amount,Converted Currency\n"
    assert net(tmp_path, head + rows) == "44.00"


def test_whole_numbers_of_a_payment_provider_are_asked(tmp_path: Path) -> None:
    rows = "".join(f"ch_{n}QwErTy12,2025-03-{n + 1:02d},c{n},{1000 + n}\n" for n in range(4))
    question = asked(tmp_path, "id,created,customer_id,amount\n" + rows)
    assert (question.facts["one_money"], question.facts["other_money"]) == ("40.06", "4,006.00")
    assert net(tmp_path, "id,created,customer_id,amount\n" + rows, money=("cents",)) == "40.06"
    (tmp_path / "decimals").mkdir()
    assert net(tmp_path / "decimals", "id,created,customer_id,amount\n" + rows.replace("\n", ".00\n")) == "4006.00"
    (tmp_path / "named").mkdir()
    content = "order_id,date,customer_id,amount_cents\n1,2025-03-01,a,1050\n"
    assert net(tmp_path / "named", content, mapping={"total": "amount_cents"}) == "10.50"


def test_rows_that_are_refunds_or_no_sales_are_told_by_their_kind(tmp_path: Path) -> None:
    content = (
        "order_id,date,customer_id,kind,amount\n1,2025-03-01,a,authorization,30.00\n1,2025-03-01,a,capture,30.00\n"
        "1,2025-03-04,a,refund,10.00\n2,2025-03-02,b,sale,15.00\n"
    )
    _, report = brought(tmp_path, content)
    assert (report.ledger_net, dict(report.rows.set_aside)) == ("35.00", {"no_sale": 1})


def test_money_left_unread_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "order_id,date,customer_id,total,amount_paid\n1,2025-03-01,a,10.00,3.00\n2,2025-03-02,b,7.00,1.00\n"
    )
    assert opened(tmp_path, path).files[0].unread_money == ("amount_paid",)


def test_the_story_adds_up(tmp_path: Path) -> None:
    content = (
        HEAD + "quantity,unit_price,discount,status,refunded\n1,2025-03-01,a,X,2,10.00,1.50,paid,3.00\n"
        "2,2025-03-01,b,X,1,10.00,0,cancelled,0\n3,2025-03-02,c,Shipping,1,4.00,0,paid,0\n"
    )
    _, report = brought(tmp_path, content)
    story = report.money
    assert story is not None
    parts = [Decimal(each) for each in (story.gross, story.discounts, story.charges, story.cancelled, story.returned)]
    assert parts == [Decimal(each) for each in ("30.00", "1.50", "4.00", "10.00", "3.00")]
    assert parts[0] - parts[1] + parts[2] - parts[3] - parts[4] == Decimal(story.net) == Decimal(report.ledger_net)


def test_an_answer_to_no_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as refused:
        brought(tmp_path, HEAD + "quantity,unit_price\n1,2025-03-01,a,X,1,1.00\n", money=("maybe",))
    assert refused.value.code == "collect.unknown_answer"


def test_a_refund_after_thousands_of_rows_still_tells_whose_it_is(tmp_path: Path) -> None:
    rows = "".join(f"{n // 2},2025-03-{n % 28 + 1:02d},c{n // 2 % 9},P{n % 2},1,10.00,0.00\n" for n in range(9000))
    late = "".join(f"L{n},2025-03-30,c1,P{p},1,10.00,{n + 1}.00\n" for n in range(9) for p in (0, 1))
    rows = rows.replace("-29,", "-28,")
    expected = 90_000 + 9 * 20 - sum(range(1, 10))
    assert net(tmp_path, HEAD + "quantity,unit_price,refunded\n" + rows + late) == f"{expected}.00"


@pytest.mark.parametrize("every", ["4.90", "{n}"])
def test_postage_that_stands_on_each_line_of_an_order_is_the_orders(every: str, tmp_path: Path) -> None:
    rows = "".join(
        f"{n},2025-03-{n + 10},c{n},p{line},1,{10 + n + line}.00,{every.format(n=n)}\n"
        for n in range(1, 9)
        for line in range(1 + n % 3)
    )
    money = brought(tmp_path, HEAD + "quantity,price,shipping\n" + rows)[1].money
    assert money is not None
    stated = 8 * Decimal("4.90") if every == "4.90" else Decimal(sum(range(1, 9)))
    assert Decimal(money.beside["shipping"]) == stated


def test_money_besides_that_says_ex_tax_is_what_its_other_words_say(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},03/{n + 13}/2025,c{n}@shop.example,{20 + n}.00,2.00,4.95,{26.95 + n:.2f},Completed\n" for n in range(9)
    )
    head = "Order ID,Order Date,Customer Email,Subtotal (ex tax),Tax Total,Shipping Cost (ex tax),Order Total (inc tax)"
    report = brought(tmp_path, f"{head},Order Status\n{rows}")[1]
    assert report.ledger_net == "216.00"
    assert report.money is not None
    assert (report.money.beside, report.money.met) == ({"tax": "18.00", "shipping": "44.55"}, 9)


TAXED = "order_id,date,customer_id,sku,quantity,price,tax,order total\n"


def with_tax(first: int) -> str:
    return TAXED + "".join(f"{n},2025-03-{n:02},c{n},x,1,12.10,2.10,12.10\n" for n in range(first, first + 5))


def without_tax(first: int) -> str:
    return TAXED + "".join(f"{n},2025-03-{n:02},c{n},x,1,10.00,2.10,12.10\n" for n in range(first, first + 5))


def test_the_first_files_decide_whether_revenue_holds_tax_and_another_base_is_asked_about(tmp_path: Path) -> None:
    shop, report = brought(tmp_path, with_tax(1))
    assert report.money is not None
    assert report.money.taxed is True
    assert 'tax = "with"' in (shop.path / "volver.toml").read_text()
    other = tmp_path / "other.csv"
    other.write_text(without_tax(11), encoding="utf-8")
    with pytest.raises(VolverError) as problem:
        imported(shop, other)
    assert problem.value.code == "collect.without_tax"
    looked = try_import(shop, [other])
    assert [ask.code for ask in looked.preview.asks] == ["collect.without_tax"]
    assert looked.report is None
    assert imported(shop, other, money=("tax-as-it-stands",)).rows.added == 5
    same = tmp_path / "same.csv"
    same.write_text(with_tax(21), encoding="utf-8")
    assert imported(shop, same).rows.added == 5


def test_two_files_of_one_import_are_of_one_base(tmp_path: Path) -> None:
    for name, content in (("a.csv", without_tax(1)), ("b.csv", with_tax(11).replace("sku", "product"))):
        (tmp_path / name).write_text(content, encoding="utf-8")
    with new_shop(tmp_path / "shop", currency="EUR") as shop, pytest.raises(VolverError) as problem:
        import_files(shop, [tmp_path / "a.csv", tmp_path / "b.csv"])
    assert problem.value.code == "collect.with_tax"


def test_a_total_that_is_more_than_the_goods_by_what_no_column_says_does_not_count(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},03/{n + 13}/2025,c{n}@shop.example,{24.2 + n:.2f},{20 + n}.00,{29.15 + n:.2f},{24.95 + n:.2f},Completed\n"
        for n in range(9)
    )
    head = "Order ID,Order Date,Customer Email,Subtotal (inc tax),Subtotal (ex tax),Order Total (inc tax)"
    report = brought(tmp_path, f"{head},Order Total (ex tax),Order Status\n{rows}")[1]
    assert report.ledger_net == f"{9 * 24.2 + 36:.2f}"
    assert report.money is not None
    assert report.money.taxed is True
    assert any("such as shipping" in each.says for each in report.notes)


def test_a_subtotal_does_not_count_where_a_discount_may_stand_between(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},2025-03-{n + 10},c{n},{20 + n}.00,{(0, 3)[n % 2]}.00,{24 + n - (0, 4)[n % 2]}.00\n" for n in range(9)
    )
    path = tmp_path / "export.csv"
    path.write_text(f"order_id,date,customer_id,subtotal,discount,total\n{rows}", encoding="utf-8")
    assert [ask.code for ask in opened(tmp_path, path, asking=True).asks] == ["collect.ambiguous_money"]
