"""What every room shares: errors, words, money, days, the clock, answers."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.core import (
    Answer,
    Money,
    VolverError,
    Words,
    all_errors,
    clock,
    day_of,
    decimal_text,
    midnight_us,
    read_words,
    zone_named,
)


class TooEarly(VolverError):
    """For the tests."""

    code = "test.too_early"
    says = "It is only {hour} o'clock."
    hint = "Come back at {opens}."
    status = 425


def test_an_error_tells_what_it_is_and_what_to_do() -> None:
    problem = TooEarly(hour=7, opens=9)
    assert problem.envelope() == {
        "ok": False,
        "code": "test.too_early",
        "message": "It is only 7 o'clock.",
        "hint": "Come back at 9.",
    }
    assert TooEarly in all_errors()


def test_every_error_of_ours_has_its_own_code_and_a_sentence() -> None:
    ours = [each for each in all_errors() if each.__module__.startswith("volver.")]
    codes = [each.code for each in ours]
    assert len(codes) == len(set(codes))
    assert all(each.says.endswith(".") and each.code.count(".") == 1 for each in ours)


def test_words_speak_english_and_keep_their_facts() -> None:
    words = Words("{n} days since the last order; usually {usual}", {"n": 104, "usual": 62})
    assert str(words) == "104 days since the last order; usually 62"
    assert read_words(words.to_json()) == words
    assert read_words(None) is None
    assert json.loads(words.to_json())[0] == words.text


@given(st.integers(-(10**17), 10**17))
def test_decimal_text_is_exact(e4: int) -> None:
    text = decimal_text(e4)
    assert Decimal(text) == Decimal(e4) / 10_000
    assert len(text.partition(".")[2]) >= 2


def test_money_adds_nothing_to_the_ledger() -> None:
    assert str(Money(12_345_678, "EUR")) == "1234.5678 EUR"
    assert Money(625, "GBP").amount == Decimal("0.0625")
    assert Money(1, "EUR") < Money(2, "EUR")


ZONES = st.sampled_from(
    ["Europe/Madrid", "America/New_York", "Asia/Kolkata", "UTC", "Pacific/Apia", "America/Santiago"]
)


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), ZONES)
def test_a_day_begins_at_its_midnight(day: date, zone: str) -> None:
    start = midnight_us(day, zone)
    if (day, zone) == (date(2011, 12, 30), "Pacific/Apia"):
        return  # the day that Samoa left out
    assert day_of(start, zone) == day
    assert day_of(start - 1, zone) < day


def test_the_same_instant_is_another_day_elsewhere() -> None:
    instant = round(datetime(2017, 1, 1, 3, tzinfo=UTC).timestamp() * 1_000_000)
    assert day_of(instant, "America/New_York") == date(2016, 12, 31)
    assert day_of(instant, "Europe/Madrid") == date(2017, 1, 1)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc/passwd", "/etc/localtime"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(VolverError) as caught:
        zone_named(name)
    assert caught.value.code == "core.unknown_zone"


def test_the_clock_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLVER_NOW", "2017-11-01T23:30:00")
    assert clock.now_us() == 1_509_579_000_000_000
    assert clock.today("Europe/Madrid") == date(2017, 11, 2)
    assert clock.today("America/New_York") == date(2017, 11, 1)
    monkeypatch.delenv("VOLVER_NOW")
    first = clock.now_us()
    assert clock.now_us() >= first > 1_600_000_000_000_000


def answer() -> Answer:
    import pyarrow as pa

    columns = {"day": [date(2017, 1, 1), None], "net_e4": [10_000, -5], "name": ["<b>Ana</b>", "Öz"], "p": [0.25, None]}
    return Answer(pa.table(columns))


def test_an_answer_reads_in_every_frame_library() -> None:
    import duckdb
    import polars as pl
    import pyarrow as pa

    found = answer()
    assert len(found) == 2
    assert found.rows()[1]["net_e4"] == -5
    assert found.to_pandas()["net_e4"].tolist() == [10_000, -5]
    assert found.to_polars().equals(pl.DataFrame(found))
    with duckdb.connect() as connection:
        connection.register("given", pa.table(found))
        assert connection.sql("select cast(sum(net_e4) as bigint) as s from given").fetchall() == [(9_995,)]


def test_an_answer_is_frozen_and_shows_itself_safely() -> None:
    found = answer()
    with pytest.raises(AttributeError):
        found.table = None  # type: ignore[misc, assignment]
    assert "&lt;b&gt;Ana" in found._repr_html_()
    assert "<b>Ana" not in found._repr_html_()


def test_importing_volver_loads_nothing_heavy() -> None:
    heavy = ["numpy", "pandas", "pyarrow", "duckdb", "scipy", "sqlalchemy", "rich", "click", "starlette", "deltalake"]
    code = f"import sys, volver, volver.core, volver.store; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"
