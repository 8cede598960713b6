"""Addresses with the right that each demands, and how much may be sent there."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope

from volver.core import Page, VolverError, found
from volver.server.roles import RIGHTS
from volver.store import Shop

_DIGITS = 18
Handler = Callable[[Request], Response | Awaitable[Response]]


class UnknownRight(VolverError):
    """An address that demands a right which does not exist."""

    code = "server.unknown_right"
    says = "{path} demands a right called {right}, which does not exist."
    hint = "Name one of: {known}."
    status = 500


class TooLarge(VolverError):
    """More was sent than an address takes."""

    code = "server.too_large"
    says = "More was sent than this address takes ({most} bytes)."
    hint = "Send less at once."
    status = 413


class Packed(VolverError):
    """A body that must be unpacked before it can be read."""

    code = "server.packed"
    says = "The body is packed (Content-Encoding), and nothing is unpacked here."
    hint = "Send it as it is."
    status = 415


class ShortNumber(Convertor[int]):
    """A whole number in an address that every database can hold; a longer one names nothing, so it stands nowhere."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Its digits."""
        return str(value)


register_url_convertor("int", ShortNumber())


class Door(Route):
    """An address and what it demands. Raises `server.unknown_right` when it is made."""

    def __init__(
        self,
        path: str,
        handler: Any,
        *,
        methods: Sequence[str],
        right: str,
        largest_bytes: int,
        guard: Middleware | None = None,
    ) -> None:
        if right not in RIGHTS:
            raise UnknownRight(path=path, right=right, known=", ".join(RIGHTS))
        super().__init__(path, handler, methods=list(methods), middleware=[guard] if guard else None)
        self.right, self.largest_bytes = right, largest_bytes


def doors(shop: Shop, pages: Iterable[Page], right: str | None = None) -> list[Door]:
    """The addresses that rooms bring, with their handlers for a shop; `right` stands for what each demands itself."""
    return [
        Door(
            each.path,
            found(each.where)(shop),
            methods=each.methods,
            right=right or each.right,
            largest_bytes=each.largest_bytes,
        )
        for each in pages
    ]


def door_of(known: Sequence[Door], scope: Scope) -> Door | None:
    """The address that a request is for: the one that takes its method, else one that takes another; None without."""
    partial = None
    for each in known:
        match, _ = each.matches(scope)
        if match is Match.FULL:
            return each
        if match is Match.PARTIAL:
            partial = partial or each
    return partial


def as_it_is(request: Request) -> None:
    """A small packed body can be a large one: none is unpacked. Raises `server.packed`."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Packed


def limited(request: Request, receive: Receive, most: int) -> Receive:
    """A `receive` that refuses a body larger than `most` bytes, at once where its length is said.

    Raises `server.too_large`, `server.packed`.
    """
    as_it_is(request)
    said = request.headers.get("content-length", "")
    if said.isdecimal() and (len(said) > _DIGITS or int(said) > most):
        raise TooLarge(most=most)
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLarge(most=most)
        return message

    return receiving
