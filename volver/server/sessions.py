"""Open browser sessions: a random cookie, its hash in the state, a token against forged posts."""

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from volver.core import VolverError, clock
from volver.server.accounts import Account, account_by_id, digest, known_account
from volver.store import Shop, schema

LIFE_US = 30 * 86_400 * 1_000_000
_SEEN_EVERY_US = 5 * 60 * 1_000_000


_SHOWN = 12  # digits of a hash that tell sessions apart; nobody comes in with a hash


class NoSuchSession(VolverError):
    """A session that is not open, or a name that several begin with."""

    code = "server.no_such_session"
    says = "No single open session is called {name}."
    hint = "List them with `volver session list`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session as the owner sees it: what it is called, whose it is, when it began, was last seen and ends."""

    name: str
    account: str
    created_us: int
    seen_us: int
    expires_us: int


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


def list_sessions(shop: Shop, email: str | None = None) -> tuple[OpenSession, ...]:
    """Every open session, of one account or of all, the latest seen first."""
    sessions, accounts = schema.sessions, schema.accounts
    wanted = (
        select(sessions, accounts.c.email)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(sessions.c.expires_us > clock.now_us())
        .order_by(sessions.c.seen_us.desc(), sessions.c.id_hash)
    )
    if email is not None:
        wanted = wanted.where(accounts.c.email == email.strip().lower())
    with shop.state.read() as rows:
        found = rows.execute(wanted).mappings().all()
    return tuple(
        OpenSession(
            name=row["id_hash"][:_SHOWN],
            account=row["email"],
            created_us=row["created_us"],
            seen_us=row["seen_us"],
            expires_us=row["expires_us"],
        )
        for row in found
    )


def revoke_session(shop: Shop, name: str) -> None:
    """End the session of this name. Raises `server.no_such_session`."""
    sessions = schema.sessions
    called = func.substr(sessions.c.id_hash, 1, _SHOWN) == name
    with shop.state.begin() as rows:
        found = rows.execute(select(sessions.c.id_hash).where(called)).scalars().all()
        if len(found) != 1:
            raise NoSuchSession(name=name[:_SHOWN])
        rows.execute(delete(sessions).where(sessions.c.id_hash == found[0]))


def revoke_sessions(shop: Shop, email: str | None = None) -> int:
    """End every session, of one account or of all; how many there were. Raises `server.no_such_account`."""
    gone = delete(schema.sessions)
    if email is not None:
        gone = gone.where(schema.sessions.c.account_id == known_account(shop, email).id)
    with shop.state.begin() as rows:
        return int(rows.execute(gone).rowcount)
