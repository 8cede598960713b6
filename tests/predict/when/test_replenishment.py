"""What is bought again within a horizon: right on real baskets, calibrated, silent where nothing can be learned."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.predict.when.journey import AT, journey
from tests.predict.when.world import grocer
from volver.predict.numerics.probability_metrics import Reliability, reliability
from volver.predict.when.due import Due, curve, window
from volver.predict.when.gaps import usual_gap, you_buy_it
from volver.predict.when.pairs import bought_within
from volver.predict.when.purchases import purchases
from volver.predict.when.replenishment import Replenishment


def on_journey(horizon: float) -> Reliability:
    data = journey()
    whole = purchases(pa.concat_tables([data.train, data.later]))
    at = min(AT, whole.end - horizon)
    pairs, p = Replenishment(horizon_days=horizon).fit(whole, at=at).chances()
    return reliability(p, bought_within(whole, pairs, at, horizon))


def test_it_reaches_the_reference_on_complete_journey() -> None:
    """At least AUC .755 at 28 days over 89,699 pairs, every bin within 6 points."""
    found = on_journey(28)
    assert (found.n, round(found.came, 3)) == (89_699, 0.229)
    assert found.auc is not None
    assert found.auc >= 0.755
    assert len(found.bins) == 10
    assert all(abs(each.predicted - each.came) <= 0.06 for each in found.bins if each.n >= 2_000)


@pytest.mark.slow
@pytest.mark.parametrize(("horizon", "auc"), [(7, 0.755), (14, 0.75), (60, 0.735), (90, 0.725)])
def test_any_horizon_is_calibrated_on_complete_journey(horizon: float, auc: float) -> None:
    found = on_journey(horizon)
    assert found.auc is not None
    assert found.auc >= auc
    assert all(abs(each.predicted - each.came) <= 0.06 for each in found.bins if each.n >= 2_000)


@pytest.fixture(scope="module")
def world() -> pa.Table:
    return grocer(600, seed=5, days=500)


@pytest.mark.parametrize("horizon", [14.0, 28.0, 60.0])
def test_its_chances_are_right_in_every_third(world: pa.Table, horizon: float) -> None:
    whole = purchases(world)
    pairs, p = Replenishment(horizon_days=horizon).fit(whole, at=420).chances()
    found = reliability(p, bought_within(whole, pairs, 420.0, horizon), bins=3)
    assert found.auc is not None
    assert found.auc > 0.7
    assert all(abs(each.predicted - each.came) <= 0.08 for each in found.bins)


def test_only_what_was_bought_often_enough_is_foreseen(world: pa.Table) -> None:
    found = Replenishment(least_times=5).fit(world).predict()
    assert min(found["times"].to_pylist()) == 5
    assert found.column_names == ["user", "item", "times", "usual_gap_days", "last_day", "p"]


def test_too_few_rebuys_are_silence_and_a_reason() -> None:
    frame = {"user": [1] * 5, "item": [2] * 5, "time": [0, 10, 20, 30, 40]}
    model = Replenishment().fit(frame)
    found = model.predict().to_pylist()
    assert [(row["times"], row["usual_gap_days"]) for row in found] == [(5, 10.0)]
    assert np.isnan(found[0]["p"])
    assert "too few to learn from" in str(model.remark_)


def test_the_check_comes_from_a_window_that_was_not_learned_from(world: pa.Table) -> None:
    model = Replenishment().fit(world)
    assert model.check_ is not None
    assert model.check_.predicted == pytest.approx(model.check_.came, abs=0.06)
    assert model.check_.auc is not None
    assert model.check_.auc > 0.7


def test_a_model_survives_json(world: pa.Table) -> None:
    model = Replenishment().fit(world)
    again = Replenishment.from_dict(json.loads(json.dumps(model.to_dict()))).know(world)
    np.testing.assert_array_equal(model.chances()[1], again.chances()[1])


def test_half_of_what_is_bought_comes_within_its_window(world: pa.Table) -> None:
    whole, at = purchases(world), 400.0
    dues = Due().fit(whole, at=at).ask(whole)
    came = np.flatnonzero(bought_within(whole, dues.pairs, at, 90.0) & ~np.isnan(dues.begin))
    inside = 0
    for row in came.tolist():
        one = dues.pairs.only(slice(row, row + 1))
        by = [bought_within(whole, one, at, days)[0] for days in (dues.begin[row], dues.end[row])]
        inside += by == [False, True]
    assert inside / len(came) == pytest.approx(0.5, abs=0.1)
    assert (dues.p[:, 0] <= dues.p[:, 1]).all()
    assert (dues.p[:, 1] <= dues.p[:, 2]).all()


def test_a_window_is_where_its_curve_says() -> None:
    p = curve([np.array([0.2, np.nan, 0.0]), np.array([0.5, 0.5, 0.1]), np.array([0.8, np.nan, 0.2])])
    assert p[1, 0] == pytest.approx(1 - 0.5**0.25)
    begin, end = window(p)
    assert begin[0] == pytest.approx(7.0)  # a quarter of .8 have bought by then
    hazard = np.log(0.5 / 0.2) / 62  # from 28 to 90 days
    assert end[0] == pytest.approx(28 + np.log(0.5 / 0.4) / hazard)
    assert np.isnan([begin[2], end[2]]).all()


def test_gaps_are_told_as_people_tell_them() -> None:
    days = [0.5, 1.4, 2, 6.4, 7, 11, 14, 35, 69, 75, 319, 365, 800]
    assert [str(usual_gap(each)) for each in days] == [
        "about every day",
        "about every day",
        "about every 2 days",
        "about every 6 days",
        "about every week",
        "about every 11 days",
        "about every 2 weeks",
        "about every 5 weeks",
        "about every 10 weeks",
        "about every 2 months",
        "about every 10 months",
        "about once a year",
        "about every 2 years",
    ]
    assert [str(you_buy_it(each)) for each in days] == [f"you buy it {usual_gap(each)}" for each in days]
