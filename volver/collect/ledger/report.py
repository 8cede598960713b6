"""What an import did, in numbers that add up.

`read` = `added` + `already_there` + every `set_aside` (+ `identical` if identical lines were dropped). `orders`,
`lines`, `customers`, `products`, `ledger_net` describe what these files say, each ledger line once, whether or not the
ledger held it before: the report of a second import differs from the first only in `added`, `already_there` and
`documents`, which says what became of the orders. `ledger_net_after` is the whole ledger's.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from volver.collect.ledger.arriving import DocumentCounts
from volver.collect.ledger.session import Session
from volver.collect.ledger.story import MoneyStory
from volver.core import zone_named
from volver.core.days import EPOCH

KINDS = ("sale", "return", "cancel", "adjustment", "write_off", "shipping_or_fee")
MARKS = ("guest", "zero_price", "negative_price", "no_description")
LINES = (*KINDS, *MARKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Every row read is added, already there, of an order that is not paid yet (`pending`), or set aside.

    `identical` are surplus copies of a line in one file.
    """

    read: int = 0
    added: int = 0
    already_there: int = 0
    identical: int = 0
    pending: int = 0
    set_aside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCounts:
    """Document numbers. `sales` have at least one line that was sold or charged and still stands."""

    total: int = 0
    sales: int = 0
    cancellations: int = 0
    adjustments: int = 0
    guest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that people should know of a file: money that is not read, how its dates and money were understood."""

    file: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The report of an import. Money is a decimal text, times are in the shop's zone.

    `skipped` names what a folder holds that is no order, product or customer file, and why; it is not part of the JSON.
    `money` is the story of the order files' money; None if there are none.
    `shared_emails` counts e-mails that a customer file gives to somebody though they are another customer's.
    """

    files: int
    rows: RowCounts
    orders: OrderCounts
    lines: Mapping[str, int]
    customers: int
    products: int
    net: str
    ledger_net: str
    ledger_net_after: str
    documents: DocumentCounts
    currency: str
    first_at: str | None
    last_at: str | None
    money: MoneyStory | None = None
    notes: tuple[Note, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    shared_emails: int = 0

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints: plain dicts, in the order of the fields; `shared_emails` only where there are some."""
        quiet = {"skipped"} if self.shared_emails else {"skipped", "shared_emails"}
        return {name: value for name, value in asdict(self).items() if name not in quiet}


def buyers(work: Session) -> int:
    """Customers of these files who bought something; one who is only in cancellations or returns is none."""
    return work.count("""
        select count(distinct customer_ref) from lines
        where kept and mirrored = 0 and kind in ('sale', 'shipping_or_fee')""")


def lines_report(work: Session, mapped: Collection[str]) -> dict[str, int]:
    """Lines by kind (each in one), then marks (each counted on its own)."""
    found = dict.fromkeys(KINDS, 0)
    counted = work.run("""
        select case when mirrored = 1 then 'cancel' else kind end, count(*) from lines where kept group by 1""")
    found.update({str(kind): int(count) for kind, count in counted.fetchall()})
    marks = work.one(f"""
        select count(*) filter (customer_ref is null),
               count(*) filter (unit_price_e4 = 0), count(*) filter (unit_price_e4 < 0),
               count(*) filter ({"product_name is null" if "product_name" in mapped else "true"})
        from lines where kept""")
    return found | {mark: int(str(count)) for mark, count in zip(MARKS, marks, strict=True)}


def orders_report(work: Session) -> OrderCounts:
    """Documents by what their lines are."""
    total, sales, cancellations, adjustments, guest = work.one("""
        select count(*), coalesce(sum(sold), 0), coalesce(sum(case when sold = 0 then cancelled else 0 end), 0),
               coalesce(sum(adjusted), 0), coalesce(sum(guest), 0)
        from (
            select order_ref,
                   max(case when mirrored = 0 and kind in ('sale', 'shipping_or_fee') then 1 else 0 end) as sold,
                   max(case when mirrored = 1 or kind = 'cancel' then 1 else 0 end) as cancelled,
                   min(case when mirrored = 0 and kind = 'adjustment' then 1 else 0 end) as adjusted,
                   min(case when customer_ref is null then 1 else 0 end) as guest
            from lines where kept group by order_ref)""")
    return OrderCounts(
        total=int(str(total)),
        sales=int(str(sales)),
        cancellations=int(str(cancellations)),
        adjustments=int(str(adjustments)),
        guest=int(str(guest)),
    )


def exact_net(work: Session) -> str:
    """Quantity times price of every row that says both, before any rule; rows that are set aside included."""
    total = work.one("select coalesce(sum(net_exact), 0) from rows")[0]
    return exact_text(Decimal(str(total)))


def span(work: Session, zone: str) -> tuple[str | None, str | None]:
    """The first and the last instant of the usable rows, in the shop's zone."""
    first, last = work.one("select min(ts_us), max(ts_us) from lines where kept")
    return _instant(first, zone), _instant(last, zone)


def exact_text(amount: Decimal) -> str:
    """A decimal with at least two places and no zeros beyond them.

    >>> exact_text(Decimal("1234.50000000")), exact_text(Decimal("0.00062500"))
    ('1234.50', '0.000625')
    """
    text = f"{amount:f}"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def _instant(ts_us: object, zone: str) -> str | None:
    if ts_us is None:
        return None
    moment: datetime = EPOCH + timedelta(microseconds=int(str(ts_us)))
    return moment.astimezone(zone_named(zone)).isoformat()
