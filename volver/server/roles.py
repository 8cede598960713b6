"""Who may do what: the rights that addresses demand, the roles of people, the scopes of tokens.

Every address of the server names one right. `open` needs nobody; `self` is any person who came in; the others are
given by a role or by a token's scopes.
"""

from typing import Final

from volver.core import VolverError

RIGHTS: Final[dict[str, str]] = {
    "open": "come in, choose a language, ask whether the server lives",
    "self": "one's own session and looks",
    "read": "figures of the shop: money, stages, segments, forecasts",
    "customers": "customers by name, and what each is worth and why",
    "export": "take a list of customers away: as a file, or its e-mail addresses",
    "segment": "save lists as segments, rename and delete them",
    "bring": "import, and see the rows that were set aside",
    "learn": "fit a model, publish one",
    "write": "send what happened, by a write key and nothing else",
    "link": "open a page for customers, by its signed address and nothing else",
}
_PERSON: Final = frozenset({"open", "self", "read", "customers"})
SCOPES: Final = ("read", "customers", "export", "segment", "bring", "learn")
ROLES: Final[dict[str, frozenset[str]]] = {
    "owner": _PERSON | {"export", "segment", "bring", "learn"},
    "marketer": _PERSON | {"export", "segment", "bring", "learn"},
    "analyst": _PERSON | {"export", "segment", "learn"},
    "support": _PERSON,
    "privacy": _PERSON,
}


class UnknownRole(VolverError):
    """A role that does not exist."""

    code = "server.unknown_role"
    says = "There is no role called {role}."
    hint = "Choose one of: {known}."


class UnknownScope(VolverError):
    """A scope that does not exist."""

    code = "server.unknown_scope"
    says = "There is no scope called {scope}."
    hint = "Choose one or more of: {known}."


class NotAllowed(VolverError):
    """Someone who is known asks for more than they may."""

    code = "server.not_allowed"
    says = "This needs the right to {right}."
    hint = "Ask the owner of the shop for another role, or make a token with this scope."
    status = 403


def role_may(role: str, right: str) -> bool:
    """Whether a role has a right; a role that does not exist has none."""
    return right in ROLES.get(role, frozenset())


def known_role(role: str) -> str:
    """The role. Raises `server.unknown_role`."""
    if role not in ROLES:
        raise UnknownRole(role=role, known=", ".join(ROLES))
    return role
