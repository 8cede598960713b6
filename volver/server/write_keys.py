"""Keys with which the shop's pages and platforms send what happened. The only writer of the table `write_keys`.

A key stands in a page that everybody can read, so it can only write: it opens `/v1` and `/in`, and nothing else.
"""

from dataclasses import dataclass
from typing import Any, Final

from volver.server.credentials import Credentials
from volver.store import Shop, schema

_KEYS: Final = Credentials("key", schema.write_keys, "volver_write_")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteKey:
    """A key: what it is called, when it was made and last used (to five minutes; None: never).

    `secret` is set only on the answer that made it.
    """

    name: str
    created_us: int
    used_us: int | None
    secret: str | None = None


def create_key(shop: Shop, name: str) -> WriteKey:
    """Make a key. Raises `server.bad_name`, `server.name_taken`."""
    row, secret = _KEYS.create(shop, name)
    return _key(row, secret)


def list_keys(shop: Shop) -> tuple[WriteKey, ...]:
    """Every key that may write, oldest first."""
    return tuple(_key(row) for row in _KEYS.list(shop))


def revoke_key(shop: Shop, name: str) -> None:
    """Delete a key; it writes nothing from now on. Raises `server.no_such_name`."""
    _KEYS.revoke(shop, name)


def find_key(shop: Shop, secret: str) -> WriteKey | None:
    """The key of a secret, if it is one of this shop's; remembers that it was used."""
    row = _KEYS.find(shop, secret)
    return None if row is None else _key(row)


def _key(row: dict[str, Any], secret: str | None = None) -> WriteKey:
    return WriteKey(name=row["name"], created_us=row["created_us"], used_us=row["used_us"], secret=secret)
