"""The state of the store: how far projections have read, the work that is due, answers, the signing key."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, SmallInteger, String, Table, Text, text

from volver.store.schema.metadata import ID, metadata

# How far each projection has read the log.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("projection", String(128), primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("moved_us", BigInteger, nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
)


# What the state knows of the other parts of its shop: `log` with its identity, and lake tables (`lake:NAME`) with the
# log offset that they held when the state took the same batch in. Whoever opens the shop compares.
parts = Table(
    "parts",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("identity", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
)


# Work, until some time after it has ended. `due_us` is when a runner may take it: for waiting work its time, for
# running work the end of its lease, for ended work NULL. So one small index holds all that may ever be taken.
jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False),
    Column("unique_key", String(255), nullable=True),
    Column("payload", Text, nullable=False),
    Column("status", String(16), nullable=False),  # waiting, running, done, failed, cancelled
    Column("priority", Integer, nullable=False),
    Column("due_us", BigInteger, nullable=True),
    Column("lease_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("most_attempts", Integer, nullable=False),
    Column("holder", String(128), nullable=True),
    Column("stop_asked", SmallInteger, nullable=False, server_default="0"),
    Column("share", Float, nullable=True),
    Column("says", Text, nullable=True),
    Column("result", Text, nullable=True),
    Column("problem", Text, nullable=True),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger, nullable=True),
    Column("beat_us", BigInteger, nullable=True),
    Column("ended_us", BigInteger, nullable=True),
)
_DUE, _ENDED = text("due_us is not null"), text("ended_us is not null")
Index("ix_jobs_due", jobs.c.priority, jobs.c.due_us, sqlite_where=_DUE, postgresql_where=_DUE)
Index("ix_jobs_ended", jobs.c.ended_us, sqlite_where=_ENDED, postgresql_where=_ENDED)
for _status in ("waiting", "running"):  # of one key at most one waits, and at most one runs
    _where = text(f"status = '{_status}' and unique_key is not null")
    Index(f"ux_jobs_{_status}", jobs.c.unique_key, unique=True, sqlite_where=_where, postgresql_where=_where)
_unhappy = text("status in ('running', 'failed')")
Index("ix_jobs_shown", jobs.c.status, jobs.c.id, sqlite_where=_unhappy, postgresql_where=_unhappy)

# The one key with which addresses for customers are signed; whoever has it can make such addresses.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("secret", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

# Totals that pages show, by what they rest on. Nothing here names a person.
kept_answers = Table(
    "kept_answers",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("rests_on", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
