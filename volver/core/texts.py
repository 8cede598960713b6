"""Texts in other languages that rooms bring in their value; the console's own stand in its folders."""

from collections.abc import Mapping
from typing import Final

_BROUGHT: Final[dict[str, dict[str, str]]] = {}


def bring_texts(lang: str, texts: Mapping[str, str]) -> None:
    """Let the console say these texts in a language."""
    _BROUGHT.setdefault(lang, {}).update(texts)


def brought_text(lang: str, source: str) -> str | None:
    """An English text in a language, if a room brought it."""
    return _BROUGHT.get(lang, {}).get(source)
