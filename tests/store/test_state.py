"""The state: migrations, guarded statements, nothing left of what was deleted; on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from volver.store import State
from volver.store.schema import accounts, login_tokens, metadata, sessions
from volver.store.state import DamagedState, NewerState, head

PERSON = {
    "email": "ana@example.org",
    "password_hash": "x",
    "role": "owner",
    "lang": "es",
    "theme": "light",
    "created_us": 1,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    made = State(url)
    yield made
    if request.param == "postgresql":
        with made.begin() as rows:
            metadata.drop_all(rows)
            rows.execute(sa.text("drop table alembic_version"))
    made.close()


def test_migrations_make_what_the_schema_says(state: State) -> None:
    assert state.version() == head()
    with state.begin() as rows:
        assert compare_metadata(MigrationContext.configure(rows), metadata) == []


def test_opening_twice_changes_nothing(state: State) -> None:
    with state.begin() as rows:
        rows.execute(accounts.insert().values(**PERSON))
    again = State(state.url)
    with again.read() as rows:
        assert rows.execute(sa.select(accounts.c.email)).scalar_one() == "ana@example.org"
    again.close()


def test_an_error_undoes_the_transaction(state: State) -> None:
    def add_twice() -> None:
        with state.begin() as rows:
            rows.execute(accounts.insert().values(**PERSON))
            rows.execute(accounts.insert().values(**PERSON))

    with pytest.raises(sa.exc.IntegrityError):
        add_twice()
    with state.read() as rows:
        assert rows.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one() == 0


def test_a_session_needs_its_account_and_goes_with_it(state: State) -> None:
    session = {"id_hash": "h", "csrf": "c", "created_us": 1, "expires_us": 2, "seen_us": 1}
    with pytest.raises(sa.exc.IntegrityError), state.begin() as rows:
        rows.execute(sessions.insert().values(account_id=99, **session))
    with state.begin() as rows:
        made = rows.execute(accounts.insert().values(**PERSON)).inserted_primary_key
        assert made is not None
        rows.execute(sessions.insert().values(account_id=made[0], **session))
        rows.execute(accounts.delete())
        assert rows.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one() == 0


def test_a_login_link_is_used_once_however_many_try(state: State) -> None:
    with state.begin() as rows:
        made = rows.execute(accounts.insert().values(**PERSON)).inserted_primary_key
        assert made is not None
        link = {"token_hash": "t", "account_id": made[0], "created_us": 1, "expires_us": 9}
        rows.execute(login_tokens.insert().values(**link))
    ready = threading.Barrier(8)

    def use(_: int) -> int:
        ready.wait()
        unused = login_tokens.c.token_hash == "t", login_tokens.c.used_us.is_(None)
        with state.begin() as rows:
            return rows.execute(login_tokens.update().where(*unused).values(used_us=5)).rowcount

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [0] * 7 + [1]


def test_reading_does_not_wait_for_a_writer(state: State) -> None:
    with state.begin() as writer, state.read() as reader:
        writer.execute(accounts.insert().values(**PERSON))
        assert reader.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one() == 0


def test_many_writers_wait_for_each_other(state: State) -> None:
    def write(number: int) -> None:
        with state.begin() as rows:
            there = rows.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one()
            rows.execute(accounts.insert().values(**{**PERSON, "email": f"{number}@example.org", "created_us": there}))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(24)))
    with state.read() as rows:
        assert rows.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one() == 24


def test_a_state_from_the_future_is_refused(state: State) -> None:
    with state.begin() as rows:
        rows.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(NewerState, match="9999"):
        State(state.url)


def test_sqlite_deletes_for_good(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    secret = "a name that must not stay " * 20
    with state.begin() as rows:
        rows.execute(accounts.insert().values(**{**PERSON, "password_hash": secret}))
    with state.begin() as rows:
        rows.execute(accounts.delete())
        wiped = rows.exec_driver_sql("pragma secure_delete").scalar_one()
    with state.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
        rows.exec_driver_sql("pragma wal_checkpoint(truncate)")
    state.close()
    assert wiped == 1
    for path in tmp_path.iterdir():
        assert b"a name that must not stay" not in path.read_bytes()


def test_two_processes_migrate_one_new_state(tmp_path: Path) -> None:
    code = f"from volver.store import State; print(State('sqlite:///{tmp_path / 'state.db'}').version())"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in processes] == [head()] * 2


def test_a_current_state_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    State(url).close()
    asked = "print('alembic' in sys.modules, 'sqlalchemy' in sys.modules)"
    code = f"import sys; from volver.store import State; State({url!r}); {asked}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "False"]


def test_a_damaged_file_is_not_taken_for_a_new_state(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is not a database, it only looks like a file" * 50)
    with pytest.raises(DamagedState):
        State(f"sqlite:///{tmp_path / 'state.db'}")
