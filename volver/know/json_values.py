"""What know answers as plain JSON values, the same on the command line and over the API."""

from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import date
from typing import Any

from volver.core import Words, decimal_text

_AMOUNTS = ("quantity_e4", "units_e4")


def filled(words: Words) -> str:
    """A sentence in English with money and shares as a person writes them."""
    told = {
        key: decimal_text(value) if key.endswith("_e4") else f"{value:.0%}" if key.endswith("share") else value
        for key, value in words.params.items()
    }
    return words.text.format(**told)


def plain(value: Any, say: Callable[[Words], str] = filled) -> Any:
    """An answer as JSON values: words as sentences, `…_e4` money as decimal strings without the suffix."""
    if isinstance(value, Words):
        return say(value)
    if is_dataclass(value) and not isinstance(value, type):
        return plain({name: getattr(value, name) for name in value.__dataclass_fields__}, say)
    if isinstance(value, dict):
        return {key.removesuffix("_e4"): _named(key, each, say) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each, say) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _named(key: str, value: Any, say: Callable[[Words], str]) -> Any:
    if key in _AMOUNTS:
        return float(value) / 10_000
    if not key.endswith("_e4"):
        return plain(value, say)
    if isinstance(value, tuple | list):
        return [decimal_text(each) for each in value]
    return None if value is None else decimal_text(int(value))
