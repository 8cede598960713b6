"""One reader of frames under every model: any library's frame is the same columns, and what is none is told as such."""

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from volver.core import VolverError
from volver.predict import Interactions, from_orders, histories, index_of
from volver.predict.laws.encoding import BadCovariates, encoding
from volver.predict.laws.history import UnclearHistories
from volver.predict.laws.order_columns import BadOrders
from volver.predict.numerics.frames import NotATable, arrays, eager
from volver.predict.uplift.features import BadFeatures, Features
from volver.predict.when.moments import events_by_slot
from volver.predict.when.purchases import BadInteractions, purchases

COLUMNS = {"x": [0, 2, 1], "t_x": [0.0, 20.0, 7.0], "T": [30.0, 31.0, 40.0], "name": ["a", "b", "c"]}
KINDS: dict[str, Callable[[], Any]] = {
    "mapping": lambda: COLUMNS,
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars, lazy": lambda: pl.LazyFrame(COLUMNS),
    "Arrow": lambda: pa.table(COLUMNS),
    "DuckDB": lambda: duckdb.from_arrow(pa.table(COLUMNS)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame_is_the_same_columns(kind: str) -> None:
    found = arrays(KINDS[kind](), BadOrders)
    assert {name: np.asarray(values).tolist() for name, values in found.items()} == COLUMNS
    assert eager(KINDS[kind](), BadOrders)["t_x"].to_list() == COLUMNS["t_x"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mapping"])
def test_only_the_columns_asked_for_are_read(kind: str) -> None:
    assert list(arrays(KINDS[kind](), BadOrders, among={"T", "x"})) == ["x", "T"]


def test_columns_of_an_array_are_numbered_where_names_are_given() -> None:
    table = np.arange(6.0).reshape(3, 2)
    assert {name: each.tolist() for name, each in arrays(table, BadCovariates, array_names="z").items()} == {
        "z1": [0.0, 2.0, 4.0],
        "z2": [1.0, 3.0, 5.0],
    }
    assert list(arrays([1.0, 2.0], BadCovariates, array_names="z")) == ["z1"]
    with pytest.raises(BadCovariates):
        arrays(table, BadCovariates)


REFUSALS: dict[str, tuple[Callable[[Any], Any], type[VolverError]]] = {
    "histories": (histories, UnclearHistories),
    "orders": (from_orders, BadOrders),
    "covariates": (lambda given: encoding(given, 3), BadCovariates),
    "features": (lambda given: Features().fit(given), BadFeatures),
    "purchases": (purchases, BadInteractions),
    "moments": (events_by_slot, BadInteractions),
    "interactions": (Interactions.of, NotATable),
}


@pytest.mark.parametrize("reader", REFUSALS)
def test_what_is_no_frame_is_refused_by_the_error_of_who_asked(reader: str) -> None:
    read, error = REFUSALS[reader]
    with pytest.raises(error, match="object"):
        read(object())


def test_an_index_that_is_no_frame_is_refused() -> None:
    with pytest.raises(VolverError, match="object"):
        index_of(object())
