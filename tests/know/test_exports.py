"""Customers leave as CSV and as addresses: the very list that was seen, whole, safe, on every door."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.know.test_know import buys
from tests.world import day, shop_of, written
from volver import know
from volver.cli.main import main
from volver.core import Words
from volver.store import COMMA, SEMICOLON, Shop
from volver.ui import Speech

SPANISH = Speech(lang="es", currency="EUR", zone="Europe/Madrid")
NAMES = {1: "Lucía Ferrer", 2: '=HYPERLINK("http://x")', 3: "Théo; Lambert", 4: None}
EMAILS = {1: "Lucia@Example.org", 2: "=cmd@example.org", 3: "lucia@example.org ", 4: "theo@example.org"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Four people: a hostile name, a name with the mark between cells, two of one address."""
    lines = [*buys(1, 0, 40, 80), *buys(2, 70, 95), *buys(3, 0, 30, 60, 90, price=99), *buys(4, 0, 2, 4)]
    with shop_of(tmp_path_factory.mktemp("exports") / "s", lines) as made:
        people = [
            {"customer_id": n, "customer_ref": f"K-{n}", "name": name, "email": EMAILS[n], "city": "Ávila"}
            for n, name in NAMES.items()
        ]
        made.lake.replace("customers", written(made, "customers", people))
        know.refresh(made)
        yield made


def read(path: Path, between: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=between))


def test_the_file_is_the_list_in_its_order_and_language(shop: Shop, tmp_path: Path) -> None:
    choice = know.Choice(segment="repeat", sort="name", descending=False)
    rows = know.customers_csv(shop, tmp_path / "x.csv", say=SPANISH.words, marks=SPANISH.csv_marks, choice=choice)
    listed = know.customers(shop, segment="repeat", sort="name", descending=False)
    found = read(tmp_path / "x.csv", ";")
    assert rows == len(found) == listed.total == 4
    assert [row["Número de cliente"] for row in found] == [row.ref for row in listed.rows]
    lucia = next(row for row in found if row["Nombre"] == "Lucía Ferrer")
    assert (lucia["Ciudad"], lucia["Pedidos"], lucia["Moneda"]) == ("Ávila", "3", "EUR")
    assert lucia["Gastado"] == f"{next(row.net_e4 for row in listed.rows if row.ref == 'K-1') // 10_000},00"
    assert lucia["Segmentos"].split(", ")[0] == SPANISH.words(Words("Repeat buyers"))
    assert {row["Nombre"] for row in found} == {"Lucía Ferrer", '\'=HYPERLINK("http://x")', "Théo; Lambert", ""}


def test_filters_searches_and_past_days_leave_as_they_are_seen(shop: Shop, tmp_path: Path) -> None:
    def refs(choice: know.Choice, **asked: object) -> list[str]:
        know.customers_csv(shop, tmp_path / "x.csv", marks=COMMA, choice=choice, **asked)  # type: ignore[arg-type]
        return [row["Customer number"] for row in read(tmp_path / "x.csv")]

    assert refs(know.Choice(stage="lost")) == ["K-4"]
    assert refs(know.Choice(search="LUCIA", sort="net")) == ["K-3", "K-1"]
    saved = know.save_segment(shop, "Gone", stage="lost")
    assert refs(know.Choice(segment=saved.key)) == ["K-4"]
    assert sorted(refs(know.Choice(), at=day(50))) == ["K-1", "K-3", "K-4"]
    with pytest.raises(know.UnknownSegment):
        refs(know.Choice(segment="gone"))


def test_a_list_that_is_written_in_parts_is_whole_and_in_order(shop: Shop, tmp_path: Path) -> None:
    for at_once in (1, 3, 4):
        told = {"marks": COMMA, "choice": know.Choice(sort="net"), "at_once": at_once}
        assert know.customers_csv(shop, tmp_path / "x.csv", **told) == 4  # type: ignore[arg-type]
        listed = [row.ref for row in know.customers(shop, sort="net").rows]
        assert [row["Customer number"] for row in read(tmp_path / "x.csv")] == listed
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]


def test_addresses_come_once_usable_and_counted(shop: Shop) -> None:
    found = know.customer_emails(shop, know.Choice(sort="net"))
    assert found.addresses == ("lucia@example.org", "theo@example.org")
    assert (found.customers, found.without, found.left_out) == (4, 1, 0)
    short = know.customer_emails(shop, know.Choice(sort="net"), most=1)
    assert (short.addresses, short.left_out) == (("lucia@example.org",), 1)
    none = know.customer_emails(shop, know.Choice(search="hyperlink"))
    assert (none.addresses, none.customers, none.without) == ((), 1, 1)


def test_the_command_line_writes_the_file_in_the_shops_language(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "all.csv"
    main(["--shop", str(shop.path), "know", "customers", "--csv", str(target), "--json"])
    assert '"customers": 4' in capsys.readouterr().out
    assert len(read(target)) == 4
    with pytest.raises(SystemExit):
        main(["--shop", str(shop.path), "know", "customers", "--csv", str(tmp_path / "no" / "x.csv")])
    assert "cli.no_such_folder" in capsys.readouterr().err
    assert not list(shop.compute.workdir("look").parent.glob("*-export-*"))


def test_marks_follow_the_country_of_the_currency() -> None:
    told = {currency: Speech(lang="es", currency=currency, zone="UTC").csv_marks for currency in ("EUR", "MXN")}
    assert told == {"EUR": SEMICOLON, "MXN": COMMA}
    assert Speech(lang="en", currency="EUR", zone="UTC").csv_marks == COMMA
    assert SPANISH.words(Words("Spent")) == "Gastado"
