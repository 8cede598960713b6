"""Bringing files in, and what was brought in: each import can be looked at and taken back."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.collect import (
    UNDO,
    CollectSettings,
    Import,
    NoSuchImport,
    import_report,
    imports,
    set_aside,
    start,
    waiting_uploads,
)
from volver.core import day_of
from volver.store import Shop
from volver.ui.collect.reports import e4_of, told
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import render_page, speech_of

_SHOWN: Final = 50


def imports_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports`."""

    def show(request: Request) -> Response:
        spoken, found = speech_of(request, shop), imports(shop)
        return render_page(
            request,
            shop,
            "imports.html",
            rows=[_row(each, shop, spoken) for each in found[:_SHOWN]],
            more=max(0, len(found) - _SHOWN),
            waiting=[(each, _day(each.came_us, shop, spoken)) for each in waiting_uploads(shop)],
            aside=set_aside(shop, 0).total,
            most_mb=shop.settings.of(CollectSettings).largest_file_mb,
        )

    return show


def import_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports/{number}`."""

    def show(request: Request) -> Response:
        number = int(request.path_params["id"])
        one = next((each for each in imports(shop) if each.number == number), None)
        if one is None:
            raise NoSuchImport(number=number)
        report = import_report(shop, number)
        return render_page(
            request,
            shop,
            "import.html",
            one=_row(one, shop, speech_of(request, shop)),
            report=told(report) if report else None,
        )

    return show


def undo_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of its form: takes the import back as a job."""

    async def undo(request: Request) -> Response:
        job = await run_in_threadpool(start, shop, UNDO, {"number": int(request.path_params["id"])})
        return RedirectResponse(f"/imports/jobs/{job}", 303)

    return undo


def _day(us: int, shop: Shop, spoken: Speech) -> str:
    return spoken.day(day_of(us, shop.settings.timezone))


def _row(each: Import, shop: Shop, spoken: Speech) -> dict[str, Any]:
    us = int(datetime.fromisoformat(each.at).timestamp() * 1e6)
    return {
        "number": each.number,
        "name": ", ".join(each.files) or each.source,
        "day": _day(us, shop, spoken),
        "clock": spoken.clock(us),
        "rows": each.rows,
        "new": each.new,
        "changed": each.changed,
        "net_e4": e4_of(each.net),
        "undone_by": each.undone_by,
    }
