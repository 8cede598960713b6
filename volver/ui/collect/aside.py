"""Rows that could not be used: why, how many, the first of them as they stood; and reading them again."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.collect import RETRY, AsideRow, set_aside, start
from volver.store import Shop
from volver.ui.collect.vocabulary import reason_words
from volver.ui.shared.rendering import render_page

_SHOWN: Final = 50
_LONGEST: Final = 160


def aside_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports/aside`."""

    def show(request: Request) -> Response:
        found = set_aside(shop, _SHOWN)
        return render_page(
            request,
            shop,
            "aside.html",
            total=found.total,
            reasons=[(reason_words(name), n) for name, n in sorted(found.reasons.items(), key=lambda each: -each[1])],
            rows=[(row.file, row.row_no, reason_words(row.reason), _cut(cells_of(row))) for row in found.rows],
        )

    return show


def retry_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of its form: reads the rows again as a job."""

    async def retry(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        job = await run_in_threadpool(start, shop, RETRY, {"options": _options(form)})
        return RedirectResponse(f"/imports/jobs/{job}", 303)

    return retry


def _options(form: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if form.get("dates") in ("day", "month"):
        found["day_first"] = form["dates"] == "day"
    if form.get("decimal") in (".", ","):
        found["decimal"] = form["decimal"]
    return found


def cells_of(row: AsideRow) -> str:
    """The row as it stood, in one line."""
    try:
        told = json.loads(row.body)
    except ValueError:
        told = row.body
    if isinstance(told, dict):
        told = " · ".join(f"{name}: {value}" for name, value in told.items() if value not in (None, ""))
    return str(told)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
