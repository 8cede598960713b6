"""The console's guard: finds the session, demands one, checks right and form, chooses the language."""

import re
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, quote

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volver.core import Room, Words
from volver.core.room import FORM_BYTES
from volver.server.cookies import SESSION, VISIT, Cookies
from volver.server.doors import Door, Packed, TooLarge, as_it_is, door_of, limited
from volver.server.headers import FRESH, with_headers
from volver.server.languages import LANG, LANGS, chosen_lang
from volver.server.roles import ROLES, role_may
from volver.server.sessions import Session, find_session
from volver.store import Shop
from volver.ui import Navigation, error_page

_BOUNDARY: Final = re.compile(r'^multipart/form-data;\s*boundary="?([^";]{1,70})"?', re.IGNORECASE)
_TOKEN_FIELD: Final = rb'\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n([\w-]{1,200})\r\n'
_HEAD_BYTES: Final = 2048  # a token and what stands around it are far shorter


class ConsoleGuard:
    """Serves whoever may; a post must carry the token of its session, or of its visit before there is one."""

    def __init__(self, app: ASGIApp, shop: Shop, doors: Sequence[Door], rooms: Sequence[Room]) -> None:
        self.app, self.shop, self.doors, self.rooms = app, shop, doors, rooms
        self.rights = {each.path: each.right for each in doors if "GET" in (each.methods or ())}
        self.navigations: dict[str, Navigation] = {}
        self.cookies = Cookies(shop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        session = await session_of(request, self.shop, self.cookies)
        known = self.cookies.read(request, VISIT)
        visit = known or secrets.token_urlsafe(24)
        cookies = () if session or known else self._kept(request, visit)
        request.state.account = session.account if session else None
        request.state.rights = ROLES.get(session.account.role, frozenset()) if session else frozenset()
        request.state.csrf = session.csrf if session else visit
        request.state.rooms = self.rooms
        request.state.navigation = self._navigation(session)
        preferred = (session.account.lang if session else None) or request.cookies.get(LANG)
        request.state.lang = chosen_lang(request, preferred if preferred in LANGS else None, self.shop.settings.lang)
        answer, receive = await self._admit(request, session, receive)
        await (answer or self.app)(scope, receive, with_headers(send, FRESH, cookies))

    async def _admit(
        self, request: Request, session: Session | None, receive: Receive
    ) -> tuple[Response | None, Receive]:
        door = door_of(self.doors, request.scope)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            try:
                body = await self._proven(request, door, receive)
            except ClientDisconnect:
                return Response(status_code=400), receive  # nobody is there to read it
            except (TooLarge, Packed) as problem:
                says, hint = Words(problem.says, problem.facts), Words(problem.hint)
                return error_page(request, self.shop, problem.status, says, hint), receive
            if body is None:
                says = Words("This form is too old or did not come from this console.")
                hint = Words("Go back, reload the page and send it again.")
                return error_page(request, self.shop, 403, says, hint), receive
            receive = body
        right = door.right if door else "self"
        if session is None and right != "open":
            if request.headers.get("hx-request") == "true":
                return Response(status_code=401, headers={"HX-Redirect": "/login"}), receive
            return RedirectResponse(f"/login?next={quote(request.url.path)}", 303), receive
        if session is not None and not role_may(session.account.role, right):
            says, hint = Words("Your role does not open this."), Words("Ask the owner of the shop for another role.")
            return error_page(request, self.shop, 403, says, hint), receive
        return None, receive

    async def _proven(self, request: Request, door: Door | None, receive: Receive) -> Receive | None:
        """The body of a form that carries its token, to be read again; None where it does not, or is too large.

        An address that takes more than a form is read as it comes, so its token must stand in a header, or in the
        first field of a form with files.
        """
        as_it_is(request)
        most = door.largest_bytes if door else FORM_BYTES
        sent = request.headers.get("x-csrf-token")
        if most > FORM_BYTES:
            receive = limited(request, receive, most)
            if sent is None:
                sent, receive = await _first_field(request, receive)
            return receive if sent is not None and _same(sent, request) else None
        body = await _body(request, most)
        if body is None:
            return None
        if sent is None:
            sent = parse_qs(body.decode("utf-8", "replace")).get("csrf", [""])[0]
        return _replay(body, receive) if _same(sent, request) else None

    def _kept(self, request: Request, visit: str) -> tuple[str, ...]:
        carrier = Response()
        self.cookies.keep(request, carrier, VISIT, visit)
        return tuple(carrier.headers.getlist("set-cookie"))

    def _navigation(self, session: Session | None) -> Navigation | None:
        if session is None:
            return None
        role = session.account.role
        if role not in self.navigations:
            self.navigations[role] = Navigation.of(
                self.rooms, lambda path: role_may(role, self.rights.get(path.partition("?")[0], "self"))
            )
        return self.navigations[role]


async def session_of(request: Request, shop: Shop, cookies: Cookies) -> Session | None:
    """The session of a request's cookie."""
    secret = cookies.read(request, SESSION)
    return await to_thread.run_sync(find_session, shop, secret) if secret else None


def _same(sent: str, request: Request) -> bool:
    return secrets.compare_digest(sent.encode(), str(request.state.csrf).encode())


async def _body(request: Request, most: int) -> bytes | None:
    """The form as sent; None when it is larger than it may be."""
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > most:
            return None
    return bytes(parts)


async def _first_field(request: Request, receive: Receive) -> tuple[str | None, Receive]:
    """The token in the first field of a form with files, and a `receive` that gives everything from the beginning."""
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    if boundary is None:
        return None, receive
    taken: list[Message] = []
    head, wanted = b"", re.compile(rb"--%s%s" % (re.escape(boundary[1].encode("latin-1")), _TOKEN_FIELD))
    while len(head) < _HEAD_BYTES and wanted.match(head) is None:
        message = await receive()
        taken.append(message)
        head += message.get("body", b"")[:FORM_BYTES]
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    found = wanted.match(head)

    async def again() -> Message:
        return taken.pop(0) if taken else await receive()

    return (found[1].decode("ascii") if found else None), again


def _replay(body: bytes, after: Receive) -> Receive:
    """The body once more; after it, what comes from the connection, such as that it was closed."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await after()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
