"""Tables as they come: without a clock, with columns that cannot be read, identifiers of every sort."""

import io
import pickle
import zipfile
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.predict.recommend.test_recommender import habits, walkers
from tests.predict.world import shared
from volver.core import VolverError
from volver.predict.numerics.frames import NoSuchColumn, TwiceTheColumn, UnevenColumns
from volver.predict.recommend.blend import NotACount
from volver.predict.recommend.holdout import held_back
from volver.predict.recommend.interactions import BadNumbers, BlankIds, Interactions, NothingToLearn, instants
from volver.predict.recommend.recommender import Recommender
from volver.predict.recommend.sources import CandidateSources, NoSuchSource

FEW = {"user": ["u1", "u1", "u2", "u2", "u3"], "item": ["tea", "cup", "tea", "cup", "tea"]}


def without_time() -> dict[str, Any]:
    table = habits()
    return {"user": table["user"], "item": table["item"]}


@pytest.mark.parametrize("basket", [False, True])
def test_without_a_clock_repeats_are_still_seen_and_habits_offered_again(basket: bool) -> None:
    table = without_time()
    if basket:
        table["order_id"] = table["user"] * 100 + np.tile(np.repeat(np.arange(10), 3), 300)
    model = Recommender().fit(table)
    assert model.choice_.repeats is not None
    assert model.choice_.repeats > 0.9
    assert not model.choice_.exclude_seen
    assert any(part.name == "again" for part in model.choice_.parts)
    own = {int(item) for item in table["item"][table["user"] == 5]}
    assert set(model.recommend(5, k=len(own))["item"].tolist()) == own


def test_without_a_clock_a_whole_basket_is_held_back_and_only_its_rows() -> None:
    table = without_time()
    table["order_id"] = table["user"] * 100 + np.tile(np.arange(10), 900)  # the baskets of a user are interleaved
    rows = Interactions.of(table)
    trial = held_back(rows)
    assert trial is not None
    assert len(rows) - len(trial.train) == 300 * 3
    assert trial.train.basket is not None
    left = np.unique(trial.train.basket)
    assert len(left) == 300 * 9


def test_one_basket_a_user_is_tried_by_rows() -> None:
    table = walkers()
    model = Recommender().fit({"user": table["user"], "item": table["item"], "order_id": table["user"]})
    assert any("drawn at random" in str(each) for each in model.choice_.how)


def test_distinct_pairs_without_a_clock_have_no_repeats() -> None:
    pairs = np.unique(np.stack([walkers()["user"], walkers()["item"]]), axis=1)
    choice = Recommender().fit({"user": pairs[0], "item": pairs[1]}).choice_
    assert choice.repeats == 0
    assert choice.exclude_seen


def test_groceries_without_a_clock_are_as_good_as_the_own_past() -> None:
    """Last order of each user held out: what a user bought most often reaches HR@10 .89."""
    table = pq.read_table(shared("instacart_sample/order_items.parquet")).to_pydict()
    user, item, number = (np.array(table[name]) for name in ("user_id", "product_id", "order_number"))
    last = np.zeros(user.max() + 1, dtype=int)
    np.maximum.at(last, user, number)
    late = number == last[user]
    model = Recommender().fit({"user_id": user[~late], "product_id": item[~late]})
    asked = np.intersect1d(user[late], user[~late])
    found = model.recommend(asked, k=10)
    held = set(zip(user[late].tolist(), item[late].tolist(), strict=True))
    hit = [
        any((one, each) in held for each in found["product_id"][found["user_id"] == one].tolist())
        for one in asked.tolist()
    ]
    assert np.mean(hit) > 0.87


def test_the_item_just_viewed_is_offered_only_where_that_helps() -> None:
    rows = Interactions.of(
        {"session": np.repeat(np.arange(60), 3), "item": np.tile([1, 2, 3], 60), "time": np.arange(180.0)}
    )
    trial = held_back(rows)
    assert trial is not None
    sources = CandidateSources(trial.train, trial.past)
    last = trial.past.item[trial.past.start[1:] - 1]
    shown = {name: sources.source(name).rows(trial.past) for name in ("sessions", "sessions:again")}
    own = np.arange(len(last))
    assert not np.asarray(shown["sessions"][own, last]).any()
    assert np.asarray(shown["sessions:again"][own, last]).all()
    assert "sessions:again" not in sources.names(repeats=False)


@pytest.mark.slow
def test_sessions_are_continued_as_well_as_by_session_neighbours_alone() -> None:
    """Serenade's own test sessions; its reference reports MRR@20 .3277."""
    files = zipfile.ZipFile(shared("serenade_sessions/sessions.zip"))
    train, test = (np.loadtxt(io.BytesIO(files.read(f"{name}.txt")), skiprows=1) for name in ("train", "test"))
    model = Recommender().fit(
        {"session": train[:, 0].astype(int), "item": train[:, 1].astype(int), "time": train[:, 2]}
    )
    test = test[np.lexsort((test[:, 2], test[:, 0]))]
    ends = [0, *(np.flatnonzero(np.diff(test[:, 0])) + 1).tolist(), len(test)]
    value = []
    for a, b in pairwise(ends):
        own = test[a:b, 1].astype(int).tolist()
        for place in range(1, len(own)):
            told = model.next_items(own[:place], 20)
            value.append(1 / (1 + told.index(own[place])) if own[place] in told else 0.0)
    assert np.mean(value) > 0.325


