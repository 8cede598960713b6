-- Every customer's order days and net spend, as both were known at the end of a day.
-- inputs: order_lines
-- params: as_of DATE, undone_us BIGINT, every BIGINT
-- output: customer_id BIGINT, first_day DATE, last_day DATE, x BIGINT, age_days BIGINT, spend_days BIGINT, net_e4 BIGINT
-- example: as_of=2017-10-01, undone_us=86400000000, every=1
-- example: as_of=2017-10-01, undone_us=86400000000, every=2
-- Only customers whose id `every` divides (1: all). Guests have no history. An order whose goods' whole money or every
-- unit came back within `undone_us` never was one, postage kept or not; an order without money is a visit, not a spend.
-- `x` counts the order days after the first; `net_e4` holds returns that had come by then.
with owners as (
  select order_id, max(customer_id) as customer_id
  from order_lines where kind not in ('adjustment', 'write_off')
  group by order_id having max(customer_id) % nullif($every, 0) = 0
),
known as (
  select l.line_id, o.customer_id, l.order_id, l.product_id, l.ts_us, l.day, l.kind, l.quantity_e4, l.amount_e4
  from order_lines l join owners o on o.order_id = l.order_id
  where l.day <= $as_of and l.kind not in ('adjustment', 'write_off')
),
orders as (
  select customer_id, order_id, min(case when kind = 'sale' then ts_us end) as ts_us,
         min(case when kind = 'sale' then day end) as day,
         cast(sum(case when kind in ('sale', 'shipping_or_fee') then amount_e4 else 0 end) as bigint) as gross_e4,
         cast(sum(case when kind = 'sale' then amount_e4 else 0 end) as bigint) as sale_e4,
         cast(sum(case when kind = 'sale' then quantity_e4 else 0 end) as bigint) as units_e4
  from known group by customer_id, order_id
),
sold as (
  select customer_id, product_id, order_id, min(ts_us) as ts_us
  from known where kind in ('sale', 'shipping_or_fee') and product_id is not null
  group by customer_id, product_id, order_id
),
matched as (
  select b.line_id, b.ts_us, b.amount_e4, b.quantity_e4, s.order_id,
         row_number() over (
           partition by b.line_id
           order by case when s.order_id = b.order_id then 0 else 1 end, s.ts_us desc, s.order_id desc
           rows between unbounded preceding and current row) as nearest
  from known b
  join sold s on s.customer_id = b.customer_id and s.product_id = b.product_id
       and (s.order_id = b.order_id or s.ts_us <= b.ts_us)
  where b.kind in ('cancel', 'return')
),
soon as (
  select m.order_id, cast(sum(m.amount_e4) as bigint) as soon_e4, cast(sum(m.quantity_e4) as bigint) as soon_units_e4
  from matched m join orders o on o.order_id = m.order_id
  where m.nearest = 1 and m.ts_us - o.ts_us <= $undone_us
  group by m.order_id
),
order_days as (
  select o.customer_id, o.day, cast(sum(o.gross_e4) as bigint) as gross_e4
  from orders o left join soon s on s.order_id = o.order_id
  where o.day is not null
        and not (coalesce(s.soon_e4, 0) < 0 and o.sale_e4 + coalesce(s.soon_e4, 0) <= 0)
        and not (coalesce(s.soon_units_e4, 0) < 0 and o.units_e4 + coalesce(s.soon_units_e4, 0) <= 0)
  group by o.customer_id, o.day
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
