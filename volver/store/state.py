"""The state: small tables that change in place (accounts, sessions, imports, models), on SQLite or PostgreSQL.

Write inside `begin()`, which takes SQLite's write lock at once so that two writers wait instead of failing; read inside
`read()`, which locks nobody out. Deleted text is wiped from the file (`secure_delete`). Opening brings the tables up to
date; the version is looked up without alembic, so an up-to-date state opens in a millisecond.

`quick_read` and `quick_begin` take SQL as text with `:name` places and give plain tuples; on SQLite they go past
SQLAlchemy, which costs some fifteen times what the statement does. They are for paths that are asked all the time.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import VolverError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TextClause

WAIT_MS = 30_000
MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE = "sqlite:///"
Run = Callable[..., list[tuple[Any, ...]]]  # run(sql, name=value, …): the rows that the statement gives
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


class NoDriver(VolverError):
    """A state on PostgreSQL, and nothing here that speaks to it."""

    code = "store.no_driver"
    says = "The setting `state` names a {name} server, and its driver is not installed."
    hint = "Install it with: pip install 'volver[distributed]'."
    status = 500


class UnknownState(VolverError):
    """A setting that names a database which the state cannot rest on."""

    code = "store.unknown_state"
    says = "The setting `state` begins with {scheme}; the state rests on PostgreSQL or in the shop's own file."
    hint = "Write postgresql://USER@HOST/DATABASE, or leave it out."


def state_url(setting: str, file: Path) -> str:
    """SQLAlchemy's address of a state: what the setting says, or the file where it says nothing.

    Raises `store.unknown_state`.

    >>> state_url("postgresql://shop@db/north", Path("state.db"))
    'postgresql+psycopg://shop@db/north'
    """
    if not setting:
        return f"{_SQLITE}{file}"
    scheme, _, rest = setting.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise UnknownState(scheme=scheme[:32] if rest else "no scheme")
    return f"postgresql+psycopg://{rest}"


class State:
    """The state of one shop. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith(_SQLITE)
        self._here = threading.local()
        self._quick: list[sqlite3.Connection] = []
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
        if self.is_sqlite:
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

    def quick_read(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement that only reads."""
        if self.is_sqlite:
            return self._connection().execute(sql, values).fetchall()
        with self.read() as rows:
            return _run_on(rows)(sql, **values)

    @contextmanager
    def quick_begin(self) -> Iterator[Run]:
        """A transaction that may write, as a function that runs statements."""
        if not self.is_sqlite:
            with self.begin() as rows:
                yield _run_on(rows)
            return
        connection = self._connection()
        connection.execute("begin immediate")
        try:
            yield lambda sql, **values: connection.execute(sql, values).fetchall()
            connection.execute("commit")
        finally:
            if connection.in_transaction:
                connection.execute("rollback")

    def close(self) -> None:
        """Let go of the connections."""
        with self._making:
            while self._quick:
                self._quick.pop().close()
        if self._engine is not None:
            self._engine.dispose()

    def _connection(self) -> sqlite3.Connection:
        """This thread's own connection past SQLAlchemy."""
        found: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if found is None:
            path = self.url.removeprefix(_SQLITE)
            found = sqlite3.connect(path, timeout=WAIT_MS / 1000, isolation_level=None, check_same_thread=False)
            for pragma in _PRAGMAS:
                found.execute(f"pragma {pragma}")
            self._here.connection = found
            with self._making:
                self._quick.append(found)
        return found

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
        try:
            return create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as problem:
            raise NoDriver(name=url.partition(":")[0].partition("+")[0]) from problem
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


def _run_on(rows: "Connection") -> Run:
    def run(sql: str, **values: Any) -> list[tuple[Any, ...]]:
        found = rows.execute(_text(sql), values)
        return [tuple(row) for row in found] if found.returns_rows else []

    return run


@lru_cache(maxsize=256)
def _text(sql: str) -> "TextClause":
    from sqlalchemy import text

    return text(sql)


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
