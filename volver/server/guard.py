"""What every request passes: who is it, may it, in which language; and the headers that every answer carries."""

import secrets
from collections import deque
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volver.core import VolverError, Words, clock
from volver.server.api import refused
from volver.server.openapi import METRICS, PROGRAMS, ROOT
from volver.server.sessions import Session, find_session
from volver.server.tokens import token_opens
from volver.store import Shop
from volver.ui import error_page

SESSION, VISIT, LANG = "volver_session", "volver_visit", "lang"
LARGEST_FORM = 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
_OPEN = ("/login", "/enter", "/healthz", "/language", f"{ROOT}/openapi.json")
_LANGS = ("en", "es")


class NoEntry(VolverError):
    """A program without a session and without a token that opens."""

    code = "server.no_entry"
    says = "The API needs a token."
    hint = "Make one with `volver token create NAME` and send it as Authorization: Bearer TOKEN."
    status = 401


class TooManyTries(VolverError):
    """Too many wrong tokens from one place."""

    code = "server.too_many_tries"
    says = "Too many wrong tokens came from here."
    hint = "Wait five minutes and try again."
    status = 429


class Forged(VolverError):
    """A post with the console's cookie but without its token."""

    code = "server.forged"
    says = "This request did not come from the console."
    hint = "Send the header X-CSRF-Token of the session, or use a token of the API."
    status = 403


class Guard:
    """Finds the session, demands one, checks the token of every post, chooses the language, sets the headers."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self.app = app
        self.shop = shop
        self.patience = Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        static = request.url.path.startswith("/static/")
        program = request.url.path.startswith(PROGRAMS) or request.url.path == METRICS
        fresh: dict[str, str] = {}
        answer: Response | None = None
        if program:
            answer = await self._admit_program(request)
        elif not static:
            answer, receive = await self._admit(request, receive, fresh)
        send = _with_headers(
            send, {} if static else {"Cache-Control": "no-store"}, fresh, request.url.scheme == "https"
        )
        await (answer or self.app)(scope, receive, send)

    async def _admit(
        self, request: Request, receive: Receive, fresh: dict[str, str]
    ) -> tuple[Response | None, Receive]:
        session = await self._session(request)
        visit = request.cookies.get(VISIT) or secrets.token_urlsafe(24)
        if session is None and VISIT not in request.cookies:
            fresh[VISIT] = visit
        request.state.account = session.account if session else None
        request.state.csrf = session.csrf if session else visit
        request.state.lang = _lang(request, session, self.shop)
        if request.method == "POST":
            body = await _body(request)
            if body is None or not _token_matches(request, body):
                says = Words("This form is too old or did not come from this console.")
                hint = Words("Go back, reload the page and send it again.")
                return error_page(request, self.shop, 403, says, hint), receive
            receive = _replay(body)
        if session is None and request.url.path not in _OPEN:
            if request.headers.get("hx-request") == "true":
                return Response(status_code=401, headers={"HX-Redirect": "/login"}), receive
            return RedirectResponse(f"/login?next={quote(request.url.path)}", 303), receive
        return None, receive

    async def _admit_program(self, request: Request) -> Response | None:
        """A token opens; so does the console's session, which must prove that a post is its own."""
        request.state.account, request.state.csrf, request.state.lang = None, "", self.shop.settings.lang
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and secret:
            return await self._token_problem(request, secret.strip())
        session = await self._session(request)
        if session is None:
            return None if request.url.path in _OPEN else refused(NoEntry())
        if request.method not in ("GET", "HEAD"):
            sent = request.headers.get("x-csrf-token", "")
            if not secrets.compare_digest(sent.encode(), session.csrf.encode()):
                return refused(Forged())
        return None

    async def _token_problem(self, request: Request, secret: str) -> Response | None:
        key = f"from {request.client.host if request.client else ''}"
        if self.patience.is_over(key):
            return refused(TooManyTries())
        if await to_thread.run_sync(token_opens, self.shop, secret):
            return None
        self.patience.failed(key)
        return refused(NoEntry())

    async def _session(self, request: Request) -> Session | None:
        secret = request.cookies.get(SESSION)
        return await to_thread.run_sync(find_session, self.shop, secret) if secret else None


class Patience:
    """Slows guessing: at most `most` failures per key within `within_us`, in this process."""

    def __init__(self, most: int = 10, within_us: int = 300_000_000, now: Callable[[], int] = clock.now_us) -> None:
        self._most, self._within_us, self._now = most, within_us, now
        self._failures: dict[str, deque[int]] = {}

    def is_over(self, key: str) -> bool:
        """Whether this key must wait."""
        failed, now = self._failures.get(key, deque()), self._now()
        while failed and now - failed[0] > self._within_us:
            failed.popleft()
        return len(failed) >= self._most

    def failed(self, key: str) -> None:
        """Remember a failure; the oldest keys are forgotten first."""
        self._failures.setdefault(key, deque()).append(self._now())
        while len(self._failures) > 10_000:
            self._failures.pop(next(iter(self._failures)))


def _lang(request: Request, session: Session | None, shop: Shop) -> str:
    chosen = (session.account.lang if session else None) or request.cookies.get(LANG)
    if chosen in _LANGS:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        if part.strip()[:2].lower() in _LANGS:
            return part.strip()[:2].lower()
    return shop.settings.lang


async def _body(request: Request) -> bytes | None:
    """The form as sent; None when it is larger than any form of ours."""
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > LARGEST_FORM:
            return None
    return bytes(parts)


def _token_matches(request: Request, body: bytes) -> bool:
    sent = request.headers.get("x-csrf-token")
    if sent is None:
        sent = parse_qs(body.decode("utf-8", "replace")).get("csrf", [""])[0]
    return secrets.compare_digest(sent.encode(), str(request.state.csrf).encode())


def _replay(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _with_headers(send: Send, extra: dict[str, str], cookies: dict[str, str], secure: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in (HEADERS | extra).items():
                headers.setdefault(name, value)
            for name, value in cookies.items():
                headers.append(
                    "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
                )
        await send(message)

    return sending
