"""Who is who: customers' numbers, the identifiers that name them, and merges. They rest in the state.

Numbers are given by one guarded statement: two processes that ask at once never give one identifier two numbers, nor
one number twice. A number that a crash left without a line in the ledger harms nobody. A merge or its undoing changes a
row here and nothing in the ledger; `volver.store.canonical` tells the lake. Values of identifiers are personal: they
stand in the state alone, never in a log entry, a log line or an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from volver.core import clock, named_by, normal_email
from volver.store.merging import has_reference, load_roots, roots, undone

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from volver.store.compute import Compute
    from volver.store.lake import Lake
    from volver.store.state import State

FROM_FILE: Final = "import"
FROM_LAKE: Final = "lake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """People as files name them, in the order in which they appear; columns of one length.

    `emails` holds the e-mail that a customer file gives beside a reference, else None. The two instants say when each
    was first and last seen.
    """

    references: Sequence[str]
    first_us: Sequence[int]
    last_us: Sequence[int]
    emails: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The customer of each name. `joins` are pairs (from, into) that a customer file says are one person.

    `shared_emails` counts e-mails that belong to somebody else already: those people stay apart.
    """

    customer_ids: list[int]
    joins: tuple[tuple[int, int], ...] = ()
    shared_emails: int = 0


def number(rows: "Connection", named: Named, source: str = FROM_FILE) -> Numbered:
    """Give every name its customer, a new one where nobody has the name. Call in a transaction that writes.

    A reference that comes with an e-mail (`named.emails`) is whoever ordered under this e-mail, unless they have a
    reference of their own. The first to claim an e-mail keeps it.
    """
    lock(rows)
    load_roots(rows)
    places = _load(rows, named)
    claims = any(named.emails)
    if claims:  # e-mails that stand alone first, so that a reference beside the same e-mail finds its person
        _allot(rows, source, "a.type = 'email'")
        rows.execute(_JOIN_REFERENCES, {"source": source})
    known, is_stale = dict[int, int](), False
    for place, customer_id, is_old in _fetched(rows, _KNOWN):
        known[place] = customer_id
        is_stale = is_stale or is_old == 1
    if is_stale:
        rows.execute(_SEEN_AGAIN)
    new = _allot(rows, source, "true")
    joins, shared = _claim_emails(rows, source) if claims else ((), 0)
    rows.exec_driver_sql("drop table asked")
    rows.exec_driver_sql("drop table roots")
    owners = [known[place] if place in known else next(new) for place in range(len(set(places)))]
    return Numbered(customer_ids=[owners[place] for place in places], joins=joins, shared_emails=shared)


def take_in(rows: "Connection", customers: Mapping[int, str | None], source: str) -> int:
    """Keep customers whose numbers were given elsewhere, with their references; how many names were somebody else's."""
    lock(rows)
    now = clock.now_us()
    _many(rows, "customers (id, made_us)", [(each, now) for each in customers])
    names = [(*named_by(reference), each) for each, reference in customers.items() if reference]
    columns = "identifiers (type, value, customer_id, source, first_seen_us, last_seen_us, verified)"
    _many(rows, columns, sorted((kind, value, each, source, now, now, 0) for kind, value, each in names))
    there = {
        (kind, value): each for kind, value, each in _fetched(rows, "select type, value, customer_id from identifiers")
    }
    return sum(1 for kind, value, each in names if there[kind, value] != each)


def catch_up(state: "State", lake: "Lake", compute: "Compute") -> int:
    """Take in customers whom the lake knows and the state does not; how many.

    There are such when the shop is of an older release, whose customers rested in the lake alone, or when the state was
    replaced by an older one. Every number stays what it is.
    """
    if not lake.snapshot("customers").rows:
        return 0
    with state.read() as rows:
        known = newest(rows)
    newest_there = compute.relation("select max(customer_id) as n from customers_as_written")["n"][0].as_py()
    if newest_there <= known:
        return 0
    found = compute.relation("select customer_id, customer_ref from customers_as_written order by customer_id")
    customers = dict(zip(found["customer_id"].to_pylist(), found["customer_ref"].to_pylist(), strict=True))
    with state.begin() as rows:
        before = count(rows)
        take_in(rows, customers, FROM_LAKE)
        return count(rows) - before


def lock(rows: "Connection") -> None:
    """Let nobody else give numbers or merge until this transaction ends. SQLite's has been alone since it began."""
    if _is_postgres(rows):
        rows.exec_driver_sql("lock table customers in share row exclusive mode")


