"""Serving: the web application, who may enter it, and how it is run. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

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

__getattr__ = lazy(__name__, __file__)
