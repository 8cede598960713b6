"""The list of customers: search, sort, filter, turn pages. A term is posted, so it never stands in an address."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver import know
from volver.know import Choice, CustomersPage, SavedSegment, SegmentSummary
from volver.store import Shop
from volver.ui.know.segments import segments_of
from volver.ui.know.vocabulary import PLURALS
from volver.ui.shared.asked import count_of
from volver.ui.shared.charts_people import interval
from volver.ui.shared.formatting import Speech
from volver.ui.shared.looks import STAGES
from volver.ui.shared.rendering import is_fragment, render_page, speech_of

_SORTS: Final = ("name", "orders", "net", "last", "soon", "alive", "value")
_SIZE: Final = 25
_FOUND: Final = 7
_FARTHEST: Final = 1_000_000
_WIDEST: Final = 4.0  # times its middle that an interval is drawn wide


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which customers are looked at: everything in an address but the search term."""

    search: str = ""
    stage: str = ""
    segment: str = ""
    sort: str = "value"
    up: bool = False
    turned: int = 0
    lost: bool = False  # the address names a stage or a segment that there is not

    @property
    def offset(self) -> int:
        """How many customers come before this page."""
        return self.turned * _SIZE

    @property
    def query(self) -> str:
        """The view as the query of an address; what is usual is left out."""
        told = {
            "stage": self.stage,
            "segment": self.segment,
            "sort": "" if self.sort == "value" and not self.up else self.sort,
            "up": "1" if self.up else "",
            "page": str(self.turned + 1) if self.turned else "",
        }
        return urlencode({name: value for name, value in told.items() if value})

    @property
    def address(self) -> str:
        """Where the list is seen; a term that is searched stands in no address."""
        return f"/customers{self.query and '?' + self.query}"

    @property
    def choice(self) -> Choice:
        """The customers and their order, whatever the page."""
        return Choice(
            search=self.search,
            stage=self.stage or None,
            segment=self.segment or None,
            sort=self.sort,
            descending=not self.up,
        )

    def by(self, sort: str) -> "View":
        """The same customers in another order; the same order again turns it round."""
        up = not self.up if sort == self.sort else sort == "name"
        return replace(self, sort=sort, up=up, turned=0)

    def turn(self, pages: int) -> "View":
        """So many pages on, or back."""
        return replace(self, turned=max(0, self.turned + pages))


def view_of(told: dict[str, str]) -> View:
    """A view from an address or a form; what is unknown is as usual.

    >>> view_of({"sort": "net", "page": "3"}).offset
    50
    """
    sort = told["sort"] if told.get("sort") in _SORTS else "value"
    up = told.get("up") == "1"
    if told.get("was", sort) != sort:  # chosen from a list: names from A, figures from the highest
        up = sort == "name"
    return View(
        search=told.get("search", "").strip()[:200],
        stage=told.get("stage", "") if told.get("stage") in STAGES else "",
        segment=told.get("segment", ""),
        sort=sort,
        up=up,
        lost=bool(told.get("stage")) and told.get("stage") not in STAGES,
        turned=max(1, count_of(told.get("page", ""), 1, _FARTHEST)) - 1,
    )


