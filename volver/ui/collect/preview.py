"""What sent files are and what an import would do; the reader answers, corrects, imports or throws them away."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.collect import (
    FIELDS,
    IMPORT,
    Trial,
    ask_trial,
    columns_of,
    field_words,
    forget_upload,
    start,
    trial_of,
    unpacked,
    upload_of,
)
from volver.core import Words
from volver.store import Jobs, NoSuchJob, QueuedJob, Shop
from volver.ui.collect.corrections import corrected, field_by_column
from volver.ui.collect.reports import Told, told
from volver.ui.collect.vocabulary import FORMS, KINDS
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import render_page, speech_of

_MOST_ROWS: Final = 6
_MONEY: Final = ("unit_price", "amount", "discount", "cost", "price")
_BROKEN: Final = ("failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """A column of a file: its place and name, a few cells, the field it is read as, whether its money is left out."""

    place: int
    name: str
    cells: tuple[str, ...]
    field: str
    is_unread_money: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCard:
    """A file as it is understood, ready to be corrected."""

    number: int
    name: str
    as_: str
    form: str
    rows: int
    says: tuple[Words, ...]
    used: tuple[ColumnRow, ...]
    unused: tuple[ColumnRow, ...]
    fields: tuple[tuple[str, Words], ...]
    unread_money: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question with its choices; without choices the hint says what helps."""

    number: int
    says: Words
    choices: tuple[Words, ...]


def preview_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports/files/{id}`."""

    def show(request: Request) -> Response:
        return _shown(request, shop, str(request.path_params["id"]))

    return show


def answer_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of its form: look again, import, or remove the files."""

    async def answer(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        return await run_in_threadpool(_answered, shop, str(request.path_params["id"]), form)

    return answer


def _answered(shop: Shop, upload: str, form: Mapping[str, str]) -> Response:
    if form.get("do") == "forget":
        forget_upload(shop, upload)
        return RedirectResponse("/imports", 303)
    upload_of(shop, upload)
    trial = trial_of(shop, upload)
    options = corrected(trial.told, trial.options, form) if trial.told else trial.options
    if form.get("do") == "import" and trial.told and trial.told["report"] and options == trial.options:
        job = start(shop, IMPORT, {"upload": upload, "options": options})
        return RedirectResponse(f"/imports/jobs/{job}", 303)
    ask_trial(shop, upload, options)
    return RedirectResponse(f"/imports/files/{upload}", 303)


def _shown(request: Request, shop: Shop, upload: str) -> Response:
    sent, trial = upload_of(shop, upload), trial_of(shop, upload)
    job = _job(shop, trial)
    broken = job if job is not None and job.status in _BROKEN else None
    if trial.told is not None:
        broken = None
    files = _cards(trial.told)
    report = _report(trial.told)
    return render_page(
        request,
        shop,
        "preview.html",
        upload=sent,
        waits=trial.told is None and trial.problem is None and broken is None,
        says=job.says if job is not None else None,
        problem=_problem(trial, broken),
        asks=_asks(trial.told),
        files=files,
        unread=[(file.name, name) for file in files for name in file.unread_money],
        report=report,
        rows=_rows(trial.told, speech_of(request, shop)),
        kinds=KINDS,
    )


def _job(shop: Shop, trial: Trial) -> QueuedJob | None:
    try:
        return Jobs(shop.state).get(trial.job) if trial.job is not None else None
    except NoSuchJob:
        return None


def _problem(trial: Trial, broken: QueuedJob | None) -> tuple[Words, Words] | None:
    """Why the files could not be looked at, and what helps."""
    if trial.problem is not None:
        return unpacked(trial.problem["message"]), unpacked(trial.problem["hint"])
    if broken is not None and broken.problem:
        return Words(*broken.problem["words"]), Words(*broken.problem["hint_words"])
    return None


def _asks(found: Mapping[str, Any] | None) -> list[Ask]:
    return [
        Ask(
            number=number,
            says=unpacked(each["message"]),
            choices=tuple(unpacked(choice["label"]) for choice in each["choices"]),
        )
        for number, each in enumerate(found["asks"] if found else ())
    ]


def _cards(found: Mapping[str, Any] | None) -> list[FileCard]:
    return [_card(number, each) for number, each in enumerate(found["files"] if found else ())]


def _card(number: int, file: Mapping[str, Any]) -> FileCard:
    fields = field_by_column(file)
    rows = [
        ColumnRow(
            place=place,
            name=name,
            cells=tuple(file["samples"].get(name, ())),
            field=fields.get(name, ""),
            is_unread_money=name in file["unread_money"],
        )
        for place, name in enumerate(file["columns"])
    ]
    return FileCard(
        number=number,
        name=file["file"],
        as_=file["as"],
        form=FORMS.get(file["kind"], file["kind"]),
        rows=file["rows"],
        says=tuple(unpacked(each) for each in (*(file["money"] or {}).get("says", ()), *file["notes"])),
        used=tuple(each for each in rows if each.field or each.is_unread_money),
        unused=tuple(each for each in rows if not each.field and not each.is_unread_money),
        fields=tuple((field, field_words(field)) for field in FIELDS[file["as"]]),
        unread_money=tuple(file["unread_money"]),
    )


def _report(found: Mapping[str, Any] | None) -> Told | None:
    return told(found["report"], is_trial=True) if found and found["report"] else None


def _rows(found: Mapping[str, Any] | None, spoken: Speech) -> tuple[list[tuple[str, Words]], list[list[str]]] | None:
    """The first rows as they were read: what the columns are called, and the cells."""
    rows = found["rows"][:_MOST_ROWS] if found else []
    if not rows:
        return None
    names = [name for name in columns_of(rows) if name not in ("row_no", "file_no")]
    cells = [[_cell(name, row.get(name, ""), spoken) for name in names] for row in rows]
    return [(name, _called(name)) for name in names], cells


def _cell(name: str, value: str, spoken: Speech) -> str:
    return spoken.number(float(value), 2) if value and name in _MONEY else value


def _called(name: str) -> Words:
    return {
        "at": field_words("date"),
        "amount": Words("amount"),
        "problem": Words("set aside because"),
        "name": Words("name"),
        "price": field_words("unit_price"),
    }.get(name) or field_words(name)
