"""The personal repeat model: what it learns, what it says, and that it cannot look ahead."""

import json
from collections import defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.when.journey import journey, ranked
from tests.predict.when.world import grocer
from volver.predict.numerics.params import NotFitted
from volver.predict.when.pairs import bought_next, bought_within, features, item_facts, pairs_at
from volver.predict.when.purchases import BadInteractions, Leak, purchases
from volver.predict.when.repeat import RepeatModel


def test_it_beats_the_reference_on_the_next_baskets_of_complete_journey() -> None:
    """At least R@20 .203, N@20 .233, four weeks' N@20 .383 (GP-TopFreq .194, .222)."""
    data = journey()
    baskets, weeks = data.next_baskets(), data.next_weeks()
    assert (data.train.num_rows, len(baskets)) == (1_237_749, 1_558)
    model = RepeatModel().fit(data.train)
    found = model.recommend(list(baskets), 20)
    user, item = found["user"].to_numpy(), found["item"].to_numpy()
    recall, gain, _ = ranked(user, item, baskets)
    assert recall >= 0.203
    assert gain >= 0.233
    assert ranked(user, item, {who: weeks[who] for who in baskets})[1] >= 0.383


@pytest.fixture(scope="module")
def world() -> pa.Table:
    return grocer(400, seed=3)


@pytest.fixture(scope="module")
def fitted(world: pa.Table) -> RepeatModel:
    return RepeatModel(fewest=200).fit(world)


def test_any_frame_comes_back_as_it_came(world: pa.Table, fitted: RepeatModel) -> None:
    expected = fitted.recommend(None, 3)
    assert isinstance(expected, pa.Table)
    assert expected.column_names == ["user", "item", "score", "rank"]
    for frame, kind in ((world.to_pandas(), pd.DataFrame), (pl.from_arrow(world), pl.DataFrame)):
        found = RepeatModel(fewest=200).fit(frame).recommend(None, 3)
        assert isinstance(found, kind)
        assert found["item"].to_list() == expected["item"].to_pylist()