@dataclass(frozen=True, slots=True)
class CustomersPages:
    """The handlers of `/customers` and of the palette's search."""

    shop: Shop

    def show(self, request: Request) -> Response:
        """The list as the address says."""
        return self._answer(request, view_of(dict(request.query_params)))

    async def search(self, request: Request) -> Response:
        """The list for a posted term; without a term the address can say it all."""
        view = await _posted(request)
        if not view.search and not is_fragment(request):
            return RedirectResponse(view.address, 303)
        answer = await run_in_threadpool(self._answer, request, view)
        if not view.search:
            answer.headers["HX-Push-Url"] = view.address
        return answer

    async def find(self, request: Request) -> Response:
        """The first customers that fit a term, for the palette."""
        term = str((await request.form()).get("search", "")).strip()[:200]
        if len(term) < 2:
            return Response("", media_type="text/html")
        page = await run_in_threadpool(know.customers, self.shop, search=term, limit=_FOUND)
        return render_page(request, self.shop, "found.html", rows=page.rows)

    def _answer(self, request: Request, view: View) -> Response:
        spoken = speech_of(request, self.shop)
        summaries = segments_of(self.shop)
        saved = know.saved_segments(self.shop)
        view = known_view(view, saved)
        page = know.customers(
            self.shop,
            search=view.search,
            stage=view.stage or None,
            segment=view.segment or None,
            sort=view.sort,
            descending=not view.up,
            limit=_SIZE,
            offset=view.offset,
        )
        title, hint = heading(view, summaries, saved, spoken)
        template = "customers_list.html" if is_fragment(request) else "customers.html"
        return render_page(
            request,
            self.shop,
            template,
            view=view,
            page=page,
            bars=_bars(page, spoken),
            segments=[(each.key, spoken.words(each.label)) for each in summaries if each.key not in STAGES],
            own=[(each.key, each.name) for each in saved],
            saved=next((each for each in saved if each.key == view.segment and not view.stage), None),
            longest=know.LONGEST_NAME,
            title=title,
            hint=hint,
            chosen=bool(view.stage or view.segment),
            last=replace(view, turned=max(0, (page.total - 1) // _SIZE)),
        )


async def posted_view(request: Request, shop: Shop) -> View:
    """The list that a form is about: its address in `view`, its term in `search`; what is unknown is left out."""
    view = await _posted(request)
    return known_view(view, await run_in_threadpool(know.saved_segments, shop))


async def _posted(request: Request) -> View:
    form = {name: str(value) for name, value in (await request.form()).items()}
    if "view" in form:
        form |= {name: values[0] for name, values in parse_qs(form["view"]).items()}
    return view_of(form)


def known_view(view: View, saved: Sequence[SavedSegment]) -> View:
    """A view whose segment there is: a stage is one under another name, what there is not is left out."""
    if view.segment in STAGES:
        return replace(view, stage=view.segment, segment="")
    if view.segment and view.segment not in know.BITS and view.segment not in {each.key for each in saved}:
        return replace(view, segment="", lost=True)
    return view


def hold_people(shop: Shop) -> None:
    """Bring everybody into memory, for the lists."""
    know.customers(shop, limit=1)


def list_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/customers`."""
    return CustomersPages(shop).show


def search_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of a term posted to `/customers`."""
    return CustomersPages(shop).search


def find_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of the palette's search."""
    return CustomersPages(shop).find


def heading(
    view: View, summaries: Sequence[SegmentSummary], saved: Sequence[SavedSegment], spoken: Speech
) -> tuple[str, str]:
    """What the list is called, and what its people have in common."""
    rules = {each.key: each.rule for each in summaries} | {each.key: each.rule for each in saved}
    labels = {each.key: spoken.words(each.label) for each in summaries} | {each.key: each.name for each in saved}
    if view.segment and view.stage:
        title = f"{labels[view.segment]}: {spoken.words(PLURALS[view.stage])}"
        return title, spoken.words(rules[view.segment])
    if view.segment:
        return labels[view.segment], spoken.words(rules[view.segment])
    if view.stage:
        return spoken.words(PLURALS[view.stage]), spoken.words(rules.get(view.stage, STAGES[view.stage].name))
    return spoken.text("Customers"), spoken.text("Everyone who ever ordered, and what each should bring.")


def _bars(page: CustomersPage, spoken: Speech) -> list[Markup]:
    """How sure each row's value is: its interval in parts of that value, so that small ones can be compared, too."""
    return [
        interval(
            (row.value_low_e4 or 0) / (row.value_e4 or 1),
            1 if row.value_e4 else 0,
            (row.value_high_e4 or 0) / (row.value_e4 or 1),
            _WIDEST,
            _interval_says(row, spoken),
        )
        for row in page.rows
    ]


def _interval_says(row: know.CustomerRow, spoken: Speech) -> str:
    return spoken.text("90 %: {span}", span=spoken.span(row.value_low_e4 or 0, row.value_high_e4 or 0))
