"""Customers who are one person: merges in the state, made, undone, and followed to the one who stands for all.

A merge names two people as they stood; who stands for a customer now is found by following the merges that are not
undone. So undoing one restores exactly what it joined.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from volver.core import clock

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge that was made: `from_id` became part of `into_id`. `undone_us` is None while it stands."""

    from_id: int
    into_id: int
    reason: str
    source: str
    made_us: int
    undone_us: int | None


def join(rows: "Connection", from_id: int, into_id: int, reason: str, source: str) -> bool:
    """Make one customer part of another; False where they are one person already. Call in a transaction that writes.

    Both may be part of somebody: then those who stand for them are merged.
    """
    return bool(join_all(rows, [(from_id, into_id)], reason, source))


def join_all(rows: "Connection", pairs: Iterable[tuple[int, int]], reason: str, source: str) -> int:
    """`join` for each pair (from, into), in order; how many were not one person before."""
    known, number, now = standing(rows), changes(rows), clock.now_us()
    made = []
    for from_id, into_id in pairs:
        first, second = _root(known, from_id), _root(known, into_id)
        if first == second:
            continue
        known[first] = second
        number += 1
        made.append(
            {"from_id": first, "into_id": second, "reason": reason, "source": source, "now": now, "number": number}
        )
    if made:
        rows.execute(_JOIN, made)
    return len(made)


def part(rows: "Connection", customer_id: int) -> Merge | None:
    """Undo the merge by which a customer became part of another; the merge, or None where there is none."""
    found = rows.execute(_STANDING, {"from_id": customer_id}).mappings().first()
    given = {"from_id": customer_id, "now": clock.now_us()}
    if found is None or not rows.execute(_PART, given).rowcount:
        return None
    return Merge(**found)


def merges_of(rows: "Connection", customer_ids: Iterable[int]) -> list[Merge]:
    """Every merge that named one of these customers, oldest first; undone ones too."""
    wanted = set(customer_ids)
    found = rows.execute(_ALL).mappings().all()
    return [Merge(**each) for each in found if wanted & {each["from_id"], each["into_id"]}]


def standing(rows: "Connection") -> dict[int, int]:
    """The merges that are not undone: who was made part of whom."""
    found = rows.execute(text("select from_id, into_id from merges where undone_us is null"))
    return {int(from_id): int(into_id) for from_id, into_id in found}


def undone(rows: "Connection") -> set[tuple[int, int]]:
    """Every pair (from, into) whose merge was undone."""
    found = rows.execute(text("select from_id, into_id from merges where undone_us is not null"))
    return {(int(from_id), int(into_id)) for from_id, into_id in found}


def roots(rows: "Connection") -> dict[int, int]:
    """Every customer who is part of another, with the one who stands for them."""
    into = standing(rows)
    return {each: _root(into, each) for each in into}


def changes(rows: "Connection") -> int:
    """How many merges were made or undone so far."""
    return int(rows.execute(text(f"select {_CHANGES}")).scalar_one())


def touched_since(rows: "Connection", number: int) -> list[int]:
    """The customers whose person may be another since the change of this number."""
    found = rows.execute(_EDGES, {"number": number}).all()
    person = _components({(int(from_id), int(into_id)) for from_id, into_id, _ in found})
    changed = {person[int(from_id)] for from_id, _, is_new in found if is_new}
    return sorted(each for each, component in person.items() if component in changed)


def load_roots(rows: "Connection") -> None:
    """Put `roots` into a table of this transaction."""
    kind = "bigint" if rows.dialect.name == "postgresql" else "integer"
    rows.exec_driver_sql(f"create temp table roots (customer_id {kind} primary key, root {kind} not null)")
    rows.exec_driver_sql("create index roots_root on roots (root)")
    found = [{"customer_id": each, "root": root} for each, root in roots(rows).items()]
    if found:
        rows.execute(text("insert into roots values (:customer_id, :root)"), found)


def has_reference(person: str) -> str:
    """SQL beside the table `roots`: whether the shop has a reference of its own for somebody."""
    return f"""(exists (select 1 from identifiers h where h.customer_id = {person} and h.type = 'reference')
        or exists (select 1 from roots o join identifiers h on h.customer_id = o.customer_id
                   where o.root = {person} and h.type = 'reference'))"""


_CHANGES = """
(select coalesce(max(case when coalesce(undone_no, 0) > made_no then undone_no else made_no end), 0) from merges)"""
_JOIN = text("""
insert into merges (from_id, into_id, reason, source, made_us, made_no)
values (:from_id, :into_id, :reason, :source, :now, :number)""")
_PART = text(f"""
update merges set undone_us = :now, undone_no = {_CHANGES} + 1 where from_id = :from_id and undone_us is null""")
_STANDING = text("""
select from_id, into_id, reason, source, made_us, undone_us from merges
where from_id = :from_id and undone_us is null""")
_ALL = text("select from_id, into_id, reason, source, made_us, undone_us from merges order by id")
# Merges that stand, and those that changed lately.
_EDGES = text("""
select from_id, into_id, case when made_no > :number or coalesce(undone_no, 0) > :number then 1 else 0 end as is_new
from merges where undone_us is null or made_no > :number or undone_no > :number""")


def _root(into: Mapping[int, int], each: int) -> int:
    while each in into:
        each = into[each]
    return each


def _components(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Every end of these edges, with a mark that all who hang together share."""
    mark: dict[int, int] = {}

    def top(each: int) -> int:
        while mark.setdefault(each, each) != each:
            mark[each] = mark[mark[each]]
            each = mark[each]
        return each

    for one, two in edges:
        mark[top(one)] = top(two)
    return {each: top(each) for each in list(mark)}
