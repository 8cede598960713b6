-- The documents that must be read anew after a batch, and whether one of them passes to another customer.
-- inputs: order_lines, order_days
-- params: after BIGINT, undone_days INTEGER
-- output: order_id BIGINT, passes INTEGER
-- example: after=0, undone_days=2
-- example: after=1, undone_days=2
-- A new line reaches into its customer's past in three ways: its document was there before; what it undoes may have
-- been; it is a sale to which something known may belong. Then all of the customer's documents are read anew; those of
-- all others only add. Days are compared, `undone_days` wide: rather one customer too many.
with fresh as (
  select order_id, max(customer_id) as customer_id, min(day) as day,
         min(case when kind in ('cancel', 'return') then cast(day - $undone_days as date) end) as undo_day,
         min(case when kind in ('sale', 'shipping_or_fee') then day end) as sale_day
  from order_lines
  where batch > $after and kind not in ('adjustment', 'write_off')
  group by order_id
),
there as (
  select f.order_id, f.customer_id as new_id, max(d.customer_id) as customer_id
  from fresh f join order_days d on d.order_id = f.order_id
  group by f.order_id, f.customer_id
),
reach as (
  select customer_id, min(undo_day) as undo_day, min(sale_day) as sale_day
  from fresh where customer_id is not null
  group by customer_id
),
touched as (
  select distinct d.customer_id
  from order_days d join reach r on r.customer_id = d.customer_id
  where d.from_day >= r.undo_day or (d.counts = 0 and d.from_day >= r.sale_day)
  union
  select customer_id from there where customer_id is not null
)
select t.order_id, case when t.new_id > t.customer_id or (t.new_id is not null and t.customer_id is null) then 1 else 0 end
         as passes
from there t
union
select d.order_id, 0 as passes
from order_days d join touched c on c.customer_id = d.customer_id
union
select f.order_id, 0 as passes
from fresh f join touched c on c.customer_id = f.customer_id
