-- Every document of the ledger: the day its order counts for, and from which day until which it was known to be so.
-- inputs: order_lines
-- params: undone_us BIGINT, batch BIGINT, whole INTEGER
-- output: customer_id BIGINT, day DATE, from_day DATE, until_day DATE, order_id BIGINT, counts INTEGER,
--    gross_e4 BIGINT, amount_e4 BIGINT, batch BIGINT, whole INTEGER
-- example: undone_us=86400000000, batch=1, whole=0
-- example: undone_us=3456000000000, batch=7, whole=1
-- The one rule of what an order is. A document that sells is an order, unless its goods' whole money or their every unit
-- came back within `undone_us`: then it never was one. A guest's without money is none either. What came back
-- belongs to its own document if that sells the product, else to the newest one that had sold it to the customer
-- before, else to none. A document is its customer's, the largest id where lines disagree; NULL is a guest.
-- At the end of a day A an order stands as its row with `from_day` <= A < `until_day` says (NULL: still so); what was
-- known of a customer's money is the sum of `amount_e4` over `from_day` <= A, whatever became of the row. Money of no
-- order has rows of its document that count for nothing.
with known as (
  select line_id, customer_id, order_id, product_id, ts_us, day, kind, quantity_e4, amount_e4
  from order_lines
  where kind not in ('adjustment', 'write_off')
),
heads as (
  select order_id, max(customer_id) as customer_id, min(case when kind = 'sale' then ts_us end) as head_us,
         min(case when kind = 'sale' then day end) as order_day
  from known
  group by order_id
),
back as (
  select k.line_id, h.customer_id, k.order_id, k.product_id, k.ts_us, k.day, k.quantity_e4, k.amount_e4
  from known k join heads h on h.order_id = k.order_id
  where k.kind in ('return', 'cancel')
),
pairs as (
  select distinct customer_id, product_id from back where customer_id is not null and product_id is not null
),
sold as (
  select p.customer_id, p.product_id, k.order_id, min(k.ts_us) as ts_us, min(k.day) as day
  from known k
  join heads h on h.order_id = k.order_id
  join pairs p on p.customer_id = h.customer_id and p.product_id = k.product_id
  where k.kind in ('sale', 'shipping_or_fee')
  group by p.customer_id, p.product_id, k.order_id
),
steps as (
  select customer_id, product_id, ts_us, order_id, cast(null as bigint) as line_id, 0 as is_back from sold
  union all
  select customer_id, product_id, ts_us, order_id, line_id, 1 as is_back
  from back where customer_id is not null and product_id is not null
),
placed as (
  select customer_id, product_id, line_id, is_back,
         max(case when is_back = 0 then ts_us end) over (
           partition by customer_id, product_id order by ts_us, is_back, order_id, line_id
           rows between unbounded preceding and current row) as sold_us
  from steps
),
earlier as (
  select p.line_id, max(s.order_id) as order_id
  from placed p
  join sold s on s.customer_id = p.customer_id and s.product_id = p.product_id and s.ts_us = p.sold_us
  where p.is_back = 1
  group by p.line_id
),
homes as (
  select b.order_id, b.ts_us, b.day, b.quantity_e4, b.amount_e4, e.order_id as earlier_id,
         case when b.customer_id is null then b.day else s.day end as own_day
  from back b
  left join sold s on s.customer_id = b.customer_id and s.product_id = b.product_id and s.order_id = b.order_id
  left join earlier e on e.line_id = b.line_id
),
undo as (
  select order_id, ts_us, greatest(day, own_day) as day, quantity_e4, amount_e4 from homes where own_day is not null
  union all
  select earlier_id as order_id, ts_us, day, quantity_e4, amount_e4
  from homes where earlier_id is not null and (own_day is null or own_day > day)
  union all
  select earlier_id as order_id, ts_us, own_day as day, -quantity_e4 as quantity_e4, -amount_e4 as amount_e4
  from homes where earlier_id is not null and own_day > day
),
moves as (
  select k.order_id, greatest(k.day, h.order_day) as day, k.amount_e4 as gross_e4,
         case when k.kind = 'sale' then k.amount_e4 else 0 end as sale_e4,
         case when k.kind = 'sale' then k.quantity_e4 else 0 end as units_e4, 0 as soon_e4, 0 as soon_units_e4,
         case when k.day >= h.order_day then k.amount_e4 else 0 end as amount_e4
  from known k join heads h on h.order_id = k.order_id
  where k.kind in ('sale', 'shipping_or_fee') and h.order_day is not null
  union all
  select u.order_id, greatest(u.day, h.order_day) as day, 0 as gross_e4, 0 as sale_e4, 0 as units_e4,
         u.amount_e4 as soon_e4, u.quantity_e4 as soon_units_e4, 0 as amount_e4
  from undo u join heads h on h.order_id = u.order_id
  where u.ts_us - h.head_us <= $undone_us
),
daily as (
  select order_id, day, cast(sum(gross_e4) as bigint) as gross_e4, cast(sum(sale_e4) as bigint) as sale_e4,
         cast(sum(units_e4) as bigint) as units_e4, cast(sum(soon_e4) as bigint) as soon_e4,
         cast(sum(soon_units_e4) as bigint) as soon_units_e4, cast(sum(amount_e4) as bigint) as amount_e4
  from moves
  group by order_id, day
),
running as (
  select order_id, day, amount_e4,
         lead(day) over (partition by order_id order by day) as until_day,
         cast(sum(gross_e4) over (partition by order_id order by day
           rows between unbounded preceding and current row) as bigint) as gross_e4,
         cast(sum(sale_e4) over (partition by order_id order by day
           rows between unbounded preceding and current row) as bigint) as sale_e4,
         cast(sum(units_e4) over (partition by order_id order by day
           rows between unbounded preceding and current row) as bigint) as units_e4,
         cast(sum(soon_e4) over (partition by order_id order by day
           rows between unbounded preceding and current row) as bigint) as soon_e4,
         cast(sum(soon_units_e4) over (partition by order_id order by day
           rows between unbounded preceding and current row) as bigint) as soon_units_e4
  from daily
)
select h.customer_id, h.order_day as day, r.day as from_day, r.until_day, r.order_id,
       case when r.soon_e4 < 0 and r.sale_e4 + r.soon_e4 <= 0 then 0
            when r.soon_units_e4 < 0 and r.units_e4 + r.soon_units_e4 <= 0 then 0
            when h.customer_id is null and r.gross_e4 <= 0 then 0
            else 1 end as counts,
       r.gross_e4, r.amount_e4, cast($batch as bigint) as batch, cast($whole as integer) as whole
from running r join heads h on h.order_id = r.order_id
union all
select h.customer_id, k.day, k.day as from_day, cast(null as date) as until_day, k.order_id, 0 as counts,
       cast(0 as bigint) as gross_e4, cast(sum(k.amount_e4) as bigint) as amount_e4,
       cast($batch as bigint) as batch, cast($whole as integer) as whole
from known k join heads h on h.order_id = k.order_id
where k.kind <> 'sale' and (k.kind <> 'shipping_or_fee' or h.order_day is null or k.day < h.order_day)
group by h.customer_id, k.day, k.order_id
