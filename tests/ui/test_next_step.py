"""The next step with a customer says what is known, what it should bring, and never more than that."""

from dataclasses import replace

import pytest

from tests.ui.world import visitor
from volver import know
from volver.know import CustomerProfile
from volver.store import Shop
from volver.ui.know.next_step import next_step
from volver.ui.predict.rebuys_card import Again, again


def profile_of(shop: Shop, stage: str) -> CustomerProfile:
    row = know.customers(shop, stage=stage, sort="orders", limit=1).rows[0]
    return know.customer(shop, row.customer_id)


def test_a_late_repeat_buyer_is_written_to_with_the_margin_of_an_order(busy_shop: Shop) -> None:
    profile = profile_of(busy_shop, "slipping")
    assert profile.scores is not None
    assert profile.scores.p_buy_90d is not None
    step = next_step(profile, Again())
    assert str(step.does) == "Write before they fall asleep"
    assert step.margin_e4 == round(profile.scores.p_buy_90d * profile.aov_e4 * profile.margin_e4 / profile.net_e4)
    assert step.why[0] == profile.stage_reason
    once = replace(profile, orders=1)
    assert str(next_step(once, Again()).does) == "Bring the second order"


@pytest.mark.parametrize("stage", ["sleeping", "lost", "champion", "new"])
def test_every_stage_has_a_step_of_its_own_kind(busy_shop: Shop, stage: str) -> None:
    step = next_step(replace(profile_of(busy_shop, "slipping"), stage=stage), Again())
    assert str(step.does) != "Write before they fall asleep"
    assert str(step.does).startswith("Leave them") == (stage in ("sleeping", "lost"))


def test_what_is_due_counts_before_the_stage(busy_shop: Shop) -> None:
    for row in know.customers(busy_shop, sort="orders", limit=60).rows:
        profile = know.customer(busy_shop, row.customer_id)
        due = again(busy_shop, profile)
        likely = [rebuy for rebuy, _ in due.products if rebuy.p_28d >= 0.15]
        step = next_step(profile, due)
        assert str(step.does).startswith("Remind them of ") == bool(likely)
        if likely and step.margin_e4 is not None:
            bought = next(each for each in profile.top_products if each.name == likely[0].product)
            assert 0 <= step.margin_e4 <= max(bought.net_e4, 0)
            assert step.days == 28


def test_without_a_forecast_nothing_is_promised(busy_shop: Shop) -> None:
    step = next_step(replace(profile_of(busy_shop, "slipping"), scores=None), Again())
    assert (str(step.does), step.margin_e4) == ("Nothing to say yet", None)


def test_money_that_all_came_back_promises_no_margin(busy_shop: Shop) -> None:
    step = next_step(replace(profile_of(busy_shop, "slipping"), net_e4=0, margin_e4=0), Again())
    assert step.margin_e4 is None


def test_the_page_shows_the_step_in_the_readers_language(busy_shop: Shop) -> None:
    profile = profile_of(busy_shop, "slipping")
    for lang, title in (("en", "Next step"), ("es", "Siguiente paso")):
        page = visitor(busy_shop, **{"accept-language": lang}).get(f"/customers/{profile.customer_id}").text
        card = page.split(title, 1)[1].split("</section>", 1)[0]
        assert "{" not in card
        assert ("mailto:" in card) == bool(profile.email)
