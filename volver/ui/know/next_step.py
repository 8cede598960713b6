"""The next step with one customer, of what is known: what is due, how late they are, what an order would bring.

The margin is what is to be expected within the time whether anybody writes or not; what writing adds is for a
test to say.
"""

from dataclasses import dataclass
from typing import Final

from volver.core import Words
from volver.know import CustomerProfile
from volver.ui.predict.rebuys_card import Again

_LIKELY: Final = 0.15  # within 28 days: what is less likely is no reason to write
_GONE: Final = ("sleeping", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What to do and why; `margin_e4` is the margin expected within `days`, None where that cannot be said."""

    does: Words
    why: tuple[Words, ...]
    margin_e4: int | None = None
    days: int = 90


def next_step(profile: CustomerProfile, again: Again) -> NextStep:
    """The one thing to do with a customer, or to leave them alone."""
    scores = profile.scores
    if scores is None or scores.p_buy_90d is None:
        why = Words("Without a forecast of this customer nothing can be said.")
        return NextStep(does=Words("Nothing to say yet"), why=(why,))
    share = profile.margin_e4 / profile.net_e4 if profile.net_e4 > 0 else None
    order = None if share is None else round(scores.p_buy_90d * profile.aov_e4 * share)
    late = profile.stage_reason
    chance = Words("{p_share} for an order within 90 days", {"p_share": scores.p_buy_90d})
    due = next((rebuy for rebuy, _ in again.products if rebuy.p_28d >= _LIKELY), None)
    if due is not None:
        found = next((each for each in profile.top_products if each.name == due.product and each.units_e4 > 0), None)
        price = None if found is None or share is None else found.net_e4 * 10_000 / found.units_e4 * share
        facts = {"product": due.product, "p_share": due.p_28d}
        return NextStep(
            does=Words("Remind them of {product}", {"product": due.product}),
            why=(Words("{p_share} to buy {product} again within 28 days", facts), again.moment),
            margin_e4=None if price is None else round(due.p_28d * price),
            days=28,
        )
    if profile.stage == "slipping":
        does = Words("Write before they fall asleep") if profile.orders > 1 else Words("Bring the second order")
        return NextStep(does=does, why=(late, chance, again.moment), margin_e4=order)
    if profile.stage in _GONE:
        return NextStep(does=Words("Leave them be, or ask why they left"), why=(late, chance), margin_e4=order)
    if profile.orders == 1:
        return NextStep(does=Words("Welcome them, and show what others took next"), why=(late, chance), margin_e4=order)
    return NextStep(does=Words("Nothing: they come by themselves"), why=(late, chance), margin_e4=order)
