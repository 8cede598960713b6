"""Rows 1 to 25 of the acceptance table: CDNOW's tenth, and answers at given parameters."""

from functools import partial

import numpy as np
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from tests.predict.acceptance import EXACT, FLAT, LL, RATIO, row
from tests.predict.acceptance_fits import (
    BTYD,
    CLVTOOLS,
    PLUS,
    SAMPLE_SPENT,
    on_sample,
    sample,
    sample_likelihood,
    spend_on,
    spent,
    weekly,
)
from volver.predict import BGNBD, MBGNBD, BuyingModel, GammaGamma, ParetoNBD, histories
from volver.predict.laws.nbd import NBD

NEW = [[0], [0], [0]]
BG = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426)
MBG = MBGNBD.of(r=0.525, alpha=6.183, a=0.891, b=1.614)
PARETO = ParetoNBD.of(r=0.5534, alpha=10.5802, s=0.6061, beta=11.6562)
FITTED_BG = BGNBD.of(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)

# ---- 1 to 8: CDNOW's tenth, learned

PUBLISHED = (
    (1, BGNBD, [0.2425945, 4.4136019, 0.7929199, 2.4258881], RATIO, -9582.429, "Fader, Hardie, Lee 2005; CLVTools"),
    (3, ParetoNBD, [0.55315, 10.57633, 0.60625, 11.67150], FLAT, -9594.976, "Fader, Hardie 2005; CLVTools"),
    (5, MBGNBD, [0.525, 6.183, 0.891, 1.614], RATIO, -9582.135716, "lifetimes; BTYDplus (run)"),
    (6, NBD, [0.384766, 12.072014], RATIO, -9763.657615, PLUS),
)
for number, kind, parameters, tolerance, value, source in PUBLISHED:
    names = ", ".join(kind.names)

    @row(number, f"{kind.__name__} {names}", parameters, source, tolerance)
    def _(kind: type[BuyingModel] = kind) -> list[float]:
        return weekly(on_sample(kind), on_sample(kind).parameters_)

    @row(number, f"{kind.__name__} log-likelihood", [value], source, LL, relative=False)
    def _(kind: type[BuyingModel] = kind) -> list[float]:
        return sample_likelihood(kind)


@row(3, "ParetoNBD r, alpha", [0.55315, 10.57633], "Fader, Hardie 2005; CLVTools", RATIO)
def _() -> list[float]:
    return weekly(on_sample(ParetoNBD), on_sample(ParetoNBD).parameters_)[:2]


@row(2, "BGNBD standard errors", [0.012557, 0.378224, 0.185733, 0.705407], CLVTOOLS, RATIO)
def _() -> list[float]:
    return weekly(on_sample(BGNBD), on_sample(BGNBD).standard_errors_)


@row(4, "ParetoNBD standard errors", [0.0476264, 0.8427222, 0.1872594, 6.2105448], "CLVTools test file", FLAT)
def _() -> list[float]:
    return weekly(on_sample(ParetoNBD), on_sample(ParetoNBD).standard_errors_)


@row(7, "Gamma-Gamma p, q, v (as printed)", [6.25, 3.74, 15.44], "Fader, Hardie note 025", 5e-3, relative=False)
def _() -> list[float]:
    return list(spend_on(*SAMPLE_SPENT).parameters_.values())


@row(7, "Gamma-Gamma log-likelihood, repeaters", [-4055.9177, 946], "CLVTools test file", LL, relative=False)
def _() -> list[float]:
    return [spend_on(*SAMPLE_SPENT).log_likelihood_, spend_on(*SAMPLE_SPENT).n_customers_]


# ---- 9 to 16: at given parameters


@row(9, "BG E[39 | 2, 30.43, 38.86]", [1.226028175], "Hardie's sheet; BTYD (run)", EXACT)
def _() -> list[float]:
    return BG.predict([[2], [30.43], [38.86]], 39)


@row(10, "BG P(alive | 2, 30.43, 38.86)", [0.7265785701], BTYD, EXACT)
def _() -> list[float]:
    return BG.p_alive([[2], [30.43], [38.86]])


@row(11, "BG E[52 | 26, 30.86, 31], P(alive)", [25.75819594, 0.9689156497], BTYD, EXACT)
def _() -> list[float]:
    known = [[26], [30.86], [31]]
    return [*BG.predict(known, 52), *BG.p_alive(known)]


SHEET = {0.1429: 0.0078, 1: 0.0532, 3: 0.1506, 31.8571: 1.0405, 32: 1.0437}


@row(12, "BG E[X(t)], t = .1429, 1, 3, 31.8571, 32", list(SHEET.values()), "Hardie's sheet", 6e-5, relative=False)
def _() -> list[float]:
    return [FITTED_BG.predict(NEW, weeks)[0] for weeks in SHEET]


@row(12, "BG E[X(78)] (the sheet stops after 150 terms)", [1.8576], "Hardie's sheet", 4e-4, relative=False)
def _() -> list[float]:
    return FITTED_BG.predict(NEW, 78)


