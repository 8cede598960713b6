"""Locks that hold across threads, processes and, with the state on PostgreSQL, machines.

Where the state is a file, a lock is a lock on a file of the shop; on PostgreSQL it is an advisory lock of a session.
Either way the system lets go of it at the moment its holder dies, so there is no lease to wait for, no clock to agree
on, and nobody who believes that it still holds what another has taken.
"""

import fcntl
import hashlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from volver.core import VolverError

if TYPE_CHECKING:
    from volver.store.state import State

LEARNING = "learning"  # long work of predict, one piece at a time


class Busy(VolverError):
    """Long work is going on already."""

    code = "predict.busy"
    says = "This shop is learning or checking already."
    hint = "Wait until that is done, then ask again."
    status = 409


class Locks(Protocol):
    """Named locks of one shop. They are not re-entrant."""

    def held(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock, after waiting for whoever holds it."""

    def tried(self, name: str) -> AbstractContextManager[bool]:
        """Hold a lock if nobody does; whether it was had."""

    def is_held(self, name: str) -> bool:
        """Whether somebody holds a lock at this moment."""


class HasLocks(Protocol):
    """A shop, as far as its locks go."""

    @property
    def locks(self) -> Locks:
        """Its locks."""


class FileLocks:
    """Locks on files of a folder: for one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold a lock, after waiting for whoever holds it."""
        with open(self._file(name), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def tried(self, name: str) -> Iterator[bool]:
        """Hold a lock if nobody does; whether it was had."""
        with open(self._file(name), "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def is_held(self, name: str) -> bool:
        """Whether somebody holds a lock at this moment."""
        with self.tried(name) as had:
            return not had

    def _file(self, name: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f".{name}"


class PostgresLocks:
    """Advisory locks of a PostgreSQL state, each held by a connection of its own."""

    def __init__(self, state: "State") -> None:
        self.state = state

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold a lock, after waiting for whoever holds it."""
        with self._held("pg_advisory_lock", name):
            yield

    @contextmanager
    def tried(self, name: str) -> Iterator[bool]:
        """Hold a lock if nobody does; whether it was had."""
        with self._held("pg_try_advisory_lock", name) as had:
            yield had is not False

    def is_held(self, name: str) -> bool:
        """Whether somebody holds a lock at this moment."""
        with self.tried(name) as had:
            return not had

    @contextmanager
    def _held(self, how: str, name: str) -> Iterator[object]:
        """Closing the connection for good lets go, whatever state it is in."""
        from sqlalchemy import text

        with self.state.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
            schema = str(rows.execute(text("select current_schema()")).scalar())
            try:
                yield rows.execute(text(f"select {how}(:key)"), {"key": _key(f"{schema}/{name}")}).scalar()
            finally:
                rows.invalidate()


class Lock:
    """One named lock that its thread may take again while it holds it."""

    def __init__(self, locks: Locks, name: str) -> None:
        self._locks, self._name = locks, name
        self._mine = threading.RLock()
        self._depth = 0
        self._open = ExitStack()

    def __enter__(self) -> None:
        self._mine.acquire()
        try:
            if not self._depth:
                self._open.enter_context(self._locks.held(self._name))
            self._depth += 1
        except BaseException:
            self._mine.release()
            raise

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        try:
            if not self._depth:
                self._open.close()
        finally:
            self._mine.release()

    def is_held(self) -> bool:
        """Whether somebody, in this process or another, holds it at this moment."""
        return self._locks.is_held(self._name)


def locks_of(state: "State", folder: Path) -> Locks:
    """The locks of a shop, where its state rests."""
    return FileLocks(folder) if state.is_sqlite else PostgresLocks(state)


@contextmanager
def one_at_a_time(shop: HasLocks) -> Iterator[None]:
    """Hold the shop's only place for long work, or be refused: it does not queue. Raises `predict.busy`."""
    with shop.locks.tried(LEARNING) as had:
        if not had:
            raise Busy
        yield


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"volver/{name}".encode()).digest()[:8], "big", signed=True)
