"""The guard of what arrives: a write key, a limit to what is sent, no cookies.

Below `/v1` scripts of any origin may send (the key stands in their page; it can only write). Below `/in` platforms
send, which know nothing but an address, so the key may stand in it, and no origin is named.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from volver.core import VolverError
from volver.server.doors import Door, door_of, limited
from volver.server.headers import FRESH, with_headers
from volver.server.json_answers import refused
from volver.server.patience import Patience
from volver.server.write_keys import WriteKey, find_key
from volver.store import Shop

CORS: Final = {
    "Access-Control-Allow-Origin": "*",  # without credentials: no cookie of ours is ever sent along
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class NoKey(VolverError):
    """Something was sent without a key that may write."""

    code = "server.no_key"
    says = "Sending needs a write key."
    hint = "Make one with `volver key create NAME` and send it as the name of basic authentication."
    status = 401


class TooManyKeys(VolverError):
    """Too many wrong keys from one place."""

    code = "server.too_many_keys"
    says = "Too many wrong keys came from here."
    hint = "Wait five minutes and try again."
    status = 429


class WriteGuard:
    """Serves whoever has a write key; `any_origin` is for scripts, `key_in_address` for platforms."""

    def __init__(
        self, app: ASGIApp, shop: Shop, doors: Sequence[Door], *, any_origin: bool = False, key_in_address: bool = False
    ) -> None:
        self.app, self.shop, self.doors = app, shop, doors
        self.headers: Mapping[str, str] = FRESH | CORS if any_origin else FRESH
        self.any_origin, self.key_in_address = any_origin, key_in_address
        self.patience = Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, send = Request(scope, receive), with_headers(send, self.headers)
        if self.any_origin and request.method == "OPTIONS":
            await Response(status_code=204)(scope, receive, send)
            return
        door = door_of(self.doors, scope)
        try:
            request.state.key = await self._key(request)
            receive = limited(request, receive, door.largest_bytes if door else 0)
        except VolverError as problem:
            await refused(problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _key(self, request: Request) -> WriteKey:
        """The key that was sent. However many wrong ones come from its place, a right one writes."""
        secret = _sent(request) or (request.query_params.get("key", "") if self.key_in_address else "")
        key = await to_thread.run_sync(find_key, self.shop, secret) if secret else None
        if key is None:
            place = request.client.host if request.client else ""
            is_over = self.patience.is_over(place)
            if secret:
                self.patience.failed(place)
            raise TooManyKeys if secret and is_over else NoKey
        return key


def _sent(request: Request) -> str:
    """The key in the header: the name of basic authentication, as SDKs send it, or a bearer."""
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return told.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
