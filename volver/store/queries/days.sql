-- Orders and money of every day that has a line in the ledger: what the key figures add up.
-- inputs: orders, order_lines, products
-- params: as_of DATE, margin_rate DOUBLE
-- output: day DATE, orders BIGINT, guest_orders BIGINT, new_customers BIGINT, net_e4 BIGINT, gross_e4 BIGINT,
--    returned_e4 BIGINT, discount_e4 BIGINT, margin_e4 BIGINT, lines BIGINT, uncosted BIGINT
-- example: as_of=2017-11-01, margin_rate=0.4
-- Money counts on the day of its ledger line, so a return lowers the day on which it came; an order on its own day.
with firsts as (
  select first_day, cast(count(*) as bigint) as new_customers
  from (select customer_id, min(day) as first_day from orders
        where is_order = 1 and customer_id is not null group by customer_id) each_one
  group by first_day
),
placed as (
  select day, cast(count(*) as bigint) as orders,
         cast(sum(case when customer_id is null then 1 else 0 end) as bigint) as guest_orders
  from orders where is_order = 1 group by day
),
costed as (
  select l.day, l.kind, l.amount_e4, l.discount_e4,
         case when l.cost_e4 is null and p.cost_e4 is null then 1 else 0 end as uncosted,
         coalesce(l.cost_e4, cast(floor(cast(p.cost_e4 as double) * l.quantity_e4 / 10000 + 0.5) as bigint),
                  cast(floor(l.amount_e4 * (1.0 - $margin_rate) + 0.5) as bigint)) as cost_e4
  from order_lines l left join products p on p.product_id = l.product_id
  where l.kind not in ('adjustment', 'write_off') and l.day <= $as_of
),
money as (
  select day, cast(sum(amount_e4) as bigint) as net_e4,
         cast(sum(case when kind in ('sale', 'shipping_or_fee') then amount_e4 else 0 end) as bigint) as gross_e4,
         cast(sum(case when kind in ('return', 'cancel') then amount_e4 else 0 end) as bigint) as returned_e4,
         cast(sum(discount_e4) as bigint) as discount_e4, cast(sum(amount_e4 - cost_e4) as bigint) as margin_e4,
         cast(count(*) as bigint) as lines, cast(sum(uncosted) as bigint) as uncosted
  from costed group by day
)
select m.day, coalesce(p.orders, 0) as orders, coalesce(p.guest_orders, 0) as guest_orders,
       coalesce(f.new_customers, 0) as new_customers, m.net_e4, m.gross_e4, m.returned_e4,
       coalesce(m.discount_e4, 0) as discount_e4, m.margin_e4, m.lines, m.uncosted
from money m left join placed p on p.day = m.day left join firsts f on f.first_day = m.day
