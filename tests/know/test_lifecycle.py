"""A stage begins on the day after its border, neither sooner nor later, and never in the future."""

from datetime import date, timedelta
from math import floor
from pathlib import Path

import pytest

from tests.know.test_know import buys
from tests.world import day, shop_of
from volver import know
from volver.know.as_of import as_of
from volver.store import Shop


def stage_at(shop: Shop, customer: int, at: date) -> tuple[str, date, float]:
    with as_of(shop, at) as here:
        found = here.sql("select stage, stage_since, rhythm_days from facts where customer_id = $id", {"id": customer})[
            0
        ]
    return found["stage"], found["stage_since"], found["rhythm_days"]


@pytest.mark.parametrize(("stage", "gaps"), [("slipping", 1.5), ("sleeping", 3.0), ("lost", 6.0)])
def test_a_customer_enters_a_stage_the_day_after_its_border(tmp_path: Path, stage: str, gaps: float) -> None:
    with shop_of(tmp_path / "s", [*buys(1, 0, 10, 20, 30), *buys(2, 0, 10, 20, 30)]) as shop:
        know.refresh(shop)
        border = day(30 + int(10 * gaps))
        on, after = stage_at(shop, 1, border), stage_at(shop, 1, border + timedelta(days=1))
    assert on[2] == after[2] == 10.0, "the rhythm is whole, so the border is a day"
    assert on[0] != stage
    assert after[:2] == (stage, border + timedelta(days=1))


@pytest.mark.parametrize("gaps", [1.5, 3.0, 6.0])
def test_no_stage_begins_after_the_day_that_is_asked(tmp_path: Path, gaps: float) -> None:
    lines = [line for c in range(1, 12) for line in buys(c, *range(0, 12 * c, c))] + buys(20, 5)
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        for customer in (*range(1, 12), 20):
            last, rhythm = (11 * customer if customer < 20 else 5), stage_at(shop, customer, day(140))[2]
            for n in range(-1, 3):
                at = day(last + floor(rhythm * gaps) + n)
                assert stage_at(shop, customer, at)[1] <= at