def test_the_order_of_the_rows_changes_nothing(world: pa.Table, fitted: RepeatModel) -> None:
    shuffled = world.take(np.random.default_rng(1).permutation(world.num_rows))
    again = RepeatModel(fewest=200).fit(shuffled)
    for one, other in zip(fitted.scores(), again.scores(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_happens_after_the_cut_changes_nothing(world: pa.Table) -> None:
    cut = 300
    early = RepeatModel(fewest=200).fit(world.filter(pa.compute.less(world["time"], cut)), at=cut)
    late = RepeatModel(fewest=200).fit(world, at=cut)
    assert early.weights_ == late.weights_
    for one, other in zip(early.scores(), late.scores(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_target_before_the_cut_is_refused(world: pa.Table) -> None:
    events = purchases(world)
    pairs = pairs_at(events, 300.0, item_facts(events, 300.0))
    for ask in (bought_within, bought_next):
        with pytest.raises(Leak):
            ask(events, pairs, 299.0, 28.0)


def test_below_the_fewest_repeats_decayed_counts_rank() -> None:
    few = {"user": ["a", "a", "a", "a"], "item": ["x", "x", "y", "z"], "time": [1, 40, 41, 90]}
    model = RepeatModel().fit(few)
    assert not model.learned_
    found = model.recommend(["a"], 10)
    assert found["item"].to_pylist() == ["x", "z", "y"]
    wanted = [np.exp(-90 / 150) + np.exp(-51 / 150), np.exp(-1 / 150), np.exp(-50 / 150)]
    np.testing.assert_allclose(found["score"].to_numpy(), wanted)
    assert np.isnan(model.predict_proba()["p"].to_numpy()).all()


def test_a_shop_without_any_second_purchase_still_ranks() -> None:
    model = RepeatModel(fewest=1).fit({"user": [1, 2, 3], "item": [7, 8, 9], "time": [1, 2, 3]})
    assert model.recommend(None, 5)["item"].to_pylist() == [7, 8, 9]


def test_what_was_seen_can_be_left_out_and_strangers_get_nothing(fitted: RepeatModel) -> None:
    assert len(fitted.recommend(None, 5, exclude_seen=True)) == 0
    assert len(fitted.recommend([-5], 5)) == 0


def test_asked_alone_or_among_others_a_customer_gets_the_same(fitted: RepeatModel) -> None:
    whole = fitted.recommend(None, 5).to_pandas()
    for user in (0, 17, 399):
        alone = fitted.recommend([user], 5).to_pandas()
        pd.testing.assert_frame_equal(alone, whole[whole.user == user].reset_index(drop=True))


def test_a_model_survives_json(world: pa.Table, fitted: RepeatModel) -> None:
    told = json.loads(json.dumps(fitted.to_dict()))
    again = RepeatModel.from_dict(told).know(world)
    np.testing.assert_array_equal(again.scores()[2], fitted.scores()[2])


def test_its_reasons_are_facts_of_the_customer(fitted: RepeatModel) -> None:
    top = fitted.recommend(None, 1).to_pandas().head(50)
    told = fitted.reasons(top["user"].to_numpy(), top["item"].to_numpy())
    said = {str(each) for reasons in told for each in reasons}
    assert all(1 <= len(reasons) <= 2 for reasons in told)
    assert any("of your last 10 orders" in each for each in said)
    assert any(each.startswith("you buy it about every") for each in said)
    assert fitted.reasons([0], [10**9]) == [()]


def test_its_chances_are_right_on_average(world: pa.Table) -> None:
    whole = purchases(world)
    model = RepeatModel(fewest=200, horizon_days=28).fit(whole, at=330)
    pairs = pairs_at(model.events_, model.at_, model.facts_)
    hits = bought_within(whole, pairs, 330.0, 28.0)
    p = model.scores()[2]
    assert p.mean() == pytest.approx(hits.mean(), rel=0.1)
    low, high = p < np.median(p), p > np.quantile(p, 0.9)
    assert p[low].mean() == pytest.approx(hits[low].mean(), abs=0.03)
    assert p[high].mean() == pytest.approx(hits[high].mean(), abs=0.05)


def test_questions_before_fit_are_refused() -> None:
    with pytest.raises(NotFitted):
        RepeatModel().recommend([1], 3)


def test_bad_frames_are_refused_in_words() -> None:
    for frame in (
        {"user": [1], "item": [1]},
        {"user": [1, None], "item": [1, 2], "time": [1, 2]},
        {"user": [1], "item": [1], "time": ["soon"]},
        {"user": [1], "item": [1], "time": [float("nan")]},
    ):
        with pytest.raises(BadInteractions):
            purchases(frame)


def test_dates_datetimes_and_numbers_are_the_same_days() -> None:
    days = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-02-01"])
    base = {"user": [1, 1, 1], "item": [1, 1, 2]}
    found = [
        purchases(pd.DataFrame(base | {"time": time})).day.tolist()
        for time in (days, days.tz_localize("UTC").tz_convert("Europe/Madrid"), (days - pd.Timestamp(0)).days)
    ]
    assert found[0] == found[1] == found[2] == [19723.0, 19725.0, 19754.0]


def test_returned_lines_and_second_lines_of_a_basket_do_not_count() -> None:
    frame = {"user": [1] * 4, "item": [1, 1, 1, 1], "time": [1.0, 1.2, 5.0, 9.0], "basket": ["a", "a", "b", "c"]}
    events = purchases(frame | {"weight": [1.0, 2.0, -1.0, 1.0]})
    assert events.day.tolist() == [1.0, 9.0]
    assert events.order_no.tolist() == [0, 1]


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=60)


@settings(max_examples=60)
@given(rows, st.integers(1, 61))
def test_counts_are_those_of_a_slow_reading(lines: list[tuple[int, int, int]], cut: int) -> None:
    frame = {name: [line[place] for line in lines] for place, name in enumerate(("user", "item", "time"))}
    events = purchases(frame)
    facts = item_facts(events, float(cut))
    pairs = pairs_at(events, float(cut), facts)
    bought, orders = defaultdict(set), defaultdict(set)
    for user, item, day in lines:
        if day < cut:
            bought[user, item].add(day)
            orders[user].add(day)
    keys = sorted(bought)
    assert [(events.users[u], events.items[i]) for u, i in zip(pairs.user, pairs.item, strict=True)] == keys
    assert pairs.times.tolist() == [len(bought[key]) for key in keys]
    assert pairs.last.tolist() == [max(bought[key]) for key in keys]
    assert pairs.orders.tolist() == [len(orders[user]) for user, _ in keys]
    assert pairs.lately.tolist() == [len(bought[key] & set(sorted(orders[key[0]])[-10:])) for key in keys]
    found = features(events, pairs, facts)
    assert np.isfinite(found).all()
    since = [len([day for day in orders[user] if day > max(bought[user, item])]) for user, item in keys]
    np.testing.assert_allclose(np.expm1(found[:, 9]), since, atol=1e-4)
    chosen = pairs.times >= 2
    np.testing.assert_array_equal(features(events, pairs, facts, chosen), found[chosen])
    after = {(u, i) for u, i, day in lines if cut <= day < cut + 7}
    assert bought_within(events, pairs, float(cut), 7.0).tolist() == [key in after for key in keys]
    later = defaultdict(list)
    for user, _, day in lines:
        if cut <= day < cut + 7:
            later[user].append(day)
    hits, came = bought_next(events, pairs, float(cut), 7.0)
    assert came.tolist() == [bool(later[user]) for user, _ in keys]
    first = {(u, i) for u, i, day in lines if later[u] and day == min(later[u])}
    assert hits.tolist() == [key in first for key in keys]
