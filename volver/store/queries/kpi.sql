-- Orders, revenue, margin and buyers of every day, week (from Monday) or month between two days.
-- inputs: days, orders
-- params: by VARCHAR, start_day DATE, end_day DATE
-- output: start DATE, orders BIGINT, net_e4 BIGINT, gross_e4 BIGINT, returned_e4 BIGINT, margin_e4 BIGINT,
--    customers BIGINT, new_customers BIGINT, returning_customers BIGINT, guest_orders BIGINT
-- example: by=week, start_day=2017-01-01, end_day=2017-12-31
with dated as (
  select d.day, d.orders, d.guest_orders, d.new_customers, d.net_e4, d.gross_e4, d.returned_e4, d.margin_e4,
         case $by when 'day' then d.day
              when 'month' then cast(d.day - cast(day(d.day) - 1 as integer) as date)
              else cast(d.day - cast(date_diff('day', date '1899-12-25', d.day)
                        - 7 * cast(floor(date_diff('day', date '1899-12-25', d.day) / 7) as bigint) as integer) as date)
         end as start
  from days d where d.day between $start_day and $end_day
),
money as (
  select start, cast(sum(orders) as bigint) as orders, cast(sum(guest_orders) as bigint) as guest_orders,
         cast(sum(new_customers) as bigint) as new_customers, cast(sum(net_e4) as bigint) as net_e4,
         cast(sum(gross_e4) as bigint) as gross_e4, cast(sum(returned_e4) as bigint) as returned_e4,
         cast(sum(margin_e4) as bigint) as margin_e4
  from dated group by start
),
buyers as (
  select d.start, cast(count(distinct o.customer_id) as bigint) as customers
  from orders o join dated d on d.day = o.day
  where o.is_order = 1 and o.customer_id is not null
  group by d.start
)
select m.start, m.orders, m.net_e4, m.gross_e4, m.returned_e4, m.margin_e4, coalesce(b.customers, 0) as customers,
       m.new_customers, coalesce(b.customers, 0) - m.new_customers as returning_customers, m.guest_orders
from money m left join buyers b on b.start = m.start
