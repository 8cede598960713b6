"""What the state writes down of the other parts of its shop; `volver.store.parts` compares it with them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from volver.store.state import State

LOG: Final = "log"
LAKE: Final = "lake:"
NOTE: Final = """
insert into parts (name, identity, "offset") values (:name, :identity, :offset)
on conflict (name) do update set identity = excluded.identity,
  "offset" = case when excluded."offset" > parts."offset" then excluded."offset" else parts."offset" end
"""


def note_batch(rows: "Connection", tables: Mapping[str, int]) -> None:
    """Write down, with a batch's record, how far the lake tables that it changed have come."""
    from sqlalchemy import text

    for name, offset in tables.items():
        rows.execute(text(NOTE), {"name": f"{LAKE}{name}", "identity": 0, "offset": offset})


def adopt_log(state: "State", identity: int) -> None:
    """Let the state name the log that lies beside it."""
    with state.quick_begin() as run:
        run(NOTE, name=LOG, identity=identity, offset=0)