@pytest.mark.parametrize(
    ("column", "values", "role"),
    [
        ("rating", [1.0, None, 2.0, 3.0, 4.0], "weight"),
        ("quantity", ["one", "two", "3", "4", "5"], "weight"),
        ("count", [1.0, float("nan"), 1.0, 1.0, 1.0], "weight"),
        ("order_id", ["a", None, "b", "b", "c"], "basket"),
        ("session", [1, None, 2, 2, 3], "basket"),
        ("day", ["monday", "friday", "monday", "x", "y"], "time"),
        ("order", ["#1", "#2", "#3", "#4", "#5"], "time"),
    ],
)
def test_a_guessed_column_that_cannot_be_read_is_left_out_with_a_note(
    column: str, values: list[Any], role: str
) -> None:
    model = Recommender().fit({**FEW, column: values})
    assert any(f"`{column}` is not used as {role}" in str(note) for note in model.choice_.notes)
    assert any(role in str(each) for each in model.choice_.why if each.text.startswith("Not found"))
    with pytest.raises((BadNumbers, BlankIds)):
        Recommender().fit({**FEW, column: values}, **{role: column})


def test_the_next_guess_is_taken_where_the_first_cannot_be_read() -> None:
    rows = Interactions.of({**FEW, "order_date": ["?"] * 5, "position": [1, 2, 1, 2, 1]})
    assert rows.names["time"] == "position"
    [note] = map(str, rows.notes)
    assert note.startswith("Column `order_date` is not used as time: some of 5 values for the time (column")


def test_returns_are_not_liking() -> None:
    rows = Interactions.of({**FEW, "quantity": [1, -2, 1, 1, 1]})
    assert len(rows) == 4
    assert "Rows with `quantity` below 0 (returns) are left out: 1." in map(str, rows.notes)
    assert len(Interactions.of({**FEW, "rating": [1, -2, 1, 1, 1]})) == 5
    with pytest.raises(NothingToLearn):
        Interactions.of({**FEW, "quantity": [-1] * 5})


def test_a_lone_identifier_is_one_and_not_its_letters() -> None:
    model = Recommender().fit(FEW)
    assert set(model.recommend("u1", exclude_seen=False)["user"].tolist()) == {"u1"}
    assert model.next_items("tea", 1) == model.next_items(["tea"], 1)
    assert model.recommend(["u1"], candidates="cup", exclude_seen=False)["item"].tolist() == ["cup"]
    assert model.recommend(["u1"], exclude_items="cup", exclude_seen=False)["item"].tolist() == ["tea"]
    assert model.similar("tea")["similar"].tolist() == ["cup"]
    assert set(model.recommend(1)["user"].tolist()) == {1}
    assert set(model.recommend(np.int64(7))["user"].tolist()) == {7}


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "generator", "set", "series"])
def test_users_may_be_a_frame_or_anything_that_can_be_listed(kind: str) -> None:
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    two = {"user": ["u1", "u3"], "more": [1, 2]}
    asked: dict[str, Any] = {
        "pandas": pd.DataFrame(two),
        "polars": pl.DataFrame({"only": two["user"]}).lazy(),
        "pyarrow": pa.table(two),
        "generator": (user for user in two["user"]),
        "set": set(two["user"]),
        "series": pd.Series(two["user"], index=[5, 9]),
    }
    found = Recommender().fit(FEW).recommend(asked[kind], exclude_seen=False)
    assert set(found["user"].tolist()) == {"u1", "u3"}
    with pytest.raises(NoSuchColumn):
        Recommender().fit(FEW).recommend(pd.DataFrame({"a": [1], "b": [2]}))


@pytest.mark.parametrize(
    ("user", "item", "time"),
    [
        ("reviewerID", "asin", "unixReviewTime"),
        ("user_id", "parent_asin", "timestamp"),
        ("customer_unique_id", "product_id", "order_purchase_timestamp"),
        ("buyer", "article", "purchase_date"),
        ("email", "book_id", "event_timestamp"),
        ("customer_id", "article_id", "t_dat"),
        ("user", "track_id", "when_it_was"),
        ("user_id", "business_id", "date"),
    ],
)
def test_the_columns_of_known_exports_are_found_and_told(user: str, item: str, time: str) -> None:
    when = np.array(["2024-01-01", "2024-02-01"], dtype="datetime64[us]")
    rows = Interactions.of({user: ["a", "b"], item: [1, 2], time: when})
    assert rows.names == {"user": user, "item": item, "time": time}
    said = [str(each) for each in rows.reading]
    assert said == [f"Columns: user `{user}`, item `{item}`, time `{time}`.", "Not found: weight, basket."]


