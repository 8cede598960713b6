"""What a shop gets is decided by its own past: the calendar where it proves itself, the level where errors agree."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.predict.world import past_of_days, rhythmic_lines, shared, simulated_lines, simulated_shop, write_ledger
from tests.world import new_shop
from volver import predict
from volver.predict.laws.calendar import CLOSED, FLAT, Calendar
from volver.predict.laws.closures import closures
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.numerics.metrics import deviance, spearman
from volver.predict.value.backtest import Backtest
from volver.predict.value.correction import Lesson, correction_from, learn_correction
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import Past, past
from volver.predict.value.holdout import chosen, compared
from volver.predict.value.level import LAW, learn_level
from volver.predict.value.selection import Choice, choose
from volver.predict.value.training import learn, learned_from
from volver.store import Shop

CHRISTMAS = Calendar(tuple((np.array([6, 7, 8, 8, 9, 9, 8, 8, 12, 16, 24, 12]) / (127 / 12)).tolist()))


@pytest.fixture(scope="module")
def gifts(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two years of a shop that sells three times as much in November."""
    folder = tmp_path_factory.mktemp("gifts")
    shop = new_shop(folder / "shop")
    simulated_shop(shop, simulated_lines(4000, 3, CHRISTMAS), folder / "lines.parquet")
    return shop


def test_a_seasonal_shop_is_foreseen_with_its_calendar(gifts: Shop) -> None:
    known = past(gifts, date(2024, 12, 9))
    then, now = known.at(date(2024, 8, 31)), known.at(date(2024, 12, 9))
    choice = choose(known, then.at, 100.0)
    came = float(now.came_since(then)[0].sum())
    plain = Foreseen(learn(then, Choice()), then, 100.0).orders_of()
    best = Foreseen(learn(then, choice), then, 100.0).orders_of()
    assert plain.expected / came < 0.8
    assert best.expected / came == pytest.approx(1.0, abs=0.15)
    assert best.low80 < came < best.high80
    assert np.array(choice.calendar.weights) == pytest.approx(np.array(CHRISTMAS.weights), rel=0.35)
    assert any("calendar" in str(each) for each in choice.why)
    assert not any("CNBD" in each.name for each in choice.contenders)  # these orders come by chance, not in a rhythm


def test_the_report_of_a_check_holds_every_promised_key(gifts: Shop) -> None:
    report = predict.check(gifts, "2024-08-31", "2024-12-09")
    told = report.to_dict()
    low, high = told["interval80"]
    assert told["covers"] is (low <= told["total"]["actual"] <= high) is True
    assert 0.8 < told["total"]["ratio"] < 1.25
    assert told["customer"]["spearman"] >= told["baseline"]["past_spend"]["spearman"]
    assert told["customer"]["top10_capture"] >= told["baseline"]["past_spend"]["top10_capture"] - 0.02
    names = [each["name"] for each in told["contenders"]]
    assert sum(each["chosen"] for each in told["contenders"]) == 1
    assert {"Pareto/NBD", "MBG/NBD", "BG/NBD"} <= set(names)
    assert len(told["choice"]["origins"]) >= 2
    assert told["total"]["low"] < low < high < told["total"]["high"]


def test_nothing_after_the_day_is_used(gifts: Shop) -> None:
    day = date(2024, 5, 31)
    laws = {"MBG/NBD": predict.MODELS["MBG/NBD"]}
    early, late = (choose(past(gifts, until), day, 90.0, laws) for until in (day, date(2024, 12, 30)))
    assert early.to_dict() == late.to_dict()


def test_a_young_shop_has_no_calendar_and_keeps_its_level(gifts: Shop) -> None:
    choice = chosen(gifts, date(2023, 10, 15), 60.0, "auto", 1)
    assert choice.calendar == FLAT
    assert choice.level.orders == choice.level.money == 1.0
    assert choice.level.money_doubt > 0.15


def test_past_days_do_not_overlap_and_leave_history_before_them(gifts: Shop) -> None:
    test = Backtest(past(gifts, date(2024, 12, 30)), date(2024, 12, 30), 90.0)
    days = [then.known.at for then in test.then]
    assert len(days) == 4
    assert all((a - b).days == test.days for a, b in zip([test.at, *days], days, strict=False))


