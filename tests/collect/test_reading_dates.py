# ruff: noqa: E501 - files are shown line by line as they come
"""Dates in the notations of shops, against Python's own datetimes and zones."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.reading_world import NOW_US, opened, pick, read, rows_of, us
from volver.collect.reading import dates
from volver.core import VolverError

HEAD = "order_id;date;customer_id;total\n"
MONTHS_ES = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")  # fmt: skip


def body(cells: list[str]) -> str:
    return HEAD + "".join(f"{n};{cell};7;5,00\n" for n, cell in enumerate(cells))


moments = st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2026, 5, 31)).map(
    lambda m: m.replace(microsecond=0)
)
STYLES = {
    "iso": lambda m: m.strftime("%Y-%m-%d %H:%M:%S"),
    "iso t": lambda m: m.strftime("%Y-%m-%dT%H:%M:%S.123"),
    "slashes": lambda m: f"{m.day}/{m.month}/{m.year} {m.hour}:{m.minute:02}:{m.second:02}",
    "dots": lambda m: f"{m.day:02}.{m.month:02}.{m.year} {m.hour:02}:{m.minute:02}:{m.second:02}",
    "american": lambda m: f"{m.month}/{m.day}/{m.year} {m.strftime('%I:%M:%S %p')}",
    "short year": lambda m: f"{m.month:02}/{m.day:02}/{m:%y} {m:%H:%M:%S}",
    "compact": lambda m: m.strftime("%Y%m%d%H%M%S"),
    "month name": lambda m: f"{m.day}-{m:%b}-{m.year} {m:%H:%M:%S}",
    "english": lambda m: f"{m:%B} {m.day}, {m.year} {m:%H:%M:%S}",
    "spanish": lambda m: f"{m.day} de {MONTHS_ES[m.month - 1]} de {m.year} {m:%H:%M:%S}",
    "year first slashes": lambda m: f"{m.year}/{m.month:02}/{m.day:02} {m:%H:%M:%S}",
}


@cache
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def as_read(cells: list[str], day_first: bool | None) -> list[datetime | None]:
    """What the plan for a column makes of it, in SQL, with the naive times given back."""
    with engine().cursor() as connection:
        connection.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT unnest(?::VARCHAR[]) AS c", [cells])
        words = any(dates.has_words(cell) for cell in cells)
        row = connection.execute(f"SELECT {', '.join(dates.evidence('c', words=words))} FROM t").fetchall()[0]
        seen = dates.Evidence(
            shapes=row[0] or {}, first_no_month=int(row[1]), first_no_day=int(row[2]), second_no_month=int(row[3])
        )
        known = seen.day_first if day_first is None else day_first
        plan = dates.plan(seen, day_first=known, words=words)
        if plan is None:
            return [None] * len(cells)
        local, instant = dates.local_sql(plan, "c"), dates.instant_sql(plan, "c")
        found = connection.execute(f"SELECT coalesce({local}, make_timestamp({instant})) FROM t").fetchall()
        return [each for (each,) in found]


@given(st.sampled_from(sorted(STYLES)), st.lists(moments, min_size=1, max_size=8))
@settings(max_examples=60)
def test_every_notation_gives_the_moment(style: str, given_moments: list[datetime]) -> None:
    cells = [STYLES[style](moment) for moment in given_moments]
    day_first = style not in {"american", "short year"}
    expected = [m.replace(microsecond=123000) if style == "iso t" else m for m in given_moments]
    assert as_read(cells, day_first) == expected


@given(
    st.lists(moments, min_size=1, max_size=8),
    st.integers(-12, 14),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S{}", "%Y-%m-%d %H:%M:%S {}"]),
)
@settings(max_examples=25)
def test_offsets_give_the_instant(given_moments: list[datetime], hours: int, style: str) -> None:
    zone = timezone(timedelta(hours=hours))
    cells = [m.strftime(style.format(f"{'+' if hours >= 0 else '-'}{abs(hours):02}:00")) for m in given_moments]
    assert as_read(cells, None) == [m.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for m in given_moments]


@given(
    st.lists(st.datetimes(min_value=datetime(2001, 9, 10), max_value=datetime(2030, 1, 1)), min_size=1, max_size=5),
    st.sampled_from([0, 3, 6]),
)
@settings(max_examples=15)
def test_seconds_since_1970_are_instants(given_moments: list[datetime], digits: int) -> None:
    whole = [m.replace(microsecond=0) for m in given_moments]
    cells = [str(int(m.replace(tzinfo=UTC).timestamp()) * 10**digits) for m in whole]
    assert as_read(cells, None) == whole


@given(st.lists(moments, min_size=1, max_size=5))
@settings(max_examples=15)
def test_excel_days_are_local_times(given_moments: list[datetime]) -> None:
    cells = [f"{(m - datetime(1899, 12, 30)) / timedelta(days=1):.8f}" for m in given_moments]
    assert as_read(cells, None) == given_moments


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["03/04/2024", "25/04/2024"], [date(2024, 4, 3), date(2024, 4, 25)]),
        (["03/04/2024", "04/25/2024"], [date(2024, 3, 4), date(2024, 4, 25)]),
        (["3-4-24", "25-4-24"], [date(2024, 4, 3), date(2024, 4, 25)]),
        (["2024-03-04", "20240405"], [date(2024, 3, 4), date(2024, 4, 5)]),
        (["24/03/31", "24/04/02"], [date(2031, 3, 24), date(2002, 4, 24)]),
        (["45000", "45001"], [date(2023, 3, 15), date(2023, 3, 16)]),
        (["lunes, 5 de febrero de 2024", "mar 6 feb 2024"], [date(2024, 2, 5), date(2024, 2, 6)]),
        (["Dec 1, 2023", "1st January 2024"], [date(2023, 12, 1), date(2024, 1, 1)]),
    ],
)
def test_days_are_read(cells: list[str], days: list[date], tmp_path: Path) -> None:
    rows = read(tmp_path, body(cells))
    assert [(row["day"], row["has_time"]) for row in rows] == [(day, 0) for day in days]
    assert [row["ts_us"] for row in rows] == [
        int(datetime(d.year, d.month, d.day, tzinfo=ZoneInfo("Europe/Madrid")).timestamp()) * 10**6 for d in days
    ]


def test_day_or_month_is_asked_when_nothing_decides(tmp_path: Path) -> None:
    content = body(["07/07/2024", "03/04/2024", "05/06/2024"]).replace(";", ",")
    with pytest.raises(VolverError) as caught:
        read(tmp_path, content)
    assert caught.value.code == "collect.ambiguous_dates"
    assert "03/04/2024 starts with the day or the month" in str(caught.value)
    told = [(str(each.label), dict(each.sets)) for each in caught.value.choices]
    assert told == [
        ("The day comes first: 03/04/2024 is 2024-04-03", {"day_first": True}),
        ("The month comes first: 03/04/2024 is 2024-03-04", {"day_first": False}),
    ]
    content = body(["03/04/2024", "05/06/2024"])
    assert "--day-first" in caught.value.advice
    assert pick(read(tmp_path, content, day_first=True), "day") == [(date(2024, 4, 3),), (date(2024, 6, 5),)]
    assert pick(read(tmp_path, content, day_first=False), "day") == [(date(2024, 3, 4),), (date(2024, 5, 6),)]


ENGLISH = "order_id,date,customer_id,sku,quantity,price\n1,{day},a,x,1,2.50\n2,{other},b,x,1,3.50\n"


@pytest.mark.parametrize(
    ("content", "zone", "first", "why"),
    [
        (ENGLISH, "America/New_York", date(2024, 3, 4), "begin with the month, as is usual in the shop's time zone"),
        (ENGLISH, "Europe/London", date(2024, 4, 3), "begin with the day, as is usual in the shop's time zone"),
        (ENGLISH, "Europe/Madrid", None, None),
        (ENGLISH.replace(",", ";"), "America/New_York", date(2024, 4, 3), "as in files with semicolons"),
        (ENGLISH.replace(",", "\t").replace(".50", ",50"), "Europe/Madrid", date(2024, 4, 3), "comma before the cents"),
        (ENGLISH.replace("date,", "fecha,").replace("price", "precio"), "UTC", date(2024, 4, 3), "of the headings"),
        (ENGLISH.replace("date,", "fecha,"), "America/New_York", None, None),
    ],
)
def test_what_stands_around_the_dates_decides_and_is_said(
    content: str, zone: str, first: date | None, why: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content.format(day="03/04/2024", other="05/06/2024"), encoding="utf-8")
    found = opened(tmp_path, path, zone=zone, asking=True)
    assert [ask.code for ask in found.asks] == ([] if first else ["collect.ambiguous_dates"])
    said = [str(note) for note in found.files[0].notes if "03/04/2024" in str(note)]
    assert len(said) == bool(first)
    if first and why:
        assert why in said[0]
        assert said[0].endswith(f"03/04/2024 is {first.isoformat()}.")
        assert rows_of(found)[0]["day"] == first


def test_what_the_dates_themselves_say_counts_before_what_stands_around_them(tmp_path: Path) -> None:
    rows = read(tmp_path, ENGLISH.replace(",", ";").format(day="03/04/2024", other="05/16/2024"))
    assert rows[0]["day"] == date(2024, 3, 4)


@pytest.mark.parametrize(
    ("cell", "when"),
    [
        ("5 janv. 2024", datetime(2024, 1, 5)),
        ("vendredi 1er août 2025 à 10h30", datetime(2025, 8, 1, 10, 30)),
        ("12 févr. 2024 à 09:05", datetime(2024, 2, 12, 9, 5)),
        ("31 décembre 2024", datetime(2024, 12, 31)),
        ("Mi., 5. März 2025 um 14:05 Uhr", datetime(2025, 3, 5, 14, 5)),
        ("1. Dez. 2024", datetime(2024, 12, 1)),
        ("3. Okt 24, 18:00", datetime(2024, 10, 3, 18, 0)),
        ("gio 9 gen 2025 alle ore 8:15", datetime(2025, 1, 9, 8, 15)),
        ("2 luglio 2024", datetime(2024, 7, 2)),
        ("15 mag 2024 07:45:10", datetime(2024, 5, 15, 7, 45, 10)),
        ("30 de setembro de 2024 às 12:00", datetime(2024, 9, 30, 12, 0)),
        ("quarta-feira, 14 de fevereiro de 2024", datetime(2024, 2, 14)),
        ("7/out/2024", datetime(2024, 10, 7)),
        ("5 d’abril de 2024", datetime(2024, 4, 5)),
        ("1 de març de 2024, 10:00", datetime(2024, 3, 1, 10, 0)),
        ("dimarts, 6 d'ag. de 2024", datetime(2024, 8, 6)),
        ("3 des. 2024", datetime(2024, 12, 3)),
        ("5 de enero de 2025, 3:07:00 p. m.", datetime(2025, 1, 5, 15, 7)),
        ("5 ene 2025 a las 15:07 hs.", datetime(2025, 1, 5, 15, 7)),
        ("Sat, Feb 10, 2024, 9:05 AM", datetime(2024, 2, 10, 9, 5)),
    ],
)
def test_months_are_read_in_seven_languages(cell: str, when: datetime, tmp_path: Path) -> None:
    content = f'order_id;date;customer_id;sku;quantity;price\n1;"{cell}";a;x;1;2,50\n'
    expected = int(when.replace(tzinfo=ZoneInfo("Europe/Madrid")).timestamp()) * 10**6
    assert pick(read(tmp_path, content), "ts_us") == [(expected,)]


def test_the_last_row_can_decide(tmp_path: Path) -> None:
    rows = read(tmp_path, body(["03/04/2024"] * 5000 + ["13/04/2024"]))
    assert rows[0]["day"] == date(2024, 4, 3)


def test_another_file_of_the_same_layout_can_decide(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(body(["03/04/2024"]))
    (tmp_path / "b.csv").write_text(body(["13/04/2024"]))
    assert pick(rows_of(opened(tmp_path)), "day") == [(date(2024, 4, 3),), (date(2024, 4, 13),)]


def test_a_long_sorted_file_decides_if_only_one_reading_never_steps_back(tmp_path: Path) -> None:
    days = [date(2024, month, day) for month in (1, 2, 3) for day in range(1, 13)]
    rows = read(tmp_path, body([day.strftime("%d/%m/%Y") for day in days]))
    assert [row["day"] for row in rows] == days


def test_a_few_typing_errors_do_not_outvote_the_file(tmp_path: Path) -> None:
    rows = read(tmp_path, body(["25/04/2024"] * 50 + ["04/25/2024", "31/02/2024", "pronto", ""]))
    assert [row["problem"] for row in rows[50:]] == ["bad_date", "bad_date", "bad_date", "no_date"]
    assert all(row["problem"] is None for row in rows[:50])


def test_future_and_absurd_dates_are_problems_of_their_rows(tmp_path: Path) -> None:
    tomorrow = datetime.fromtimestamp(NOW_US / 1e6 + 3600 * 20, tz=UTC)
    rows = read(
        tmp_path, body(["2026-05-30", f"{tomorrow:%Y-%m-%d}", "2027-01-01", "1970-01-01", "0001-01-01", "9999-12-31"])
    )
    assert [row["problem"] for row in rows] == [None, None, "future_date", "absurd_date", "absurd_date", "future_date"]
    assert all(row["raw"] for row in rows[2:])


def test_naive_times_are_of_the_zone_that_is_said_and_days_of_the_shop(tmp_path: Path) -> None:
    rows = read(tmp_path, body(["2024-01-15 22:30:00", "2024-07-15 10:00:00"]), timezone="America/New_York")
    assert pick(rows, "ts_us", "day") == [
        (us(2024, 1, 16, 3, 30), date(2024, 1, 16)),
        (us(2024, 7, 15, 14), date(2024, 7, 15)),
    ]


def test_a_day_without_a_time_stays_that_day_whatever_the_zones(tmp_path: Path) -> None:
    rows = read(tmp_path, body(["2024-01-15 00:00:00", "2024-07-15 00:00:00"]), timezone="Pacific/Auckland")
    assert pick(rows, "day", "has_time") == [(date(2024, 1, 15), 0), (date(2024, 7, 15), 0)]


def test_hours_that_do_not_exist_or_come_twice_lose_no_row(tmp_path: Path) -> None:
    rows = read(tmp_path, body(["2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-10-27 01:30:00"]))
    assert pick(rows, "day", "problem") == [
        (date(2024, 3, 31), None),
        (date(2024, 10, 27), None),
        (date(2024, 10, 27), None),
    ]
    assert rows[0]["ts_us"] == us(2024, 3, 31, 1, 30)
    assert rows[1]["ts_us"] in {us(2024, 10, 27, 0, 30), us(2024, 10, 27, 1, 30)}


def test_local_and_zoned_times_can_stand_in_one_column(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        body(
            ["2024-01-15 10:00:00", "2024-01-15T10:00:00Z", "2024-01-15T10:00:00+02:00", "2024-01-15T10:00:00.1234567Z"]
        ),
    )
    assert [row["ts_us"] for row in rows] == [
        us(2024, 1, 15, 9),
        us(2024, 1, 15, 10),
        us(2024, 1, 15, 8),
        us(2024, 1, 15, 10) + 123456,
    ]


def test_date_and_time_in_two_columns_are_one_moment(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,fecha,hora,customer_id,total\n1,13/04/2024,10:30,7,5\n2,14/04/2024,9:05,7,5\n3,15/04/2024,,7,5\n",
    )
    assert pick(rows, "ts_us", "has_time") == [
        (us(2024, 4, 13, 8, 30), 1),
        (us(2024, 4, 14, 7, 5), 1),
        (us(2024, 4, 14, 22), 1),
    ]


def test_typed_columns_keep_what_they_know(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 15, 23, 30)
    for name, values, kind in (
        ("a", [moment], pa.timestamp("ns")),
        ("b", [moment.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")),
        ("c", [moment.date()], pa.date32()),
        ("d", [20240115], pa.int64()),
        ("e", [moment.replace(hour=0, minute=0)], pa.timestamp("s")),
    ):
        columns = {
            "order_id": pa.array([1]),
            "fecha" if name == "e" else "date": pa.array(values, kind),
            "customer_id": pa.array([7]),
            "total": pa.array([5.0]),
        }
        pyarrow.parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    found = pick(rows_of(opened(tmp_path)), "ts_us", "day", "has_time")
    midnight = us(2024, 1, 14, 23)
    assert found == [
        (us(2024, 1, 15, 22, 30), date(2024, 1, 15), 1),
        (us(2024, 1, 15, 23, 30), date(2024, 1, 16), 1),
        (midnight, date(2024, 1, 15), 0),
        (midnight, date(2024, 1, 15), 0),
        (midnight, date(2024, 1, 15), 0),
    ]
