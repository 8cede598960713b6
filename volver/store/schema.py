"""The tables of the state, in SQLAlchemy Core: the same text for SQLite and PostgreSQL.

Each table has one owner room. A change here needs a new file in `migrations/versions`; a test compares the two.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, SmallInteger, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

# Owner: server. The people who may open the console.
accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("theme", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

# Owner: server. Open browser sessions, by the hash of their cookie.
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(128), primary_key=True),
    Column("account_id", _ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
)

# Owner: server. One-time login links, by the hash of their secret.
login_tokens = Table(
    "login_tokens",
    metadata,
    Column("token_hash", String(128), primary_key=True),
    Column("account_id", _ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=True),
)

# Owner: server. Tokens with which programs ask the API, by the hash of their secret. A revoked one is deleted.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("token_hash", String(128), nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=True),
)

# Owner: collect. Bulk imports, by the log entry that names them.
batches = Table(
    "batches",
    metadata,
    Column("offset", _ID, primary_key=True, autoincrement=False),
    Column("source", String(255), nullable=False),
    Column("digest", String(128), nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
)

# Owner: collect. What could not be read, with its reason, until it is retried.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("batch_key", String(255), nullable=False, index=True),
    Column("file", String(1024), nullable=False),
    Column("row_no", BigInteger, nullable=False),
    Column("reason", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("retried_us", BigInteger, nullable=True),
)

# Owner: predict. The model shelf.
models = Table(
    "models",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("fitted_us", BigInteger, nullable=False),
    Column("data_until", String(10), nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("published", SmallInteger, nullable=False, server_default="0"),
    Index("ix_models_kind", "kind", "fitted_us"),
)

# Owner: know. When the facts were last derived, and from what.
refreshes = Table(
    "refreshes",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("at_day", String(10), nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger, nullable=True),
    Column("body", Text, nullable=False),
)
