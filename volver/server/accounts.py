"""Who may enter the console: accounts, passwords (argon2id), one-time login links.

Secrets are random and stored as SHA-256 only; passwords as argon2id. A link works once and for fifteen minutes.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from volver.core import VolverError, clock
from volver.server.roles import known_role
from volver.store import Shop, schema

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LINK_US = 15 * 60 * 1_000_000
LEAST_LETTERS = 10
OWNER = "owner"
_NO_PASSWORD = "!"  # noqa: S105  no hash equals it, so only a link opens the account


class WeakPassword(VolverError):
    """A password that is too short."""

    code = "server.weak_password"
    says = "The password has fewer than {least} characters."
    hint = "Choose a longer one, or leave it out and let Volver make one."


class NoSuchAccount(VolverError):
    """A name without an account."""

    code = "server.no_such_account"
    says = "No account has this name."
    hint = "List them with `volver account list`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may open the console; `password` is set only on the answer that made it."""

    id: int
    email: str
    role: str
    lang: str | None
    theme: str
    password: str | None = None


def create_owner(shop: Shop, email: str = OWNER, password: str | None = None, *, invent: bool = False) -> Account:
    """Make the owner's account; see `create_account`."""
    return create_account(shop, email, "owner", password, invent=invent)


def create_account(shop: Shop, email: str, role: str, password: str | None = None, *, invent: bool = False) -> Account:
    """Make an account with a role; one that has this name already gets the role, and the new password if there is one.

    Without a password only a login link opens it; `invent` makes one up and returns it, once. A new password ends the
    account's sessions. Names are compared without regard to case. Raises `server.weak_password`, `server.unknown_role`.
    """
    email, role = email.strip().lower(), known_role(role)
    if invent and password is None:
        password = secrets.token_urlsafe(12)
    if password is not None and len(password) < LEAST_LETTERS:
        raise WeakPassword(least=LEAST_LETTERS)
    hashed = _NO_PASSWORD if password is None else _hasher().hash(password)
    known = find_account(shop, email)
    if known is not None:
        prefer(shop, known.id, role=role)
        if password is not None:
            _change(shop, known.id, hashed)
        return replace(known, role=role, password=password)
    row = {
        "email": email,
        "password_hash": hashed,
        "role": role,
        "lang": "",
        "theme": "system",
        "created_us": clock.now_us(),
    }
    with shop.state.begin() as rows:
        made = rows.execute(insert(schema.accounts).values(row).returning(schema.accounts.c.id)).scalar_one()
    return Account(id=int(made), email=email, role=role, lang=None, theme="system", password=password)


def change_password(shop: Shop, email: str, password: str | None = None) -> Account:
    """Give an account a new password, made up where none is given; its sessions, devices and open links end.

    Raises `server.no_such_account`, `server.weak_password`.
    """
    known = known_account(shop, email)
    chosen = secrets.token_urlsafe(12) if password is None else password
    if len(chosen) < LEAST_LETTERS:
        raise WeakPassword(least=LEAST_LETTERS)
    _change(shop, known.id, _hasher().hash(chosen))
    return replace(known, password=chosen)


def remove_account(shop: Shop, email: str) -> Account:
    """Delete an account with its sessions and links. Raises `server.no_such_account`."""
    known = known_account(shop, email)
    with shop.state.begin() as rows:
        for table in (schema.sessions, schema.login_tokens):
            rows.execute(delete(table).where(table.c.account_id == known.id))
        rows.execute(delete(schema.accounts).where(schema.accounts.c.id == known.id))
    return known


def known_account(shop: Shop, email: str) -> Account:
    """The account with this name. Raises `server.no_such_account`."""
    found = find_account(shop, email)
    if found is None:
        raise NoSuchAccount
    return found


def list_accounts(shop: Shop) -> tuple[Account, ...]:
    """Everybody who may open the console, oldest first."""
    with shop.state.read() as rows:
        found = rows.execute(select(schema.accounts).order_by(schema.accounts.c.id)).mappings().all()
    return tuple(_of_row(row) for row in found)


def login_link(shop: Shop, base_url: str, email: str = OWNER) -> str:
    """A link that opens the console once, within fifteen minutes; the account `owner` is made if there is none.

    Raises `server.no_such_account`.
    """
    account = known_account(shop, email) if email != OWNER else find_account(shop, email) or create_owner(shop, email)
    secret = secrets.token_urlsafe(32)
    now = clock.now_us()
    row = {"token_hash": digest(secret), "account_id": account.id, "created_us": now, "expires_us": now + LINK_US}
    with shop.state.begin() as rows:
        rows.execute(delete(schema.login_tokens).where(schema.login_tokens.c.expires_us <= now))
        rows.execute(insert(schema.login_tokens).values(row))
    return f"{base_url.rstrip('/')}/enter?token={secret}"


def redeem(shop: Shop, secret: str) -> int | None:
    """The account that a link opens, which then is used up; None when it is unknown, old or used."""
    tokens = schema.login_tokens
    now = clock.now_us()
    claim = (
        update(tokens)
        .where(tokens.c.token_hash == digest(secret), tokens.c.used_us.is_(None), tokens.c.expires_us > now)
        .values(used_us=now)
        .returning(tokens.c.account_id)
    )
    with shop.state.begin() as rows:
        found = rows.execute(claim).scalar_one_or_none()
    return None if found is None else int(found)


def check_password(shop: Shop, email: str, password: str) -> int | None:
    """The account's id when the password is right. An unknown name costs as much time as a wrong password."""
    from argon2.exceptions import InvalidHashError, VerificationError

    accounts = schema.accounts
    with shop.state.read() as rows:
        row = rows.execute(
            select(accounts.c.id, accounts.c.password_hash).where(accounts.c.email == email.lower())
        ).first()
    stored = row.password_hash if row and row.password_hash != _NO_PASSWORD else _decoy()
    try:
        _hasher().verify(stored, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return None
    return int(row.id) if row and row.password_hash != _NO_PASSWORD else None


def find_account(shop: Shop, email: str) -> Account | None:
    """The account with this name."""
    return _account(shop, schema.accounts.c.email == email.strip().lower())


def account_by_id(shop: Shop, account_id: int) -> Account | None:
    """The account with this id."""
    return _account(shop, schema.accounts.c.id == account_id)


def prefer(shop: Shop, account_id: int, **values: str) -> None:
    """Remember an account's language, theme or role."""
    with shop.state.begin() as rows:
        rows.execute(update(schema.accounts).where(schema.accounts.c.id == account_id).values(**values))


def digest(secret: str) -> str:
    """How a random secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _change(shop: Shop, account_id: int, hashed: str) -> None:
    with shop.state.begin() as rows:
        rows.execute(update(schema.accounts).where(schema.accounts.c.id == account_id).values(password_hash=hashed))
        for table in (schema.sessions, schema.login_tokens):
            rows.execute(delete(table).where(table.c.account_id == account_id))


def _account(shop: Shop, condition: Any) -> Account | None:
    with shop.state.read() as rows:
        row = rows.execute(select(schema.accounts).where(condition)).mappings().first()
    return None if row is None else _of_row(row)


def _of_row(row: Any) -> Account:
    return Account(id=row["id"], email=row["email"], role=row["role"], lang=row["lang"] or None, theme=row["theme"])


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _decoy() -> str:
    """A hash of no password, which costs as much to compare with as a real one; making it costs nothing."""
    hasher = _hasher()
    salt, hashed = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${hashed}"
