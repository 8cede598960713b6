"""Bring a simulated shop into a shop on disk: order files through the importer, events as one bulk batch."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from volver.collect.ledger.batch import Batch, write_batch
from volver.collect.ledger.importing import ImportOptions, import_files
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.ledger.batch import Step
    from volver.collect.ledger.report import ImportReport
    from volver.collect.simulate.shop import SimulatedShop

CURRENCY = "EUR"

# Guests were tracked under no name; their events stay events of nobody.
_EVENTS = """
select e.event_id, c.customer_id, e.ts_us, e.day, e.kind, p.product_id, e.order_ref, e.text
from read_parquet('{path}') e
left join customers c on e.customer_ref = c.customer_ref
left join products p on e.product_ref = p.product_ref
"""


def import_simulated(shop: Shop, found: "SimulatedShop", step: "Step | None" = None) -> "ImportReport":
    """Import products, customers and orders as any shop's files, then the events. `step` hears each stage."""
    options = ImportOptions(currency=CURRENCY)
    report = import_files(shop, [found.products, found.customers, found.orders], options, step)
    if found.n_events:
        with TemporaryDirectory(dir=shop.path) as folder:
            target = Path(folder) / "events.parquet"
            _with_ids(shop, found.events, target)
            write_batch(shop, Batch(tables={"events": [target]}, source="simulation"), step)
    return report


def _with_ids(shop: Shop, events: Path, target: Path) -> None:
    """Write the events with the shop's own ids of customers and products."""
    query = _EVENTS.format(path=str(events).replace("'", "''"))
    connection = shop.compute.connection()
    try:
        connection.execute(f"copy ({query}) to '{str(target).replace(chr(39), chr(39) * 2)}' (format parquet)")
    finally:
        connection.close()
