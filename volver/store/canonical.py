"""Who stands for whom, for the lake: its table `canonical`, made from the state's merges.

It holds only the numbers that are part of another; `volver.store.through` says how the other tables are read by it.
"""

from typing import TYPE_CHECKING, Final

from volver.store.merging import changes, roots
from volver.store.through import TABLE

if TYPE_CHECKING:
    from volver.store.shop import Shop

_CHANGES: Final = "changes"


def publish(shop: "Shop") -> bool:
    """Bring the lake's `canonical` up to the state's merges; whether it had to be written."""
    if not _is_behind(shop):
        return False
    import pyarrow as pa

    with shop.lake.writing():
        with shop.state.read() as rows:
            number, found = changes(rows), sorted(roots(rows).items())
        ids = pa.table(
            {
                "customer_id": pa.array([each for each, _ in found], pa.int64()),
                "canonical_id": pa.array([root for _, root in found], pa.int64()),
            }
        )
        connection = shop.compute.connection()
        try:
            connection.register("standing", ids)
            files = shop.compute.write("select * from standing", TABLE, None, connection)
        finally:
            connection.close()
        shop.lake.follow(TABLE, files, {_CHANGES: number}, anew=True)
    return True


def published(shop: "Shop") -> int:
    """The number of the last change among merges that the lake knows."""
    return shop.lake.seen(TABLE, (_CHANGES,)).get(_CHANGES, 0)


def people_of(shop: "Shop", customer_id: int) -> list[int]:
    """All the numbers under which a customer's lines are written, the customer's own among them."""
    if not shop.lake.snapshot(TABLE).rows:
        return [customer_id]
    asked = "select customer_id from canonical where canonical_id = $id order by customer_id"
    return [
        customer_id,
        *(int(each) for each in shop.compute.relation(asked, {"id": customer_id})["customer_id"].to_pylist()),
    ]


def _is_behind(shop: "Shop") -> bool:
    with shop.state.read() as rows:
        return changes(rows) != published(shop)
