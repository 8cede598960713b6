"""Rows 26 to 41 of the acceptance table: occasions, subscriptions, regular customers, and other shops."""

from functools import cache, partial

import duckdb
import numpy as np
from scipy.special import betaln, hyp2f1

from tests.predict.acceptance import FLAT, LL, RATIO, row
from tests.predict.acceptance_covariates import ROWS as STATIC
from tests.predict.acceptance_covariates import apparel_with_covariates
from tests.predict.acceptance_fits import (
    BTYD,
    CLVTOOLS,
    COHORT_SPENT,
    LOGS,
    PLUS,
    days_of,
    on_days,
    spend_on,
    weekly,
)
from tests.predict.world import shared
from volver.predict import BGNBD, MBGNBD, BuyingModel, ParetoNBD
from volver.predict.laws.covariates import CovariateParetoNBD
from volver.predict.laws.erlang import BGCNBD, MBGCNBD, wheat_morrison
from volver.predict.laws.occasions import BGBB
from volver.predict.laws.subscriptions import BetaDiscreteWeibull, ShiftedBetaGeometric

# ---- 26 to 31: occasions and subscriptions


@cache
def donations() -> tuple[BGBB, np.ndarray, np.ndarray]:
    found = duckdb.sql(f"""select x, "t.x" as t_x, "n.cal" as n, custs
        from '{shared("clv/btyd_donations_rfmatrix.csv")}'""").fetchnumpy()
    known = np.column_stack([found["x"], found["t_x"], found["n"]]).astype(float)
    return BGBB(prior=False).fit(known, counts=found["custs"]), known, found["custs"]


@row(26, "BG/BB alpha, beta, gamma, delta", [1.204, 0.750, 0.657, 2.783], "Fader, Hardie, Shang 2010", RATIO)
def _() -> list[float]:
    return list(donations()[0].parameters_.values())


@row(26, "BG/BB log-likelihood (as printed)", [-33225.58], "Fader, Hardie, Shang 2010", 5e-3, relative=False)
def _() -> list[float]:
    return [donations()[0].log_likelihood_]


@row(27, "BG/BB P(alive) (0,0), (2,4), (6,6) of 6", [0.1081, 0.58966, 0.93043], BTYD, 5e-5, relative=False)
def _() -> list[float]:
    return donations()[0].p_alive([[0, 2, 6], [0, 4, 6], [6, 6, 6]])


@row(27, "BG/BB purchases of all in 5 years", [12884.2], "paper; BTYD (run)", 0.05, relative=False)
def _() -> list[float]:
    model, known, customers = donations()
    return [float(customers @ model.predict(known, 5))]


SERIES = [0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887]


@row(27, "BG/BB E[X(1 … 11)]", SERIES, "Hardie's sheet; BTYD (run)", 6e-5, relative=False)
def _() -> list[float]:
    return donations()[0].expected(range(1, 12))


@row(27, "BG/BB DERT d = .1 (6,6), (0,0)", [5.9098, 0.11477], BTYD, 2e-4)
def _() -> list[float]:
    return donations()[0].discounted([[6, 0], [6, 0], [6, 6]], discount=0.1)


@cache
def cohort_survivors(cohort: str) -> tuple[np.ndarray, np.ndarray]:
    found = duckdb.sql(f"""select recency, T from '{shared("clv/pymc_sbg_cohorts.csv")}'
        where cohort = '{cohort}'""").fetchnumpy()
    active = found["recency"] == found["T"]
    return np.where(active, found["T"] - 1, found["recency"]), active  # their T counts the period before the first


SBG = (
    (28, "regular", [0.704, 1.182], -1680.27),
    (29, "highend", [0.668, 3.806], -1611.16),
)
for number, cohort, parameters, value in SBG:

    @row(number, f"sBG {cohort} a, b", parameters, "Fader, Hardie 2007; pymc-marketing", RATIO)
    def _(cohort: str = cohort) -> list[float]:
        return list(ShiftedBetaGeometric(prior=False).fit(*cohort_survivors(cohort)).parameters_.values())

    @row(number, f"sBG {cohort} log-likelihood (as printed)", [value], "Fader, Hardie 2007", 5e-3, relative=False)
    def _(cohort: str = cohort) -> list[float]:
        return [ShiftedBetaGeometric(prior=False).fit(*cohort_survivors(cohort)).log_likelihood_]


