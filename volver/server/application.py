"""The web application of a shop: five parts, each with its own guard, and the answer whether the server lives."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount

from volver.core import VERSION, Room, VolverError, Words, found, log
from volver.server.api.answering import api_doors
from volver.server.api.guard import ApiGuard
from volver.server.collect.guard import WriteGuard
from volver.server.console.guard import ConsoleGuard
from volver.server.doors import Door, Handler, doors
from volver.server.headers import StrictHeaders
from volver.server.json_answers import PROBLEMS, gone, reply
from volver.server.public.guard import PublicGuard
from volver.server.static import Static
from volver.store import Runner, Shop, Warmer, prometheus
from volver.ui import error_page, static_folder

_SOON_S = 0.5
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "testserver")


def create_app(
    shop: Shop, rooms: Sequence[Room], hosts: Sequence[str] = LOOPBACK, runner: Runner | None = None
) -> Starlette:
    """The application of these rooms; it answers only to these host names (`*`: to any).

    `runner` works as long as the application is served; so does a `Warmer`, as `state.warmer`.
    """
    pages = {name: [page for room in rooms for page in getattr(room, name)] for name in _OF_ROOMS}
    api = api_doors(shop, rooms)
    intake, webhooks = (doors(shop, pages[name], "write") for name in ("intake", "webhooks"))
    public, console = doors(shop, pages["public"], "link"), doors(shop, pages["pages"])
    alive = Door("/healthz", _health(shop), methods=["GET"], right="open", largest_bytes=0)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        makers = [found(each) for name in ("answers", "warms") for room in rooms for each in getattr(room, name)]
        warmer = Warmer(shop, makers)
        app.state.warmer = warmer
        warmer.start()
        if runner is not None:
            await run_in_threadpool(runner.start)
        try:
            yield
        finally:
            if runner is not None:
                await run_in_threadpool(runner.stop)
            await run_in_threadpool(warmer.stop)

    return Starlette(
        lifespan=lifespan,
        routes=[
            alive,
            _watched(shop, rooms),
            Mount("/static", Static(directory=static_folder())),
            Mount("/api", _part(api, Middleware(ApiGuard, shop=shop, doors=api), PROBLEMS)),
            Mount("/v1", _part(intake, Middleware(WriteGuard, shop=shop, doors=intake, any_origin=True), PROBLEMS)),
            Mount(
                "/in", _part(webhooks, Middleware(WriteGuard, shop=shop, doors=webhooks, key_in_address=True), PROBLEMS)
            ),
            Mount(
                "/p",
                _part(
                    public, Middleware(PublicGuard, shop=shop, doors=public), _Told(shop, for_customers=True).handlers
                ),
            ),
            Mount(
                "/",
                _part(console, Middleware(ConsoleGuard, shop=shop, doors=console, rooms=rooms), _Told(shop).handlers),
            ),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(StrictHeaders),
        ],
    )


_OF_ROOMS = ("pages", "intake", "webhooks", "public")


def _part(routes: Sequence[Door], guard: Middleware, problems: dict[Any, Any]) -> Starlette:
    return Starlette(routes=routes, middleware=[guard], exception_handlers=problems)


def _watched(shop: Shop, rooms: Sequence[Room]) -> Door:
    """The figures of every room for those who watch the shop run, as Prometheus reads them; a program sends a token."""

    async def answer(_request: Request) -> Response:
        looks = [found(where) for room in rooms for where in room.metrics]
        told = await run_in_threadpool(lambda: [each for look in looks for each in look(shop)])
        return PlainTextResponse(prometheus(told), media_type="text/plain; version=0.0.4")

    known: list[Door] = []
    guard = Middleware(ApiGuard, shop=shop, doors=known)
    known.append(Door("/metrics", answer, methods=["GET"], right="read", largest_bytes=0, guard=guard))
    return known[0]


def _health(shop: Shop) -> Handler:
    """Whether the server lives: a thread of its own asks the log, and what it told before is told while it is busy."""
    own, last = CapacityLimiter(1), 0

    async def answer(_request: Request) -> Response:
        nonlocal last
        with move_on_after(_SOON_S):
            last = await to_thread.run_sync(shop.log.last, limiter=own, abandon_on_cancel=True)
        return reply({"ok": True, "version": VERSION, "offset": last})

    return answer


class _Told:
    """Problems of pages, told calmly; to customers without what only the shop's people can do."""

    def __init__(self, shop: Shop, *, for_customers: bool = False) -> None:
        self.shop, self.for_customers = shop, for_customers

    @property
    def handlers(self) -> dict[Any, Any]:
        """What answers which problem."""
        return {
            HTTPException: self.http_problem,
            VolverError: self.our_problem,
            ClientDisconnect: gone,
            500: self.fault,
        }

    async def http_problem(self, request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        if status == 404:
            return error_page(
                request,
                self.shop,
                404,
                Words("There is no such page."),
                None
                if self.for_customers
                else Words("The address is not quite right, or what stood here was taken away."),
            )
        return error_page(request, self.shop, status, Words("This did not work."), None)

    async def our_problem(self, request: Request, problem: Exception) -> Response:
        if not isinstance(problem, VolverError):
            return await self.fault(request, problem)
        says, hint = Words(problem.says, problem.facts), Words(problem.hint, problem.facts)
        return error_page(request, self.shop, problem.status, says, None if self.for_customers else hint)

    async def fault(self, request: Request, problem: Exception) -> Response:
        log("server").error("page failed", extra={"path": request.url.path, "error": type(problem).__name__})
        return error_page(
            request,
            self.shop,
            500,
            Words("Something broke on our side."),
            None if self.for_customers else Words("Nothing was lost. Try again; `volver doctor` checks the shop."),
        )
