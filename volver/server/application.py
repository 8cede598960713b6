"""The web application of a shop: the console's pages, entering and leaving, health."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from volver.core import VERSION, VolverError, Words, log
from volver.server.accounts import check_password, prefer, redeem
from volver.server.api import Fault, NoSuchAddress, api_routes, refused
from volver.server.guard import LANG, SESSION, Guard, Patience
from volver.server.openapi import METRICS, PROGRAMS
from volver.server.sessions import LIFE_US, close_session, open_session
from volver.store import Runner, Shop, prometheus, store_metrics
from volver.ui import error_page, login_page, routes, static_folder

LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "testserver")
_THEMES = ("system", "light", "dark")


def create_app(shop: Shop, hosts: Sequence[str] = LOOPBACK, runner: Runner | None = None) -> Starlette:
    """The application; it answers only to these host names (`*`: to any). `runner` works as long as it is served."""
    doors = _Doors(shop)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if runner is not None:
            await run_in_threadpool(runner.start)
        try:
            yield
        finally:
            if runner is not None:
                await run_in_threadpool(runner.stop)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/healthz", doors.health),
            Route(METRICS, doors.metrics),
            Route("/login", doors.login, methods=["GET", "POST"]),
            Route("/enter", doors.enter),
            Route("/logout", doors.leave, methods=["POST"]),
            Route("/language", doors.language, methods=["POST"]),
            Route("/theme", doors.theme, methods=["POST"]),
            Mount("/static", _Static(directory=static_folder())),
            *api_routes(shop),
            *routes(shop),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(Guard, shop=shop),
        ],
        exception_handlers={HTTPException: doors.http_problem, VolverError: doors.our_problem, 500: doors.fault},
    )


class _Static(StaticFiles):
    """Static files; one that is asked for with its version may be kept for ever."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        found = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        scope = args[2] if len(args) > 2 else kwargs.get("scope")
        versioned = isinstance(scope, dict) and b"v=" in scope.get("query_string", b"")
        found.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return found


class _Doors:
    """Entering, leaving and choosing; problems told calmly."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.patience = Patience()

    async def health(self, _request: Request) -> Response:
        last = await run_in_threadpool(self.shop.log.last)
        return JSONResponse({"ok": True, "version": VERSION, "offset": last})

    async def metrics(self, _request: Request) -> Response:
        text = prometheus(await run_in_threadpool(store_metrics, self.shop))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            return login_page(request, self.shop, None, 200)
        form = await request.form()
        email, password = str(form.get("email", "")).strip(), str(form.get("password", ""))
        keys = (f"from {request.client.host if request.client else ''}", f"to {email.lower()}")
        if any(self.patience.is_over(key) for key in keys):
            return login_page(request, self.shop, Words("Too many attempts. Wait five minutes and try again."), 429)
        account_id = await run_in_threadpool(check_password, self.shop, email, password)
        if account_id is None:
            for key in keys:
                self.patience.failed(key)
            return login_page(request, self.shop, Words("The name or the password is not right."), 401)
        return await self._welcome(request, account_id, _inside(request.query_params.get("next", "/")))

    async def enter(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(status_code=204)  # a mail scanner that only looks must not use the link up
        account_id = await run_in_threadpool(redeem, self.shop, request.query_params.get("token", ""))
        if account_id is None:
            says = Words("This login link has been used or is older than fifteen minutes.")
            return login_page(request, self.shop, says, 401)
        return await self._welcome(request, account_id, "/")

    async def leave(self, request: Request) -> Response:
        await run_in_threadpool(close_session, self.shop, request.cookies.get(SESSION, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION)
        return answer

    async def language(self, request: Request) -> Response:
        form = await request.form()
        chosen = "es" if form.get("lang") == "es" else "en"
        if request.state.account:
            await run_in_threadpool(prefer, self.shop, request.state.account.id, lang=chosen)
        answer = RedirectResponse(_inside(str(form.get("next", "/"))), 303)
        answer.set_cookie(LANG, chosen, max_age=31_536_000, samesite="lax", httponly=True)
        return answer

    async def theme(self, request: Request) -> Response:
        form = await request.form()
        chosen = str(form.get("theme", "system"))
        if chosen in _THEMES:
            await run_in_threadpool(prefer, self.shop, request.state.account.id, theme=chosen)
        if request.headers.get("x-csrf-token"):
            return Response(status_code=204)
        return RedirectResponse(_inside(str(form.get("next", "/"))), 303)

    async def http_problem(self, request: Request, problem: Exception) -> Response:
        if _is_program(request):
            return refused(NoSuchAddress())
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        if status == 404:
            return error_page(
                request, self.shop, 404, Words("There is no such page."), Words("Look for it in the menu.")
            )
        return error_page(request, self.shop, status, Words("This did not work."), None)

    async def our_problem(self, request: Request, problem: Exception) -> Response:
        if not isinstance(problem, VolverError):
            return await self.fault(request, problem)
        says, hint = Words(problem.says, problem.facts), Words(problem.hint, problem.facts)
        return error_page(request, self.shop, problem.status, says, hint)

    async def fault(self, request: Request, problem: Exception) -> Response:
        log("server").error("page failed", extra={"path": request.url.path, "error": type(problem).__name__})
        if _is_program(request):
            return refused(Fault())
        return error_page(
            request,
            self.shop,
            500,
            Words("Something broke on our side."),
            Words("Nothing was lost. Try again; `volver doctor` checks the shop."),
        )

    async def _welcome(self, request: Request, account_id: int, where: str) -> Response:
        secret = await run_in_threadpool(open_session, self.shop, account_id)
        answer = RedirectResponse(where, 303)
        answer.set_cookie(
            SESSION,
            secret,
            max_age=LIFE_US // 1_000_000,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer


def _is_program(request: Request) -> bool:
    return request.url.path.startswith(PROGRAMS)


def _inside(path: str) -> str:
    """A path of this console; anything that leads elsewhere becomes the home page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
