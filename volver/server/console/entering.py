"""Entering, leaving and choosing: the console's addresses that no room brings."""

from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.core import Words
from volver.server.accounts import prefer, redeem
from volver.server.console.throttle import MustWait, Throttle
from volver.server.cookies import DEVICE, SESSION, Cookies
from volver.server.devices import LIFE_S as DEVICE_LIFE_S
from volver.server.devices import new_device
from volver.server.languages import LANG
from volver.server.sessions import LIFE_US, close_session, open_session
from volver.store import Shop
from volver.ui import login_page

_THEMES: Final = ("system", "light", "dark")
Handler = Callable[[Request], Any]


def login(shop: Shop) -> Handler:
    """The handler of `/login`: the form, and what it sends."""
    throttle, cookies = Throttle(shop), Cookies(shop)

    async def answer(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return login_page(request, shop, None, 200)
        form = await request.form()
        email, password = str(form.get("email", "")).strip().lower(), str(form.get("password", ""))
        address = request.client.host if request.client else ""
        device = cookies.read(request, DEVICE) or ""
        try:
            account_id = await throttle.check(email, password, address, device, request.is_disconnected)
        except MustWait as problem:
            says = Words(
                "Too many tries. Send it again in {n} seconds; a login link opens at once.", {"n": problem.seconds}
            )
            waiting = login_page(request, shop, says, 429)
            waiting.headers["Retry-After"] = str(problem.seconds)
            return waiting
        if account_id is None:
            return login_page(request, shop, Words("The name or the password is not right."), 401)
        return await _welcome(shop, cookies, request, account_id, _inside(request.query_params.get("next", "/")))

    return answer


def enter(shop: Shop) -> Handler:
    """The handler of `/enter`: a login link."""
    cookies = Cookies(shop)

    async def answer(request: Request) -> Response:
        if request.method != "GET":
            return Response(status_code=204)  # a mail scanner that only looks must not use the link up
        account_id = await run_in_threadpool(redeem, shop, request.query_params.get("token", ""))
        if account_id is None:
            says = Words("This login link has been used or is older than fifteen minutes.")
            return login_page(request, shop, says, 401)
        return await _welcome(shop, cookies, request, account_id, "/")

    return answer


def leave(shop: Shop) -> Handler:
    """The handler of `/logout`."""
    cookies = Cookies(shop)

    async def answer(request: Request) -> Response:
        await run_in_threadpool(close_session, shop, cookies.read(request, SESSION) or "")
        gone = RedirectResponse("/login", 303)
        cookies.drop(request, gone, SESSION)
        return gone

    return answer


def language(shop: Shop) -> Handler:
    """The handler of `/language`: English or Spanish, kept with the account or in a cookie."""

    async def answer(request: Request) -> Response:
        form = await request.form()
        chosen = "es" if form.get("lang") == "es" else "en"
        if request.state.account:
            await run_in_threadpool(prefer, shop, request.state.account.id, lang=chosen)
        back = RedirectResponse(_inside(str(form.get("next", "/"))), 303)
        back.set_cookie(LANG, chosen, max_age=31_536_000, samesite="lax", httponly=True)
        return back

    return answer


def theme(shop: Shop) -> Handler:
    """The handler of `/theme`: light, dark or as the device."""

    async def answer(request: Request) -> Response:
        form = await request.form()
        chosen = str(form.get("theme", "system"))
        if chosen in _THEMES:
            await run_in_threadpool(prefer, shop, request.state.account.id, theme=chosen)
        if request.headers.get("x-csrf-token"):
            return Response(status_code=204)
        return RedirectResponse(_inside(str(form.get("next", "/"))), 303)

    return answer


async def _welcome(shop: Shop, cookies: Cookies, request: Request, account_id: int, where: str) -> Response:
    """Begin a session of its own, whatever was open in this browser, and know the device again."""
    before = cookies.read(request, SESSION)
    if before:
        await run_in_threadpool(close_session, shop, before)
    secret = await run_in_threadpool(open_session, shop, account_id)
    device = await run_in_threadpool(new_device, shop, account_id)
    answer = RedirectResponse(where, 303)
    cookies.keep(request, answer, SESSION, secret, LIFE_US // 1_000_000)
    cookies.keep(request, answer, DEVICE, device, DEVICE_LIFE_S)
    return answer


def _inside(path: str) -> str:
    """A path of this console; anything that leads elsewhere becomes the home page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
