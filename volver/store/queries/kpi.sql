-- Orders, revenue, margin and buyers of every day, week (from Monday) or month between two days.
-- inputs: orders, order_lines, products, months
-- params: by VARCHAR, start_day DATE, end_day DATE, margin_rate DOUBLE
-- output: start DATE, orders BIGINT, net_e4 BIGINT, gross_e4 BIGINT, returned_e4 BIGINT, margin_e4 BIGINT,
--    customers BIGINT, new_customers BIGINT, returning_customers BIGINT, guest_orders BIGINT
-- example: by=month, start_day=2017-01-01, end_day=2017-12-31, margin_rate=0.4
-- Money counts on the day of its ledger line, so a return lowers the period in which it came; orders on their own day.
with firsts as (
  select customer_id, min(day) as first_day from orders where is_order = 1 and customer_id is not null group by customer_id
),
placed as (
  select o.order_id, o.customer_id, o.day, f.first_day
  from orders o left join firsts f on f.customer_id = o.customer_id
  where o.is_order = 1 and o.day between $start_day and $end_day
),
placed_in as (
  select p.order_id, p.customer_id, p.day, p.first_day,
         case $by when 'day' then p.day when 'month' then m.first_day
              else cast(p.day - cast(date_diff('day', date '1899-12-25', p.day)
                        - 7 * cast(floor(date_diff('day', date '1899-12-25', p.day) / 7) as bigint) as integer) as date)
         end as start
  from placed p join months m on m.month_no = year(p.day) * 12 + month(p.day)
),
counted as (
  select start, cast(count(*) as bigint) as orders, cast(count(distinct customer_id) as bigint) as customers,
         cast(sum(case when customer_id is null then 1 else 0 end) as bigint) as guest_orders
  from placed_in group by start
),
fresh as (
  select start, cast(count(distinct customer_id) as bigint) as new_customers
  from placed_in where day = first_day group by start
),
lines_in as (
  select case $by when 'day' then l.day when 'month' then m.first_day
              else cast(l.day - cast(date_diff('day', date '1899-12-25', l.day)
                        - 7 * cast(floor(date_diff('day', date '1899-12-25', l.day) / 7) as bigint) as integer) as date)
         end as start,
         l.kind, l.amount_e4,
         coalesce(l.cost_e4, cast(floor(p.cost_e4 * (cast(l.quantity_e4 as double) / 10000) + 0.5) as bigint),
                  cast(floor(l.amount_e4 * (1.0 - $margin_rate) + 0.5) as bigint)) as cost_e4
  from order_lines l
  join months m on m.month_no = year(l.day) * 12 + month(l.day)
  left join products p on p.product_id = l.product_id
  where l.kind not in ('adjustment', 'write_off') and l.day between $start_day and $end_day
),
money as (
  select start, cast(sum(amount_e4) as bigint) as net_e4,
         cast(sum(case when kind in ('sale', 'shipping_or_fee') then amount_e4 else 0 end) as bigint) as gross_e4,
         cast(sum(case when kind in ('return', 'cancel') then amount_e4 else 0 end) as bigint) as returned_e4,
         cast(sum(amount_e4 - cost_e4) as bigint) as margin_e4
  from lines_in group by start
)
select y.start, coalesce(c.orders, 0) as orders, y.net_e4, y.gross_e4, y.returned_e4, y.margin_e4,
       coalesce(c.customers, 0) as customers, coalesce(f.new_customers, 0) as new_customers,
       coalesce(c.customers, 0) - coalesce(f.new_customers, 0) as returning_customers,
       coalesce(c.guest_orders, 0) as guest_orders
from money y left join counted c on c.start = y.start left join fresh f on f.start = y.start
