"""Who is in the ledger: customers get whole-number ids in the order in which they first appear, and keep them.

Tables of the session: `seen_customers` (from order lines or a customer file, one row for each reference),
`customer_ids` (reference to id, as the state gives them), `customers_next` (the whole table after this import).

Name and address are those of the latest order. Channel and campaign say who won the customer: those of the first order
that names one, and before any order's those of a customer file. `channel_us` and `campaign_us` hold when that was (0: a
customer file; NULL: a shop older than these columns), so that files may come in any order.
"""

from collections.abc import Collection

from volver.collect.ledger.session import Session
from volver.core import clock
from volver.store import Shop, people

TRAITS = ("name", "email", "city", "country")
WON = ("channel", "campaign")
# A trait's name in the typed rows of an order file, where it differs.
_IN_ORDERS = {"name": "customer_name"}
_POSITION = "min(file_no * 1099511627776 + row_no)"
_WON_COLUMNS = tuple(column for trait in WON for column in (trait, f"{trait}_us"))


def see_in_orders(work: Session, mapped: Collection[str]) -> None:
    """Gather the customers of `lines`; of two cities the later order's counts, of two channels the earlier order's.
    `mapped` are the files' fields.
    """
    chosen = []
    for trait in TRAITS:
        column = _IN_ORDERS.get(trait, trait)
        if column in mapped:
            chosen.append(f"max(case when {column} is not null then (ts_us, {column}) end)[2] as {trait}")
        else:
            chosen.append(f"cast(null as varchar) as {trait}")
    for trait in WON:
        if trait in mapped:
            first = f"min(case when {trait} is not null then (ts_us, {trait}) end)"
            chosen += [f"{first}[2] as {trait}", f"{first}[1] as {trait}_us"]
        else:
            chosen += [f"cast(null as varchar) as {trait}", f"cast(null as bigint) as {trait}_us"]
    work.run(f"""
        create temp table seen_customers as
        select customer_ref, {_POSITION} as first, min(ts_us) as first_us, max(ts_us) as last_us,
               cast(null as varchar) as claimed, {", ".join(chosen)}
        from lines where kept and customer_ref is not null group by customer_ref""")


def see_in_file(work: Session, view: str) -> None:
    """Stage `customer_rows` and gather its customers; the last row that says something counts."""
    work.run(f"create temp table customer_rows as select * from {view}")
    position = "file_no * 1099511627776 + row_no"
    chosen = [f"arg_max({each}, {position}) filter ({each} is not null) as {each}" for each in (*TRAITS, *WON)]
    chosen += [f"case when count({trait}) > 0 then cast(0 as bigint) end as {trait}_us" for trait in WON]
    work.run(f"""
        create temp table seen_customers as
        select customer_ref, {_POSITION} as first, cast(null as bigint) as first_us, cast(null as bigint) as last_us,
               arg_max(email, {position}) filter (email is not null) as claimed, {", ".join(chosen)}
        from customer_rows where problem is null group by customer_ref""")


def number(work: Session, shop: Shop) -> "people.Numbered":
    """Make `customer_ids` and `customers_next` from what was seen and what the shop holds; what else was found out."""
    work.show(shop, "customers")
    found = _identified(work, shop)
    _gather_people(work)
    _compare_with_ledger(work, shop)
    chosen = [
        f"case when is_newer then coalesce(s.{trait}, h.{trait}) else coalesce(h.{trait}, s.{trait}) end as {trait}"
        for trait in TRAITS
    ]
    for trait in WON:
        held_us = f"coalesce(h.{trait}_us, s.held_first_us)"
        is_first = f"s.{trait} is not null and (h.{trait} is null or s.{trait}_us <= coalesce({held_us}, s.{trait}_us))"
        chosen.append(f"case when {is_first} then s.{trait} else h.{trait} end as {trait}")
        chosen.append(
            f"case when {is_first} then s.{trait}_us when h.{trait} is not null then {held_us} end as {trait}_us"
        )
    # A reference of the shop's own says more than the e-mail under which somebody ordered first.
    is_better = f"{_is_email('h.customer_ref')} and not {_is_email('s.customer_ref')}"
    work.run(f"""
        create temp table customers_next as
        select coalesce(h.customer_id, s.customer_id) as customer_id,
               case when h.customer_ref is null or {is_better} then s.customer_ref else h.customer_ref end
                   as customer_ref, {", ".join(chosen)}
        from held_customers h
        full join (
            select s.*, l.first_us as held_first_us,
                   s.last_us is null or s.last_us >= coalesce(l.last_us, s.last_us) as is_newer
            from seen_people s left join held_span l on s.customer_id = l.customer_id
        ) s on h.customer_id = s.customer_id""")
    return found


