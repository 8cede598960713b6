"""What the doctor asks of knowing: which day it is for the shop, and whether what is derived is up to it."""

from collections.abc import Sequence

from volver.core import Words
from volver.know.shop_day import today
from volver.store import Check, Renewal, Shop, stamp


def check_today(shop: Shop) -> Check:
    """Which day the shop goes by and why; not healthy where the clock is before the last order."""
    found = today(shop)
    if found.is_clock_behind and found.says:
        hint = "Set the machine's clock, or look for orders with a date in the future."
        return Check(name="today", ok=False, says=found.says, hint=hint)
    if found.day is None:
        return Check(name="today", ok=True, says=Words("No orders yet."))
    if found.says:  # late, or an archive
        hint = (
            "Import what came since, if the shop still sells: until then its customers look as on that day, or later."
        )
        return Check(name="today", ok=True, says=found.says, hint=hint)
    return Check(name="today", ok=True, says=Words("Data flows: today is {day}.", {"day": found.day}))


def check_fresh(shop: Shop, renewals: Sequence[Renewal]) -> Check:
    """What of all that is derived is due. Being due is no illness: the next refresh makes it."""
    late = [each for each in renewals if each.is_due(shop)]
    if not late:
        return Check(name="freshness", ok=True, says=Words("Everything derived is of the shop's day."))
    told = []
    for each in late:
        made = stamp(shop, each.tables[-1])
        told.append(f"{each.name} ({made.day if made and made.day else '–'})")
    says = Words("Due at the next refresh, with the day they are of: {tables}.", {"tables": ", ".join(told)})
    return Check(name="freshness", ok=True, says=says)
