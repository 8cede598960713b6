"""Serving: the web application, who may enter it, and how it is run. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.server.accounts import Account as Account
    from volver.server.accounts import WeakPassword as WeakPassword
    from volver.server.accounts import change_password as change_password
    from volver.server.accounts import create_account as create_account
    from volver.server.accounts import create_owner as create_owner
    from volver.server.accounts import known_account as known_account
    from volver.server.accounts import list_accounts as list_accounts
    from volver.server.accounts import login_link as login_link
    from volver.server.accounts import remove_account as remove_account
    from volver.server.application import LOOPBACK as LOOPBACK
    from volver.server.application import create_app as create_app
    from volver.server.doors import Door as Door
    from volver.server.roles import RIGHTS as RIGHTS
    from volver.server.roles import ROLES as ROLES
    from volver.server.roles import SCOPES as SCOPES
    from volver.server.room import ROOM as ROOM
    from volver.server.running import PortTaken as PortTaken
    from volver.server.running import serve as serve
    from volver.server.sessions import OpenSession as OpenSession
    from volver.server.sessions import list_sessions as list_sessions
    from volver.server.sessions import revoke_session as revoke_session
    from volver.server.sessions import revoke_sessions as revoke_sessions
    from volver.server.settings import ServerSettings as ServerSettings
    from volver.server.tokens import Token as Token
    from volver.server.tokens import create_token as create_token
    from volver.server.tokens import list_tokens as list_tokens
    from volver.server.tokens import revoke_token as revoke_token
    from volver.server.write_keys import WriteKey as WriteKey
    from volver.server.write_keys import create_key as create_key
    from volver.server.write_keys import list_keys as list_keys
    from volver.server.write_keys import revoke_key as revoke_key

__getattr__ = lazy(__name__, __file__)
