"""Texts that nobody sees by accident: passwords, tokens, addresses that carry one.

Printing, formatting or logging one shows dots; `reveal` gives the text to whoever opens a connection with it.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

_DOTS: Final = "••••"
_PRIVATE: Final = re.compile(r"(?i)([?&;][^=&;#]*(?:pass|secret|key|token|sig)[^=&;#]*=)[^&;#]*")


class Secret:
    """A text that is not shown.

    >>> str(Secret("hunter2")), Secret("hunter2").reveal(), bool(Secret(""))
    ('••••', 'hunter2', False)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = str(text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    @property
    def shown(self) -> str:
        """What may be printed."""
        return _DOTS if self._text else ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._text,)


class Url(Secret):
    """An address; its password, and what a query calls a secret, is not shown.

    >>> str(Url("postgresql://shop:hunter2@db.example/volver?sslmode=require"))
    'postgresql://shop:••••@db.example/volver?sslmode=require'
    """

    __slots__ = ()

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        if text and not urlsplit(str(text)).scheme:
            raise ValueError

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return urlsplit(self._text).scheme

    @property
    def shown(self) -> str:
        """The address without what must not be seen."""
        scheme, separator, rest = self._text.partition("#")[0].partition("://")
        place, ask, query = rest.partition("?")
        who, at, where = place.rpartition("@")  # a password may hold a slash
        user, colon, _ = who.partition(":")
        seen = f"{user}{colon and ':' + _DOTS}{at}{where}{ask}{query}"
        return _PRIVATE.sub(rf"\g<1>{_DOTS}", f"{scheme}{separator}{seen}")
