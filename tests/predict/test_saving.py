"""Every model at the door can be saved and opened again without pickle, and answers the same to the last bit."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tests.predict.test_manners import MODELS
from volver import predict
from volver.core import Words
from volver.predict.numerics.saving import BadModelFolder, NotKeepable, open_model, save_model

CHANCE = np.random.default_rng(7)
N = 260
X = np.column_stack([CHANCE.poisson(1.5, N), np.zeros(N), np.full(N, 300.0)]).astype(float)
X[:, 1] = np.where(X[:, 0] > 0, CHANCE.uniform(10, 290, N), 0.0)
COVARIATES = {"country": np.where(CHANCE.random(N) < 0.5, "es", "fr"), "age": CHANCE.normal(40, 10, N)}
SPEND = CHANCE.integers(1, 6, N).astype(float), CHANCE.gamma(6.0, 8.0, N)
FEATURES = pl.DataFrame({"a": CHANCE.normal(size=900), "b": CHANCE.choice(["x", "y", None], 900)})
HAPPENED = (FEATURES["a"].to_numpy() + CHANCE.normal(size=900) > 0.3).astype(float)
TREATED = (CHANCE.random(900) < 0.5).astype(int)
ROWS = 1500
TABLE = pl.DataFrame(
    {
        "user": CHANCE.integers(0, 60, ROWS),
        "item": [f"i{n}" for n in CHANCE.zipf(1.6, ROWS) % 25],
        "time": CHANCE.integers(19_000, 19_200, ROWS).astype(float),
        "category": "c",
    }
).with_columns(category=pl.col("item").str.slice(0, 2))
VISITS = TABLE.select("user", time=pl.lit(datetime(2024, 1, 1)) + pl.duration(hours=pl.col("time").cast(pl.Int64)))
ITEMS = sorted(set(TABLE["item"].to_list()))
PRICES = {"items": ITEMS, "prices": np.linspace(3, 60, len(ITEMS)), "category": [name[:2] for name in ITEMS]}

Fitted = Callable[[Any], Any]
Asked = Callable[[Any], Any]


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, whatever it is."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if sparse.issparse(one):
        return bool((one != other).nnz == 0)
    if isinstance(one, pl.DataFrame):
        return one.equals(other)
    return bool(one == other or (one != one and other != other))


def learned(model: Any) -> dict[str, Any]:
    """What `fit` learned and can be compared."""
    return {
        name: value
        for name, value in vars(model).items()
        if name.endswith("_") and isinstance(value, float | int | str | np.ndarray | tuple | dict)
    }


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_model_before_fit_comes_back_with_its_settings(kind: Any, tmp_path: Path) -> None:
    again = kind.load(kind().save(tmp_path / "model"))
    assert type(again) is kind
    assert same(again.get_params(), kind().get_params())


LAWS = [predict.ParetoNBD, predict.BGNBD, predict.MBGNBD, predict.BGCNBD, predict.MBGCNBD, predict.NBD]
FITTED: dict[str, tuple[Fitted, Asked]] = {
    **{kind.__name__: (lambda m: m.fit(X), lambda m: (m.p_alive(X), m.predict(X, 90))) for kind in LAWS},
    "GammaGamma": (lambda m: m.fit(*SPEND), lambda m: m.predict(*SPEND)),
    "Calibrated": (lambda m: m.fit(X[:, 1] / 300, X[:, 0] > 1), lambda m: m.predict(X[:, 1] / 300)),
    "Propensity": (lambda m: m.fit(FEATURES, HAPPENED), lambda m: (m.predict(FEATURES), m.reliability_)),
    "TwoModel": (lambda m: m.fit(FEATURES, TREATED, HAPPENED), lambda m: m.predict_uplift(FEATURES)),
    "DRLearner": (lambda m: m.fit(FEATURES, TREATED, HAPPENED), lambda m: m.predict_uplift(FEATURES)),
    "TransformedOutcome": (lambda m: m.fit(FEATURES, TREATED, HAPPENED), lambda m: m.predict_uplift(FEATURES)),
    "Popularity": (lambda m: m.fit(TABLE), lambda m: m.top(5)),
    "Neighbours": (lambda m: m.fit(TABLE), lambda m: m.similar(ITEMS)),
    "SessionNeighbours": (lambda m: m.fit(TABLE.rename({"user": "session"})), lambda m: m.next_items(ITEMS[:2])),
    "TextSimilarity": (lambda m: m.fit(ITEMS, ITEMS), lambda m: (m.similar(ITEMS), m.neighbours_of_new(["i3"]).score)),
    "CartCompletion": (lambda m: m.fit(TABLE), lambda m: m.recommend([1, 2], [ITEMS[:2], ITEMS[:1]])),
    "NextBasket": (lambda m: m.fit(TABLE), lambda m: m.recommend([1, 2, 3])),
    "RepeatModel": (lambda m: m.fit(TABLE), lambda m: m.recommend([1, 2], 2)),
    "Recommender": (lambda m: m.fit(TABLE), lambda m: (m.recommend([1, 2], k=4), m.next_items(ITEMS[:2]))),
    "Moments": (lambda m: m.fit(VISITS), lambda m: m.moment(1)),
}


@pytest.mark.parametrize("name", FITTED)
def test_an_opened_model_answers_to_the_last_bit_as_the_saved_one(name: str, tmp_path: Path) -> None:
    fit, ask = FITTED[name]
    model = fit(getattr(predict, name)())
    folder = model.save(tmp_path / "model")
    assert {path.suffix for path in folder.iterdir()} <= {".npy", ".json"}
    again = type(model).load(folder)
    assert same(ask(again), ask(model))
    assert same(learned(again), learned(model))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.sampled_from(
        [np.float32(0.1), np.int16(3), Words("no name"), pa.timestamp("us", "UTC"), pa.array(["a", None])]
    ),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(plain)
def test_whatever_is_plain_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.mktemp("saved") / "model"
    again = open_model(save_model(value, folder))
    assert type(again) is type(value)
    assert same(again, value)


def test_arrays_of_every_kind_come_back_and_are_shared_as_they_were(tmp_path: Path) -> None:
    one = np.arange(6.0).reshape(2, 3).T
    days = np.array([date(2024, 1, 1)], "datetime64[D]")
    mixed = np.array(["a", 1, None, datetime(2024, 1, 1)], dtype=object)
    again = open_model(save_model({"a": one, "b": [one, days, mixed]}, tmp_path / "model"))
    assert again["a"] is again["b"][0]
    assert isinstance(again["a"], np.memmap)
    assert same(again, {"a": one, "b": [one, days, mixed]})


def test_a_file_cannot_name_what_is_not_ours(tmp_path: Path) -> None:
    folder = save_model({"a": 1}, tmp_path / "model")
    for named in (
        "os:system",
        "builtins:eval",
        "volver.predict.numerics.saving:os.system",
        "volver.core.clock:nothing",
    ):
        for told in ({"@": "name", "#": 0, "is": named}, {"@": "object", "#": 0, "class": named, "of": {}}):
            (folder / "model.json").write_text(json.dumps({"form": 1, "model": told}), encoding="utf-8")
            with pytest.raises(BadModelFolder):
                open_model(folder)


def test_what_cannot_be_kept_is_said_and_other_files_are_never_removed(tmp_path: Path) -> None:
    with pytest.raises(NotKeepable):
        save_model({"a": lambda: 1}, tmp_path / "model")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BadModelFolder, match="other files"):
        save_model({"a": 1}, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    with pytest.raises(BadModelFolder, match="holds a"):
        predict.NBD.load(predict.BGNBD().save(tmp_path / "law"))
