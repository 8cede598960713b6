"""What each kind of file becomes: order lines, products or customers, from staged rows to files of the lake.

Each kind can be read (stage its rows), compared (stage what would be new, and count) and written.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from volver.collect.ledger import arriving, batch, goods, lines, people, report, versions
from volver.collect.ledger.arriving import DocumentCounts
from volver.collect.ledger.batch import Staged
from volver.collect.ledger.report import OrderCounts, RowCounts
from volver.collect.ledger.session import Session
from volver.collect.ledger.story import MoneyStory, money_story
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import SourceFile

Kind = Literal["orders", "products", "customers"]
KINDS: tuple[Kind, ...] = ("products", "customers", "orders")
ROWS: dict[Kind, str] = {"orders": "unusable", "products": "product_rows", "customers": "customer_rows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the rows of one kind say; `valid` are usable, `dropped` were identical and unwanted, `pending` not paid.

    `joins` are pairs of customers (from, into) that are one person, `shared_emails` e-mails that two claim.
    """

    read: int
    added: int
    valid: int
    dropped: int = 0
    identical: int = 0
    pending: int = 0
    orders: OrderCounts = field(default_factory=OrderCounts)
    lines: dict[str, int] | None = None
    customers: int = 0
    products: int = 0
    joins: tuple[tuple[int, int], ...] = ()
    shared_emails: int = 0
    net: str = "0.00"
    ledger_net: str = "0.00"
    ledger_net_after: str = "0.00"
    documents: DocumentCounts = field(default_factory=DocumentCounts)
    money: MoneyStory | None = None
    first_at: str | None = None
    last_at: str | None = None

    def rows(self, put_aside: dict[str, int], settled: int) -> RowCounts:
        """The counts of rows; those whose problem a retry has settled are in the ledger already."""
        return RowCounts(
            read=self.read,
            added=self.added,
            already_there=self.valid - self.dropped - self.added + settled,
            identical=self.identical,
            pending=self.pending,
            set_aside=put_aside,
        )


def read(work: Session, view: str, kind: Kind, files: Collection["SourceFile"]) -> None:
    """Stage every row of the typed view of one kind."""
    if kind == "orders":
        lines.read_rows(work, view, files)
    elif kind == "products":
        goods.see_in_file(work, view)
    else:
        people.see_in_file(work, view)


def compare(
    shop: Shop,
    work: Session,
    kind: Kind,
    files: Sequence["SourceFile"],
    *,
    drop_identical: bool = False,
    again: bool = False,
) -> Told:
    """Stage what would be new of the `files` of one kind; rows read `again` are parts of orders."""
    if kind == "orders":
        return _compare_orders(shop, work, files, drop_identical=drop_identical, again=again)
    found = None
    rows, ids = ROWS[kind], "product_ref"
    if kind == "products":
        goods.number(work, shop)
        changed = f"select product_ref from products_next n anti join held_products h on ({_same(kind)})"
    else:
        found, ids = people.number(work, shop), "customer_ref"
        changed = f"""select customer_ref from customer_ids where customer_id in (
            select customer_id from customers_next n anti join held_customers h on ({_same(kind)}))"""
    seen = work.count(f"select count(distinct {ids}) from {rows} where problem is null")
    return Told(
        read=work.count(f"select count(*) from {rows}"),
        valid=work.count(f"select count(*) from {rows} where problem is null"),
        added=work.count(f"select count(*) from {rows} where problem is null and {ids} in ({changed})"),
        customers=seen if kind == "customers" else 0,
        products=seen if kind == "products" else 0,
        joins=found.joins if found else (),
        shared_emails=found.shared_emails if found else 0,
    )


def write(shop: Shop, work: Session, staged: Staged, kind: Kind) -> None:
    """Write what is new as files of the lake, to be named by the batch."""
    tables = {
        "customers": ("customers_next", kind != "products" and people.changed(work)),
        "products": ("products_next", kind != "customers" and goods.changed(work)),
        "product_names": ("names_next", kind != "customers" and goods.names_changed(work)),
    }
    for table, (source, is_changed) in tables.items():
        if is_changed:
            batch.write(shop, staged, table, f"select * from {source}", work.connection)
    if kind != "orders" or not arriving.says_more(work):
        return
    number = batch.UNNUMBERED
    sources = {
        "version_lines": lines.version_lines_sql(number),
        "order_versions": arriving.versions_sql(number),
        "replaced": versions.replaced(number),
        "order_lines": lines.ledger_sql(work, number),
    }
    for table, sql in sources.items():
        batch.write(shop, staged, table, sql, work.connection)


def _compare_orders(
    shop: Shop, work: Session, files: Sequence["SourceFile"], *, drop_identical: bool, again: bool
) -> Told:
    mapped = {name for each in files for name in each.mapping}
    net = report.exact_net(work)
    read = work.count("select count(*) from rows")
    lines.put_pending_apart(work, shop)
    valid = work.count("select count(*) from rows where problem is null")
    lines.make_lines(work, shop, drop_identical=drop_identical)
    lines.make_entries(work)
    arriving.meet(work, shop, "part" if again else "document")
    people.see_in_orders(work, mapped)
    people.number(work, shop)
    goods.see_in_orders(work, mapped)
    goods.number(work, shop)
    story = money_story(work, read, files)
    first_at, last_at = report.span(work, shop.settings.timezone)
    return Told(
        read=read,
        added=lines.added(work),
        valid=valid,
        dropped=work.count("select count(*) from repeats where dropped"),
        pending=work.count("select count(*) from pending"),
        identical=work.count("select count(*) from repeats where copy > 1 and (kept or dropped)"),
        orders=report.orders_report(work),
        lines=report.lines_report(work, mapped),
        customers=report.buyers(work),
        products=work.count("select count(*) from seen_products where is_product = 1"),
        net=net,
        ledger_net=story.net,
        ledger_net_after=arriving.ledger_net(work, shop),
        documents=arriving.counts(work),
        money=story,
        first_at=first_at,
        last_at=last_at,
    )


def _same(kind: Kind) -> str:
    columns = (
        ("product_ref", "name", "category", "price_e4", "cost_e4", "is_product")
        if kind == "products"
        else ("customer_ref", *people.TRAITS, *people.WON)
    )
    return " and ".join(f"n.{column} is not distinct from h.{column}" for column in columns)
