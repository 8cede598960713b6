"""Devices that an account came in from: whoever guesses its password elsewhere does not keep them waiting.

A cookie proves it, signed with the shop's key and with the account's password hash, so that a new password forgets
every device. Nothing is stored. After OWASP, *Slow down online guessing attacks with device cookies*.
"""

import hmac
import secrets
from typing import Final

from sqlalchemy import select

from volver.store import Shop, prove, schema

LIFE_S: Final = 180 * 86_400


def new_device(shop: Shop, account_id: int) -> str:
    """The value of the cookie for a device that an account has just come in from."""
    row = _account(shop, schema.accounts.c.id == account_id)
    return "" if row is None else _signed(shop, secrets.token_urlsafe(12), *row)


def known_device(shop: Shop, cookie: str, email: str) -> str | None:
    """What tells this device from others of the account; None where the account never came in from it."""
    name, _, _ = cookie.partition(".")
    row = _account(shop, schema.accounts.c.email == email)
    if row is None or not name:
        return None
    return name if hmac.compare_digest(cookie.encode(), _signed(shop, name, *row).encode()) else None


def _signed(shop: Shop, name: str, account_id: int, password_hash: str) -> str:
    return f"{name}.{prove(shop, 'device', f'{account_id}.{name}.{password_hash}')}"


def _account(shop: Shop, condition: object) -> tuple[int, str] | None:
    table = schema.accounts
    with shop.state.read() as rows:
        row = rows.execute(select(table.c.id, table.c.password_hash).where(condition)).first()  # type: ignore[arg-type]
    return None if row is None else (int(row.id), str(row.password_hash))
