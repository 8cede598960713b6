"""The files of a simulated shop: one Parquet file a table, one row group a chunk."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from volver.collect.simulate.documents import CANCEL, RETURN, SALE, SHIPPING, Orders, Rows
from volver.collect.simulate.events import KINDS, TEXTS, Events
from volver.collect.simulate.people import people
from volver.collect.simulate.process import GUEST, Lives

if TYPE_CHECKING:
    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

    from volver.collect.simulate.catalogue import Catalogue

FIRST_REF = 100_001
ORDERS_PER_PERSON = 200
"""Room for order numbers: a chunk begins at this many times the people before it."""
SHIPPING_REF, SHIPPING_NAME, SHIPPING_CATEGORY = "ENVIO-24", "Gastos de envío urgente", "Envío"
PREFIX = {SALE: "", RETURN: "D", CANCEL: "C"}
STATUS = {SALE: "pagado", RETURN: "abonado", CANCEL: "cancelado"}


class Sheets:
    """The open files of a shop; a context manager that closes them, and counts what was written."""

    def __init__(self, folder: Path, catalogue: "Catalogue") -> None:
        self.folder = folder
        self.n_written = dict.fromkeys(("orders", "customers", "products", "events", "truth"), 0)
        self._catalogue = catalogue
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def write_products(self) -> None:
        """The catalogue, with the unit cost of everything."""
        import numpy as np
        import pyarrow as pa

        things = self._catalogue.products
        cost = np.array([thing.cost_cents for thing in things], dtype=np.int64)
        columns = {
            "product_ref": pa.array([thing.ref for thing in things]),
            "product_name": pa.array([thing.name for thing in things]),
            "category": pa.array([thing.category for thing in things]),
            "unit_price": _money(self._catalogue.price_cents),
            "cost": _money(cost),
        }
        self._write("products", pa.table(columns))

    def write_orders(self, start: int, lives: Lives, orders: Orders, rows: Rows) -> None:
        """Order rows of the chunk that begins with person `start`."""
        import numpy as np
        import pyarrow as pa

        things = self._catalogue.products
        product = np.where(rows.product == SHIPPING, len(things), rows.product)
        named = {
            "product_ref": [*(thing.ref for thing in things), SHIPPING_REF],
            "product_name": [*(thing.name for thing in things), SHIPPING_NAME],
            "category": [*(thing.category for thing in things), SHIPPING_CATEGORY],
        }
        columns = {
            "order_ref": _prefixed(rows.doc, _order_numbers(start, rows.order)),
            "ordered_at": pa.array(rows.local_us).cast(pa.timestamp("us")),
            "customer_ref": _customer_refs(start, lives, orders.person[rows.order]),
            **{name: _coded(product, values) for name, values in named.items()},
            "quantity": pa.array(rows.units),
            "unit_price": _money(rows.price_cents),
            "discount": _money(rows.discount_cents),
            "line_total": _money(rows.total_cents),
            "status": _coded(rows.doc, [STATUS[doc] for doc in sorted(STATUS)]),
        }
        self._write("orders", pa.table(columns))

    def write_customers(self, rng: Any, start: int, n: int) -> None:
        """The people of a chunk; guests are not among them."""
        import numpy as np
        import pyarrow as pa

        refs = pa.array(np.arange(start, start + n, dtype=np.int64) + FIRST_REF).cast(pa.string())
        self._write("customers", people(rng, refs))

    def write_events(self, start: int, lives: Lives, found: Events, day: "NDArray[np.int64]") -> None:
        """Events of a chunk. `customer_ref`, `product_ref`, `order_ref` and `text` are empty where there is none."""
        import numpy as np
        import pyarrow as pa

        numbers = pa.array(_order_numbers(start, found.order), mask=found.order < 0)
        first = self.n_written["events"] + 1
        columns = {
            "event_id": pa.array(np.arange(first, first + found.at_us.size, dtype=np.int64)),
            "ts_us": pa.array(found.at_us),
            "day": pa.array(day.astype(np.int32)).cast(pa.date32()),
            "kind": _coded(found.kind, KINDS),
            "customer_ref": _customer_refs(start, lives, found.person),
            "product_ref": _coded(found.product, [thing.ref for thing in self._catalogue.products]),
            "order_ref": numbers.cast(pa.string()),
            "text": _coded(found.text, TEXTS),
        }
        self._write("events", pa.table(columns))

    def write_truth(self, start: int, columns: dict[str, Any]) -> None:
        """What is true of the people of a chunk."""
        import numpy as np
        import pyarrow as pa

        n = len(columns["kind"])
        refs = pa.array(np.arange(start, start + n, dtype=np.int64) + FIRST_REF).cast(pa.string())
        self._write("truth", pa.table({"customer_ref": refs, **{k: pa.array(v) for k, v in columns.items()}}))

    def _write(self, name: str, table: "pyarrow.Table") -> None:
        import pyarrow.parquet as pq

        if name not in self._open:
            self._open[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", table.schema, compression="zstd")
        self._open[name].write_table(table)
        self.n_written[name] += table.num_rows


def _order_numbers(start: int, order: "NDArray[np.int64]") -> "NDArray[np.int64]":
    numbers: NDArray[np.int64] = FIRST_REF + start * ORDERS_PER_PERSON + order
    return numbers


def _prefixed(doc: "NDArray[np.int64]", numbers: "NDArray[np.int64]") -> "pyarrow.Array[Any]":
    import pyarrow as pa
    import pyarrow.compute as pc

    prefix = pa.array([PREFIX[each] for each in sorted(PREFIX)]).take(pa.array(doc))
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _customer_refs(start: int, lives: Lives, person: "NDArray[np.int64]") -> "pyarrow.Array[Any]":
    import pyarrow as pa

    return pa.array(person + start + FIRST_REF, mask=lives.kind[person] == GUEST).cast(pa.string())


def _coded(codes: "NDArray[np.int64]", values: Any) -> "pyarrow.Array[Any]":
    import numpy as np
    import pyarrow as pa

    # The Parquet writer is not repeatable where a dictionary holds a value twice.
    distinct = list(dict.fromkeys(values))
    place = np.array([distinct.index(value) for value in values], dtype=np.int32)
    indices = pa.array(place[codes], mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))


def _money(cents: "NDArray[np.int64]") -> "pyarrow.Array[Any]":
    """Cents as an exact DECIMAL(12, 2)."""
    import numpy as np
    import pyarrow as pa

    words = np.empty((cents.size, 2), dtype="<i8")
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(pa.decimal128(12, 2), cents.size, [None, pa.py_buffer(words)])