def test_what_was_learned_survives_the_shelf(gifts: Shop) -> None:
    known = past(gifts, date(2024, 8, 31)).at(date(2024, 8, 31))
    learned = learn(known, chosen(gifts, known.at, 90.0, "MBG/NBD", len(known)))
    again = learned_from(learned.to_dict())
    one, other = (Foreseen(each, known, 180.0, 0.1) for each in (learned, again))
    assert np.allclose(one.worth.value, other.worth.value, rtol=1e-12)
    assert one.value_of() == other.value_of()


def test_customers_with_a_rhythm_get_a_law_of_rhythm_that_survives_the_shelf(tmp_path: Path) -> None:
    shop = new_shop(tmp_path / "shop")
    simulated_shop(shop, rhythmic_lines(1500, seed=0, k=3), tmp_path / "lines.parquet")
    known = past(shop, date(2024, 12, 30))
    then, now = known.at(date(2024, 10, 1)), known.at(date(2024, 12, 30))
    choice = choose(known, then.at, 90.0)
    assert choice.model == "MBG/CNBD-3"
    came = now.came_since(then)[0]
    seen, usual = (Foreseen(learn(then, each), then, 90.0) for each in (choice, replace(choice, model="Pareto/NBD")))
    assert deviance(seen.expected[0], came) < 0.95 * deviance(usual.expected[0], came)
    total = seen.orders_of()
    assert total.low80 < came.sum() < total.high80
    assert Foreseen(learned_from(seen.learned.to_dict()), then, 90.0).value_of() == seen.value_of()


def test_every_model_can_be_asked_for_by_name() -> None:
    from typing import get_args

    from volver.predict import questions

    assert ("auto", *predict.MODELS) == predict.MODEL_NAMES == get_args(questions.ToFit.__annotations__["model"])


def test_a_correction_looks_at_customers_beside_each_other_and_never_beyond_what_it_saw() -> None:
    chance = np.random.default_rng(2)
    seen = chance.normal(size=(3000, 4))
    came = chance.poisson(np.exp(0.4 * seen[:, 1])).astype(float)
    lesson = Lesson(columns=seen, orders=np.ones(3000), money=np.ones(3000), came=came, brought=came)
    learned = learn_correction([lesson], 90.0, boosted=True)
    older = seen + [7.0, 7.0, 0.0, 7.0]  # everyone is older; who is beside whom stays
    assert learned.among(older).orders(older) == pytest.approx(learned.among(seen).orders(seen), rel=1e-9)
    one = np.vstack([seen, seen.mean(axis=0) + 1e3])
    assert (
        learned.among(seen).orders(one)[-1]
        <= 1.0001 * learned.among(seen).orders(seen.mean(axis=0) + learned.orders.high[None, :])[0]
    )


def test_a_shop_of_a_few_hundred_customers_is_corrected_where_orders_are_many() -> None:
    visits = pl.read_parquet(
        shared("completejourney/transactions.parquet"), columns=["household_id", "transaction_at"]
    ).filter(pl.col("household_id") % 6 == 0)
    days = visits.with_columns(pl.col("transaction_at").dt.convert_time_zone("America/New_York").dt.date()).unique()
    known, at = past_of_days(days["household_id"], days["transaction_at"]), date(2017, 9, 30)
    then, came = known.at(at), known.at(date(2017, 12, 31)).came_since(known.at(at))[0]
    choice = choose(known, at, 92.0)
    assert 300 < len(then) < 500
    orders, plain = (
        Foreseen(learn(then, each), then, 92.0).expected[0] for each in (choice, replace(choice, correction=None))
    )
    assert deviance(orders, came) < 0.92 * deviance(plain, came)
    assert spearman(orders, came) > spearman(then.x, came)


def test_a_correction_of_an_older_form_is_left_out_and_the_rest_is_read(gifts: Shop) -> None:
    known = past(gifts, date(2024, 8, 31)).at(date(2024, 8, 31))
    lesson = Lesson(**{name: np.ones((30, 11) if name == "columns" else 30) for name in Lesson.__slots__})
    learned = learn(known, replace(Choice(), correction=learn_correction([lesson], 90.0, boosted=False)))
    kept = learned.to_dict()
    assert learned_from(kept).correction is not None
    for each in ("orders", "money"):
        del kept["correction"][each]["low"]
    again = learned_from(kept)
    assert again.correction is None
    assert again.buying.parameters_ == learned.buying.parameters_


