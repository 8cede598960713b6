"""Figures that many readers ask for, worked out once per version of the data they rest on."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from volver.core import clock
from volver.know import Today, today
from volver.store import Shop

T = TypeVar("T")
_MOST = 256
_DATED = ("facts", "thresholds", "event_days")
_kept: dict[tuple[str, str], tuple[tuple[int, ...], Any]] = {}
_lock = threading.Lock()


def today_of(shop: Shop) -> Today:
    """Which day it is for the shop, and why, asked once per day and version of the data."""
    return remembered(shop, f"today {clock.today(shop.settings.timezone)}", _DATED, lambda: today(shop))


def remembered(shop: Shop, name: str, tables: tuple[str, ...], make: Callable[[], T]) -> T:
    """What `make` answers, kept until one of the lake's tables has a new version."""
    versions = tuple(shop.lake.snapshot(table).version for table in tables)
    key = (str(shop.path.resolve()), name)
    with _lock:
        kept = _kept.get(key)
    if kept is not None and kept[0] == versions:
        found: T = kept[1]
        return found
    made = make()
    with _lock:
        if len(_kept) >= _MOST:
            _kept.pop(next(iter(_kept)))
        _kept[key] = (versions, made)
    return made