def newest(rows: "Connection") -> int:
    """The highest customer number that was ever given; 0 for none."""
    return int(rows.execute(text("select coalesce(max(id), 0) from customers")).scalar_one())


def exists(rows: "Connection", customer_id: int) -> bool:
    """Whether this customer number was ever given."""
    found = rows.execute(text("select 1 from customers where id = :id"), {"id": min(customer_id, 2**63 - 1)})
    return found.first() is not None


def count(rows: "Connection") -> int:
    """How many customer numbers were given."""
    return int(rows.execute(text("select count(*) from customers")).scalar_one())


def owner(rows: "Connection", kind: str, value: str) -> int | None:
    """The customer whom a normalised identifier names, as one person with those merged into them; None for nobody."""
    asked = text("select customer_id from identifiers where type = :type and value = :value")
    found = rows.execute(asked, {"type": kind, "value": value}).scalar()
    return None if found is None else roots(rows).get(int(found), int(found))


def identifiers_of(rows: "Connection", customer_ids: Sequence[int]) -> list[dict[str, Any]]:
    """All that names these customers: type, value, source, when first and last seen, whether verified."""
    asked = [rows.execute(_IDENTIFIERS, {"customer_id": each}).mappings() for each in customer_ids]
    return [dict(each) for found in asked for each in found]


_IDENTIFIERS = text("""
select type, value, customer_id, source, first_seen_us, last_seen_us, verified
from identifiers where customer_id = :customer_id order by type, value""")

# A reference whose e-mail names a person without any reference is that person's.
_JOIN_REFERENCES = text(f"""
insert into identifiers (type, value, customer_id, source, first_seen_us, last_seen_us, verified)
select 'reference', c.value, c.person, :source, c.first_us, c.last_us, 0
from (
    select a.value, coalesce(p.root, e.customer_id) as person, a.first_us, a.last_us,
           row_number() over (partition by coalesce(p.root, e.customer_id) order by a.position) as place
    from asked a
    join identifiers e on e.type = 'email' and e.value = a.email
    left join roots p on p.customer_id = e.customer_id
    where a.type = 'reference'
      and not exists (select 1 from identifiers r where r.type = 'reference' and r.value = a.value)
      and not {has_reference("coalesce(p.root, e.customer_id)")}
) c
where c.place = 1
on conflict (type, value) do nothing""")

# The guarded statement: whoever has a name keeps the number; the others get the next ones, in order of appearance.
_ALLOT = """
insert into identifiers (type, value, customer_id, source, first_seen_us, last_seen_us, verified)
select n.type, n.value, n.newest + n.place, :source, n.first_us, n.last_us, 0
from (
    select a.type, a.value, a.first_us, a.last_us, (select coalesce(max(id), 0) from customers) as newest,
           row_number() over (order by a.position) as place
    from asked a
    where {which} and not exists (select 1 from identifiers i where i.type = a.type and i.value = a.value)
) n
where true
order by n.type, n.value
on conflict (type, value) do nothing"""
_MAKE_CUSTOMERS = text("""
insert into customers (id, made_us)
select customer_id, cast(:now as bigint) from identifiers where customer_id > :newest order by customer_id""")
_KNOWN = """
select a.position, i.customer_id,
       case when a.first_us < i.first_seen_us or a.last_us > i.last_seen_us then 1 else 0 end as is_old
from asked a join identifiers i on i.type = a.type and i.value = a.value"""
_SEEN_AGAIN = text("""
update identifiers
set first_seen_us = case when a.first_us < first_seen_us then a.first_us else first_seen_us end,
    last_seen_us = case when a.last_us > last_seen_us then a.last_us else last_seen_us end
from asked a
where identifiers.type = a.type and identifiers.value = a.value
  and (a.first_us < identifiers.first_seen_us or a.last_us > identifiers.last_seen_us)""")

