"""One person in several files is one customer: orders known by e-mail, customers known by reference and e-mail."""

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from alembic import command
from alembic.config import Config
from deltalake import write_deltalake

from tests.collect.ledger_world import imported, rows_of, write_csv
from volver import know
from volver.collect import ImportOptions, recover, try_import
from volver.store import Shop, canonical, create_shop, merging, open_shop, people
from volver.store.state import MIGRATIONS

ORDERS = ("Order ID", "Date", "Email", "Item", "Qty", "Price")
BY_NUMBER = ("Order ID", "Date", "Customer ID", "Item", "Qty", "Price")
PEOPLE = ("Customer ID", "First Name", "Last Name", "Email", "City", "Country")


def by_email(path: Path, first: int = 0, people: int = 6) -> Path:
    rows = [
        (f"#{1000 + n}", f"2025-0{1 + n % 5}-05 1{n % 3}:00", f"c{n % people}@example.org", "Soap", "1", "9.50")
        for n in range(first, first + 12)
    ]
    return write_csv(path, rows, ORDERS)


def customers(path: Path, rows: Sequence[tuple[str, str]] | None = None) -> Path:
    told = rows or [(str(7000 + n), f"C{n}@Example.org") for n in range(6)]
    return write_csv(path, [(ref, "Ana", f"Ruiz {ref}", mail, "Vigo", "ES") for ref, mail in told], PEOPLE)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    numbered = [(f"A{n}", f"2025-07-0{n} 10:00", str(7000 + n), "Soap", "2", "9.50") for n in range(1, 5)]
    return (
        by_email(tmp_path / "orders.csv"),
        customers(tmp_path / "people.csv"),
        write_csv(tmp_path / "numbered.csv", numbered, BY_NUMBER),
    )


