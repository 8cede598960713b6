"""Rows 38 to 40 of the acceptance table: CLVTools on its apparel retailer, with covariates. Data, and how to read it.

Row 40 is CLVTools' dynamic covariates (High.Season, Gender and Channel in both processes; ten parameters): another
model than a calendar for all and static covariates, so its figures are what ours is compared with, not what it equals.
"""

from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np

from tests.predict.world import shared
from volver.predict import histories
from volver.predict.laws.calendar import Window
from volver.predict.laws.history import Histories

ROWS: list[dict[str, Any]] = [
    {
        "row": 38,
        "source": "CLVTools 0.12.1 run, estimation.split = 104 weeks",
        "until": "min(day) + 104 * 7",
        "parameters": {"r": 1.8378, "alpha": 92.912, "s": 0.59199, "beta": 49.623},
        "trans": [0.2859, 0.6241],
        "life": [-0.6430, 0.7907],
        "log_likelihood": -5821.062709,
    },
    {
        "row": 39,
        "source": "CLVTools 0.12.1 run, full history",
        "until": "max(day)",
        "parameters": {"r": 1.69425, "alpha": 85.667, "s": 0.698497, "beta": 56.485},
        "trans": [0.30043, 0.55833],
        "life": [-0.66344, 0.55437],
        "log_likelihood": -11893.52223,
    },
]
DYNAMIC: dict[str, Any] = {
    "row": 40,
    "until": "min(day) + 104 * 7",
    "source": "CLVTools 0.12.1 run, 143 s",
    "log_likelihood": -5754.372605,
    "orders": 1413.13,
    "actual": 1317,
    "mean_absolute_error": 1.9678,
}


def apparel_with_covariates(until: str) -> tuple[list[np.ndarray], dict[str, np.ndarray], float]:
    """Histories in days until a day (an SQL expression), Gender and Channel, and what turns the LL into weeks."""
    orders, known = shared("clv/clvtools_apparelTrans.parquet"), shared("clv/clvtools_apparelStaticCov.parquet")
    found = duckdb.sql(f"""
        with days as (select distinct Id, cast(Date as date) as day from '{orders}'),
             edge as (select {until} as last from days)
        select Id, count(*) - 1 as x, max(day) - min(day) as t_x, max(last) - min(day) as age,
               any_value(Gender) as Gender, any_value(Channel) as Channel
        from days cross join edge join '{known}' using (Id) where day <= last group by Id order by Id""").fetchnumpy()
    columns = [found["x"], found["t_x"], found["age"]]
    return columns, {name: found[name] for name in ("Gender", "Channel")}, float(found["x"].sum()) * np.log(7.0)


def apparel(until: date, after: date) -> tuple[np.ndarray, Histories, np.ndarray, np.ndarray, float]:
    """First days, histories and daily later orders until a day; orders from then until another, of those known."""
    path = shared("clv/clvtools_apparelTrans.parquet")
    rows = duckdb.sql(f"select distinct Id, cast(Date as date) as day from '{path}'").fetchnumpy()
    who, day = rows["Id"].astype(np.int64), rows["day"].astype("datetime64[D]")
    first = np.full(who.max() + 1, np.datetime64("2100-01-01"))
    np.minimum.at(first, who, day)
    past, here = day <= np.datetime64(until), np.unique(who)
    last = first.copy()
    np.maximum.at(last, who[past], day[past])
    x = np.bincount(who[past], minlength=len(first))[here] - 1
    known = histories([x, (last - first)[here].astype(float), (np.datetime64(until) - first[here]).astype(float)])
    days, orders = np.unique(day[past & (day > first[who])], return_counts=True)
    came = float(np.sum(~past & (day <= np.datetime64(after))))
    return first[here], known, days, orders.astype(float), came


def high_season() -> Window:
    """CLVTools' own flag: June, and October to the beginning of December."""
    path = shared("clv/clvtools_apparelDynCov.parquet")
    found = duckdb.sql(
        f'select distinct "Cov.Date"::date from \'{path}\' where "High.Season" = 1 order by 1'
    ).fetchall()
    return Window(name="high season", weight=1.0, dates=tuple((day, day + timedelta(days=6)) for (day,) in found))
