"""How a list of customers leaves: as a CSV file, or its e-mail addresses to copy. A term is posted, as in the list."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from volver import know
from volver.core import Words, log
from volver.store import Shop
from volver.ui.know.customers import View, heading, posted_view
from volver.ui.know.segments import segments_of
from volver.ui.shared.files import file_answer, file_name
from volver.ui.shared.rendering import render_page, speech_of


def customers_file(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of `/customers.csv`."""

    async def save(request: Request) -> Response:
        view = await posted_view(request, shop)
        spoken = speech_of(request, shop)

        def made() -> Response:
            title, _ = heading(view, segments_of(shop), know.saved_segments(shop), spoken)
            taken: list[int] = []

            def write(target: Path) -> None:
                rows = know.customers_csv(shop, target, say=spoken.words, marks=spoken.csv_marks, choice=view.choice)
                taken.append(rows)

            answer = file_answer(shop, file_name(title, know.today(shop).day), write)
            _told(request, "csv", taken[0])
            return answer

        return await run_in_threadpool(made)

    return save


def emails_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of `/customers/emails`: a page to copy from, or JSON for the button that copies."""

    async def show(request: Request) -> Response:
        view = await posted_view(request, shop)
        spoken = speech_of(request, shop)
        found = await run_in_threadpool(know.customer_emails, shop, view.choice)
        says = [spoken.words(each) for each in _says(found)]
        _told(request, "emails", len(found.addresses))
        if request.headers.get("accept") == "application/json":
            return JSONResponse({"text": "\n".join(found.addresses), "says": " ".join(says)})
        return await run_in_threadpool(_page, request, shop, view, found, says)

    return show


def _page(request: Request, shop: Shop, view: View, found: know.Emails, says: list[str]) -> Response:
    title, _ = heading(view, segments_of(shop), know.saved_segments(shop), speech_of(request, shop))
    return render_page(request, shop, "emails.html", view=view, title=title, found=found, says=says)


def _says(found: know.Emails) -> list[Words]:
    said = [Words("{n} addresses copied.", {"n": len(found.addresses)})]
    if not found.addresses:
        said = [Words("Nobody in this list has an email.")]
    elif found.without:
        said.append(Words("{n} customers have none.", {"n": found.without}))
    if found.left_out:
        said.append(Words("{n} more did not fit: export the list instead.", {"n": found.left_out}))
    return said


def _told(request: Request, how: str, rows: int) -> None:
    """Who took how many away, for whoever keeps the server's log; never whom."""
    account = getattr(request.state, "account", None)
    log("know").info("list taken", extra={"how": how, "rows": rows, "account": account.id if account else 0})
