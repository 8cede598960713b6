"""Answers that many readers ask for, made once for what they rest on, kept in the state and in memory.

A refresh makes them, so that the first visitor after it waits no longer than the second, in every process that serves
the shop. Only totals are kept: nothing here may name a person. An answer rests on the content of lake tables, on the
shop's settings and on this version of Volver; when one of them differs it is made again.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from volver.core import VERSION, clock

if TYPE_CHECKING:
    from volver.store.shop import Shop

T = TypeVar("T")
_MOST = 256  # answers in memory, of all shops that this process has open
_held: dict[tuple[str, str], tuple[str, object]] = {}
_making: dict[tuple[str, str], threading.Lock] = {}
_lock = threading.Lock()


def kept_answer(shop: "Shop", name: str, tables: Sequence[str], kind: type[T], make: Callable[[], T]) -> T:
    """What `make` answers, kept until one of the lake's tables has other content.

    `kind` is the answer's type, a frozen dataclass of plain values, by which it is written down and read again. Two who
    ask at once wait for one answer.
    """
    key, rests_on = (shop.state.url, name), _rests_on(shop, tables)
    found = _held.get(key)
    if found is None or found[0] != rests_on:
        with _lock:
            turn = _making.setdefault(key, threading.Lock())
        with turn:
            found = _held.get(key)
            if found is None or found[0] != rests_on:
                found = (rests_on, _read_or_made(shop, name, rests_on, kind, make))
                with _lock:
                    if len(_held) >= _MOST:
                        _held.pop(next(iter(_held)))
                    _held[key] = found
    answer: T = found[1]  # type: ignore[assignment]
    return answer


def forget_answers(shop: "Shop") -> None:
    """Let go of what is kept of a shop, in the state and in this process."""
    from sqlalchemy import delete

    from volver.store.schema import kept_answers

    with shop.state.begin() as rows:
        rows.execute(delete(kept_answers))
    with _lock:
        for key in [each for each in _held if each[0] == shop.state.url]:
            del _held[key]


def _read_or_made(shop: "Shop", name: str, rests_on: str, kind: type[T], make: Callable[[], T]) -> T:
    import msgspec
    from sqlalchemy import delete, insert, select

    from volver.store.schema import kept_answers

    with shop.state.read() as rows:
        asked = select(kept_answers.c.body).where(kept_answers.c.name == name, kept_answers.c.rests_on == rests_on)
        stored = rows.execute(asked).scalar_one_or_none()
    if stored is not None:
        return msgspec.json.decode(stored, type=kind)
    made = make()
    row = {
        "name": name,
        "rests_on": rests_on,
        "made_us": clock.now_us(),
        "body": msgspec.json.encode(made).decode(),
    }
    with shop.state.begin() as rows:
        rows.execute(delete(kept_answers).where(kept_answers.c.name == name))
        rows.execute(insert(kept_answers).values(row))
    return made


def _rests_on(shop: "Shop", tables: Sequence[str]) -> str:
    versions = {table: shop.lake.snapshot(table).version for table in tables}
    settings = [sorted((name, str(value)) for name, value in each.held.items()) for each in shop.settings.sources]
    told = json.dumps([VERSION, versions, settings])
    return hashlib.sha256(told.encode()).hexdigest()