def test_a_person_comes_before_an_order_and_an_instant_before_a_place() -> None:
    when = np.array(["2024-01-01", "2024-02-01"], dtype="datetime64[us]")
    table = {
        "customer_id": ["x", "y"],
        "customer_unique_id": ["a", "a"],
        "product_id": [1, 2],
        "order": [7, 8],
        "when": when,
    }
    assert Interactions.of(table).names == {"user": "customer_unique_id", "item": "product_id", "time": "when"}


def test_why_tells_the_columns_that_were_read() -> None:
    said = [str(each) for each in Recommender().fit(FEW).choice_.why[-2:]]
    assert said == ["Columns: user `user`, item `item`.", "Not found: time, weight, basket."]


def test_written_days_are_days_and_positions_are_not() -> None:
    days, clock = instants([20250101, 20241231, 20240229])
    assert clock == "days"
    assert days.tolist() == [20089.0, 20088.0, 19782.0]
    assert instants(["20250101", "20250102"])[1] == "days"
    assert instants([20259901, 20250101])[1] == "order"


def test_what_was_learned_can_be_pickled() -> None:
    frames = [FEW, pytest.importorskip("pandas").DataFrame(FEW), pytest.importorskip("polars").DataFrame(FEW).lazy()]
    for frame in frames:
        model = Recommender().fit(frame)
        model.similar(["tea"])
        again = pickle.loads(pickle.dumps(model))
        assert type(again.recommend(["u3"], k=1)) is type(model.recommend(["u3"], k=1))
        assert again.next_items(["tea"]) == model.next_items(["tea"])


def test_settings_can_be_read_changed_and_copied() -> None:
    base = pytest.importorskip("sklearn.base")
    model = Recommender(objective="mrr", k=5, sources=("popular", "together")).fit(FEW)
    copy = base.clone(model)
    assert copy.get_params() == {
        "objective": "mrr",
        "k": 5,
        "ahead": "auto",
        "sources": ("popular", "together"),
        "seed": 0,
    }
    assert not hasattr(copy, "choice_")
    assert copy.set_params(k=7).k == 7
    with pytest.raises(VolverError):
        copy.set_params(depth=3)
    with pytest.raises(VolverError, match="no objective called clicks"):
        copy.set_params(objective="clicks").fit(FEW)


def test_settings_that_cannot_be_are_said() -> None:
    model = Recommender().fit(FEW)
    for k in (-1, 2.5, "ten", True, None):
        with pytest.raises(NotACount):
            model.recommend(["u1"], k=k)  # type: ignore[arg-type]
        with pytest.raises(NotACount):
            Recommender(k=k)  # type: ignore[arg-type]
    assert len(model.recommend(["u1"], k=np.int64(0))["item"]) == 0
    assert model.next_items(["tea"], 0) == []
    with pytest.raises(NoSuchSource, match="no source called populer"):
        Recommender(sources=("populer",))
    assert Recommender(sources="popular").fit(walkers()).choice_.parts[0].name == "popular"  # type: ignore[arg-type]


def test_identifiers_of_every_size_and_mixture_work() -> None:
    big = np.array([2**63 + 5, 2**63 + 9, 2**63 + 5, 1, 1], dtype=np.uint64)
    model = Recommender().fit({"user": big, "item": FEW["item"]})
    assert len(model.recommend(big[:1], k=1, exclude_seen=False)["item"]) == 1
    assert Recommender().fit({"user": [1, 1, 2, 2, 3], "item": FEW["item"]}).recommend(big[:1], k=1)[
        "rank"
    ].tolist() == [1]
    with pytest.raises(BlankIds):
        Interactions.of({"user": [1.0, float("inf")], "item": [1, 2]})
    pd = pytest.importorskip("pandas")
    mixed = Recommender().fit(
        pd.DataFrame({"user": [1, "a", 1, "a", 2], "item": FEW["item"], "count": [1, "x", 2, 3, 4]})
    )
    assert mixed.recommend([1, "a"], k=1, exclude_seen=False)["user"].tolist() == ["1", "a"]


def test_tables_that_are_none_are_said() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(UnevenColumns, match="user 2, item 1"):
        Interactions.of({"user": [1, 2], "item": [1]})
    for frame in (
        pd.DataFrame([[1, 2, 3]], columns=["user", "item", "item"]),
        pa.table([[1], [2], [3]], names=["user", "item", "item"]),
    ):
        with pytest.raises(TwiceTheColumn, match="called: item"):
            Interactions.of(frame)


@pytest.mark.parametrize(
    ("user", "item", "time"),
    [("household_key", "PRODUCT_ID", "DAY"), ("CUST_ID", "app_id", "TRANSACTION_DT"), ("userID", "artistID", "ts")],
)
def test_the_names_of_well_known_tables_are_guessed(user: str, item: str, time: str) -> None:
    found = Interactions.of({user: [1, 1, 2], item: [3, 4, 3], time: [20_200_101, 20_200_102, 20_200_103]})
    assert (found.names["user"], found.names["item"], found.names["time"]) == (user, item, time)