@row(29, "sBG highend S(12)", [0.3780], "Fader, Hardie 2007", 5e-5, relative=False)
def _() -> list[float]:
    return ShiftedBetaGeometric(prior=False).fit(*cohort_survivors("highend")).survival(12)


TABLE_3 = {(3.80, 15.20): [3.31, 3.45, 3.59, 3.72, 3.84], (0.067, 0.267): [7.68, 9.46, 9.86, 10.06, 10.19]}
for (a, b), printed in TABLE_3.items():

    @row(30, f"sBG DERL d = .1, a = {a}, b = {b}", printed, "Fader, Hardie 2010, table 3", 0.01, relative=False)
    def _(a: float = a, b: float = b) -> list[float]:
        return ShiftedBetaGeometric.of(a=a, b=b).residual(range(5), discount=0.1)


STEPS = np.arange(1.0, 30.0)


@row(30, "the same by 2F1", lambda: derl(0.668, 3.806), "Fader, Hardie 2010, equation 6", 1e-11)
def _() -> list[float]:
    return ShiftedBetaGeometric.of(a=0.668, b=3.806).residual(STEPS - 1, discount=0.1)


def derl(a: float, b: float) -> np.ndarray:
    end = b + STEPS
    return hyp2f1(1, end, a + end, 1 / 1.1) * (end - 1) / (a + end - 1)


@row(31, "BdW survival at c = 1", lambda: ShiftedBetaGeometric.of(a=0.7, b=1.2).survival(STEPS), "identity", 1e-14)
def _() -> list[float]:
    return BetaDiscreteWeibull.of(a=0.7, b=1.2, c=1.0).survival(STEPS)


@row(31, "BdW S(t-1) - S(t), S = B(a, b + t^c) / B(a, b)", lambda: weibull(0.5, 0.8, 1.3), "pymc-marketing", 1e-12)
def _() -> list[float]:
    model = BetaDiscreteWeibull.of(a=0.5, b=0.8, c=1.3)
    return model.survival(STEPS - 1) * (1 - model.retention(STEPS))


def weibull(a: float, b: float, c: float) -> np.ndarray:
    left = np.exp(betaln(a, b + np.arange(30.0) ** c) - betaln(a, b))
    return left[:-1] - left[1:]


# ---- 32 to 35: grocery, regular customers

LIKELIHOODS = {
    MBGCNBD: [-15781.939, -14978.2107, -14996.850, -15326.923],
    BGCNBD: [-15836.566, -15054.173, -15074.706, -15402.905],
}


@row(32, "grocery MBG/CNBD-2 r, alpha, a, b", [1.3292, 2.8126, 0.42472, 0.79004], PLUS, RATIO)
def _() -> list[float]:
    model = on_days(MBGCNBD, "grocery", 2)[0]
    return weekly(model, model.parameters_)


@row(32, "grocery k by likelihood", [2], PLUS, 0, relative=False)
def _() -> list[float]:
    found = days_of(*LOGS["grocery"])
    model = MBGCNBD(k="auto", prior=False).fit([found[n] for n in ("x", "t_x", "age")], log_gaps=found["log_gaps"])
    return [model.k_]


for kind, likelihoods in LIKELIHOODS.items():
    for k, value in enumerate(likelihoods, start=1):

        @row(
            32 if value == -14978.2107 else 33,
            f"grocery {kind.__name__} k = {k} log-likelihood",
            [value],
            PLUS,
            LL,
            relative=False,
        )
        def _(kind: type[BGCNBD] = kind, k: int = k) -> list[float]:
            return [on_days(kind, "grocery", k)[2]]


@row(33, "grocery k = 1 is MBG/NBD, BG/NBD", [-15781.939, -15836.566], PLUS, LL, relative=False)
def _() -> list[float]:
    return [on_days(kind, "grocery")[2] for kind in (MBGNBD, BGNBD)]


EXACT_SUMS = [4024.84, 3811.54, 3710.03, 3644.77]


@row(34, "grocery exact sum E[52], MBG k = 1 … 4", EXACT_SUMS, "400,000-customer Monte Carlo", 6e-3, relative=False)
def _() -> list[float]:
    found = [on_days(MBGCNBD, "grocery", k) for k in (1, 2, 3, 4)]
    return [model.predict(known, "52 weeks").sum() for model, known, _ in found]


