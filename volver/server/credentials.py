"""Secrets that programs carry: random, shown once, stored as SHA-256 only.

What tokens of the API and write keys share: a name, a hash, when each was made and last used.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from volver.core import VolverError, clock
from volver.server.accounts import digest
from volver.store import Shop

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_SEEN_EVERY_US: Final = 5 * 60 * 1_000_000


class BadName(VolverError):
    """A name that cannot be one of a token or a key."""

    code = "server.bad_name"
    says = "This cannot be the name of a {what}."
    hint = "Use up to 64 letters, digits, blanks, dots, hyphens: the name of the program that will use it."


class NameTaken(VolverError):
    """A second token or key of one name."""

    code = "server.name_taken"
    says = "There is a {what} called {name} already."
    hint = "Choose another name, or revoke that one first with `volver {what} revoke`."
    status = 409


class NoSuchName(VolverError):
    """A token or a key that is not there."""

    code = "server.no_such_name"
    says = "There is no {what} called {name}."
    hint = "List them with `volver {what} list`."
    status = 404


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one kind: `what` they are called, the table that holds them, how each begins."""

    what: str
    table: Table
    prefix: str

    def create(self, shop: Shop, name: str, **more: Any) -> tuple[dict[str, Any], str]:
        """Make one; its row and its secret. Raises `server.bad_name`, `server.name_taken`."""
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise BadName(what=self.what)
        secret = self.prefix + secrets.token_urlsafe(32)
        row = {"name": name, "token_hash": digest(secret), "created_us": clock.now_us(), "used_us": None} | more
        try:
            with shop.state.begin() as rows:
                rows.execute(insert(self.table).values(row))
        except IntegrityError as taken:
            raise NameTaken(what=self.what, name=name) from taken
        return row, secret

    def list(self, shop: Shop) -> list[dict[str, Any]]:
        """Every one, oldest first."""
        with shop.state.read() as rows:
            return [dict(row) for row in rows.execute(select(self.table).order_by(self.table.c.id)).mappings()]

    def revoke(self, shop: Shop, name: str) -> None:
        """Delete one; it opens nothing from now on. Raises `server.no_such_name`."""
        with shop.state.begin() as rows:
            gone = rows.execute(delete(self.table).where(self.table.c.name == name.strip()))
        if not gone.rowcount:
            raise NoSuchName(what=self.what, name=name)

    def find(self, shop: Shop, secret: str) -> dict[str, Any] | None:
        """The row of a secret, if it is one of this shop's; remembers that it was used."""
        table, now = self.table, clock.now_us()
        with shop.state.read() as rows:
            row = rows.execute(select(table).where(table.c.token_hash == digest(secret))).mappings().first()
        if row is None:
            return None
        if now - (row["used_us"] or 0) > _SEEN_EVERY_US:
            with shop.state.begin() as rows:
                rows.execute(update(table).where(table.c.id == row["id"]).values(used_us=now))
        return dict(row)
