"""An order number names one document: what a later arrival of the same order does, by every rule."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collect.documents_world import hear, line, stands, sums
from tests.collect.ledger_world import rows_of
from tests.world import new_shop
from volver import know
from volver.collect import imports, undo
from volver.store import Shop, open_shop

ONE = [("1", "A", 1, 10.0)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as made:
        yield made


def test_an_order_said_less_exactly_changes_nothing(shop: Shop) -> None:
    again = [
        line("1", sku="KIT", at="2025-03-01 10:20"),
        line("2", sku="KIT", at="2025-03-01"),
        line("3", sku="kit\u200b"),
        line("4", sku="Kit\u00a0"),
        line("5", sku="KIT", who=""),
        line("6", sku="KIT", who="7\ufeff"),
    ]
    hear(shop, [line(str(number), sku="KIT") for number in range(1, 7)])
    before = stands(shop)
    report = [hear(shop, [each]) for each in again]
    assert stands(shop) == before
    assert rows_of(shop, "select count(*) from ledger") == [(6,)]
    assert [(each.documents.same, each.documents.changed, each.rows.added) for each in report] == [(1, 0, 0)] * 6
    assert report[-1].ledger_net_after == "60.00"


def test_an_order_that_says_something_else_replaces_the_older(shop: Shop) -> None:
    again = [
        line("1", qty=2),
        line("2", price="8.00"),
        line("3", sku="K"),
        line("4", who="8"),
        line("5", at="2025-03-02 10:20:31"),
        line("6", at="2025-03-01 10:20:32"),
        line("7", off="2.50"),
        line("8"),
    ]
    hear(shop, [line(str(number)) for number in range(1, 9)])
    report = hear(shop, again)
    found = rows_of(
        shop,
        """select l.order_ref, p.product_ref, c.customer_ref, l.quantity_e4 // 10000, l.amount_e4 / 10000.0,
                  cast(l.day as varchar), (l.ts_us // 1000000) % 60
           from order_lines l join customers c using (customer_id) join products p using (product_id) order by all""",
    )
    assert found == [
        ("1", "A", "7", 2, 20.0, "2025-03-01", 31),
        ("2", "A", "7", 1, 8.0, "2025-03-01", 31),
        ("3", "K", "7", 1, 10.0, "2025-03-01", 31),
        ("4", "A", "8", 1, 10.0, "2025-03-01", 31),
        ("5", "A", "7", 1, 10.0, "2025-03-02", 31),
        ("6", "A", "7", 1, 10.0, "2025-03-01", 32),
        ("7", "A", "7", 1, 7.5, "2025-03-01", 31),
        ("8", "A", "7", 1, 10.0, "2025-03-01", 31),
    ]
    assert (report.documents.same, report.documents.changed, report.rows.added) == (1, 7, 7)
    assert (report.documents.before, report.documents.after) == ("70.00", "75.50")
    assert [(each.order, each.before, each.after) for each in report.documents.examples[:3]] == [
        ("1", "10.00", "20.00"), ("7", "10.00", "7.50"), ("2", "10.00", "8.00"),
    ]  # fmt: skip
    assert (report.ledger_net, report.ledger_net_after) == ("85.50", "85.50")
    assert rows_of(shop, "select count(*), cast(sum(amount_e4) as bigint) from ledger") == [(22, 855000)]


def test_a_replaced_line_and_its_mirror_lie_on_the_orders_own_day_and_cancel_exactly(shop: Shop) -> None:
    hear(shop, [line(off="1.00")])
    hear(shop, [line(at="2025-05-05 12:00:00", off="1.00")])
    found = rows_of(
        shop,
        """select l.day, l.order_id, l.customer_id, l.product_id, l.kind, sum(l.amount_e4), sum(l.quantity_e4),
                  sum(l.discount_e4), count(*)
           from ledger l join replaced r using (line_id) group by all""",
    )
    assert [(str(row[0]), *row[4:]) for row in found] == [("2025-03-01", "sale", 0, 0, 0, 2)]
    assert [str(day) for (day,) in rows_of(shop, "select day from order_lines")] == ["2025-05-05"]


def test_know_sees_no_return_in_what_was_replaced(shop: Shop) -> None:
    hear(shop, [line(), line(sku="K", price="5.00"), line("2", at="2025-04-01 09:00:00")])
    hear(shop, [line(qty=3), line(sku="K", price="5.00")])
    know.refresh(shop)
    asked = "select order_ref, lines, is_order, units_e4, net_e4, returned_e4, undone_day from orders order by 1"
    assert rows_of(shop, asked) == [("1", 2, 1, 40000, 350000, 0, None), ("2", 1, 1, 10000, 100000, 0, None)]
    assert rows_of(shop, "select orders, net_e4, returned_share from facts") == [(2, 450000, 0.0)]


def test_what_holds_all_and_more_adds_the_more_and_a_part_changes_nothing(shop: Shop) -> None:
    hear(shop, [line()])
    more = hear(shop, [line(at="2025-03-01 10:20"), line(sku="K", at="2025-03-01 10:20")])
    assert (more.documents.completed, more.documents.changed, more.rows.added) == (1, 0, 1)
    part = hear(shop, [line(sku="K")])
    assert (part.documents.same, part.rows.added) == (1, 0)
    assert stands(shop) == [*ONE, ("1", "K", 1, 10.0)]
    assert rows_of(shop, "select count(*) from ledger") == [(2,)]


def test_a_line_that_is_gone_beside_one_that_is_new_is_another_version(shop: Shop) -> None:
    hear(shop, [line(), line(sku="K")])
    hear(shop, [line(), line(sku="L", price="3.00")])
    assert stands(shop) == [*ONE, ("1", "L", 1, 3.0)]


def test_what_comes_back_later_is_more_and_outlives_a_newer_version_of_the_sale(shop: Shop) -> None:
    hear(shop, [line(qty=3)])
    back = [line(qty=-1, at="2025-03-09 08:00:00")]
    assert hear(shop, back).documents.completed == 1
    assert hear(shop, back).rows.added == 0
    assert stands(shop) == [("1", "A", -1, -10.0), ("1", "A", 3, 30.0)]
    hear(shop, [line(qty=2)])
    assert stands(shop) == [("1", "A", -1, -10.0), ("1", "A", 2, 20.0)]
    hear(shop, [line(qty=2), line(sku="K")])
    assert stands(shop) == [("1", "A", -1, -10.0), ("1", "A", 2, 20.0), ("1", "K", 1, 10.0)]


def test_the_version_that_was_updated_last_wins_whichever_comes_first(shop: Shop, tmp_path: Path) -> None:
    old, new = [line(qty=1, changed="2025-03-01 11:00:00")], [line(qty=2, changed="2025-03-04 11:00:00")]
    hear(shop, new)
    report = hear(shop, old)
    assert stands(shop) == [("1", "A", 2, 20.0)]
    assert (report.documents.same, report.documents.changed) == (1, 0)
    with new_shop(tmp_path / "other", currency="EUR", timezone="Europe/Madrid") as other:
        hear(other, old)
        hear(other, new)
        assert stands(other) == stands(shop)
        undo(other, imports(other)[0].number)
        assert stands(other) == ONE
    undo(shop, imports(shop)[1].number)
    assert stands(shop) == ONE, "what the older version said was kept"


def test_an_update_that_says_less_takes_away(shop: Shop) -> None:
    hear(shop, [line(changed="2025-03-01"), line(sku="K", changed="2025-03-01")])
    hear(shop, [line(changed="2025-03-02")])
    assert stands(shop) == ONE


def test_an_order_that_is_cancelled_later_is_a_change_and_stays_cancelled(shop: Shop) -> None:
    hear(shop, [line()])
    report = hear(shop, [line(status="cancelled")])
    assert (report.documents.changed, report.documents.before, report.documents.after) == (1, "10.00", "0.00")
    hear(shop, [line()])
    assert rows_of(shop, "select kind, amount_e4 from order_lines order by 1") == [
        ("cancel", -100000),
        ("sale", 100000),
    ]


def test_two_files_of_one_import_are_parts_of_an_order(shop: Shop) -> None:
    report = hear(shop, [line(), line("2")], [line(sku="K"), line("2")])
    assert stands(shop) == [*ONE, ("1", "K", 1, 10.0), ("2", "A", 1, 10.0)]
    assert (report.documents.new, report.rows.added, report.rows.already_there) == (2, 3, 1)
    assert hear(shop, [line(), line("2")], [line(sku="K"), line("2")]).rows.added == 0


def test_a_copy_of_a_file_with_coarser_times_adds_nothing_in_one_import(shop: Shop) -> None:
    hear(shop, [line(), line("2")], [line(at="2025-03-01"), line("2", at="2025-03-01")])
    assert stands(shop) == [*ONE, ("2", "A", 1, 10.0)]


def test_a_file_cut_between_two_equal_lines_counts_both(shop: Shop) -> None:
    hear(shop, [line("0"), line()], [line(), line("2")])
    assert stands(shop) == [("0", "A", 1, 10.0), *ONE, *ONE, ("2", "A", 1, 10.0)]
    assert hear(shop, [line(), line()]).rows.added == 0


def test_of_halves_that_come_one_after_the_other_the_second_says_what_the_order_is(shop: Shop) -> None:
    hear(shop, [line("0"), line()])
    hear(shop, [line(), line("2")])
    assert stands(shop) == [("0", "A", 1, 10.0), *ONE, ("2", "A", 1, 10.0)]
    hear(shop, [line(sku="K"), line("3")])
    assert [each for each in stands(shop) if each[0] == "1"] == [("1", "K", 1, 10.0)]


def test_two_exports_in_one_import_are_told_from_parts_by_the_orders_on_which_they_agree(shop: Shop) -> None:
    before = [line(str(number)) for number in range(1, 15)]
    hear(shop, before, [*before[1:], line(qty=5)])
    assert stands(shop)[0] == ("1", "A", 5, 50.0)
    assert len(stands(shop)) == 14


def test_orders_without_a_number_are_known_by_their_lines(shop: Shop) -> None:
    from volver.collect import import_frame

    def frame(qty: int) -> Any:
        import polars

        return polars.DataFrame(
            {"at": ["2025-03-01 10:00:00"], "who": ["7"], "sku": ["A"], "qty": [qty], "price": [10.0]}
        )

    mapping = {"date": "at", "customer_ref": "who", "product_ref": "sku", "quantity": "qty", "unit_price": "price"}
    for qty in (1, 2, 1):
        import_frame(shop, frame(qty), mapping=mapping)
    assert [row[2:] for row in stands(shop)] == [(1, 10.0), (2, 20.0)]
    undo(shop, imports(shop)[1].number)
    assert [row[2:] for row in stands(shop)] == [(2, 20.0)]


def test_a_shop_from_before_versions_were_kept_corrects_and_undoes_alike(shop: Shop) -> None:
    hear(shop, [line(), line("2")])
    shop.close()
    for table in ("order_versions", "version_lines"):
        shutil.rmtree(shop.path / "lake" / table, ignore_errors=True)
    with open_shop(shop.path) as older:
        check_an_older_shop(older)


def check_an_older_shop(shop: Shop) -> None:
    hear(shop, [line(qty=4)])
    assert stands(shop) == [("1", "A", 4, 40.0), ("2", "A", 1, 10.0)]
    undo(shop, imports(shop)[0].number)
    assert stands(shop) == [*ONE, ("2", "A", 1, 10.0)]
    hear(shop, [line(qty=4), line("2", at="2025-03-01")])
    undo(shop, imports(shop)[2].number)
    assert stands(shop) == [("1", "A", 4, 40.0), ("2", "A", 1, 10.0)], "what a later file said of both stands alone"
    undo(shop, imports(shop)[0].number)
    assert stands(shop) == sums(shop) == []
