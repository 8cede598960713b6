"""What programs may ask of collect: which imports there were, what waits, and to take a file in."""

import re
from pathlib import Path
from typing import Any, Final

from volver.collect.ledger.aside import set_aside
from volver.collect.ledger.importing import ImportOptions, import_files
from volver.collect.ledger.mappings import forget_mapping, mappings
from volver.collect.ledger.undoing import imports, undo
from volver.collect.replies import (
    Answers,
    FilesRemoved,
    FilesSent,
    Imported,
    ImportList,
    MappingsList,
    RowsSetAside,
    Tried,
    Undone,
)
from volver.collect.trying import options_of, tried
from volver.collect.uploads import begin_upload, files_of, forget_upload, take_file, upload_of
from volver.core import Parameter, Question, VolverError
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


def _send(shop: Shop, *, file: Path, name: str = "upload.csv", upload: str | None = None) -> Any:
    taken = upload or begin_upload(shop)
    try:
        take_file(shop, taken, file, name)
    except VolverError:
        if upload is None:
            forget_upload(shop, taken)
        raise
    return _sent(shop, taken)


def _sent(shop: Shop, upload: str) -> Any:
    files = [{"name": each.name, "bytes": each.n_bytes} for each in upload_of(shop, upload).files]
    return {"upload": upload, "files": files}


def _look(shop: Shop, *, upload: str, body: Answers) -> Any:
    return tried(shop, upload, body.options())


def _bring(shop: Shop, *, upload: str, body: Answers) -> Any:
    report = import_files(shop, files_of(shop, upload), options_of(body.options()))
    forget_upload(shop, upload)
    return report.to_json()


def _forget(shop: Shop, *, upload: str) -> Any:
    forget_upload(shop, upload)
    return {"upload": upload}


def _forget_mapping(shop: Shop, *, number: int) -> Any:
    forget_mapping(shop, number)
    return _mappings(shop)


def _mappings(shop: Shop) -> Any:
    return {"mappings": [each.to_json() for each in mappings(shop)]}


_UPLOAD: Final = Parameter(name="upload", kind="text", says="The id of files that were sent.", in_path=True)
QUESTIONS: Final = (
    Question(
        path="/collect/files",
        method="POST",
        says="Send a file to look at it before it is imported. The body is the file; nothing is imported yet.",
        right="bring",
        parameters=(
            Parameter(name="name", kind="text", says="The file's name, such as orders.csv."),
            Parameter(name="upload", kind="text", says="Files sent before, to which this one belongs."),
        ),
        answer=_send,
        replies=FilesSent,
        takes_file=True,
        largest_bytes=LARGEST_BYTES,
    ),
    Question(
        path="/collect/files/{upload}/preview",
        method="POST",
        says="What sent files hold and what an import would do, under the answers of the body. Nothing changes.",
        right="bring",
        parameters=(_UPLOAD,),
        takes=Answers,
        answer=_look,
        replies=Tried,
    ),
    Question(
        path="/collect/files/{upload}/import",
        method="POST",
        says="Import sent files under the answers of the body, and remove them. What was said of their columns is "
        "remembered.",
        right="bring",
        parameters=(_UPLOAD,),
        takes=Answers,
        answer=_bring,
        replies=Imported,
    ),
    Question(
        path="/collect/files/{upload}/remove",
        method="POST",
        says="Remove sent files without importing them.",
        right="bring",
        parameters=(_UPLOAD,),
        answer=_forget,
        replies=FilesRemoved,
    ),
    Question(
        path="/collect/mappings",
        says="What was said of files and holds for the next ones with the same columns, newest first.",
        right="bring",
        answer=_mappings,
        replies=MappingsList,
    ),
    Question(
        path="/collect/mappings/{number}/forget",
        method="POST",
        says="Forget what was said under a number; the rest as it is then.",
        right="bring",
        parameters=(Parameter(name="number", kind="count", says="The number.", most=2**63 - 1, in_path=True),),
        answer=_forget_mapping,
        replies=MappingsList,
    ),
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