@row(12, "BG E[X(52)]", [1.446050595], BTYD, EXACT)
def _() -> list[float]:
    return BG.predict(NEW, 52)


MANUAL = [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638]
MANUAL += [0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260]


@row(13, "BG P(X(30) = 11 … 20)", MANUAL, "BTYD manual", 1e-10, relative=False)
def _() -> list[float]:
    return BG.order_pmf(NEW, 30, most=20)[0, 11:]


@row(13, "BG P(X(39) = 0)", [0.5737864], "lifetimes test", 6e-8, relative=False)
def _() -> list[float]:
    return BG.order_pmf(NEW, 39)[:, 0]


@row(13, "BG P(X(2) = 10)", [1.07869e-07], "lifetimes test", 6e-13, relative=False)
def _() -> list[float]:
    return BG.order_pmf(NEW, 2)[:, 10]


@row(14, "Pareto E[X(52)], E[52 | 26, 30.86, 31], P(alive)", [1.473066992, 25.45491351, 0.9979177666], BTYD, EXACT)
def _() -> list[float]:
    known = [[26], [30.86], [31]]
    return [*PARETO.predict(NEW, 52), *PARETO.predict(known, 52), *PARETO.p_alive(known)]


@row(15, "Pareto P(alive | 0, 0, 39), P(X(39) = 0)", [0.2941422393, 0.593575937], BTYD, EXACT)
def _() -> list[float]:
    return [*PARETO.p_alive([[0], [0], [39]]), *PARETO.order_pmf(NEW, 39)[:, 0]]


@row(15, "Pareto P(X(2) = 10)", [1.88973681e-09], BTYD, EXACT)
def _() -> list[float]:
    return PARETO.order_pmf(NEW, 2)[:, 10]


@row(16, "Pareto DERT at d = .0027", [86.03037562, 0.474671505, 6.482562365], BTYD, EXACT)
def _() -> list[float]:
    known = histories([[26, 0, 2], [30.86, 0, 30.43], [31, 39, 38.86]])
    return PARETO.discounted_for_ever(known, discount=float(np.expm1(0.0027 * 365)))


# ---- 17 to 19: CDNOW's held-out weeks

HELD_OUT = (
    (17, ParetoNBD, 1665.688, 1051.971, 0.754547, CLVTOOLS),
    (18, BGNBD, 1653.408, 1917.277, 0.785454, CLVTOOLS),
    (19, MBGNBD, 1576.712, 1057.632, 0.764778, PLUS),
)
for number, kind, orders, alive, error, source in HELD_OUT:

    @row(number, f"{kind.__name__} 39 held-out weeks: sum E, sum P(alive), MAE", [orders, alive, error], source, 3e-4)
    def _(kind: type[BuyingModel] = kind) -> list[float]:
        known, later = sample()
        assert later.sum() == 1882
        model = on_sample(kind)
        foreseen = model.predict(known, "39 weeks")
        return [foreseen.sum(), model.p_alive(known).sum(), np.mean(np.abs(foreseen - later))]


# ---- 20: the first 25 customers by the papers' closed forms (hypergeometric), written apart from ours


def closed_beta_geometric(model: BGNBD, weeks: float) -> np.ndarray:
    r, alpha, a, b = model.parameters_.values()
    x, t_x, age = (column[:25] for column in sample()[0])
    m = model.first_chances
    gone = a / (b + x + m - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    alive = 1 / (1 + np.where((x > 0) | bool(m), gone, 0.0))
    if weeks == 0:
        return alive
    z = weeks / (alpha + age + weeks)
    tail = (1 - z) ** (r + x) * hyp2f1(r + x, b + x + m, a + b + x + m - 1, z)
    return alive * (a + b + x + m - 1) / (a - 1) * (1 - tail)


def closed_pareto(weeks: float) -> np.ndarray:
    r, alpha, s, beta = PARETO.parameters_.values()
    x, t_x, age = (column[:25] for column in sample()[0])

    def part(t: np.ndarray) -> np.ndarray:
        if alpha >= beta:
            hyper = hyp2f1(r + s + x, s + 1, r + s + x + 1, (alpha - beta) / (alpha + t))
            return hyper / (alpha + t) ** (r + s + x)
        hyper = hyp2f1(r + s + x, r + x, r + s + x + 1, (beta - alpha) / (beta + t))
        return hyper / (beta + t) ** (r + s + x)

    odds = s / (r + s + x) * (alpha + age) ** (r + x) * (beta + age) ** s * (part(t_x) - part(age))
    alive = 1 / (1 + odds)
    if weeks == 0:
        return alive
    shrink = 1 - ((beta + age) / (beta + age + weeks)) ** (s - 1)
    return alive * (r + x) * (beta + age) / ((alpha + age) * (s - 1)) * shrink


def mixed_pareto(count: int, weeks: float) -> np.ndarray:
    """P(count orders in the weeks ahead): by the moment of stopping, integrated numerically."""
    r, alpha, s, beta = PARETO.parameters_.values()
    x, _, age = (column[:25] for column in sample()[0])

    def counted(t: float, shape: float, rate: float) -> float:
        logs = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1)
        return float(np.exp(logs + shape * np.log(rate / (rate + t)) + count * np.log(t / (rate + t))))

    found = []
    for one, old, alive in zip(x, age, closed_pareto(0), strict=True):

        def stops(u: float, one: float = one, old: float = old) -> float:
            return counted(u, r + one, alpha + old) * s * (beta + old) ** s / (beta + old + u) ** (s + 1)

        through = counted(weeks, r + one, alpha + old) * ((beta + old) / (beta + old + weeks)) ** s
        found.append(alive * (through + quad(stops, 0, weeks, epsabs=1e-14)[0]))
    return np.array(found)


