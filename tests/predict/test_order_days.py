"""What is kept of every order answers any past day as the whole ledger would, however the lines came in."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.predict.world import simulated_lines, simulated_shop
from tests.world import new_shop
from volver.core import E4
from volver.know import KnowSettings, update_order_days
from volver.predict.value.histories import TooLittleHistory, buyers, buyers_at
from volver.predict.value.order_days import buying_days
from volver.store import Shop, compact, open_shop
from volver.store.query import read_query

ORACLE = read_query("rfm", (Path(__file__).parent / "rfm.sql").read_text(encoding="utf-8"))
START, DAYS, CUSTOMERS = date(2024, 1, 1), 60, 160
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
START_US = (START - date(1970, 1, 1)).days * DAY_US
KINDS = ["sale", "shipping_or_fee", "return", "cancel", "adjustment", "write_off"]
State = dict[int, tuple[date, date, int, int, int]]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", currency="EUR", timezone="UTC") as made:
        yield made


def ledger(seed: int, lines: int = 900, *, mixed: bool = False) -> pl.DataFrame:
    """Awkward lines: orders over several days, ties in time, nothing paid, guests, returns soon and late, less a fee.

    With `mixed`, documents name several customers, or a customer in some of their lines only.
    """
    chance = np.random.default_rng(seed)
    kind = chance.choice(KINDS, lines, p=[0.66, 0.1, 0.1, 0.1, 0.02, 0.02])
    customer = chance.integers(1, CUSTOMERS, lines)
    at_us = chance.integers(0, DAYS * 24, lines) * HOUR_US
    product, amount = chance.integers(1, 3, lines), chance.integers(0, 4, lines) * 10_000
    units, of = chance.integers(1, 3, lines) * 10_000, np.arange(lines)
    back = np.isin(kind, ["return", "cancel"])
    for i in np.flatnonzero(back & (chance.random(lines) < 0.8)):
        of[i] = int(chance.choice(np.flatnonzero(~back)))
        customer[i], product[i], units[i] = customer[of[i]], product[of[i]], units[of[i]]
        amount[i] = max(0, amount[of[i]] - int(chance.choice([0, 0, 10_000])))
        at_us[i] = min(at_us[of[i]] + int(chance.choice([0, 1, 5, 24, 25, 200])) * HOUR_US, DAYS * DAY_US - 1)
    order = np.where(chance.random(lines) < 0.2, customer * 10 + chance.integers(0, 2, lines), np.arange(lines) + 5000)
    order = np.where(back & (chance.random(lines) < 0.3), order[of], order)
    guest = chance.random(20_000)[order] < 0.05
    if mixed:
        customer, guest = np.where(chance.random(lines) < 0.1, 1 + customer % 9, customer), chance.random(lines) < 0.2
    return pl.DataFrame(
        {
            "line_id": np.arange(lines) + 1,
            "order_id": order,
            "customer_id": pl.Series(customer, dtype=pl.Int64).set(pl.Series(guest), None),
            "product_id": pl.Series(product, dtype=pl.Int64).set(pl.Series(chance.random(lines) < 0.05), None),
            "ts_us": START_US + at_us,
            "kind": kind,
            "quantity_e4": np.where(back, -units, units),
            "amount_e4": np.where(back, -amount, amount),
        }
    )


def batches(lines: pl.DataFrame, seed: int, late: float) -> list[pl.DataFrame]:
    """The first part as one batch, then smaller ones: by time, but for a share that came late."""
    chance = np.random.default_rng(seed + 1000)
    came = lines["ts_us"].to_numpy() + np.where(chance.random(len(lines)) < late, 40 * DAY_US, 0)
    number = np.searchsorted(START_US + np.array([40, 46, 50, 51, 52, 54, 58]) * DAY_US, came, side="right")
    return [each for n in range(8) if len(each := lines.filter(pl.Series(number == n)))]


def take_in(shop: Shop, lines: pl.DataFrame, offset: int, batch: int | None = None) -> None:
    """Lines as the batch of a log offset (or said to be of another); the first makes the ledger anew."""
    connection = shop.compute.connection()
    connection.register("given", lines.to_arrow())
    sql = f"""
        select line_id, order_id, cast(order_id as varchar) as order_ref, customer_id, product_id, ts_us,
               cast(make_timestamp(ts_us) as date) as day, 'sale' as doc, kind, quantity_e4,
               amount_e4 as unit_price_e4, amount_e4, 0 as discount_e4, null as cost_e4, line_id as line_key,
               1 as occurrence, {batch or offset} as batch,
               strftime(make_timestamp(ts_us), '%Y-%m') as month from given"""
    shop.lake.add("order_lines", shop.compute.write(sql, "order_lines", connection=connection), offset)
    connection.close()


def replace(shop: Shop, where: str, offset: int) -> None:
    """Lines that hold are mirrored as the batch of a log offset."""
    mirrors = f"""
        select * replace (line_id + 1000000 as line_id, -amount_e4 as amount_e4, -quantity_e4 as quantity_e4,
                          {offset} as batch) from order_lines where {where}"""
    gone = f"""
        select line_id, 0 as is_mirror, {offset} as batch from order_lines where {where}
        union all select line_id + 1000000, 1, {offset} from order_lines where {where}"""
    files = {table: shop.compute.write(sql, table) for table, sql in (("replaced", gone), ("order_lines", mirrors))}
    for table, written in files.items():
        shop.lake.add(table, written, offset)


def oracle(shop: Shop, at: date, every: int = 1) -> State:
    params = {"as_of": at, "undone_us": shop.settings.of(KnowSettings).cancel_within_hours * HOUR_US, "every": every}
    return {
        row["customer_id"]: (row["first_day"], row["last_day"], row["x"], row["spend_days"], row["net_e4"])
        for row in shop.compute.relation(ORACLE.sql, params).to_pylist()
    }


def kept(shop: Shop, at: date, until: date | None = None, every: int = 1) -> State:
    known = buying_days(shop, until or at, every).at(at)
    found = {}
    for i, (start, many) in enumerate(zip(known.starts, known.many, strict=True)):
        days = known.day[start : start + many].astype("datetime64[D]").tolist()
        assert days == sorted(set(days))
        spends = int(known.is_spend[start : start + many].sum())
        found[int(known.customer_id[i])] = (days[0], days[-1], int(many) - 1, spends, int(known.net[i]))
    return found


def assert_same_past(shop: Shop, days: int = 4, seed: int = 0) -> None:
    chance = np.random.default_rng(seed)
    for n in [*chance.integers(0, DAYS, days).tolist(), DAYS + 5]:
        at = START + timedelta(days=int(n))
        assert kept(shop, at, at + timedelta(days=int(chance.integers(0, 30)))) == oracle(shop, at)
    at = START + timedelta(days=DAYS // 2)
    assert kept(shop, at, every=3) == oracle(shop, at, every=3)


def check_batches(shop: Shop, seed: int, late: float, *, mixed: bool = False) -> list[str]:
    done = []
    for offset, lines in enumerate(batches(ledger(seed, mixed=mixed), seed, late), start=1):
        take_in(shop, lines, offset)
        done.append(update_order_days(shop))
        assert_same_past(shop, days=2, seed=seed + offset)
    assert_same_past(shop, days=6)
    return done


@pytest.mark.parametrize(("seed", "late"), [(1, 0.0), (2, 0.05)])
def test_every_past_day_is_as_the_whole_ledger_says_after_every_batch(shop: Shop, seed: int, late: float) -> None:
    done = check_batches(shop, seed, late)
    assert done[0] == "made"
    assert set(done[1:]) == {"added"}, "small batches do not read the ledger again"


def test_documents_that_pass_to_another_customer_are_never_counted_for_both(shop: Shop) -> None:
    assert "made" in check_batches(shop, 3, late=0.02, mixed=True)[1:]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 22))
def test_every_past_day_of_many_ledgers(shop: Shop, seed: int) -> None:
    assert "added" in check_batches(shop, seed, late=[0.0, 0.02, 0.3][seed % 3], mixed=seed % 4 == 0) or seed % 4 == 0


def test_replaced_lines_leave_no_trace_in_any_past(shop: Shop) -> None:
    first, second, *_ = batches(ledger(13), 13, 0.02)
    take_in(shop, first, 1)
    update_order_days(shop)
    before = oracle(shop, START + timedelta(days=DAYS))
    replace(shop, "customer_id = 9 or line_id % 173 = 0", 2)
    assert 9 in set(before) - set(oracle(shop, START + timedelta(days=DAYS))), "all that the customer bought is gone"
    assert update_order_days(shop) == "made", "a document may have nothing left"
    assert_same_past(shop)
    take_in(shop, second, 3)
    assert update_order_days(shop) == "added"
    assert_same_past(shop)


def test_one_batch_and_many_give_the_same_rows(shop: Shop, tmp_path: Path) -> None:
    lines = ledger(5)
    for offset, part in enumerate(batches(lines, 5, 0.02), start=1):
        take_in(shop, part, offset)
        update_order_days(shop)
    with new_shop(tmp_path / "whole", currency="EUR", timezone="UTC") as whole:
        take_in(whole, lines, 1)
        assert rows(shop) == rows(whole)


def rows(shop: Shop) -> list[object]:
    """The rows that hold, but for money of one day and tag that came in two parts."""
    update_order_days(shop)
    found = shop.compute.query("order_days_held")
    return (
        pl.DataFrame(found)
        .group_by("customer_id", "day", "from_day", "until_day", "order_id", "counts")
        .agg(
            pl.col("gross_e4").sum(), pl.col("amount_e4").sum(), pl.when(pl.col("counts") == 1).then(1).sum().alias("n")
        )
        .sort(pl.all())
        .rows()
    )


def test_a_ledger_that_did_not_change_costs_nothing(shop: Shop) -> None:
    for offset, part in enumerate(batches(ledger(6), 6, 0.0)[:2], start=1):
        take_in(shop, part, offset)
    assert update_order_days(shop) == "made"
    version = shop.lake.snapshot("order_days").version
    assert update_order_days(shop) == "nothing"
    compact(shop, "order_lines")
    assert update_order_days(shop) == "nothing"
    assert shop.lake.snapshot("order_days").version == version


def test_where_the_commits_of_the_ledger_are_forgotten_the_table_is_made_anew_once(shop: Shop) -> None:
    first, second, third, *_ = batches(ledger(6), 6, 0.0)
    take_in(shop, first, 1)
    update_order_days(shop)
    take_in(shop, second, 2)
    take_in(shop, third, 3)
    shop.lake.checkpoint("order_lines")
    for commit in sorted((shop.lake.path("order_lines") / "_delta_log").glob("*.json"))[:-1]:
        commit.unlink()
    assert [update_order_days(shop), update_order_days(shop)] == ["made", "nothing"]
    assert_same_past(shop)


def test_another_ledger_or_another_rule_makes_the_table_anew(shop: Shop) -> None:
    take_in(shop, ledger(7), 4)
    assert update_order_days(shop) == "made"
    shop.lake.replace("order_lines", shop.compute.write("select * from order_lines where line_id > 40", "order_lines"))
    assert update_order_days(shop) == "made"
    assert_same_past(shop)
    other = "select * replace (amount_e4 * 2 as amount_e4) from order_lines"
    shop.lake.replace("order_lines", shop.compute.write(other, "order_lines"))
    assert update_order_days(shop) == "made", "as many lines, but others"
    assert_same_past(shop)
    folder = shop.path
    shop.close()
    with open_shop(folder, {"cancel_within_hours": 1}) as strict:
        assert update_order_days(strict) == "made"
        assert_same_past(strict)


def test_many_additions_become_one_file(shop: Shop) -> None:
    first, *later = batches(ledger(8), 8, 0.0)
    take_in(shop, first, 1)
    update_order_days(shop)
    rest = pl.concat(later).sort("ts_us")
    for number, part in enumerate(rest.iter_slices(len(rest) // 16 + 1)):
        take_in(shop, part, number + 2)
        assert update_order_days(shop) == "added"
    assert len(shop.lake.snapshot("order_days").files) <= 16
    assert_same_past(shop)


def test_two_at_once_add_a_batch_once(shop: Shop) -> None:
    first, second, *_ = batches(ledger(9), 9, 0.02)
    take_in(shop, first, 1)
    update_order_days(shop)
    take_in(shop, second, 2)
    done: list[str] = []
    both = [threading.Thread(target=lambda: done.append(update_order_days(shop))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(done) == ["added", "nothing"]
    assert_same_past(shop)


VICTIM = """
import os, signal, sys
from volver.know import update_order_days
from volver.store import Lake, open_shop