def test_the_grocery_log_is_foreseen_as_its_reference_asks() -> None:
    """Mean absolute error at most 1.40 and deviance at most 2.85 over the 52 weeks that follow."""
    log = pl.read_parquet(shared("clv/btydplus_groceryElog.parquet"))
    known, at, days = past_of_days(log["cust"], log["date"]), date(2006, 12, 31), 364.0
    then, came = known.at(at), known.at(date(2007, 12, 30)).came_since(known.at(at))[0]
    choice = choose(known, at, days)
    learned = learn(then, choice)
    orders = Foreseen(learned, then, days).expected[0]
    assert choice.correction is not None
    assert deviance(orders, came) < 2.75
    off = float(np.exp(np.mean([trial.error for trial in choice.trials])))  # in its first year a shop keeps its level
    assert deviance(off * orders, came) <= 2.85
    assert np.abs(off * orders - came).mean() <= 1.40


def test_corrections_move_money_between_customers_and_keep_the_total() -> None:
    chance = np.random.default_rng(0)
    hidden = chance.normal(size=(4000, 13))
    orders = np.exp(0.3 * chance.normal(size=4000))
    came = chance.poisson(orders * np.exp(0.5 * hidden[:, 3]))
    lesson = Lesson(columns=hidden, orders=orders, money=20 * orders, came=came, brought=20.0 * came)
    for boosted in (False, True):
        learned = learn_correction([lesson], 90.0, boosted=boosted)
        same = correction_from(learned.to_dict())
        factor = learned.orders(hidden)
        assert same is not None
        assert np.array_equal(factor, same.orders(hidden))
        assert np.corrcoef(np.log(factor), hidden[:, 3])[0, 1] > 0.9
        assert learned.is_boosted is boosted


def test_trees_as_plain_values_answer_as_the_library_does() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from volver.predict.value import correction

    chance = np.random.default_rng(1)
    columns = np.column_stack([chance.normal(size=3000), chance.poisson(2.0, 3000), chance.exponential(size=3000)])
    offset = chance.gamma(2.0, 1.0, 3000)
    came = chance.poisson(offset * np.exp(0.5 * columns[:, 0] - 0.2 * columns[:, 1])).astype(float)
    trees = correction._boosted(columns, offset, came, seed=0)
    edges = [np.unique(np.quantile(column, np.linspace(0.0, 1.0, 65)[1:])) for column in columns.T]
    model = HistGradientBoostingRegressor(
        loss="poisson", learning_rate=0.03, max_iter=100, max_leaf_nodes=6, min_samples_leaf=20,
        l2_regularization=5.0, early_stopping=False, random_state=0,
    )  # fmt: skip
    stepped = correction._stepped(columns, edges)
    model.fit(stepped, came / offset, sample_weight=offset)
    ours = sum(tree.values(columns) for tree in trees)
    assert np.ptp(ours - np.log(model.predict(stepped))) == pytest.approx(0.0, abs=1e-9)


def test_the_level_moves_only_where_several_past_days_agree() -> None:
    sure = 1e-4
    apart = learn_level([(0.3, sure), (-0.3, sure), (0.2, sure)], [(0.3, sure), (-0.3, sure)], a_year_seen=True)
    assert apart.orders == apart.money == 1.0
    alone = learn_level([(0.5, sure)], [(0.5, sure)], a_year_seen=True)
    assert alone.orders == 1.0
    agreed = learn_level([(0.5, sure)] * 3, [(0.5, sure)] * 3, a_year_seen=True)
    assert agreed.money == pytest.approx(np.exp(0.5), rel=0.1)
    assert apart.orders_doubt > agreed.orders_doubt > LAW.orders_doubt


