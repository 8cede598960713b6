"""What a customer will buy again, and when: published, not published, older than the model, nothing known."""

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.ui.world import visitor
from volver import know, predict
from volver.predict.freshness import REBUYS
from volver.store import Shop, open_shop

TITLES = {"en": "What will they buy again, and when?", "es": "¿Qué volverá a comprar, y cuándo?"}
COMMAND = "volver predict when --refresh"
SHOPS = "(cast(null as bigint), 6, 17, 1.0, 900)"
DUE = ((0, 0.67, 5), (1, 0.4, 20), (2, 0.03, None))  # a product, its chance, days until it is due


@pytest.fixture
def shop(busy_shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """A copy of the busy shop, to change."""
    shutil.copytree(busy_shop.path, tmp_path / "shop")
    with open_shop(tmp_path / "shop") as opened:
        yield opened


def customer(shop: Shop) -> int:
    return know.customers(shop, limit=1, sort="orders").rows[0].customer_id


def card(shop: Shop, lang: str = "en") -> str:
    """The card as it is read."""
    page = visitor(shop, **{"accept-language": lang}).get(f"/customers/{customer(shop)}")
    assert page.status_code == 200
    [found] = re.findall(rf"<h2>{re.escape(TITLES[lang])}</h2>(.*?)</section>", page.text, re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found))).strip()


def publish(shop: Shop, own: str = "", dues: tuple[tuple[int, float, int | None], ...] = DUE, ago: int = 0) -> None:
    """Rebuys of the customer as foreseen days ago, and moments: the shop's and perhaps their own."""
    who = customer(shop)
    day = know.customer(shop, who).at - timedelta(days=ago)
    ids = [row["product_id"] for row in shop.compute.rows("when_products")]
    rows = [
        f"({who}, {ids[place]}, 9, 36.0, date '{day}', cast({p} as double), {on(day, wait, 0)}, {on(day, wait, 9)})"
        for place, p, wait in dues
    ]
    names = "customer_id, product_id, times, usual_gap_days, last_day, p_28d, due_from_day, due_to_day"
    told = f"select * from (values {', '.join(rows)}) as t({names})"
    shop.lake.follow("rebuys", shop.compute.write(told, "rebuys"), REBUYS.marks(shop, day), anew=True)
    rows = [SHOPS, *([f"({who}, {own})"] if own else [])]
    told = f"select * from (values {', '.join(rows)}) as t(customer_id, weekday, hour, lift, n_events)"
    shop.lake.replace("moments", shop.compute.write(told, "moments"))


def on(day: date, wait: int | None, more: int) -> str:
    return "cast(null as date)" if wait is None else f"date '{day + timedelta(days=wait + more)}'"


def test_the_next_step_is_said_in_the_readers_language(shop: Shop) -> None:
    publish(shop, own="1, 9, 3.0, 21")
    english, spanish = card(shop), card(shop, "es")
    likeliest = predict.rebuys_of(shop, customer(shop))[0].product
    assert f"{likeliest} about every 5 weeks · due " in english
    assert f"{likeliest} cada 5 semanas aproximadamente · previsto " in spanish
    assert english.index(" 67%") < english.index(" 40%")
    assert " 3%" not in english
    assert english.endswith("Best moment: mostly on Tuesdays around 9:00, from 21 events.")
    assert spanish.endswith("Mejor momento: sobre todo los martes hacia las 9:00, según 21 eventos.")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("null, 9, 3.0, 21", "mostly around 9:00, from 21 events; most customers come on Sundays."),
        ("1, null, 3.0, 21", "mostly on Tuesdays, from 21 events; most customers come around 17:00."),
        ("", "no habit of their own is known; most customers come on Sundays and around 17:00."),
    ],
)
def test_where_no_own_habit_is_known_the_shops_is_told_as_such(shop: Shop, own: str, said: str) -> None:
    publish(shop, own=own)
    assert card(shop).endswith(f"Best moment: {said}")


def test_no_more_than_five_products_and_twins_with_their_references(shop: Shop) -> None:
    shop.lake.replace("products", shop.compute.write("select * replace ('Taza' as name) from products", "products"))
    publish(shop, dues=tuple((place, 0.9 - place / 10, 5) for place in range(7)))
    found = predict.rebuys_of(shop, customer(shop))
    said = card(shop)
    assert said.count(" · due ") == 5
    assert all(f"Taza {each.product_ref} about" in said for each in found[:5])


def test_where_nothing_was_published_the_command_is_told(shop: Shop) -> None:
    for table in ("rebuys", "moments"):
        shutil.rmtree(shop.lake.path(table))
    assert card(shop) == f"Not foreseen yet: {COMMAND}"
    assert card(shop, "es") == f"Aún sin prever: {COMMAND}"


def test_what_is_over_is_not_told(shop: Shop) -> None:
    publish(shop, ago=60)
    assert card(shop) == f"What was foreseen is older than the rest of this page: {COMMAND}"
    assert card(shop, "es") == f"Lo previsto es más antiguo que el resto de esta página: {COMMAND}"


@pytest.mark.parametrize(("ago", "english", "spanish"), [(3, "3 days", "3 días"), (1, "1 day", "1 día")])
def test_a_forecast_that_is_older_than_the_page_says_how_old(shop: Shop, ago: int, english: str, spanish: str) -> None:
    publish(shop, ago=ago)
    assert card(shop).startswith(f"With the chance within 28 days. Forecast of {english} ago. ")
    assert f" Pronóstico de hace {spanish}. " in card(shop, "es")
    publish(shop)
    assert "Forecast of" not in card(shop)


def test_where_nothing_is_known_that_is_said(shop: Shop) -> None:
    shop.lake.replace("rebuys", [])
    shop.lake.replace("moments", [])
    english, spanish = card(shop), card(shop, "es")
    assert english.startswith("Nothing is likely enough to be bought again within 90 days. No times of orders")
    assert spanish.startswith("Nada es lo bastante probable como para volver a comprarse en 90 días. No se conocen")
    assert "0%" not in english
