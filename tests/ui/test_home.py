"""Home: what is to come, of whom, beside what came; and to-dos that open exactly the people whom they count."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.ui.world import visitor
from tests.world import new_shop
from volver import know, predict
from volver.app import refresh
from volver.collect import import_simulated, simulate_shop
from volver.core import E4
from volver.store import Shop
from volver.ui.know.home import people_of
from volver.ui.predict.outlook import outlook_of


def text(page: str) -> str:
    main = page.split("<main", 1)[1]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))


def counted(shop: Shop, address: str) -> int:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return know.customers(shop, stage=asked.get("stage"), segment=asked.get("segment"), limit=1).total


def test_a_to_do_opens_exactly_the_people_it_counts(busy_shop: Shop) -> None:
    todos = know.home(busy_shop).todos
    assert len(todos) == 3
    assert len({people_of(each) for each in todos}) == 3, "each opens a list of its own"
    for each in todos:
        assert counted(busy_shop, people_of(each)) == each.customers, each.key
    page = visitor(busy_shop, **{"accept-language": "en"}).get("/").text
    for each in todos:
        assert f'href="{html.escape(people_of(each))}"' in page


@pytest.mark.parametrize("seed", [2, 5])
def test_every_look_opens_whom_it_counts_in_any_shop(seed: int, tmp_path: Path) -> None:
    from volver.know import summary
    from volver.know.as_of import as_of

    with new_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as shop:
        import_simulated(shop, simulate_shop(150, seed, out_dir=tmp_path / "files"))
        know.refresh(shop)
        with as_of(shop) as here:
            rows = here.rows("look_counts")
        for look in summary._LOOKS:
            inside = sum(int(row["customers"]) for row in rows if look.holds(row))
            listed = know.customers(shop, stage=look.stage or None, segment=look.segment or None, limit=1).total
            assert listed == inside, look.key


def test_the_first_number_is_what_todays_customers_and_new_ones_bring(busy_shop: Shop) -> None:
    outlook = outlook_of(busy_shop)
    report = predict.levers(busy_shop)
    assert outlook is not None
    assert outlook.coming_e4 is not None
    assert report.coming is not None
    assert outlook.value_e4 == outlook.today_e4 + outlook.coming_e4
    assert outlook.value_e4 / E4 == pytest.approx(report.value, rel=1e-3)
    assert outlook.low_e4 < outlook.worth.low_e4 + outlook.coming_e4 < outlook.value_e4 < outlook.high_e4
    page = text(visitor(busy_shop, **{"accept-language": "en"}).get("/").text)
    assert f"from your {outlook.worth.customers} customers of today" in page
    assert "from new ones, if as many come as in the last year" in page
    page = text(visitor(busy_shop, **{"accept-language": "es"}).get("/").text)
    assert f"de tus {outlook.worth.customers} clientes de hoy" in page


def test_a_year_is_told_beside_it_where_there_was_one(busy_shop: Shop) -> None:
    home = know.home(busy_shop)
    assert home.at is not None
    days = {row["day"]: row["net_e4"] for row in busy_shop.compute.relation("select day, net_e4 from days").to_pylist()}
    year = sum(net for day, net in days.items() if 0 <= (home.at - day).days < 365)
    whole = (home.at - min(days)).days >= 364
    assert home.revenue_365d_e4 == (year if whole else None)
    page = text(visitor(busy_shop, **{"accept-language": "en"}).get("/").text)
    assert ("The last 12 months brought" in page) == whole


def test_a_shop_without_a_forecast_says_what_it_lacks(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as shop:
        import_simulated(shop, simulate_shop(12, 3, out_dir=tmp_path / "files"))
        refresh(shop)
        assert outlook_of(shop) is None
        page = text(visitor(shop, **{"accept-language": "en"}).get("/").text)
    assert "Not known yet" in page
    assert "of today" not in page


def test_one_sense_of_risk_leads_every_list_and_nothing_is_certain(busy_shop: Shop) -> None:
    client = visitor(busy_shop, **{"accept-language": "en"})
    held = know.customers(busy_shop, sort="soon", limit=1000).rows
    chances = [each.p_buy_90d for each in held if each.p_buy_90d is not None]
    assert chances == sorted(chances, reverse=True)
    for address in ("/customers", "/customers?sort=soon&up=1", "/customers?stage=slipping", "/value"):
        page = text(client.get(address).text)
        assert "Orders within 90 days" in page
        assert "Still a customer" not in page
        if address != "/value":
            assert not re.search(r"(?<![\d.])(?:100|0)%", page), address
    slipping = know.customers(busy_shop, stage="slipping", limit=1).rows[0]
    page = text(client.get(f"/customers/{slipping.customer_id}").text)
    assert "Orders within 90 days" in page.split("What do they buy", 1)[0]


def test_of_people_nothing_is_certain() -> None:
    from volver.ui.shared.formatting import Speech

    assert [Speech(lang="en", currency="EUR", zone="UTC").chance(each) for each in (0.0, 1.0, 0.42)] == [
        "<1%",
        ">99%",
        "42%",
    ]
