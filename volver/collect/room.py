"""What collect brings: imports on the command line, over the API and as jobs, and how batches reach the lake."""

from typing import Final

from volver.collect.jobs import IMPORT, RETRY, TRY, UNDO
from volver.core.room import Command, Job, Page, Place, Projection, Room
from volver.core.words import Words

_PAGES: Final = "volver.ui.collect"
_SENT_BYTES: Final = 64 * 1024**3  # of several files at once; a setting bounds each

ROOM: Final = Room(
    name="collect",
    label=Words("Collect"),
    commands=(
        Command(
            name="collect",
            where="volver.cli.collect.commands:group",
            says="Bring in orders, products and customers.",
        ),
    ),
    questions="volver.collect.questions:QUESTIONS",
    pages=(
        Page(path="/imports", where=f"{_PAGES}.imports:imports_page", right="bring"),
        Page(
            path="/imports",
            where=f"{_PAGES}.receiving:receive_page",
            methods=("POST",),
            right="bring",
            largest_bytes=_SENT_BYTES,
        ),
        Page(path="/imports/files/{id}", where=f"{_PAGES}.preview:preview_page", right="bring"),
        Page(path="/imports/files/{id}", where=f"{_PAGES}.preview:answer_page", methods=("POST",), right="bring"),
        Page(path="/imports/jobs/{id:int}", where=f"{_PAGES}.work:work_page", right="bring"),
        Page(path="/imports.csv", where=f"{_PAGES}.imports_file:imports_csv_page", right="bring"),
        Page(path="/imports/aside", where=f"{_PAGES}.aside:aside_page", right="bring"),
        Page(path="/imports/aside.csv", where=f"{_PAGES}.aside_file:aside_csv_page", right="bring"),
        Page(path="/imports/aside", where=f"{_PAGES}.aside:retry_page", methods=("POST",), right="bring"),
        Page(path="/imports/{id:int}", where=f"{_PAGES}.imports:import_page", right="bring"),
        Page(path="/imports/{id:int}", where=f"{_PAGES}.imports:undo_page", methods=("POST",), right="bring"),
    ),
    places=(Place(path="/imports", icon="upload", label=Words("Import"), key="i"),),
    settings="volver.collect.settings:CollectSettings",
    jobs=(
        IMPORT,
        Job(
            name="collect.sweep",
            where="volver.collect.incoming:sweep",
            says=Words("Remove files that are imported"),
            after="collect.import",
        ),
        TRY,
        UNDO,
        RETRY,
        Job(
            name="collect.tidy",
            where="volver.collect.uploads:tidy",
            says=Words("Remove files that were sent and never imported"),
            every_s=3600,
            priority=-10,
        ),
    ),
    projections=(Projection(name="collect.batches", kinds=("batch",), where="volver.collect.ledger.batch:take"),),
    lake="volver.store.tables.collect:TABLES",
)
