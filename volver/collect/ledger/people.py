"""Who is in the ledger: customers get whole-number ids in the order in which they first appear, and keep them.

Tables of the session: `seen_customers` (from order lines or a customer file), `customer_ids` (reference to id),
`customers_next` (the whole table after this import).

Name and address are those of the latest order. Channel and campaign say who won the customer: those of the first order
that names one, and before any order's those of a customer file. `channel_us` and `campaign_us` hold when that was (0: a
customer file; NULL: a shop older than these columns), so that files may come in any order.
"""

from collections.abc import Collection

from volver.collect.ledger.session import Session
from volver.store import Shop

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
        select customer_ref, {_POSITION} as first, max(ts_us) as last_us, {", ".join(chosen)}
        from lines where kept and customer_ref is not null group by customer_ref""")


def see_in_file(work: Session, view: str) -> None:
    """Stage `customer_rows` and gather its customers; the last row that says something counts."""
    work.run(f"create temp table customer_rows as select * from {view}")
    position = "file_no * 1099511627776 + row_no"
    chosen = [f"arg_max({each}, {position}) filter ({each} is not null) as {each}" for each in (*TRAITS, *WON)]
    chosen += [f"case when count({trait}) > 0 then cast(0 as bigint) end as {trait}_us" for trait in WON]
    work.run(f"""
        create temp table seen_customers as
        select customer_ref, {_POSITION} as first, cast(null as bigint) as last_us, {", ".join(chosen)}
        from customer_rows where problem is null group by customer_ref""")


def number(work: Session, shop: Shop) -> None:
    """Make `customer_ids` and `customers_next` from what was seen and what the shop holds."""
    work.show(shop, "customers")
    held = work.count("select coalesce(max(customer_id), 0) from held_customers")
    work.run(f"""
        create temp table customer_ids as
        select customer_ref, customer_id from held_customers
        union all
        select customer_ref, {held} + row_number() over (order by first, customer_ref) as customer_id
        from seen_customers where customer_ref not in (select customer_ref from held_customers)""")
    _compare_with_ledger(work, shop)
    chosen = [
        f"case when is_newer then coalesce(s.{trait}, h.{trait}) else coalesce(h.{trait}, s.{trait}) end as {trait}"
        for trait in TRAITS
    ]
    for trait in WON:
        held_us = f"coalesce(h.{trait}_us, s.first_us)"
        is_first = f"s.{trait} is not null and (h.{trait} is null or s.{trait}_us <= coalesce({held_us}, s.{trait}_us))"
        chosen.append(f"case when {is_first} then s.{trait} else h.{trait} end as {trait}")
        chosen.append(
            f"case when {is_first} then s.{trait}_us when h.{trait} is not null then {held_us} end as {trait}_us"
        )
    work.run(f"""
        create temp table customers_next as
        select i.customer_id, i.customer_ref, {", ".join(chosen)}
        from customer_ids i
        left join held_customers h on i.customer_id = h.customer_id
        left join (
            select s.*, l.first_us, s.last_us is null or s.last_us >= coalesce(l.last_us, s.last_us) as is_newer
            from seen_customers s left join held_span l on s.customer_ref = l.customer_ref
        ) s on i.customer_ref = s.customer_ref""")


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
        select h.customer_id, h.customer_ref from seen_customers s join held_customers h using (customer_ref)
        where (s.last_us is not null and ({different})) or {undated}""")
    work.run("create temp table held_span (customer_ref varchar, first_us bigint, last_us bigint)")
    if work.count("select count(*) from differing"):
        work.show(shop, "order_lines")
        work.run("""
            insert into held_span
            select d.customer_ref, min(l.ts_us), max(l.ts_us)
            from held_order_lines l join differing d using (customer_id) group by d.customer_ref""")
