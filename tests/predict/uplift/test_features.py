"""Any frame becomes numbers, and tomorrow's frame fits too."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.core import VolverError
from volver.predict.uplift.features import Features

COLUMNS = {
    "channel": ["search", "mail", None, "mail"] * 100 + ["rare"],
    "spent": [1.0, 5.0, None, 3.0] * 100 + [2.0],
    "code": [1, 2, 3, 1] * 100 + [2],
    "member": [True, False, True, True] * 100 + [False],
}


def test_every_kind_of_frame_gives_the_same_numbers() -> None:
    ways = [pl.DataFrame(COLUMNS), pd.DataFrame(COLUMNS), pa.table(COLUMNS), pl.LazyFrame(COLUMNS)]
    first, *others = [Features().fit_transform(each) for each in ways]
    for other in others:
        np.testing.assert_allclose(other.linear, first.linear)
        np.testing.assert_allclose(other.trees, first.trees)


def test_levels_are_columns_and_rare_ones_share_one() -> None:
    found = Features().fit(pl.DataFrame(COLUMNS))
    assert found.names_ == (
        *("channel=mail", "channel=search", "channel=other", "channel=missing"),
        *("spent", "spent=missing", "code", "member"),
    )


def test_a_missing_number_is_told_and_filled_with_the_median() -> None:
    found = Features().fit(pl.DataFrame({"spent": COLUMNS["spent"]}))
    np.testing.assert_array_equal(found.transform(pl.DataFrame({"spent": [None, 5.0]})).trees, [[3.0, 1.0], [5.0, 0.0]])


def test_an_unknown_level_goes_with_the_rare_ones() -> None:
    found = Features().fit(pl.DataFrame({"channel": COLUMNS["channel"]}))
    new = found.transform(pl.DataFrame({"channel": ["never seen", "rare", "mail"]})).trees
    np.testing.assert_array_equal(new, [[0, 0, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0]])


def test_a_frame_without_a_known_column_is_refused_by_name() -> None:
    found = Features().fit(pl.DataFrame(COLUMNS))
    with pytest.raises(VolverError, match=r"lacks spent, member") as told:
        found.transform(pl.DataFrame({"code": [1], "channel": ["mail"]}))
    assert told.value.code == "predict.missing_feature"


def test_columns_are_found_by_name_and_further_ones_ignored() -> None:
    frame = pl.DataFrame(COLUMNS)
    found = Features().fit(frame)
    turned = frame.select(pl.lit(7).alias("new"), *reversed(frame.columns))
    np.testing.assert_array_equal(found.transform(turned).trees, found.transform(frame).trees)


def test_days_and_objects_are_understood() -> None:
    found = Features().fit(pd.DataFrame({"day": pd.to_datetime([date(2024, 1, 1), date(2024, 1, 3)] * 20)}))
    assert np.ptp(found.transform(pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-03"])})).trees[:, 0]) == 2
    mixed = np.array([["a", 1], ["b", 2]] * 30, dtype=object)
    assert Features().fit(mixed).names_ == ("x0=a", "x0=b", "x1")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(VolverError, match="cannot be read"):
        Features().fit(np.zeros((2, 2, 2)))
    with pytest.raises(VolverError, match="cannot be read"):
        Features().fit(3)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=30))
def test_no_number_becomes_nan(values: list[float]) -> None:
    design = Features().fit_transform(np.array(values)[:, None])
    assert np.isfinite(design.linear).all()
    assert np.isfinite(design.trees).all()


def test_a_stand_in_beyond_all_measure_is_a_missing_value() -> None:
    values = np.arange(100.0)[:, None]
    gap, stand_in = values.copy(), values.copy()
    gap[3], stand_in[3] = np.nan, np.finfo(float).max
    for one, other in zip(*(vars(Features().fit_transform(each)).values() for each in (gap, stand_in)), strict=True):
        np.testing.assert_array_equal(one, other)
