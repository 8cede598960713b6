"""Published data sets and what our models learn from them, each once: what the acceptance table's rows share."""

from functools import cache

import duckdb
import numpy as np

from tests.predict.world import cdnow, shared
from volver.predict import BuyingModel, GammaGamma
from volver.predict.laws.erlang import BGCNBD

CLVTOOLS, BTYD, PLUS = "CLVTools (run)", "BTYD (run)", "BTYDplus (run)"
SAMPLE_SPENT = ("clv/cdnow_sample_elog.parquet", "sample_id", "date", "amount")
COHORT_SPENT = ("cdnow/orders.parquet", "customer_id", "order_date", "amount_usd")
LOGS = {
    "grocery": ("clv/btydplus_groceryElog.parquet", "cust", "date", "timestamp '2006-12-31'"),
    "apparel": ("clv/clvtools_apparelTrans.parquet", "Id", "Date", "(timestamp '2005-01-02' + to_days(104 * 7))"),
    "apparel_full": ("clv/clvtools_apparelTrans.parquet", "Id", "Date", "timestamp '2010-12-20'"),
    "cohort": ("cdnow/orders.parquet", "customer_id", "order_date", "date '1997-09-30'"),
}


@cache
def sample() -> tuple[list[np.ndarray], np.ndarray]:
    x, t_x, age, later = cdnow()
    return [x, t_x, age], later


def weekly(model: BuyingModel, values: dict[str, float]) -> list[float]:
    """Parameters as a fit in weeks gives them."""
    return [value / (7.0 if name in model.times else 1.0) for name, value in values.items()]


@cache
def on_sample(kind: type[BuyingModel]) -> BuyingModel:
    return kind(unit="weeks", prior=False).fit(sample()[0])


def sample_likelihood(kind: type[BuyingModel]) -> list[float]:
    return [on_sample(kind).log_likelihood_ + float(sample()[0][0].sum()) * np.log(7.0)]


@cache
def days_of(path: str, customer: str, day: str, last: str) -> dict[str, np.ndarray]:
    """x, t_x, T in days and the sum of log gaps, by customer."""
    return duckdb.sql(f"""
        with days as (select distinct {customer} as id, cast({day} as date) as day from '{shared(path)}'
                      where {day} <= {last}),
             gaps as (select *, day - lag(day) over (partition by id order by day) as gap from days)
        select count(*) - 1 as x, max(day) - min(day) as t_x, cast({last} as date) - min(day) as age,
               coalesce(sum(ln(gap)), 0) as log_gaps
        from gaps group by id order by id""").fetchnumpy()


@cache
def on_days(kind: type[BuyingModel], data: str, k: int = 1) -> tuple[BuyingModel, list[np.ndarray], float]:
    """A model fitted on one of the logs, its histories, and its log-likelihood in weeks."""
    found = days_of(*LOGS[data])
    known = [found["x"], found["t_x"], found["age"]]
    if issubclass(kind, BGCNBD):
        model = kind(k=k, prior=False).fit(known, log_gaps=found["log_gaps"])
    else:
        model = kind(prior=False).fit(known)
    return model, known, model.log_likelihood_ + float(found["x"].sum()) * float(np.log(7.0))


@cache
def spent(path: str, customer: str, day: str, amount: str) -> tuple[np.ndarray, np.ndarray]:
    """Orders after the first, and their mean, by customer, up to 1997-09-30; of one day as one."""
    found = duckdb.sql(f"""
        with days as (select {customer} as id, cast({day} as date) as day, sum({amount}) as spent
                      from '{shared(path)}' where {day} < date '1997-10-01' group by all),
             numbered as (select *, row_number() over (partition by id order by day) as k from days)
        select count(*) - 1 as x, coalesce(avg(spent) filter (k > 1), 0) as mean
        from numbered group by id order by id""").fetchnumpy()
    return found["x"], found["mean"]


@cache
def spend_on(path: str, customer: str, day: str, amount: str) -> GammaGamma:
    return GammaGamma(prior=False).fit(*spent(path, customer, day, amount))
