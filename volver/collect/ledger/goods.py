"""What the shop sells: products get whole-number ids, the name that most lines use, and whether they are goods at all.

Tables of the session: `seen_products`, `product_ids`, `names_next` (every name of every product, with how many ledger
lines use it), `products_next`. Names are counted on new ledger lines only, so importing a file twice counts once, and
only where money moved: what a stock clerk writes beside a write-off ("damaged") names nothing.
"""

from collections.abc import Collection

from volver.collect.ledger import rules
from volver.collect.ledger.session import Session
from volver.store import Shop

_POSITION = "min(file_no * 1099511627776 + row_no)"


def see_in_orders(work: Session, mapped: Collection[str]) -> None:
    """Gather the products of `lines` and the names that new lines use. `mapped` are the files' fields."""
    category = "arg_max(category, (ts_us, category)) filter (category is not null)" if "category" in mapped else "null"
    work.run(f"""
        create temp table seen_products as
        select product_ref, {_POSITION} as first, cast({category} as varchar) as category,
               cast(null as bigint) as price_e4, cast(null as bigint) as cost_e4,
               max(nature = '')::integer as is_product, 0 as given
        from lines where kept and product_ref is not null group by product_ref""")
    named = "is_mirror = 0 and product_ref is not null and product_name is not null"
    work.run(f"""
        create temp table seen_names as
        select product_ref, product_name as name, count(*) filter (amount_e4 <> 0) as lines, max(ts_us) as last_us,
               0 as given
        from fresh where {named if "product_name" in mapped else "false"} group by product_ref, product_name""")


def see_in_file(work: Session, view: str) -> None:
    """Stage `product_rows` and gather its products; the last row that says something counts, and its name wins."""
    work.run(f"create temp table product_rows as select * from {view}")
    position = "file_no * 1099511627776 + row_no"
    chosen = ", ".join(
        f"arg_max({column}, {position}) filter ({column} is not null) as {column}"
        for column in ("name", "category", "price_e4", "cost_e4")
    )
    nature = rules.nature("product_ref", "name")
    work.run(f"""
        create temp table seen_in_file as
        select product_ref, {_POSITION} as first, {chosen}
        from product_rows where problem is null group by product_ref""")
    work.run(f"""
        create temp table seen_products as
        select product_ref, first, category, price_e4, cost_e4, case when {nature} = '' then 1 else 0 end as is_product,
               1 as given
        from seen_in_file""")
    work.run("""
        create temp table seen_names as
        select product_ref, name, cast(0 as bigint) as lines, cast(0 as bigint) as last_us, 1 as given
        from seen_in_file where name is not null""")


def number(work: Session, shop: Shop) -> None:
    """Make `product_ids`, `names_next` and `products_next` from what was seen and what the shop holds."""
    work.show(shop, "products")
    work.show(shop, "product_names")
    held = work.count("select coalesce(max(product_id), 0) from held_products")
    work.run(f"""
        create temp table product_ids as
        select product_ref, product_id from held_products
        union all
        select product_ref, {held} + row_number() over (order by first, product_ref) as product_id
        from seen_products where product_ref not in (select product_ref from held_products)""")
    # A name that a product file gives replaces the one that an earlier product file gave.
    work.run("""
        create temp table names_next as
        with given as (select product_ref from seen_names where given = 1),
        every as (
            select h.product_id, h.name, h.lines, h.last_us,
                   case when i.product_ref in (select product_ref from given) then 0 else h.given end as given
            from held_product_names h join product_ids i using (product_id)
            union all
            select i.product_id, s.name, s.lines, s.last_us, s.given
            from seen_names s join product_ids i using (product_ref)
        )
        select product_id, name, cast(sum(lines) as bigint) as lines, max(last_us) as last_us, max(given) as given
        from every group by product_id, name""")
    _merge(work)


def _merge(work: Session) -> None:
    work.run("""
        create temp table products_next as
        with best as (
            select product_id, name from names_next
            qualify row_number() over (partition by product_id order by given desc, lines desc, last_us desc, name) = 1
        )
        select i.product_id, i.product_ref, coalesce(b.name, h.name) as name,
               case when s.given = 1 then coalesce(s.category, h.category) else coalesce(h.category, s.category) end
                   as category,
               coalesce(s.price_e4, h.price_e4) as price_e4, coalesce(s.cost_e4, h.cost_e4) as cost_e4,
               greatest(coalesce(s.is_product, 0), coalesce(h.is_product, 0)) as is_product
        from product_ids i
        left join held_products h on i.product_id = h.product_id
        left join seen_products s on i.product_ref = s.product_ref
        left join best b on i.product_id = b.product_id""")


def changed(work: Session) -> int:
    """How many products are new or different; 0 means that the table need not be written."""
    return work.count("""
        select count(*) from (select * from products_next except
                              select product_id, product_ref, name, category, price_e4, cost_e4, is_product
                              from held_products)""")


def names_changed(work: Session) -> int:
    """How many names are new or counted anew."""
    return work.count("""
        select count(*) from (select * from names_next except
                              select product_id, name, lines, last_us, given from held_product_names)""")


def renamed(work: Session) -> int:
    """How many products have several names; the most used one stands."""
    several = "select product_id from names_next group by product_id having count(*) > 1"
    return work.count(f"select count(*) from ({several})")
