"""Any frame in, codes out, and the same kind of frame back."""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from volver.predict.numerics.frames import NoSuchColumn, NotATable
from volver.predict.recommend.interactions import BadNumbers, BlankIds, Interactions, NothingToLearn, encode, instants

TABLE = {"customer_id": ["b", "a", "b"], "sku": [7, 7, 9], "ts": [1, 2, 3]}


def frames() -> list[object]:
    duckdb, pd, pl = (pytest.importorskip(name) for name in ("duckdb", "pandas", "polars"))
    arrow = pa.table(TABLE)
    return [
        TABLE,
        pd.DataFrame(TABLE),
        pl.DataFrame(TABLE),
        pl.DataFrame(TABLE).lazy(),
        arrow,
        duckdb.from_arrow(arrow),
    ]


@pytest.mark.parametrize("number", range(6))
def test_every_kind_of_frame_is_read_and_made_again(number: int) -> None:
    frame = frames()[number]
    rows = Interactions.of(frame)
    assert (rows.user.tolist(), rows.item.tolist(), rows.clock) == ([1, 0, 1], [0, 0, 1], "order")
    assert type(rows.frame({"n": np.arange(2)})) is type(frame)


@pytest.mark.parametrize(
    "ids",
    [
        [3, 1, 2**40, -5],
        ["té", "a", "日本", ""],
        np.array([2.0, 4.0]),
        pa.array(["x", "y", "x"]).dictionary_encode(),
        [b"x", b"y"],
        [date(2024, 1, 1), date(2023, 1, 1)],
        np.array([7, 8], dtype=np.int32),
    ],
)
def test_identifiers_of_any_type_go_back_as_they_came(ids: object) -> None:
    known, codes = encode(ids)
    back = known.originals(codes)
    assert [str(value) for value in back.to_pylist()] == [
        str(value.decode() if isinstance(value, bytes) else int(value) if isinstance(value, float) else value)
        for value in (ids.to_pylist() if isinstance(ids, pa.Array) else list(ids))  # type: ignore[call-overload]
    ]
    assert known.codes(back).tolist() == codes.tolist()


def test_unknown_identifiers_have_no_code() -> None:
    known, _ = encode([5, 6])
    assert known.codes([6, 7, None]).tolist() == [1, -1, -1]
    assert known.codes(["6", "x"]).tolist() == [1, -1]
    assert encode(["a"])[0].codes([1, "a"]).tolist() == [-1, 0]


def test_times_of_every_kind_become_days() -> None:
    noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    seconds = noon.timestamp()
    for column in ([noon], [seconds], [seconds * 1e3], [seconds * 1e6], ["2024-03-01 12:00:00"], ["2024-03-01T12:00Z"]):
        assert instants(column)[1] == "days"
        assert instants(column)[0][0] == pytest.approx(seconds / 86_400)
    assert instants([date(2024, 3, 1)])[0].tolist() == [19783.0]
    assert instants([3, 1, 2])[1] == "order"


def test_columns_are_guessed_by_their_usual_names_or_named() -> None:
    rows = Interactions.of({"SessionId": [1, 1], "ItemId": [2, 3], "Time": [1.0, 2.0]})
    assert rows.names == {"user": "SessionId", "item": "ItemId", "time": "Time"}
    rows = Interactions.of({"user_id": [1], "product_id": [1], "order_number": [1], "order_id": [1], "rating": [5]})
    assert rows.names["basket"] == "order_id"
    assert rows.has_ratings
    assert Interactions.of({"x": [1], "y": [2]}, user="x", item="y").names == {"user": "x", "item": "y"}


@pytest.mark.parametrize(
    ("frame", "wrong", "says"),
    [
        ({"user": [1]}, NoSuchColumn, "no column for the item among: user"),
        ({"user": [], "item": []}, NothingToLearn, "no rows"),
        ({"user": [1.0, float("nan")], "item": [1, 2]}, BlankIds, "1 of 2 rows have no user"),
        ({"user": [1, 2], "item": ["a", None]}, BlankIds, "1 of 2 rows have no item"),
        ({"user": [1], "item": [1], "weight": [float("inf")]}, BadNumbers, "for the weight"),
        ({"user": [1], "item": [1], "time": ["yesterday"]}, BadNumbers, "for the time"),
        (42, NotATable, "A int has no columns"),
    ],
)
def test_what_is_wrong_is_said(frame: object, wrong: type[Exception], says: str) -> None:
    with pytest.raises(wrong, match=says) as raised:
        Interactions.of(frame)
    assert raised.value.advice  # type: ignore[attr-defined]