@given(st.lists(st.floats(-1.5, 1.5), max_size=4), st.booleans())
def test_a_level_never_goes_beyond_the_errors_it_saw(errors: list[float], a_year_seen: bool) -> None:
    pairs = [(each, 0.001) for each in errors]
    level = learn_level(pairs, pairs, a_year_seen=a_year_seen)
    assert min([0.0, *errors]) - 1e-9 <= np.log(level.orders) <= max([0.0, *errors]) + 1e-9
    assert np.isfinite(level.orders_doubt)
    assert level.half_width(0.1, level.orders_doubt, 0.9) > level.half_width(0.1, level.orders_doubt, 0.8) > 0


def test_the_apparel_retailer_of_clvtools_needs_its_calendar(tmp_path: Path) -> None:
    """12 months within 5 % with the calendar index, beyond 10 % without."""
    path = shared("clv/clvtools_apparelTrans.parquet")
    with new_shop(tmp_path / "shop") as shop:
        write_ledger(
            shop,
            f"""select row_number() over () as order_id, Id as customer_id, 1 as product_id, 'sale' as kind,
                       Price as amount, Date as ts from '{path}'""",
        )
        report = predict.check(shop, "2006-12-31", "2007-12-31", model="MBG/NBD")
        known = past(shop, date(2007, 12, 31))
        then, now = known.at(date(2006, 12, 31)), known.at(date(2007, 12, 31))
        came = float(now.came_since(then)[0].sum())
        plain = Foreseen(learn(then, Choice(model="MBG/NBD")), then, 365.0).orders_of().expected
    assert plain / came == pytest.approx(1.12, abs=0.01)
    assert report.orders.ratio == pytest.approx(1.0, abs=0.08)


def test_a_shop_of_resellers_survives_the_shelf(gifts: Shop) -> None:
    plain = past(gifts, date(2024, 8, 31)).at(date(2024, 8, 31))
    known = replace(plain, net=plain.net * np.where(plain.customer_id % 20 == 0, 40.0, 1.0))
    learned = learn(known, Choice(spend="mixed"))
    assert "q_second" in learned.spend.parameters_
    again = learned_from(learned.to_dict())
    one, other = (Foreseen(each, known, 365.0, 0.1).value_of() for each in (learned, again))
    assert one.expected == pytest.approx(other.expected, rel=1e-12)
    assert one.high == pytest.approx(other.high, rel=1e-9)


def test_a_break_on_the_newest_past_day_is_followed_and_told() -> None:
    sure = 1e-3
    errors = [(-1.9, sure), (0.0, sure), (0.02, sure), (0.05, sure)]
    level = learn_level(errors, errors, a_year_seen=True)
    assert level.broke
    assert level.orders < 0.4
    assert level.orders_doubt > 0.5
    assert not learn_level([(-0.3, sure), (0.1, sure), (0.0, sure)], errors[1:], a_year_seen=True).broke


def test_months_never_seen_widen_the_interval() -> None:
    pairs = [(0.0, 0.001)] * 2
    seen, unseen = (learn_level(pairs, pairs, a_year_seen=False, unseen=share) for share in (0.0, 1.0))
    assert unseen.money_doubt > seen.money_doubt + 0.1


def test_a_day_long_after_the_last_order_is_refused(gifts: Shop) -> None:
    with pytest.raises(predict.BeyondTheData, match="after the last order"):
        predict.check(gifts, "2024-06-30", "2030-01-01")


def _orders(rng: np.random.Generator, customers: int, days: int, shut: tuple[int, int]) -> Past:
    """Customers with their own pace who stop at some order; who wanted to come while the shop was shut comes after."""
    rows = []
    for customer in range(1, customers + 1):
        at, pace = float(rng.uniform(0, days)), float(np.exp(rng.normal(3.4, 0.5)))
        while at < days:
            if shut[0] <= at <= shut[1]:
                at = shut[1] + 1 + rng.exponential(20)
                continue
            rows.append((customer, int(at)))
            if rng.random() < 0.15:
                break
            at += rng.gamma(1.5, pace / 1.5) + 1
    customer_id, day = (np.array(each) for each in zip(*sorted(set(rows)), strict=True))
    return past_of_days(pl.Series(customer_id), pl.Series(day + 19_000), 30.0)


