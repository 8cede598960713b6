"""Shops whose truth is known, and the published data sets where they are present."""

import csv
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from volver.predict import BGNBD, MBGNBD, GammaGamma
from volver.predict.laws.calendar import FLAT, Calendar
from volver.predict.value.histories import Past
from volver.predict.value.order_days import BuyingDays
from volver.store import Shop

SPEND = GammaGamma.of(p=6.25, q=3.74, v=15.44)
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def shared(path: str) -> Path:
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs the reference data: ../shared/data/{path} beside the repository")
    return found


def cdnow() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x, t_x, T (weeks, exact days / 7) of the CDNOW 1/10 sample, and the orders of the next 39 weeks."""
    with shared("clv/btyd_cdnowSummary_cbs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    x, t_x, age, later = (np.array([float(row[name]) for row in rows]) for name in ("x", "t.x", "T.cal", "x.star"))
    return x, t_x, age, later


def futures(model: BGNBD, spend: GammaGamma, n: int, seed: int, days: float) -> dict[str, np.ndarray]:
    """Customers of an (M)BG/NBD shop: histories, spends, and what they do in the days after. Continuous time."""
    chance = np.random.default_rng(seed)
    age = np.floor(chance.uniform(30, 700, n))
    rate = chance.gamma(model.r_, 1 / model.alpha_, n)
    stop = chance.beta(model.a_, model.b_, n)
    nu = chance.gamma(spend.q_, 1 / spend.v_, n)
    x, t_x, later, clock = (np.zeros(n) for _ in range(4))
    going = np.flatnonzero(chance.random(n) >= stop) if model.first_chances else np.arange(n)
    while len(going):
        clock[going] += chance.exponential(size=len(going)) / np.maximum(rate[going], 1e-300)
        going = going[clock[going] <= age[going] + days]
        past = clock[going] <= age[going]
        x[going[past]] += 1
        t_x[going[past]] = clock[going[past]]
        later[going[~past]] += 1
        going = going[chance.random(len(going)) >= stop[going]]
    mean = chance.gamma(spend.p_ * (x + 1)) / nu / (x + 1)
    revenue = np.where(later > 0, chance.gamma(np.maximum(spend.p_ * later, 1e-9)) / nu, 0.0)
    return {"x": x, "t_x": t_x, "T": age, "mean": mean, "later": later, "revenue": revenue}


def write_ledger(shop: Shop, lines: str) -> None:
    """Put order lines straight into the lake. `lines` selects order_id, customer_id, product_id, ts, kind, amount."""
    doc = "case kind when 'cancel' then 'cancellation' when 'adjustment' then 'adjustment' else 'sale' end"
    money = "cast(round(amount * 10000) as bigint)"
    sql = f"""
        select row_number() over () as line_id, order_id, cast(order_id as varchar) as order_ref,
               customer_id, product_id,
               epoch_us(ts) as ts_us, cast(ts as date) as day, {doc} as doc, kind,
               case when amount < 0 then -10000 else 10000 end as quantity_e4, {money} as unit_price_e4,
               {money} as amount_e4, 0 as discount_e4, null as cost_e4, 0 as line_key, 0 as occurrence, 1 as batch,
               strftime(ts, '%Y-%m') as month
        from ({lines})"""
    files = shop.compute.write(sql, "order_lines")
    shop.lake.replace("order_lines", files)


def simulated_lines(n: int, seed: int = 1, season: Calendar = FLAT, days: int = 730) -> pl.DataFrame:
    """Orders of an MBG/NBD shop from 2023-01-01 on, in whole days from then, and their money."""
    truth, spend, start = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6), SPEND, date(2022, 12, 31)
    chance = np.random.default_rng(seed)
    end = season.span(start, days - 1)
    born = chance.uniform(0, end, n)
    rate, stop = chance.gamma(truth.r_, 1 / truth.alpha_, n), chance.beta(truth.a_, truth.b_, n)
    nu = chance.gamma(spend.q_, 1 / spend.v_, n)
    customer, when, going, clock = [np.arange(n)], [born], np.flatnonzero(chance.random(n) >= stop), born.copy()
    while len(going):
        clock[going] += chance.exponential(size=len(going)) / np.maximum(rate[going], 1e-300)
        going = going[clock[going] < end]
        customer.append(going)
        when.append(clock[going])
        going = going[chance.random(len(going)) >= stop[going]]
    who, day = np.concatenate(customer), np.floor(season.calendar_days(start, np.concatenate(when)))
    return pl.DataFrame({"customer": who, "day": day, "amount": chance.gamma(spend.p_, size=len(who)) / nu[who]})


def rhythmic_lines(n: int, seed: int, k: int, days: int = 730) -> pl.DataFrame:
    """Orders of a shop whose customers come in a rhythm of their own: gaps are Erlang-k, of 12 k days or so."""
    chance = np.random.default_rng(seed)
    clock = chance.uniform(0, days, n)
    rate, stop = chance.gamma(4, 1 / 48, n), chance.beta(0.8, 8, n)
    customer, when, going = [np.arange(n)], [clock.copy()], np.flatnonzero(chance.random(n) >= stop)
    while len(going):
        clock[going] += chance.gamma(k, 1 / rate[going])
        going = going[clock[going] < days]
        customer.append(going)
        when.append(clock[going])
        going = going[chance.random(len(going)) >= stop[going]]
    who, day = np.concatenate(customer), np.floor(np.concatenate(when))
    return pl.DataFrame({"customer": who, "day": day, "amount": chance.gamma(6, 5, len(who))})


def past_of_days(customer: pl.Series, day: pl.Series, amount: float = 1.0) -> Past:
    """What a shop would know of customers with an order on each of these days (dates, or days from 1970-01-01)."""
    who = customer.rank("dense").cast(pl.Int64).to_numpy()
    when = day.cast(pl.Date).to_physical().to_numpy()
    order = np.lexsort((when, who))
    who, when, money = who[order], when[order].astype(np.int32), np.full(len(who), round(10_000 * amount))
    always = np.full(len(who), 2**31 - 1, dtype=np.int32)
    counts = np.ones(len(who), dtype=bool)
    return Past(BuyingDays(who, when, when, always, counts, money, money))


def simulated_shop(shop: Shop, lines: pl.DataFrame, file: Path) -> None:
    """Fill a shop with `simulated_lines`."""
    lines.write_parquet(file)
    write_ledger(
        shop,
        f"""select row_number() over () as order_id, customer + 1 as customer_id, 1 as product_id, 'sale' as kind,
                   amount, timestamp '2023-01-01' + to_days(cast(day as integer)) as ts from '{file}'""",
    )
