"""What programs may ask of collect: which imports there were, what waits, and to take a file in."""

import re
from pathlib import Path
from typing import Any, Final

from volver.collect.ledger.aside import set_aside
from volver.collect.ledger.importing import ImportOptions, import_files
from volver.collect.ledger.undoing import imports, undo
from volver.collect.replies import Imported, ImportList, RowsSetAside, Undone
from volver.core import Parameter, Question
from volver.store import Shop

LARGEST_BYTES: Final = 2 * 1024**3
_FOREIGN: Final = re.compile(r"[^\w. -]")


def _imports(shop: Shop, *, limit: int = 50) -> Any:
    return {"imports": [each.to_json() for each in imports(shop)[:limit]]}


def _undo(shop: Shop, *, number: int) -> Any:
    return undo(shop, number).to_json()


def _import(shop: Shop, *, file: Path, name: str = "upload.csv", kind: Any = None, currency: str | None = None) -> Any:
    path = file.rename(file.with_name(_FOREIGN.sub("_", Path(name).name).lstrip(".") or "upload.csv"))
    return import_files(shop, [path], ImportOptions(as_=kind, currency=currency)).to_json()


QUESTIONS: Final = (
    Question(
        path="/collect/imports",
        says="The imports, newest first.",
        right="bring",
        parameters=(Parameter(name="limit", kind="count", says="How many (default: 50).", most=1000),),
        answer=_imports,
        replies=ImportList,
    ),
    Question(
        path="/collect/imports/{number}/undo",
        method="POST",
        says="Take an import back: the ledger is what it would be without it. What follows from it is made anew by the "
        "next refresh.",
        right="bring",
        parameters=(Parameter(name="number", kind="count", says="The import's number.", most=2**63 - 1, in_path=True),),
        answer=_undo,
        replies=Undone,
    ),
    Question(
        path="/collect/import",
        method="POST",
        says="Import a file of orders, products or customers; the same file again changes nothing. The body is the "
        "file. Customers and forecasts follow with the next refresh.",
        right="bring",
        parameters=(
            Parameter(name="name", kind="text", says="The file's name, such as orders.csv: its ending tells the form."),
            Parameter(name="kind", kind="choice", says="What it holds.", choices=("orders", "products", "customers")),
            Parameter(name="currency", kind="text", says="Currency of the file (default: the shop's)."),
        ),
        answer=_import,
        replies=Imported,
        takes_file=True,
        largest_bytes=LARGEST_BYTES,
    ),
    Question(
        path="/collect/set-aside",
        says="What could not be read, by reason, and the first rows.",
        right="bring",
        parameters=(Parameter(name="limit", kind="count", says="How many rows (default: 50).", most=1000),),
        answer=lambda shop, *, limit=50: set_aside(shop, limit).to_json(),
        replies=RowsSetAside,
    ),
)
