"""Answers that many readers ask for, made once for what they rest on, kept in the state and in memory.

A refresh makes them, so that the first visitor after it waits no longer than the second, in every process that serves
the shop. Only totals are kept: nothing here may name a person. An answer rests on the content of lake tables (files
that were put together hold the same), on the shop's settings and on this version of Volver; when one of them differs
it is made again. Where a thread of this process looks after a shop, visitors are not kept waiting by what is costly:
they get what was, until that thread has made what is.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from volver.core import VERSION, clock

if TYPE_CHECKING:
    from volver.store.shop import Shop

T = TypeVar("T")
_MOST = 256  # answers in memory, of all shops that this process has open
_COSTLY_S = 0.05  # what is made quicker than this is never late


@dataclass(frozen=True, slots=True)
class _Held:
    """An answer, the versions of the tables it was made from, a digest of what else it rests on, what it cost."""

    answer: Any
    versions: dict[str, int]
    besides: str
    cost_s: float


class _Written(msgspec.Struct):
    """An answer as the state keeps it."""

    versions: dict[str, int]
    cost_s: float
    answer: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Keeper:
    """The thread that looks after a shop's answers, and how to wake it."""

    thread: int
    wake: Callable[[], None]


_held: dict[tuple[str, str], _Held] = {}
_making: dict[tuple[str, str], threading.Lock] = {}
_keepers: dict[str, _Keeper] = {}
_lock = threading.Lock()


def kept_answer(
    shop: "Shop", name: str, tables: Sequence[str], kind: Any, make: Callable[[], T], besides: str = ""
) -> T:
    """What `make` answers, kept until one of the lake's tables has other content, or `besides` is another.

    `kind` is the answer's type, made of frozen dataclasses and plain values, by which it is written down and read
    again. Two who ask at once wait for one answer.
    """
    key, rests_on = (shop.state.url, name), _digest(shop, tables, besides)
    found = _held.get(key)
    if not _holds(shop, found, tables, rests_on):
        if found is not None and found.besides == rests_on and may_be_late(shop, found.cost_s):
            late: T = found.answer
            return late
        with _lock:
            turn = _making.setdefault(key, threading.Lock())
        with turn:
            found = _held.get(key)
            if not _holds(shop, found, tables, rests_on):
                found = _read(shop, name, tables, rests_on, kind) or _made(shop, name, tables, rests_on, make)
            assert found is not None
            with _lock:
                if len(_held) >= _MOST:
                    _held.pop(next(iter(_held)))
                _held[key] = found
    assert found is not None
    answer: T = found.answer
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


@contextmanager
def looked_after(shop: "Shop", wake: Callable[[], None]) -> Iterator[None]:
    """While this lasts, the calling thread makes what is costly, and others get what was; `wake` lets it look."""
    _keepers[shop.state.url] = _Keeper(threading.get_ident(), wake)
    try:
        yield
    finally:
        _keepers.pop(shop.state.url, None)


def may_be_late(shop: "Shop", cost_s: float) -> bool:
    """Whether a caller should take what was and leave the making, which costs so much CPU time, to another thread."""
    keeper = _keepers.get(shop.state.url)
    if keeper is None or cost_s < _COSTLY_S or keeper.thread == threading.get_ident():
        return False
    keeper.wake()
    return True


def _holds(shop: "Shop", found: _Held | None, tables: Sequence[str], rests_on: str) -> bool:
    return found is not None and found.besides == rests_on and _is_same(shop, found.versions, tables)


def _is_same(shop: "Shop", versions: Mapping[str, int], tables: Sequence[str]) -> bool:
    """Whether the tables hold the rows that they held at these versions."""
    return all(
        each in versions
        and (shop.lake.version(each) == versions[each] or shop.lake.since(each, versions[each]) == "same")
        for each in tables
    )


def _read(shop: "Shop", name: str, tables: Sequence[str], rests_on: str, kind: Any) -> _Held | None:
    """What the state keeps, if it still holds and reads as what is asked for."""
    from sqlalchemy import select

    from volver.store.schema import kept_answers

    asked = select(kept_answers.c.body).where(kept_answers.c.name == name, kept_answers.c.rests_on == rests_on)
    with shop.state.read() as rows:
        stored = rows.execute(asked).scalar_one_or_none()
    if stored is None:
        return None
    try:
        written = msgspec.json.decode(stored, type=_Written)
        answer = msgspec.json.decode(written.answer, type=kind)
    except msgspec.DecodeError:  # another release of the same number kept another shape
        return None
    found = _Held(answer, written.versions, rests_on, written.cost_s)
    return found if _is_same(shop, found.versions, tables) else None


def _made(shop: "Shop", name: str, tables: Sequence[str], rests_on: str, make: Callable[[], Any]) -> _Held:
    from sqlalchemy import delete, insert

    from volver.store.schema import kept_answers

    versions, began = {each: shop.lake.version(each) for each in tables}, clock.stopwatch_s()
    made = _Held(make(), versions, rests_on, clock.stopwatch_s() - began)
    written = _Written(versions, made.cost_s, msgspec.Raw(msgspec.json.encode(made.answer)))
    row = {
        "name": name,
        "rests_on": rests_on,
        "made_us": clock.now_us(),
        "body": msgspec.json.encode(written).decode(),
    }
    with shop.state.begin() as rows:
        rows.execute(delete(kept_answers).where(kept_answers.c.name == name))
        rows.execute(insert(kept_answers).values(row))
    return made


def _digest(shop: "Shop", tables: Sequence[str], besides: str) -> str:
    settings = [sorted((name, str(value)) for name, value in each.held.items()) for each in shop.settings.sources]
    told = json.dumps([VERSION, sorted(tables), besides, settings])
    return hashlib.sha256(told.encode()).hexdigest()
