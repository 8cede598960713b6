"""The money story of an import: from what was asked for the goods to what counts as revenue, in sums that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from volver.collect.ledger.session import Session
from volver.core import decimal_text

if TYPE_CHECKING:
    from volver.collect.reading import SourceFile

_NAMED = 10  # orders that do not come to their total are named up to here


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyStory:
    """Where the money of the order files went; decimal texts in the shop's currency.

    `gross` - `discounts` + `charges` - `cancelled` - `returned` = `net`. `pending` is the money of the `pending_orders`
    that are not paid yet; it is in none of these. `charges` are lines of postage, fees and the
    like. `beside` is money that the files state and that is no revenue here: shipping, tax, fee, tip, gift_card.
    `taxed` says whether the net holds tax (None: no file tells). `checked` orders state what they came to and `met` of
    them agree with their lines; `unmet` are numbers of orders that do not, ten at most.
    """

    rows: int = 0
    orders: int = 0
    gross: str = "0.00"
    discounts: str = "0.00"
    charges: str = "0.00"
    cancelled: str = "0.00"
    returned: str = "0.00"
    net: str = "0.00"
    pending: str = "0.00"
    pending_orders: int = 0
    beside: Mapping[str, str] = field(default_factory=dict)
    taxed: bool | None = None
    checked: int = 0
    met: int = 0
    unmet: tuple[str, ...] = ()


def money_story(work: Session, rows: int, files: Sequence["SourceFile"]) -> MoneyStory:
    """The story of the staged entries, once the ledger has met them; `rows` were read from `files`."""
    found = work.one("""
        select coalesce(sum(amount_e4 + discount_e4) filter (kind = 'sale'), 0),
               coalesce(sum(discount_e4) filter (kind = 'sale'), 0),
               coalesce(sum(amount_e4) filter (kind = 'shipping_or_fee'), 0),
               coalesce(sum(-amount_e4) filter (kind = 'cancel'), 0),
               coalesce(sum(-amount_e4) filter (kind = 'return'), 0)
        from entries""")
    gross, discounts, charges, cancelled, returned = (int(str(each)) for each in found)
    waiting = work.one("select coalesce(sum(amount_e4), 0), count(distinct order_ref) from pending")
    told = [each.money for each in files if each.money is not None]
    beside: dict[str, Decimal] = {}
    for each in told:
        for name, amount in each.beside.items():
            beside[name] = beside.get(name, Decimal(0)) + Decimal(amount)
    taxed = {each.taxed for each in told if each.taxed is not None}
    return MoneyStory(
        rows=rows,
        orders=work.count("select count(*) from arrivals"),
        gross=decimal_text(gross),
        discounts=decimal_text(discounts),
        charges=decimal_text(charges),
        cancelled=decimal_text(cancelled),
        returned=decimal_text(returned),
        net=decimal_text(gross - discounts + charges - cancelled - returned),
        pending=decimal_text(int(str(waiting[0]))),
        pending_orders=int(str(waiting[1])),
        beside={name: f"{amount:.2f}" for name, amount in beside.items()},
        taxed=taxed.pop() if len(taxed) == 1 else None,
        checked=sum(each.checked for each in told),
        met=sum(each.met for each in told),
        unmet=tuple(ref for each in told for ref in each.unmet)[:_NAMED],
    )
