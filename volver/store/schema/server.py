"""The state of the server: who may enter."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text

from volver.store.schema.metadata import ID, metadata

# The people who may open the console.
accounts = Table(
    "accounts",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("theme", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)


# Open browser sessions, by the hash of their cookie.
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(128), primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
)


# One-time login links, by the hash of their secret.
login_tokens = Table(
    "login_tokens",
    metadata,
    Column("token_hash", String(128), primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=True),
)


# Until when tries of a name or of a device count, by the hash of either.
login_tries = Table(
    "login_tries",
    metadata,
    Column("key_hash", String(128), primary_key=True),
    Column("clear_us", BigInteger, nullable=False),
)


# Tokens with which programs ask the API, by the hash of their secret; `scopes` are rights, parted by blanks. A revoked
# one is deleted.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("token_hash", String(128), nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=True),
    Column("scopes", String(255), nullable=False, server_default="read customers bring learn"),
)


# Keys with which the shop's pages and platforms send what happened, by the hash of the key. They can only write.
write_keys = Table(
    "write_keys",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("token_hash", String(128), nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=True),
)
