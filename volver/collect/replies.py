"""The shapes of what collect answers over the API."""

from typing import Annotated

from msgspec import Meta

from volver.core import Reply

Money = Annotated[str, Meta(description="A decimal in the shop's currency, exact.")]


class ImportedRows(Reply):
    """Every row read is added, already there or set aside; `identical` are surplus copies of a line in one file."""

    read: int
    added: int
    already_there: int
    identical: int
    set_aside: dict[str, int]


class ImportedOrders(Reply):
    """Order numbers of the files by what their lines are."""

    total: int
    sales: int
    cancellations: int
    adjustments: int
    guest: int


class ChangedOrder(Reply):
    """An order that says something else than before, and its money then and now."""

    order: str
    before: Money
    after: Money


class ImportedDocuments(Reply):
    """Orders by what the import did to them; `before` and `after` are the money of all that changed."""

    new: int
    same: int
    completed: int
    changed: int
    before: Money
    after: Money
    examples: list[ChangedOrder]


class MoneyTold(Reply):
    """Where the money went: `gross` - `discounts` + `charges` - `cancelled` - `returned` = `net`.

    `beside` is money that the files state and that is no revenue, by what it is. `checked` orders state what they came
    to, `met` of them agree with their lines, `unmet` are numbers of some that do not.
    """

    rows: int
    orders: int
    gross: Money
    discounts: Money
    charges: Money
    cancelled: Money
    returned: Money
    net: Money
    beside: dict[str, Money]
    taxed: bool | None
    checked: int
    met: int
    unmet: list[str]


class Imported(Reply):
    """What an import did, in numbers that add up; times are in the shop's zone."""

    files: int
    rows: ImportedRows
    orders: ImportedOrders
    lines: dict[str, int]
    customers: int
    products: int
    net: Money
    ledger_net: Money
    ledger_net_after: Money
    documents: ImportedDocuments
    currency: str
    first_at: str | None
    last_at: str | None
    money: MoneyTold | None = None
    shared_emails: int = 0


class ImportInList(Reply):
    """An import by the number that undoes it: its files, when, rows added, orders new and changed, what undid it."""

    number: int
    files: list[str]
    source: str
    at: str
    rows: int
    new: int
    changed: int
    net: Money
    undone_by: int | None


class Undone(Reply):
    """What an undoing did: its own number, orders that are gone and that are as before, the ledger then and now."""

    number: int
    undoes: int
    gone: int
    changed: int
    before: Money
    after: Money


class ImportList(Reply):
    """Imports, newest first."""

    imports: list[ImportInList]


class RowSetAside(Reply):
    """A row that could not be read; its contents stay in the shop."""

    id: int
    file: str
    row: int
    reason: str


class RowsSetAside(Reply):
    """How many rows wait to be read, by reason, and the first of them."""

    total: int
    reasons: dict[str, int]
    rows: list[RowSetAside]
