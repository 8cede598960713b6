"""What the laws do to be quick changes no answer: compression, quadrature, interpolation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from volver.predict import BGNBD, CustomerWorth, GammaGamma, ParetoNBD, histories
from volver.predict.laws.history import BadHistories
from volver.predict.numerics.newton import crossed

FINE = np.polynomial.legendre.leggauss(60)


def shop(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    age = chance.integers(0, 900, n)
    x = np.minimum(chance.poisson(chance.gamma(0.5, 3.0, n)), age)
    return x, np.where(x > 0, np.floor(age * chance.random(n)), 0).astype(np.int64), age


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.float32, np.float64])
def test_compressed_histories_are_those_that_were_given(kind: type) -> None:
    x, t_x, age = shop(70_000)
    known = histories([column.astype(kind) for column in (x, t_x, age)])
    rows, row_of, n = np.unique(np.column_stack([x, age, t_x]), axis=0, return_inverse=True, return_counts=True)
    assert np.array_equal(np.column_stack([known.x, known.T, known.t_x]), rows)
    assert np.array_equal(known.row_of, row_of.reshape(-1))
    assert np.array_equal(known.n, n)


def test_weeks_and_parts_of_a_day_compress_alike() -> None:
    x, t_x, age = shop(500)
    weeks = histories([x, t_x / 7, age / 7], unit="weeks")
    assert np.array_equal(weeks.T, histories([x, t_x, age]).T)
    parts = histories([x, t_x + np.where(x > 0, 0.25, 0.0), age + 0.5])
    assert np.array_equal(parts.T[parts.row_of], age + 0.5)
    assert np.array_equal(parts.n[parts.row_of], weeks.n[weeks.row_of])


@pytest.mark.parametrize(
    "columns", [([-1], [0], [3]), ([1], [4], [3]), ([0], [1], [3]), ([1.5], [1], [3]), ([1], [np.nan], [3])]
)
def test_an_impossible_history_among_many_is_refused(columns: tuple[list[float], ...]) -> None:
    x, t_x, age = (np.append(column, more) for column, more in zip(shop(40_000), columns, strict=True))
    with pytest.raises(BadHistories):
        histories([x, t_x, age])


def test_rows_that_represent_a_shop_count_as_many_customers() -> None:
    known = histories(list(shop(50_000)))
    few = known.represented(2000)
    assert len(few.x) <= 2000
    assert few.n.sum() == pytest.approx(50_000)
    assert few.n @ few.x == pytest.approx(known.n @ known.x, rel=0.01)
    assert few.n @ few.T == pytest.approx(known.n @ known.T, rel=0.01)


@settings(max_examples=60)
@given(
    some.tuples(some.floats(0.05, 10), some.floats(0.1, 3000), some.floats(0.05, 10), some.floats(0.1, 3000)),
    some.integers(0, 2000),
    some.floats(0, 1),
    some.integers(0, 3000),
)
def test_the_pareto_law_agrees_with_a_fine_quadrature(theta: tuple[float, ...], x: int, part: float, age: int) -> None:
    r, alpha, s, beta = theta
    t_x = float(round(part * age)) if x else 0.0
    model = ParetoNBD.of(r=r, alpha=alpha, s=s, beta=beta)
    nodes, weights = FINE
    c = min(alpha, beta)
    edges = np.append(0.0, np.geomspace(1e-5, 1.0, 30)) * np.log1p((age - t_x) / (c + t_x))
    v = (edges[:-1, None] + np.diff(edges)[:, None] * 0.5 * (nodes + 1.0)).ravel()
    u = t_x + (c + t_x) * np.expm1(v)
    logs = -(r + x) * np.log((alpha + u) / (alpha + t_x)) - (s + 1.0) * np.log((beta + u) / (beta + t_x)) + v
    gone = np.sum(np.exp(logs) * (np.diff(edges)[:, None] * 0.5 * weights).ravel()) * s * (c + t_x) / (beta + t_x)
    alive = np.exp(-(r + x) * np.log((alpha + age) / (alpha + t_x)) - s * np.log((beta + age) / (beta + t_x)))
    assert model.p_alive([[x], [t_x], [age]])[0] == pytest.approx(alive / (alive + gone), rel=1e-9, abs=1e-12)


def test_moments_of_the_pareto_law_are_those_of_its_counts() -> None:
    known = histories([[0, 1, 4, 30], [0, 20, 300, 395], [10, 90, 320, 400]])
    model = ParetoNBD.of(r=0.5, alpha=73.0, s=0.74, beta=177.0)
    mean, square = model.moments_by_row(known, 365.0)
    pmf, counts = model.order_pmf(known, 365.0, most=400), np.arange(401.0)
    assert mean[known.row_of] == pytest.approx(pmf @ counts, rel=1e-6)
    assert square[known.row_of] == pytest.approx(pmf @ counts**2, rel=1e-6)


@pytest.mark.parametrize(
    "law", [ParetoNBD.of(r=0.5, alpha=73.0, s=0.74, beta=177.0), BGNBD.of(r=0.25, alpha=31.0, a=0.8, b=2.4)]
)
def test_the_law_of_revenue_does_not_depend_on_how_many_ages_there_are(law: ParetoNBD | BGNBD) -> None:
    ages, some_ages = np.arange(20.0, 620.0), [0, 1, 300, 598, 599]  # enough ages for interpolation; too few
    both = CustomerWorth(buying=law, spend=GammaGamma.of(p=6.25, q=3.74, v=15.44))
    for x in (0.0, 3.0, 20.0):
        levels, beyond = both._law(x, ages, x + 1, 365.0)
        same_levels, exact = both._law(x, ages[some_ages], x + 1, 365.0)
        assert np.array_equal(levels, same_levels)
        assert beyond[some_ages] == pytest.approx(exact, abs=1e-6)


def test_sums_of_products_are_those_of_the_matrix() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 4, 9, 50))
    assert crossed(one, other) == pytest.approx(one.reshape(4, -1) @ other.reshape(4, -1).T, rel=1e-12)
