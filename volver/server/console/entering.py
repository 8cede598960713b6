"""Entering, leaving and choosing: the console's addresses that no room brings."""

from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver.core import Words
from volver.server.accounts import check_password, prefer, redeem
from volver.server.languages import LANG
from volver.server.patience import Patience
from volver.server.sessions import LIFE_US, SESSION, close_session, open_session
from volver.store import Shop
from volver.ui import login_page

_THEMES: Final = ("system", "light", "dark")
Handler = Callable[[Request], Any]


def login(shop: Shop) -> Handler:
    """The handler of `/login`: the form, and what it sends."""
    patience = Patience()

    async def answer(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return login_page(request, shop, None, 200)
        form = await request.form()
        email, password = str(form.get("email", "")).strip(), str(form.get("password", ""))
        keys = (f"from {request.client.host if request.client else ''}", f"to {email.lower()}")
        if any(patience.is_over(key) for key in keys):
            return login_page(request, shop, Words("Too many attempts. Wait five minutes and try again."), 429)
        account_id = await run_in_threadpool(check_password, shop, email, password)
        if account_id is None:
            for key in keys:
                patience.failed(key)
            return login_page(request, shop, Words("The name or the password is not right."), 401)
        return await _welcome(shop, request, account_id, _inside(request.query_params.get("next", "/")))

    return answer


def enter(shop: Shop) -> Handler:
    """The handler of `/enter`: a login link."""

    async def answer(request: Request) -> Response:
        if request.method != "GET":
            return Response(status_code=204)  # a mail scanner that only looks must not use the link up
        account_id = await run_in_threadpool(redeem, shop, request.query_params.get("token", ""))
        if account_id is None:
            says = Words("This login link has been used or is older than fifteen minutes.")
            return login_page(request, shop, says, 401)
        return await _welcome(shop, request, account_id, "/")

    return answer


def leave(shop: Shop) -> Handler:
    """The handler of `/logout`."""

    async def answer(request: Request) -> Response:
        await run_in_threadpool(close_session, shop, request.cookies.get(SESSION, ""))
        gone = RedirectResponse("/login", 303)
        gone.delete_cookie(SESSION)
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


async def _welcome(shop: Shop, request: Request, account_id: int, where: str) -> Response:
    secret = await run_in_threadpool(open_session, shop, account_id)
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


def _inside(path: str) -> str:
    """A path of this console; anything that leads elsewhere becomes the home page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
