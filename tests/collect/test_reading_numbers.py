# ruff: noqa: E501 - files are shown line by line as they come
"""Numbers in the notations of shops, against Python's own decimals."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.reading_world import opened, pick, read
from volver.collect.reading.numbers import decimal_mark, e4, number, typed_number
from volver.core import VolverError

E4 = Decimal("0.0001")
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
EIGHT = st.decimals(min_value=-(10**9), max_value=10**9, places=8, allow_nan=False, allow_infinity=False)


@cache
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def ask(sql: str, *values: object) -> object:
    return engine().execute(f"SELECT {sql}", list(values)).fetchall()[0][0]


def written(amount: Decimal, mark: str, thousands: str, sign: str, style: str) -> str:
    whole, _, part = f"{abs(amount):.4f}".partition(".")
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1]
    text = thousands.join(groups) + (mark + part if part else "")
    text = {"before": f"{sign} {text}", "after": f"{text} {sign}", "none": text, "tight": f"{sign}{text}"}[style]
    minus = {"none": f"-{text}", "before": f"-{text}", "after": f"({text})", "tight": f"−{text}"}[style]
    return minus if amount < 0 else text


@given(
    amounts,
    st.sampled_from(
        [(".", ","), (".", ""), (".", " "), (".", "'"), (",", "."), (",", ""), (",", "\u00a0"), (",", "\u202f")]
    ),
    st.sampled_from(["€", "$", "£", "EUR", "US$"]),
    st.sampled_from(["before", "after", "none", "tight"]),
)
@settings(max_examples=100)
def test_every_notation_gives_the_exact_number(amount: Decimal, marks: tuple[str, str], sign: str, style: str) -> None:
    if style == "tight" and sign.isalpha():
        sign = "€"
    cell = written(amount, *marks, sign, style)
    assert (
        ask(number("$1", marks[0]).replace("$1", "cast(? AS VARCHAR)"), *[cell] * number("$1", marks[0]).count("$1"))
        == amount
    )


@pytest.mark.parametrize("cell", ["abc", "", "12abc", "1,2,3", "1.2.3", "--5", "NaN", "null", "12-05-2024", "€"])
@pytest.mark.parametrize("mark", [".", ","])
def test_what_is_no_number_is_none(cell: str, mark: str) -> None:
    assert ask(number("c", mark) + " FROM (SELECT cast(? AS VARCHAR) AS c)", cell) is None


@given(EIGHT)
@settings(max_examples=100)
def test_ten_thousandths_are_rounded_to_even(amount: Decimal) -> None:
    expected = int(amount.quantize(E4, ROUND_HALF_EVEN) * 10000)
    assert ask(e4("n") + " FROM (SELECT cast(? AS DECIMAL(38, 8)) AS n)", str(amount)) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1.00005", 10000), ("1.00015", 10002), ("-1.00005", -10000), ("-1.00015", -10002), ("1.000051", 10001)],
)
def test_ties_go_to_the_even_one(cell: str, expected: int) -> None:
    assert ask(e4("n") + " FROM (SELECT cast(? AS DECIMAL(38, 8)) AS n)", cell) == expected


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=6, allow_nan=False, allow_infinity=False))
@settings(max_examples=100)
def test_a_float_is_the_decimal_that_its_writer_meant(amount: Decimal) -> None:
    assert ask(typed_number("n", "float") + " FROM (SELECT cast(? AS DOUBLE) AS n)", float(amount)) == amount


def test_large_and_odd_floats_do_not_break_the_rest() -> None:
    sql = typed_number("n", "float") + " FROM (SELECT cast(? AS DOUBLE) AS n)"
    assert ask(sql, 12345678901.25) == Decimal("12345678901.25")
    assert ask(sql, float("nan")) is None
    assert ask(sql, float("inf")) is None
    assert ask(sql, 0.1 + 0.2) == Decimal("0.3")


@pytest.mark.parametrize(
    ("evidence", "mark"),
    [
        ([{"whole": 5}], "."),
        ([{"either": 3}, {"point": 1}], "."),
        ([{"fancy either": 3}, {"fancy comma": 1}], ","),
        ([{"either": 3, "whole": 9}], None),
        ([], "."),
    ],
)
def test_the_whole_file_decides_the_decimal_mark(evidence: list[dict[str, int]], mark: str | None) -> None:
    assert decimal_mark(evidence) == mark


HEAD = "pedido;fecha;cliente;cantidad;precio\n"


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["1.234,50 €", "9,99 €", "12 €"], [12345000, 99900, 120000]),
        (["£1,234.50", "£9.99", "£12"], [12345000, 99900, 120000]),
        (["1.234", "0,5", "2.000.000"], [12340000, 5000, 20000000000]),
        (["1.234", "0.500", "10.5"], [12340, 5000, 105000]),
        (["(3,20)", "3,20-", "-3,20"], [-32000, -32000, -32000]),
    ],
)
def test_a_column_is_read_in_its_own_notation(prices: list[str], expected: list[int], tmp_path: Path) -> None:
    body = "".join(f"{n};2024-01-{n + 13};7;1;{price}\n" for n, price in enumerate(prices))
    assert [row["unit_price_e4"] for row in read(tmp_path, HEAD + body)] == expected


def test_thousands_or_decimals_are_asked_when_nothing_decides(tmp_path: Path) -> None:
    content = HEAD + "1;2024-01-13;7;1;1.234\n2;2024-01-13;7;1;2.500\n"
    with pytest.raises(VolverError) as caught:
        read(tmp_path, content)
    assert caught.value.code == "collect.ambiguous_decimals"
    assert "precio" in str(caught.value)
    assert pick(read(tmp_path, content, decimal=","), "amount_e4") == [(12340000,), (25000000,)]
    assert pick(read(tmp_path, content, decimal="."), "amount_e4") == [(12340,), (25000,)]
    assert [ask.code for ask in opened(tmp_path, tmp_path / "orders.csv", asking=True).asks] == [
        "collect.ambiguous_decimals"
    ]


def test_the_last_row_can_decide_for_the_first(tmp_path: Path) -> None:
    body = "".join(f"{n};2024-01-13;7;1;1.500\n" for n in range(6000)) + "7000;2024-01-13;7;1;3,25\n"
    rows = read(tmp_path, HEAD + body)
    assert (rows[0]["amount_e4"], rows[-1]["amount_e4"]) == (15000000, 32500)


def test_unreadable_and_absurd_numbers_are_problems_of_their_rows(tmp_path: Path) -> None:
    body = "1;2024-01-13;7;two;1.50\n2;2024-01-13;7;;1.50\n3;2024-01-13;7;1;\n4;2024-01-13;7;1;free\n5;2024-01-13;7;1;nan\n6;2024-01-13;7;99999999999;1.5\n7;2024-01-13;7;1;99999999999999\n8;2024-01-13;7;999999999;999999999999\n9;2024-01-13;7;0;0\n"
    assert [row["problem"] for row in read(tmp_path, HEAD + body)] == [
        "bad_quantity", "bad_quantity", "no_price", "bad_price", "no_price", "absurd_amount", "absurd_amount", "absurd_amount", None,
    ]  # fmt: skip


def test_discounts_are_taken_off_once(tmp_path: Path) -> None:
    head = "order_id,date,customer_id,quantity,unit_price,discount\n"
    rows = read(tmp_path, head + "1,2024-01-13,7,2,10.00,1.50\n2,2024-01-13,7,-1,10.00,2\n3,2024-01-13,7,1,10.00,\n")
    assert pick(rows, "amount_e4", "discount_e4", "net_exact") == [
        (185000, 15000, 20),
        (-80000, 20000, -10),
        (100000, 0, 10),
    ]
    rows = read(tmp_path, head + "1,2024-01-13,7,2,10.00,25%\n2,2024-01-13,7,1,10.00,0%\n")
    assert pick(rows, "amount_e4", "discount_e4") == [(150000, 50000), (100000, 0)]
    rows = read(
        tmp_path, head.replace("discount", "discount_rate") + "1,2024-01-13,7,2,10.00,0.25\n2,2024-01-13,7,1,10.00,0\n"
    )
    assert pick(rows, "amount_e4", "discount_e4") == [(150000, 50000), (100000, 0)]
    totals = "order_id,date,customer_id,quantity,unit_price,discount,line_total\n1,2024-01-13,7,2,10.00,1.50,18.50\n2,2024-01-13,7,1,10.00,0,10\n"
    assert pick(read(tmp_path, totals), "amount_e4", "discount_e4", "net_exact") == [
        (185000, 15000, 20),
        (100000, 0, 10),
    ]


def test_costs_stand_for_the_whole_line(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,date,customer_id,quantity,unit_price,unit_cost\n1,2024-01-13,7,3,10.00,4.1\n2,2024-01-13,7,1,10.00,\n",
    )
    assert pick(rows, "cost_e4") == [(123000,), (None,)]


def test_currencies_are_checked_row_by_row(tmp_path: Path) -> None:
    head = "order_id,date,customer_id,total,currency\n"
    rows = read(
        tmp_path,
        head
        + "1,2024-01-13,7,5,eur\n2,2024-01-13,7,5,€\n3,2024-01-13,7,5,\n4,2024-01-13,7,5,USD\n5,2024-01-13,7,5,XQZ\n",
    )
    assert [row["problem"] for row in rows] == [None, None, None, "other_currency", "unknown_currency"]
    rows = read(tmp_path, head + "1,2024-01-13,7,5,GBP\n", currency="GBP")
    assert pick(rows, "currency", "problem") == [("GBP", None)]


@pytest.mark.parametrize(
    "nobody", ["", "null", "None", "nan", "undefined", "guest", "Invitado", "0", "0.0", "n/a", "NULL"]
)
def test_nobody_is_a_guest(nobody: str, tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        f"order_id,date,customer_id,total\n1,2024-01-13,{nobody},5\n2,2024-01-13,17850.0,5\n3,2024-01-14,A-9,5\n",
    )
    assert pick(rows, "customer_ref") == [(None,), ("17850",), ("A-9",)]
