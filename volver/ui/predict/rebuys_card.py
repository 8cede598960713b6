"""The next step with one customer: what they will buy again, and when they are best reached."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from volver import predict
from volver.core import Words
from volver.know import CustomerProfile
from volver.store import Shop, stamp
from volver.ui.shared.figures import remembered

_MOST: Final = 5
_NOBODY: Final = Words("No times of orders or visits are known: nothing can be said of the best moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Products that are due, the likeliest first, and a sentence on the best moment; or what is `missing`.

    `age` says how old the forecast is where the rest of the page is newer.

    A product has its reference beside it where another one shown has the same name.
    """

    products: tuple[tuple[predict.Rebuy, str], ...] = ()
    moment: Words = _NOBODY
    missing: Words | None = None
    age: Words | None = None


def again(shop: Shop, profile: CustomerProfile) -> Again:
    """What was published of a customer; only products that are likely within 90 days of that."""
    try:
        found = predict.rebuys_of(shop, profile.customer_id)
        moment = predict.best_moment(shop, profile.customer_id)
    except (predict.NoRebuys, predict.NoMoments):
        return Again(missing=Words("Not foreseen yet:"))
    due = [each for each in found if each.due_to is not None][:_MOST]
    if any(each.due_to <= profile.at for each in due if each.due_to):
        return Again(missing=Words("What was foreseen is older than the rest of this page:"))
    names = Counter(each.product for each in due)
    return Again(
        products=tuple((each, each.product_ref or "" if names[each.product] > 1 else "") for each in due),
        moment=_said(moment),
        age=_age(shop, profile),
    )


def _age(shop: Shop, profile: CustomerProfile) -> Words | None:
    """How many days older what is bought again is than the page."""
    made = remembered(shop, "rebuys_made", ("rebuys",), lambda: stamp(shop, "rebuys"))
    days = (profile.at - made.day).days if made and made.day else 0
    return Words("Forecast of {n} days ago.", {"n": days}) if days > 0 else None


def _said(moment: predict.BestMoment | None) -> Words:
    """The best moment as one sentence: the customer's own where it is known, and what most customers do elsewhere."""
    if moment is None:
        return _NOBODY
    facts = {"own": moment.words, "everybody": moment.everybody}
    if not moment.known:
        return Words("Best moment: no habit of their own is known; {everybody}.", facts)
    if moment.everybody is None:
        return Words("Best moment: {own}.", facts)
    return Words("Best moment: {own}; {everybody}.", facts)