def story(shop: Shop) -> list[tuple[object, ...]]:
    """Who ordered what, by the person's reference, and what is known of them."""
    know.refresh(shop)
    return rows_of(
        shop,
        """select c.customer_ref, c.email, c.name, c.city, f.orders, f.net_e4, f.first_day, f.last_day
           from facts f join customers c using (customer_id) order by all""",
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_files_in_any_order_make_the_same_people(
    order: tuple[int, ...], files: tuple[Path, ...], tmp_path: Path
) -> None:
    with create_shop(tmp_path / "once", timezone="UTC") as shop:
        imported(shop, *files)
        wanted = story(shop)
    assert [(row[0], row[3], row[4]) for row in wanted] == [
        (str(7000 + n), "Vigo", 3 if 1 <= n <= 4 else 2) for n in range(6)
    ]
    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        for at in order:
            imported(shop, files[at])
        assert story(shop) == wanted
        assert rows_of(shop, "select count(*), count(distinct customer_ref) from customers") == [(6, 6)]
        for name in ("7001", "c1@example.org", " C1@EXAMPLE.org\u200b"):
            found = know.customer(shop, know.find_customer(shop, name))
            assert (found.ref, found.orders, len(found.history)) == ("7001", 3, 3)
        lines = shop.lake.snapshot("order_lines").version
        assert all(imported(shop, each).rows.added == 0 for each in files)
        assert shop.lake.snapshot("order_lines").version == lines


def test_a_customer_found_by_any_number_of_theirs_is_the_one_person(files: tuple[Path, ...], tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        imported(shop, files[0])
        imported(shop, files[2])
        imported(shop, files[1])
        know.refresh(shop)
        person = know.find_customer(shop, "7001")
        with shop.state.read() as rows:
            numbers = [each for each, root in merging.roots(rows).items() if root == person]
        assert len(numbers) == 1
        assert know.find_customer(shop, str(numbers[0])) == person
        assert know.merges(shop, numbers[0]).numbers == (person, numbers[0])
        assert b"example.org" not in b"".join(entry.body for entry in shop.log.read(0, 10))


def test_two_references_with_one_email_are_two_people_and_the_report_says_so(tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        imported(shop, by_email(tmp_path / "o.csv", people=1))
        path = customers(tmp_path / "p.csv", [("1", "c0@example.org"), ("2", "c0@example.org"), ("3", "x@example.org")])
        report = imported(shop, path)
        assert (report.shared_emails, report.to_json()["shared_emails"]) == (1, 1)
        assert rows_of(shop, "select customer_ref from customers order by 1") == [("1",), ("2",), ("3",)]
        assert [(row[0], row[1], row[4]) for row in story(shop)] == [("1", "c0@example.org", 12)]
        assert "shared_emails" not in imported(shop, by_email(tmp_path / "o2.csv", first=20)).to_json()


def test_a_dry_run_gives_no_number_away(files: tuple[Path, ...], tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        imported(shop, files[0])
        would = try_import(shop, [files[1]], ImportOptions())
        assert would.report is not None
        assert would.report.rows.added == 6
        with shop.state.read() as rows:
            assert (people.count(rows), people.owner(rows, "reference", "7001")) == (6, None)


def test_what_a_person_parted_no_import_joins(files: tuple[Path, ...], tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        for each in (files[0], files[2], files[1]):
            imported(shop, each)
        person = know.find_customer(shop, "7001") if story(shop) else 0
        part = know.merges(shop, person).numbers[1]
        know.unmerge(shop, part)
        apart = story(shop)
        assert [row[4] for row in apart if row[0] in ("7001", "c1@example.org")] == [1, 2]
        imported(shop, files[1])
        assert story(shop) == apart


def test_a_merge_of_a_batch_survives_a_power_cut_after_its_entry(files: tuple[Path, ...], tmp_path: Path) -> None:
    class PowerCut(Exception):
        pass

    def cut(stage: str) -> None:
        if stage == "logged":
            raise PowerCut

    from volver.collect import import_files

    with create_shop(tmp_path / "shop", timezone="UTC") as shop:
        imported(shop, files[0])
        imported(shop, files[2])
    shutil.copytree(tmp_path / "shop", tmp_path / "whole")
    with open_shop(tmp_path / "shop") as shop, open_shop(tmp_path / "whole") as whole:
        imported(whole, files[1])
        with pytest.raises(PowerCut):
            import_files(shop, [files[1]], ImportOptions(), cut)
        recover(shop)
        assert shop.lake.snapshot("canonical").rows == whole.lake.snapshot("canonical").rows == 4
        assert story(shop) == story(whole)


OLD = "customer_id, customer_ref, name, email, city, country, channel, campaign, channel_us, campaign_us"


def made_old(path: Path) -> None:
    """Turn a shop into one whose customers rest in the lake alone: the state of its release has no table for them."""
    with open_shop(path) as shop:
        with shop.state.begin() as rows:
            older = Config()
            older.set_main_option("script_location", str(MIGRATIONS))
            older.attributes["connection"] = rows
            command.downgrade(older, "0002")
        old = shop.compute.relation(f"select {OLD} from customers")
        shutil.rmtree(shop.lake.path("customers"))
        write_deltalake(shop.lake.path("customers"), pa.table(old.to_pydict(), schema=old.schema))


def test_a_shop_of_an_older_release_keeps_every_number(files: tuple[Path, ...], tmp_path: Path) -> None:
    path = tmp_path / "shop"
    with create_shop(path, timezone="UTC") as shop:
        imported(shop, files[2])
        imported(shop, by_email(tmp_path / "o.csv"))
        before = rows_of(shop, "select * from customers order by 1")
        facts = story(shop)
    made_old(path)
    with open_shop(path) as shop:
        with shop.state.read() as rows:
            assert people.count(rows) == len(before) == 10
            assert [people.owner(rows, "email", f"c{n}@example.org") for n in range(6)] == [5, 6, 7, 8, 9, 10]
        assert rows_of(shop, "select * from customers order by 1") == before
        assert story(shop) == facts
        imported(shop, files[1])
        assert [row[0] for row in story(shop)] == [str(7000 + n) for n in range(6)]
        assert rows_of(shop, "select min(customer_id), max(customer_id) from customers_as_written") == [(1, 10)]


def test_a_lost_state_is_told_and_gives_no_number_twice(files: tuple[Path, ...], tmp_path: Path) -> None:
    from volver.store import check_shop

    path = tmp_path / "shop"
    create_shop(path, timezone="UTC").close()
    shutil.copy(path / "state.db", tmp_path / "older.db")
    with open_shop(path) as shop:
        imported(shop, files[0])
        assert all(each.ok for each in check_shop(shop) if each.name == "people")
    for left in path.glob("state.db*"):
        left.unlink()
    shutil.copy(tmp_path / "older.db", path / "state.db")
    with open_shop(path) as shop:
        (told,) = [each for each in check_shop(shop) if each.name == "people"]
        assert not told.ok
        assert "older" in told.hint
        imported(shop, by_email(tmp_path / "more.csv", first=30, people=8))
        assert rows_of(shop, "select count(*), max(customer_id) from customers") == [(8, 8)]
        assert canonical.published(shop) == 0
