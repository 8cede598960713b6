"""A small shop for the store's tests: every lake table filled, with the awkward cases in it.

The numbers mean nothing; they only have to be the same on every engine. Guests, ties in time, cancellations, missing
names and costs, customers without orders and orders without lines of sale are all there.
"""

from pathlib import Path

from tests.world import new_shop
from volver.store import TABLES, Shop

ORDERS = 400
CUSTOMERS = 60

_SOURCES = {
    "order_lines": f"""
        select i as line_id, i // 3 as order_id, 'o' || (i // 3) as order_ref,
               case when (i // 3) % 11 = 0 then null else 1 + (i // 3 * 7919) % {CUSTOMERS} end as customer_id,
               case when i % 13 = 0 then null else 1 + i % 9 end as product_id,
               (date_diff('day', date '1970-01-01', date '2016-11-20' + cast((i // 3 * 131) % 420 as integer)))
                 * 86400000000 + (i // 3 % 5) * 3600000000 as ts_us,
               date '2016-11-20' + cast((i // 3 * 131) % 420 as integer) as day,
               case when i // 3 % 17 = 0 then 'cancellation'
                 when i // 3 % 41 = 0 then 'adjustment' else 'sale' end as doc,
               case when i // 3 % 17 = 0 then 'cancel' when i // 3 % 41 = 0 then 'adjustment'
                 when i % 19 = 0 then 'return'
                    when i % 23 = 0 then 'shipping_or_fee' when i % 29 = 0 then 'write_off' else 'sale' end as kind,
               case when i // 3 % 17 = 0 or i % 19 = 0 then -10000 else 10000 * (1 + i % 4) end as quantity_e4,
               12345 + 1000 * (i % 9) as unit_price_e4,
               (case when i // 3 % 17 = 0 or i % 19 = 0 then -1 else 1 + i % 4 end) * (12345
                 + 1000 * (i % 9)) as amount_e4,
               case when i % 4 = 0 then 500 * (i % 7) else 0 end as discount_e4,
               case when i % 3 = 0 then null else 4000 + i % 100 end as cost_e4,
               i as line_key, 1 as occurrence, 1 as batch
        from range({ORDERS * 3}) t(i)""",
    "customers": f"""
        select i as customer_id, 'c' || i as customer_ref, case when i % 5 = 0 then null else 'Name ' || i end as name,
               case when i % 7 = 0 then null else 'person' || i || '@example.org' end as email,
               case when i % 3 = 0 then 'Sevilla' else 'Vigo' end as city, 'ES' as country,
               case when i % 4 = 0 then null else 'search' end as channel
        from range(1, {CUSTOMERS + 11}) t(i)""",
    "canonical": "select unnest([3, 7, 20, 44]) as customer_id, unnest([1, 1, 21, 66]) as canonical_id",
    "products": """
        select i as product_id, 'p' || i as product_ref, case when i = 4 then null else 'Product ' || i end as name,
               case when i % 3 = 0 then null else 'Category ' || i % 3 end as category, 12345 + 1000 * i as price_e4,
               case when i % 2 = 0 then null else 4000 end as cost_e4, case when i = 9 then 0 else 1 end as is_product
        from range(1, 10) t(i)""",
    "events": f"""
        select i as event_id, case when i % 6 = 0 then null else 1 + (i * 31) % {CUSTOMERS} end as customer_id,
               (date_diff('day', date '1970-01-01', date '2017-01-01' + cast(i % 300 as integer))) * 86400000000
                 + (i % 3) * 60000000 as ts_us,
               date '2017-01-01' + cast(i % 300 as integer) as day,
               case i % 5 when 0 then 'page_viewed' when 1 then 'product_viewed' when 2 then 'cart_added'
                    when 3 then 'checkout_started' else 'message_sent' end as kind,
               case when i % 5 = 0 then null else 1 + i % 9 end as product_id, null as order_ref, null as text,
                 1 as batch
        from range(900) t(i)""",
    "order_days": """
        select max(customer_id) as customer_id, min(day) as day, min(day) as from_day,
               cast(case when order_id % 7 = 0 then min(day) + 5 end as date) as until_day, order_id,
               max(case when kind = 'sale' then 1 else 0 end) as counts, sum(amount_e4) as gross_e4,
               sum(amount_e4) as amount_e4, 1 + order_id % 3 as batch,
               case when order_id % 5 = 0 then 1 else 0 end as whole
        from order_lines where kind not in ('adjustment', 'write_off') group by order_id
        union all
        select max(customer_id) as customer_id, min(day) as day, cast(min(day) + 5 as date) as from_day,
               cast(null as date) as until_day, order_id, 0 as counts, 0 as gross_e4, 0 as amount_e4,
               1 + order_id % 3 as batch,
               case when order_id % 5 = 0 then 1 else 0 end as whole
        from order_lines where kind not in ('adjustment', 'write_off') and order_id % 7 = 0 group by order_id""",
    "orders": """
        select order_id, min(order_ref) as order_ref, min(customer_id) as customer_id, min(ts_us) as ts_us,
          min(day) as day,
               min(doc) as doc, max(case when doc = 'sale' and kind = 'sale' then 1 else 0 end) as is_order,
               max(case when order_id % 31 = 0 then day else null end) as undone_day, count(*) as lines,
               sum(quantity_e4) as units_e4, sum(case when kind in ('sale',
                 'shipping_or_fee') then amount_e4 else 0 end)
                 as gross_e4, sum(discount_e4) as discount_e4,
               sum(case when kind in ('return', 'cancel') then amount_e4 else 0 end) as returned_e4,
               sum(case when kind in ('adjustment', 'write_off') then 0 else amount_e4 end) as net_e4,
               sum(coalesce(cost_e4, 0)) as cost_e4
        from order_lines group by order_id""",
    "facts": """
        select customer_id, count(*) as orders, sum(net_e4) as net_e4, sum(gross_e4) as gross_e4,
               sum(net_e4) - sum(cost_e4) as margin_e4, sum(net_e4) // count(*) as aov_e4, min(day) as first_day,
               max(day) as last_day, case when count(*) > 1 then 20 + customer_id / 7 else null end as usual_gap_days,
               date_diff('day', max(day), date '2018-01-14') as days_since, (customer_id % 10) / 10 as discount_share,
               (customer_id % 4) / 8 as returned_share, sum(units_e4) as units_e4, 1
                 + customer_id % 9 as top_product_id,
               case when customer_id % 3 = 0 then null else 'Category 1' end as top_category,
               case customer_id % 6 when 0 then 'new' when 1 then 'growing' when 2 then 'champion'
                 when 3 then 'slipping'
                    when 4 then 'sleeping' else 'lost' end as stage, '["{n} days", {"n": 3}]' as stage_reason
        from orders where is_order = 1 and customer_id is not null group by customer_id""",
    "segment_members": """
        select 'vip' as segment, customer_id, last_day as since_day, '["x", {}]' as reason from facts where orders > 5
        union all select 'loyal', customer_id, first_day, '["x", {}]' from facts where customer_id % 2 = 0""",
    "scores": """
        select customer_id, 1 / (1 + customer_id % 7) as p_alive, orders / 3 as orders_365d,
          aov_e4 as spend_per_order_e4,
               net_e4 // 2 as value_365d_e4, net_e4 // 4 as value_low_e4, net_e4 as value_high_e4,
               case when customer_id % 4 = 0 then null else last_day + 20 end as next_from_day,
               case when customer_id % 4 = 0 then null else last_day + 60 end as next_to_day,
               (customer_id % 11) / 11 as p_buy_7d,
               (customer_id % 9) / 9 as p_buy_30d, (customer_id % 5) / 5 as p_buy_90d
        from facts""",
}


def small_shop(folder: Path) -> Shop:
    """Make the shop; a column that the sources do not name gets a value made of the row's number."""
    shop = new_shop(folder, name="Small", timezone="Europe/Madrid")
    for table, declared in TABLES.items():
        if table == "months":
            continue
        source = _SOURCES.get(table, "select i from range(50) t(i)")
        given = shop.compute.relation(f"select * from ({source}) limit 0").column_names
        fills = [f"{_fill(kind)} as {name}" for name, kind in declared.columns.items() if name not in given]
        if "month" in declared.columns and "day" in given:
            fills = [each for each in fills if not each.endswith(" month")] + ["strftime(day, '%Y-%m') as month"]
        sql = f"select {', '.join(['*', *fills])} from (select *, row_number() over () as n from ({source}))"
        shop.lake.replace(table, shop.compute.write(sql, table), offset=1 if table == "order_lines" else None)
    return shop


def _fill(kind: str) -> str:
    return {
        "BIGINT": "n % 17",
        "INTEGER": "cast(n % 5 as integer)",
        "DOUBLE": "(n % 13) / 13",
        "VARCHAR": "'t' || (n % 6)",
        "DATE": "date '2017-01-01' + cast(n % 200 as integer)",
    }[kind]