@row(35, "grocery k by Wheat and Morrison (theirs draws at random)", [1.8245], PLUS, 1e-3, relative=False)
def _() -> list[float]:
    gaps = duckdb.sql(f"""
        with days as (select distinct cust, cast(date as date) as day from '{shared(LOGS["grocery"][0])}'),
             gaps as (select *, day - lag(day) over (partition by cust order by day) as gap from days)
        select list(gap order by day) from gaps where gap is not null group by cust""").fetchall()
    return [wheat_morrison([each for (each,) in gaps])]


# ---- 37 and 41: apparel, and the whole cohort of CDNOW


@row(37, "apparel, 104 weeks: Pareto r, alpha", [1.448977, 48.636084], CLVTOOLS, RATIO)
def _() -> list[float]:
    model = on_days(ParetoNBD, "apparel")[0]
    return weekly(model, model.parameters_)[:2]


@row(37, "apparel, 104 weeks: Pareto s, beta", [0.561260, 46.884363], CLVTOOLS, FLAT)
def _() -> list[float]:
    model = on_days(ParetoNBD, "apparel")[0]
    return weekly(model, model.parameters_)[2:]


@row(37, "apparel, 104 weeks: Pareto log-likelihood", [-5848.097827], CLVTOOLS, LL, relative=False)
def _() -> list[float]:
    return [on_days(ParetoNBD, "apparel")[2]]


FULL = [1.37679, 47.2937, 0.674579, 62.8325]


@row(39, "apparel, full history: Pareto r, alpha, s, beta", FULL, CLVTOOLS, FLAT)
def _() -> list[float]:
    model = on_days(ParetoNBD, "apparel_full")[0]
    return weekly(model, model.parameters_)


@row(39, "apparel, full history: Pareto log-likelihood", [-11926.50739], CLVTOOLS, LL, relative=False)
def _() -> list[float]:
    return [on_days(ParetoNBD, "apparel_full")[2]]


@cache
def with_covariates(until: str) -> tuple[CovariateParetoNBD, float]:
    known, covariates, weeks = apparel_with_covariates(until)
    return CovariateParetoNBD(prior=False).fit(known, covariates=covariates), weeks


def law_and_effects(until: str) -> list[float]:
    model, _ = with_covariates(until)
    law = [
        model.parameters_[name] / (7.0 if name in ("alpha", "beta") else 1.0) for name in ("r", "alpha", "s", "beta")
    ]
    return [*law, *model.trans_.values(), *model.life_.values()]


for published in STATIC:
    part = "104 weeks" if published["row"] == 38 else "full history"
    effects = [*published["parameters"].values(), *published["trans"], *published["life"]]
    row(published["row"], f"apparel, {part}, Gender and Channel: law, trans, life", effects, CLVTOOLS, 3e-3)(
        partial(law_and_effects, published["until"])
    )

    @row(
        published["row"],
        f"apparel, {part}, Gender and Channel: log-likelihood",
        [published["log_likelihood"]],
        CLVTOOLS,
        LL,
        relative=False,
    )
    def _(until: str = published["until"]) -> list[float]:
        model, weeks = with_covariates(until)
        return [model.log_likelihood_ + weeks]


PROTOTYPE = "research prototype (no published value)"
COHORT = (
    (BGNBD, [0.2516, 4.7889, 0.7234, 2.1611], RATIO, -95368.44),
    (ParetoNBD, [0.5974, 11.5857, 0.5222, 8.8278], FLAT, -95415.12),
    (MBGNBD, [0.6371, 7.3103, 0.8075, 1.2284], RATIO, -95336.96),
)
for kind, parameters, tolerance, value in COHORT:

    @row(41, f"CDNOW cohort {kind.__name__} {', '.join(kind.names)}", parameters, PROTOTYPE, tolerance)
    def _(kind: type[BuyingModel] = kind) -> list[float]:
        model = on_days(kind, "cohort")[0]
        return weekly(model, model.parameters_)

    @row(41, f"CDNOW cohort {kind.__name__} log-likelihood (as printed)", [value], PROTOTYPE, 6e-3, relative=False)
    def _(kind: type[BuyingModel] = kind) -> list[float]:
        return [on_days(kind, "cohort")[2]]


@row(41, "CDNOW cohort Gamma-Gamma p, q, v", [6.2754, 3.6245, 14.9837], PROTOTYPE, RATIO)
def _() -> list[float]:
    return list(spend_on(*COHORT_SPENT).parameters_.values())


@row(41, "CDNOW cohort Gamma-Gamma log-likelihood (as printed)", [-40763.48], PROTOTYPE, 6e-3, relative=False)
def _() -> list[float]:
    return [spend_on(*COHORT_SPENT).log_likelihood_]
