"""A customer's page opens few files, the newest months that hold enough, and says what reading all would say."""

from collections.abc import Iterator

import pytest

from tests.ui.world import busy
from volver import predict
from volver.know import customer, customers, profile
from volver.predict import Published
from volver.store import Shop

ALL_EVENTS = """
select e.kind, e.ts_us, e.day, coalesce(p.name, p.product_ref) as product, e.text
from events e left join products p on p.product_id = e.product_id
where e.customer_id = $id order by e.ts_us desc, e.event_id limit $most
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with busy(tmp_path_factory) as made:
        yield made


@pytest.mark.parametrize("most", [1, 7, 40, 200])
def test_the_newest_months_tell_what_all_would(shop: Shop, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(profile, "MOST", most)
    for each in customers(shop, limit=8).rows:
        told = [
            (one.kind, one.ts_us, one.day, one.product, one.text) for one in customer(shop, each.customer_id).events
        ]
        rows = shop.compute.relation(ALL_EVENTS, {"id": each.customer_id, "most": most}).to_pylist()
        assert told == [tuple(row.values()) for row in rows]


def test_months_that_nobody_needs_stay_shut(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "MOST", 3)
    busiest = shop.compute.relation("select customer_id as id from events group by 1 order by count(*) desc, 1 limit 1")
    asked: list[str] = []
    ask = profile.AsOf.sql

    def noted(here: profile.AsOf, text: str, params: dict[str, object] | None = None) -> list[dict[str, object]]:
        asked.append(text)
        return ask(here, text, params)

    monkeypatch.setattr(profile.AsOf, "sql", noted)
    assert len(customer(shop, busiest.to_pylist()[0]["id"]).events) == 3
    months = [text.split("e.month in (")[1].split(")")[0].count(",") + 1 for text in asked if "e.month in (" in text]
    assert len(shop.lake.snapshot("events").files) > 20
    assert 0 < sum(months) < 10


def test_order_days_are_those_that_the_curve_reads_by_itself(shop: Shop) -> None:
    for each in customers(shop, limit=8).rows:
        days = customer(shop, each.customer_id).order_days
        alone = predict.alive_curve(shop, each.customer_id)
        assert predict.alive_curve(shop, each.customer_id, order_days=days) == alone


def test_numbers_handed_over_are_those_that_the_value_reads_by_itself(shop: Shop) -> None:
    for each in customers(shop, limit=8).rows:
        scores = customer(shop, each.customer_id).scores
        assert scores
        handed = Published(
            value_e4=scores.value_e4,
            low_e4=scores.value_low_e4,
            high_e4=scores.value_high_e4,
            next_from=scores.next_from_day,
            next_to=scores.next_to_day,
        )
        alone = predict.value_of_customer(shop, each.customer_id)
        assert predict.value_of_customer(shop, each.customer_id, published_as=handed) == alone


def test_a_model_written_again_is_read_again(shop: Shop) -> None:
    first = predict.published(shop)
    assert predict.published(shop).body is first.body
    again = predict.republish(shop, first.id)
    assert again.body is not first.body
    assert predict.published(shop).body["scored_at"] == again.body["scored_at"]
