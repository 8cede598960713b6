"""Tokens with which programs ask the API. The only writer of the state's table `api_tokens`.

A token may do what its scopes say; to take it back, revoke it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from volver.server.credentials import Credentials
from volver.server.roles import SCOPES, UnknownScope
from volver.store import Shop, schema

_TOKENS: Final = Credentials("token", schema.api_tokens, "volver_")  # so that scanners for lost secrets can know one


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token: what it is called, what it may, when it was made and last used (to five minutes; None: never).

    `secret` is set only on the answer that made it.
    """

    name: str
    scopes: tuple[str, ...]
    created_us: int
    used_us: int | None
    secret: str | None = None


def create_token(shop: Shop, name: str, scopes: Sequence[str] = ("read",)) -> Token:
    """Make a token. Raises `server.bad_name`, `server.name_taken`, `server.unknown_scope`."""
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownScope(scope=scope, known=", ".join(SCOPES))
    kept = " ".join(each for each in SCOPES if each in scopes)
    row, secret = _TOKENS.create(shop, name, scopes=kept)
    return _token(row, secret)


def list_tokens(shop: Shop) -> tuple[Token, ...]:
    """Every token that opens the API, oldest first."""
    return tuple(_token(row) for row in _TOKENS.list(shop))


def revoke_token(shop: Shop, name: str) -> None:
    """Delete a token; it opens nothing from now on. Raises `server.no_such_name`."""
    _TOKENS.revoke(shop, name)


def find_token(shop: Shop, secret: str) -> Token | None:
    """The token of a secret, if it is one of this shop's; remembers that it was used."""
    row = _TOKENS.find(shop, secret)
    return None if row is None else _token(row)


def _token(row: dict[str, Any], secret: str | None = None) -> Token:
    scopes = tuple(row["scopes"].split())
    return Token(name=row["name"], scopes=scopes, created_us=row["created_us"], used_us=row["used_us"], secret=secret)
