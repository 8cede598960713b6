"""The portable profile: every named query keeps to it, and every rule of it bites."""

import pytest

from volver.store import named, query_names
from volver.store.portable import REASONS, lint

HEAD = """-- How it is.
-- inputs: orders
-- params: n BIGINT
-- output: a BIGINT
-- example: n=1
"""
FINE = "select order_id as a from orders where net_e4 > $n"


@pytest.mark.parametrize("name", query_names())
def test_every_named_query_is_portable(name: str) -> None:
    assert lint(named(name).sql, name) == []


def test_a_portable_query_has_no_findings() -> None:
    assert lint(HEAD + FINE) == []


BITES = [
    ("parse", "delete from orders where net_e4 > $n"),
    ("parse", "select nowhere as a from orders where net_e4 > $n"),
    ("parse", FINE + "; " + FINE),
    ("inputs", "select customer_id as a from customers where customer_id > $n"),
    ("inputs", "select o.order_id as a from orders o join months m on m.month_no = o.order_id where o.net_e4 > $n"),
    ("params", "select order_id as a from orders"),
    ("params", "select order_id as a from orders where net_e4 > $n and lines > $m"),
    ("output", "select order_id as b from orders where net_e4 > $n"),
    ("output", "select order_id as a, lines as b from orders where net_e4 > $n"),
    ("star", "select * from orders where net_e4 > $n"),
    ("star", "select a from (select o.*, 1 as a from orders o) x where net_e4 > $n"),
    ("function", "select hash(order_id) as a from orders where net_e4 > $n"),
    ("function", "select cast(round(net_e4 * 0.5) as bigint) as a from orders where net_e4 > $n"),
    ("function", "select median(order_id) as a from orders where net_e4 > $n"),
    ("function", "select any_value(order_id) as a from orders where net_e4 > $n"),
    ("function", "select arg_max(order_id, day) as a from orders where net_e4 > $n"),
    ("function", "select date_trunc('month', day) as a from orders where net_e4 > $n"),
    ("function", "select strftime(day, '%Y') as a from orders where net_e4 > $n"),
    ("function", "select order_id as a from orders where day < current_date and net_e4 > $n"),
    ("function", "select epoch_us(ts_us) as a from orders where net_e4 > $n"),
    ("inexact", "select avg(net_e4) as a from orders where net_e4 > $n"),
    ("inexact", "select ln(net_e4) as a from orders where net_e4 > $n"),
    ("inexact", "select sum(cast(net_e4 as double)) as a from orders where net_e4 > $n"),
    ("timestamp", "select cast(day as timestamp) as a from orders where net_e4 > $n"),
    ("timestamp", "select order_id as a from orders where day + interval 3 day > date '2017-01-01' and net_e4 > $n"),
    ("day_minus_day", "select max(day) - min(day) as a from orders where net_e4 > $n"),
    ("boolean", "select net_e4 > $n as a from orders"),
    ("boolean", "select cast(net_e4 > $n as integer) as a from orders"),
    ("division", "select cast(floor(net_e4 / lines) as bigint) as a from orders where net_e4 > $n"),
    ("division", "select cast(floor(net_e4 / 0) as bigint) as a from orders where net_e4 > $n"),
    ("division", "select order_id % lines as a from orders where net_e4 > $n"),
    ("decimal_division", "select cast(floor(net_e4 / 7.5) as bigint) as a from orders where net_e4 > $n"),
    ("decimal_division", "select net_e4 / nullif(lines * 1.0, 0) as a from orders where net_e4 > $n"),
    ("integer_division", "select net_e4 // 7 as a from orders where net_e4 > $n"),
    ("cast_cuts", "select cast(net_e4 / 7 as bigint) as a from orders where net_e4 > $n"),
    ("cast_cuts", "select cast(net_e4 * 0.5 as bigint) as a from orders where net_e4 > $n"),
    ("bare_sum", "select sum(net_e4) as a from orders where net_e4 > $n"),
    (
        "bare_sum",
        "with o as (select sum(net_e4) as s from orders where net_e4 > $n) select cast(s as bigint) as a from o",
    ),
    ("window_order", "select row_number() over (partition by customer_id) as a from orders where net_e4 > $n"),
    (
        "window_order",
        "select lag(net_e4) over (partition by customer_id order by ts_us) as a from orders where net_e4 > $n",
    ),
    ("window_frame", "select row_number() over (order by ts_us, order_id) as a from orders where net_e4 > $n"),
    ("window_frame", "select max(net_e4) over (order by ts_us, order_id) as a from orders where net_e4 > $n"),
    (
        "window_frame",
        "select lag(net_e4) over (order by order_id rows between unbounded preceding and current row) as a"
        " from orders where net_e4 > $n",
    ),
    ("clause", "select order_id as a from orders where net_e4 > $n qualify row_number() over (order by order_id) = 1"),
    ("clause", "select distinct on (customer_id) order_id as a from orders where net_e4 > $n"),
    ("clause", "select order_id as a from orders where net_e4 > $n group by all"),
    ("clause", "select o.order_id as a from orders o semi join orders p using (order_id) where o.net_e4 > $n"),
    ("clause", "select unnest([order_id]) as a from orders where net_e4 > $n"),
    ("clause", "select order_id as a from orders where order_ref ilike 'x' and net_e4 > $n"),
    ("clause", "with recursive r as (select order_id as a from orders where net_e4 > $n) select a from r"),
    ("limit", "select order_id as a from orders where net_e4 > $n limit 3"),
]


@pytest.mark.parametrize(("rule", "select"), BITES)
def test_the_rule_bites(rule: str, select: str) -> None:
    assert rule in {each.rule for each in lint(HEAD + select)}


def test_a_query_without_header_is_found() -> None:
    assert "header" in {each.rule for each in lint(FINE)}


def test_every_rule_is_shown_to_bite() -> None:
    assert {rule for rule, _ in BITES} | {"header"} == set(REASONS)


PASSES = [
    "select cast(sum(net_e4) as bigint) as a from orders where net_e4 > $n",
    "select count(*) as a from orders having sum(net_e4) > $n",
    "select cast(floor(net_e4 / 7) as bigint) as a from orders where net_e4 > $n",
    "select cast(net_e4 as double) / nullif(lines * 1.5, 0) as a from orders where net_e4 > $n",
    "select cast(coalesce(floor(net_e4 / 7 + 0.5), 0) as bigint) as a from orders where net_e4 > $n",
    "select cast(sum(net_e4) over (partition by customer_id) as bigint) as a from orders where net_e4 > $n",
    "select rank() over (order by net_e4) as a from orders where net_e4 > $n",
    "select lag(order_id) over (partition by customer_id order by ts_us, order_id) as a from orders where net_e4 > $n",
    "select date_diff('day', min(day), max(day)) as a from orders where net_e4 > $n",
    "select count(*) as a from orders where cast(day + 30 as date) > date '2017-01-01' and net_e4 > $n",
    "select row_number() over (order by sum(lines) desc, doc rows between unbounded preceding and current row) as a"
    " from orders where net_e4 > $n group by doc",
]


@pytest.mark.parametrize("select", PASSES)
def test_what_the_profile_offers_passes(select: str) -> None:
    assert lint(HEAD + select) == []


def test_a_declared_tolerance_allows_inexact_functions() -> None:
    head = HEAD + "-- compare: approx 1e-12 because logarithms differ in the last bit\n"
    assert lint(head + "select ln(net_e4) as a from orders where net_e4 > $n") == []