_CLAIM = text("""
insert into identifiers (type, value, customer_id, source, first_seen_us, last_seen_us, verified)
select 'email', c.email, c.customer_id, :source, c.first_us, c.last_us, 0
from (
    select a.email, r.customer_id, a.first_us, a.last_us,
           row_number() over (partition by a.email order by a.position) as place
    from asked a join identifiers r on r.type = 'reference' and r.value = a.value
    where a.type = 'reference' and a.email is not null
) c
where c.place = 1
order by c.email
on conflict (type, value) do nothing""")
_CONTESTED = f"""
select a.email, coalesce(p.root, e.customer_id) as from_id, coalesce(q.root, r.customer_id) as into_id,
       case when {has_reference("coalesce(p.root, e.customer_id)")} then 1 else 0 end as is_known
from asked a
join identifiers r on r.type = 'reference' and r.value = a.value
join identifiers e on e.type = 'email' and e.value = a.email
left join roots p on p.customer_id = e.customer_id
left join roots q on q.customer_id = r.customer_id
where a.type = 'reference' and e.customer_id <> r.customer_id
  and coalesce(p.root, e.customer_id) <> coalesce(q.root, r.customer_id)
order by a.position"""


def _allot(rows: "Connection", source: str, which: str) -> Iterator[int]:
    """Give the next numbers to those names that nobody has; the numbers, in order of appearance."""
    first = newest(rows)
    made = rows.execute(text(_ALLOT.format(which=which)), {"source": source}).rowcount
    if made:
        rows.execute(_MAKE_CUSTOMERS, {"now": clock.now_us(), "newest": first})
    return iter(range(first + 1, first + 1 + made))


def _claim_emails(rows: "Connection", source: str) -> tuple[tuple[tuple[int, int], ...], int]:
    """Give e-mails that nobody has to the references they came with; pairs that are one person, and e-mails shared."""
    rows.execute(_CLAIM, {"source": source})
    joins: dict[int, int] = {}
    shared, parted = set(), undone(rows)
    for email, from_id, into_id, is_known in _fetched(rows, _CONTESTED):
        if is_known or joins.get(from_id, into_id) != into_id:
            shared.add(email)
        elif parted.isdisjoint(((from_id, into_id), (into_id, from_id))):  # a file does not overrule a person
            joins[from_id] = into_id
    return tuple(joins.items()), len(shared)


def _load(rows: "Connection", named: Named) -> list[int]:
    """Put each name once into a table of this transaction, `asked`; the place there of each reference."""
    there: dict[tuple[str, str], int] = {}
    names = [named_by(each) for each in named.references]
    places = [there.setdefault(name, len(there)) for name in names]
    first, last = list(named.first_us), list(named.last_us)
    emails: list[str | None] = list(named.emails or [None] * len(names))
    if len(there) < len(names):
        kept: dict[int, int] = {}
        for row, place in enumerate(places):
            at = kept.setdefault(place, row)
            first[at], last[at], emails[at] = (
                min(first[at], first[row]),
                max(last[at], last[row]),
                emails[at] or emails[row],
            )
        first, last = [first[at] for at in kept.values()], [last[at] for at in kept.values()]
        emails = [emails[at] for at in kept.values()]
    mails = (normal_email(each) if each else None for each in emails)
    kinds, values = (each for each, _ in there), (each for _, each in there)
    asked = zip(range(len(there)), kinds, values, first, last, mails, strict=True)
    columns = "position bigint primary key, type text, value text, first_us bigint, last_us bigint, email text"
    if _is_postgres(rows):
        rows.exec_driver_sql(f"create temp table asked ({columns})")
        copied = "copy asked (position, type, value, first_us, last_us, email) from stdin"
        with _driver(rows).cursor() as cursor, cursor.copy(copied) as copy:
            for each in asked:
                copy.write_row(each)
        rows.exec_driver_sql("analyze asked")
    else:
        rows.exec_driver_sql(f"create temp table asked ({columns.replace('position bigint', 'position integer')})")
        _driver(rows).executemany("insert into asked values (?, ?, ?, ?, ?, ?)", asked)
    return places


def _many(rows: "Connection", columns: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are not there, past SQLAlchemy, which would take most of the time."""
    if not values:
        return
    mark = "%s" if _is_postgres(rows) else "?"
    places = ", ".join([mark] * len(values[0]))
    cursor = _driver(rows).cursor()
    cursor.executemany(f"insert into {columns} values ({places}) on conflict do nothing", values)
    cursor.close()


def _fetched(rows: "Connection", sql: str) -> list[Any]:
    cursor = _driver(rows).cursor()
    try:
        cursor.execute(sql)
        found: list[Any] = cursor.fetchall()
        return found
    finally:
        cursor.close()


def _driver(rows: "Connection") -> Any:
    return rows.connection.driver_connection


def _is_postgres(rows: "Connection") -> bool:
    return rows.dialect.name == "postgresql"
