-- Every order of every known customer: the day it counts for, and from which day until which it was known to be so.
-- inputs: order_lines
-- params: undone_us BIGINT, batch BIGINT, whole INTEGER
-- output: customer_id BIGINT, day DATE, from_day DATE, until_day DATE, order_tag INTEGER, counts INTEGER,
--    gross_e4 BIGINT, amount_e4 BIGINT, batch BIGINT, whole INTEGER
-- example: undone_us=86400000000, batch=1, whole=0
-- example: undone_us=3456000000000, batch=7, whole=1
-- At the end of a day A an order stands as its row with `from_day` <= A < `until_day` says (NULL: still so); what was
-- known of a customer's money is the sum of `amount_e4` over `from_day` <= A, whatever became of the row. Money of no
-- order has rows that count for nothing. An order whose goods' whole money came back within `undone_us` never was
-- one. `order_tag` is a short mark of the order, NULL for what came back; two orders may share one.
with known as (
  select line_id, customer_id, order_id, product_id, ts_us, day, kind, amount_e4
  from order_lines
  where customer_id is not null and kind not in ('adjustment', 'write_off')
),
sold as (
  select customer_id, order_id, min(ts_us) as ts_us, min(day) as order_day
  from known where kind = 'sale'
  group by customer_id, order_id
),
undo as (
  select line_id, customer_id, product_id, ts_us, day, amount_e4
  from known where kind in ('cancel', 'return') and product_id is not null
),
regretful as (
  select distinct customer_id, product_id from undo
),
items as (
  select k.customer_id, k.order_id, k.product_id, s.ts_us, min(k.day) as day
  from known k
  join regretful r on r.customer_id = k.customer_id and r.product_id = k.product_id
  join sold s on s.customer_id = k.customer_id and s.order_id = k.order_id
  where k.kind = 'sale'
  group by k.customer_id, k.order_id, k.product_id, s.ts_us
),
near as (
  select u.line_id, u.amount_e4, i.customer_id, i.order_id, i.ts_us, greatest(u.day, i.day) as day
  from undo u
  join items i on i.customer_id = u.customer_id and i.product_id = u.product_id
       and i.ts_us <= u.ts_us and u.ts_us - i.ts_us <= $undone_us
),
matched as (
  select line_id, amount_e4, customer_id, order_id, day as from_day,
         min(day) over (
           partition by line_id order by ts_us desc, order_id desc
           rows between unbounded preceding and 1 preceding) as until_day
  from near
),
soon as (
  select customer_id, order_id, from_day as day, amount_e4
  from matched where until_day is null or from_day < until_day
  union all
  select customer_id, order_id, until_day as day, -amount_e4 as amount_e4
  from matched where from_day < until_day
),
moves as (
  select k.customer_id, k.order_id, s.order_day, greatest(k.day, s.order_day) as day,
         k.amount_e4 as gross_e4, case when k.kind = 'sale' then k.amount_e4 else 0 end as sale_e4, 0 as soon_e4,
         case when k.day >= s.order_day then k.amount_e4 else 0 end as amount_e4
  from known k
  join sold s on s.customer_id = k.customer_id and s.order_id = k.order_id
  where k.kind in ('sale', 'shipping_or_fee')
  union all
  select b.customer_id, b.order_id, s.order_day, b.day, 0 as gross_e4, 0 as sale_e4, b.amount_e4 as soon_e4,
         0 as amount_e4
  from soon b
  join sold s on s.customer_id = b.customer_id and s.order_id = b.order_id
),
steps as (
  select customer_id, order_id, order_day, day, cast(sum(gross_e4) as bigint) as gross_e4,
         cast(sum(sale_e4) as bigint) as sale_e4, cast(sum(soon_e4) as bigint) as soon_e4,
         cast(sum(amount_e4) as bigint) as amount_e4
  from moves
  group by customer_id, order_id, order_day, day
),
running as (
  select customer_id, order_id, order_day, day, amount_e4,
         lead(day) over (partition by customer_id, order_id order by day) as until_day,
         cast(sum(gross_e4) over (
           partition by customer_id, order_id order by day
           rows between unbounded preceding and current row) as bigint) as gross_e4,
         cast(sum(sale_e4) over (
           partition by customer_id, order_id order by day
           rows between unbounded preceding and current row) as bigint) as sale_e4,
         cast(sum(soon_e4) over (
           partition by customer_id, order_id order by day
           rows between unbounded preceding and current row) as bigint) as soon_e4
  from steps
),
stray as (
  select k.customer_id, k.day, k.amount_e4,
         cast(case when k.kind = 'shipping_or_fee' then k.order_id % 65521 end as integer) as order_tag
  from known k
  left join sold s on s.customer_id = k.customer_id and s.order_id = k.order_id
  where k.kind <> 'sale' and (k.kind <> 'shipping_or_fee' or s.order_id is null or k.day < s.order_day)
)
select customer_id, order_day as day, day as from_day, until_day, cast(order_id % 65521 as integer) as order_tag,
       case when soon_e4 < 0 and sale_e4 + soon_e4 <= 0 then 0 else 1 end as counts, gross_e4, amount_e4,
       cast($batch as bigint) as batch, cast($whole as integer) as whole
from running
union all
select customer_id, day, day as from_day, cast(null as date) as until_day, order_tag, 0 as counts,
       cast(0 as bigint) as gross_e4, cast(sum(amount_e4) as bigint) as amount_e4,
       cast($batch as bigint) as batch, cast($whole as integer) as whole
from stray
group by customer_id, day, order_tag
