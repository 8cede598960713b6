"""Which channel and campaign won a customer: the first order that names one, however the files come."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.collect.ledger_world import imported, rows_of
from tests.collect.reading_world import mapping
from tests.world import new_shop
from volver.collect import ImportOptions, import_files
from volver.collect.reading.sources import NotRecognised
from volver.store import Shop, open_shop

HEADER = ("order_id", "ordered_at", "customer_id", "sku", "product", "quantity", "unit_price", "channel", "campaign")
WON = "select customer_ref, channel, campaign from customers order by customer_ref"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", timezone="UTC") as made:
        yield made


def written(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def order(number: int, day: str, channel: str = "", campaign: str = "", customer: str = "ana") -> tuple[str, ...]:
    return (f"10{number:02}", f"2025-{day} 10:00", customer, "TAZA-1", "Taza", "1", "9.50", channel, campaign)


def orders(path: Path, *rows: Sequence[str], header: Sequence[str] = HEADER) -> Path:
    return written(path, rows, header)


def people(path: Path, *rows: Sequence[str]) -> Path:
    return written(path, rows, ("customer_id", "email", "canal", "Campaña"))


def test_a_campaign_is_known_by_its_column(tmp_path: Path) -> None:
    names = ["campaign", "utm_campaign", "Campaña", "campana", "_wc_order_attribution_utm_campaign"]
    for name in (*names, "UTM Campaign", "Nombre de la campaña", "Campaign name", "Acquisition campaign"):
        rows = f"order_id,date,customer_id,total,channel,{name}\n1,2025-01-05,ana,9.50,ads,Verano\n"
        found = mapping(tmp_path, rows)
        assert (found["channel"], found["campaign"]) == ("channel", name)
        rows = f"customer_id,email,canal,{name}\n1,ana@example.com,ads,Verano\n"
        assert mapping(tmp_path, rows, "people.csv")["campaign"] == name


def test_a_campaign_may_be_named_by_hand(shop: Shop, tmp_path: Path) -> None:
    path = orders(tmp_path / "o.csv", order(1, "01-05", "ads", "Verano"), header=(*HEADER[:-1], "acción"))
    import_files(shop, [path], ImportOptions(mapping={"campaign": "acción"}))
    assert rows_of(shop, WON) == [("ana", "ads", "Verano")]


def test_the_first_order_that_names_one_says_who_won_the_customer(shop: Shop, tmp_path: Path) -> None:
    rows = (
        order(1, "01-05"),
        order(2, "02-05", "ads", ""),
        order(3, "03-05", "mail", "Mayo"),
        order(4, "04-05", "x", "y"),
    )
    imported(shop, orders(tmp_path / "o.csv", *rows))
    assert rows_of(shop, WON) == [("ana", "ads", "Mayo")]


def test_files_may_come_in_any_order(tmp_path: Path) -> None:
    rows = order(1, "01-05"), order(2, "02-05", "ads"), order(3, "03-05", "mail", "Mayo"), order(4, "02-07", "x", "y")
    for turn in ((3, 2, 1, 0), (0, 2, 3, 1)):
        with new_shop(tmp_path / f"shop{turn[0]}", timezone="UTC") as shop:
            for at in turn:
                imported(shop, orders(tmp_path / f"{turn[0]}-{at}.csv", rows[at]))
            assert rows_of(shop, WON) == [("ana", "ads", "y")], turn


def test_a_customer_file_says_more_than_orders_and_a_later_one_corrects_it(shop: Shop, tmp_path: Path) -> None:
    path = orders(tmp_path / "o.csv", order(1, "01-05", "ads", "Mayo"), order(2, "01-06", "web", "Junio", "luis"))
    imported(shop, people(tmp_path / "p.csv", ("ana", "ana@example.com", "shop", "Feria"), ("eva", "", "", "")))
    imported(shop, path)
    assert rows_of(shop, WON) == [("ana", "shop", "Feria"), ("eva", None, None), ("luis", "web", "Junio")]
    imported(
        shop, people(tmp_path / "p2.csv", ("ana", "ana@example.com", "", "Feria 2"), ("luis", "l@example.com", "", ""))
    )
    assert rows_of(shop, WON) == [("ana", "shop", "Feria 2"), ("eva", None, None), ("luis", "web", "Junio")]
    imported(shop, path)
    assert rows_of(shop, WON)[0] == ("ana", "shop", "Feria 2")


def test_importing_again_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = orders(tmp_path / "o.csv", order(1, "01-05", "ads", "Mayo"), order(2, "02-05", "web", "Junio"))
    imported(shop, path)
    before = shop.lake.snapshot("customers").version
    imported(shop, path)
    assert shop.lake.snapshot("customers").version == before


def test_a_name_is_kept_as_it_is_written_and_no_campaign_is_none(shop: Shop, tmp_path: Path) -> None:
    names = [" Verano ", "(not set)", "-", "", "=cmd|' /C calc'!A0", "x" * 5000, "<b>Ñandú</b>", "(direct)", "1234"]
    rows = [order(n, "01-05", "ads", name, f"c{n}") for n, name in enumerate(names)]
    imported(shop, orders(tmp_path / "o.csv", *rows))
    kept = [campaign for _, _, campaign in rows_of(shop, WON)]
    assert kept == ["Verano", None, None, None, names[4], names[5], names[6], None, "1234"]


def test_a_campaign_on_an_orders_first_line_alone_counts_for_the_order(shop: Shop, tmp_path: Path) -> None:
    header = ("order_id", "date", "customer_id", "campaign", "sku", "quantity", "unit_price")
    first = ("1", "2025-01-05", "ana", "Mayo", "A", "1", "2"), ("1", "", "", "", "B", "1", "3")
    rows = (*first, ("2", "2025-01-06", "luis", "", "B", "1", "3"), ("2", "", "", "", "A", "1", "3"))
    imported(shop, written(tmp_path / "o.csv", rows, header))
    assert rows_of(shop, "select customer_ref, campaign from customers order by 1") == [("ana", "Mayo"), ("luis", None)]


def test_a_list_of_who_was_sent_what_is_no_customer_file(tmp_path: Path) -> None:
    with pytest.raises(NotRecognised):
        mapping(tmp_path, "customer_id,campaign\nana,Mayo\nluis,Mayo\n", "sent.csv")


OLD = ("customer_id", "customer_ref", "name", "email", "city", "country", "channel")


def made_old(shop: Shop) -> None:
    """Turn the customers into a table as it was before campaigns: its files and its Delta schema lack the columns."""
    old = shop.compute.relation(f"select {', '.join(OLD)} from customers")
    path = shop.lake.path("customers")
    for each in sorted(path.rglob("*"), reverse=True):
        each.unlink() if each.is_file() else each.rmdir()
    write_deltalake(path, pa.table(old.to_pydict(), schema=old.schema))


def test_a_shop_from_before_campaigns_opens_answers_and_takes_them_in(tmp_path: Path) -> None:
    path = tmp_path / "shop"
    with new_shop(path, timezone="UTC") as shop:
        imported(shop, orders(tmp_path / "a.csv", order(1, "03-05", "ads"), order(2, "04-01", "web", "", "luis")))
        made_old(shop)
    with open_shop(path) as shop:
        assert rows_of(shop, WON) == [("ana", "ads", None), ("luis", "web", None)]
        imported(
            shop, orders(tmp_path / "b.csv", order(3, "05-05", "mail", "Mayo"), order(4, "02-01", "tv", "", "luis"))
        )
        assert rows_of(shop, WON) == [("ana", "ads", "Mayo"), ("luis", "tv", None)]
        imported(shop, orders(tmp_path / "c.csv", order(5, "04-04", "radio", "Abril")))
        assert rows_of(shop, WON) == [("ana", "ads", "Abril"), ("luis", "tv", None)]
