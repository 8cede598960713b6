"""The tables of the state, in SQLAlchemy Core: the same text for SQLite and PostgreSQL, one file for each room.

A change here needs a new file in `migrations/versions`; a test compares the two.
"""

from volver.store.schema.collect import batches as batches
from volver.store.schema.collect import set_aside as set_aside
from volver.store.schema.know import refreshes as refreshes
from volver.store.schema.metadata import metadata as metadata
from volver.store.schema.people import customers as customers
from volver.store.schema.people import identifiers as identifiers
from volver.store.schema.people import merges as merges
from volver.store.schema.predict import models as models
from volver.store.schema.server import accounts as accounts
from volver.store.schema.server import api_tokens as api_tokens
from volver.store.schema.server import login_tokens as login_tokens
from volver.store.schema.server import sessions as sessions
