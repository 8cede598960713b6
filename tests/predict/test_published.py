"""Published values: rows of the acceptance table, each named by its source."""

import duckdb
import numpy as np
import pytest

from tests.predict.world import cdnow, shared
from volver.predict import BGNBD, MBGNBD, GammaGamma, ParetoNBD, histories

CLVTOOLS_BG = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}


def weekly(model: BGNBD | ParetoNBD, x: np.ndarray) -> tuple[dict[str, float], dict[str, float], float]:
    """Parameters, standard errors and log-likelihood as a fit in weeks would give them."""
    scale = {name: 7.0 if name in model.times else 1.0 for name in model.names}
    found = {name: value / scale[name] for name, value in model.parameters_.items()}
    errors = {name: value / scale[name] for name, value in model.standard_errors_.items()}
    return found, errors, model.log_likelihood_ + float(x.sum()) * np.log(7.0)


def test_bgnbd_on_cdnow_agrees_with_fader_hardie_lee_2005_and_clvtools() -> None:
    x, t_x, age, _ = cdnow()
    model = BGNBD(unit="weeks", prior=False).fit([x, t_x, age])
    found, errors, value = weekly(model, x)
    for name, published in CLVTOOLS_BG.items():
        assert found[name] == pytest.approx(published, rel=5e-4)
    assert value == pytest.approx(-9582.429, abs=1e-3)
    assert list(errors.values()) == pytest.approx([0.012557, 0.378224, 0.185733, 0.705407], rel=5e-4)


def test_paretonbd_on_cdnow_agrees_with_fader_hardie_2005_and_clvtools() -> None:
    x, t_x, age, _ = cdnow()
    found, errors, value = weekly(ParetoNBD(unit="weeks", prior=False).fit([x, t_x, age]), x)
    assert found["r"] == pytest.approx(0.55315, rel=5e-4)
    assert found["alpha"] == pytest.approx(10.57633, rel=5e-4)
    assert found["s"] == pytest.approx(0.60625, rel=2e-3)
    assert found["beta"] == pytest.approx(11.67150, rel=2e-3)
    assert value == pytest.approx(-9594.976, abs=1e-3)
    assert list(errors.values()) == pytest.approx([0.0476264, 0.8427222, 0.1872594, 6.2105448], rel=2e-3)


def test_mbgnbd_on_cdnow_agrees_with_btydplus() -> None:
    x, t_x, age, _ = cdnow()
    found, _, value = weekly(MBGNBD(unit="weeks", prior=False).fit([x, t_x, age]), x)
    published = {"r": 0.524843, "alpha": 6.183085, "a": 0.891359, "b": 1.614002}
    for name, one in published.items():
        assert found[name] == pytest.approx(one, rel=5e-4)
    assert value == pytest.approx(-9582.135716, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "orders", "alive", "error"),
    [  # CLVTools run, CLVTools run, BTYDplus run: sums over 39 held-out weeks, and the mean absolute error
        (ParetoNBD, 1665.688, 1051.971, 0.754547),
        (BGNBD, 1653.408, 1917.277, 0.785454),
        (MBGNBD, 1576.712, 1057.632, 0.764778),
    ],
)
def test_the_held_out_weeks_of_cdnow(kind: type[BGNBD], orders: float, alive: float, error: float) -> None:
    x, t_x, age, later = cdnow()
    model = kind(unit="weeks", prior=False).fit([x, t_x, age])
    foreseen = model.predict([x, t_x, age], "39 weeks")
    assert later.sum() == 1882
    assert foreseen.sum() == pytest.approx(orders, rel=2e-4)
    assert model.p_alive([x, t_x, age]).sum() == pytest.approx(alive, rel=2e-4)
    assert np.mean(np.abs(foreseen - later)) == pytest.approx(error, abs=2e-4)


