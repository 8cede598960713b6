"""Open browser sessions: a random cookie, its hash in the state, a token against forged posts."""

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from volver.core import clock
from volver.server.accounts import Account, account_by_id, digest
from volver.store import Shop, schema

SESSION = "volver_session"  # the name of the cookie
LIFE_US = 30 * 86_400 * 1_000_000
_SEEN_EVERY_US = 5 * 60 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is here, and the token that their forms carry."""

    account: Account
    csrf: str


def open_session(shop: Shop, account_id: int) -> str:
    """Start a session; the cookie's value. Sessions that have ended are forgotten."""
    secret, now = secrets.token_urlsafe(32), clock.now_us()
    row = {
        "id_hash": digest(secret),
        "account_id": account_id,
        "csrf": secrets.token_urlsafe(24),
        "created_us": now,
        "expires_us": now + LIFE_US,
        "seen_us": now,
    }
    with shop.state.begin() as rows:
        rows.execute(delete(schema.sessions).where(schema.sessions.c.expires_us <= now))
        rows.execute(insert(schema.sessions).values(row))
    return secret


def find_session(shop: Shop, secret: str) -> Session | None:
    """The session of a cookie; None when it is unknown or has ended."""
    sessions, now = schema.sessions, clock.now_us()
    wanted = select(sessions).where(sessions.c.id_hash == digest(secret), sessions.c.expires_us > now)
    with shop.state.read() as rows:
        row = rows.execute(wanted).mappings().first()
    if row is None:
        return None
    if now - row["seen_us"] > _SEEN_EVERY_US:
        with shop.state.begin() as rows:
            rows.execute(update(sessions).where(sessions.c.id_hash == row["id_hash"]).values(seen_us=now))
    account = account_by_id(shop, row["account_id"])
    return None if account is None else Session(account=account, csrf=row["csrf"])


def close_session(shop: Shop, secret: str) -> None:
    """End a session."""
    with shop.state.begin() as rows:
        rows.execute(delete(schema.sessions).where(schema.sessions.c.id_hash == digest(secret)))
