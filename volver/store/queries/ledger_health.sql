-- Is the ledger sound: its span, guests, unmatched returns, unknown costs.
-- inputs: orders, order_lines, products
-- output: first_day DATE, last_day DATE, lines BIGINT, orders BIGINT, guest_orders BIGINT, unmatched BIGINT,
--    unknown_costs BIGINT
-- example:
with sized as (
  select min(l.day) as first_day, max(l.day) as last_day, cast(count(*) as bigint) as lines,
         cast(coalesce(sum(case when l.cost_e4 is null and p.cost_e4 is null then 1 else 0 end), 0) as bigint) as unknown_costs
  from order_lines l left join products p on p.product_id = l.product_id
),
placed as (
  select cast(coalesce(sum(is_order), 0) as bigint) as orders,
         cast(coalesce(sum(case when is_order = 1 and customer_id is null then 1 else 0 end), 0) as bigint) as guest_orders,
         cast(coalesce(sum(unmatched), 0) as bigint) as unmatched
  from orders
)
select s.first_day, s.last_day, s.lines, p.orders, p.guest_orders, p.unmatched, s.unknown_costs
from sized s cross join placed p
