"""Texts that came from outside, made fit to be shown: no control characters, no end of a thousand columns."""

import re
from collections.abc import Sequence
from typing import Final

# Controls of both sets, halves of characters, marks that turn the direction of what stands beside them, line ends.
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNFIT_IN_LINES: Final = re.compile(_UNFIT.pattern.replace(r"\x00-\x1f", r"\x00-\x08\x0b-\x1f"))
_INSTEAD: Final = "\ufffd"


def plain(text: str) -> str:
    """A text that cannot steer a terminal, nor break a line; what is unfit is shown as one replacement sign.

    >>> plain(f"a{chr(27)}[31mb"), plain(f"two{chr(10)}lines")
    ('a�[31mb', 'two�lines')
    """
    return text if text.isascii() and text.isprintable() else _UNFIT.sub(_INSTEAD, text)


def plain_lines(text: str) -> str:
    """The same for text of several lines: line ends and tabs stay."""
    return _UNFIT_IN_LINES.sub(_INSTEAD, text)


def one_line(text: str, most: int = 80) -> str:
    """A plain text of at most so many characters.

    >>> one_line("x" * 100, most=4)
    'xxx…'
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return plain(cut)


def some_of(names: Sequence[str], most: int = 30) -> str:
    """Names in one line; how many more there are.

    >>> some_of(["a", "b", "c"], most=2)
    'a, b … and 1 more'
    """
    shown = ", ".join(one_line(each, 40) for each in names[:most])
    return shown if len(names) <= most else f"{shown} … and {len(names) - most} more"
