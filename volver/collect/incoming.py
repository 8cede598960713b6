"""Imports as jobs: files that were streamed into the shop's `incoming` folder, brought in by whoever works.

The payload is `{"upload": ID, "options": {…}}` for files that were sent, or `{"files": [names], "options": {…}}` for
files that somebody put there, with the options of `ImportOptions`. A file stays until the job is written down as done,
so that another runner can begin again; only then a job of its own removes it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.collect.ledger.importing import import_files
from volver.collect.ledger.retry import retry_set_aside
from volver.collect.ledger.undoing import undo
from volver.collect.trying import options_of
from volver.collect.uploads import FOLDER, NoSuchUpload, files_of, forget_upload
from volver.core import VolverError, Words
from volver.store import Shop

if TYPE_CHECKING:
    from volver.store import Work

_STEPS = {
    "understood": (0.10, Words("Reading the rows")),
    "read": (0.45, Words("Comparing with the ledger")),
    "compared": (0.80, Words("Writing")),
    "written": (0.95, Words("Committing")),
}


class NotIncoming(VolverError):
    """A file that a job names and that is not there."""

    code = "collect.not_incoming"
    says = "A file that this import names is not in the shop's folder {folder}."
    hint = "Send the file again; a name may not lead out of that folder."
    status = 404


def incoming(shop: Shop) -> Path:
    """The folder into which files are streamed before a job imports them."""
    folder = shop.path / FOLDER
    folder.mkdir(exist_ok=True)
    return folder


def bring(work: "Work") -> dict[str, Any]:
    """The job that imports files; the report as JSON. Raises `collect.not_incoming` and what an import raises."""
    files = _files(work)
    if not all(each.is_file() for each in files):
        raise NotIncoming(folder=FOLDER)

    def step(name: str) -> None:
        if name in _STEPS:
            work.told(*_STEPS[name])  # a stop is not asked for here: a batch is in or out as a whole

    work.progress(0.0, Words("Looking at the files"))
    return import_files(work.shop, files, options_of(work.payload.get("options", {})), step).to_json()


def sweep(work: "Work") -> dict[str, int]:
    """The job that removes files once their import is written down as done."""
    if "upload" in work.payload:
        try:
            forget_upload(work.shop, str(work.payload["upload"]))
        except NoSuchUpload:
            return {"files": 0}
        return {"files": 1}
    files = _files(work)
    for each in files:
        each.unlink(missing_ok=True)
    return {"files": len(files)}


def take_back(work: "Work") -> dict[str, Any]:
    """The job that undoes an import."""
    work.progress(0.0, Words("Finding the orders of the import"))
    return undo(work.shop, int(work.payload["number"])).to_json()


def retry(work: "Work") -> dict[str, Any]:
    """The job that reads what was set aside again."""
    work.progress(0.0, Words("Reading the rows"))
    return retry_set_aside(work.shop, options_of(work.payload.get("options", {}))).to_json()


def _files(work: "Work") -> list[Path]:
    if "upload" in work.payload:
        return files_of(work.shop, str(work.payload["upload"]))
    names = [str(each) for each in work.payload.get("files", ())]
    if not names or any(Path(each).name != each or each in (".", "..") for each in names):
        raise NotIncoming(folder=FOLDER)
    return [incoming(work.shop) / each for each in names]
