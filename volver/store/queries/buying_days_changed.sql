-- The customers whose past the order lines after a batch may change; those of all others only add to it.
-- inputs: order_lines, buying_days
-- params: after BIGINT, undone_days INTEGER
-- output: customer_id BIGINT
-- example: after=0, undone_days=2
-- example: after=1, undone_days=2
-- A new line reaches into the past in three ways: its order was there before; what it undoes may have been; it is a
-- sale that something known may undo. Days are compared, `undone_days` wide: rather one customer too many.
with fresh as (
  select customer_id, order_id, day, kind
  from order_lines
  where batch > $after and customer_id is not null and kind not in ('adjustment', 'write_off')
),
orders_of as (
  select distinct customer_id, cast(order_id % 65521 as integer) as order_tag
  from fresh where kind in ('sale', 'shipping_or_fee')
),
reach as (
  select customer_id,
         min(case when kind in ('cancel', 'return') then cast(day - $undone_days as date) end) as undo_from_day,
         max(case when kind in ('cancel', 'return') then day end) as undo_until_day,
         min(case when kind = 'sale' then day end) as sale_from_day,
         max(case when kind = 'sale' then cast(day + $undone_days as date) end) as sale_until_day
  from fresh
  group by customer_id
)
select distinct b.customer_id
from buying_days b
join reach r on r.customer_id = b.customer_id
left join orders_of o on o.customer_id = b.customer_id and o.order_tag = b.order_tag
where o.customer_id is not null
   or (b.order_tag is not null and b.day >= r.undo_from_day and b.day <= r.undo_until_day)
   or (b.order_tag is null and b.from_day >= r.sale_from_day and b.from_day <= r.sale_until_day)
