"""The names of our cookies: each shop has its own, so that two shops on one machine do not log each other out.

Over HTTPS a name begins with `__Host-`: browsers then take it from this very host only, over HTTPS only, so a
neighbouring domain cannot plant one.
"""

from functools import cached_property
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from volver.store import Shop, prove

SESSION: Final = "session"
DEVICE: Final = "device"
VISIT: Final = "visit"


class Cookies:
    """The cookies of one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @cached_property
    def _mark(self) -> str:
        return prove(self._shop, "cookies", "mark")[:8]

    def name(self, kind: str, *, secure: bool = False) -> str:
        """What a cookie is called."""
        return f"{'__Host-' if secure else ''}volver_{kind}_{self._mark}"

    def read(self, request: Request, kind: str) -> str | None:
        """The value that a request brings."""
        return request.cookies.get(self.name(kind, secure=_is_secure(request)))

    def keep(self, request: Request, answer: Response, kind: str, value: str, life_s: int | None = None) -> None:
        """Let an answer set a cookie, for so long or until the browser is closed."""
        secure = _is_secure(request)
        name = self.name(kind, secure=secure)
        answer.set_cookie(name, value, max_age=life_s, httponly=True, samesite="lax", secure=secure)

    def drop(self, request: Request, answer: Response, kind: str) -> None:
        """Let an answer delete a cookie."""
        secure = _is_secure(request)
        answer.delete_cookie(self.name(kind, secure=secure), secure=secure, httponly=True, samesite="lax")


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