def _identified(work: Session, shop: Shop) -> "people.Numbered":
    """Make `customer_ids`: whom each reference that was seen names, by the state's numbers."""
    import pyarrow as pa

    seen = work.connection.sql("""
        select customer_ref, first_us, last_us, claimed from seen_customers order by first, customer_ref""")
    references, first_us, last_us, claimed = (column.to_pylist() for column in seen.to_arrow_table().columns)
    now = clock.now_us()
    named = people.Named(
        references=references,
        first_us=[now if each is None else each for each in first_us],
        last_us=[now if each is None else each for each in last_us],
        emails=claimed,
    )
    people.catch_up(shop.state, shop.lake, shop.compute)
    with shop.state.begin() as rows:
        found = people.number(rows, named)
        if work.is_trial:
            rows.rollback()
    ids = pa.array(found.customer_ids, pa.int64())
    whose = pa.table({"customer_ref": pa.array(references, pa.string()), "customer_id": ids})
    work.connection.register("identified", whose)
    work.run("create temp table customer_ids as select customer_ref, customer_id from identified")
    work.connection.unregister("identified")
    return found


def _gather_people(work: Session) -> None:
    """Make `seen_people`: what was seen, one row for each customer, whom several references may name."""
    own = f"not {_is_email('s.customer_ref')}"
    chosen = [
        f"arg_max(s.{trait}, coalesce(s.last_us, s.first)) filter (s.{trait} is not null) as {trait}"
        for trait in TRAITS
    ]
    for trait in WON:
        chosen.append(f"arg_min(s.{trait}, s.{trait}_us) filter (s.{trait} is not null) as {trait}")
        chosen.append(f"min(s.{trait}_us) as {trait}_us")
    work.run(f"""
        create temp table seen_people as
        select i.customer_id, max(s.last_us) as last_us,
               coalesce(arg_min(s.customer_ref, s.first) filter ({own}), arg_min(s.customer_ref, s.first))
                   as customer_ref, {", ".join(chosen)}
        from seen_customers s join customer_ids i using (customer_ref) group by i.customer_id""")


def _is_email(column: str) -> str:
    return f"regexp_full_match({column}, '[^\\s@]+@[^\\s@]+')"


def changed(work: Session) -> int:
    """How many customers are new or different; 0 means that the table need not be written."""
    return work.count(f"""
        select count(*) from (
            select * from customers_next except
            select customer_id, customer_ref, {", ".join((*TRAITS, *_WON_COLUMNS))} from held_customers)""")


def _compare_with_ledger(work: Session, shop: Shop) -> None:
    """Make `held_span`: when customers first and last appeared whose traits differ, so that an old file does not turn
    them back, or of whom it is not known since when a channel or campaign is.
    """
    different = " or ".join(f"s.{trait} <> h.{trait}" for trait in TRAITS)
    undated = " or ".join(f"(s.{each} is not null and h.{each} is not null and h.{each}_us is null)" for each in WON)
    work.run(f"""
        create temp table differing as
        select h.customer_id from seen_people s join held_customers h using (customer_id)
        where (s.last_us is not null and ({different})) or {undated}""")
    work.run("create temp table held_span (customer_id bigint, first_us bigint, last_us bigint)")
    if work.count("select count(*) from differing"):
        work.show(shop, "order_lines")
        work.run("""
            insert into held_span
            select customer_id, min(l.ts_us), max(l.ts_us)
            from held_order_lines l join differing d using (customer_id) group by customer_id""")
