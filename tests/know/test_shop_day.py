"""Which day it is for a shop: it ages while its data flows, stays put as an archive, and says so."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.know.test_know import buys
from tests.world import Line, day, shop_of, written
from volver import app, know
from volver.core import clock
from volver.store import Shop

LAST = 90
MONTHLY = [line for c in range(1, 6) for line in buys(c, 0, 30, 60, LAST)]
WEEKLY = [line for c in range(1, 6) for line in buys(c, *range(LAST - 70, LAST + 1, 7))]


def at_noon(n: int) -> int:
    return Line(order="", customer=None, product=None, day=n, price=0).ts_us


def stopped(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    """The clock stands at noon of day `n`."""
    monkeypatch.setenv("VOLVER_NOW", f"{day(n)}T12:00:00")


def see(shop: Shop, n: int) -> None:
    """Somebody looks at a page on day `n`."""
    row = {"event_id": n, "customer_id": 1, "ts_us": at_noon(n), "day": day(n), "kind": "page_viewed", "batch": n}
    files = written(shop, "events", [row | {"month": f"{day(n):%Y-%m}"}])
    shop.lake.add("events", files, shop.lake.offset("events") + 1)


def test_a_shop_ages_day_by_day_without_an_import_and_stops_when_it_is_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop_of(tmp_path / "s", MONTHLY) as shop:
        since = []
        for n in (LAST, LAST + 1, LAST + 17, LAST + 30, LAST + 31, LAST + 243):
            stopped(monkeypatch, n)
            know.refresh(shop)
            profile = know.customer(shop, 1)
            since.append((profile.at, profile.days_since, know.today(shop).is_archive))
    assert since == [
        (day(LAST), 0, False),
        (day(LAST + 1), 1, False),
        (day(LAST + 17), 17, False),
        (day(LAST + 30), 30, False),
        (day(LAST), 0, True),
        (day(LAST), 0, True),
    ]


def test_the_usual_gap_of_the_shop_decides_but_a_week_is_always_granted(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", WEEKLY) as shop:
        know.refresh(shop)
        told = {n: know.today(shop, at_noon(LAST + n)).day for n in (0, 7, 8)}
    assert told == {0: day(LAST), 7: day(LAST + 7), 8: day(LAST)}


def test_while_events_are_live_silence_is_silence(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", WEEKLY) as shop:
        know.refresh(shop)
        see(shop, LAST + 40)
        told = {n: know.today(shop, at_noon(LAST + n)).day for n in (40, 42, 43)}
    assert told == {40: day(LAST + 40), 42: day(LAST + 42), 43: day(LAST)}


def test_what_is_late_or_over_is_said_loudly(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", MONTHLY) as shop:
        know.refresh(shop)
        said = {n: know.today(shop, at_noon(LAST + n)).says for n in (3, 4, 153)}
    assert said[3] is None
    assert str(said[4]).startswith("Last order 4 days ago (2025-04-01)")
    assert str(said[153]).startswith(
        "Archive: the last order came 153 days ago. Everything is as of that day, 2025-04-01"
    )


def test_a_clock_before_the_last_order_is_told_by_the_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop_of(tmp_path / "s", MONTHLY) as shop:
        for n, ok in ((LAST, True), (LAST - 1, True), (LAST - 2, False)):
            stopped(monkeypatch, n)
            know.refresh(shop)
            assert know.today(shop).day == day(LAST), "never before what is known"
            [check] = [each for each in app.examine(shop) if each.name == "today"]
            assert check.ok is ok
        assert "2 days before the last day with orders" in str(check.says)


def test_an_empty_shop_has_no_day(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", []) as shop:
        found = know.today(shop)
        assert (found.day, found.is_archive, found.says) == (None, False, None)
        assert found.clock_day - clock.today("UTC") <= timedelta(days=1)
