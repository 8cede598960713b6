"""Small shops that went through the real import: empty, of one customer, of a simulated few hundred."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.world import copied, new_shop, once
from volver.app import refresh, web
from volver.collect import ImportOptions, import_files, import_simulated, simulate_shop
from volver.server import login_link
from volver.store import Shop, open_shop

ONE = """order_id,ordered_at,customer_id,customer_name,email,sku,product,quantity,unit_price
1001,2025-01-07 10:00,7,Lucía Ferrer,lucia@example.com,TAZA-1,Taza de cerámica,2,9.50
"""


@contextmanager
def empty(path: Path) -> Iterator[Shop]:
    """A shop as `volver init` makes it."""
    with new_shop(path, name="Casa vacía") as shop:
        yield shop


@contextmanager
def one_customer(path: Path) -> Iterator[Shop]:
    """A shop with one order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    orders = path.parent / "orders.csv"
    orders.write_text(ONE, encoding="utf-8")
    with new_shop(path, name="Casa Una") as shop:
        import_files(shop, [orders], ImportOptions())
        refresh(shop)
        yield shop


def fill_simulated(path: Path, customers: int = 400, seed: int = 3) -> None:
    """Make a simulated Spanish shop with two years of orders, events and messages."""
    with new_shop(path, name="Casa Volver") as shop:
        with TemporaryDirectory() as folder:
            import_simulated(shop, simulate_shop(customers, seed=seed, out_dir=Path(folder)))
        refresh(shop)


@contextmanager
def simulated(path: Path, customers: int = 400, seed: int = 3) -> Iterator[Shop]:
    """A simulated shop of its own, open."""
    fill_simulated(path, customers, seed)
    with open_shop(path) as shop:
        yield shop


def busy(temporary: pytest.TempPathFactory) -> Shop:
    """A shop of four hundred simulated customers, one's own: the run makes it once."""
    return copied(once(temporary, "busy", fill_simulated), temporary.mktemp("busy") / "shop")


def visitor(shop: Shop, **headers: Any) -> TestClient:
    """Someone who came in by a login link."""
    client = TestClient(web(shop), headers=headers)
    client.get(login_link(shop, "http://testserver"))
    return client
