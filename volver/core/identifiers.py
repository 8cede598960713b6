"""How what names a person is written, so that two ways of writing it are one: references, e-mails, phones.

Whoever keeps or looks up an identifier asks here; nowhere else is an e-mail or a phone made alike.
"""

import hashlib
import re
from typing import Final, Literal

Kind = Literal["reference", "email", "phone"]
KINDS: Final[tuple[Kind, ...]] = ("reference", "email", "phone")

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
# Blanks of every width, soft hyphens, zero-width signs and marks of direction: they come along when one copies.
_UNSEEN: Final = re.compile(r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_FEWEST_DIGITS: Final = 6
_LONGEST: Final = 512  # characters; an index of PostgreSQL holds some 2,700 bytes


def normal_email(text: str) -> str | None:
    """An e-mail in lower case without blanks and signs that nobody sees; None if it is none.

    >>> normal_email(" Ana@Example.ORG\u200b"), normal_email("ana")
    ('ana@example.org', None)
    """
    found = text if text.isascii() and " " not in text else _UNSEEN.sub("", text)
    found = found.strip().lower()
    return found if len(found) <= _LONGEST and _EMAIL.fullmatch(found) else None


def normal_phone(text: str) -> str | None:
    """A phone as digits, with a plus before the country's number where it was given; None if it is none.

    >>> normal_phone("0034 600-11 22.33"), normal_phone("(600) 112233"), normal_phone("call me")
    ('+34600112233', '600112233', None)
    """
    bare = _UNSEEN.sub("", text)
    digits = "".join(each for each in bare if each.isdecimal())
    if len(digits) < _FEWEST_DIGITS or any(each.isalpha() or each == "@" for each in bare):
        return None
    digits = "".join(str(int(each)) for each in digits)
    if bare.startswith("00"):
        return f"+{digits[2:]}"
    return f"+{digits}" if bare.startswith("+") else digits


def normal(kind: Kind, text: str) -> str | None:
    """An identifier of a kind as it is kept; None if the text is none of that kind."""
    if kind == "email":
        return normal_email(text)
    return normal_phone(text) if kind == "phone" else _short(text.strip()) or None


def named_by(reference: str) -> tuple[Kind, str]:
    """What a shop's own name for a customer is: an e-mail where it looks like one, else a reference.

    >>> named_by("7001"), named_by("Ana@Example.org")
    (('reference', '7001'), ('email', 'ana@example.org'))
    """
    email = normal_email(reference) if "@" in reference else None
    return ("email", email) if email else ("reference", _short(reference.strip()))


def _short(text: str) -> str:
    """The text, or where an index could not hold it, its hash."""
    return text if len(text) <= _LONGEST else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
