"""A room that brings one address to each guarded part, and clients that come as a person of a role, or as nobody."""

import threading
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from volver.app import ROOMS, web
from volver.core import Page, Room
from volver.server import create_account, login_link
from volver.store import Shop

HERE = "tests.server.world"
SMALL = 1000


def echo(_shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """Says how much came, and who the guard found."""

    async def answer(request: Request) -> Response:
        key = getattr(request.state, "key", None)
        told = {"size": len(await request.body()), "key": key.name if key else None}
        return JSONResponse(told | {"customer_id": getattr(request.state, "customer_id", None)})

    return answer


def breaks(_shop: Shop) -> Callable[[Request], Response]:
    """A handler that fails."""

    def answer(_request: Request) -> Response:
        raise ZeroDivisionError

    return answer


class Held:
    """Requests that wait in their threads until they are let go."""

    def __init__(self) -> None:
        self.n_waiting, self._free = 0, threading.Event()

    def wait(self) -> None:
        """Wait, in a thread of the pages."""
        self.n_waiting += 1
        self._free.wait(60)

    def let_go(self) -> None:
        """Let everybody go."""
        self._free.set()


HELD = Held()


def holds(_shop: Shop) -> Callable[[Request], Response]:
    """A handler that keeps its thread."""

    def answer(_request: Request) -> Response:
        HELD.wait()
        return Response("done")

    return answer


BOTH = ("GET", "POST")
GUARDED = Room(
    name="guarded",
    intake=(
        Page(path="/echo", where=f"{HERE}:echo", methods=BOTH, largest_bytes=SMALL),
        Page(path="/breaks", where=f"{HERE}:breaks"),
    ),
    webhooks=(Page(path="/shop", where=f"{HERE}:echo", methods=("POST",), largest_bytes=SMALL),),
    public=(
        Page(path="/preferences", where=f"{HERE}:echo", methods=BOTH, largest_bytes=SMALL),
        Page(path="/breaks", where=f"{HERE}:breaks"),
    ),
    pages=(
        Page(path="/upload", where=f"{HERE}:echo", methods=("POST",), right="bring", largest_bytes=200_000),
        Page(path="/holds", where=f"{HERE}:holds", right="open"),
    ),
)
WITH_GUARDED = (*ROOMS, GUARDED)


def guarded(shop: Shop, role: str | None = None) -> TestClient:
    """Somebody of a role, in a session; nobody without one."""
    app = web(shop, rooms=WITH_GUARDED)
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    if role is not None:
        name = f"{role}@example.com"
        create_account(shop, name, role)
        client.get(login_link(shop, "http://testserver", name))
    return client


def csrf_of(client: TestClient, path: str = "/") -> str:
    """The token that the client's forms carry."""
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]
