"""The state: small tables that change in place (accounts, sessions, imports, models), on SQLite or PostgreSQL.

Write inside `begin()`, which takes SQLite's write lock at once so that two writers wait instead of failing; read inside
`read()`, which locks nobody out. Deleted text is wiped from the file (`secure_delete`). Opening brings the tables up to
date; the version is looked up without alembic, so an up-to-date state opens in a millisecond.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import VolverError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

WAIT_MS = 30_000
MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE = "sqlite:///"
_PRAGMAS = (
    "journal_mode=wal",
    "synchronous=full",
    "foreign_keys=1",
    "secure_delete=1",
    "temp_store=memory",  # temporary tables may name people: they stay out of the system's folder
    "cache_size=-32768",  # KiB at most: an import's new customers go through one transaction
)
_MIGRATION_LOCK = 0x766F6C76  # any constant: PostgreSQL's advisory lock while one process migrates


class NewerState(VolverError):
    """The state was migrated by a later version than this one."""

    code = "store.newer_state"
    says = "This shop's state has version {version}; this Volver knows versions up to {head}."
    hint = "Install the newer Volver, or open a copy of the shop from before the upgrade."
    status = 500


class DamagedState(VolverError):
    """The state's file is not a database."""

    code = "store.damaged_state"
    says = "The state's file {file} cannot be read ({reason})."
    hint = "Restore it from a backup, or check that the folder may be read and written."
    status = 500


@lru_cache(maxsize=1)
def head() -> str:
    """The number of the newest migration, from the files' names."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


class State:
    """The state of one shop. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine | None = None
        self._making = threading.Lock()
        self.is_migrated = self.version() != head()
        if self.is_migrated:
            self._migrate()

    @property
    def engine(self) -> "Engine":
        """The SQLAlchemy engine, made when first asked for."""
        with self._making:
            if self._engine is None:
                self._engine = _engine(self.url)
            return self._engine

    def version(self) -> str:
        """The number of the last migration taken; empty for a new state."""
        if self.url.startswith(_SQLITE):
            return _sqlite_version(Path(self.url.removeprefix(_SQLITE)))
        with self.read() as rows:
            return _version(rows)

    @contextmanager
    def begin(self) -> "Iterator[Connection]":
        """A transaction that may write; committed at the end, undone by an error."""
        with self.engine.execution_options(writes=True).begin() as rows:
            yield rows

    @contextmanager
    def read(self) -> "Iterator[Connection]":
        """One consistent view for reading; whatever is written in it is undone."""
        with self.engine.connect() as rows:
            yield rows

    def close(self) -> None:
        """Let go of the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.begin() as rows:
            if rows.dialect.name == "postgresql":
                rows.exec_driver_sql(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})")
            version = _version(rows)
            if version > head():
                raise NewerState(version=version, head=head())
            if version < head():
                config.attributes["connection"] = rows
                command.upgrade(config, "head")


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine, event

    if not url.startswith(_SQLITE):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": WAIT_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _PRAGMAS:
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: "Connection") -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _sqlite_version(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_MS / 1000)) as connection:
            found = connection.execute("select version_num from alembic_version").fetchone()
    except sqlite3.DatabaseError as problem:
        if "no such table" in str(problem):
            return ""
        raise DamagedState(file=path.name, reason=str(problem)) from problem
    return str(found[0]) if found else ""


def _version(rows: "Connection") -> str:
    from sqlalchemy import column, inspect, select, table

    if not inspect(rows).has_table("alembic_version"):
        return ""
    found = rows.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
    return str(found) if found else ""
