"""Signed addresses: a path that one customer may open until an instant, proven by a key of the shop.

Whoever writes a message signs the address that it carries; the server opens it, and proves with the same key what its
cookies say. The only writer of the state's table
`signing_keys`.
"""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from volver.core import clock
from volver.store import schema

if TYPE_CHECKING:
    from volver.store.shop import Shop

_ONLY: Final = 1


def sign(shop: "Shop", path: str, customer_id: int, until_us: int) -> str:
    """A path with the signature that opens it to one customer until an instant. A path names nobody."""
    until_s = until_us // 1_000_000
    return f"{path}?s={customer_id}.{until_s}.{_mac(_key(shop), path, customer_id, until_s)}"


def open_signed(shop: "Shop", path: str, signature: str) -> int | None:
    """The customer to whom a signature opens a path; None where it is forged, of another path or too old."""
    parts = signature.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts[:2]):
        return None
    customer_id, until_s = int(parts[0]), int(parts[1])
    wanted = _mac(_key(shop), path, customer_id, until_s)
    if not hmac.compare_digest(wanted.encode(), parts[2].encode()):
        return None
    return customer_id if clock.now_us() <= until_s * 1_000_000 else None


def prove(shop: "Shop", purpose: str, told: str) -> str:
    """What only this shop can make of a text; each purpose makes another, and none opens an address."""
    return hmac.new(_key(shop).encode(), f"{purpose}\n{told}".encode(), hashlib.sha256).hexdigest()


def _mac(key: str, path: str, customer_id: int, until_s: int) -> str:
    told = f"{path}\n{customer_id}\n{until_s}".encode()
    return hmac.new(key.encode(), told, hashlib.sha256).hexdigest()


def _key(shop: "Shop") -> str:
    table = schema.signing_keys
    wanted = select(table.c.secret).where(table.c.id == _ONLY)
    with shop.state.read() as rows:
        known = rows.execute(wanted).scalar_one_or_none()
    if known is not None:
        return str(known)
    try:
        with shop.state.begin() as rows:
            row = {"id": _ONLY, "secret": secrets.token_urlsafe(32), "created_us": clock.now_us()}
            rows.execute(insert(table).values(row))
    except IntegrityError:
        pass  # another process was faster; its key counts
    with shop.state.read() as rows:
        return str(rows.execute(wanted).scalar_one())