def first_25() -> list[np.ndarray]:
    return [column[:25] for column in sample()[0]]


ORACLE = "closed forms of the papers by scipy's 2F1 (the anchors' arrays are not in our data)"
for weeks in (1, 3, 6, 0):
    asked = f"E[{weeks}]" if weeks else "P(alive)"
    for model in (BG, MBG):
        oracle = partial(closed_beta_geometric, model, weeks)

        @row(20, f"{type(model).__name__} {asked} of 25 customers", oracle, ORACLE, EXACT)
        def _(model: BuyingModel = model, weeks: int = weeks) -> np.ndarray:
            return model.predict(first_25(), weeks) if weeks else model.p_alive(first_25())

    @row(20, f"ParetoNBD {asked} of 25 customers", partial(closed_pareto, weeks), ORACLE, EXACT)
    def _(weeks: int = weeks) -> np.ndarray:
        return PARETO.predict(first_25(), weeks) if weeks else PARETO.p_alive(first_25())


for count in (1, 2):

    @row(
        20,
        f"ParetoNBD P({count} in {count}) of 25",
        partial(mixed_pareto, count, count),
        "quadrature",
        EXACT,
    )
    def _(count: int = count) -> np.ndarray:
        return PARETO.order_pmf(first_25(), count)[:, count]


# ---- 21 to 24: where others overflow

SMALL = {"r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.5}


@row(
    21, "BG log-likelihood (0, 0, 40), (200, 38, 40)", [-0.59947382, 100.7957], "Hardie note 027", 5e-5, relative=False
)
def _() -> list[float]:
    model = BGNBD.of(**SMALL)
    return [model.score([[0], [0], [40]]), model.score([[200], [38], [40]])]


@row(21, "MBG log-likelihood, the same", [-0.41792826, 100.7869], "pymc-marketing test", 5e-5, relative=False)
def _() -> list[float]:
    model = MBGNBD.of(**SMALL)
    return [model.score([[0], [0], [40]]), model.score([[200], [38], [40]])]


NAN_CASES = [0.99959605, 0.99955823, 0.74948775, 0.99425508]


@row(22, "Pareto P(alive) where CLVTools gave NaN", NAN_CASES, "CLVTools #100; 60 digits", 6e-9, relative=False)
def _() -> list[float]:
    model = ParetoNBD.of(r=0.5143, alpha=2.8845, s=0.2856, beta=14.1087)
    t_x, age = [103.42857, 97.14286, 94.71429, 98.57143], [103.57143, 97.28571, 98, 99.42857]
    return model.p_alive([[221, 254, 161, 204], t_x, age])


@row(23, "Pareto log-likelihood at t_x = T; P(alive)", [-196.382446854, -196.845352549, 1.0], "50 digits", EXACT)
def _() -> list[float]:
    model = ParetoNBD.of(r=0.55, alpha=10.58, s=0.61, beta=11.67)
    one, other = [[132], [200], [200]], [[133], [200], [200]]
    return [model.score(one), model.score(other), *model.p_alive(other)]


@row(24, "Pareto log-likelihood, 5000 orders", [4851.6686577781, 24028.482724195], "50 digits", EXACT)
def _() -> list[float]:
    model = ParetoNBD.of(r=0.3, alpha=5, s=0.5, beta=5000)
    return [model.score([[5000], [690], [730]]), model.score([[5000], [10], [730]])]


# ---- 25: spend

ROUNDED_SPEND = GammaGamma.of(p=6.25, q=3.74, v=15.44)
FIRST_SPENDS = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]


@row(25, "Gamma-Gamma E[spend], first ten", FIRST_SPENDS, "note 025; lifetimes test", 0.01, relative=False)
def _() -> list[float]:
    orders, mean = spent(*SAMPLE_SPENT)
    return spend_on(*SAMPLE_SPENT).predict(orders[:10], mean[:10])


@row(25, "Gamma-Gamma E[spend], new customer", [35.2190], "note 025", 5e-5, relative=False)
def _() -> list[float]:
    return [ROUNDED_SPEND.mean_spend_]
