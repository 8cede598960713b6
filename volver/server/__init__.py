"""Serving: the web application, who may enter it, and how it is run. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.server.accounts import Account as Account
    from volver.server.accounts import WeakPassword as WeakPassword
    from volver.server.accounts import create_owner as create_owner
    from volver.server.accounts import login_link as login_link
    from volver.server.application import create_app as create_app
    from volver.server.running import PortTaken as PortTaken
    from volver.server.running import serve as serve
    from volver.server.tokens import Token as Token
    from volver.server.tokens import create_token as create_token
    from volver.server.tokens import list_tokens as list_tokens
    from volver.server.tokens import revoke_token as revoke_token

_WHERE = {
    "Account": "accounts",
    "PortTaken": "running",
    "Token": "tokens",
    "WeakPassword": "accounts",
    "create_app": "application",
    "create_owner": "accounts",
    "create_token": "tokens",
    "list_tokens": "tokens",
    "login_link": "accounts",
    "revoke_token": "tokens",
    "serve": "running",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.server.{_WHERE[name]}"), name)
