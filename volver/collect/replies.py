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
    currency: str
    first_at: str | None
    last_at: str | None


class ImportInList(Reply):
    """An import: the log entry that names it, where it came from, when, how many rows it added."""

    offset: int
    source: str
    kind: str
    rows: int
    created_us: int


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
