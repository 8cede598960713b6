"""The shapes of what collect answers over the API."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from volver.core import Reply

Money = Annotated[str, Meta(description="A decimal in the shop's currency, exact.")]


class ImportedRows(Reply):
    """Every row read is added, already there, of an unpaid order or set aside; `identical` are surplus copies."""

    read: int
    added: int
    already_there: int
    identical: int
    pending: int
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
    pending: Money
    pending_orders: int
    beside: dict[str, Money]
    taxed: bool | None
    checked: int
    met: int
    unmet: list[str]


class ImportNote(Reply):
    """Something that people should know of a file."""

    file: str
    says: str


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
    notes: list[ImportNote] = []
    shared_emails: int = 0


class Choice(Reply):
    """An answer to a question: `sets` are the fields of the body of the next call that say so."""

    label: str
    sets: dict[str, Any]


class Asked(Reply):
    """What only a person can say of a file, or why it is refused; `choices` are the answers there are."""

    code: str
    message: str
    hint: str
    choices: list[Choice]


class MoneyMeaning(Reply):
    """What a file's money means; `says` tells it in sentences, `reading` holds what was decided, by name."""

    lines: str
    taxed: bool | None
    says: list[str]
    beside: dict[str, Money]
    checked: int
    met: int
    unmet: list[str]
    reading: dict[str, str]


class TriedFile(Reply, rename={"as_": "as"}):
    """A file as it is understood: `mapping` goes from field to column, `samples` from column to a few cells.

    `layout` names the export that it is, if it is known. `unread_money` are columns that hold money and are not read.
    `shape` names the headings, for `answers`.
    """

    file: str
    as_: str
    kind: str
    rows: int
    layout: str
    shape: str
    columns: list[str]
    mapping: dict[str, str]
    unused: list[str]
    unread_money: list[str]
    samples: dict[str, list[str]]
    encoding: str | None
    delimiter: str | None
    date_format: str | None
    decimal: str | None
    money: MoneyMeaning | None
    notes: list[str]
    asks: list[Asked]


class Tried(Reply):
    """What files hold and what an import would do; `report` is missing while something is asked. Rows in shop time."""

    dry_run: bool
    files: list[TriedFile]
    rows: list[dict[str, str]]
    asks: list[Asked]
    renamed_products: int
    report: Imported | None


class FileSent(Reply):
    """A file that came whole, under the name that it has now."""

    name: str
    bytes: int


class FilesSent(Reply):
    """Files by the id under which they are looked at and imported."""

    upload: str
    files: list[FileSent]


class FilesRemoved(Reply):
    """Files that are gone."""

    upload: str


class Remembered(Reply):
    """What was said of files of one shape: for which kind, of which file, on which day."""

    number: int
    kind: str
    said: dict[str, Any]
    file: str
    said_on: str
    shape: str


class MappingsList(Reply):
    """What is remembered, newest first."""

    mappings: list[Remembered]


class Answers(Struct, kw_only=True, forbid_unknown_fields=True, rename={"as_": "as"}):
    """What a person says of files; what is left out is found in them. `answers` says such fields of one shape only."""

    as_: Literal["orders", "products", "customers"] | None = None
    mapping: dict[str, str] = {}
    currency: str | None = None
    timezone: str | None = None
    day_first: bool | None = None
    decimal: Literal[".", ","] | None = None
    money: list[str] = []
    sheet: str = ""
    drop_identical: bool = False
    answers: dict[str, dict[str, Any]] = {}

    def options(self) -> dict[str, Any]:
        """The fields of `ImportOptions`."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


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
