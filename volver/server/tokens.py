"""Tokens with which programs ask the API: random, shown once, stored as SHA-256 only.

The only writer of the state's table `api_tokens`. A token may do what the API can do; to take it back, revoke it.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from volver.core import VolverError, clock
from volver.server.accounts import digest
from volver.store import Shop, schema

_PREFIX: Final = "volver_"  # so that scanners for lost secrets can know one
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_SEEN_EVERY_US: Final = 5 * 60 * 1_000_000


class BadTokenName(VolverError):
    """A name that cannot be one of a token."""

    code = "server.bad_token_name"
    says = "This cannot be the name of a token."
    hint = "Use up to 64 letters, digits, blanks, dots, hyphens: the name of the program that will use it."


class TokenTaken(VolverError):
    """A second token of one name."""

    code = "server.token_taken"
    says = "There is a token called {name} already."
    hint = "Choose another name, or revoke that one first with `volver token revoke`."
    status = 409


class NoSuchToken(VolverError):
    """A token that is not there."""

    code = "server.no_such_token"
    says = "There is no token called {name}."
    hint = "List them with `volver token list`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token: what it is called, when it was made and last used (to five minutes; None: never).

    `secret` is set only on the answer that made it.
    """

    name: str
    created_us: int
    used_us: int | None
    secret: str | None = None


def create_token(shop: Shop, name: str) -> Token:
    """Make a token. Raises `server.bad_token_name`, `server.token_taken`."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise BadTokenName
    secret, now = _PREFIX + secrets.token_urlsafe(32), clock.now_us()
    try:
        with shop.state.begin() as rows:
            rows.execute(insert(schema.api_tokens).values(name=name, token_hash=digest(secret), created_us=now))
    except IntegrityError as taken:
        raise TokenTaken(name=name) from taken
    return Token(name=name, created_us=now, used_us=None, secret=secret)


def list_tokens(shop: Shop) -> tuple[Token, ...]:
    """Every token that opens the API, oldest first."""
    with shop.state.read() as rows:
        found = rows.execute(select(schema.api_tokens).order_by(schema.api_tokens.c.id)).mappings().all()
    return tuple(Token(name=row["name"], created_us=row["created_us"], used_us=row["used_us"]) for row in found)


def revoke_token(shop: Shop, name: str) -> None:
    """Delete a token; it opens nothing from now on. Raises `server.no_such_token`."""
    with shop.state.begin() as rows:
        gone = rows.execute(delete(schema.api_tokens).where(schema.api_tokens.c.name == name.strip()))
    if not gone.rowcount:
        raise NoSuchToken(name=name)


def token_opens(shop: Shop, secret: str) -> bool:
    """Whether a token is one of this shop's; remembers that it was used."""
    table, now = schema.api_tokens, clock.now_us()
    with shop.state.read() as rows:
        row = rows.execute(select(table.c.id, table.c.used_us).where(table.c.token_hash == digest(secret))).first()
    if row is None:
        return False
    if now - (row.used_us or 0) > _SEEN_EVERY_US:
        with shop.state.begin() as rows:
            rows.execute(update(table).where(table.c.id == row.id).values(used_us=now))
    return True
