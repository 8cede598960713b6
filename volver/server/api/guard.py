"""The API's guard: a token with its scopes, or the console's session with its role and the proof of its posts."""

import secrets
from collections.abc import Sequence

from anyio import to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from volver.core import VolverError
from volver.server.console.guard import session_of
from volver.server.cookies import Cookies
from volver.server.doors import Door, door_of, limited
from volver.server.headers import FRESH, with_headers
from volver.server.json_answers import refused
from volver.server.patience import Patience
from volver.server.roles import RIGHTS, NotAllowed, role_may
from volver.server.tokens import find_token
from volver.store import Shop


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


class ApiGuard:
    """Serves who may ask, tells the others why not."""

    def __init__(self, app: ASGIApp, shop: Shop, doors: Sequence[Door]) -> None:
        self.app, self.shop, self.doors = app, shop, doors
        self.patience, self.cookies = Patience(), Cookies(shop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, send = Request(scope, receive), with_headers(send, FRESH)
        door = door_of(self.doors, scope)
        try:
            await self._admit(request, door.right if door else "self")
            receive = limited(request, receive, door.largest_bytes if door else 0)
        except VolverError as problem:
            await refused(problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _admit(self, request: Request, right: str) -> None:
        if right == "open":
            return
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and secret:
            may = right in (*await self._scopes(request, secret.strip()), "self")
        else:
            may = await self._session_may(request, right)
        if not may:
            raise NotAllowed(right=RIGHTS[right])

    async def _scopes(self, request: Request, secret: str) -> tuple[str, ...]:
        """What a token may. However many wrong ones come from its place, a right one opens."""
        token = await to_thread.run_sync(find_token, self.shop, secret)
        if token is None:
            place = request.client.host if request.client else ""
            is_over = self.patience.is_over(place)
            self.patience.failed(place)
            raise TooManyTries if is_over else NoEntry
        return token.scopes

    async def _session_may(self, request: Request, right: str) -> bool:
        session = await session_of(request, self.shop, self.cookies)
        if session is None:
            raise NoEntry
        if request.method not in ("GET", "HEAD"):
            sent = request.headers.get("x-csrf-token", "")
            if not secrets.compare_digest(sent.encode(), session.csrf.encode()):
                raise Forged
        return role_may(session.account.role, right)
