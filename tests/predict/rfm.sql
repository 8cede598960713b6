-- Every customer's order days and net spend, as both were known at the end of a day.
-- inputs: order_lines
-- params: as_of DATE, undone_us BIGINT, every BIGINT
-- output: customer_id BIGINT, first_day DATE, last_day DATE, x BIGINT, age_days BIGINT, spend_days BIGINT, net_e4 BIGINT
-- example: as_of=2017-10-01, undone_us=86400000000, every=1
-- example: as_of=2017-10-01, undone_us=86400000000, every=2
-- Only customers whose id `every` divides (1: all). Guests have no history. An order whose goods' whole money came back
-- within `undone_us` never was one, postage kept or not; an order without money is a visit, not a spend. `x` counts the order days after the first; `net_e4` holds returns that had come by then.
with known as (
  select line_id, customer_id, order_id, product_id, ts_us, day, kind, amount_e4
  from order_lines
  where day <= $as_of and customer_id % nullif($every, 0) = 0 and kind not in ('adjustment', 'write_off')
),
sold as (
  select customer_id, order_id, min(ts_us) as ts_us, min(day) as day
  from known where kind = 'sale'
  group by customer_id, order_id
),
undo as (
  select line_id, customer_id, product_id, ts_us, amount_e4
  from known where kind in ('cancel', 'return') and product_id is not null
),
regretful as (
  select distinct customer_id, product_id from undo
),
items as (
  select distinct k.customer_id, k.order_id, k.product_id, s.ts_us
  from known k
  join regretful r on r.customer_id = k.customer_id and r.product_id = k.product_id
  join sold s on s.customer_id = k.customer_id and s.order_id = k.order_id
  where k.kind = 'sale'
),
matched as (
  select i.customer_id, i.order_id, u.amount_e4,
         row_number() over (
           partition by u.line_id order by i.ts_us desc, i.order_id desc
           rows between unbounded preceding and current row) as nearest
  from undo u
  join items i on i.customer_id = u.customer_id and i.product_id = u.product_id
       and i.ts_us <= u.ts_us and u.ts_us - i.ts_us <= $undone_us
),
soon as (
  select customer_id, order_id, cast(sum(amount_e4) as bigint) as soon_e4
  from matched where nearest = 1
  group by customer_id, order_id
),
paid as (
  select customer_id, order_id, cast(sum(amount_e4) as bigint) as gross_e4,
         cast(sum(case when kind = 'sale' then amount_e4 else 0 end) as bigint) as sale_e4
  from known where kind in ('sale', 'shipping_or_fee')
  group by customer_id, order_id
),
order_days as (
  select s.customer_id, s.day, cast(sum(p.gross_e4) as bigint) as gross_e4
  from sold s
  join paid p on p.customer_id = s.customer_id and p.order_id = s.order_id
  left join soon on soon.customer_id = s.customer_id and soon.order_id = s.order_id
  where not (coalesce(soon.soon_e4, 0) < 0 and p.sale_e4 + coalesce(soon.soon_e4, 0) <= 0)
  group by s.customer_id, s.day
),
money as (
  select customer_id, cast(sum(amount_e4) as bigint) as net_e4
  from known
  group by customer_id
)
select d.customer_id, min(d.day) as first_day, max(d.day) as last_day,
       cast(count(*) - 1 as bigint) as x,
       cast(date_diff('day', min(d.day), cast($as_of as date)) as bigint) as age_days,
       cast(sum(case when d.gross_e4 > 0 then 1 else 0 end) as bigint) as spend_days,
       max(m.net_e4) as net_e4
from order_days d
join money m on m.customer_id = d.customer_id
group by d.customer_id
