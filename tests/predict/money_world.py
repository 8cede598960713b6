"""Shops with channels, products and carts whose truth is known."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl

from tests.predict.world import SPEND
from tests.world import entered, new_shop, written
from volver import know
from volver.core import clock
from volver.predict import MBGNBD, histories
from volver.predict.laws.calendar import FLAT
from volver.predict.money.first_orders import FirstOrders
from volver.predict.value.histories import buyers, span
from volver.predict.value.registry import keep
from volver.predict.value.selection import Choice
from volver.predict.value.training import learn
from volver.store import Shop

LAW = MBGNBD.of(r=0.9, alpha=60.0, a=0.8, b=2.0)
START = date(2023, 1, 1)
CHANNELS = ("search", "social", "friends", "market")
SHARES = (0.5, 0.3, 0.19, 0.01)


def orders(n: int, seed: int = 1, days: int = 730, better: float = 1.0, dearer: float = 1.0) -> pl.DataFrame:
    """One row per order: customer, day, amount, channel. "friends" order `better` times as often, at `dearer` times
    the price.
    """
    chance = np.random.default_rng(seed)
    channel = chance.choice(len(CHANNELS), n, p=SHARES)
    friends = channel == 2
    born = chance.uniform(0, days - 1, n)
    rate = chance.gamma(LAW.r_, 1 / LAW.alpha_, n) * np.where(friends, better, 1.0)
    stop, nu = chance.beta(LAW.a_, LAW.b_, n), chance.gamma(SPEND.q_, 1 / SPEND.v_, n)
    customer, when, clock = [np.arange(n)], [born], born.copy()
    going = np.flatnonzero(chance.random(n) >= stop)
    while len(going):
        clock[going] += chance.exponential(size=len(going)) / np.maximum(rate[going], 1e-300)
        going = going[clock[going] < days - 1]
        customer.append(going)
        when.append(clock[going])
        going = going[chance.random(len(going)) >= stop[going]]
    who, day = np.concatenate(customer), np.floor(np.concatenate(when))
    amount = chance.gamma(SPEND.p_, size=len(who)) / nu[who] * np.where(friends[who], dearer, 1.0)
    return pl.DataFrame({"customer": who, "day": day, "amount": amount, "channel": channel[who]})


def shop_with(path: Path, rows: pl.DataFrame, **settings: object) -> Shop:
    """A shop of these orders, refreshed, with a law on the shelf; product = 1 + customer % 3, in two categories."""
    shop = new_shop(path, timezone="UTC", **settings)
    lines = [
        {
            "line_id": n,
            "order_id": n,
            "order_ref": f"o{n}",
            "customer_id": row["customer"] + 1,
            "product_id": 1 + row["customer"] % 3,
            "ts_us": round(row["day"] * 86_400_000_000) + 1_672_531_200_000_000,
            "day": START + timedelta(days=int(row["day"])),
            "doc": "sale",
            "kind": "sale",
            "quantity_e4": 10_000 * (1 + row["customer"] % 4),
            "unit_price_e4": round(row["amount"] * 10_000),
            "amount_e4": round(row["amount"] * 10_000),
            "discount_e4": 0,
            "line_key": n,
            "occurrence": 1,
            "batch": 1,
            "month": f"{START + timedelta(days=int(row['day'])):%Y-%m}",
        }
        for n, row in enumerate(rows.to_dicts())
    ]
    people = [
        {"customer_id": row["customer"] + 1, "customer_ref": f"c{row['customer']}", "channel": CHANNELS[row["channel"]]}
        for row in rows.unique("customer").sort("customer").to_dicts()
    ]
    goods = [
        {"product_id": p, "product_ref": f"p{p}", "name": f"Product {p}", "category": f"cat{p % 2}", "is_product": 1}
        for p in (1, 2, 3)
    ]
    with shop.lake.writing():
        for table, given in (("order_lines", lines), ("customers", people), ("products", goods)):
            shop.lake.add(table, written(shop, table, given), entered(shop))
    know.refresh(shop)
    now = buyers(shop, span(shop)[1])
    keep(shop, learn(now, Choice(model="MBG/NBD")), {}, clock.now_us())  # the law as it is: trying others takes longer
    return shop


def true_later_orders(days: float, better: float = 1.0) -> float:
    """Later orders of a newcomer within so many days."""
    law = MBGNBD.of(r=LAW.r_, alpha=LAW.alpha_ / better, a=LAW.a_, b=LAW.b_)
    return float(law.predict([[0.0], [0.0], [0.0]], days)[0])


def true_spend() -> float:
    return SPEND.mean_spend_


def learned_from_orders(rows: pl.DataFrame) -> tuple[SimpleNamespace, FirstOrders]:
    """The law and the first orders of `orders`, without a shop; first years only count."""
    days = rows.unique(["customer", "day"], keep="first").sort("customer", "day")
    each = days.group_by("customer", maintain_order=True).agg("day", "amount", pl.col("channel").first())
    first, last = each["day"].list.first().to_numpy(), each["day"].list.last().to_numpy()
    amount = each["amount"].list.first().to_numpy()
    year = days.join(days.group_by("customer").agg(born=pl.col("day").min()), on="customer").filter(
        pl.col("day") > pl.col("born"), pl.col("day") <= pl.col("born") + 365
    )
    later = each.select("customer").join(
        year.group_by("customer").agg(n=pl.len(), money=pl.col("amount").sum()), on="customer", how="left"
    )
    n, money = (later[name].fill_null(0).to_numpy().astype(float) for name in ("n", "money"))
    x = each["day"].list.len().to_numpy().astype(float) - 1
    buying = MBGNBD().fit(histories([x, last - first, 729 - first]))
    learned = SimpleNamespace(buying=buying, spend=SPEND, season=FLAT, remarks=())
    none, text = np.zeros(len(x)), np.full(len(x), "one", dtype=object)
    channel = np.array(CHANNELS, dtype=object)[each["channel"].to_numpy()]
    firsts = FirstOrders(
        at=START + timedelta(days=729),
        within=365,
        customer_id=np.arange(len(x)),
        first_day=np.datetime64(START) + first.astype(int),
        later=n,
        first=amount,
        later_money=money,
        first_kept=amount,
        kept=money,
        first_margin=amount,
        later_margin=money,
        units=none + 1,
        paid=amount,
        off=none,
        names={"channel": channel, "product": text, "category": text},
    )
    return learned, firsts
