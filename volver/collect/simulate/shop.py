"""Make a simulated shop's files: orders, customers, products, events, and the truth behind them.

People are simulated in chunks of 50,000, each with its own seed, and every chunk is written before the next begins:
memory does not grow with the shop. The same seed and settings give the same rows on every machine with this numpy.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.collect.simulate.baskets import fill, mean_spend_cents
from volver.collect.simulate.catalogue import Catalogue, catalogue
from volver.collect.simulate.documents import Orders, rows, with_mistakes
from volver.collect.simulate.events import Happened, events
from volver.collect.simulate.law import BuyingProcess
from volver.collect.simulate.process import KINDS, UNDECIDED, Lives, buy, live
from volver.collect.simulate.season import DAY_US, Calendar, calendar, start_us
from volver.collect.simulate.tables import Sheets
from volver.core import VolverError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_DAY, LAST_DAY = date(2024, 7, 1), date(2026, 6, 30)
"""Two years (730 days) that hold two Christmases. Fixed, so that a demo is the same tomorrow."""
CHUNK = 50_000


class NobodyToSimulate(VolverError):
    """The size or the span asked for is empty."""

    code = "collect.nobody_to_simulate"
    says = "A shop of {customers} customers from {first_day} to {last_day} cannot be simulated."
    hint = "Ask for at least one customer and at least 30 days, such as `volver demo --simulate 2000`."


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedShop:
    """Where the files of a simulated shop are, and how much they hold."""

    folder: Path
    orders: Path
    customers: Path
    products: Path
    events: Path
    truth: Path
    first_day: date
    last_day: date
    n_customers: int
    n_orders: int
    n_rows: int
    n_events: int


def simulate_shop(
    n_customers: int,
    seed: int,
    *,
    out_dir: str | Path,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    timezone: str = "Europe/Madrid",
    process: BuyingProcess | None = None,
) -> SimulatedShop:
    """Simulate a Spanish home, food and gift shop and write it to `out_dir` as Parquet.

    `orders.parquet` holds order rows as a shop would export them (wall-clock time of `timezone`, euros),
    `customers.parquet` and `products.parquet` the people and the catalogue, `events.parquet` what else happened
    (microseconds UTC), `truth.parquet` what no shop knows: each customer's `rate_per_day` (of busy days) and
    `p_dropout`, whether they are still there on the last day, what an order of theirs is worth on average (as sold, and
    after returns), the orders and the value to expect in the next 365 days, and the orders that really come.
    Raises `collect.nobody_to_simulate`.
    """
    import numpy as np

    if n_customers < 1 or (last_day - first_day).days < 30:
        raise NobodyToSimulate(customers=n_customers, first_day=first_day, last_day=last_day)
    process = process or BuyingProcess()
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    days = calendar(first_day, last_day, timezone, process)
    things = catalogue(np.random.default_rng([seed, 0]), process.favourite_share, process.season)
    n_orders = 0
    with Sheets(folder, things) as sheets:
        sheets.write_products()
        for number, start in enumerate(range(0, n_customers, CHUNK)):
            rng = np.random.default_rng([seed, 1, number])
            n_orders += _chunk(rng, start, min(CHUNK, n_customers - start), (days, things, process), sheets)
    return SimulatedShop(
        folder=folder,
        **{name: folder / f"{name}.parquet" for name in ("orders", "customers", "products", "events", "truth")},
        first_day=first_day,
        last_day=last_day,
        n_customers=n_customers,
        n_orders=n_orders,
        n_rows=sheets.n_written["orders"],
        n_events=sheets.n_written["events"],
    )


def _chunk(
    rng: Any, start: int, n_customers: int, shop: tuple[Calendar, Catalogue, BuyingProcess], sheets: Sheets
) -> int:
    """Simulate and write the customers from `start` on; return how many orders they and their guests made."""
    import numpy as np

    days, things, process = shop
    _, n_categories, n_tastes = things.mean_price.shape
    lives = live(rng, n_customers, days, process, (n_tastes, n_categories))
    bought = buy(rng, lives, days)
    is_past = bought.at < days.busy_now
    coming = np.bincount(bought.person[~is_past], minlength=lives.kind.size)
    person, at = bought.person[is_past], bought.at[is_past]
    orders = Orders(person, days.day_of(at), days.local_us(at), lives.kind[person] == UNDECIDED)
    orders = with_mistakes(rng, orders, process.cancel_share, start_us(days.first))
    baskets = fill(rng, lives, orders.person, orders.day, shop)
    found = rows(rng, orders, baskets, process, start_us(days.last) + DAY_US)
    sheets.write_orders(start, lives, orders, found)
    sheets.write_customers(rng, start, n_customers)
    if process.has_events:
        happened = Happened(lives, orders, baskets, found, days, things)
        done = events(rng, happened)
        sheets.write_events(start, lives, done, days.local_day(done.at_us))
    sheets.write_truth(start, _truth(lives, orders, coming, shop))
    return int(orders.person.size)


def _truth(
    lives: Lives, orders: Orders, coming: "NDArray[np.int64]", shop: tuple[Calendar, Catalogue, BuyingProcess]
) -> dict[str, Any]:
    """What no shop knows of its customers, one value for each."""
    import numpy as np

    days, _, _ = shop
    sold, kept = mean_spend_cents(lives, shop)
    now = days.busy_now
    expected = lives.expected_orders(now, days.busy_end)
    done = np.bincount(orders.person[~orders.is_undone], minlength=lives.kind.size)
    never = lives.kind == UNDECIDED
    columns = {
        "kind": np.array(KINDS)[lives.kind],
        "joined_on": np.datetime64(days.first) + days.day_of(lives.joined),
        "rate_per_day": np.where(never, 0.0, lives.rate),
        "p_dropout": lives.p_dropout,
        "is_alive": lives.alive_at(now),
        "orders": done,
        "spend_per_order": sold / 100,
        "net_spend_per_order": kept / 100,
        "expected_orders_365d": expected,
        "expected_value_365d": expected * kept / 100,
        "orders_next_365d": coming,
    }
    return {name: values[: lives.n_customers] for name, values in columns.items()}
