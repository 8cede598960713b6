"""What reaches a law or a learner from the outside: any spelling, any frame, any mistake."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from volver.core import VolverError
from volver.predict.laws.betageometric import BGNBD, MBGNBD
from volver.predict.laws.covariates import CovariateBGNBD, CovariateMBGNBD, CovariateParetoNBD
from volver.predict.laws.erlang import BGCNBD, MBGCNBD
from volver.predict.laws.history import UnclearHistories, histories
from volver.predict.laws.nbd import NBD
from volver.predict.laws.occasions import BGBB
from volver.predict.laws.order_log import BadOrders, calibration_holdout, from_orders
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.laws.spend import GammaGamma
from volver.predict.laws.spend_mixed import MixedSpend
from volver.predict.laws.subscriptions import BadSubscriptions, BetaDiscreteWeibull, ShiftedBetaGeometric
from volver.predict.numerics.horizons import BadHorizon, horizon_days
from volver.predict.numerics.params import BadParameters, BadQuestion, NotFitted
from volver.predict.uplift.evaluation import auuc, policy_value, qini
from volver.predict.uplift.features import BadFeatures, Features
from volver.predict.uplift.labels import BadTreatment, who_was_treated
from volver.predict.uplift.learners import DRLearner, TransformedOutcome, TwoModel
from volver.predict.uplift.propensity import Propensity
from volver.predict.uplift.targeting import Uplift

BUYING = (BGNBD, MBGNBD, BGCNBD, MBGCNBD, NBD, ParetoNBD)
LAWS = (*BUYING, GammaGamma, MixedSpend, BGBB, ShiftedBetaGeometric, BetaDiscreteWeibull)
COVARIATES = (CovariateBGNBD, CovariateMBGNBD, CovariateParetoNBD)
LEARNERS = (TwoModel, DRLearner, TransformedOutcome)

PAIRS = (
    *(("Mens E-Mail", "No E-Mail"), ("Treatment", "control"), ("email", "none"), ("coupon", "no_coupon")),
    *(("offer", "placebo"), ("ad", "psa"), ("exposed", "unexposed"), ("active", "hold-out"), ("yes", "no")),
    *(("B", "Control"), ("con cupón", "sin cupón"), ("correo", "ninguno"), ("notification", "none"), ("on", "off")),
    *(("10% off", "nothing"), ("1", "0"), ("true", "false"), (True, False), (1, 0), (2, 1), (-1, 0)),
    *(("member", "non-member"), ("variant", "baseline"), ("email", "group control"), ("united", "no")),
)


def campaign(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    X, t = chance.normal(size=(n, 2)), chance.integers(0, 2, n)
    return X, t, X[:, 1] + t * (1 + X[:, 0])


@pytest.mark.parametrize(("label", "control"), PAIRS)
def test_the_label_that_reads_as_a_control_is_none(label: Any, control: Any) -> None:
    for pair in ([label, control, label], [control, label, label]):
        for column in (pair, pd.Series(pair), pl.Series(pair)):
            had, found = who_was_treated(column, 3)
            assert found == label
            assert had.tolist() == [each == label for each in pair]


def test_labels_that_leave_it_open_are_asked_about() -> None:
    X, t, y = campaign()
    letters = np.where(t == 1, "A", "B")
    for pair in (("A", "B"), ("none", "control"), ("mail", "sms")):
        with pytest.raises(BadTreatment, match="treated="):
            who_was_treated(np.array(pair), 2)
    for missing in ([1.0, np.nan, 0.0], ["a", None, "none"], pd.Series(["a", pd.NA, "none"], dtype="string")):
        with pytest.raises(BadTreatment, match="missing"):
            who_was_treated(missing, 3)
    for learner in LEARNERS:
        found = learner().fit(X, letters, y, treated="A")
        assert found.treated_ == "A"
        assert found.predict_uplift([[2.0, 0.0]])[0] == pytest.approx(3, abs=0.3)
    assert Uplift(bases=("linear",)).fit(X, letters, y, propensity=0.5, treated="A").treated_ == "A"
    assert qini(X[:, 0], letters, y, treated="A") == pytest.approx(qini(X[:, 0], t, y))
    assert auuc(X[:, 0], letters, y, treated="A", normalised=False) == pytest.approx(auuc(X[:, 0], t, y))
    assert policy_value(t * 0 + 1, letters, y, treated="A").value == pytest.approx(policy_value(t * 0 + 1, t, y).value)


def test_the_order_survives_however_uncertain_the_differences() -> None:
    chance = np.random.default_rng(5)
    X, t = chance.normal(size=(300, 3)), chance.integers(0, 2, 300)
    model = Uplift(bases=("linear",)).fit(X, t, X[:, 0] + 5 * chance.normal(size=300), propensity=0.5)
    assert model.calibration_.kept < 0.02
    assert len(np.unique(model.predict_uplift(X))) > 100


def test_any_frame_is_read() -> None:
    X, t, y = campaign()
    numbered = pd.DataFrame(X)
    assert TwoModel().fit(numbered, t, y).predict_uplift(numbered) == pytest.approx(
        TwoModel().fit(X, t, y).predict_uplift(X)
    )
    kept = {"a": ["x", None, "y"] * 40, "b": [True, None, False] * 40, "c": [1, None, 3] * 40}
    frame = pd.DataFrame(kept).convert_dtypes()
    assert frame["b"].dtype == "boolean"
    same = Features().fit(pl.DataFrame(kept)).transform(frame)
    assert same.trees.tolist() == Features().fit(frame).transform(pl.DataFrame(kept)).trees.tolist()
    flags = pd.DataFrame({"flag": X[:, 0] > 0, "z": X[:, 1]})
    event = (X[:, 0] + X[:, 1] > 0) * 1
    for model in (TwoModel().fit(flags, t, y).predict_uplift, Propensity().fit(flags, event).predict):
        assert np.array_equal(model(flags), model(flags.assign(flag=flags["flag"].astype(int))))  # type: ignore[arg-type]
        assert np.array_equal(model(flags), model(flags.astype({"flag": "boolean"})))  # type: ignore[arg-type]


def test_what_no_learner_can_use_is_said() -> None:
    X, t, y = campaign()
    fitted = Uplift(bases=("linear",)).fit(X, t, y, propensity=0.5)
    assert len(fitted.predict_uplift(X[:0])) == len(fitted.treat(X[:0])) == 0
    assert len(TwoModel(base="boosted").fit(X, t, y).predict_uplift(X[:0])) == 0
    words = np.where(y > 0, "yes", "no")
    assert TwoModel().fit(X, t, words).predict_uplift(X) == pytest.approx(TwoModel().fit(X, t, y > 0).predict_uplift(X))
    double = pd.DataFrame(X, columns=["a", "a"])
    wrong: list[tuple[type[VolverError], Any]] = [
        (BadTreatment, lambda: TwoModel().fit(X, t, np.where(y > 0, "much", "little"))),
        (BadTreatment, lambda: Uplift().fit(X, t, y, propensity=[0.5, 0.5])),
        (BadTreatment, lambda: Uplift().fit(X, t, y, propensity=0.0001)),
        (BadTreatment, lambda: policy_value(t, t, y, propensity=1.5)),
        (BadTreatment, lambda: qini(X[:5, 0], t, y)),
        (BadTreatment, lambda: DRLearner().fit(X, t, y[:-1])),
        (BadFeatures, lambda: TwoModel().fit(pd.DataFrame(index=range(len(t))), t, y)),
        (BadFeatures, lambda: TwoModel().fit(X[:, :0], t, y)),
        (BadFeatures, lambda: TwoModel().fit(double, t, y)),
        (BadParameters, lambda: Uplift(objective="foo").fit(X, t, y)),
        (BadQuestion, lambda: fitted.treat(X, share=1.2)),
        (BadQuestion, lambda: fitted.treat(X, share=-0.1)),
    ]
    for kind, ask in wrong:
        with pytest.raises(kind):
            ask()


@pytest.mark.parametrize("kind", [*LAWS, *COVARIATES, *LEARNERS, Uplift, Propensity])
def test_models_are_cloned_and_say_that_they_know_nothing(kind: Any) -> None:
    model = kind()
    twin = clone(model.set_params(**model.get_params()))
    assert type(twin) is kind
    assert twin.get_params() == model.get_params()
    with pytest.raises(BadParameters):
        model.set_params(wheels=4)
    for name in ("predict", "p_alive", "predict_uplift", "treat", "p_buy", "order_pmf", "survival", "score"):
        if hasattr(model, name) and kind not in COVARIATES:
            rows = [1.0] if "Beta" in kind.__name__ else {"x": [1], "t_x": [3], "T": [9], "n": [5]}
            rows = {"orders": [1], "mean_spend": [2.0]} if kind in (GammaGamma, MixedSpend) else rows
            with pytest.raises(NotFitted):
                getattr(model, name)(rows)
    for learned in ("parameters_", "standard_errors_", "reliability_not_", "verdict_", "proven_"):
        with pytest.raises(NotFitted):
            getattr(model, learned)


def test_days_are_read_in_any_usual_spelling() -> None:
    for days in (
        ["20240624", "20240701"],
        [20240624, 20240701],
        ["2024/06/24", "2024/7/1 10:00"],
        [20240624.0, 20240701],
    ):
        found = from_orders({"customer": ["a", "a"], "when": days})
        assert (found.t_x.tolist(), str(found.at)) == ([7.0], "2024-07-01")
        assert from_orders(pd.DataFrame({"Customer ID": ["a", "a"], "InvoiceDate": days})).t_x.tolist() == [7.0]
    for days in (["20240631"], ["20240624x1"[:4]], ["24/06/2024"], [1719187200], np.array(["20240624-01-01"], "M8[D]")):
        with pytest.raises(BadOrders):
            from_orders({"customer": ["a"], "when": days})


def test_columns_are_found_by_their_usual_names() -> None:
    names = (
        ("CustomerID", "InvoiceDate", "Total Price"),
        ("user_id", "created_at", "payment_value"),
        ("E-Mail", "TIME", "Sales"),
    )
    for names_of_one in names:
        frame = pl.DataFrame(
            dict(zip(names_of_one, (["a", "a"], ["2024-01-01", "2024-01-03"], [5.0, None]), strict=True))
        )
        assert from_orders(frame).mean_spend.tolist() == [5.0]
        assert from_orders(frame.to_pandas().convert_dtypes()).has_money
    without = from_orders({"customer": ["a"], "when": ["2024-01-01"], "quantity": [3], "Price": [2.0]})
    assert not without.has_money
    assert without.mean_spend.tolist() == [0.0]
    with pytest.raises(BadOrders, match="before it begins"):
        calibration_holdout({"customer": ["a"], "when": ["2024-01-01"]}, "2024-02-01", "2024-01-15")
    log = {"customer": ["a", "b", "a"], "when": ["2024-01-01", "2024-01-08", "2024-01-18"]}
    assert calibration_holdout(log, "2024-01-10", "2024-01-28").days == 18
    with pytest.raises(BadOrders, match="the last row is of 2024-01-18"):
        calibration_holdout(log, "2024-01-10", "2024-01-29")


def test_histories_are_read_one_way_or_not_at_all() -> None:
    frame = pd.DataFrame({"x": [1, 0], "t_x": pd.to_timedelta([14, 0], "D"), "T": pd.to_timedelta([28, 35], "D")})
    for unit in ("days", "weeks"):
        assert sorted(histories(frame, unit=unit).T.tolist()) == [28.0, 35.0]
        assert sorted(histories(pl.from_pandas(frame), unit=unit).t_x.tolist()) == [0.0, 14.0]
    rows = [[2, 30, 40], [1, 10, 35], [0, 0, 50]]
    for square in (rows, np.array(rows)):
        assert histories(square).T.tolist() == [50, 35, 40]
    for unclear in (
        [[1, 2, 3]] * 4,
        "abc",
        [["a"], ["b"], ["c"]],
        np.zeros((4, 2)),
    ):
        with pytest.raises(UnclearHistories):
            histories(unclear)


def test_questions_and_parameters_have_limits() -> None:
    assert horizon_days(np.int64(30)) == horizon_days(np.float32(30)) == 30.0
    model, one = MBGNBD.of(r=0.5, alpha=43.3, a=0.9, b=1.6), [[1], [5], [9]]
    wrong: list[tuple[type[VolverError], Any]] = [
        *((BadHorizon, lambda given=given: horizon_days(given)) for given in (None, [1], True, float("nan"))),
        *((BadParameters, lambda k=k: MBGCNBD(k=k)) for k in (0, -1, 1.5, "two")),
        (BadParameters, lambda: MBGNBD.of(r=-1, alpha=1, a=1, b=1)),
        (BadParameters, lambda: ParetoNBD.of(r=1, alpha=1)),
        (BadParameters, lambda: BGBB.of(alpha=1, beta=float("nan"), gamma=1, delta=1)),
        (BadParameters, lambda: ShiftedBetaGeometric.of(a=0, b=1)),
        *((BadQuestion, lambda q=q: model.order_quantile(one, q)) for q in (0, 1, -0.5, 2, float("nan"))),
        (BadQuestion, lambda: model.next_order_days(one, [1.5])),
        (BadQuestion, lambda: model.discounted_orders(one, discount=-1)),
        (BadQuestion, lambda: ShiftedBetaGeometric.of(a=1, b=1).predict([1], discount=-2)),
        (BadQuestion, lambda: BGBB.of(alpha=1, beta=1, gamma=1, delta=1).discounted([[1], [1], [2]], discount=-1)),
        *(
            (BadSubscriptions, lambda a=a: ShiftedBetaGeometric().fit([1, 2], a))
            for a in (["no", "yes"], [2, 0], [None, 1])
        ),
    ]
    for kind, ask in wrong:
        with pytest.raises(kind):
            ask()