def test_gamma_gamma_on_cdnow_agrees_with_note_025_and_clvtools() -> None:
    orders = shared("clv/cdnow_sample_elog.parquet")
    found = duckdb.sql(f"""
        with days as (select sample_id, cast(date as date) as day, sum(amount) as spent from '{orders}'
                      where date < date '1997-10-01' group by all),
             numbered as (select *, row_number() over (partition by sample_id order by day) as k from days)
        select sample_id, count(*) - 1 as x, coalesce(avg(spent) filter (k > 1), 0) as mean
        from numbered group by sample_id order by sample_id""").fetchnumpy()
    model = GammaGamma(prior=False).fit(found["x"], found["mean"])
    assert list(model.parameters_.values()) == pytest.approx([6.249572, 3.744225, 15.443521], rel=5e-4)
    assert model.log_likelihood_ == pytest.approx(-4055.9177, abs=1e-3)
    assert model.n_customers_ == 946
    first = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert model.predict(found["x"][:10], found["mean"][:10]) == pytest.approx(first, abs=0.02)
    rounded = GammaGamma.of(p=6.25, q=3.74, v=15.44)
    assert rounded.mean_spend_ == pytest.approx(35.2190, abs=1e-4)


def test_bgnbd_predictions_agree_with_hardies_sheet_and_btyd() -> None:
    model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426)
    known = [[2, 26], [30.43, 30.86], [38.86, 31]]
    assert model.predict(known, 39)[0] == pytest.approx(1.226028175, rel=1e-8)
    assert model.p_alive(known) == pytest.approx([0.7265785701, 0.9689156497], rel=1e-8)
    assert model.predict(known, 52)[1] == pytest.approx(25.75819594, rel=1e-8)
    new = [[0], [0], [0]]
    assert model.predict(new, 52)[0] == pytest.approx(1.446050595, rel=1e-8)
    fitted = BGNBD.of(**CLVTOOLS_BG)
    sheet = {0.1429: 0.0078, 1: 0.0532, 3: 0.1506, 31.8571: 1.0405, 32: 1.0437}
    for weeks, orders in sheet.items():
        assert fitted.predict(new, weeks)[0] == pytest.approx(orders, abs=6e-5)
    assert fitted.predict(new, 78)[0] == pytest.approx(1.8576, abs=4e-4)  # the sheet stops its series after 150 terms


def test_bgnbd_chances_of_counts_agree_with_the_btyd_manual() -> None:
    model, new = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426), [[0], [0], [0]]
    manual = [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638]
    manual += [0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260]
    assert model.order_pmf(new, 30, most=20)[0, 11:] == pytest.approx(manual, rel=1e-6)
    assert model.order_pmf(new, 39)[0, 0] == pytest.approx(0.5737864, abs=1e-7)
    assert model.order_pmf(new, 2)[0, 10] == pytest.approx(1.07869e-07, rel=1e-5)


def test_bgnbd_likelihood_agrees_with_hardie_note_027() -> None:
    model = BGNBD.of(r=0.25, alpha=4, a=0.8, b=2.5)
    assert model.score([[0], [0], [40]]) == pytest.approx(-0.59947382, abs=1e-7)
    assert model.score([[200], [38], [40]]) == pytest.approx(100.7957, abs=1e-3)


def test_paretonbd_predictions_agree_with_the_btyd_walkthrough() -> None:
    model = ParetoNBD.of(r=0.5534, alpha=10.5802, s=0.6061, beta=11.6562)
    new, known = [[0], [0], [0]], [[26, 0], [30.86, 0], [31, 39]]
    assert model.predict(new, 52)[0] == pytest.approx(1.473066992, rel=1e-8)
    assert model.predict(known, 52)[0] == pytest.approx(25.45491351, rel=1e-8)
    assert model.p_alive(known) == pytest.approx([0.9979177666, 0.2941422393], rel=1e-8)
    assert model.order_pmf(new, 39)[0, 0] == pytest.approx(0.593575937, rel=1e-8)
    assert model.order_pmf(new, 2)[0, 10] == pytest.approx(1.88973681e-09, rel=1e-7)
    residual = histories([[26, 0, 2], [30.86, 0, 30.43], [31, 39, 38.86]])
    found = model.discounted_for_ever(residual, discount=float(np.expm1(0.0027 * 365)))
    assert found == pytest.approx([86.03037562, 0.474671505, 6.482562365], rel=1e-8)


