"""The guard of the pages for customers: an address that was signed for one customer and has not ended."""

from collections.abc import Sequence

from anyio import to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from volver.core import VolverError, Words
from volver.server.doors import Door, door_of, limited
from volver.server.headers import FRESH, with_headers
from volver.server.languages import chosen_lang
from volver.store import Shop, open_signed
from volver.ui import error_page


class PublicGuard:
    """Serves the customer of a signed address as `request.state.customer_id`; to others the address is closed.

    There are no cookies: the address itself is the proof, of a post as well.
    """

    def __init__(self, app: ASGIApp, shop: Shop, doors: Sequence[Door]) -> None:
        self.app, self.shop, self.doors = app, shop, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, send = Request(scope, receive), with_headers(send, FRESH)
        request.state.lang = chosen_lang(request, None, self.shop.settings.lang)
        request.state.way_out = ""  # nothing of the console is shown to a customer
        request.state.customer_id = await self._customer(request)
        if request.state.customer_id is None:
            says, hint = Words("This link is not valid any more."), Words("Ask the shop for a new one.")
            await error_page(request, self.shop, 403, says, hint)(scope, receive, send)
            return
        door = door_of(self.doors, scope)
        try:
            receive = limited(request, receive, door.largest_bytes if door else 0)
        except VolverError as problem:
            says = Words(problem.says, problem.facts)
            await error_page(request, self.shop, problem.status, says)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _customer(self, request: Request) -> int | None:
        """Whom the address was signed for; a signature has 256 bits, so wrong ones need not be counted."""
        signature = request.query_params.get("s", "")
        return await to_thread.run_sync(open_signed, self.shop, request.url.path, signature)
