-- What every customer had done until the end of a day: discounts, returns, orders of late.
-- inputs: order_lines
-- params: as_of DATE, month_day DATE, quarter_day DATE, year_day DATE, every BIGINT
-- output: customer_id BIGINT, orders BIGINT, month_orders BIGINT, quarter_orders BIGINT, year_orders BIGINT,
--    lines BIGINT, products BIGINT, gross_e4 BIGINT, discount_e4 BIGINT, discounted BIGINT, discount_day DATE,
--    returned_e4 BIGINT, returns BIGINT, return_day DATE
-- example: as_of=2017-10-01, month_day=2017-09-01, quarter_day=2017-07-03, year_day=2016-10-01, every=1
-- example: as_of=2017-10-01, month_day=2017-09-01, quarter_day=2017-07-03, year_day=2016-10-01, every=2
-- Orders after `month_day`, `quarter_day`, `year_day` are of late. `every` keeps the customers whose id it divides.
with known as (
  select customer_id, order_id, product_id, day, kind, amount_e4, coalesce(discount_e4, 0) as discount_e4
  from order_lines
  where day <= $as_of and customer_id is not null and customer_id % nullif($every, 0) = 0 and kind in ('sale', 'return')
),
tickets as (
  select customer_id, order_id, min(day) as day, count(*) as lines, cast(sum(amount_e4) as bigint) as gross_e4,
         cast(sum(discount_e4) as bigint) as discount_e4
  from known where kind = 'sale'
  group by customer_id, order_id
),
bought as (
  select customer_id, count(*) as orders,
         cast(sum(case when day > $month_day then 1 else 0 end) as bigint) as month_orders,
         cast(sum(case when day > $quarter_day then 1 else 0 end) as bigint) as quarter_orders,
         cast(sum(case when day > $year_day then 1 else 0 end) as bigint) as year_orders,
         cast(sum(lines) as bigint) as lines, cast(sum(gross_e4) as bigint) as gross_e4,
         cast(sum(discount_e4) as bigint) as discount_e4,
         cast(sum(case when discount_e4 > 0 then 1 else 0 end) as bigint) as discounted,
         max(case when discount_e4 > 0 then day end) as discount_day
  from tickets
  group by customer_id
),
goods as (
  select customer_id, count(distinct product_id) as products
  from known where kind = 'sale'
  group by customer_id
),
back as (
  select customer_id, cast(sum(amount_e4) as bigint) as returned_e4, count(distinct order_id) as returns,
         max(day) as return_day
  from known where kind = 'return'
  group by customer_id
)
select b.customer_id, b.orders, b.month_orders, b.quarter_orders, b.year_orders, b.lines, g.products, b.gross_e4,
       b.discount_e4, b.discounted, b.discount_day, coalesce(k.returned_e4, 0) as returned_e4,
       coalesce(k.returns, 0) as returns, k.return_day
from bought b
join goods g on g.customer_id = b.customer_id
left join back k on k.customer_id = b.customer_id