def test_paretonbd_stays_finite_where_others_overflow() -> None:
    """CLVTools #100; the others by 60-digit arithmetic (lifetimes answers NaN)."""
    model = ParetoNBD.of(r=0.5143, alpha=2.8845, s=0.2856, beta=14.1087)
    x, t_x = [221, 254, 161, 204], [103.42857, 97.14286, 94.71429, 98.57143]
    alive = model.p_alive([x, t_x, [103.57143, 97.28571, 98, 99.42857]])
    assert alive == pytest.approx([0.99959605, 0.99955823, 0.74948775, 0.99425508], abs=5e-9)
    model = ParetoNBD.of(r=0.55, alpha=10.58, s=0.61, beta=11.67)
    assert model.score([[132], [200], [200]]) == pytest.approx(-196.382446854, abs=1e-8)
    assert model.score([[133], [200], [200]]) == pytest.approx(-196.845352549, abs=1e-8)
    assert model.p_alive([[133], [200], [200]])[0] == 1.0
    model = ParetoNBD.of(r=0.3, alpha=5, s=0.5, beta=5000)
    assert model.score([[5000], [690], [730]]) == pytest.approx(4851.6686577781, abs=1e-8)
    assert model.score([[5000], [10], [730]]) == pytest.approx(24028.482724195, abs=1e-8)


def test_grocery_at_k_1_agrees_with_btydplus() -> None:
    orders = shared("clv/btydplus_groceryElog.parquet")
    found = duckdb.sql(f"""
        with days as (select distinct cust, cast(date as date) as day from '{orders}' where date <= date '2006-12-31')
        select count(*) - 1 as x, max(day) - min(day) as t_x, date '2006-12-31' - min(day) as age
        from days group by cust order by cust""").fetchnumpy()
    known = [found["x"], found["t_x"], found["age"]]
    weeks = float(found["x"].sum()) * np.log(7.0)
    model = MBGNBD(prior=False).fit(known)
    assert model.log_likelihood_ + weeks == pytest.approx(-15781.939, abs=1e-3)
    assert BGNBD(prior=False).fit(known).log_likelihood_ + weeks == pytest.approx(-15836.566, abs=1e-3)
    assert model.predict(known, "52 weeks").sum() == pytest.approx(4024.84, abs=0.05)


def test_pareto_on_apparel_agrees_with_clvtools() -> None:
    orders = shared("clv/clvtools_apparelTrans.parquet")
    found = duckdb.sql(f"""
        with days as (select distinct Id, cast(Date as date) as day from '{orders}'),
             edge as (select min(day) + 104 * 7 as last from days)
        select count(*) - 1 as x, max(day) - min(day) as t_x, max(last) - min(day) as age
        from days, edge where day <= last group by Id order by Id""").fetchnumpy()
    model = ParetoNBD(prior=False).fit([found["x"], found["t_x"], found["age"]])
    value = model.log_likelihood_ + float(found["x"].sum()) * np.log(7.0)
    assert value == pytest.approx(-5848.097827, abs=1e-3)
    assert model.alpha_ / 7 == pytest.approx(48.636, rel=2e-3)
    assert model.r_ == pytest.approx(1.448977, rel=5e-4)


@pytest.mark.parametrize(
    ("kind", "published", "value"),
    [
        (BGNBD, [0.2516, 4.7889, 0.7234, 2.1611], -95368.44),
        (ParetoNBD, [0.5974, 11.5857, 0.5222, 8.8278], -95415.12),
        (MBGNBD, [0.6371, 7.3103, 0.8075, 1.2284], -95336.96),
    ],
)
def test_the_full_cdnow_cohort(kind: type[BGNBD], published: list[float], value: float) -> None:
    orders = shared("cdnow/orders.parquet")
    found = duckdb.sql(f"""
        with days as (select distinct customer_id, order_date as day from '{orders}' where order_date <= '1997-09-30')
        select count(*) - 1 as x, max(day) - min(day) as t_x, date '1997-09-30' - min(day) as age
        from days group by customer_id""").fetchnumpy()
    model = kind(prior=False).fit([found["x"], found["t_x"], found["age"]])
    weeks, _, in_weeks = weekly(model, found["x"])
    assert list(weeks.values()) == pytest.approx(published, rel=2e-3)
    assert in_weeks == pytest.approx(value, abs=0.02)