follow = Lake.follow

def dies(*told, **more):
    if sys.argv[2] == "after":
        follow(*told, **more)
    os.kill(os.getpid(), signal.SIGKILL)

Lake.follow = dies
update_order_days(open_shop(sys.argv[1]))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_between_the_ledger_and_its_follower_is_made_good(shop: Shop, when: str) -> None:
    first, second, third, *_ = batches(ledger(11), 11, 0.02)
    take_in(shop, first, 1)
    update_order_days(shop)
    take_in(shop, second, 2)
    command = [sys.executable, "-c", VICTIM, str(shop.path), when]
    victim = subprocess.run(command, cwd=Path(__file__).parents[2], env=dict(os.environ), timeout=120, check=False)
    assert victim.returncode == -9
    assert update_order_days(shop) == ("added" if when == "before" else "nothing")
    assert_same_past(shop)
    take_in(shop, third, 3)
    assert update_order_days(shop) == "added"
    assert_same_past(shop)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with new_shop(tmp_path_factory.mktemp("plain") / "shop", currency="EUR") as made:
        simulated_shop(made, simulated_lines(800), tmp_path_factory.mktemp("lines") / "lines.parquet")
        yield made


def test_several_days_from_one_read_are_the_days_one_by_one(plain: Shop) -> None:
    days = [date(2024, 6, 30), date(2023, 3, 1), date(2024, 12, 31)]
    for found, day in zip(buyers_at(plain, days), days, strict=True):
        alone, wanted = buyers(plain, day), oracle(plain, day)
        assert found.at == day
        for name in ("customer_id", "first_day", "x", "t_x", "age", "spend_days", "net"):
            assert np.array_equal(getattr(found, name), getattr(alone, name))
        assert found.customer_id.tolist() == sorted(wanted)
        expected = [wanted[customer] for customer in sorted(wanted)]
        assert found.first_day.tolist() == [each[0] for each in expected]
        assert found.x.tolist() == [each[2] for each in expected]
        assert found.t_x.tolist() == [(each[1] - each[0]).days for each in expected]
        assert found.age.tolist() == [(day - each[0]).days for each in expected]
        assert found.spend_days.tolist() == [each[3] for each in expected]
        assert found.net.tolist() == [each[4] / E4 for each in expected]
    assert buyers_at(plain, []) == []


def test_too_early_a_day_says_what_is_missing(plain: Shop) -> None:
    with pytest.raises(TooLittleHistory):
        buyers_at(plain, [date(2024, 6, 30), date(2023, 1, 1)])


def test_daily_orders_are_the_later_days_of_those_known(plain: Shop) -> None:
    born, until = date(2023, 9, 30), date(2024, 3, 31)
    days, orders = buying_days(plain, until).daily(born, until)
    bought: dict[int, list[date]] = {}
    asked = "select distinct customer_id, day from order_lines where kind = 'sale' and customer_id is not null"
    for row in plain.compute.relation(asked).to_pylist():
        if row["day"] <= until:
            bought.setdefault(row["customer_id"], []).append(row["day"])
    wanted = Counter(day for own in bought.values() if min(own) <= born for day in sorted(own)[1:])
    assert dict(zip(days.tolist(), orders.tolist(), strict=True)) == wanted
    assert days.tolist() == sorted(wanted)


def test_an_empty_shop_has_no_days(shop: Shop) -> None:
    assert kept(shop, START) == {}
    assert buying_days(shop, START).daily(START, START)[1].tolist() == []
    take_in(shop, ledger(3).head(1), 1)
    assert kept(shop, START - timedelta(days=1)) == {}
