"""The simulated shop: the same for the same seed, honest about its truth, and what a shop's files look like."""

import subprocess
import sys
import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import pytest

from volver.collect.simulate import BuyingProcess, SimulatedShop, products, simulate_shop
from volver.collect.simulate.people import CAMPAIGNS
from volver.collect.simulate.process import live
from volver.collect.simulate.season import calendar

KINDS = {
    "page_viewed",
    "product_viewed",
    "cart_added",
    "checkout_started",
    "message_sent",
    "message_opened",
    "message_clicked",
    "return_requested",
}
PLAIN = BuyingProcess(
    season=False,
    christmas=False,
    growth_per_year=0.0,
    sales=False,
    wholesale_share=0.0,
    undecided_share=0.0,
    guest_share=0.0,
    cancel_share=0.0,
    return_share=0.0,
    has_events=False,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    return simulate_shop(6000, 11, out_dir=tmp_path_factory.mktemp("simulated"))


def ask(sql: str, **files: Path) -> list[tuple]:
    with duckdb.connect() as db:
        for name, path in files.items():
            db.execute(f"create view {name} as from read_parquet('{path}')")
        return db.execute(sql).fetchall()


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_shop(tmp_path: Path) -> None:
    once, again, other = (simulate_shop(400, seed, out_dir=tmp_path / str(n)) for n, seed in enumerate((5, 5, 6)))
    for name in ("orders", "customers", "products", "events", "truth"):
        assert digest(getattr(once, name)) == digest(getattr(again, name)), name
    assert digest(once.orders) != digest(other.orders)


def test_the_catalogue_is_a_spanish_shop_with_prices_above_costs() -> None:
    things = products()
    assert len({thing.name for thing in things}) >= 150
    assert len({thing.ref for thing in things}) == len(things)
    assert len({thing.category for thing in things}) >= 10
    assert all(0 < thing.cost_cents < thing.price_cents for thing in things)
    assert sum(any(letter in thing.name for letter in "áéíóúñü") for thing in things) > 50


def test_every_kind_of_event_happens_within_the_history_and_names_what_it_is_about(shop: SimulatedShop) -> None:
    found = ask(
        """select kind, count(*), count(product_ref), count(text), min(day), max(day) from events group by kind""",
        events=shop.events,
    )
    assert {row[0] for row in found} == KINDS
    for kind, n, with_product, with_text, first, last in found:
        assert shop.first_day <= first <= last <= shop.last_day
        assert with_product == (n if kind in ("product_viewed", "cart_added", "return_requested") else 0)
        assert with_text == (n if kind.startswith(("message", "page")) else 0)


def test_an_event_before_an_order_is_of_the_same_customer(shop: SimulatedShop) -> None:
    strangers = ask(
        """select count(*) from events e join orders o using (order_ref)
           where e.customer_ref is distinct from o.customer_ref""",
        events=shop.events,
        orders=shop.orders,
    )
    assert strangers == [(0,)]


def test_the_day_of_an_event_is_the_day_in_madrid(shop: SimulatedShop) -> None:
    zone = zoneinfo.ZoneInfo("Europe/Madrid")
    sample = ask("select ts_us, day from events using sample 500 (reservoir, 1)", events=shop.events)
    assert all(datetime.fromtimestamp(ts / 1e6, UTC).astimezone(zone).date() == day for ts, day in sample)


def test_local_times_become_the_right_instants() -> None:
    days = calendar(date(2024, 7, 1), date(2026, 6, 30), "Europe/Madrid", BuyingProcess())
    zone = zoneinfo.ZoneInfo("Europe/Madrid")
    for words in ("2024-10-27 06:30", "2025-03-30 00:30", "2025-03-30 06:30", "2025-12-24 12:00", "2026-06-30 23:59"):
        local = datetime.fromisoformat(words)
        wall = np.array([int(local.replace(tzinfo=UTC).timestamp() * 1e6)])
        assert days.utc_us(wall)[0] == int(local.replace(tzinfo=zone).timestamp() * 1e6)


def test_nobody_has_an_address_outside_example_com(shop: SimulatedShop) -> None:
    found = ask(
        """select count(email), count(*) filter (email like '%@example.com'), count(distinct email),
                  count(*) filter (not regexp_full_match(email, '[a-z.0-9@]+')), count(*) from customers""",
        customers=shop.customers,
    )
    n, ours, distinct, odd, people = found[0]
    assert 0.95 * people < n == ours == distinct < people == 6000
    assert odd == 0


def test_cancellations_returns_guests_and_discounts_have_the_shares_that_were_asked_for(shop: SimulatedShop) -> None:
    process = BuyingProcess()
    (orders, cancelled, guests, lines, returned, discounted) = ask(
        """select count(distinct order_ref) filter (status = 'pagado'),
                  count(distinct order_ref) filter (status = 'cancelado'),
                  count(distinct order_ref) filter (status = 'pagado' and customer_ref is null),
                  count(*) filter (status = 'pagado'), count(*) filter (status = 'abonado'),
                  count(distinct order_ref) filter (discount > 0)
           from orders""",
        orders=shop.orders,
    )[0]
    assert orders == shop.n_orders
    assert cancelled == pytest.approx(process.cancel_share * orders + process.undecided_share * 6000, rel=0.15)
    assert guests == pytest.approx(process.guest_share * 6000, rel=0.1)
    assert returned == pytest.approx(process.return_share * lines, rel=0.2)
    assert 0.15 < discounted / orders < 0.45


def test_an_order_is_cancelled_whole_and_within_minutes(shop: SimulatedShop) -> None:
    found = ask(
        """select max(c.ordered_at - s.ordered_at), min(c.ordered_at - s.ordered_at), max(abs(c.total + s.total))
           from (select order_ref, min(ordered_at) as ordered_at, sum(line_total) as total from orders
                 where status = 'cancelado' group by all) c
           join (select order_ref, min(ordered_at) as ordered_at, sum(line_total) as total from orders
                 where status = 'pagado' group by all) s on c.order_ref = 'C' || s.order_ref""",
        orders=shop.orders,
    )
    longest, shortest, unequal = found[0]
    assert 60 < shortest.total_seconds() < longest.total_seconds() < 1200
    assert unequal == 0


def test_a_line_total_is_price_times_quantity_less_discount(shop: SimulatedShop) -> None:
    wrong = ask(
        "select count(*) from orders where quantity > 0 and quantity * unit_price - discount <> line_total",
        orders=shop.orders,
    )
    assert wrong == [(0,)]


def test_the_truth_counts_the_orders_that_stand(shop: SimulatedShop) -> None:
    wrong = ask(
        """select count(*) from truth t left join (
               select customer_ref, count(distinct order_ref) as n from orders o
               where status = 'pagado' and not exists (select 1 from orders c where c.order_ref = 'C' || o.order_ref)
               group by 1) o using (customer_ref)
           where t.orders <> coalesce(o.n, 0)""",
        truth=shop.truth,
        orders=shop.orders,
    )
    assert wrong == [(0,)]


def test_what_is_expected_of_the_coming_year_comes(shop: SimulatedShop) -> None:
    found = ask(
        """select sum(expected_orders_365d), sum(orders_next_365d), sum(orders_next_365d) filter (not is_alive)
           from truth""",
        truth=shop.truth,
    )
    expected, came, from_the_dead = found[0]
    assert came == pytest.approx(expected, rel=0.05)
    assert from_the_dead == 0


def test_the_mean_spend_of_the_truth_is_the_mean_of_the_orders(tmp_path: Path) -> None:
    shop = simulate_shop(12_000, 3, out_dir=tmp_path, process=replace(PLAIN, sales=True, return_share=0.05))
    sold, expected = ask(
        """select sum(line_total) filter (quantity > 0), (select sum(orders * spend_per_order) from truth)
           from orders""",
        orders=shop.orders,
        truth=shop.truth,
    )[0]
    kept, expected_kept = ask(
        """select sum(line_total) filter (ordered_at < '2026-06-01' or quantity < 0),
                  (select sum(orders * net_spend_per_order) from truth) from orders""",
        orders=shop.orders,
        truth=shop.truth,
    )[0]
    assert float(sold) == pytest.approx(expected, rel=0.015)
    assert float(kept) == pytest.approx(expected_kept, rel=0.1)


def test_the_parameters_are_found_again_by_a_fit(tmp_path: Path) -> None:
    predict = pytest.importorskip("volver.predict")
    shop = simulate_shop(20_000, 2, out_dir=tmp_path, process=PLAIN)
    rows = ask(
        """with o as (select customer_ref, order_ref, epoch(min(ordered_at)) / 86400 as moment from orders group by all)
           select count(*) - 1, max(moment) - min(moment), epoch(timestamp '2026-07-01') / 86400 - min(moment)
           from o group by customer_ref""",
        orders=shop.orders,
    )
    x, t_x, age = np.array(rows, dtype=float).T
    model = predict.MBGNBD().fit(np.column_stack([x, t_x, age]))
    found = model.parameters_
    assert found["r"] == pytest.approx(PLAIN.r, rel=0.15)
    assert found["alpha"] == pytest.approx(PLAIN.alpha_days, rel=0.2)
    assert found["a"] / (found["a"] + found["b"]) == pytest.approx(PLAIN.a / (PLAIN.a + PLAIN.b), rel=0.15)
    alive = ask("select avg(is_alive::int) from truth", truth=shop.truth)[0][0]
    assert float(np.mean(model.p_alive(np.column_stack([x, t_x, age])))) == pytest.approx(alive, abs=0.02)
    came = ask("select sum(orders_next_365d) from truth", truth=shop.truth)[0][0]
    predicted = float(np.sum(model.predict(np.column_stack([x, t_x, age]), "365 days")))
    assert predicted == pytest.approx(float(came), rel=0.05)


def test_growth_and_season_can_be_seen_and_switched_off(tmp_path: Path) -> None:
    lively = simulate_shop(6000, 4, out_dir=tmp_path / "a", process=BuyingProcess(has_events=False))
    even = simulate_shop(6000, 4, out_dir=tmp_path / "b", process=PLAIN)
    joined = "select count(*) filter (joined_on >= '2025-07-01') / count(*) from truth"
    december = """select count(*) filter (month(joined_on) = 12) / count(*) * 12 from truth"""
    assert ask(joined, truth=lively.truth)[0][0] > 0.55
    assert abs(ask(joined, truth=even.truth)[0][0] - 0.5) < 0.03
    assert ask(december, truth=lively.truth)[0][0] > 1.5
    assert 0.85 < ask(december, truth=even.truth)[0][0] < 1.15


def test_rates_and_dropout_follow_their_laws() -> None:
    process = replace(PLAIN, r=1.4, alpha_days=30.0, a=1.2, b=2.0)
    days = calendar(date(2024, 7, 1), date(2026, 6, 30), "Europe/Madrid", process)
    lives = live(np.random.default_rng(1), 100_000, days, process, (7, 12))
    assert lives.rate.mean() == pytest.approx(1.4 / 30, rel=0.02)
    assert lives.rate.var() == pytest.approx(1.4 / 30**2, rel=0.05)
    assert lives.p_dropout.mean() == pytest.approx(1.2 / 3.2, rel=0.02)
    assert np.allclose(days.busy, 1.0)


def test_an_empty_shop_is_refused(tmp_path: Path) -> None:
    from volver.core import VolverError

    with pytest.raises(VolverError, match="cannot be simulated"):
        simulate_shop(0, 1, out_dir=tmp_path)
    with pytest.raises(VolverError, match="cannot be simulated"):
        simulate_shop(10, 1, out_dir=tmp_path, first_day=date(2026, 1, 1), last_day=date(2026, 1, 10))


COST = """
import resource, sys, time
from volver.collect.simulate import simulate_shop
simulate_shop(int(sys.argv[1]), 1, out_dir=sys.argv[2])
print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_time_grows_with_the_shop_and_memory_does_not(tmp_path: Path) -> None:
    def cost(n: int) -> tuple[float, float]:
        ran = subprocess.run([sys.executable, "-c", COST, str(n), tmp_path], capture_output=True, text=True, check=True)
        seconds, peak = ran.stdout.split()
        return float(seconds), float(peak)

    (small_s, small_peak), (large_s, large_peak) = cost(50_000), cost(150_000)
    assert large_s < 4 * small_s
    assert large_peak < 1.4 * small_peak


def test_campaigns_belong_to_channels_that_are_paid_for(shop: SimulatedShop) -> None:
    found = ask(
        "select channel, count(campaign) / count(*), count(distinct campaign) from c group by 1", c=shop.customers
    )
    shares = {channel: (share, n) for channel, share, n in found if share}
    assert {channel: n for channel, (_, n) in shares.items()} == {
        channel: len(campaigns) for channel, campaigns in CAMPAIGNS.items()
    }
    assert all(0.55 < share < 0.78 for share, _ in shares.values())
