"""Key figures and cohorts of a world against plain Python."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from tests.know.oracle import REVENUE, documents
from tests.world import Line, day
from volver import know


def begin(when: date, by: str) -> date:
    """The first day of the period in which a day lies."""
    if by == "month":
        return when.replace(day=1)
    return when - timedelta(days=when.weekday() if by == "week" else 0)


def check_figures(lines: list[Line], by: str, rows: list[dict]) -> None:
    """The key figures by day, week or month."""
    docs = [doc for doc in documents(lines).values() if doc.is_order]
    first: dict[int, int] = {}
    for doc in docs:
        if doc.customer is not None:
            first[doc.customer] = min(first.get(doc.customer, doc.day), doc.day)
    net: dict[date, int] = defaultdict(int)
    for line in lines:
        if line.kind in REVENUE:
            net[begin(day(line.day), by)] += line.amount_e4
    assert [row["start"] for row in rows] == sorted({row["start"] for row in rows})
    assert sum(row["orders"] for row in rows) == len(docs)
    for row in rows:
        inside = [doc for doc in docs if begin(day(doc.day), by) == row["start"]]
        buyers = {doc.customer for doc in inside if doc.customer is not None}
        fresh = {one for one in buyers if begin(day(first[one]), by) == row["start"]}
        assert row["net_e4"] == net[row["start"]]
        assert (row["orders"], row["customers"], row["new_customers"]) == (len(inside), len(buyers), len(fresh))
        assert row["returning_customers"] == len(buyers) - len(fresh)
        assert row["guest_orders"] == sum(doc.customer is None for doc in inside)
        assert row["aov_e4"] == (round(net[row["start"]] / len(inside)) if inside else None)


def check_cohorts(lines: list[Line], found: Sequence[know.Cohort]) -> None:
    """The cohorts with their returns and their money."""
    docs = [doc for doc in documents(lines).values() if doc.customer is not None]
    months: dict[int, set[int]] = defaultdict(set)
    for doc in docs:
        if doc.is_order:
            months[doc.customer].add(_month(doc.day))
    assert {each.first_day for each in found} == {_first(min(own)) for own in months.values()}
    for cohort in found:
        start = cohort.first_day.year * 12 + cohort.first_day.month
        members = [one for one, own in months.items() if min(own) == start]
        assert cohort.buyers == len(members)
        spent = 0
        for n, (share, value) in enumerate(zip(cohort.retention, cohort.value_e4, strict=True)):
            spent += sum(d.gross + d.returned for d in docs if d.customer in members and _month(d.day) == start + n)
            assert share == sum(start + n in months[one] for one in members) / len(members)
            assert value == round(spent / len(members))


def _month(n: int) -> int:
    return day(n).year * 12 + day(n).month


def _first(number: int) -> date:
    return date((number - 1) // 12, (number - 1) % 12 + 1, 1)