def test_months_in_which_the_shop_was_shut_are_nobodys_silence() -> None:
    known = _orders(np.random.default_rng(5), 900, 460, (180, 250))
    at = known.first + timedelta(days=340)
    choice = choose(known, at, 90.0, {"Pareto/NBD": ParetoNBD})
    assert [window.name for window in choice.calendar.windows] == [CLOSED]
    assert not choice.calendar.is_seasonal
    assert not choice.to_dict()["chosen"]["calendar"]
    assert any("Nobody ordered from" in each.text for each in choice.why)
    then = known.at(at)
    report = compared(learn(then, choice), then, known.at(at + timedelta(days=90)), choice)
    assert report.orders.ratio == pytest.approx(1.0, abs=0.2)
    assert report.orders.covers
    taken_for_silence = learn(then, replace(choice, calendar=FLAT))
    assert Foreseen(taken_for_silence, then, 90.0).orders_of().expected < 0.95 * report.orders.predicted


def test_a_pause_is_a_closure_only_where_it_is_abrupt_long_and_not_a_season() -> None:
    def found(days: list[int]) -> int:
        open_days = np.array(sorted(days))
        return len(closures(open_days.astype("datetime64[D]"), np.full(len(open_days), 5.0)))

    daily = [day for day in range(1000) if not 400 <= day < 460]
    assert found(daily) == 1
    august = [day for day in range(1000) if not 400 <= day < 430]
    assert found(august) == 1
    assert found([day for day in august if day < 700]) == 0  # it may come every year: nobody knows yet
    assert found([day for day in range(1000) if not 400 <= day < 412]) == 0  # a fortnight at most
    assert found([day for day in range(1400) if day % 365 not in range(200, 240)]) == 0  # every summer
    assert found(list(range(0, 1000, 30))) == 0  # bills on one day of the month
    assert found(list(range(400))) == 0


def test_an_error_from_when_next_to_nothing_was_known_says_little() -> None:
    sure = 1e-3
    calm = [(0.05, sure, 0.9), (-0.05, sure, 0.8)]
    young = learn_level([*calm, (3.0, sure, 0.02)], calm, a_year_seen=True)
    grown = learn_level([*calm, (3.0, sure, 0.7)], calm, a_year_seen=True)
    assert young.orders_doubt < 0.3 < 0.8 < grown.orders_doubt
    agreed = [(0.4, sure, 0.9), (0.4, sure, 0.8), (-0.1, sure, 0.05)]
    assert learn_level(agreed, agreed, a_year_seen=True).orders > 1.2


def test_a_shop_that_has_just_reopened_is_less_sure() -> None:
    pairs = [(0.0, 0.001)] * 3
    before, after = (learn_level(pairs, pairs, a_year_seen=True, reopened=share) for share in (0.0, 0.9))
    assert after.money_doubt > before.money_doubt + 0.2


def test_with_few_past_days_single_customers_are_corrected_if_held_out_customers_say_so() -> None:
    """A log that begins in the middle: the first order seen is not the first, and who came late comes rarely."""
    rng = np.random.default_rng(9)
    pace = rng.lognormal(np.log(1 / 30), 0.9, 4000)
    seen = [np.cumsum(rng.exponential(1 / rate, 80)).astype(int) for rate in pace]
    customer = np.repeat(np.arange(1, 4001), [len(np.unique(each[each < 130])) for each in seen])
    day = np.concatenate([np.unique(each[each < 130]) for each in seen])
    known = past_of_days(pl.Series(customer), pl.Series(day + 19_000), 30.0)
    at = known.first + timedelta(days=90)
    choice = choose(known, at, 30.0, {"Pareto/NBD": ParetoNBD})
    assert len(choice.trials) == 1
    assert choice.correction is not None
    assert not choice.correction.is_boosted
    assert sum(each.chosen for each in choice.contenders) == 1
    then = known.at(at)
    report = compared(learn(then, choice), then, known.at(at + timedelta(days=30)), choice)
    plain = next(each for each in report.contenders if each.name == "Pareto/NBD + level")
    assert report.contenders[0].deviance < 0.99 * plain.deviance
    assert (report.contenders[0].spearman or 0.0) > (plain.spearman or 0.0) + 0.01
